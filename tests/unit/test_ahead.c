/* What is prepared while nobody asks: every order, filter and group of every capture says the same as without; preparing
 * comes to its end in short turns, takes no more bytes than it says, or nothing.
 *
 * links: engine source dissect flow filter facts base
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

#include "engine/listing.h"
#include "engine/listing_gist.h"
#include "sockeye/clock.h"

enum { BATCH = 23, TURN_MOST = 32 /* gists, between two looks at the clock */, MANY = 20000 };

static struct answer plain, ahead;
static unsigned asked;
static uint64_t by_gist;

static const struct {
	enum query_rank rank;
	enum record_key sort;
} orders[] = {
	{RANK_KEY, RECORD_FIRST}, {RANK_KEY, RECORD_CLIENT}, {RANK_KEY, RECORD_SERVER}, {RANK_KEY, RECORD_HS_FIRST_SYN_TO_ACK},
	{RANK_KEY, RECORD_BYTES}, {RANK_KEY, RECORD_STATE}, {RANK_KEY, RECORD_SERVICE}, {RANK_KEY, RECORD_LAST},
	{RANK_KEY, RECORD_ID}, {RANK_KEY, RECORD_PACKETS}, {RANK_KEY, RECORD_OUTCOME}, {RANK_KEY, RECORD_SERVER_NAME},
	{RANK_KEY, RECORD_CAPTURE_DROPS}, {RANK_ROUND_TRIP, RECORD_KEYS}, {RANK_UP, RECORD_KEYS}, {RANK_DOWN, RECORD_KEYS},
	{RANK_RATE, RECORD_KEYS}, {RANK_RETRANSMITTED, RECORD_KEYS}, {RANK_PROCESS, RECORD_KEYS},
};
static const char *const filters[] = {
	"", "port == 443", "10.0.0.0/8 or 192.168.0.0/16", "not ip == 192.168.1.20", "udp", "retransmissions > 0", "closed",
	"established", "not closed and port == 80", "bytes > 1000", "tls", "server_name == \"www.example.org\"", "rtt_server > 0.01",
};
static const enum query_group groups[] = {GROUP_NONE, GROUP_CLIENT, GROUP_SERVER, GROUP_SERVICE, GROUP_PROCESS};
#define SOME_OF(what) ((size_t)rand() % (sizeof(what) / sizeof *(what)))

static void order_by(struct query *q, size_t i)
{
	q->rank = orders[i].rank;
	q->sort = orders[i].sort;
}

static void match(struct query *q, size_t i)
{
	(void)snprintf(q->match, sizeof q->match, "%s", filters[i]);
}

static void assert_same(const char *file, const struct query *q)
{
	const struct answer *a = &ahead, *b = &plain;
	bool same = a->flows == b->flows && a->open == b->open && a->matched == b->matched && a->over == b->over &&
		    a->newest == b->newest && a->reused == b->reused && a->rows == b->rows && a->first == b->first &&
		    a->selected_row == b->selected_row && a->groups == b->groups && a->groups_all == b->groups_all &&
		    a->ungrouped == b->ungrouped && a->match_error.column == b->match_error.column &&
		    (a->groups > 0 || a->selected == b->selected);

	for (unsigned i = 0; same && i < a->rows; i++)
		same = a->row[i].id == b->row[i].id && a->rate[i] == b->rate[i];
	for (unsigned i = 0; same && i < a->groups; i++) { /* ids are of each listing's own key */
		struct flow_group x = a->group[i], y = b->group[i];

		x.id = y.id = 0;
		same = memcmp(&x, &y, sizeof x) == 0;
	}
	if (!same)
		fail_msg("%s: another answer: order %d %d %s, group %d, match %s%s: matched %llu, not %llu", file, (int)q->rank,
			 (int)q->sort, q->descending ? "falling" : "rising", (int)q->group, q->match,
			 q->open_only ? ", open only" : "", (unsigned long long)a->matched, (unsigned long long)b->matched);
	asked++;
}

/* In slices, as the screen's questions are answered. */
static void ask(const char *file, struct engine *with, struct engine *without, const struct query *q)
{
	while (!engine_answer_within(with, q, &ahead, 0))
		;
	engine_answer(without, q, &plain);
	assert_same(file, q);
}

