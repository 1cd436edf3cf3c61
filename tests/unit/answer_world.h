/* The engine's answers over a flow table of forty lines, so that order, absent keys, deletions
 * and filters are the test's to choose. */
#ifndef ANSWER_WORLD_H
#define ANSWER_WORLD_H

#include "engine/answer.c"
#include "engine/find_flows.c"
#include "engine/groups.c"
#include "engine/listing.c"
#include "engine/listing_ahead.c"
#include "engine/listing_gist.c"
#include "engine/listing_look.c"
#include "engine/listing_quick.c"
#include "engine/listing_words.c"
#include "engine/match.c"
#include "engine/near.c"
#include "engine/rank.c"
#include "engine/rates.c"

struct flow {
	uint64_t id;
	uint64_t bytes;
	int64_t handshake; /* -1: none */
	uint16_t port;
	bool gone, open, reused, past;
	uint32_t again;    /* retransmissions */
	int64_t first, last;
};

enum { FLOWS_MAX = 600, LONERS = 16 /* one in so many is like nobody */ };

static struct flow flows[FLOWS_MAX];
static unsigned n_flows;
static int owner[FLOWS_MAX]; /* process that holds it, 0: nobody is known: that tables say, and no packet */
static uint64_t tables;      /* that were taken in */
static struct totals totals;

/* Who moved: whoever is not as he was when he was looked at last. */
static struct flow flows_were[FLOWS_MAX];

int flow_watch(struct flow_table *t, struct error *e)
{
	(void)t, (void)e;
	return 0;
}

uint32_t flow_seats_most(const struct flow_table *t)
{
	(void)t;
	return FLOWS_MAX;
}

/* Two ranges, as there are in the table. */
void flow_seats(const struct flow_table *t, struct flow_seats out[2])
{
	(void)t;
	out[0] = (struct flow_seats){0, n_flows / 2};
	out[1] = (struct flow_seats){n_flows / 2, n_flows};
}

struct flow *flow_in_seat(struct flow_table *t, uint32_t seat)
{
	(void)t;
	assert_true(seat < n_flows);
	return flows[seat].gone ? NULL : &flows[seat];
}

bool flow_seat_is(const struct flow_table *t, uint32_t seat, struct flow_seat *out)
{
	(void)t;
	assert_true(seat < n_flows);
	*out = (struct flow_seat){.id = flows[seat].id, .open = flows[seat].open, .reused = flows[seat].reused, .past = flows[seat].past};
	return !flows[seat].gone;
}

void flow_seat_near(const struct flow_table *t, uint32_t seat, bool whole)
{
	(void)t, (void)seat, (void)whole;
}

void flow_seat_near_ends(const struct flow_table *t, uint32_t seat)
{
	(void)t, (void)seat;
}

void flow_seat_near_rest(const struct flow_table *t, uint32_t seat, bool trips)
{
	(void)t, (void)seat, (void)trips;
}

/* As of the records below, which have neither. */
bool flow_seat_again(const struct flow_table *t, uint32_t seat, uint64_t *out)
{
	(void)t;
	*out = flows[seat].again;
	return false;
}

bool flow_seat_trips(const struct flow_table *t, uint32_t seat, struct flow_trips *out)
{
	(void)t;
	*out = (struct flow_trips){.known = 0};
	return seat % 2; /* of the others a record says it */
}

uint64_t engine_owner_tables(struct engine *e)
{
	(void)e;
	return tables;
}

bool flow_seat_key(const struct flow_table *t, uint32_t seat, enum record_key k, uint64_t *out)
{
	struct flow *f = flow_in_seat((struct flow_table *)t, seat);

	return f && flow_sort_key(f, k, out);
}

bool flow_seat_end(const struct flow_table *t, uint32_t seat, bool server, struct endpoint *out)
{
	(void)t, (void)server;
	*out = (struct endpoint){.family = FAMILY_IPV4, .port = flows[seat].port, .has_port = true};
	return !flows[seat].gone;
}

