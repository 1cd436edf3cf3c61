/* Both ends' states (RFC 9293 3.3.2), by what each packet shows: opens and
 * closes of every kind, and captures that do not have all of it.
 *
 * links: flow facts base
 */
#include "flow_world.h"

enum { MS = CLOCK_MS, A = TCP_ACK, SA = TCP_SYN | TCP_ACK, FA = TCP_FIN | TCP_ACK };

static void an_ordinary_life(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct flow *f;

	(void)state;
	f = tcp(w, 0, true, TCP_SYN, 100, 0, 0);
	assert_ends(w, f, "syn_sent", "-");
	f = tcp(w, MS, false, SA, 900, 101, 0);
	assert_ends(w, f, "syn_sent", "syn_received");
	f = tcp(w, MS, true, A, 101, 901, 0);
	assert_ends(w, f, "established", "established");
	tcp(w, MS, true, A, 101, 901, 50);
	f = tcp(w, MS, false, A, 901, 151, 500);
	assert_ends(w, f, "established", "established");
	f = tcp(w, MS, true, FA, 151, 1401, 0);
	assert_ends(w, f, "fin_wait_1", "established");
	f = tcp(w, MS, false, A, 1401, 152, 0);
	assert_ends(w, f, "fin_wait_2", "close_wait");
	f = tcp(w, MS, false, FA, 1401, 152, 0);
	assert_ends(w, f, "fin_wait_2", "last_ack");
	assert_false(said(w, VERDICT_SIMULTANEOUS_CLOSE));
	f = tcp(w, MS, true, A, 152, 1402, 0);
	assert_ends(w, f, "time_wait", "closed");
	/* The last ACK did not arrive: FIN again, ACK again. */
	f = tcp(w, 200 * MS, false, FA, 1401, 152, 0);
	assert_ends(w, f, "time_wait", "last_ack");
	f = tcp(w, MS, true, A, 152, 1402, 0);
	assert_ends(w, f, "time_wait", "closed");
	world_free(w);
}

static void the_server_closes_first_with_data(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct flow *f;

	(void)state;
	tcp_open(w);
	f = tcp(w, MS, false, FA, 901, 101, 100);
	assert_ends(w, f, "established", "fin_wait_1");
	f = tcp(w, MS, true, A, 101, 1001, 0); /* the data, not the FIN */
	assert_ends(w, f, "established", "fin_wait_1");
	f = tcp(w, MS, true, FA, 101, 1002, 0);
	assert_ends(w, f, "last_ack", "fin_wait_2");
	f = tcp(w, MS, false, A, 1002, 102, 0);
	assert_ends(w, f, "closed", "time_wait");
	world_free(w);
}

static void half_close_is_said_once(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct flow *f;

	(void)state;
	tcp_open(w);
	tcp(w, MS, true, FA, 101, 901, 0);
	tcp(w, MS, false, A, 901, 101, 10); /* on its way before the FIN came */
	assert_false(said(w, VERDICT_HALF_CLOSE));
	f = tcp(w, MS, false, A, 911, 102, 0);
	assert_ends(w, f, "fin_wait_2", "close_wait");
	assert_false(said(w, VERDICT_HALF_CLOSE));
	f = tcp(w, MS, false, A, 911, 102, 10);
	assert_true(said(w, VERDICT_HALF_CLOSE));
	tcp(w, MS, false, A, 921, 102, 10);
	assert_false(said(w, VERDICT_HALF_CLOSE));
	assert_ends(w, f, "fin_wait_2", "close_wait");
	world_free(w);
}

static void both_close_at_once(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct flow *f;

	(void)state;
	tcp_open(w);
	tcp(w, MS, true, FA, 101, 901, 0);
	f = tcp(w, MS, false, FA, 901, 101, 0);
	assert_true(said(w, VERDICT_SIMULTANEOUS_CLOSE));
	assert_ends(w, f, "fin_wait_1", "fin_wait_1");
	f = tcp(w, MS, true, A, 102, 902, 0);
	assert_ends(w, f, "closing", "fin_wait_2");
	f = tcp(w, MS, false, A, 902, 102, 0);
	assert_ends(w, f, "time_wait", "time_wait");
	world_free(w);
}

/* RFC 9293 3.5, figure 7. */
static void both_open_at_once(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct flow *f;

	(void)state;
	tcp(w, 0, true, TCP_SYN, 100, 0, 0);
	f = tcp(w, MS, false, TCP_SYN, 300, 0, 0);
	assert_true(said(w, VERDICT_SIMULTANEOUS_OPEN));
	assert_ends(w, f, "syn_received", "syn_received");
	f = tcp(w, MS, true, SA, 100, 301, 0);
	assert_ends(w, f, "syn_received", "syn_received");
	f = tcp(w, MS, false, SA, 300, 101, 0);
	assert_ends(w, f, "established", "established");
	assert_false(said(w, VERDICT_SYNACK_AFTER_ACK));
	assert_true(record_of(w, f).simultaneous_open);
	f = tcp(w, MS, true, A, 101, 301, 0);
	assert_true(record_of(w, f).complete);
	assert_false(record_of(w, f).split);
	world_free(w);
}

