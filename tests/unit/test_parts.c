/* Less is asked for, and what is asked for stays the same: records in parts against whole
 * records, of all captures; and the end of many flows, most of which are embryos.
 *
 * links: engine source dissect flow facts base
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>

#include "flow_world.h"
#include "sockeye/engine.h"

enum { RECORDS_MAX = 1 << 12, TEXT_MAX = 512 };

/* The records of a run, in the order in which they were told; some of their words are lent
 * by the engine. */
struct kept {
	struct engine *engine;
	struct flow_record at[RECORDS_MAX];
	enum event_kind kind[RECORDS_MAX];
	unsigned n;
};

static struct kept whole, parts;

static int keep(void *self, const struct event *ev)
{
	struct kept *k = self;

	assert_true(k->n < RECORDS_MAX);
	k->at[k->n] = *ev->flow;
	k->kind[k->n++] = ev->kind;
	return 0;
}

static void let_go(struct kept *k)
{
	engine_free(k->engine);
	k->engine = NULL;
	k->n = 0;
}

/* False: no capture. */
static bool run(const char *file, uint8_t handshake_parts, uint8_t flow_parts, struct kept *out)
{
	struct source_options so = {.files = &file, .n_files = 1};
	struct engine_options eo = {.memory = ENGINE_MEMORY_MIN, .hash_seed = 5};
	struct observer o = {.name = "keep", .event = keep, .wants = EVENT_HANDSHAKE | EVENT_FLOW_END, .self = out,
			     .handshake_parts = handshake_parts, .flow_parts = flow_parts};
	struct frame frames[SOURCE_BATCH];
	struct source *source;
	struct engine *engine;
	struct error e;
	int n;

	let_go(out);
	if (source_open(&source, &so, &e) < 0)
		return false;
	assert_int_equal(engine_open(&engine, &eo, &e), 0);
	assert_int_equal(engine_observe(engine, &o), 0);
	while ((n = source->next_batch(source, frames, SOURCE_BATCH)) >= 0)
		assert_int_equal(engine_batch(engine, frames, (unsigned)n), 0);
	assert_int_equal(engine_end(engine, false), 0);
	out->engine = engine;
	source->free(source);
	return true;
}

/* Every key of the parts that are there. */
static unsigned assert_same(const char *file, const struct flow_record *all, const struct flow_record *some)
{
	unsigned keys = 0;

	for (unsigned k = 0; k < RECORD_KEYS; k++) {
		char a[TEXT_MAX], b[TEXT_MAX];
		struct text x, y;

		if (!record_filled(some, k))
			continue;
		text_init(&x, a, sizeof a);
		text_init(&y, b, sizeof b);
		record_text(&x, all, k);
		record_text(&y, some, k);
		if (record_has(all, k) != record_has(some, k) || strcmp(a, b) != 0)
			fail_msg("%s, flow %llu: %s is '%s' in the whole record, '%s' in its part", file,
				 (unsigned long long)all->id, record_fields[k].key, a, b);
		keys++;
	}
	assert_int_equal(all->syns, some->missing & RECORD_PART_OUTCOME ? all->syns : some->syns);
	return keys;
}

static unsigned compare(const char *file, uint8_t handshake_parts, uint8_t flow_parts)
{
	unsigned keys = 0;

	assert_true(run(file, handshake_parts, flow_parts, &parts));
	assert_int_equal(parts.n, whole.n);
	for (unsigned i = 0; i < whole.n; i++) {
		uint8_t wanted = whole.kind[i] == EVENT_HANDSHAKE ? handshake_parts : flow_parts;

		assert_int_equal(parts.kind[i], whole.kind[i]);
		assert_int_equal(whole.at[i].missing, 0);
		assert_int_equal(parts.at[i].missing & wanted, 0);
		keys += assert_same(file, &whole.at[i], &parts.at[i]);
	}
	return keys;
}

static void parts_are_as_in_the_whole(void **state)
{
	DIR *folder = opendir("captures"); /* tests run in the top folder */
	unsigned records = 0, keys = 0;
	struct dirent *one;

	(void)state;
	assert_non_null(folder);
	while ((one = readdir(folder)) != NULL) {
		char file[512];

		if (!strstr(one->d_name, ".pcap"))
			continue;
		(void)snprintf(file, sizeof file, "captures/%s", one->d_name);
		if (!run(file, 0, 0, &whole))
			continue;
		records += whole.n;
		for (uint8_t p = 1; p < RECORD_PARTS; p++)
			keys += compare(file, p, (uint8_t)(RECORD_PARTS & ~p));
	}
	closedir(folder);
	let_go(&whole);
	let_go(&parts);
	print_message("%u records, %u keys of parts\n", records, keys);
	assert_true(records > 500 && keys > 20 * records);
}

/* ---- the end of many ----------------------------------------------------------- */

struct order {
	struct world w; /* its flows, clock and change */
	uint64_t last, n, tcp_unanswered, half_open;
};

static void in_order(void *arg, struct flow *f, bool evicted)
{
	struct order *o = arg;
	enum handshake_outcome outcome;

	assert_false(evicted);
	assert_true(flow_id(f) > o->last);
	o->last = flow_id(f);
	o->n++;
	if (!flow_handshake_report(f, true, &outcome))
		return;
	o->tcp_unanswered += outcome == OUTCOME_UNANSWERED;
	o->half_open += outcome == OUTCOME_HALF_OPEN;
}

/* n flows, of which every third is answered, and every fifth is UDP. */
static void ends(uint32_t n)
{
	struct order o = {.w = {.now_ns = CLOCK_S}};
	struct flow_limits l;
	struct error e;
	uint32_t tcp = 0, answered = 0;

	flow_limits_file(&l, 64 << 20);
	l.hash_seed = 7;
	assert_int_equal(flow_table_open(&o.w.flows, &l, in_order, &o, &e), 0);
	for (uint32_t i = 0; i < n; i++) {
		bool udp = i % 5 == 4;
		struct descriptor d = packet(0x0a000000 + i, 5000, 0x0b000000, 80, udp ? PROTO_UDP : PROTO_TCP);

		d.flags = udp ? 0 : TCP_SYN;
		d.tcp.seq = udp ? 0 : 100;
		(void)track(&o.w, 1000, d);
		tcp += !udp;
		if (udp || i % 3)
			continue;
		d = packet(0x0b000000, 80, 0x0a000000 + i, 5000, PROTO_TCP);
		d.flags = TCP_SYN | TCP_ACK;
		d.tcp.seq = 700;
		d.tcp.ack = 101;
		(void)track(&o.w, 1000, d);
		answered++;
	}
	flow_table_end(o.w.flows);
	assert_int_equal(o.n, n);
	assert_int_equal(o.half_open, answered);
	assert_int_equal(o.tcp_unanswered, tcp - answered);
	flow_table_free(o.w.flows);
}

static void many_end_in_the_order_of_their_ids(void **state)
{
	static const uint32_t many[] = {1, 2, 24, 25, 26, 255, 256, 257, 4000, 70000};

	(void)state;
	for (unsigned i = 0; i < sizeof many / sizeof *many; i++)
		ends(many[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_are_as_in_the_whole),
		cmocka_unit_test(many_end_in_the_order_of_their_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
