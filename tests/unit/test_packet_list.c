/* Lists of packets against a plain array, over conversations that are made.
 * links: engine source dissect flow filter facts base */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "packet_list_world.h"

#include "engine/recall.h"

/* ---- the tests -------------------------------------------------------------------------- */

/* All packets: the place is the number, wherever. */
static void all_packets_by_number(void **state)
{
	struct world *w = world_new(64 << 20, false);
	struct packet_query q = {.rows = 20};
	const struct packet_answer *a;

	(void)state;
	world_goes_on(w, 20000, 50);
	a = ask(w, &q);
	assert_int_equal(a->total, 20000);
	assert_int_equal(a->matched, 20000);
	assert_true(a->counted && a->selected == 1 && a->rows == 20 && a->first == 0);
	for (unsigned i = 0; i < 3000; i++) {
		q.selected = a->selected;
		q.move = (int64_t)roll(w, 4000) - 2000;
		q.to_last = roll(w, 50) == 0;
		q.to_first = !q.to_last && roll(w, 50) == 0;
		q.to_number = roll(w, 10) == 0 ? 1 + roll(w, 25000) : 0;
		q.anchor = roll(w, 30);
		if (q.to_number || q.to_last || q.to_first)
			q.move = 0;
		uint64_t expect = q.to_number ? q.to_number : q.to_last ? 20000 : q.to_first ? 1 : q.selected;
		int64_t moved = (int64_t)(expect > 20000 ? 20000 : expect) + q.move;

		expect = moved < 1 ? 1 : moved > 20000 ? 20000 : (uint64_t)moved;
		a = ask(w, &q);
		assert_int_equal(a->selected, expect);
		assert_int_equal(a->rows, 20);
		assert_int_equal(a->row[a->selected_row].number, expect);
		for (unsigned k = 0; k < 20; k++)
			assert_int_equal(a->row[k].number, a->first + k + 1);
	}
	/* The list grows, the selection stays. */
	q = (struct packet_query){.rows = 20, .selected = 777};
	world_goes_on(w, 100, 50);
	a = ask(w, &q);
	assert_int_equal(a->total, 20100);
	assert_int_equal(a->selected, 777);
	world_free(w);
}

static bool is_of(const struct world *w, unsigned i, const struct packet_query *q)
{
	for (unsigned k = 0; k < q->flows; k++)
		if (w->made[i].conversation && w->flow[w->made[i].conversation] == q->flow[k])
			return true;
	return q->flows == 0;
}

static void all_rows_are(struct world *w, struct packet_query q, bool (*is)(const struct world *w, unsigned i,
			 const struct packet_query *q))
{
	const struct packet_answer *a;
	uint64_t want = 0, place = 0;

	for (unsigned i = 0; i < w->n; i++)
		want += is(w, i, &q);
	q.rows = QUERY_ROWS;
	q.selected = 0;
	a = ask(w, &q);
	assert_true(a->counted);
	assert_int_equal(a->matched, want);
	for (unsigned i = 0; i < w->n; i++) {
		if (!is(w, i, &q))
			continue;
		if (place - a->first >= a->rows) {
			q.selected = i + 1;
			a = ask(w, &q);
			assert_int_equal(a->selected, i + 1);
		}
		assert_int_equal(a->row[place - a->first].number, i + 1);
		place++;
	}
}

static void packets_of_some_flows(void **state)
{
	struct world *w = world_new(64 << 20, false);
	struct packet_query q = {.rows = 10};

	(void)state;
	world_goes_on(w, 30000, 100);
	for (q.flows = 1; q.flows <= QUERY_TOGETHER; q.flows++) {
		for (unsigned i = 0; i < q.flows; i++)
			q.flow[i] = 1 + roll(w, 100);
		for (unsigned i = 1; i < q.flows; i++)
			for (unsigned k = 0; k < i; k++)
				while (q.flow[i] == q.flow[k])
					q.flow[i] = 101 - i;
		all_rows_are(w, q, is_of);
	}
	/* They grow while others are in between. */
	q.flows = 1;
	for (unsigned round = 0; round < 5; round++) {
		world_goes_on(w, 3000, 150);
		all_rows_are(w, q, is_of);
	}
	world_free(w);
}

