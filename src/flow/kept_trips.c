/* Round-trip times where they lie (kept.h): in a few words of the flow, or in a block.
 *
 * In the words stand first the samples, then the times in flight, two words each. What
 * fits in there stays in there; what does not is a struct side_trips in a block, and comes
 * back as soon as it fits again. Where there is no block to be had, nothing is known. */
#include "kept_trips.h"

void kept_trips_unfold(const struct flow_table *t, const struct kept *k, unsigned i, struct side_trips *x)
{
	const struct side_trips *block = kept_trips_block(t, k, i);
	unsigned is = k->trips_are[i], n = is & KEPT_FEW;

	if (block) {
		*x = *block;
		return;
	}
	*x = (struct side_trips){.samples = n, .lost = is & KEPT_TRIPS_LOST, .n_timed = is >> KEPT_TIMED_SHIFT & 3};
	for (unsigned at = 0; at < n; at++)
		x->few[at] = k->trips[i][at];
	for (unsigned at = 0; at < x->n_timed; at++)
		x->timed[at] = (struct timed){k->trips[i][n + 2 * at], k->trips[i][n + 2 * at + 1]};
}

void kept_trips_release(struct flow_table *t, struct kept *k, unsigned i)
{
	if (k->trips_are[i] & KEPT_TRIPS_BLOCK)
		blocks_give(&t->blocks, k->trips[i][0], TRIPS_CLASS);
	k->trips_are[i] = 0;
}

void kept_trips_fold(struct flow_table *t, struct kept *k, unsigned i, const struct side_trips *x)
{
	unsigned room = k->family == FAMILY_IPV4 ? KEPT_TRIP_WORDS : 0;
	struct side_trips *block = kept_trips_block(t, k, i);
	uint32_t ref;

	if (x->lost || (!x->again && x->samples + 2u * x->n_timed <= room)) {
		kept_trips_release(t, k, i);
		k->trips_are[i] = (uint8_t)(x->lost ? KEPT_TRIPS_LOST : x->samples | (unsigned)x->n_timed << KEPT_TIMED_SHIFT);
		for (unsigned at = 0; at < x->samples && !x->lost; at++)
			k->trips[i][at] = x->few[at];
		for (unsigned at = 0; at < x->n_timed && !x->lost; at++) {
			k->trips[i][x->samples + 2 * at] = x->timed[at].end;
			k->trips[i][x->samples + 2 * at + 1] = x->timed[at].us;
		}
		return;
	}
	if (!block) {
		ref = blocks_take(t, TRIPS_CLASS);
		k->trips_are[i] = (uint8_t)(ref == REF_NONE ? KEPT_TRIPS_LOST : KEPT_TRIPS_BLOCK);
		if (ref == REF_NONE)
			return;
		k->trips[i][0] = ref;
		block = kept_trips_block(t, k, i);
	}
	*block = *x;
}

void kept_trips_send_unfolded(struct flow_table *t, struct kept *k, unsigned i, uint32_t us, uint32_t end)
{
	struct side_trips x;

	kept_trips_unfold(t, k, i, &x);
	trips_sent(&x, us, end);
	kept_trips_fold(t, k, i, &x);
}

int64_t kept_trips_ack_unfolded(struct flow_table *t, struct kept *k, unsigned i, int64_t sent_ns,
				const struct descriptor *d, uint32_t us)
{
	struct side_trips x;
	int64_t rtt_us;

	kept_trips_unfold(t, k, i, &x);
	rtt_us = trips_acked(&x, sent_ns, d, us);
	kept_trips_fold(t, k, i, &x);
	return rtt_us;
}
