/* The header of UDP as numbers: for udp.c, and for the fast path of the common
 * headers (headers.c). No checks. */
#ifndef DISSECTORS_UDP_H
#define DISSECTORS_UDP_H

#include "sockeye/cursor.h"

enum { UDP_HEADER = 8 };

struct udp_header {
	unsigned from, to, length, checksum;
};

static inline struct udp_header udp_read(struct cursor *c)
{
	struct udp_header h = {.from = cursor_be16(c)};

	h.to = cursor_be16(c);
	h.length = cursor_be16(c);
	h.checksum = cursor_be16(c);
	return h;
}

#endif
