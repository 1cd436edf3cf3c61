/* Flows that are over and stay to be looked at: a screen's rows do not vanish, nothing else
 * is different, and there are never more than was allowed.
 *
 * links: flow facts base
 */
#include "flow_world.h"

static struct world *world_past(uint32_t past, size_t memory)
{
	struct world *w = calloc(1, sizeof *w);
	struct flow_limits l;
	struct error e;

	assert_non_null(w);
	flow_limits_live(&l, memory);
	l.past = past;
	l.hash_seed = 7;
	w->now_ns = 1000 * CLOCK_S;
	assert_int_equal(flow_table_open(&w->flows, &l, told, w, &e), 0);
	return w;
}

static void later(struct world *w, int64_t seconds)
{
	flow_expire(w->flows, w->now_ns += seconds * CLOCK_S);
}

/* A connection from that port, opened and closed; its id. */
static uint64_t whole(struct world *w, uint16_t port)
{
	const uint16_t flags[] = {TCP_SYN, TCP_SYN | TCP_ACK, TCP_ACK, TCP_FIN | TCP_ACK, TCP_FIN | TCP_ACK, TCP_ACK};
	const uint32_t seq[] = {100, 900, 101, 101, 901, 102}, ack[] = {0, 101, 901, 901, 102, 902};
	uint64_t id = 0;

	for (unsigned i = 0; i < 6; i++) {
		const bool client = i != 1 && i != 4;
		struct descriptor d = segment(client, flags[i], seq[i], ack[i], 0);

		if (client)
			d.tuple.from_port = port;
		else
			d.tuple.to_port = port;
		id = flow_id(track(w, CLOCK_MS, d));
	}
	return id;
}

static void look_at(struct world *w, uint64_t id, struct flow_record *r)
{
	const struct flow *f = flow_by_id(w->flows, id);

	assert_non_null(f);
	flow_record_fill(r, w->flows, f, NULL);
}

static void a_closed_one_stays_and_is_told_once(void **state)
{
	struct world *w = world_past(10, 16 << 20);
	uint64_t id = whole(w, 5000), again;
	struct flow_record r;

	(void)state;
	later(w, 3);
	assert_int_equal(w->told, 1);
	look_at(w, id, &r);
	assert_false(r.past); /* its tuple is remembered */
	later(w, 70);
	assert_int_equal(w->told, 1);
	look_at(w, id, &r);
	assert_true(r.past && !r.open);
	assert_string_equal(r.state, "closed");
	assert_int_equal(r.packets[0], 4);
	assert_int_equal(flow_stats(w->flows)->live, 1);

	/* The tuple begins anew, and knows nothing of it. */
	again = whole(w, 5000);
	assert_true(again != id);
	assert_false(w->change & FLOW_REUSED);
	assert_int_equal(flow_stats(w->flows)->live, 2);
	look_at(w, id, &r);
	assert_int_equal(r.packets[0], 4);
	flow_table_end(w->flows);
	assert_int_equal(w->told, 2);
	world_free(w);
}

static void without_it_nothing_stays(void **state)
{
	struct world *w = world_past(0, 16 << 20);
	uint64_t id = whole(w, 5000);

	(void)state;
	later(w, 70);
	assert_null(flow_by_id(w->flows, id));
	assert_int_equal(flow_stats(w->flows)->live, 0);
	assert_int_equal(flow_stats(w->flows)->past_forgotten, 0);
	world_free(w);
}

/* What nobody answered, as the record had it when it was told. */
static void the_unanswered_stay(void **state)
{
	struct world *w = world_past(10, 16 << 20);
	uint64_t syn = flow_id(tcp(w, 0, true, TCP_SYN, 100, 0, 0)), datagram, ping;
	struct descriptor d = packet(CLIENT, 0, SERVER, 0, PROTO_ICMP);
	struct flow_record r;

	(void)state;
	datagram = flow_id(track(w, 0, packet(CLIENT, 53, SERVER, 53, PROTO_UDP)));
	d.icmp.type = 8;
	d.icmp.id = 77;
	d.icmp.about = ICMP_IS_ECHO;
	ping = flow_id(track(w, 0, d));
	later(w, 200);
	assert_int_equal(w->told, 3);
	look_at(w, syn, &r);
	assert_true(r.past && !r.open);
	assert_string_equal(r.state, "syn_sent");
	assert_string_equal(r.outcome, "unanswered");
	assert_int_equal(r.packets[0], 1);
	look_at(w, datagram, &r);
	assert_true(r.past);
	assert_string_equal(r.state, "unanswered");
	look_at(w, ping, &r);
	assert_true(r.past && record_has(&r, RECORD_ICMP_ID));
	assert_int_equal(r.icmp_id, 77);
	assert_int_equal(flow_stats(w->flows)->live, 3);
	assert_int_equal(flow_stats(w->flows)->embryos, 0);
	flow_table_end(w->flows);
	assert_int_equal(w->told, 3);
	world_free(w);
}

