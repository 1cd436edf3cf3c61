/* The screen's question about packets: which rows are in sight now?
 *
 * The list (packet_list.h) knows the places of rows, the recall what a packet says. Only
 * the rows in sight are looked at. What takes longer than the answer may - a filter over
 * millions, a search - goes on between batches (engine_go_on), and the answer says so. */
#include "answers.h"

#include <stdlib.h>
#include <string.h>

#include "find.h"
#include "packet_rows.h"
#include "save.h"
#include "sockeye/clock.h"
#include "sockeye/text.h"
#include "streams.h"

bool answer_can_recall(struct remembered *m)
{
	return m->recall || recall_open(m, NULL) == 0;
}

static bool open_parts(struct remembered *m)
{
	return answer_can_recall(m) && (m->list || packet_list_open(m, NULL) == 0);
}

/* ---- which row is selected ------------------------------------------------------------------ */

static uint64_t clamp(uint64_t place, int64_t move, uint64_t rows)
{
	if (move < 0)
		return place > (uint64_t)-move ? place - (uint64_t)-move : 0;
	return (uint64_t)move < rows - place ? place + (uint64_t)move : rows - 1;
}

/* Asked for in this query, or begun by an earlier one and awaited since. */
static uint64_t select_found(struct remembered *m, const struct packet_query *q, struct packet_answer *out,
			     int64_t deadline_ns, uint64_t row)
{
	bool still = m->find.on && row == m->find.origin && q->move == 0 && !q->to_first && !q->to_last && !q->to_number;
	uint64_t number;

	if (q->find_stop) {
		m->find.on = m->find.nobody = false;
		m->found = 0;
	}
	if (q->find != FIND_NOTHING)
		find_begin(&m->find, m->list, q, row);
	else if (!still && !m->found)
		m->find.on = false;
	if (m->found && row == m->find.origin) { /* between two answers */
		number = m->found;
		m->found = 0;
		out->found_round = m->find.wrapped;
		return packet_list_near(m->list, number);
	}
	m->found = 0;
	if (!m->find.on) {
		out->not_found = m->find.nobody && row == m->find.origin;
		m->find.nobody = false;
		return row;
	}
	switch (find_go_on(&m->find, m->list, m->recall, deadline_ns, &number)) {
	case FIND_FOUND:
		out->found_round = m->find.wrapped;
		return packet_list_near(m->list, number);
	case FIND_NOBODY:
		out->not_found = true;
		break;
	case FIND_GOES_ON:
		out->looking = true;
		break;
	}
	return row;
}

static uint64_t select_row(struct remembered *m, const struct packet_query *q, struct packet_answer *out, int64_t deadline_ns)
{
	uint64_t rows = packet_list_rows(m->list), row, number;

	if (rows == 0)
		return 0;
	row = packet_list_at(m->list, 0);
	if (q->to_number)
		row = packet_list_near(m->list, q->to_number);
	else if (q->to_last)
		row = packet_list_at(m->list, rows - 1);
	else if (!q->to_first && q->selected)
		row = packet_list_near(m->list, q->selected);
	if (q->move)
		row = packet_list_at(m->list, clamp(packet_list_before(m->list, row), q->move, rows));
	number = select_found(m, q, out, deadline_ns, row);
	return number ? number : row;
}

/* ---- rows -------------------------------------------------------------------------------------- */

static void row_of(struct remembered *m, uint64_t number, struct packet_row *out)
{
	struct packet_run run;
	struct recall_brief last;
	struct recalled p;

	if (!recall(m->recall, number, true, true, &p)) {
		memset(out, 0, sizeof *out);
		out->number = number;
		out->gone = true;
		out->room = out->rtt_ns = -1;
		return;
	}
	packet_row_fill(m->recall, &p, out);
	packet_list_run(m->list, number, &run);
	if (run.packets <= 1) {
		packet_row_look_back(m->recall, number, p.verdicts, out);
		return;
	}
	out->verdicts = 0;
	out->folded = run.packets;
	memcpy(out->folded_bytes, run.bytes, sizeof out->folded_bytes);
	memcpy(out->folded_segments, run.segments, sizeof out->folded_segments);
	if (recall_brief(m->recall, run.last, &last) && !last.no_time && !out->no_time && !out->gone)
		out->folded_ns = last.ts_ns - out->ts_ns;
}

/* Numbers of the window, and their flows in one walk over the table. */
static unsigned window(struct remembered *m, uint64_t first, unsigned rows, uint64_t *numbers)
{
	uint32_t ids[QUERY_ROWS];
	unsigned n = 0;

	for (; n < rows; n++) {
		struct index_entry e;

		numbers[n] = packet_list_at(m->list, first + n);
		if (numbers[n] == 0)
			break;
		ids[n] = index_get(m->index, numbers[n], &e) ? e.flow : 0;
	}
	recall_flows(m->recall, ids, n);
	return n;
}

static void rows_in_sight(struct remembered *m, const struct packet_query *q, uint64_t selected, struct packet_answer *out)
{
	unsigned height = q->rows == 0 ? 1 : q->rows > QUERY_ROWS ? QUERY_ROWS : q->rows, n;
	unsigned anchor = q->to_last || q->anchor >= height ? height - 1 : q->anchor;
	uint64_t all = packet_list_rows(m->list), at = packet_list_before(m->list, selected), numbers[QUERY_ROWS];

	if (selected == 0)
		return;
	out->first = at > anchor ? at - anchor : 0;
	if (out->first + height > all)
		out->first = all > height ? all - height : 0;
	n = window(m, out->first, height, numbers);
	for (unsigned i = 0; i < n; i++) {
		row_of(m, numbers[i], &out->row[i]);
		if (numbers[i] == selected)
			out->selected_row = i;
	}
	out->rows = n;
	out->selected = selected;
}

