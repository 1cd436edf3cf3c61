/* The first half of a batch: see prepare.h. */
#include "prepare.h"

#include <string.h>

void prepare(const struct prepare *how, const struct frame *frames, unsigned n, struct ready *out,
	     const struct flow_table *near)
{
	out->n = n;
	memset(out->is + n, 0, FLOW_NEAR_SLOTS);
	out->expected = near != NULL;
	/* First all of one, then all of the other: what was just written is read again in other pieces,
	 * which waits until it has left the processor's queue. */
	if (how->fast)
		headers_read_batch(frames, n, out->d, out->headers, out->is);
	else
		memset(out->is, 0, n);
	flow_hash_batch(&how->key, out->d, out->is, n, out->near, near);
}
