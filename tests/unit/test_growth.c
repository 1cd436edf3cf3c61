/* Attacks: packets made to cost more than packets should. Each runs with N and
 * with 2N of them through the whole engine; the counted work (slots, holes,
 * bytes, steps of the budget, not time) may at most double, give or take, and
 * the memory stays within its bound.
 *
 * With --time it prints the nanoseconds of a packet instead: tests/bench/growth.sh.
 *
 * links: engine dissect flow facts base
 */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "attacks.h"
#include "sockeye/clock.h"
#include "sockeye/engine.h"

enum { BATCH = 64, FRAME_ROOM = 2048, MEMORY = ENGINE_MEMORY_MIN };

/* What a run came to. */
struct run {
	uint64_t work, before, packets, ns;
	uint64_t tcp, udp, forgotten_holes, retransmitted, late, missed, lost, duplicates, conflicting;
	struct flow_stats flows;
	struct dissect_stats dissect;
	uint64_t paths_overflow;
	size_t memory; /* the most it was */
};

/* Of this thread: what other programs do meanwhile does not count. */
static uint64_t cpu_ns(void)
{
	struct timespec t;

	assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t), 0);
	return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

static int flow_ends(void *self, const struct event *ev)
{
	struct run *r = self;
	const struct flow_record *f = ev->flow;

	for (unsigned i = 0; record_has(f, RECORD_EXACT_DUPLICATES) && i < 2; i++) {
		r->forgotten_holes += f->exact.forgotten_holes[i];
		r->retransmitted += f->exact.retransmitted_bytes[i];
		r->late += f->exact.late_bytes[i];
		r->missed += f->exact.missed_bytes[i];
		r->lost += f->exact.lost_bytes[i];
		r->duplicates += f->exact.duplicates[i];
		r->conflicting += f->exact.conflicting_bytes[i];
	}
	return 0;
}

static void count_work(struct engine *e, struct run *r)
{
	r->flows = *flow_stats(engine_flows(e));
	r->dissect = *engine_dissect_stats(e);
	r->paths_overflow = paths_overflow(engine_paths(e));
	r->work = r->flows.probes + r->flows.interval_steps + r->flows.bytes_copied + r->dissect.steps +
		  r->dissect.fragment_steps + r->dissect.fragment_bytes + paths_probes(engine_paths(e));
}

static size_t bound(const struct attack *a)
{
	return a->memory ? a->memory : MEMORY;
}

/* n packets of an attack that count. The key of the tables is random in each run. */
static void run(const struct attack *a, uint32_t n, struct run *r)
{
	static uint8_t room[BATCH][FRAME_ROOM];
	struct engine_options eo = {.memory = bound(a)};
	struct observer o = {.name = "ends", .wants = EVENT_FLOW_END, .event = flow_ends, .self = r};
	struct frame frame[BATCH];
	struct engine *engine;
	struct run full;
	struct error e;
	uint64_t began;
	size_t used;

	memset(&full, 0, sizeof full);
	memset(r, 0, sizeof *r);
	memset(frame, 0, sizeof frame);
	assert_int_equal(engine_open(&engine, &eo, &e), 0);
	assert_int_equal(engine_observe(engine, &o), 0);
	for (uint32_t i = 0, end = a->before + n; i < end;) {
		uint32_t stop = i < a->before ? a->before : end;
		unsigned k = 0;

		if (i == a->before) {
			count_work(engine, &full);
			r->ns = 0;
		}
		for (; k < BATCH && i < stop; k++, i++) {
			frame[k].data = room[k];
			frame[k].caplen = frame[k].wirelen = a->frame(room[k], i, end);
			frame[k].linktype = LINKTYPE_ETHERNET;
			frame[k].ts_ns = CLOCK_S + i * INT64_C(1000);
			assert_true(frame[k].caplen <= FRAME_ROOM);
		}
		began = cpu_ns();
		assert_int_equal(engine_batch(engine, frame, k), 0);
		r->ns += cpu_ns() - began;
		used = flow_stats(engine_flows(engine))->memory_used;
		if (used > r->memory)
			r->memory = used;
	}
	r->packets = n;
	r->before = a->before;
	count_work(engine, r);
	r->work -= full.work;
	assert_int_equal(engine_end(engine, false), 0);
	engine_free(engine);
}

/* ---- what must hold besides --------------------------------------------------- */

static void few_probes(const struct run *r)
{
	assert_int_equal(r->flows.tcp + r->flows.udp, r->packets);
	assert_true(r->flows.probes < 16 * r->packets);
}

static void nothing_is_said(const struct run *r)
{
	assert_int_equal(r->late + r->missed + r->lost + r->retransmitted + r->duplicates + r->forgotten_holes, 0);
}

static void all_bytes_late(const struct run *r)
{
	assert_int_equal(r->late, r->packets - 2); /* but the SYN, and the last byte, which comes first */
	assert_int_equal(r->missed + r->lost + r->retransmitted + r->forgotten_holes, 0);
}

/* Holes without end: the flow says that it forgot some, and so does the table. */
static void holes_are_forgotten_and_said(const struct run *r)
{
	assert_true(r->forgotten_holes > 0);
	assert_int_equal(r->flows.holes_lost, r->forgotten_holes);
	assert_int_equal(r->conflicting, 0);
}

/* Nothing comes twice, so nothing may be called a repeat. */
static void holes_are_no_repeats(const struct run *r)
{
	holes_are_forgotten_and_said(r);
	assert_int_equal(r->retransmitted, 0);
}

