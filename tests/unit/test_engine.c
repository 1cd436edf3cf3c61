/* The engine over whole captures: the same records whatever the batch, and the
 * counters add up.
 *
 * links: engine source dissect flow facts base
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <glob.h>

#include <cmocka.h>

#include "sockeye/clock.h"
#include "sockeye/engine.h"

enum { SAW_MAX = 1 << 20 };

/* Everything that was told, as text. */
struct saw {
	struct text t;
	uint64_t packets, with_flow, ended, handshakes;
};

static char shelf[2][SAW_MAX];

static int saw_event(void *self, const struct event *ev)
{
	struct saw *s = self;

	s->packets += ev->kind == EVENT_PACKET;
	s->with_flow += ev->kind == EVENT_PACKET && ev->flow;
	s->handshakes += ev->kind == EVENT_HANDSHAKE;
	s->ended += ev->kind == EVENT_FLOW_END;
	text_format(&s->t, "%d", (int)ev->kind);
	for (unsigned k = 0; ev->flow && k < RECORD_KEYS; k++)
		if (record_has(ev->flow, (enum record_key)k)) {
			text_char(&s->t, ' ');
			record_text(&s->t, ev->flow, (enum record_key)k);
		}
	text_char(&s->t, '\n');
	return 0;
}

static bool any_capture; /* damaged ones, too */
static bool long_way; /* without the fast paths */
static const struct observer *also; /* beside the one that keeps what was told */

/* Run a capture in batches of n. packets: an observer that wants packets, too. */
static struct totals play_in(const char *capture, size_t memory, unsigned n, bool packets, char *buffer, struct saw *s)
{
	const char *files[] = {capture};
	struct source_options so = {.files = files, .n_files = 1};
	struct engine_options eo = {.memory = memory, .hash_seed = n, .no_fast_path = long_way};
	struct observer o = {.name = "saw", .event = saw_event, .self = s,
			     .wants = EVENT_HANDSHAKE | EVENT_FLOW_END | (packets ? (unsigned)EVENT_PACKET : 0)};
	struct frame frames[SOURCE_BATCH];
	struct source *source;
	struct engine *engine;
	struct totals totals;
	struct error e;
	int got;

	memset(s, 0, sizeof *s);
	text_init(&s->t, buffer, SAW_MAX);
	got = source_open(&source, &so, &e);
	if (got < 0 && any_capture)
		return (struct totals){0};
	assert_int_equal(got, 0);
	assert_int_equal(engine_open(&engine, &eo, &e), 0);
	assert_int_equal(engine_observe(engine, &o), 0);
	if (also)
		assert_int_equal(engine_observe(engine, also), 0);
	while ((got = source->next_batch(source, frames, n)) >= 0)
		assert_int_equal(engine_batch(engine, frames, (unsigned)got), 0);
	assert_int_equal(got, -ENODATA);
	assert_int_equal(engine_end(engine, false), 0);
	totals = *engine_totals(engine);
	engine_free(engine);
	source->free(source);
	assert_false(s->t.cut);
	return totals;
}

static struct totals play(const char *capture, unsigned n, bool packets, char *buffer, struct saw *s)
{
	return play_in(capture, ENGINE_MEMORY_MIN, n, packets, buffer, s);
}

static const char *const captures[] = {
	"handshakes.pcap", "tcp-reuse.pcap", "ipv4-fragments.pcap", "ipv6-fragments.pcap", "icmp-errors.pcap",
	"tunnel-nested.pcap", "ipcomp.pcap", "real-vxlan-overlapping-http-get.pcap", "pcapng-interfaces.pcapng",
	"tls-sni-segments.pcap", "ftp.pcap", "redis.pcap",
};

enum { CAPTURES = sizeof captures / sizeof captures[0] };

static const char *path(const char *name)
{
	static char at[512];
	struct text t;

	text_init(&t, at, sizeof at);
	text_format(&t, "captures/%s", name); /* tests run in the top folder */
	return at;
}

static void the_batch_size_changes_nothing(void **state)
{
	static const unsigned sizes[] = {1, 7};
	struct saw a, b;

	(void)state;
	for (unsigned c = 0; c < CAPTURES; c++) {
		(void)play(path(captures[c]), 64, false, shelf[0], &a);
		assert_true(a.ended > 0);
		for (unsigned i = 0; i < 2; i++) {
			(void)play(path(captures[c]), sizes[i], false, shelf[1], &b);
			assert_string_equal(shelf[0], shelf[1]);
		}
	}
}

