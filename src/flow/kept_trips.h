/* Round-trip times of a side where they lie (kept_trips.c). */
#ifndef FLOW_KEPT_TRIPS_H
#define FLOW_KEPT_TRIPS_H

#include "kept.h"
#include "trips.h"

/* The block of a side's round trips, or NULL. */
static inline struct side_trips *kept_trips_block(const struct flow_table *t, const struct kept *k, unsigned i)
{
	return k->trips_are[i] & KEPT_TRIPS_BLOCK ? blocks_at(&t->blocks, k->trips[i][0]) : NULL;
}

void kept_trips_unfold(const struct flow_table *t, const struct kept *k, unsigned i, struct side_trips *x);
void kept_trips_fold(struct flow_table *t, struct kept *k, unsigned i, const struct side_trips *x);
/* Of side i: trips_summary(). */
bool kept_trips_summary(const struct flow_table *t, const struct kept *k, unsigned i, struct trips_summary *out);
/* No more of it than the median. */
bool kept_trips_median(const struct flow_table *t, const struct kept *k, unsigned i, uint32_t *us);
void kept_trips_release(struct flow_table *t, struct kept *k, unsigned i);
void kept_trips_send_unfolded(struct flow_table *t, struct kept *k, unsigned i, uint32_t us, uint32_t end);
int64_t kept_trips_ack_unfolded(struct flow_table *t, struct kept *k, unsigned i, int64_t sent_ns,
				const struct descriptor *d, uint32_t us);

/* Samples in the words, which is where the times in flight begin; and how many of these there are. */
static inline unsigned kept_trips_samples(unsigned is)
{
	return is & KEPT_FEW;
}

static inline unsigned kept_trips_timed(unsigned is)
{
	return is >> KEPT_TIMED_SHIFT & 3;
}

/* Of a side whose round trips are in a block it is said beside its number what is in flight, and whether words were room
 * enough: most segments, and who looks for a block, need not touch it. It lies in another page. */
static inline void kept_trips_say(struct kept *k, unsigned i, const struct side_trips *block)
{
	unsigned few = block->again || block->samples > TRIPS_FEW ? KEPT_TRIPS_MANY : block->samples;

	k->trips_are[i] = (uint8_t)(KEPT_TRIPS_BLOCK | (unsigned)block->n_timed << KEPT_TIMED_SHIFT | few);
}

/* Side i sends data up to end: trips_sent(). */
static inline void kept_trips_send(struct flow_table *t, struct kept *k, unsigned i, uint32_t us, uint32_t end)
{
	unsigned is = k->trips_are[i], at = kept_trips_samples(is);

	if (is & KEPT_TRIPS_BLOCK) {
		struct side_trips *block = kept_trips_block(t, k, i);

		trips_sent(block, us, end);
		kept_trips_say(k, i, block);
	} else if (kept_trips_timed(is) == 0 && at + 2 <= KEPT_TRIP_WORDS && k->family == FAMILY_IPV4 &&
		   !(is & KEPT_TRIPS_LOST)) {
		k->trips[i][at] = end;
		k->trips[i][at + 1] = us;
		k->trips_are[i] = (uint8_t)(is + (1 << KEPT_TIMED_SHIFT));
	} else {
		kept_trips_send_unfolded(t, k, i, us, end);
	}
}

/* A side sends the next data in order, at the time of its last segment: trips_us(). owner: the flow's place and that side. */
static inline void kept_carry(struct flow_table *t, struct kept *k, struct kept_side *s, uint32_t owner,
			      const struct descriptor *d, uint32_t us)
{
	const uint32_t len = d->payload_len, end = d->tcp.seq + len;
	uint64_t bytes = (uint64_t)s->bytes + len;

	s->bytes = (uint32_t)bytes;
	s->bytes_high = (uint16_t)(s->bytes_high + (bytes >> 32));
	s->next = end;
	s->rose = s->ack;
	s->rose_high = s->ack_high;
	if (d->payload)
		contents_follow(t, owner, &s->contents, s->low, d);
	kept_trips_send(t, k, owner & 1, us, end);
}

/* Side i waits for an ACK that measures a round trip. */
static inline bool kept_trips_wait(const struct kept *k, unsigned i)
{
	return kept_trips_timed(k->trips_are[i]) != 0;
}

/* What side i has in flight, sent until sent_ns, is acknowledged: trips_acked(). */
static inline int64_t kept_trips_ack(struct flow_table *t, struct kept *k, unsigned i, int64_t sent_ns,
				     const struct descriptor *d, uint32_t us)
{
	unsigned is = k->trips_are[i], at = kept_trips_samples(is);
	uint32_t *words = k->trips[i];

	if (!kept_trips_wait(k, i))
		return -1;
	if (is & KEPT_TRIPS_BLOCK) {
		struct side_trips *block = blocks_at(&t->blocks, words[0]);
		int64_t rtt_us = trips_acked(block, sent_ns, d, us);

		kept_trips_say(k, i, block);
		return rtt_us;
	}
	if (kept_trips_timed(is) != 1 || d->ts_ns - sent_ns > TRIP_MAX_NS ||
	    seq_before(d->tcp.ack, words[at]) || (int32_t)(us - words[at + 1]) < 0)
		return kept_trips_ack_unfolded(t, k, i, sent_ns, d, us);
	words[at] = us - words[at + 1];
	k->trips_are[i] = (uint8_t)(at + 1);
	return words[at];
}

#endif
