/* Above the ladder: who talks to whom and where it was captured, what it comes
 * to, and the heads of the columns.
 *
 * The sums are the record's. Stalls are summed from the rows at hand, and it is
 * said when those are not all: a window that was zero, and silences longer than
 * three round trips and ten milliseconds.
 */
#include <string.h>

#include "look.h"
#include "sockeye/clock.h"
#include "words.h"

enum { SILENCE_LEAST_NS = 10 * CLOCK_MS, SILENCE_TRIPS = 3 };

/* ---- both ends -------------------------------------------------------------- */

static bool head_near(const struct flow_record *r, const char *side)
{
	return record_is(r, RECORD_CAPTURE_SIDE, side);
}

static void head_owner(struct text *t, const struct flow_record *r, unsigned side, bool wide)
{
	const struct record_owner *o = record_process(r, side);

	if (o == NULL)
		return;
	text_put(t, wide ? " " : " (");
	text_foreign(t, o->comm, strnlen(o->comm, sizeof o->comm), false);
	if (!wide) {
		text_char(t, ')');
		return;
	}
	text_format(t, " %d", (int)o->pid);
	if (o->fd >= 0)
		text_format(t, " fd %d", (int)o->fd);
}

static void head_end(struct text *t, const struct flow_record *r, unsigned side, bool wide, unsigned room)
{
	words_endpoint(t, side ? &r->server : &r->client, room);
	head_owner(t, r, side, wide);
	if (side == 0 || !record_has(r, RECORD_SERVER_NAME))
		return;
	text_put(t, wide ? "  " : " ");
	text_foreign(t, r->server_name.bytes, r->server_name.len, false);
}

static void head_where(struct text *t, const struct flow_record *r)
{
	if (!record_has(r, RECORD_CAPTURE_SIDE))
		return;
	if (head_near(r, "between"))
		text_put(t, "captured between both (◆)");
	else
		text_format(t, "captured near the %s (◆ %s)", r->capture_side, head_near(r, "client") ? "left" : "right");
}

/* "◆" in front of the end near which that connection was captured. */
static const char *head_mark(const struct packet_answer *p, uint64_t flow, const char *side)
{
	for (unsigned i = 0; i < p->togethers && i < QUERY_TOGETHER; i++)
		if (p->together[i].id == flow)
			return head_near(&p->together[i], side) ? "◆" : "";
	return "";
}

/* Each connection with its letter, as many as fit. */
static void head_together(const struct ladder_look *s, const struct answer *a, struct canvas *c, unsigned y)
{
	unsigned x = 1;

	for (unsigned i = 0; i < s->flows && i < QUERY_TOGETHER; i++) {
		struct packet_row r = {.flow = s->flow[i]};
		char buffer[192];
		struct text t;

		text_init(&t, buffer, sizeof buffer);
		text_format(&t, "%c ", (char)('A' + i));
		if (s->end[i][0].family == FAMILY_NONE) {
			text_put(&t, "…");
		} else {
			text_put(&t, head_mark(&a->packets, s->flow[i], "client"));
			words_endpoint(&t, &s->end[i][0], 22);
			text_put(&t, " → ");
			text_put(&t, head_mark(&a->packets, s->flow[i], "between"));
			text_put(&t, head_mark(&a->packets, s->flow[i], "server"));
			words_endpoint(&t, &s->end[i][1], 22);
		}
		if (x + canvas_width(buffer) > c->width) {
			canvas_cut(c, x, y, c->width, ladder_role(s, &r), buffer);
			return;
		}
		x = canvas_put(c, x, y, c->width, ladder_role(s, &r), buffer) + 3;
	}
}

void ladder_ends(const struct ladder_look *s, const struct answer *a, struct canvas *c, unsigned y)
{
	const struct flow_record *r = &a->packets.subject;
	bool wide = c->width >= 100;
	char end[2][400], where[64];
	unsigned x, at;
	struct text t;

	if (s->flows > 1) {
		head_together(s, a, c, y);
		return;
	}
	if (!a->packets.has_subject)
		return;
	for (unsigned side = 0; side < 2; side++) {
		text_init(&t, end[side], sizeof end[side]);
		head_end(&t, r, side, wide, c->width >= 60 ? 48 : 18);
	}
	text_init(&t, where, sizeof where);
	head_where(&t, r);
	x = canvas_cut(c, 1, y, c->width / 2, ROLE_UP, end[0]);
	if (!wide) {
		x = canvas_put(c, x, y, c->width, ROLE_RULE, c->width >= 60 ? "  →  " : "→");
		canvas_cut(c, x, y, c->width, ROLE_DOWN, end[1]);
		return;
	}
	at = c->width * 53 / 120;
	at = at < x + 2 ? x + 2 : at;
	x = canvas_cut(c, at, y, c->width, ROLE_DOWN, end[1]);
	if (x + 2 + canvas_width(where) <= c->width)
		canvas_right(c, x + 2, y, c->width, ROLE_DIM, where);
}

