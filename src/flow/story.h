/* What state.c and its neighbours remember of a connection: both ends' states, the
 * whole flow's story, what few flows have, and which multipath connections there
 * are. Beside flow_private.h, which includes it and has the functions. */
#ifndef FLOW_STORY_H
#define FLOW_STORY_H

#include <stdint.h>

#include "sockeye/tuple.h"

/* What one end is in, as far as the wire tells (RFC 9293 3.3.2). Before the
 * connection first, so that they can be compared. */
enum end_state {
	END_UNKNOWN, END_CLOSED, END_LISTEN, END_SYN_SENT, END_SYN_RECEIVED, END_ESTABLISHED, END_FIN_WAIT_1,
	END_FIN_WAIT_2, END_CLOSE_WAIT, END_CLOSING, END_LAST_ACK, END_TIME_WAIT, END_STATES,
};

enum end_bit {
	END_FIN = 1,        /* it sent a FIN: fin_end is known */
	END_FIN_AGAIN = 2,  /* and again after it was ACKed: the ACK did not arrive */
	END_PASSIVE = 4,    /* it had ACKed the other's FIN when it sent its own */
	END_RST = 8,        /* it sent a RST that was acceptable */
	END_PROVOKED = 16,  /* its last segment did not fit: a challenge ACK may follow */
	END_BARE_ACK = 32,  /* it ACKed the SYN without a SYN of its own */
	END_TSVAL = 64,     /* tsval is known */
	END_ACE = 128,      /* ace is known */
};

/* What state.c and its neighbours know of the whole flow. */
enum story_bit {
	STORY_HALF_CLOSE = 1,      /* said */
	STORY_SPLIT = 2,           /* split handshake */
	STORY_ONE_SIDED = 4,       /* said */
	STORY_ON_ESTABLISHED = 8,  /* began by a SYN on an open connection */
	STORY_FAST_OPEN = 16,      /* the client wants it */
	STORY_SYN_DATA = 32,       /* fast open: data in the SYN */
	STORY_COOKIE = 64,
	STORY_ACCEPTED = 128,
	STORY_IGNORED = 256,
	STORY_ECN_ASKED = 512,     /* by any SYN */
	STORY_ECN_CLASSIC = 1024,  /* the last SYN asks for this ... */
	STORY_ECN_ACCURATE = 2048, /* ... or this; after the SYN/ACK: agreed */
	STORY_ECN_ANSWERED = 4096,
};

/* What few flows have: taken when it is first needed. By side of the key. */
struct flow_rare {
	uint64_t joined;          /* MPTCP: id of the first subflow's flow; 0: not known */
	uint32_t ce[2], ece[2], cwr[2];
	uint32_t token[2];        /* of each end; valid by rare bits */
	uint16_t subflow;
	uint8_t version;
	uint8_t bits;             /* enum rare_bit */
	uint8_t reset_reason;     /* RFC 8684 3.6 */
	struct address icmp_from; /* who sent the ICMP error */
};
enum rare_bit {
	RARE_TOKEN = 1, /* of side 0; of side 1: twice that */
	RARE_VERSION = 4, RARE_REASON = 8, RARE_FASTCLOSE = 16, RARE_ICMP = 32,
};
enum { RARE_CLASS = 0 };

/* Multipath connections by token (mptcp.c): a ring in the order of birth, and
 * slots of place * 2 + end + 1, 0 empty, open addressing, at most half full. */
struct joined {
	uint64_t id;             /* of the first subflow's flow; 0: this place is empty */
	uint32_t token[2];       /* by side of the first subflow's key */
	uint16_t subflows;
	uint8_t version;
	uint8_t known;           /* 1, 2: that token */
};
struct joins {
	struct joined *at;
	uint32_t *slots;
	size_t size;             /* bytes of it */
	uint32_t max, next;      /* max: a power of two */
	uint64_t begun;
};

#endif