bool flow_seat_sums(const struct flow_table *t, uint32_t seat, struct flow_sums *out)
{
	(void)t;
	*out = (struct flow_sums){.bytes = {flows[seat].bytes, 0}, .first_ns = flows[seat].first, .last_ns = flows[seat].last};
	return !flows[seat].gone;
}

bool flow_next_moved(struct flow_table *t, uint32_t *seat)
{
	(void)t;
	for (; *seat < n_flows; ++*seat)
		if (memcmp(&flows[*seat], &flows_were[*seat], sizeof flows[0]) != 0) {
			memcpy(&flows_were[*seat], &flows[*seat], sizeof flows[0]); /* with its padding */
			return true;
		}
	return false;
}

bool flow_seat_moved(const struct flow_table *t, uint32_t seat)
{
	(void)t;
	return memcmp(&flows[seat], &flows_were[seat], sizeof flows[0]) != 0;
}

void flow_unmark(struct flow_table *t, uint32_t seat)
{
	(void)t;
	memcpy(&flows_were[seat], &flows[seat], sizeof flows[0]);
}

void flow_put_down(struct flow_table *t)
{
	(void)t;
}

/* Of the words of the records below those that are open are alike, and those that are not; but some are like nobody. */
enum flow_alike flow_alike_keys(const uint64_t keys[2])
{
	static const enum record_key words[] = {RECORD_PROTO, RECORD_STATE, RECORD_OUTCOME, RECORD_SERVICE, RECORD_TUNNEL,
						RECORD_SERVER_NAME, RECORD_ICMP_TYPE, RECORD_ICMP_ID, RECORD_ICMP_ERROR_TYPE,
						RECORD_TCP_STATE_CLIENT, RECORD_TCP_STATE_SERVER, RECORD_FIN};
	uint64_t left[2] = {keys[0], keys[1]};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		left[words[i] / 64] &= ~(UINT64_C(1) << words[i] % 64);
	return left[0] | left[1] ? ALIKE_NOT : ALIKE_WORDS;
}

uint64_t flow_seat_alike(const struct flow_table *t, uint32_t seat, enum flow_alike what, bool *named)
{
	(void)t, (void)what;
	*named = false;
	return flows[seat].gone || seat % LONERS == 0 ? 0 : 1U + flows[seat].open;
}

unsigned flow_alike_parts(void)
{
	return RECORD_PARTS;
}

uint64_t flow_record_alike(const struct flow_record *r, const struct hash_key *key, bool past)
{
	(void)r, (void)key, (void)past;
	return 0;
}

uint64_t flow_id(const struct flow *f)
{
	return f->id;
}

struct flow *flow_next(struct flow_table *t, uint64_t *at)
{
	(void)t;
	while (*at < n_flows && flows[*at].gone)
		++*at;
	return *at < n_flows ? &flows[(*at)++] : NULL;
}

struct flow *flow_by_id(struct flow_table *t, uint64_t id)
{
	(void)t;
	for (unsigned i = 0; i < n_flows; i++)
		if (flows[i].id == id)
			return flows[i].gone ? NULL : &flows[i];
	return NULL;
}

uint32_t flow_place(const struct flow *f)
{
	return (uint32_t)(f - flows);
}

struct flow *flow_at(struct flow_table *t, uint32_t place, uint64_t id)
{
	(void)t;
	return place < n_flows && flows[place].id == id && !flows[place].gone ? &flows[place] : NULL;
}

bool flow_is_open(const struct flow *f)
{
	return f->open;
}

bool flow_is_reused(const struct flow *f)
{
	return f->reused;
}

bool flow_sort_key(const struct flow *f, enum record_key k, uint64_t *out)
{
	if (k == RECORD_BYTES)
		*out = f->bytes;
	else if (k == RECORD_FIRST || k == RECORD_LAST)
		*out = (uint64_t)(k == RECORD_FIRST ? f->first : f->last) ^ UINT64_C(1) << 63;
	else
		return false;
	return true;
}

static struct listing *world_listing;
static size_t world_memory = 1 << 20; /* for it */

struct listing *engine_listing(struct engine *e)
{
	if (!world_listing)
		world_listing = listing_open(e, world_memory);
	return world_listing;
}

