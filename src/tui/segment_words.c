/* Sentences about segments: the words of their verdicts (segment_verdicts.c) with
 * what a packet knows besides: how late, how long, how many.
 *
 * Order of a sentence: what is wrong, the step of the connection, the message
 * that it carries, then what is merely worth knowing.
 */
#include "segment_words.h"

#include <string.h>

#include "sockeye/clock.h"
#include "words.h"

/* The least that Linux waits: RFC 6298 has a second for the timer. */
enum { RETRANSMIT_TIMER_NS = 200 * CLOCK_MS, TAIL_PROBE_NS = 10 * CLOCK_MS };

static const char *const side_name[2] = {"client", "server"};

/* ---- parts of a sentence --------------------------------------------------------- */

struct phrases {
	struct text *t;
	enum segment_size size;
	unsigned n;
};

/* May another one come? Then the mark between them is there. */
static bool phrases_next(struct phrases *p)
{
	if (p->n > 0 && p->size == SEGMENT_BRIEF)
		return false;
	if (p->n++ > 0)
		text_put(p->t, "; ");
	return true;
}

static void phrase(struct phrases *p, const char *line, const char *brief)
{
	if (phrases_next(p))
		text_put(p->t, p->size == SEGMENT_BRIEF ? brief : line);
}

/* A span of time in the space of a narrow column: 12.10 ms; in full else. */
static void phrase_span(struct phrases *p, int64_t ns)
{
	words_span(p->t, ns);
}

/* RFC 8985 7.2: the last segment again after two round trips, before the timer. */
static bool segment_probes(const struct segment *s, int64_t late)
{
	const struct flow_record *r = s->flow;
	unsigned side = s->row->side & 1;

	return s->tail && late >= TAIL_PROBE_NS && r != NULL &&
	       record_has(r, side ? RECORD_RTT_CLIENT_P50 : RECORD_RTT_SERVER_P50) && late >= 2 * r->round_trip[side].p50;
}

/* How long after the first sending, and who noticed that it was lost. */
static void phrase_repeat(struct phrases *p, const struct segment *s, enum verdict v)
{
	const struct packet_row *r = s->row;
	int64_t late = r->about != 0 && !(r->flags & TCP_FIN && s->late_ns > 0) ? r->ts_ns - r->about_ns : s->late_ns;
	bool brief = p->size == SEGMENT_BRIEF, plain = v == VERDICT_RETRANSMISSION;

	if (!phrases_next(p))
		return;
	if (r->flags & TCP_SYN)
		text_put(p->t, r->flags & TCP_ACK ? "SYN/ACK " : "SYN ");
	else if (r->flags & TCP_FIN && r->payload_len == 0)
		text_put(p->t, "FIN ");
	if (plain && r->flags & (TCP_SYN | TCP_FIN) && r->payload_len == 0)
		text_put(p->t, "again");
	else
		text_put(p->t, segment_verdict(v, brief));
	if (late > 0) {
		text_put(p->t, brief ? " +" : r->flags & (TCP_SYN | TCP_FIN) ? " after " : ", ");
		phrase_span(p, late);
		text_put(p->t, brief || r->flags & (TCP_SYN | TCP_FIN) ? "" : " late");
	}
	if (v == VERDICT_SPURIOUS_RETRANSMISSION && !brief)
		text_put(p->t, ": it had arrived");
	if (r->flags & TCP_SYN)
		return;
	if (plain && late >= RETRANSMIT_TIMER_NS)
		text_put(p->t, brief ? ", timeout" : " (a timeout)");
	else if (brief)
		return;
	else if (plain && segment_probes(s, late))
		text_put(p->t, " (a tail probe?)");
	if (p->size == SEGMENT_WHOLE && segment_has(s, VERDICT_EXACT_LATE))
		text_put(p->t, "; the first never came here");
}

