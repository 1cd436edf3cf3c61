/* The ladder: one line per segment of a connection, or of several.
 *
 * Promises: what is selected is a packet's number and survives folding, other
 * times, another size and what comes in. It asks for some rows more than are in
 * sight, before the first: from those it says of a row how many bytes are missing
 * before it. `[` and `]` go through the list of connections in its order without
 * leaving; the list goes along.
 */
#include <string.h>

#include "screen.h"
#include "words.h"

struct ladder_rows ladder_rows(const struct layout *at)
{
	struct ladder_rows r = {.ends = at->head};
	unsigned bottom = at->message ? at->message : at->bar;

	if (at->pane_rows > 0)
		r.sums = r.ends + 1;
	if (at->tabs > 0)
		r.heads = r.ends + (r.sums ? 2 : 1);
	r.list = (r.heads ? r.heads : r.ends) + 1;
	r.pane = at->pane_rows >= 5 ? 3 : at->pane_rows > 0 ? 1 : 0;
	r.rule = at->pane_rows > 0 ? bottom - r.pane - 1 : 0;
	r.rows = (r.rule ? r.rule : bottom) - r.list;
	if (r.rows > QUERY_ROWS - LADDER_BEFORE)
		r.rows = QUERY_ROWS - LADDER_BEFORE;
	return r;
}

unsigned ladder_read(struct segment g[QUERY_ROWS], const struct packet_answer *p)
{
	unsigned n = p->rows < QUERY_ROWS ? p->rows : QUERY_ROWS;

	if (p->togethers > 0)
		segment_read(g, p->row, n, p->together, p->togethers < QUERY_TOGETHER ? p->togethers : QUERY_TOGETHER);
	else
		segment_read(g, p->row, n, &p->subject, p->has_subject);
	return n;
}

unsigned ladder_top(const struct ladder_look *s, const struct packet_answer *a, unsigned rows)
{
	unsigned top = a->selected_row > s->anchor ? a->selected_row - s->anchor : 0;

	if (top + rows > a->rows)
		top = a->rows > rows ? a->rows - rows : 0;
	if (a->selected_row >= top + rows)
		top = a->selected_row - rows + 1;
	return top;
}

/* ---- which connections ----------------------------------------------------------- */

static void ladder_of(struct ladder_look *s, const uint64_t *flow, unsigned flows)
{
	enum times times = s->times;
	bool raw = s->raw, events = s->events, all = s->all, no_acks = s->no_acks;

	memset(s, 0, sizeof *s);
	memcpy(s->flow, flow, flows * sizeof *flow);
	s->flows = flows;
	s->times = times;
	s->raw = raw;
	s->events = events;
	s->all = all;
	s->no_acks = no_acks;
	s->to_first = true;
}

static bool ladder_open(uint64_t flow, const struct answer *a)
{
	for (unsigned i = 0; i < a->rows; i++)
		if (a->row[i].id == flow)
			return record_has(&a->row[i], RECORD_OPEN) && a->row[i].open;
	return false;
}

/* Two or more that are marked stand together, wherever the selection has gone on to. */
static void ladder_enter(struct look *l, const struct answer *a)
{
	struct ladder_look *s = &l->ladder;
	bool together = l->marks >= 2 && l->marks <= QUERY_TOGETHER;
	const uint64_t *flow = together ? l->marked : &l->selected;
	unsigned flows = together ? l->marks : 1;

	if (s->flows != flows || memcmp(s->flow, flow, flows * sizeof *flow) != 0) {
		ladder_of(s, flow, flows);
		/* Live, what comes is what one waits for: at its end, unless nothing more will come. */
		s->follow = l->live && !a->ended && ladder_open(flow[0], a);
		s->to_first = !s->follow;
	}
	/* From Packets: at the packet that was looked at there. */
	if (l->screen == SCREEN_PACKETS && l->packets.selected != 0 && a->packets.has_subject && flows == 1 &&
	    a->packets.subject.id == flow[0]) {
		s->selected = l->packets.selected;
		s->to_first = s->follow = false;
	}
}

