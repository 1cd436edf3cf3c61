/* Owners: the socket that lived in the flow's time and no other, evidence, reasons, bounds.
 * links: engine host process flow dissect source filter facts base
 */
#include "owners_world.h"

/* Both ends of loopback are this host's; of others one is. */
static void owners_of_both_ends(void **state)
{
	struct flow_record r = flow(4000, 1, AT, AT + CLOCK_S, "closed"), other = flow(4001, 2, AT, AT + CLOCK_S, "closed");

	(void)state;
	born(1, tuple_from(1, 4000, 1, 80), AT - 100000, 11, 5, "curl");
	born(2, tuple_from(1, 80, 1, 4000), AT + 100000, 22, 9, "nginx");
	born(3, tuple_from(1, 4001, 2, 80), AT, 11, 6, "curl");
	filled(&r);
	assert_int_equal(pid_of(&r, 0), 11);
	assert_int_equal(pid_of(&r, 1), 22);
	assert_int_equal(r.owner[1].at[0].fd, 9);
	assert_int_equal(r.owner[1].at[0].uid, 1000);
	assert_string_equal(r.owner[1].at[0].evidence, "bpf");
	assert_string_equal(r.owner[1].at[0].comm, "nginx");
	assert_false(record_has(&r, RECORD_OWNER_UNKNOWN_CLIENT));
	assert_false(record_has(&r, RECORD_OWNER_UNKNOWN_SERVER));
	filled(&other);
	assert_int_equal(other.owner[0].at[0].fd, 6);
	assert_string_equal(other.owner_unknown[1], "other_host");
}

/* The socket of another network namespace. */
static void born_elsewhere(uint64_t cookie, struct tuple t, int64_t at_ns, int32_t pid, uint32_t netns)
{
	struct host_finding f = finding(FINDING_OWNER, cookie, at_ns);

	f.tuple = t;
	f.pid = pid;
	f.netns = netns;
	owners_found(o, &f);
}

/* An end that is another namespace's has its owner and says so; one that two of them may have had has none. */
static void another_namespace(void **state)
{
	const struct address there = host(3), both = host(1);
	struct flow_record r = flow(4000, 2, AT, AT + CLOCK_MS, "closed"), twice = flow(4001, 2, AT, AT + CLOCK_MS, "closed");
	struct flow_record unseen = flow(4002, 3, AT, AT + CLOCK_MS, "closed");

	(void)state;
	/* Both have 10.0.0.1: here that end is ours, whatever a socket elsewhere is called. */
	owners_elsewhere(o, &both, FAMILY_IPV4);
	owners_elsewhere(o, &there, FAMILY_IPV4);
	born_elsewhere(1, tuple_from(1, 4000, 2, 80), AT - CLOCK_MS, 33, 7);
	born_elsewhere(2, tuple_from(2, 80, 1, 4000), AT, 44, 7);
	filled(&r);
	assert_int_equal(pid_of(&r, 0), 0);
	assert_string_equal(r.owner_unknown[0], "too_late");
	assert_int_equal(pid_of(&r, 1), 44);
	assert_int_equal(r.owner[1].netns, 7);
	born(3, tuple_from(1, 4000, 2, 80), AT - CLOCK_MS, 11, 5, "curl");
	r = flow(4000, 2, AT, AT + CLOCK_MS, "closed");
	filled(&r);
	assert_int_equal(pid_of(&r, 0), 11);
	assert_int_equal(r.owner[0].netns, 0);
	born_elsewhere(4, tuple_from(2, 80, 1, 4001), AT, 55, 7);
	born_elsewhere(5, tuple_from(2, 80, 1, 4001), AT, 66, 8);
	filled(&twice);
	assert_int_equal(pid_of(&twice, 1), 0);
	assert_string_equal(twice.owner_unknown[1], "other_netns");
	filled(&unseen);
	assert_string_equal(unseen.owner_unknown[1], "other_netns");
}

