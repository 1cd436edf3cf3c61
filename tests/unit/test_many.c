/* Very many flows of one packet each: what looking at them again costs is counted, and grows as
 * their number does. links: engine source dissect flow filter facts base */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/index.h"
#include "engine/recall.h"
#include "sockeye/clock.h"
#include "sockeye/engine.h"

enum { MANY = 20000, FRAME = 14 + 20 + 8 + 29 };

/* Questions for names, each from a host of its own; frame i by its number. */
struct world {
	struct source s; /* first */
	struct engine *engine;
	struct answer *answer;
	unsigned given;
};

static void be(uint8_t *at, uint32_t v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		at[i] = (uint8_t)(v >> 8 * (n - 1 - i));
}

static struct frame frame_of(unsigned i, uint8_t bytes[FRAME])
{
	static const uint8_t question[29] = {0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3, 'w', 'w', 'w', 7, 'e', 'x', 'a', 'm',
					     'p', 'l', 'e', 0, 0, 1, 0, 1};

	memset(bytes, 0, FRAME);
	be(bytes + 12, 0x0800, 2);
	bytes[14] = 0x45;
	be(bytes + 16, FRAME - 14, 2);
	bytes[22] = 64;
	bytes[23] = PROTO_UDP;
	be(bytes + 26, 0x0a000000 + i, 4);
	be(bytes + 30, 0xc0000235, 4);
	be(bytes + 34, 1024 + i % 50000, 2);
	be(bytes + 36, 53, 2);
	be(bytes + 38, FRAME - 34, 2);
	memcpy(bytes + 42, question, sizeof question);
	return (struct frame){.ts_ns = (int64_t)(i + 1) * 1000000, .data = bytes, .caplen = FRAME, .wirelen = FRAME,
			      .linktype = LINKTYPE_ETHERNET, .offset = i + 1};
}

static int world_again(struct source *s, unsigned source, uint64_t offset, struct source_again *out)
{
	(void)s;
	assert_int_equal(source, 0);
	out->frame = frame_of((unsigned)offset - 1, out->bytes);
	return 0;
}

static bool world_stats(struct source *s, unsigned index, struct source_stats *out)
{
	(void)s;
	memset(out, 0, sizeof *out);
	return index == 0;
}

static void world_goes_on(struct world *w, unsigned packets)
{
	uint8_t bytes[FRAME];

	for (unsigned i = 0; i < packets; i++) {
		struct frame f = frame_of(w->given++, bytes);

		assert_int_equal(engine_batch(w->engine, &f, 1), 0);
	}
}

static struct world *world_open(unsigned packets, bool live)
{
	const struct engine_options o = {.memory = 64 << 20, .hash_seed = 3, .remember = true, .live = live};
	struct world *w = calloc(1, sizeof *w);
	struct error e = {""};

	w->answer = calloc(1, sizeof *w->answer);
	w->s = (struct source){.fd = -1, .stats = world_stats, .again = world_again, .rereads = 1};
	assert_int_equal(engine_open(&w->engine, &o, &e), 0);
	assert_int_equal(engine_remember(w->engine, &w->s, &e), 0);
	world_goes_on(w, packets);
	return w;
}

static struct world *world_new(unsigned packets)
{
	return world_open(packets, false);
}

static void world_free(struct world *w)
{
	engine_free(w->engine);
	free(w->answer);
	free(w);
}

static const struct packet_answer *ask(struct world *w, const char *match)
{
	struct query q = {.about = QUERY_PACKETS, .packets = {.rows = 20}};

	(void)snprintf(q.packets.match, sizeof q.packets.match, "%s", match);
	engine_answer(w->engine, &q, w->answer);
	return &w->answer->packets;
}

static void told(const char *what, struct world *w, uint64_t looked)
{
	const struct recall_stats *s = recall_stats(engine_remembered(w->engine)->recall);

	print_message("%s of %u: %llu frames read, %llu engines, %llu packets fed to them, %llu walks over all flows, %llu "
		      "entries looked at\n", what, w->given, (unsigned long long)s->frames, (unsigned long long)s->replays,
		      (unsigned long long)s->replayed, (unsigned long long)s->walks, (unsigned long long)looked);
}

