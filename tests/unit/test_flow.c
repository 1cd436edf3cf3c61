/* Flows from descriptors made by hand: what a record says after each story.
 *
 * links: flow facts base
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sockeye/clock.h"
#include "sockeye/dissector.h"
#include "sockeye/flow.h"

enum { ENDED_MAX = 64 };

struct world {
	struct flow_table *flows;
	struct flow_record ended[ENDED_MAX]; /* the records told, in order */
	unsigned n_ended;
	uint64_t told, told_evicted;
	int64_t now_ns;
	uint32_t change;
	unsigned side;
};

static void told(void *arg, struct flow *f, bool evicted)
{
	struct world *w = arg;

	if (w->n_ended < ENDED_MAX)
		flow_record_fill(&w->ended[w->n_ended++], w->flows, f, NULL);
	w->told++;
	w->told_evicted += evicted;
}

static struct world *world_new(bool live, size_t memory)
{
	struct world *w = calloc(1, sizeof *w);
	struct flow_limits l;
	struct error e;

	assert_non_null(w);
	if (live)
		flow_limits_live(&l, memory);
	else
		flow_limits_file(&l, memory);
	l.hash_seed = 7;
	w->now_ns = 1000 * CLOCK_S;
	assert_int_equal(flow_table_open(&w->flows, &l, told, w, &e), 0);
	return w;
}

static void world_free(struct world *w)
{
	flow_table_free(w->flows);
	free(w);
}

static struct descriptor packet(uint32_t from, uint16_t from_port, uint32_t to, uint16_t to_port, uint8_t proto)
{
	struct descriptor d;

	memset(&d, 0, sizeof d);
	d.tuple.family = FAMILY_IPV4;
	d.tuple.proto = proto;
	for (unsigned i = 0; i < 4; i++) {
		d.tuple.from.b[i] = (uint8_t)(from >> (24 - 8 * i));
		d.tuple.to.b[i] = (uint8_t)(to >> (24 - 8 * i));
	}
	d.tuple.from_port = from_port;
	d.tuple.to_port = to_port;
	d.ttl = 64;
	return d;
}

/* Track d `after` ns later. */
static struct flow *track(struct world *w, int64_t after, struct descriptor d)
{
	w->now_ns += after;
	d.ts_ns = w->now_ns;
	flow_expire(w->flows, w->now_ns);
	flow_hash(w->flows, &d, 1);
	return flow_track(w->flows, &d, &w->change, &w->side);
}

enum { CLIENT = 0x0a000001, SERVER = 0x0a000002 };

/* A TCP packet of client (c true) or server between ports 5000 and 80. */
static struct flow *tcp(struct world *w, int64_t after, bool c, uint16_t flags, uint32_t seq, uint32_t ack,
			uint32_t len)
{
	struct descriptor d = c ? packet(CLIENT, 5000, SERVER, 80, PROTO_TCP)
				: packet(SERVER, 80, CLIENT, 5000, PROTO_TCP);

	d.flags = flags;
	d.tcp.seq = seq;
	d.tcp.ack = ack;
	d.payload_len = len;
	if (flags & TCP_SYN) {
		d.options = TCP_HAS_MSS | TCP_HAS_WSCALE | TCP_HAS_TIMESTAMPS;
		d.tcp.syn.mss = c ? 1460 : 1400;
		d.tcp.syn.wscale = c ? 7 : 9;
	}
	return track(w, after, d);
}

static struct flow_record record_of(struct world *w, const struct flow *f)
{
	struct flow_record r;

	flow_record_fill(&r, w->flows, f, NULL);
	return r;
}

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
	d.icmp.code = 1;
	d.icmp.about = ICMP_IS_ERROR;
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

