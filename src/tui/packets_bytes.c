/* The bytes of the selected packet, and under them what the selected field is and
 * means.
 *
 * The field's bytes stand in brackets and in reverse: the brackets are there where a
 * terminal has no reverse. Bytes never reach the screen as they are: what is not
 * printable ASCII is a dot.
 */
#include <string.h>

#include "look.h"
#include "means.h"
#include "words.h"

static const char *const bytes_names[PACKET_BUFFERS] = {"frame", "datagram", "stream"};

enum { OFFSET_CELLS = 6 }; /* "0010  " */

unsigned bytes_each(const struct packets_look *s, unsigned width)
{
	unsigned room = width > OFFSET_CELLS + 2 ? width - OFFSET_CELLS - 2 : 1, n;

	switch (s->as) {
	case BYTES_BITS:
		n = room / 10;
		return n >= 8 ? 8 : n >= 6 ? 6 : n >= 4 ? 4 : n > 0 ? n : 1;
	case BYTES_TEXT:
		return room >= 64 ? 64 : room >= 32 ? 32 : 16;
	default:
		n = room / 4;
		return n >= 16 ? 16 : n >= 8 ? 8 : 4;
	}
}

void bytes_select(struct packets_look *s, const struct answer *a, int64_t byte)
{
	const struct packet_detail *d = &a->packets.detail;
	unsigned best = UINT32_MAX, len = UINT32_MAX;

	if (d->number == 0 || d->len[s->buffer] == 0)
		return;
	s->line_chosen = true;
	s->byte = (uint32_t)(byte < 0 ? 0 : byte >= d->len[s->buffer] ? (int64_t)d->len[s->buffer] - 1 : byte);
	/* The deepest is the shortest; of equal ones the last. */
	for (unsigned i = 0; i < layers_lines(s, a); i++) {
		const struct detail_line *line = layers_line(s, a, i);

		if (line->len > 0 && line->buffer == s->buffer && s->byte >= line->off && s->byte - line->off < line->len &&
		    line->len <= len) {
			best = i;
			len = line->len;
		}
	}
	if (best == UINT32_MAX)
		return;
	for (unsigned i = best; i > 0 && layers_line(s, a, i)->depth > 0; i--)
		if (layers_line(s, a, i - 1)->depth < layers_line(s, a, i)->depth && !layers_open(s, a, i - 1))
			layers_fold(s, a, i - 1, true);
	if (!layers_visible(s, a, best)) /* its layer, not the line before, is closed */
		for (unsigned i = best; i-- > 0;)
			if (layers_line(s, a, i)->depth == 0) {
				layers_fold(s, a, i, true);
				break;
			}
	layers_select(s, a, best, false);
}

void bytes_next_buffer(struct packets_look *s, const struct answer *a)
{
	for (unsigned i = 1; i <= PACKET_BUFFERS; i++) {
		unsigned to = (s->buffer + i) % PACKET_BUFFERS;

		if (a->packets.detail.len[to] > 0) {
			s->buffer = (uint8_t)to;
			bytes_select(s, a, 0);
			return;
		}
	}
}

/* ---- the rule ------------------------------------------------------------------------ */

static void bytes_title(const struct packets_look *s, const struct answer *a, struct canvas *c, const struct packets_panes *at)
{
	static const char *const ways[BYTES_WAYS] = {"hex", "bits", "text"};
	const struct packet_detail *d = &a->packets.detail;
	const struct detail_line *line = layers_line(s, a, s->line);
	unsigned end = c->width, x = packets_rule(c, at->bytes_x, at->bytes_rule, end, s->pane == PANE_BYTES, "bytes");
	unsigned buffers = 0;
	char buffer[256];
	struct text t;

	for (unsigned b = 0; b < PACKET_BUFFERS; b++)
		buffers += d->len[b] > 0;
	for (unsigned b = 0; b < PACKET_BUFFERS && buffers > 1; b++) {
		if (d->len[b] == 0)
			continue;
		x = canvas_put(c, x, at->bytes_rule, end, b == s->buffer ? ROLE_TAB : ROLE_DIM, b == s->buffer ? "[" : " ");
		x = canvas_put(c, x, at->bytes_rule, end, b == s->buffer ? ROLE_TAB : ROLE_DIM, bytes_names[b]);
		x = canvas_put(c, x, at->bytes_rule, end, b == s->buffer ? ROLE_TAB : ROLE_DIM, b == s->buffer ? "]" : " ");
	}
	if (d->number == 0)
		return;
	text_init(&t, buffer, sizeof buffer);
	text_format(&t, " 0x%04x", (unsigned)s->byte);
	if (line != NULL && line->len > 0 && line->buffer == s->buffer && end - at->bytes_x >= 70) {
		text_format(&t, ", %u byte%s: ", (unsigned)line->len, line->len == 1 ? "" : "s");
		text_put(&t, line->key);
	}
	if (d->all[s->buffer] > d->len[s->buffer]) {
		text_put(&t, ", the first ");
		words_count(&t, d->len[s->buffer]);
		text_put(&t, " of ");
		words_count(&t, d->all[s->buffer]);
	}
	text_char(&t, ' ');
	x = canvas_foreign(c, x, at->bytes_rule, end - 1, ROLE_HEAD, buffer, t.len);
	text_reset(&t);
	text_format(&t, " x: %s", ways[s->as]);
	if (x + t.len + 1 < end)
		canvas_right(c, x, at->bytes_rule, end - 1, ROLE_DIM, buffer);
}

