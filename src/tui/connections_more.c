/* Actions of the Connections screen that neither move nor sort: which rows are shown, which
 * columns are in sight, a filter from the selected row, the 4-tuple to copy.
 */
#include <string.h>

#include "columns.h"
#include "screen.h"
#include "sockeye/clock.h"
#include "words.h"

static enum reaction connections_marked_only(struct look *l)
{
	if (l->marks == 0)
		return screen_say(l, false, "nothing is marked; Space marks");
	l->list.marked_only = !l->list.marked_only;
	l->fresh = true;
	screen_say(l, false, l->list.marked_only ? "only those marked; & shows the others" : "all, marked or not");
	return REACT_ASK;
}

static enum reaction connections_unmark(struct look *l)
{
	if (l->marks == 0)
		return screen_say(l, false, "nothing is marked; Space marks");
	l->marks = 0;
	l->fresh = l->fresh || l->list.marked_only;
	l->list.marked_only = false;
	screen_say(l, false, "all marks are off");
	return REACT_ASK;
}

/* In the order in which they were marked, from the selected one on, and round. */
static enum reaction connections_to_mark(struct look *l, bool back)
{
	unsigned at = 0;

	if (l->marks == 0)
		return screen_say(l, false, "nothing is marked; Space marks");
	while (at < l->marks && l->marked[at] != l->selected)
		at++;
	at = at == l->marks ? (back ? l->marks - 1 : 0) : (at + (back ? l->marks - 1 : 1)) % l->marks;
	l->selected = l->marked[at];
	l->stick = STICK_NONE;
	l->list.by_line = false;
	return REACT_ASK;
}

static enum reaction connections_closed(struct look *l)
{
	l->list.open_only = !l->list.open_only;
	l->fresh = true;
	screen_say(l, false, l->list.open_only ? "those that are over are hidden; x shows them" : "all, open or over");
	return REACT_ASK;
}

enum reaction connections_packets(struct look *l, const struct answer *a)
{
	const bool together = l->marks >= 2;

	if (a->rows == 0)
		return screen_say(l, false, "nothing is selected");
	return packets_of(l, together ? l->marked : &a->row[a->selected_row].id, together ? l->marks : 1, a);
}

/* Their packets, and the dialog over them; Esc and Esc again come back. */
static enum reaction connections_save(struct look *l, const struct answer *a)
{
	enum reaction shown = connections_packets(l, a);

	if (l->screen == SCREEN_PACKETS)
		(void)save_open(l, SAVE_OF_PACKETS, a);
	return shown;
}

static enum reaction connections_follow(struct look *l, const struct answer *a)
{
	if (!l->list.by_line && a->first + a->selected_row >= QUERY_ROWS)
		return screen_say(l, true, "beyond row 200 the selection always follows its connection");
	l->list.by_line = !l->list.by_line;
	l->stick = STICK_NONE;
	screen_say(l, false, l->list.by_line ? "the line stays selected, whoever comes to stand there; F follows again"
					     : "the selection follows its connection");
	return REACT_ASK;
}

static enum reaction connections_scroll(struct look *l, const struct layout *at, int step)
{
	struct columns set;

	columns_fit(l, at->width, &set);
	if (step > 0 && !set.more_right)
		return screen_say(l, false, set.more_left ? "that was the last column" : "all columns are in sight; c "
											 "chooses others");
	if (step < 0 && !set.more_left)
		return screen_say(l, false, "that was the first column");
	l->list.skipped += (unsigned)step;
	return REACT_DRAW;
}

/* A condition that the selected row fulfils by the column that it is sorted by. */
static bool connections_condition(struct text *t, const struct look *l, const struct flow_record *r)
{
	const struct record_owner *owner;
	int64_t ns;

	switch (look_sorts[l->sort].column) {
	case COLUMN_CLIENT:
		text_put(t, "src:");
		tuple_address(t, &r->client.ip, r->client.family);
		return true;
	case COLUMN_HANDSHAKE:
		if (!record_has(r, RECORD_HS_FIRST_SYN_TO_ACK))
			return false;
		text_format(t, "setup>=%lldus", (long long)(r->first_syn_to_ack / (int64_t)CLOCK_US));
		return true;
	case COLUMN_BYTES:
		text_format(t, "bytes>=%llu", (unsigned long long)(r->bytes[0] + r->bytes[1]));
		return true;
	case COLUMN_UP:
		text_format(t, "bytes.client>=%llu", (unsigned long long)r->bytes[0]);
		return true;
	case COLUMN_DOWN:
		text_format(t, "bytes.server>=%llu", (unsigned long long)r->bytes[1]);
		return true;
	case COLUMN_RTX:
		text_put(t, "retrans>0");
		return true;
	case COLUMN_PROCESS:
		owner = record_process(r, 0) != NULL ? record_process(r, 0) : record_process(r, 1);
		if (owner == NULL)
			return false;
		text_format(t, "pid:%d", (int)owner->pid);
		return true;
	case COLUMN_RTT:
		if (!query_round_trip(r, &ns))
			return false;
		text_format(t, "rtt>=%lldus", (long long)(ns / (int64_t)CLOCK_US));
		return true;
	case COLUMN_STATE:
		text_put(t, "state:");
		text_put(t, record_has(r, RECORD_STATE) ? r->state : "");
		return record_has(r, RECORD_STATE);
	case COLUMN_SERVICE:
		text_put(t, "service:");
		text_put(t, record_has(r, RECORD_SERVICE) ? r->service : "");
		return record_has(r, RECORD_SERVICE);
	case COLUMN_SERVER:
		text_put(t, "dst:");
		tuple_address(t, &r->server.ip, r->server.family);
		return true;
	default: /* the start: what it was about */
		if (r->server.has_port)
			text_format(t, "port:%u", (unsigned)r->server.port);
		else
			text_format(t, "proto:%s", r->proto != NULL ? r->proto : "ip");
		return true;
	}
}

/* Into the prompt, behind what stands there already. */
static enum reaction connections_from_cell(struct look *l, const struct answer *a)
{
	char line[QUERY_MATCH];
	struct text t;

	if (a->rows == 0)
		return screen_say(l, false, "nothing is selected");
	text_init(&t, line, sizeof line);
	text_put(&t, l->match);
	if (t.len > 0)
		text_char(&t, ' ');
	if (!connections_condition(&t, l, &a->row[a->selected_row]))
		return screen_say(l, true, "the selected row has no value in the column that it is sorted by");
	if (t.cut)
		return screen_say(l, true, "the filter has no room for more");
	prompt_open(l, PROMPT_FILTER);
	prompt_set(l, line);
	l->fresh = true;
	return REACT_ASK;
}

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

enum reaction connections_more(struct look *l, enum action act, const struct answer *a, const struct layout *at)
{
	switch (act) {
	case ACTION_MARKED: return connections_marked_only(l);
	case ACTION_UNMARK: return connections_unmark(l);
	case ACTION_MARK_NEXT: return connections_to_mark(l, false);
	case ACTION_MARK_BACK: return connections_to_mark(l, true);
	case ACTION_CLOSED: return connections_closed(l);
	case ACTION_FOLLOW: return connections_follow(l, a);
	case ACTION_FROM_CELL: return connections_from_cell(l, a);
	case ACTION_LEFT: return connections_scroll(l, at, -1);
	case ACTION_RIGHT: return connections_scroll(l, at, 1);
	case ACTION_YANK: return connections_yank(l, a);
	case ACTION_SAVE: return connections_save(l, a);
	default: return REACT_DRAW;
	}
}