static void phrase_gap(struct phrases *p, const struct segment *s)
{
	if (s->gap == 0) {
		phrase(p, segment_verdict(VERDICT_LOST_SEGMENT, false), segment_verdict(VERDICT_LOST_SEGMENT, true));
		return;
	}
	if (!phrases_next(p))
		return;
	if (p->size == SEGMENT_BRIEF) {
		text_put(p->t, "gap ");
		text_u64(p->t, s->gap);
		text_put(p->t, " before");
		return;
	}
	text_put(p->t, "gap: ");
	words_count(p->t, s->gap);
	text_format(p->t, " B missing before this (seq %u)", (unsigned)s->gap_at);
}

static void phrase_zero(struct phrases *p, const struct segment *s, enum verdict v)
{
	if (!phrases_next(p))
		return;
	if (s->zero_ns > 0) {
		text_put(p->t, v == VERDICT_ZERO_WINDOW || p->size == SEGMENT_BRIEF ? "still zero" : "answers the probe: still zero");
		text_put(p->t, p->size == SEGMENT_BRIEF ? " " : " (");
		phrase_span(p, s->zero_ns);
		text_put(p->t, p->size == SEGMENT_BRIEF ? "" : ")");
		return;
	}
	text_put(p->t, segment_verdict(v, p->size == SEGMENT_BRIEF));
	if (v == VERDICT_ZERO_WINDOW && p->size != SEGMENT_BRIEF)
		text_format(p->t, ": the %s has no room left", side_name[s->row->side & 1]);
}

/* So long was the window zero that this one opens; 0: it opens none. The record of an update
 * without a zero before it is about the handshake, or about nothing. */
static int64_t segment_reopens(const struct segment *s)
{
	if (s->open_ns > 0)
		return s->open_ns;
	if (!segment_has(s, VERDICT_WINDOW_UPDATE) || s->row->about == 0 || s->row->window == 0 ||
	    (s->flow != NULL && s->row->about_ns <= s->flow->ack_ns))
		return 0;
	return s->row->ts_ns - s->row->about_ns;
}

static void phrase_window(struct phrases *p, const struct segment *s)
{
	int64_t zero = segment_reopens(s);

	if ((zero <= 0 && !segment_has(s, VERDICT_WINDOW_UPDATE)) || !phrases_next(p))
		return;
	if (zero > 0) {
		text_put(p->t, p->size == SEGMENT_BRIEF ? "open after " : "window open again after ");
		phrase_span(p, zero);
		return;
	}
	text_put(p->t, "window update");
	if (p->size == SEGMENT_BRIEF || s->row->room < 0)
		return;
	text_put(p->t, ": room for ");
	words_count(p->t, (uint64_t)s->row->room);
	text_put(p->t, " B");
}

static void phrase_verdict(struct phrases *p, const struct segment *s, enum verdict v)
{
	switch (v) {
	case VERDICT_RETRANSMISSION:
	case VERDICT_FAST_RETRANSMISSION:
	case VERDICT_SPURIOUS_RETRANSMISSION:
		phrase_repeat(p, s, v);
		break;
	case VERDICT_LOST_SEGMENT:
		phrase_gap(p, s);
		break;
	case VERDICT_ZERO_WINDOW:
	case VERDICT_ZERO_WINDOW_PROBE_ACK:
		phrase_zero(p, s, v);
		break;
	case VERDICT_WINDOW_UPDATE:
		phrase_window(p, s);
		break;
	case VERDICT_DUP_ACK:
		phrase(p, segment_verdict(v, false), segment_verdict(v, true));
		if (s->dup > 0 && p->n == 1)
			text_format(p->t, " %u", s->dup);
		break;
	default:
		phrase(p, segment_verdict(v, false), segment_verdict(v, true));
		break;
	}
}

static void phrase_verdicts(struct phrases *p, const struct segment *s, bool grave)
{
	enum verdict order[VERDICTS];
	unsigned n = segment_said(s, grave, order);

	for (unsigned i = 0; i < n; i++)
		phrase_verdict(p, s, order[i]);
}

/* ---- the steps of a connection ---------------------------------------------------- */

