/* The nearest few of many, on one side of a place in an order: what a window shows.
 *
 * Who is nearer than the farthest of those that count is put behind them; when there is no more
 * room the nearest are told apart from the rest at once (quickselect). So a walk costs a few
 * comparisons a flow, in whatever order it meets them. */
#ifndef ENGINE_NEAR_H
#define ENGINE_NEAR_H

#include "rank.h"

enum { NEAR_MAX = 2 * QUERY_ROWS, NEAR_ROOM = 8 * NEAR_MAX };

struct near {
	struct rank at[NEAR_ROOM];
	unsigned n, most; /* most: so many are wanted, NEAR_MAX at most */
	bool before;      /* those before the place, else behind it */
	bool limited;     /* nobody farther than this one can be among them: */
	struct rank limit;
	uint64_t dice;
};

void near_begin(struct near *h, bool before, unsigned most);
void near_put(struct near *h, const struct rank *r);
/* The `most` nearest (n may be less), in the order of the screen. */
void near_end(struct near *h);

/* Is a farther from the place than b? */
static inline bool near_farther(const struct near *h, const struct rank *a, const struct rank *b)
{
	int c = rank_compare(a, b);

	return h->before ? c < 0 : c > 0;
}

static inline void near_add(struct near *h, const struct rank *r)
{
	if (h->most != 0 && !(h->limited && near_farther(h, r, &h->limit)))
		near_put(h, r);
}

#endif
