/* Finding in the list of connections: the next row that fits, in every order and either way, round the end, in slices
 * between which flows come and go, and with no more looks than it needs.
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

enum { FEW = 150 /* all of them are rows of one answer */, TRIES = 4000 };

static struct answer answer, all;

static int start(void **state)
{
	(void)state;
	world_listing = listing_open(NULL, 1 << 20);
	memset(&answer, 0, sizeof answer);
	memset(flows_were, 0, sizeof flows_were);
	n_flows = 0;
	return world_listing ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	match_free(engine_match(NULL));
	listing_free(world_listing);
	world_listing = NULL;
	return 0;
}

static struct flow some(uint64_t id)
{
	return (struct flow){.id = id, .bytes = (uint64_t)(rand() % 50), .handshake = rand() % 4 ? rand() % 30 : -1,
			     .port = (uint16_t)(rand() % 40), .open = rand() % 2, .first = rand() % 1000, .last = 1000 + rand() % 1000};
}

/* Where it stands among all rows, in their order. */
static unsigned row_of(uint64_t id)
{
	for (unsigned i = 0; i < all.rows; i++)
		if (all.row[i].id == id)
			return i;
	fail_msg("%llu is not in the list", (unsigned long long)id);
	return 0;
}

/* The same by going through all rows. */
static enum query_found wanted(const struct query *q, uint64_t *id)
{
	const unsigned from = row_of(q->selected);
	enum query_found found = FOUND_NOBODY;
	struct filter *f;

	assert_int_equal(query_find_compile(&f, q->find, false, NULL), 0);
	for (unsigned i = 1; i <= all.rows && found == FOUND_NOBODY; i++) {
		const unsigned at = (from + (q->find_back ? all.rows - i : i)) % all.rows;

		if (!filter_flow(f, &all.row[at]))
			continue;
		*id = all.row[at].id;
		found = at != from && (at > from) != q->find_back ? FOUND_AHEAD : FOUND_ROUND;
	}
	filter_free(f);
	return found;
}

static void random_find(struct query *q)
{
	static const enum record_key sorts[] = {RECORD_BYTES, RECORD_HS_FIRST_SYN_TO_ACK, RECORD_CLIENT, RECORD_STATE, RECORD_FIRST};

	memset(q, 0, sizeof *q);
	q->sort = sorts[rand() % 5];
	q->rank = rand() % 4 ? RANK_KEY : RANK_UP;
	q->descending = rand() % 2;
	q->open_only = rand() % 4 == 0;
	if (rand() % 4 == 0)
		(void)snprintf(q->match, sizeof q->match, "%s", rand() % 2 ? "bytes < 40" : "bytes > 10");
	q->rows = 1 + (unsigned)rand() % 40;
	q->anchor = (unsigned)rand() % q->rows;
}

static void the_next_in_every_order(void **state)
{
	static const char *const finds[] = {"bytes > 45", "bytes == 7", ":1", "closed", "established", "nobody", "open bytes<3"};
	unsigned came[FOUND_NOBODY + 1] = {0};
	uint64_t next_id = 0;
	struct query q;

	(void)state;
	srand(11);
	for (unsigned i = 0; i < TRIES; i++) {
		enum query_found found;
		uint64_t id = 0;

		if (n_flows < FEW)
			flows[n_flows++] = some(++next_id);
		else
			flows[(unsigned)rand() % n_flows] = some(++next_id);
		random_find(&q);
		q.to_first = true;
		q.rows = QUERY_ROWS;
		engine_answer(NULL, &q, &all);
		if (all.rows == 0)
			continue;
		q.to_first = false;
		q.rows = 1 + (unsigned)rand() % 40;
		q.selected = all.row[(unsigned)rand() % all.rows].id;
		q.find_back = rand() % 2;
		(void)snprintf(q.find, sizeof q.find, "%s", finds[rand() % 7]);
		found = wanted(&q, &id);
		engine_answer(NULL, &q, &answer);
		assert_int_equal(answer.found, found);
		assert_int_equal(answer.selected, found == FOUND_NOBODY ? q.selected : id);
		assert_int_equal(answer.row[answer.selected_row].id, answer.selected);
		assert_int_equal(answer.first + answer.selected_row, row_of(answer.selected));
		assert_int_equal(answer.matched, all.matched);
		came[found]++;
	}
	print_message("%u ahead, %u round, %u nobody\n", came[FOUND_AHEAD], came[FOUND_ROUND], came[FOUND_NOBODY]);
	assert_true(came[FOUND_AHEAD] > 1500 && came[FOUND_ROUND] > 200 && came[FOUND_NOBODY] > 1000);
}

