/* Exactly by bytes: what was seen, seen again, late, missed and lost, against
 * examples and against a plain map of bytes.
 *
 * links: flow facts base
 */
#include "flow/flow_private.h"
#include "flow_world.h"

enum { MS = CLOCK_MS };

/* A descriptor of client or server, with a window, a millisecond later. */
static struct flow *send(struct world *w, bool c, uint16_t flags, uint32_t seq, uint32_t ack, uint32_t len)
{
	struct descriptor d = c ? packet(CLIENT, 5000, SERVER, 80, PROTO_TCP) : packet(SERVER, 80, CLIENT, 5000, PROTO_TCP);

	d.flags = flags;
	d.tcp.seq = seq;
	d.tcp.ack = ack;
	d.payload_len = len;
	d.window = 60000;
	return track(w, MS, d);
}

/* A conversation whose client's first byte is first + 0; the server's is 901. */
static struct flow *open_at(struct world *w, uint32_t first)
{
	(void)send(w, true, TCP_SYN, first - 1, 0, 0);
	(void)send(w, false, TCP_SYN | TCP_ACK, 900, first, 0);
	return send(w, true, TCP_ACK, first, 901, 0);
}

static struct flow *ack(struct world *w, uint32_t number)
{
	return send(w, false, TCP_ACK, 901, number, 0);
}

/* The client's bytes from..to, and what must be said of them. */
static void expect(struct world *w, uint32_t from, uint32_t to, uint32_t seen_again, uint32_t late)
{
	(void)send(w, true, TCP_ACK, from, 901, to - from);
	assert_int_equal(w->judged.seen_again, seen_again);
	assert_int_equal(w->judged.late, late);
	assert_int_equal(judged(&w->judged, VERDICT_EXACT_RETRANSMITTED), seen_again > 0);
	assert_int_equal(judged(&w->judged, VERDICT_EXACT_LATE), late > 0 && !seen_again);
}

/* Of the only flow. */
static struct flow_record record(struct world *w)
{
	uint64_t at = 0;
	struct flow *f = flow_next(w->flows, &at);

	assert_non_null(f);
	return record_of(w, f);
}

static void in_order_nothing_is_said(void **state)
{
	struct world *w = world_new(false, 16 << 20);

	(void)state;
	open_at(w, 101);
	for (uint32_t i = 0; i < 50; i++)
		expect(w, 101 + i * 100, 201 + i * 100, 0, 0);
	assert_int_equal(record(w).exact.lost_bytes[0], 0);
	assert_int_equal(flow_stats(w->flows)->blocks_lost, 0);
	world_free(w);
}

/* A hole 201..301 is filled from below, from above, in the middle. */
static void a_hole_is_filled_from_every_side(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct flow_record r;

	(void)state;
	open_at(w, 101);
	expect(w, 101, 201, 0, 0);
	expect(w, 301, 401, 0, 0);
	r = record(w);
	assert_int_equal(r.exact.lost_bytes[0], 100);
	expect(w, 151, 211, 50, 10); /* from below, half of it known */
	expect(w, 291, 311, 10, 10); /* from above */
	expect(w, 241, 251, 0, 10);  /* in the middle: two holes */
	r = record(w);
	assert_int_equal(r.exact.lost_bytes[0], 70);
	expect(w, 201, 301, 30, 70); /* across both */
	expect(w, 201, 301, 100, 0);
	r = record(w);
	assert_int_equal(r.exact.lost_bytes[0], 0);
	assert_int_equal(r.exact.late_bytes[0], 100);
	assert_int_equal(r.exact.late_segments[0], 1);
	assert_int_equal(r.exact.retransmitted_bytes[0], 190);
	assert_int_equal(r.exact.retransmitted_segments[0], 4);
	world_free(w);
}

static void one_segment_fills_several_holes_and_goes_on(void **state)
{
	struct world *w = world_new(false, 16 << 20);

	(void)state;
	open_at(w, 101);
	for (uint32_t i = 0; i < 10; i++)
		expect(w, 201 + i * 200, 301 + i * 200, 0, 0); /* ten of 100, each behind a hole of 100 */
	assert_int_equal(record(w).exact.lost_bytes[0], 1000);
	expect(w, 101, 2501, 1000, 1000); /* and 400 that are new */
	assert_int_equal(record(w).exact.lost_bytes[0], 0);
	expect(w, 2501, 2601, 0, 0);
	world_free(w);
}

