/* The fixed header of IPv6 as numbers: for ipv6.c, and for the fast path of the
 * common headers (headers.c). No checks. */
#ifndef DISSECTORS_IPV6_H
#define DISSECTORS_IPV6_H

#include "sockeye/cursor.h"

enum { IPV6_HEADER = 40 };

struct ipv6_header {
	uint32_t word; /* version, class, flow label */
	unsigned length, next, hops;
	const uint8_t *from, *to; /* sixteen bytes each, lent; NULL: not there */
};

static inline void ipv6_read(struct cursor *c, struct ipv6_header *h)
{
	h->word = cursor_be32(c);
	h->length = cursor_be16(c);
	h->next = cursor_u8(c);
	h->hops = cursor_u8(c);
	h->from = cursor_take(c, 16);
	h->to = cursor_take(c, 16);
}

#endif
