/* The Connections screen beside its list: marks, what is hidden, columns, curves, a filter
 * from the selected row; and the dialogs, commands and the mouse on it.
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
#include "sockeye/clock.h"
#include "tui/columns.h"
#include "tui/look.h"

#define BEGIN (INT64_C(1700000000) * CLOCK_S)

static struct answer a;
static struct look l;
static struct canvas c;
static unsigned width = 120, height = 30;

static struct flow_record *flow(uint16_t port, const char *state)
{
	struct flow_record *r = &a.row[a.rows++];

	memset(r, 0, sizeof *r);
	r->id = a.rows;
	r->proto = "tcp";
	r->ip_proto = PROTO_TCP;
	r->client = (struct endpoint){{{10, 0, 0, 1}}, (uint16_t)(40000 + a.rows), FAMILY_IPV4, true};
	r->server = (struct endpoint){{{192, 0, 2, 7}}, port, FAMILY_IPV4, true};
	r->state = state;
	r->first_ns = r->last_ns = BEGIN;
	r->bytes[0] = 500 * a.rows;
	r->packets[0] = r->packets[1] = 50;
	record_set(r, RECORD_STATE);
	record_set(r, RECORD_CLIENT);
	record_set(r, RECORD_SERVER);
	a.flows = a.matched = a.rows;
	return r;
}

static int start(void **state)
{
	(void)state;
	memset(&a, 0, sizeof a);
	a.ended = true;
	a.totals.first_ns = a.totals.last_ns = BEGIN;
	for (unsigned i = 0; i < 5; i++)
		flow((uint16_t)(440 + i), i % 2 ? "closed" : "established");
	a.selected = 1;
	look_init(&l, false, "two.pcap", NULL);
	look_answered(&l, &a);
	memset(&c, 0, sizeof c);
	width = 120;
	height = 30;
	keys_reset();
	return canvas_resize(&c, width, height) ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	canvas_release(&c);
	keys_reset();
	return 0;
}

static enum reaction press(const char *keys)
{
	return world_keys(&l, &a, keys, width, height);
}

static struct query ask(void)
{
	struct query q;

	look_ask(&l, &a, width, height, 0, &q);
	look_asked(&l);
	return q;
}

/* As the engine would: the selection moves inside the rows. */
static void answer(void)
{
	struct query q = ask();
	int64_t to = (int64_t)a.selected_row + q.move;

	a.selected_row = q.to_first ? 0 : (unsigned)(to < 0 ? 0 : to >= a.rows ? a.rows - 1 : to);
	a.selected = a.row[a.selected_row].id;
	look_answered(&l, &a);
}

static const char *row(unsigned y)
{
	assert_true(canvas_resize(&c, width, height));
	look_draw(&l, &a, &c);
	return world_text(&c, y);
}

static bool screen_has(const char *s)
{
	(void)row(0);
	return world_shows(&c, s);
}

static void marks(void **state)
{
	(void)state;
	press("<Space>");
	answer();
	assert_int_equal(l.marks, 1);
	assert_int_equal(l.marked[0], 1);
	assert_int_equal(a.selected, 2); /* and on to the next */
	press("<Space>");
	answer();
	assert_non_null(strstr(row(3), "*"));
	assert_null(strstr(row(5), "*"));
	assert_int_equal(press("&"), REACT_ASK);
	assert_int_equal(ask().onlys, 2);
	assert_int_equal(ask().only[1], 2);
	assert_non_null(strstr(row(1), " MARKED"));
	press("&");
	assert_int_equal(ask().onlys, 0);
	press("k");
	answer();
	press("<Space>"); /* again: the mark goes */
	assert_int_equal(l.marks, 1);
	assert_int_equal(l.marked[0], 1);
	l.marks = 0;
	press("&");
	assert_non_null(strstr(l.message, "nothing is marked"));
	for (unsigned i = 0; i < QUERY_TOGETHER; i++)
		l.marked[l.marks++] = 100 + i;
	press("<Space>");
	assert_int_equal(l.marks, QUERY_TOGETHER);
	assert_non_null(strstr(l.message, "no room"));
}