/* Rows or none, much memory or little: the same flows with the same names. */
static void rows_and_memory_change_nothing(void **state)
{
	struct observer rows = {.name = "rows", .event = saw_event, .wants = 0, .wants_fields = true};
	struct saw a, b;

	(void)state;
	for (unsigned c = 0; c < CAPTURES; c++) {
		(void)play(path(captures[c]), 64, false, shelf[0], &a);
		(void)play_in(path(captures[c]), 16 * (size_t)ENGINE_MEMORY_MIN, 64, false, shelf[1], &b);
		assert_string_equal(shelf[0], shelf[1]);
		also = &rows;
		(void)play(path(captures[c]), 64, false, shelf[1], &b);
		also = NULL;
		assert_string_equal(shelf[0], shelf[1]);
	}
}

/* Every capture that there is, by the fast paths and by the long ones: whatever is
 * told is the same, and what was counted. */
static void the_fast_paths_change_nothing(void **state)
{
	struct totals fast, slow;
	unsigned played = 0;
	struct saw a, b;
	glob_t found;

	(void)state;
	assert_int_equal(glob("captures/*.pcap*", 0, NULL, &found), 0);
	any_capture = true;
	for (size_t c = 0; c < found.gl_pathc; c++) {
		fast = play(found.gl_pathv[c], 64, false, shelf[0], &a);
		long_way = true;
		slow = play(found.gl_pathv[c], 64, false, shelf[1], &b);
		long_way = false;
		assert_string_equal(shelf[0], shelf[1]);
		assert_int_equal(fast.packets, slow.packets);
		assert_int_equal(fast.wire_bytes, slow.wire_bytes);
		assert_int_equal(fast.no_flow, slow.no_flow);
		assert_true(fast.first_ns == slow.first_ns && fast.last_ns == slow.last_ns);
		played += a.ended > 0;
	}
	any_capture = false;
	globfree(&found);
	assert_true(played > 100);
}

static void every_packet_counts_once(void **state)
{
	struct totals t;
	struct saw s;

	(void)state;
	for (unsigned c = 0; c < CAPTURES; c++) {
		t = play(path(captures[c]), 64, true, shelf[0], &s);
		assert_int_equal(s.packets, t.packets);
		assert_int_equal(s.with_flow + t.no_flow, t.packets);
		assert_int_equal(t.source[0].packets, t.packets);
		assert_int_equal(s.ended, t.flows_tcp + t.flows_udp + t.flows_icmp + t.flows_other);
		uint64_t told = 0;
		for (unsigned i = 0; i < OUTCOMES; i++)
			told += t.handshakes[i];
		assert_int_equal(s.handshakes, told);
	}
}

static int stop(void *self, const struct event *ev)
{
	(void)self;
	(void)ev;
	return -EPIPE;
}

static void an_observer_can_stop_the_run(void **state)
{
	const char *files[] = {path("handshakes.pcap")};
	struct source_options so = {.files = files, .n_files = 1};
	struct engine_options eo = {.memory = ENGINE_MEMORY_MIN};
	struct observer o = {.name = "stop", .event = stop, .wants = EVENT_HANDSHAKE};
	struct run_options ro = {.signal_fd = -1};
	struct run_result result;
	struct source *source;
	struct engine *engine;
	struct error e;

	(void)state;
	assert_int_equal(source_open(&source, &so, &e), 0);
	assert_int_equal(engine_open(&engine, &eo, &e), 0);
	assert_int_equal(engine_observe(engine, &o), 0);
	assert_int_equal(run_loop(engine, source, &ro, &result, &e), 0);
	assert_true(result.observer_stopped);
	assert_int_equal(result.observer_error, -EPIPE);
	assert_true(engine_totals(engine)->packets < 20);
	engine_free(engine);
	source->free(source);
}

static void a_bound_ends_the_run_whole(void **state)
{
	const char *files[] = {path("handshakes.pcap")};
	struct source_options so = {.files = files, .n_files = 1};
	struct engine_options eo = {.memory = ENGINE_MEMORY_MIN};
	struct run_options ro = {.signal_fd = -1, .max_packets = 100};
	struct run_result result;
	struct source *source;
	struct engine *engine;
	struct error e;

	(void)state;
	assert_int_equal(source_open(&source, &so, &e), 0);
	assert_int_equal(engine_open(&engine, &eo, &e), 0);
	assert_int_equal(run_loop(engine, source, &ro, &result, &e), 0);
	assert_int_equal(engine_totals(engine)->packets, 100);
	assert_false(result.incomplete);
	engine_free(engine);
	source->free(source);
}

/* What counts flows, of records or of lone ones. */
struct counts {
	uint64_t flows, unanswered, evicted, bytes[2], ends[2]; /* of client, server: sums over all that their addresses have */
	uint64_t lones;
};

