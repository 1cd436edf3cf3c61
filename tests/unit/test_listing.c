/* The listing: what is kept of flows answers as looking at all of them anew does, in slices,
 * while they move; and looks at no more of them than those that moved.
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

static struct answer answer, reference;

static void random_step(uint64_t *next_id)
{
	unsigned i = n_flows > 0 ? (unsigned)rand() % n_flows : 0;
	struct flow some = {.bytes = (uint64_t)(rand() % 50), .handshake = rand() % 4 ? rand() % 30 : -1,
			    .port = (uint16_t)(rand() % 40), .open = rand() % 2, .reused = rand() % 8 == 0,
			    .first = rand() % 1000, .last = 1000 + rand() % 1000};

	if (n_flows < FLOWS_MAX && rand() % 4 == 0) {
		some.id = ++*next_id;
		flows[n_flows++] = some;
	} else if (n_flows > 0 && flows[i].gone) {
		some.id = ++*next_id; /* the seat is another's now */
		flows[i] = some;
	} else if (n_flows > 0 && rand() % 4 == 0) {
		flows[i].gone = true;
	} else if (n_flows > 0) {
		some.id = flows[i].id;
		flows[i] = some;
	}
}

static void random_query(struct query *q, const struct answer *last)
{
	static const enum record_key sorts[] = {RECORD_BYTES, RECORD_HS_FIRST_SYN_TO_ACK, RECORD_CLIENT, RECORD_SERVER,
						RECORD_STATE, RECORD_FIRST, RECORD_LAST, RECORD_ID, RECORD_VLAN};
	static const enum query_rank ranks[] = {RANK_UP, RANK_DOWN, RANK_RATE, RANK_RETRANSMITTED, RANK_ROUND_TRIP, RANK_PROCESS};

	memset(q, 0, sizeof *q);
	q->sort = sorts[rand() % 9];
	q->rank = rand() % 2 ? RANK_KEY : ranks[rand() % 6];
	q->group = rand() % 5 == 0 ? (enum query_group)(1 + rand() % 4) : GROUP_NONE;
	q->open_only = rand() % 4 == 0;
	q->descending = rand() % 2;
	q->since = rand() % 4 == 0 ? (uint64_t)(rand() % 300) : 0;
	q->rows = 1 + (unsigned)rand() % 40;
	q->anchor = (unsigned)rand() % q->rows;
	if (rand() % 3 == 0)
		(void)snprintf(q->match, sizeof q->match, "%s", rand() % 2 ? "bytes > 25" : rand() % 2 ? ":1" : "open closed or established");
	if (rand() % 8 == 0)
		for (q->onlys = 0; q->onlys < 4; q->onlys++)
			q->only[q->onlys] = (uint64_t)(rand() % 300);
	q->to_first = rand() % 16 == 0;
	q->to_last = !q->to_first && rand() % 16 == 0;
	q->move = rand() % 2 ? rand() % 81 - 40 : rand() % 3 - 1;
	if (n_flows > 0 && rand() % 8)
		q->selected = flows[(unsigned)rand() % n_flows].id;
	for (unsigned i = 0; i < 2; i++)
		q->otherwise[i] = n_flows > 0 ? flows[(unsigned)rand() % n_flows].id : 0;
	if (rand() % 3 == 0 && last->about == QUERY_FLOWS)
		for (q->selected = last->selected; q->holds < last->rows; q->holds++)
			q->hold[q->holds] = last->row[q->holds].id;
}

