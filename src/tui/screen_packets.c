/* Packets: the list, the layers of the selected one, its bytes, and what the selected
 * field means.
 *
 * The selection is a packet's number. Focus goes list, layers, bytes; where there is
 * room for one pane only (fewer than 16 rows, or zoomed) that is the focused one.
 * A packet never changes its place, so while paused one can still move: nothing
 * comes by itself. What keys do is in packets_keys.c.
 */
#include <string.h>

#include "means.h"
#include "screen.h"
#include "words.h"

/* ---- queries ------------------------------------------------------------------------------ */

/* Of these flows, until the digit comes again. */
static void packets_narrow(struct look *l, const uint64_t *flow, unsigned flows)
{
	struct packets_look *s = &l->packets;
	bool same = s->flows == flows && memcmp(s->flow, flow, flows * sizeof *flow) == 0;
	struct text t;

	s->flows = flows;
	memcpy(s->flow, flow, flows * sizeof *flow);
	s->narrowed = true;
	s->follow = s->marked_only = false;
	s->to_first = !same && l->screen != SCREEN_PACKETS;
	text_init(&t, l->message, sizeof l->message);
	text_put(&t, flows > 1 ? "packets of the marked connections" : "packets of one connection");
	text_put(&t, "; 3 again shows all");
	l->message_bad = false;
}

void packets_widen(struct look *l)
{
	struct packets_look *s = &l->packets;

	if (s->flows > 0)
		screen_say(l, false, "packets of all connections");
	s->flows = 0;
	s->narrowed = false;
	s->follow = s->follow || (l->live && s->selected == 0);
}

/* Its digit once more: of all, or of the selected packet's connection. */
static enum reaction packets_again(struct look *l, const struct answer *a)
{
	struct packets_look *s = &l->packets;
	uint64_t flow = a->packets.detail.number != 0 ? a->packets.detail.row.flow : 0;

	if (s->flows == 0 && flow == 0)
		return screen_say(l, false, "this packet belongs to no connection: these are all packets");
	if (s->flows == 0)
		packets_narrow(l, &flow, 1);
	else
		packets_widen(l);
	return REACT_ASK;
}

static void packets_enter(struct look *l, const struct answer *a)
{
	struct packets_look *s = &l->packets;

	if (s->given) {
		s->given = false;
		return;
	}
	s->line_chosen = false;
	if (l->screen == SCREEN_LADDER) { /* its connections, at its packet */
		memcpy(s->flow, l->ladder.flow, sizeof s->flow);
		s->flows = l->ladder.flows;
		s->selected = l->ladder.selected;
		s->follow = s->marked_only = s->narrowed = false;
		return;
	}
	if (l->screen == SCREEN_CONNECTIONS && l->list.group == GROUP_NONE && a->rows > 0 && l->selected != 0)
		packets_narrow(l, l->marks >= 2 ? l->marked : &l->selected, l->marks >= 2 ? l->marks : 1);
	else if (l->screen == SCREEN_STREAM && l->stream.flow != 0)
		packets_narrow(l, &l->stream.flow, 1);
	else
		packets_widen(l);
	if (l->screen == SCREEN_CONNECTIONS && l->list.group != GROUP_NONE)
		screen_say(l, false, "packets of all: a group is selected; Enter opens it, then 3 shows those of one "
				     "connection");
}

enum reaction packets_of(struct look *l, const uint64_t *flow, unsigned flows, const struct answer *a)
{
	struct packets_look *s = &l->packets;
	bool same = s->flows == flows && (flows == 0 || memcmp(s->flow, flow, flows * sizeof *flow) == 0);

	s->flows = flows < QUERY_TOGETHER ? flows : QUERY_TOGETHER;
	if (s->flows > 0)
		memcpy(s->flow, flow, s->flows * sizeof *flow);
	s->given = true;
	s->follow = s->marked_only = s->narrowed = s->line_chosen = false;
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
	q->find_stop = s->find_stop;
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

	if (s->seeking && !s->finding && (s->move != 0 || s->to_first || s->to_last || s->to_number)) { /* who moves ends it */
		s->seeking = false;
		screen_say(l, false, "the search was stopped: you moved in the list");
	}
	s->move = 0;
	s->scroll = s->to_first = s->to_last = s->finding = s->find_stop = false;
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

/* What was found is beyond the end: in the words that Connections has. */
static void packets_round(struct look *l)
{
	const struct packets_look *s = &l->packets;
	struct text t;

	text_init(&t, l->message, sizeof l->message);
	text_put(&t, "found: ");
	if (s->find == FIND_TEXT)
		text_foreign(&t, s->find_for, s->find_len, false);
	for (unsigned i = 0; s->find == FIND_BYTES && i < s->find_len; i++) {
		text_put(&t, i > 0 ? " " : "");
		text_hex(&t, s->find_for[i], 2);
	}
	text_put(&t, s->find == FIND_TEXT || s->find == FIND_BYTES ? "" : "a verdict");
	text_put(&t, s->find_back ? ", round from the last row" : ", round from the first row");
	l->message_bad = false;
}

static void packets_answered(struct look *l, const struct answer *a)
{
	struct packets_look *s = &l->packets;
	const struct packet_answer *p = &a->packets;
	struct text t;

	if (a->about == QUERY_FLOWS && s->step != 0)
		packets_stepped(l, a);
	if (a->about != QUERY_PACKETS)
		return;
	s->searching = p->looking;
	if (p->not_found)
		screen_say(l, false, s->find == FIND_NOTHING || s->find == FIND_VERDICT ? "no packet of these has a verdict"
										       : "no packet of these has it");
	else if (p->found_round)
		packets_round(l);
	/* Whoever moved meanwhile has ended it. */
	s->seeking = s->seeking && p->looking && p->selected == s->selected;
	text_init(&t, s->progress, sizeof s->progress);
	text_format(&t, " SEARCHING %u %% ", p->looked);
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
	packets_hint(s, a, c, at->message);
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
	return l->packets.searching ? l->packets.progress : l->packets.marked_only ? " MARKED " : l->live && !a->ended && l->packets.follow ? " FOLLOW " : "";
}

/* Whose packets these are, at the length that there is room for. */
static void packets_scope(const struct look *l, const struct answer *a, unsigned room, struct text *t)
{
	const struct packets_look *s = &l->packets;
	const struct flow_record *r = &a->packets.subject;

	if (s->flows == 0)
		return;
	if (s->flows > 1) {
		text_format(t, "%u connections", s->flows);
		return;
	}
	text_put(t, "of ");
	if (a->packets.has_subject && r->id == s->flow[0]) {
		tuple_endpoint(t, &r->client);
		text_put(t, " → ");
		tuple_endpoint(t, &r->server);
	}
	if (t->len > 3 && canvas_width(t->at) <= room)
		return;
	if (t->len > 3) {
		text_reset(t);
		text_put(t, "of ");
		tuple_endpoint(t, &r->client);
		if (canvas_width(t->at) <= room)
			return;
	}
	text_reset(t);
	text_put(t, "of conn #");
	text_u64(t, s->flow[0]);
}

const struct screen screen_packets = {
	.name = "Packets",
	.brief = "Pkt",
	.place = IN_PACKETS,
	.enter = packets_enter,
	.again = packets_again,
	.ask = packets_ask,
	.asked = packets_asked,
	.answered = packets_answered,
	.draw = packets_draw,
	.act = packets_act,
	.standing = packets_standing,
	.match = packets_match,
	.prompted = packets_prompted,
	.status = packets_status,
	.scope = packets_scope,
};
