/* The frame of dialogs: where it stands, which keys move in it, what it looks like. */
#include "dialog.h"

#include <string.h>

#include "edit.h"
#include "screen.h"

enum { SIDES = 4, BESIDE = 3 /* frame, keys, frame */ };

/* Where it stands: the cells inside. */
struct inside {
	unsigned x, y, end, lines; /* lines of the list in sight */
};

enum reaction dialog_open(struct look *l, const struct dialog_kind *kind, const struct layout *at)
{
	memset(&l->dialog, 0, sizeof l->dialog);
	l->dialog.kind = kind;
	if (kind->open)
		kind->open(l, at);
	return REACT_DRAW;
}

enum reaction dialog_close(struct look *l)
{
	l->dialog.kind = NULL;
	return REACT_DRAW;
}

enum reaction dialog_say(struct look *l, bool bad, const char *words)
{
	struct text t;

	text_init(&t, l->dialog.note, sizeof l->dialog.note);
	text_put(&t, words);
	l->dialog.note_bad = bad;
	return REACT_DRAW;
}

static struct inside dialog_inside(const struct look *l, unsigned width, unsigned height)
{
	const struct dialog_kind *kind = l->dialog.kind;
	unsigned wide = kind->width + SIDES < width ? kind->width : width - SIDES, lines = kind->lines(l);
	unsigned beside = BESIDE + 1 + (kind->field != NULL); /* the row of the note */
	struct inside in;

	/* The first and the last row of the screen are never covered where that is possible. */
	in.lines = lines + beside + 2 <= height ? lines : height > beside + 2 ? height - beside - 2 : 1;
	in.x = (width - wide) / 2;
	in.end = in.x + wide;
	in.y = (height - in.lines - beside) / 2 + 1;
	return in;
}

/* ---- keys ------------------------------------------------------------------------ */

static void dialog_move(struct look *l, int64_t by)
{
	int64_t lines = l->dialog.kind->lines(l), to = (int64_t)l->dialog.at + by;

	to = to >= lines ? lines - 1 : to;
	l->dialog.at = (unsigned)(to < 0 ? 0 : to);
}

static bool dialog_moves(struct look *l, uint32_t key, const struct layout *at)
{
	int64_t page = dialog_inside(l, at->width, at->bar + 1).lines;

	switch (key) {
	case KEY_ARROW_UP: case 'k': dialog_move(l, -1); return true;
	case KEY_ARROW_DOWN: case 'j': dialog_move(l, 1); return true;
	case KEY_PAGE_UP: case KEY_CONTROL('B'): dialog_move(l, -page); return true;
	case KEY_PAGE_DOWN: case KEY_CONTROL('F'): dialog_move(l, page); return true;
	case KEY_TO_HOME: case 'g': dialog_move(l, -1000); return true;
	case KEY_TO_END: case 'G': dialog_move(l, 1000); return true;
	default: return false;
	}
}

/* A click selects the line it is on, or the field. */
static enum reaction dialog_pointed(struct look *l, uint32_t key, const struct layout *at)
{
	struct inside in = dialog_inside(l, at->width, at->bar + 1);
	unsigned x = key & 1023U, y = key >> 10 & 1023U, kind = key >> 20 & 3U;

	if (kind != POINTER_CLICK) {
		dialog_move(l, kind == POINTER_WHEEL_UP ? -1 : 1);
		return REACT_DRAW;
	}
	if (x < in.x || x >= in.end || y < in.y || y > in.y + in.lines)
		return REACT_NOTHING;
	l->dialog.editing = l->dialog.kind->field != NULL && y == in.y + in.lines;
	if (!l->dialog.editing && l->dialog.top + y - in.y < l->dialog.kind->lines(l))
		l->dialog.at = l->dialog.top + y - in.y;
	return REACT_DRAW;
}

enum reaction dialog_key(struct look *l, uint32_t key, struct answer *a, const struct layout *at, int64_t now_ns)
{
	struct dialog *d = &l->dialog;
	enum edited edited;

	d->note[0] = '\0';
	if (key & KEY_POINTER)
		return dialog_pointed(l, key, at);
	if (key == KEY_ESCAPE || (key == 'q' && !d->editing))
		return dialog_close(l);
	if (d->kind->field != NULL && (key == KEY_TABULATOR || key == KEY_BACK_TAB)) {
		d->editing = !d->editing;
		d->cursor = strlen(d->text);
		return REACT_DRAW;
	}
	if (d->editing) {
		edited = edit_key(d->text, sizeof d->text, &d->cursor, key);
		if (edited != EDIT_NO)
			return REACT_DRAW;
	} else if (dialog_moves(l, key, at)) {
		return REACT_DRAW;
	}
	return d->kind->key(l, key, a, at, now_ns);
}

