/* Owners and tables: listeners that share a port, holders that are hidden, sockets of UDP that end.
 * links: engine host process flow dissect source filter facts base
 */
#include "owners_world.h"

#include "host/host_private.h"

/* ---- tables ---------------------------------------------------------------------------------------- */

struct held {
	struct socket_record s;
	int32_t pid; /* 0: nobody is seen to hold it */
};

static struct endpoint any(uint16_t port)
{
	return (struct endpoint){.port = port, .family = FAMILY_IPV4, .has_port = true};
}

static struct held socket_at(uint64_t cookie, uint8_t proto, uint8_t state, struct endpoint local, int32_t pid)
{
	return (struct held){.pid = pid, .s = {.cookie = cookie, .inode = 1000 + cookie, .family = SOCKET_INET, .proto = proto,
					       .state = state, .local = local, .remote = {.family = FAMILY_NONE}}};
}

/* A table of these, begun then, with all processes looked through. */
static struct host_table *table_of(const struct held *sockets, unsigned n, const struct host_table *before, int64_t at_ns)
{
	static struct process_batch b;
	struct host_table *t;
	struct error e;

	assert_int_equal(host_table_new(&t, 16 << 20, &e), 0);
	host_table_facts(t)->at_ns = at_ns;
	host_table_facts(t)->asked = HOST_TCP_SOCKETS | HOST_UDP_SOCKETS | HOST_OWNERS;
	host_table_facts(t)->unknown = SOCKET_TOO_LATE;
	for (unsigned i = 0; i < n; i++) {
		*host_table_add(t) = sockets[i].s;
		if (!sockets[i].pid)
			continue;
		memset(&b, 0, sizeof b);
		b.processes = b.holders = 1;
		b.process[0] = (struct process){.pid = sockets[i].pid, .started = 5, .comm = "server"};
		b.holder[0] = (struct process_holder){.inode = sockets[i].s.inode, .fd = 6};
		host_table_batch(t, &b, SOCKET_BY_PROC);
	}
	host_table_walked(t);
	host_table_finish(t, before);
	return t;
}

/* The same table, and listeners as they were looked at then. */
static void has_table(const struct host_table *t)
{
	static struct host_listener l[HOST_LIVE_LISTENERS];
	const struct socket_table *facts = host_table_sockets(t);
	unsigned n = 0;

	for (uint32_t i = 0; i < facts->n_sockets; i++) /* which are in order of the cookie here */
		if (facts->sockets[i].state == SOCKET_LISTEN)
			l[n++] = (struct host_listener){.cookie = facts->sockets[i].cookie, .local = facts->sockets[i].local};
	owners_table(o, t, l, n);
}

static void names(struct flow_record *r, unsigned n, const int32_t *pids)
{
	filled(r);
	assert_int_equal(r->owner[1].n, n);
	for (unsigned i = 0; i < n; i++) {
		bool found = false;

		for (unsigned k = 0; k < n; k++)
			found = found || r->owner[1].at[k].pid == pids[i];
		assert_true(found);
		assert_string_equal(r->owner[1].at[i].evidence, "listener");
		assert_int_equal(r->owner[1].at[i].fd, -1);
	}
	assert_int_equal(record_has(r, RECORD_OWNER_UNKNOWN_SERVER), n == 0);
}

/* A listener on any address took it: of this host's end alone, and only if it was there before. */
static void a_wildcard_listener(void **state)
{
	const struct held one = socket_at(1, PROTO_TCP, SOCKET_LISTEN, any(80), 70);
	struct host_table *none = table_of(NULL, 0, NULL, AT - 5 * CLOCK_S), *t = table_of(&one, 1, none, AT);
	struct flow_record here = flow(4000, 1, AT + CLOCK_S, AT + 2 * CLOCK_S, "closed"), early = here, there = here;

	(void)state;
	here.client = early.client = at(9, 4000);
	early.first_ns = AT - CLOCK_S;
	there = flow(4000, 2, AT + CLOCK_S, AT + 2 * CLOCK_S, "closed");
	has_table(none);
	has_table(t);
	names(&here, 1, (const int32_t[]){70});
	names(&early, 0, NULL);
	filled(&there);
	assert_int_equal(there.owner[1].n, 0);
	assert_string_equal(there.owner_unknown[1], "other_host");
	owners_table(o, NULL, NULL, 0);
	host_table_free(t);
	host_table_free(none);
}

