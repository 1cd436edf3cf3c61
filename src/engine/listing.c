/* What orders and selects flows: see listing.h. */
#include "listing.h"

#include <stdlib.h>
#include <string.h>

#include "groups.h"
#include "learn.h"
#include "listing_words.h"
#include "match.h"
#include "rates.h"
#include "sockeye/clock.h"
#include "sockeye/condition.h"
#include "sockeye/memory.h"

enum { LOOK_CLOCK = 64 /* flows between two looks at the clock */, HINTS = QUERY_ROWS, LOOK_AHEAD = 6 /* seats */ };

/* What an entry depends on besides its flow: the order (listing_words.h), and */
struct choice {
	uint64_t filter; /* match.turn */
	bool open_only;
	unsigned onlys;
	uint64_t only[QUERY_TOGETHER];
};

enum redo { REDO_RANKS = 1, REDO_CHOICE = 2, REDO_MOVES = 4, REDO_OWNERS = 8 };

struct listing {
	struct engine *engine;
	struct flow_table *flows;
	size_t memory;               /* that it may take */
	struct listed *at;           /* address space for all seats */
	uint64_t (*more)[RANK_WORDS - 1]; /* of wide orders, likewise */
	struct listed_order order;
	struct choice choice;
	bool asked, made;            /* once, for something */
	bool kept;
	bool wide, descending;
	bool spread;                 /* more is written to: before that all of it is 0 */
	bool owned;                  /* owners are read */
	uint64_t tables;             /* then: of how many it is made */
	unsigned redo;               /* what the walk at hand does; 0: it is over */
	uint32_t next;               /* seat that it goes on with */
	const struct filter *filter; /* NULL: all match */
	int64_t live_ns;             /* now, of a live run; else 0 */
	unsigned choice_parts, rank_parts; /* of the record that they read */
	enum record_brief choice_brief, rank_brief; /* where less will do; else BRIEF_NOT */
	struct listed one;           /* where nothing is kept: of the seat asked for last */
	uint64_t one_more[RANK_WORDS - 1];
	struct {
		uint64_t id;
		uint32_t seat;
	} hint[HINTS];
	struct listing_stats stats;
	struct hash_key key;
	struct near near[2];
	struct group_sum sum;
	struct flow_record record;   /* of the flow at hand */
};

static size_t listing_seats_most(const struct listing *l)
{
	return flow_seats_most(l->flows);
}

struct listing *listing_open(struct engine *e, size_t memory)
{
	struct listing *l = calloc(1, sizeof *l);
	void *at = NULL, *more = NULL;

	if (!l)
		return NULL;
	l->engine = e;
	l->flows = engine_flows(e);
	hash_key_init(&l->key, 0);
	if (flow_watch(l->flows, NULL) < 0 ||
	    memory_reserve(&at, listing_seats_most(l) * sizeof *l->at, "the list of flows", NULL) < 0 ||
	    memory_reserve(&more, listing_seats_most(l) * sizeof *l->more, "the list of flows", NULL) < 0) {
		if (at)
			memory_release(at, listing_seats_most(l) * sizeof *l->at);
		at = NULL; /* then nothing is kept */
		memory = 0;
	}
	l->at = at;
	l->more = more;
	l->memory = memory;
	return l;
}

void listing_free(struct listing *l)
{
	if (!l)
		return;
	if (l->at) {
		memory_release(l->at, listing_seats_most(l) * sizeof *l->at);
		memory_release(l->more, listing_seats_most(l) * sizeof *l->more);
	}
	groups_free(l->sum.groups);
	free(l);
}

struct group_sum *listing_sum(struct listing *l)
{
	if (l->sum.groups == NULL)
		l->sum.groups = groups_make();
	return &l->sum;
}

void listing_sum_left(struct listing *l)
{
	l->sum.next = 0;
}

void listing_near_seat(const struct listing *l, uint32_t seat)
{
	flow_seat_near(l->flows, seat, true);
}

struct near *listing_near(struct listing *l, unsigned behind)
{
	return &l->near[behind];
}