/* ---- queries ------------------------------------------------------------------------ */

static unsigned ladder_clip(int64_t line, unsigned rows)
{
	return (unsigned)(line < 0 ? 0 : line >= rows ? (int64_t)rows - 1 : line);
}

/* The connection before or after this one, in the order of the list. */
static void ladder_ask_step(const struct look *l, const struct answer *a, const struct layout *at, int64_t now_ns,
			    struct query *out)
{
	screens[SCREEN_CONNECTIONS]->ask(l, a, at, now_ns, out);
	out->to_first = out->to_last = false;
	out->selected = l->ladder.flow[0];
	memset(out->otherwise, 0, sizeof out->otherwise);
	out->move = l->ladder.step;
}

static void ladder_ask(const struct look *l, const struct answer *a, const struct layout *at, int64_t now_ns,
		       struct query *out)
{
	const struct ladder_look *s = &l->ladder;
	struct packet_query *q = &out->packets;
	struct ladder_rows rows = ladder_rows(at);

	if (s->step != 0) {
		ladder_ask_step(l, a, at, now_ns, out);
		return;
	}
	out->about = QUERY_PACKETS;
	memcpy(q->flow, s->flow, sizeof q->flow);
	q->flows = s->flows;
	q->fold = !s->all && !s->events;
	q->events = s->events;
	q->no_acks = s->no_acks && !s->events;
	memcpy(q->unfolded, s->unfolded, sizeof q->unfolded);
	q->unfolds = s->unfolds;
	q->selected = s->selected;
	q->move = s->move;
	q->to_first = s->to_first;
	q->to_last = s->to_last || s->follow;
	q->rows = rows.rows + LADDER_BEFORE;
	q->anchor = LADDER_BEFORE + ladder_clip((int64_t)s->anchor + (s->scroll ? 0 : s->move), rows.rows);
	q->detail = rows.rule > 0;
	if (l->whole.on)
		ladder_whole_ask(&l->whole, q);
}

static void ladder_asked(struct look *l)
{
	struct ladder_look *s = &l->ladder;

	if (s->step != 0 || l->whole.on)
		return;
	if (s->lines > 0 && !s->scroll)
		s->anchor = ladder_clip((int64_t)s->anchor + s->move, s->lines);
	if (s->to_first)
		s->anchor = 0;
	s->move = 0;
	s->scroll = s->to_first = s->to_last = false;
}

/* The neighbour in the list is there: its ladder next. */
static void ladder_stepped(struct look *l, const struct answer *a)
{
	struct ladder_look *s = &l->ladder;
	int step = s->step;

	s->step = 0;
	if (step == 0)
		return;
	if (a->selected == 0 || a->selected == s->flow[0]) {
		screen_say(l, false, step > 0 ? "this is the last connection of the list" : "this is the first connection of the list");
		return;
	}
	l->stick = STICK_NONE;
	screens[SCREEN_CONNECTIONS]->answered(l, a);
	ladder_of(s, &l->selected, 1);
	l->again = true;
}

static void ladder_learn(struct ladder_look *s, const struct packet_answer *p)
{
	for (unsigned i = 0; i < p->rows; i++) {
		const struct packet_row *r = &p->row[i];

		for (unsigned f = 0; f < s->flows; f++)
			if (s->flow[f] == r->flow && r->from.family != FAMILY_NONE) {
				s->end[f][r->side & 1] = r->from;
				s->end[f][(r->side & 1) ^ 1] = r->to;
			}
		if (!r->gone && !r->no_time && (s->begin_ns == 0 || r->ts_ns < s->begin_ns))
			s->begin_ns = r->ts_ns;
	}
	if (s->flows == 1 && p->has_subject)
		s->begin_ns = p->subject.first_ns;
}

