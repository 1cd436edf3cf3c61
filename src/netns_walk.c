/* A walk that is kept for a moment: see netns_walk.h. */
#include "netns_walk.h"

#include <stdlib.h>
#include <string.h>

#include "sockeye/clock.h"

void netns_walk_open(struct netns_walk *w, size_t memory)
{
	memset(w, 0, sizeof *w);
	w->most = memory / sizeof *w->at;
	w->at = malloc(w->most * sizeof *w->at); /* taken page by page, as it is filled */
	if (!w->at)
		w->most = 0;
}

void netns_walk_close(struct netns_walk *w)
{
	free(w->at);
	memset(w, 0, sizeof *w);
}

int netns_walk_next(struct netns_walk *w, struct broker *b, bool begin, struct process_batch *out, struct error *e)
{
	const int64_t now = clock_monotonic_ns();
	int rc;

	if (begin) {
		w->again = w->whole && now - w->began_ns < (int64_t)NETNS_WALK_MS * CLOCK_MS;
		w->next = 0;
	}
	if (w->again && w->next < w->n) {
		*out = w->at[w->next++];
		return 0;
	}
	if (begin) {
		w->whole = false;
		w->n = 0;
		w->began_ns = now;
	}
	rc = broker_processes(b, begin, out, e);
	if (rc < 0 || w->n > w->most)
		return rc;
	if (w->n < w->most)
		w->at[w->n] = *out;
	w->n++; /* past the most: it does not fit */
	w->whole = out->done && w->n <= w->most && out->failed == 0;
	return 0;
}
