/* What was found out of a flow is so of all that are alike (flow.h): whether it matches, and the words of its rank.
 *
 * A million connections are alike in some hundred ways. A table of fixed size, each in the one place that its
 * number gives; who finds another one there takes it, and what is forgotten is found out once more. */
#ifndef ENGINE_LISTING_ALIKE_H
#define ENGINE_LISTING_ALIKE_H

#include "rank.h"

enum { ALIKES = 1024 };

struct listed_alike {
	uint64_t alike;
	uint64_t turn;
	bool chosen, ranked;     /* known: */
	uint8_t choice;          /* LISTED_MATCHES, LISTED_OVER or 0 */
	bool absent;             /* as LISTED_ABSENT */
	uint64_t at[RANK_WORDS]; /* of groups: [0], the group, where it is the same of all */
};

struct alikes {
	uint64_t turn;
	struct listed_alike at[ALIKES];
};

/* Another question: nothing is known. */
static inline void alikes_forget(struct alikes *a)
{
	a->turn++;
}

/* What is known of those; alike is not 0. */
static inline struct listed_alike *alikes_of(struct alikes *a, uint64_t alike)
{
	struct listed_alike *is = &a->at[(alike * UINT64_C(0x9e3779b97f4a7c15) >> 40) % ALIKES];

	if (is->alike != alike || is->turn != a->turn)
		*is = (struct listed_alike){.alike = alike, .turn = a->turn};
	return is;
}

#endif