/* ---- sums ------------------------------------------------------------------------ */

struct sums {
	struct canvas *c;
	unsigned x, y;
	bool full;
};

/* The next part, if it fits; after one that did not none comes. */
static void sums_put(struct sums *s, enum role role, const char *words)
{
	const char *between = s->c->width >= 100 ? " │ " : "  ";
	unsigned x = s->x + (s->x > 1 ? canvas_width(between) : 0);

	if (words[0] == '\0' || s->full)
		return;
	if (x + canvas_width(words) > s->c->width) {
		s->full = true;
		return;
	}
	if (s->x > 1)
		canvas_put(s->c, s->x, s->y, s->c->width, ROLE_RULE, between);
	s->x = canvas_put(s->c, x, s->y, s->c->width, role, words);
}

static void sums_handshake(struct text *t, const struct flow_record *r, bool ended, bool wide)
{
	if (r->ip_proto != PROTO_TCP) {
		text_put(t, r->proto != NULL ? r->proto : "?");
		text_put(t, ", ");
		if (condition_is_message(r))
			text_put(t, condition_remark(r, ended)[0] != '\0' ? condition_remark(r, ended) : "a message");
		else if (record_has(r, RECORD_ICMP_ERROR_TYPE))
			words_story(t, r, ended, r->last_ns);
		else
			text_put(t, record_is(r, RECORD_STATE, "unanswered") ? ended ? "no answer" : "no answer yet" : "answered");
	} else if (record_has(r, RECORD_HS_FIRST_SYN_TO_ACK)) {
		text_put(t, wide ? "handshake " : "open ");
		words_span(t, r->first_syn_to_ack);
	} else if (record_is(r, RECORD_STATE, "midstream")) {
		text_put(t, "mid-stream, no handshake");
	} else if (wide || record_has(r, RECORD_ICMP_ERROR_TYPE)) {
		words_story(t, r, ended, r->last_ns);
	} else if (record_has(r, RECORD_STATE)) {
		if (record_is(r, RECORD_STATE, "refused"))
			text_put(t, "refused");
		else if (r->syns == 0 && r->synacks == 0)
			text_put(t, "no handshake");
		else
			text_put(t, wide ? "handshake not whole" : "not open");
	}
}

/* The round trip of the far side: that is what the network does. */
static int sums_far(const struct flow_record *r)
{
	bool server = record_has(r, RECORD_RTT_SERVER_MIN), client = record_has(r, RECORD_RTT_CLIENT_MIN);

	if (client && (!server || head_near(r, "server")))
		return 1;
	return server ? 0 : -1;
}

static void sums_round_trip(struct text *t, const struct flow_record *r, bool wide)
{
	int far = sums_far(r);

	if (far < 0)
		return;
	text_put(t, "RTT ");
	if (!wide) {
		words_ms(t, r->round_trip[far].p50);
		return;
	}
	words_ms(t, r->round_trip[far].min);
	text_char(t, '/');
	words_ms(t, r->round_trip[far].p50);
	text_char(t, '/');
	words_ms(t, r->round_trip[far].max);
	text_put(t, " ms");
}

static void sums_bytes(struct text *t, const struct flow_record *r)
{
	text_put(t, "◀ ");
	words_size(t, r->bytes[1]);
	text_put(t, r->bytes[1] < 1000 ? " B ▶ " : "B ▶ ");
	words_size(t, r->bytes[0]);
	text_put(t, r->bytes[0] < 1000 ? " B" : "B");
}

