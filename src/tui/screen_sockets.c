/* The Sockets screen: what its keys do, and where its table comes from.
 *
 * The host thread makes tables while this screen is shown; the newest is taken before
 * drawing and held until the next. The engine is asked for its totals alone. The
 * selection is a socket or a group and stays on it from table to table.
 */
#include <stdlib.h>
#include <string.h>

#include "screen.h"
#include "sockeye/clock.h"
#include "words.h"

/* ---- tables ---------------------------------------------------------------------------------- */

static void sockets_name_selected(struct sockets_look *s)
{
	struct text t;

	text_init(&t, s->selected_name, sizeof s->selected_name);
	if (sockets_row(s))
		sockets_title(&t, s, sockets_row(s), false, false);
}

/* Rows anew; who was selected and is gone is named. */
static void sockets_renew(struct look *l, bool told)
{
	struct sockets_look *s = &l->sockets;
	struct text t;

	if (!sockets_rows(s) && told && s->selected_name[0] != '\0' && l->message[0] == '\0' && !l->prompting) {
		text_init(&t, l->message, sizeof l->message);
		text_put(&t, s->selected_name);
		text_put(&t, " is gone; its neighbour is selected");
		l->message_bad = false;
	}
	sockets_name_selected(s);
}

void sockets_show(struct look *l, const struct socket_table *t, const struct host_listener *queues, unsigned n)
{
	struct sockets_look *s = &l->sockets;
	struct host_listener *copy = n > 0 ? malloc(n * sizeof *copy) : NULL;

	free(s->queues);
	s->queues = copy;
	s->n_queues = copy ? n : 0;
	if (copy)
		memcpy(copy, queues, n * sizeof *copy);
	s->table = t;
	sockets_renew(l, true);
}

/* The process of the selected row is looked into. */
static void sockets_into(struct sockets_look *s)
{
	const struct sockets_row *row = sockets_row(s);
	const struct process *p = row ? sockets_process(s, row) : NULL;

	host_live_look_into(s->live, p ? p->pid : 0, p ? p->started : 0);
	s->inside_known = host_live_inside(s->live, &s->inside);
}

static void sockets_take_queues(struct sockets_look *s)
{
	if (!s->queues)
		s->queues = malloc(HOST_LIVE_LISTENERS * sizeof *s->queues);
	s->n_queues = s->queues ? host_live_listeners(s->live, s->queues, HOST_LIVE_LISTENERS) : 0;
	if (s->n_queues > HOST_LIVE_LISTENERS)
		s->n_queues = HOST_LIVE_LISTENERS;
}

bool sockets_turn(struct look *l)
{
	struct sockets_look *s = &l->sockets;
	const struct host_table *t;

	if (!s->live)
		return false;
	host_live_want(s->live, HOST_LIVE_SCREEN, l->screen == SCREEN_SOCKETS && !l->paused ? HOST_ALL : 0);
	if (l->screen != SCREEN_SOCKETS || l->paused) {
		host_live_look_into(s->live, 0, 0);
		return false;
	}
	host_live_stats(s->live, &s->stats);
	sockets_take_queues(s);
	if (host_live_tables(s->live) != s->tables) {
		s->tables = host_live_tables(s->live);
		t = host_live_take(s->live);
		if (t && host_table_sockets(t)->asked != HOST_ALL) {
			host_live_release(s->live, t); /* the engine's, of less */
		} else if (t) {
			const struct host_table *old = s->held;

			s->table = host_table_sockets(t);
			s->held = t;
			sockets_renew(l, true);
			host_live_release(s->live, old);
		}
	}
	sockets_into(s);
	return true;
}

/* ---- the contract ------------------------------------------------------------------------------- */

static void sockets_ask(const struct look *l, const struct answer *a, const struct layout *at, int64_t now_ns, struct query *out)
{
	(void)l;
	(void)a;
	(void)at;
	(void)now_ns;
	out->about = QUERY_TOTALS;
}

/* The filter is typed: what can be understood holds at once, what cannot lets everything through, and says so. */
static void sockets_filter(struct look *l)
{
	struct sockets_look *s = &l->sockets;
	struct filter *f = NULL;

	/* Half of a word lets other rows through than the whole: who was selected before comes back. */
	if (l->prompting && s->typed_from == 0)
		s->typed_from = s->selected;
	if (s->typed_from != 0)
		s->selected = s->typed_from;
	memset(&s->error, 0, sizeof s->error);
	if (s->match[0] == '\0' || filter_compile(&f, s->match, FILTER_SOCKETS, &s->error) == 0)
		s->error.column = 0;
	filter_free(s->filter);
	s->filter = f;
	sockets_renew(l, false);
	if (s->typed_from != 0 && s->selected != s->typed_from && s->rows > 0) { /* not among them: the first is */
		s->at = 0;
		s->selected = s->row[0].id;
		sockets_name_selected(s);
	}
}

