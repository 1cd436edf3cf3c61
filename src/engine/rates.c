/* Rates of flows, and other ranks that follow from several keys.
 *
 * A table of fixed size, by id, each flow in one of four places; what is displaced begins
 * anew when it is met again. A flow that was silent for long has the rate 0 and no place.
 */
#include "rates.h"

#include <stdlib.h>
#include <string.h>

#include "sockeye/clock.h"

#define AVERAGE_NS (2 * CLOCK_S)
#define LEAST_NS (100 * (int64_t)CLOCK_MS) /* between two looks that count */
#define SILENT_NS (30 * CLOCK_S)  /* then it is 0 */
#define YOUNG_NS (10 * CLOCK_S)   /* the first look at a flow no older: what it had until then */

enum { CALM = 10 }; /* the order follows a change of one in so many */

struct rate {
	uint64_t id; /* 0: free */
	int64_t at_ns;
	uint64_t bytes;
	double rate, placed;
};

struct rates {
	struct rate at[RATES_MAX];
};

struct rates *rates_open(void)
{
	return calloc(1, sizeof(struct rates));
}

void rates_free(struct rates *r)
{
	free(r);
}

static uint64_t flow_number(const struct flow *f, enum record_key k)
{
	uint64_t v = 0;

	(void)flow_sort_key(f, k, &v);
	return v;
}

/* Times are given as numbers that order like them. */
static int64_t flow_time(const struct flow *f, enum record_key k)
{
	return (int64_t)(flow_number(f, k) ^ UINT64_C(1) << 63);
}

static double per_second(uint64_t bytes, int64_t ns)
{
	return (double)bytes * (double)CLOCK_S / (double)ns;
}

/* The place of that flow; one that it may take, where it has none. */
static struct rate *rates_place(struct rates *r, uint64_t id)
{
	size_t first = (size_t)(id * UINT64_C(0x9e3779b97f4a7c15) >> 48) % (RATES_MAX / RATES_WAYS) * RATES_WAYS;
	struct rate *oldest = &r->at[first];

	for (size_t i = first; i < first + RATES_WAYS; i++) {
		if (r->at[i].id == id)
			return &r->at[i];
		if (r->at[i].at_ns < oldest->at_ns)
			oldest = &r->at[i];
	}
	return oldest;
}

static const struct rate *rates_look(struct rates *r, const struct flow *f, int64_t now_ns)
{
	static const struct rate silent;
	uint64_t bytes = flow_number(f, RECORD_BYTES), id = flow_id(f);
	int64_t age = now_ns - flow_time(f, RECORD_FIRST), passed;
	struct rate *at;

	if (now_ns - flow_time(f, RECORD_LAST) > SILENT_NS)
		return &silent;
	at = rates_place(r, id);
	passed = now_ns - at->at_ns;
	if (at->id != id || passed < 0 || bytes < at->bytes) {
		*at = (struct rate){.id = id, .at_ns = now_ns, .bytes = bytes};
		if (age >= 0 && age < YOUNG_NS)
			at->rate = at->placed = per_second(bytes, age < CLOCK_S ? CLOCK_S : age);
		return at;
	}
	if (passed < LEAST_NS)
		return at;
	at->rate += (per_second(bytes - at->bytes, passed) - at->rate) * (double)passed / (double)(passed + AVERAGE_NS);
	if (at->rate < 0.5)
		at->rate = 0;
	at->bytes = bytes;
	at->at_ns = now_ns;
	if (at->rate == 0 || (at->rate > at->placed ? at->rate - at->placed : at->placed - at->rate) * CALM > at->placed)
		at->placed = at->rate;
	return at;
}

uint64_t rates_life(const struct flow_sums *s)
{
	int64_t life = s->last_ns - s->first_ns;

	return (uint64_t)per_second(s->bytes[0] + s->bytes[1], life > 0 ? life : CLOCK_S);
}

static uint64_t rates_life_of(const struct flow *f)
{
	const struct flow_sums sums = {.bytes = {flow_number(f, RECORD_BYTES), 0}, .first_ns = flow_time(f, RECORD_FIRST),
				       .last_ns = flow_time(f, RECORD_LAST)};

	return rates_life(&sums);
}

uint64_t rates_of(struct rates *r, const struct flow *f, int64_t now_ns)
{
	return r == NULL ? rates_life_of(f) : (uint64_t)rates_look(r, f, now_ns)->rate;
}

bool rates_rank(struct rates *r, const struct flow *f, int64_t now_ns, uint64_t *out)
{
	*out = r == NULL ? rates_life_of(f) : (uint64_t)rates_look(r, f, now_ns)->placed;
	return r != NULL && now_ns - flow_time(f, RECORD_LAST) <= SILENT_NS;
}

bool query_round_trip(const struct flow_record *r, int64_t *ns)
{
	bool server = record_has(r, RECORD_RTT_SERVER_P50), client = record_has(r, RECORD_RTT_CLIENT_P50);

	if (server && client)
		*ns = r->round_trip[0].p50 + r->round_trip[1].p50;
	else if (record_has(r, RECORD_HS_RTT))
		*ns = r->rtt;
	else if (server || client)
		*ns = r->round_trip[server ? 0 : 1].p50;
	else
		return false;
	return true;
}

bool rank_derived(const struct flow_record *r, enum query_rank rank, uint64_t *out)
{
	int64_t ns;

	switch (rank) {
	case RANK_UP:
	case RANK_DOWN:
		*out = r->bytes[rank == RANK_DOWN];
		return true;
	case RANK_RETRANSMITTED:
		if (!record_has(r, RECORD_RETRANSMISSIONS))
			return false;
		*out = r->retransmissions[0] + r->retransmissions[1];
		return true;
	case RANK_ROUND_TRIP:
		if (!query_round_trip(r, &ns))
			return false;
		*out = (uint64_t)ns;
		return true;
	case RANK_KEY:
	case RANK_RATE:
	case RANK_PROCESS:
		break;
	}
	return false;
}
