/* The ladder: one line per segment of a connection. */
#include <string.h>

#include "screen.h"
#include "words.h"

static void ladder_enter(struct look *l, const struct answer *a)
{
	struct ladder_look *s = &l->ladder;

	(void)a;
	if (s->flows == 1 && s->flow[0] == l->selected)
		return;
	memset(s, 0, sizeof *s);
	s->flow[0] = l->selected;
	s->flows = 1;
	s->to_first = true;
}

static void ladder_ask(const struct look *l, const struct answer *a, const struct layout *at, int64_t now_ns,
		       struct query *out)
{
	const struct ladder_look *s = &l->ladder;
	struct packet_query *q = &out->packets;
	int64_t anchor = (int64_t)s->anchor + (s->scroll ? 0 : s->move);

	(void)a, (void)now_ns;
	out->about = QUERY_PACKETS;
	memcpy(q->flow, s->flow, sizeof q->flow);
	q->flows = s->flows;
	q->fold = !s->all;
	q->events = s->events;
	q->selected = s->selected;
	q->move = s->move;
	q->to_first = s->to_first;
	q->to_last = s->to_last || s->follow;
	q->rows = at->rows;
	q->anchor = (unsigned)(anchor < 0 ? 0 : anchor >= at->rows ? (int64_t)at->rows - 1 : anchor);
}

static void ladder_asked(struct look *l)
{
	l->ladder.move = 0;
	l->ladder.scroll = l->ladder.to_first = l->ladder.to_last = false;
}

static void ladder_answered(struct look *l, const struct answer *a)
{
	if (a->about != QUERY_PACKETS)
		return;
	l->ladder.selected = a->packets.selected;
	l->ladder.anchor = a->packets.selected_row;
}

static void ladder_draw(struct look *l, const struct answer *a, struct canvas *c, const struct layout *at)
{
	(void)l;
	for (unsigned i = 0; i < a->packets.rows && i < at->rows; i++) {
		canvas_cut(c, 1, at->list + i, c->width, ROLE_TEXT, a->packets.row[i].line);
		if (i == a->packets.selected_row)
			canvas_attr(c, 0, at->list + i, c->width, ATTR_REVERSE);
	}
}

static enum reaction ladder_act(struct look *l, enum action act, struct answer *a, const struct layout *at,
				int64_t now_ns)
{
	(void)at, (void)now_ns;
	switch (act) {
	case ACTION_UP: l->ladder.move--; return REACT_ASK;
	case ACTION_DOWN: l->ladder.move++; return REACT_ASK;
	case ACTION_DEEPER: return screen_show(l, SCREEN_PACKETS, a, true);
	case ACTION_STREAM: return stream_open(l, l->ladder.flows ? l->ladder.flow[0] : 0, a);
	case ACTION_BACK: return screen_show(l, l->from[SCREEN_LADDER], a, false);
	default: return REACT_DRAW;
	}
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
};
