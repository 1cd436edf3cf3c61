/* Several sources in one order of time. */
#ifndef SOURCE_MERGE_H
#define SOURCE_MERGE_H

#include "sockeye/source.h"

/* Take over n sources (at most SOURCE_MAX), also when it fails. A frame's
 * source is the index here. */
int merge_open(struct source **out, struct source *const *sources, unsigned n, struct error *e);

#endif
