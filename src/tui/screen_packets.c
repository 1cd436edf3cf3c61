/* Packets: the list, the layers of the selected one, its bytes, and what the selected
 * field means.
 *
 * The selection is a packet's number. Focus goes list, layers, bytes; where there is
 * room for one pane only (fewer than 16 rows, or zoomed) that is the focused one.
 * A packet never changes its place, so while paused one can still move: nothing
 * comes by itself.
 */
#include <string.h>

#include "means.h"
#include "packets_find.h"
#include "screen.h"
#include "stream.h"
#include "words.h"

enum { SPLIT_FROM = 160, SPLIT_BYTES = 80, SHIFT_STEP = 16, SHIFT_MOST = 176 };

/* ---- where the panes are ------------------------------------------------------------ */

struct packets_panes packets_panes(const struct packets_look *s, const struct layout *at)
{
	struct packets_panes p = {.head = at->head, .layers_end = at->width};
	unsigned bottom = at->message ? at->message : at->bar, rows = bottom - at->list, left;
	bool alone = s->zoom || at->bar < 15, beside = s->beside && at->width >= SPLIT_FROM;

	p.list = at->list;
	p.words_rows = at->bar >= 29 ? 3 : at->bar >= 21 ? 2 : 1;
	if (alone) {
		p.rows = s->pane == PANE_LIST ? rows : 0;
		p.layers_rule = p.bytes_rule = at->head;
		p.layers = p.bytes = at->list;
		p.words_rows = s->pane == PANE_LIST || rows < 5 ? 0 : p.words_rows;
		p.layers_rows = s->pane == PANE_LAYERS ? rows - p.words_rows : 0;
		p.bytes_rows = s->pane == PANE_BYTES ? rows - p.words_rows : 0;
		p.words = bottom - p.words_rows;
		return p;
	}
	if (beside) {
		p.rows = (rows - 1) * 9 / 20;
		p.layers_rule = p.bytes_rule = p.list + p.rows;
		p.layers = p.bytes = p.layers_rule + 1;
		p.layers_rows = bottom - p.layers;
		p.bytes_rows = p.layers_rows - p.words_rows;
		p.bytes_x = at->width - SPLIT_BYTES;
		p.layers_end = p.bytes_x - 1;
		p.words = bottom - p.words_rows;
		return p;
	}
	left = rows - 2 - p.words_rows;
	p.bytes_rows = at->bar >= 29 ? left / 5 : 3;
	left -= p.bytes_rows;
	p.rows = left * 9 / 20;
	p.layers_rule = p.list + p.rows;
	p.layers = p.layers_rule + 1;
	p.layers_rows = left - p.rows;
	p.bytes_rule = p.layers + p.layers_rows;
	p.bytes = p.bytes_rule + 1;
	p.words = p.bytes + p.bytes_rows;
	return p;
}

unsigned packets_rule(struct canvas *c, unsigned x, unsigned y, unsigned end, bool focused, const char *title)
{
	unsigned from = x;

	canvas_fill(c, x, y, end, ROLE_RULE, 0x2500);
	x = canvas_put(c, x + 2, y, end, ROLE_HEAD, focused ? " ▸ " : " ");
	x = canvas_put(c, x, y, end, ROLE_HEAD, title);
	x = canvas_put(c, x, y, end, ROLE_HEAD, " ");
	if (focused)
		canvas_attr(c, from, y, end, ATTR_BOLD);
	return x;
}

/* ---- marks ------------------------------------------------------------------------------ */

bool packets_is_marked(const struct packets_look *s, uint64_t number)
{
	for (unsigned i = 0; i < s->marks; i++)
		if (s->marked[i] == number)
			return true;
	return false;
}

static enum reaction packets_mark(struct look *l)
{
	struct packets_look *s = &l->packets;
	unsigned at = 0;