static uint64_t sum_of(const struct endpoint *e)
{
	uint64_t sum = e->port + 65536u * e->family + (e->has_port ? 1u << 20 : 0);

	for (unsigned i = 0; i < sizeof e->ip; i++)
		sum = sum * 31 + e->ip.b[i];
	return sum;
}

static void count_one(struct counts *c, const struct endpoint *client, const struct endpoint *server, bool evicted)
{
	c->flows++;
	c->evicted += evicted;
	c->ends[0] += sum_of(client);
	c->ends[1] += sum_of(server);
}

static int count_event(void *self, const struct event *ev)
{
	struct counts *c = self;

	if (ev->kind == EVENT_HANDSHAKE) {
		c->unanswered += strcmp(ev->flow->outcome, outcome_names[OUTCOME_UNANSWERED]) == 0;
		return 0;
	}
	count_one(c, &ev->flow->client, &ev->flow->server, ev->flow->evicted);
	c->bytes[0] += ev->flow->bytes[0];
	c->bytes[1] += ev->flow->bytes[1];
	return 0;
}

static void count_lone(void *self, const struct lone_counts *n, const struct lone *each)
{
	struct counts *c = self;
	uint32_t syns = 0, evicted = 0;

	assert_in_range(n->flows, 1, 64);
	assert_non_null(each);
	for (unsigned i = 0; i < n->flows; i++) {
		count_one(c, &each[i].client, &each[i].server, each[i].evicted);
		c->bytes[0] += each[i].bytes;
		syns += each[i].syn;
		evicted += each[i].evicted;
	}
	assert_int_equal(n->syns, syns);
	assert_int_equal(n->evicted, evicted);
	c->unanswered += syns;
	c->lones += n->flows;
}

static void count_nameless(void *self, const struct lone_counts *n, const struct lone *each)
{
	struct counts *c = self;

	assert_null(each);
	c->flows += n->flows;
	c->lones += n->flows;
	c->unanswered += n->syns;
	c->evicted += n->evicted;
}

enum { BATCHES = 3500 }; /* of flows: more than fit */

/* SYNs of strangers, and every eighth time a datagram. */
static uint32_t stranger(uint8_t *p, uint32_t i)
{
	static const uint8_t ethernet[14] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0};
	bool udp = i % 8 == 0;
	uint32_t len = udp ? 20 + 8 + 5 : 20 + 20, x = i * UINT32_C(2654435761);

	memset(p, 0, 14 + len);
	memcpy(p, ethernet, sizeof ethernet);
	p += sizeof ethernet;
	p[0] = 0x45;
	p[3] = (uint8_t)len;
	p[8] = 64;
	p[9] = udp ? PROTO_UDP : PROTO_TCP;
	memcpy(p + 12, &x, sizeof x);
	p[16] = 198;
	p[17] = 18;
	p[19] = (uint8_t)(i % 50);
	p[20] = (uint8_t)(i >> 8);
	p[21] = (uint8_t)i;
	p[23] = 7;
	if (udp) {
		p[25] = 8 + 5;
	} else {
		p[32] = 0x50;
		p[33] = TCP_SYN;
	}
	return (uint32_t)sizeof ethernet + len;
}

enum tell { RECORDS, EACH, NAMELESS };

static struct counts flooded(enum tell tell, struct totals *totals)
{
	static uint8_t bytes[SOURCE_BATCH][64];
	struct counts c = {0};
	struct engine_options eo = {.memory = ENGINE_MEMORY_MIN, .hash_seed = 3};
	struct observer o = {.name = "counts", .event = count_event, .self = &c, .wants = EVENT_HANDSHAKE | EVENT_FLOW_END,
			     .lone = tell == RECORDS ? NULL : tell == EACH ? count_lone : count_nameless,
			     .lone_each = tell == EACH};
	struct frame frames[SOURCE_BATCH];
	struct engine *engine;
	struct error e;

	memset(frames, 0, sizeof frames);
	assert_int_equal(engine_open(&engine, &eo, &e), 0);
	assert_int_equal(engine_observe(engine, &o), 0);
	for (uint32_t i = 0; i < BATCHES; i++) {
		for (uint32_t k = 0; k < SOURCE_BATCH; k++) {
			frames[k].data = bytes[k];
			frames[k].caplen = frames[k].wirelen = stranger(bytes[k], i * SOURCE_BATCH + k);
			frames[k].linktype = LINKTYPE_ETHERNET;
			frames[k].ts_ns = CLOCK_S + i;
		}
		assert_int_equal(engine_batch(engine, frames, SOURCE_BATCH), 0);
	}
	assert_int_equal(engine_end(engine, false), 0);
	*totals = *engine_totals(engine);
	engine_free(engine);
	return c;
}

