/* Rates and groups: an order that is calm, sums by name, both bounded.
 * links: filter facts base
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

/* Sums by name, in the order of what they are sorted by; what has no room is counted. */
static void groups_add_up(void **state)
{
	struct query q = {.group = GROUP_SERVER, .sort = RECORD_FIRST, .rows = 4, .to_first = true};
	uint64_t id;

	(void)state;
	n_flows = 0;
	for (id = 1; id <= 20; id++) /* ports 0 1 2 3 4: 2, 2, 4, 6, 6 flows */
		flows[n_flows++] = (struct flow){.id = id, .bytes = id, .open = id != 20, .handshake = -1,
						 .port = (uint16_t)(id <= 2 ? 0 : id <= 4 ? 1 : id <= 8 ? 2 : id <= 14 ? 3 : 4)};
	engine_answer(NULL, &q, &answer);
	assert_int_equal(answer.rows, 0);
	assert_int_equal(answer.groups_all, 5);
	assert_int_equal(answer.groups, 4);
	assert_int_equal(answer.matched, 20);
	assert_int_equal(answer.group[0].flows, 6);
	assert_int_equal(answer.group[1].flows, 6);
	assert_int_equal(answer.group[2].flows, 4);
	id = answer.group[2].id;
	assert_int_equal(answer.group[2].at.port, 2);
	assert_int_equal(answer.group[2].bytes[0], 5 + 6 + 7 + 8);
	/* By bytes: the last five flows are the largest; the selected one stays selected. */
	q.sort = RECORD_BYTES;
	q.to_first = false;
	q.selected = id;
	q.anchor = 1;
	engine_answer(NULL, &q, &answer);
	assert_int_equal(answer.selected, id);
	assert_int_equal(answer.group[answer.selected_row].id, id);
	assert_int_equal(answer.first + answer.selected_row, 2);
	assert_int_equal(answer.group[0].at.port, 3);
	q.move = 99;
	engine_answer(NULL, &q, &answer);
	assert_int_equal(answer.first + answer.selected_row, 4);
	q.open_only = true;
	q.group = GROUP_SERVICE;
	engine_answer(NULL, &q, &answer);
	assert_int_equal(answer.groups, 1);
	assert_null(answer.group[0].service);
	assert_int_equal(answer.group[0].flows, 19);
	q.group = GROUP_CLIENT;
	memcpy(q.match, ":77", 4);
	engine_answer(NULL, &q, &answer);
	assert_int_equal(answer.groups, 0);
	assert_int_equal(answer.selected, 0);
}

static void groups_are_bounded(void **state)
{
	struct groups *g = groups_make();
	struct query q = {.group = GROUP_SERVER, .to_last = true};

	(void)state;
	assert_non_null(g);
	groups_begin(g, GROUP_SERVER);
	for (unsigned i = 0; i < QUERY_GROUPS + 100; i++) {
		struct flow f = {.id = i + 1, .port = (uint16_t)i, .handshake = -1, .open = true};
		const struct hash_key key = {1, 2};
		const struct grouped is = {.sums.packets = 1, .open = true, .rate = 1};
		struct flow_record r;
		uint64_t id;
		int at;

		flow_record_fill(&r, NULL, &f, NULL);
		id = groups_id(GROUP_SERVER, &key, &r);
		assert_int_equal(id, groups_id_end(GROUP_SERVER, &key, &r.server));
		at = groups_find(g, id);
		assert_int_equal(at, i < QUERY_GROUPS ? GROUPS_NEW : GROUPS_NONE);
		if (at == GROUPS_NEW)
			at = groups_new(g, id, &r);
		if (at == GROUPS_NONE)
			groups_leave(g);
		else
			groups_add(g, at, &is);
		assert_int_equal(groups_find(g, id), at);
	}
	groups_end(g, &q, 10, &answer);
	assert_int_equal(answer.groups_all, QUERY_GROUPS);
	assert_int_equal(answer.ungrouped, 100);
	assert_int_equal(answer.groups, 10);
	assert_int_equal(answer.first, QUERY_GROUPS - 10);
	groups_free(g);
	groups_end(NULL, &q, 10, &answer);
	assert_int_equal(answer.groups, 0);
}

/* Rows that change places from one answer to the next, in a second. */
static double swaps(bool calm, uint64_t *rate)
{
	struct query q = {.sort = RECORD_BYTES, .rank = calm ? RANK_RATE : RANK_KEY, .descending = true, .rows = 30};
	uint64_t before[30], mean[30], all = 0;
	const unsigned answers = 300; /* ten a second */

	srand(5);
	live_rates = rates_open();
	assert_non_null(live_rates);
	totals.now_ns = 100 * CLOCK_S;
	n_flows = 0;
	for (unsigned i = 0; i < 30; i++) {
		mean[i] = 20000 + 1500 * i; /* bytes in 100 ms */
		flows[n_flows++] = (struct flow){.id = i + 1, .open = true, .first = totals.now_ns};
	}
	for (unsigned n = 0; n < answers + 50; n++) {
		totals.now_ns += 100 * CLOCK_MS;
		for (unsigned i = 0; i < 30; i++) {
			uint64_t some = mean[i] / 2 + (uint64_t)rand() % mean[i];

			/* Not calm: what a list would do that goes by the last interval. */
			flows[i].bytes = calm ? flows[i].bytes + some : some;
			flows[i].last = totals.now_ns;
		}
		engine_answer(NULL, &q, &answer);
		assert_int_equal(answer.rows, 30);
		for (unsigned i = 0; i < 30 && n >= 50; i++)
			all += n > 50 && before[i] != answer.row[i].id;
		for (unsigned i = 0; i < 30; i++)
			before[i] = answer.row[i].id;
	}
	*rate = 0;
	for (unsigned i = 0; i < 30; i++)
		if (answer.row[i].id == 30)
			*rate = answer.rate[i];
	rates_free(live_rates);
	live_rates = NULL;
	totals.now_ns = 0;
	return (double)all * 10 / (answers - 1);
}

static void an_order_by_rate_is_calm(void **state)
{
	uint64_t rate, none;
	double wild = swaps(false, &none), calm = swaps(true, &rate);

	(void)state;
	print_message("rows that change places in a second, of 30 with noise of 50 %%: by the last interval %.0f, "
		      "by the calm rate %.1f (limit: a tenth)\n", wild, calm);
	assert_true(calm * 10 <= wild);
	assert_in_range(rate, 550000, 720000); /* 635 000 is its mean */
}

/* A rate falls to nothing, what is displaced begins anew, and silence needs no place. */
static void rates_are_bounded(void **state)
{
	struct flow f = {.id = 7, .bytes = 1000000, .first = 0, .last = CLOCK_S};
	struct rates *r = rates_open();

	(void)state;
	assert_non_null(r);
	assert_int_equal(rates_of(r, &f, CLOCK_S), 1000000);
	for (int64_t at = 2; at < 29; at++)
		(void)rates_of(r, &f, at * CLOCK_S);
	assert_in_range(rates_of(r, &f, 29 * CLOCK_S), 0, 1000);
	assert_int_equal(rates_of(r, &f, 40 * CLOCK_S), 0);
	for (uint64_t id = 1; id < 200000; id++) {
		f = (struct flow){.id = id, .bytes = id, .first = 0, .last = CLOCK_S};
		(void)rates_of(r, &f, CLOCK_S);
	}
	assert_int_equal(rates_of(r, &f, CLOCK_S), f.bytes);
	rates_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_add_up),
		cmocka_unit_test(groups_are_bounded),
		cmocka_unit_test(an_order_by_rate_is_calm),
		cmocka_unit_test(rates_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
