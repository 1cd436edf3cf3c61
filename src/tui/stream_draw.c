/* One piece of a stream as lines: a head that says who, when and how much, then its
 * bytes as text, hexadecimal, or both.
 *
 * Of a long piece the first bytes are shown, and how many more there are; + shows them.
 * Text is strict UTF-8, all of the piece: else its bytes from 0x80 on are no characters, whatever they would make
 * by chance. \r, \n and \t show as such, other control bytes and what no
 * terminal should get as \xNN, the backslash as two. A line ends at \n or where the
 * width does. The same walk counts and draws, so they cannot disagree.
 */
#include <string.h>

#include "look.h"
#include "sockeye/clock.h"
#include "words.h"

enum { STREAM_INDENT = 2, STREAM_OFFSET = 10 };

struct pen {
	struct canvas *c; /* NULL: only count */
	unsigned y, rows, width;
	uint64_t skip, line;
	unsigned x;
	uint64_t wanted, found; /* the line of that byte */
};

static bool pen_in_sight(const struct pen *p)
{
	return p->c != NULL && p->line >= p->skip && p->line - p->skip < p->rows;
}

static unsigned pen_row(const struct pen *p)
{
	return p->y + (unsigned)(p->line - p->skip);
}

static void pen_newline(struct pen *p)
{
	p->line++;
	p->x = STREAM_INDENT;
}

static bool stream_hit(const struct stream_look *s, const struct stream_piece *p, uint64_t off, unsigned n)
{
	return s->has_hit && p->index == s->hit_piece && off + n > s->hit_off && off < s->hit_off + s->find_len;
}

bool stream_folded(const struct stream_look *s, const struct stream_piece *p)
{
	bool folded = !s->all;

	for (unsigned i = 0; i < s->others; i++)
		if (s->other[i] == p->index)
			folded = s->all;
	return folded && !p->gap && p->len > STREAM_LONG;
}

/* Bytes of it that are shown. */
static uint64_t stream_shown(const struct stream_look *s, const struct stream_piece *p)
{
	return stream_folded(s, p) && p->here > STREAM_SHORT ? STREAM_SHORT : p->here;
}

/* ---- the head --------------------------------------------------------------------- */

/* Times of files can be anything: a difference wraps, and does not overflow. */
static void stream_since(struct text *t, int64_t ns, int64_t from)
{
	int64_t since = (int64_t)((uint64_t)ns - (uint64_t)from);

	text_char(t, since < 0 ? '-' : '+');
	text_seconds(t, since < 0 ? -(since + (since == INT64_MIN)) : since, 6);
	text_put(t, " s");
}

static void stream_time(const struct stream_look *s, const struct stream_answer *a, const struct stream_piece *p, bool wide,
			struct text *t)
{
	const struct stream_piece *before = p > a->piece ? p - 1 : NULL;
	char clock[32];

	switch (s->times) {
	case TIMES_RELATIVE:
		if (a->has_subject) {
			stream_since(t, p->ts_ns, a->subject.first_ns);
			return;
		}
		break;
	case TIMES_DELTA:
		if (before != NULL && !before->gap)
			stream_since(t, p->ts_ns, before->ts_ns);
		else
			text_put(t, p->index == 0 ? "first" : "-"); /* what is before it is not at hand */
		return;
	default:
		break;
	}
	clock_of_day(p->ts_ns, wide ? 3 : 0, clock);
	text_put(t, clock);
}

static void stream_head(const struct stream_look *s, const struct stream_answer *a, const struct stream_piece *p, struct pen *pen)
{
	enum role role = p->side ? ROLE_DOWN : ROLE_UP;
	unsigned x, y = pen_row(pen), end = pen->width;
	char buffer[96], clock[32];
	struct text t, when;

	if (!pen_in_sight(pen))
		return;
	text_init(&t, buffer, sizeof buffer);
	text_init(&when, clock, sizeof clock);
	if (p->gap) {
		words_count(&t, p->len);
		text_put(&t, p->len == 1 ? " byte was not captured here" : " bytes were not captured here");
		x = canvas_put(pen->c, 0, y, end, ROLE_WARN, p->side ? "◀ ✂ " : "▶ ✂ ");
		canvas_put(pen->c, x, y, end, ROLE_WARN, buffer);
		return;
	}
	x = canvas_put(pen->c, 0, y, end, role, p->side ? "◀ " : "▶ ");
	if (!p->no_time) {
		stream_time(s, a, p, pen->width >= 60, &when);
		x = canvas_put(pen->c, x, y, end, role, clock);
	} else {
		x = canvas_put(pen->c, x, y, end, ROLE_DIM, "no time");
	}
	words_count(&t, p->len);
	text_put(&t, " B");
	x = canvas_put(pen->c, x + 2, y, end, role, buffer);
	text_reset(&t);
	if (pen->width >= 60) {
		text_put(&t, "packet ");
		words_count(&t, p->number);
		text_put(&t, "  from byte ");
		words_count(&t, p->at);
		canvas_put(pen->c, x + 2, y, end, ROLE_DIM, buffer);
	}
}

