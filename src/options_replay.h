/* --replay and --follow. Private to options*.c. */
#ifndef SOCKEYE_OPTIONS_REPLAY_H
#define SOCKEYE_OPTIONS_REPLAY_H

#include "options.h"

/* The speed; NULL: that of the file. */
int options_apply_replay(struct options *o, const char *s, struct error *e);
/* What they fit together with. */
int options_check_replay(const struct options *o, struct error *e);

#endif
