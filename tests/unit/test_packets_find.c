/* A search in the Packets screen that ends before its time; and how many connections there are while it is another screen that asks.
 * links: tui engine source filter facts base
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "packets_world.h"
#include "screen_world.h"
#include "tui/screen.h"

static struct answer a;
static struct look l;
static struct canvas c;

static int start(void **state)
{
	(void)state;
	look_init(&l, false, "two.pcap", NULL);
	l.screen = SCREEN_PACKETS;
	world_packets(&a);
	memset(&c, 0, sizeof c);
	return canvas_resize(&c, 120, 35) ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	canvas_release(&c);
	return 0;
}

static void draw(void)
{
	look_answered(&l, &a);
	look_draw(&l, &a, &c);
}

static enum reaction press(const char *keys)
{
	return world_keys(&l, &a, keys, 120, 35);
}

static struct query ask(void)
{
	struct query q;

	look_ask(&l, &a, 120, 35, 0, &q);
	look_asked(&l);
	return q;
}

static bool on_screen(const char *s)
{
	return world_shows(&c, s);
}

static void a_search_is_stopped_by_esc(void **state)
{
	(void)state;
	l.from[SCREEN_PACKETS] = SCREEN_CONNECTIONS;
	draw();
	press("<F3>example<Enter>");
	assert_int_equal(ask().packets.find, FIND_TEXT);
	a.packets.looking = true;
	a.packets.looked = 37;
	draw();
	assert_true(on_screen(" SEARCHING 37 %"));
	press("<Esc>");
	assert_int_equal(l.screen, SCREEN_PACKETS);
	assert_non_null(strstr(l.message, "the search was stopped"));
	assert_true(ask().packets.find_stop);
	a.packets.looking = false;
	draw();
	assert_false(on_screen("SEARCHING"));
	press("<Esc>");
	assert_int_equal(l.screen, SCREEN_CONNECTIONS);
}

/* Whoever selects another packet ends it, and is told so; whoever only looks elsewhere does not. */
static void a_search_is_stopped_by_moving(void **state)
{
	static const char *const moves[] = {"j", "k", "g", "G", "<PgDn>", "<Space>", "#3<Enter>"};

	(void)state;
	for (unsigned i = 0; i < sizeof moves / sizeof moves[0]; i++) {
		a.packets.looking = false;
		draw();
		press("<F3>example<Enter>");
		assert_int_equal(ask().packets.find, FIND_TEXT);
		a.packets.looking = true;
		draw();
		press("t");
		(void)ask();
		assert_null(strstr(l.message, "the search was stopped"));
		press(moves[i]);
		(void)ask();
		assert_non_null(strstr(l.message, "the search was stopped: you moved in the list"));
		l.message[0] = '\0';
		(void)ask();
		assert_string_equal(l.message, "");
	}
}

/* What was counted when connections were asked for last is shown as long as there are so many. */
static void connections_that_came_since(void **state)
{
	(void)state;
	a.flows = 12;
	a.over = 2; /* of them, which are left out where only the open ones are asked for */
	a.open = 4;
	a.totals.flows_live = 12;
	draw();
	assert_true(on_screen("12 conns 4 open"));
	a.totals.flows_live = 70;
	draw();
	assert_true(on_screen("70 conns "));
	assert_false(on_screen("open"));
	a.about = QUERY_FLOWS;
	a.flows = 72;
	draw();
	assert_true(on_screen("72 conns 4 open"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_search_is_stopped_by_esc, start, stop),
		cmocka_unit_test_setup_teardown(a_search_is_stopped_by_moving, start, stop),
		cmocka_unit_test_setup_teardown(connections_that_came_since, start, stop),
	};

	return cmocka_run_group_tests_name("packets, searches", tests, NULL, NULL);
}
