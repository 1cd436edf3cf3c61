/* The same packet twice, by a mirror or another interface, and what is none.
 *
 * links: flow facts base
 */
#include "flow/flow_private.h"
#include "flow_world.h"

enum { MS = CLOCK_MS, US = 1000, ID = 77 };

/* Of the client; each with its own identification, as Linux sends them. */
static struct descriptor data(uint32_t seq, uint16_t id)
{
	struct descriptor d = packet(CLIENT, 5000, SERVER, 80, PROTO_TCP);

	d.flags = TCP_ACK;
	d.tcp.seq = seq;
	d.tcp.ack = 901;
	d.tcp.checksum = 0xbeef;
	d.payload_len = 100;
	d.window = 60000;
	d.ip_id = id;
	return d;
}

static bool is_copy(struct world *w, int64_t after, struct descriptor d)
{
	(void)track(w, after, d);
	return judged(&w->judged, VERDICT_EXACT_DUPLICATE);
}

static struct flow_record record(struct world *w)
{
	uint64_t at = 0;

	return record_of(w, flow_next(w->flows, &at));
}

static void a_mirror_says_it_twice(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct flow_record r;

	(void)state;
	assert_false(is_copy(w, 0, data(101, ID)));
	assert_true(is_copy(w, 40 * US, data(101, ID)));
	assert_true(is_copy(w, 900 * US, data(101, ID)));
	assert_true(is_copy(w, 900 * US, data(101, ID))); /* each at once after the one before */
	assert_false(is_copy(w, 1100 * US, data(101, ID)));
	r = record(w);
	assert_int_equal(r.exact.duplicates[0], 3);
	assert_int_equal(r.exact.retransmitted_bytes[0], 100); /* the last one was sent again */
	world_free(w);
}

/* What a sender changes when it sends again. */
static void a_second_transmission_is_no_copy(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct descriptor d;

	(void)state;
	d = data(101, ID);
	assert_false(is_copy(w, 0, d));
	d.ip_id++;
	assert_false(is_copy(w, 10 * US, d));
	d.tcp.tsval++;
	assert_false(is_copy(w, 10 * US, d));
	d.tcp.tsecr++;
	assert_false(is_copy(w, 10 * US, d));
	d.tcp.ack++;
	assert_false(is_copy(w, 10 * US, d));
	d.tcp.checksum++;
	assert_false(is_copy(w, 10 * US, d));
	d.window++;
	assert_false(is_copy(w, 10 * US, d));
	d.flags |= TCP_PSH;
	assert_false(is_copy(w, 10 * US, d));
	d.tcp.seq++;
	assert_false(is_copy(w, 10 * US, d));
	d.sacks = 1;
	assert_false(is_copy(w, 10 * US, d));
	d.tcp.sack[0][1] = 5;
	assert_false(is_copy(w, 10 * US, d));
	assert_true(is_copy(w, 10 * US, d));
	assert_int_equal(record(w).exact.duplicates[0], 1);
	world_free(w);
}

/* IPv6 has no identification: a fast repeat could look the same, so it must
 * come at once. */
static void without_identification_only_at_once(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct descriptor d = data(101, 0);

	(void)state;
	memset(&d.tuple.from, 0x20, sizeof d.tuple.from);
	memset(&d.tuple.to, 0x21, sizeof d.tuple.to);
	d.tuple.family = FAMILY_IPV6;
	assert_false(is_copy(w, 0, d));
	assert_true(is_copy(w, 30 * US, d));
	assert_false(is_copy(w, 60 * US, d));
	assert_int_equal(record(w).exact.retransmitted_bytes[0], 100);
	world_free(w);
}

/* SYN and SYN/ACK were sent once, however often they are captured. */
static void a_mirrored_handshake_repeats_nothing(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct descriptor syn = segment(true, TCP_SYN, 100, 0, 0), synack = segment(false, TCP_SYN | TCP_ACK, 900, 101, 0);
	struct flow_record r;

	(void)state;
	assert_false(is_copy(w, 0, syn));
	assert_true(is_copy(w, 20 * US, syn));
	assert_false(is_copy(w, 10 * MS, synack));
	assert_true(is_copy(w, 20 * US, synack));
	assert_false(is_copy(w, 100 * US, segment(true, TCP_ACK, 101, 901, 0)));
	r = record(w);
	assert_int_equal(r.syn_retransmits, 1); /* as other tools count */
	assert_int_equal(r.synack_retransmits, 1);
	assert_int_equal(r.syns, 1);
	assert_int_equal(r.synacks, 1);
	assert_int_equal(r.last_syn_to_synack, 10 * MS + 20 * US);
	assert_int_equal(r.synack_to_ack, 120 * US);
	assert_int_equal(r.rtt, 10 * MS + 120 * US); /* Wireshark's: from the copy of the SYN */
	world_free(w);
}

/* Through this host: in on one interface, out on another, perhaps slowly. */
static void another_interface_may_take_a_while(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct descriptor in = data(101, ID), out = in, unnamed = data(201, 0);

	(void)state;
	out.interface = 1;
	out.ttl = 63; /* a router's; no part of the comparison */
	assert_false(is_copy(w, 0, in));
	assert_true(is_copy(w, 80 * MS, out));
	assert_false(is_copy(w, 50 * MS, in)); /* on the first again: that is a repeat ... */
	assert_true(is_copy(w, MS, out));      /* ... and on the second its copy */
	assert_false(is_copy(w, 200 * MS, out));
	assert_false(is_copy(w, 0, unnamed));
	unnamed.interface = 1;
	assert_true(is_copy(w, 80 * MS, unnamed));
	assert_int_equal(record(w).exact.duplicates[0], 3);
	world_free(w);
}

/* Interfaces interleave: the copy may be captured before what it is a copy of. */
static void time_may_go_back_a_little(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct descriptor d = data(101, ID);

	(void)state;
	assert_false(is_copy(w, 0, d));
	d.interface = 1;
	assert_true(is_copy(w, -20 * US, d));
	world_free(w);
}

/* The first SYN of a flow, too: it is kept in another form than the rest. */
static void a_syn_is_known_again(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct descriptor d = packet(CLIENT, 5000, SERVER, 80, PROTO_TCP);
	struct flow_record r;

	(void)state;
	d.flags = TCP_SYN;
	d.tcp.seq = 100;
	d.ip_id = ID;
	assert_false(is_copy(w, 0, d));
	d.interface = 1;
	assert_true(is_copy(w, 20 * US, d));
	r = record(w);
	assert_int_equal(r.exact.duplicates[0], 1);
	assert_int_equal(r.packets[0], 2);
	world_free(w);
}

/* Another conversation's packet with the same numbers is none. */
static void conversations_do_not_mix(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct descriptor d = data(101, ID);

	(void)state;
	assert_false(is_copy(w, 0, d));
	d.tuple.from_port++;
	assert_false(is_copy(w, 0, d));
	d.tuple.from_port--;
	assert_true(is_copy(w, 0, d));
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mirror_says_it_twice),
		cmocka_unit_test(a_second_transmission_is_no_copy),
		cmocka_unit_test(without_identification_only_at_once),
		cmocka_unit_test(a_mirrored_handshake_repeats_nothing),
		cmocka_unit_test(another_interface_may_take_a_while),
		cmocka_unit_test(time_may_go_back_a_little),
		cmocka_unit_test(a_syn_is_known_again),
		cmocka_unit_test(conversations_do_not_mix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
