/* Seats: who keeps something of each flow and looks again only at seats that are marked knows
 * as much as who looks at all of them. All captures, in small batches, as a file and live.
 *
 * links: engine source dissect flow facts base
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sockeye/condition.h"
#include "sockeye/engine.h"

enum { SEATS_MAX = 1 << 13, BATCH = 7, CHECK_EVERY = 4, TEXT_MAX = 512 };

struct seat {
	bool taken;
	struct flow_record r; /* its words are the engine's */
};

static struct seat *known[2]; /* of each range */
static unsigned looked, compared, trips, briefs, marked;

static struct seat *known_at(const struct flow_seats is[2], uint32_t seat)
{
	unsigned i = seat >= is[1].from;

	assert_true(seat >= is[i].from && seat < is[i].to && seat - is[i].from < SEATS_MAX);
	return &known[i][seat - is[i].from];
}

static void take(struct flow_table *t, struct engine *e, uint32_t seat, struct seat *out)
{
	const struct flow *f = flow_in_seat(t, seat);

	out->taken = f != NULL;
	if (f)
		flow_record_fill(&out->r, t, f, engine_paths(e));
}

/* Changes without a packet of the flow: whoever keeps that must not. */
static bool restless(unsigned k)
{
	return k == RECORD_CAPTURE_DROPS || k == RECORD_CAPTURE_BLIND;
}

static void assert_key(const char *file, const struct flow_record *all, const struct flow_record *some, unsigned k, bool there)
{
	char a[TEXT_MAX], b[TEXT_MAX];
	struct text x, y;

	if (!there)
		return;
	text_init(&x, a, sizeof a);
	text_init(&y, b, sizeof b);
	record_text(&x, all, (enum record_key)k);
	record_text(&y, some, (enum record_key)k);
	if (record_has(all, k) != record_has(some, k) || strcmp(a, b) != 0)
		fail_msg("%s, flow %llu: %s is '%s', with less of the record '%s'", file, (unsigned long long)all->id,
			 record_fields[k].key, a, b);
}

static void assert_same(const char *file, const struct flow_record *is, const struct flow_record *was)
{
	for (unsigned k = 0; k < RECORD_KEYS; k++) {
		char a[TEXT_MAX], b[TEXT_MAX];
		struct text x, y;

		text_init(&x, a, sizeof a);
		text_init(&y, b, sizeof b);
		record_text(&x, is, (enum record_key)k);
		record_text(&y, was, (enum record_key)k);
		if (!restless(k) && (record_has(is, k) != record_has(was, k) || strcmp(a, b) != 0))
			fail_msg("%s, flow %llu: %s is '%s', and was '%s' when it moved last", file, (unsigned long long)is->id,
				 record_fields[k].key, a, b);
	}
}

static void assert_trips(const char *file, const struct flow_table *t, uint32_t seat, const struct flow_record *r)
{
	const bool has[] = {record_has(r, RECORD_RTT_SERVER_P50), record_has(r, RECORD_RTT_CLIENT_P50), record_has(r, RECORD_HS_RTT)};
	const int64_t want[] = {r->round_trip[0].p50, r->round_trip[1].p50, r->rtt};
	struct flow_trips x;

	if (!flow_seat_trips(t, seat, &x))
		return; /* an odd one: that takes its record */
	for (unsigned i = 0; i < 3; i++)
		if (has[i] != (x.known >> i & 1) || (has[i] && want[i] != (i < 2 ? x.p50[i] : x.handshake)))
			fail_msg("%s, flow %llu: round trip %u", file, (unsigned long long)r->id, i);
	trips += x.known != 0;
}

