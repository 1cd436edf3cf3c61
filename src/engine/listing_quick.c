/* What is said of flows without a look at them: of seats that are free, and of flows whose gist (listing_gist.h) has
 * what the question needs. One loop, for a million of them shall cost some milliseconds. */
#include <string.h>

#include "groups.h"
#include "listing_private.h"
#include "rates.h"

enum { OF_RANK = LISTED_RANKED | LISTED_ABSENT | LISTED_MOVES, OF_CHOICE = LISTED_MATCHES | LISTED_OVER };

/* ---- what a question needs -------------------------------------------------------------- */

static unsigned needs_alike(const struct listing *l, bool named)
{
	return GIST_LIKE | (l->alike == ALIKE_COUNTS ? GIST_COUNTED : 0) | (named ? GIST_UNNAMED : 0);
}

static unsigned choice_needs(const struct listing *l)
{
	if (l->choice.onlys > 0)
		return GIST_NOT;
	if (!l->filter && !l->choice.open_only)
		return GIST_KNOWN;
	if (l->choice_alike)
		return needs_alike(l, l->choice_named);
	return l->choice_brief == BRIEF_ENDS ? GIST_KNOWN : GIST_NOT;
}

static unsigned key_needs(const struct listing *l)
{
	switch (l->order.sort) {
	case RECORD_ID: case RECORD_CLIENT: case RECORD_SERVER:
	case RECORD_FIRST: case RECORD_LAST: case RECORD_PACKETS: case RECORD_BYTES:
		return GIST_KNOWN;
	default:
		return l->rank_alike ? needs_alike(l, l->rank_named) : GIST_NOT;
	}
}

static unsigned rank_needs(const struct listing *l)
{
	if (l->order.group != GROUP_NONE)
		return l->rank_alike ? needs_alike(l, l->rank_named) : GIST_NOT;
	switch (l->order.rank) {
	case RANK_KEY: return key_needs(l);
	case RANK_UP: case RANK_DOWN: case RANK_ROUND_TRIP: return GIST_KNOWN;
	case RANK_RATE: return l->order.live ? GIST_NOT : GIST_KNOWN;
	case RANK_RETRANSMITTED: return GIST_COUNTED;
	case RANK_PROCESS: break;
	}
	return GIST_NOT;
}

/* What the walk at hand reads where the flow lies, if its gist has it not. */
static unsigned reads_of_gist(const struct listing *l)
{
	const struct listed_order *o = &l->order;
	unsigned reads = l->redo & REDO_CHOICE && l->filter && !l->choice_alike ? GIST_ENDS : 0;

	if (!(l->redo & REDO_RANKS))
		return reads;
	if (o->group != GROUP_NONE)
		return reads | GIST_COUNTED | (o->group == GROUP_SERVICE ? 0 : GIST_ENDS);
	if (listing_words_ends(o))
		return reads | GIST_ENDS;
	if (o->rank == RANK_ROUND_TRIP)
		return reads | GIST_TRIP;
	return o->rank == RANK_RETRANSMITTED || l->rank_alike ? reads : reads | GIST_SUMS;
}

void listing_gist_needs(struct listing *l)
{
	const bool as_packets_say = l->gists.at && !l->owned && !(l->redo & (REDO_MOVES | REDO_OWNERS));

	l->ends_of = -1;
	l->choice_needs = as_packets_say ? choice_needs(l) : GIST_NOT;
	l->rank_needs = as_packets_say ? rank_needs(l) : GIST_NOT;
	l->needs = !as_packets_say ? GIST_NOT :
		   (l->redo & REDO_CHOICE ? l->choice_needs : 0) | (l->redo & REDO_RANKS ? l->rank_needs : 0) | GIST_KNOWN;
	l->near_needs = l->needs | reads_of_gist(l);
}

/* ---- of one ----------------------------------------------------------------------------- */

/* What is known of those like it; NULL: nothing yet. */
static inline const struct listed_alike *alike_of(struct listing *l, const struct gist *g, bool order)
{
	struct listed_alike *is = &l->gists.known[g->like & GIST_LIKE_MASK];

	if (is->turn != l->alikes.turn)
		*is = (struct listed_alike){.turn = l->alikes.turn};
	return (order ? is->ranked : is->chosen) ? is : NULL;
}

static inline bool quick_end(const struct listing *l, uint32_t seat, const struct gist *g, bool server, struct endpoint *out)
{
	if (!(g->has & GIST_ENDS))
		return flow_seat_end(l->flows, seat, server, out);
	gist_end(&l->gists, seat, server, out);
	return true;
}

/* BRIEF_ENDS: of one after the other of the same protocol only the ends differ. */
static inline bool quick_fill_ends(struct listing *l, uint32_t seat, const struct gist *g)
{
	if (!quick_end(l, seat, g, false, &l->ends.client) || !quick_end(l, seat, g, true, &l->ends.server))
		return false;
	if (l->ends_of != g->proto) {
		flow_record_fill_ends(&l->ends, l->flows, g->proto, (struct endpoint[]){l->ends.client, l->ends.server});
		l->ends_of = g->proto;
	}
	return true;
}

