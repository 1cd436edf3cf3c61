/* The first half of a batch: see prepare.h. */
#include "prepare.h"

#include <string.h>

static void tally(struct tally *t, const struct frame *frames, unsigned n, const struct ready *r)
{
	const unsigned source = n > 0 ? frames[0].source : 0;
	unsigned odd = n == 0, steps = 0;
	int64_t first = INT64_MAX, last = INT64_MIN;
	uint64_t bytes = 0;

	memset(t->stacks, 0, sizeof t->stacks);
	for (unsigned i = 0; i < n; i++) {
		const struct frame *f = &frames[i];

		odd |= (f->source ^ source) | f->lost | (f->flags & FRAME_BLIND);
		bytes += f->wirelen;
		first = f->ts_ns < first ? f->ts_ns : first;
		last = f->ts_ns > last ? f->ts_ns : last;
		if (r->is[i]) {
			odd |= r->headers[i].vlans;
			steps += r->headers[i].steps;
			t->stacks[r->headers[i].stack]++;
		}
	}
	t->calm = odd == 0;
	t->source = (uint16_t)source;
	t->steps = steps;
	t->bytes = bytes;
	t->first_ns = first;
	t->last_ns = last;
}

void prepare(const struct prepare *how, const struct frame *frames, unsigned n, struct ready *out,
	     const struct flow_table *near)
{
	out->n = n;
	memset(out->is + n, 0, FLOW_NEAR_SLOTS);
	out->prepared = true;
	out->expected = near != NULL;
	out->owing.n = 0; /* so nothing is, of one that is never taken up */
	/* First all of one, then all of the other: what was just written is read again in other pieces,
	 * which waits until it has left the processor's queue. */
	if (how->fast)
		headers_read_batch(frames, n, out->d, out->headers, out->is);
	else
		memset(out->is, 0, n);
	tally(&out->tally, frames, n, out);
	flow_hash_batch(&how->key, out->d, out->is, n, out->near, near);
}
