/* The list of connections: which rows it wants, in which order, and what its
 * actions do.
 *
 * Promises: the selection is a flow's id and survives sorting, filtering and
 * traffic; a flow that vanished hands over to its neighbour and is named. The
 * order stands still for two seconds after navigation, or as long as it is held.
 */
#include <string.h>

#include "columns.h"
#include "screen.h"
#include "sockeye/clock.h"
#include "words.h"

enum { HOLD_NS = 2 * 1000000000LL };

const struct look_sort look_sorts[LOOK_SORTS] = {
	{RANK_KEY, RECORD_FIRST, COLUMN_START, true, "start", false, "oldest first"},
	{RANK_KEY, RECORD_CLIENT, COLUMN_CLIENT, true, "client", false, "lowest first"},
	{RANK_KEY, RECORD_SERVER, COLUMN_SERVER, true, "server", false, "lowest first"},
	{RANK_KEY, RECORD_HS_FIRST_SYN_TO_ACK, COLUMN_HANDSHAKE, true, "handshake", true, "slowest first"},
	{RANK_KEY, RECORD_BYTES, COLUMN_BYTES, true, "bytes", true, "largest first"},
	{RANK_KEY, RECORD_STATE, COLUMN_STATE, true, "state", false, "a to z"},
	{RANK_KEY, RECORD_SERVICE, COLUMN_SERVICE, true, "service", false, "a to z"},
	{RANK_ROUND_TRIP, RECORD_KEYS, COLUMN_RTT, false, "rtt", true, "slowest first"},
	{RANK_UP, RECORD_KEYS, COLUMN_UP, false, "up", true, "most first"},
	{RANK_DOWN, RECORD_KEYS, COLUMN_DOWN, false, "down", true, "most first"},
	{RANK_RATE, RECORD_KEYS, COLUMN_RATE, false, "rate", true, "fastest first"},
	{RANK_RETRANSMITTED, RECORD_KEYS, COLUMN_RTX, false, "rtx", true, "most first"},
	{RANK_KEY, RECORD_LAST, COLUMN_IDLE, false, "idle", true, "the latest first"},
	{RANK_PROCESS, RECORD_KEYS, COLUMN_PROCESS, false, "process", false, "a to z"},
};

/* ---- queries -------------------------------------------------------------- */

/* Does the order stand still? */
static bool connections_holds(const struct look *l, int64_t now_ns)
{
	return !l->fresh && !l->list.by_line && (l->held || (l->stick == STICK_NONE && now_ns < l->hold_until_ns));
}

static void connections_ask(const struct look *l, const struct answer *a, const struct layout *at, int64_t now_ns,
			    struct query *out)
{
	int64_t anchor = l->anchor, line = (int64_t)l->list.line + l->move;
	const bool by_line = l->list.by_line && !l->list.finding;

	out->about = QUERY_FLOWS;
	out->rank = look_sorts[l->sort].rank;
	out->sort = look_sorts[l->sort].key;
	out->descending = l->descending;
	memcpy(out->match, l->match, sizeof out->match);
	out->open_only = l->list.open_only;
	if (l->list.marked_only) {
		memcpy(out->only, l->marked, sizeof out->only);
		out->onlys = l->marks;
	}
	out->rows = l->paused ? QUERY_ROWS : at->rows; /* what will be kept */
	out->to_first = l->stick == STICK_FIRST;
	out->to_last = l->stick == STICK_LAST;
	if (l->stick == STICK_NONE && by_line) {
		out->to_first = true;
		out->move = line < 0 ? 0 : line;
	} else if (l->stick == STICK_NONE) {
		out->selected = l->selected;
		memcpy(out->otherwise, l->otherwise, sizeof out->otherwise);
		out->move = l->move;
	}
	if (l->list.finding)
		anchor = connections_find_ask(l, a, out) ? anchor + out->move : at->rows / 3; /* some before it are seen, too */
	else if (!l->scroll)
		anchor += l->move;
	out->anchor = (unsigned)(anchor < 0 ? 0 : anchor >= at->rows ? (int64_t)at->rows - 1 : anchor);
	if (l->list.group != GROUP_NONE) {
		groups_ask(l, out);
		return;
	}
	if (!connections_holds(l, now_ns))
		return;
	out->since = l->list.since;
	for (out->holds = 0; out->holds < a->rows && out->holds < at->rows; out->holds++)
		out->hold[out->holds] = a->row[out->holds].id;
}

