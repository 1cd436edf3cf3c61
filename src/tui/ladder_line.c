/* One row of the ladder, and the columns that all rows share.
 *
 *   ▶  0.025502    +0.082  │◀─────────── PSH seq 4345 len 1201 ─────────✕│  ▲ gap: 1 448 B missing before this
 *
 * Everything scales with the width: from 60 columns on there are lifelines,
 * below there is a glyph for the direction and the shortest label. The kind of
 * an arrow is a character of its own, with and without Unicode:
 *
 *   ─ -  bytes that were not seen before     ═ =  bytes that were
 *   · .  overtaken on its way                ✕ x  at its start: others before it never came here
 *   ▶▶   a SYN or FIN that is sent again
 */
#include <string.h>

#include "look.h"
#include "sockeye/clock.h"
#include "sockeye/packet.h"
#include "words.h"

enum { BODY_LEAST = 14, NOTE_LEAST = 20 };

/* ---- columns ----------------------------------------------------------------- */

static bool columns_same(const struct endpoint *a, const struct endpoint *b, bool ports)
{
	return a->family == b->family && memcmp(&a->ip, &b->ip, sizeof a->ip) == 0 && (!ports || a->port == b->port);
}

/* A host that talks to itself has two lines: the ports tell them apart. */
static unsigned columns_host(const struct ladder_columns *at, const struct ladder_look *s, const struct endpoint *e)
{
	(void)s;
	for (unsigned i = 0; i < at->hosts; i++)
		if (columns_same(&at->host[i], e, at->host[i].has_port))
			return i;
	return at->hosts;
}

static void columns_hosts(struct ladder_columns *at, const struct ladder_look *s)
{
	for (unsigned f = 0; f < s->flows && f < QUERY_TOGETHER; f++) {
		bool self = columns_same(&s->end[f][0], &s->end[f][1], false);

		for (unsigned side = 0; side < 2; side++) {
			struct endpoint e = s->end[f][side];

			e.has_port = e.has_port && self;
			if (e.family == FAMILY_NONE || columns_host(at, s, &e) < at->hosts)
				continue;
			if (at->hosts == LADDER_LINES) {
				at->hosts = 0; /* too many: each row has its own ends */
				return;
			}
			at->host[at->hosts++] = e;
		}
	}
}

/* Cells between the two outer lifelines: 120 -> 46, 80 -> 27, 60 -> 14. */
static unsigned columns_body(unsigned width)
{
	unsigned body = width >= 100 ? width * 46 / 120 : BODY_LEAST + (width - 60) * 13 / 20;

	return body > 76 ? 76 : body;
}

static void columns_lines(struct ladder_columns *at, const struct ladder_look *s, unsigned left)
{
	unsigned width = at->width, body = columns_body(width), gap = width >= 100 ? 16 : BODY_LEAST;

	if (s->flows > 1)
		columns_hosts(at, s);
	at->lines = 2;
	if (at->hosts > 2) {
		unsigned need = (at->hosts - 1) * (gap + 1) - 1;

		if (left + 2 + need + NOTE_LEAST <= width) {
			at->lines = at->hosts;
			body = need > body ? need : body;
		}
	}
	at->by_host = at->hosts > 0 && at->hosts <= at->lines;
	for (unsigned i = 0; i < at->lines; i++)
		at->line[i] = left + (body + 1) * i / (at->lines - 1);
	at->note = left + body + (width >= 100 ? 4 : 3);
}

struct ladder_columns ladder_columns(const struct ladder_look *s, unsigned width)
{
	struct ladder_columns at = {.width = width, .brief = width < 100};
	unsigned shift = 0, time = width >= 100 ? 10 : 7, delta = width >= 100 ? 10 : 8;