static void sockets_answered(struct look *l, const struct answer *a)
{
	(void)a;
	if (l->fresh)
		sockets_filter(l);
	l->fresh = false;
	if (!l->prompting)
		l->sockets.typed_from = 0;
}

static void sockets_enter(struct look *l, const struct answer *a)
{
	(void)a;
	l->fresh = true; /* its filter may have been set by a command meanwhile */
}

static void sockets_draw(struct look *l, const struct answer *a, struct canvas *c, const struct layout *at)
{
	struct sockets_look *s = &l->sockets;

	(void)a;
	s->width = c->width;
	/* The selected row is in sight. */
	if (s->at < s->top)
		s->top = s->at;
	if (s->at >= s->top + at->rows)
		s->top = s->at - at->rows + 1;
	if (s->rows <= at->rows)
		s->top = 0;
	else if (s->top > s->rows - at->rows)
		s->top = s->rows - at->rows;
	sockets_measure(s, c->width, at->rows);
	sockets_list(l, c, at);
	if (at->pane)
		sockets_pane(l, c, at);
}

static void sockets_standing(const struct look *l, const struct answer *a, struct text *place, struct text *order)
{
	const struct sockets_look *s = &l->sockets;

	(void)a;
	if (s->rows > 0) {
		words_count(place, s->at + 1);
		text_put(place, " of ");
		words_count(place, s->rows);
	}
	if (s->table)
		text_format(order, "L %u tcp %u udp %u unix %u", s->listeners, s->tcp, s->udp, s->unix_);
}

static char *sockets_match(struct look *l, enum filter_scope *scope)
{
	*scope = FILTER_SOCKETS;
	return l->sockets.match;
}

static const char *sockets_status(const struct look *l, const struct answer *a)
{
	const struct sockets_look *s = &l->sockets;

	(void)a;
	return s->held_order ? " ORDER HELD " : s->table && s->table->forgotten > 0 ? " SOME FORGOTTEN " : "";
}

/* ---- moving, folding ------------------------------------------------------------------------------ */

static enum reaction sockets_go(struct look *l, int64_t to)
{
	struct sockets_look *s = &l->sockets;

	if (s->rows == 0)
		return REACT_DRAW;
	to = to < 0 ? 0 : to >= s->rows ? (int64_t)s->rows - 1 : to;
	s->at = (uint32_t)to;
	s->selected = s->row[to].id;
	sockets_name_selected(s);
	if (s->live && !l->paused)
		sockets_into(s);
	return REACT_DRAW;
}

static enum reaction sockets_move(struct look *l, enum action act, unsigned rows)
{
	const struct sockets_look *s = &l->sockets;
	const int64_t at = s->at;

	switch (act) {
	case ACTION_UP: return sockets_go(l, at - 1);
	case ACTION_DOWN: return sockets_go(l, at + 1);
	case ACTION_PAGE_UP: return sockets_go(l, at - (int64_t)rows);
	case ACTION_PAGE_DOWN: return sockets_go(l, at + rows);
	case ACTION_HALF_UP: return sockets_go(l, at - (int64_t)(rows + 1) / 2);
	case ACTION_HALF_DOWN: return sockets_go(l, at + (rows + 1) / 2);
	case ACTION_FIRST: return sockets_go(l, 0);
	case ACTION_LAST: return sockets_go(l, s->rows);
	default: return REACT_NOTHING;
	}
}

static enum reaction sockets_fold(struct look *l, bool fold)
{
	struct sockets_look *s = &l->sockets;
	const struct sockets_row *row = sockets_row(s);
	const struct sockets_group *g;

	if (!row)
		return screen_say(l, false, "nothing is selected");
	g = &s->group[row->group];
	if (g->n == 0)
		return screen_say(l, false, "there is nothing below it");
	if (g->folded == fold && row->head)
		return REACT_DRAW;
	if (!row->head && !fold)
		return REACT_DRAW;
	s->selected = g->id; /* folded from below: its group is selected */
	sockets_set_fold(s, g->id, fold);
	sockets_renew(l, false);
	return REACT_DRAW;
}

static enum reaction sockets_fold_all(struct look *l)
{
	struct sockets_look *s = &l->sockets;
	const struct sockets_row *row = sockets_row(s);

