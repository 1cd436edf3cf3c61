/* Flows from descriptors made by hand: what a record says after each story.
 *
 * links: flow facts base
 */
#include "flow_world.h"

static void handshake_times_and_options(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct flow *f;
	struct flow_record r;
	enum handshake_outcome outcome;

	(void)state;
	tcp(w, 0, true, TCP_SYN, 100, 0, 0);
	assert_int_equal(w->change, FLOW_NEW);
	tcp(w, CLOCK_S, true, TCP_SYN, 100, 0, 0);
	f = tcp(w, 30 * CLOCK_MS, false, TCP_SYN | TCP_ACK, 900, 101, 0);
	assert_int_equal(w->side, 1);
	assert_false(flow_handshake_report(f, false, &outcome));
	f = tcp(w, 2 * CLOCK_MS, true, TCP_ACK, 101, 901, 0);
	assert_true(w->change & FLOW_HANDSHAKE_DONE);
	assert_true(flow_handshake_report(f, false, &outcome));
	assert_int_equal(outcome, OUTCOME_COMPLETE);
	assert_false(flow_handshake_report(f, true, &outcome));
	r = record_of(w, f);
	assert_true(r.complete);
	assert_int_equal(r.syn_to_synack, 1030 * CLOCK_MS);
	assert_int_equal(r.last_syn_to_synack, 30 * CLOCK_MS);
	assert_int_equal(r.synack_to_ack, 2 * CLOCK_MS);
	assert_int_equal(r.first_syn_to_ack, 1032 * CLOCK_MS);
	assert_int_equal(r.rtt, 32 * CLOCK_MS);
	assert_int_equal(r.syn_retransmits, 1);
	assert_int_equal(r.options[0].mss, 1460);
	assert_int_equal(r.options[1].wscale, 9);
	assert_false(r.options[0].sack_permitted);
	assert_true(r.options[1].timestamps);
	assert_string_equal(r.state, "established");
	assert_string_equal(r.orientation, "syn");
	assert_int_equal(r.client.port, 5000);
	assert_int_equal(r.syns, 2);
	assert_int_equal(r.syn_ns[1] - r.syn_ns[0], CLOCK_S);
	world_free(w);
}

static void refused_reset_and_half_open(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	enum handshake_outcome outcome;
	struct flow *f;

	(void)state;
	tcp(w, 0, true, TCP_SYN, 100, 0, 0);
	f = tcp(w, 1000, false, TCP_RST | TCP_ACK, 0, 101, 0);
	assert_true(flow_handshake_report(f, false, &outcome));
	assert_int_equal(outcome, OUTCOME_REFUSED);
	assert_string_equal(record_of(w, f).state, "refused");

	/* Another SYN on the tuple is another flow; this one is reset after SYN/ACK. */
	tcp(w, CLOCK_S, true, TCP_SYN, 5000, 0, 0);
	assert_true(w->change & FLOW_REUSED);
	assert_int_equal(w->n_ended, 1);
	tcp(w, 1000, false, TCP_SYN | TCP_ACK, 70, 5001, 0);
	f = tcp(w, 1000, true, TCP_RST, 5001, 0, 0);
	assert_true(flow_handshake_report(f, false, &outcome));
	assert_int_equal(outcome, OUTCOME_RESET);
	assert_true(record_of(w, f).reused);

	tcp(w, CLOCK_S, true, TCP_SYN, 9000, 0, 0);
	f = tcp(w, 1000, false, TCP_SYN | TCP_ACK, 80, 9001, 0);
	assert_int_equal(record_of(w, f).last_syn_to_synack, 1000);
	f = tcp(w, CLOCK_S, false, TCP_SYN | TCP_ACK, 80, 9001, 0);
	assert_false(flow_handshake_report(f, false, &outcome));
	assert_true(flow_handshake_report(f, true, &outcome));
	assert_int_equal(outcome, OUTCOME_HALF_OPEN);
	assert_int_equal(record_of(w, f).synack_retransmits, 1);
	assert_string_equal(record_of(w, f).state, "syn_received");
	world_free(w);
}