static void numbers_wrap(void **state)
{
	struct world *w = world_new(false, 16 << 20);

	(void)state;
	open_at(w, UINT32_MAX - 99);
	expect(w, UINT32_MAX - 99, UINT32_MAX - 49, 0, 0);
	expect(w, 50, 100, 0, 0); /* a hole around 0 */
	assert_int_equal(record(w).exact.lost_bytes[0], 100);
	expect(w, UINT32_MAX - 9, 10, 0, 20);
	expect(w, UINT32_MAX - 69, 60, 50, 80);
	assert_int_equal(record(w).exact.lost_bytes[0], 0);
	world_free(w);
}

/* The capture begins in the middle: what is older than its first byte is late. */
static void in_midstream_older_bytes_are_late(void **state)
{
	struct world *w = world_new(false, 16 << 20);

	(void)state;
	expect(w, 10000, 10100, 0, 0);
	expect(w, 9900, 10000, 0, 100);  /* just before it */
	expect(w, 9000, 9100, 0, 100);   /* 800 bytes are between */
	assert_int_equal(record(w).exact.lost_bytes[0], 800);
	expect(w, 8950, 9950, 150, 850); /* 50 older, 100 known, 800 late, 50 known */
	assert_int_equal(record(w).exact.lost_bytes[0], 0);
	world_free(w);
}

static void before_the_syn_is_nothing(void **state)
{
	struct world *w = world_new(false, 16 << 20);

	(void)state;
	open_at(w, 101);
	expect(w, 101, 201, 0, 0);
	expect(w, 1, 51, 0, 0);
	expect(w, 51, 151, 50, 0); /* the part behind the SYN counts */
	assert_int_equal(record(w).exact.late_bytes[0], 0);
	world_free(w);
}

/* More than any window (RFC 7323 2.3): not of this stream. Less, but more than the window: a second witness. */
static void a_jump_is_no_hole(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	uint32_t far = UINT32_C(1) << 30;

	(void)state;
	open_at(w, 101);
	expect(w, 101, 201, 0, 0);
	expect(w, 201 + far + 1, 301 + far + 1, 0, 0);
	assert_int_equal(record(w).exact.lost_bytes[0], 0);
	expect(w, 201, 301, 0, 0); /* the stream goes on where it was */
	expect(w, 101 + far, 201 + far, 0, 0); /* as far as a window may reach, but none did: anybody's */
	assert_int_equal(record(w).exact.lost_bytes[0], 0);
	expect(w, 201 + far, 301 + far, 0, 0); /* and goes on from there: the capture has missed much */
	assert_int_equal(record(w).exact.lost_bytes[0], far - 200);
	expect(w, 101 + far, 201 + far, 100, 0); /* the first of the two was seen */
	world_free(w);
}

/* A hole that the peer ACKs was missed; one that it does not is lost; a SACK
 * says so of a part. */
static void missed_lost_and_sacked(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct descriptor d = packet(SERVER, 80, CLIENT, 5000, PROTO_TCP);
	struct flow_record r;

	(void)state;
	open_at(w, 101);
	expect(w, 201, 301, 0, 0); /* hole 101..201 */
	expect(w, 401, 501, 0, 0); /* hole 301..401 */
	expect(w, 601, 701, 0, 0); /* hole 501..601 */
	r = record(w);
	assert_int_equal(r.exact.lost_bytes[0], 300);
	assert_int_equal(r.exact.missed_bytes[0], 0);
	ack(w, 151); /* half of the first */
	r = record(w);
	assert_int_equal(r.exact.missed_bytes[0], 50);
	assert_int_equal(r.exact.lost_bytes[0], 250);
	d.flags = TCP_ACK;
	d.window = 60000;
	d.tcp.seq = 901;
	d.tcp.ack = 151;
	d.sacks = 2;
	d.tcp.sack[0][0] = 321;
	d.tcp.sack[0][1] = 341; /* within a hole */
	d.tcp.sack[1][0] = 401;
	d.tcp.sack[1][1] = 551; /* half of the third hole */
	track(w, MS, d);
	r = record(w);
	assert_int_equal(r.exact.missed_bytes[0], 50 + 20 + 50);
	assert_int_equal(r.exact.lost_bytes[0], 50 + 80 + 50);
	expect(w, 321, 331, 0, 10); /* what was SACKed comes late: captured after all */
	r = record(w);
	assert_int_equal(r.exact.missed_bytes[0], 50 + 10 + 50);
	ack(w, 701);
	r = record(w);
	assert_int_equal(r.exact.missed_bytes[0], 290);
	assert_int_equal(r.exact.lost_bytes[0], 0);
	world_free(w);
}

