/* Verdicts: what is to be said of one segment of a conversation.
 *
 * One line of VERDICT_LIST is one verdict: its word in JSON and text, and a
 * sentence for people. Three families share the list:
 *
 *   Wireshark's, by Wireshark's rules and under its names;
 *   exact, ours, from what bytes were seen and which were not (prefix "exact.");
 *   states, what RFC 9293 and its neighbours say of handshake, close and reset.
 *
 * The first two are counted per direction in the record's keys of the same
 * names. A packet may carry verdicts of all families: where they disagree,
 * both are right by their own rule.
 */
#ifndef SOCKEYE_VERDICT_H
#define SOCKEYE_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "sockeye/text.h"

/* X(ID, word, sentence) in the order of output. */
#define VERDICT_LIST(X)                                                                                        \
	X(REUSED, "reused", "a new connection on the ports of an older one")                                   \
	X(RETRANSMISSION, "retransmission", "sent again: it does not advance the sequence numbers")            \
	X(FAST_RETRANSMISSION, "fast_retransmission",                                                          \
	  "sent again within 20 ms of two or more duplicate ACKs that ask for it")                             \
	X(SPURIOUS_RETRANSMISSION, "spurious_retransmission", "sent again although all of it is ACKed")        \
	X(OUT_OF_ORDER, "out_of_order", "behind the highest number, but too soon after it to be a repeat")     \
	X(LOST_SEGMENT, "lost_segment", "a segment before this one was not captured")                          \
	X(ACKED_UNSEEN, "acked_unseen", "it ACKs bytes that were not captured")                                \
	X(DUP_ACK, "dup_ack", "the same ACK again: the receiver misses the bytes after it")                    \
	X(ZERO_WINDOW, "zero_window", "the receiver has no room left")                                         \
	X(ZERO_WINDOW_PROBE, "zero_window_probe", "asks whether the receiver has room again")                  \
	X(ZERO_WINDOW_PROBE_ACK, "zero_window_probe_ack", "answers the probe: still no room")                  \
	X(WINDOW_FULL, "window_full", "fills the receiver's window to its last byte")                          \
	X(WINDOW_UPDATE, "window_update", "the receiver's window has changed, nothing else")                   \
	X(KEEP_ALIVE, "keep_alive", "asks whether the other end is still there")                               \
	X(KEEP_ALIVE_ACK, "keep_alive_ack", "answers the keep-alive")                                          \
	X(EXACT_RETRANSMITTED, "exact.retransmitted_segment", "holds bytes that were seen before")             \
	X(EXACT_LATE, "exact.late_segment", "fills a hole: its bytes were not seen before, higher ones were")  \
	X(EXACT_DUPLICATE, "exact.duplicate", "the same packet a second time, by a mirror or another interface") \
	X(EXACT_CONFLICTING, "exact.conflicting", "holds other bytes than those seen before in their place")

enum verdict {
#define X(id, word, sentence) VERDICT_##id,
	VERDICT_LIST(X)
#undef X
	VERDICTS
};

_Static_assert(VERDICTS <= 64, "a verdict is one bit of 64");

struct verdict_info {
	const char *word, *sentence;
};

extern const struct verdict_info verdict_info[VERDICTS];

static inline uint64_t verdict_bit(enum verdict v)
{
	return UINT64_C(1) << v;
}

/* What the flow table says of one packet. */
struct judgement {
	uint64_t verdicts;       /* verdict_bit() of each */
	uint32_t dup_ack_number; /* with VERDICT_DUP_ACK: 1 for the first repeat */
	uint32_t seen_again;     /* exact: bytes of this segment that were seen before */
	uint32_t late;           /* exact: bytes that were not, below the highest end */
	int64_t rtt_ns;          /* the sample that this ACK gives of its sender's side; -1: none */
	bool rtt_of_server;      /* with rtt_ns: client's data, server's ACK */
	int64_t since_ns;        /* of a repeat: since the bytes were first seen; -1: unknown */
};

static inline bool judged(const struct judgement *j, enum verdict v)
{
	return j->verdicts & verdict_bit(v);
}

/* The verdicts as words with blanks between: for people, so "exact" is left
 * out where Wireshark's family says the same. */
void verdict_text(struct text *t, const struct judgement *j);

/* All of them, joined by ";": for tables. */
void verdict_list(struct text *t, const struct judgement *j);

/* Do the two families see different things in this packet? */
bool verdict_families_differ(const struct judgement *j);

#endif
