/* The mouse: the wheel moves, a click selects a row, shows a view, or sorts by a column.
 *
 * Whatever it does is an action that has a key, or the selection of what is pointed at.
 */
#include "columns.h"
#include "screen.h"

enum { WHEEL = 3 /* rows */ };

static enum reaction mouse_times(struct look *l, enum action act, unsigned n, struct answer *a, const struct layout *at,
				 int64_t now_ns)
{
	enum reaction last = REACT_NOTHING, one;

	while (n-- > 0) {
		one = l->page == PAGE_SCREEN ? screens[l->screen]->act(l, act, a, at, now_ns) : page_act(l, act, a, at);
		last = one == REACT_ASK || last == REACT_NOTHING ? one : last;
	}
	return last;
}

static enum reaction mouse_tab(struct look *l, unsigned x, struct answer *a, const struct layout *at)
{
	for (unsigned i = 0; i < SCREENS; i++) {
		unsigned from, end;

		if (bars_tab(l, at->width, i, &from, &end) && x >= from && x < end)
			return screen_show(l, (enum screen_id)i, a, false);
	}
	return REACT_NOTHING;
}

static enum reaction mouse_head(struct look *l, unsigned x, const struct layout *at)
{
	struct columns set;

	if (l->screen != SCREEN_CONNECTIONS || l->list.group != GROUP_NONE)
		return REACT_NOTHING;
	columns_fit(l, at->width, &set);
	for (unsigned i = 0; i < set.n; i++) {
		unsigned sort = column_sort(l, set.at[i].id);

		if (x >= set.at[i].x && x < set.at[i].end)
			return sort < LOOK_SORTS ? connections_sort(l, sort)
						 : screen_say(l, false, "nothing is sorted by that column");
	}
	return REACT_NOTHING;
}

/* To the row on that line: as many steps as it is away. */
static enum reaction mouse_row(struct look *l, unsigned line, struct answer *a, const struct layout *at, int64_t now_ns)
{
	const struct sockets_look *s = &l->sockets;
	bool flows = l->screen == SCREEN_CONNECTIONS;
	unsigned rows = flows ? l->list.group != GROUP_NONE ? a->groups : a->rows : a->packets.rows, now = flows ? a->selected_row : a->packets.selected_row;

	line += flows && l->paused ? l->list.top : 0;
	if (l->screen == SCREEN_SOCKETS) {
		rows = s->rows - s->top;
		now = s->at - s->top;
	}
	if (line >= rows)
		return REACT_NOTHING;
	return mouse_times(l, line < now ? ACTION_UP : ACTION_DOWN, line < now ? now - line : line - now, a, at, now_ns);
}

enum reaction mouse_key(struct look *l, uint32_t key, struct answer *a, const struct layout *at, int64_t now_ns)
{
	unsigned x = key & 1023U, y = key >> 10 & 1023U;

	switch ((enum pointer)(key >> 20 & 3U)) {
	case POINTER_WHEEL_UP:
		return mouse_times(l, ACTION_UP, WHEEL, a, at, now_ns);
	case POINTER_WHEEL_DOWN:
		return mouse_times(l, ACTION_DOWN, WHEEL, a, at, now_ns);
	case POINTER_CLICK:
		break;
	}
	if (at->tabs != 0 && y == at->tabs)
		return mouse_tab(l, x, a, at);
	if (l->page != PAGE_SCREEN)
		return REACT_NOTHING;
	if (y == at->head)
		return mouse_head(l, x, at);
	if (y >= at->list && y < at->list + at->rows)
		return mouse_row(l, y - at->list, a, at, now_ns);
	return REACT_NOTHING;
}
