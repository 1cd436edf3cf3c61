/* The row of a packet: see packet_rows.h.
 *
 * Numbers and words come of the packet, verdicts of the index, what is relative or
 * scaled of the flow's record. What it is about is found by looking back among the
 * packets of its flow, ROWS_LOOK_BACK entries at most: the index says which of them may
 * be it, and only those are read. */
#include "packet_rows.h"

#include <string.h>

#include "sockeye/info.h"
#include "sockeye/text.h"

static inline bool before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

/* ---- the packet itself --------------------------------------------------------------- */

static void ends(const struct packet *p, struct packet_row *out)
{
	const struct tuple *t = &p->tuple;
	bool ports = p->transport && t->proto != PROTO_ICMP && t->proto != PROTO_ICMPV6;

	out->from = (struct endpoint){.ip = t->from, .port = t->from_port, .family = t->family, .has_port = ports};
	out->to = (struct endpoint){.ip = t->to, .port = t->to_port, .family = t->family, .has_port = ports};
	out->has_mac = p->has_mac;
	memcpy(out->mac_from, p->mac_from, sizeof out->mac_from);
	memcpy(out->mac_to, p->mac_to, sizeof out->mac_to);
}

/* The window in bytes: scaled where both ends said so, which takes both SYNs to know. */
static int64_t room(const struct packet *p, const struct flow_record *f, unsigned side)
{
	bool ours, theirs;

	if (p->tcp.flags & TCP_SYN)
		return p->tcp.window;
	if (!f || !f->syn || !f->synack)
		return -1;
	ours = record_has(f, side ? RECORD_HS_SERVER_WSCALE : RECORD_HS_CLIENT_WSCALE);
	theirs = record_has(f, side ? RECORD_HS_CLIENT_WSCALE : RECORD_HS_SERVER_WSCALE);
	if (!ours || !theirs)
		return f->options[0].cut || f->options[1].cut ? -1 : p->tcp.window;
	return (int64_t)p->tcp.window << (f->options[side].wscale < 14 ? f->options[side].wscale : 14);
}

static void tcp_row(const struct recalled *e, struct packet_row *out)
{
	const struct packet *p = e->ev.packet;
	const struct flow_record *f = e->ev.flow;
	unsigned side = out->side;

	out->flags = p->tcp.flags;
	out->window = p->tcp.window;
	out->room = room(p, f, side);
	out->seq = p->tcp.seq;
	out->ack = p->tcp.ack;
	out->seq_known = f && f->isn_known[side];
	out->ack_known = f && f->isn_known[!side] && p->tcp.flags & TCP_ACK;
	out->seq_from_isn = out->seq_known ? p->tcp.seq - f->isn[side] : 0;
	out->ack_from_isn = out->ack_known ? p->tcp.ack - f->isn[!side] : 0;
}

static void option(struct text *t, const char *word, int64_t number)
{
	if (t->len > 0)
		text_char(t, ' ');
	text_put(t, word);
	if (number >= 0)
		text_format(t, " %lld", (long long)number);
}

/* TCP without an application: what its options say, for flags and numbers have places of their own. */
static void tcp_line(struct text *t, const struct packet *p, const struct packet_row *row)
{
	const struct tcp_facts *f = &p->tcp;

	if (f->options & TCP_HAS_MSS)
		option(t, "mss", f->mss);
	if (f->options & TCP_HAS_WSCALE)
		option(t, "ws", f->wscale);
	if (f->options & TCP_HAS_SACK_PERMITTED)
		option(t, "sack", -1);
	if (f->flags & TCP_SYN && f->options & TCP_HAS_TIMESTAMPS)
		option(t, "ts", -1);
	if (f->options & TCP_HAS_FAST_OPEN)
		option(t, f->fast_open_len ? "tfo cookie" : "tfo cookiereq", -1);
	if (f->options & TCP_HAS_MPTCP)
		option(t, "mptcp", -1);
	for (unsigned i = 0; i < f->sacks && i < 4; i++) {
		uint32_t base = row->ack_known ? row->ack - row->ack_from_isn : 0;

		option(t, i == 0 ? "sack" : "and", (int64_t)(f->sack[i][0] - base));
		text_format(t, "-%lu", (unsigned long)(uint32_t)(f->sack[i][1] - base));
	}
}

static void line(const struct packet *p, struct packet_row *out)
{
	struct text t;

	text_init(&t, out->line, sizeof out->line);
	info_upper(&t, p);
	if (t.len == 0 && info_is_tcp(p))
		tcp_line(&t, p, out);
	if (p->fragment.present)
		text_format(&t, "%sfragment id %lu offset %lu length %lu%s", t.len ? " " : "", (unsigned long)p->fragment.id,
			    (unsigned long)p->fragment.offset, (unsigned long)p->fragment.len,
			    p->fragment.more ? ", more follow" : ", the last");
}

