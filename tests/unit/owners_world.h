/* A host with one address, sockets that are made, held and gone, and the record of a connection. */
#ifndef OWNERS_WORLD_H
#define OWNERS_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "engine/owners_private.h"

#define AT (1000 * CLOCK_S)

static struct owners *o;

static inline int setup(void **state)
{
	static const struct address own = {.b = {10, 0, 0, 1}};
	struct error e;

	(void)state;
	if (owners_open(&o, 4 << 20, 7, &e) < 0)
		return -1;
	owners_local(o, &own, FAMILY_IPV4);
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	owners_free(o);
	return 0;
}

static inline struct address host(uint8_t last)
{
	return (struct address){.b = {10, 0, 0, last}};
}

static inline struct endpoint at(uint8_t last, uint16_t port)
{
	return (struct endpoint){.ip = host(last), .port = port, .family = FAMILY_IPV4, .has_port = true};
}

/* A connection of the client 10.0.0.1:port with 10.0.0.server:80 that was seen whole. */
static inline struct flow_record flow(uint16_t port, uint8_t server, int64_t first_ns, int64_t last_ns, const char *state)
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

static inline struct host_finding finding(enum host_finding_kind kind, uint64_t cookie, int64_t at_ns)
{
	return (struct host_finding){.kind = (uint8_t)kind, .cookie = cookie, .at_ns = at_ns, .fd = -1,
				     .evidence = SOCKET_BY_BPF, .state = SOCKET_ESTABLISHED};
}

static inline struct tuple tuple_from(uint8_t from, uint16_t from_port, uint8_t to, uint16_t to_port)
{
	return (struct tuple){.from = host(from), .to = host(to), .from_port = from_port, .to_port = to_port,
			      .proto = PROTO_TCP, .family = FAMILY_IPV4};
}

/* The socket of that end is made, and that process holds it. */
static inline void born(uint64_t cookie, struct tuple t, int64_t at_ns, int32_t pid, int32_t fd, const char *comm)
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

static inline void gone(uint64_t cookie, int64_t at_ns)
{
	struct host_finding f = finding(FINDING_GONE, cookie, at_ns);

	owners_found(o, &f);
}

static inline int32_t pid_of(const struct flow_record *r, unsigned side)
{
	const struct record_owner *owner = record_process(r, side);

	return owner ? owner->pid : 0;
}

static inline void filled(struct flow_record *r)
{
	owners_fill(o, r, r->last_ns + CLOCK_S);
}

#define OWNERS_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
