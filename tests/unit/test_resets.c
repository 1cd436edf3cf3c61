/* Resets and what else does not fit: which were taken, which provoke an answer,
 * and that a stranger's closes nothing (RFC 9293 3.10.7, RFC 5961, RFC 7323 5).
 *
 * links: flow facts base
 */
#include "flow_world.h"

enum { MS = CLOCK_MS, A = TCP_ACK, SA = TCP_SYN | TCP_ACK, FA = TCP_FIN | TCP_ACK, RA = TCP_RST | TCP_ACK };

static const uint64_t resets = UINT64_C(1) << VERDICT_RST_REFUSED | UINT64_C(1) << VERDICT_RST_HANDSHAKE |
			       UINT64_C(1) << VERDICT_RST_ABORT | UINT64_C(1) << VERDICT_RST_LATE |
			       UINT64_C(1) << VERDICT_RST_UNACCEPTABLE;

static void assert_kind(const struct world *w, enum verdict v)
{
	assert_true((w->judged.verdicts & resets) == verdict_bit(v));
}

static void refused(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct flow *f;

	(void)state;
	tcp(w, 0, true, TCP_SYN, 100, 0, 0);
	f = tcp(w, MS, false, RA, 0, 101, 0);
	assert_kind(w, VERDICT_RST_REFUSED);
	assert_ends(w, f, "closed", "closed");
	assert_int_equal(flow_outcome(f), OUTCOME_REFUSED);
	world_free(w);
}

/* RFC 9293 3.10.7.3: in SYN-SENT only the ACK of the SYN counts. The record's
 * `state` is of any RST; the handshake goes on, and completes. */
static void a_blind_reset_refuses_nobody(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	enum handshake_outcome outcome;
	struct flow *f;

	(void)state;
	tcp(w, 0, true, TCP_SYN, 100, 0, 0);
	f = tcp(w, MS, false, RA, 0, 5000, 0);
	assert_kind(w, VERDICT_RST_UNACCEPTABLE);
	assert_false(w->change & FLOW_HANDSHAKE_DONE);
	assert_ends(w, f, "syn_sent", "-");
	f = tcp(w, MS, false, TCP_RST, 77, 0, 0);
	assert_kind(w, VERDICT_RST_UNACCEPTABLE);
	assert_string_equal(record_of(w, f).state, "refused");
	assert_int_equal(flow_outcome(f), OUTCOME_UNANSWERED);
	tcp(w, MS, false, SA, 900, 101, 0);
	f = tcp(w, MS, true, A, 101, 901, 0);
	assert_true(flow_handshake_report(f, false, &outcome));
	assert_int_equal(outcome, OUTCOME_COMPLETE);
	assert_ends(w, f, "established", "established");
	world_free(w);
}

static void before_it_was_open(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct flow *f;

	(void)state;
	tcp(w, 0, true, TCP_SYN, 100, 0, 0);
	f = tcp(w, MS, true, TCP_RST, 101, 0, 0); /* it gave up */
	assert_kind(w, VERDICT_RST_HANDSHAKE);
	assert_ends(w, f, "closed", "-");
	tcp(w, CLOCK_S, true, TCP_SYN, 7000, 0, 0);
	tcp(w, MS, false, SA, 900, 7001, 0);
	f = tcp(w, MS, true, TCP_RST, 7001, 0, 0); /* a scan: the listener listens again */
	assert_kind(w, VERDICT_RST_HANDSHAKE);
	assert_ends(w, f, "closed", "listen");
	assert_int_equal(flow_outcome(f), OUTCOME_RESET);
	world_free(w);
}

static void an_abort(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct flow *f;

	(void)state;
	tcp_open(w);
	tcp(w, MS, true, A, 101, 901, 300);
	f = tcp(w, MS, false, RA, 901, 401, 0);
	assert_kind(w, VERDICT_RST_ABORT);
	assert_false(said(w, VERDICT_RST_OTHER_TTL));
	assert_ends(w, f, "closed", "closed");
	/* What was on its way is answered as well, each with its own ACK's number. */
	tcp(w, MS, true, A, 401, 901, 300);
	f = tcp(w, MS, false, TCP_RST, 901, 0, 0);
	assert_kind(w, VERDICT_RST_LATE);
	assert_ends(w, f, "closed", "closed");
	world_free(w);
}

/* It closed; the other end sent on, and is told. */
static void late_data_after_the_close(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct flow *f;

	(void)state;
	tcp_open(w);
	tcp(w, MS, true, FA, 101, 901, 0);
	tcp(w, MS, false, A, 901, 102, 0);
	tcp(w, MS, false, A, 901, 102, 500);
	f = tcp(w, MS, true, TCP_RST, 102, 0, 0);
	assert_kind(w, VERDICT_RST_LATE);
	assert_ends(w, f, "closed", "closed");
	world_free(w);
}

