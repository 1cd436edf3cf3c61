/* The bounds of the flow table: time ends flows, memory ends flows, and every
 * flow is told once.
 *
 * links: flow facts base
 */
#include <errno.h>

#include "flow_world.h"

static void a_table_too_small_is_refused(void **state)
{
	struct flow_table *t = NULL;
	struct flow_limits l;
	struct error e;

	(void)state;
	flow_limits_file(&l, FLOW_MEMORY_MIN - 1);
	assert_int_equal(flow_table_open(&t, &l, told, NULL, &e), -EINVAL);
	assert_null(t);
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
		cmocka_unit_test(a_table_too_small_is_refused),
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