	if (s->selected == 0)
		return REACT_NOTHING;
	while (at < s->marks && s->marked[at] < s->selected)
		at++;
	if (at < s->marks && s->marked[at] == s->selected) {
		s->marks--;
		memmove(&s->marked[at], &s->marked[at + 1], (s->marks - at) * sizeof s->marked[0]);
	} else if (s->marks == QUERY_ROWS) {
		return screen_say(l, true, "200 packets are marked: there is no room for more");
	} else {
		memmove(&s->marked[at + 1], &s->marked[at], (s->marks - at) * sizeof s->marked[0]);
		s->marked[at] = s->selected;
		s->marks++;
	}
	s->move++;
	s->follow = false;
	return REACT_ASK;
}

/* ---- queries ------------------------------------------------------------------------------ */

static void packets_enter(struct look *l, const struct answer *a)
{
	struct packets_look *s = &l->packets;

	(void)a;
	if (s->given) {
		s->given = false;
		return;
	}
	/* From the ladder: its connections, at its packet. By its digit: all there are. */
	if (l->screen != SCREEN_LADDER) {
		s->flows = 0;
		s->follow = s->follow || (l->live && s->selected == 0);
		return;
	}
	memcpy(s->flow, l->ladder.flow, sizeof s->flow);
	s->flows = l->ladder.flows;
	s->selected = l->ladder.selected;
	s->follow = false;
	s->marked_only = false;
}

enum reaction packets_of(struct look *l, const uint64_t *flow, unsigned flows, const struct answer *a)
{
	struct packets_look *s = &l->packets;
	bool same = s->flows == flows && memcmp(s->flow, flow, flows * sizeof *flow) == 0;

	s->flows = flows < QUERY_TOGETHER ? flows : QUERY_TOGETHER;
	memcpy(s->flow, flow, s->flows * sizeof *flow);
	s->given = true;
	s->follow = s->marked_only = false;
	if (!same)
		s->to_first = true;
	return screen_show(l, SCREEN_PACKETS, a, true);
}

static void packets_ask(const struct look *l, const struct answer *a, const struct layout *at, int64_t now_ns,
			struct query *out)
{
	const struct packets_look *s = &l->packets;
	struct packet_query *q = &out->packets;
	struct packets_panes p = packets_panes(s, at);
	int64_t anchor = (int64_t)s->anchor + (s->scroll ? 0 : s->move);

	if (s->step != 0 && s->flows == 1) { /* which connection is the next? As Connections has them */
		screen_connections.ask(l, a, at, now_ns, out);
		out->to_first = out->to_last = false;
		out->selected = s->flow[0];
		out->move = s->step;
		return;
	}
	out->about = QUERY_PACKETS;
	memcpy(q->flow, s->flow, sizeof q->flow);
	q->flows = s->flows;
	memcpy(q->match, s->match, sizeof q->match);
	q->marked_only = s->marked_only;
	memcpy(q->marked, s->marked, sizeof q->marked);
	q->marks = s->marks;
	q->to_number = s->to_number;
	q->detail = true;
	q->selected = s->selected;
	q->move = s->move;
	q->to_first = s->to_first;
	q->to_last = s->to_last || (s->follow && !l->paused);
	if (s->finding) {
		q->find = s->find;
		q->find_back = s->find_back;
		memcpy(q->find_for, s->find_for, sizeof q->find_for);
		q->find_len = s->find_len;
		q->find_verdicts = means_of_weight(MEANS_WARNING);
	}
	/* One row more than is shown, above: the first shown has its time since the one before. */
	q->rows = (p.rows > 0 ? p.rows : 1) + 1;
	q->rows = q->rows > QUERY_ROWS ? QUERY_ROWS : q->rows;
	q->anchor = (unsigned)(anchor < 1 ? 1 : anchor >= q->rows ? (int64_t)q->rows - 1 : anchor);
	if (s->finding || s->to_number)
		q->anchor = q->rows / 2; /* with what is around it */
}

static void packets_asked(struct look *l)
{
	struct packets_look *s = &l->packets;

	s->move = 0;
	s->scroll = s->to_first = s->to_last = s->finding = false;
	s->to_number = 0;
}

static void packets_stepped(struct look *l, const struct answer *a)
{
	struct packets_look *s = &l->packets;
	uint64_t was = s->flow[0];

	s->step = 0;
	l->again = true;
	if (a->selected == 0 || a->selected == was || a->vanished) {
		screen_say(l, false, "there is no other connection that way");
		return;
	}
	s->flow[0] = l->selected = a->selected;
	l->stick = STICK_NONE;
	s->to_first = true;
}