/* What is said of a seat at once is what the record says. */
static void assert_at_once(const char *file, const struct flow_table *t, uint32_t seat, const struct flow_record *r)
{
	static const enum record_key keys[] = {RECORD_ID, RECORD_FIRST, RECORD_LAST, RECORD_PACKETS, RECORD_BYTES};
	const uint64_t sign = UINT64_C(1) << 63;
	const uint64_t want[] = {r->id, (uint64_t)r->first_ns ^ sign, (uint64_t)r->last_ns ^ sign,
				 r->packets[0] + r->packets[1], r->bytes[0] + r->bytes[1]};
	struct flow_sums sums;
	struct flow_seat who;
	struct endpoint end;
	uint64_t v;
	bool again;

	assert_trips(file, t, seat, r);
	assert_true(flow_seat_is(t, seat, &who));
	assert_int_equal(who.id, r->id);
	assert_int_equal(who.reused, r->reused);
	again = flow_seat_again(t, seat, &v);
	assert_int_equal(again, record_has(r, RECORD_RETRANSMISSIONS));
	if (again)
		assert_int_equal(v, r->retransmissions[0] + r->retransmissions[1]);
	for (unsigned i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (!flow_seat_key(t, seat, keys[i], &v) || v != want[i])
			fail_msg("%s, flow %llu: %s", file, (unsigned long long)r->id, record_fields[keys[i]].key);
	assert_false(flow_seat_key(t, seat, RECORD_STATE, &v));
	for (unsigned i = 0; i < 2; i++) {
		const struct endpoint *is = i ? &r->server : &r->client;

		assert_true(flow_seat_end(t, seat, i, &end));
		assert_int_equal(tuple_compare_endpoint(&end, is), 0);
		assert_int_equal(end.has_port, is->has_port);
	}
	assert_true(flow_seat_sums(t, seat, &sums));
	assert_int_equal(sums.packets, want[3]);
	assert_int_equal(sums.bytes[0], r->bytes[0]);
	assert_int_equal(sums.bytes[1], r->bytes[1]);
	assert_int_equal(sums.first_ns, r->first_ns);
	assert_int_equal(sums.last_ns, r->last_ns);
}

/* Less than all of a record says the same as all of it: each part by itself, all but the last, and what is brief. */
static void assert_less(const char *file, struct engine *e, uint32_t seat, const struct flow_record *all)
{
	static const uint8_t parts[] = {0, RECORD_PART_OUTCOME, RECORD_PART_HANDSHAKE, RECORD_PART_LOSSES, RECORD_PART_STATE,
					RECORD_PART_TRIPS, RECORD_PARTS & ~RECORD_PART_REST, RECORD_PARTS};
	struct flow_table *t = engine_flows(e);
	struct flow_record some;

	for (size_t i = 0; i < sizeof parts; i++) {
		flow_record_fill_parts(&some, t, flow_in_seat(t, seat), engine_paths(e), parts[i]);
		for (unsigned k = 0; k < RECORD_KEYS; k++)
			assert_key(file, all, &some, k, record_filled(&some, (enum record_key)k));
	}
	for (unsigned i = BRIEF_ENDS; i < BRIEF_NOT; i++) {
		assert_true(flow_record_fill_brief(&some, t, seat, engine_paths(e), (enum record_brief)i));
		for (unsigned k = 0; k < RECORD_KEYS; k++) {
			uint64_t keys[2] = {0, 0};

			keys[k / 64] |= UINT64_C(1) << k % 64;
			assert_key(file, all, &some, k, flow_record_brief(keys) <= (enum record_brief)i);
			briefs++;
		}
		assert_int_equal(condition_of(all, true), i == BRIEF_WORDS ? condition_of(&some, true) : condition_of(all, true));
	}
}

/* The first of each kind that was met in this table. */
enum { KINDS_MAX = 512 };
static struct {
	uint64_t is;
	enum flow_alike what;
	struct flow_record r;
} kind[KINDS_MAX];
static unsigned kinds, alikes;

/* Who is alike has the same record, where that is asked for what is said to be the same. */
static void assert_alike(const char *file, const struct flow_table *t, uint32_t seat, const struct flow_record *r,
			 enum flow_alike what)
{
	bool named;
	uint64_t is = flow_seat_alike(t, seat, what, &named);
	unsigned i = 0;

	if (is == 0)
		return;
	while (i < kinds && (kind[i].is != is || kind[i].what != what))
		i++;
	if (i == kinds && kinds < KINDS_MAX) {
		kind[kinds].is = is;
		kind[kinds].what = what;
		kind[kinds++].r = *r;
	}
	for (unsigned k = 0; k < RECORD_KEYS && i < kinds; k++) {
		uint64_t keys[2] = {0, 0};

		keys[k / 64] |= UINT64_C(1) << k % 64;
		if (k == RECORD_SERVER_NAME)
			assert_int_equal(record_has(r, k), named);
		else
			assert_key(file, r, &kind[i].r, k, flow_alike_keys(keys) <= what);
	}
	assert_int_equal(condition_of(r, true), condition_of(&kind[i].r, true));
	assert_int_equal(condition_of(r, false), condition_of(&kind[i].r, false));
	alikes++;
}

static void check(const char *file, struct engine *e)
{
	struct flow_table *t = engine_flows(e);
	struct flow_seats is[2];
	struct seat now;
	uint64_t flows = 0, at = 0;

	flow_seats(t, is);
	for (unsigned i = 0; i < 2; i++)
		for (uint32_t seat = is[i].from; seat < is[i].to; seat++) {
			const struct seat *was = known_at(is, seat);
			uint64_t v;

			take(t, e, seat, &now);
			if (now.taken != was->taken)
				fail_msg("%s: a flow came or went unmarked", file);
			if (!now.taken) {
				assert_false(flow_seat_key(t, seat, RECORD_ID, &v));
				continue;
			}
			assert_same(file, &now.r, &was->r);
			assert_at_once(file, t, seat, &now.r);
			assert_less(file, e, seat, &now.r);
			assert_alike(file, t, seat, &now.r, ALIKE_WORDS);
			assert_alike(file, t, seat, &now.r, ALIKE_COUNTS);
			flows++;
			compared++;
		}
	while (flow_next(t, &at) != NULL)
		flows--;
	assert_int_equal(flows, 0);
}

static void look_again(struct engine *e)
{
	struct flow_table *t = engine_flows(e);
	struct flow_seats is[2];

	for (uint32_t seat = 0; flow_next_moved(t, &seat); seat++) {
		flow_seats(t, is);
		take(t, e, seat, known_at(is, seat));
		looked++;
	}
}

/* Who learnt something of a flow marks it by its ends, either way round. */
static void mark_all(const char *file, struct flow_table *t)
{
	struct flow_seats is[2];

	flow_seats(t, is);
	for (unsigned i = 0; i < 2; i++)
		for (uint32_t seat = is[i].from, at = 0; seat < is[i].to; seat++, at = 0) {
			struct endpoint end[2];
			struct flow_record r;
			struct tuple of;

			if (!flow_seat_end(t, seat, seat % 2, &end[0]) || !flow_seat_end(t, seat, !(seat % 2), &end[1]))
				continue;
			assert_true(flow_record_fill_brief(&r, t, seat, NULL, BRIEF_ENDS));
			if (!end[0].has_port)
				continue;
			of = (struct tuple){.from = end[0].ip, .to = end[1].ip, .from_port = end[0].port, .to_port = end[1].port,
					    .proto = r.ip_proto, .family = end[0].family};
			flow_mark(t, &of);
			if (!flow_next_moved(t, &at) || at != seat)
				fail_msg("%s: seat %u was not marked", file, seat);
			marked++;
		}
}

static void go_through(const char *file, bool live)
{
	const struct source_options so = {.files = &file, .n_files = 1};
	const struct engine_options eo = {.memory = ENGINE_MEMORY_MIN, .hash_seed = 5, .live = live};
	struct frame frames[BATCH];
	struct source *source;
	struct engine *engine;
	unsigned batches = 0;
	struct error e;
	int n;

	kinds = 0; /* applications have their numbers in each table */

	if (source_open(&source, &so, &e) < 0)
		return;
	assert_int_equal(engine_open(&engine, &eo, &e), 0);
	assert_int_equal(flow_watch(engine_flows(engine), &e), 0);
	for (unsigned i = 0; i < 2; i++)
		for (unsigned k = 0; k < SEATS_MAX; k++)
			known[i][k].taken = false;
	while ((n = source->next_batch(source, frames, BATCH)) >= 0) {
		assert_int_equal(engine_batch(engine, frames, (unsigned)n), 0);
		if (batches++ % 3 == 2)
			continue; /* marks wait */
		look_again(engine);
		if (batches % CHECK_EVERY == 0)
			check(file, engine);
	}
	if (live)
		assert_int_equal(engine_tick(engine, engine_totals(engine)->now_ns + INT64_C(40000000000)), 0);
	look_again(engine);
	check(file, engine);
	for (uint32_t seat = 0; flow_next_moved(engine_flows(engine), &seat);)
		fail_msg("%s: looking marks seat %u", file, seat);
	mark_all(file, engine_flows(engine));
	engine_free(engine);
	source->free(source);
}

static void marks_tell_all(void **state)
{
	DIR *folder = opendir("captures"); /* tests run in the top folder */
	struct dirent *one;

	(void)state;
	assert_non_null(folder);
	for (unsigned i = 0; i < 2; i++)
		assert_non_null(known[i] = calloc(SEATS_MAX, sizeof *known[i]));
	while ((one = readdir(folder)) != NULL) {
		char file[512];

		if (!strstr(one->d_name, ".pcap"))
			continue;
		(void)snprintf(file, sizeof file, "captures/%s", one->d_name);
		go_through(file, false);
		go_through(file, true);
	}
	closedir(folder);
	for (unsigned i = 0; i < 2; i++)
		free(known[i]);
	print_message("%u looks at marked seats, %u flows compared, %u round trips, %u keys of brief ones, %u marked by their ends, %u alike\n",
		      looked, compared, trips, briefs, marked, alikes);
	assert_true(alikes > 2000 && looked > 2500 && compared > 2000 && trips > 100 && briefs > 10000 && marked > 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(marks_tell_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