/* ---- bytes ------------------------------------------------------------------------- */

static bool stream_continues(uint8_t byte)
{
	return (byte & 0xc0) == 0x80;
}

/* A control character that texts have: of lines, or of a terminal's colours. */
static bool stream_of_text(uint32_t code)
{
	return code >= 0x20 ? code < 0x7f || code > 0x9f : code == 0x1b || (code >= 0x07 && code <= 0x0d);
}

/* Is all of it text? A character may have begun in the piece before, or end in the next one. */
static bool stream_is_text(const uint8_t *bytes, size_t n)
{
	size_t i = 0, rest;

	while (i < n && i < 3 && stream_continues(bytes[i]))
		i++;
	while (i < n) {
		uint32_t code;
		bool bad;
		size_t step = text_utf8(bytes + i, n - i, &code, &bad);

		if (bad) {
			for (rest = i + 1; rest < n && stream_continues(bytes[rest]); rest++)
				;
			return rest == n && n - i < 4 && bytes[i] >= 0xc2 && bytes[i] <= 0xf4;
		}
		if (!stream_of_text(code))
			return false;
		i += step;
	}
	return true;
}

/* What stands for the next character, of a text or of bytes; bytes taken. */
static size_t stream_token(const uint8_t *at, size_t n, bool is_text, struct text *t, bool *escaped)
{
	uint32_t code;
	bool bad;
	size_t step = text_utf8(at, is_text ? n : 1, &code, &bad);

	*escaped = true;
	if (code == '\r')
		text_put(t, "\\r");
	else if (code == '\n')
		text_put(t, "\\n");
	else if (code == '\t')
		text_put(t, "\\t");
	else {
		text_foreign(t, at, step, false);
		*escaped = bad || text_width(code) == 0;
	}
	return step;
}

static void stream_text(const struct stream_look *s, const struct stream_piece *p, const uint8_t *bytes, struct pen *pen)
{
	const uint64_t here = stream_shown(s, p);
	const bool is_text = stream_is_text(bytes, p->here);
	bool any = false;

	for (uint64_t i = 0; i < here;) {
		char buffer[24];
		bool escaped;
		struct text t;
		size_t step;
		unsigned cells;

		text_init(&t, buffer, sizeof buffer);
		step = stream_token(bytes + i, here - i, is_text, &t, &escaped);
		cells = canvas_width(buffer);
		if (pen->x + cells > pen->width && any)
			pen_newline(pen);
		if (pen->wanted >= i && pen->wanted < i + step)
			pen->found = pen->line;
		if (pen_in_sight(pen)) {
			unsigned to = canvas_put(pen->c, pen->x, pen_row(pen), pen->width, escaped ? ROLE_DIM : ROLE_TEXT, buffer);

			if (stream_hit(s, p, i, (unsigned)step))
				canvas_attr(pen->c, pen->x, pen_row(pen), to, ATTR_REVERSE);
		}
		pen->x += cells;
		any = true;
		if (bytes[i] == '\n' && i + step < here)
			pen_newline(pen);
		i += step;
		if (pen->c != NULL && pen->line >= pen->skip + pen->rows)
			return;
	}
	if (any)
		pen_newline(pen);
}

static unsigned stream_each(const struct stream_look *s, unsigned width)
{
	unsigned room = width > STREAM_OFFSET + STREAM_INDENT ? width - STREAM_OFFSET - STREAM_INDENT : 4;

	room /= s->as == STREAM_BOTH ? 4 : 3;
	return room >= 32 ? 32 : room >= 16 ? 16 : room >= 8 ? 8 : 4;
}