/* A conversation is not looked for where it cannot be, nor after its last packet. */
static void a_flow_is_looked_for_where_it_can_be(void **state)
{
	struct world *w = world_new(64 << 20, false);
	struct packet_query q = {.rows = 10, .flows = 1};
	uint64_t before, entries;

	(void)state;
	world_goes_on(w, 20000, 20);
	for (unsigned c = 101; c <= 130; c++)
		one_more(w, c);
	world_goes_on(w, 35000, 90);
	q.flow[0] = w->flow[115];
	before = looked(w);
	assert_int_equal(ask(w, &q)->matched, 1);
	entries = looked(w) - before;
	print_message("one packet among %u: %llu entries looked at, at most %d\n", w->n, (unsigned long long)entries,
		      2 * INDEX_CHUNK);
	assert_true(entries <= 2 * INDEX_CHUNK);
	before = looked(w);
	ask(w, &q);
	print_message("the same again: %llu\n", (unsigned long long)(looked(w) - before));
	assert_true(looked(w) - before < 5000);
	world_free(w);
}

static bool is_marked(const struct world *w, unsigned i, const struct packet_query *q)
{
	for (unsigned k = 0; k < q->marks; k++)
		if (q->marked[k] == i + 1)
			return is_of(w, i, q);
	return false;
}

static bool is_question(const struct world *w, unsigned i, const struct packet_query *q)
{
	return w->made[i].conversation && w->made[i].payload && w->made[i].side == 0 && is_of(w, i, q);
}

static void marked_and_matching(void **state)
{
	struct world *w = world_new(64 << 20, false);
	struct packet_query q = {.marked_only = true, .marks = 50};

	(void)state;
	world_goes_on(w, 3000, 10);
	for (unsigned i = 0; i < q.marks; i++)
		q.marked[i] = 7 + i * 50;
	all_rows_are(w, q, is_marked);
	q.flows = 2;
	q.flow[0] = 3;
	q.flow[1] = 5;
	all_rows_are(w, q, is_marked);
	q = (struct packet_query){.match = "tcp.dstport == 80 and tcp.len > 0"};
	q.rows = 1;
	if (ask(w, &q)->match_error.column)
		(void)snprintf(q.match, sizeof q.match, "tcp.flags.push == 1");
	assert_int_equal(ask(w, &q)->match_error.column, 0);
	all_rows_are(w, q, is_question);
	q.flows = 1;
	q.flow[0] = 4;
	all_rows_are(w, q, is_question);
	(void)snprintf(q.match, sizeof q.match, "tcp.flags ==");
	assert_true(ask(w, &q)->match_error.column > 0);
	world_free(w);
}