/* In the window but not at its edge: not taken, answered, and nothing has ended. */
static void a_blind_reset(void **state)
{
	struct world *w = world_new(true, 16 << 20);
	struct descriptor d = segment(false, TCP_RST, 2000, 0, 0);
	struct flow *f;

	(void)state;
	tcp_open(w);
	tcp(w, MS, true, A, 101, 901, 300);
	tcp(w, MS, false, A, 901, 401, 0);
	d.ttl = 120;
	f = track(w, MS, d);
	assert_kind(w, VERDICT_RST_UNACCEPTABLE);
	assert_true(said(w, VERDICT_RST_OTHER_TTL));
	assert_ends(w, f, "established", "established");
	assert_string_equal(record_of(w, f).state, "reset");
	tcp(w, MS, true, A, 401, 901, 0);
	assert_true(said(w, VERDICT_CHALLENGE_ACK));
	tcp(w, MS, true, A, 401, 901, 0);
	assert_false(said(w, VERDICT_CHALLENGE_ACK)); /* once per provocation */
	/* A closed flow's record is told after 2 s; this one lives an hour. */
	flow_expire(w->flows, w->now_ns + 600 * CLOCK_S);
	assert_int_equal(w->told, 0);
	f = tcp(w, 601 * CLOCK_S, true, A, 401, 901, 100);
	assert_int_equal(record_of(w, f).packets[0], 6);
	f = tcp(w, MS, false, RA, 901, 501, 0); /* and a true one ends it */
	assert_kind(w, VERDICT_RST_ABORT);
	assert_ends(w, f, "closed", "closed");
	flow_expire(w->flows, w->now_ns + 5 * CLOCK_S);
	assert_int_equal(w->told, 1);
	world_free(w);
}

/* Between the last ACK and the end of what was sent, any place may be the next
 * number: not all that was seen has arrived yet. */
static void in_flight_fits(void **state)
{
	struct world *w = world_new(false, 16 << 20);

	(void)state;
	tcp_open(w);
	tcp(w, MS, true, A, 101, 901, 300);
	tcp(w, MS, true, A, 401, 901, 300);
	tcp(w, MS, true, RA, 701, 901, 0);
	assert_kind(w, VERDICT_RST_ABORT);
	world_free(w);
	w = world_new(false, 16 << 20);
	tcp_open(w);
	tcp(w, MS, true, A, 101, 901, 300);
	tcp(w, MS, true, RA, 702, 901, 0);
	assert_kind(w, VERDICT_RST_UNACCEPTABLE);
	world_free(w);
}

/* The capture has one direction: its own numbers are all there is to hold against it. */
static void with_one_side_unseen(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct flow *f;

	(void)state;
	tcp(w, 0, true, A, 5000, 900, 100);
	f = tcp(w, MS, false, TCP_RST, 900, 0, 0); /* what the server sent was never seen */
	assert_kind(w, VERDICT_RST_ABORT);
	assert_ends(w, f, "closed", "closed");
	world_free(w);
}

static void the_first_of_a_flow(void **state)
{
	struct world *w = world_new(false, 16 << 20);

	(void)state;
	tcp(w, 0, false, RA, 0, 101, 0); /* backscatter: of what is not known */
	assert_true((w->judged.verdicts & resets) == 0);
	world_free(w);
}

static void a_syn_on_an_open_connection(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct flow *f;

	(void)state;
	/* The same number: a duplicate of long ago. */
	tcp_open(w);
	f = tcp(w, CLOCK_S, true, TCP_SYN, 100, 0, 0);
	assert_true(said(w, VERDICT_SYN_ON_ESTABLISHED));
	assert_ends(w, f, "established", "established");
	tcp(w, MS, false, A, 901, 101, 0);
	assert_true(said(w, VERDICT_CHALLENGE_ACK));
	/* Another number: a client that has lost its memory, a flow of its own. */
	f = tcp(w, CLOCK_S, true, TCP_SYN, 60000, 0, 0);
	assert_true(w->change & FLOW_REUSED);
	assert_true(said(w, VERDICT_SYN_ON_ESTABLISHED));
	f = tcp(w, MS, false, A, 901, 101, 0);
	assert_true(said(w, VERDICT_CHALLENGE_ACK));
	assert_ends(w, f, "syn_sent", "established");
	f = tcp(w, MS, true, TCP_RST, 101, 0, 0); /* RFC 9293 3.5.1: the old one is reset */
	assert_kind(w, VERDICT_RST_LATE);
	assert_ends(w, f, "closed", "closed");
	world_free(w);
}

