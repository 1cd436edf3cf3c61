/* The engine's ear at the host thread: takes in what it found, and has every record say who holds
 * its sockets. */
#ifndef ENGINE_KERNEL_H
#define ENGINE_KERNEL_H

#include "owners.h"
#include "sockeye/engine.h"

struct kernel {
	struct host_live *live;      /* or NULL */
	struct owners *owners;
	const struct totals *totals; /* whose clock is the run's */
	uint64_t tables;             /* that there were, when the last one was taken */
	struct host_finding finding[64];
	struct host_listener listener[HOST_LIVE_LISTENERS];
};

struct kernel **engine_kernel(struct engine *e);
void kernel_free(struct kernel *k); /* NULL is fine */

/* A packet was taken in: of interest is one FIN without the other. k may be NULL. */
static inline void kernel_saw(const struct kernel *k, const struct descriptor *d, const struct flow *f, unsigned side)
{
	if (__builtin_expect(k != NULL, 0) && d->flags & TCP_FIN && d->tuple.proto == PROTO_TCP)
		owners_fin(k->owners, flow_id(f), side, d->ts_ns);
}

/* The flow is over. */
static inline void kernel_over(const struct kernel *k, const struct flow *f)
{
	if (k)
		owners_over(k->owners, flow_id(f));
}

#endif