/* ---- drawing ----------------------------------------------------------------------- */

static void dialog_rule(struct canvas *c, const struct inside *in, unsigned y, const char *left, const char *right,
			const char *title)
{
	unsigned x = canvas_put(c, in->x - 2, y, in->end + 2, ROLE_RULE, left);

	if (title != NULL) {
		x = canvas_fill(c, x, y, x + 1, ROLE_RULE, 0x2500);
		x = canvas_put(c, x, y, in->end, ROLE_RULE, " ");
		x = canvas_put(c, x, y, in->end, ROLE_HEAD, title);
		x = canvas_put(c, x, y, in->end, ROLE_RULE, " ");
	}
	x = canvas_fill(c, x, y, in->end + 1, ROLE_RULE, 0x2500);
	canvas_put(c, x, y, in->end + 2, ROLE_RULE, right);
}

/* An empty row between the sides of the frame. */
static void dialog_row(struct canvas *c, const struct inside *in, unsigned y)
{
	canvas_put(c, in->x - 2, y, in->end, ROLE_RULE, "│ ");
	canvas_fill(c, in->x, y, in->end, ROLE_TEXT, ' ');
	canvas_put(c, in->end, y, in->end + 2, ROLE_RULE, " │");
}

static void dialog_list(struct look *l, struct canvas *c, const struct inside *in)
{
	struct dialog *d = &l->dialog;
	unsigned lines = d->kind->lines(l);

	if (d->at >= lines)
		d->at = lines > 0 ? lines - 1 : 0;
	if (d->at < d->top)
		d->top = d->at;
	if (d->at >= d->top + in->lines)
		d->top = d->at - in->lines + 1;
	if (d->top + in->lines > lines)
		d->top = lines > in->lines ? lines - in->lines : 0;
	for (unsigned i = 0; i < in->lines; i++) {
		unsigned y = in->y + i;

		dialog_row(c, in, y);
		if (d->top + i >= lines)
			continue;
		d->kind->line(l, d->top + i, c, in->x, y, in->end);
		if (d->top + i == d->at && !d->editing) {
			canvas_role(c, in->x, y, in->end, ROLE_TEXT);
			canvas_attr(c, in->x, y, in->end, ATTR_REVERSE);
			canvas_put(c, in->x - 1, y, in->x, ROLE_TEXT, "▶");
		}
	}
	if (d->top > 0)
		canvas_put(c, in->end, in->y, in->end + 1, ROLE_KEY, "▲");
	if (d->top + in->lines < lines)
		canvas_put(c, in->end, in->y + in->lines - 1, in->end + 1, ROLE_KEY, "▼");
}

void dialog_draw(struct look *l, struct canvas *c)
{
	struct dialog *d = &l->dialog;
	struct inside in = dialog_inside(l, c->width, c->height);
	unsigned y = in.y + in.lines;
	size_t from;

	dialog_rule(c, &in, in.y - 1, "┌", "┐", d->kind->title);
	dialog_list(l, c, &in);
	if (d->kind->field != NULL) {
		unsigned x;

		dialog_row(c, &in, y);
		x = canvas_put(c, in.x, y, in.end, d->editing ? ROLE_KEY : ROLE_DIM, d->kind->field);
		if (d->editing)
			edit_draw(c, x + 1, y, in.end, d->text, d->cursor, &from);
		else
			canvas_foreign(c, x + 1, y, in.end, ROLE_TEXT, d->text, strlen(d->text));
		y++;
	}
	dialog_row(c, &in, y);
	if (d->note_bad && d->note[0] != '\0') {
		const unsigned x = canvas_put(c, in.x, y, in.end, ROLE_WARN, "▲ ");

		canvas_cut(c, x, y++, in.end, ROLE_WARN, d->note);
	} else {
		canvas_cut(c, in.x, y++, in.end, ROLE_TEXT, d->note);
	}
	dialog_row(c, &in, y);
	canvas_cut(c, in.x, y++, in.end, ROLE_DIM, d->kind->keys);
	dialog_rule(c, &in, y, "└", "┘", NULL);
}