static void assert_same_answer(const struct answer *a, const struct answer *b)
{
	assert_int_equal(a->flows, b->flows);
	assert_int_equal(a->open, b->open);
	assert_int_equal(a->matched, b->matched);
	assert_int_equal(a->over, b->over);
	assert_int_equal(a->newest, b->newest);
	assert_int_equal(a->newer, b->newer);
	assert_int_equal(a->reused, b->reused);
	assert_int_equal(a->left, b->left);
	assert_int_equal(a->vanished, b->vanished);
	assert_int_equal(a->rows, b->rows);
	assert_int_equal(a->first, b->first);
	assert_int_equal(a->selected_row, b->selected_row);
	assert_int_equal(a->groups_all, b->groups_all);
	assert_int_equal(a->groups, b->groups);
	assert_int_equal(a->ungrouped, b->ungrouped);
	assert_int_equal(a->match_error.column, b->match_error.column);
	for (unsigned i = 0; i < a->rows; i++) {
		assert_int_equal(a->row[i].id, b->row[i].id);
		assert_int_equal(a->row[i].bytes[0], b->row[i].bytes[0]);
		assert_int_equal(a->rate[i], b->rate[i]);
	}
	for (unsigned i = 0; i < a->groups; i++) { /* ids are of each listing's own key */
		assert_int_equal(tuple_compare_endpoint(&a->group[i].at, &b->group[i].at), 0);
		assert_int_equal(a->group[i].flows, b->group[i].flows);
		assert_int_equal(a->group[i].open, b->group[i].open);
		assert_int_equal(a->group[i].failed, b->group[i].failed);
		assert_int_equal(a->group[i].bytes[0], b->group[i].bytes[0]);
		assert_int_equal(a->group[i].rate, b->group[i].rate);
		assert_int_equal(a->group[i].last_ns, b->group[i].last_ns);
	}
	if (a->groups == 0)
		assert_int_equal(a->selected, b->selected);
}

/* Every order, filter and window, whole and in slices between which flows come, move and go, against
 * a listing that keeps nothing and looks at every flow. */
static void what_is_kept_answers_as_looking_anew(void **state)
{
	struct listing *kept = listing_open(NULL, 1 << 20), *none = listing_open(NULL, 0);
	uint64_t next_id = 0, slices = 0, answers = 0;
	struct query q;

	(void)state;
	srand(4);
	n_flows = 0;
	memset(&answer, 0, sizeof answer);
	for (unsigned i = 0; i < 30000; i++) {
		if (n_flows == FLOWS_MAX && rand() % 64 == 0)
			n_flows = 0;
		for (int steps = rand() % 4; steps > 0; steps--)
			random_step(&next_id);
		if (i == 0 || rand() % 2) /* else the same question once more */
			random_query(&q, &answer);
		if (q.group != GROUP_NONE)
			q.selected = 0;
		world_listing = kept;
		if (rand() % 8 == 0) /* nobody has asked for a while */
			listing_ahead(kept, 1 << 20, rand() % 2 ? 0 : INT64_MAX);
		while (!engine_answer_within(NULL, &q, &answer, rand() % 2 ? 0 : INT64_MAX)) {
			slices++;
			/* Sums are of the moments in which each flow was met: here they stand still. */
			for (int steps = q.group == GROUP_NONE ? rand() % 20 : 0; steps > 0; steps--)
				random_step(&next_id);
			if (rand() % 16 == 0)
				random_query(&q, &answer); /* the screen wants another one by now */
			if (q.group != GROUP_NONE)
				q.selected = 0;
		}
		world_listing = none;
		assert_true(engine_answer_within(NULL, &q, &reference, INT64_MAX));
		assert_same_answer(&answer, &reference);
		answers++;
	}
	print_message("%llu answers, %llu slices more, %llu gists made, %llu flows not looked at\n", (unsigned long long)answers,
		      (unsigned long long)slices, (unsigned long long)listing_stats(kept)->prepared,
		      (unsigned long long)listing_stats(kept)->by_gist);
	assert_true(slices > 1000);
	assert_true(listing_stats(kept)->prepared >= FLOWS_MAX && listing_stats(kept)->by_gist > 100000);
	listing_free(kept);
	listing_free(none);
	world_listing = NULL;
}

/* Looks at flows, and records filled, since the last call. */
static void work(uint64_t *looked, uint64_t *filled)
{
	struct listing_stats *s = listing_stats(world_listing);

	*looked = s->looked;
	*filled = s->filled;
	*s = (struct listing_stats){0};
}

static void ask(const struct query *q, uint64_t looked_most, uint64_t filled_most)
{
	uint64_t looked, filled;

	engine_answer(NULL, q, &answer);
	work(&looked, &filled);
	if (looked > looked_most || filled > filled_most)
		fail_msg("%llu looks, %llu records; %llu and %llu are enough", (unsigned long long)looked, (unsigned long long)filled,
			 (unsigned long long)looked_most, (unsigned long long)filled_most);
}

