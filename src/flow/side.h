/* What the table keeps of one direction of a flow, and the side records that are
 * taken when they are first needed (their place: stores.h). */
#ifndef FLOW_SIDE_H
#define FLOW_SIDE_H

#include <stddef.h>

#include "sockeye/flow.h"
#include "stores.h"

enum side_bit {
	SIDE_BASE = 1,      /* base is known */
	SIDE_NEXT = 2,      /* next is known */
	SIDE_SYN = 4,       /* sent a SYN */
	SIDE_SYNACK = 8,
	SIDE_PAYLOAD = 16,  /* sent payload */
	SIDE_TRIED = 32,    /* its first payload was looked at, nobody knew it */
	SIDE_OPTIONS = 64,  /* options below come from its SYN or SYN/ACK */
	SIDE_ACKED = 128,   /* acked is known */
};

enum ws_bit {
	WS_KEEP_ALIVE = 1, /* its last segment was one */
	WS_PROBE = 2,      /* its last segment was a zero window probe */
	WS_FIRST_ACK = 4,  /* no ACK since its SYN: the window is not scaled yet */
	WS_SPOKE = 8,      /* it has sent something: its window is known */
	WS_PROBED = 16,    /* its last probe carried the byte at next; not Wireshark's, segments.c */
	WS_MPTCP_SAME = 32, /* since its last segment the flow has seen no new operation of MPTCP */
	WS_FAR = 64,       /* next went so far beyond low that low says nothing; segments.c */
	WS_DOUBT = 128,    /* flow.doubt of this side is set; segments.c */
};

struct hole {
	uint32_t from, to; /* sequence numbers never seen */
	uint32_t sacked;   /* 1: the receiver says that it has them */
};

enum { VERDICTS_COUNTED = VERDICT_KEEP_ALIVE_ACK + 1, TRIP_BUCKETS = 17, TRIPS_TIMED = 3, TRIPS_FEW = 4 };

/* What went wrong: taken with the direction's first verdict or hole. */
struct side_trouble {
	uint64_t seen_again_bytes, late_bytes, missed_bytes, lost_bytes, conflicting_bytes;
	uint32_t seen_again_segments, late_segments, duplicates;
	uint32_t forgotten_holes;
	uint32_t known;      /* with forgotten_holes: what comes again below this is neither new nor old */
	uint32_t holes;      /* reference into the blocks, REF_NONE */
	uint16_t n_holes;
	uint8_t hole_class;
	uint32_t count[VERDICTS_COUNTED]; /* Wireshark's, by enum verdict */
};
enum { TROUBLE_CLASS = 1 };
_Static_assert(sizeof(struct side_trouble) <= BLOCK_MIN << TROUBLE_CLASS, "its class holds it");

/* Round-trip times of the data it sent (trips.c). */
struct timed {
	uint32_t end, us;    /* us after the flow's first packet, wraps */
};
struct side_trips { /* a cache line */
	struct timed timed[TRIPS_TIMED];
	uint32_t tsval;      /* of the timed segment that was sent before, if there is one */
	uint32_t samples;
	uint32_t min_us, max_us; /* of more than a few */
	uint8_t n_timed;
	uint8_t again;       /* 1 + its index: it counts only if tsval is echoed; 0: none */
	uint8_t lowest;      /* bucket that count[0] stands for */
	bool lost;           /* found no room: nothing is known, nor will be */
	union {
		uint32_t few[TRIPS_FEW];     /* the samples themselves, while there are so many at most */
		uint8_t count[TRIP_BUCKETS]; /* then how many of each length; halved when one is full */
	};
};
enum { TRIPS_CLASS = 0 };
_Static_assert(sizeof(struct side_trips) == BLOCK_MIN << TRIPS_CLASS, "a cache line");

/* Letters of Zeek's history that one side has; S and H count as one. */
enum zeek_seen {
	SEEN_SYN = 1, SEEN_FIN = 2, SEEN_RST = 4, SEEN_DATA = 8, SEEN_ACK = 16, SEEN_FIN_RST = 32, SEEN_FLAGS = 64,
	SEEN_SCALED = 128, /* and the next two: T, W, G */
};

