/* Verdicts for people: short words, weight, and what to think of each. The rule of
 * each is in verdict.h and docs/verdicts.md; this is the advice beside it. */
#include "means.h"

const struct means_verdict means_verdicts[VERDICTS] = {
	[VERDICT_REUSED] = {"ports reused", MEANS_PLAIN,
		"Normal after a close; was the connection before still open, one end has restarted."},
	[VERDICT_RETRANSMISSION] = {"retransmission", MEANS_PROBLEM,
		"How late it is tells who noticed: hundreds of milliseconds and doubling, the timer; about a round trip, duplicate ACKs."},
	[VERDICT_FAST_RETRANSMISSION] = {"fast retransmission", MEANS_PROBLEM,
		"A single loss, repaired in about a round trip: a few are normal on the Internet, not inside a data centre."},
	[VERDICT_SPURIOUS_RETRANSMISSION] = {"spurious retransmission", MEANS_WARNING,
		"It was not needed: the ACK was lost behind the capture, or came later than the sender's timer."},
	[VERDICT_OUT_OF_ORDER] = {"out of order", MEANS_WARNING,
		"Several paths or queues; harmless unless the receiver answers with three duplicate ACKs."},
	[VERDICT_LOST_SEGMENT] = {"previous segment missing", MEANS_WARNING,
		"It is lost, late, or only missed by the capture: what comes later will tell."},
	[VERDICT_ACKED_UNSEEN] = {"ACKs what was not captured", MEANS_WARNING,
		"The capture is incomplete, or the other direction goes another way; at its start it means nothing."},
	[VERDICT_DUP_ACK] = {"duplicate ACK", MEANS_PLAIN,
		"Something came behind a hole. One or two are reordering, three or more a loss."},
	[VERDICT_ZERO_WINDOW] = {"zero window", MEANS_WARNING,
		"The program at this end does not read fast enough: the network is not the cause."},
	[VERDICT_ZERO_WINDOW_PROBE] = {"zero window probe", MEANS_WARNING,
		"The sender is held by the receiver, not by the network."},
	[VERDICT_ZERO_WINDOW_PROBE_ACK] = {"still no window", MEANS_WARNING,
		"That end is alive and full; if it lasts, look at the program there."},
	[VERDICT_WINDOW_FULL] = {"window full", MEANS_WARNING,
		"The receiver's buffer limits the speed: too small for bandwidth times delay, unless a zero window follows."},
	[VERDICT_WINDOW_UPDATE] = {"window update", MEANS_PLAIN,
		"Normal; after a zero window it is the moment when the program has read."},
	[VERDICT_KEEP_ALIVE] = {"keep-alive", MEANS_PLAIN,
		"An idle connection is kept. Several without an answer: the other end, or a firewall's memory of it, is gone."},
	[VERDICT_KEEP_ALIVE_ACK] = {"keep-alive answered", MEANS_PLAIN, "The other end is there."},
	[VERDICT_EXACT_RETRANSMITTED] = {"bytes seen before", MEANS_PROBLEM,
		"The network carried them twice: they, or their ACK, were lost behind the capture."},
	[VERDICT_EXACT_LATE] = {"late bytes", MEANS_WARNING,
		"Within a millisecond or two they were overtaken; after a round trip or more they repeat what was lost before the capture."},
	[VERDICT_EXACT_DUPLICATE] = {"same packet twice", MEANS_PLAIN,
		"The capture sees it twice, no end sent it twice: a mirror port, or two interfaces."},
	[VERDICT_EXACT_CONFLICTING] = {"other bytes than before", MEANS_PROBLEM,
		"Two senders speak for one end, or a sender changes what it repeats: compare the TTLs of both packets."},
	[VERDICT_SIMULTANEOUS_OPEN] = {"simultaneous open", MEANS_PLAIN,
		"Rare but right (RFC 9293 3.5); hole punching does it on purpose."},
	[VERDICT_SPLIT_HANDSHAKE] = {"split handshake", MEANS_WARNING,
		"Allowed, but unusual: some servers do it to slip past filters that expect one packet."},
	[VERDICT_SYN_ON_ESTABLISHED] = {"SYN on an open connection", MEANS_PROBLEM,
		"One end has lost its state and begins anew, or a stranger guesses: the answer is a challenge ACK (RFC 5961)."},
	[VERDICT_SYNACK_AFTER_ACK] = {"SYN/ACK again", MEANS_WARNING,
		"The client's ACK was lost, or the server's accept queue is full and it drops the ACK."},
	[VERDICT_HALF_CLOSE] = {"half-closed", MEANS_PLAIN, "Right and sometimes meant: one direction goes on."},
	[VERDICT_SIMULTANEOUS_CLOSE] = {"simultaneous close", MEANS_PLAIN, "Right: both then wait in TIME-WAIT."},
	[VERDICT_RST_REFUSED] = {"refused", MEANS_PROBLEM,
		"The host is up and nothing listens on that port, or a firewall answers in its name."},
	[VERDICT_RST_HANDSHAKE] = {"reset in the handshake", MEANS_PROBLEM,
		"One end does not know of this connection or gave up; a port scan looks so as well."},
	[VERDICT_RST_ABORT] = {"reset", MEANS_PROBLEM,
		"A program that ended or closed with data unread, a time-out, or a middlebox: look at what came just before."},
	[VERDICT_RST_LATE] = {"late reset", MEANS_PLAIN,
		"Data came for a closed connection. Was it a client that had left: harmless."},
	[VERDICT_RST_UNACCEPTABLE] = {"reset not taken", MEANS_WARNING,
		"The receiver drops it or asks back (RFC 5961 3): the connection goes on."},
	[VERDICT_RST_OTHER_TTL] = {"reset with another TTL", MEANS_PROBLEM,
		"A box on the way cuts the connection in an end's name, or the route has changed."},
	[VERDICT_CHALLENGE_ACK] = {"challenge ACK", MEANS_PLAIN, "It answers a SYN, RST or number that did not fit (RFC 5961)."},
	[VERDICT_OUT_OF_WINDOW] = {"out of window", MEANS_WARNING,
		"A packet of an older connection on these ports, a stranger's, or damage: the receiver drops it."},
	[VERDICT_PAWS_OLD] = {"old time stamp", MEANS_WARNING, "A late copy, or a clock behind a translator: the receiver drops it (RFC 7323 5)."},
	[VERDICT_ONE_SIDED] = {"one direction only", MEANS_PLAIN,
		"What is missing is not the network's loss: the other direction goes another way."},
	[VERDICT_FAST_OPEN_REQUEST] = {"asks for a cookie", MEANS_PLAIN, "The next connection can carry data in its SYN (RFC 7413)."},
	[VERDICT_FAST_OPEN_COOKIE] = {"gives a cookie", MEANS_PLAIN, "The client will use it in its next SYN (RFC 7413)."},
	[VERDICT_FAST_OPEN_DATA] = {"data in the SYN", MEANS_PLAIN, "A round trip is saved, if the server takes it (RFC 7413)."},
	[VERDICT_FAST_OPEN_ACCEPTED] = {"data of the SYN taken", MEANS_PLAIN, "A round trip was saved (RFC 7413)."},
	[VERDICT_FAST_OPEN_IGNORED] = {"data of the SYN not taken", MEANS_WARNING,
		"The cookie has expired, or a box on the way removed it: the data is sent again."},
	[VERDICT_ECN] = {"ECN agreed", MEANS_PLAIN, "Routers may mark instead of dropping (RFC 3168)."},
	[VERDICT_ACCECN] = {"accurate ECN agreed", MEANS_PLAIN, "Every mark is reported, not one a round trip (RFC 9768)."},
	[VERDICT_ECN_CE] = {"marked: congestion", MEANS_WARNING, "A queue on its way was filling; the sender should slow down soon."},
	[VERDICT_ECN_ECHO] = {"congestion reported", MEANS_WARNING, "The sender should answer with CWR and slow down."},
	[VERDICT_CWR] = {"slowed down", MEANS_PLAIN, "Congestion control does its work."},
	[VERDICT_MPTCP_FASTCLOSE] = {"multipath ended", MEANS_PROBLEM, "As a reset, for all its subflows (RFC 8684 3.5)."},
};

