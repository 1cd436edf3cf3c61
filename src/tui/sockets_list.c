/* The list of the Sockets screen: a tree with its columns.
 *
 *     what it is | who holds it | queues and what is to be said
 *
 * Narrow screens write addresses shorter and leave the owner's column out at last. Where both ends of a connection
 * need more than the first column has, from 100 columns on the owner's gives way - from 120 on as far as it is blank -
 * then the last one, then the owner's down to the least; for all rows as the widest that was there needs it, so that
 * columns do not move to and fro.
 */
#include <string.h>

#include "look.h"
#include "screen.h"
#include "sockets.h"
#include "words.h"

enum { OWNER_FAIR = 17, /* "python3 901 fd 5" and a blank: before the last column gives way */
       OWNER_LEAST = 15, /* "(not accepted)", "nginx 815 fd 9", and a blank */
       MEASURED_ROWS = 2000 /* of a table; of longer ones besides what is in sight */ };

enum { LINE_CELLS = 512, LINE_BYTES = 4 * LINE_CELLS + 2 }; /* a cell is at most four bytes */

struct list_columns {
	unsigned owner, note; /* where they begin; owner 0: it has none */
	unsigned gauge;       /* cells; 0: numbers alone */
	bool brief;
};

static struct list_columns columns_by_width(unsigned width)
{
	if (width >= 120)
		return (struct list_columns){.owner = 48, .note = 76, .gauge = 10};
	if (width >= 100)
		return (struct list_columns){.owner = 40, .note = 63, .gauge = 8};
	if (width >= 80)
		return (struct list_columns){.owner = 29, .note = 48, .gauge = 8, .brief = true};
	if (width >= 60)
		return (struct list_columns){.owner = 25, .note = 41, .brief = true};
	return (struct list_columns){.note = 24, .brief = true};
}

static struct list_columns columns_of(const struct sockets_look *s, unsigned width)
{
	struct list_columns at = columns_by_width(width);
	const unsigned need = 6 + s->ends_most + 1; /* behind marks and glyph */
	const unsigned want = need + (width >= 120 ? s->owner_most + 1 : OWNER_FAIR), note_last = width - (width >= 120 ? 39 : 33);

	if (width < 100 || need <= at.owner)
		return at;
	if (want > at.note)
		at.note = want < note_last ? want : note_last;
	at.owner = need + OWNER_LEAST <= at.note ? need : at.note - OWNER_LEAST;
	return at;
}

static void measure_row(struct sockets_look *s, const struct sockets_row *row, bool brief)
{
	char buffer[320];
	struct text t;
	unsigned width;

	text_init(&t, buffer, sizeof buffer);
	sockets_owner(&t, s, row, false);
	width = canvas_width(buffer);
	s->owner_most = width > s->owner_most ? width : s->owner_most;
	if (row->head || s->table->sockets[row->place].family > SOCKET_INET6)
		return;
	text_reset(&t);
	sockets_title(&t, s, row, brief, false);
	width = canvas_width(buffer);
	s->ends_most = width > s->ends_most ? width : s->ends_most;
}

void sockets_measure(struct sockets_look *s, unsigned width, unsigned rows)
{
	const bool brief = columns_by_width(width).brief;

	if (width != s->measured_width || s->by != s->measured_by) {
		s->ends_most = s->owner_most = 0;
		s->measured = false;
	}
	s->measured_width = width;
	s->measured_by = s->by;
	for (uint32_t i = 0; !s->measured && i < s->rows && i < MEASURED_ROWS; i++)
		measure_row(s, &s->row[i], brief);
	s->measured = true;
	for (uint32_t i = s->top; i < s->rows && i < s->top + rows; i++)
		measure_row(s, &s->row[i], brief);
}

unsigned sockets_gauge(struct canvas *c, unsigned x, unsigned y, unsigned end, unsigned cells, uint32_t used, uint32_t limit)
{
	const uint32_t most = limit > 0 ? limit : 1;
	unsigned full = used >= most ? cells : (unsigned)((uint64_t)used * cells / most);
	const enum role role = used > limit ? ROLE_BAD : used > 0 ? ROLE_WARN : ROLE_DIM;

	if (used > 0 && full == 0)
		full = 1;
	for (unsigned i = 0; i < cells && x < end; i++)
		x = canvas_put(c, x, y, end, i < full ? role : ROLE_DIM, i < full ? "█" : "·");
	return x;
}

static void list_head(const struct sockets_look *s, struct canvas *c, unsigned y)
{
	const struct list_columns at = columns_of(s, c->width);
	char buffer[96];
	struct text t;

	canvas_put(c, 3, y, at.owner ? at.owner : at.note, ROLE_HEAD, "Socket");
	if (at.owner)
		canvas_put(c, at.owner, y, at.note, ROLE_HEAD, "Owner");
	canvas_put(c, at.note, y, c->width, ROLE_HEAD, at.owner ? "Queues, state" : "State");
	text_init(&t, buffer, sizeof buffer);
	text_format(&t, "by %s", sockets_by_words[s->by]);
	if (s->sort != SORT_PLACE || s->reversed) {
		if (c->width < 120)
			text_reset(&t);
		text_format(&t, "%s%s %s", c->width < 120 ? "" : ", ", sockets_sort_words[s->sort], s->reversed ? "▲" : "▼");
	}
	if (c->width >= 80)
		canvas_put(c, c->width - canvas_width(buffer) - 1, y, c->width, ROLE_DIM, buffer);
	canvas_attr(c, 0, y, c->width, ATTR_UNDERLINE);
}

