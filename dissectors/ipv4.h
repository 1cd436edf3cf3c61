/* The fixed header of IPv4 as numbers: for ipv4.c, and for the fast path of the
 * common headers (headers.c). No checks: what the numbers must be, each says itself. */
#ifndef DISSECTORS_IPV4_H
#define DISSECTORS_IPV4_H

#include "sockeye/cursor.h"

enum { IPV4_HEADER_MIN = 20, IPV4_DONT = 0x4000, IPV4_MORE = 0x2000, IPV4_EVIL = 0x8000, IPV4_OFFSET = 0x1fff };

struct ipv4_header {
	unsigned version, header; /* header: bytes, with the options */
	unsigned tos, total, id, flags, ttl, proto;
	const uint8_t *from, *to; /* four bytes each, lent */
};

/* at: IPV4_HEADER_MIN bytes, lent. */
static inline struct ipv4_header ipv4_read(const uint8_t *at)
{
	return (struct ipv4_header){
		.version = at[0] >> 4,
		.header = (at[0] & 15u) * 4,
		.tos = at[1],
		.total = bytes_be16(at + 2),
		.id = bytes_be16(at + 4),
		.flags = bytes_be16(at + 6),
		.ttl = at[8],
		.proto = at[9], /* and the checksum */
		.from = at + 12,
		.to = at + 16,
	};
}

#endif
