/* The options of the view sockets. Private to options*.c. */
#ifndef SOCKEYE_OPTIONS_SOCKETS_H
#define SOCKEYE_OPTIONS_SOCKETS_H

#include <stdint.h>

#include "options.h"

/* Seconds with a fraction, as 2.5; else the sentence about that option. */
int options_seconds(const char *option, const char *s, int64_t *out, struct error *e);

int options_apply_sockets(struct options *o, int letter, const char *value, struct error *e);

/* Letters keep the meaning that they have to tcpdump; who knows ss's is told what there is instead. */
int options_not_as_ss(int letter, struct error *e);

/* What fits together: its options are for no other view, and others' not for it. format: its name. */
int options_check_sockets(const struct options *o, const char *format, struct error *e);

/* --netns: to what it belongs. */
int options_check_netns(const struct options *o, struct error *e);

#endif
