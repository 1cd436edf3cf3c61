/* Answers: the window of answer.c against a sorted array, over random steps.
 * links: filter facts base
 *
 * The flow table is a stand-in of forty lines, so that order, absent keys,
 * deletions and filters are ours to choose.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer_world.h"

static struct answer answer;

/* ---- the model ------------------------------------------------------------- */

static const struct query *model_query;

/* Bytes a second over the life, as of a file. */
static int64_t model_rate(const struct flow *f)
{
	int64_t life = f->last > f->first ? f->last - f->first : CLOCK_S;

	return (int64_t)((double)f->bytes * 1e9 / (double)life);
}

static int model_compare(const void *a, const void *b)
{
	const struct flow *x = *(struct flow *const *)a, *y = *(struct flow *const *)b;
	int64_t vx = 0, vy = 0;

	if (model_query->rank == RANK_RATE) {
		vx = model_rate(x);
		vy = model_rate(y);
	}
	switch (model_query->rank == RANK_RATE ? RECORD_KEYS : model_query->rank == RANK_UP ? RECORD_BYTES : model_query->sort) {
	case RECORD_BYTES:
		vx = (int64_t)x->bytes;
		vy = (int64_t)y->bytes;
		break;
	case RECORD_HS_FIRST_SYN_TO_ACK:
		vx = x->handshake;
		vy = y->handshake;
		if ((vx < 0) != (vy < 0))
			return vx < 0 ? 1 : -1;
		break;
	case RECORD_CLIENT:
		vx = x->port;
		vy = y->port;
		break;
	default:
		break;
	}
	if (vx != vy)
		return (vx < vy) != model_query->descending ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

static unsigned model(const struct query *q, struct flow **out)
{
	unsigned n = 0;

	model_query = q;
	for (unsigned i = 0; i < n_flows; i++) {
		char port[16];

		(void)snprintf(port, sizeof port, ":%u ", (unsigned)flows[i].port);
		if (!flows[i].gone && (q->match[0] == '\0' || strstr(port, q->match) != NULL) &&
		    !(q->open_only && !flows[i].open))
			out[n++] = &flows[i];
	}
	qsort(out, n, sizeof out[0], model_compare);
	return n;
}

static void check_window(const struct query *q)
{
	static struct flow *sorted[FLOWS_MAX];
	unsigned n = model(q, sorted), at = 0;
	int64_t target;

	assert_int_equal(answer.matched, n);
	assert_int_equal(answer.rows, n < q->rows ? n : q->rows);
	if (n == 0) {
		assert_int_equal(answer.selected, 0);
		return;
	}
	/* Where the selection must be. */
	while (at < n && sorted[at]->id != q->selected)
		at++;
	if (q->to_first || q->to_last)
		target = q->to_first ? 0 : (int64_t)n - 1;
	else
		target = (at < n ? at : 0) + q->move;
	target = target < 0 ? 0 : target >= (int64_t)n ? (int64_t)n - 1 : target;
	if (at < n || q->to_first || q->to_last || q->selected == 0)
		assert_int_equal(answer.selected, sorted[target]->id);
	/* The rows are the model's, without a gap. */
	assert_true(answer.first + answer.rows <= n);
	for (unsigned i = 0; i < answer.rows; i++)
		assert_int_equal(answer.row[i].id, sorted[answer.first + i]->id);
	assert_int_equal(answer.row[answer.selected_row].id, answer.selected);
	/* The selected row keeps its screen line unless an end is in the way. */
	if (answer.selected_row != q->anchor && !q->to_first && !q->to_last)
		assert_true(answer.first == 0 || answer.first + answer.rows == n);
}

static void random_query(struct query *q)
{
	static const enum record_key sorts[] = {RECORD_BYTES, RECORD_HS_FIRST_SYN_TO_ACK, RECORD_CLIENT};

	memset(q, 0, sizeof *q);
	q->sort = sorts[rand() % 3];
	q->rank = rand() % 8 == 0 ? RANK_RATE : rand() % 8 == 0 ? RANK_UP : RANK_KEY;
	q->open_only = rand() % 4 == 0;
	q->descending = rand() % 2;
	q->rows = 1 + (unsigned)rand() % 40;
	q->anchor = (unsigned)rand() % q->rows;
	if (rand() % 4 == 0)
		(void)snprintf(q->match, sizeof q->match, ":%d", rand() % 100);
	q->to_first = rand() % 16 == 0;
	q->to_last = !q->to_first && rand() % 16 == 0;
	q->move = rand() % 2 ? rand() % 81 - 40 : rand() % 3 - 1;
	if (q->to_first || q->to_last)
		q->move = 0;
	if (rand() % 16)
		q->selected = n_flows > 0 ? flows[(unsigned)rand() % n_flows].id : 0;
	else
		q->move = 0;
}

static void random_step(uint64_t *next_id)
{
	unsigned i = n_flows > 0 ? (unsigned)rand() % n_flows : 0;

	if (n_flows < FLOWS_MAX && rand() % 3 == 0)
		flows[n_flows++] = (struct flow){.id = ++*next_id, .bytes = (uint64_t)(rand() % 50),
						 .handshake = rand() % 4 ? rand() % 30 : -1, .port = (uint16_t)(rand() % 900),
						 .open = rand() % 2, .first = rand() % 1000, .last = 1000 + rand() % 1000};
	else if (n_flows > 0 && rand() % 4 == 0)
		flows[i].gone = true;
	else if (n_flows > 0)
		flows[i].bytes = (uint64_t)(rand() % 50);
}

static void window_equals_the_model(void **state)
{
	uint64_t next_id = 0;
	struct query q;

	(void)state;
	srand(1);
	n_flows = 0;
	for (unsigned i = 0; i < 20000; i++) {
		if (n_flows == FLOWS_MAX)
			n_flows = 0;
		random_step(&next_id);
		random_query(&q);
		engine_answer(NULL, &q, &answer);
		check_window(&q);
	}
}

/* The one promise people notice: what is selected stays selected. */
static void selection_stays(void **state)
{
	uint64_t next_id = 0, selected;
	struct query q;

	(void)state;
	srand(2);
	n_flows = 0;
	while (n_flows < 100)
		random_step(&next_id);
	selected = flows[50].id;
	flows[50].gone = false;
	for (unsigned i = 0; i < 5000; i++) {
		if (n_flows < FLOWS_MAX - 1)
			random_step(&next_id);
		for (unsigned k = 0; k < n_flows; k++)
			flows[k].gone = flows[k].gone && flows[k].id != selected;
		random_query(&q);
		q.selected = selected;
		q.move = 0;
		q.to_first = q.to_last = q.open_only = false;
		q.match[0] = '\0';
		engine_answer(NULL, &q, &answer);
		assert_int_equal(answer.selected, selected);
		assert_false(answer.vanished);
	}
}

static void a_vanished_flow_hands_over(void **state)
{
	struct query q = {.sort = RECORD_BYTES, .rows = 5, .selected = 3, .otherwise = {4, 2}};

	(void)state;
	n_flows = 0;
	for (uint64_t id = 1; id <= 6; id++)
		flows[n_flows++] = (struct flow){.id = id, .bytes = id};
	flows[2].gone = true;
	engine_answer(NULL, &q, &answer);
	assert_true(answer.vanished);
	assert_int_equal(answer.selected, 4);
	flows[3].gone = true;
	engine_answer(NULL, &q, &answer);
	assert_int_equal(answer.selected, 2);
	n_flows = 0;
	engine_answer(NULL, &q, &answer);
	assert_int_equal(answer.rows, 0);
	assert_int_equal(answer.selected, 0);
}

/* Held rows stand while their values change; what scrolls in follows. */
static void a_held_order_stands(void **state)
{
	struct query q = {.sort = RECORD_BYTES, .rows = 4, .selected = 1};

	(void)state;
	n_flows = 0;
	for (uint64_t id = 1; id <= 8; id++)
		flows[n_flows++] = (struct flow){.id = id, .bytes = id * 10};
	engine_answer(NULL, &q, &answer);
	q.holds = 4;
	for (unsigned i = 0; i < 4; i++)
		q.hold[i] = answer.row[i].id;
	flows[1].bytes = 1000; /* would go to the end */
	engine_answer(NULL, &q, &answer);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(answer.row[i].id, i + 1);
	assert_int_equal(answer.row[1].bytes[0], 1000);
	q.selected = 4;
	q.move = 2; /* off the window: two more come from the present order */
	engine_answer(NULL, &q, &answer);
	assert_int_equal(answer.rows, 4);
	assert_int_equal(answer.row[0].id, 3);
	assert_int_equal(answer.row[1].id, 4);
	assert_int_equal(answer.row[2].id, 5);
	assert_int_equal(answer.row[3].id, 6);
	assert_int_equal(answer.selected, 6);
	flows[4].gone = true; /* a held row goes: the rest closes up */
	q.hold[0] = 3;
	q.hold[1] = 4;
	q.hold[2] = 5;
	q.hold[3] = 6;
	q.selected = 6;
	q.move = 0;
	engine_answer(NULL, &q, &answer);
	assert_int_equal(answer.row[2].id, 6);
	assert_int_equal(answer.row[3].id, 7);
	assert_int_equal(answer.selected_row, 2);
	q.selected = 3;
	q.move = -1; /* up, above the window */
	engine_answer(NULL, &q, &answer);
	assert_int_equal(answer.row[0].id, 1);
	assert_int_equal(answer.row[1].id, 3);
	assert_int_equal(answer.selected, 1);
}

/* Random holds never break what the screen relies on. */
static void held_random(void **state)
{
	uint64_t next_id = 0;
	struct query q;

	(void)state;
	srand(3);
	n_flows = 0;
	memset(&answer, 0, sizeof answer);
	for (unsigned i = 0; i < 20000; i++) {
		if (n_flows == FLOWS_MAX)
			n_flows = 0;
		random_step(&next_id);
		random_query(&q);
		q.selected = answer.selected;
		for (q.holds = 0; q.holds < answer.rows; q.holds++)
			q.hold[q.holds] = answer.row[q.holds].id;
		engine_answer(NULL, &q, &answer);
		assert_true(answer.rows <= q.rows);
		assert_true(answer.first + answer.rows <= answer.matched);
		assert_true(answer.matched <= answer.flows);
		assert_true((answer.rows == 0) == (answer.matched == 0));
		if (answer.rows > 0)
			assert_int_equal(answer.row[answer.selected_row].id, answer.selected);
		for (unsigned a = 0; a < answer.rows; a++)
			for (unsigned b = 0; b < a; b++)
				assert_int_not_equal(answer.row[a].id, answer.row[b].id);
	}
}

/* Why a flow left, what came meanwhile, what is over, what was marked. */
static void what_is_counted(void **state)
{
	struct query q = {.sort = RECORD_BYTES, .rows = 3, .selected = 2, .otherwise = {3, 1}};

	(void)state;
	n_flows = 0;
	for (uint64_t id = 1; id <= 9; id++)
		flows[n_flows++] = (struct flow){.id = id, .bytes = id, .open = id != 2 && id != 8, .reused = id % 4 == 0,
						 .port = (uint16_t)(id * 10)};
	engine_answer(NULL, &q, &answer);
	assert_int_equal(answer.left, LEFT_NOT);
	assert_int_equal(answer.newest, 9);
	assert_int_equal(answer.newer, 0);
	assert_int_equal(answer.reused, 2);
	q.open_only = true;
	q.since = 2;
	engine_answer(NULL, &q, &answer);
	assert_int_equal(answer.left, LEFT_OVER);
	assert_false(answer.vanished);
	assert_int_equal(answer.selected, 3);
	assert_int_equal(answer.over, 2);
	assert_int_equal(answer.matched, 7);
	assert_int_equal(answer.row[0].id, 3);
	assert_int_equal(answer.newer, 3); /* 3 to 7 and 9, but for the rows */
	/* What is only kept to be looked at is over, whatever its state is. */
	flows[4].past = true;
	q.since = 0;
	engine_answer(NULL, &q, &answer);
	assert_int_equal(answer.over, 3);
	assert_int_equal(answer.matched, 6);
	flows[4].past = false;
	q.open_only = false;
	memcpy(q.match, ":30 ", 5);
	engine_answer(NULL, &q, &answer);
	assert_int_equal(answer.left, LEFT_FILTER);
	q.match[0] = '\0';
	q.only[0] = 5;
	q.only[1] = 7;
	q.onlys = 2;
	q.selected = 7;
	engine_answer(NULL, &q, &answer);
	assert_int_equal(answer.rows, 2);
	assert_int_equal(answer.selected_row, 1);
	flows[1].gone = true;
	q.onlys = 0;
	q.selected = 2;
	engine_answer(NULL, &q, &answer);
	assert_int_equal(answer.left, LEFT_GONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(window_equals_the_model),
		cmocka_unit_test(selection_stays),
		cmocka_unit_test(a_vanished_flow_hands_over),
		cmocka_unit_test(a_held_order_stands),
		cmocka_unit_test(held_random),
		cmocka_unit_test(what_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