void packet_row_fill(struct recall *r, const struct recalled *e, struct packet_row *out)
{
	const struct packet *p = e->ev.packet;
	struct text t;

	(void)r;
	memset(out, 0, sizeof *out);
	out->number = e->number;
	out->flow = e->entry.flow;
	out->side = e->entry.about & INDEX_SERVER ? 1 : 0;
	out->is_tcp = e->entry.about & INDEX_TCP;
	out->flags = (uint16_t)index_flags(e->entry.about);
	out->payload_len = e->entry.about & INDEX_LENGTH;
	out->verdicts = e->verdicts;
	out->no_time = e->entry.about & INDEX_NO_TIME;
	out->comment = e->entry.about & INDEX_COMMENT;
	out->room = out->rtt_ns = -1;
	out->gone = e->gone;
	if (e->gone)
		return;
	out->ts_ns = p->frame.ts_ns;
	out->wirelen = p->frame.wirelen;
	out->caplen = p->frame.caplen;
	out->payload_len = p->payload_len;
	ends(p, out);
	out->is_tcp = info_is_tcp(p);
	if (out->is_tcp)
		tcp_row(e, out);
	text_init(&t, out->protocol, sizeof out->protocol);
	text_put(&t, info_protocol(p));
	line(p, out);
	text_init(&t, out->issue, sizeof out->issue);
	text_put(&t, p->issue ? p->issue : p->cut ? "cut" : "");
}

/* ---- what was before it ----------------------------------------------------------------- */

/* Walks back over the packets of one flow. */
struct back {
	struct recall *r;
	uint64_t at, least;
	uint32_t flow;
	unsigned side; /* of the packet that it began with */
	struct index_entry e; /* of the one at hand */
	uint64_t verdicts;
};

static bool back_next(struct back *b)
{
	struct index *x = engine_index(recall_engine(b->r));

	while (b->at > b->least) {
		if (!index_get(x, --b->at, &b->e))
			return false;
		if (b->e.flow != b->flow)
			continue;
		b->verdicts = index_verdicts(x, &b->e);
		return true;
	}
	return false;
}

static bool back_same_side(const struct back *b)
{
	return (b->e.about & INDEX_SERVER ? 1U : 0U) == b->side;
}

static bool found(const struct back *b, struct packet_row *out)
{
	struct recall_brief p;

	if (!recall_brief(b->r, b->at, &p))
		return false;
	out->about = b->at;
	out->about_ns = p.ts_ns;
	return true;
}

static uint32_t end_of(const struct recall_brief *p)
{
	return p->seq + p->payload_len + (p->flags & TCP_SYN ? 1 : 0) + (p->flags & TCP_FIN ? 1 : 0);
}

/* A repeat: the first that carried its first byte. */
static void about_repeat(struct back b, const struct packet_row *row, struct packet_row *out)
{
	bool syn = row->flags & TCP_SYN;

	while (back_next(&b)) {
		struct recall_brief p;

		if (!back_same_side(&b) || (syn ? !(index_flags(b.e.about) & TCP_SYN) : !(b.e.about & INDEX_LENGTH)) ||
		    !recall_brief(b.r, b.at, &p))
			continue;
		if (syn ? p.seq == row->seq : !before(row->seq, p.seq) && before(row->seq, p.seq + p.payload_len))
			(void)found(&b, out); /* an earlier one may follow */
	}
}

/* The newest of the other side that has one of these verdicts or flags, and ends where row's ACK begins. */
static void about_other(struct back b, const struct packet_row *row, uint64_t verdicts, unsigned flags,
			struct packet_row *out)
{
	while (back_next(&b)) {
		struct recall_brief p;

		if (back_same_side(&b))
			continue;
		if (verdicts && b.verdicts & verdicts && found(&b, out))
			return;
		if (flags && (index_flags(b.e.about) & (TCP_SYN | TCP_ACK)) == flags && recall_brief(b.r, b.at, &p) &&
		    p.seq + 1 == row->ack && found(&b, out))
			return;
	}
}

/* The ACK that ends a handshake: the first of its side that is no SYN. */
static void about_handshake(struct back b, const struct packet_row *row, struct packet_row *out)
{
	while (back_next(&b)) {
		struct recall_brief p;
		unsigned flags = index_flags(b.e.about);

		if (back_same_side(&b)) {
			if (!(flags & TCP_SYN))
				return;
			continue;
		}
		if ((flags & (TCP_SYN | TCP_ACK)) != (TCP_SYN | TCP_ACK) || !recall_brief(b.r, b.at, &p) ||
		    p.seq + 1 != row->ack)
			return;
		(void)found(&b, out);
		return;
	}
}