static void live_ages_and_tells_once(void **state)
{
	struct world *w = world_new(true, 16 << 20);

	(void)state;
	tcp(w, 0, true, TCP_SYN, 100, 0, 0);
	tcp(w, 100, false, TCP_SYN | TCP_ACK, 900, 101, 0);
	tcp(w, 100, true, TCP_ACK, 101, 901, 0);
	tcp(w, 100, true, TCP_FIN | TCP_ACK, 101, 901, 0);
	tcp(w, 100, false, TCP_FIN | TCP_ACK, 901, 102, 0);
	flow_expire(w->flows, w->now_ns += CLOCK_S);
	assert_int_equal(w->told, 0);
	flow_expire(w->flows, w->now_ns += CLOCK_S + CLOCK_S / 2);
	assert_int_equal(w->told, 1); /* two seconds after the last packet */
	assert_int_equal(flow_stats(w->flows)->live, 1); /* the tuple is remembered */
	tcp(w, 100, true, TCP_ACK, 102, 902, 0);
	assert_int_equal(w->change & FLOW_NEW, 0); /* a straggler is no new flow */
	flow_expire(w->flows, w->now_ns += 70 * CLOCK_S);
	assert_int_equal(w->told, 1);
	assert_int_equal(flow_stats(w->flows)->live, 0);

	/* A SYN without answer is given up after 130 s, a datagram after 60 s. */
	tcp(w, 0, true, TCP_SYN, 4000, 0, 0);
	track(w, 0, packet(CLIENT, 1, SERVER, 2, PROTO_UDP));
	flow_expire(w->flows, w->now_ns += 61 * CLOCK_S);
	assert_int_equal(w->told, 2);
	flow_expire(w->flows, w->now_ns += 60 * CLOCK_S);
	assert_int_equal(w->told, 2);
	flow_expire(w->flows, w->now_ns += 10 * CLOCK_S);
	assert_int_equal(w->told, 3);
	world_free(w);
}

/* A flood lives 130 s; datagrams among it must not make the hand pass it again
 * and again. */
static void the_hand_passes_a_flood_once(void **state)
{
	enum { FLOOD = 100000, SECONDS = 160 };
	struct world *w = world_new(true, 64 << 20);

	(void)state;
	for (uint32_t i = 0; i < FLOOD; i++) {
		struct descriptor d = packet(0xc0000000 + i, (uint16_t)(i * 7), SERVER, 80,
					     i % 10 ? PROTO_TCP : PROTO_UDP);

		d.flags = TCP_SYN;
		d.tcp.seq = i;
		track(w, SECONDS * CLOCK_S / FLOOD, d);
	}
	assert_true(w->told > FLOOD / 10 && w->told < FLOOD / 3);
	assert_int_equal(w->told_evicted, 0);
	assert_true(flow_stats(w->flows)->probes < 64 * FLOOD);
	flow_expire(w->flows, w->now_ns += 131 * CLOCK_S);
	assert_int_equal(w->told, FLOOD);
	assert_int_equal(flow_stats(w->flows)->live, 0);
	world_free(w);
}

/* Whoever looks a tuple up after its time has passed finds a new flow, even if
 * the hand has not come by. */
static void look_up_compares_the_age_itself(void **state)
{
	struct world *w = world_new(true, 16 << 20);
	struct descriptor d = packet(CLIENT, 1, SERVER, 2, PROTO_UDP);

	(void)state;
	track(w, 0, d);
	track(w, 0, d);
	track(w, 59 * CLOCK_S, d);
	assert_int_equal(w->change & FLOW_NEW, 0);
	track(w, 61 * CLOCK_S, d);
	assert_true(w->change & FLOW_NEW);
	assert_int_equal(w->told, 1);
	world_free(w);
}

/* One million SYNs through a small table: never more memory, every flow told
 * exactly once, and the handshakes between them stay complete. */
static void flood_is_bounded_and_real_handshakes_survive(void **state)
{
	enum { FLOOD = 1000000, EVERY = 5000 };
	size_t memory = 8 << 20;
	struct world *w = world_new(false, memory);
	unsigned complete = 0;

	(void)state;
	for (uint32_t i = 0; i < FLOOD; i++) {
		struct descriptor d = packet(0xc0000000 + i, (uint16_t)(i * 7), SERVER, 80, PROTO_TCP);

		d.flags = TCP_SYN;
		d.tcp.seq = i;
		track(w, 1000, d);
		if (i % EVERY)
			continue;
		/* A real client, whose ACK comes 4 999 SYNs later. */
		for (unsigned step = 0; step < 2; step++) {
			uint16_t port = (uint16_t)(10000 + i / EVERY - (step ? 0 : 1));
			struct descriptor c = packet(CLIENT, port, SERVER, 80, PROTO_TCP);
			struct descriptor s = packet(SERVER, 80, CLIENT, port, PROTO_TCP);
			struct flow *f;

			c.tcp.seq = 50;
			if (step) {
				c.flags = TCP_SYN;
				track(w, 10, c);
				continue;
			}
			if (i == 0)
				continue;
			s.flags = TCP_SYN | TCP_ACK;
			s.tcp.seq = 60;
			s.tcp.ack = 51;
			track(w, 10, s);
			c.flags = TCP_ACK;
			c.tcp.seq = 51;
			c.tcp.ack = 61;
			f = track(w, 10, c);
			complete += record_of(w, f).complete;
		}
	}
	assert_int_equal(complete, FLOOD / EVERY - 1);
	assert_true(flow_stats(w->flows)->memory_used <= memory);
	assert_int_equal(flow_stats(w->flows)->tcp, FLOOD + FLOOD / EVERY);
	assert_int_equal(w->told + flow_stats(w->flows)->live, FLOOD + FLOOD / EVERY);
	assert_true(w->told_evicted > FLOOD / 2);
	flow_table_end(w->flows);
	assert_int_equal(w->told, FLOOD + FLOOD / EVERY);
	world_free(w);
}