/* SYN, SYN, SYN/ACK of the client, ACK: the server left the ACK out. */
static void split_in_four(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	enum handshake_outcome outcome;
	struct flow_record r;
	struct flow *f;

	(void)state;
	tcp(w, 0, true, TCP_SYN, 100, 0, 0);
	tcp(w, 10 * MS, false, TCP_SYN, 900, 0, 0);
	f = tcp(w, MS, true, SA, 100, 901, 0);
	assert_int_equal(flow_outcome(f), OUTCOME_NONE);
	f = tcp(w, 10 * MS, false, A, 901, 101, 0);
	assert_true(said(w, VERDICT_SPLIT_HANDSHAKE));
	assert_true(w->change & FLOW_HANDSHAKE_DONE);
	assert_ends(w, f, "established", "established");
	assert_true(flow_handshake_report(f, false, &outcome));
	assert_int_equal(outcome, OUTCOME_COMPLETE);
	r = record_of(w, f);
	assert_true(r.split);
	assert_false(r.simultaneous_open);
	assert_int_equal(r.syn_to_synack, 10 * MS);
	assert_int_equal(r.synack_to_ack, MS);
	tcp(w, MS, false, A, 901, 101, 100);
	assert_false(said(w, VERDICT_SPLIT_HANDSHAKE));
	world_free(w);
}

/* SYN, ACK, SYN, SYN/ACK, ACK; the first ACK has the number of the server's SYN, or
 * the one after it. */
static void split_in_five(void **state)
{
	static const uint32_t seq[] = {900, 901};

	(void)state;
	for (unsigned i = 0; i < sizeof seq / sizeof *seq; i++) {
		struct world *w = world_new(false, 16 << 20);
		enum handshake_outcome outcome;
		struct flow *f;

		tcp(w, 0, true, TCP_SYN, 100, 0, 0);
		f = tcp(w, 10 * MS, false, A, seq[i], 101, 0);
		assert_ends(w, f, "syn_sent", "-");
		f = tcp(w, MS, false, TCP_SYN, 900, 0, 0);
		assert_false(w->change & FLOW_NEW);
		assert_true(said(w, VERDICT_SPLIT_HANDSHAKE));
		assert_false(said(w, VERDICT_SIMULTANEOUS_OPEN));
		f = tcp(w, MS, true, SA, 100, 901, 0);
		assert_ends(w, f, "established", "established");
		f = tcp(w, MS, false, A, 901, 101, 0);
		assert_true(flow_handshake_report(f, false, &outcome));
		assert_int_equal(outcome, OUTCOME_COMPLETE);
		assert_int_equal(record_of(w, f).exact.lost_bytes[1], 0);
		assert_int_equal(record_of(w, f).exact.missed_bytes[1], 0);
		world_free(w);
	}
}

/* SYN, ACK, SYN, ACK: the two messages that a SYN/ACK is made of (RFC 793 3.4). */
static void split_in_four_plain(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct flow *f;

	(void)state;
	tcp(w, 0, true, TCP_SYN, 100, 0, 0);
	tcp(w, 10 * MS, false, A, 900, 101, 0);
	tcp(w, MS, false, TCP_SYN, 900, 0, 0);
	f = tcp(w, MS, true, A, 101, 901, 0);
	assert_ends(w, f, "established", "established");
	assert_true(record_of(w, f).complete);
	world_free(w);
}

static void connected_to_itself(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct descriptor d = packet(CLIENT, 5000, CLIENT, 5000, PROTO_TCP);
	struct flow *f;

	(void)state;
	d.flags = TCP_SYN;
	d.tcp.seq = 100;
	f = track(w, 0, d);
	assert_ends(w, f, "syn_sent", "syn_sent");
	d.flags = SA;
	d.tcp.ack = 101;
	f = track(w, MS, d);
	assert_ends(w, f, "established", "established");
	d.flags = A;
	d.tcp.seq = 101;
	f = track(w, MS, d);
	assert_int_equal(flow_outcome(f), OUTCOME_COMPLETE);
	d.flags = FA;
	f = track(w, MS, d);
	assert_ends(w, f, "fin_wait_1", "fin_wait_1");
	d.flags = A;
	d.tcp.seq = d.tcp.ack = 102;
	f = track(w, MS, d);
	assert_ends(w, f, "time_wait", "time_wait");
	assert_false(record_of(w, f).one_sided);
	world_free(w);
}

