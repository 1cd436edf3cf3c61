/* Connections taken together: by client, by server and port, by service, live by the process that holds them.
 *
 * A group is a row with counts and sums. Opening one shows its connections, by a filter that
 * is made of its name; Esc goes back to the groups and to the filter that was.
 */
#include <string.h>

#include "columns.h"
#include "screen.h"
#include "words.h"

static const struct {
	const char *title, *by;
} groups_words[QUERY_GROUPINGS] = {
	[GROUP_NONE] = {"", "each connection for itself"},
	[GROUP_CLIENT] = {"Client", "grouped by client"},
	[GROUP_SERVER] = {"Server and port", "grouped by server and port"},
	[GROUP_SERVICE] = {"Service", "grouped by service"},
	[GROUP_PROCESS] = {"Process", "grouped by the process of this host that holds them"},
};

/* The numbers behind the name, and from which width on each is shown. */
static const struct {
	const char *title;
	unsigned from, cells;
} groups_columns[] = {
	{"Conns", 0, 6}, {"Open", 0, 6}, {"Failed", 60, 7}, {"Up", 60, 6}, {"Down", 60, 6}, {"B/s", 80, 6}, {"Rtx", 100, 5},
};

enum { GROUPS_COLUMNS = sizeof groups_columns / sizeof groups_columns[0] };

enum reaction groups_next(struct look *l)
{
	struct text t;

	l->list.group = (enum query_group)((l->list.group + 1) % QUERY_GROUPINGS);
	if (l->list.group == GROUP_PROCESS && !l->live) /* files do not say */
		l->list.group = GROUP_NONE;
	l->list.opened = GROUP_NONE;
	l->list.group_selected = 0;
	l->stick = l->list.group != GROUP_NONE ? STICK_FIRST : l->stick;
	l->fresh = true;
	text_init(&t, l->message, sizeof l->message);
	text_put(&t, groups_words[l->list.group].by);
	text_put(&t, l->list.group != GROUP_NONE ? "; Enter opens one, t goes on" : "");
	l->message_bad = false;
	return REACT_ASK;
}

void groups_ask(const struct look *l, struct query *out)
{
	out->group = l->list.group;
	out->selected = l->list.group_selected;
	out->to_first = l->stick == STICK_FIRST;
	out->move = l->stick == STICK_NONE ? l->move : 0;
	out->holds = 0;
}

void groups_answered(struct look *l, const struct answer *a)
{
	l->list.group_selected = a->selected;
	l->anchor = a->selected_row;
}

static bool groups_is_known(enum query_group by, const struct flow_group *g)
{
	return by == GROUP_PROCESS ? g->pid > 0 : by == GROUP_SERVICE ? g->service != NULL : true;
}

static void groups_name(struct text *t, enum query_group by, const struct flow_group *g, unsigned room)
{
	if (by == GROUP_PROCESS && g->pid > 0) {
		text_foreign(t, g->process, strnlen(g->process, sizeof g->process), false);
		text_format(t, " %d", (int)g->pid);
	} else if (!groups_is_known(by, g)) {
		text_put(t, by == GROUP_PROCESS ? "no process is known" : "not known by its content");
	} else if (by == GROUP_SERVICE) {
		text_put(t, g->service);
	} else {
		words_endpoint(t, &g->at, room);
	}
}

static uint64_t groups_number(const struct flow_group *g, unsigned column)
{
	const uint64_t numbers[GROUPS_COLUMNS] = {g->flows, g->open, g->failed, g->bytes[0], g->bytes[1], g->rate, g->again};

	return numbers[column];
}

static void groups_row(struct canvas *c, enum query_group by, const struct flow_group *g, unsigned y, unsigned name_end,
		       bool selected)
{
	unsigned x = name_end;
	char buffer[96];
	struct text t;

	canvas_put(c, 1, y, 2, ROLE_KEY, "+");
	text_init(&t, buffer, sizeof buffer);
	groups_name(&t, by, g, name_end - COLUMNS_FROM - 1);
	canvas_cut(c, COLUMNS_FROM + 1, y, name_end, groups_is_known(by, g) ? ROLE_TEXT : ROLE_DIM, buffer);
	for (unsigned i = 0; i < GROUPS_COLUMNS; i++) {
		uint64_t v = groups_number(g, i);
		bool bad = (i == 2 && v > 0) || (i == 6 && v * 100 > g->packets);

		if (groups_columns[i].from > c->width)
			continue;
		text_reset(&t);
		words_size(&t, v);
		canvas_right(c, x, y, x + groups_columns[i].cells, bad ? ROLE_BAD : v == 0 ? ROLE_DIM : ROLE_TEXT, buffer);
		x += groups_columns[i].cells;
	}
	if (selected) {
		canvas_put(c, 0, y, 1, ROLE_TEXT, "▶");
		canvas_role(c, 0, y, c->width, ROLE_TEXT);
		canvas_attr(c, 0, y, c->width, ATTR_REVERSE | ATTR_BOLD);
	}
}