static struct rates *live_rates; /* NULL: a file */

struct rates *engine_rates(struct engine *e)
{
	(void)e;
	return live_rates;
}

void flow_record_fill(struct flow_record *r, struct flow_table *t, const struct flow *f, const struct paths *p)
{
	(void)t;
	(void)p;
	memset(r, 0, sizeof *r);
	r->id = f->id;
	r->bytes[0] = f->bytes;
	r->client = r->server = (struct endpoint){.family = FAMILY_IPV4, .port = f->port, .has_port = true};
	record_set(r, RECORD_ID);
	record_set(r, RECORD_BYTES);
	record_set(r, RECORD_CLIENT);
	record_set(r, RECORD_SERVER);
	r->state = f->open ? "established" : "closed";
	record_set(r, RECORD_STATE);
	if (f->handshake >= 0) {
		r->first_syn_to_ack = f->handshake;
		record_set(r, RECORD_HS_FIRST_SYN_TO_ACK);
	}
	if (f >= flows && f < flows + n_flows && owner[f - flows] > 0) {
		r->owner[0].n = 1;
		r->owner[0].at[0] = (struct record_owner){.pid = owner[f - flows], .comm = "curl"};
		record_set(r, RECORD_OWNER_CLIENT);
	}
}

enum record_brief flow_record_brief(const uint64_t keys[2])
{
	uint64_t left[2] = {keys[0], keys[1]};

	left[RECORD_CLIENT / 64] &= ~(UINT64_C(1) << RECORD_CLIENT % 64);
	left[RECORD_SERVER / 64] &= ~(UINT64_C(1) << RECORD_SERVER % 64);
	if ((left[0] | left[1]) == 0)
		return BRIEF_ENDS;
	return keys[RECORD_BYTES / 64] >> RECORD_BYTES % 64 & 1 || keys[RECORD_OWNER_CLIENT / 64] >> RECORD_OWNER_CLIENT % 64 & 1
		       ? BRIEF_NOT : BRIEF_WORDS;
}

void flow_record_fill_ends(struct flow_record *r, const struct flow_table *t, uint8_t proto, const struct endpoint ends[2])
{
	(void)t, (void)proto;
	memset(r, 0, sizeof *r);
	r->client = ends[0];
	r->server = ends[1];
	record_set(r, RECORD_CLIENT);
	record_set(r, RECORD_SERVER);
	r->missing = RECORD_PARTS;
}

bool flow_record_fill_brief(struct flow_record *r, struct flow_table *t, uint32_t seat, const struct paths *paths,
			    enum record_brief what)
{
	(void)what;
	if (flows[seat].gone)
		return false;
	flow_record_fill(r, t, &flows[seat], paths);
	r->missing = RECORD_PARTS & ~(RECORD_PART_OUTCOME | RECORD_PART_STATE);
	return true;
}

/* Not asked here. */
void answer_packets(struct engine *e, const struct packet_query *q, struct packet_answer *out, int64_t deadline_ns)
{
	(void)e, (void)q, (void)out, (void)deadline_ns;
	fail();
}

void answer_stream(struct engine *e, const struct stream_query *q, struct stream_answer *out, int64_t deadline_ns)
{
	(void)e, (void)q, (void)out, (void)deadline_ns;
	fail();
}

void flow_record_fill_parts(struct flow_record *r, struct flow_table *t, const struct flow *f, const struct paths *p,
			    unsigned parts)
{
	(void)parts;
	flow_record_fill(r, t, f, p);
}

struct flow_table *engine_flows(struct engine *e)
{
	(void)e;
	return NULL;
}

const struct paths *engine_paths(const struct engine *e)
{
	(void)e;
	return NULL;
}

struct match *engine_match(struct engine *e)
{
	static struct match match;

	(void)e;
	return &match;
}

const struct totals *engine_totals(struct engine *e)
{
	(void)e;
	return &totals;
}

const struct flow_stats *flow_stats(struct flow_table *t)
{
	static const struct flow_stats none;

	(void)t;
	return &none;
}

#endif