static void what_is_over_is_hidden_and_said(void **state)
{
	(void)state;
	assert_int_equal(press("jx"), REACT_ASK);
	assert_true(ask().open_only);
	a.over = 28;
	a.reused = 3;
	look_answered(&l, &a);
	assert_non_null(strstr(row(1), "ended by reuse: 3  28 over, hidden"));
	l.message[0] = '\0';
	a.left = LEFT_OVER;
	look_answered(&l, &a);
	assert_string_equal(l.message, "10.0.0.1:40001 → 192.0.2.7:440 closed and left the list; x shows closed ones");
	l.message[0] = '\0';
	a.left = LEFT_FILTER;
	look_answered(&l, &a);
	assert_non_null(strstr(l.message, "does not match any more"));
	a.left = LEFT_NOT;
	a.rows = 0;
	look_answered(&l, &a);
	assert_true(screen_has("all of them are over: x shows them"));
	press("x");
	assert_false(ask().open_only);
}

static void new_ones_are_announced(void **state)
{
	struct query q;

	(void)state;
	a.newest = 5;
	a.newer = 0;
	look_answered(&l, &a);
	press("z");
	q = ask();
	assert_int_equal(q.since, 5);
	assert_int_equal(q.holds, 5);
	a.newest = 42;
	a.newer = 37;
	look_answered(&l, &a);
	assert_non_null(strstr(row(29), "+37 new  start"));
	assert_int_equal(ask().since, 5);
	press("z"); /* let go */
	a.newer = 0;
	look_answered(&l, &a);
	assert_int_equal(ask().since, 0);
}

static void the_line_may_be_selected(void **state)
{
	struct query q;

	(void)state;
	press("jj");
	answer();
	press("F");
	q = ask();
	assert_true(q.to_first);
	assert_int_equal(q.selected, 0);
	assert_int_equal(q.move, 2);
	press("k");
	assert_int_equal(ask().move, 1);
	press("F");
	assert_int_equal(ask().selected, 3);
	a.first = 500;
	press("F");
	assert_false(l.list.by_line);
	assert_non_null(strstr(l.message, "beyond row 200"));
}

static void columns_are_chosen_and_scrolled(void **state)
{
	struct columns set;

	(void)state;
	columns_fit(&l, 120, &set);
	assert_int_equal(set.at[0].id, COLUMN_CLIENT);
	assert_false(set.more_right);
	press("c<Space>"); /* the client's goes */
	columns_fit(&l, 120, &set);
	assert_int_equal(set.at[0].id, COLUMN_SERVER);
	press("G<Space>-"); /* the last one comes, and up */
	press("<Esc>");
	assert_null(l.dialog.kind);
	columns_fit(&l, 60, &set);
	assert_true(set.more_right);
	width = 60;
	assert_non_null(strstr(row(2), "▶"));
	press("<Right>");
	columns_fit(&l, 60, &set);
	assert_true(set.more_left);
	assert_int_equal(set.at[0].id, COLUMN_HANDSHAKE);
	for (unsigned i = 0; i < 30; i++)
		press("<Right>");
	columns_fit(&l, 60, &set);
	assert_true(set.n > 0 && !set.more_right);
	assert_non_null(strstr(l.message, "that was the last column"));
	for (unsigned i = 0; i < 30; i++)
		press("h");
	assert_int_equal(l.list.skipped, 0);
	press("cd<Enter>");
	assert_int_equal(l.list.columns, 0);
	/* One must stay. */
	press("c");
	for (unsigned i = 0; i < COLUMNS; i++)
		if (l.dialog.on[i] && l.list.columns != 1)
			press("<Space>j");
		else
			press("j");
	assert_int_equal(l.list.columns, 1);
	press("g");
	while (!l.dialog.on[l.dialog.at])
		press("j");
	press("<Space>");
	assert_int_equal(l.list.columns, 1);
	assert_true(screen_has("one column must stay"));
}

/* At any width and choice: columns in order, none over another, none beyond the screen. */
static void columns_never_overlap(void **state)
{
	(void)state;
	srand(3);
	for (unsigned n = 0; n < 20000; n++) {
		struct columns set;
		unsigned x = 0, wide = 40 + (unsigned)rand() % 220;

		l.live = rand() % 2;
		l.list.owners = rand() % 2;
		l.list.columns = rand() % 2 ? 0 : (unsigned)rand() % (COLUMNS + 1);
		for (unsigned i = 0; i < l.list.columns; i++)
			l.list.column[i] = (uint8_t)((i * 7 + n) % COLUMNS);
		l.list.skipped = rand() % 3 ? 0 : (unsigned)rand() % COLUMNS;
		columns_fit(&l, wide, &set);
		assert_true(set.n > 0);
		for (unsigned i = 0; i < set.n; i++) {
			assert_true(set.at[i].x > x && set.at[i].end > set.at[i].x && set.at[i].end <= wide);
			x = set.at[i].end;
		}
	}
}