/* A tuple is used again: each flow has the socket of its own time. One whose socket was missed has none. */
static void a_tuple_used_again(void **state)
{
	struct flow_record a = flow(4000, 2, AT, AT + CLOCK_MS, "reset");
	struct flow_record b = flow(4000, 2, AT + 20 * CLOCK_MS, AT + 21 * CLOCK_MS, "reset");
	struct flow_record c = flow(4000, 2, AT + 40 * CLOCK_MS, AT + 41 * CLOCK_MS, "reset");
	struct flow_record d = flow(4000, 2, AT - 40 * CLOCK_MS, AT - 39 * CLOCK_MS, "reset");

	(void)state;
	born(1, tuple_from(1, 4000, 2, 80), AT, 11, 5, "one");
	gone(1, AT + CLOCK_MS);
	born(3, tuple_from(1, 4000, 2, 80), AT + 40 * CLOCK_MS, 33, 5, "three");
	filled(&a);
	filled(&b);
	filled(&c);
	filled(&d);
	assert_int_equal(pid_of(&a, 0), 11);
	assert_int_equal(pid_of(&b, 0), 0);
	assert_string_equal(b.owner_unknown[0], "too_late");
	assert_int_equal(pid_of(&c, 0), 33);
	assert_int_equal(pid_of(&d, 0), 0);
	/* At the server's end, whose socket is made by the SYN: the same. */
	born(5, tuple_from(1, 80, 3, 4000), AT + CLOCK_MS, 55, 7, "server");
	gone(5, AT + 2 * CLOCK_MS);
	for (int64_t late = -1; late <= 1; late++) {
		struct flow_record r = flow(4000, 1, AT + late * CLOCK_S, AT + late * CLOCK_S + 3 * CLOCK_MS, "closed");

		r.client = at(3, 4000);
		filled(&r);
		assert_int_equal(pid_of(&r, 1), late == 0 ? 55 : 0);
	}
}

/* What is over, and a socket that was first seen afterwards: not known when it was made, so not taken. */
static void seen_after_the_end(void **state)
{
	struct flow_record r = flow(4000, 2, AT, AT + CLOCK_S, "closed"), on = flow(4000, 2, AT, AT + CLOCK_S, "established");
	struct host_finding f = finding(FINDING_OWNER, 1, AT + 3 * CLOCK_S);

	(void)state;
	f.tuple = tuple_from(1, 4000, 2, 80);
	f.pid = 11;
	owners_found(o, &f);
	filled(&r);
	assert_int_equal(pid_of(&r, 0), 0);
	filled(&on);
	assert_int_equal(pid_of(&on, 0), 11);
}

/* A SYN that waited for an ARP answer, or was sent again before the capture saw one. */
static void a_socket_older_than_its_first_packet(void **state)
{
	struct flow_record r = flow(4000, 2, AT, AT + CLOCK_S, "established");

	(void)state;
	born(1, tuple_from(1, 4000, 2, 80), AT - 3 * CLOCK_S, 11, 5, "curl");
	filled(&r);
	assert_int_equal(pid_of(&r, 0), 11);
}

/* Stragglers of a flow whose beginning was not seen. */
static void without_the_syn(void **state)
{
	struct flow_record r = flow(4000, 2, AT, AT, "midstream");

	(void)state;
	r.syn = false;
	born(1, tuple_from(1, 4000, 2, 80), AT - 50 * CLOCK_S, 11, 5, "curl");
	gone(1, AT - 100 * CLOCK_MS);
	filled(&r);
	assert_int_equal(pid_of(&r, 0), 11);
	r.owner[0].n = 0;
	r.has[0] = r.has[1] = 0;
	r.first_ns = r.last_ns = AT + 2 * CLOCK_S;
	filled(&r);
	assert_int_equal(pid_of(&r, 0), 0);
}

