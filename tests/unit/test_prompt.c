/* The filter prompt: what Tab, Up, ^R and Enter do, and what it shows.
 * links: tui engine filter facts base
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "sockeye/error.h"
#include "tui/look.h"

enum { WIDTH = 80, HEIGHT = 24 };

static struct answer a;
static struct look l;
static struct canvas c;

static int start(void **state)
{
	(void)state;
	memset(&a, 0, sizeof a);
	a.ended = true;
	look_init(&l, false, "two.pcap", NULL);
	memset(&c, 0, sizeof c);
	return canvas_resize(&c, WIDTH, HEIGHT) ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	canvas_release(&c);
	return 0;
}

static void press(const char *keys)
{
	struct error e = {""};
	uint32_t key;

	while ((key = keys_script(&keys, &e)) != 0)
		(void)look_key(&l, key, &a, WIDTH, HEIGHT, 0);
	assert_string_equal(e.text, "");
}

static struct query ask(void)
{
	struct query q;

	look_ask(&l, &a, WIDTH, HEIGHT, 0, &q);
	return q;
}

static const char *row(unsigned y)
{
	static char out[WIDTH * 4 + 1];
	struct text t;

	look_draw(&l, &a, &c);
	text_init(&t, out, sizeof out);
	for (unsigned x = 0; x < WIDTH; x++)
		if (canvas_at(&c, x, y)->code != 0)
			text_code(&t, canvas_at(&c, x, y)->code);
	return out;
}

static void the_prompt_completes_and_remembers(void **state)
{
	(void)state;
	press("/stat<Tab>");
	assert_string_equal(ask().match, "state");
	press(":h<Tab>");
	assert_string_equal(ask().match, "state:half_closed");
	press("<Backspace><Backspace><C-u>tcp.fl<Tab>");
	assert_string_equal(ask().match, "tcp.flags.fin");
	press("<Tab>");
	assert_string_equal(ask().match, "tcp.flags.syn");
	press("<BackTab><BackTab>");
	assert_string_equal(ask().match, "tcp.flags.reset"); /* round the end */
	/* What is wrong is not applied. */
	press("<C-u>rtt>5<Enter>");
	assert_true(l.prompting);
	press("ms<Enter>");
	assert_false(l.prompting);
	press("/<C-u>port:443<Enter>/<C-u>zz");
	press("<Up>");
	assert_string_equal(ask().match, "port:443");
	press("<Up>");
	assert_string_equal(ask().match, "rtt>5ms");
	press("<Up>"); /* there is no older one */
	assert_string_equal(ask().match, "rtt>5ms");
	press("<Down><Down>");
	assert_string_equal(ask().match, "zz");
	press("<C-u>tt<C-r>");
	assert_string_equal(ask().match, "rtt>5ms");
	press("<C-r>");
	assert_string_equal(ask().match, "rtt>5ms");
	press("<Esc>");
	assert_string_equal(ask().match, "port:443");
	assert_false(l.prompting);
}

static void the_prompt_shows_the_error(void **state)
{
	(void)state;
	press("/rtt>5");
	a.match_error.column = 5;
	memcpy(a.match_error.text, "rtt wants a duration", 21);
	assert_non_null(strstr(row(23), "✕ column 5: rtt wants a duration"));
	assert_non_null(strstr(row(20), "/ rtt>5▏"));
	assert_int_equal(canvas_at(&c, 7, 20)->role, ROLE_BAD);
	assert_int_equal(canvas_at(&c, 6, 20)->role, ROLE_TEXT);
	assert_non_null(strstr(row(21), "not understood yet"));
	assert_non_null(strstr(row(1), "✕ filter, column 5")); /* not how many it lets through */
	assert_null(strstr(row(1), " of "));
	for (unsigned i = 0; i < 120; i++)
		press("w");
	assert_non_null(strstr(row(20), "ww▏"));
	a.match_error.column = 0;
	assert_non_null(strstr(row(23), "Esc keep the old one"));
}

static void a_filter_may_stand_from_the_beginning(void **state)
{
	(void)state;
	look_init(&l, false, "two.pcap", "state:refused \x1b");
	assert_string_equal(ask().match, "state:refused \x1b");
	assert_non_null(strstr(row(1), "filter: state:refused \\x1b"));
	press("<Esc>");
	assert_string_equal(ask().match, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_prompt_completes_and_remembers, start, stop),
		cmocka_unit_test_setup_teardown(the_prompt_shows_the_error, start, stop),
		cmocka_unit_test_setup_teardown(a_filter_may_stand_from_the_beginning, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
