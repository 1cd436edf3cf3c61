/* One walk through /proc for several network namespaces that are looked at right after each other.
 *
 * Who holds sockets is asked for each namespace, and the answer is of all of them: it is kept and given again for
 * NETNS_WALK_MS since it began. So a socket that is younger than that may have no owner.
 */
#ifndef SOCKEYE_NETNS_WALK_H
#define SOCKEYE_NETNS_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sockeye/broker.h"

enum { NETNS_WALK_MS = 100 };

struct netns_walk {
	struct process_batch *at; /* of the last walk */
	size_t n, most, next;
	int64_t began_ns;
	bool whole, again; /* all of it is there; it is being given again */
};

/* memory: what may be kept; what does not fit is asked for each time. */
void netns_walk_open(struct netns_walk *w, size_t memory);
void netns_walk_close(struct netns_walk *w);
/* As broker_processes(). */
int netns_walk_next(struct netns_walk *w, struct broker *b, bool begin, struct process_batch *out, struct error *e);

#endif