static void same_flow_whatever_comes_first(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct flow_record r;
	struct flow *f;

	(void)state;
	f = tcp(w, 0, false, TCP_SYN | TCP_ACK, 900, 101, 0);
	r = record_of(w, f);
	assert_string_equal(r.orientation, "synack");
	assert_int_equal(r.client.port, 5000);
	assert_false(r.syn);
	assert_false(r.complete);
	f = tcp(w, 100, true, TCP_SYN, 100, 0, 0);
	r = record_of(w, f);
	assert_string_equal(r.orientation, "syn");
	assert_int_equal(r.packets[0], 1);
	assert_int_equal(r.packets[1], 1);

	/* Mid-stream: the first sender is taken for the client. */
	struct descriptor d = packet(SERVER, 443, CLIENT, 6000, PROTO_TCP);
	d.flags = TCP_ACK;
	d.payload_len = 10;
	f = track(w, 100, d);
	r = record_of(w, f);
	assert_string_equal(r.state, "midstream");
	assert_string_equal(r.orientation, "first_packet");
	assert_int_equal(r.client.port, 443);
	assert_true(r.open);
	world_free(w);
}

static void simultaneous_open_is_one_flow(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct flow_record r;
	struct flow *f;

	(void)state;
	tcp(w, 0, true, TCP_SYN, 100, 0, 0);
	tcp(w, 100, false, TCP_SYN, 700, 0, 0);
	tcp(w, 100, true, TCP_SYN | TCP_ACK, 100, 701, 0);
	tcp(w, 100, false, TCP_SYN | TCP_ACK, 700, 101, 0);
	f = tcp(w, 100, true, TCP_ACK, 101, 701, 0);
	r = record_of(w, f);
	assert_true(r.simultaneous_open);
	assert_false(r.reused);
	assert_true(r.complete);
	assert_int_equal(w->told, 0);
	world_free(w);
}

static void sequence_numbers_wrap(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct flow_record r;
	struct flow *f;

	(void)state;
	tcp(w, 0, true, TCP_SYN, UINT32_MAX, 0, 0);
	tcp(w, 100, false, TCP_SYN | TCP_ACK, UINT32_MAX - 1, 0, 0);
	f = tcp(w, 100, true, TCP_ACK, 0, UINT32_MAX, 0);
	assert_true(record_of(w, f).complete);
	tcp(w, 100, true, TCP_ACK, 0, UINT32_MAX, 1000);
	tcp(w, 100, true, TCP_FIN | TCP_ACK, 1000, UINT32_MAX, 0);
	f = tcp(w, 100, false, TCP_FIN | TCP_ACK, UINT32_MAX, 1001, 0);
	r = record_of(w, f);
	assert_string_equal(r.state, "closed");
	assert_string_equal(r.closed_by, "client");
	assert_int_equal(r.bytes[0], 1000);
	assert_int_equal(r.fin[0], 1);
	assert_int_equal(r.fin[1], 1);
	world_free(w);
}

static void icmp_error_belongs_to_the_flow_it_quotes(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct descriptor d = packet(0x0a0000fe, 0, CLIENT, 0, PROTO_ICMP), syn;
	enum handshake_outcome outcome;
	struct flow_record r;
	struct flow *f;
	uint32_t change;

	(void)state;
	tcp(w, 0, true, TCP_SYN, 100, 0, 0);
	syn = packet(CLIENT, 5000, SERVER, 80, PROTO_TCP);
	d.icmp.quoted = syn.tuple;
	d.icmp.type = 3;
	d.icmp.code = 4; /* packet too big: ends nothing */
	d.icmp.about = ICMP_IS_ERROR | ICMP_QUOTES_SEQ;
	d.icmp.quoted_seq = 100;
	f = flow_quote(w->flows, &d, &change);
	assert_non_null(f);
	assert_int_equal(change, 0);
	r = record_of(w, f);
	assert_false(record_has(&r, RECORD_ICMP_ERROR_TYPE));
	d.icmp.code = 1;
	f = flow_quote(w->flows, &d, &change);
	assert_non_null(f);
	assert_true(change & FLOW_HANDSHAKE_DONE);
	assert_true(flow_handshake_report(f, false, &outcome));
	assert_int_equal(outcome, OUTCOME_UNREACHABLE);
	r = record_of(w, f);
	assert_true(record_has(&r, RECORD_ICMP_ERROR_TYPE));
	assert_int_equal(r.icmp_error.code, 1);
	assert_int_equal(r.packets[0], 1);
	d.icmp.quoted.to_port = 81;
	assert_null(flow_quote(w->flows, &d, &change));
	world_free(w);
}

