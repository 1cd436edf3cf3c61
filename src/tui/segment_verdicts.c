/* The words of every verdict, how much it weighs, and which of a packet's verdicts
 * are said: where one says it better than another, that one alone.
 */
#include "segment_words.h"

/* In the order of importance: the first ones begin the sentence. */
static const struct {
	enum verdict verdict;
	enum segment_weight weight;
	const char *line, *brief;
} segment_table[VERDICTS] = {
	{VERDICT_EXACT_CONFLICTING, SEGMENT_PROBLEM, "OTHER BYTES than before in the same place", "OTHER BYTES"},
	{VERDICT_RST_REFUSED, SEGMENT_PROBLEM, "REFUSED: nothing listens there", "REFUSED"},
	{VERDICT_RST_HANDSHAKE, SEGMENT_PROBLEM, "RESET before the handshake was whole", "RESET early"},
	{VERDICT_RST_ABORT, SEGMENT_PROBLEM, "RESET: what was unread or unsent is lost", "RESET, data lost"},
	{VERDICT_RST_UNACCEPTABLE, SEGMENT_WARNING, "reset not taken: its number does not fit", "reset not taken"},
	{VERDICT_RST_LATE, SEGMENT_WARNING, "reset: this end has closed already", "late reset"},
	{VERDICT_RST_OTHER_TTL, SEGMENT_WARNING, "TTL is not its sender's: perhaps from between", "TTL differs"},
	{VERDICT_MPTCP_FASTCLOSE, SEGMENT_WARNING, "ends the whole multipath connection", "MPTCP fast close"},
	{VERDICT_REUSED, SEGMENT_NOTE, "new connection on the ports of an older one", "ports reused"},
	{VERDICT_SYN_ON_ESTABLISHED, SEGMENT_WARNING, "SYN while open: a restart, or a stranger", "SYN while open"},
	{VERDICT_SYNACK_AFTER_ACK, SEGMENT_WARNING, "the client's ACK was not taken", "ACK not taken"},
	{VERDICT_FAST_RETRANSMISSION, SEGMENT_PROBLEM, "fast retransmission", "fast again"},
	{VERDICT_SPURIOUS_RETRANSMISSION, SEGMENT_WARNING, "sent again needlessly", "again, in vain"},
	{VERDICT_RETRANSMISSION, SEGMENT_PROBLEM, "retransmission", "again"},
	{VERDICT_EXACT_RETRANSMITTED, SEGMENT_WARNING, "holds bytes that were seen before", "bytes again"},
	{VERDICT_LOST_SEGMENT, SEGMENT_WARNING, "gap: bytes missing before this", "gap before"},
	{VERDICT_OUT_OF_ORDER, SEGMENT_WARNING, "out of order: was overtaken", "out of order"},
	{VERDICT_EXACT_LATE, SEGMENT_WARNING, "fills a hole: its bytes are new here", "fills a hole"},
	{VERDICT_ACKED_UNSEEN, SEGMENT_WARNING, "ACKs bytes that the capture missed", "ACKs unseen"},
	{VERDICT_ZERO_WINDOW_PROBE_ACK, SEGMENT_WARNING, "answers the probe: still zero", "still zero"},
	{VERDICT_ZERO_WINDOW, SEGMENT_WARNING, "ZERO WINDOW", "ZERO WINDOW"},
	{VERDICT_ZERO_WINDOW_PROBE, SEGMENT_NOTE, "window probe: is there room again?", "window probe"},
	{VERDICT_WINDOW_FULL, SEGMENT_WARNING, "fills the receiver's window: must wait", "window full"},
	{VERDICT_OUT_OF_WINDOW, SEGMENT_WARNING, "its numbers are beyond any window", "out of window"},
	{VERDICT_PAWS_OLD, SEGMENT_WARNING, "old time stamp: the receiver drops it", "old time stamp"},
	{VERDICT_CHALLENGE_ACK, SEGMENT_NOTE, "challenge ACK: says what it expects", "challenge ACK"},
	{VERDICT_ECN_CE, SEGMENT_WARNING, "marked on its way: a queue was filling", "queue mark"},
	{VERDICT_ECN_ECHO, SEGMENT_NOTE, "tells the sender of a queue mark", "mark echoed"},
	{VERDICT_CWR, SEGMENT_NOTE, "has slowed down because of a mark", "slowed down"},
	{VERDICT_DUP_ACK, SEGMENT_NOTE, "duplicate ACK", "dup ack"},
	{VERDICT_KEEP_ALIVE, SEGMENT_NOTE, "keep-alive: are you still there?", "keep-alive"},
	{VERDICT_KEEP_ALIVE_ACK, SEGMENT_NOTE, "keep-alive answered: still there", "still there"},
	{VERDICT_WINDOW_UPDATE, SEGMENT_NOTE, "window update", "window update"},
	{VERDICT_SIMULTANEOUS_OPEN, SEGMENT_NOTE, "both ends open at once: SYNs cross", "SYNs cross"},
	{VERDICT_SPLIT_HANDSHAKE, SEGMENT_NOTE, "the server's SYN and ACK come apart", "split handshake"},
	{VERDICT_SIMULTANEOUS_CLOSE, SEGMENT_NOTE, "both ends close at once: FINs cross", "FINs cross"},
	{VERDICT_HALF_CLOSE, SEGMENT_NOTE, "goes on: only the other end has closed", "half-closed"},
	{VERDICT_FAST_OPEN_REQUEST, SEGMENT_NOTE, "asks for a fast open cookie", "TFO cookie?"},
	{VERDICT_FAST_OPEN_COOKIE, SEGMENT_NOTE, "gives a fast open cookie", "TFO cookie"},
	{VERDICT_FAST_OPEN_DATA, SEGMENT_NOTE, "fast open: data in the SYN", "TFO data"},
	{VERDICT_FAST_OPEN_ACCEPTED, SEGMENT_NOTE, "fast open: takes the SYN's data", "TFO taken"},
	{VERDICT_FAST_OPEN_IGNORED, SEGMENT_WARNING, "fast open ignored: data must come again", "TFO ignored"},
	{VERDICT_ECN, SEGMENT_NOTE, "agrees to classic ECN", "ECN"},
	{VERDICT_ACCECN, SEGMENT_NOTE, "agrees to accurate ECN", "AccECN"},
	{VERDICT_ONE_SIDED, SEGMENT_NOTE, "only this direction is captured", "one-sided"},
	{VERDICT_EXACT_DUPLICATE, SEGMENT_NOTE, "a copy: mirror, or another interface", "a copy"},
};

