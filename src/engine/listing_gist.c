/* The gist of one flow: see listing_gist.h. */
#include "listing_gist.h"

#include <string.h>

#include "listing_words.h"
#include "sockeye/memory.h"

enum { LIKE_TRIES = 8 };
#define GIST_TIME_MOST ((INT64_C(1) << 47) - 1)

bool gists_open(struct gists *all, size_t seats)
{
	static const size_t size[] = {sizeof *all->at, sizeof *all->ends, sizeof *all->sums, sizeof *all->trips};
	enum { COLUMNS = sizeof size / sizeof size[0] };
	void *at[COLUMNS] = {NULL};
	unsigned n = 0;

	if (all->at)
		return true;
	while (n < COLUMNS && memory_reserve(&at[n], seats * size[n], "the gist of flows", NULL) == 0)
		n++;
	for (unsigned i = 0; i < n && n < COLUMNS; i++)
		memory_release(at[i], seats * size[i]);
	if (n < COLUMNS)
		return false;
	all->at = at[0];
	all->ends = at[1];
	all->sums = at[2];
	all->trips = at[3];
	all->based = false;
	return true;
}

/* Its place among those that are alike; 0: there is no room for one more. */
static uint16_t gist_like(struct gists *all, uint64_t alike)
{
	const uint64_t from = alike * UINT64_C(0x9e3779b97f4a7c15) >> 44;

	for (unsigned i = 0; i < LIKE_TRIES; i++) {
		const uint64_t at = 1 + (from + i) % (GIST_LIKES - 1);

		if (all->likes[at] == 0)
			all->likes[at] = alike;
		if (all->likes[at] == alike)
			return (uint16_t)at;
	}
	return 0;
}

/* By its record, where no bits of it say whom it is like. */
static uint64_t gist_record_alike(struct gists *all, const struct gist_of *of, uint32_t seat, bool past, bool *named)
{
	const struct flow *f = flow_in_seat(of->flows, seat);

	if (f == NULL)
		return 0;
	flow_record_fill_parts(&all->record, of->flows, f, of->paths, flow_alike_parts());
	*named = record_has(&all->record, RECORD_SERVER_NAME);
	return flow_record_alike(&all->record, of->key, past);
}

static unsigned gist_put_like(struct gists *all, const struct gist_of *of, uint32_t seat, bool past, struct gist *g)
{
	const struct flow_table *t = of->flows;
	uint64_t alike, again;
	bool named, counted;

	alike = flow_seat_alike(t, seat, ALIKE_COUNTS, &named);
	/* Where it has no such key it is not TCP, or not all of it is known. */
	counted = alike != 0 && (flow_seat_again(t, seat, &again) || g->proto != PROTO_TCP) && again == 0;
	if (alike == 0)
		alike = flow_seat_alike(t, seat, ALIKE_WORDS, &named);
	if (alike == 0)
		alike = gist_record_alike(all, of, seat, past, &named);
	if (alike == 0 || (g->like = gist_like(all, alike)) == 0)
		return 0;
	return GIST_LIKE | (named ? 0 : GIST_UNNAMED) | (counted ? GIST_COUNTED : 0);
}

/* Room for those of as many flows as there are. */
static bool gist_addresses_open(struct gist_addresses *a, const struct flow_table *t)
{
	uint32_t places = PLACES_LEAST;
	struct flow_seats is[2];
	void *at, *place;

	flow_seats(t, is);
	while (places < PLACES_MOST && places / 2 < is[0].to)
		places *= 2;
	if (memory_reserve(&at, places / 2 * sizeof *a->at, "addresses of flows", NULL) < 0)
		return false;
	if (memory_reserve(&place, places * sizeof *a->place, "addresses of flows", NULL) < 0) {
		memory_release(at, places / 2 * sizeof *a->at);
		return false;
	}
	*a = (struct gist_addresses){.places = places, .at = at, .place = place};
	return true;
}

static void gist_addresses_free(struct gist_addresses *a)
{
	if (a->places > 0) {
		memory_release(a->at, a->places / 2 * sizeof *a->at);
		memory_release(a->place, a->places * sizeof *a->place);
	}
	a->places = a->n = 0;
}

void gists_free(struct gists *all, size_t seats)
{
	if (all->at) {
		memory_release(all->at, seats * sizeof *all->at);
		memory_release(all->ends, seats * sizeof *all->ends);
		memory_release(all->sums, seats * sizeof *all->sums);
		memory_release(all->trips, seats * sizeof *all->trips);
	}
	gist_addresses_free(&all->six);
	all->at = NULL;
	all->until[0] = all->until[1] = 0;
}

/* Where that address stands; false: there is no room for one more. */
static bool gist_address(struct gist_addresses *a, const struct gist_of *of, const struct address *ip, uint32_t *out)
{
	uint64_t at = hash_bytes(of->key, ip->b, sizeof ip->b);

	if (a->places == 0 && !gist_addresses_open(a, of->flows))
		return false;
	for (at %= a->places; a->place[at] != 0 && memcmp(&a->at[a->place[at] - 1], ip, sizeof *ip) != 0;)
		at = (at + 1) % a->places;
	if (a->place[at] == 0) {
		if (a->n == a->places / 2)
			return false;
		a->at[a->n++] = *ip;
		a->place[at] = a->n;
	}
	*out = a->place[at] - 1;
	return true;
}