static void packets_answered(struct look *l, const struct answer *a)
{
	struct packets_look *s = &l->packets;
	const struct packet_answer *p = &a->packets;

	if (a->about == QUERY_FLOWS && s->step != 0)
		packets_stepped(l, a);
	if (a->about != QUERY_PACKETS)
		return;
	s->searching = p->looking;
	if (p->not_found)
		screen_say(l, false, s->find == FIND_NOTHING || s->find == FIND_VERDICT ? "no packet of these has a verdict"
										       : "no packet of these has it");
	s->selected = p->selected;
	s->anchor = p->selected_row;
	layers_answered(s, a);
}

/* ---- drawing --------------------------------------------------------------------------------- */

/* What = would write, where the message row is free. */
static void packets_hint(const struct packets_look *s, const struct answer *a, struct canvas *c, unsigned y)
{
	const struct detail_line *line = layers_line(s, a, s->line);
	unsigned x;

	if (y == 0 || s->pane == PANE_LIST || line == NULL || line->filter[0] == '\0' || canvas_at(c, 1, y)->code != ' ')
		return;
	x = canvas_put(c, 1, y, c->width, ROLE_KEY, "=");
	x = canvas_put(c, x, y, c->width, ROLE_DIM, " writes the filter ");
	canvas_foreign(c, x, y, c->width, ROLE_TEXT, line->filter, strlen(line->filter));
}

/* One row more than there is room for was asked: which end is out of sight, so that the
 * cursor moves and the list does not, where it can. */
static void packets_skip(struct packets_look *s, const struct packet_answer *p, unsigned rows)
{
	if (rows == 0 || p->rows <= rows || p->selected_row == 0)
		s->skip = 0;
	else if (p->first > 0)
		s->skip = 1;
	else if (p->selected_row >= s->skip + rows)
		s->skip = p->selected_row - rows + 1;
}

static void packets_draw(struct look *l, const struct answer *a, struct canvas *c, const struct layout *at)
{
	struct packets_look *s = &l->packets;
	struct packets_panes p = packets_panes(s, at);

	packets_skip(s, &a->packets, p.rows);
	if (p.rows > 0)
		packets_list(l, a, c, &p);
	layers_draw(s, a, c, &p);
	bytes_draw(s, a, c, &p);
	if (l->save.open)
		save_draw(l, a, c, at->message ? at->message : at->bar);
	packets_hint(s, a, c, at->message);
}

/* ---- what keys do ------------------------------------------------------------------------------ */

static enum reaction packets_move(struct look *l, enum action act, const struct packets_panes *p)
{
	struct packets_look *s = &l->packets;
	int64_t page = p->rows > 0 ? p->rows : 1, move = 0;
	bool scroll = true;

	switch (act) {
	case ACTION_UP: move = -1; scroll = false; break;
	case ACTION_DOWN: move = 1; scroll = false; break;
	case ACTION_PAGE_UP: move = -page; break;
	case ACTION_PAGE_DOWN: move = page; break;
	case ACTION_HALF_UP: move = -(page + 1) / 2; break;
	case ACTION_HALF_DOWN: move = (page + 1) / 2; break;
	case ACTION_FIRST: s->to_first = true; break;
	case ACTION_LAST: s->to_last = true; break;
	case ACTION_LEFT: s->shift -= s->shift < SHIFT_STEP ? s->shift : SHIFT_STEP; return REACT_DRAW;
	case ACTION_RIGHT: s->shift += s->shift < SHIFT_MOST ? SHIFT_STEP : 0; return REACT_DRAW;
	default: return REACT_NOTHING;
	}
	s->follow = act == ACTION_LAST && l->live;
	s->move = act == ACTION_FIRST || act == ACTION_LAST ? 0 : s->move + move;
	s->scroll = scroll;
	return REACT_ASK;
}

static enum reaction packets_fold(struct packets_look *s, const struct answer *a, bool open)
{
	unsigned i = s->line;