/* LISTED_MATCHES, LISTED_OVER or 0; false: the flow is to be asked. */
static inline bool gist_choose(struct listing *l, uint32_t seat, const struct gist *g, unsigned *out)
{
	const struct listed_alike *alike;

	*out = LISTED_MATCHES;
	if (!l->filter && !l->choice.open_only)
		return true;
	if (!l->choice_alike) {
		if (!quick_fill_ends(l, seat, g))
			return false;
		*out = filter_flow(l->filter, &l->ends) ? LISTED_MATCHES : 0;
		return true;
	}
	alike = alike_of(l, g, false);
	if (!alike)
		return false;
	*out = alike->choice == LISTED_MATCHES && l->choice.open_only && g->like & GIST_PAST ? LISTED_OVER : alike->choice;
	return true;
}

static uint64_t ordered(int64_t ns)
{
	return (uint64_t)ns ^ UINT64_C(1) << 63; /* as flow_sort_key() */
}

static inline bool quick_sums(const struct listing *l, uint32_t seat, const struct gist *g, struct flow_sums *out)
{
	if (!(g->has & GIST_SUMS))
		return flow_seat_sums(l->flows, seat, out);
	gist_sums(&l->gists, seat, out);
	return true;
}

/* The words of orders that are numbers. */
static inline enum listed_words gist_number(const struct listing *l, uint32_t seat, const struct gist *g, uint64_t at[RANK_WORDS])
{
	struct flow_sums sums;

	switch (l->order.rank) {
	case RANK_RETRANSMITTED:
		return g->proto == PROTO_TCP ? WORDS_THERE : WORDS_ABSENT;
	case RANK_ROUND_TRIP:
		if (!(g->has & GIST_TRIP))
			return listing_words_at(l->flows, seat, &l->order, at);
		if (l->gists.trips[seat] == GIST_NO_TRIP)
			return WORDS_ABSENT;
		at[0] = l->gists.trips[seat];
		return WORDS_THERE;
	default:
		break;
	}
	if (!quick_sums(l, seat, g, &sums))
		return WORDS_RECORD;
	if (l->order.rank == RANK_UP || l->order.rank == RANK_DOWN)
		at[0] = sums.bytes[l->order.rank == RANK_DOWN];
	else if (l->order.rank == RANK_RATE)
		at[0] = rates_life(&sums);
	else if (l->order.sort == RECORD_PACKETS)
		at[0] = sums.packets;
	else if (l->order.sort == RECORD_BYTES)
		at[0] = sums.bytes[0] + sums.bytes[1];
	else
		at[0] = ordered(l->order.sort == RECORD_FIRST ? sums.first_ns : sums.last_ns);
	return WORDS_THERE;
}

/* As groups_id_end(), of many flows of one end. */
static inline uint64_t quick_group_id(struct listing *l, const struct endpoint *end)
{
	const uint16_t port = l->order.group == GROUP_CLIENT ? 0 : end->port;
	uint32_t address;
	struct group_met *met;

	if (end->family != FAMILY_IPV4)
		return groups_id_end(l->order.group, &l->key, end);
	memcpy(&address, end->ip.b, sizeof address);
	met = &l->met[(address ^ (uint32_t)port << 16) * UINT32_C(0x9e3779b1) >> 20 & (GROUPS_MET - 1)];
	if (met->id == 0 || met->address != address || met->port != port || met->by != l->order.group)
		*met = (struct group_met){.address = address, .port = port, .by = (uint8_t)l->order.group,
					  .id = groups_id_end(l->order.group, &l->key, end)};
	return met->id;
}

/* As listing_group(). */
static inline bool gist_group(struct listing *l, uint32_t seat, const struct gist *g, struct listed *out, unsigned *is)
{
	const bool server = l->order.group == GROUP_SERVER;
	const struct listed_alike *alike = alike_of(l, g, true);
	struct endpoint end;
	uint64_t many = 0;

	if (!alike)
		return false;
	out->at = alike->at[0];
	if (server || l->order.group == GROUP_CLIENT) {
		if (!quick_end(l, seat, g, server, &end))
			return false;
		out->at = quick_group_id(l, &end);
	}
	if (!(g->has & GIST_COUNTED))
		(void)flow_seat_again(l->flows, seat, &many);
	out->again = many < GROUPS_AGAIN_MOST ? (uint16_t)many : GROUPS_AGAIN_MOST;
	*is = LISTED_RANKED | (alike->absent ? LISTED_ABSENT : 0);
	return true;
}