static void ladder_answered(struct look *l, const struct answer *a)
{
	struct ladder_look *s = &l->ladder;
	const struct packet_answer *p = &a->packets;

	if (a->about == QUERY_FLOWS)
		ladder_stepped(l, a);
	if (a->about != QUERY_PACKETS)
		return;
	if (l->whole.on) {
		ladder_whole_answered(l, a);
		return;
	}
	s->selected = p->selected;
	ladder_learn(s, p);
	/* Live, who has come down to the last row stays there. */
	if (l->live && !a->ended && s->move == 0 && !s->to_first && p->rows > 0 && p->first + p->selected_row > 0)
		s->follow = p->first + p->selected_row + 1 >= p->matched;
	else if (a->ended || s->move != 0)
		s->follow = false;
}

/* ---- drawing -------------------------------------------------------------------------- */

static void ladder_nothing(const struct ladder_look *s, const struct answer *a, struct canvas *c, unsigned y)
{
	const char *words = s->flow[0] == 0 ? "no connection is selected: 1 shows them"
			    : a->packets.trouble[0] != '\0' ? a->packets.trouble
			    : s->events	    ? "no event yet; e shows all segments"
			    : a->packets.elsewhere > 0 ? "its packets are no longer in the history"
						       : "no packet of it is there yet";

	canvas_cut(c, 2, y, c->width, ROLE_DIM, words);
}

static void ladder_draw(struct look *l, const struct answer *a, struct canvas *c, const struct layout *at)
{
	struct ladder_look *s = &l->ladder;
	const struct packet_answer *p = &a->packets;
	struct ladder_rows rows = ladder_rows(at);
	struct ladder_columns columns;
	struct segment g[QUERY_ROWS];
	unsigned n = p->rows < QUERY_ROWS ? p->rows : QUERY_ROWS, top = ladder_top(s, p, rows.rows);

	s->lines = rows.rows;
	s->width = c->width;
	s->ascii = c->ascii;
	if (a->about != QUERY_PACKETS && n == 0) {
		ladder_nothing(s, a, c, rows.list + 1);
		return;
	}
	columns = ladder_columns(s, c->width);
	(void)ladder_read(g, p);
	ladder_ends(s, a, c, rows.ends);
	if (rows.sums > 0)
		ladder_sums(s, a, g, n, c, rows.sums);
	if (rows.heads > 0)
		ladder_heads(s, &columns, a, c, rows.heads);
	if (n == 0)
		ladder_nothing(s, a, c, rows.list + 1);
	for (unsigned i = 0; i < rows.rows && top + i < n; i++) {
		ladder_line(s, &columns, &g[top + i], c, rows.list + i);
		if (top + i != p->selected_row)
			continue;
		canvas_put(c, 0, rows.list + i, 1, ROLE_TEXT, "▶");
		canvas_attr(c, 0, rows.list + i, c->width, ATTR_REVERSE);
	}
	ladder_pane(s, p->selected_row < n ? &g[p->selected_row] : NULL, a, c, &rows);
}

/* ---- actions ----------------------------------------------------------------------------- */

/* While paused the last answer stands: the selection moves inside it. */
static enum reaction ladder_move_paused(struct look *l, struct packet_answer *p, int64_t move)
{
	int64_t to = (int64_t)p->selected_row + move;
	struct ladder_look *s = &l->ladder;

	if (p->rows == 0)
		return REACT_NOTHING;
	if ((to < 0 && p->first > 0) || (to >= p->rows && p->first + p->rows < p->matched))
		screen_say(l, false, "paused: what is kept of the packets ends here; Z goes on");
	to = to < 0 ? 0 : to >= p->rows ? (int64_t)p->rows - 1 : to;
	s->anchor = ladder_clip((int64_t)s->anchor + to - p->selected_row, s->lines > 0 ? s->lines : 1);
	p->selected_row = (unsigned)to;
	p->selected = s->selected = p->row[to].number;
	return REACT_DRAW;
}

static enum reaction ladder_move(struct look *l, struct answer *a, int64_t move, bool scroll)
{
	if (l->paused)
		return ladder_move_paused(l, &a->packets, move);
	l->ladder.move += move;
	l->ladder.scroll = scroll;
	if (move < 0)
		l->ladder.follow = false;
	return REACT_ASK;
}

