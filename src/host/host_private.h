/* What the files of this room share: the netlink client, the parsers of what the
 * kernel says, and the table under construction. */
#ifndef HOST_PRIVATE_H
#define HOST_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sockeye/cursor.h"
#include "sockeye/host.h"

/* ---- netlink.c ------------------------------------------------------------------------- */

enum { NETLINK_BUFFER = 32768, NETLINK_PATIENCE_MS = 2000 };

struct netlink {
	int fd;
	uint32_t sequence;
	_Alignas(8) uint8_t buffer[NETLINK_BUFFER];
};

/* One message of the kernel, without its header. */
typedef void netlink_each(void *arg, const uint8_t *bytes, size_t n);

/* 0, or -errno. Waits at most NETLINK_PATIENCE_MS for each answer. */
int netlink_open(struct netlink *nl, struct error *e);
void netlink_close(struct netlink *nl);

/* Sends a request of sock_diag (the part behind the netlink header) and gives each answer to
 * each. dump: all of them, else one. 0, or -errno: -ENOENT: there is no such socket, or the
 * kernel has no such family. *partial is set where the kernel was interrupted. */
int netlink_ask(struct netlink *nl, const void *request, size_t n, bool dump, netlink_each *each, void *arg,
		bool *partial);

/* The same in pieces, without waiting. netlink_more() reads once: 1: more is to come; 0: that was the end;
 * -EAGAIN: nothing is there yet; -errno. */
int netlink_send(struct netlink *nl, const void *request, size_t n, bool dump);
int netlink_more(struct netlink *nl, netlink_each *each, void *arg, bool *partial);

/* Walks what one recv(2) gave. 1: more is to come; 0: that was the end; -errno: what
 * the kernel said, in either of its shapes, or -EBADMSG: it is no netlink. */
int netlink_walk(const uint8_t *bytes, size_t n, uint32_t sequence, netlink_each *each, void *arg, bool *partial);

/* The next attribute; false at the end, or where a length is wrong (the rest is not read). */
bool netlink_attribute(struct cursor *c, uint16_t *type, struct cursor *value);

static inline uint32_t native_u32(struct cursor *c)
{
	uint32_t v;

	cursor_copy(c, &v, sizeof v);
	return v;
}

static inline uint16_t native_u16(struct cursor *c)
{
	uint16_t v;

	cursor_copy(c, &v, sizeof v);
	return v;
}

/* ---- parsers: inet.c, local.c. False: it is not such a message ---------------------------- */

/* proto: what was asked for. */
bool host_parse_inet(const uint8_t *bytes, size_t n, uint8_t proto, struct socket_record *out);
bool host_parse_packet(const uint8_t *bytes, size_t n, struct socket_record *out);
bool host_parse_netlink(const uint8_t *bytes, size_t n, struct socket_record *out);

/* Inodes of clients that wait for a UNIX listener. */
struct host_waiting {
	uint64_t *at;
	uint32_t n, most;
	uint64_t forgotten;
};
bool host_parse_unix(const uint8_t *bytes, size_t n, struct socket_record *out, struct host_waiting *w);

/* skmeminfo, as far as this kernel has it. */
void host_parse_memory(struct cursor value, struct socket_record *out);

/* An address inside an IPv6 socket that is an IPv4 one becomes it. */
void host_unmap(struct socket_record *s);

/* ---- procnet.c: lines of /proc/net, where sock_diag has not that family ------------------------ */

enum host_file { HOST_TCP, HOST_TCP6, HOST_UDP, HOST_UDP6, HOST_UDPLITE, HOST_UDPLITE6, HOST_RAW, HOST_RAW6, HOST_UNIX,
		 HOST_PACKET, HOST_NETLINK, HOST_ICMP, HOST_ICMP6, HOST_FILES };
extern const char *const host_file_names[HOST_FILES];

/* One line; false: the heading, or no such line. */
bool host_parse_line(enum host_file file, const char *s, size_t n, struct socket_record *out);

/* ---- counters.c ----------------------------------------------------------------------------------- */

/* Pairs of lines "TcpExt: name name" and "TcpExt: value value"; netstat and snmp. */
void host_parse_pairs(const char *s, size_t n, struct socket_counters *c);
/* Lines "TCP: inuse 5 orphan 0 tw 1 alloc 9 mem 2". */
void host_parse_sockstat(const char *s, size_t n, struct socket_counters *c);
void host_parse_ports(const char *s, size_t n, struct socket_counters *c);

/* ---- table.c ---------------------------------------------------------------------------------------- */

/* Sized by memory; what does not fit is counted. */
int host_table_new(struct host_table **out, size_t memory, struct error *e);
/* A place for one more socket, zeroed; NULL: forgotten, and counted. */
struct socket_record *host_table_add(struct host_table *t);
bool host_table_room(const struct host_table *t);
void host_table_drop_last(struct host_table *t); /* it was none after all */
struct host_waiting *host_table_waiting(struct host_table *t);
struct socket_table *host_table_facts(struct host_table *t);
void host_table_batch(struct host_table *t, const struct process_batch *b, uint8_t evidence);
/* Instead of batches: holders as the last table has them, of sockets that are still there. */
void host_table_carry(struct host_table *t, const struct host_table *before);
/* All processes were looked through since its sockets came. */
void host_table_walked(struct host_table *t);
/* It is finished, and that socket is still there: then whoever holds it could have been seen, or is hidden. */
void host_table_still(struct host_table *t, uint64_t cookie);
/* Did a socket that a program could hold come since? *at: where to go on, from 0; true: it did, or *at is the end. */
bool host_table_newer(struct host_table *t, const struct host_table *before, uint32_t *at, bool *newer);
/* Everything is in: sorts holders, finds owners, listeners and children. before: the last
 * table, or NULL: what is gone since then is kept HOST_KEEP_S long. */
void host_table_finish(struct host_table *t, const struct host_table *before);
/* The same in steps of a millisecond or so; false: it is finished. */
bool host_table_step(struct host_table *t, const struct host_table *before);
/* host_table_free() in such steps; false: it is freed. */
bool host_table_free_some(struct host_table *t);

#endif