/* ACKed beyond the last byte seen; but one unit more is a FIN that was missed. */
static void acked_beyond_the_end(void **state)
{
	struct world *w = world_new(false, 16 << 20);

	(void)state;
	open_at(w, 101);
	expect(w, 101, 201, 0, 0);
	ack(w, 202);
	assert_int_equal(record(w).exact.missed_bytes[0], 0);
	ack(w, 211);
	assert_int_equal(record(w).exact.missed_bytes[0], 10);
	world_free(w);
}

static void syn_and_fin_are_no_bytes(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct flow_record r;

	(void)state;
	open_at(w, 101);
	expect(w, 101, 201, 0, 0);
	(void)send(w, true, TCP_FIN | TCP_ACK, 201, 901, 0);
	(void)send(w, true, TCP_FIN | TCP_ACK, 201, 901, 0);
	ack(w, 202);
	r = record(w);
	assert_int_equal(r.exact.retransmitted_bytes[0] + r.exact.retransmitted_segments[0], 0);
	assert_int_equal(r.exact.missed_bytes[0] + r.exact.lost_bytes[0], 0);
	world_free(w);
}

/* The FIN was lost on the way; what came behind it is seen first. */
static void a_late_fin_leaves_no_hole(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct flow_record r;

	(void)state;
	open_at(w, 101);
	expect(w, 101, 201, 0, 0);
	(void)send(w, true, TCP_ACK, 202, 901, 0);
	assert_int_equal(record(w).exact.lost_bytes[0], 1);
	(void)send(w, true, TCP_FIN | TCP_ACK, 201, 901, 0);
	ack(w, 202);
	r = record(w);
	assert_int_equal(r.exact.missed_bytes[0] + r.exact.lost_bytes[0] + r.exact.late_bytes[0], 0);
	assert_int_equal(r.exact.retransmitted_segments[0] + r.exact.late_segments[0], 0);
	world_free(w);
}

/* More holes than there is room for: the lowest go, settled and counted; bytes
 * that come for them later are neither new nor old. */
static void the_lowest_holes_are_forgotten(void **state)
{
	enum { HOLES = 1000 };
	struct world *w = world_new(false, 16 << 20);
	uint64_t forgotten;
	struct flow_record r;

	(void)state;
	open_at(w, 101);
	for (uint32_t i = 0; i < HOLES; i++)
		expect(w, 111 + i * 20, 121 + i * 20, 0, 0);
	r = record(w);
	forgotten = r.exact.forgotten_holes[0];
	assert_true(forgotten > HOLES / 2 && forgotten < HOLES);
	assert_int_equal(flow_stats(w->flows)->holes_lost, forgotten);
	assert_int_equal(r.exact.lost_bytes[0], HOLES * 10); /* settled, so still counted */
	expect(w, 101, 111, 0, 0); /* the lowest hole: nobody knows any more */
	expect(w, 111, 121, 0, 0);
	expect(w, 101 + (HOLES - 1) * 20, 121 + (HOLES - 1) * 20, 10, 10); /* the highest is known */
	assert_int_equal(record(w).exact.retransmitted_bytes[0], 10);
	world_free(w);
}