static void a_filter_from_the_selected_row(void **state)
{
	static const char *const want[] = {"port:440", "src:10.0.0.1", "dst:192.0.2.7", "", "bytes>=500", "state:established"};

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		press("=");
		if (want[i][0] == '\0') {
			assert_non_null(strstr(l.message, "has no value"));
		} else {
			assert_true(l.prompting);
			assert_string_equal(ask().match, want[i]);
			press("<C-u><Enter>");
		}
		press("s");
	}
	press("g:filter<Space>tcp<Enter>:sort<Space>start<Enter>=");
	assert_string_equal(ask().match, "tcp port:440");
	press("<Esc>");
	assert_string_equal(ask().match, "tcp");
}

/* What came in each second stands in its cell, and moves on. */
static void curves(void **state)
{
	const struct spark *s;

	(void)state;
	l.live = a.live = true;
	a.ended = false;
	for (unsigned second = 1; second <= 20; second++) {
		a.now_ns = BEGIN + second * CLOCK_S;
		a.row[0].last_ns = a.now_ns;
		a.row[0].bytes[0] += second <= 8 ? 1000 * second : 0;
		look_answered(&l, &a);
		if (second == 8)
			assert_non_null(strstr(row(3), "▁▂▃▄▅▆▇█"));
		if (second == 10)
			assert_true(strstr(row(3), "▃▄▅▆▇█") != NULL && strstr(row(3), "▂▃") == NULL);
	}
	s = sparks_of(&l.list, 1);
	assert_non_null(s);
	assert_int_equal(s->at[(BEGIN / CLOCK_S + 8) % SPARK_SECONDS], 8000);
	assert_null(strstr(row(3), "█"));
	c.ascii = true;
	a.row[0].bytes[0] += 9;
	look_answered(&l, &a);
	assert_non_null(strstr(row(3), "8"));
	/* More flows than it keeps: those out of sight longest go. */
	for (unsigned i = 0; i < 1000; i++) {
		a.row[1].id = 1000 + i;
		a.now_ns += CLOCK_MS;
		look_answered(&l, &a);
	}
	assert_non_null(sparks_of(&l.list, 1999));
	assert_null(sparks_of(&l.list, 1000));
}

/* What is over stays in the live list: dimmed, neither open nor hiding as such; x hides it, paused, too. */
static void what_is_over_stays(void **state)
{
	(void)state;
	l.live = a.live = true;
	a.ended = false;
	a.now_ns = BEGIN + 900 * CLOCK_S;
	a.row[2].past = true;
	a.row[4].past = true;
	a.row[4].state = "refused";
	a.rows = 5;
	a.selected_row = 0;
	look_answered(&l, &a);
	assert_non_null(strstr(row(3), "●"));
	assert_non_null(strstr(row(5), " ○  10.0.0.1:40003"));
	assert_int_equal(canvas_at(&c, 6, 5)->role, ROLE_DIM);
	assert_non_null(strstr(row(7), " ✗  10.0.0.1:40005"));
	assert_int_equal(canvas_at(&c, 6, 7)->role, ROLE_DIM);
	assert_int_equal(canvas_at(&c, 1, 7)->role, ROLE_BAD);
	press("Zx");
	assert_true(screen_has(":40001") && !screen_has(":40003") && !screen_has(":40005"));
}

