/* Gists of all flows are made ahead, in turns: see listing_gist.h. What is made of them: listing_quick.c. */
#include "listing_private.h"
#include "sockeye/clock.h"

enum { AHEAD_CLOCK = 32 /* flows between two looks at the clock */, AHEAD_SEATS = 16 };

/* Of those that are made, or of all. */
static size_t gists_bytes(const struct listing *l, bool made)
{
	static const size_t each[2] = {GIST_BYTES, GIST_LONE_BYTES};
	struct flow_seats is[2];
	size_t bytes = 0;

	flow_seats(l->flows, is);
	for (unsigned i = 0; i < 2; i++) {
		const uint32_t to = made ? l->gists.until[i] : is[i].to;

		bytes += to > is[i].from ? (to - is[i].from) * each[i] : 0;
	}
	return bytes;
}

size_t listing_gists_held(const struct listing *l)
{
	return l->gists.at ? gists_bytes(l, true) + gists_shared(&l->gists) : 0;
}

void listing_gists_free(struct listing *l)
{
	gists_free(&l->gists, flow_seats_most(l->flows));
}

/* All of them, with the rest of the listing. */
static bool gists_have_room(const struct listing *l)
{
	struct flow_seats is[2];

	flow_seats(l->flows, is);
	return gists_bytes(l, false) + gists_shared(&l->gists) + ((size_t)is[0].to - is[0].from + is[1].to - is[1].from) *
	       (sizeof *l->at + (l->wide || l->spread ? sizeof *l->more : 0)) <= l->gists.room;
}

/* Of so many ranges. */
static bool gists_are_all(const struct listing *l, const struct flow_seats is[2], unsigned ranges)
{
	for (unsigned i = 0; i < ranges; i++)
		if (is[i].to > is[i].from && l->gists.until[i] < is[i].to)
			return false;
	return true;
}

bool listing_is_ahead(const struct listing *l)
{
	struct flow_seats is[2];

	flow_seats(l->flows, is);
	return !l->at || l->gists.none || (l->asked && gists_are_all(l, is, 2));
}

void listing_ended(struct listing *l)
{
	l->gists.none = false;
}

/* There are more flows than before: none of the gists has room any more. */
void listing_gists_bound(struct listing *l)
{
	if (!l->gists.at || gists_have_room(l))
		return;
	listing_gists_free(l);
	l->gists.none = true;
}

static void gist_of(struct listing *l, uint32_t seat, bool lone)
{
	const struct gist_of of = {.flows = l->flows, .paths = engine_paths(l->engine), .key = &l->key};

	gist_make(&l->gists, &of, seat, lone);
}

/* One range of seats; at least one of them, if any is left. */
static void gists_walk(struct listing *l, unsigned range, const struct flow_seats *is, int64_t deadline_ns)
{
	struct gists *all = &l->gists;
	unsigned turn = 0;

	for (uint32_t seat = all->until[range] > is->from ? all->until[range] : is->from; seat < is->to; seat++) {
		flow_seat_near(l->flows, seat + AHEAD_SEATS, true);
		flow_seat_near_rest(l->flows, seat + AHEAD_SEATS / 2, true);
		gist_of(l, seat, range == 1);
		all->until[range] = seat + 1;
		l->stats.prepared++;
		if (++turn % AHEAD_CLOCK == 0 && clock_monotonic_ns() >= deadline_ns)
			return;
	}
}

void listing_ahead(struct listing *l, size_t room, int64_t deadline_ns)
{
	const struct query any = {.about = QUERY_FLOWS, .rank = RANK_KEY, .sort = RECORD_FIRST};
	struct flow_seats is[2];
	unsigned range;

	if (listing_is_ahead(l))
		return;
	l->gists.room = room;
	flow_seats(l->flows, is);
	if (!gists_have_room(l) || !gists_open(&l->gists, flow_seats_most(l->flows))) {
		listing_gists_free(l);
		l->gists.none = true;
		return;
	}
	/* What stands of a flow besides its gist: nobody has asked for it yet, or what was asked last. */
	if (!l->asked || l->first) {
		l->first = !listing_go_on(l, &any, deadline_ns);
		return;
	}
	flow_put_down(l->flows);
	range = gists_are_all(l, is, 1);
	gists_walk(l, range, &is[range], deadline_ns);
}

void listing_gist_again(struct listing *l, uint32_t seat)
{
	struct flow_seats is[2];
	unsigned i;

	if (!l->gists.at)
		return;
	flow_seats(l->flows, is);
	i = seat >= is[1].from;
	if (seat < l->gists.until[i] || l->gists.at[seat].has != 0)
		gist_of(l, seat, i == 1);
}
