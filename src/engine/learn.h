/* The engine's ear at the host thread: takes in what it found, and has every record say who holds
 * its sockets. */
#ifndef ENGINE_LEARN_H
#define ENGINE_LEARN_H

#include "owners.h"
#include "sockeye/engine.h"

struct learn {
	struct host_live *live;      /* or NULL */
	struct owners *owners;
	struct flow_table *flows;
	const struct totals *totals; /* whose clock is the run's */
	uint64_t tables;             /* that there were, when the last one was taken */
	int64_t looked_ns;           /* when it was looked last; monotonic, 0: not yet */
	struct host_finding finding[64];
	struct host_listener listener[HOST_LIVE_LISTENERS];
};

struct learn **engine_learns(struct engine *e);
uint64_t engine_owner_tables(struct engine *e); /* of the host thread that were taken in: another one may name others */
void learn_free(struct learn *k); /* NULL is fine */

/* A packet was taken in: of interest is one FIN without the other. k may be NULL. */
static inline void learn_saw(const struct learn *k, const struct descriptor *d, const struct flow *f, unsigned side)
{
	if (__builtin_expect(k != NULL, 0) && d->flags & TCP_FIN && d->tuple.proto == PROTO_TCP)
		owners_fin(k->owners, flow_id(f), side, d->ts_ns);
}

/* The flow is over. */
static inline void learn_over(const struct learn *k, const struct flow *f)
{
	if (k)
		owners_over(k->owners, flow_id(f));
}

#endif