const char *segment_verdict(enum verdict v, bool brief)
{
	for (unsigned i = 0; i < VERDICTS; i++)
		if (segment_table[i].verdict == v)
			return brief ? segment_table[i].brief : segment_table[i].line;
	return "";
}

/* ---- which verdicts are said ---------------------------------------------------- */

bool segment_answers(const struct segment *s)
{
	return s->answers_syn && !segment_has(s, VERDICT_SYNACK_AFTER_ACK);
}

bool segment_again(const struct segment *s)
{
	return s->row->verdicts & SEGMENT_REPEATS && !segment_has(s, VERDICT_EXACT_DUPLICATE) && !segment_answers(s);
}

/* What another verdict says better is left out. */
static uint64_t segment_left(const struct segment *s)
{
	uint64_t left = s->row->verdicts;

	if (left & (SEGMENT_REPEATS & ~verdict_bit(VERDICT_RETRANSMISSION)))
		left &= ~verdict_bit(VERDICT_RETRANSMISSION);
	if (left & SEGMENT_REPEATS)
		left &= ~(verdict_bit(VERDICT_EXACT_RETRANSMITTED) | verdict_bit(VERDICT_EXACT_LATE));
	if (left & verdict_bit(VERDICT_OUT_OF_ORDER))
		left &= ~verdict_bit(VERDICT_EXACT_LATE);
	if (left & verdict_bit(VERDICT_ZERO_WINDOW_PROBE_ACK))
		left &= ~verdict_bit(VERDICT_ZERO_WINDOW);
	/* A copy is no second sending, and neither is the SYN that a SYN/ACK of a simultaneous open repeats. */
	if (left & verdict_bit(VERDICT_EXACT_DUPLICATE))
		left &= ~(SEGMENT_REPEATS | verdict_bit(VERDICT_DUP_ACK) | verdict_bit(VERDICT_OUT_OF_ORDER));
	if (segment_answers(s))
		left &= ~SEGMENT_REPEATS;
	/* Linux asks for room with what is a keep-alive elsewhere. */
	if (left & verdict_bit(VERDICT_KEEP_ALIVE) && s->peer_zero)
		left = (left & ~verdict_bit(VERDICT_KEEP_ALIVE)) | verdict_bit(VERDICT_ZERO_WINDOW_PROBE);
	return left;
}

enum segment_weight segment_weight(const struct segment *s)
{
	enum segment_weight most = SEGMENT_PLAIN;
	uint64_t said = segment_left(s);

	for (unsigned i = 0; i < VERDICTS; i++)
		if (said >> segment_table[i].verdict & 1 && segment_table[i].weight > most)
			most = segment_table[i].weight;
	if (s->row->issue[0] != '\0' && most < SEGMENT_WARNING)
		most = SEGMENT_WARNING;
	if (most < SEGMENT_PROBLEM && s->row->is_tcp && s->row->flags & TCP_RST && most == SEGMENT_PLAIN)
		most = SEGMENT_WARNING;
	return most;
}

unsigned segment_said(const struct segment *s, bool grave, enum verdict order[VERDICTS])
{
	uint64_t said = segment_left(s);
	unsigned n = 0;

	for (unsigned i = 0; i < VERDICTS; i++)
		if (said >> segment_table[i].verdict & 1 && (segment_table[i].weight >= SEGMENT_WARNING) == grave)
			order[n++] = segment_table[i].verdict;
	return n;
}
