/* The words inside an arrow. They shrink by a written list, so that a column of
 * arrows reads alike:
 *
 *   0  PSH seq 1 len 517  ack 1  win 501  sack 4345-5546     what says something
 *   1  the same, sack without its numbers, no window that is not zero
 *   2  no words for the numbers: PSH 517, ACK 518, SYN/ACK 1
 *   3  the same, nothing but zero of the window
 *   4  SYN, SA, A, R, F; data: its length alone
 *   5  one letter, or the length
 *
 * A plain ACK shows its number, data its place and length; the window only
 * where it is news: in a SYN, when it is zero, when it changed alone.
 */
#include <string.h>

#include "ladder.h"
#include "sockeye/packet.h"
#include "words.h"

static bool label_has(const struct packet_row *r, enum verdict v)
{
	return (r->verdicts & verdict_bit(v)) != 0;
}

static bool label_window(const struct packet_row *r)
{
	return r->flags & TCP_SYN || (r->window == 0 && !(r->flags & TCP_RST)) || label_has(r, VERDICT_WINDOW_UPDATE);
}

/* Flags that make a difference, as words: SYN/ACK, PSH, FIN. ACK alone, where nothing else is there. */
static void label_flags(struct text *t, const struct packet_row *r, unsigned level)
{
	static const struct {
		unsigned bit;
		const char *word, *brief;
	} flag[] = {{TCP_SYN, "SYN", "S"}, {TCP_FIN, "FIN", "F"}, {TCP_RST, "RST", "R"}, {TCP_PSH, "PSH", "P"},
		    {TCP_URG, "URG", "U"}};
	size_t begin = t->len;

	for (size_t i = 0; i < sizeof flag / sizeof flag[0]; i++) {
		if (!(r->flags & flag[i].bit) || (level >= 4 && flag[i].bit == TCP_PSH))
			continue;
		if (t->len > begin && level < 4)
			text_char(t, '/');
		text_put(t, level >= 5 || (level >= 4 && r->flags & TCP_ACK && flag[i].bit == TCP_SYN) ? flag[i].brief
												    : flag[i].word);
	}
	if (!(r->flags & TCP_ACK))
		return;
	if (r->flags & TCP_SYN)
		text_put(t, level < 4 ? "/ACK" : "A");
	else if (t->len == begin && r->payload_len == 0)
		text_put(t, level < 4 ? "ACK" : "A");
}

/* A number after its word; the word goes first. */
static void label_number(struct text *t, const char *word, uint64_t v, unsigned level)
{
	if (t->len > 0)
		text_char(t, ' ');
	if (level < 2) {
		text_put(t, word);
		text_char(t, ' ');
	}
	text_u64(t, v);
}

/* The blocks of the selective ACK, as the line has them: "sack 4345-5546 and ...". A SYN
 * only offers it. */
static void label_sack(struct text *t, const struct packet_row *r, unsigned level)
{
	const char *at = strstr(r->line, "sack ");

	if (at == NULL || strcmp(r->protocol, "tcp") != 0 || level >= 4 || r->flags & TCP_SYN)
		return;
	at += 5;
	if (*at < '0' || *at > '9')
		return;
	text_put(t, level == 0 ? "  sack " : " sack");
	for (; level == 0 && ((*at >= '0' && *at <= '9') || *at == '-'); at++)
		text_char(t, *at);
}

static void label_tcp(struct text *t, const struct packet_row *r, bool again, bool raw, unsigned level)
{
	uint64_t seq = raw || !r->seq_known ? r->seq : r->seq_from_isn;
	uint64_t ack = raw || !r->ack_known ? r->ack : r->ack_from_isn;
	bool bare = r->payload_len == 0, marks = r->flags & (TCP_SYN | TCP_FIN | TCP_RST);
	bool probe = label_has(r, VERDICT_ZERO_WINDOW_PROBE) || label_has(r, VERDICT_KEEP_ALIVE);

	label_flags(t, r, level);
	if (r->gone) { /* its numbers are not known any more */
		if (!bare)
			label_number(t, "len", r->payload_len, level);
		return;
	}
	if ((level < 2 && (!bare || marks || probe)) || (level < 4 && probe))
		label_number(t, "seq", seq, 0);
	if (!bare || (probe && level < 2))
		label_number(t, "len", r->payload_len, level);
	/* Of a plain ACK the number is what it says; of others it seldom is news. */
	if (r->flags & TCP_ACK && !(r->flags & TCP_RST) && level < 4 &&
	    ((bare && !probe && !marks) || (level < 2 && (marks && (bare || r->flags & TCP_FIN))) ||
	     (level == 2 && r->flags & TCP_SYN)))
		label_number(t, "ack", ack, level);
	label_sack(t, r, level);
	if (label_window(r) && (level < 1 || (r->window == 0 && level < 5) || (level < 3 && !(r->flags & TCP_SYN)))) {
		text_put(t, t->len > 0 ? " win " : "win ");
		text_u64(t, r->window);
	}
	if (level == 2 && again)
		text_put(t, " again");
	if (t->len == 0)
		text_put(t, "none"); /* no flag at all */
}

void ladder_label(struct text *t, const struct segment *g, bool raw, unsigned level)
{
	const struct packet_row *r = g->row;

	if (r->is_tcp) {
		label_tcp(t, r, segment_again(g), raw, level);
		return;
	}
	if (level < 4 && r->protocol[0] != '\0') {
		text_put(t, r->protocol);
		text_char(t, ' ');
	}
	if (level < 2)
		text_put(t, "len ");
	text_u64(t, r->payload_len);
}