	if (s->flows > 1) {
		shift = width >= 100 ? 8 : 2;
		at.name = 1;
		at.name_end = 1 + (width >= 100 ? 7 : 1);
	}
	if (s->times == TIMES_CLOCK)
		time = width >= 100 ? 15 : 12;
	at.time = 1 + shift;
	at.time_end = at.time + time;
	at.delta_end = at.time_end + delta;
	if (s->times == TIMES_DELTA) {
		at.delta_end = at.time_end;
		at.time_end = 0;
	}
	if (width < 60) {
		if (at.time_end > 0)
			at.delta_end = 0;
		at.label = at.time_end + at.delta_end + 1;
		at.label_end = at.label + 11;
		at.note = at.label_end + 1;
		at.level = 4;
		return at;
	}
	at.level = width >= 100 ? 0 : width >= 72 ? 2 : 4;
	columns_lines(&at, s, at.delta_end + (width >= 100 ? 2 : 1));
	if (at.lines > 2 && at.level < 2)
		at.level = 2;
	return at;
}

/* ---- times ----------------------------------------------------------------------- */

/* With as many decimals as fit. */
void ladder_seconds(struct text *t, int64_t ns, unsigned width, unsigned decimals)
{
	uint64_t v = ns < 0 ? (uint64_t)-ns : (uint64_t)ns;

	for (;; decimals--) {
		uint64_t unit = 1, rounded;

		for (unsigned i = 0; i < decimals; i++)
			unit *= 10;
		rounded = v + CLOCK_S / unit / 2;
		text_reset(t);
		if (ns < 0)
			text_char(t, '-');
		text_format(t, "%llu", (unsigned long long)(rounded / CLOCK_S));
		if (decimals > 0)
			text_format(t, ".%0*llu", (int)decimals, (unsigned long long)(rounded % CLOCK_S / (CLOCK_S / unit)));
		if (t->len <= width || decimals == 0)
			return;
	}
}

void ladder_delta(struct text *t, int64_t ns, unsigned width, unsigned decimals)
{
	const char *sign = ns < 0 ? "-" : "+";
	double ms = (double)(ns < 0 ? -ns : ns) / CLOCK_MS;

	for (unsigned d = decimals + 1; d-- > 0;) {
		text_reset(t);
		text_format(t, "%s%.*f", sign, (int)d, ms);
		if (t->len <= width)
			return;
	}
	text_reset(t);
	text_format(t, ms < 600e3 ? "%s%.0fs" : "%s%.0fm", sign, ms < 600e3 ? ms / 1e3 : ms / 60e3);
}

static void line_times(const struct ladder_look *s, const struct ladder_columns *at, const struct segment *g,
		       struct canvas *c, unsigned y)
{
	unsigned width = at->time_end > 0 ? at->time_end - at->time : 0;
	char buffer[64];
	struct text t;

	if (g->row->no_time || g->row->gone || g->row->folded > 0)
		return;
	text_init(&t, buffer, sizeof buffer);
	if (at->time_end > 0 && s->times == TIMES_CLOCK) {
		clock_of_day(g->row->ts_ns, at->width >= 100 ? 6 : 3, buffer);
		canvas_right(c, at->time, y, at->time_end, ROLE_TEXT, buffer);
	} else if (at->time_end > 0) {
		ladder_seconds(&t, g->row->ts_ns - s->begin_ns, width, at->width >= 100 ? 6 : 4);
		canvas_right(c, at->time, y, at->time_end, ROLE_TEXT, buffer);
	}
	if (at->delta_end == 0 || !g->has_delta)
		return;
	ladder_delta(&t, g->delta_ns, at->width >= 100 ? 8 : 6, at->width >= 100 ? 3 : 2);
	canvas_right(c, at->time, y, at->delta_end, ROLE_DIM, buffer);
}

/* ---- arrows ------------------------------------------------------------------------ */

static bool line_has(const struct packet_row *r, enum verdict v)
{
	return (r->verdicts & verdict_bit(v)) != 0;
}

static uint32_t line_stroke(const struct segment *g)
{
	const struct packet_row *r = g->row;

	if (line_has(r, VERDICT_EXACT_RETRANSMITTED) || line_has(r, VERDICT_EXACT_DUPLICATE) ||
	    (segment_again(g) && !line_has(r, VERDICT_EXACT_LATE)))
		return 0x2550; /* ═ */
	return line_has(r, VERDICT_OUT_OF_ORDER) || (line_has(r, VERDICT_EXACT_LATE) && !(r->verdicts & SEGMENT_REPEATS))
		       ? 0xb7 /* · */ : 0x2500 /* ─ */;
}