static void an_icmp_error_must_know_the_syn(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct descriptor d = packet(0x0a0000fe, 0x0301, CLIENT, 0x0301, PROTO_ICMP);
	uint32_t change;

	(void)state;
	tcp(w, 0, true, TCP_SYN, 100, 0, 0);
	d.icmp.about = ICMP_IS_ERROR;
	d.icmp.type = 3;
	d.icmp.code = 1;
	d.icmp.quoted = packet(CLIENT, 5000, SERVER, 80, PROTO_TCP).tuple;
	d.icmp.quoted_seq = 100; /* not quoted: the capture was too short */
	assert_null(flow_quote(w->flows, &d, &change));
	d.icmp.about |= ICMP_QUOTES_SEQ;
	d.icmp.quoted_seq = 999999;
	assert_null(flow_quote(w->flows, &d, &change));
	assert_int_equal(change, 0);
	d.icmp.quoted_seq = 100;
	assert_non_null(flow_quote(w->flows, &d, &change));
	assert_int_equal(change, FLOW_HANDSHAKE_DONE);
	world_free(w);
}

static void datagrams_answered_or_not(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct descriptor q = packet(CLIENT, 3000, SERVER, 53, PROTO_UDP);
	struct descriptor a = packet(SERVER, 53, CLIENT, 3000, PROTO_UDP);
	struct flow *f;

	(void)state;
	q.payload_len = 30;
	a.payload_len = 300;
	f = track(w, 0, q);
	assert_string_equal(record_of(w, f).state, "unanswered");
	f = track(w, 10, a);
	assert_string_equal(record_of(w, f).state, "answered");
	assert_int_equal(record_of(w, f).bytes[1], 300);
	assert_int_equal(w->side, 1);
	world_free(w);
}

/* Simulators and text2pcap begin at the epoch; pcapng's simple packets have no
 * other time. */
static void time_may_begin_at_zero(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct flow *f;
	struct flow_record r;

	(void)state;
	w->now_ns = 0;
	tcp(w, 0, true, TCP_SYN, 100, 0, 0);
	tcp(w, 0, false, TCP_SYN | TCP_ACK, 900, 101, 0);
	f = tcp(w, CLOCK_MS, true, TCP_ACK, 101, 901, 0);
	r = record_of(w, f);
	assert_true(r.syn && r.synack && r.ack && r.complete);
	assert_string_equal(r.state, "established");
	assert_int_equal(r.syn_to_synack, 0);
	assert_true(record_has(&r, RECORD_HS_SYN_TO_SYNACK));
	assert_int_equal(r.first_syn_to_ack, CLOCK_MS);
	world_free(w);
}

/* Both ends of the tuple are one: the sides come from the messages. */
static void a_host_pings_itself(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct descriptor d = packet(0x7f000001, 77, 0x7f000001, 77, PROTO_ICMP);
	struct flow *f;

	(void)state;
	d.icmp.id = 77;
	d.icmp.type = 8;
	d.icmp.about = ICMP_IS_ECHO;
	f = track(w, 0, d);
	assert_string_equal(record_of(w, f).state, "unanswered");
	d.icmp.type = 0;
	d.icmp.about |= ICMP_IS_REPLY;
	f = track(w, CLOCK_MS, d);
	assert_int_equal(w->side, 1);
	assert_string_equal(record_of(w, f).state, "answered");
	assert_int_equal(record_of(w, f).packets[1], 1);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(handshake_times_and_options),
		cmocka_unit_test(refused_reset_and_half_open),
		cmocka_unit_test(same_flow_whatever_comes_first),
		cmocka_unit_test(simultaneous_open_is_one_flow),
		cmocka_unit_test(sequence_numbers_wrap),
		cmocka_unit_test(icmp_error_belongs_to_the_flow_it_quotes),
		cmocka_unit_test(an_icmp_error_must_know_the_syn),
		cmocka_unit_test(datagrams_answered_or_not),
		cmocka_unit_test(time_may_begin_at_zero),
		cmocka_unit_test(a_host_pings_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