static void stream_hex(const struct stream_look *s, const struct stream_piece *p, const uint8_t *bytes, struct pen *pen)
{
	const uint64_t here = stream_shown(s, p);
	unsigned each = stream_each(s, pen->width), letters = STREAM_INDENT + STREAM_OFFSET + each * 3 + 1;

	if (pen->c == NULL) { /* no need to walk */
		if (pen->wanted < here)
			pen->found = pen->line + pen->wanted / each;
		pen->line += (here + each - 1) / each;
		return;
	}
	for (uint64_t i = 0; i < here; i += each) {
		char buffer[24];
		struct text t;

		if (pen->line >= pen->skip + pen->rows)
			return;
		text_init(&t, buffer, sizeof buffer);
		text_format(&t, "%08llx", (unsigned long long)(p->at + i));
		if (pen_in_sight(pen))
			canvas_put(pen->c, STREAM_INDENT, pen_row(pen), pen->width, ROLE_DIM, buffer);
		for (unsigned k = 0; k < each && i + k < here && pen_in_sight(pen); k++) {
			unsigned x = STREAM_INDENT + STREAM_OFFSET + k * 3;
			uint8_t v = bytes[i + k];

			text_reset(&t);
			text_hex(&t, v, 2);
			canvas_put(pen->c, x, pen_row(pen), pen->width, ROLE_TEXT, buffer);
			if (s->as == STREAM_BOTH)
				canvas_fill(pen->c, letters + k, pen_row(pen), letters + k + 1, ROLE_TEXT,
					    v >= 0x20 && v < 0x7f ? v : '.');
			if (stream_hit(s, p, i + k, 1)) {
				canvas_attr(pen->c, x, pen_row(pen), x + 2, ATTR_REVERSE);
				canvas_attr(pen->c, letters + k, pen_row(pen), letters + k + 1, ATTR_REVERSE);
			}
		}
		pen->line++;
	}
}

static void stream_walk(const struct stream_look *s, const struct stream_answer *a, const struct stream_piece *p, struct pen *pen)
{
	const uint8_t *bytes = a->bytes + p->from;
	const bool folded = stream_folded(s, p);
	char buffer[96];
	struct text t;

	pen->x = STREAM_INDENT;
	stream_head(s, a, p, pen);
	pen_newline(pen);
	if (p->gap)
		return;
	if (s->as == STREAM_TEXT)
		stream_text(s, p, bytes, pen);
	else
		stream_hex(s, p, bytes, pen);
	if (!folded && p->here >= p->len)
		return;
	text_init(&t, buffer, sizeof buffer);
	text_put(&t, folded ? "⋯ " : "");
	words_count(&t, p->len - stream_shown(s, p));
	text_put(&t, folded ? " bytes more ⋯  + unfolds, * all" : " bytes more of it are not shown: it is longer than what is shown at once");
	if (pen_in_sight(pen))
		canvas_put(pen->c, STREAM_INDENT, pen_row(pen), pen->width, ROLE_DIM, buffer);
	pen_newline(pen);
}

uint64_t stream_lines(const struct stream_look *s, const struct stream_answer *a, const struct stream_piece *p, unsigned width)
{
	struct pen pen = {.width = width, .wanted = UINT64_MAX};

	stream_walk(s, a, p, &pen);
	return pen.line;
}

uint64_t stream_line_of(const struct stream_look *s, const struct stream_answer *a, const struct stream_piece *p, unsigned width,
			uint64_t off)
{
	struct pen pen = {.width = width, .wanted = off};

	stream_walk(s, a, p, &pen);
	return pen.found;
}

unsigned stream_piece_draw(const struct stream_look *s, const struct stream_answer *a, const struct stream_piece *p, struct canvas *c,
		      unsigned y, unsigned rows, uint64_t skip)
{
	struct pen pen = {.c = c, .y = y, .rows = rows, .width = c->width, .skip = skip, .wanted = UINT64_MAX};
	uint64_t lines;

	stream_walk(s, a, p, &pen);
	lines = pen.line > skip ? pen.line - skip : 0;
	return lines > rows ? rows : (unsigned)lines;
}