	s->folds = 0;
	s->all = s->all == ALL_UNFOLDED ? ALL_FOLDED : ALL_UNFOLDED;
	if (row && s->all == ALL_FOLDED)
		s->selected = s->group[row->group].id;
	sockets_renew(l, false);
	return screen_say(l, false, s->all == ALL_FOLDED ? "all folded" : "all unfolded");
}

/* ---- finding -------------------------------------------------------------------------------------- */

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool contains(const char *line, const char *text)
{
	for (; *line != '\0'; line++) {
		size_t i = 0;

		while (text[i] != '\0' && lower(line[i]) == lower(text[i]))
			i++;
		if (text[i] == '\0')
			return true;
	}
	return false;
}

static bool row_has(const struct sockets_look *s, const struct sockets_row *row, const char *text)
{
	char line[1024];
	struct text t;

	text_init(&t, line, sizeof line);
	sockets_title(&t, s, row, false, false);
	text_char(&t, '\n');
	sockets_owner(&t, s, row, false);
	text_char(&t, '\n');
	(void)sockets_note(&t, s, row, false);
	return contains(line, text);
}

static enum reaction sockets_find(struct look *l, int step)
{
	struct sockets_look *s = &l->sockets;
	struct text t;

	if (s->find[0] == '\0')
		return screen_say(l, false, "nothing to find; F3 takes a text");
	for (uint32_t i = 1; i <= s->rows; i++) {
		const uint32_t at = (s->at + (step > 0 ? i : s->rows - i)) % s->rows;

		if (row_has(s, &s->row[at], s->find))
			return sockets_go(l, at);
	}
	text_init(&t, l->message, sizeof l->message);
	text_put(&t, "not found in the rows that are unfolded: ");
	text_foreign(&t, s->find, strlen(s->find), false);
	l->message_bad = true;
	return REACT_DRAW;
}

static enum reaction sockets_prompted(struct look *l, const char *text, int64_t now_ns)
{
	struct text t;

	(void)now_ns;
	text_init(&t, l->sockets.find, sizeof l->sockets.find);
	text_put(&t, text);
	return text[0] == '\0' ? screen_say(l, false, "nothing is looked for") : sockets_find(l, 1);
}

/* ---- to the connections and back --------------------------------------------------------------------- */

static void put_end(struct text *t, const char *address, const char *port, const struct endpoint *e)
{
	static const struct address any;

	if (memcmp(&e->ip, &any, sizeof any) != 0) {
		text_format(t, " %s:", address);
		tuple_address(t, &e->ip, e->family);
	}
	text_format(t, " %s:%u", port, e->port);
}

/* The display filter that the connections of that row fulfil; false: it has none. */
static bool sockets_condition(const struct sockets_look *s, const struct sockets_row *row, struct text *t)
{
	const struct socket_record *r = row->place != SOCKET_NONE ? &s->table->sockets[row->place] : NULL;

	if (!r || r->family > SOCKET_INET6 || !r->local.has_port)
		return false;
	text_put(t, r->proto == PROTO_TCP ? "proto:tcp" : "proto:udp");
	put_end(t, r->state == SOCKET_LISTEN ? "dst" : "ip", r->state == SOCKET_LISTEN ? "dport" : "port", &r->local);
	if (r->remote.family != FAMILY_NONE)
		put_end(t, "ip", "port", &r->remote);
	return true;
}

static enum reaction sockets_connections(struct look *l, const struct answer *a)
{
	struct sockets_look *s = &l->sockets;
	const struct sockets_row *row = sockets_row(s);
	char match[QUERY_MATCH];
	struct text t;

	if (!row)
		return screen_say(l, false, "nothing is selected");
	text_init(&t, match, sizeof match);
	if (!sockets_condition(s, row, &t))
		return row->head ? sockets_fold(l, !s->group[row->group].folded)
				 : screen_say(l, false, "no connection of it can be seen in packets");
	memcpy(s->former_match, l->match, sizeof s->former_match);
	memset(l->match, 0, sizeof l->match);
	memcpy(l->match, match, t.len);
	memcpy(s->led_match, l->match, sizeof s->led_match);
	s->led_listens = s->table->sockets[row->place].state == SOCKET_LISTEN;
	l->list.group = GROUP_NONE;
	l->list.marked_only = false;
	l->stick = STICK_FIRST;
	l->fresh = true;
	l->hold_until_ns = 0;
	screen_say(l, false, "its connections; Esc goes back to the sockets");
	return screen_show(l, SCREEN_CONNECTIONS, a, true);
}

enum reaction sockets_back(struct look *l, const struct answer *a)
{
	if (l->from[SCREEN_CONNECTIONS] != SCREEN_SOCKETS)
		return REACT_NOTHING;
	l->from[SCREEN_CONNECTIONS] = SCREEN_CONNECTIONS;
	memcpy(l->match, l->sockets.former_match, sizeof l->match);
	l->fresh = true;
	return screen_show(l, SCREEN_SOCKETS, a, false);
}

