/* The nearest few: see near.h. */
#include "near.h"

enum { SORT_FEW = 12 };

void near_begin(struct near *h, bool before, unsigned most)
{
	h->n = 0;
	h->most = most < NEAR_MAX ? most : NEAR_MAX;
	h->before = before;
	h->limited = false;
	if (h->dice == 0)
		h->dice = UINT64_C(0x9e3779b97f4a7c15);
}

static void near_swap(struct rank *a, struct rank *b)
{
	struct rank r = *a;

	*a = *b;
	*b = r;
}

static void near_insert(struct near *h, unsigned from, unsigned to)
{
	for (unsigned i = from + 1; i < to; i++) {
		struct rank r = h->at[i];
		unsigned k = i;

		for (; k > from && near_farther(h, &h->at[k - 1], &r); k--)
			h->at[k] = h->at[k - 1];
		h->at[k] = r;
	}
}

/* Any of them: who chooses the flows shall not choose the one that divides them. */
static unsigned near_any(struct near *h, unsigned from, unsigned to)
{
	h->dice ^= h->dice << 13;
	h->dice ^= h->dice >> 7;
	h->dice ^= h->dice << 17;
	return from + (unsigned)(h->dice % (to - from));
}

/* Of [from, to): nearer ones than one of them before it, the rest behind; where it stands then. */
static unsigned near_divide(struct near *h, unsigned from, unsigned to)
{
	unsigned last = to - 1, at = from;

	near_swap(&h->at[near_any(h, from, to)], &h->at[last]);
	for (unsigned i = from; i < last; i++)
		if (near_farther(h, &h->at[last], &h->at[i]))
			near_swap(&h->at[at++], &h->at[i]);
	near_swap(&h->at[at], &h->at[last]);
	return at;
}

/* The nearest `most` come first, in any order. */
static void near_choose(struct near *h)
{
	unsigned from = 0, to = h->n;

	while (to - from > SORT_FEW) {
		unsigned at = near_divide(h, from, to);

		if (at == h->most)
			return;
		if (at < h->most)
			from = at + 1;
		else
			to = at;
	}
	near_insert(h, from, to);
}

/* Nearest first; what is deeper than its half is left to the next turn, so it does not recurse deeply. */
static void near_sort(struct near *h, unsigned from, unsigned to)
{
	while (to - from > SORT_FEW) {
		unsigned at = near_divide(h, from, to);

		if (at - from < to - at) {
			near_sort(h, from, at);
			from = at + 1;
		} else {
			near_sort(h, at + 1, to);
			to = at;
		}
	}
	if (to > from)
		near_insert(h, from, to);
}

static void near_trim(struct near *h)
{
	if (h->n <= h->most)
		return;
	near_choose(h);
	h->n = h->most;
	h->limit = h->at[0];
	for (unsigned i = 1; i < h->n; i++)
		if (near_farther(h, &h->at[i], &h->limit))
			h->limit = h->at[i];
	h->limited = true;
}

void near_put(struct near *h, const struct rank *r)
{
	h->at[h->n++] = *r;
	if (h->n == NEAR_ROOM)
		near_trim(h);
}

void near_end(struct near *h)
{
	near_trim(h);
	near_sort(h, 0, h->n);
	if (h->before) /* the nearest came first; on the screen it is the last */
		for (unsigned i = 0; i < h->n / 2; i++)
			near_swap(&h->at[i], &h->at[h->n - 1 - i]);
}