struct listing_stats *listing_stats(struct listing *l)
{
	return &l->stats;
}

static void listing_seats(const struct listing *l, struct flow_seats out[2])
{
	flow_seats(l->flows, out);
}

size_t listing_held(const struct listing *l)
{
	struct flow_seats is[2];

	if (!l->kept)
		return 0;
	listing_seats(l, is);
	return ((size_t)is[0].to - is[0].from + is[1].to - is[1].from) *
	       (sizeof *l->at + (l->spread ? sizeof *l->more : 0));
}

/* ---- one flow ------------------------------------------------------------------------ */

static bool listing_is_among(const uint64_t *ids, unsigned n, uint64_t id)
{
	for (unsigned i = 0; i < n; i++)
		if (ids[i] == id)
			return true;
	return false;
}

/* What was filled of the record of the flow at hand. */
struct filled {
	bool any;
	unsigned parts;          /* these, or, */
	enum record_brief brief; /* else than BRIEF_NOT, less */
};

/* What the filter reads, or what the order does: of both at once where one is not enough for the other. */
static void listing_fill(struct listing *l, uint32_t seat, bool order, struct filled *is)
{
	const enum record_brief brief = order ? l->rank_brief : l->choice_brief;
	const unsigned parts = order ? l->rank_parts : l->choice_parts;

	if (is->any && (is->brief == BRIEF_NOT ? !(parts & ~is->parts) : brief <= is->brief))
		return;
	l->stats.filled++;
	*is = (struct filled){.any = true, .parts = l->choice_parts | l->rank_parts, .brief = brief};
	if (brief == BRIEF_NOT)
		flow_record_fill_parts(&l->record, l->flows, flow_in_seat(l->flows, seat), engine_paths(l->engine),
				       is->parts);
	else
		(void)flow_record_fill_brief(&l->record, l->flows, seat, engine_paths(l->engine), brief);
}

static bool listing_is_over(const struct listing *l)
{
	enum condition is = condition_of(&l->record, l->live_ns == 0);

	return is == CONDITION_CLOSED || is == CONDITION_FAILED || is == CONDITION_SILENT;
}

/* LISTED_MATCHES, LISTED_OVER or 0. */
static unsigned listing_choose(struct listing *l, uint32_t seat, const struct flow_seat *f, struct filled *filled)
{
	if (l->choice.onlys > 0 && !listing_is_among(l->choice.only, l->choice.onlys, f->id))
		return 0;
	if (l->filter) {
		listing_fill(l, seat, false, filled);
		if (!filter_flow(l->filter, &l->record))
			return 0;
	}
	if (l->choice.open_only && f->past)
		return LISTED_OVER;
	if (l->choice.open_only) {
		listing_fill(l, seat, false, filled);
		if (listing_is_over(l))
			return LISTED_OVER;
	}
	return LISTED_MATCHES;
}

static unsigned listing_group(struct listing *l, uint32_t seat, uint64_t *at, uint16_t *again)
{
	struct grouped of;
	uint64_t many;

	(void)flow_seat_again(l->flows, seat, &many);
	groups_of(&of, l->order.group, &l->key, &l->record, many, l->live_ns == 0);
	*at = of.id;
	*again = of.again;
	return LISTED_RANKED | (of.failed ? LISTED_ABSENT : 0);
}

/* Its words; LISTED_RANKED and what else is to be said. */
static unsigned listing_words(struct listing *l, uint32_t seat, struct filled *filled, uint64_t at[RANK_WORDS],
			      uint16_t *again)
{
	const struct listed_order *o = &l->order;

	switch (listing_words_at(l->flows, seat, o, at)) {
	case WORDS_THERE:
		return LISTED_RANKED;
	case WORDS_ABSENT:
		return LISTED_RANKED | LISTED_ABSENT;
	case WORDS_RECORD:
		break;
	}
	if (o->group == GROUP_NONE && o->rank == RANK_RATE)
		return rates_rank(engine_rates(l->engine), flow_in_seat(l->flows, seat), l->live_ns, &at[0])
			       ? LISTED_RANKED | LISTED_MOVES : LISTED_RANKED;
	listing_fill(l, seat, true, filled);
	if (o->group != GROUP_NONE)
		return listing_group(l, seat, &at[0], again);
	return listing_words_of(&l->record, o, at) ? LISTED_RANKED : LISTED_RANKED | LISTED_ABSENT;
}

