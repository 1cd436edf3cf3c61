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

#include "sockeye/engine.h"

enum { SEATS_MAX = 1 << 13, BATCH = 7, CHECK_EVERY = 4, TEXT_MAX = 512 };

struct seat {
	bool taken;
	struct flow_record r; /* its words are the engine's */
};

static struct seat *known[2]; /* of each range */
static unsigned looked, compared;

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

/* What is said of a seat at once is what the record says. */
static void assert_at_once(const char *file, const struct flow_table *t, uint32_t seat, const struct flow_record *r)
{
	static const enum record_key keys[] = {RECORD_ID, RECORD_FIRST, RECORD_LAST, RECORD_PACKETS, RECORD_BYTES};
	const uint64_t sign = UINT64_C(1) << 63;
	const uint64_t want[] = {r->id, (uint64_t)r->first_ns ^ sign, (uint64_t)r->last_ns ^ sign,
				 r->packets[0] + r->packets[1], r->bytes[0] + r->bytes[1]};
	struct flow_sums sums;
	struct endpoint end;
	uint64_t v;

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
	print_message("%u looks at marked seats, %u flows compared\n", looked, compared);
	assert_true(looked > 2500 && compared > 2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(marks_tell_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