/* ---- rows ----------------------------------------------------------------------------- */

static void bytes_cell(const struct packets_look *s, struct canvas *c, unsigned x, unsigned y, uint8_t v, unsigned cells)
{
	static const char hex[] = "0123456789abcdef";

	for (unsigned i = 0; i < cells; i++) {
		uint32_t code = s->as == BYTES_BITS ? (uint32_t)'0' + (((uint32_t)v >> (7 - i)) & 1)
			      : s->as == BYTES_HEX  ? (uint32_t)hex[i ? v & 15 : v >> 4]
						    : v >= 0x20 && v < 0x7f ? v : 0xb7;

		canvas_fill(c, x + i, y, x + i + 1, ROLE_TEXT, code);
	}
}

struct bytes_mark {
	uint32_t from, to; /* of the selected field, in this buffer */
};

static struct bytes_mark bytes_marked(const struct packets_look *s, const struct answer *a)
{
	const struct detail_line *line = layers_line(s, a, s->line);
	struct bytes_mark m = {0, 0};

	if (line != NULL && line->len > 0 && line->buffer == s->buffer) {
		m.from = line->off;
		m.to = line->off + line->len;
	}
	return m;
}

/* From `first` on, at most `each` bytes. */
static void bytes_row(const struct packets_look *s, const struct packet_detail *d, struct canvas *c, unsigned x, unsigned y,
		      uint32_t first, unsigned each, struct bytes_mark m)
{
	unsigned cells = s->as == BYTES_BITS ? 8 : s->as == BYTES_HEX ? 2 : 1, gap = s->as == BYTES_TEXT ? 0 : 1;
	unsigned begin = x + OFFSET_CELLS, letters = begin + each * (cells + gap) + 1;
	char offset[16];
	struct text t;

	text_init(&t, offset, sizeof offset);
	text_format(&t, "%04x", (unsigned)first);
	canvas_put(c, x, y, c->width, ROLE_DIM, offset);
	for (unsigned i = 0; i < each && first + i < d->len[s->buffer]; i++) {
		uint32_t at = first + i;
		uint8_t v = d->bytes[s->buffer][at];
		bool in = at >= m.from && at < m.to;
		unsigned cx = begin + i * (cells + gap);

		bytes_cell(s, c, cx, y, v, cells);
		if (s->as != BYTES_TEXT)
			canvas_fill(c, letters + i, y, letters + i + 1, ROLE_TEXT, v >= 0x20 && v < 0x7f ? v : '.');
		if (in) {
			canvas_attr(c, cx, y, cx + cells, ATTR_REVERSE);
			canvas_attr(c, letters + i, y, letters + i + (s->as != BYTES_TEXT), ATTR_REVERSE);
			if (gap && at > m.from && i > 0)
				canvas_attr(c, cx - 1, y, cx, ATTR_REVERSE);
		}
		if (gap && in && at == m.from)
			canvas_put(c, cx - 1, y, c->width, ROLE_KEY, "[");
		if (gap && in && at + 1 == m.to)
			canvas_put(c, cx + cells, y, c->width, ROLE_KEY, "]");
		if (at == s->byte && s->pane == PANE_BYTES)
			canvas_attr(c, cx, y, cx + cells, ATTR_BOLD | ATTR_UNDERLINE);
	}
}