/* Runs of four or more dull ones are one row; the plain rule over the same packets. */
static void folds(void **state)
{
	struct world *w = world_new(64 << 20, false);
	struct packet_query q = {.rows = QUERY_ROWS, .fold = true, .flows = 1, .flow = {1}};
	const struct packet_answer *a;
	unsigned of[PACKETS / 4], n = 0, rows = 0, spoke = 2;
	bool dull[PACKETS / 4];

	(void)state;
	world_goes_on(w, 6000, 6);
	for (unsigned i = 0; i < w->n; i++)
		if (is_of(w, i, &q)) {
			const struct made *m = &w->made[i];

			of[n] = i;
			dull[n] = n > 3 && !(m->payload && m->side != spoke);
			if (m->payload)
				spoke = m->side;
			n++;
		}
	for (unsigned i = 0; i < n;) {
		unsigned k = i;

		while (k < n && dull[k])
			k++;
		if (k - i >= 4) {
			rows++;
			i = k;
		} else {
			i++;
			rows++;
		}
	}
	a = ask(w, &q);
	assert_int_equal(a->matched, rows);
	assert_true(rows < n / 2);
	uint64_t covered = 0, place = 0;

	for (uint64_t at = 0; at < a->matched; at++) {
		if (at - a->first >= a->rows) {
			q.selected = a->row[a->rows - 1].number;
			q.move = QUERY_ROWS;
			a = ask(w, &q);
			q.move = 0;
		}
		const struct packet_row *r = &a->row[at - a->first];

		assert_int_equal(r->number, of[place] + 1);
		if (r->folded) {
			assert_true(r->folded >= 4);
			assert_int_equal(r->folded_segments[0] + r->folded_segments[1], r->folded);
			for (uint64_t k = 0; k < r->folded; k++)
				assert_true(dull[place + k]);
			assert_int_equal(r->folded_ns, ((int64_t)of[place + r->folded - 1] - (int64_t)of[place]) * 1000000);
		}
		place += r->folded ? r->folded : 1;
		covered += r->folded ? r->folded : 1;
	}
	assert_int_equal(covered, n);
	/* One of them shown in full. */
	q.selected = 0;
	a = ask(w, &q);
	uint64_t before = a->matched;

	for (unsigned i = 0; i < a->rows; i++)
		if (a->row[i].folded) {
			uint64_t inside = a->row[i].folded;

			q.unfolds = 1;
			q.unfolded[0] = a->row[i].number;
			a = ask(w, &q);
			assert_int_equal(a->matched, before + inside - 1);
			break;
		}
	assert_int_equal(q.unfolds, 1);
	/* Events: what is not dull; the handshake's ACK is one: it opens. */
	q = (struct packet_query){.rows = 1, .events = true, .flows = 1, .flow = {1}};
	rows = (unsigned)ask(w, &q)->matched;
	for (unsigned i = 0; i < n; i++)
		rows -= !dull[i];
	assert_int_equal(rows, 0);
	/* Plain ACKs left out: none of them has a row, or is counted in a run. */
	q = (struct packet_query){.rows = QUERY_ROWS, .no_acks = true, .fold = true, .flows = 1, .flow = {1}};
	a = ask(w, &q);
	for (unsigned i = 0; i + 1 < a->rows; i++) {
		uint64_t data = 0;

		for (uint64_t at = a->row[i].number - 1; at < a->row[i + 1].number - 1; at++)
			data += is_of(w, (unsigned)at, &q) && w->made[at].payload > 0;
		assert_int_equal(a->row[i].folded > 0 ? a->row[i].folded : a->row[i].payload_len > 0, data);
	}
	world_free(w);
}

/* The events of a conversation that is over: who of the packets from `from` on has a row. */
static void assert_events(struct world *w, unsigned from, const char *rows)
{
	struct packet_query q = {.rows = QUERY_ROWS, .events = true, .flows = 1, .flow = {1}};
	const struct packet_answer *a = ask(w, &q);
	char is[16] = "";

	for (unsigned i = from; i < w->n; i++)
		is[i - from] = '.';
	for (unsigned i = 0; i < a->rows; i++)
		if (a->row[i].number > from)
			is[a->row[i].number - 1 - from] = '!';
	assert_string_equal(is, rows);
}

static void open_one(struct world *w)
{
	for (unsigned i = 0; i < 4; i++)
		one_more(w, 1);
	make(w, 1, 1, TCP_ACK, "ok", 2);
	make(w, 1, 0, TCP_ACK, "", 0);
}

/* The ACK of the second FIN ends the close: an event. Of FINs that cross both ACKs are; an ACK of data that was on its way,
 * and what comes behind, are none. */
static void the_last_ack_is_an_event(void **state)
{
	struct world *w = world_new(64 << 20, false);
	unsigned from;

	(void)state;
	open_one(w);
	from = w->n;
	make(w, 1, 0, TCP_ACK | TCP_FIN, "", 0);
	make(w, 1, 1, TCP_ACK, "", 0);
	make(w, 1, 1, TCP_ACK, "more", 4);
	make(w, 1, 1, TCP_ACK | TCP_FIN, "", 0);
	w->seq[1][1]--; /* on its way while the FIN was */
	make(w, 1, 0, TCP_ACK, "", 0);
	w->seq[1][1]++;
	make(w, 1, 0, TCP_ACK, "", 0);
	world_goes_on(w, 0, 1);
	assert_events(w, from, "!.!!.!");
	world_free(w);

	w = world_new(64 << 20, false);
	open_one(w);
	from = w->n;
	make(w, 1, 0, TCP_ACK | TCP_FIN, "", 0);
	w->seq[1][0]--;
	make(w, 1, 1, TCP_ACK | TCP_FIN, "", 0); /* it had not seen the other's */
	w->seq[1][0]++;
	make(w, 1, 0, TCP_ACK, "", 0);
	make(w, 1, 1, TCP_ACK, "", 0);
	world_goes_on(w, 0, 1);
	assert_events(w, from, "!!!!");
	world_free(w);
}

static uint64_t walked(struct world *w)
{
	return recall_stats(engine_remembered(w->engine)->recall)->walks;
}