/* An end as Zeek sees it (zeek.c). */
enum zeek_state { ZEEK_INACTIVE, ZEEK_SYN_SENT, ZEEK_SYN_ACK_SENT, ZEEK_PARTIAL, ZEEK_ESTABLISHED, ZEEK_CLOSED,
		  ZEEK_RESET };

struct zeek_side {
	uint32_t last;           /* highest end sent, as Zeek counts it */
	uint32_t looked;         /* the peer's ACKs were looked at for gaps up to here */
	uint32_t syn, fin, rst;  /* sequence numbers of the last of each; of a FIN its own */
	uint8_t state, before;   /* enum zeek_state: now, and before the last change */
};

enum { ZEEK_PACKED = 12, ZEEK_LETTERS = 13, ZEEK_MORE = 40, ZEEK_COUNTED = 3 };

/* What few flows need: counts of what was said more than once, more letters. */
struct zeek_more {
	uint32_t count[2][ZEEK_COUNTED];
	char letters[ZEEK_MORE];
};
enum { ZEEK_CLASS = 0 };
_Static_assert(sizeof(struct zeek_more) <= BLOCK_MIN << ZEEK_CLASS, "its class holds it");

struct zeek_track {
	uint32_t more;           /* reference into the blocks: struct zeek_more, REF_NONE */
	uint8_t client;          /* whom the letters so far took for the client */
	bool cut;                /* letters follow that found no room */
	uint8_t n;               /* letters, in all places */
	uint8_t last;            /* code of the one behind the packed ones */
	uint64_t packed;         /* codes of five bits (zeek.c), the first lowest */
};

/* One direction, unfolded (kept.h): what is kept always comes first, then what follows from
 * that while nothing is odd; both in the order in which they are kept. ws_: what Wireshark's
 * rules need (verdicts.c); 0 is "unknown" there. */
struct flow_side {
	uint32_t next;            /* highest end sent: RSTs, probes and keep-alives do not count */
	uint32_t acked;           /* highest acknowledgement sent */
	uint32_t edge;            /* how far its windows let the peer send; with SIDE_ACKED */
	uint32_t low;             /* lowest number seen sent; with next */
	uint32_t packets;
	uint32_t tsval;           /* newest that the other end has taken (RFC 7323 4.3: TS.Recent) */
	uint32_t trouble;         /* reference into the blocks: struct side_trouble, REF_NONE */
	uint32_t contents;        /* place of what it sent last, in the log of contents.c; 0: none */
	uint16_t window;
	uint16_t mss;
	uint16_t zeek_seen;       /* enum zeek_seen */
	uint8_t bits;             /* enum side_bit */
	uint8_t ws_bits;          /* enum ws_bit */
	uint8_t end;              /* enum end_bit */
	uint8_t ttl;
	uint8_t wscale, options;

	uint8_t state;            /* enum end_state */
	int8_t ws_scale;          /* window scale; -1 unknown, -2 not used */
	uint64_t bytes;
	int64_t ws_ack_ns;        /* when it last sent anything */
	int64_t ws_next_ns;       /* when ws_next last rose */

	/* While the flow is ordinary (ordinary.c) these three are next, acked, next. */
	uint32_t ws_next;         /* highest end, RSTs included, probes not */
	uint32_t ws_ack;          /* acknowledgement field of its last segment */
	uint32_t ws_to_ack;       /* highest number that the peer may ACK */
	uint32_t ws_dup_acks;     /* run of duplicate ACKs; UINT32_MAX: "ACKed unseen" was said */
	uint32_t base;            /* sequence number before the first byte (the ISN) */
	uint32_t doubt;           /* number of its last segment that did not fit; with WS_DOUBT */
	uint32_t fin_end;         /* sequence number after its FIN */
	uint32_t head;            /* reference into the heads, REF_NONE */
	uint16_t fin, rst;        /* packets, saturating */
	struct zeek_side zeek;
};

#endif
