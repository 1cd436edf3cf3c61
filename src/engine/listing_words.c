/* What orders a flow: see listing_words.h. Both ways give the same words, which tests compare. */
#include "listing_words.h"

#include <string.h>

#include "rates.h"

static enum listed_words words_endpoint(const struct flow_table *t, uint32_t seat, bool server, uint64_t at[RANK_WORDS])
{
	struct endpoint end;

	if (!flow_seat_end(t, seat, server, &end) || end.family == FAMILY_NONE)
		return WORDS_RECORD;
	rank_endpoint(&end, at);
	return WORDS_THERE;
}

static enum listed_words words_trips(const struct flow_table *t, uint32_t seat, uint64_t *at)
{
	struct flow_trips x;

	if (!flow_seat_trips(t, seat, &x))
		return WORDS_RECORD;
	switch (x.known) { /* query_round_trip() */
	case 0:
		return WORDS_ABSENT;
	case 1: case 2:
		*at = (uint64_t)x.p50[x.known - 1];
		break;
	case 3: case 3 | FLOW_TRIP_HANDSHAKE:
		*at = (uint64_t)(x.p50[0] + x.p50[1]);
		break;
	default:
		*at = (uint64_t)x.handshake;
		break;
	}
	return WORDS_THERE;
}

static enum listed_words words_absent(uint64_t at[RANK_WORDS])
{
	memset(at, 0, RANK_WORDS * sizeof at[0]);
	return WORDS_ABSENT;
}

enum listed_words listing_words_at(const struct flow_table *t, uint32_t seat, const struct listed_order *o,
				   uint64_t at[RANK_WORDS])
{
	struct flow_sums sums;

	memset(at, 0, RANK_WORDS * sizeof at[0]);
	if (o->group != GROUP_NONE)
		return WORDS_RECORD;
	switch (o->rank) {
	case RANK_KEY:
		if (o->sort == RECORD_CLIENT || o->sort == RECORD_SERVER)
			return words_endpoint(t, seat, o->sort == RECORD_SERVER, at);
		return flow_seat_key(t, seat, o->sort, &at[0]) ? WORDS_THERE : WORDS_RECORD;
	case RANK_UP:
	case RANK_DOWN:
		if (!flow_seat_sums(t, seat, &sums))
			return WORDS_RECORD;
		at[0] = sums.bytes[o->rank == RANK_DOWN];
		return WORDS_THERE;
	case RANK_RATE:
		if (o->live || !flow_seat_sums(t, seat, &sums))
			return WORDS_RECORD;
		at[0] = rates_life(&sums);
		return WORDS_THERE;
	case RANK_ROUND_TRIP:
		return words_trips(t, seat, &at[0]);
	case RANK_RETRANSMITTED:
		return flow_seat_again(t, seat, &at[0]) ? WORDS_THERE : words_absent(at);
	case RANK_PROCESS:
		break;
	}
	return WORDS_RECORD;
}

bool listing_words_of(const struct flow_record *r, const struct listed_order *o, uint64_t at[RANK_WORDS])
{
	bool there;

	memset(at, 0, RANK_WORDS * sizeof at[0]);
	if (o->rank == RANK_PROCESS)
		there = rank_process(r, at);
	else if (o->rank == RANK_KEY)
		there = rank_value(r, o->sort, at);
	else
		there = rank_derived(r, o->rank, &at[0]);
	if (!there)
		memset(at, 0, RANK_WORDS * sizeof at[0]);
	return there;
}

unsigned listing_words_parts(const struct listed_order *o)
{
	if (o->group != GROUP_NONE)
		return RECORD_PART_OUTCOME | RECORD_PART_STATE |
		       (o->group == GROUP_PROCESS ? record_part_of(RECORD_OWNER_CLIENT) : 0);
	switch (o->rank) {
	case RANK_KEY: return record_part_of(o->sort);
	case RANK_ROUND_TRIP: return RECORD_PART_HANDSHAKE | RECORD_PART_TRIPS;
	case RANK_RETRANSMITTED: return record_part_of(RECORD_RETRANSMISSIONS);
	case RANK_PROCESS: return record_part_of(RECORD_OWNER_CLIENT);
	case RANK_UP: case RANK_DOWN: case RANK_RATE: break;
	}
	return 0;
}

bool listing_words_wide(const struct listed_order *o)
{
	return o->group == GROUP_NONE && !listing_words_ends(o) &&
	       (o->rank == RANK_PROCESS || (o->rank == RANK_KEY && rank_is_wide(o->sort)));
}
