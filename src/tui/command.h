/* Commands, behind a colon. */
#ifndef TUI_COMMAND_H
#define TUI_COMMAND_H

#include "look.h"
#include "sockeye/filter.h"

/* Does what it says, or says what is wrong with it. */
enum reaction command_run(struct look *l, const char *text, struct answer *a, const struct layout *at, int64_t now_ns);

/* Words that could stand behind what was typed, as filter_complete() has them. */
unsigned command_complete(const struct look *l, const char *before, struct filter_offer *out, unsigned most,
			  size_t *from);

/* For the help page: the i-th command, its argument and meaning; false: there is none. */
bool command_help(unsigned i, const char **name, const char **argument, const char **meaning);

#endif