/* Its words; LISTED_RANKED and LISTED_ABSENT. False: the flow is to be asked. */
static inline bool gist_rank(struct listing *l, uint32_t seat, const struct gist *g, struct listed *out, unsigned *is)
{
	const struct listed_alike *alike;
	uint64_t at[RANK_WORDS] = {0, 0, 0};
	struct endpoint end;
	enum listed_words there = WORDS_THERE;

	if (l->order.group != GROUP_NONE)
		return gist_group(l, seat, g, out, is);
	if (l->order.rank == RANK_KEY && l->order.sort == RECORD_ID) {
		at[0] = listed_id(out);
	} else if (listing_words_ends(&l->order)) {
		if (!quick_end(l, seat, g, l->order.sort == RECORD_SERVER, &end) || end.family == FAMILY_NONE)
			return false;
		rank_endpoint(&end, at);
	} else if (l->order.rank == RANK_KEY && l->rank_needs & GIST_LIKE) {
		alike = alike_of(l, g, true);
		if (!alike)
			return false;
		memcpy(at, alike->at, sizeof at);
		there = alike->absent ? WORDS_ABSENT : WORDS_THERE;
	} else {
		there = gist_number(l, seat, g, at);
	}
	if (there == WORDS_RECORD)
		return false;
	out->at = at[0];
	if (l->wide)
		listing_put_more(l, at, l->more[seat]);
	*is = there == WORDS_THERE ? LISTED_RANKED : LISTED_RANKED | LISTED_ABSENT;
	return true;
}

static inline bool quick_one(struct listing *l, uint32_t seat, const struct gist *g)
{
	struct listed *out = &l->at[seat];
	unsigned is = out->is, choice, rank;

	if (l->redo & REDO_CHOICE) {
		if (!gist_choose(l, seat, g, &choice))
			return false;
		is = (is & ~(unsigned)OF_CHOICE) | choice;
	}
	if (l->redo & REDO_RANKS)
		is &= ~(unsigned)OF_RANK;
	if (is & LISTED_MATCHES && !(is & LISTED_RANKED)) {
		if (!gist_has(g, l->rank_needs) || !gist_rank(l, seat, g, out, &rank))
			return false;
		is = (is & ~(unsigned)OF_RANK) | rank;
	}
	out->is = (uint8_t)is;
	return true;
}

/* It was looked at, so what was found holds for all that are alike. */
static void quick_learn(struct listing *l, uint32_t seat)
{
	const struct gist *g = &l->gists.at[seat];
	const struct listed *is = &l->at[seat];
	struct listed_alike *known;

	if (!gist_has(g, GIST_KNOWN | GIST_LIKE) || !(is->is & LISTED_THERE) || flow_seat_moved(l->flows, seat))
		return;
	known = &l->gists.known[g->like & GIST_LIKE_MASK];
	if (known->turn != l->alikes.turn)
		*known = (struct listed_alike){.turn = l->alikes.turn};
	if (gist_has(g, l->choice_needs)) {
		known->choice = is->is & OF_CHOICE;
		known->chosen = true;
	}
	if (is->is & LISTED_RANKED && gist_has(g, l->rank_needs)) {
		known->absent = is->is & LISTED_ABSENT;
		known->at[0] = is->at;
		known->at[1] = l->wide ? l->more[seat][0] : 0;
		known->at[2] = l->wide ? l->more[seat][1] : 0;
		known->ranked = true;
	}
}

/* ---- of all ----------------------------------------------------------------------------- */

/* Some seats ahead: what will be looked at comes nearer. */
static inline void quick_near(const struct listing *l, uint32_t seat, enum listing_reads reads)
{
	if (!listing_is_near(l, seat + LOOK_AHEAD))
		flow_seat_near(l->flows, seat + LOOK_AHEAD, reads != READS_ENDS);
	if (listing_is_near(l, seat + LOOK_AHEAD / 2))
		return;
	if (reads == READS_ENDS)
		flow_seat_near_ends(l->flows, seat + LOOK_AHEAD / 2);
	else
		flow_seat_near_rest(l->flows, seat + LOOK_AHEAD / 2, reads == READS_TRIPS);
}

uint32_t listing_quick(struct listing *l, uint32_t from, uint32_t to, unsigned looks_most, enum listing_reads reads)
{
	const bool only_ranks = l->redo == REDO_RANKS, looks = l->redo & (REDO_RANKS | REDO_CHOICE), walked = l->walked;
	const uint8_t lost = LISTED_RANKED | (l->owned ? 0 : LISTED_MOVES);
	const struct gist *const gists = l->gists.at;
	struct listed *const at = l->at;
	const unsigned needs = l->needs;
	unsigned looked = 0;
	uint32_t seat = from;

	for (; seat < to && looked < looks_most; seat++) {
		if (looks)
			quick_near(l, seat, reads);
		if (walked && !(at[seat].is & LISTED_THERE))
			continue;
		if (only_ranks && !(at[seat].is & LISTED_MATCHES)) {
			at[seat].is &= (uint8_t)~lost;
			continue;
		}
		if (gists && at[seat].is & LISTED_THERE && gist_has(&gists[seat], needs) && quick_one(l, seat, &gists[seat])) {
			l->stats.by_gist++;
			continue;
		}
		listing_look_again(l, seat);
		if (gists)
			quick_learn(l, seat);
		looked++;
	}
	return seat;
}

bool listing_sums(const struct listing *l, uint32_t seat, struct flow_sums *out)
{
	static const struct gist none;

	return quick_sums(l, seat, l->gists.at && l->kept ? &l->gists.at[seat] : &none, out);
}