/* A window that is open again: the first of the zeros before it. */
static void about_window(struct back b, struct packet_row *out)
{
	while (back_next(&b)) {
		if (!back_same_side(&b))
			continue;
		if (!(b.verdicts & (verdict_bit(VERDICT_ZERO_WINDOW) | verdict_bit(VERDICT_ZERO_WINDOW_PROBE_ACK))))
			return;
		(void)found(&b, out);
	}
}

/* The round trip that an ACK measures: back to the one segment that ends where it says, if that was sent
 * once and nobody has acknowledged it before. */
static void round_trip(struct back b, const struct packet_row *row, struct packet_row *out)
{
	const uint64_t again = verdict_bit(VERDICT_RETRANSMISSION) | verdict_bit(VERDICT_FAST_RETRANSMISSION) |
			       verdict_bit(VERDICT_SPURIOUS_RETRANSMISSION) | verdict_bit(VERDICT_EXACT_RETRANSMITTED) |
			       verdict_bit(VERDICT_OUT_OF_ORDER);

	for (unsigned read = 0; read < ROWS_ACKED && back_next(&b);) {
		struct recall_brief p;
		bool takes = b.e.about & INDEX_LENGTH || index_flags(b.e.about) & (TCP_SYN | TCP_FIN);

		if (!back_same_side(&b) && !takes)
			continue;
		read++;
		if (!recall_brief(b.r, b.at, &p) || p.no_time)
			return;
		if (back_same_side(&b)) {
			if (p.flags & TCP_ACK && !before(p.ack, row->ack))
				return;
			continue;
		}
		if (before(row->ack, end_of(&p)))
			continue;
		if (end_of(&p) == row->ack && !(b.verdicts & again) && row->ts_ns >= p.ts_ns)
			out->rtt_ns = row->ts_ns - p.ts_ns;
		return;
	}
}

static struct back back_from(struct recall *r, uint64_t number, uint32_t flow, unsigned side)
{
	struct back b = {.r = r, .at = number, .flow = flow, .side = side};

	b.least = number > ROWS_LOOK_BACK ? number - ROWS_LOOK_BACK : 1;
	if (b.least < index_first(engine_index(recall_engine(r))))
		b.least = index_first(engine_index(recall_engine(r)));
	if (b.least > 0)
		b.least--; /* back_next() stops behind it */
	return b;
}

bool packet_row_answers(struct recall *r, uint64_t number, const struct index_entry *e)
{
	struct back b = back_from(r, number, e->flow, e->about & INDEX_SERVER ? 1 : 0);
	bool asked = false;

	if ((index_flags(e->about) & (TCP_SYN | TCP_ACK)) != (TCP_SYN | TCP_ACK) || e->flow == 0)
		return false;
	while (back_next(&b)) {
		unsigned flags = index_flags(b.e.about);

		if (back_same_side(&b) && flags & TCP_SYN && flags & TCP_ACK)
			return false;
		asked = asked || (back_same_side(&b) && flags & TCP_SYN);
	}
	return asked;
}

void packet_row_look_back(struct recall *r, uint64_t number, uint64_t verdicts, struct packet_row *out)
{
	const uint64_t repeats = verdict_bit(VERDICT_RETRANSMISSION) | verdict_bit(VERDICT_FAST_RETRANSMISSION) |
				 verdict_bit(VERDICT_SPURIOUS_RETRANSMISSION) | verdict_bit(VERDICT_EXACT_RETRANSMITTED);
	const struct packet_row row = *out;
	struct back b = back_from(r, number, (uint32_t)out->flow, out->side);
	struct index_entry e;

	if (out->gone || !out->is_tcp || out->flow == 0)
		return;
	if (verdicts & repeats && index_get(engine_index(recall_engine(r)), number, &e))
		out->answers_syn = packet_row_answers(r, number, &e);
	if (verdicts & repeats && !out->answers_syn)
		about_repeat(b, &row, out);
	else if ((row.flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK))
		about_other(b, &row, 0, TCP_SYN, out);
	else if (verdicts & (verdict_bit(VERDICT_ZERO_WINDOW_PROBE_ACK)))
		about_other(b, &row, verdict_bit(VERDICT_ZERO_WINDOW_PROBE), 0, out);
	else if (verdicts & verdict_bit(VERDICT_KEEP_ALIVE_ACK))
		about_other(b, &row, verdict_bit(VERDICT_KEEP_ALIVE), 0, out);
	else if (row.flags & TCP_ACK && !(row.flags & (TCP_SYN | TCP_RST)) && row.window > 0)
		about_window(b, out);
	if (out->about == 0 && row.flags & TCP_ACK && !(row.flags & (TCP_SYN | TCP_RST | TCP_FIN)))
		about_handshake(b, &row, out);
	if (row.flags & TCP_ACK && !(row.flags & TCP_RST) && !row.no_time)
		round_trip(b, &row, out);
}