/* The server did not take the ACK: it says SYN/ACK again, and is where it was. */
static void a_synack_after_the_ack(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct flow *f;

	(void)state;
	tcp(w, 0, true, TCP_SYN, 100, 0, 0);
	tcp(w, MS, false, SA, 900, 101, 0);
	f = tcp(w, CLOCK_S, false, SA, 900, 101, 0);
	assert_false(said(w, VERDICT_SYNACK_AFTER_ACK)); /* no ACK yet: an ordinary repeat */
	f = tcp(w, MS, true, A, 101, 901, 0);
	assert_ends(w, f, "established", "established");
	f = tcp(w, CLOCK_S, false, SA, 900, 101, 0);
	assert_true(said(w, VERDICT_SYNACK_AFTER_ACK));
	assert_ends(w, f, "established", "syn_received");
	f = tcp(w, MS, true, A, 101, 901, 0);
	assert_false(said(w, VERDICT_CHALLENGE_ACK));
	assert_ends(w, f, "established", "established");
	world_free(w);
}

static void half_open_stays_so(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct flow *f;

	(void)state;
	tcp(w, 0, true, TCP_SYN, 100, 0, 0);
	tcp(w, MS, false, SA, 900, 101, 0);
	f = tcp(w, CLOCK_S, false, SA, 900, 101, 0);
	assert_ends(w, f, "syn_sent", "syn_received");
	f = tcp(w, MS, true, A, 101, 5000, 0); /* an ACK of what was never sent */
	assert_ends(w, f, "syn_sent", "syn_received");
	world_free(w);
}

static void begun_in_the_middle(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct flow *f;

	(void)state;
	f = tcp(w, 0, true, A, 5000, 7000, 100);
	assert_ends(w, f, "established", "-");
	f = tcp(w, MS, false, A, 7000, 5100, 0);
	assert_ends(w, f, "established", "established");
	f = tcp(w, MS, false, FA, 7000, 5100, 0);
	f = tcp(w, MS, true, A, 5100, 7001, 0);
	assert_ends(w, f, "close_wait", "fin_wait_2");
	world_free(w);
}

/* The SYN/ACK was not captured. */
static void the_synack_is_missing(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct flow *f;

	(void)state;
	tcp(w, 0, true, TCP_SYN, 100, 0, 0);
	f = tcp(w, MS, true, A, 101, 901, 0);
	assert_ends(w, f, "established", "-");
	f = tcp(w, MS, false, A, 901, 101, 30);
	assert_ends(w, f, "established", "established");
	world_free(w);
}

/* Only the client's side: said once, and nothing of it is called lost. */
static void one_direction_only(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct flow_record r;
	struct flow *f;
	unsigned times = 0;

	(void)state;
	tcp(w, 0, true, TCP_SYN, 100, 0, 0);
	tcp(w, MS, true, A, 101, 901, 0);
	for (uint32_t i = 0; i < 6; i++) {
		f = tcp(w, MS, true, A, 101 + i * 200, 901 + i * 50, 100); /* with holes of 100 */
		times += said(w, VERDICT_ONE_SIDED);
	}
	assert_int_equal(times, 1);
	assert_ends(w, f, "established", "-");
	r = record_of(w, f);
	assert_true(record_has(&r, RECORD_ONE_SIDED) && r.one_sided);
	assert_true(r.exact.lost_bytes[0] == PAIR_UNKNOWN);
	world_free(w);
}

/* A SYN that nobody answers, a probe to a dead peer: two sides, one of them silent. */
static void silence_is_not_one_sided(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct flow *f = NULL;
	struct flow_record r;

	(void)state;
	for (unsigned i = 0; i < 6; i++)
		f = tcp(w, CLOCK_S, true, TCP_SYN, 100, 0, 0);
	assert_false(record_of(w, f).one_sided);
	world_free(w);
	w = world_new(false, 16 << 20);
	for (unsigned i = 0; i < 6; i++)
		f = tcp(w, CLOCK_S, true, A, 99, 901, 0);
	r = record_of(w, f);
	assert_false(record_has(&r, RECORD_ONE_SIDED));
	world_free(w);
}