static enum reaction ladder_to_end(struct look *l, struct answer *a, bool last)
{
	struct ladder_look *s = &l->ladder;

	if (l->paused)
		return ladder_move_paused(l, &a->packets, last ? QUERY_ROWS : -QUERY_ROWS);
	s->to_first = !last;
	s->to_last = last;
	s->move = 0;
	s->follow = last && l->live && !a->ended;
	return REACT_ASK;
}

static enum reaction ladder_moves(struct look *l, enum action act, struct answer *a, unsigned rows)
{
	switch (act) {
	case ACTION_UP: return ladder_move(l, a, -1, false);
	case ACTION_DOWN: return ladder_move(l, a, 1, false);
	case ACTION_PAGE_UP: return ladder_move(l, a, -(int64_t)rows, true);
	case ACTION_PAGE_DOWN: return ladder_move(l, a, rows, true);
	case ACTION_HALF_UP: return ladder_move(l, a, -(int64_t)(rows + 1) / 2, true);
	case ACTION_HALF_DOWN: return ladder_move(l, a, (rows + 1) / 2, true);
	case ACTION_FIRST: return ladder_to_end(l, a, false);
	case ACTION_LAST: return ladder_to_end(l, a, true);
	default: return REACT_NOTHING;
	}
}

static enum reaction ladder_unfold(struct look *l, const struct packet_answer *p)
{
	struct ladder_look *s = &l->ladder;

	if (p->selected_row >= p->rows || p->row[p->selected_row].folded == 0)
		return screen_say(l, false, "not a folded run: + unfolds the lines with ⋯");
	if (s->unfolds == QUERY_UNFOLDED) { /* the oldest folds again */
		memmove(s->unfolded, s->unfolded + 1, (QUERY_UNFOLDED - 1) * sizeof s->unfolded[0]);
		s->unfolds--;
	}
	s->unfolded[s->unfolds++] = p->row[p->selected_row].number;
	return REACT_ASK;
}

/* The run that was unfolded last before this segment. */
static enum reaction ladder_fold(struct look *l)
{
	struct ladder_look *s = &l->ladder;
	unsigned best = s->unfolds;

	if (s->all) {
		s->all = false;
		return REACT_ASK;
	}
	for (unsigned i = 0; i < s->unfolds; i++)
		if (s->unfolded[i] <= s->selected && (best == s->unfolds || s->unfolded[i] > s->unfolded[best]))
			best = i;
	if (best == s->unfolds)
		return screen_say(l, false, "nothing is unfolded here");
	s->selected = s->unfolded[best];
	s->unfolded[best] = s->unfolded[--s->unfolds];
	return REACT_ASK;
}

static enum reaction ladder_fold_all(struct look *l)
{
	l->ladder.all = !l->ladder.all;
	l->ladder.unfolds = 0;
	screen_say(l, false, l->ladder.all ? "every segment has its line; * folds" : "runs of plain data and ACKs are folded");
	return REACT_ASK;
}

static enum reaction ladder_events(struct look *l)
{
	l->ladder.events = !l->ladder.events;
	screen_say(l, false, l->ladder.events ? "events only: no plain data and ACKs" : "all segments");
	return REACT_ASK;
}

static enum reaction ladder_acks(struct look *l)
{
	l->ladder.no_acks = !l->ladder.no_acks;
	screen_say(l, false, l->ladder.no_acks ? "plain ACKs are left out; a shows them" : "plain ACKs are shown again");
	return REACT_ASK;
}

static enum reaction ladder_step(struct look *l, int step)
{
	if (l->paused)
		return screen_say(l, false, "paused: Z first, then another connection");
	l->ladder.step = step;
	return REACT_ASK;
}

enum reaction ladder_save(struct look *l, const struct packet_answer *p)
{
	if (p->rows == 0)
		return screen_say(l, false, "nothing to save");
	ladder_whole_release(&l->whole);
	l->whole.on = true;
	screen_say(l, false, "writing the whole ladder");
	return REACT_ASK;
}