void segment_offer(struct text *t, const struct flow_record *r, unsigned side)
{
	static const enum record_key key[2][4] = {
		{RECORD_HS_CLIENT_MSS, RECORD_HS_CLIENT_SACK, RECORD_HS_CLIENT_TS, RECORD_HS_CLIENT_WSCALE},
		{RECORD_HS_SERVER_MSS, RECORD_HS_SERVER_SACK, RECORD_HS_SERVER_TS, RECORD_HS_SERVER_WSCALE},
	};
	size_t begin = t->len;

	side &= 1;
	if (record_has(r, key[side][0]))
		text_format(t, " mss %llu", (unsigned long long)r->options[side].mss);
	if (record_has(r, key[side][1]) && r->options[side].sack_permitted)
		text_put(t, " sackOK");
	if (record_has(r, key[side][2]) && r->options[side].timestamps)
		text_put(t, " ts");
	if (record_has(r, key[side][3]))
		text_format(t, " wscale %llu", (unsigned long long)r->options[side].wscale);
	if (t->len > begin) { /* the first blank */
		memmove(t->at + begin, t->at + begin + 1, t->len - begin);
		t->len--;
	}
}

static void phrase_offer(struct phrases *p, const struct segment *s)
{
	char buffer[96];
	struct text t;

	if (s->flow == NULL)
		return;
	text_init(&t, buffer, sizeof buffer);
	segment_offer(&t, s->flow, s->row->side);
	if (t.len > 0)
		phrase(p, buffer, buffer);
}

/* Where it was captured says which half of the handshake is the network's. */
static void phrase_half(struct phrases *p, const struct segment *s, int64_t ns, unsigned far)
{
	static const char *const host[2] = {"client", "server"};
	const char *near = s->flow != NULL && record_has(s->flow, RECORD_CAPTURE_SIDE) ? s->flow->capture_side : NULL;
	bool brief = p->size == SEGMENT_BRIEF;

	if (near != NULL && strcmp(near, host[far ^ 1]) == 0)
		text_put(p->t, brief ? "network " : "network RTT ");
	else if (near != NULL && strcmp(near, host[far]) == 0)
		text_put(p->t, brief ? "host " : "this host ");
	else
		text_format(p->t, brief ? "%s " : "%s's half ", host[far]);
	phrase_span(p, ns);
	if (!brief && far && near != NULL && strcmp(near, host[far ^ 1]) == 0)
		text_put(p->t, " (SYN → SYN/ACK)");
}

static void phrase_synack(struct phrases *p, const struct segment *s)
{
	const struct flow_record *r = s->flow;
	bool first = r != NULL && record_has(r, RECORD_HS_LAST_SYN_TO_SYNACK) && r->synack_ns[0] == s->row->ts_ns;

	if (segment_answers(s))
		phrase(p, "ACKs the other's SYN with its own", "both SYNs");
	else if (s->row->verdicts & SEGMENT_REPEATS || (s->row->about == 0 && !first))
		phrase_offer(p, s);
	else if (phrases_next(p))
		phrase_half(p, s, first ? r->last_syn_to_synack : s->row->ts_ns - s->row->about_ns, 1);
}

static bool segment_opens(const struct segment *s)
{
	return s->flow != NULL && s->row->is_tcp && s->row->flags & TCP_ACK && !(s->row->flags & (TCP_RST | TCP_SYN)) &&
	       s->flow->ack_ns != 0 && s->row->ts_ns == s->flow->ack_ns && s->row->side == 0;
}

/* "accept()=19 by nginx 815, waited 0.6 ms": the server's program took it, as the kernel told. */
static void phrase_accept(struct phrases *p, const struct flow_record *r)
{
	const struct record_owner *o = record_process(r, 1);

	text_put(p->t, "accept()");
	if (r->accepted.fd >= 0)
		text_format(p->t, "=%d", (int)r->accepted.fd);
	if (r->accepted.pid > 0) {
		text_put(p->t, " by ");
		if (o != NULL && o->pid == r->accepted.pid) {
			text_foreign(p->t, o->comm, strnlen(o->comm, sizeof o->comm), false);
			text_char(p->t, ' ');
		}
		text_format(p->t, "%d", (int)r->accepted.pid);
	}
	text_put(p->t, ", waited ");
	phrase_span(p, r->accept_latency);
}

