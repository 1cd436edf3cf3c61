/* The steps of round-trip times (trips.c) that every ordinary segment goes (ordinary.c). */
#ifndef FLOW_TRIPS_H
#define FLOW_TRIPS_H

#include "flow_private.h"
#include "sockeye/clock.h"

/* Longer than that is no round trip, and beyond the 71 minutes of 32 bits. */
#define TRIP_MAX_NS (1800 * CLOCK_S)

/* Time of a packet: us after the flow's first, wraps. */
static inline uint32_t trips_us(int64_t first_ns, int64_t ts_ns)
{
	return (uint32_t)((ts_ns - first_ns) / 1000);
}

/* One round trip more than a few: its histogram. */
void trips_count(struct side_trips *x, uint32_t us);

static inline void trips_sample(struct side_trips *x, uint32_t us)
{
	if (x->samples < TRIPS_FEW)
		x->few[x->samples++] = us;
	else
		trips_count(x, us);
}

static inline void trips_drop(struct side_trips *x, unsigned i)
{
	x->n_timed--;
	x->timed[i] = x->timed[x->n_timed];
	if (x->again)
		x->again = x->again == i + 1 ? 0 : x->again == x->n_timed + 1 ? (uint8_t)(i + 1) : x->again;
}

/* Data up to end were sent: timed, if few are (true: it is the last of them). What waits too long is given up before its
 * short time wraps. */
static inline bool trips_sent(struct side_trips *x, uint32_t us, uint32_t end)
{
	const uint32_t half = (uint32_t)(TRIP_MAX_NS / 2000);

	if (x->lost)
		return false;
	for (unsigned i = x->n_timed; i-- > 0;)
		if (us - x->timed[i].us - half < UINT32_MAX - 2 * half) /* not so long ago, nor a little later */
			trips_drop(x, i);
	if (x->n_timed == TRIPS_TIMED)
		return false;
	x->timed[x->n_timed++] = (struct timed){.end = end, .us = us};
	return true;
}

/* What is timed in x, sent until sent_ns, is acknowledged now: the sample of the newest segment that is covered, or -1. */
static inline int64_t trips_acked(struct side_trips *x, int64_t sent_ns, const struct descriptor *d, uint32_t now)
{
	uint32_t best_end = 0;
	int64_t best = -1;

	if (d->ts_ns - sent_ns > TRIP_MAX_NS) /* the short times have wrapped */
		x->n_timed = x->again = 0;
	for (unsigned i = x->n_timed; i-- > 0;) {
		const struct timed *k = &x->timed[i];
		bool counts;

		if (seq_before(d->tcp.ack, k->end))
			continue;
		counts = x->again != i + 1 || (d->options & TCP_HAS_TIMESTAMPS && d->tcp.tsecr == x->tsval);
		/* A time that goes back is no duration. */
		if (counts && (int32_t)(now - k->us) >= 0 && (best < 0 || seq_before(best_end, k->end))) {
			best = (int64_t)(now - k->us);
			best_end = k->end;
		}
		trips_drop(x, i);
	}
	if (best >= 0)
		trips_sample(x, (uint32_t)best);
	return best;
}

#endif