static void only_what_moved_is_looked_at(void **state)
{
	struct query q = {.sort = RECORD_FIRST, .rows = 20};

	(void)state;
	world_listing = listing_open(NULL, 1 << 20);
	n_flows = 0;
	while (n_flows < 500)
		flows[n_flows++] = (struct flow){.id = n_flows, .bytes = n_flows % 7, .handshake = -1, .port = (uint16_t)(n_flows % 50),
						 .open = n_flows % 2, .first = n_flows, .last = n_flows};
	ask(&q, 500, 0); /* made: that all are marked costs nothing more */
	ask(&q, 0, 0);
	q.to_last = true;
	ask(&q, 0, 0);
	q.to_last = false;
	q.selected = 250;
	q.move = 40;
	ask(&q, 0, 0);
	q.descending = true;
	ask(&q, 0, 0);
	flows[7].bytes = flows[8].bytes = 1000;
	flows[9].gone = true;
	ask(&q, 3, 0);
	q.sort = RECORD_BYTES; /* another order: a number of each */
	ask(&q, 500, 0);
	ask(&q, 0, 0);
	q.sort = RECORD_HS_FIRST_SYN_TO_ACK; /* one that needs records */
	ask(&q, 500, 500);
	ask(&q, 0, 0);
	q.sort = RECORD_STATE; /* of two ways to be alike one record each, and of those that are like nobody */
	ask(&q, 500, 500 / LONERS + 3);
	ask(&q, 0, 0);
	memcpy(q.match, ":17 ", 5); /* another filter: a record of each */
	ask(&q, 500, 500);
	assert_int_equal(answer.matched, 10);
	q.sort = RECORD_BYTES; /* another order of those that pass */
	ask(&q, 10, 0);
	flows[16].bytes = 3;
	ask(&q, 1, 1);
	q.group = GROUP_CLIENT; /* sums: what is alike failed or did not alike */
	ask(&q, 10, 4);
	ask(&q, 0, 0);
	q.group = GROUP_NONE;
	memcpy(q.match, "closed", 7); /* a word that is alike; and what is over is hidden by the same record */
	q.open_only = true;
	ask(&q, 500, 500 / LONERS + 3);
	assert_int_equal(answer.matched, 0);
	assert_int_equal(answer.over, 249); /* one is gone */
	q.open_only = false;
	ask(&q, 500, 500 / LONERS + 3);
	assert_int_equal(answer.matched, 249);
	q.match[0] = '\0';
	q.rank = RANK_UP; /* and what is read where the flow lies, without one */
	ask(&q, 500, 0);
	q.rank = RANK_RATE;
	ask(&q, 500, 0);
	q.rank = RANK_RETRANSMITTED;
	ask(&q, 500, 0);
	q.rank = RANK_ROUND_TRIP; /* of the odd ones a record says it */
	ask(&q, 500, 250);
	q.rank = RANK_KEY;
	q.sort = RECORD_CLIENT;
	ask(&q, 500, 0);
	listing_free(world_listing);
	world_listing = NULL;
}

/* By rate, live: those that are not silent change without a packet. */
static void rates_go_on(void **state)
{
	struct query q = {.rank = RANK_RATE, .rows = 20};

	(void)state;
	world_listing = listing_open(NULL, 1 << 20);
	live_rates = rates_open();
	totals.now_ns = 1000 * CLOCK_S;
	n_flows = 0;
	while (n_flows < 500)
		flows[n_flows++] = (struct flow){.id = n_flows, .bytes = n_flows, .handshake = -1,
						 .last = n_flows <= 20 ? totals.now_ns : totals.now_ns - 60 * CLOCK_S};
	ask(&q, 1000, 0);
	ask(&q, 20, 0);
	totals.now_ns += CLOCK_S;
	ask(&q, 20, 0);
	totals.now_ns += 60 * CLOCK_S;
	ask(&q, 20, 0); /* they became silent */
	ask(&q, 0, 0);
	rates_free(live_rates);
	live_rates = NULL;
	totals.now_ns = 0;
	listing_free(world_listing);
	world_listing = NULL;
}

