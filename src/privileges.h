/* --privileges: what rights there are, and what is left of them. */
#ifndef SOCKEYE_PRIVILEGES_H
#define SOCKEYE_PRIVILEGES_H

#include "options.h"

/* Does what a live run would do, up to the first packet, and prints it. Returns
 * the status to end with. */
int privileges_print(const struct options *o);

#endif