static void connections_asked(struct look *l)
{
	l->move = 0;
	l->scroll = false;
	l->fresh = false;
	l->list.finding = false;
}

/* Who was selected and is not among the rows any more. */
static void connections_left(struct look *l, const struct answer *a)
{
	static const char *const why[] = {
		[LEFT_NOT] = "", [LEFT_GONE] = " left the list; its neighbour is selected",
		[LEFT_FILTER] = " does not match any more; its neighbour is selected",
		[LEFT_OVER] = " closed and left the list; x shows closed ones",
	};
	struct text t;

	if (a->left == LEFT_NOT || l->stick != STICK_NONE || l->message[0] != '\0' || l->prompting)
		return;
	text_init(&t, l->message, sizeof l->message);
	text_put(&t, l->selected_name);
	text_put(&t, why[a->left]);
	l->message_bad = false;
}

static void connections_answered(struct look *l, const struct answer *a)
{
	unsigned at = a->selected_row;
	struct text t;

	if (a->about != QUERY_FLOWS)
		return; /* one that was under way when this screen came */
	if (l->list.group != GROUP_NONE) {
		groups_answered(l, a);
		return;
	}
	connections_left(l, a);
	connections_found(l, a->found);
	l->list.kept = l->paused ? a->rows : 0;
	l->list.top = 0;
	l->selected = a->selected;
	text_init(&t, l->selected_name, sizeof l->selected_name);
	if (at < a->rows) {
		tuple_endpoint(&t, &a->row[at].client);
		text_put(&t, " → ");
		tuple_endpoint(&t, &a->row[at].server);
	}
	l->anchor = at;
	l->list.line = a->first + at;
	l->otherwise[0] = at + 1 < a->rows ? a->row[at + 1].id : 0;
	l->otherwise[1] = at > 0 && at <= a->rows ? a->row[at - 1].id : 0;
	l->list.newer = a->newer;
	l->list.over = a->over;
	/* What is newer is counted from the last answer in a free order. */
	if (!l->held && (a->newer == 0 || l->hold_until_ns == 0))
		l->list.since = a->newest;
	for (unsigned i = 0; i < a->rows && !l->list.owners; i++)
		l->list.owners = record_process(&a->row[i], 0) != NULL || record_process(&a->row[i], 1) != NULL;
	if (l->live)
		sparks_take(&l->list, a);
}

/* ---- moving ------------------------------------------------------------ */

/* While paused the last answer stands: the selection moves inside it. */
static enum reaction connections_move_paused(struct look *l, struct answer *a, int64_t move)
{
	int64_t to = (int64_t)a->selected_row + move;

	if (a->rows == 0)
		return screen_say(l, false, "paused: nothing moves; Z goes on");
	if ((to < 0 || to >= a->rows) && l->list.kept == QUERY_ROWS)
		screen_say(l, false, "paused: the 200 connections that are kept end here; Z goes on");
	to = to < 0 ? 0 : to >= a->rows ? (int64_t)a->rows - 1 : to;
	a->selected_row = (unsigned)to;
	a->selected = l->selected = a->row[to].id;
	l->anchor = (unsigned)to;
	l->stick = STICK_NONE;
	return REACT_DRAW;
}

static enum reaction connections_move(struct look *l, struct answer *a, int64_t move, bool scroll, int64_t now_ns)
{
	if (l->paused)
		return connections_move_paused(l, a, move);
	l->move += move;
	l->scroll = scroll;
	l->stick = STICK_NONE;
	l->hold_until_ns = now_ns + HOLD_NS;
	return REACT_ASK;
}

static enum reaction connections_stick_to(struct look *l, struct answer *a, enum look_stick end)
{
	if (l->paused)
		return connections_move_paused(l, a, end == STICK_FIRST ? -QUERY_ROWS : QUERY_ROWS);
	l->stick = end;
	l->move = 0;
	l->fresh = true;
	return REACT_ASK;
}

/* ---- order, filter ------------------------------------------------------ */

static enum reaction connections_sorted(struct look *l)
{
	const struct look_sort *by = &look_sorts[l->sort];
	struct text t;

	text_init(&t, l->message, sizeof l->message);
	text_format(&t, "sorted by %s, ", by->name);
	text_put(&t, l->descending == by->descending ? by->first : "the other way round");
	l->message_bad = false;
	l->held = false;
	l->hold_until_ns = 0;
	l->fresh = true;
	return REACT_ASK;
}