static struct query some_question(void)
{
	struct query q = {.about = QUERY_FLOWS, .rows = 1 + (unsigned)rand() % QUERY_ROWS, .descending = rand() % 2,
			  .open_only = rand() % 4 == 0, .to_last = rand() % 4 == 0};

	order_by(&q, SOME_OF(orders));
	if (rand() % 2)
		match(&q, SOME_OF(filters));
	if (rand() % 4 == 0)
		q.group = groups[SOME_OF(groups)];
	return q;
}

static void prepare_all(struct engine *e)
{
	struct listing *l = engine_listing(e);

	for (unsigned turn = 0; !listing_is_ahead(l); turn++) {
		assert_true(turn < MANY);
		listing_ahead(l, SIZE_MAX / 2, 0);
	}
}

/* All orders, filters and groups, each of which is another one than the one before. */
static void ask_all(const char *file, struct engine *with, struct engine *without)
{
	struct query q = {.about = QUERY_FLOWS, .rows = QUERY_ROWS};

	for (unsigned falling = 0; falling < 2; falling++)
		for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
			q.descending = falling;
			order_by(&q, i);
			ask(file, with, without, &q);
		}
	for (unsigned i = 0; i < sizeof groups / sizeof groups[0]; i++)
		for (size_t k = 0; k < sizeof filters / sizeof filters[0]; k++) {
			q.group = groups[i];
			match(&q, k);
			order_by(&q, k);
			ask(file, with, without, &q);
			q.open_only = !q.open_only;
			ask(file, with, without, &q);
		}
}

/* Two engines read the same: one prepares now and then while it reads, and at the end; the other one never. */
static void read_both(const char *file, bool live)
{
	const struct source_options so = {.files = &file, .n_files = 1};
	const struct engine_options eo = {.memory = ENGINE_MEMORY_MIN, .hash_seed = 5, .live = live};
	struct engine *with, *without;
	struct frame frames[BATCH];
	struct source *source;
	unsigned batches = 0;
	struct query q;
	struct error e;
	int n;

	if (source_open(&source, &so, &e) < 0)
		return;
	assert_int_equal(engine_open(&with, &eo, &e), 0);
	assert_int_equal(engine_open(&without, &eo, &e), 0);
	assert_non_null(engine_listing(with));
	while ((n = source->next_batch(source, frames, BATCH)) >= 0) {
		assert_int_equal(engine_batch(with, frames, (unsigned)n), 0);
		assert_int_equal(engine_batch(without, frames, (unsigned)n), 0);
		if (batches++ % 4 == 1)
			listing_ahead(engine_listing(with), SIZE_MAX / 2, 0); /* a turn of it */
		if (batches % 8 == 1 && rand() % 2)
			prepare_all(with);
		if (batches % 8 < 3) {
			q = some_question();
			ask(file, with, without, &q);
		}
	}
	if (live) {
		const int64_t now = engine_totals(with)->now_ns + 40 * CLOCK_S;

		assert_int_equal(engine_tick(with, now), 0);
		assert_int_equal(engine_tick(without, now), 0);
	}
	prepare_all(with);
	ask_all(file, with, without);
	by_gist += listing_stats(engine_listing(with))->by_gist;
	assert_int_equal(listing_stats(engine_listing(without))->by_gist, 0);
	assert_int_equal(listing_stats(engine_listing(without))->prepared, 0);
	engine_free(with);
	engine_free(without);
	source->free(source);
}

static void what_is_prepared_says_the_same(void **state)
{
	DIR *folder = opendir("captures"); /* tests run in the top folder */
	struct dirent *one;

	(void)state;
	srand(11);
	assert_non_null(folder);
	while ((one = readdir(folder)) != NULL) {
		char file[512];

		if (!strstr(one->d_name, ".pcap"))
			continue;
		(void)snprintf(file, sizeof file, "captures/%s", one->d_name);
		read_both(file, false);
		read_both(file, true);
	}
	closedir(folder);
	print_message("%u answers, %llu flows that were not looked at\n", asked, (unsigned long long)by_gist);
	assert_true(asked > 10000 && by_gist > 50000);
}