/* The ports come later than the socket: it is found by its cookie until then. */
static void ports_come_later(void **state)
{
	struct flow_record r = flow(4000, 2, AT, AT + CLOCK_S, "established");
	struct host_finding f = finding(FINDING_SOCKET, 1, AT - CLOCK_MS);

	(void)state;
	f.state = SOCKET_SYN_SENT;
	f.tuple = tuple_from(1, 0, 2, 80);
	owners_found(o, &f);
	f.kind = FINDING_OWNER;
	f.pid = 11;
	owners_found(o, &f);
	filled(&r);
	assert_int_equal(pid_of(&r, 0), 0);
	f = finding(FINDING_SOCKET, 1, AT + CLOCK_MS);
	f.tuple = tuple_from(1, 4000, 2, 80);
	owners_found(o, &f);
	memset(r.has, 0, sizeof r.has);
	r = flow(4000, 2, AT, AT + CLOCK_S, "established");
	filled(&r);
	assert_int_equal(pid_of(&r, 0), 11);
	assert_int_equal(owners_stats(o)->sockets, 1);
}

/* Several hold it; who was only said to have inherited it makes way for who was seen. */
static void a_set_of_holders(void **state)
{
	struct flow_record r = flow(4000, 2, AT, AT + CLOCK_S, "established");
	struct host_finding f = finding(FINDING_OWNER, 1, AT);

	(void)state;
	born(1, tuple_from(1, 4000, 2, 80), AT, 0, 0, "");
	f.evidence = SOCKET_BY_DESCENT;
	f.pid = 10;
	owners_found(o, &f);
	f.evidence = SOCKET_BY_BPF;
	for (int32_t pid = 11; pid < 17; pid++) {
		f.pid = pid;
		f.fd = -1;
		owners_found(o, &f);
		f.fd = 4; /* the same one, its descriptor is known now */
		owners_found(o, &f);
	}
	f.evidence = SOCKET_BY_DESCENT;
	f.pid = 10;
	owners_found(o, &f);
	filled(&r);
	assert_int_equal(r.owner[0].n, RECORD_OWNERS_MAX);
	for (int32_t i = 0; i < RECORD_OWNERS_MAX; i++) {
		assert_int_equal(r.owner[0].at[i].pid, 11 + i);
		assert_int_equal(r.owner[0].at[i].fd, 4);
	}
	assert_int_equal(owners_stats(o)->holders_lost, 4);
}

/* A user without a process: it is said, and why there is no more. */
static void a_user_alone(void **state)
{
	struct flow_record r = flow(4000, 2, AT, AT + CLOCK_S, "established"), refused = flow(4001, 1, AT, AT, "refused");
	struct host_finding f = finding(FINDING_SOCKET, 1, AT);

	(void)state;
	f.tuple = tuple_from(1, 4000, 2, 80);
	f.evidence = SOCKET_BY_DIAG;
	f.inode = 77;
	f.uid = 33;
	owners_found(o, &f);
	f.kind = FINDING_UNKNOWN;
	f.why = SOCKET_NO_CAPABILITY;
	owners_found(o, &f);
	filled(&r);
	assert_null(record_process(&r, 0));
	assert_int_equal(r.owner[0].n, 1);
	assert_int_equal(r.owner[0].at[0].uid, 33);
	assert_int_equal(r.owner[0].at[0].pid, 0);
	assert_int_equal(r.owner[0].at[0].fd, -1);
	assert_string_equal(r.owner[0].at[0].evidence, "diag");
	assert_string_equal(r.owner_unknown[0], "no_capability");
	/* What was refused the kernel has answered: nobody is missing there. */
	filled(&refused);
	assert_false(record_has(&refused, RECORD_OWNER_UNKNOWN_SERVER));
	assert_string_equal(refused.owner_unknown[0], "too_late");
}

