/* The tuple: both endpoints and the protocol, as the packet carried them.
 *
 * IPv4 addresses occupy the first four bytes, the rest is zero. Addresses are
 * bytes in network order, ports are numbers in host order. ICMP has no ports:
 * echo and the like carry their identifier in both, so that question and
 * answer meet; others carry type and code.
 */
#ifndef SOCKEYE_TUPLE_H
#define SOCKEYE_TUPLE_H

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "sockeye/text.h"

enum { FAMILY_NONE = 0, FAMILY_IPV4 = 4, FAMILY_IPV6 = 6 };

enum {
	PROTO_ICMP = 1,
	PROTO_IGMP = 2,
	PROTO_IPIP = 4,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_IPV6 = 41,
	PROTO_GRE = 47,
	PROTO_ESP = 50,
	PROTO_AH = 51,
	PROTO_ICMPV6 = 58,
	PROTO_SCTP = 132,
	PROTO_UDPLITE = 136,
};

struct address {
	uint8_t b[16];
};

struct tuple {
	struct address from, to;
	uint16_t from_port, to_port;
	uint8_t proto;  /* IP protocol number */
	uint8_t family; /* FAMILY_NONE: this packet has no tuple */
};

/* An endpoint as records and screens carry it. */
struct endpoint {
	struct address ip;
	uint16_t port;
	uint8_t family;
	bool has_port;
};

/* Is from the lower endpoint? By address as bytes, then by port. Else 1. */
static inline unsigned tuple_direction(const struct tuple *t)
{
	uint64_t a[2], b[2];

	memcpy(a, t->from.b, sizeof a);
	memcpy(b, t->to.b, sizeof b);
	if (a[0] != b[0])
		return be64toh(a[0]) > be64toh(b[0]);
	if (a[1] != b[1])
		return be64toh(a[1]) > be64toh(b[1]);
	return t->from_port > t->to_port;
}

/* Put the lower endpoint first. Returns 1 if the two were exchanged, else 0. */
unsigned tuple_order(struct tuple *t);
bool tuple_equal(const struct tuple *a, const struct tuple *b);

/* Can a flow be made of it? Of protocols whose transport header is read it
 * takes that header; others are known by their addresses, but not by an IPv6
 * extension header: something follows it that was not read. */
bool tuple_is_flow(const struct tuple *t, bool transport);

/* "tcp", "udp", "icmp", "icmpv6", "sctp", "udplite", else NULL. */
const char *tuple_proto_name(uint8_t proto);

/* 192.0.2.1 or 2001:db8::1 (RFC 5952). */
void tuple_address(struct text *t, const struct address *a, uint8_t family);
/* The same, written at p without a NUL; returns where it ended. */
enum { TUPLE_ADDRESS_MAX = 64 };
char *tuple_write(char *p, const struct address *a, uint8_t family);
/* 192.0.2.1:80, [2001:db8::1]:80, or the address alone without a port. */
void tuple_endpoint(struct text *t, const struct endpoint *e);
enum { TUPLE_ENDPOINT_MAX = TUPLE_ADDRESS_MAX + 8 };
char *tuple_write_endpoint(char *p, const struct endpoint *e);
int tuple_compare_endpoint(const struct endpoint *a, const struct endpoint *b);

#endif
