/* The fixed header of TCP, and the options that most segments have, as facts: for
 * tcp.c and tcp_options.c, and for the fast path of the common headers (headers.c).
 * No checks but of an option's own length. */
#ifndef DISSECTORS_TCP_H
#define DISSECTORS_TCP_H

#include "sockeye/packet.h"

enum { TCP_HEADER_MIN = 20 };

enum {
	OPTION_MSS = 2, OPTION_WSCALE = 3, OPTION_SACK_PERMITTED = 4, OPTION_SACK = 5, OPTION_TIMESTAMPS = 8,
};

struct tcp_header {
	unsigned from, to, urgent;
	unsigned header; /* bytes, with the options */
};

/* The length of the header in bytes, with the options, of TCP_HEADER_MIN bytes. */
static inline unsigned tcp_header_len(const uint8_t *at)
{
	return at[12] >> 2 & 0x3cu;
}

/* at: TCP_HEADER_MIN bytes, lent. header_len is left to the caller, who knows whether it can be true. */
static inline struct tcp_header tcp_read(const uint8_t *at, struct tcp_facts *f)
{
	unsigned flags = bytes_be16(at + 12);

	f->seq = bytes_be32(at + 4);
	f->ack = bytes_be32(at + 8);
	f->flags = flags & 0x1ff;
	f->window = bytes_be16(at + 14);
	f->checksum = bytes_be16(at + 16);
	return (struct tcp_header){
		.from = bytes_be16(at),
		.to = bytes_be16(at + 2),
		.urgent = bytes_be16(at + 18),
		.header = tcp_header_len(at),
	};
}

/* The eight bytes of time stamps, lent. */
static inline void tcp_stamps_read(const uint8_t *at, struct tcp_facts *f)
{
	f->tsval = bytes_be32(at);
	f->tsecr = bytes_be32(at + 4);
	f->options |= TCP_HAS_TIMESTAMPS;
}

/* The value of one option; false: another kind, or a length that it cannot have:
 * then nothing was written. Four blocks of SACK are kept (RFC 2018 3). */
static inline bool tcp_option_read(unsigned kind, struct cursor *v, struct tcp_facts *f)
{
	size_t n = cursor_left(v);

	if (kind == OPTION_TIMESTAMPS && n == 8) {
		tcp_stamps_read(cursor_take(v, 8), f);
	} else if (kind == OPTION_MSS && n == 2) {
		f->mss = cursor_be16(v);
		f->options |= TCP_HAS_MSS;
	} else if (kind == OPTION_WSCALE && n == 1) {
		f->wscale = cursor_u8(v);
		f->options |= TCP_HAS_WSCALE;
	} else if (kind == OPTION_SACK_PERMITTED && n == 0) {
		f->options |= TCP_HAS_SACK_PERMITTED;
	} else if (kind == OPTION_SACK && n > 0 && n % 8 == 0) {
		for (; cursor_left(v) >= 8 && f->sacks < 4; f->sacks++) {
			f->sack[f->sacks][0] = cursor_be32(v);
			f->sack[f->sacks][1] = cursor_be32(v);
			f->options |= TCP_HAS_SACK;
		}
	} else {
		return false;
	}
	return true;
}

#endif