	if (layers_line(s, a, i) == NULL)
		return REACT_DRAW;
	/* Of a row that is no parent, what it stands in. */
	while (i > 0 && !open && (!layers_parent(s, a, i) || !layers_open(s, a, i)) && layers_line(s, a, i)->depth > 0)
		i--;
	layers_fold(s, a, i, open);
	if (!open)
		layers_select(s, a, i, true);
	return REACT_DRAW;
}

static enum reaction packets_in_layers(struct packets_look *s, const struct answer *a, enum action act, unsigned page)
{
	bool open = layers_parent(s, a, s->line) && layers_open(s, a, s->line);

	switch (act) {
	case ACTION_UP: layers_move(s, a, -1); break;
	case ACTION_DOWN: layers_move(s, a, 1); break;
	case ACTION_PAGE_UP: layers_move(s, a, -(int64_t)page); break;
	case ACTION_PAGE_DOWN: layers_move(s, a, page); break;
	case ACTION_HALF_UP: layers_move(s, a, -(int64_t)(page + 1) / 2); break;
	case ACTION_HALF_DOWN: layers_move(s, a, (page + 1) / 2); break;
	case ACTION_FIRST: layers_move(s, a, -DETAIL_LINES - PACKETS_OWN); break;
	case ACTION_LAST: layers_move(s, a, DETAIL_LINES + PACKETS_OWN); break;
	case ACTION_LEFT: return packets_fold(s, a, false);
	case ACTION_RIGHT:
		if (open)
			layers_move(s, a, 1);
		else
			packets_fold(s, a, true);
		break;
	case ACTION_MARK: return packets_fold(s, a, !open);
	default: return REACT_NOTHING;
	}
	return REACT_DRAW;
}

static enum reaction packets_in_bytes(struct packets_look *s, const struct answer *a, enum action act, unsigned page, unsigned width)
{
	int64_t each = bytes_each(s, width), rows = page > 0 ? page : 1, to = s->byte;

	switch (act) {
	case ACTION_UP: to -= each; break;
	case ACTION_DOWN: to += each; break;
	case ACTION_LEFT: to -= 1; break;
	case ACTION_RIGHT: to += 1; break;
	case ACTION_PAGE_UP: to -= each * rows; break;
	case ACTION_PAGE_DOWN: to += each * rows; break;
	case ACTION_HALF_UP: to -= each * ((rows + 1) / 2); break;
	case ACTION_HALF_DOWN: to += each * ((rows + 1) / 2); break;
	case ACTION_FIRST: to = 0; break;
	case ACTION_LAST: to = DETAIL_BYTES; break;
	default: return REACT_NOTHING;
	}
	/* A row that is not there is no way out of this one. */
	if ((act == ACTION_UP && to < 0) || (act == ACTION_DOWN && to >= a->packets.detail.len[s->buffer]))
		return REACT_DRAW;
	bytes_select(s, a, to);
	return REACT_DRAW;
}

/* The filter of the selected field, behind the one that there is. */
static enum reaction packets_from_field(struct look *l, const struct answer *a)
{
	struct packets_look *s = &l->packets;
	const struct detail_line *line = layers_line(s, a, s->line);
	char filter[QUERY_MATCH], field[128] = "", former[QUERY_MATCH];
	struct text t;

	text_init(&t, field, sizeof field);
	if (s->pane != PANE_LIST && line != NULL)
		text_put(&t, line->filter);
	else if (a->packets.detail.number != 0 && a->packets.detail.row.flow != 0)
		text_format(&t, "flow == %llu", (unsigned long long)a->packets.detail.row.flow);
	if (t.len == 0)
		return screen_say(l, false, "there is no filter for this line");
	text_init(&t, filter, sizeof filter);
	if (s->match[0] != '\0') {
		text_format(&t, "(%s) and ", s->match);
	}
	text_put(&t, field);
	if (t.cut)
		return screen_say(l, true, "the filter would be too long");
	/* Not applied yet: the text stands in the prompt, Esc gives the old one back. */
	memcpy(former, s->match, sizeof former);
	memset(s->match, 0, sizeof s->match);
	memcpy(s->match, filter, t.len);
	prompt_open(l, PROMPT_FILTER);
	memcpy(l->former, former, sizeof l->former);
	return REACT_DRAW;
}

