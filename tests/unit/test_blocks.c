/* Side records: taken, given back, taken again, and what is said where there is
 * no room for them.
 *
 * links: flow facts base
 */
#include "flow/flow_private.h"
#include "flow_world.h"

static void a_block_is_blank_and_its_own(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	uint32_t ref[BLOCK_CLASSES * 8];
	unsigned n = 0;

	(void)state;
	for (unsigned round = 0; round < 8; round++)
		for (unsigned class = 0; class < BLOCK_CLASSES; class++) {
			uint8_t *at;

			ref[n] = blocks_take(w->flows, class);
			assert_int_not_equal(ref[n], REF_NONE);
			at = blocks_at(&w->flows->blocks, ref[n]);
			for (unsigned i = 0; i < (unsigned)BLOCK_MIN << class; i++)
				assert_int_equal(at[i], 0);
			memset(at, (int)n + 1, (size_t)BLOCK_MIN << class);
			n++;
		}
	for (unsigned i = 0; i < n; i++) {
		const uint8_t *at = blocks_at(&w->flows->blocks, ref[i]);

		for (unsigned k = 0; k < (unsigned)BLOCK_MIN << i % BLOCK_CLASSES; k++)
			assert_int_equal(at[k], i + 1);
	}
	world_free(w);
}

static void what_is_given_back_is_used_again(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct blocks *b = &w->flows->blocks;
	uint32_t first[3], again;
	size_t used;

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		first[i] = blocks_take(w->flows, 2);
	used = b->used;
	memset(blocks_at(b, first[0]), 0xff, (size_t)BLOCK_MIN << 2);
	blocks_give(b, first[0], 2);
	blocks_give(b, first[2], 2);
	blocks_give(b, REF_NONE, 2); /* nothing: nothing happens */
	again = blocks_take(w->flows, 2);
	assert_int_equal(again, first[2]);
	again = blocks_take(w->flows, 2);
	assert_int_equal(again, first[0]);
	for (unsigned i = 0; i < (unsigned)BLOCK_MIN << 2; i++)
		assert_int_equal(((uint8_t *)blocks_at(b, again))[i], 0);
	assert_int_equal(b->used, used);
	assert_int_not_equal(blocks_take(w->flows, 1), first[0]); /* of another size */
	assert_true(b->used > used);
	world_free(w);
}

static void their_memory_is_in_the_budget(void **state)
{
	size_t memory = 2 << 20;
	struct world *w = world_new(false, memory);
	uint64_t taken = 0;

	(void)state;
	while (blocks_take(w->flows, BLOCK_CLASSES - 1) != REF_NONE)
		taken++;
	assert_int_equal(flow_stats(w->flows)->blocks_lost, 1);
	assert_true(taken * BLOCK_MAX >= memory / 8); /* more than an eighth of their region, which is certain */
	assert_true(flow_stats(w->flows)->memory_used <= memory);
	world_free(w);
}

/* A conversation of some port, whose client sends the same bytes twice. */
static struct flow *repeat(struct world *w, uint16_t port)
{
	struct flow *f = NULL;

	for (unsigned i = 0; i < 2; i++) {
		struct descriptor d = packet(CLIENT, port, SERVER, 80, PROTO_TCP);

		d.flags = TCP_ACK;
		d.tcp.seq = 101;
		d.tcp.ack = 901;
		d.window = 60000;
		d.payload_len = 100;
		f = track(w, CLOCK_MS, d);
	}
	return f;
}

/* No room for its side record: the flow has no verdicts, which is not the same
 * as none of everything, and is counted once. */
static void without_room_nothing_is_claimed(void **state)
{
	struct world *w = world_new(false, 2 << 20);
	struct flow_record r;
	const struct flow_stats *s;

	(void)state;
	r = record_of(w, repeat(w, 1000));
	assert_true(record_has(&r, RECORD_RETRANSMISSIONS));
	assert_int_equal(r.exact.retransmitted_bytes[0], 100);
	while (blocks_take(w->flows, 0) != REF_NONE)
		continue;
	r = record_of(w, repeat(w, 1001));
	assert_true(judged(&w->judged, VERDICT_EXACT_RETRANSMITTED)); /* of the packet it is said */
	assert_false(record_has(&r, RECORD_RETRANSMISSIONS));
	assert_false(record_has(&r, RECORD_EXACT_RETRANSMITTED_BYTES));
	assert_false(record_has(&r, RECORD_RTT_SERVER_SAMPLES));
	assert_true(record_has(&r, RECORD_PACKETS));
	(void)repeat(w, 1001);
	s = flow_stats(w->flows);
	assert_int_equal(s->flows_unjudged, 1);
	assert_true(s->verdicts_lost >= 2 && s->blocks_lost >= s->verdicts_lost);
	r = record_of(w, repeat(w, 1000)); /* who has one goes on */
	assert_int_equal(r.exact.retransmitted_bytes[0], 300);
	world_free(w);
}