static void commands(void **state)
{
	(void)state;
	press(":sort<Space>rate<Enter>");
	assert_int_equal(ask().rank, RANK_RATE);
	assert_true(ask().descending);
	press(":sort<Space>-rate<Enter>");
	assert_false(ask().descending);
	press(":sort<Space>bogus<Enter>");
	assert_non_null(strstr(l.message, "no such order"));
	press(":filter<Space>rtt<gt>5<Enter>");
	assert_non_null(strstr(l.message, "column 5:"));
	assert_string_equal(ask().match, "");
	press(":bogus<Enter>");
	assert_non_null(strstr(l.message, "no such command; there are q w save filter set sort help"));
	press(":set<Space>theme=mono<Enter>:set<Space>mouse=off<Enter>:set<Space>times=delta<Enter>");
	assert_int_equal(l.theme, THEME_MONO);
	assert_false(l.mouse);
	assert_int_equal(l.ladder.times, TIMES_DELTA);
	press(":set<Space>mouse=perhaps<Enter>");
	assert_non_null(strstr(l.message, "mouse: on or off"));
	press(":he<Tab><Enter>");
	assert_int_equal(l.page, PAGE_HELP);
	press("<Esc>:so<Tab><Space>by<Tab><Enter>");
	assert_int_equal(ask().sort, RECORD_BYTES);
	press(":<Up>");
	assert_string_equal(l.prompt_text, "sort bytes");
	press("<Up>");
	assert_string_equal(l.prompt_text, "help");
	press("<Esc>/<Up>"); /* commands are none of the filters that were */
	assert_string_equal(ask().match, "");
	press("<Esc>");
	assert_int_equal(press(":q<Enter>"), REACT_QUIT);
	press(":4711<Enter>");
	assert_int_equal(l.screen, SCREEN_PACKETS);
	assert_int_equal(l.packets.to_number, 4711);
	press(":99x<Enter>");
	assert_non_null(strstr(l.message, "a packet's number"));
	l.live = true;
	a.ended = false;
	a.totals.packets = 0;
	assert_int_equal(press(":q<Enter>"), REACT_QUIT); /* nothing came, nothing is lost */
	a.totals.packets = 1;
	assert_int_equal(press(":q<Enter>"), REACT_DRAW); /* asks once, as the key does */
	assert_int_equal(press("q"), REACT_QUIT);
	assert_int_equal(press(":q!<Enter>"), REACT_QUIT);
}

static void the_line_is_edited(void **state)
{
	(void)state;
	press("/port:443<Home>tls<Space><End>0<Left><Left>9");
	assert_string_equal(ask().match, "tls port:44930");
	press("<Delete><C-a><C-k>a<Space>bcé<C-w>x<Left><Backspace>");
	assert_string_equal(ask().match, "ax");
	press("<C-e>é<Left><Right><Backspace>");
	assert_string_equal(ask().match, "ax");
	press("<C-u>tls<Space>stat<Left><Left><Left><Left><Left><Left><Left><Left>por<Tab>");
	assert_string_equal(ask().match, "porttls stat");
	assert_int_equal(l.cursor, 4);
}

static void sorts_are_chosen(void **state)
{
	(void)state;
	press("<F6>jj<Enter>");
	assert_int_equal(ask().sort, RECORD_SERVER);
	press("<F6><Enter>");
	assert_true(l.descending);
	press("<F6>G");
	assert_true(screen_has("idle"));
	press("q");
	assert_null(l.dialog.kind);
}

static void the_mouse(void **state)
{
	(void)state;
	press("<click:10,6>");
	answer();
	assert_int_equal(a.selected, 4);
	press("<click:10,4>");
	answer();
	assert_int_equal(a.selected, 2);
	press("<click:10,20>"); /* below the rows: nothing */
	assert_int_equal(ask().move, 0);
	press("<wheel-down>");
	assert_int_equal(ask().move, 3);
	press("<click:30,2>");
	assert_int_equal(ask().sort, RECORD_SERVER);
	press("<click:30,2>");
	assert_true(ask().descending);
	press("<click:22,1>");
	assert_int_equal(l.screen, SCREEN_LADDER);
	press("<click:3,1>");
	assert_int_equal(l.screen, SCREEN_CONNECTIONS);
	press("<click:64,1>");
	assert_non_null(strstr(l.message, "not built yet"));
	press("?<wheel-down>");
	assert_int_equal(l.scrolled, 3);
	press("<Esc>c<click:60,9><Space>");
	assert_int_equal(l.dialog.at, 3);
	press("<wheel-up>");
	assert_int_equal(l.dialog.at, 2);
}

static void pages_are_searched(void **state)
{
	unsigned first;

	(void)state;
	press("?/CONNECTION<Enter>");
	first = l.page_at;
	assert_true(first > 0);
	assert_non_null(strstr(row(2 + first - l.scrolled), "connection"));
	press("n");
	assert_true(l.page_at > first);
	press("N");
	assert_int_equal(l.page_at, first);
	press("/nowhere<Space>to<Space>be<Space>found<Enter>");
	assert_non_null(strstr(l.message, "not found"));
	press("<Esc>");
	assert_int_equal(l.page, PAGE_SCREEN);
	assert_string_equal(l.page_search, "");
}

