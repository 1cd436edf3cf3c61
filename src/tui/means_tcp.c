/* The numbers of a TCP header in words: what they count, and the arithmetic that
 * is done with them (RFC 9293 3.4, RFC 7323, RFC 2018); and the states that a
 * segment brings its ends to. */
#include <string.h>

#include "means.h"
#include "sockeye/clock.h"
#include "words.h"

static const char *tcp_who(unsigned side)
{
	return side ? "server" : "client";
}

static void tcp_seq(struct text *t, const struct packet_row *r, uint64_t raw)
{
	uint32_t len = r->payload_len;

	if (r->flags & TCP_SYN) {
		text_put(t, "the number from which this direction counts (ISN), drawn at random: the first byte of data is one more");
		return;
	}
	if (!r->seq_known) {
		text_put(t, "a number of a count whose start was not captured: only the raw one, ");
		words_count(t, raw);
		text_put(t, ", is known");
		return;
	}
	text_put(t, len > 0 ? "byte " : "the next byte to send is ");
	words_count(t, r->seq_from_isn);
	if (len > 1) {
		text_put(t, " to ");
		words_count(t, (uint64_t)r->seq_from_isn + len - 1);
	}
	text_format(t, " of what the %s sends; its SYN was 0", tcp_who(r->side));
	if (r->flags & TCP_FIN)
		text_put(t, "; the FIN takes one number more");
}

static void tcp_ack(struct text *t, const struct packet_row *r)
{
	if (!(r->flags & TCP_ACK)) {
		text_put(t, "means nothing: the ACK flag is not set");
		return;
	}
	if (!r->ack_known) {
		text_put(t, "all up to this number came in; the start of the count was not captured");
		return;
	}
	if (r->ack_from_isn == 0) {
		text_put(t, "not even the SYN of the other end came in");
	} else if (r->ack_from_isn == 1) {
		text_format(t, "the SYN of the %s came in; its byte 1 is expected next", tcp_who(!r->side));
	} else {
		text_put(t, "all that the ");
		text_put(t, tcp_who(!r->side));
		text_put(t, " sent up to byte ");
		words_count(t, r->ack_from_isn - 1);
		text_put(t, " came in; ");
		words_count(t, r->ack_from_isn);
		text_put(t, " is expected next");
	}
	if (r->rtt_ns >= 0) {
		text_put(t, "; that took ");
		words_span(t, r->rtt_ns);
	}
}

static void tcp_window(struct text *t, const struct packet_row *r)
{
	if (r->flags & TCP_RST) {
		text_put(t, "means nothing in a reset");
		return;
	}
	if (r->window == 0) {
		text_put(t, "no room: the other end may send nothing but one byte now and then to ask (zero window)");
		return;
	}
	if (r->room < 0) {
		words_count(t, r->window);
		text_put(t, " times a scale that only the handshake says, and it was not captured");
		return;
	}
	if (r->flags & TCP_SYN || (uint64_t)r->room == r->window) {
		words_count(t, r->window);
		text_put(t, r->flags & TCP_SYN ? " bytes that the other end may have under way; in a SYN never scaled"
					       : " bytes that the other end may have under way; no scale was agreed");
		return;
	}
	words_count(t, r->window);
	text_put(t, " × ");
	words_count(t, (uint64_t)r->room / r->window);
	text_put(t, " = ");
	words_count(t, (uint64_t)r->room);
	text_put(t, " bytes that the other end may have under way");
}

static void tcp_timestamps(struct text *t, const struct packet_row *r, const char *key, uint64_t v)
{
	if (strcmp(key, "tcp.options.timestamp.tsval") == 0) {
		text_put(t, "the sender's clock, in ticks of its own (mostly a millisecond); the other end sends it back, "
			    "which measures the round trip");
		return;
	}
	if (v == 0 && r->flags & TCP_SYN && !(r->flags & TCP_ACK)) {
		text_put(t, "nothing came yet that could be returned");
		return;
	}
	text_put(t, "the other end's clock, sent back: the packet that it was on has arrived");
}

