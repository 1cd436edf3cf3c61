/* Multipath TCP: subflows are tied by the tokens of their keys, in a table that
 * is bounded (RFC 8684, RFC 6824). Built without a library for SHA, the same
 * packets must tie nothing.
 *
 * links: flow facts base
 */
#include "flow_world.h"

#include "flow/flow_private.h"

enum { MS = CLOCK_MS, SA = TCP_SYN | TCP_ACK };

/* What a second program makes of these keys: SHA-256 as tshark has it of a real
 * capture, SHA-1 and SHA-256 of the others as Python's hashlib. */
static const uint64_t KEY_CLIENT = UINT64_C(18337412883174771571), KEY_SERVER = UINT64_C(16381466453332990326);
static const uint32_t TOKEN_CLIENT = 3292443918u, TOKEN_SERVER = 1688505345u;
static const uint64_t KEY_OLD = UINT64_C(0x0001020304050607);
static const uint32_t TOKEN_OLD = 0x67423ebf;

static struct descriptor between(uint16_t port, bool c, uint16_t flags, uint32_t seq, uint32_t ack)
{
	struct descriptor d = segment(c, flags, seq, ack, 0);

	if (c)
		d.tuple.from_port = port;
	else
		d.tuple.to_port = port;
	d.options |= TCP_HAS_MPTCP;
	return d;
}

static struct flow *capable(struct world *w, uint16_t port, bool c, uint16_t flags, uint8_t version, uint64_t key)
{
	struct descriptor d = between(port, c, flags, c ? (flags & TCP_SYN ? 100 : 101) : 900,
				      flags & TCP_ACK ? (c ? 901 : 101) : 0);

	d.tcp.mptcp = MPTCP_CAPABLE;
	d.tcp.syn.mptcp_version = version;
	d.tcp.syn.mptcp_key[0] = (uint32_t)(key >> 32);
	d.tcp.syn.mptcp_key[1] = (uint32_t)key;
	return track(w, MS, d);
}

static struct flow *first_subflow(struct world *w, uint16_t port, uint64_t client, uint64_t server)
{
	capable(w, port, true, TCP_SYN, 1, 0);
	capable(w, port, false, SA, 1, server);
	return capable(w, port, true, TCP_ACK, 1, client);
}

static struct flow *join(struct world *w, uint16_t port, bool c, uint32_t token)
{
	struct descriptor d = between(port, c, TCP_SYN, 5000, 0);

	d.tcp.mptcp = MPTCP_JOIN;
	d.tcp.syn.mptcp_token = token;
	return track(w, MS, d);
}

static bool tied(void)
{
	return flow_token_library() != NULL;
}

static void assert_subflow(struct world *w, const struct flow *f, uint64_t connection, uint64_t subflow)
{
	struct flow_record r = record_of(w, f);

	if (!tied()) {
		assert_false(record_has(&r, RECORD_MPTCP_CONNECTION) || record_has(&r, RECORD_MPTCP_SUBFLOW));
		return;
	}
	assert_true(record_has(&r, RECORD_MPTCP_CONNECTION) && record_has(&r, RECORD_MPTCP_SUBFLOW));
	assert_int_equal(r.mptcp.connection, connection);
	assert_int_equal(r.mptcp.subflow, subflow);
}

static void three_subflows(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct flow_record r;
	struct flow *f;
	uint64_t id;

	(void)state;
	tcp(w, 0, true, TCP_SYN, 1, 0, 0); /* another flow is 1 */
	f = first_subflow(w, 6000, KEY_CLIENT, KEY_SERVER);
	id = flow_id(f);
	assert_subflow(w, f, id, 1);
	r = record_of(w, f);
	assert_int_equal(r.mptcp.version, 1);
	if (tied()) {
		assert_int_equal(r.mptcp.token[0], TOKEN_CLIENT);
		assert_int_equal(r.mptcp.token[1], TOKEN_SERVER);
	}
	f = join(w, 6001, true, TOKEN_SERVER);
	assert_subflow(w, f, id, 2);
	r = record_of(w, f);
	assert_int_equal(r.mptcp.token[1], TOKEN_SERVER);
	assert_true(r.mptcp.token[0] == (tied() ? TOKEN_CLIENT : PAIR_UNKNOWN));
	f = join(w, 6001, true, TOKEN_SERVER); /* its SYN again */
	assert_subflow(w, f, id, 2);
	f = join(w, 6002, false, TOKEN_CLIENT); /* the server may join, too */
	assert_subflow(w, f, id, 3);
	r = record_of(w, f);
	assert_int_equal(r.mptcp.token[1], TOKEN_CLIENT);
	f = join(w, 6003, true, TOKEN_SERVER + 1);
	r = record_of(w, f);
	assert_false(record_has(&r, RECORD_MPTCP_CONNECTION));
	assert_int_equal(r.mptcp.token[1], TOKEN_SERVER + 1);
	world_free(w);
}

/* RFC 6824: the key is in the SYN, the token by SHA-1. */
static void version_0(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct flow_record r;
	struct flow *f;

	(void)state;
	f = capable(w, 6000, true, TCP_SYN, 0, KEY_OLD);
	r = record_of(w, f);
	assert_true(record_has(&r, RECORD_MPTCP_VERSION));
	assert_int_equal(r.mptcp.version, 0);
	if (tied())
		assert_int_equal(r.mptcp.token[0], TOKEN_OLD);
	assert_subflow(w, join(w, 6001, false, TOKEN_OLD), flow_id(f), 2);
	world_free(w);
}