/* The words behind the first: of IPv4 addresses there are none. */
static void listing_put_more(struct listing *l, const uint64_t at[RANK_WORDS], uint64_t more[RANK_WORDS - 1])
{
	if (more != l->one_more && !l->spread && !(at[1] | at[2]))
		return;
	l->spread |= more != l->one_more;
	memcpy(more, &at[1], sizeof l->one_more);
}

/* What is to be said of the flow in that seat, of which `redo` is out of date. */
static void listing_look(struct listing *l, uint32_t seat, unsigned redo, struct listed *out,
			 uint64_t more[RANK_WORDS - 1])
{
	uint64_t at[RANK_WORDS];
	struct flow_seat f;
	struct filled filled = {.any = false};
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
	is |= chosen ? out->is & (LISTED_MATCHES | LISTED_OVER) : listing_choose(l, seat, &f, &filled);
	if (ranked) {
		is |= out->is & (LISTED_RANKED | LISTED_ABSENT | LISTED_MOVES);
	} else if (is & LISTED_MATCHES) {
		is |= listing_words(l, seat, &filled, at, &out->again);
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

/* ---- all of them --------------------------------------------------------------------- */

/* Keys that change without a packet of the flow, nor a word of the host thread. */
static bool listing_restless(const struct listing *l, enum record_key k)
{
	return k == RECORD_CAPTURE_DROPS || k == RECORD_CAPTURE_BLIND ||
	       (l->live_ns != 0 && (k == RECORD_CLOSE_WAIT_CLIENT || k == RECORD_CLOSE_WAIT_SERVER));
}

/* What the host thread says of it: files have none. */
static bool listing_is_owned(const struct listing *l, enum record_key k)
{
	return l->live_ns != 0 && k >= RECORD_OWNER_CLIENT && k <= RECORD_CLOSE_WAIT_SERVER;
}

/* What of a record is read, and whether it says the same until the flow moves. */
static bool listing_needs(struct listing *l)
{
	const struct listed_order *o = &l->order;
	uint64_t keys[2] = {0, 0};
	bool rests = true;

	l->choice_parts = l->choice.open_only ? RECORD_PART_OUTCOME | RECORD_PART_STATE : 0;
	l->rank_parts = listing_words_parts(o);
	l->rank_brief = o->group == GROUP_NONE || o->group == GROUP_PROCESS ? BRIEF_NOT : BRIEF_WORDS;
	l->owned = l->live_ns != 0 &&
		   (o->group == GROUP_PROCESS || (o->group == GROUP_NONE && o->rank == RANK_PROCESS));
	if (l->filter)
		filter_needs(l->filter, keys);
	l->choice_brief = flow_record_brief(keys);
	if (l->choice.open_only && l->choice_brief == BRIEF_ENDS)
		l->choice_brief = BRIEF_WORDS;
	for (unsigned k = 0; k < RECORD_KEYS; k++) {
		const bool sorts = o->group == GROUP_NONE && o->rank == RANK_KEY && o->sort == (enum record_key)k;
		const bool chooses = keys[k / 64] >> k % 64 & 1;

		if (chooses)
			l->choice_parts |= record_part_of((enum record_key)k);
		if (!sorts && !chooses)
			continue;
		rests &= !listing_restless(l, (enum record_key)k);
		l->owned |= listing_is_owned(l, (enum record_key)k);
	}
	return rests;
}

static bool listing_has_room(const struct listing *l)
{
	struct flow_seats is[2];

	listing_seats(l, is);
	return ((uint64_t)is[0].to - is[0].from + is[1].to - is[1].from) *
		       (sizeof *l->at + (l->wide ? sizeof *l->more : 0)) <= l->memory;
}

/* Whether it is that query's already, or what must be done again. */
static void listing_begin(struct listing *l, const struct query *q)
{
	const struct filter *filter = match_for(engine_match(l->engine), q->match);
	struct listed_order order = {.rank = q->rank, .sort = q->rank == RANK_KEY ? q->sort : RECORD_ID,
				     .group = q->group};
	struct choice choice = {.filter = engine_match(l->engine)->turn, .open_only = q->open_only,
				.onlys = q->onlys < QUERY_TOGETHER ? q->onlys : QUERY_TOGETHER};
	bool rests, same_order, same_choice;
	unsigned redo = 0;

	for (unsigned i = 0; i < choice.onlys; i++)
		choice.only[i] = q->only[i];
	l->live_ns = engine_rates(l->engine) ? engine_totals(l->engine)->now_ns : 0;
	order.live = l->live_ns != 0;
	if (order.group != GROUP_NONE) {
		order.rank = RANK_KEY; /* their order is that of sums */
		order.sort = RECORD_ID;
	}
	l->descending = q->descending;
	same_order = l->asked && l->order.rank == order.rank && l->order.sort == order.sort &&
		     l->order.group == order.group && l->order.live == order.live;
	same_choice = l->asked && l->choice.filter == choice.filter && l->choice.open_only == choice.open_only &&
		      l->choice.onlys == choice.onlys && memcmp(l->choice.only, choice.only, sizeof choice.only) == 0;
	l->order = order;
	l->choice = choice;
	l->filter = filter;
	l->wide = listing_words_wide(&order);
	rests = listing_needs(l);
	if (!same_order || !same_choice)
		l->sum.next = 0;
	l->asked = true;
	if (!rests || !l->at || !listing_has_room(l)) {
		l->kept = l->made = false;
		return;
	}
	if (!same_order || !l->made)
		redo |= REDO_RANKS;
	if (!same_choice || !l->made)
		redo |= REDO_CHOICE;
	if (l->redo & ~(unsigned)REDO_MOVES && redo) /* it was not even made for the former query */
		redo = REDO_RANKS | REDO_CHOICE;
	if (!redo && l->redo == 0 && l->owned && l->tables != engine_owner_tables(l->engine))
		redo = REDO_OWNERS;
	if (!redo && l->redo == 0 && order.rank == RANK_RATE && l->live_ns != 0)
		redo = REDO_MOVES;
	if (redo && l->owned)
		l->tables = engine_owner_tables(l->engine);
	if (redo) {
		l->redo = redo;
		l->next = 0;
	}
	l->kept = l->made = true;
}

/* Only its words are out of date, and nothing but them is looked at. False: they need more than that. */
static bool listing_reorder(struct listing *l, uint32_t seat)
{
	struct listed *is = &l->at[seat];
	uint64_t at[RANK_WORDS];
	enum listed_words there = listing_words_at(l->flows, seat, &l->order, at);

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

static void listing_look_again(struct listing *l, uint32_t seat)
{
	struct listed *is = &l->at[seat];

	if (l->redo & (REDO_MOVES | REDO_OWNERS) && !(is->is & LISTED_MOVES))
		return;
	if (l->redo == REDO_RANKS && !(is->is & LISTED_MATCHES)) {
		is->is &= (uint8_t)~LISTED_RANKED;
		if (!l->owned)
			is->is &= (uint8_t)~LISTED_MOVES;
		return;
	}
	if (l->redo == REDO_RANKS && listing_reorder(l, seat))
		return;
	listing_look(l, seat, l->redo == REDO_OWNERS ? REDO_OWNERS | REDO_RANKS | REDO_CHOICE : l->redo, is,
		     l->more[seat]);
}

bool listing_go_on(struct listing *l, const struct query *q, int64_t deadline_ns)
{
	unsigned turn = 0;
	struct flow_seats is[2];
	uint32_t seat = 0;
	bool whole;

	listing_begin(l, q);
	if (!l->kept)
		return true;
	whole = !(l->redo == REDO_CHOICE ? l->choice_brief == BRIEF_ENDS
					 : l->redo == REDO_RANKS && listing_words_ends(&l->order));
	if (l->redo) {
		listing_seats(l, is);
		for (unsigned i = 0; i < 2; i++)
			for (seat = l->next > is[i].from ? l->next : is[i].from; seat < is[i].to; seat++) {
				if (l->redo & (REDO_RANKS | REDO_CHOICE))
					flow_seat_near(l->flows, seat + LOOK_AHEAD, whole);
				listing_look_again(l, seat);
				l->next = seat + 1;
				if (++turn % LOOK_CLOCK == 0 && deadline_ns != INT64_MAX &&
				    clock_monotonic_ns() >= deadline_ns)
					return false;
			}
		l->redo = 0;
	}
	/* Whoever moved meanwhile, too: of them all is out of date. */
	for (seat = 0; flow_next_moved(l->flows, &seat); seat++) {
		listing_look(l, seat, REDO_RANKS | REDO_CHOICE, &l->at[seat], l->more[seat]);
		if (++turn % LOOK_CLOCK == 0 && deadline_ns != INT64_MAX && clock_monotonic_ns() >= deadline_ns)
			return false;
	}
	return true;
}

/* ---- asked for ----------------------------------------------------------------------- */

const struct listed *listing_made(struct listing *l, uint32_t seat)
{
	l->one.is = 0;
	listing_look(l, seat, REDO_RANKS | REDO_CHOICE, &l->one, l->one_more);
	return &l->one;
}

const uint64_t *listing_made_more(const struct listing *l)
{
	return l->one_more;
}

struct listing_view listing_view(struct listing *l)
{
	struct listing_view v = {.listing = l, .at = l->kept ? l->at : NULL, .turned = l->descending ? UINT64_MAX : 0};

	if (l->wide && (l->spread || !l->kept))
		v.more = (const uint64_t (*)[RANK_WORDS - 1])l->more;
	listing_seats(l, v.seats);
	return v;
}

/* Who is there, without looking at more. */
static uint64_t listing_id_in(struct listing *l, uint32_t seat)
{
	const struct flow *f;

	if (l->kept)
		return l->at[seat].is & LISTED_THERE ? listed_id(&l->at[seat]) : 0;
	f = flow_in_seat(l->flows, seat);
	return f ? flow_id(f) : 0;
}

static bool listing_seat_exists(const struct flow_seats is[2], uint32_t seat)
{
	return (seat >= is[0].from && seat < is[0].to) || (seat >= is[1].from && seat < is[1].to);
}

enum { FEW_BITS = 4096 }; /* ids that are looked for: most others are told apart by one bit */

void listing_find(struct listing *l, const uint64_t *ids, unsigned n, uint32_t *seats)
{
	uint64_t bits[FEW_BITS / 64] = {0};
	struct flow_seats is[2];
	unsigned left = 0;

	listing_seats(l, is);
	for (unsigned i = 0; i < n; i++) {
		seats[i] = UINT32_MAX;
		for (unsigned k = 0; k < HINTS && ids[i] && seats[i] == UINT32_MAX; k++)
			if (l->hint[k].id == ids[i] && listing_seat_exists(is, l->hint[k].seat) &&
			    listing_id_in(l, l->hint[k].seat) == ids[i])
				seats[i] = l->hint[k].seat;
		if (ids[i] && seats[i] == UINT32_MAX) {
			bits[ids[i] % FEW_BITS / 64] |= UINT64_C(1) << ids[i] % 64;
			left++;
		}
	}
	for (unsigned r = 0; r < 2; r++)
		for (uint32_t seat = is[r].from; seat < is[r].to && left > 0; seat++) {
			uint64_t id = listing_id_in(l, seat);

			if (id == 0 || !(bits[id % FEW_BITS / 64] >> id % 64 & 1))
				continue;
			for (unsigned i = 0; i < n; i++)
				if (ids[i] == id && seats[i] == UINT32_MAX) {
					seats[i] = seat;
					left--;
				}
		}
}

void listing_hint(struct listing *l, unsigned row, uint64_t id, uint32_t seat)
{
	if (row >= HINTS)
		return;
	l->hint[row].id = id;
	l->hint[row].seat = seat;
}