void groups_list(const struct look *l, const struct answer *a, struct canvas *c, const struct layout *at)
{
	unsigned numbers = 0, end, x;
	char buffer[64];
	struct text t;

	for (unsigned i = 0; i < GROUPS_COLUMNS; i++)
		numbers += groups_columns[i].from <= c->width ? groups_columns[i].cells : 0;
	end = c->width - numbers - 1 < 46 ? c->width - numbers - 1 : 46;
	canvas_put(c, COLUMNS_FROM + 1, at->head, end, ROLE_HEAD, groups_words[l->list.group].title);
	x = end;
	for (unsigned i = 0; i < GROUPS_COLUMNS; i++) {
		if (groups_columns[i].from > c->width)
			continue;
		canvas_right(c, x, at->head, x + groups_columns[i].cells, ROLE_HEAD, groups_columns[i].title);
		x += groups_columns[i].cells;
	}
	canvas_attr(c, 0, at->head, c->width, ATTR_UNDERLINE);
	for (unsigned i = 0; i < a->groups && i < at->rows; i++)
		groups_row(c, l->list.group, &a->group[i], at->list + i, end, i == a->selected_row);
	if (a->groups == 0)
		canvas_cut(c, COLUMNS_FROM + 1, at->list, c->width, ROLE_DIM, "no connections to be grouped");
	if (!at->pane)
		return;
	x = canvas_fill(c, 0, at->pane, 2, ROLE_RULE, 0x2500);
	text_init(&t, buffer, sizeof buffer);
	text_char(&t, ' ');
	words_count(&t, a->groups_all);
	text_put(&t, a->groups_all == 1 ? " group " : " groups ");
	if (a->ungrouped > 0) {
		text_put(&t, "and ");
		words_count(&t, a->ungrouped);
		text_put(&t, " connections without room for theirs ");
	}
	x = canvas_put(c, x, at->pane, c->width, a->ungrouped > 0 ? ROLE_WARN : ROLE_DIM, buffer);
	canvas_fill(c, x, at->pane, c->width, ROLE_RULE, 0x2500);
}

/* The condition that its connections fulfil. */
static void groups_condition(struct text *t, enum query_group by, const struct flow_group *g)
{
	switch (by) {
	case GROUP_CLIENT:
		text_put(t, "src:");
		tuple_address(t, &g->at.ip, g->at.family);
		break;
	case GROUP_SERVER:
		text_put(t, g->at.has_port ? "server:" : "dst:");
		if (g->at.has_port)
			tuple_endpoint(t, &g->at);
		else
			tuple_address(t, &g->at.ip, g->at.family);
		break;
	case GROUP_PROCESS:
		if (g->pid > 0)
			text_format(t, "pid:%d", (int)g->pid);
		else
			text_put(t, "!pid>0");
		break;
	default:
		text_put(t, g->service != NULL ? "service==" : "!service~.");
		text_put(t, g->service != NULL ? g->service : "");
		break;
	}
}

enum reaction groups_open(struct look *l, const struct answer *a)
{
	char match[QUERY_MATCH];
	struct text t;

	if (a->groups == 0 || a->selected_row >= a->groups)
		return screen_say(l, false, "nothing is selected");
	text_init(&t, match, sizeof match);
	if (l->match[0] != '\0') {
		text_char(&t, '(');
		text_put(&t, l->match);
		text_put(&t, ") ");
	}
	groups_condition(&t, l->list.group, &a->group[a->selected_row]);
	if (t.cut)
		return screen_say(l, true, "the filter has no room for more");
	memcpy(l->list.opened_match, l->match, sizeof l->match);
	memset(l->match, 0, sizeof l->match);
	memcpy(l->match, match, t.len);
	l->list.opened = l->list.group;
	l->list.group = GROUP_NONE;
	l->stick = STICK_FIRST;
	l->fresh = true;
	screen_say(l, false, "the connections of that group; Esc goes back to the groups");
	return REACT_ASK;
}

enum reaction groups_back(struct look *l)
{
	if (l->list.opened == GROUP_NONE)
		return REACT_NOTHING;
	l->list.group = l->list.opened;
	l->list.opened = GROUP_NONE;
	memcpy(l->match, l->list.opened_match, sizeof l->match);
	l->stick = STICK_NONE;
	l->fresh = true;
	return REACT_ASK;
}
