/* What orders flows on the screen, as numbers: of a flow up to three of them, compared one by one. */
#ifndef ENGINE_RANK_H
#define ENGINE_RANK_H

#include "sockeye/query.h"

enum {
	RANK_WORDS = 3,
	/* So many bytes of our own words are compared, which is all of every one. Of names from the wire it is the first
	 * 24, then ids decide; no order of the screen is by such a name. Comparing all of them would mean to fill two
	 * records, 0.2 us each, whenever two names begin alike, several times a flow: of a million flows to hosts of one
	 * long domain an answer would take a second, where a frame has 20 ms. */
	RANK_TEXT_OWN = 16,
};

/* Where a flow stands in an order, so that less is before: a falling order has its words inverted. */
struct rank {
	uint64_t at[RANK_WORDS];
	uint64_t id;
	uint32_t seat;
	bool absent; /* it lacks the key: behind all that have it, in either direction */
};

/* Ties go by id. */
static inline int rank_compare(const struct rank *a, const struct rank *b)
{
	if (a->absent != b->absent)
		return a->absent ? 1 : -1;
	for (unsigned i = 0; i < RANK_WORDS; i++)
		if (a->at[i] != b->at[i])
			return a->at[i] < b->at[i] ? -1 : 1;
	return (a->id > b->id) - (a->id < b->id);
}

/* Does an order by that key need more than the first word? */
bool rank_is_wide(enum record_key k);
/* The words of a key, in the rising order; false: absent. */
bool rank_value(const struct flow_record *r, enum record_key k, uint64_t at[RANK_WORDS]);

/* By the name of the process that holds it, the client's end first, then by its number; false: nobody is known. */
bool rank_process(const struct flow_record *r, uint64_t at[RANK_WORDS]);
void rank_endpoint(const struct endpoint *end, uint64_t at[RANK_WORDS]);
/* Of the first word: do others follow? */
static inline bool rank_end_goes_on(uint64_t at)
{
	return at >> 56 == FAMILY_IPV6;
}

#endif