static void yank_line(void *to, const char *line)
{
	while (*line == ' ')
		line++;
	text_put(to, line);
}

static enum reaction ladder_yank(struct look *l, const struct answer *a)
{
	const struct packet_answer *p = &a->packets;
	struct segment g[QUERY_ROWS];
	unsigned n = p->rows < QUERY_ROWS ? p->rows : QUERY_ROWS;
	struct text t;

	if (p->selected_row >= n)
		return screen_say(l, false, "nothing is selected");
	(void)ladder_read(g, p);
	text_init(&t, l->message, sizeof l->message);
	ladder_text_row(&l->ladder, &g[p->selected_row], l->ladder.width, l->ladder.ascii, yank_line, &t);
	l->message_bad = false;
	return REACT_DRAW;
}

static enum reaction ladder_act(struct look *l, enum action act, struct answer *a, const struct layout *at,
				int64_t now_ns)
{
	enum reaction moved = ladder_moves(l, act, a, ladder_rows(at).rows);

	(void)now_ns;
	if (moved != REACT_NOTHING)
		return moved;
	if (l->paused && (act == ACTION_UNFOLD || act == ACTION_FOLD || act == ACTION_FOLD_ALL || act == ACTION_EVENTS ||
			  act == ACTION_ACKS))
		return screen_say(l, false, "paused: Z first, then fold and unfold");
	switch (act) {
	case ACTION_DEEPER:
	case ACTION_PACKETS:
		return a->packets.rows > 0 ? screen_show(l, SCREEN_PACKETS, a, true) : REACT_DRAW;
	case ACTION_STREAM: return stream_open(l, l->ladder.flows ? l->ladder.flow[0] : 0, a);
	case ACTION_BACK: return screen_show(l, l->from[SCREEN_LADDER], a, false);
	case ACTION_UNFOLD: return ladder_unfold(l, &a->packets);
	case ACTION_FOLD: return ladder_fold(l);
	case ACTION_FOLD_ALL: return ladder_fold_all(l);
	case ACTION_EVENTS: return ladder_events(l);
	case ACTION_TIMES: return look_times_next(l, l->ladder.times);
	case ACTION_RAW: return look_raw_next(l);
	case ACTION_ACKS: return ladder_acks(l);
	case ACTION_CONNECTION_BACK: return ladder_step(l, -1);
	case ACTION_CONNECTION_NEXT: return ladder_step(l, 1);
	case ACTION_YANK: return ladder_yank(l, a);
	case ACTION_SAVE: return save_open(l, SAVE_OF_LADDER, a);
	default: return REACT_DRAW;
	}
}

/* "20 of 61", and which of the connections of the list. */
static void ladder_standing(const struct look *l, const struct answer *a, struct text *place, struct text *order)
{
	const struct packet_answer *p = &a->packets;

	if (p->matched > 0 && p->selected != 0) {
		words_count(place, p->first + p->selected_row + 1);
		text_put(place, " of ");
		if (!p->counted)
			text_put(place, "≥ ");
		words_count(place, p->matched);
	}
	if (l->ladder.flows > 1) {
		text_format(order, "%u connections", l->ladder.flows);
	} else if (a->selected_row < a->rows && a->row[a->selected_row].id == l->ladder.flow[0]) {
		text_put(order, "conn ");
		words_count(order, a->first + a->selected_row + 1);
		text_put(order, " of ");
		words_count(order, a->matched);
	}
}

static const char *ladder_status(const struct look *l, const struct answer *a)
{
	return l->live && !a->ended && l->ladder.follow ? " FOLLOW " : l->ladder.events ? " EVENTS " :
	       l->ladder.no_acks ? " NO ACKS " : "";
}

const struct screen screen_ladder = {
	.name = "Ladder",
	.brief = "Ladr",
	.place = IN_LADDER,
	.enter = ladder_enter,
	.ask = ladder_ask,
	.asked = ladder_asked,
	.answered = ladder_answered,
	.draw = ladder_draw,
	.act = ladder_act,
	.standing = ladder_standing,
	.status = ladder_status,
};