/* Its column is in sight, or it is always to be had. */
static bool connections_sortable(const struct look *l, unsigned sort, unsigned width)
{
	uint8_t wanted[COLUMNS];
	unsigned n = columns_wanted(l, width, wanted);

	if (look_sorts[sort].always)
		return true;
	for (unsigned i = 0; i < n; i++)
		if (column_sort(l, (enum column_id)wanted[i]) == sort)
			return true;
	return false;
}

enum reaction connections_sort(struct look *l, unsigned sort)
{
	if (sort == l->sort) {
		l->descending = !l->descending;
		return connections_sorted(l);
	}
	l->sort = sort;
	l->descending = look_sorts[sort].descending || (sort == 0 && l->live);
	return connections_sorted(l);
}

static enum reaction connections_sort_by(struct look *l, int step, unsigned width)
{
	unsigned to = l->sort;

	do
		to = (to + LOOK_SORTS + (unsigned)step) % LOOK_SORTS;
	while (!connections_sortable(l, to, width));
	return connections_sort(l, to);
}

/* ---- marks ------------------------------------------- */

static enum reaction connections_mark(struct look *l, struct answer *a, int64_t now_ns)
{
	unsigned i = 0;

	if (a->rows == 0)
		return screen_say(l, false, "nothing is selected");
	while (i < l->marks && l->marked[i] != l->selected)
		i++;
	if (i < l->marks) {
		memmove(&l->marked[i], &l->marked[i + 1], (l->marks - i - 1) * sizeof l->marked[0]);
		l->marks--;
		if (l->marks == 0)
			l->list.marked_only = false;
	} else if (l->marks == QUERY_TOGETHER) {
		return screen_say(l, true, "8 connections are marked, and more have no room in one ladder; Space on one "
					   "of them takes its mark off");
	} else {
		l->marked[l->marks++] = l->selected;
	}
	return connections_move(l, a, 1, false, now_ns);
}

/* ---- the other actions --------------------------------------------------- */

static enum reaction connections_move_by(struct look *l, enum action act, struct answer *a, unsigned rows, int64_t now_ns)
{
	switch (act) {
	case ACTION_UP: return connections_move(l, a, -1, false, now_ns);
	case ACTION_DOWN: return connections_move(l, a, 1, false, now_ns);
	case ACTION_PAGE_UP: return connections_move(l, a, -(int64_t)rows, true, now_ns);
	case ACTION_PAGE_DOWN: return connections_move(l, a, rows, true, now_ns);
	case ACTION_HALF_UP: return connections_move(l, a, -(int64_t)(rows + 1) / 2, true, now_ns);
	case ACTION_HALF_DOWN: return connections_move(l, a, (rows + 1) / 2, true, now_ns);
	case ACTION_FIRST: return connections_stick_to(l, a, STICK_FIRST);
	case ACTION_LAST: return connections_stick_to(l, a, STICK_LAST);
	default: return REACT_NOTHING;
	}
}

static enum reaction connections_back(struct look *l, const struct answer *a)
{
	enum reaction sockets = sockets_back(l, a);

	if (sockets != REACT_NOTHING)
		return sockets;
	if (groups_back(l) == REACT_ASK)
		return REACT_ASK;
	if (l->list.marked_only) {
		l->list.marked_only = false;
		l->fresh = true;
		return REACT_ASK;
	}
	if (l->match[0] == '\0')
		return screen_say(l, false, "nothing to go back to; q quits");
	l->match[0] = '\0';
	screen_say(l, false, "filter dropped");
	l->fresh = true;
	l->hold_until_ns = 0;
	return REACT_ASK;
}

/* What is done with a connection, and not with a group. */
static bool connections_of_one(enum action act)
{
	switch (act) {
	case ACTION_DETAIL: case ACTION_PACKETS: case ACTION_STREAM: case ACTION_SAVE: case ACTION_MARK: case ACTION_FROM_CELL:
	case ACTION_YANK: case ACTION_FOLLOW: case ACTION_HOLD: case ACTION_SORT_REVERSE:
	case ACTION_FIND: case ACTION_FIND_NEXT: case ACTION_FIND_BACK:
		return true;
	default:
		return false;
	}
}