static void backward_no_repeat_is_invented(void **state)
{
	enum { BYTES = 2000 };
	struct world *w = world_new(false, 16 << 20);
	struct flow_record r;

	(void)state;
	open_at(w, 101);
	for (uint32_t i = BYTES; i-- > 0;)
		(void)send(w, true, TCP_ACK, 101 + i * 4, 901, 2);
	r = record(w);
	assert_true(r.exact.forgotten_holes[0] > 0);
	assert_int_equal(r.exact.retransmitted_bytes[0], 0);
	world_free(w);
}

/* A hole is settled before its numbers mean other bytes, 2^32 later. */
static void old_holes_are_settled(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	uint32_t step = UINT32_C(1) << 29, at = 201;
	struct flow_record r;

	(void)state;
	open_at(w, 101);
	expect(w, 201, 301, 0, 0); /* hole 101..201, never filled, never ACKed */
	ack(w, 101);
	at = 301;
	for (unsigned i = 0; i < 12; i++) { /* 6 GB, as few segments as a descriptor can say */
		expect(w, at, at + step, 0, 0);
		at += step;
	}
	r = record(w);
	assert_int_equal(r.exact.lost_bytes[0], 100);
	assert_int_equal(r.exact.retransmitted_bytes[0] + r.exact.late_bytes[0], 0);
	world_free(w);
}

/* Two gigabytes and more: the numbers are before the SYN's, and are not. */
static void a_long_stream_is_told_to_its_end(void **state)
{
	(void)state;
	for (unsigned midstream = 0; midstream < 2; midstream++) {
		struct world *w = world_new(false, 16 << 20);
		uint32_t step = UINT32_C(1) << 29, at = 201;

		if (!midstream)
			open_at(w, 101);
		expect(w, 101, 201, 0, 0);
		for (unsigned i = 0; i < 20; i++, at += step) {
			expect(w, at + 100, at + step, 0, 0);
			expect(w, at, at + 200, 100, 100);
		}
		assert_int_equal(record(w).exact.lost_bytes[0], 0);
		world_free(w);
	}
}

/* What was forgotten lies behind: its numbers, when they come again, are others. */
static void forgotten_numbers_come_round(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	uint32_t step = UINT32_C(1) << 29, at = 101;

	(void)state;
	open_at(w, 101);
	for (uint32_t i = 0; i < 500; i++, at += 20)
		expect(w, at + 10, at + 20, 0, 0);
	assert_true(record(w).exact.forgotten_holes[0] > 0);
	for (unsigned i = 0; i < 12; i++, at += step) {
		expect(w, at, at + step, 0, 0);
		expect(w, at + step - 100, at + step, 100, 0);
	}
	world_free(w);
}

/* ---- against a map of bytes ----------------------------------------------------- */

enum { STREAM = 1 << 16, LENGTH_MAX = 4096, ROUNDS = 200, SEGMENTS = 60 };

struct model {
	bool seen[STREAM], sacked[STREAM];
	uint32_t low, next, acked;
};

static uint32_t seed;

static uint32_t any(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)seed * below >> 32);
}

static void model_segment(struct model *m, uint32_t from, uint32_t to, uint32_t *seen_again, uint32_t *late)
{
	*seen_again = *late = 0;
	for (uint32_t i = from; i < to; i++) {
		if (m->seen[i])
			(*seen_again)++;
		else if (i < m->next)
			(*late)++;
		m->seen[i] = true;
	}
	if (to > m->next)
		m->next = to;
	if (from < m->low)
		m->low = from;
}

static void model_missing(const struct model *m, uint64_t *missed, uint64_t *lost)
{
	*missed = *lost = 0;
	for (uint32_t i = m->low; i < m->next; i++) {
		if (m->seen[i])
			continue;
		if (i < m->acked || m->sacked[i])
			(*missed)++;
		else
			(*lost)++;
	}
	if (m->acked > m->next + 1)
		*missed += m->acked - m->next;
}

