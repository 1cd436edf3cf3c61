/* The help page says all of it, however narrow it is, and what F3 and Enter do in the find prompt.
 * links: tui engine filter facts base
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/screen.h"

enum { ROWS = 900, BYTES = 1 << 18 };

static struct answer a;
static struct look l;
static struct canvas c;
static char page[BYTES];

static int start(void **state)
{
	(void)state;
	memset(&a, 0, sizeof a);
	memset(&c, 0, sizeof c);
	a.ended = true;
	look_init(&l, false, "two.pcap", NULL);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	canvas_release(&c);
	return 0;
}

/* All words of the help in that width, one blank between them. Returns its lines. */
static unsigned help_words(unsigned width)
{
	bool blank = true;
	unsigned lines;
	struct text t;

	assert_true(canvas_resize(&c, width, ROWS));
	canvas_clear(&c);
	lines = help_page(&l, &c, 0, ROWS);
	assert_in_range(lines, 1, ROWS);
	text_init(&t, page, sizeof page);
	for (unsigned y = 0; y < lines; y++)
		for (unsigned x = 0; x <= width; x++) {
			uint32_t code = x < width ? canvas_at(&c, x, y)->code : ' ';

			if (code == 0 || (code == ' ' && blank))
				continue;
			blank = code == ' ';
			text_code(&t, code);
		}
	assert_false(t.cut);
	return lines;
}

static void all_of_it_is_there(void **state)
{
	static const unsigned widths[] = {40, 59, 60, 80, 99};

	(void)state;
	l.rights = "capture: yes (helper)\nowners of all processes: no, run once as root: setcap cap_sys_ptrace+ep /usr/bin/sockeye\n";
	for (size_t w = 0; w < sizeof widths / sizeof widths[0]; w++) {
		help_words(widths[w]);
		for (size_t i = 0; i < keys_lines; i++)
			if (keys_table[i].places & (IN_CONNECTIONS | IN_LADDER | IN_PACKETS | IN_SOCKETS | IN_TEXT) &&
			    strstr(page, keys_table[i].help) == NULL)
				fail_msg("%u columns have not: %s", widths[w], keys_table[i].help);
		assert_non_null(strstr(page, "SYN, 12.1 ms later SYN/ACK (the network), 0.2 ms later ACK (the client)"));
		assert_non_null(strstr(page, "SYN seen, handshake not whole yet"));
		assert_non_null(strstr(page, "setcap cap_sys_ptrace+ep"));
	}
}

static void narrower_is_longer_and_nothing_is_cut(void **state)
{
	unsigned lines = UINT32_MAX;

	(void)state;
	for (unsigned width = 40; width <= 99; width++) {
		const unsigned now = help_words(width);

		if (width != 60) /* from there on names of groups have no row of their own */
			assert_in_range(now, 1, lines);
		lines = now;
	}
	for (unsigned width = 40; width <= 200; width += 5) {
		help_words(width);
		for (const char *at = strstr(page, "…"); at != NULL; at = strstr(at + 1, "…"))
			if (strncmp(at - 1, "S… ", 5) != 0 && strncmp(at, "…SA─", 8) != 0)
				fail_msg("%u columns: %.40s", width, at > page + 20 ? at - 20 : page);
	}
}

static void a_word_wider_than_a_line_is_broken(void **state)
{
	struct sheet s = {&c, 0, 4, 0, 0};
	const char *words = "ab abcdefghijkl z";
	static const char *const rows[] = {"ab", "abcde", "fghij", "kl z"};

	(void)state;
	assert_true(canvas_resize(&c, 8, 4));
	canvas_clear(&c);
	sheet_words(&s, sheet_next(&s), 2, 7, ROLE_TEXT, words, strlen(words));
	assert_int_equal(s.line, 4);
	for (unsigned y = 0; y < 4; y++) {
		char row[64];
		struct text t;

		text_init(&t, row, sizeof row);
		canvas_text(&c, y, &t);
		assert_string_equal(row + 2, rows[y]);
	}
}

static void press(const char *keys)
{
	struct error e = {""};
	uint32_t key;

	while ((key = keys_script(&keys, &e)) != 0)
		(void)look_key(&l, key, &a, 80, 24, 0);
	assert_string_equal(e.text, "");
}

static void find_goes_on_behind_its_prompt(void **state)
{
	(void)state;
	press("<F3>443<F3>");
	assert_true(l.prompting);
	assert_true(l.list.finding);
	assert_string_equal(l.list.find, "443");
	l.list.finding = false;
	press("<Enter>"); /* it is there already */
	assert_false(l.prompting);
	assert_false(l.list.finding);
	press("<F3><Enter>"); /* the last again */
	assert_true(l.list.finding);
	assert_string_equal(l.list.find, "443");
	l.list.finding = false;
	press("<F3>80<F3>8<Enter>"); /* another text is gone to */
	assert_true(l.list.finding);
	assert_string_equal(l.list.find, "808");
	press("<F3><Space><Enter>");
	assert_string_equal(l.list.find, "");
	assert_string_equal(l.found[SCREEN_CONNECTIONS], "");
	/* Each screen, and all pages together, have their own. */
	press("<F3>udp<Enter>?/glyph<Enter>");
	assert_string_equal(l.found[SCREEN_CONNECTIONS], "udp");
	assert_string_equal(l.found[SCREENS_ALL], "glyph");
	press("q?/<Enter>");
	assert_string_equal(l.page_search, "glyph");
	assert_int_not_equal(l.scrolled, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(all_of_it_is_there, start, stop),
		cmocka_unit_test_setup_teardown(narrower_is_longer_and_nothing_is_cut, start, stop),
		cmocka_unit_test_setup_teardown(a_word_wider_than_a_line_is_broken, start, stop),
		cmocka_unit_test_setup_teardown(find_goes_on_behind_its_prompt, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
