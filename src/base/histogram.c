/* A log-linear histogram: below 64 ns each value has its own count, above it
 * each power of two is cut into 32 equal steps. Fixed size, no allocation.
 */
#include "sockeye/histogram.h"

static unsigned histogram_index(uint64_t v)
{
	unsigned shift = v < 2 * HISTOGRAM_STEPS ? 0 : 58 - (unsigned)__builtin_clzll(v);

	_Static_assert(HISTOGRAM_STEPS == 32, "58 leaves six bits");
	/* v >> shift is below 64; from 32 on where shift is not 0. */
	return shift * HISTOGRAM_STEPS + (unsigned)(v >> shift);
}

static int64_t histogram_value(unsigned index)
{
	unsigned shift = index < 2 * HISTOGRAM_STEPS ? 0 : index / HISTOGRAM_STEPS - 1;
	uint64_t low = (uint64_t)(index - shift * HISTOGRAM_STEPS) << shift;

	return (int64_t)(low + (UINT64_C(1) << shift) / 2);
}

void histogram_add(struct histogram *h, int64_t ns)
{
	if (ns < 0)
		ns = 0;
	if (h->n == 0 || ns < h->least)
		h->least = ns;
	if (h->n == 0 || ns > h->most)
		h->most = ns;
	h->n++;
	h->count[histogram_index((uint64_t)ns)]++;
}

int64_t histogram_percentile(const struct histogram *h, unsigned percent)
{
	uint64_t wanted = (h->n * percent + 99) / 100, seen = 0;

	for (unsigned i = 0; i < HISTOGRAM_SIZE && wanted > 0; i++) {
		seen += h->count[i];
		if (seen >= wanted) {
			int64_t ns = histogram_value(i);

			return ns < h->least ? h->least : ns > h->most ? h->most : ns;
		}
	}
	return 0;
}