static void phrase_open(struct phrases *p, const struct segment *s)
{
	bool whole = record_has(s->flow, RECORD_HS_FIRST_SYN_TO_ACK), brief = p->size == SEGMENT_BRIEF;
	bool accepted = record_has(s->flow, RECORD_ACCEPT_LATENCY) && !brief;

	if (!phrases_next(p))
		return;
	/* In a line both halves have no room, and the head has the sum. */
	if (accepted && p->size == SEGMENT_LINE) {
		text_put(p->t, "OPEN; ");
		phrase_accept(p, s->flow);
		return;
	}
	/* In full, where the line stands above it: a sentence, and not the same again. */
	if (whole && p->size == SEGMENT_WHOLE) {
		text_put(p->t, "the handshake is complete ");
		phrase_span(p, s->flow->first_syn_to_ack);
		text_put(p->t, " after the first SYN");
		if (record_has(s->flow, RECORD_HS_SYNACK_TO_ACK)) {
			text_put(p->t, "; the last step, ");
			phrase_half(p, s, s->flow->synack_to_ack, 0);
		}
		if (accepted) {
			text_put(p->t, ".  ");
			phrase_accept(p, s->flow);
		}
		return;
	}
	if (record_has(s->flow, RECORD_HS_SYNACK_TO_ACK) && !brief) {
		phrase_half(p, s, s->flow->synack_to_ack, 0);
		text_put(p->t, ".  ");
	}
	text_put(p->t, "OPEN");
	if (whole) {
		text_put(p->t, brief ? " " : " after ");
		phrase_span(p, s->flow->first_syn_to_ack);
	}
	if (accepted) {
		text_put(p->t, ".  ");
		phrase_accept(p, s->flow);
	}
}

static void phrase_fin(struct phrases *p, const struct segment *s)
{
	const char *who = side_name[s->row->side & 1];
	bool known = s->flow != NULL && record_has(s->flow, RECORD_CLOSED_BY) && s->flow->closed_by != NULL;
	bool first = known && strcmp(s->flow->closed_by, who) == 0;

	if (segment_again(s) || s->fin_sent || segment_has(s, VERDICT_SIMULTANEOUS_CLOSE) || !phrases_next(p))
		return;
	text_put(p->t, who);
	text_put(p->t, p->size == SEGMENT_BRIEF || !known ? " closes" : first ? " closes first" : " closes, too");
}

static bool segment_waits(const struct flow_record *r, unsigned side)
{
	return record_is(r, side ? RECORD_TCP_STATE_SERVER : RECORD_TCP_STATE_CLIENT, "time_wait");
}

static void phrase_closed(struct phrases *p, const struct segment *s)
{
	if (!phrases_next(p))
		return;
	if (!s->closes) {
		text_put(p->t, p->size == SEGMENT_BRIEF || s->fin_sent ? "ACKs the FIN" : "ACKs the FIN; this end may go on");
		return;
	}
	text_put(p->t, "CLOSED tidy");
	for (unsigned side = 0; side < 2 && p->size != SEGMENT_BRIEF && s->flow != NULL; side++)
		if (segment_waits(s->flow, side)) {
			text_format(p->t, ".  %s goes to TIME-WAIT", side_name[side]);
			break;
		}
}

