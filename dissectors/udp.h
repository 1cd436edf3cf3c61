/* The header of UDP as numbers: for udp.c, and for the fast path of the common
 * headers (headers.c). No checks. */
#ifndef DISSECTORS_UDP_H
#define DISSECTORS_UDP_H

#include "sockeye/cursor.h"

enum { UDP_HEADER = 8 };

struct udp_header {
	unsigned from, to, length, checksum;
};

/* at: UDP_HEADER bytes, lent. */
static inline struct udp_header udp_read(const uint8_t *at)
{
	return (struct udp_header){
		.from = bytes_be16(at),
		.to = bytes_be16(at + 2),
		.length = bytes_be16(at + 4),
		.checksum = bytes_be16(at + 6),
	};
}

#endif