/* Of a listener: the queue in cells before its numbers. */
static unsigned list_gauge(const struct sockets_look *s, const struct sockets_row *row, struct canvas *c, unsigned x, unsigned y,
			   unsigned cells)
{
	const struct socket_record *r = row->place != SOCKET_NONE ? &s->table->sockets[row->place] : NULL;
	const struct host_listener *q;

	if (cells == 0 || !r || r->state != SOCKET_LISTEN || !(r->has & SOCKET_HAS_QUEUES))
		return x;
	q = sockets_queue(s, r);
	return sockets_gauge(c, x, y, c->width, cells, q ? q->used : r->receive_queue, q ? q->limit : r->send_queue) + 1;
}

static void list_row(const struct sockets_look *s, const struct sockets_row *row, struct canvas *c, unsigned y, bool selected)
{
	const struct list_columns at = columns_of(s, c->width);
	const struct sockets_group *g = &s->group[row->group];
	const unsigned title_end = (at.owner ? at.owner : at.note) - 1;
	enum role role = ROLE_TEXT;
	char buffer[320];
	struct text t;
	unsigned x;

	text_init(&t, buffer, sizeof buffer);
	sockets_title(&t, s, row, at.brief, c->ascii);
	if (row->head) {
		const bool empty = g->n == 0;

		canvas_put(c, 1, y, 2, ROLE_KEY, empty ? " " : g->folded ? "▸" : "▾");
		canvas_cut(c, 3, y, title_end, ROLE_HEAD, buffer);
	} else {
		const char *glyph = sockets_glyph(&s->table->sockets[row->place], &role);

		if (!at.brief)
			canvas_put(c, 2, y, 4, ROLE_RULE, row->last ? "└" : "├");
		canvas_put(c, 4, y, 5, role, glyph);
		canvas_cut(c, 6, y, title_end, role == ROLE_GOOD ? ROLE_TEXT : role, buffer);
	}
	if (at.owner) {
		text_init(&t, buffer, sizeof buffer);
		sockets_owner(&t, s, row, c->ascii);
		canvas_cut(c, at.owner, y, at.note - 1, ROLE_TEXT, buffer);
	}
	text_init(&t, buffer, sizeof buffer);
	role = sockets_note(&t, s, row, c->ascii);
	x = list_gauge(s, row, c, at.note, y, at.gauge);
	canvas_cut(c, x, y, c->width, role, buffer);
	if (s->find[0] != '\0')
		canvas_mark(c, 0, y, c->width, s->find);
	if (selected) {
		canvas_put(c, 0, y, 1, ROLE_TEXT, "▶");
		canvas_role(c, 0, y, c->width, ROLE_TEXT);
		canvas_attr(c, 0, y, c->width, ATTR_REVERSE | ATTR_BOLD);
	}
}

/* Why there is nothing. */
static const char *list_empty(const struct sockets_look *s, bool live)
{
	if (s->no_memory)
		return "no memory to show the sockets";
	if (!s->table && s->live)
		return s->stats.failed ? s->stats.why : "the kernel is being asked ...";
	if (!s->table)
		return s->missing && s->missing[0] ? s->missing
		       : live ? "the kernel was not asked" : "a file knows no sockets: they are this machine's, in a live run (-i)";
	return s->filter ? "no socket fits the filter" : "there are no sockets";
}

void sockets_list(const struct look *l, struct canvas *c, const struct layout *at)
{
	const struct sockets_look *s = &l->sockets;

	list_head(s, c, at->head);
	for (unsigned i = 0; i < at->rows && s->top + i < s->rows; i++)
		list_row(s, &s->row[s->top + i], c, at->list + i, s->top + i == s->at);
	if (s->rows == 0)
		canvas_cut(c, 3, at->list, c->width - 1, ROLE_DIM, list_empty(s, l->live));
}

bool sockets_list_text(const struct sockets_look *s, bool ascii, bool (*put)(void *to, const char *line, size_t n), void *to)
{
	struct canvas c = {.ascii = ascii};
	char line[LINE_BYTES];
	struct text t;
	bool whole = canvas_resize(&c, s->width < LINE_CELLS ? s->width : LINE_CELLS, 1);

	for (uint32_t i = 0; i <= s->rows && whole; i++) {
		canvas_clear(&c);
		if (i == 0)
			list_head(s, &c, 0);
		else
			list_row(s, &s->row[i - 1], &c, 0, false);
		text_init(&t, line, sizeof line);
		canvas_text(&c, 0, &t);
		text_char(&t, '\n');
		whole = put(to, line, t.len);
	}
	canvas_release(&c);
	return whole;
}
