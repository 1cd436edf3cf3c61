/* Frames counted: how many, how large, from when to when, of all and by source; which protocols they had; lone flows.
 *
 * Whatever else is told of a packet is told with the totals as they are before it. So the frames of
 * a batch wait until somebody looks, or until the batch is over: then they are counted in one go. */
#ifndef ENGINE_COUNT_H
#define ENGINE_COUNT_H

#include "prepare.h"
#include "sockeye/event.h"

struct count {
	struct totals *totals;
	uint64_t *protocols;     /* [TOTALS_SOURCES][dissect_count()] */
	uint64_t stacks[TOTALS_SOURCES][HEADERS_STACKS]; /* frames not in protocols yet */
	uint64_t steps;          /* work on headers that were read at once, for dissect_count_steps() */
	const struct frame *frames; /* the batch at hand */
	const struct ready *ready;
	uint64_t before;         /* frames before it */
	unsigned counted;        /* of its frames */
	unsigned at;             /* those before it came to their end; the caller's */
};

/* False: no memory. */
bool count_open(struct count *c, struct totals *t);
void count_free(struct count *c);

void count_batch(struct count *c, const struct frame *frames, const struct ready *r);
/* Those before number to that have not been counted yet. */
void count_until(struct count *c, unsigned to);

/* The layers of a packet that the loop of dissectors went through: each protocol counts once per frame,
 * however often it occurs in it. */
void count_layers(struct count *c, const struct frame *f, const struct packet *p);
/* What was counted by stack, by protocol. */
void count_stacks(struct count *c);

/* Flows of one packet that have ended. */
static inline void count_lones(struct totals *t, const struct lone_counts *n)
{
	t->flows_evicted += n->evicted;
	t->handshakes[OUTCOME_UNANSWERED] += n->syns;
}

#endif