/* ---- the other actions ------------------------------------------------------------------------------- */

static enum reaction sockets_group_next(struct look *l)
{
	struct sockets_look *s = &l->sockets;
	struct text t;

	s->by = (enum sockets_by)((s->by + 1) % SOCKETS_BYS);
	s->all = ALL_OWN;
	s->selected = 0;
	s->at = s->top = 0;
	sockets_renew(l, false);
	text_init(&t, l->message, sizeof l->message);
	text_format(&t, "grouped by %s", sockets_by_words[s->by]);
	l->message_bad = false;
	return REACT_DRAW;
}

static enum reaction sockets_sorted(struct look *l, int step)
{
	struct sockets_look *s = &l->sockets;
	struct text t;

	if (step == 0)
		s->reversed = !s->reversed;
	else
		s->reversed = false;
	s->sort = (enum sockets_sort)((s->sort + SOCKETS_SORTS + (unsigned)step) % SOCKETS_SORTS);
	s->held_order = false;
	sockets_renew(l, false);
	text_init(&t, l->message, sizeof l->message);
	text_format(&t, "sorted by %s%s", sockets_sort_words[s->sort], s->reversed ? ", turned round" : "");
	l->message_bad = false;
	return REACT_DRAW;
}

static enum reaction sockets_yank(struct look *l)
{
	const struct sockets_row *row = sockets_row(&l->sockets);
	struct text t;

	if (!row)
		return screen_say(l, false, "nothing is selected");
	text_init(&t, l->message, sizeof l->message);
	sockets_whole(&t, &l->sockets, row, false);
	text_put(&t, "  ");
	sockets_owner(&t, &l->sockets, row, false);
	l->message_bad = false;
	return REACT_DRAW;
}

static enum reaction sockets_escape(struct look *l)
{
	struct sockets_look *s = &l->sockets;

	if (s->match[0] == '\0')
		return screen_say(l, false, "nothing to go back to; 1 shows the connections, q quits");
	memset(s->match, 0, sizeof s->match);
	sockets_filter(l);
	return screen_say(l, false, "filter dropped");
}

static enum reaction sockets_act(struct look *l, enum action act, struct answer *a, const struct layout *at, int64_t now_ns)
{
	struct sockets_look *s = &l->sockets;
	enum reaction moved = sockets_move(l, act, at->rows);
	const struct sockets_row *row = sockets_row(s);

	(void)now_ns;
	if (moved != REACT_NOTHING)
		return moved;
	switch (act) {
	case ACTION_DEEPER: return sockets_connections(l, a);
	case ACTION_BACK: return sockets_escape(l);
	case ACTION_UNFOLD: return sockets_fold(l, false);
	case ACTION_FOLD: return sockets_fold(l, true);
	case ACTION_MARK: return row && row->head ? sockets_fold(l, !s->group[row->group].folded) : REACT_DRAW;
	case ACTION_FOLD_ALL: return sockets_fold_all(l);
	case ACTION_GROUP: return sockets_group_next(l);
	case ACTION_SORT_NEXT: return sockets_sorted(l, 1);
	case ACTION_SORT_BACK: return sockets_sorted(l, -1);
	case ACTION_SORT_REVERSE: return sockets_sorted(l, 0);
	case ACTION_FIND_NEXT: return sockets_find(l, 1);
	case ACTION_FIND_BACK: return sockets_find(l, -1);
	case ACTION_YANK: return sockets_yank(l);
	case ACTION_SAVE: return save_open(l, SAVE_OF_SOCKETS, a);
	case ACTION_FIND:
		prompt_open(l, PROMPT_FIND);
		return REACT_DRAW;
	case ACTION_HOLD:
		s->held_order = !s->held_order;
		return screen_say(l, false, s->held_order ? "order held: rows stand, values go on; z again lets go" : "order free");
	case ACTION_DETAIL:
		l->page = row ? PAGE_DETAIL : PAGE_SCREEN;
		l->scrolled = 0;
		return REACT_DRAW;
	default: return REACT_NOTHING;
	}
}

const struct screen screen_sockets = {
	.name = "Sockets",
	.brief = "Sock",
	.place = IN_SOCKETS,
	.enter = sockets_enter,
	.ask = sockets_ask,
	.answered = sockets_answered,
	.draw = sockets_draw,
	.act = sockets_act,
	.standing = sockets_standing,
	.match = sockets_match,
	.prompted = sockets_prompted,
	.status = sockets_status,
};