/* Several listeners on one address and port (SO_REUSEPORT): any of them took it, so all are named or none is. */
static void listeners_that_share_a_port(void **state)
{
	struct held s[6];
	struct host_table *t[6];
	struct flow_record r = flow(4000, 1, AT + CLOCK_S, AT + 2 * CLOCK_S, "closed"), again = r;

	(void)state;
	r.client = again.client = at(9, 4000);
	for (uint64_t i = 0; i < 6; i++)
		s[i] = socket_at(1 + i, PROTO_TCP, SOCKET_LISTEN, any(80), 70 + (int32_t)i);
	t[0] = table_of(s, 4, NULL, AT);
	has_table(t[0]);
	names(&r, 4, (const int32_t[]){70, 71, 72, 73});
	t[1] = table_of(s, 6, t[0], AT + CLOCK_S / 2); /* five and more are too many to be told */
	has_table(t[1]);
	r = again;
	names(&r, 0, NULL);
	r = again;
	r.first_ns = AT + CLOCK_S / 4; /* when the fifth was not there yet */
	names(&r, 4, (const int32_t[]){70, 71, 72, 73});
	/* One of those that were there is gone now: it may have been that one. */
	t[2] = table_of(s, 3, t[1], AT + 3 * CLOCK_S);
	has_table(t[2]);
	r = again;
	names(&r, 0, NULL);
	r = again;
	r.first_ns = AT + 4 * CLOCK_S;
	r.last_ns = AT + 5 * CLOCK_S;
	names(&r, 3, (const int32_t[]){70, 71, 72});
	/* Of one nobody is seen to hold it. */
	s[1].pid = 0;
	t[3] = table_of(s, 3, t[2], AT + 6 * CLOCK_S);
	has_table(t[3]);
	r = again;
	r.first_ns = AT + 7 * CLOCK_S;
	names(&r, 0, NULL);
	owners_table(o, NULL, NULL, 0);
	for (unsigned i = 0; i < 4; i++)
		host_table_free(t[i]);
}

/* What came to a port that listeners share is that one's which shares its process, or which alone has a queue. */
static void children_of_shared_listeners(void **state)
{
	struct held s[6];
	const struct socket_record *at_place;
	struct host_table *t;

	(void)state;
	for (uint64_t i = 0; i < 3; i++)
		s[i] = socket_at(1 + i, PROTO_TCP, SOCKET_LISTEN, any(80), 70 + (int32_t)i);
	for (uint64_t i = 3; i < 6; i++) {
		s[i] = socket_at(1 + i, PROTO_TCP, SOCKET_ESTABLISHED, at(1, 80), i == 3 ? 71 : 0);
		s[i].s.remote = at(9, (uint16_t)(4000 + i));
	}
	s[4].s.inode = 0; /* lies in a queue */
	s[2].s.receive_queue = 1;
	s[2].s.has = s[1].s.has = SOCKET_HAS_QUEUES;
	t = table_of(s, 6, NULL, AT);
	at_place = host_table_sockets(t)->sockets;
	assert_int_equal(at_place[3].listener, 1);
	assert_int_equal(at_place[3].listeners, 1);
	assert_true(at_place[4].waiting);
	assert_int_equal(at_place[4].listener, 2);
	assert_int_equal(at_place[4].listeners, 1);
	assert_int_equal(at_place[5].listeners, 3); /* nobody is seen to hold it */
	host_table_free(t);
	s[1].s.receive_queue = 4; /* two have something in their queue */
	t = table_of(s, 6, NULL, AT);
	at_place = host_table_sockets(t)->sockets;
	assert_int_equal(at_place[4].listeners, 2);
	assert_true(at_place[4].listener == 1 || at_place[4].listener == 2);
	host_table_free(t);
}

/* It was there before and after all processes were looked through: nobody who can be seen holds it. */
static void a_holder_that_is_hidden(void **state)
{
	struct held s[2] = {socket_at(1, PROTO_TCP, SOCKET_LISTEN, any(80), 0), socket_at(2, PROTO_TCP, SOCKET_LISTEN, any(81), 0)};
	struct host_table *first = table_of(s, 1, NULL, AT), *second;
	struct flow_record r = flow(4000, 1, AT + 3 * CLOCK_S, AT + 4 * CLOCK_S, "closed");

	(void)state;
	r.client = at(9, 4000);
	assert_string_equal(socket_owner_unknown(host_table_sockets(first), &host_table_sockets(first)->sockets[0]), "too_late");
	host_table_still(first, 1); /* asked once more after the walk */
	host_table_still(first, 7);
	assert_string_equal(socket_owner_unknown(host_table_sockets(first), &host_table_sockets(first)->sockets[0]), "unsupported");
	host_table_free(first);
	first = table_of(s, 1, NULL, AT);
	second = table_of(s, 2, first, AT + CLOCK_S);
	assert_string_equal(socket_owner_unknown(host_table_sockets(second), &host_table_sockets(second)->sockets[0]), "unsupported");
	assert_string_equal(socket_owner_unknown(host_table_sockets(second), &host_table_sockets(second)->sockets[1]), "too_late");
	has_table(first);
	has_table(second);
	filled(&r);
	assert_int_equal(r.owner[1].n, 0);
	assert_string_equal(r.owner_unknown[1], "unsupported");
	owners_table(o, NULL, NULL, 0);
	host_table_free(second);
	host_table_free(first);
}