static enum reaction packets_find(struct look *l, bool back)
{
	struct packets_look *s = &l->packets;

	if (s->find == FIND_NOTHING)
		s->find = FIND_VERDICT;
	s->finding = true;
	s->find_back = back;
	s->follow = false;
	return REACT_ASK;
}

static enum reaction packets_reference(struct look *l, const struct answer *a)
{
	struct packets_look *s = &l->packets;
	const struct packet_detail *d = &a->packets.detail;

	if (d->number == 0 || d->row.no_time)
		return screen_say(l, false, "this packet has no time");
	s->reference = s->reference == d->number ? 0 : d->number;
	s->reference_ns = d->ts_ns;
	return screen_say(l, false, s->reference ? "times count from this packet; T again: from the first" : "times count from the first");
}

/* Out of what is on top: the pane, the marks, the filter, the screen. */
static enum reaction packets_back(struct look *l, const struct answer *a)
{
	struct packets_look *s = &l->packets;

	if (s->zoom || s->pane != PANE_LIST) {
		s->zoom = false;
		s->pane = PANE_LIST;
		return REACT_ASK;
	}
	if (s->marked_only) {
		s->marked_only = false;
		return REACT_ASK;
	}
	if (s->match[0] != '\0') {
		s->match[0] = '\0';
		screen_say(l, false, "filter dropped");
		return REACT_ASK;
	}
	return screen_show(l, l->from[SCREEN_PACKETS], a, false);
}

/* What changes how it looks. */
static enum reaction packets_looks(struct look *l, enum action act, const struct answer *a)
{
	static const char *const times[TIMES] = {"times: seconds since the first", "times: since the row before", "times: of day"};
	struct packets_look *s = &l->packets;

	switch (act) {
	case ACTION_PANE: s->pane = (s->pane + 1) % PANES; return REACT_ASK;
	case ACTION_PANE_BACK: s->pane = (s->pane + PANES - 1) % PANES; return REACT_ASK;
	case ACTION_DEEPER: s->pane = s->pane == PANE_LIST ? PANE_LAYERS : PANE_BYTES; return REACT_ASK;
	case ACTION_ZOOM: s->zoom = !s->zoom; return REACT_ASK;
	case ACTION_LAYOUT:
		s->beside = !s->beside;
		return screen_say(l, false, s->beside ? "panes side by side, where there are 160 columns" : "panes below each other");
	case ACTION_TIMES: s->times = (s->times + 1) % TIMES; return screen_say(l, false, times[s->times]);
	case ACTION_BYTES: s->as = (s->as + 1) % BYTES_WAYS; return REACT_DRAW;
	case ACTION_BUFFER: bytes_next_buffer(s, a); return REACT_DRAW;
	case ACTION_FOLD: return packets_fold(s, a, false);
	case ACTION_UNFOLD: return packets_fold(s, a, true);
	case ACTION_FOLD_ALL: layers_fold_all(s, a); return REACT_DRAW;
	default: return REACT_NOTHING;
	}
}

static enum reaction packets_step(struct look *l, int step)
{
	if (l->packets.flows != 1)
		return screen_say(l, false, "not one connection is shown: p in Connections shows the packets of one");
	l->packets.step = step;
	return REACT_ASK;
}

/* While the save dialog is open. */
static enum reaction packets_saving(struct look *l, enum action act)
{
	enum save_what *what = &l->save.what;

	switch (act) {
	case ACTION_LEFT: case ACTION_UP: case ACTION_PANE_BACK: *what = (*what + SAVE_WHATS - 1) % SAVE_WHATS; break;
	case ACTION_RIGHT: case ACTION_DOWN: case ACTION_PANE: case ACTION_MARK: *what = (*what + 1) % SAVE_WHATS; break;
	case ACTION_DEEPER: save_ask(l); break;
	default: l->save.open = false; break;
	}
	return REACT_DRAW;
}