/* ---- words ------------------------------------------------------------------------------ */

/* A text over several rows, broken at blanks; returns the rows it took. */
static unsigned words_wrap(struct canvas *c, unsigned x, unsigned y, unsigned end, unsigned rows, enum role role, const char *s)
{
	unsigned row = 0;

	for (; row < rows && *s != '\0'; row++) {
		size_t n = 0, fits = 0;
		char part[512];
		struct text t;

		if (row + 1 == rows) {
			canvas_foreign(c, x, y + row, end, role, s, strlen(s));
			return rows;
		}
		for (; s[n] != '\0' && n < sizeof part - 8; n++) {
			if (s[n] != ' ')
				continue;
			text_init(&t, part, sizeof part);
			text_bytes(&t, s, n);
			if (x + canvas_width(part) > end)
				break;
			fits = n;
		}
		text_init(&t, part, sizeof part);
		text_bytes(&t, s, strlen(s));
		if (!t.cut && x + canvas_width(part) <= end)
			fits = strlen(s);
		if (fits == 0)
			fits = strlen(s) < 8 ? strlen(s) : n > 0 ? n : strlen(s);
		canvas_foreign(c, x, y + row, end, role, s, fits);
		s += fits;
		while (*s == ' ')
			s++;
	}
	return row;
}

/* Each of the nine flags with its bit. */
static void words_bits(struct text *t, uint64_t flags)
{
	static const char *const names[] = {"AE", "CWR", "ECE", "URG", "ACK", "PSH", "RST", "SYN", "FIN"};

	text_put(t, "TCP flags: ");
	for (unsigned i = 0; i < 9; i++)
		text_format(t, "%s%s %u", i ? " " : "", names[i], (unsigned)(flags >> (8 - i) & 1));
}

static void bytes_words(const struct packets_look *s, const struct answer *a, struct canvas *c,
			const struct packets_panes *at)
{
	const struct detail_line *line = layers_line(s, a, s->line);
	const struct packet_answer *p = &a->packets;
	struct means_of of = {&p->detail, p->has_subject && p->subject.id == p->detail.row.flow ? &p->subject : NULL, a->ended};
	unsigned x = at->bytes_x + 2, y = at->words, end = c->width - 1;
	char buffer[MEANS_TEXT];
	struct text t;

	if (line == NULL || at->words_rows == 0)
		return;
	text_init(&t, buffer, sizeof buffer);
	if (at->words_rows >= 3) {
		if (strcmp(line->key, "tcp.flags") == 0) {
			words_bits(&t, line->num);
		} else {
			text_put(&t, line->title);
			text_put(&t, line->text[0] ? "  " : "");
			text_put(&t, line->text);
		}
		canvas_put(c, x, y, end, ROLE_HEAD, "field  ");
		canvas_foreign(c, x + 7, y, end, ROLE_TEXT, buffer, t.len);
		text_reset(&t);
		y++;
	}
	means_line(&t, &of, line, layers_of(s, a, s->line));
	if (end - at->bytes_x >= 58) {
		canvas_put(c, x, y, end, ROLE_HEAD, "means  ");
		x += 7;
	}
	words_wrap(c, x, y, end, at->words + at->words_rows - y, ROLE_TEXT, buffer);
}

void bytes_draw(struct packets_look *s, const struct answer *a, struct canvas *c, const struct packets_panes *at)
{
	const struct packet_detail *d = &a->packets.detail;
	unsigned each = bytes_each(s, c->width - at->bytes_x), row = s->byte / each, rows = (d->len[s->buffer] + each - 1) / each;

	bytes_words(s, a, c, at); /* under the layers, too, where these stand alone */
	if (at->bytes_rows == 0)
		return;
	bytes_title(s, a, c, at);
	if (d->number == 0)
		return;
	if (row < s->byte_top)
		s->byte_top = row;
	if (row >= s->byte_top + at->bytes_rows)
		s->byte_top = row - at->bytes_rows + 1;
	if (s->byte_top + at->bytes_rows > rows)
		s->byte_top = rows > at->bytes_rows ? rows - at->bytes_rows : 0;
	for (unsigned i = 0; i < at->bytes_rows && s->byte_top + i < rows; i++)
		bytes_row(s, d, c, at->bytes_x, at->bytes + i, (s->byte_top + i) * each, each, bytes_marked(s, a));
}
