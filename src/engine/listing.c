/* What orders and selects flows: see listing.h. */
#include "listing.h"

#include <stdlib.h>
#include <string.h>

#include "groups.h"
#include "learn.h"
#include "listing_private.h"
#include "match.h"
#include "rates.h"
#include "sockeye/clock.h"
#include "sockeye/memory.h"

enum { LOOK_CLOCK = 64 /* flows between two looks at the clock */, QUICK_CLOCK = 256 /* and at seats that take none */ };

static size_t listing_seats_most(const struct listing *l)
{
	return l->seats_most;
}

struct listing *listing_open(struct engine *e, size_t memory)
{
	struct listing *l = calloc(1, sizeof *l);
	void *at = NULL, *more = NULL;

	if (!l)
		return NULL;
	l->engine = e;
	l->flows = engine_flows(e);
	l->seats_most = flow_seats_most(l->flows);
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
	listing_gists_free(l);
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
		return listing_gists_held(l);
	listing_seats(l, is);
	return listing_gists_held(l) + ((size_t)is[0].to - is[0].from + is[1].to - is[1].from) *
	       (sizeof *l->at + (l->spread ? sizeof *l->more : 0));
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

static bool has_key(const uint64_t keys[2], enum record_key k)
{
	return keys[k / 64] >> k % 64 & 1;
}

/* Whether what is alike has the same choice (of a filter that reads these keys), and the same place in the order. */
static void listing_likens(struct listing *l, const uint64_t keys[2])
{
	const struct listed_order *o = &l->order;
	uint64_t sorts[2] = {0, 0}, chooses[2] = {keys[0], keys[1]};
	enum flow_alike choice, rank = ALIKE_NOT;

	for (unsigned k = RECORD_OWNER_CLIENT; k <= RECORD_CLOSE_WAIT_SERVER; k++)
		if (l->live_ns == 0) /* nobody has any */
			chooses[k / 64] &= ~(UINT64_C(1) << k % 64);
	choice = flow_alike_keys(chooses); /* whether one is over is said by words, too */
	if (o->group != GROUP_NONE) {
		rank = o->group == GROUP_PROCESS ? ALIKE_NOT : ALIKE_WORDS;
	} else if (o->rank == RANK_KEY) {
		sorts[o->sort / 64] |= UINT64_C(1) << o->sort % 64;
		rank = flow_alike_keys(sorts);
	}
	l->choice_alike = choice != ALIKE_NOT;
	l->choice_named = has_key(keys, RECORD_SERVER_NAME);
	l->rank_alike = rank != ALIKE_NOT;
	l->rank_named = has_key(sorts, RECORD_SERVER_NAME);
	l->alike = choice == ALIKE_COUNTS || rank == ALIKE_COUNTS ? ALIKE_COUNTS : ALIKE_WORDS;
	alikes_forget(&l->alikes);
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
		const bool chooses = has_key(keys, (enum record_key)k);

		if (chooses)
			l->choice_parts |= record_part_of((enum record_key)k);
		if (!sorts && !chooses)
			continue;
		rests &= !listing_restless(l, (enum record_key)k);
		l->owned |= listing_is_owned(l, (enum record_key)k);
	}
	listing_likens(l, keys);
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
	l->first = false;
	listing_gists_bound(l);
	if (!rests || !l->at || !listing_has_room(l)) {
		l->kept = l->made = false;
		l->redo = 0;
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
	listing_gist_needs(l);
}

static bool is_late(unsigned *turn, int64_t deadline_ns)
{
	return ++*turn % LOOK_CLOCK == 0 && deadline_ns != INT64_MAX && clock_monotonic_ns() >= deadline_ns;
}

static enum listing_reads listing_reads(const struct listing *l)
{
	if (l->redo == REDO_CHOICE ? l->choice_brief == BRIEF_ENDS : l->redo == REDO_RANKS && listing_words_ends(&l->order))
		return READS_ENDS;
	return l->redo & REDO_RANKS && l->order.rank == RANK_ROUND_TRIP ? READS_TRIPS : READS_ALL;
}

/* The walk at hand, over the seats before `until`. */
static bool listing_walk(struct listing *l, uint32_t until, int64_t deadline_ns)
{
	const enum listing_reads reads = listing_reads(l);
	struct flow_seats is[2];

	listing_seats(l, is);
	for (unsigned i = 0; i < 2; i++) {
		const uint32_t to = is[i].to < until ? is[i].to : until;

		for (uint32_t seat = l->next > is[i].from ? l->next : is[i].from; seat < to;) {
			l->next = seat = listing_quick(l, seat, to - seat > QUICK_CLOCK ? seat + QUICK_CLOCK : to, LOOK_CLOCK, reads);
			if (deadline_ns != INT64_MAX && clock_monotonic_ns() >= deadline_ns)
				return false;
		}
	}
	return true;
}

/* Whoever moved meanwhile: of them all is out of date. */
static bool listing_moved(struct listing *l, int64_t deadline_ns)
{
	unsigned turn = 0;

	for (uint32_t seat = 0; flow_next_moved(l->flows, &seat); seat++) {
		listing_look(l, seat, REDO_RANKS | REDO_CHOICE, &l->at[seat], l->more[seat]);
		listing_gist_again(l, seat);
		if (is_late(&turn, deadline_ns))
			return false;
	}
	return true;
}

bool listing_go_on(struct listing *l, const struct query *q, int64_t deadline_ns)
{
	listing_begin(l, q);
	if (!l->kept)
		return true;
	if (l->redo)
		flow_put_down(l->flows);
	/* The sum of groups looks at each flow where it is out of date (listing_caught_up()), so those first that moved. */
	if (q->group != GROUP_NONE)
		return (!l->redo || listing_walk(l, l->sum.next, deadline_ns)) && listing_moved(l, deadline_ns);
	if (l->redo && !listing_walk(l, UINT32_MAX, deadline_ns))
		return false;
	l->walked |= l->redo != 0;
	l->redo = 0;
	return listing_moved(l, deadline_ns);
}

void listing_catch_up(struct listing *l, uint32_t until)
{
	if (l->redo && until > l->next)
		(void)listing_walk(l, until, INT64_MAX);
}

void listing_caught_all(struct listing *l)
{
	l->walked |= l->redo != 0;
	l->redo = 0;
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

void listing_rest_of_end(const struct listing_view *v, uint32_t seat, uint64_t more[RANK_WORDS - 1])
{
	uint64_t at[RANK_WORDS];

	(void)listing_words_at(v->listing->flows, seat, &v->listing->order, at);
	memcpy(more, &at[1], (RANK_WORDS - 1) * sizeof at[0]);
}

struct listing_view listing_view(struct listing *l)
{
	struct listing_view v = {.listing = l, .at = l->kept ? l->at : NULL, .turned = l->descending ? UINT64_MAX : 0,
				 .ends = listing_words_ends(&l->order), .summed = l->kept && l->gists.at};

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