/* Each was looked at for its application, so each has a head. */
static void a_filter_reads_each_once(void **state)
{
	struct world *w = world_new(MANY);
	const struct recall_stats *s;
	uint64_t looked;

	(void)state;
	assert_int_equal(ask(w, "dns and udp.dstport == 53")->matched, MANY);
	s = recall_stats(engine_remembered(w->engine)->recall);
	looked = index_stats(engine_index(w->engine))->looked;
	told("a filter", w, looked);
	assert_in_range(s->frames, MANY, MANY + 200); /* and the rows in sight */
	assert_true(s->replays <= MANY / 40 + 20 && s->walks <= MANY / 1000 + 10);
	assert_true(looked <= 60u * MANY); /* births are found by halving, to a stretch of 32 */
	world_free(w);
}

/* ---- saving ----------------------------------------------------------------------- */

static int made = -1;

static int create(void *arg, const char *name, struct error *e)
{
	char path[] = "/tmp/sockeye-many-XXXXXX";

	(void)arg, (void)name, (void)e;
	made = mkstemp(path);
	assert_true(made >= 0);
	(void)unlink(path);
	return made;
}

/* What comes while it is saved is not in it: else it would follow the traffic for ever. */
static void what_is_saved_is_what_there_was(void **state)
{
	struct save_query q = {.kind = SAVE_PACKETS};
	struct world *w = world_new(MANY);
	const struct recall_stats *s;
	struct save_answer a;
	uint64_t looked = index_stats(engine_index(w->engine))->looked;
	unsigned turns = 0;

	(void)state;
	engine_save_with(w->engine, create, NULL);
	for (unsigned i = 0; i < 2; i++) {
		const unsigned there = w->given;

		(void)snprintf(q.packets.match, sizeof q.packets.match, "%s", i ? "udp" : "");
		engine_save(w->engine, &q, &a);
		assert_string_equal(a.error, "");
		while (!a.done) {
			world_goes_on(w, 100);
			engine_go_on(w->engine, 100000);
			engine_saved(w->engine, &a);
			assert_true(++turns < 100000);
		}
		assert_int_equal(a.packets, there);
		assert_int_equal(a.gone, 0);
		s = recall_stats(engine_remembered(w->engine)->recall);
		if (i == 0) {
			told("saving all", w, index_stats(engine_index(w->engine))->looked - looked);
			assert_int_equal(s->frames, there);
			assert_int_equal(s->replays + s->walks, 0);
		}
	}
	world_free(w);
}

/* The index has room for so many sets of verdicts: whose set found none are told of. */
static void verdicts_without_room_are_told(void **state)
{
	struct world *w = world_new(10);

	(void)state;
	assert_string_equal(ask(w, "")->trouble, "");
	index_stats(engine_index(w->engine))->sets_full = 3;
	assert_non_null(strstr(ask(w, "")->trouble, "of 3 packets the verdicts found no room"));
	world_free(w);
}

/* Live: those that are over stay while there is room; how many went is in every answer, whatever it is about. */
static void who_is_over_and_went_is_counted(void **state)
{
	struct world *w = world_open(MANY, true);
	struct query q = {.about = QUERY_FLOWS, .sort = RECORD_FIRST, .rows = 20}, totals = {.about = QUERY_TOTALS};
	uint64_t stay;

	(void)state;
	engine_answer(w->engine, &q, w->answer);
	assert_int_equal(w->answer->flows, MANY);
	assert_int_equal(w->answer->past_forgotten, 0);
	assert_int_equal(engine_tick(w->engine, (int64_t)3600 * 1000000000), 0); /* all of them were silent for long */
	engine_answer(w->engine, &q, w->answer);
	stay = w->answer->flows;
	print_message("%u over, %llu stay, %llu are told as forgotten\n", (unsigned)MANY, (unsigned long long)stay,
		      (unsigned long long)w->answer->past_forgotten);
	assert_in_range(stay, 100, MANY / 2);
	assert_int_equal(w->answer->past_forgotten, MANY - stay);
	assert_int_equal(w->answer->totals.flows_evicted, 0);
	w->answer->past_forgotten = 0;
	engine_answer(w->engine, &totals, w->answer);
	assert_int_equal(w->answer->past_forgotten, MANY - stay);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_filter_reads_each_once),
		cmocka_unit_test(what_is_saved_is_what_there_was),
		cmocka_unit_test(verdicts_without_room_are_told),
		cmocka_unit_test(who_is_over_and_went_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
