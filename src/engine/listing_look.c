/* What orders and selects one flow: see listing.h.
 *
 * The dear part is a record, so it is made where nothing else says the same: the words of an order are read where the
 * flow lies (listing_words.h), and what follows of them is found out of one of all flows that are alike. */
#include <string.h>

#include "groups.h"
#include "listing_private.h"
#include "rates.h"
#include "sockeye/condition.h"

static bool listing_is_among(const uint64_t *ids, unsigned n, uint64_t id)
{
	for (unsigned i = 0; i < n; i++)
		if (ids[i] == id)
			return true;
	return false;
}

/* What was found of the flow at hand. */
struct found {
	bool any;                   /* of its record: */
	unsigned parts;             /* these, or, */
	enum record_brief brief;    /* else than BRIEF_NOT, less */
	bool sought;                /* who is like it: */
	struct listed_alike *alike; /* NULL: nobody */
	bool named;
};

/* What the filter reads, or what the order does: of both at once where one is not enough for the other. */
static void listing_fill(struct listing *l, uint32_t seat, bool order, struct found *is)
{
	const enum record_brief brief = order ? l->rank_brief : l->choice_brief;
	const unsigned parts = order ? l->rank_parts : l->choice_parts;

	if (is->any && (is->brief == BRIEF_NOT ? !(parts & ~is->parts) : brief <= is->brief))
		return;
	l->stats.filled++;
	is->any = true;
	is->parts = l->choice_parts | l->rank_parts;
	is->brief = brief;
	if (brief == BRIEF_NOT)
		flow_record_fill_parts(&l->record, l->flows, flow_in_seat(l->flows, seat), engine_paths(l->engine),
				       is->parts);
	else
		(void)flow_record_fill_brief(&l->record, l->flows, seat, engine_paths(l->engine), brief);
}

/* What is known of those like it; NULL: that is said of none but itself. */
static struct listed_alike *listing_alike(struct listing *l, uint32_t seat, bool order, struct found *is)
{
	uint64_t alike;

	if (!(order ? l->rank_alike : l->choice_alike))
		return NULL;
	if (!is->sought) {
		alike = flow_seat_alike(l->flows, seat, l->alike, &is->named);
		is->alike = alike != 0 ? alikes_of(&l->alikes, alike) : NULL;
		is->sought = true;
	}
	return is->named && (order ? l->rank_named : l->choice_named) ? NULL : is->alike;
}

static bool listing_is_over(const struct listing *l)
{
	enum condition is = condition_of(&l->record, l->live_ns == 0);

	return is == CONDITION_CLOSED || is == CONDITION_FAILED || is == CONDITION_SILENT;
}

/* By its record: LISTED_MATCHES, LISTED_OVER or 0. */
static unsigned listing_judge(struct listing *l, uint32_t seat, struct found *found)
{
	listing_fill(l, seat, false, found);
	if (l->filter && !filter_flow(l->filter, &l->record))
		return 0;
	return l->choice.open_only && listing_is_over(l) ? LISTED_OVER : LISTED_MATCHES;
}

/* What is past (flow.h) is over, whatever its record says. */
static unsigned listing_choose(struct listing *l, uint32_t seat, const struct flow_seat *f, struct found *found)
{
	struct listed_alike *alike;
	unsigned is;

	if (l->choice.onlys > 0 && !listing_is_among(l->choice.only, l->choice.onlys, f->id))
		return 0;
	if (!l->filter && !l->choice.open_only)
		return LISTED_MATCHES;
	alike = listing_alike(l, seat, false, found);
	is = alike && alike->chosen ? alike->choice : listing_judge(l, seat, found);
	if (alike) {
		alike->choice = (uint8_t)is;
		alike->chosen = true;
	}
	return is == LISTED_MATCHES && l->choice.open_only && f->past ? LISTED_OVER : is;
}

/* Which group, where its record says it, or that of one like it; and whether it failed. */
static bool listing_failed(struct listing *l, uint32_t seat, struct found *found, uint64_t *group)
{
	struct listed_alike *alike = listing_alike(l, seat, true, found);
	bool failed;

	if (alike && alike->ranked) {
		*group = alike->at[0];
		return alike->absent;
	}
	listing_fill(l, seat, true, found);
	failed = groups_failed(&l->record, l->live_ns == 0);
	*group = groups_id(l->order.group, &l->key, &l->record);
	if (alike) {
		alike->ranked = true;
		alike->absent = failed;
		alike->at[0] = *group;
	}
	return failed;
}

static unsigned listing_group(struct listing *l, uint32_t seat, struct found *found, uint64_t *at, uint16_t *again)
{
	const bool server = l->order.group == GROUP_SERVER, ends = server || l->order.group == GROUP_CLIENT;
	bool failed = listing_failed(l, seat, found, at);
	struct endpoint end;
	uint64_t many;

	if (ends && flow_seat_end(l->flows, seat, server, &end))
		*at = groups_id_end(l->order.group, &l->key, &end);
	(void)flow_seat_again(l->flows, seat, &many);
	*again = many < GROUPS_AGAIN_MOST ? (uint16_t)many : GROUPS_AGAIN_MOST;
	return LISTED_RANKED | (failed ? LISTED_ABSENT : 0);
}