static void accept_latency(void **state)
{
	struct flow_record r = flow(4000, 1, AT, AT + CLOCK_S, "established"), wire;
	struct host_finding f = finding(FINDING_ACCEPTED, 2, AT + 1600000);

	(void)state;
	born(2, tuple_from(1, 80, 1, 4000), AT + CLOCK_MS, 0, 0, "");
	filled(&r);
	assert_false(record_has(&r, RECORD_ACCEPT_LATENCY));
	f.pid = 815;
	f.fd = 19;
	owners_found(o, &f);
	r = flow(4000, 1, AT, AT + CLOCK_S, "established");
	filled(&r);
	assert_true(record_has(&r, RECORD_ACCEPT_LATENCY));
	assert_int_equal(r.accept_latency, 600000);
	assert_int_equal(r.accepted.pid, 815);
	assert_int_equal(r.accepted.fd, 19);
	assert_int_equal(pid_of(&r, 1), 815);
	/* The kernel did not say when it was established: the last packet of the handshake did. */
	f.cookie = 3;
	f.tuple = tuple_from(1, 80, 2, 4000);
	owners_found(o, &f);
	wire = flow(4000, 1, AT, AT + CLOCK_S, "established");
	wire.client = at(2, 4000);
	wire.ack_ns = AT + 1000000;
	record_set(&wire, RECORD_HS_ACK);
	filled(&wire);
	assert_int_equal(wire.accept_latency, 600000);
	/* It says with accept(2) when that was: that counts, wherever the packet was seen. */
	f.cookie = 4;
	f.tuple = tuple_from(1, 80, 3, 4000);
	f.opened_ns = AT + 1100000;
	owners_found(o, &f);
	wire = flow(4000, 1, AT, AT + CLOCK_S, "established");
	wire.client = at(3, 4000);
	wire.ack_ns = AT + 200000;
	record_set(&wire, RECORD_HS_ACK);
	filled(&wire);
	assert_int_equal(wire.accept_latency, 500000);
}

/* Since the FIN was on the wire, of the end that has not closed. */
static void a_close_that_does_not_come(void **state)
{
	struct flow_record r = flow(4000, 1, AT, AT + CLOCK_S, "half_closed");

	(void)state;
	r.tcp_state[1] = "close_wait";
	record_set(&r, RECORD_TCP_STATE_SERVER);
	filled(&r);
	assert_false(record_has(&r, RECORD_CLOSE_WAIT_SERVER));
	owners_fin(o, r.id, 0, AT + CLOCK_S);
	owners_fin(o, r.id, 0, AT + 5 * CLOCK_S); /* again */
	owners_fill(o, &r, AT + 9 * CLOCK_S);
	assert_int_equal(r.close_wait[1], 8 * CLOCK_S);
	assert_false(record_has(&r, RECORD_CLOSE_WAIT_CLIENT));
	owners_fin(o, r.id, 1, AT + 10 * CLOCK_S);
	assert_int_equal(owners_closed(o, r.id, 0), 0);
	for (uint64_t id = 1; id <= 4 * OWNERS_CLOSES; id++)
		owners_fin(o, id, 0, AT);
	assert_in_range(owners_stats(o)->closes_lost, 3 * OWNERS_CLOSES, 4 * OWNERS_CLOSES);
	for (uint64_t id = 1; id <= 4 * OWNERS_CLOSES; id++)
		owners_over(o, id);
	for (uint64_t id = 1; id <= 4 * OWNERS_CLOSES; id++)
		assert_int_equal(owners_closed(o, id, 0), 0);
}

/* A million sockets: those that ended go first, and it is counted; what is left is right. */
static void memory_is_bounded(void **state)
{
	const uint32_t most = o->most;

	(void)state;
	born(1, tuple_from(1, 4000, 2, 80), AT, 11, 5, "stays");
	for (uint64_t i = 2; i < 1000000; i++) {
		const struct tuple t = {.from = host(1), .to = host(2), .from_port = (uint16_t)(1024 + i % 60000), .to_port = 80,
					.proto = PROTO_TCP, .family = FAMILY_IPV4};
		struct host_finding f = finding(FINDING_OWNER, i, AT + (int64_t)i * 1000);

		f.tuple = t;
		f.pid = (int32_t)i;
		owners_found(o, &f);
		if (i % 2)
			gone(i, AT + (int64_t)i * 1000 + 500);
	}
	assert_int_equal(owners_stats(o)->sockets, most);
	assert_int_equal(owners_stats(o)->forgotten, 1000000 - 1 - most);
	for (uint64_t i = 999000; i < 1000000; i++) {
		struct flow_record r = flow((uint16_t)(1024 + i % 60000), 2, AT + (int64_t)i * 1000 - 100,
					    AT + (int64_t)i * 1000 + 300, "closed");

		filled(&r);
		assert_true(pid_of(&r, 0) == (int32_t)i || pid_of(&r, 0) == 0);
		if (!(i % 2))
			assert_int_equal(pid_of(&r, 0), (int32_t)i);
	}
}