static enum role line_role(const struct packet_row *r)
{
	if (r->is_tcp && r->flags & TCP_RST)
		return ROLE_BAD;
	return r->side ? ROLE_DOWN : ROLE_UP;
}

/* The longest label of those from the column's level on that fits. */
static void line_label(struct text *t, const struct segment *g, bool raw, unsigned level, unsigned room)
{
	for (; level < LADDER_LABELS; level++) {
		text_reset(t);
		ladder_label(t, g, raw, level);
		if (canvas_width(t->at) <= room)
			return;
	}
}

void ladder_arrow(struct canvas *c, unsigned y, unsigned lo, unsigned hi, bool right, enum role role, uint32_t stroke,
		  unsigned heads, const char *words)
{
	unsigned width = canvas_width(words) + 2, x;

	canvas_fill(c, lo, y, hi, role, stroke);
	canvas_fill(c, right ? hi - heads : lo, y, right ? hi : lo + heads, role, right ? 0x25b6 : 0x25c0);
	if (width + heads + 1 > hi - lo)
		return;
	/* In the middle of what the head leaves. */
	x = canvas_put(c, lo + (right ? 0 : heads) + (hi - lo - heads - width) / 2, y, hi, role, " ");
	x = canvas_put(c, x, y, hi, role, words);
	canvas_put(c, x, y, hi, role, " ");
}

/* Between two lifelines, lo the first cell, hi after the last one. */
static void line_arrow(const struct ladder_look *s, const struct ladder_columns *at, const struct segment *g,
		       struct canvas *c, unsigned y, unsigned lo, unsigned hi, bool right)
{
	const struct packet_row *r = g->row;
	bool twice = r->is_tcp && segment_again(g) && r->flags & (TCP_SYN | TCP_FIN);
	char label[128];
	struct text t;

	text_init(&t, label, sizeof label);
	line_label(&t, g, s->raw, at->level, hi - lo > 7 ? hi - lo - 5 : 2);
	ladder_arrow(c, y, lo, hi, right, line_role(r), line_stroke(g), twice ? 2 : 1, label);
	if (line_has(r, VERDICT_LOST_SEGMENT))
		canvas_fill(c, right ? lo : hi - 1, y, right ? lo + 1 : hi, ROLE_WARN, 0x2715);
}

/* Lifelines from and to; false: it has none. */
static bool line_ends(const struct ladder_look *s, const struct ladder_columns *at, const struct packet_row *r,
		      unsigned *from, unsigned *to)
{
	if (!at->by_host) {
		*from = r->side ? at->lines - 1 : 0;
		*to = r->side ? 0 : at->lines - 1;
		return true;
	}
	*from = columns_host(at, s, &r->from);
	*to = columns_host(at, s, &r->to);
	return *from < at->hosts && *to < at->hosts && *from != *to;
}

static void line_size(struct text *t, uint64_t bytes, const char *way)
{
	words_size(t, bytes);
	text_put(t, bytes < 1000 ? " B " : "B ");
	text_put(t, way);
}

/* ⋯ 41 segments, 58KB ◀, 0.9KB ▶, 61 ms ⋯ */
static void line_folded(const struct ladder_columns *at, const struct segment *g, struct canvas *c, unsigned y)
{
	const struct packet_row *r = g->row;
	unsigned lo = at->lines > 0 ? at->line[0] + 1 : at->label;
	unsigned hi = at->lines > 0 ? at->line[at->lines - 1] : at->note - 1, width;
	char buffer[128];
	struct text t;

	text_init(&t, buffer, sizeof buffer);
	for (unsigned level = 0; level < 3; level++) {
		text_reset(&t);
		text_put(&t, "⋯ ");
		words_count(&t, r->folded);
		text_put(&t, level < 2 ? " segments" : "");
		for (unsigned i = 2; i-- > 0 && level < 1;)
			if (r->folded_bytes[i] > 0) {
				text_put(&t, ", ");
				line_size(&t, r->folded_bytes[i], i ? "◀" : "▶");
			}
		if (level < 1) {
			text_put(&t, ", ");
			words_span(&t, r->folded_ns);
		}
		text_put(&t, " ⋯");
		if (canvas_width(buffer) + 2 <= hi - lo)
			break;
	}
	width = canvas_width(buffer);
	canvas_cut(c, hi - lo > width ? lo + (hi - lo - width) / 2 : lo, y, hi, ROLE_DIM, buffer);
	canvas_cut(c, at->note, y, c->width, ROLE_DIM, "+ to unfold");
}

