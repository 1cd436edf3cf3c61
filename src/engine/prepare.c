/* The first half of a batch: see prepare.h. */
#include "prepare.h"

void prepare(const struct prepare *how, const struct frame *frames, unsigned n, struct ready *out,
	     const struct flow_table *near)
{
	out->n = n;
	out->expected = near != NULL;
	for (unsigned i = 0; i < n; i++) {
		out->is[i] = how->fast && headers_read(&frames[i], &out->d[i], &out->headers[i]);
		if (!out->is[i])
			continue;
		flow_hash(&how->key, &out->d[i], &out->near[i]);
		if (near)
			flow_near_slot(near, &out->d[i], &out->near[i]);
	}
}