/* ---- how much it is ------------------------------------------------------------------------ */

/* So many flows, of one datagram or two. */
static void send_many(struct engine *e, unsigned from, unsigned to)
{
	static uint8_t data[60] = {0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 2, 8, 0, 0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17};

	for (unsigned i = from; i < to; i++)
		for (unsigned k = 0; k < 1 + i % 2; k++) {
			const struct frame f = {.ts_ns = CLOCK_S + (int64_t)i * 1000, .data = data, .caplen = sizeof data,
						.wirelen = sizeof data, .linktype = LINKTYPE_ETHERNET};

			memcpy(&data[26], (const uint8_t[]){10, 0, (uint8_t)(i >> 16), 1, 10, 9, 9, 9}, 8);
			data[34] = (uint8_t)(i >> 8);
			data[35] = (uint8_t)i;
			data[37] = 53;
			data[39] = 26;
			assert_int_equal(engine_batch(e, &f, 1), 0);
		}
}

static size_t seats_of(struct engine *e)
{
	struct flow_seats is[2];

	flow_seats(engine_flows(e), is);
	return (size_t)is[0].to - is[0].from + is[1].to - is[1].from;
}

/* Bytes of all gists. */
static size_t gists_of(struct engine *e)
{
	struct flow_seats is[2];

	flow_seats(engine_flows(e), is);
	return ((size_t)is[0].to - is[0].from) * GIST_BYTES + ((size_t)is[1].to - is[1].from) * GIST_LONE_BYTES;
}

static struct engine *open_engine(size_t memory)
{
	const struct engine_options eo = {.memory = memory, .hash_seed = 5};
	struct engine *out;
	struct error e;

	assert_int_equal(engine_open(&out, &eo, &e), 0);
	return out;
}

/* A turn looks at the clock every few flows, and what was prepared stays; at the end nothing is left to do. */
static void preparing_ends_in_short_turns(void **state)
{
	const struct query rows = {.about = QUERY_FLOWS, .rows = 20, .sort = RECORD_FIRST}, totals = {.about = QUERY_TOTALS};
	struct engine *e = open_engine(ENGINE_MEMORY_DEFAULT);
	uint64_t was = 0, looked;
	struct listing_stats *s;
	unsigned turns = 0;
	size_t held;

	(void)state;
	assert_true(engine_is_ahead(e)); /* of nothing */
	send_many(e, 0, MANY);
	assert_false(engine_is_ahead(e));
	engine_answer(e, &rows, &ahead);
	s = listing_stats(engine_listing(e));
	looked = s->looked;
	held = engine_totals(e)->memory_used;
	for (; !engine_is_ahead(e); turns++) {
		assert_true(turns < MANY);
		engine_ahead(e, false, 0);
		assert_true(s->prepared > was && s->prepared - was <= TURN_MOST);
		was = s->prepared;
		engine_answer(e, turns % 2 ? &rows : &totals, &ahead); /* whoever asks meanwhile is answered in between */
	}
	assert_int_equal(s->prepared, seats_of(e));
	assert_int_equal(s->looked, looked);
	held = engine_totals(e)->memory_used - held;
	print_message("%u turns, %zu bytes for %zu flows\n", turns, held, seats_of(e));
	assert_int_equal(held, gists_of(e));
	engine_ahead(e, false, CLOCK_S);
	assert_int_equal(s->prepared, was); /* nothing more */
	send_many(e, MANY, MANY + 10);
	assert_false(engine_is_ahead(e));
	engine_ahead(e, false, CLOCK_S);
	assert_true(engine_is_ahead(e));
	assert_true(s->prepared - was <= 64); /* a few seats, not all */
	engine_free(e);
}