/* Sums of many flows are made in slices, and say the same. */
static void groups_are_summed_in_slices(void **state)
{
	struct query q = {.group = GROUP_SERVER, .rows = 40, .to_first = true};
	unsigned slices = 0;

	(void)state;
	n_flows = 0;
	while (n_flows < FLOWS_MAX)
		flows[n_flows++] = (struct flow){.id = n_flows, .bytes = n_flows, .handshake = -1, .port = (uint16_t)(n_flows % 30),
						 .open = n_flows % 3 == 0, .last = n_flows};
	world_listing = listing_open(NULL, 1 << 20);
	engine_answer(NULL, &q, &reference);
	while (!engine_answer_within(NULL, &q, &answer, 0)) {
		assert_true(++slices < 100);
		if (slices == 1)
			q.to_first = false; /* where the window stands is asked when all is summed */
	}
	q.to_first = true;
	engine_answer(NULL, &q, &answer);
	assert_same_answer(&answer, &reference);
	assert_int_equal(answer.groups_all, 30);
	assert_int_equal(answer.flows, FLOWS_MAX);
	print_message("%u slices more\n", slices);
	assert_true(slices >= 2);
	listing_free(world_listing);
	world_listing = NULL;
}

/* A sum that was cut when the screen asked something else: nothing of it is said, then or later. */
static void a_sum_that_was_left_is_begun_anew(void **state)
{
	struct query q = {.group = GROUP_SERVER, .rows = 40, .to_first = true}, other = {.about = QUERY_TOTALS};
	struct query rows = {.sort = RECORD_FIRST, .rows = 20};
	unsigned cut = 0;

	(void)state;
	world_listing = listing_open(NULL, 1 << 20);
	for (unsigned k = 0; k < 2; k++) {
		memset(flows_were, 0, sizeof flows_were); /* who comes to a seat that was given up is marked */
		n_flows = 0;
		while (n_flows < FLOWS_MAX)
			flows[n_flows++] = (struct flow){.id = n_flows, .bytes = n_flows, .handshake = -1,
							 .port = (uint16_t)(n_flows % 30), .last = n_flows};
		memset(&answer, 0, sizeof answer);
		for (unsigned i = 0; i < 100 && listing_sum(world_listing)->next == 0; i++)
			assert_false(engine_answer_within(NULL, &q, &answer, 0));
		cut += listing_sum(world_listing)->next != 0;
		assert_int_equal(answer.flows, 0);
		engine_answer(NULL, k == 0 ? &other : &rows, &answer);
		assert_int_equal(answer.flows, k == 0 ? 0 : FLOWS_MAX);
		n_flows = 30; /* nearly all have ended */
		for (unsigned i = 0; i < 30; i++)
			flows[i] = (struct flow){.id = 100000 + i, .bytes = 1, .handshake = -1, .port = (uint16_t)(500 + i), .last = 1};
		engine_answer(NULL, &q, &answer);
		assert_int_equal(answer.flows, 30);
		assert_int_equal(answer.groups_all, 30);
	}
	assert_int_equal(cut, 2);
	listing_free(world_listing);
	world_listing = NULL;
}

/* One that nobody has worked on for a while is of another time. */
static void an_old_sum_is_begun_anew(void **state)
{
	struct query q = {.group = GROUP_SERVER, .rows = 40, .to_first = true};

	(void)state;
	n_flows = 0;
	while (n_flows < FLOWS_MAX)
		flows[n_flows++] = (struct flow){.id = n_flows, .bytes = 1, .handshake = -1, .port = 7, .last = n_flows};
	world_listing = listing_open(NULL, 1 << 20);
	for (unsigned i = 0; i < 100 && listing_sum(world_listing)->next == 0; i++)
		assert_false(engine_answer_within(NULL, &q, &answer, 0));
	assert_int_not_equal(listing_sum(world_listing)->next, 0);
	listing_sum(world_listing)->worked_ns -= 2 * CLOCK_S;
	n_flows = 30;
	engine_answer(NULL, &q, &answer);
	assert_int_equal(answer.flows, 30);
	assert_int_equal(answer.group[0].flows, 30);
	listing_free(world_listing);
	world_listing = NULL;
}

/* A flow keeps its retransmissions in 16 bits for the sum; of one with more the flow itself is asked. */
static void sums_of_many_retransmissions(void **state)
{
	struct query q = {.group = GROUP_SERVER, .rows = 40, .to_first = true};

	(void)state;
	n_flows = 3;
	for (unsigned i = 0; i < 3; i++)
		flows[i] = (struct flow){.id = i + 1, .bytes = 1, .handshake = -1, .port = 7, .again = i == 0 ? 70000 : 65534 + i};
	world_listing = listing_open(NULL, 1 << 20);
	engine_answer(NULL, &q, &answer);
	assert_int_equal(answer.group[0].again, 70000 + 65535 + 65536);
	listing_free(world_listing);
	world_listing = NULL;
}

