/* Fast open (RFC 7413): what the client asks, what the server takes, and the
 * numbers of data that is in a SYN.
 *
 * links: flow facts base
 */
#include "flow_world.h"

enum { MS = CLOCK_MS, A = TCP_ACK, SA = TCP_SYN | TCP_ACK };

static struct flow *fast(struct world *w, bool c, uint16_t flags, uint32_t seq, uint32_t ack, uint32_t len, uint8_t cookie)
{
	struct descriptor d = segment(c, flags, seq, ack, len);

	d.options |= TCP_HAS_FAST_OPEN;
	d.tcp.syn.fast_open_len = cookie;
	return track(w, MS, d);
}

static const char *word(struct world *w, const struct flow *f)
{
	struct flow_record r = record_of(w, f);

	return record_has(&r, RECORD_HS_FAST_OPEN) ? r.fast_open : "-";
}

static void asked_and_given(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct flow *f;

	(void)state;
	f = fast(w, true, TCP_SYN, 100, 0, 0, 0);
	assert_true(said(w, VERDICT_FAST_OPEN_REQUEST));
	assert_string_equal(word(w, f), "requested");
	f = fast(w, false, SA, 900, 101, 0, 8);
	assert_true(said(w, VERDICT_FAST_OPEN_COOKIE));
	assert_false(said(w, VERDICT_FAST_OPEN_IGNORED)); /* there was no data to ignore */
	assert_string_equal(word(w, f), "cookie_given");
	world_free(w);
}

static void not_asked(void **state)
{
	struct world *w = world_new(false, 16 << 20);

	(void)state;
	assert_string_equal(word(w, tcp_open(w)), "-");
	world_free(w);
}

static void taken(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct flow_record r;
	struct flow *f;

	(void)state;
	fast(w, true, TCP_SYN, 100, 0, 300, 8);
	assert_true(said(w, VERDICT_FAST_OPEN_DATA));
	assert_false(said(w, VERDICT_FAST_OPEN_REQUEST));
	f = tcp(w, MS, false, SA, 900, 401, 0);
	assert_true(said(w, VERDICT_FAST_OPEN_ACCEPTED));
	assert_string_equal(word(w, f), "accepted");
	f = tcp(w, MS, false, A, 901, 401, 50); /* before the client's ACK, as it may */
	assert_ends(w, f, "syn_sent", "syn_received");
	f = tcp(w, MS, true, A, 401, 951, 0);
	assert_ends(w, f, "established", "established");
	tcp(w, MS, true, A, 401, 951, 100);
	r = record_of(w, f);
	assert_true(r.complete);
	assert_true(record_has(&r, RECORD_HS_SYNACK_TO_ACK)); /* it ACKs more than the SYN */
	assert_int_equal(r.synack_to_ack, 2 * MS);
	assert_int_equal(r.bytes[0], 400);
	assert_int_equal(r.exact.retransmitted_bytes[0] + r.exact.missed_bytes[0] + r.exact.lost_bytes[0], 0);
	world_free(w);
}

/* The data is sent again, as if for the first time: no repeat. */
static void ignored(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct flow_record r;
	struct flow *f;

	(void)state;
	fast(w, true, TCP_SYN, 100, 0, 300, 8);
	f = tcp(w, MS, false, SA, 900, 101, 0);
	assert_true(said(w, VERDICT_FAST_OPEN_IGNORED));
	assert_string_equal(word(w, f), "ignored");
	tcp(w, MS, true, A, 101, 901, 0);
	f = tcp(w, MS, true, A, 101, 901, 300);
	r = record_of(w, f);
	assert_int_equal(r.exact.retransmitted_segments[0], 0);
	assert_int_equal(r.bytes[0], 600);
	f = tcp(w, 200 * MS, true, A, 101, 901, 300); /* this is one */
	assert_int_equal(record_of(w, f).exact.retransmitted_bytes[0], 300);
	world_free(w);
}

static void partly_taken(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct flow *f;

	(void)state;
	fast(w, true, TCP_SYN, 100, 0, 300, 8);
	f = tcp(w, MS, false, SA, 900, 201, 0);
	assert_string_equal(word(w, f), "accepted");
	tcp(w, MS, true, A, 201, 901, 200);
	assert_int_equal(record_of(w, f).exact.retransmitted_bytes[0], 0);
	world_free(w);
}

/* A SYN/ACK that ACKs what was never sent takes nothing. */
static void a_wrong_ack(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct flow *f;

	(void)state;
	fast(w, true, TCP_SYN, 100, 0, 300, 8);
	f = tcp(w, MS, false, SA, 900, 5000, 0);
	assert_false(said(w, VERDICT_FAST_OPEN_ACCEPTED));
	assert_string_equal(word(w, f), "requested");
	world_free(w);
}

/* A SYN that is sent again is a SYN again, not data (its repeat is counted there). */
static void the_syn_is_sent_again(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct flow_record r;
	struct flow *f;

	(void)state;
	fast(w, true, TCP_SYN, 100, 0, 300, 8);
	w->now_ns += CLOCK_S;
	fast(w, true, TCP_SYN, 100, 0, 300, 8);
	w->now_ns += CLOCK_S;
	tcp(w, 0, true, TCP_SYN, 100, 0, 0); /* and at last without (RFC 7413 4.1.3) */
	f = tcp(w, MS, false, SA, 900, 101, 0);
	r = record_of(w, f);
	assert_int_equal(r.syn_retransmits, 2);
	assert_int_equal(r.exact.retransmitted_segments[0], 0);
	assert_string_equal(word(w, f), "ignored");
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asked_and_given),
		cmocka_unit_test(not_asked),
		cmocka_unit_test(taken),
		cmocka_unit_test(ignored),
		cmocka_unit_test(partly_taken),
		cmocka_unit_test(a_wrong_ack),
		cmocka_unit_test(the_syn_is_sent_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