/* Row 22: what stood on the first number does not count against the second. */
static void a_synack_with_another_number(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct flow_record r;
	struct flow *f;

	(void)state;
	tcp(w, 0, true, TCP_SYN, 100, 0, 0);
	tcp(w, MS, false, SA, 900, 101, 0);
	tcp(w, MS, false, SA, 3000000000u, 101, 0);
	tcp(w, MS, true, A, 101, 3000000001u, 0);
	assert_false(said(w, VERDICT_OUT_OF_WINDOW));
	f = tcp(w, MS, false, A, 3000000001u, 101, 10);
	assert_false(said(w, VERDICT_OUT_OF_WINDOW));
	assert_ends(w, f, "established", "established");
	r = record_of(w, f);
	assert_int_equal(r.exact.lost_bytes[1] + r.exact.missed_bytes[1], 0);
	world_free(w);
}

static uint32_t any(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

/* Segments without any sense: whatever is said of them agrees with what they are. */
static void any_segments(void **state)
{
	static const uint16_t flags[] = {TCP_SYN, SA, A, A, A, FA, TCP_RST, TCP_RST | A, TCP_FIN, 0, SA | TCP_ECE,
					 TCP_SYN | TCP_ECE | TCP_CWR | TCP_AE, A | TCP_CWR, TCP_SYN | TCP_FIN, 0x1ff};
	const uint64_t kinds = verdict_bit(VERDICT_RST_REFUSED) | verdict_bit(VERDICT_RST_HANDSHAKE) |
			       verdict_bit(VERDICT_RST_ABORT) | verdict_bit(VERDICT_RST_LATE) |
			       verdict_bit(VERDICT_RST_UNACCEPTABLE);
	struct world *w = world_new(false, 4 << 20);
	uint32_t seed = 7;

	(void)state;
	for (unsigned i = 0; i < 60000; i++) {
		bool c = any(&seed) & 1, far = any(&seed) % 50 == 0;
		struct descriptor d = segment(c, flags[any(&seed) % (sizeof flags / sizeof *flags)],
					      far ? any(&seed) << 8 : any(&seed) % 6 * 100,
					      far ? any(&seed) << 8 : any(&seed) % 6 * 100,
					      any(&seed) % 3 * 100);
		struct flow_record r;
		struct flow *f;
		uint64_t rst;

		d.tuple.from_port = d.tuple.from_port == 80 ? 80 : (uint16_t)(5000 + i / 40 % 3);
		d.tuple.to_port = d.tuple.to_port == 80 ? 80 : d.tuple.from_port == 80 ? (uint16_t)(5000 + i / 40 % 3) : 80;
		if (any(&seed) % 40 == 0) { /* and a socket that speaks to itself */
			d.tuple.to = d.tuple.from;
			d.tuple.to_port = d.tuple.from_port;
		}
		if (any(&seed) % 4 == 0)
			d.options |= TCP_HAS_FAST_OPEN | TCP_HAS_TIMESTAMPS;
		d.tcp.tsval = any(&seed) % 4;
		d.ecn = any(&seed) & 3;
		d.ttl = any(&seed) % 8 ? 64 : 255;
		f = track(w, MS, d);
		rst = w->judged.verdicts & kinds;
		assert_true((rst & (rst - 1)) == 0); /* one kind */
		assert_true(!rst || d.flags & TCP_RST);
		assert_true(!said(w, VERDICT_CHALLENGE_ACK) ||
			    (d.payload_len == 0 && (d.flags & (TCP_SYN | TCP_FIN | TCP_RST | A)) == A));
		assert_true(!said(w, VERDICT_ECN_CE) || d.ecn == 3);
		assert_true(!said(w, VERDICT_PAWS_OLD) || d.options & TCP_HAS_TIMESTAMPS);
		r = record_of(w, f);
		if (said(w, VERDICT_RST_REFUSED))
			assert_ends(w, f, "closed", "closed");
		if (record_has(&r, RECORD_ONE_SIDED))
			assert_true(r.packets[0] == 0 || r.packets[1] == 0);
		assert_true(r.exact.lost_bytes[0] == PAIR_UNKNOWN || r.exact.lost_bytes[0] < UINT32_MAX);
	}
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_ordinary_life),
		cmocka_unit_test(the_server_closes_first_with_data),
		cmocka_unit_test(half_close_is_said_once),
		cmocka_unit_test(both_close_at_once),
		cmocka_unit_test(both_open_at_once),
		cmocka_unit_test(split_in_four),
		cmocka_unit_test(split_in_five),
		cmocka_unit_test(split_in_four_plain),
		cmocka_unit_test(connected_to_itself),
		cmocka_unit_test(a_synack_after_the_ack),
		cmocka_unit_test(half_open_stays_so),
		cmocka_unit_test(begun_in_the_middle),
		cmocka_unit_test(the_synack_is_missing),
		cmocka_unit_test(one_direction_only),
		cmocka_unit_test(silence_is_not_one_sided),
		cmocka_unit_test(a_synack_with_another_number),
		cmocka_unit_test(any_segments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
