/* The fixed header of IPv6 as numbers: for ipv6.c, and for the fast path of the
 * common headers (headers.c). No checks. */
#ifndef DISSECTORS_IPV6_H
#define DISSECTORS_IPV6_H

#include "sockeye/cursor.h"
#include "sockeye/tuple.h"

enum { IPV6_HEADER = 40 };

struct ipv6_header {
	uint32_t word; /* version, class, flow label */
	unsigned length, next, hops;
	struct address from, to;
};

static inline struct ipv6_header ipv6_read(struct cursor *c)
{
	struct ipv6_header h = {.word = cursor_be32(c)};

	h.length = cursor_be16(c);
	h.next = cursor_u8(c);
	h.hops = cursor_u8(c);
	cursor_copy(c, h.from.b, 16);
	cursor_copy(c, h.to.b, 16);
	return h;
}

#endif
