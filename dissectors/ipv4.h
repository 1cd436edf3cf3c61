/* The fixed header of IPv4 as numbers: for ipv4.c, and for the fast path of the
 * common headers (headers.c). No checks: what the numbers must be, each says itself. */
#ifndef DISSECTORS_IPV4_H
#define DISSECTORS_IPV4_H

#include "sockeye/cursor.h"

enum { IPV4_HEADER_MIN = 20, IPV4_DONT = 0x4000, IPV4_MORE = 0x2000, IPV4_EVIL = 0x8000, IPV4_OFFSET = 0x1fff };

struct ipv4_header {
	unsigned version, header; /* header: bytes, with the options */
	unsigned tos, total, id, flags, ttl, proto;
	const uint8_t *from, *to; /* four bytes each, lent; NULL: not there */
};

static inline void ipv4_read(struct cursor *c, struct ipv4_header *h)
{
	unsigned first = cursor_u8(c);

	h->version = first >> 4;
	h->header = (first & 15) * 4;
	h->tos = cursor_u8(c);
	h->total = cursor_be16(c);
	h->id = cursor_be16(c);
	h->flags = cursor_be16(c);
	h->ttl = cursor_u8(c);
	h->proto = cursor_u8(c);
	cursor_skip(c, 2); /* checksum */
	h->from = cursor_take(c, 4);
	h->to = cursor_take(c, 4);
}

#endif