/* Nor is what comes for a hole that found no room called a repeat. */
static void a_hole_without_room_makes_no_repeats(void **state)
{
	struct world *w = world_new(false, 2 << 20);

	(void)state;
	while (blocks_take(w->flows, 0) != REF_NONE)
		continue;
	tcp(w, CLOCK_MS, true, TCP_SYN, 100, 0, 0);
	tcp(w, CLOCK_MS, false, TCP_SYN | TCP_ACK, 900, 101, 0);
	tcp(w, CLOCK_MS, true, TCP_ACK, 301, 901, 100);
	tcp(w, CLOCK_MS, true, TCP_ACK, 101, 901, 200);
	assert_int_equal(w->judged.seen_again, 0);
	tcp(w, CLOCK_MS, true, TCP_ACK, 301, 901, 100);
	assert_int_equal(w->judged.seen_again, 100);
	assert_int_equal(flow_stats(w->flows)->flows_unjudged, 1);
	world_free(w);
}

/* Data of the client, each segment acknowledged at once, n times, with port for the conversation. */
static struct flow_record round_trips(struct world *w, uint16_t port, unsigned n)
{
	struct descriptor c = packet(CLIENT, port, SERVER, 80, PROTO_TCP), s = packet(SERVER, 80, CLIENT, port, PROTO_TCP);
	struct flow_record r;
	struct flow *f;

	c.flags = s.flags = TCP_ACK;
	c.window = s.window = 60000;
	s.tcp.seq = c.tcp.ack = 901;
	c.tcp.seq = s.tcp.ack = 101;
	f = track(w, CLOCK_MS, c);
	for (unsigned i = 0; i < n; i++) {
		c.tcp.seq = 101 + i * 100;
		c.payload_len = 100;
		track(w, CLOCK_MS, c);
		s.tcp.ack = c.tcp.seq + 100;
		f = track(w, (i + 1) * CLOCK_MS, s);
	}
	r = record_of(w, f);
	return r;
}

/* A few round trips need no block; many without one are not known, which is not the same as none. */
static void round_trips_without_room_are_not_known(void **state)
{
	struct world *w = world_new(false, 2 << 20);
	struct flow_record r;

	(void)state;
	r = round_trips(w, 1000, 6);
	assert_int_equal(r.round_trip[0].samples, 6);
	assert_int_equal(r.round_trip[0].min, CLOCK_MS);
	assert_int_equal(r.round_trip[0].max, 6 * CLOCK_MS);
	while (blocks_take(w->flows, 0) != REF_NONE)
		continue;
	r = round_trips(w, 1001, 3);
	assert_int_equal(r.round_trip[0].samples, 3);
	assert_int_equal(r.round_trip[0].max, 3 * CLOCK_MS);
	r = round_trips(w, 1002, 6);
	assert_false(record_has(&r, RECORD_RTT_SERVER_SAMPLES));
	assert_true(record_has(&r, RECORD_RETRANSMISSIONS));
	world_free(w);
}

/* A flow that ends gives its blocks back. */
static void the_end_of_a_flow_frees_them(void **state)
{
	struct world *w = world_new(true, 16 << 20);
	size_t used = 0;

	(void)state;
	for (unsigned round = 0; round < 5; round++) {
		for (uint16_t port = 1000; port < 1100; port++)
			(void)repeat(w, port);
		if (round == 0)
			used = w->flows->blocks.used;
		flow_expire(w->flows, w->now_ns += 5000 * CLOCK_S);
		assert_int_equal(flow_stats(w->flows)->live, 0);
	}
	assert_true(used > 0);
	assert_int_equal(w->flows->blocks.used, used);
	assert_int_equal(flow_stats(w->flows)->blocks_lost, 0);
	world_free(w);
}

/* What waits in big blocks serves small ones: many holes once do not starve all later flows. */
static void a_big_block_is_halved(void **state)
{
	struct world *w = world_new(false, FLOW_MEMORY_MIN);
	struct blocks *b = &w->flows->blocks;
	uint32_t ref[4096], n = 0;
	size_t used;

	(void)state;
	while (n < 4096 && (ref[n] = blocks_take(w->flows, BLOCK_CLASSES - 1)) != REF_NONE)
		n++;
	assert_true(n > 0);
	used = b->used;
	for (uint32_t i = 0; i < n; i++)
		blocks_give(b, ref[i], BLOCK_CLASSES - 1);
	for (uint32_t i = 0; i < n << (BLOCK_CLASSES - 1); i++) {
		uint32_t small = blocks_take(w->flows, 0);

		assert_int_not_equal(small, REF_NONE);
		assert_true((size_t)small * BLOCK_MIN < used);
		memset(blocks_at(b, small), 0xff, BLOCK_MIN);
	}
	assert_int_equal(b->used, used);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_block_is_blank_and_its_own),
		cmocka_unit_test(what_is_given_back_is_used_again),
		cmocka_unit_test(their_memory_is_in_the_budget),
		cmocka_unit_test(without_room_nothing_is_claimed),
		cmocka_unit_test(a_hole_without_room_makes_no_repeats),
		cmocka_unit_test(round_trips_without_room_are_not_known),
		cmocka_unit_test(the_end_of_a_flow_frees_them),
		cmocka_unit_test(a_big_block_is_halved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