static void many(void)
{
	for (n_flows = 0; n_flows < FLOWS_MAX; n_flows++)
		flows[n_flows] = (struct flow){.id = n_flows + 1, .bytes = n_flows, .handshake = -1, .port = (uint16_t)(n_flows % 40),
					       .open = n_flows % 2, .first = n_flows, .last = n_flows};
}

static uint64_t filled(void)
{
	struct listing_stats *s = listing_stats(world_listing);
	uint64_t n = s->filled;

	*s = (struct listing_stats){0};
	return n;
}

/* Whoever is farther than the one found is not asked, and of what is alike one is. */
static void no_more_is_asked_than_must_be(void **state)
{
	struct query q = {.sort = RECORD_FIRST, .rows = 20, .selected = 100, .find = "bytes > 99"};

	(void)state;
	many();
	engine_answer(NULL, &q, &answer);
	(void)filled();
	assert_int_equal(answer.selected, 101);
	engine_answer(NULL, &q, &answer); /* the next one fits */
	assert_int_equal(answer.selected, 101);
	assert_in_range(filled(), 1, 1);
	memcpy(q.find, "bytes == 7", 11); /* nobody behind, then from the first one on */
	engine_answer(NULL, &q, &answer);
	assert_int_equal(answer.found, FOUND_ROUND);
	assert_int_equal(answer.selected, 8);
	assert_in_range(filled(), 500 + 8, 500 + 8);
	memcpy(q.find, "bytes > 9999", 13);
	engine_answer(NULL, &q, &answer);
	assert_int_equal(answer.found, FOUND_NOBODY);
	assert_int_equal(answer.selected, 100);
	assert_in_range(filled(), 600, 600);
	memcpy(q.find, "refused", 8); /* a word: those that are like nobody, and one of each kind */
	engine_answer(NULL, &q, &answer);
	assert_int_equal(answer.found, FOUND_NOBODY);
	assert_in_range(filled(), 1, FLOWS_MAX / LONERS + 3);
}

/* In slices: each ends soon; flows come and go between them; nobody is said to be found who is gone. */
static void slices_end_soon(void **state)
{
	struct query q = {.sort = RECORD_BYTES, .rows = 20, .selected = 100, .find = "bytes >= 590"};
	struct query other = {.about = QUERY_TOTALS};
	unsigned slices = 0, gone = 0;

	(void)state;
	many();
	for (unsigned i = 0; i < n_flows; i++)
		flows[i].bytes = i * 7 % FLOWS_MAX;
	engine_answer(NULL, &other, &answer);
	for (unsigned round = 0; round < 20; round++) {
		(void)filled();
		while (!engine_answer_within(NULL, &q, &answer, 0)) {
			uint64_t now = filled();

			assert_true(now <= 2 * FIND_CLOCK + LOOK_CLOCK);
			assert_true(++slices < 2000);
			if (engine_match(NULL)->find.have && gone < round / 3) { /* the one that is found ends */
				flows[engine_match(NULL)->find.best.seat].gone = true;
				gone++;
			}
		}
		assert_int_equal(answer.found, FOUND_AHEAD);
		assert_true(answer.row[answer.selected_row].bytes[0] >= 590);
		assert_int_equal(answer.row[answer.selected_row].id, answer.selected);
	}
	print_message("%u slices, %u ended while they were found\n", slices, gone);
	assert_true(slices > 20 && gone == 6);
}

/* A text that is no filter finds nobody; the selected one gone: from its neighbour on. */
static void what_cannot_be_looked_for(void **state)
{
	struct query q = {.sort = RECORD_FIRST, .rows = 20, .selected = 100, .find = "bytes >"};

	(void)state;
	many();
	engine_answer(NULL, &q, &answer);
	assert_int_equal(answer.found, FOUND_NOBODY);
	assert_int_equal(answer.selected, 100);
	flows[99].gone = true;
	q.otherwise[0] = 101;
	memcpy(q.find, "bytes > 5", 10);
	engine_answer(NULL, &q, &answer);
	assert_int_equal(answer.found, FOUND_AHEAD);
	assert_int_equal(answer.selected, 102);
	q.find[0] = '\0';
	q.selected = 102;
	engine_answer(NULL, &q, &answer);
	assert_int_equal(answer.found, FOUND_NOT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_next_in_every_order, start, stop),
		cmocka_unit_test_setup_teardown(no_more_is_asked_than_must_be, start, stop),
		cmocka_unit_test_setup_teardown(slices_end_soon, start, stop),
		cmocka_unit_test_setup_teardown(what_cannot_be_looked_for, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
