/* Options of -w. Private to options*.c. */
#ifndef SOCKEYE_OPTIONS_WRITE_H
#define SOCKEYE_OPTIONS_WRITE_H

#include "options.h"

int options_apply_write(struct options *o, int letter, const char *value, struct error *e);

/* Do they fit together, and is anything shown beside what is written? */
int options_check_write(struct options *o, bool view_said, bool format_said, struct error *e);

#endif
