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

/* header_len is left to the caller, who knows whether it can be true. */
static inline struct tcp_header tcp_read(struct cursor *c, struct tcp_facts *f)
{
	struct tcp_header h = {.from = cursor_be16(c)};
	unsigned flags;

	h.to = cursor_be16(c);
	f->seq = cursor_be32(c);
	f->ack = cursor_be32(c);
	flags = cursor_be16(c);
	f->flags = flags & 0x1ff;
	f->window = cursor_be16(c);
	f->checksum = cursor_be16(c);
	h.urgent = cursor_be16(c);
	h.header = (flags >> 12) * 4;
	return h;
}

/* The eight bytes of time stamps. */
static inline void tcp_stamps_read(struct cursor *v, struct tcp_facts *f)
{
	f->tsval = cursor_be32(v);
	f->tsecr = cursor_be32(v);
	f->options |= TCP_HAS_TIMESTAMPS;
}

/* The value of one option; false: another kind, or a length that it cannot have:
 * then nothing was written. Four blocks of SACK are kept (RFC 2018 3). */
static inline bool tcp_option_read(unsigned kind, struct cursor *v, struct tcp_facts *f)
{
	size_t n = cursor_left(v);

	if (kind == OPTION_TIMESTAMPS && n == 8) {
		tcp_stamps_read(v, f);
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
