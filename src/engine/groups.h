/* Flows taken together, for the screen: sums by client, by server and port, by application. */
#ifndef ENGINE_GROUPS_H
#define ENGINE_GROUPS_H

#include "sockeye/query.h"

struct groups;

struct groups *groups_begin(enum query_group by); /* NULL: no memory; the others take it */
void groups_add(struct groups *g, const struct flow_record *r, bool open, uint64_t rate, bool ended);
/* Orders them, fills the answer's window, frees g. */
void groups_end(struct groups *g, const struct query *q, unsigned rows, struct answer *out);

#endif
