/* Round-trip times where they lie (kept.h): in a few words of the flow, or in a block.
 *
 * In the words stand first the samples, then the times in flight, two words each. What
 * fits in there stays in there; what does not is a struct side_trips in a block, and stays
 * there for as long as no segment goes the long way: to and fro with each ACK cost more than
 * the block. But most sides need it only while several segments are on the way, so before
 * another block is made, those that a few other flows no longer need are taken back. Where
 * there is no block to be had, nothing is known. */
#include <string.h>

#include "kept_trips.h"

enum { TRIPS_LOOKS = 8 }; /* flows looked at for a block */

/* Of what is in the words all four are copied: those that are no samples say nothing. */
void kept_trips_unfold(const struct flow_table *t, const struct kept *k, unsigned i, struct side_trips *x)
{
	const struct side_trips *block = kept_trips_block(t, k, i);
	unsigned is = k->trips_are[i], n = kept_trips_samples(is), timed = kept_trips_timed(is);

	if (block) {
		*x = *block;
		return;
	}
	*x = (struct side_trips){.samples = n, .lost = is & KEPT_TRIPS_LOST, .n_timed = (uint8_t)timed};
	if (n)
		memcpy(x->few, k->trips[i], sizeof x->few);
	if (timed)
		memcpy(&x->timed[0], &k->trips[i][n], sizeof x->timed[0]);
	if (timed > 1)
		memcpy(&x->timed[1], &k->trips[i][n + 2], sizeof x->timed[1]);
}

void kept_trips_release(struct flow_table *t, struct kept *k, unsigned i)
{
	if (k->trips_are[i] & KEPT_TRIPS_BLOCK)
		blocks_give(&t->blocks, k->trips[i][0], TRIPS_CLASS);
	k->trips_are[i] = 0;
}

/* Four words are room for it; where IPv6 has its addresses there is none. */
static bool trips_fit(const struct kept *k, const struct side_trips *x)
{
	unsigned room = k->family == FAMILY_IPV4 ? KEPT_TRIP_WORDS : 0;

	return !x->again && x->samples <= room && x->samples + 2u * x->n_timed <= room;
}

/* Into the words, where they are room for it. */
static void trips_into_words(struct kept *k, unsigned i, const struct side_trips *x)
{
	uint32_t *words = k->trips[i];

	k->trips_are[i] = (uint8_t)(x->lost ? KEPT_TRIPS_LOST : x->samples | (unsigned)x->n_timed << KEPT_TIMED_SHIFT);
	if (x->lost)
		return;
	if (x->samples)
		memcpy(words, x->few, sizeof x->few);
	if (x->n_timed)
		memcpy(&words[x->samples], &x->timed[0], sizeof x->timed[0]);
	if (x->n_timed > 1)
		memcpy(&words[x->samples + 2], &x->timed[1], sizeof x->timed[1]);
}

/* Take back blocks of flows whose words are room enough by now; not of k. A hand goes round, a few flows a time, until
 * it has found one. */
static void trips_gather(struct flow_table *t, const struct kept *k)
{
	bool found = false;

	for (unsigned looks = 0; looks < TRIPS_LOOKS && !found; looks++) {
		struct kept *other = &t->flows[t->trips_hand];

		t->trips_hand = t->trips_hand + 1 < t->flow_used ? t->trips_hand + 1 : 0;
		for (unsigned i = 0; i < 2 && other != k && other->family == FAMILY_IPV4; i++) {
			const unsigned is = other->trips_are[i];
			const uint32_t ref = other->trips[i][0];

			if (!(is & KEPT_TRIPS_BLOCK) || kept_trips_samples(is) + 2 * kept_trips_timed(is) > KEPT_TRIP_WORDS)
				continue;
			trips_into_words(other, i, kept_trips_block(t, other, i));
			blocks_give(&t->blocks, ref, TRIPS_CLASS);
			found = true;
		}
	}
}

/* What is in the words goes into a block. NULL: there is none. */
static struct side_trips *trips_into_block(struct flow_table *t, struct kept *k, unsigned i)
{
	struct side_trips *block;
	uint32_t ref;

	if (t->blocks.free[TRIPS_CLASS] == REF_NONE && t->flow_live >= t->trips_gather_from)
		trips_gather(t, k);
	ref = blocks_take(t, TRIPS_CLASS);
	if (ref == REF_NONE) {
		k->trips_are[i] = KEPT_TRIPS_LOST;
		return NULL;
	}
	block = blocks_at(&t->blocks, ref);
	kept_trips_unfold(t, k, i, block);
	k->trips_are[i] = KEPT_TRIPS_BLOCK;
	k->trips[i][0] = ref;
	return block;
}

void kept_trips_fold(struct flow_table *t, struct kept *k, unsigned i, const struct side_trips *x)
{
	struct side_trips *block = kept_trips_block(t, k, i);

	if (x->lost || trips_fit(k, x)) {
		kept_trips_release(t, k, i);
		trips_into_words(k, i, x);
		return;
	}
	if (!block)
		block = trips_into_block(t, k, i);
	if (!block)
		return;
	*block = *x;
	kept_trips_say(k, i, block);
}

_Static_assert(sizeof((struct side_trips){0}.few) == sizeof((struct kept){0}.trips[0]), "copied at once");

__attribute__((noinline)) void kept_trips_send_unfolded(struct flow_table *t, struct kept *k, unsigned i, uint32_t us, uint32_t end)
{
	unsigned is = k->trips_are[i], words = kept_trips_samples(is) + 2 * (kept_trips_timed(is) + 1);
	struct side_trips x, *block;

	if (is & KEPT_TRIPS_LOST)
		return;
	if (k->family == FAMILY_IPV4 && words <= KEPT_TRIP_WORDS) {
		kept_trips_unfold(t, k, i, &x);
		trips_sent(&x, us, end);
		kept_trips_fold(t, k, i, &x);
		return;
	}
	block = trips_into_block(t, k, i);
	if (!block)
		return;
	trips_sent(block, us, end);
	kept_trips_say(k, i, block);
}

__attribute__((noinline)) int64_t kept_trips_ack_unfolded(struct flow_table *t, struct kept *k, unsigned i, int64_t sent_ns,
				const struct descriptor *d, uint32_t us)
{
	struct side_trips x;
	int64_t rtt_us;

	kept_trips_unfold(t, k, i, &x);
	rtt_us = trips_acked(&x, sent_ns, d, us);
	kept_trips_fold(t, k, i, &x);
	return rtt_us;
}