static enum reaction connections_act(struct look *l, enum action act, struct answer *a, const struct layout *at,
				     int64_t now_ns)
{
	enum reaction moved = connections_move_by(l, act, a, at->rows, now_ns);

	if (moved != REACT_NOTHING)
		return moved;
	if (l->list.group != GROUP_NONE && (act == ACTION_DEEPER || act == ACTION_RIGHT))
		return groups_open(l, a);
	if (l->list.group != GROUP_NONE && connections_of_one(act))
		return screen_say(l, false, "a group is selected: Enter opens it, t goes back to connections");
	switch (act) {
	case ACTION_GROUP:
		return groups_next(l);
	case ACTION_DEEPER:
		return a->rows > 0 ? screen_show(l, SCREEN_LADDER, a, true) : REACT_DRAW;
	case ACTION_DETAIL:
		if (a->rows > 0) {
			l->page = PAGE_DETAIL;
			l->scrolled = 0;
		}
		return REACT_DRAW;
	case ACTION_PACKETS:
		return a->rows > 0 ? packets_of(l, &a->row[a->selected_row].id, 1, a) : REACT_DRAW;
	case ACTION_STREAM:
		return a->rows > 0 ? stream_open(l, a->row[a->selected_row].id, a) : REACT_DRAW;
	case ACTION_BACK:
		return connections_back(l, a);
	case ACTION_SORT_NEXT:
		return connections_sort_by(l, 1, at->width);
	case ACTION_SORT_BACK:
		return connections_sort_by(l, -1, at->width);
	case ACTION_SORT_CHOOSE:
		return dialog_open(l, &dialog_sort, at);
	case ACTION_COLUMNS:
		return dialog_open(l, &dialog_columns, at);
	case ACTION_MARK:
		return connections_mark(l, a, now_ns);
	case ACTION_SORT_REVERSE:
		l->descending = !l->descending;
		return connections_sorted(l);
	case ACTION_FIND:
		prompt_open(l, PROMPT_FIND);
		return REACT_DRAW;
	case ACTION_FIND_NEXT:
	case ACTION_FIND_BACK:
		l->hold_until_ns = now_ns + HOLD_NS;
		return connections_find(l, act == ACTION_FIND_BACK);
	case ACTION_HOLD:
		l->held = !l->held;
		screen_say(l, false, l->held ? "order held: rows stand, values go on; z again lets go" : "order free");
		return REACT_ASK;
	default:
		return connections_more(l, act, a, at);
	}
}

static void connections_standing(const struct look *l, const struct answer *a, struct text *place, struct text *order)
{
	if (a->newer > 0) {
		text_put(order, "+");
		words_count(order, a->newer);
		text_put(order, " new  ");
	}
	if (l->list.group != GROUP_NONE) {
		words_count(place, a->groups > 0 ? a->first + a->selected_row + 1 : 0);
		text_put(place, " of ");
		words_count(place, a->groups_all);
		return;
	}
	if (a->matched == 0)
		return;
	words_count(place, a->first + a->selected_row + 1);
	text_put(place, " of ");
	words_count(place, a->matched);
	text_format(order, "%s %s", look_sorts[l->sort].name, l->descending ? "▼" : "▲");
}

static char *connections_match(struct look *l, enum filter_scope *scope)
{
	*scope = FILTER_FLOWS;
	return l->match;
}

static const char *connections_status(const struct look *l, const struct answer *a)
{
	(void)a;
	return l->held ? " ORDER HELD " : l->list.marked_only ? " MARKED " : l->live && l->stick == STICK_LAST ? " FOLLOW " :
	       l->list.by_line ? " LINE " : "";
}

static void connections_draw(struct look *l, const struct answer *a, struct canvas *c, const struct layout *at)
{
	if (l->list.group != GROUP_NONE) {
		groups_list(l, a, c, at);
		return;
	}
	(void)connections_top(l, a, at->rows);
	connections_list(l, a, c, at);
	if (at->pane)
		detail_pane(l, a, c, at);
}

const struct screen screen_connections = {
	.name = "Connections",
	.brief = "Conn",
	.place = IN_CONNECTIONS,
	.ask = connections_ask,
	.asked = connections_asked,
	.answered = connections_answered,
	.draw = connections_draw,
	.act = connections_act,
	.standing = connections_standing,
	.match = connections_match,
	.prompted = connections_prompted,
	.status = connections_status,
};
