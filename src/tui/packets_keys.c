/* What the keys of the Packets screen do: in the list, in the layers, in the bytes. */
#include <string.h>

#include "packets_find.h"
#include "screen.h"
#include "stream.h"

enum { SHIFT_STEP = 16, SHIFT_MOST = 176 };

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

static enum reaction packets_unmark(struct look *l)
{
	struct packets_look *s = &l->packets;

	if (s->marks == 0)
		return screen_say(l, false, "nothing is marked; Space marks");
	s->marks = 0;
	s->marked_only = false;
	screen_say(l, false, "all marks are off");
	return REACT_ASK;
}

/* The marked one behind the selected one, or before it, and round. */
static enum reaction packets_to_mark(struct look *l, bool back)
{
	struct packets_look *s = &l->packets;
	unsigned at = 0;

	if (s->marks == 0)
		return screen_say(l, false, "nothing is marked; Space marks");
	while (at < s->marks && (back ? s->marked[at] < s->selected : s->marked[at] <= s->selected))
		at++;
	at = back ? (at + s->marks - 1) % s->marks : at % s->marks;
	s->to_number = s->marked[at];
	s->follow = false;
	return REACT_ASK;
}

/* ---- moving ------------------------------------------------------------------------------------ */

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

static enum reaction packets_fold(struct look *l, const struct answer *a, bool open)
{
	struct packets_look *s = &l->packets;
	unsigned i = s->line;

	if (layers_line(s, a, i) == NULL)
		return screen_say(l, false, "there are no layers to fold");
	if (open && (!layers_parent(s, a, i) || layers_open(s, a, i)))
		return screen_say(l, false, layers_parent(s, a, i) ? "this is unfolded already" : "there is nothing inside this one");
	s->line_chosen = true;
	/* Of a row that is no parent, what it stands in. */
	while (i > 0 && !open && (!layers_parent(s, a, i) || !layers_open(s, a, i)) && layers_line(s, a, i)->depth > 0)
		i--;
	if (!open && i == s->line && !layers_open(s, a, i))
		return screen_say(l, false, "this is folded already");
	layers_fold(s, a, i, open);
	if (!open)
		layers_select(s, a, i, true);
	return REACT_DRAW;
}

static enum reaction packets_in_layers(struct look *l, const struct answer *a, enum action act, unsigned page)
{
	struct packets_look *s = &l->packets;
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
	case ACTION_LEFT: return packets_fold(l, a, false);
	case ACTION_RIGHT:
		if (open)
			layers_move(s, a, 1);
		else
			return packets_fold(l, a, true);
		break;
	case ACTION_MARK: return packets_fold(l, a, !open);
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
	s->finding = s->seeking = true;
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

/* Out of what is on top: the search, the pane, the marks, the filter, the screen. */
static enum reaction packets_back(struct look *l, const struct answer *a)
{
	struct packets_look *s = &l->packets;

	if (s->seeking) { /* still: the answer would come for a search that nobody waits for */
		s->seeking = s->finding = false;
		s->find_stop = true;
		screen_say(l, false, "the search was stopped; n begins again from the selected packet");
		return REACT_ASK;
	}
	if (s->zoom || s->pane != PANE_LIST) {
		s->zoom = false;
		s->pane = PANE_LIST;
		return REACT_ASK;
	}
	if (s->marked_only) {
		s->marked_only = false;
		return REACT_ASK;
	}
	if (s->narrowed) {
		packets_widen(l);
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
	struct packets_look *s = &l->packets;

	switch (act) {
	case ACTION_PANE: s->pane = (s->pane + 1) % PANES; return REACT_ASK;
	case ACTION_PANE_BACK: s->pane = (s->pane + PANES - 1) % PANES; return REACT_ASK;
	case ACTION_DEEPER:
		if (s->pane == PANE_BYTES)
			return screen_say(l, false, "nothing is deeper than the bytes; Tab goes on to the list");
		s->pane = s->pane == PANE_LIST ? PANE_LAYERS : PANE_BYTES;
		return REACT_ASK;
	case ACTION_ZOOM: s->zoom = !s->zoom; return REACT_ASK;
	case ACTION_LAYOUT:
		s->beside = !s->beside;
		return screen_say(l, false, s->beside ? "panes side by side, where there are 160 columns" : "panes below each other");
	case ACTION_TIMES: return look_times_next(l, s->times);
	case ACTION_RAW: return look_raw_next(l);
	case ACTION_BYTES: s->as = (s->as + 1) % BYTES_WAYS; return REACT_DRAW;
	case ACTION_BUFFER: bytes_next_buffer(s, a); return REACT_DRAW;
	case ACTION_FOLD: return packets_fold(l, a, false);
	case ACTION_UNFOLD: return packets_fold(l, a, true);
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

enum reaction packets_act(struct look *l, enum action act, struct answer *a, const struct layout *at, int64_t now_ns)
{
	struct packets_look *s = &l->packets;
	struct packets_panes p = packets_panes(s, at);
	enum reaction done = s->pane == PANE_LAYERS  ? packets_in_layers(l, a, act, p.layers_rows)
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
	case ACTION_UNMARK: return packets_unmark(l);
	case ACTION_MARK_NEXT: return packets_to_mark(l, false);
	case ACTION_MARK_BACK: return packets_to_mark(l, true);
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
	case ACTION_SAVE: return save_open(l, SAVE_OF_PACKETS, a);
	case ACTION_BACK: return packets_back(l, a);
	default: return REACT_DRAW;
	}
}

enum reaction packets_prompted(struct look *l, const char *text, int64_t now_ns)
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
