/* What the program does instead of a run: --version, -D, -L, --list-keys. Each
 * prints and returns the status to end with. */
#ifndef SOCKEYE_ACTIONS_H
#define SOCKEYE_ACTIONS_H

#include "options.h"

int action_version(void);
int action_interfaces(void);
int action_link_types(const struct options *o);
int action_keys(void);
int action_fields(void);

/* The last word on standard output: status, or EXIT_INCOMPLETE where not all
 * of it went out. */
int action_finish(int status);

#endif
