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
	X(EXACT_CONFLICTING, "exact.conflicting", "holds other bytes than those seen before in their place")   \
	X(SIMULTANEOUS_OPEN, "simultaneous_open", "both ends ask at once: this SYN crosses the other's")       \
	X(SPLIT_HANDSHAKE, "split_handshake", "the server sends its SYN and its ACK apart")                    \
	X(SYN_ON_ESTABLISHED, "syn_on_established", "a SYN on an open connection: a restart, or a stranger")   \
	X(SYNACK_AFTER_ACK, "synack_after_ack", "sent again after the client's ACK: the server did not take it") \
	X(HALF_CLOSE, "half_close", "the other end has closed its direction, this one goes on sending")        \
	X(SIMULTANEOUS_CLOSE, "simultaneous_close", "both ends close at once: this FIN crosses the other's")   \
	X(RST_REFUSED, "rst_refused", "answers the SYN: nothing listens there")                                \
	X(RST_HANDSHAKE, "rst_handshake", "ends a handshake before it was complete")                           \
	X(RST_ABORT, "rst_abort", "ends the connection at once: what was not read or sent is lost")            \
	X(RST_LATE, "rst_late", "answers a segment of a connection that its sender closed or does not know")   \
	X(RST_UNACCEPTABLE, "rst_unacceptable",                                                                \
	  "its number is not the next one expected: not taken; possibly a stranger's guess")                   \
	X(RST_OTHER_TTL, "rst_other_ttl", "its TTL is not that of its sender: it may come from between")       \
	X(CHALLENGE_ACK, "challenge_ack",                                                                      \
	  "answers what does not fit with the number that it expects: no error")                               \
	X(OUT_OF_WINDOW, "out_of_window", "its numbers are further off than any window allows")                \
	X(PAWS_OLD, "paws_old", "its time stamp is older than one taken before: the receiver drops it")        \
	X(ONE_SIDED, "one_sided", "only this direction is captured: the other answers unseen")                 \
	X(FAST_OPEN_REQUEST, "fast_open_request", "asks for a fast open cookie")                               \
	X(FAST_OPEN_COOKIE, "fast_open_cookie", "gives the client a fast open cookie")                         \
	X(FAST_OPEN_DATA, "fast_open_data", "carries data in the SYN, with a cookie")                          \
	X(FAST_OPEN_ACCEPTED, "fast_open_accepted", "takes the data of the SYN")                               \
	X(FAST_OPEN_IGNORED, "fast_open_ignored", "ACKs the SYN, but not its data: that is sent again")        \
	X(ECN, "ecn", "agrees to classic ECN")                                                                 \
	X(ACCECN, "accecn", "agrees to accurate ECN")                                                          \
	X(ECN_CE, "ecn_ce", "marked on its way: a queue was filling")                                          \
	X(ECN_ECHO, "ecn_echo", "tells the sender that a marked packet came")                                  \
	X(CWR, "cwr", "has slowed down because of a mark")                                                     \
	X(MPTCP_FASTCLOSE, "mptcp_fastclose", "ends the whole multipath connection at once")

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