static void dialogs_fit_any_screen(void **state)
{
	static const char *const opens[] = {"c", "<F6>", "i"};

	(void)state;
	for (unsigned k = 0; k < 3; k++)
		for (width = 40; width < 140; width += 11)
			for (height = 8; height < 40; height += 3) {
				l.dialog.kind = NULL;
				press(opens[k]);
				assert_non_null(l.dialog.kind);
				press("GjK");
				assert_true(screen_has("┌─"));
				assert_true(screen_has("└─"));
				assert_true(strlen(row(height - 1)) > 0);
			}
	width = 120;
	height = 30;
	press("<Esc>");
	assert_null(l.dialog.kind);
}

/* By process: sorted and grouped as by anything else; a group is opened by a filter of its process, and closed again. */
static void by_process(void **state)
{
	const struct record_owner owner[] = {{22731, 7, 1000, "bpf", NULL, NULL, "curl"}, {815, 19, 33, "bpf", NULL, NULL, "nginx"}};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		a.row[i].owner[i].n = 1;
		a.row[i].owner[i].at[0] = owner[1 - i];
		record_set(&a.row[i], i ? RECORD_OWNER_SERVER : RECORD_OWNER_CLIENT);
	}
	look_answered(&l, &a);
	l.live = true;
	a.ended = false;
	press("s");
	for (unsigned i = 0; i < LOOK_SORTS && look_sorts[l.sort].rank != RANK_PROCESS; i++)
		press("s");
	assert_int_equal(ask().rank, RANK_PROCESS);
	assert_true(screen_has("sorted by process, a to z"));
	press("=");
	assert_string_equal(l.match, "pid:815");
	press("<Esc>Z"); /* paused: ordered here, who has none last */
	answer();
	press("s");
	while (look_sorts[l.sort].rank != RANK_PROCESS)
		press("s");
	assert_string_equal(a.row[0].owner[1].at[0].comm, "curl");
	assert_string_equal(a.row[1].owner[0].at[0].comm, "nginx");
	press("Z");
	press("tttt");
	assert_int_equal(ask().group, GROUP_PROCESS);
	a.rows = 0;
	a.groups_all = a.groups = 3;
	a.group[0] = (struct flow_group){.id = 1, .pid = 815, .process = "ng\x1binx", .flows = 7, .open = 3};
	a.group[1] = (struct flow_group){.id = 2, .flows = 5};
	a.group[2] = (struct flow_group){.id = 3, .pid = 22731, .process = "curl", .flows = 2};
	a.selected = 1;
	a.selected_row = 0;
	look_answered(&l, &a);
	assert_true(screen_has("curl 22731"));
	assert_true(screen_has("no process is known"));
	assert_non_null(strstr(row(2), "Process"));
	press("<Enter>");
	assert_int_equal(ask().group, GROUP_NONE);
	assert_string_equal(ask().match, "pid:815");
	press("<Esc>");
	assert_int_equal(ask().group, GROUP_PROCESS);
	a.selected_row = 1;
	press("<Enter>");
	assert_string_equal(ask().match, "!pid>0");
	press("<Esc>t");
	assert_int_equal(ask().group, GROUP_NONE);
	l.live = false; /* files do not say who held a socket */
	press("tttt");
	assert_int_equal(ask().group, GROUP_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(marks, start, stop),
		cmocka_unit_test_setup_teardown(what_is_over_is_hidden_and_said, start, stop),
		cmocka_unit_test_setup_teardown(new_ones_are_announced, start, stop),
		cmocka_unit_test_setup_teardown(the_line_may_be_selected, start, stop),
		cmocka_unit_test_setup_teardown(columns_are_chosen_and_scrolled, start, stop),
		cmocka_unit_test_setup_teardown(columns_never_overlap, start, stop),
		cmocka_unit_test_setup_teardown(a_filter_from_the_selected_row, start, stop),
		cmocka_unit_test_setup_teardown(curves, start, stop),
		cmocka_unit_test_setup_teardown(by_process, start, stop),
		cmocka_unit_test_setup_teardown(commands, start, stop),
		cmocka_unit_test_setup_teardown(what_is_over_stays, start, stop),
		cmocka_unit_test_setup_teardown(the_line_is_edited, start, stop),
		cmocka_unit_test_setup_teardown(sorts_are_chosen, start, stop),
		cmocka_unit_test_setup_teardown(the_mouse, start, stop),
		cmocka_unit_test_setup_teardown(pages_are_searched, start, stop),
		cmocka_unit_test_setup_teardown(dialogs_fit_any_screen, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