/* Findings that nobody would send, in any order: nothing breaks, and nothing wrong is said. */
static void random_findings(void **state)
{
	(void)state;
	srand(3);
	for (unsigned i = 0; i < 200000; i++) {
		struct host_finding f = {
			.cookie = (uint64_t)rand() % 300, .inode = (uint64_t)rand() % 50, .at_ns = AT + rand() % 1000000,
			.pid = rand() % 9 - 1, .fd = rand() % 5 - 1, .kind = (uint8_t)(rand() % 6),
			.evidence = (uint8_t)(rand() % 8), .why = (uint8_t)(rand() % 6), .state = (uint8_t)(rand() % 14),
			.netns = (uint32_t)(rand() % 3),
			.tuple = tuple_from((uint8_t)(rand() % 3), (uint16_t)(rand() % 4), (uint8_t)(rand() % 3), (uint16_t)(rand() % 4)),
		};
		struct flow_record r = flow((uint16_t)(rand() % 4), (uint8_t)(rand() % 3), AT + rand() % 1000000, AT + 2000000,
					    rand() % 2 ? "closed" : "established");

		memset(f.comm, 'x', sizeof f.comm); /* not terminated */
		owners_found(o, &f);
		r.server.port = (uint16_t)(rand() % 4);
		filled(&r);
		for (unsigned side = 0; side < 2; side++) {
			assert_true(r.owner[side].n <= RECORD_OWNERS_MAX);
			assert_true(record_process(&r, side) || record_has(&r, side ? RECORD_OWNER_UNKNOWN_SERVER
										       : RECORD_OWNER_UNKNOWN_CLIENT));
			for (unsigned k = 0; k < r.owner[side].n; k++)
				assert_true(strnlen(r.owner[side].at[k].comm, 16) < 16);
		}
	}
	assert_in_range(owners_stats(o)->sockets, 1, o->most);
}

/* One tuple over and over, whose ends are told or not: no walk is long, and the last ones are known. */
static void a_long_chain_of_one_tuple(void **state)
{
	const struct tuple t = tuple_from(1, 4000, 2, 80);
	unsigned n;

	(void)state;
	for (uint64_t i = 1; i <= 20000; i++) {
		born(i, t, AT + (int64_t)i * CLOCK_MS, (int32_t)i, 5, "again");
		if (i % 3 == 0)
			gone(i, AT + (int64_t)i * CLOCK_MS + CLOCK_MS / 2);
		n = 0;
		for (const struct owned *s = owned_first(o, &t); s; s = owned_next(o, s))
			n++;
		assert_in_range(n, 1, OWNERS_SAME);
	}
	assert_int_equal(n, OWNERS_SAME);
	for (uint64_t i = 19998; i <= 20000; i++) {
		struct flow_record r = flow(4000, 2, AT + (int64_t)i * CLOCK_MS, AT + (int64_t)i * CLOCK_MS + CLOCK_MS / 4, "closed");

		filled(&r);
		assert_int_equal(pid_of(&r, 0), (int32_t)i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		OWNERS_TEST(owners_of_both_ends), OWNERS_TEST(another_namespace), OWNERS_TEST(a_tuple_used_again),
		OWNERS_TEST(seen_after_the_end),
		OWNERS_TEST(a_socket_older_than_its_first_packet), OWNERS_TEST(without_the_syn), OWNERS_TEST(ports_come_later),
		OWNERS_TEST(a_set_of_holders), OWNERS_TEST(a_user_alone), OWNERS_TEST(accept_latency),
		OWNERS_TEST(a_close_that_does_not_come), OWNERS_TEST(memory_is_bounded), OWNERS_TEST(random_findings),
		OWNERS_TEST(a_long_chain_of_one_tuple),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
