/* The view sockets: from the options to tables of the kernel's sockets on standard output. */
#ifndef SOCKEYE_SOCKETS_H
#define SOCKEYE_SOCKETS_H

#include "options.h"

/* Returns the status to end with. */
int sockets_run(const struct options *o);

#endif