/* "1 lost": gaps in the numbers. What was not captured of one direction, nobody can say. */
static bool sums_losses(struct text *t, const struct flow_record *r)
{
	uint64_t lost, again, copies;

	if (r->ip_proto != PROTO_TCP)
		return false;
	if (record_has(r, RECORD_ONE_SIDED) && r->one_sided) {
		text_put(t, "one direction only");
		return true;
	}
	if (r->lossless) {
		text_put(t, "0 lost");
		return false;
	}
	lost = r->lost_segments[0] + r->lost_segments[1];
	again = r->retransmissions[0] + r->retransmissions[1];
	copies = r->exact.duplicates[0] + r->exact.duplicates[1];
	words_count(t, lost);
	text_put(t, " lost");
	/* Wireshark counts copies by a mirror as sent again. */
	if (copies > 0 || again > 0) {
		text_put(t, ", ");
		words_count(t, copies > 0 ? copies : again);
		text_put(t, copies > 1 ? " copies" : copies > 0 ? " copy" : " again");
	}
	return lost > 0 || again > 0;
}

struct stalls {
	int64_t zero_ns[2], silent_ns;
	bool silent_known, hidden; /* hidden: a folded run may hold some */
};

/* Clocks that were set give spans that are none. */
static void stalls_add(int64_t *sum, int64_t ns)
{
	if (ns > 0 && __builtin_add_overflow(*sum, ns, sum))
		*sum = INT64_MAX;
}

static struct stalls stalls_sum(const struct segment *g, unsigned n, const struct flow_record *r)
{
	int far = sums_far(r);
	int64_t least = far < 0 ? 0 : r->round_trip[far].p50 * SILENCE_TRIPS, begin[2] = {0, 0}, last = 0;
	struct stalls s = {.silent_known = far >= 0};
	bool zero[2] = {false, false};

	least = least < SILENCE_LEAST_NS ? SILENCE_LEAST_NS : least;
	for (unsigned i = 0; i < n; i++) {
		const struct packet_row *row = g[i].row;
		unsigned side = row->side & 1;

		if (row->gone || row->no_time)
			continue;
		last = segment_end_ns(row);
		if (row->folded > 0) {
			s.hidden |= row->folded_ns > least;
			continue;
		}
		if (g[i].has_delta && g[i].delta_ns > least && !zero[0] && !zero[1])
			stalls_add(&s.silent_ns, g[i].delta_ns);
		if (!row->is_tcp || row->flags & TCP_RST)
			continue;
		if (!zero[side] && row->verdicts & verdict_bit(VERDICT_ZERO_WINDOW)) {
			zero[side] = true;
			begin[side] = row->ts_ns;
		} else if (zero[side] && row->window != 0) {
			zero[side] = false;
			stalls_add(&s.zero_ns[side], row->ts_ns - begin[side]);
		}
	}
	for (unsigned side = 0; side < 2; side++)
		if (zero[side])
			stalls_add(&s.zero_ns[side], last - begin[side]);
	return s;
}

/* Whose window was zero, and for how long. */
static bool sums_zero(struct text *t, const struct stalls *s, bool whole)
{
	static const char *const who[2] = {"client ", "server "};
	bool any = false;

	if (s->zero_ns[0] == 0 && s->zero_ns[1] == 0) {
		text_put(t, whole ? "no stall" : "no stall in sight");
		return false;
	}
	text_put(t, whole ? "stalled: " : "stalled, in sight: ");
	for (unsigned side = 0; side < 2; side++)
		if (s->zero_ns[side] > 0) {
			text_put(t, any ? ", " : "");
			text_put(t, who[side]);
			words_span(t, s->zero_ns[side]);
			any = true;
		}
	return true;
}

static void sums_stalls(struct sums *sums, const struct answer *a, const struct segment *g, unsigned n)
{
	const struct packet_answer *p = &a->packets;
	struct stalls s = stalls_sum(g, n, &p->subject);
	bool whole = p->first == 0 && p->counted && p->rows == p->matched, bad;
	char buffer[96];
	struct text t;

	if (p->subject.ip_proto != PROTO_TCP)
		return;
	text_init(&t, buffer, sizeof buffer);
	bad = sums_zero(&t, &s, whole);
	sums_put(sums, bad ? ROLE_WARN : ROLE_TEXT, buffer);
	if (!s.silent_known || s.silent_ns == 0)
		return;
	text_reset(&t);
	text_put(&t, whole ? "silence " : "silence in sight ");
	text_put(&t, s.hidden ? "≥ " : "");
	words_span(&t, s.silent_ns);
	sums_put(sums, ROLE_TEXT, buffer);
}