/* Sockets of UDP that share a port: each packet is one's, so all are named. */
static void datagrams_of_a_shared_port(void **state)
{
	const struct held s[2] = {socket_at(1, PROTO_UDP, SOCKET_CLOSED, any(80), 70), socket_at(2, PROTO_UDP, SOCKET_CLOSED, any(80), 71)};
	struct host_table *t = table_of(s, 2, NULL, AT), *one = table_of(s, 1, NULL, AT);
	struct flow_record r = flow(4000, 1, AT - CLOCK_S, AT + CLOCK_S, "answered"), again;

	(void)state;
	r.client = at(9, 4000);
	r.ip_proto = PROTO_UDP;
	again = r;
	has_table(t);
	names(&r, 2, (const int32_t[]){70, 71});
	has_table(one);
	filled(&again);
	assert_int_equal(pid_of(&again, 1), 70);
	assert_string_equal(again.owner[1].at[0].evidence, "proc");
	owners_table(o, NULL, NULL, 0);
	host_table_free(one);
	host_table_free(t);
}

/* The kernel tells no end of a UDP socket: a later table that lacks it does. */
static void a_datagram_socket_ends(void **state)
{
	const struct held stays = {.pid = 11, .s = {.cookie = 1, .inode = 1001, .family = SOCKET_INET, .proto = PROTO_UDP,
						    .local = at(1, 4000), .remote = at(2, 53)}};
	struct tuple t = tuple_from(1, 4000, 2, 53);
	struct host_table *table = table_of(&stays, 1, NULL, AT + 2 * CLOCK_S), *partial = table_of(NULL, 0, NULL, AT + 2 * CLOCK_S);

	(void)state;
	t.proto = PROTO_UDP;
	for (uint64_t i = 1; i <= 3 * OWNERS_LOOK; i++) {
		t.from_port = (uint16_t)(3999 + i);
		born(i, t, i == 5 ? AT + 3 * CLOCK_S : AT, 11, 5, "resolver"); /* the fifth is younger than the table */
	}
	assert_int_equal(o->n_datagrams, 3 * OWNERS_LOOK);
	host_table_facts(partial)->partial = true;
	has_table(partial);
	owners_look(o);
	assert_int_equal(o->n_datagrams, 3 * OWNERS_LOOK); /* one that may lack some says nothing */
	has_table(table);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(o->unlooked, (3 - i) * OWNERS_LOOK); /* so many at a time */
		owners_look(o);
	}
	owners_look(o);
	assert_int_equal(o->n_datagrams, 2);
	t.from_port = 4001;
	assert_int_equal(owned_first(o, &t)->bits & OWNED_GONE, OWNED_GONE);
	assert_int_equal(owned_first(o, &t)->last_ns, AT + 2 * CLOCK_S);
	t.from_port = 4000;
	assert_int_equal(owned_first(o, &t)->bits & OWNED_GONE, 0);
	owners_table(o, NULL, NULL, 0);
	host_table_free(partial);
	host_table_free(table);
}

/* Of another network namespace: this one's tables lack it, and say nothing of its end. */
static void a_datagram_socket_of_elsewhere(void **state)
{
	struct tuple t = tuple_from(50, 4001, 2, 53);
	struct host_table *table = table_of(NULL, 0, NULL, AT + 2 * CLOCK_S);
	struct host_finding f = finding(FINDING_OWNER, 77, AT);
	struct flow_record r = flow(4001, 2, AT + 60 * CLOCK_S, AT + 61 * CLOCK_S, "answered");

	(void)state;
	t.proto = PROTO_UDP;
	f.tuple = t;
	f.netns = 4026532999U;
	f.pid = 11;
	f.started = 5;
	owners_found(o, &f);
	r.client = at(50, 4001);
	r.server = at(2, 53);
	r.ip_proto = PROTO_UDP;
	r.syn = r.synack = false;
	r.has[0] = r.has[1] = 0;
	has_table(table);
	owners_look(o);
	filled(&r);
	assert_int_equal(pid_of(&r, 0), 11);
	assert_false(owned_first(o, &t)->bits & OWNED_GONE);
	owners_table(o, NULL, NULL, 0);
	host_table_free(table);
}

