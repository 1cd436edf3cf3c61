/* Round-trip times: from a data segment to the ACK that covers its end.
 *
 * Karn's rule (RFC 6298 3): bytes that were sent twice give no sample, unless
 * a time stamp tells which of the two was answered (RFC 7323 4.1). What was
 * sent while a hole stood open gives none either: its ACK waits for the
 * repair. A few segments are timed at once; more than that wait their turn.
 *
 * A flow keeps the least, the greatest, the number of samples, and a coarse
 * histogram of two steps an octave for its median. */
#include <string.h>

#include "flow_private.h"
#include "sockeye/clock.h"

/* Longer than that is no round trip, and beyond the 71 minutes of 32 bits. */
#define TRIP_MAX_NS (1800 * CLOCK_S)

static uint32_t us_of(const struct flow *f, int64_t ts_ns)
{
	return (uint32_t)((ts_ns - f->first_ns) / 1000);
}

struct side_trips *side_trips(const struct flow_table *t, const struct flow_side *s)
{
	return s->trips == REF_NONE ? NULL : blocks_at(&t->blocks, s->trips);
}

static void drop(struct side_trips *x, unsigned i)
{
	x->n_timed--;
	x->timed[i] = x->timed[x->n_timed];
	x->how[i] = x->how[x->n_timed];
}

/* Two buckets an octave: 0 us, 1, 2, 3, 4-5, 6-7, 8-11, 12-15 ... */
static unsigned bucket_of(uint32_t us)
{
	unsigned octave, b;

	if (us < 2)
		return us;
	octave = 31 - (unsigned)__builtin_clz(us);
	b = octave * 2 + (us >> (octave - 1) & 1);
	return b < TRIP_BUCKETS ? b : TRIP_BUCKETS - 1;
}

/* The middle of a bucket, in us. */
static uint32_t bucket_us(unsigned b)
{
	uint32_t low, width;

	if (b < 2)
		return b;
	low = (2u + (b & 1)) << (b / 2) >> 1;
	width = (1u << (b / 2)) >> 1;
	return low + width / 2;
}

static void sample(struct side_trips *x, uint32_t us)
{
	uint8_t *n = &x->count[bucket_of(us)];

	if (x->samples == 0 || us < x->min_us)
		x->min_us = us;
	if (us > x->max_us)
		x->max_us = us;
	if (x->samples < UINT32_MAX)
		x->samples++;
	if (++*n == UINT8_MAX)
		for (unsigned i = 0; i < TRIP_BUCKETS; i++)
			x->count[i] = (uint8_t)((x->count[i] + 1) / 2);
}

/* s sends bytes up to end. */
static void trips_data(struct flow_table *t, struct flow *f, struct flow_side *s, const struct descriptor *d,
		       uint32_t end, const struct judgement *j)
{
	struct side_trips *x = side_trips(t, s);
	bool again = j->verdicts & (verdict_bit(VERDICT_EXACT_RETRANSMITTED) | verdict_bit(VERDICT_EXACT_LATE));

	if (!x) {
		s->trips = blocks_take(t, TRIPS_CLASS);
		x = side_trips(t, s);
		if (!x)
			return;
	}
	if (again) { /* whatever ends behind its start is answered after the repair */
		for (unsigned i = x->n_timed; i-- > 0;)
			if (seq_before(d->tcp.seq, x->timed[i].end))
				drop(x, i);
		if (!(d->options & TCP_HAS_TIMESTAMPS) || !j->seen_again)
			return;
	}
	if (x->n_timed == TRIPS_TIMED)
		return;
	x->timed[x->n_timed] = (struct timed){.end = end, .us = us_of(f, d->ts_ns), .tsval = d->tcp.tsval};
	x->how[x->n_timed++] = (uint8_t)((again ? TIMED_AGAIN : 0) | (d->options & TCP_HAS_TIMESTAMPS ? TIMED_STAMPED : 0));
}

/* The peer of s acknowledges: the sample of the newest segment that it covers. */
static int64_t trips_ack(const struct flow_table *t, const struct flow *f, const struct flow_side *s,
			 const struct descriptor *d)
{
	struct side_trips *x = side_trips(t, s);
	uint32_t now, best_end = 0;
	int64_t best = -1;

	if (!x || !x->n_timed)
		return -1;
	if (d->ts_ns - s->ws_next_ns > TRIP_MAX_NS) /* the short times have wrapped */
		x->n_timed = 0;
	now = us_of(f, d->ts_ns);
	for (unsigned i = x->n_timed; i-- > 0;) {
		const struct timed *k = &x->timed[i];
		bool echoed = d->options & TCP_HAS_TIMESTAMPS && x->how[i] & TIMED_STAMPED && d->tcp.tsecr == k->tsval;

		if (seq_before(d->tcp.ack, k->end))
			continue;
		/* A time that goes back is no duration. */
		if ((!(x->how[i] & TIMED_AGAIN) || echoed) && (int32_t)(now - k->us) >= 0 &&
		    (best < 0 || seq_before(best_end, k->end))) {
			best = (int64_t)(now - k->us);
			best_end = k->end;
		}
		drop(x, i);
	}
	if (best >= 0)
		sample(x, (uint32_t)best);
	return best;
}

void trips_account(struct flow_table *t, struct flow *f, const struct descriptor *d, unsigned dir, struct judgement *j)
{
	struct flow_side *s = &f->side[dir];
	uint64_t skip = verdict_bit(VERDICT_KEEP_ALIVE) | verdict_bit(VERDICT_ZERO_WINDOW_PROBE);
	int64_t us;

	if (judged(j, VERDICT_OUT_OF_WINDOW))
		return;

	if (d->flags & TCP_ACK && !(d->flags & TCP_RST)) {
		us = trips_ack(t, f, &f->side[!dir], d);
		if (us >= 0) {
			j->rtt_ns = us * 1000;
			j->rtt_of_server = dir != f->client;
		}
	}
	if (d->payload_len && !(d->flags & (TCP_RST | TCP_SYN)) && !(j->verdicts & skip))
		trips_data(t, f, s, d, d->tcp.seq + d->payload_len, j);
}

/* Good to a quarter: the middle of the bucket that holds the median. */
uint32_t trips_median_us(const struct side_trips *x)
{
	uint32_t all = 0, sum = 0;
	uint32_t us = x->min_us;

	for (unsigned i = 0; i < TRIP_BUCKETS; i++)
		all += x->count[i];
	for (unsigned i = 0; i < TRIP_BUCKETS; i++) {
		sum += x->count[i];
		if (sum * 2 >= all) {
			us = bucket_us(i);
			break;
		}
	}
	return us < x->min_us ? x->min_us : us > x->max_us ? x->max_us : us;
}
