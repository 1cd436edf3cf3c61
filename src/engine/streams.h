/* The stream of one flow, put in order: found step by step, kept while the same flow is asked for. */
#ifndef ENGINE_STREAMS_H
#define ENGINE_STREAMS_H

#include "recall.h"

struct streams;

int streams_open(struct remembered *m, struct error *e);
void streams_free(struct streams *s);
/* False: there is more to be done. */
bool streams_go_on(struct streams *s, int64_t deadline_ns);

#endif