/* One at the address itself took it, and is gone; the one at any address that is still there did not. */
static void a_gone_listener_of_the_address(void **state)
{
	const struct held s[2] = {socket_at(1, PROTO_TCP, SOCKET_LISTEN, any(80), 70), socket_at(2, PROTO_TCP, SOCKET_LISTEN, at(1, 80), 71)};
	struct host_table *first = table_of(s, 2, NULL, AT - 5 * CLOCK_S), *t = table_of(s, 1, first, AT + 2 * CLOCK_S);
	struct flow_record r = flow(4000, 1, AT, AT + CLOCK_S, "closed"), other = flow(4001, 1, AT + 3 * CLOCK_S, AT + 4 * CLOCK_S, "closed");

	(void)state;
	r.client = at(9, 4000);
	other.client = at(9, 4001);
	has_table(first);
	has_table(t);
	filled(&r);
	assert_int_equal(pid_of(&r, 1), 0);
	filled(&other); /* after its end */
	assert_int_equal(pid_of(&other, 1), 70);
	owners_table(o, NULL, NULL, 0);
	host_table_free(t);
	host_table_free(first);
}

/* One at any address that is gone took nothing where one at the address itself was, and is. */
static void a_gone_listener_of_any_address(void **state)
{
	const struct held s[2] = {socket_at(1, PROTO_TCP, SOCKET_LISTEN, at(1, 80), 71), socket_at(2, PROTO_TCP, SOCKET_LISTEN, any(80), 70)};
	struct host_table *first = table_of(s, 2, NULL, AT - 5 * CLOCK_S), *t = table_of(s, 1, first, AT + 2 * CLOCK_S);
	struct flow_record r = flow(4000, 1, AT, AT + CLOCK_S, "closed");

	(void)state;
	r.client = at(9, 4000);
	has_table(first);
	has_table(t);
	filled(&r);
	assert_int_equal(pid_of(&r, 1), 71);
	owners_table(o, NULL, NULL, 0);
	host_table_free(t);
	host_table_free(first);
}

/* Where holders found no room, one without any says nothing of why. */
static void not_hidden_without_room(void **state)
{
	struct held s = socket_at(1, PROTO_TCP, SOCKET_LISTEN, any(80), 0);
	struct host_table *t;
	struct error e;

	(void)state;
	assert_int_equal(host_table_new(&t, 16 << 20, &e), 0);
	host_table_facts(t)->unknown = SOCKET_TOO_LATE;
	*host_table_add(t) = s.s;
	host_table_facts(t)->forgotten = 1;
	host_table_walked(t);
	host_table_finish(t, NULL);
	host_table_still(t, 1);
	assert_string_equal(socket_owner_unknown(host_table_sockets(t), &host_table_sockets(t)->sockets[0]), "too_late");
	host_table_free(t);
}

/* Sockets of one tuple in many namespaces do not push out each other, up to a bound; then those that ended go first. */
static void one_tuple_in_many_namespaces(void **state)
{
	struct tuple t = tuple_from(50, 4000, 2, 80);
	struct host_finding f = finding(FINDING_SOCKET, 0, AT);
	unsigned n = 0, own = 0;

	(void)state;
	f.tuple = t;
	for (unsigned i = 0; i < 40; i++) {
		f.cookie = 100 + i;
		f.netns = 9000 + i;
		owners_found(o, &f);
	}
	for (unsigned i = 0; i < 20; i++) {
		f.cookie = 200 + i;
		f.netns = 0;
		f.at_ns = AT + (int64_t)i;
		owners_found(o, &f);
	}
	for (const struct owned *s = owned_first(o, &t); s; s = owned_next(o, s)) {
		n++;
		own += s->netns == 0;
	}
	assert_int_equal(own, OWNERS_SAME);
	assert_int_equal(n, 40 + OWNERS_SAME);
	f.at_ns = AT + CLOCK_S;
	for (unsigned i = n; i < OWNERS_SAME_ALL; i++) {
		f.cookie = 1000 + i;
		f.netns = 20000 + i;
		owners_found(o, &f);
	}
	f.cookie = 999;
	f.netns = 5;
	gone(1000 + OWNERS_SAME_ALL - 1, AT + 2 * CLOCK_S);
	owners_found(o, &f);
	n = 0;
	for (const struct owned *s = owned_first(o, &t); s; s = owned_next(o, s))
		assert_int_not_equal(s->cookie, 1000 + OWNERS_SAME_ALL - 1);
	for (const struct owned *s = owned_first(o, &t); s; s = owned_next(o, s))
		n++;
	assert_int_equal(n, OWNERS_SAME_ALL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		OWNERS_TEST(a_wildcard_listener),
		OWNERS_TEST(listeners_that_share_a_port),
		OWNERS_TEST(children_of_shared_listeners),
		OWNERS_TEST(a_holder_that_is_hidden),
		OWNERS_TEST(datagrams_of_a_shared_port),
		OWNERS_TEST(a_datagram_socket_ends),
		OWNERS_TEST(a_datagram_socket_of_elsewhere),
		OWNERS_TEST(a_gone_listener_of_the_address),
		OWNERS_TEST(a_gone_listener_of_any_address),
		OWNERS_TEST(not_hidden_without_room),
		OWNERS_TEST(one_tuple_in_many_namespaces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
