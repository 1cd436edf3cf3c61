/* Several sources in one order of time. */
#ifndef SOURCE_MERGE_H
#define SOURCE_MERGE_H

#include "sockeye/source.h"

/* Take over n sources (at most SOURCE_MAX), also when it fails. A frame's
 * source is the index here. */
int merge_open(struct source **out, struct source *const *sources, unsigned n, struct error *e);

/* One more, behind the others, between two batches; taken over also when it
 * fails. -E2BIG: there are SOURCE_MAX; -ENOTSUP: s is no merge, or waits for nothing. */
int merge_add(struct source *s, struct source *more, struct error *e);

/* No more of one that was added: source_take_off(). */
int merge_take_off(struct source *s, const char *name, struct error *e);

#endif
