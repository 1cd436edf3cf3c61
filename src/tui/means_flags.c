/* The nine flags of TCP in words (RFC 9293 3.1, RFC 3168, RFC 9768).
 *
 * By rule, so that each of the 512 combinations has a sentence: first what SYN, FIN,
 * RST and ACK make together, where they can stand together; then what PSH and URG
 * add; then the three bits of congestion, which mean another thing in a SYN, in a
 * SYN/ACK, and after.
 */
#include "means.h"

enum {
	FLAGS_CONTROL = TCP_SYN | TCP_FIN | TCP_RST | TCP_ACK,
	FLAGS_CLASSIC = FLAGS_CONTROL | TCP_PSH | TCP_URG,
	FLAGS_MARKS = TCP_ECE | TCP_CWR | TCP_AE,
	FLAGS_ALL = FLAGS_CLASSIC | FLAGS_MARKS,
	MARKS_SHIFT = 6, /* AE CWR ECE as a number (RFC 9768 2.2) */
};

/* What no honest stack sends; NULL: it can be. */
static const char *flags_wrong(unsigned flags)
{
	if (flags == FLAGS_ALL || (flags & FLAGS_CLASSIC) == FLAGS_CLASSIC)
		return "every flag at once, a \"Christmas tree\": a scanner's, or rubbish";
	if ((flags & FLAGS_CLASSIC) == 0)
		return "no flag at all, a \"null scan\": no honest stack sends this";
	if ((flags & FLAGS_CLASSIC) == (TCP_FIN | TCP_PSH | TCP_URG))
		return "FIN, PSH and URG without ACK, a \"Christmas tree\" scan: no honest stack sends this";
	if (flags & TCP_SYN && flags & TCP_RST && flags & TCP_FIN)
		return "opens, closes and resets at once: no honest stack sends this";
	if (flags & TCP_SYN && flags & TCP_FIN)
		return "opens and closes at once: no honest stack sends this, scanners do (T/TCP once did, RFC 1644)";
	if (flags & TCP_SYN && flags & TCP_RST)
		return "opens and resets at once: no honest stack sends this";
	if ((flags & FLAGS_CONTROL) == TCP_FIN)
		return "FIN without ACK: after the handshake every segment has ACK, so this is a \"FIN scan\"";
	if ((flags & FLAGS_CONTROL) == 0)
		return "no ACK, though only the first SYN and a RST go without: not of an open connection, a scan or rubbish";
	return NULL;
}

/* SYN, FIN, RST, ACK, where they go together. */
static const char *flags_control(unsigned flags)
{
	switch (flags & FLAGS_CONTROL) {
	case TCP_SYN:
		return "asks to open a connection (SYN)";
	case TCP_SYN | TCP_ACK:
		return "agrees to open (SYN) and confirms the other end's SYN (ACK)";
	case TCP_RST:
		return "ends or refuses the connection at once (RST); it answers a segment without knowing the connection, "
		       "or takes back its SYN";
	case TCP_RST | TCP_ACK:
		return "ends or refuses the connection at once (RST) and confirms what came (ACK)";
	case TCP_RST | TCP_FIN:
	case TCP_RST | TCP_FIN | TCP_ACK:
		return "a reset with FIN: the reset counts; odd, middleboxes send it";
	case TCP_FIN | TCP_ACK:
		return "\"I have nothing more to send\" (FIN) and \"I have all up to ack\" (ACK)";
	default:
		return "\"I have all up to ack\" (ACK)";
	}
}

static const char *flags_syn_marks(unsigned marks)
{
	switch (marks) {
	case 3: return "; offers ECN: routers may mark instead of dropping";
	case 7: return "; offers accurate ECN (RFC 9768), or classic ECN to who knows only that";
	default: return "; its congestion bits are no offer that is defined";
	}
}

static const char *flags_synack_marks(unsigned marks)
{
	switch (marks) {
	case 1: return "; takes the offer of ECN (ECE)";
	case 2: return "; takes accurate ECN, the SYN came without a mark or offer in its IP header";
	case 3: return "; takes accurate ECN, the SYN came as ECT(1)";
	case 4: return "; takes accurate ECN, the SYN came as ECT(0)";
	case 5: return "; these congestion bits were the ECN nonce, which is history (RFC 3540)";
	case 6: return "; takes accurate ECN, the SYN came marked: congestion on its way";
	default: return "; returns the congestion bits of the SYN, as broken stacks do: no ECN";
	}
}

static void flags_marks(struct text *t, unsigned flags, bool accurate)
{
	unsigned marks = flags >> MARKS_SHIFT & 7;

	if (marks == 0)
		return;
	if (flags & TCP_SYN) {
		text_put(t, flags & TCP_ACK ? flags_synack_marks(marks) : flags_syn_marks(marks));
		return;
	}
	if (accurate) {
		text_format(t, "; packets that came marked, counted modulo 8: %u (AE, CWR, ECE: accurate ECN)", marks);
		return;
	}
	if (flags & TCP_ECE)
		text_put(t, "; a packet of yours came marked: congestion on its way (ECE)");
	if (flags & TCP_CWR)
		text_put(t, "; I have slowed down because of a mark (CWR)");
	if (flags & TCP_AE)
		text_put(t, "; AE is set: only accurate ECN uses it, and the handshake that agrees to that is not known here");
}

void means_flags(struct text *t, unsigned flags, bool accurate)
{
	const char *wrong = flags_wrong(flags & FLAGS_ALL);

	if (wrong != NULL) {
		text_put(t, wrong);
		if (flags & FLAGS_MARKS && (flags & FLAGS_CLASSIC) != FLAGS_CLASSIC)
			text_put(t, "; its congestion bits mean nothing here");
		return;
	}
	if ((flags & FLAGS_CLASSIC) == (TCP_PSH | TCP_ACK)) {
		text_put(t, "\"deliver what you have now\" (PSH) and \"I have all up to ack\" (ACK)");
	} else {
		text_put(t, flags_control(flags));
		if (flags & TCP_PSH)
			text_put(t, flags & TCP_SYN ? "; PSH beside SYN: with data in the SYN only"
				    : flags & TCP_RST ? "; PSH says nothing beside RST"
						      : "; deliver what you have now (PSH)");
	}
	if (flags & TCP_URG)
		text_put(t, flags & (TCP_SYN | TCP_RST) ? "; URG makes no sense here"
							: "; urgent data up to the urgent pointer (URG)");
	flags_marks(t, flags, accurate);
}