static enum reaction packets_act(struct look *l, enum action act, struct answer *a, const struct layout *at, int64_t now_ns)
{
	struct packets_look *s = &l->packets;
	struct packets_panes p = packets_panes(s, at);
	enum reaction done = l->save.open	      ? packets_saving(l, act)
			     : s->pane == PANE_LAYERS  ? packets_in_layers(s, a, act, p.layers_rows)
			     : s->pane == PANE_BYTES ? packets_in_bytes(s, a, act, p.bytes_rows, at->width - p.bytes_x)
						     : packets_move(l, act, &p);

	(void)now_ns;
	if (done == REACT_NOTHING)
		done = packets_looks(l, act, a);
	if (done != REACT_NOTHING)
		return done;
	switch (act) {
	case ACTION_MARK: return packets_mark(l);
	case ACTION_MARKED:
		s->marked_only = !s->marked_only;
		return REACT_ASK;
	case ACTION_REFERENCE: return packets_reference(l, a);
	case ACTION_FIND:
		prompt_open(l, PROMPT_FIND);
		return REACT_DRAW;
	case ACTION_GO_TO:
		prompt_open(l, PROMPT_GO_TO);
		return REACT_DRAW;
	case ACTION_FIND_NEXT: return packets_find(l, false);
	case ACTION_FIND_BACK: return packets_find(l, true);
	case ACTION_FROM_FIELD: return packets_from_field(l, a);
	case ACTION_CONNECTION_BACK: return packets_step(l, -1);
	case ACTION_CONNECTION_NEXT: return packets_step(l, 1);
	case ACTION_STREAM:
		return stream_open(l, a->packets.detail.number ? a->packets.detail.row.flow : 0, a);
	case ACTION_SAVE:
		l->save.open = true;
		l->save.what = s->marks > 0 && s->marked_only ? SAVE_MARKED : SAVE_SHOWN;
		return REACT_DRAW;
	case ACTION_BACK: return packets_back(l, a);
	default: return REACT_DRAW;
	}
}

static enum reaction packets_prompted(struct look *l, const char *text, int64_t now_ns)
{
	struct packets_look *s = &l->packets;
	uint64_t number = 0;

	(void)now_ns;
	if (l->prompt == PROMPT_GO_TO) {
		for (; *text >= '0' && *text <= '9' && number < UINT64_MAX / 20; text++)
			number = number * 10 + (uint64_t)(*text - '0');
		if (*text != '\0' || number == 0)
			return screen_say(l, true, "a packet has a number, from 1 on");
		s->to_number = number;
		s->follow = false;
		return REACT_ASK;
	}
	s->find_len = find_parse(text, &s->find, s->find_for);
	if (s->find_len > 0)
		return packets_find(l, false);
	s->find = FIND_NOTHING;
	return screen_say(l, false, text[0] != '\0' ? "that is too long to look for" : "nothing is looked for: n goes to the next verdict");
}

static void packets_standing(const struct look *l, const struct answer *a, struct text *place, struct text *order)
{
	const struct packets_look *s = &l->packets;

	if (s->marks > 0)
		text_format(order, "marked %u", s->marks);
	if (a->packets.rows == 0)
		return;
	words_count(place, a->packets.first + a->packets.selected_row + 1);
	text_put(place, a->packets.counted ? " of " : " of more than ");
	words_count(place, a->packets.matched);
}

static char *packets_match(struct look *l, enum filter_scope *scope)
{
	*scope = FILTER_PACKETS;
	return l->packets.match;
}

static const char *packets_status(const struct look *l, const struct answer *a)
{
	return l->packets.searching ? " SEARCHING " : l->packets.marked_only ? " MARKED " : l->live && !a->ended && l->packets.follow ? " FOLLOW " : "";
}

const struct screen screen_packets = {
	.name = "Packets",
	.brief = "Pkt",
	.place = IN_PACKETS,
	.enter = packets_enter,
	.ask = packets_ask,
	.asked = packets_asked,
	.answered = packets_answered,
	.draw = packets_draw,
	.act = packets_act,
	.standing = packets_standing,
	.match = packets_match,
	.prompted = packets_prompted,
	.status = packets_status,
};