/* Then a question looks at no flow: at one of each kind at most. */
static void questions_need_no_flow(void **state)
{
	struct engine *e = open_engine(ENGINE_MEMORY_DEFAULT);
	struct query q = {.about = QUERY_FLOWS, .rows = 20};
	static const struct {
		enum query_rank rank;
		enum record_key sort;
		enum query_group group;
		const char *match;
	} first[] = {
		{RANK_KEY, RECORD_STATE, GROUP_NONE, ""}, {RANK_ROUND_TRIP, RECORD_KEYS, GROUP_NONE, ""},
		{RANK_KEY, RECORD_BYTES, GROUP_NONE, ""}, {RANK_RATE, RECORD_KEYS, GROUP_NONE, ""},
		{RANK_KEY, RECORD_CLIENT, GROUP_NONE, ""}, {RANK_RETRANSMITTED, RECORD_KEYS, GROUP_NONE, ""},
		{RANK_UP, RECORD_KEYS, GROUP_NONE, ""}, {RANK_KEY, RECORD_FIRST, GROUP_NONE, ""},
		{RANK_KEY, RECORD_FIRST, GROUP_NONE, "port == 443"}, {RANK_KEY, RECORD_FIRST, GROUP_NONE, "10.0.0.0/8"},
		{RANK_KEY, RECORD_FIRST, GROUP_NONE, "retransmissions > 0"}, {RANK_KEY, RECORD_FIRST, GROUP_NONE, "closed"},
		{RANK_KEY, RECORD_FIRST, GROUP_CLIENT, ""}, {RANK_KEY, RECORD_FIRST, GROUP_SERVER, ""},
		{RANK_KEY, RECORD_FIRST, GROUP_SERVICE, ""},
	};
	struct listing_stats *s;

	(void)state;
	send_many(e, 0, MANY);
	while (!engine_is_ahead(e)) /* nobody has asked for anything yet */
		engine_ahead(e, false, CLOCK_MS);
	s = listing_stats(engine_listing(e));
	for (size_t i = 0; i < sizeof first / sizeof first[0]; i++) {
		*s = (struct listing_stats){.prepared = s->prepared};
		q.rank = first[i].rank;
		q.sort = first[i].sort;
		q.group = first[i].group;
		(void)snprintf(q.match, sizeof q.match, "%s", first[i].match);
		engine_answer(e, &q, &ahead);
		assert_int_equal(ahead.flows, MANY);
		if (s->looked > 8 || s->filled > 8)
			fail_msg("question %zu: %llu looks, %llu records", i, (unsigned long long)s->looked, (unsigned long long)s->filled);
	}
	engine_free(e);
}

/* Of more than there is room for nothing is prepared, and what was is given back. */
static void no_room_is_nothing_prepared(void **state)
{
	struct engine *e = open_engine(ENGINE_MEMORY_MIN);
	const struct query by_state = {.about = QUERY_FLOWS, .rows = 20, .sort = RECORD_STATE};
	struct listing *l = engine_listing(e);

	(void)state;
	send_many(e, 0, 1000);
	listing_ahead(l, 1000 * GIST_BYTES, INT64_MAX);
	assert_true(listing_is_ahead(l));
	assert_int_equal(listing_stats(l)->prepared, 0);
	engine_free(e);

	e = open_engine(ENGINE_MEMORY_MIN);
	l = engine_listing(e);
	send_many(e, 0, 1000);
	for (unsigned i = 0; i < 3; i++) /* first what stands besides, then both ranges */
		listing_ahead(l, 1 << 18, INT64_MAX);
	assert_true(listing_is_ahead(l) && listing_stats(l)->prepared == seats_of(e));
	assert_int_equal(listing_held(l), gists_of(e) + seats_of(e) * sizeof(struct listed));
	send_many(e, 1000, 10000);
	engine_answer(e, &by_state, &ahead);
	assert_int_equal(ahead.matched, 10000);
	assert_int_equal(listing_held(l), seats_of(e) * sizeof(struct listed));
	assert_true(listing_is_ahead(l)); /* for good */
	assert_int_equal(engine_end(e, true), 0); /* or until nothing comes any more */
	while (!listing_is_ahead(l))
		listing_ahead(l, SIZE_MAX / 2, INT64_MAX);
	assert_int_equal(listing_held(l), gists_of(e) + seats_of(e) * sizeof(struct listed));
	engine_free(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_prepared_says_the_same),
		cmocka_unit_test(preparing_ends_in_short_turns),
		cmocka_unit_test(questions_need_no_flow),
		cmocka_unit_test(no_room_is_nothing_prepared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
