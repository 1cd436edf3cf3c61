/* A heap sort that can be left in the middle: see sort.h.
 *
 * First a heap is made of it, then the largest goes to its end, again and again. Either half is a
 * loop whose counter is all that has to be kept; no memory is taken, which qsort(3) does.
 */
#include "sort.h"

#include <assert.h>
#include <string.h>

struct heap {
	unsigned char *base;
	size_t n, size;
	int (*compare)(const void *, const void *);
};

static unsigned char *at(const struct heap *h, size_t i)
{
	return h->base + i * h->size;
}

/* The element in that place sinks until none below it is larger. */
static void sink(const struct heap *h, size_t i)
{
	unsigned char one[SORT_SIZE];

	memcpy(one, at(h, i), h->size);
	for (size_t below; (below = 2 * i + 1) < h->n; i = below) {
		if (below + 1 < h->n && h->compare(at(h, below), at(h, below + 1)) < 0)
			below++;
		if (h->compare(one, at(h, below)) >= 0)
			break;
		memcpy(at(h, i), at(h, below), h->size);
	}
	memcpy(at(h, i), one, h->size);
}

static void swap_ends(const struct heap *h)
{
	unsigned char one[SORT_SIZE];

	memcpy(one, at(h, 0), h->size);
	memcpy(at(h, 0), at(h, h->n - 1), h->size);
	memcpy(at(h, h->n - 1), one, h->size);
}

bool sort_some(struct sorting *s, void *base, size_t n, size_t size, int (*compare)(const void *, const void *), size_t most)
{
	struct heap h = {.base = base, .n = n, .size = size, .compare = compare};

	assert(size <= SORT_SIZE);
	for (; !s->heaped && s->done < n / 2; s->done++) {
		if (most-- == 0)
			return true;
		sink(&h, n / 2 - 1 - s->done);
	}
	if (!s->heaped)
		*s = (struct sorting){.heaped = true};
	for (; s->done + 1 < n; s->done++) {
		if (most-- == 0)
			return true;
		h.n = n - s->done;
		swap_ends(&h);
		h.n--;
		sink(&h, 0);
	}
	return false;
}