static void what_is_no_key(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct flow_record r;

	(void)state;
	r = record_of(w, capable(w, 6000, true, TCP_SYN, 1, 0));
	assert_false(record_has(&r, RECORD_MPTCP_TOKEN) || record_has(&r, RECORD_MPTCP_CONNECTION));
	r = record_of(w, capable(w, 6001, true, TCP_SYN, 2, KEY_CLIENT)); /* a version of the future */
	assert_false(record_has(&r, RECORD_MPTCP_TOKEN) || record_has(&r, RECORD_MPTCP_VERSION));
	r = record_of(w, join(w, 6002, true, 0)); /* a wrong length: no token was read */
	assert_false(record_has(&r, RECORD_MPTCP_TOKEN));
	r = record_of(w, tcp_open(w));
	assert_false(record_has(&r, RECORD_MPTCP_TOKEN) || record_has(&r, RECORD_MPTCP_VERSION));
	world_free(w);
}

/* A flood of connections: the oldest are forgotten and counted, nothing else. */
static void the_table_is_bounded(void **state)
{
	struct world *w = world_new(false, FLOW_MEMORY_MIN);
	unsigned max = w->flows->joins.max, slots = 0;
	uint64_t last = 0;

	(void)state;
	for (unsigned i = 0; i < 3 * max; i++)
		last = flow_id(capable(w, (uint16_t)(2000 + i), true, TCP_SYN, 0, KEY_OLD + i));
	assert_int_equal(flow_stats(w->flows)->joins_lost, tied() ? 2 * max : 0);
	for (unsigned i = 0; i < max * 4; i++)
		slots += w->flows->joins.slots[i] != 0;
	assert_int_equal(slots, tied() ? max : 0);
	assert_true(flow_stats(w->flows)->memory_used <= FLOW_MEMORY_MIN);
	/* The first is gone; one in the ring is found by its own number. */
	{
		struct flow_record r = record_of(w, join(w, 1000, false, TOKEN_OLD));

		assert_false(record_has(&r, RECORD_MPTCP_CONNECTION));
	}
	if (tied()) {
		const struct joined *e = &w->flows->joins.at[(w->flows->joins.next + max - 1) % max];

		assert_int_equal(e->id, last);
		assert_subflow(w, join(w, 1001, false, e->token[e->known >> 1]), last, 2);
	}
	world_free(w);
}

/* Two connections with one token: the younger has it, and the table stays whole. */
static void a_token_twice(void **state)
{
	struct world *w = world_new(false, FLOW_MEMORY_MIN);
	uint64_t second;

	(void)state;
	first_subflow(w, 6000, KEY_CLIENT, KEY_SERVER);
	second = flow_id(first_subflow(w, 6001, KEY_CLIENT, KEY_SERVER));
	assert_subflow(w, join(w, 6002, true, TOKEN_SERVER), second, 2);
	/* Both ends with the same key: one slot. */
	first_subflow(w, 6003, KEY_OLD, KEY_OLD);
	for (unsigned i = 0; i < 3 * w->flows->joins.max; i++)
		capable(w, (uint16_t)(20000 + i), true, TCP_SYN, 0, KEY_OLD + 1 + i);
	{
		unsigned slots = 0;

		for (unsigned i = 0; i < w->flows->joins.max * 4; i++)
			slots += w->flows->joins.slots[i] != 0;
		assert_int_equal(slots, tied() ? w->flows->joins.max : 0);
	}
	world_free(w);
}

static void how_it_ends(void **state)
{
	struct world *w = world_new(false, 16 << 20);
	struct descriptor d;
	struct flow_record r;
	struct flow *f;

	(void)state;
	first_subflow(w, 6000, KEY_CLIENT, KEY_SERVER);
	d = between(6000, true, TCP_RST | TCP_ACK, 101, 901);
	d.tcp.mptcp = MPTCP_FASTCLOSE;
	f = track(w, MS, d);
	assert_true(said(w, VERDICT_MPTCP_FASTCLOSE));
	r = record_of(w, f);
	assert_true(record_has(&r, RECORD_MPTCP_FASTCLOSE) && r.mptcp.fastclose);
	assert_false(record_has(&r, RECORD_MPTCP_RESET));
	first_subflow(w, 6001, KEY_CLIENT, KEY_SERVER);
	d = between(6001, false, TCP_RST | TCP_ACK, 901, 101);
	d.tcp.mptcp = MPTCP_TCPRST;
	d.tcp.syn.mptcp_reason = 6;
	r = record_of(w, track(w, MS, d));
	assert_string_equal(r.mptcp.reset_reason, "middlebox");
	d.tcp.syn.mptcp_reason = 200;
	first_subflow(w, 6002, KEY_CLIENT, KEY_SERVER);
	d.tuple.to_port = 6002;
	r = record_of(w, track(w, MS, d));
	assert_string_equal(r.mptcp.reset_reason, "unknown");
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(three_subflows),
		cmocka_unit_test(version_0),
		cmocka_unit_test(what_is_no_key),
		cmocka_unit_test(the_table_is_bounded),
		cmocka_unit_test(a_token_twice),
		cmocka_unit_test(how_it_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
