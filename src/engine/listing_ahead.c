/* Gists of all flows are made ahead, in turns: see listing_gist.h. What is made of them: listing_quick.c. */
#include "listing_private.h"
#include "sockeye/clock.h"

enum { AHEAD_CLOCK = 32 /* flows between two looks at the clock */, AHEAD_SEATS = 16 };

static size_t gists_seats(const struct flow_seats is[2])
{
	return (size_t)is[0].to - is[0].from + is[1].to - is[1].from;
}

size_t listing_gists_held(const struct listing *l)
{
	struct flow_seats is[2];
	size_t seats = 0;

	flow_seats(l->flows, is);
	for (unsigned i = 0; i < 2 && l->gists.at; i++)
		seats += l->gists.until[i] > is[i].from ? l->gists.until[i] - is[i].from : 0;
	return seats * GIST_BYTES;
}

void listing_gists_free(struct listing *l)
{
	gists_free(&l->gists, flow_seats_most(l->flows));
}

/* What all of them take with the rest of the listing. */
static bool gists_have_room(const struct listing *l, const struct flow_seats is[2])
{
	return gists_seats(is) * (GIST_BYTES + sizeof *l->at + (l->wide || l->spread ? sizeof *l->more : 0)) <=
	       l->gists.room;
}

static bool gists_are_all(const struct listing *l, const struct flow_seats is[2])
{
	for (unsigned i = 0; i < 2; i++)
		if (is[i].to > is[i].from && l->gists.until[i] < is[i].to)
			return false;
	return true;
}

bool listing_is_ahead(const struct listing *l)
{
	struct flow_seats is[2];

	flow_seats(l->flows, is);
	return !l->at || l->gists.none || (l->asked && gists_are_all(l, is));
}

/* There are more flows than before: none of the gists has room any more. */
void listing_gists_bound(struct listing *l)
{
	struct flow_seats is[2];

	flow_seats(l->flows, is);
	if (!l->gists.at || gists_have_room(l, is))
		return;
	listing_gists_free(l);
	l->gists.none = true;
}

/* One range of seats. */
static bool gists_walk(struct listing *l, unsigned range, const struct flow_seats *is, int64_t deadline_ns)
{
	struct gists *all = &l->gists;
	unsigned turn = 0;

	for (uint32_t seat = all->until[range] > is->from ? all->until[range] : is->from; seat < is->to; seat++) {
		flow_seat_near(l->flows, seat + AHEAD_SEATS, true);
		flow_seat_near_rest(l->flows, seat + AHEAD_SEATS / 2, true);
		gist_make(all, l->flows, seat);
		all->until[range] = seat + 1;
		l->stats.prepared++;
		if (++turn % AHEAD_CLOCK == 0 && clock_monotonic_ns() >= deadline_ns)
			return false;
	}
	return true;
}

void listing_ahead(struct listing *l, size_t room, int64_t deadline_ns)
{
	const struct query any = {.about = QUERY_FLOWS, .rank = RANK_KEY, .sort = RECORD_FIRST};
	struct flow_seats is[2];

	if (listing_is_ahead(l))
		return;
	l->gists.room = room;
	flow_seats(l->flows, is);
	if (!gists_have_room(l, is) || !gists_open(&l->gists, flow_seats_most(l->flows))) {
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
	if (gists_walk(l, 0, &is[0], deadline_ns))
		(void)gists_walk(l, 1, &is[1], deadline_ns);
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
		gist_make(&l->gists, l->flows, seat);
}
