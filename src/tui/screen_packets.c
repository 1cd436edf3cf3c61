/* Packets: the list, the layers, the bytes. */
#include <string.h>

#include "screen.h"
#include "words.h"

static void packets_enter(struct look *l, const struct answer *a)
{
	struct packets_look *s = &l->packets;

	(void)a;
	/* From the ladder: its connections, at its packet. By its digit: all there are. */
	if (l->screen != SCREEN_LADDER)
		return;
	memcpy(s->flow, l->ladder.flow, sizeof s->flow);
	s->flows = l->ladder.flows;
	s->selected = l->ladder.selected;
}

static void packets_ask(const struct look *l, const struct answer *a, const struct layout *at, int64_t now_ns,
		       struct query *out)
{
	const struct packets_look *s = &l->packets;
	struct packet_query *q = &out->packets;
	int64_t anchor = (int64_t)s->anchor + (s->scroll ? 0 : s->move);

	(void)a, (void)now_ns;
	out->about = QUERY_PACKETS;
	memcpy(q->flow, s->flow, sizeof q->flow);
	q->flows = s->flows;
	memcpy(q->match, s->match, sizeof q->match);
	q->to_number = s->to_number;
	q->detail = true;
	q->selected = s->selected;
	q->move = s->move;
	q->to_first = s->to_first;
	q->to_last = s->to_last || s->follow;
	q->rows = at->rows;
	q->anchor = (unsigned)(anchor < 0 ? 0 : anchor >= at->rows ? (int64_t)at->rows - 1 : anchor);
}

static void packets_asked(struct look *l)
{
	l->packets.move = 0;
	l->packets.scroll = l->packets.to_first = l->packets.to_last = false;
	l->packets.to_number = 0;
}

static void packets_answered(struct look *l, const struct answer *a)
{
	if (a->about != QUERY_PACKETS)
		return;
	l->packets.selected = a->packets.selected;
	l->packets.anchor = a->packets.selected_row;
}

static void packets_draw(struct look *l, const struct answer *a, struct canvas *c, const struct layout *at)
{
	(void)l;
	for (unsigned i = 0; i < a->packets.rows && i < at->rows; i++) {
		canvas_cut(c, 1, at->list + i, c->width, ROLE_TEXT, a->packets.row[i].line);
		if (i == a->packets.selected_row)
			canvas_attr(c, 0, at->list + i, c->width, ATTR_REVERSE);
	}
}

static enum reaction packets_act(struct look *l, enum action act, struct answer *a, const struct layout *at,
				int64_t now_ns)
{
	(void)at, (void)now_ns;
	switch (act) {
	case ACTION_UP: l->packets.move--; return REACT_ASK;
	case ACTION_DOWN: l->packets.move++; return REACT_ASK;
	case ACTION_BACK: return screen_show(l, l->from[SCREEN_PACKETS], a, false);
	default: return REACT_DRAW;
	}
}

static char *packets_match(struct look *l, enum filter_scope *scope)
{
	*scope = FILTER_PACKETS;
	return l->packets.match;
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
	.match = packets_match,
};