void ladder_sums(const struct ladder_look *s, const struct answer *a, const struct segment *g, unsigned n,
		 struct canvas *c, unsigned y)
{
	const struct flow_record *r = &a->packets.subject;
	struct sums sums = {c, 1, y, false};
	bool wide = c->width >= 100, bad;
	char buffer[192];
	struct text t;

	if (!a->packets.has_subject)
		return;
	text_init(&t, buffer, sizeof buffer);
	if (s->flows > 1) {
		text_put(&t, "selected: ");
		tuple_endpoint(&t, &r->client);
		sums_put(&sums, ROLE_TEXT, buffer);
		text_reset(&t);
	}
	sums_handshake(&t, r, a->ended, wide);
	sums_put(&sums, ROLE_TEXT, buffer);
	text_reset(&t);
	sums_round_trip(&t, r, wide);
	sums_put(&sums, ROLE_TEXT, buffer);
	if (wide) {
		text_reset(&t);
		sums_bytes(&t, r);
		sums_put(&sums, ROLE_TEXT, buffer);
	}
	text_reset(&t);
	bad = sums_losses(&t, r);
	sums_put(&sums, bad ? ROLE_WARN : ROLE_TEXT, buffer);
	if (s->flows > 1)
		return;
	if (a->packets.elsewhere > 0) {
		text_reset(&t);
		words_count(&t, a->packets.elsewhere);
		text_put(&t, wide ? " packets no longer in the history" : " forgotten");
		sums_put(&sums, ROLE_WARN, buffer);
	}
	sums_stalls(&sums, a, g, n);
}

/* ---- heads of the columns ---------------------------------------------------------- */

/* Each host at its lifeline: the outer ones from there inwards, the others around it. */
static void heads_hosts(const struct ladder_columns *at, struct canvas *c, unsigned y)
{
	for (unsigned i = 0; i < at->hosts; i++) {
		unsigned lo = i == 0 ? at->line[0] : (at->line[i - 1] + at->line[i]) / 2 + 1;
		unsigned hi = i + 1 == at->hosts ? at->line[i] + 1 : (at->line[i] + at->line[i + 1]) / 2, width;
		char buffer[80];
		struct text t;

		text_init(&t, buffer, sizeof buffer);
		words_endpoint(&t, &at->host[i], hi - lo);
		width = canvas_width(buffer);
		if (i == 0)
			canvas_cut(c, lo, y, hi, ROLE_HEAD, buffer);
		else if (i + 1 == at->hosts || width >= hi - lo)
			canvas_right(c, lo, y, hi, ROLE_HEAD, buffer);
		else
			canvas_put(c, lo + (hi - lo - width) / 2, y, hi, ROLE_HEAD, buffer);
	}
}

void ladder_heads(const struct ladder_look *s, const struct ladder_columns *at, const struct answer *a,
		  struct canvas *c, unsigned y)
{
	const struct flow_record *r = &a->packets.subject;
	bool wide = at->width >= 100, near = a->packets.has_subject && s->flows == 1;
	unsigned left = at->lines > 0 ? at->line[0] : 0, right = at->lines > 0 ? at->line[at->lines - 1] + 1 : 0;

	if (at->time_end > 0)
		canvas_right(c, at->time, y, at->time_end, ROLE_HEAD,
			     s->times == TIMES_CLOCK ? "time" : wide ? "time s" : "s");
	if (at->delta_end > 0)
		canvas_right(c, at->time, y, at->delta_end, ROLE_HEAD, "Δ ms");
	if (at->lines == 0) {
		canvas_put(c, at->label, y, at->label_end, ROLE_HEAD, "segment");
	} else if (at->by_host) {
		heads_hosts(at, c, y);
	} else {
		canvas_put(c, left, y, right, ROLE_HEAD, near && head_near(r, "client") ? "◆ client" : "client");
		canvas_right(c, left, y, right, ROLE_HEAD, near && head_near(r, "server") ? "server ◆" : "server");
		if (near && head_near(r, "between"))
			canvas_put(c, left + (right - left) / 2, y, right, ROLE_HEAD, "◆");
	}
	canvas_put(c, at->note, y, c->width, ROLE_HEAD, wide ? "what it means" : "");
}
