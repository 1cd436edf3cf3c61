/* The list of connections: which rows it wants, in which order, and what its
 * actions do.
 *
 * Promises: the selection is a flow's id and survives sorting, filtering and
 * traffic; a flow that vanished hands over to its neighbour and is named. The
 * order stands still for two seconds after navigation, or as long as it is held.
 */
#include <string.h>

#include "connections.h"
#include "screen.h"
#include "sockeye/clock.h"
#include "words.h"

enum { HOLD_NS = 2 * 1000000000LL };

const struct look_sort look_sorts[LOOK_SORTS] = {
	{RECORD_FIRST, "start", false, "oldest first"},
	{RECORD_CLIENT, "client", false, "lowest first"},
	{RECORD_SERVER, "server", false, "lowest first"},
	{RECORD_HS_FIRST_SYN_TO_ACK, "handshake", true, "slowest first"},
	{RECORD_BYTES, "bytes", true, "largest first"},
	{RECORD_STATE, "state", false, "a to z"},
	{RECORD_SERVICE, "service", false, "a to z"},
};

/* ---- queries -------------------------------------------------------------- */

static void connections_ask(const struct look *l, const struct answer *a, const struct layout *at, int64_t now_ns,
			    struct query *out)
{
	int64_t anchor = l->anchor;
	bool hold = l->stick == STICK_NONE && !l->fresh && (l->held || now_ns < l->hold_until_ns);

	out->about = QUERY_FLOWS;
	out->sort = look_sorts[l->sort].key;
	out->descending = l->descending;
	memcpy(out->match, l->match, sizeof out->match);
	out->rows = at->rows;
	out->to_first = l->stick == STICK_FIRST;
	out->to_last = l->stick == STICK_LAST;
	if (l->stick == STICK_NONE) {
		out->selected = l->selected;
		memcpy(out->otherwise, l->otherwise, sizeof out->otherwise);
		out->move = l->move;
	}
	if (!l->scroll)
		anchor += l->move;
	out->anchor = (unsigned)(anchor < 0 ? 0 : anchor >= at->rows ? (int64_t)at->rows - 1 : anchor);
	if (!hold && !(l->held && !l->fresh))
		return;
	for (out->holds = 0; out->holds < a->rows && out->holds < at->rows; out->holds++)
		out->hold[out->holds] = a->row[out->holds].id;
}

static void connections_asked(struct look *l)
{
	l->move = 0;
	l->scroll = false;
	l->fresh = false;
}

static void connections_answered(struct look *l, const struct answer *a)
{
	unsigned at = a->selected_row;
	struct text t;

	if (a->about != QUERY_FLOWS)
		return; /* one that was under way when this screen came */
	if (a->vanished && l->stick == STICK_NONE && l->message[0] == '\0') {
		text_init(&t, l->message, sizeof l->message);
		text_put(&t, l->selected_name);
		text_put(&t, " left the list; its neighbour is selected");
		l->message_bad = false;
	}
	l->selected = a->selected;
	text_init(&t, l->selected_name, sizeof l->selected_name);
	if (at < a->rows) {
		tuple_endpoint(&t, &a->row[at].client);
		text_put(&t, " → ");
		tuple_endpoint(&t, &a->row[at].server);
	}
	l->anchor = at;
	l->otherwise[0] = at + 1 < a->rows ? a->row[at + 1].id : 0;
	l->otherwise[1] = at > 0 && at <= a->rows ? a->row[at - 1].id : 0;
}

/* ---- moving ------------------------------------------------------------ */

/* While paused the last answer stands: the selection moves inside it. */
static enum reaction connections_move_paused(struct look *l, struct answer *a, int64_t move)
{
	int64_t to = (int64_t)a->selected_row + move;

	if (a->rows == 0)
		return REACT_NOTHING;
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

static enum reaction connections_sort_by(struct look *l, int step)
{
	l->sort = (l->sort + LOOK_SORTS + (unsigned)step) % LOOK_SORTS;
	l->descending = look_sorts[l->sort].descending || (l->sort == 0 && l->live);
	return connections_sorted(l);
}

/* ---- the other actions --------------------------------------------------- */

static enum reaction connections_yank(struct look *l, const struct answer *a)
{
	const struct flow_record *r;
	struct text t;

	if (a->rows == 0)
		return screen_say(l, false, "nothing is selected");
	r = &a->row[a->selected_row];
	text_init(&t, l->message, sizeof l->message);
	text_put(&t, r->proto != NULL ? r->proto : "?");
	text_char(&t, ' ');
	tuple_endpoint(&t, &r->client);
	text_char(&t, ' ');
	tuple_endpoint(&t, &r->server);
	l->message_bad = false;
	return REACT_DRAW;
}

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

static enum reaction connections_back(struct look *l)
{
	if (l->match[0] == '\0')
		return REACT_DRAW;
	l->match[0] = '\0';
	screen_say(l, false, "filter dropped");
	l->fresh = true;
	l->hold_until_ns = 0;
	return REACT_ASK;
}

static enum reaction connections_act(struct look *l, enum action act, struct answer *a, const struct layout *at,
				     int64_t now_ns)
{
	enum reaction moved = connections_move_by(l, act, a, at->rows, now_ns);

	if (moved != REACT_NOTHING)
		return moved;
	if (l->paused && (act == ACTION_FILTER || (act >= ACTION_SORT_NEXT && act <= ACTION_HOLD) ||
			  (act == ACTION_BACK && l->match[0] != '\0')))
		return screen_say(l, false, "paused: Z first, then sort and filter");
	switch (act) {
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
		return connections_back(l);
	case ACTION_SORT_NEXT:
		return connections_sort_by(l, 1);
	case ACTION_SORT_BACK:
		return connections_sort_by(l, -1);
	case ACTION_SORT_REVERSE:
		l->descending = !l->descending;
		return connections_sorted(l);
	case ACTION_HOLD:
		l->held = !l->held;
		screen_say(l, false, l->held ? "order held: rows stand, values go on; z again lets go" : "order free");
		return REACT_ASK;
	case ACTION_YANK:
		return connections_yank(l, a);
	default:
		return REACT_DRAW;
	}
}

static void connections_standing(const struct look *l, const struct answer *a, struct text *place, struct text *order)
{
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
	return l->held ? " ORDER HELD " : l->live && l->stick == STICK_LAST ? " FOLLOW " : "";
}

static void connections_draw(struct look *l, const struct answer *a, struct canvas *c, const struct layout *at)
{
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
	.status = connections_status,
};