static unsigned gist_put_ends(struct gists *all, const struct gist_of *of, uint32_t seat, struct gist *g)
{
	struct gist_ends *ends = &all->ends[seat];
	struct endpoint end[2];

	for (unsigned i = 0; i < 2; i++) {
		if (!flow_seat_end(of->flows, seat, i == 1, &end[i]))
			return 0;
		if (end[i].family == FAMILY_IPV4)
			memcpy(&ends->address[i], end[i].ip.b, sizeof ends->address[i]);
		else if (end[i].family != FAMILY_IPV6 || !gist_address(&all->six, of, &end[i].ip, &ends->address[i]))
			return 0;
		ends->port[i] = end[i].port;
	}
	if (end[0].has_port != end[1].has_port || end[0].family != end[1].family)
		return 0;
	g->like |= end[0].family == FAMILY_IPV6 ? GIST_IPV6 : 0;
	return GIST_ENDS | (end[0].has_port ? GIST_PORTS : 0);
}

static bool gist_put_time(const struct gists *all, int64_t ns, uint32_t *low, int16_t *high)
{
	int64_t at;

	if (__builtin_sub_overflow(ns, all->base_ns, &at) || at > GIST_TIME_MOST || at < -GIST_TIME_MOST)
		return false;
	*low = (uint32_t)at;
	*high = (int16_t)(at >> 32);
	return true;
}

static unsigned gist_put_sums(struct gists *all, const struct flow_table *t, uint32_t seat)
{
	struct gist_sums *g = &all->sums[seat];
	struct flow_sums is;

	if (!flow_seat_sums(t, seat, &is))
		return 0;
	if (!all->based) {
		all->base_ns = is.first_ns;
		all->based = true;
	}
	if (is.bytes[0] > UINT32_MAX || is.bytes[1] > UINT32_MAX || is.packets > UINT32_MAX ||
	    !gist_put_time(all, is.first_ns, &g->first, &g->first_high) ||
	    !gist_put_time(all, is.last_ns, &g->last, &g->last_high))
		return 0;
	g->bytes[0] = (uint32_t)is.bytes[0];
	g->bytes[1] = (uint32_t)is.bytes[1];
	g->packets = (uint32_t)is.packets;
	return GIST_SUMS;
}

static unsigned gist_put_trip(const struct flow_table *t, uint32_t seat, uint32_t *trip)
{
	const struct listed_order by_trip = {.rank = RANK_ROUND_TRIP};
	uint64_t at[RANK_WORDS];

	switch (listing_words_at(t, seat, &by_trip, at)) {
	case WORDS_ABSENT:
		*trip = GIST_NO_TRIP;
		return GIST_TRIP;
	case WORDS_THERE:
		*trip = (uint32_t)at[0];
		return at[0] < GIST_NO_TRIP ? GIST_TRIP : 0;
	case WORDS_RECORD:
		break;
	}
	return 0;
}

void gist_make(struct gists *all, const struct gist_of *of, uint32_t seat, bool lone)
{
	const struct flow_table *t = of->flows;
	struct gist g = {.has = GIST_FREE};
	struct flow_seat is;

	if (flow_seat_is(t, seat, &is)) {
		g.proto = is.proto;
		g.has = (uint8_t)(GIST_KNOWN | gist_put_like(all, of, seat, is.past, &g));
		if (!lone)
			g.has |= (uint8_t)(gist_put_ends(all, of, seat, &g) | gist_put_sums(all, t, seat) |
					   gist_put_trip(t, seat, &all->trips[seat]));
		g.like |= is.past ? GIST_PAST : 0;
	}
	all->at[seat] = g;
}

void gist_end(const struct gists *all, uint32_t seat, bool server, struct endpoint *out)
{
	const struct gist_ends *ends = &all->ends[seat];
	const struct gist *g = &all->at[seat];

	*out = (struct endpoint){.port = ends->port[server], .has_port = g->has & GIST_PORTS};
	if (g->like & GIST_IPV6) {
		out->family = FAMILY_IPV6;
		out->ip = all->six.at[ends->address[server]];
	} else {
		out->family = FAMILY_IPV4;
		memcpy(out->ip.b, &ends->address[server], sizeof ends->address[server]);
	}
}

static int64_t gist_time(const struct gists *all, uint32_t low, int16_t high)
{
	return all->base_ns + (int64_t)((uint64_t)(int64_t)high << 32 | low);
}

void gist_sums(const struct gists *all, uint32_t seat, struct flow_sums *out)
{
	const struct gist_sums *g = &all->sums[seat];

	*out = (struct flow_sums){
		.packets = g->packets,
		.bytes = {g->bytes[0], g->bytes[1]},
		.first_ns = gist_time(all, g->first, g->first_high),
		.last_ns = gist_time(all, g->last, g->last_high),
	};
}
