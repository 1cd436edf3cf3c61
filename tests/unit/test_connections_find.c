/* F3, n and N in Connections: what is asked of the engine, what is found in sight, what is said.
 * links: tui engine filter facts base
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "screen_world.h"
#include "tui/look.h"

enum { WIDTH = 100, HEIGHT = 30, ROWS = 6 };

static struct answer a;
static struct look l;

static int start(void **state)
{
	(void)state;
	memset(&a, 0, sizeof a);
	for (unsigned i = 0; i < ROWS; i++) {
		struct flow_record *r = &a.row[a.rows++];

		r->id = 11 + i;
		r->proto = "tcp";
		r->ip_proto = PROTO_TCP;
		r->state = i % 2 ? "closed" : "established";
		r->outcome = i == 4 ? "refused" : "complete";
		r->client = (struct endpoint){{{10, 0, 0, 1}}, (uint16_t)(40000 + i), FAMILY_IPV4, true};
		r->server = (struct endpoint){{{192, 0, 2, 7}}, (uint16_t)(440 + i), FAMILY_IPV4, true};
		record_set(r, RECORD_STATE);
		record_set(r, RECORD_OUTCOME);
		record_set(r, RECORD_CLIENT);
		record_set(r, RECORD_SERVER);
	}
	a.flows = a.matched = 100;
	a.selected = a.row[0].id;
	look_init(&l, false, "many.pcap", NULL);
	look_answered(&l, &a);
	keys_reset();
	return 0;
}

static enum reaction press(const char *keys)
{
	return world_keys(&l, &a, keys, WIDTH, HEIGHT);
}

static struct query ask(void)
{
	struct query q;

	look_ask(&l, &a, WIDTH, HEIGHT, 0, &q);
	look_asked(&l);
	return q;
}

/* As the engine answers: that row is selected. */
static void answered(unsigned row, enum query_found found)
{
	a.selected_row = row;
	a.selected = a.row[row].id;
	a.found = found;
	look_answered(&l, &a);
	a.found = FOUND_NOT;
}

static void in_sight_only_the_selection_moves(void **state)
{
	struct query q;

	(void)state;
	assert_int_equal(press("<F3>"), REACT_DRAW);
	assert_true(l.prompting);
	assert_int_equal(press("port:443<Enter>"), REACT_ASK);
	assert_false(l.prompting);
	q = ask();
	assert_string_equal(q.find, ""); /* the engine need not look */
	assert_int_equal(q.selected, 11);
	assert_int_equal(q.move, 3);
	assert_int_equal(q.anchor, 3);
	assert_string_equal(q.match, ""); /* nothing is filtered */
	assert_int_equal(ask().move, 0);  /* once */
	answered(3, FOUND_NOT);
	assert_int_equal(press("<F3>closed<Enter>"), REACT_ASK);
	assert_int_equal(ask().move, 2);
	answered(5, FOUND_NOT);
	assert_int_equal(press("N"), REACT_ASK);
	assert_int_equal(ask().move, -2);
}

static void beyond_it_the_engine_is_asked(void **state)
{
	struct query q;

	(void)state;
	press("<F3>closed<Enter>");
	(void)ask();
	answered(5, FOUND_NOT);
	press("n");
	q = ask();
	assert_string_equal(q.find, "closed");
	assert_false(q.find_back);
	assert_int_equal(q.selected, 16);
	assert_int_equal(q.move, 0);
	assert_string_equal(ask().find, ""); /* once */
	answered(0, FOUND_ROUND);
	assert_non_null(strstr(l.message, "found: closed, round from the first row"));
	assert_false(l.message_bad);
	press("N");
	q = ask();
	assert_string_equal(q.find, "closed");
	assert_true(q.find_back);
	answered(0, FOUND_NOBODY);
	assert_non_null(strstr(l.message, "not found: closed"));
	assert_true(l.message_bad);
	memcpy(l.match, "tls", 4);
	press("n");
	(void)ask();
	answered(0, FOUND_NOBODY);
	assert_non_null(strstr(l.message, "that the filter lets through"));
}

static void wherever_one_stands(void **state)
{
	(void)state;
	l.stick = STICK_LAST;
	press("<F3>nobody<Enter>");
	assert_false(ask().to_last);
	answered(2, FOUND_AHEAD);
	assert_string_equal(l.message, "");
	press("F"); /* the line stays */
	assert_true(l.list.by_line);
	press("n");
	assert_int_equal(ask().selected, 13); /* from the row that stands there */
	assert_true(ask().to_first);
	l.list.group = GROUP_CLIENT;
	press("n");
	assert_non_null(strstr(l.message, "a group is selected"));
}

static void nothing_searched_is_trouble(void **state)
{
	(void)state;
	assert_int_equal(press("n"), REACT_ASK);
	assert_non_null(strstr(l.message, "failed"));
	assert_int_equal(ask().move, 4); /* it was refused */
	answered(4, FOUND_NOT);
	press("n");
	assert_non_null(strstr(ask().find, "outcome:refused"));
	answered(4, FOUND_NOBODY);
	assert_non_null(strstr(l.message, "not found: trouble"));
}

static void what_is_wrong_is_said(void **state)
{
	(void)state;
	assert_int_equal(press("<F3>rtt<gt><Enter>"), REACT_DRAW);
	assert_non_null(strstr(l.message, "column 5: "));
	assert_true(l.message_bad);
	assert_string_equal(l.list.find, "");
	press("<F3><Enter>");
	assert_non_null(strstr(l.message, "nothing is looked for"));
	press("<F3>tls<Esc>");
	assert_string_equal(l.list.find, "");
}

static void paused_the_rows_that_are_kept(void **state)
{
	(void)state;
	press("Z");
	(void)ask();
	look_answered(&l, &a);
	assert_int_equal(press("<F3>closed<Enter>"), REACT_DRAW); /* nothing is asked */
	assert_int_equal(l.selected, 12);
	press("nn");
	assert_int_equal(l.selected, 16);
	press("n");
	assert_int_equal(l.selected, 12);
	assert_non_null(strstr(l.message, "round from the first row"));
	press("N");
	assert_int_equal(l.selected, 16);
	assert_non_null(strstr(l.message, "round from the last row"));
	press("<F3>nobody<Enter>");
	assert_int_equal(l.selected, 16);
	assert_non_null(strstr(l.message, "not found: nobody"));
}

/* Live, a word alone is looked for in the names of processes, too: the list shows them. */
static void processes_are_found_live(void **state)
{
	(void)state;
	a.row[3].owner[0].n = 1;
	a.row[3].owner[0].at[0] = (struct record_owner){.pid = 7, .comm = "curl"};
	record_set(&a.row[3], RECORD_OWNER_CLIENT);
	a.live = l.live = true;
	press("<F3>curl<Enter>");
	assert_int_equal(ask().move, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(in_sight_only_the_selection_moves, start),
		cmocka_unit_test_setup(beyond_it_the_engine_is_asked, start),
		cmocka_unit_test_setup(wherever_one_stands, start),
		cmocka_unit_test_setup(nothing_searched_is_trouble, start),
		cmocka_unit_test_setup(what_is_wrong_is_said, start),
		cmocka_unit_test_setup(paused_the_rows_that_are_kept, start),
		cmocka_unit_test_setup(processes_are_found_live, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