static void a_syn_after_the_close(void **state)
{
	struct world *w = world_new(false, 16 << 20);

	(void)state;
	tcp_open(w);
	tcp(w, MS, true, FA, 101, 901, 0);
	tcp(w, MS, false, FA, 901, 102, 0);
	tcp(w, MS, true, A, 102, 902, 0);
	tcp(w, CLOCK_S, true, TCP_SYN, 60000, 0, 0);
	assert_true(said(w, VERDICT_REUSED));
	assert_false(said(w, VERDICT_SYN_ON_ESTABLISHED));
	world_free(w);
}

/* Row 1: 1.5 GiB ahead, and an ACK of what is a gigabyte away. */
static void out_of_any_window(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct flow *f;

	(void)state;
	tcp_open(w);
	tcp(w, MS, true, A, 101 + 0x60000000u, 901, 100);
	assert_true(said(w, VERDICT_OUT_OF_WINDOW));
	tcp(w, MS, false, A, 901, 101, 0);
	assert_true(said(w, VERDICT_CHALLENGE_ACK));
	tcp(w, MS, true, FA, 101, 901 + 0x50000000u, 0);
	assert_true(said(w, VERDICT_OUT_OF_WINDOW));
	f = tcp(w, MS, true, A, 101, 901, 100);
	assert_false(said(w, VERDICT_OUT_OF_WINDOW));
	assert_ends(w, f, "established", "established");
	world_free(w);
}

static struct flow *stamped(struct world *w, bool c, uint32_t seq, uint32_t ack, uint32_t len, uint32_t tsval)
{
	struct descriptor d = segment(c, A, seq, ack, len);

	d.options = TCP_HAS_TIMESTAMPS;
	d.tcp.tsval = tsval;
	return track(w, MS, d);
}

static void an_old_stamp(void **state)
{
	struct world *w = world_new(false, 16 << 20);

	(void)state;
	tcp_open(w);
	stamped(w, true, 101, 901, 100, 0xfffffff0u);
	stamped(w, false, 901, 201, 0, 5);
	stamped(w, true, 201, 901, 100, 10); /* wrapped: newer */
	assert_false(said(w, VERDICT_PAWS_OLD));
	stamped(w, false, 901, 301, 0, 6);
	stamped(w, true, 101, 901, 100, 0xfffffff0u);
	assert_true(said(w, VERDICT_PAWS_OLD));
	stamped(w, true, 301, 901, 0, 9); /* a late ACK: nothing is lost by it */
	assert_false(said(w, VERDICT_PAWS_OLD));
	stamped(w, true, 301, 901, 50, 10); /* the same clock tick */
	assert_false(said(w, VERDICT_PAWS_OLD));
	world_free(w);
}

/* Reordered segments have older stamps than those that overtook them, but the
 * receiver remembers only what came in order (RFC 7323 4.3). */
static void reordered_is_not_old(void **state)
{
	struct world *w = world_new(false, 16 << 20);

	(void)state;
	tcp_open(w);
	stamped(w, true, 201, 901, 100, 11);
	stamped(w, true, 101, 901, 100, 10);
	assert_false(said(w, VERDICT_PAWS_OLD));
	world_free(w);
}

/* RFC 7323 5.5: after 24 days nothing is compared. */
static void a_stamp_is_forgotten(void **state)
{
	struct world *w = world_new(false, 16 << 20);

	(void)state;
	tcp_open(w);
	stamped(w, true, 101, 901, 100, 1000);
	stamped(w, false, 901, 201, 0, 5);
	stamped(w, true, 201, 901, 100, 1001);
	w->now_ns += 25 * INT64_C(86400) * CLOCK_S;
	stamped(w, true, 301, 901, 100, 500);
	assert_false(said(w, VERDICT_PAWS_OLD));
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refused),
		cmocka_unit_test(a_blind_reset_refuses_nobody),
		cmocka_unit_test(before_it_was_open),
		cmocka_unit_test(an_abort),
		cmocka_unit_test(late_data_after_the_close),
		cmocka_unit_test(a_blind_reset),
		cmocka_unit_test(in_flight_fits),
		cmocka_unit_test(with_one_side_unseen),
		cmocka_unit_test(the_first_of_a_flow),
		cmocka_unit_test(a_syn_on_an_open_connection),
		cmocka_unit_test(a_syn_after_the_close),
		cmocka_unit_test(out_of_any_window),
		cmocka_unit_test(an_old_stamp),
		cmocka_unit_test(reordered_is_not_old),
		cmocka_unit_test(a_stamp_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