/* By its record, or that of one like it. */
static unsigned listing_words_by_record(struct listing *l, uint32_t seat, struct found *found, uint64_t at[RANK_WORDS])
{
	struct listed_alike *alike = listing_alike(l, seat, true, found);
	bool there;

	if (alike && alike->ranked) {
		memcpy(at, alike->at, sizeof alike->at);
		return alike->absent ? LISTED_RANKED | LISTED_ABSENT : LISTED_RANKED;
	}
	listing_fill(l, seat, true, found);
	there = listing_words_of(&l->record, &l->order, at);
	if (alike) {
		alike->ranked = true;
		alike->absent = !there;
		memcpy(alike->at, at, sizeof alike->at);
	}
	return there ? LISTED_RANKED : LISTED_RANKED | LISTED_ABSENT;
}

/* Its words; LISTED_RANKED and what else is to be said. */
static unsigned listing_words(struct listing *l, uint32_t seat, struct found *found, uint64_t at[RANK_WORDS],
			      uint16_t *again)
{
	const struct listed_order *o = &l->order;

	if (o->group != GROUP_NONE)
		return listing_group(l, seat, found, &at[0], again);
	switch (listing_words_at(l->flows, seat, o, at)) {
	case WORDS_THERE:
		return LISTED_RANKED;
	case WORDS_ABSENT:
		return LISTED_RANKED | LISTED_ABSENT;
	case WORDS_RECORD:
		break;
	}
	if (o->rank == RANK_RATE)
		return rates_rank(engine_rates(l->engine), flow_in_seat(l->flows, seat), l->live_ns, &at[0])
			       ? LISTED_RANKED | LISTED_MOVES : LISTED_RANKED;
	return listing_words_by_record(l, seat, found, at);
}

/* The words behind the first: of IPv4 addresses there are none. */
void listing_put_more(struct listing *l, const uint64_t at[RANK_WORDS], uint64_t more[RANK_WORDS - 1])
{
	if (more != l->one_more && !l->spread && !(at[1] | at[2]))
		return;
	l->spread |= more != l->one_more;
	memcpy(more, &at[1], sizeof l->one_more);
}

void listing_look(struct listing *l, uint32_t seat, unsigned redo, struct listed *out, uint64_t more[RANK_WORDS - 1])
{
	uint64_t at[RANK_WORDS];
	struct flow_seat f;
	struct found found = {.any = false};
	bool chosen, ranked;
	unsigned is;

	l->stats.looked++;
	if (!flow_seat_is(l->flows, seat, &f)) {
		out->is = 0;
		return;
	}
	chosen = !(redo & REDO_CHOICE);
	ranked = !(redo & (REDO_RANKS | REDO_MOVES)) && out->is & LISTED_RANKED;
	is = LISTED_THERE | (f.open ? LISTED_OPEN : 0) | (f.reused ? LISTED_REUSED : 0);
	is |= chosen ? out->is & (LISTED_MATCHES | LISTED_OVER) : listing_choose(l, seat, &f, &found);
	if (ranked) {
		is |= out->is & (LISTED_RANKED | LISTED_ABSENT | LISTED_MOVES);
	} else if (is & LISTED_MATCHES) {
		is |= listing_words(l, seat, &found, at, &out->again);
		out->at = at[0];
		if (l->wide)
			listing_put_more(l, at, more);
	}
	/* The next table may have another word of it; of one that is over only the next. */
	if (l->owned && (f.open || !(redo & REDO_OWNERS)))
		is |= LISTED_MOVES;
	out->id = (uint32_t)f.id;
	out->id_high = (uint8_t)(f.id >> 32);
	out->is = (uint8_t)is;
}

/* Only its words are out of date, and nothing but them is looked at. False: they need more than that. */
static bool listing_reorder(struct listing *l, uint32_t seat)
{
	struct listed *is = &l->at[seat];
	uint64_t at[RANK_WORDS];
	struct found found = {.any = false};
	const struct listed_alike *alike = listing_alike(l, seat, true, &found);
	enum listed_words there;

	if (alike && alike->ranked && l->order.group == GROUP_NONE) {
		memcpy(at, alike->at, sizeof at);
		there = alike->absent ? WORDS_ABSENT : WORDS_THERE;
	} else {
		there = listing_words_at(l->flows, seat, &l->order, at);
	}
	if (there == WORDS_RECORD)
		return false;
	l->stats.looked++;
	is->at = at[0];
	if (l->wide)
		listing_put_more(l, at, l->more[seat]);
	is->is = (uint8_t)((is->is & ~(LISTED_ABSENT | LISTED_MOVES)) | LISTED_RANKED |
			   (there == WORDS_ABSENT ? LISTED_ABSENT : 0) | (l->owned ? LISTED_MOVES : 0));
	return true;
}

void listing_look_again(struct listing *l, uint32_t seat)
{
	struct listed *is = &l->at[seat];

	if (l->redo & (REDO_MOVES | REDO_OWNERS) && !(is->is & LISTED_MOVES))
		return;
	if (l->redo == REDO_RANKS && listing_reorder(l, seat))
		return;
	if ((l->redo & (REDO_RANKS | REDO_CHOICE)) == (REDO_RANKS | REDO_CHOICE) && !l->gists.at)
		flow_unmark(l->flows, seat); /* all that its mark asks for is done here */
	listing_look(l, seat, l->redo == REDO_OWNERS ? REDO_OWNERS | REDO_RANKS | REDO_CHOICE : l->redo, is,
		     l->more[seat]);
}