static void lone_flows_count_as_their_records(void **state)
{
	struct totals records_say, lones_say, nameless_say;
	struct counts records = flooded(RECORDS, &records_say), lones = flooded(EACH, &lones_say);
	struct counts nameless = flooded(NAMELESS, &nameless_say);

	(void)state;
	assert_int_equal(records.flows, BATCHES * SOURCE_BATCH);
	assert_true(records.evicted > 0 && records.evicted < records.flows);
	assert_int_equal(records.lones, 0);
	assert_int_equal(lones.lones, lones.flows);
	lones.lones = 0;
	assert_memory_equal(&records, &lones, sizeof records);
	assert_int_equal(records_say.flows_evicted, lones_say.flows_evicted);
	assert_int_equal(records_say.flows_evicted, lones.evicted);
	assert_memory_equal(records_say.handshakes, lones_say.handshakes, sizeof lones_say.handshakes);
	assert_int_equal(lones_say.handshakes[OUTCOME_UNANSWERED], lones.unanswered);
	assert_int_equal(lones_say.flows_tcp, lones.unanswered);
	assert_int_equal(nameless.lones, lones.flows);
	assert_int_equal(nameless.flows, lones.flows);
	assert_int_equal(nameless.unanswered, lones.unanswered);
	assert_int_equal(nameless.evicted, lones.evicted);
	assert_int_equal(nameless_say.flows_evicted, lones_say.flows_evicted);
	assert_memory_equal(nameless_say.handshakes, lones_say.handshakes, sizeof lones_say.handshakes);
}

static void too_little_memory_is_said(void **state)
{
	struct engine_options eo = {.memory = ENGINE_MEMORY_MIN - 1};
	struct engine *engine;
	struct error e = {""};

	(void)state;
	assert_int_equal(engine_open(&engine, &eo, &e), -EINVAL);
	assert_non_null(strstr(e.text, "16M"));
}

/* The end of each is told once and at its time, with a screen or without; only there it stays, to be looked at. */
static void what_is_over_stays_for_a_screen(void **state)
{
	static const char *const files[] = {"captures/handshakes.pcap"};
	uint64_t ended[2], begun[2], left[2];

	(void)state;
	for (unsigned screen = 0; screen < 2; screen++) {
		struct source_options so = {.files = files, .n_files = 1};
		struct engine_options eo = {.memory = ENGINE_MEMORY_MIN, .live = true, .remember = screen == 1, .hash_seed = 1};
		struct frame frames[SOURCE_BATCH];
		const struct totals *t;
		struct source *source;
		struct engine *engine;
		struct saw s = {.packets = 0};
		struct observer o = {.name = "saw", .event = saw_event, .self = &s, .wants = EVENT_FLOW_END};
		struct error e;
		int got;

		text_init(&s.t, shelf[screen], SAW_MAX);
		assert_int_equal(source_open(&source, &so, &e), 0);
		assert_int_equal(engine_open(&engine, &eo, &e), 0);
		assert_int_equal(engine_observe(engine, &o), 0);
		while ((got = source->next_batch(source, frames, SOURCE_BATCH)) >= 0)
			assert_int_equal(engine_batch(engine, frames, (unsigned)got), 0);
		(void)engine_tick(engine, engine_totals(engine)->now_ns + 7200 * CLOCK_S);
		t = engine_totals(engine);
		ended[screen] = s.ended;
		begun[screen] = t->flows_tcp + t->flows_udp + t->flows_icmp + t->flows_other;
		left[screen] = t->flows_live;
		assert_int_equal(engine_end(engine, false), 0);
		assert_int_equal(s.ended, ended[screen]);
		engine_free(engine);
		source->free(source);
	}
	assert_true(begun[0] > 40 && begun[1] == begun[0]);
	assert_int_equal(ended[0], begun[0]);
	assert_string_equal(shelf[1], shelf[0]);
	assert_int_equal(left[0], 0);
	assert_int_equal(left[1], begun[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_batch_size_changes_nothing),
		cmocka_unit_test(rows_and_memory_change_nothing),
		cmocka_unit_test(the_fast_paths_change_nothing),
		cmocka_unit_test(every_packet_counts_once),
		cmocka_unit_test(an_observer_can_stop_the_run),
		cmocka_unit_test(a_bound_ends_the_run_whole),
		cmocka_unit_test(lone_flows_count_as_their_records),
		cmocka_unit_test(too_little_memory_is_said),
		cmocka_unit_test(what_is_over_stays_for_a_screen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