/* The server ACKs some of what there is, and SACKs some. */
static void model_ack(struct world *w, struct model *m, uint32_t first)
{
	struct descriptor d = packet(SERVER, 80, CLIENT, 5000, PROTO_TCP);
	uint32_t number = any(m->next + 1);

	d.flags = TCP_ACK;
	d.window = 60000;
	d.tcp.seq = 901;
	d.tcp.ack = first + number;
	d.sacks = (uint8_t)any(4);
	for (unsigned b = 0; b < d.sacks; b++) {
		uint32_t from = any(STREAM - 1), to = from + 1 + any(STREAM - from - 1);

		if (any(2) && to > from + 500)
			to = from + 500;
		d.tcp.sack[b][0] = first + from;
		d.tcp.sack[b][1] = first + to;
		for (uint32_t i = from < m->low ? m->low : from; i < to && i < m->next; i++)
			m->sacked[i] = !m->seen[i];
	}
	if (number > m->acked)
		m->acked = number;
	track(w, MS, d);
}

static void random_segments(unsigned round)
{
	struct model *m = calloc(1, sizeof *m);
	struct world *w = world_new(false, 16 << 20);
	uint32_t first = round % 3 ? UINT32_MAX - any(STREAM) : 101; /* most wrap */
	uint64_t missed, lost;
	struct flow_record r;
	struct flow *f = NULL;

	assert_non_null(m);
	if (round % 2)
		open_at(w, first);
	else
		m->low = m->next = UINT32_MAX; /* in midstream: of the first segment */
	for (unsigned i = 0; i < SEGMENTS; i++) {
		uint32_t from = any(STREAM - 2), most = STREAM - from < LENGTH_MAX ? STREAM - from : LENGTH_MAX;
		uint32_t to = from + 2 + any(most - 1), seen_again, late;

		if (any(4) == 0 && m->next < STREAM - 2) { /* in order, now and then */
			to += m->next - from;
			from = m->next;
		}
		if (to > STREAM)
			to = STREAM;
		if (to < from + 2)
			continue;
		if (m->low == UINT32_MAX)
			m->low = m->next = from;
		model_segment(m, from, to, &seen_again, &late);
		f = send(w, true, TCP_ACK, first + from, 901, to - from);
		if (w->judged.seen_again != seen_again || w->judged.late != late)
			fail_msg("round %u, segment %u, %u..%u: seen again %u not %u, late %u not %u", round, i, from, to,
				 w->judged.seen_again, seen_again, w->judged.late, late);
		if (any(3) == 0 && m->next < STREAM)
			model_ack(w, m, first);
		model_missing(m, &missed, &lost);
		r = record_of(w, f);
		assert_int_equal(r.exact.forgotten_holes[0], 0);
		if (r.exact.missed_bytes[0] != missed || r.exact.lost_bytes[0] != lost)
			fail_msg("round %u, segment %u: missed %u not %u, lost %u not %u", round, i,
				 (unsigned)r.exact.missed_bytes[0], (unsigned)missed, (unsigned)r.exact.lost_bytes[0],
				 (unsigned)lost);
	}
	world_free(w);
	free(m);
}

static void as_a_map_of_bytes_says(void **state)
{
	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		seed = 20260302 + round;
		random_segments(round);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_order_nothing_is_said),
		cmocka_unit_test(a_hole_is_filled_from_every_side),
		cmocka_unit_test(one_segment_fills_several_holes_and_goes_on),
		cmocka_unit_test(numbers_wrap),
		cmocka_unit_test(in_midstream_older_bytes_are_late),
		cmocka_unit_test(before_the_syn_is_nothing),
		cmocka_unit_test(a_jump_is_no_hole),
		cmocka_unit_test(missed_lost_and_sacked),
		cmocka_unit_test(acked_beyond_the_end),
		cmocka_unit_test(syn_and_fin_are_no_bytes),
		cmocka_unit_test(a_late_fin_leaves_no_hole),
		cmocka_unit_test(the_lowest_holes_are_forgotten),
		cmocka_unit_test(backward_no_repeat_is_invented),
		cmocka_unit_test(old_holes_are_settled),
		cmocka_unit_test(a_long_stream_is_told_to_its_end),
		cmocka_unit_test(forgotten_numbers_come_round),
		cmocka_unit_test(as_a_map_of_bytes_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