/* ---- the note -------------------------------------------------------------------- */

static void line_note(const struct ladder_columns *at, const struct segment *g, struct canvas *c, unsigned y)
{
	enum segment_weight weight = segment_weight(g);
	enum role role = weight == SEGMENT_PROBLEM ? ROLE_BAD : weight == SEGMENT_WARNING ? ROLE_WARN : ROLE_TEXT;
	unsigned x = at->note;
	char buffer[512];
	struct text t;

	text_init(&t, buffer, sizeof buffer);
	segment_words(&t, g, at->brief ? SEGMENT_BRIEF : SEGMENT_LINE);
	if (t.len == 0)
		return;
	if (weight >= SEGMENT_WARNING)
		x = canvas_put(c, x, y, c->width, role,
			       c->ascii ? weight == SEGMENT_PROBLEM ? "!! " : "! " : weight == SEGMENT_PROBLEM ? "● " : "▲ ");
	canvas_foreign(c, x, y, c->width, role, buffer, t.len);
}

enum role ladder_role(const struct ladder_look *s, const struct packet_row *r)
{
	static const enum role role[QUERY_TOGETHER] = {ROLE_KEY, ROLE_CLOSING, ROLE_GOOD, ROLE_WARN,
						       ROLE_BRAND, ROLE_TEXT, ROLE_BAD, ROLE_DIM};

	for (unsigned i = 0; i < s->flows && i < QUERY_TOGETHER; i++)
		if (s->flow[i] == r->flow)
			return role[i];
	return ROLE_TEXT;
}

/* "A:51544" */
static void line_name(const struct ladder_look *s, const struct ladder_columns *at, const struct packet_row *r,
		      struct canvas *c, unsigned y)
{
	char buffer[16];
	struct text t;

	for (unsigned i = 0; i < s->flows && i < QUERY_TOGETHER; i++) {
		if (s->flow[i] != r->flow)
			continue;
		text_init(&t, buffer, sizeof buffer);
		text_char(&t, (char)('A' + i));
		if (s->end[i][0].has_port && at->name_end > at->name + 1)
			text_format(&t, ":%u", (unsigned)s->end[i][0].port);
		canvas_put(c, at->name, y, at->name_end, ladder_role(s, r), buffer);
	}
}

static void line_narrow(const struct ladder_look *s, const struct ladder_columns *at, const struct segment *g,
			struct canvas *c, unsigned y)
{
	const struct packet_row *r = g->row;
	enum role role = line_role(r);
	char label[128];
	struct text t;
	unsigned x;

	text_init(&t, label, sizeof label);
	line_label(&t, g, s->raw, at->level, at->label_end - at->label - 2);
	x = canvas_put(c, at->label, y, at->label_end, role, r->side ? "◀" : "▶");
	/* Where there is no room for a stroke, its kind stands beside the head. */
	x = canvas_fill(c, x, y, x + 1, role,
			line_has(r, VERDICT_LOST_SEGMENT) ? 0x2715 : line_stroke(g) == 0x2500 ? ' ' : line_stroke(g));
	canvas_cut(c, x, y, at->label_end, role, label);
}

void ladder_line(const struct ladder_look *s, const struct ladder_columns *at, const struct segment *g,
		 struct canvas *c, unsigned y)
{
	unsigned from, to;

	if (at->name_end > at->name)
		line_name(s, at, g->row, c, y);
	line_times(s, at, g, c, y);
	for (unsigned i = 0; i < at->lines; i++)
		canvas_put(c, at->line[i], y, c->width, ROLE_RULE, "│");
	if (g->row->folded > 0) {
		line_folded(at, g, c, y);
		return;
	}
	if (at->lines == 0)
		line_narrow(s, at, g, c, y);
	else if (line_ends(s, at, g->row, &from, &to))
		line_arrow(s, at, g, c, y, at->line[from < to ? from : to] + 1, at->line[from < to ? to : from], from < to);
	line_note(at, g, c, y);
}