static void phrase_steps(struct phrases *p, const struct segment *s)
{
	unsigned flags = s->row->flags;
	uint64_t resets = verdict_bit(VERDICT_RST_REFUSED) | verdict_bit(VERDICT_RST_HANDSHAKE) |
			  verdict_bit(VERDICT_RST_ABORT) | verdict_bit(VERDICT_RST_LATE) |
			  verdict_bit(VERDICT_RST_UNACCEPTABLE);

	if (flags & TCP_RST && flags & (TCP_SYN | TCP_FIN))
		phrase(p, "RST with SYN or FIN: no such segment", "no such segment");
	else if (flags & TCP_SYN && flags & TCP_FIN)
		phrase(p, "SYN and FIN at once: no such segment", "SYN and FIN");
	else if (flags == 0)
		phrase(p, "no flag at all: no such segment", "no flags");
	else if (flags & TCP_RST && !(s->row->verdicts & resets))
		phrase(p, "reset", "reset");
	else if (flags & TCP_SYN)
		flags & TCP_ACK ? phrase_synack(p, s) : phrase_offer(p, s);
	else if (segment_opens(s))
		phrase_open(p, s);
	if (flags & TCP_FIN && !(flags & (TCP_SYN | TCP_RST)))
		phrase_fin(p, s);
	if (s->acks_fin && !(flags & (TCP_SYN | TCP_RST)))
		phrase_closed(p, s);
	if (s->fills)
		phrase(p, "hole filled", "hole filled");
}

/* ---- what it carries ---------------------------------------------------------------- */

/* Does its line tell of a message, and not of TCP's own options? */
static bool segment_message(const struct packet_row *r)
{
	return r->line[0] != '\0' && (!r->is_tcp || strcmp(r->protocol, "tcp") != 0) &&
	       strncmp(r->line, "Flags [", 7) != 0 && strncmp(r->line, "options [", 9) != 0;
}

static void phrase_message(struct phrases *p, const struct packet_row *r)
{
	char upper[sizeof r->protocol];

	if (!segment_message(r) || !phrases_next(p))
		return;
	for (size_t i = 0; i < sizeof upper; i++)
		upper[i] = r->protocol[i] >= 'a' && r->protocol[i] <= 'z' ? (char)(r->protocol[i] - 'a' + 'A') : r->protocol[i];
	upper[sizeof upper - 1] = '\0';
	if (p->size != SEGMENT_BRIEF) {
		text_put(p->t, upper);
		text_char(p->t, ' ');
	}
	text_put(p->t, r->line);
}

static void segment_datagram(struct phrases *p, const struct segment *s)
{
	if (s->answer_ns > 0 && p->size != SEGMENT_BRIEF) {
		text_put(p->t, "after ");
		phrase_span(p, s->answer_ns);
		text_put(p->t, "  ");
	}
	phrase_message(p, s->row);
	if (p->n == 0 && p->size == SEGMENT_WHOLE)
		phrase(p, "a datagram", "datagram");
}

static void phrase_plain(struct phrases *p, const struct segment *s)
{
	const struct packet_row *r = s->row;

	if (p->n > 0 || p->size != SEGMENT_WHOLE || !phrases_next(p))
		return;
	if (r->payload_len > 0) {
		words_count(p->t, r->payload_len);
		text_put(p->t, r->flags & TCP_PSH ? " bytes, to be delivered at once" : " bytes");
		return;
	}
	text_put(p->t, "has received everything before ");
	words_count(p->t, r->ack_known ? r->ack_from_isn : r->ack);
}

void segment_words(struct text *t, const struct segment *s, enum segment_size size)
{
	struct phrases p = {t, size, 0};

	if (s->row->gone)
		phrase(&p, "no longer in the history", "forgotten");
	if (s->row->issue[0] != '\0')
		phrase(&p, s->row->issue, s->row->issue);
	if (segment_has(s, VERDICT_EXACT_DUPLICATE)) {
		phrase(&p, segment_verdict(VERDICT_EXACT_DUPLICATE, false), segment_verdict(VERDICT_EXACT_DUPLICATE, true));
		return;
	}
	if (!s->row->is_tcp) {
		if (!s->row->gone)
			segment_datagram(&p, s);
		return;
	}
	phrase_verdicts(&p, s, true);
	if (s->open_ns > 0 && !segment_has(s, VERDICT_WINDOW_UPDATE))
		phrase_window(&p, s);
	phrase_steps(&p, s);
	phrase_message(&p, s->row);
	phrase_verdicts(&p, s, false);
	phrase_plain(&p, s);
}