/* Live, by process: a table of the host thread may name another one of flows that are open, or that moved since the last
 * one; of all others nothing is looked at. */
static void owners_come_with_tables(void **state)
{
	struct query q = {.rank = RANK_PROCESS, .rows = 20, .to_first = true, .match = "pid:7"};

	(void)state;
	memset(owner, 0, sizeof owner);
	world_listing = listing_open(NULL, 1 << 20);
	live_rates = rates_open();
	totals.now_ns = 1000 * CLOCK_S;
	n_flows = 0;
	while (n_flows < 500)
		flows[n_flows++] = (struct flow){.id = n_flows, .bytes = n_flows, .handshake = -1, .open = n_flows < 30};
	ask(&q, 1000, 1000);
	assert_int_equal(answer.matched, 0);
	ask(&q, 0, 0);
	tables++;
	owner[3] = owner[400] = 7; /* the second is over, and was said so with the table before */
	ask(&q, 500, 500);
	assert_int_equal(answer.matched, 2);
	tables++;
	owner[4] = 7;
	ask(&q, 30, 30);
	assert_int_equal(answer.matched, 3);
	assert_int_equal(answer.row[0].owner[0].at[0].pid, 7);
	ask(&q, 0, 0);
	flows[300].bytes = 5; /* it moved: what the next table says of it is wanted, too */
	ask(&q, 1, 1);
	tables++;
	owner[300] = 7;
	ask(&q, 31, 31);
	assert_int_equal(answer.matched, 4);
	tables++;
	q.group = GROUP_PROCESS;
	q.match[0] = '\0';
	ask(&q, 500, 500);
	assert_int_equal(answer.groups, 2);
	assert_int_equal(answer.group[0].pid, 0); /* most first: of nobody */
	assert_int_equal(answer.group[1].pid, 7);
	assert_string_equal(answer.group[1].process, "curl");
	assert_int_equal(answer.group[1].flows, 4);
	memset(owner, 0, sizeof owner);
	rates_free(live_rates);
	live_rates = NULL;
	totals.now_ns = 0;
	listing_free(world_listing);
	world_listing = NULL;
}

/* ---- the nearest ----------------------------------------------------------------------- */

static int by_rank(const void *a, const void *b)
{
	return rank_compare(a, b);
}

/* Rising, falling, all the same, random: the same rows, and the choice stays cheap. */
static void the_nearest_are_found(void **state)
{
	enum { MANY = 20000 };
	static struct near h;
	static struct rank all[MANY];

	(void)state;
	srand(6);
	for (unsigned shape = 0; shape < 5; shape++)
		for (unsigned before = 0; before < 2; before++) {
			unsigned most = shape == 4 ? 0 : 1 + (unsigned)rand() % NEAR_MAX;

			near_begin(&h, before, most);
			for (unsigned i = 0; i < MANY; i++) {
				all[i] = (struct rank){.id = i + 1, .seat = i, .absent = shape == 3 && i % 3 == 0};
				all[i].at[0] = shape == 0 ? i : shape == 1 ? MANY - i : shape == 2 ? 7 : (uint64_t)(rand() % 500);
				near_add(&h, &all[i]);
			}
			near_end(&h);
			qsort(all, MANY, sizeof all[0], by_rank);
			assert_int_equal(h.n, most);
			for (unsigned i = 0; i < most; i++)
				assert_int_equal(h.at[i].id, all[before ? MANY - most + i : i].id);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_kept_answers_as_looking_anew),
		cmocka_unit_test(only_what_moved_is_looked_at),
		cmocka_unit_test(rates_go_on),
		cmocka_unit_test(groups_are_summed_in_slices),
		cmocka_unit_test(a_sum_that_was_left_is_begun_anew),
		cmocka_unit_test(an_old_sum_is_begun_anew),
		cmocka_unit_test(sums_of_many_retransmissions),
		cmocka_unit_test(owners_come_with_tables),
		cmocka_unit_test(the_nearest_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
