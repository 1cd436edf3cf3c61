/* Owners: the socket that lived in the flow's time and no other, evidence, reasons, bounds.
 * links: engine host process flow dissect source filter facts base
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "engine/owners_private.h"
#include "host/host_private.h"

#define AT (1000 * CLOCK_S)

static struct owners *o;

static int setup(void **state)
{
	static const struct address own = {.b = {10, 0, 0, 1}};
	struct error e;

	(void)state;
	if (owners_open(&o, 4 << 20, 7, &e) < 0)
		return -1;
	owners_local(o, &own, FAMILY_IPV4);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	owners_free(o);
	return 0;
}

static struct address host(uint8_t last)
{
	return (struct address){.b = {10, 0, 0, last}};
}

static struct endpoint at(uint8_t last, uint16_t port)
{
	return (struct endpoint){.ip = host(last), .port = port, .family = FAMILY_IPV4, .has_port = true};
}

/* A connection of the client 10.0.0.1:port with 10.0.0.server:80 that was seen whole. */
static struct flow_record flow(uint16_t port, uint8_t server, int64_t first_ns, int64_t last_ns, const char *state)
{
	struct flow_record r;

	memset(&r, 0, sizeof r);
	r.id = port;
	r.ip_proto = PROTO_TCP;
	r.client = at(1, port);
	r.server = at(server, 80);
	r.first_ns = first_ns;
	r.last_ns = last_ns;
	r.syn = r.synack = true;
	r.state = state;
	record_set(&r, RECORD_STATE);
	record_set(&r, RECORD_HS_SYN);
	record_set(&r, RECORD_HS_SYNACK);
	return r;
}

static struct host_finding finding(enum host_finding_kind kind, uint64_t cookie, int64_t at_ns)
{
	return (struct host_finding){.kind = (uint8_t)kind, .cookie = cookie, .at_ns = at_ns, .fd = -1,
				     .evidence = SOCKET_BY_BPF, .state = SOCKET_ESTABLISHED};
}

static struct tuple tuple_from(uint8_t from, uint16_t from_port, uint8_t to, uint16_t to_port)
{
	return (struct tuple){.from = host(from), .to = host(to), .from_port = from_port, .to_port = to_port,
			      .proto = PROTO_TCP, .family = FAMILY_IPV4};
}

/* The socket of that end is made, and that process holds it. */
static void born(uint64_t cookie, struct tuple t, int64_t at_ns, int32_t pid, int32_t fd, const char *comm)
{
	struct host_finding f = finding(FINDING_SOCKET, cookie, at_ns);

	f.tuple = t;
	f.inode = cookie + 1000;
	owners_found(o, &f);
	if (!pid)
		return;
	f.kind = FINDING_OWNER;
	f.pid = pid;
	f.fd = fd;
	f.started = 5;
	f.uid = 1000;
	memcpy(f.comm, comm, strlen(comm) + 1);
	owners_found(o, &f);
}

static void gone(uint64_t cookie, int64_t at_ns)
{
	struct host_finding f = finding(FINDING_GONE, cookie, at_ns);

	owners_found(o, &f);
}

static int32_t pid_of(const struct flow_record *r, unsigned side)
{
	const struct record_owner *owner = record_process(r, side);

	return owner ? owner->pid : 0;
}

static void filled(struct flow_record *r)
{
	owners_fill(o, r, r->last_ns + CLOCK_S);
}

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

/* It was there before and after all processes were looked through: who holds it may not be looked at. */
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
	assert_string_equal(socket_owner_unknown(host_table_sockets(first), &host_table_sockets(first)->sockets[0]), "no_capability");
	host_table_free(first);
	first = table_of(s, 1, NULL, AT);
	second = table_of(s, 2, first, AT + CLOCK_S);
	assert_string_equal(socket_owner_unknown(host_table_sockets(second), &host_table_sockets(second)->sockets[0]), "no_capability");
	assert_string_equal(socket_owner_unknown(host_table_sockets(second), &host_table_sockets(second)->sockets[1]), "too_late");
	has_table(first);
	has_table(second);
	filled(&r);
	assert_int_equal(r.owner[1].n, 0);
	assert_string_equal(r.owner_unknown[1], "no_capability");
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

#define OWNERS_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		OWNERS_TEST(owners_of_both_ends), OWNERS_TEST(a_tuple_used_again), OWNERS_TEST(seen_after_the_end),
		OWNERS_TEST(a_socket_older_than_its_first_packet), OWNERS_TEST(without_the_syn), OWNERS_TEST(ports_come_later),
		OWNERS_TEST(a_set_of_holders), OWNERS_TEST(a_user_alone), OWNERS_TEST(accept_latency),
		OWNERS_TEST(a_close_that_does_not_come), OWNERS_TEST(memory_is_bounded), OWNERS_TEST(random_findings),
		OWNERS_TEST(a_wildcard_listener), OWNERS_TEST(listeners_that_share_a_port), OWNERS_TEST(children_of_shared_listeners),
		OWNERS_TEST(a_holder_that_is_hidden), OWNERS_TEST(datagrams_of_a_shared_port), OWNERS_TEST(a_datagram_socket_ends),
		OWNERS_TEST(a_long_chain_of_one_tuple),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