static void repeats_are_seen(const struct run *r)
{
	assert_true(r->retransmitted > r->packets * 100);
	assert_int_equal(r->conflicting, 0);
}

static void fragments_are_given_up(const struct run *r)
{
	assert_true(r->dissect.fragments_forgotten > r->packets / 2);
}

static void names_are_bounded(const struct run *r)
{
	assert_true(r->flows.names_lost + r->flows.evicted > 0);
}

static void paths_are_bounded(const struct run *r)
{
	assert_int_equal(r->paths_overflow, r->before + r->packets - 4095);
}

static void some_flows_are_without_verdicts(const struct run *r)
{
	assert_true(r->flows.blocks_lost > 0);
	assert_true(r->flows.flows_unjudged > 0);
	assert_true(r->flows.flows_unjudged < r->flows.tcp);
}

static void every_syn_is_a_flow(const struct run *r)
{
	assert_int_equal(r->flows.tcp, r->before + r->packets);
}

static void all_but_one_are_copies(const struct run *r)
{
	assert_true(r->duplicates + 2 >= r->packets);
	assert_int_equal(r->retransmitted, 0);
}

static void budget_bounds_a_frame(const struct run *r)
{
	assert_true(r->dissect.steps > 10 * r->packets);
	assert_true(r->dissect.steps <= BUDGET_FRAME * r->packets);
}

static const struct {
	struct attack attack;
	void (*holds)(const struct run *); /* of the run with 2N, or NULL */
} attacks[] = {
	{{"in-order", in_order, 50000, 0, 0}, nothing_is_said},
	{{"colliding-tuples", colliding_tuples, 8192, 0, 64 << 20}, few_probes},
	{{"colliding-ipv6", colliding_ipv6, 8192, 0, 0}, few_probes},
	{{"colliding-ipv6-halves", colliding_ipv6_halves, 32768, 0, 0}, few_probes},
	{{"reverse-order", reverse_order, 500000, 0, 0}, all_bytes_late},
	{{"every-second-byte", every_second_byte, 20000, 0, 0}, holes_are_no_repeats},
	{{"every-second-byte-backward", every_second_byte_backward, 20000, 0, 0}, holes_are_no_repeats},
	{{"overlapping-segments", overlapping_segments, 10000, 0, 0}, repeats_are_seen},
	{{"splitting-sacks", splitting_sacks, 10000, 0, 0}, holes_are_forgotten_and_said},
	{{"options-of-one-byte", options_of_one_byte, 10000, 0, 0}, budget_bounds_a_frame},
	{{"options-longest-list", options_longest_list, 10000, 0, 0}, budget_bounds_a_frame},
	{{"fragments-first-only", fragments_first_only, 10000, 0, 0}, fragments_are_given_up},
	{{"fragments-overlapping", fragments_overlapping, 10000, 0, 0}, NULL},
	{{"fragments-most-pieces", fragments_most_pieces, 10000, 0, 0}, NULL},
	{{"ipv6-extension-chain", ipv6_extension_chain, 2000, 0, 0}, budget_bounds_a_frame},
	{{"server-names", server_names, 20000, 0, 0}, names_are_bounded},
	{{"paths", paths_each_new, 20000, 5000, 0}, paths_are_bounded},
	{{"tuple-reuse", tuple_reuse, 20000, 0, 0}, every_syn_is_a_flow},
	{{"syn-flood", syn_flood, 100000, 300000, 0}, every_syn_is_a_flow},
	{{"full-table-all-active", full_table_all_active, 50000, 150000, 0}, NULL},
	{{"side-records", side_records, 120000, SIDE_RECORDS_BEFORE, 0}, some_flows_are_without_verdicts},
	{{"dns-compression", dns_compression, 2000, 0, 0}, budget_bounds_a_frame},
	{{"duplicate-storm", duplicate_storm, 20000, 0, 0}, all_but_one_are_copies},
};

enum { ATTACKS = sizeof attacks / sizeof *attacks };

static void work_grows_with_the_packets(void **state)
{
	unsigned at = (unsigned)(uintptr_t)*state;
	const struct attack *a = &attacks[at].attack;
	struct run one, two;

	run(a, a->n, &one);
	run(a, 2 * a->n, &two);
	if (two.work * 100 > one.work * 215)
		fail_msg("%s: work %" PRIu64 " of %" PRIu32 " packets, %" PRIu64 " of twice as many", a->name, one.work,
			 a->n, two.work);
	assert_true(one.work > 0);
	assert_true(one.memory <= bound(a) / 16 * 14);
	assert_true(two.memory <= bound(a) / 16 * 14);
	if (attacks[at].holds)
		attacks[at].holds(&two);
}

static int print_times(void)
{
	printf("%-28s %10s %8s %10s %8s %8s\n", "attack", "packets", "ns each", "packets", "ns each", "work x");
	for (unsigned i = 0; i < ATTACKS; i++) {
		const struct attack *a = &attacks[i].attack;
		struct run one, two;

		run(a, a->n, &one);
		run(a, 2 * a->n, &two);
		printf("%-28s %10" PRIu64 " %8" PRIu64 " %10" PRIu64 " %8" PRIu64 " %8.2f\n", a->name, one.packets,
		       one.ns / one.packets, two.packets, two.ns / two.packets, (double)two.work / (double)one.work);
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[ATTACKS];

	if (argc == 2 && strcmp(argv[1], "--time") == 0)
		return print_times();
	for (unsigned i = 0; i < ATTACKS; i++)
		tests[i] = (struct CMUnitTest){attacks[i].attack.name, work_grows_with_the_packets, NULL, NULL,
					       (void *)(uintptr_t)i};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
