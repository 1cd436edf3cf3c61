/* The queue of findings: one thread puts, one takes, neither waits. Private to this room. */
#ifndef HOST_FINDINGS_H
#define HOST_FINDINGS_H

#include <stdatomic.h>
#include <stdbool.h>

#include "sockeye/host_live.h"

struct findings {
	struct host_finding *at; /* HOST_LIVE_FINDINGS of them */
	_Atomic uint32_t put, taken; /* count on; their difference is what is in it */
	_Atomic uint64_t lost;
	atomic_bool asleep; /* the taker found nothing: it must be told of the next one */
	bool owed;          /* the taker's own: it was to be told, and had not been yet */
	int fd; /* an eventfd: tells */
};

int findings_open(struct findings *q, struct error *e);
void findings_close(struct findings *q);
void findings_put(struct findings *q, const struct host_finding *f);
unsigned findings_take(struct findings *q, struct host_finding *out, unsigned most);

#endif