static void the_end_comes_in_order_of_id(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	uint64_t before = 0;

	(void)state;
	for (uint16_t i = 0; i < 50; i++) {
		struct descriptor d = packet(CLIENT, (uint16_t)(i + 1), SERVER, 9, PROTO_UDP);

		track(w, 1, d);
		if (i % 3 == 0)
			track(w, 1, d); /* some are full records, some embryos */
	}
	flow_table_end(w->flows);
	assert_int_equal(w->n_ended, 50);
	for (unsigned i = 0; i < w->n_ended; i++) {
		assert_true(w->ended[i].id > before);
		before = w->ended[i].id;
	}
	world_free(w);
}

static void names_are_kept_and_bounded(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct descriptor d = packet(CLIENT, 5000, SERVER, 443, PROTO_TCP);
	static const struct dissector tls = {.name = "tls"};
	struct flow_record r;
	struct flow *f;
	uint8_t name[300];

	(void)state;
	memset(name, 'a', sizeof name);
	d.flags = TCP_ACK;
	d.payload_len = 1;
	f = track(w, 0, d);
	assert_true(flow_service_wanted(f, 0));
	flow_service_set(w->flows, f, 0, &tls, name, sizeof name);
	assert_false(flow_service_wanted(f, 0));
	r = record_of(w, f);
	assert_string_equal(r.service, "tls");
	assert_int_equal(r.server_name.len, 254);
	world_free(w);
}

/* Names come with a flow's first payload, when the memory may be full already. */
static void names_stay_in_the_budget(void **state)
{
	enum { FLOWS = 40000 };
	size_t memory = 8 << 20;
	struct world *w = world_new(false, memory);
	static const struct dissector tls = {.name = "tls"};
	uint8_t name[200];
	unsigned named = 0;

	(void)state;
	memset(name, 'a', sizeof name);
	for (uint32_t i = 0; i < FLOWS; i++) {
		struct descriptor d = packet(0xc0000000 + i, 5000, SERVER, 80, PROTO_TCP);

		d.flags = TCP_SYN;
		track(w, 1000, d);
	}
	for (unsigned round = 0; round < 2; round++)
		for (uint32_t i = 0; i < FLOWS; i++) {
			struct descriptor d = packet(CLIENT + i, 5000, SERVER, 443, PROTO_TCP);
			struct flow *f;

			d.flags = TCP_ACK;
			f = track(w, 1000, d);
			if (!round)
				continue;
			flow_service_set(w->flows, f, 0, &tls, name, sizeof name);
			named += record_of(w, f).server_name.len > 0;
			assert_true(flow_stats(w->flows)->memory_used <= memory);
		}
	assert_true(named > 0);
	assert_int_equal(named + flow_stats(w->flows)->names_lost, FLOWS);
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
		cmocka_unit_test(datagrams_answered_or_not),
		cmocka_unit_test(time_may_begin_at_zero),
		cmocka_unit_test(a_host_pings_itself),
		cmocka_unit_test(live_ages_and_tells_once),
		cmocka_unit_test(the_hand_passes_a_flood_once),
		cmocka_unit_test(look_up_compares_the_age_itself),
		cmocka_unit_test(flood_is_bounded_and_real_handshakes_survive),
		cmocka_unit_test(the_end_comes_in_order_of_id),
		cmocka_unit_test(names_are_kept_and_bounded),
		cmocka_unit_test(names_stay_in_the_budget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