/* One that begins on the ports of another: both are there. */
static void the_one_before_stays_when_ports_are_used_again(void **state)
{
	struct world *w = world_past(10, 16 << 20);
	uint64_t id = whole(w, 5000), again = flow_id(track(w, CLOCK_S, segment(true, TCP_SYN, 70000, 0, 0)));
	struct flow_record r;

	(void)state;
	assert_true(w->change & FLOW_REUSED);
	assert_int_equal(w->told, 1);
	look_at(w, id, &r);
	assert_true(r.past);
	look_at(w, again, &r);
	assert_true(!r.past && r.reused);

	/* And where the one before had one packet. */
	id = flow_id(track(w, 0, packet(CLIENT, 9, SERVER, 9, PROTO_UDP)));
	assert_true(flow_id(track(w, 70 * CLOCK_S, packet(CLIENT, 9, SERVER, 9, PROTO_UDP))) != id);
	look_at(w, id, &r);
	assert_true(r.past);
	world_free(w);
}

/* The oldest of those that are more is forgotten, and counted: a flood of unanswered SYNs leaves the answered ones half. */
static void too_many_are_forgotten_and_counted(void **state)
{
	enum { MOST = 20, FLOOD = 200 };
	struct world *w = world_past(MOST, 16 << 20);
	unsigned there = 0;
	uint64_t id[MOST];

	(void)state;
	for (unsigned i = 0; i < MOST; i++)
		id[i] = whole(w, (uint16_t)(6000 + i));
	later(w, 100);
	assert_int_equal(flow_stats(w->flows)->live, MOST);
	assert_int_equal(flow_stats(w->flows)->past_forgotten, 0);
	for (unsigned i = 0; i < FLOOD; i++)
		track(w, CLOCK_MS, packet(CLIENT, (uint16_t)(10000 + i), SERVER, 7, PROTO_UDP));
	later(w, 200);
	assert_int_equal(w->told, MOST + FLOOD);
	assert_int_equal(flow_stats(w->flows)->live, MOST);
	assert_int_equal(flow_stats(w->flows)->past_forgotten, FLOOD);
	assert_int_equal(flow_stats(w->flows)->evicted, 0);
	for (unsigned i = 0; i < MOST; i++)
		there += flow_by_id(w->flows, id[i]) != NULL;
	assert_int_equal(there, MOST / 2);
	assert_null(flow_by_id(w->flows, id[0]));
	assert_non_null(flow_by_id(w->flows, id[MOST - 1]));
	world_free(w);
}

/* Memory is for those that live: nothing is evicted while something is only looked at. */
static void memory_takes_them_first(void **state)
{
	enum { MOST = 3000 };
	struct world *w = world_past(MOST, 2 << 20);
	uint64_t forgotten;

	(void)state;
	for (unsigned i = 0; i < MOST; i++)
		(void)whole(w, (uint16_t)(2000 + i));
	later(w, 100);
	forgotten = flow_stats(w->flows)->past_forgotten;
	assert_true(flow_stats(w->flows)->live > 0);
	for (unsigned i = 0; i < 5000 && flow_stats(w->flows)->evicted == 0; i++) {
		(void)track(w, 0, packet(CLIENT, (uint16_t)(10000 + i), SERVER, 7, PROTO_UDP));
		(void)track(w, 0, packet(SERVER, 7, CLIENT, (uint16_t)(10000 + i), PROTO_UDP));
	}
	assert_true(flow_stats(w->flows)->past_forgotten > forgotten);
	later(w, 0);
	for (uint64_t at = 0; at != UINT64_MAX;) {
		struct flow *f = flow_next(w->flows, &at);
		struct flow_record r;

		if (!f)
			break;
		flow_record_fill(&r, w->flows, f, NULL);
		assert_true(!r.past || flow_stats(w->flows)->evicted == 0);
	}
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_closed_one_stays_and_is_told_once),
		cmocka_unit_test(without_it_nothing_stays),
		cmocka_unit_test(the_unanswered_stay),
		cmocka_unit_test(the_one_before_stays_when_ports_are_used_again),
		cmocka_unit_test(too_many_are_forgotten_and_counted),
		cmocka_unit_test(memory_takes_them_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
