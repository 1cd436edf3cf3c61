/* The steps of a plain handshake and a plain close (plain.c). */
#ifndef FLOW_PLAIN_H
#define FLOW_PLAIN_H

#include "flow_private.h"

/* NULL: it is none, nothing was written. Else as flow_track(); places_reserve() was before it. */
struct flow *flow_plain(struct flow_table *t, const struct descriptor *d, const struct flow_near *near, uint32_t *change,
			unsigned *side, struct judgement *j);

#endif
