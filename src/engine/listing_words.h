/* What orders a flow, said of its seat at once where that is possible: a record costs several times as much. */
#ifndef ENGINE_LISTING_WORDS_H
#define ENGINE_LISTING_WORDS_H

#include "rank.h"
#include "sockeye/flow.h"

struct listed_order {
	enum query_rank rank;
	enum record_key sort;   /* of RANK_KEY */
	enum query_group group;
	bool live;
};

enum listed_words {
	WORDS_RECORD, /* that takes its record */
	WORDS_ABSENT, /* it lacks the key */
	WORDS_THERE,
};
/* The words of its rank; WORDS_RECORD: nothing was said. Groups have none here. */
enum listed_words listing_words_at(const struct flow_table *t, uint32_t seat, const struct listed_order *o,
				   uint64_t at[RANK_WORDS]);
/* The same of its record, which has listing_words_parts(). */
bool listing_words_of(const struct flow_record *r, const struct listed_order *o, uint64_t at[RANK_WORDS]);
unsigned listing_words_parts(const struct listed_order *o);
/* Are they made of its ends alone? */
static inline bool listing_words_ends(const struct listed_order *o)
{
	return o->group == GROUP_NONE && o->rank == RANK_KEY && (o->sort == RECORD_CLIENT || o->sort == RECORD_SERVER);
}
/* Does the order need more than the first word, which are to be kept? */
bool listing_words_wide(const struct listed_order *o);

#endif
