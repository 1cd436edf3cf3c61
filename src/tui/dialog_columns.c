/* Two dialogs of the Connections screen: which columns in which order, and what to sort by. */
#include <string.h>

#include "columns.h"
#include "screen.h"

/* ---- columns ------------------------------------------------------------------------ */

/* Those that are wanted first, in their order, then the others. */
static void columns_open(struct look *l, const struct layout *at)
{
	struct dialog *d = &l->dialog;
	uint8_t wanted[COLUMNS];
	unsigned n = columns_wanted(l, at->width, wanted);

	for (unsigned i = 0; i < n; i++) {
		d->item[d->items] = wanted[i];
		d->on[d->items++] = true;
	}
	for (unsigned id = 0; id < COLUMNS; id++)
		if (memchr(wanted, (int)id, n) == NULL)
			d->item[d->items++] = (uint8_t)id;
}

static unsigned columns_lines(const struct look *l)
{
	return l->dialog.items;
}

static void columns_line(const struct look *l, unsigned i, struct canvas *c, unsigned x, unsigned y, unsigned end)
{
	const struct dialog *d = &l->dialog;
	enum column_id id = (enum column_id)d->item[i];

	x = canvas_put(c, x, y, end, d->on[i] ? ROLE_KEY : ROLE_DIM, d->on[i] ? "[x] " : "[ ] ");
	canvas_put(c, x, y, end, ROLE_TEXT, column_name(id));
	canvas_cut(c, x + 13, y, end, ROLE_DIM, column_brief(id));
}

static void columns_apply(struct look *l)
{
	const struct dialog *d = &l->dialog;

	l->list.columns = 0;
	l->list.skipped = 0;
	for (unsigned i = 0; i < d->items; i++)
		if (d->on[i])
			l->list.column[l->list.columns++] = d->item[i];
}

static enum reaction columns_move(struct look *l, int by)
{
	struct dialog *d = &l->dialog;
	unsigned to = d->at + (unsigned)by;
	uint8_t item = d->item[d->at];
	bool on = d->on[d->at];

	if (to >= d->items)
		return REACT_DRAW;
	d->item[d->at] = d->item[to];
	d->on[d->at] = d->on[to];
	d->item[to] = item;
	d->on[to] = on;
	d->at = to;
	columns_apply(l);
	return REACT_DRAW;
}

static enum reaction columns_key(struct look *l, uint32_t key, struct answer *a, const struct layout *at, int64_t now_ns)
{
	struct dialog *d = &l->dialog;
	unsigned on = 0;

	(void)a, (void)now_ns;
	for (unsigned i = 0; i < d->items; i++)
		on += d->on[i];
	switch (key) {
	case KEY_BLANK:
		if (on == 1 && d->on[d->at])
			return dialog_say(l, true, "one column must stay");
		d->on[d->at] = !d->on[d->at];
		columns_apply(l);
		return REACT_DRAW;
	case '+': case KEY_ARROW_RIGHT: case 'J':
		return columns_move(l, 1);
	case '-': case KEY_ARROW_LEFT: case 'K':
		return columns_move(l, -1);
	case 'd':
		l->list.columns = l->list.skipped = 0;
		dialog_open(l, &dialog_columns, at);
		return dialog_say(l, false, "as the width of the screen has it");
	case KEY_RETURN:
		dialog_close(l);
		return screen_say(l, false, l->list.columns > 0 ? ":save-config keeps these columns" : "");
	default:
		return dialog_say(l, false, "no such key here");
	}
}

const struct dialog_kind dialog_columns = {
	.title = "Columns",
	.keys = "Space on, off  + - move  d default  Enter, Esc done",
	.width = 66,
	.open = columns_open,
	.lines = columns_lines,
	.line = columns_line,
	.key = columns_key,
};

/* ---- what to sort by ------------------------------------------------------------------ */

static void sort_open(struct look *l, const struct layout *at)
{
	(void)at;
	l->dialog.at = l->sort;
}

static unsigned sort_lines(const struct look *l)
{
	(void)l;
	return LOOK_SORTS;
}

static void sort_line(const struct look *l, unsigned i, struct canvas *c, unsigned x, unsigned y, unsigned end)
{
	const struct look_sort *s = &look_sorts[i];

	canvas_put(c, x, y, end, ROLE_KEY, i != l->sort ? " " : l->descending ? "▼" : "▲");
	canvas_put(c, x + 2, y, end, ROLE_TEXT, s->name);
	canvas_cut(c, x + 13, y, end, ROLE_DIM, s->first);
}

static enum reaction sort_key(struct look *l, uint32_t key, struct answer *a, const struct layout *at, int64_t now_ns)
{
	(void)a, (void)at, (void)now_ns;
	if (key == KEY_RETURN || key == KEY_BLANK) {
		unsigned to = l->dialog.at;

		dialog_close(l);
		return connections_sort(l, to);
	}
	return dialog_say(l, false, "no such key here");
}

const struct dialog_kind dialog_sort = {
	.title = "Sort by",
	.keys = "Enter sort, again: turn round  Esc away",
	.width = 40,
	.open = sort_open,
	.lines = sort_lines,
	.line = sort_line,
	.key = sort_key,
};
