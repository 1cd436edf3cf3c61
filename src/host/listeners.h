/* The queues of accept(2), looked at several times a second. Private to this room. */
#ifndef HOST_LISTENERS_H
#define HOST_LISTENERS_H

#include "asking.h"
#include "sockeye/host_live.h"

/* What came, by port: counts that only grow. */
struct arrivals {
	bool tells_syns, tells_accepts;
	int64_t syns_since_ns, accepts_since_ns; /* wall time */
	uint32_t syns[65536], accepts[65536];
	uint16_t listeners[65536]; /* scratch */
};

/* One look: all listeners, by cookie. */
struct listeners {
	unsigned n;
	bool filled; /* something was in a queue */
	struct host_listener at[HOST_LIVE_LISTENERS];
};

/* Rates of all, once a second: from the look before to now. */
void listeners_rates(struct listeners *l, struct arrivals *a, int64_t wall_ns);
/* Asks for listeners; before: the last look, or NULL. -errno, or 0 and *out to be freed with free(3). */
int listeners_look(struct host *h, const struct listeners *before, int64_t wall_ns, struct listeners **out);
/* Has a queue another number, or are there others? before: NULL: none was there. */
bool listeners_differ(const struct listeners *before, const struct listeners *now);
/* One socket into a look; for tests. */
void listeners_add(struct listeners *l, const struct listeners *before, const struct socket_record *s, int64_t wall_ns);
void listeners_sort(struct listeners *l);

#endif