/* ---- all of it ----------------------------------------------------------------------------------- */

static void detail(struct remembered *m, uint64_t selected, struct packet_detail *out)
{
	struct recalled p;
	struct text t;

	text_init(&t, out->why, sizeof out->why);
	if (selected == 0 || !recall(m->recall, selected, true, true, &p)) {
		text_put(&t, selected ? "it has been forgotten" : "");
		return;
	}
	packet_row_fill(m->recall, &p, &out->row);
	if (p.gone) {
		text_put(&t, p.why);
		return;
	}
	packet_detail_fill(&p, out);
	packet_row_look_back(m->recall, selected, p.verdicts, &out->row);
}

/* Of several connections each has its ends, its states and where it was captured. */
static void together(struct remembered *m, const struct packet_query *q, struct packet_answer *out)
{
	out->togethers = 0;
	for (unsigned i = 0; q->flows > 1 && i < q->flows && i < QUERY_TOGETHER; i++) {
		const struct flow *f = recall_flow(m->recall, q->flow[i]);

		if (f)
			flow_record_fill(&out->together[out->togethers++], engine_flows(m->engine), f, engine_paths(m->engine));
	}
}

static void subject(struct remembered *m, const struct packet_query *q, struct packet_answer *out)
{
	uint64_t id = q->flows == 1 ? q->flow[0] : 0, members;
	const struct flow *f;
	struct index_entry e;

	if (q->flows != 1 && out->selected && index_get(m->index, out->selected, &e))
		id = e.flow;
	f = recall_flow(m->recall, id);
	out->has_subject = f != NULL;
	if (!f)
		return;
	flow_record_fill(&out->subject, engine_flows(m->engine), f, engine_paths(m->engine));
	if (q->flows != 1 || q->marked_only || q->match[0] || !out->counted)
		return;
	members = packet_list_members(m->list);
	if (out->subject.packets[0] + out->subject.packets[1] > members)
		out->elsewhere = out->subject.packets[0] + out->subject.packets[1] - members;
}

static void nothing(struct packet_answer *out)
{
	memset(out, 0, offsetof(struct packet_answer, row));
	out->detail.number = 0;
	out->detail.lines = out->detail.more = 0;
	out->detail.why[0] = '\0';
	memset(out->detail.len, 0, sizeof out->detail.len);
	memset(out->detail.all, 0, sizeof out->detail.all);
	memset(&out->detail.row, 0, sizeof out->detail.row);
}

/* How far what goes on has come: the search, which looks at every packet once, else the list. */
static unsigned looked_percent(const struct remembered *m, const struct packet_answer *out)
{
	const uint64_t first = remember_first(m), all = out->total >= first ? out->total - first + 1 : 1;
	uint64_t n = m->find.on ? find_looked(&m->find, first, out->total) : packet_list_looked(m->list);

	n = m->find.on ? n : n >= first ? n - first + 1 : 0;
	n = (uint64_t)((double)n * 100 / (double)all);
	return n < 99 ? (unsigned)n : 99;
}

void answer_packets(struct engine *e, const struct packet_query *q, struct packet_answer *out, int64_t deadline_ns)
{
	struct remembered *m = engine_remembered(e);
	uint64_t selected;
	struct text t;

	nothing(out);
	if (!m || !open_parts(m)) {
		text_init(&t, out->trouble, sizeof out->trouble);
		text_put(&t, m ? "no memory to look at packets again" : "packets are not kept in this run");
		return;
	}
	packet_list_ask(m->list, q);
	(void)packet_list_go_on(m->list, deadline_ns);
	out->total = index_count(m->index);
	out->forgotten = remember_forgotten(m);
	remember_trouble(m, out->trouble, sizeof out->trouble);
	out->match_error = *packet_list_error(m->list);
	selected = select_row(m, q, out, deadline_ns);
	out->matched = packet_list_rows(m->list);
	out->counted = packet_list_done(m->list);
	out->looking |= !out->counted && !packet_list_full(m->list);
	out->looked = out->looking ? looked_percent(m, out) : 0;
	rows_in_sight(m, q, selected, out);
	if (q->detail)
		detail(m, out->selected, &out->detail);
	subject(m, q, out);
	together(m, q, out);
	m->unfinished = out->looking;
}

bool engine_unfinished(struct engine *e)
{
	const struct remembered *m = engine_remembered(e);

	return m && (m->unfinished || m->save);
}

void engine_go_on(struct engine *e, int64_t ns)
{
	struct remembered *m = engine_remembered(e);
	int64_t deadline = clock_monotonic_ns() + ns;
	enum find_result find = FIND_FOUND;
	bool list;

	if (m && m->save)
		save_go_on(m, deadline);
	if (!m || !m->unfinished)
		return;
	list = !m->list || packet_list_go_on(m->list, deadline);
	if (m->find.on && m->list && !m->found)
		find = find_go_on(&m->find, m->list, m->recall, deadline, &m->found);
	m->find.nobody = m->find.nobody || find == FIND_NOBODY;
	if (m->streams)
		list = streams_go_on(m->streams, deadline) && list;
	m->unfinished = !list || find == FIND_GOES_ON;
}
