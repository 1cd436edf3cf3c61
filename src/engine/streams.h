/* The stream of one flow, put in order.
 *
 * Two steps. Every packet of the flow is looked at once, and what it carried noted (24
 * bytes): that goes on as packets come, and stops when its time is over. Then, where
 * there is anything new, the notes are put in order (stream_order.c) without looking at a
 * packet: pieces of 24 bytes, whose bytes are read when somebody wants them.
 * Bounded: what is too long is cut, and said to be. */
#ifndef ENGINE_STREAMS_H
#define ENGINE_STREAMS_H

#include "recall.h"

/* What a packet carried. */
struct stream_note {
	uint64_t number;
	uint32_t seq, ack;
	uint32_t captured; /* bytes of payload that are there, from seq on */
	uint16_t flags;    /* enum tcp_flag; 0: no TCP */
	uint8_t side;
	uint8_t strange;   /* out of the window: its bytes are nobody's */
};
_Static_assert(sizeof(struct stream_note) == 24, "a note has 24 bytes");

/* A part of a packet's payload that is read at its place, or a gap. */
struct stream_part {
	uint64_t number; /* whose bytes; of a gap: who passed over it */
	uint64_t by;     /* 48 bits: packet that made it readable; then enum stream_bit */
	uint32_t skip, len;
};
enum stream_bit { STREAM_SERVER = 1, STREAM_GAP = 2, STREAM_BEGINS = 4 /* a piece: others that became readable with it follow */ };
/* What became readable at once is cut into pieces of at most so many bytes, or one packet's: each fits an answer. */
enum { STREAM_PIECE = 32768 };
#define STREAM_BY(part) ((part)->by & ((UINT64_C(1) << 48) - 1))
#define STREAM_BITS(part) ((unsigned)((part)->by >> 48))

/* Notes in the order of packets, in order of streams. */
struct stream_order {
	const struct stream_note *note;
	size_t notes;
	bool isn_known[2];
	uint32_t isn[2];
	bool over;            /* nothing more will come: what was passed over is a gap, acknowledged or not */
	struct stream_part *part; /* out, room for `most` */
	size_t parts, most;
	uint64_t piece_len;       /* of the piece that the last part is of */
	bool cut;
};
void stream_order(struct stream_order *o);

struct streams;
int streams_open(struct remembered *m, struct error *e);
void streams_free(struct streams *s);
/* True: every packet of the flow that was asked for was looked at. */
bool streams_go_on(struct streams *s, int64_t deadline_ns);

#endif
