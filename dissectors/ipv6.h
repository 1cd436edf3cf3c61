/* The fixed header of IPv6 as numbers: for ipv6.c, and for the fast path of the
 * common headers (headers.c). No checks. */
#ifndef DISSECTORS_IPV6_H
#define DISSECTORS_IPV6_H

#include "sockeye/cursor.h"

enum { IPV6_HEADER = 40 };

struct ipv6_header {
	uint32_t word; /* version, class, flow label */
	unsigned length, next, hops;
	const uint8_t *from, *to; /* sixteen bytes each, lent */
};

/* at: IPV6_HEADER bytes, lent. */
static inline struct ipv6_header ipv6_read(const uint8_t *at)
{
	return (struct ipv6_header){
		.word = bytes_be32(at),
		.length = bytes_be16(at + 4),
		.next = at[6],
		.hops = at[7],
		.from = at + 8,
		.to = at + 24,
	};
}

#endif
