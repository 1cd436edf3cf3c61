/* The whole ladder as text, for `w`: it is asked for from its first row to its
 * last, a window at a time, and each window's new rows are added as lines.
 *
 * The rows of a window before its first new one are there so that their figures
 * are right (segment_words.h). What does not fit into SAVE_TEXT_MOST is left out,
 * and the text says so.
 */
#include <stdlib.h>
#include <string.h>

#include "screen.h"
#include "words.h"

enum { WHOLE_ROOM = 64 << 10, WHOLE_RESERVE = 128, WHOLE_MISSES = 3 };

void ladder_whole_release(struct ladder_whole *w)
{
	free(w->text);
	memset(w, 0, sizeof *w);
}

static bool whole_room(struct ladder_whole *w, size_t need)
{
	size_t room = w->room > 0 ? w->room : WHOLE_ROOM;
	char *text;

	while (room < w->len + need)
		room *= 2;
	if (room == w->room)
		return true;
	text = realloc(w->text, room);
	if (text == NULL)
		return false;
	w->text = text;
	w->room = room;
	return true;
}

static void whole_put(void *to, const char *line)
{
	static const char cut[] = "the rest is left out: a text is 16 MB at most\n";
	struct ladder_whole *w = to;
	size_t n = strlen(line);

	if (w->full)
		return;
	w->full = w->len + n + WHOLE_RESERVE > SAVE_TEXT_MOST || !whole_room(w, n + WHOLE_RESERVE);
	if (w->full && w->len + sizeof cut <= w->room) {
		memcpy(w->text + w->len, cut, sizeof cut - 1);
		w->len += sizeof cut - 1;
	}
	if (w->full)
		return;
	memcpy(w->text + w->len, line, n);
	w->text[w->len + n] = '\n';
	w->len += n + 1;
}

void ladder_whole_ask(const struct ladder_whole *w, struct packet_query *q)
{
	q->rows = QUERY_ROWS;
	q->move = 0;
	q->detail = q->to_last = false;
	q->to_first = w->last == 0;
	q->selected = w->last;
	q->anchor = w->last == 0 ? 0 : LADDER_BEFORE;
}

/* The first row of the window that is not written yet; false: it is not the window asked for. */
static bool whole_next(struct ladder_whole *w, const struct packet_answer *p, unsigned *from)
{
	*from = 0;
	if (w->last == 0)
		return p->first == 0;
	while (*from < p->rows && p->row[*from].number < w->last)
		(*from)++;
	if (*from < p->rows && p->row[*from].number == w->last) {
		(*from)++;
		return true;
	}
	/* That row is gone, or has become part of a run: what comes after it is next. */
	return ++w->misses > WHOLE_MISSES;
}

/* All is there, or as much as there is room for: to be saved. */
static void whole_done(struct look *l)
{
	struct ladder_whole *w = &l->whole;

	w->on = false;
	save_text(l, w->text, w->len, l->ladder.flows == 1 ? l->ladder.flow[0] : 0);
	w->text = NULL; /* it is the saver's */
	ladder_whole_release(w);
}

void ladder_whole_answered(struct look *l, const struct answer *a)
{
	const struct packet_answer *p = &a->packets;
	struct ladder_whole *w = &l->whole;
	unsigned from = 0;

	l->again = true; /* the next window; at the end the one that was in sight */
	if (p->rows > 0 && !whole_next(w, p, &from))
		return;
	w->misses = 0;
	if (p->rows == 0 || from >= p->rows) {
		whole_done(l);
		return;
	}
	if (!ladder_text(&l->ladder, a, from, l->ladder.width, l->ladder.ascii, w->last == 0, whole_put, w))
		w->full = true;
	w->last = p->row[p->rows - 1].number;
	if (w->full || (p->counted && p->first + p->rows >= p->matched))
		whole_done(l);
}