static void finds_forward_back_and_round(void **state)
{
	struct world *w = world_new(64 << 20, false);
	uint64_t walks;
	struct packet_query q = {.rows = 10, .find = FIND_TEXT, .find_len = 11, .selected = 1};
	const struct packet_answer *a;

	(void)state;
	memcpy(q.find_for, "MORE please", 11);
	world_goes_on(w, 3000, 10);
	for (unsigned round = 0; round < 2; round++) {
		q.find_back = round;
		for (unsigned i = 0; i < 150; i++) {
			unsigned at = (unsigned)q.selected - 1;

			do
				at = (at + (round ? w->n - 1 : 1)) % w->n;
			while (w->made[at].payload != 11 || w->made[at].side != 0);
			a = ask(w, &q);
			assert_false(a->not_found);
			assert_int_equal(a->selected, at + 1);
			assert_int_equal(a->found_round, round ? a->selected >= q.selected : a->selected <= q.selected);
			q.selected = a->selected;
		}
	}
	q.find = FIND_BYTES; /* case counts */
	walks = walked(w);
	a = ask(w, &q);
	assert_true(a->not_found);
	assert_int_equal(a->selected, q.selected);
	/* Their flows were looked for together: to the end, and from the beginning on. */
	assert_true(walked(w) - walks <= 3);
	/* Of one connection's list nobody else is looked for, backwards neither. */
	for (unsigned back = 0; back < 2; back++) {
		struct packet_query few = {.rows = 10, .flows = 1, .flow = {w->flow[3]}, .find = FIND_TEXT, .find_len = 11, .find_back = back};
		uint64_t looked;

		(void)ask(w, &(struct packet_query){.rows = 10, .flows = 1, .flow = {w->flow[3]}});
		memcpy(few.find_for, "nobody.here", 11);
		walks = walked(w);
		looked = index_stats(engine_index(w->engine))->looked;
		a = ask(w, &few);
		assert_true(a->not_found);
		assert_true(walked(w) - walks <= 1);
		assert_true(index_stats(engine_index(w->engine))->looked - looked < 60 * a->matched);
	}
	/* In the line: what http says. */
	q = (struct packet_query){.rows = 10, .find = FIND_TEXT, .find_len = 10, .selected = 3};
	memcpy(q.find_for, "c7.EXAMPLE", 10);
	a = ask(w, &q);
	assert_false(a->not_found);
	assert_string_equal(a->row[a->selected_row].protocol, "http");
	world_free(w);
}

/* How far it is grows; stopped, nothing is found and nothing goes on. */
static void searches_are_stopped(struct world *w)
{
	struct query q = {.about = QUERY_PACKETS, .packets = {.rows = 10, .selected = 1, .find = FIND_TEXT, .find_len = 11}};
	unsigned looked = 0, slices = 0;

	memcpy(q.packets.find_for, "nobody.here", 11);
	engine_answer_within(w->engine, &q, w->answer, 0);
	assert_true(w->answer->packets.looking);
	q.packets.find = FIND_NOTHING;
	while (w->answer->packets.looked < 20 && slices++ < 1000000) {
		engine_go_on(w->engine, 10000);
		engine_answer_within(w->engine, &q, w->answer, 0);
		assert_true(w->answer->packets.looked >= looked && w->answer->packets.looked < 100);
		looked = w->answer->packets.looked;
	}
	assert_true(looked >= 20 && w->answer->packets.looking);
	q.packets.find_stop = true;
	engine_answer_within(w->engine, &q, w->answer, 0);
	assert_false(w->answer->packets.looking);
	assert_false(w->answer->packets.not_found);
	assert_int_equal(w->answer->packets.selected, 1);
	assert_false(engine_unfinished(w->engine));
}

/* A search that comes to its end between two answers: the next one says so, once. */
static void searches_end_between_answers(struct world *w)
{
	struct query q = {.about = QUERY_PACKETS, .packets = {.rows = 10, .selected = 1, .find = FIND_TEXT, .find_len = 11}};
	unsigned slices = 0;

	memcpy(q.packets.find_for, "nobody.here", 11);
	engine_answer_within(w->engine, &q, w->answer, 0);
	assert_true(w->answer->packets.looking);
	q.packets.find = FIND_NOTHING;
	while (engine_unfinished(w->engine) && slices++ < 1000000)
		engine_go_on(w->engine, 100000);
	engine_answer_within(w->engine, &q, w->answer, 0);
	assert_true(w->answer->packets.not_found);
	assert_false(w->answer->packets.looking);
	assert_int_equal(w->answer->packets.selected, 1);
	engine_answer_within(w->engine, &q, w->answer, 0);
	assert_false(w->answer->packets.not_found);
}