static void tcp_sack(struct text *t, const struct means_of *of, uint64_t v, bool left)
{
	const struct packet_row *r = &of->detail->row;
	unsigned other = !r->side;

	text_put(t, left ? "behind a hole the bytes from " : "behind a hole the bytes up to ");
	if (of->flow != NULL && of->flow->isn_known[other])
		words_count(t, (uint32_t)((uint32_t)v - of->flow->isn[other]) - !left);
	else
		words_count(t, v);
	text_format(t, " of the %s came in: what lies before is missing", tcp_who(other));
}

/* How many segments, of how many bytes, a SYN promises. */
static void tcp_mss(struct text *t, uint64_t mss)
{
	words_count(t, mss);
	text_put(t, " bytes of data at most in a segment to this end: ");
	if (mss == 1460)
		text_put(t, "Ethernet's 1 500 less the headers of IPv4 and TCP");
	else if (mss == 1440)
		text_put(t, "Ethernet's 1 500 less the headers of IPv6 and TCP");
	else if (mss == 536)
		text_put(t, "the least that every host takes (RFC 9293 3.7.1)");
	else if (mss > 1460)
		text_put(t, "larger frames than Ethernet's usual ones, or a loopback");
	else if (mss >= 1200)
		text_put(t, "less than Ethernet's 1 460, as in a tunnel, with PPPoE, or where a router lowers it");
	else
		text_put(t, "unusually little");
}

bool means_tcp(struct text *t, const struct means_of *of, const struct detail_line *line)
{
	const struct packet_row *r = &of->detail->row;
	const char *key = line->key;
	bool accurate = of->flow != NULL && record_filled(of->flow, RECORD_HS_ECN) &&
			record_is(of->flow, RECORD_HS_ECN, "accurate");

	if (!r->is_tcp)
		return false;
	if (strcmp(key, "tcp.flags") == 0)
		means_flags(t, (unsigned)line->num, accurate);
	else if (strcmp(key, "tcp.seq") == 0)
		tcp_seq(t, r, line->num);
	else if (strcmp(key, "tcp.ack") == 0)
		tcp_ack(t, r);
	else if (strcmp(key, "tcp.window_size_value") == 0)
		tcp_window(t, r);
	else if (strcmp(key, "tcp.options.timestamp.tsval") == 0 || strcmp(key, "tcp.options.timestamp.tsecr") == 0)
		tcp_timestamps(t, r, key, line->num);
	else if (strcmp(key, "tcp.options.sack_le") == 0 || strcmp(key, "tcp.options.sack_re") == 0)
		tcp_sack(t, of, line->num, key[strlen(key) - 2] == 'l');
	else if (strcmp(key, "tcp.options.mss_val") == 0)
		tcp_mss(t, line->num);
	else if (strcmp(key, "tcp.options.wscale.shift") == 0)
		text_format(t, "windows that this end announces later count times %u", 1u << (line->num > 14 ? 14 : line->num));
	else
		return false;
	return true;
}

/* ---- states ------------------------------------------------------------------ */

static void states_pair(struct text *t, const struct packet_row *r, const char *sender, const char *receiver)
{
	text_format(t, "%s %s, %s %s", tcp_who(r->side), sender, tcp_who(!r->side), receiver);
}

void means_states(struct text *t, const struct packet_row *r, const struct flow_record *flow)
{
	bool first = flow != NULL && record_filled(flow, RECORD_CLOSED_BY) && record_has(flow, RECORD_CLOSED_BY) &&
		     flow->closed_by != NULL && strcmp(flow->closed_by, tcp_who(r->side)) == 0;
	bool known = flow != NULL && record_filled(flow, RECORD_CLOSED_BY) && record_has(flow, RECORD_CLOSED_BY);

	if (!r->is_tcp)
		return;
	if (r->flags & TCP_RST && !(r->verdicts & verdict_bit(VERDICT_RST_UNACCEPTABLE)))
		text_put(t, "both ends CLOSED, once it has arrived and fits");
	else if ((r->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		states_pair(t, r, "SYN-SENT", "SYN-RECEIVED if it listens there");
	else if ((r->flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK))
		states_pair(t, r, "SYN-RECEIVED", "ESTABLISHED");
	else if (r->flags & TCP_FIN && known)
		states_pair(t, r, first ? "FIN-WAIT-1" : "LAST-ACK", first ? "CLOSE-WAIT" : "TIME-WAIT");
}
