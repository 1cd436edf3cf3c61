/* w on the Sockets screen: the text that goes into the file is the list as it is shown, all of it.
 * links: tui engine host process filter facts base
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "screen_world.h"
#include "sockeye/clock.h"
#include "tui/look.h"

enum { WIDTH = 100, HEIGHT = 40, SOCKETS = 60 };

static struct socket_record sockets[SOCKETS];
static struct socket_table table = {.sockets = sockets, .n_sockets = SOCKETS, .at_ns = INT64_C(1800000000) * CLOCK_S};
static struct answer a;
static struct look l;
static struct canvas c;

/* Clients, each of a host of its own. */
static int start(void **state)
{
	(void)state;
	memset(&a, 0, sizeof a);
	memset(&c, 0, sizeof c);
	keys_reset();
	for (unsigned i = 0; i < SOCKETS; i++)
		sockets[i] = (struct socket_record){
			.family = SOCKET_INET, .proto = PROTO_TCP, .state = SOCKET_ESTABLISHED, .inode = i + 1, .cookie = i + 1,
			.owner = SOCKET_NONE, .listener = SOCKET_NONE, .has = SOCKET_HAS_QUEUES,
			.local = {.ip = {{10, 0, 0, 1}}, .port = (uint16_t)(40000 + i), .family = FAMILY_IPV4, .has_port = true},
			.remote = {.ip = {{10, 0, 1, (uint8_t)i}}, .port = 443, .family = FAMILY_IPV4, .has_port = true}};
	look_init(&l, true, "va", NULL);
	a.live = true;
	(void)look_key(&l, '4', &a, WIDTH, HEIGHT, 0);
	sockets_show(&l, &table, NULL, 0);
	return canvas_resize(&c, WIDTH, HEIGHT) ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	save_drop(&l);
	look_release(&l);
	canvas_release(&c);
	return 0;
}

static void press(const char *keys)
{
	struct query q;
	uint32_t key;

	while ((key = keys_script(&keys, NULL)) != 0) {
		if (look_key(&l, key, &a, WIDTH, HEIGHT, 0) == REACT_ASK) {
			look_ask(&l, &a, WIDTH, HEIGHT, 0, &q);
			look_asked(&l);
			a.about = q.about;
			look_answered(&l, &a);
		}
		look_draw(&l, &a, &c);
	}
}

/* The next line of what is to be saved; lent until the next. */
static const char *line(const char **at, const char *end)
{
	static char out[1024];
	const char *newline = memchr(*at, '\n', (size_t)(end - *at));
	size_t n;

	assert_non_null(newline);
	n = (size_t)(newline - *at);
	assert_true(n < sizeof out);
	memcpy(out, *at, n);
	out[n] = '\0';
	*at = newline + 1;
	return out;
}

static void the_text_is_the_list(void **state)
{
	const char *at, *end;
	unsigned lines = 0;

	(void)state;
	press("*g");
	press("w");
	assert_true(l.save.open);
	assert_true(world_shows(&c, "the whole list, as it is shown: 61 rows"));
	press("<Enter>");
	assert_false(l.save.open);
	assert_true(l.save.wanted);
	assert_int_equal(l.save.query.kind, SAVE_TEXT);
	at = l.save.query.text;
	end = at + l.save.query.len;
	assert_non_null(strstr(line(&at, end), ", by listener: 60 of 60"));
	/* The head and the rows in sight, but for the mark of the selected one; each is there once. */
	for (unsigned y = 2; y < 2 + 20; y++) {
		const char *is = line(&at, end), *shown = world_text(&c, y);

		if (y == 3) {
			assert_memory_equal(shown, "▶", 3);
			assert_int_equal(is[0], ' ');
			assert_string_equal(is + 1, shown + 3);
		} else {
			assert_string_equal(is, shown);
		}
		lines++;
	}
	while (at < end) {
		(void)line(&at, end);
		lines++;
	}
	assert_int_equal(lines, 1 + 61); /* those out of sight, too */
}

static void the_filter_and_folds_hold(void **state)
{
	const char *at, *end;

	(void)state;
	press("*/dst<Space>10.0.1.7<Enter>w<C-u>mine<Enter>");
	assert_string_equal(l.save.query.name, "mine" SAVE_TEXT_END);
	at = l.save.query.text;
	end = at + l.save.query.len;
	assert_non_null(strstr(line(&at, end), "filter: dst 10.0.1.7: 1 of 60"));
	(void)line(&at, end);
	(void)line(&at, end);
	assert_non_null(strstr(line(&at, end), "→ 10.0.1.7:"));
	assert_true(at == end);
	save_posted(&l, true);
	press("<Esc>");
	press("-");
	press(":w<Enter><Enter>"); /* the same by command */
	at = l.save.query.text;
	end = at + l.save.query.len;
	(void)line(&at, end);
	(void)line(&at, end);
	(void)line(&at, end);
	assert_true(at == end); /* folded: the group alone */
}

static void nothing_is_said(void **state)
{
	(void)state;
	press("/dst<Space>1.2.3.4<Enter>w");
	assert_false(l.save.open);
	assert_non_null(strstr(l.message, "nothing to save"));
	sockets_show(&l, NULL, NULL, 0);
	press("w");
	assert_false(l.save.open || l.save.wanted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_text_is_the_list, start, stop),
		cmocka_unit_test_setup_teardown(the_filter_and_folds_hold, start, stop),
		cmocka_unit_test_setup_teardown(nothing_is_said, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