/* With no time at all an answer comes all the same, says that it is not all, and what is worked on meanwhile
 * becomes all of it. */
static void slices_come_to_an_end(void **state)
{
	struct world *w = world_new(64 << 20, false);
	struct query q = {.about = QUERY_PACKETS, .packets = {.rows = 10, .match = "http"}};
	unsigned slices = 0;

	(void)state;
	world_goes_on(w, 20000, 60);
	engine_answer_within(w->engine, &q, w->answer, 0);
	assert_false(w->answer->packets.counted);
	assert_true(w->answer->packets.looking);
	assert_true(engine_unfinished(w->engine));
	while (engine_unfinished(w->engine) && slices < 1000000) {
		engine_go_on(w->engine, 100000);
		slices++;
	}
	engine_answer_within(w->engine, &q, w->answer, 0);
	assert_true(w->answer->packets.counted);
	assert_false(engine_unfinished(w->engine));
	assert_true(w->answer->packets.matched >= 60);
	/* The same of a search: the answer to a later question has what it found. */
	q.packets = (struct packet_query){.rows = 10, .selected = 1, .find = FIND_TEXT, .find_len = 11};
	memcpy(q.packets.find_for, "c60.example", 11);
	engine_answer_within(w->engine, &q, w->answer, 0);
	q.packets.find = FIND_NOTHING;
	for (slices = 0; w->answer->packets.looking && slices < 1000000; slices++) {
		engine_go_on(w->engine, 100000);
		engine_answer_within(w->engine, &q, w->answer, 0);
	}
	assert_false(w->answer->packets.not_found);
	assert_int_equal(w->answer->packets.row[w->answer->packets.selected_row].flow, w->flow[60]);
	searches_are_stopped(w);
	searches_end_between_answers(w);
	world_free(w);
}

/* Live: the history is small, the oldest are gone, and rows begin with the first that is left. */
static void live_history_begins_later(void **state)
{
	struct world *w = world_new(16 << 20, true);
	struct packet_query q = {.rows = 10, .detail = true};
	const struct packet_answer *a;

	(void)state;
	world_goes_on(w, 30000, 30);
	a = ask(w, &q);
	assert_int_equal(a->total, 30000);
	assert_true(a->forgotten > 0);
	assert_int_equal(a->matched, 30000 - a->forgotten);
	assert_int_equal(a->row[0].number, a->forgotten + 1);
	assert_false(a->row[0].gone);
	assert_int_equal(a->detail.number, a->forgotten + 1);
	print_message("30000 packets, %llu forgotten\n", (unsigned long long)a->forgotten);
	q = (struct packet_query){.rows = 10, .flows = 1, .flow = {1}};
	a = ask(w, &q);
	assert_true(a->elsewhere > 0);
	assert_int_equal(a->elsewhere + a->matched, a->subject.packets[0] + a->subject.packets[1]);
	world_free(w);
}

static void what_is_gone_is_said(void **state)
{
	struct world *w = world_new(64 << 20, false);
	struct packet_query q = {.rows = 5, .detail = true, .selected = 4};
	const struct packet_answer *a;

	(void)state;
	world_goes_on(w, 100, 5);
	w->gone = true;
	a = ask(w, &q);
	assert_int_equal(a->rows, 5);
	assert_true(a->row[0].gone);
	assert_int_equal(a->detail.number, 0);
	assert_string_equal(a->detail.why, "the file is shorter than it was");
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_packets_by_number),
		cmocka_unit_test(packets_of_some_flows),
		cmocka_unit_test(a_flow_is_looked_for_where_it_can_be),
		cmocka_unit_test(marked_and_matching),
		cmocka_unit_test(folds),
		cmocka_unit_test(the_last_ack_is_an_event),
		cmocka_unit_test(finds_forward_back_and_round),
		cmocka_unit_test(slices_come_to_an_end),
		cmocka_unit_test(live_history_begins_later),
		cmocka_unit_test(what_is_gone_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