uint64_t means_of_weight(enum means_weight least)
{
	uint64_t is = 0;

	for (unsigned v = 0; v < VERDICTS; v++)
		if (means_verdicts[v].weight >= least)
			is |= verdict_bit((enum verdict)v);
	return is;
}

enum means_weight means_weight(uint64_t verdicts)
{
	enum means_weight most = MEANS_PLAIN;

	for (unsigned v = 0; v < VERDICTS; v++)
		if (verdicts >> v & 1 && means_verdicts[v].weight > most)
			most = means_verdicts[v].weight;
	return most;
}

uint64_t means_said(const struct packet_row *r)
{
	const uint64_t again = verdict_bit(VERDICT_RETRANSMISSION) | verdict_bit(VERDICT_FAST_RETRANSMISSION) |
			       verdict_bit(VERDICT_SPURIOUS_RETRANSMISSION);

	return r->answers_syn ? r->verdicts & ~again : r->verdicts;
}

/* What another verdict of the set says as well, or better. */
static uint64_t means_distinct(uint64_t is)
{
	uint64_t again = verdict_bit(VERDICT_FAST_RETRANSMISSION) | verdict_bit(VERDICT_SPURIOUS_RETRANSMISSION);

	if (is & again)
		is &= ~verdict_bit(VERDICT_RETRANSMISSION);
	if (is & (again | verdict_bit(VERDICT_RETRANSMISSION)))
		is &= ~verdict_bit(VERDICT_EXACT_RETRANSMITTED);
	if (is & verdict_bit(VERDICT_OUT_OF_ORDER))
		is &= ~verdict_bit(VERDICT_EXACT_LATE);
	return is;
}

void means_words(struct text *t, uint64_t verdicts, enum means_weight least)
{
	uint64_t is = means_distinct(verdicts);
	bool any = false;

	for (int w = MEANS_PROBLEM; w >= (int)least; w--)
		for (unsigned v = 0; v < VERDICTS; v++) {
			if (!(is >> v & 1) || (int)means_verdicts[v].weight != w)
				continue;
			if (any)
				text_put(t, ", ");
			text_put(t, means_verdicts[v].words);
			any = true;
		}
}

void means_verdict(struct text *t, enum verdict v)
{
	text_put(t, verdict_info[v].sentence);
	text_put(t, ". ");
	text_put(t, means_verdicts[v].think);
}
