/* Round-trip times: from a data segment to the ACK that covers its end.
 *
 * Karn's rule (RFC 6298 3): bytes that were sent twice give no sample, unless
 * a time stamp tells which of the two was answered (RFC 7323 4.1). What was
 * sent while a hole stood open gives none either: its ACK waits for the
 * repair. Three segments are timed at once, at most one of them a repeat; the others
 * wait their turn.
 *
 * The first few samples are kept as they are. Of more, a flow keeps the least, the
 * greatest, their number, and a coarse histogram of two steps an octave for its median:
 * eight octaves, where its samples are. */
#include <string.h>

#include "kept_trips.h"

/* Two buckets an octave: 0 us, 1, 2, 3, 4-5, 6-7, 8-11, 12-15 ... */
static unsigned bucket_of(uint32_t us)
{
	unsigned octave, b;

	if (us < 2)
		return us;
	octave = 31 - (unsigned)__builtin_clz(us);
	b = octave * 2 + (us >> (octave - 1) & 1);
	return b;
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

/* The place of bucket b among those that are counted, which move to where the samples
 * are as far as the others allow; beyond that the outermost ones stand for more. */
static unsigned place_of(struct side_trips *x, unsigned b)
{
	const unsigned last = TRIP_BUCKETS - 1;

	if (x->samples == 0)
		x->lowest = (uint8_t)(b > TRIP_BUCKETS / 2 ? b - TRIP_BUCKETS / 2 : 0);
	for (; b < x->lowest && x->count[last] == 0; x->lowest--) {
		memmove(x->count + 1, x->count, last);
		x->count[0] = 0;
	}
	for (; b > x->lowest + last && x->count[0] == 0; x->lowest++) {
		memmove(x->count, x->count + 1, last);
		x->count[last] = 0;
	}
	return b < x->lowest ? 0 : b - x->lowest > last ? last : b - x->lowest;
}

static void count(struct side_trips *x, uint32_t us)
{
	uint8_t *n = &x->count[place_of(x, bucket_of(us))];

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

/* From here on they are counted: those that were kept first. Set apart: once for a side, and its array would
 * have to be guarded on the way of every segment. */
__attribute__((noinline)) static void spread(struct side_trips *x)
{
	uint32_t few[TRIPS_FEW], n = x->samples;

	memcpy(few, x->few, sizeof few);
	memset(x->count, 0, sizeof x->few > sizeof x->count ? sizeof x->few : sizeof x->count);
	x->samples = 0;
	for (uint32_t i = 0; i < n; i++)
		count(x, few[i]);
}

void trips_count(struct side_trips *x, uint32_t us)
{
	if (x->samples == TRIPS_FEW)
		spread(x);
	count(x, us);
}

/* It sends again what it had sent, or what comes late, up to end: whatever ends behind its start is
 * answered after the repair. It is timed only where a time stamp tells the two apart. */
static void sent_again(struct side_trips *x, const struct descriptor *d, uint32_t us, uint32_t end, bool seen_again)
{
	for (unsigned i = x->n_timed; i-- > 0;)
		if (seq_before(d->tcp.seq, x->timed[i].end))
			trips_drop(x, i);
	if (!(d->options & TCP_HAS_TIMESTAMPS) || !seen_again)
		return;
	if (x->again) /* one at a time */
		trips_drop(x, x->again - 1u);
	if (trips_sent(x, us, end)) { /* which gives up others: its number is known only now */
		x->again = x->n_timed;
		x->tsval = d->tcp.tsval;
	}
}

static void trips_data(struct flow_table *t, const struct flow *f, unsigned dir, const struct descriptor *d,
		       uint32_t us, const struct judgement *j)
{
	struct kept *k = &t->flows[f->self];
	uint32_t end = d->tcp.seq + d->payload_len;
	struct side_trips x;

	if (!(j->verdicts & (verdict_bit(VERDICT_EXACT_RETRANSMITTED) | verdict_bit(VERDICT_EXACT_LATE)))) {
		kept_trips_send(t, k, dir, us, end);
		return;
	}
	kept_trips_unfold(t, k, dir, &x);
	sent_again(&x, d, us, end, j->seen_again);
	kept_trips_fold(t, k, dir, &x);
}

void trips_account(struct flow_table *t, const struct flow *f, const struct descriptor *d, unsigned dir,
		   struct judgement *j)
{
	uint64_t skip = verdict_bit(VERDICT_KEEP_ALIVE) | verdict_bit(VERDICT_ZERO_WINDOW_PROBE);
	uint32_t now = trips_us(f->first_ns, d->ts_ns);
	int64_t us;

	if (judged(j, VERDICT_OUT_OF_WINDOW))
		return;
	if (d->flags & TCP_ACK && !(d->flags & TCP_RST)) {
		us = kept_trips_ack(t, &t->flows[f->self], !dir, f->side[!dir].ws_next_ns, d, now);
		if (us >= 0) {
			j->rtt_ns = us * 1000;
			j->rtt_of_server = dir != f->client;
		}
	}
	if (d->payload_len && !(d->flags & (TCP_RST | TCP_SYN)) && !(j->verdicts & skip))
		trips_data(t, f, dir, d, now, j);
}

/* Good to a quarter: the middle of the bucket that holds the median. */
static uint32_t median_us(const struct side_trips *x)
{
	uint32_t all = 0, sum = 0;
	uint32_t us = x->min_us;

	for (unsigned i = 0; i < TRIP_BUCKETS; i++)
		all += x->count[i];
	for (unsigned i = 0; i < TRIP_BUCKETS; i++) {
		sum += x->count[i];
		if (sum * 2 >= all) {
			us = bucket_us(x->lowest + i);
			break;
		}
	}
	return us < x->min_us ? x->min_us : us > x->max_us ? x->max_us : us;
}

/* The same of a few samples without their histogram, where all have a place in it. */
static bool few_summary(const uint32_t *samples, unsigned n, struct trips_summary *out)
{
	uint32_t at[TRIPS_FEW], us;

	for (unsigned i = 0; i < n; i++) {
		unsigned k = i;

		for (; k > 0 && at[k - 1] > samples[i]; k--)
			at[k] = at[k - 1];
		at[k] = samples[i];
	}
	if (bucket_of(at[n - 1]) - bucket_of(at[0]) >= TRIP_BUCKETS)
		return false;
	us = bucket_us(bucket_of(at[(n - 1) / 2]));
	us = us < at[0] ? at[0] : us > at[n - 1] ? at[n - 1] : us;
	*out = (struct trips_summary){at[0], us, at[n - 1], n};
	return true;
}

bool kept_trips_summary(const struct flow_table *t, const struct kept *k, unsigned i, struct trips_summary *out)
{
	const struct side_trips *block = kept_trips_block(t, k, i);
	const uint32_t n = block ? block->samples : kept_trips_samples(k->trips_are[i]);
	struct side_trips all;

	if (n == 0)
		return false;
	if (n > TRIPS_FEW) {
		*out = (struct trips_summary){block->min_us, median_us(block), block->max_us, n};
		return true;
	}
	if (few_summary(block ? block->few : k->trips[i], n, out))
		return true;
	kept_trips_unfold(t, k, i, &all);
	spread(&all);
	*out = (struct trips_summary){all.min_us, median_us(&all), all.max_us, n};
	return true;
}

bool kept_trips_median(const struct flow_table *t, const struct kept *k, unsigned i, uint32_t *us)
{
	struct trips_summary all;

	if ((k->trips_are[i] & (KEPT_TRIPS_BLOCK | KEPT_FEW)) == 1) { /* most have one, which is it */
		*us = k->trips[i][0];
		return true;
	}
	if (!kept_trips_summary(t, k, i, &all))
		return false;
	*us = all.median_us;
	return true;
}

bool trips_summary(const struct flow_table *t, const struct flow *f, unsigned i, struct trips_summary *out)
{
	return !(f->self & REF_EMBRYO) && kept_trips_summary(t, &t->flows[f->self], i, out);
}
