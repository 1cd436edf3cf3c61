/* Canvas: cells that hold what a terminal can show, and nothing else.
 * links: tui engine facts base
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sockeye/text.h"
#include "tui/canvas.h"
#include "tui/headless.h"
#include "tui/theme.h"

static struct canvas c;

static int start(void **state)
{
	(void)state;
	memset(&c, 0, sizeof c);
	return canvas_resize(&c, 10, 3) ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	canvas_release(&c);
	return 0;
}

/* Row y as text. */
static const char *row(unsigned y)
{
	static char out[256];
	struct text t;

	text_init(&t, out, sizeof out);
	for (unsigned x = 0; x < c.width; x++)
		if (canvas_at(&c, x, y)->code != 0)
			text_code(&t, canvas_at(&c, x, y)->code);
	return out;
}

static void assert_sane(void)
{
	for (unsigned y = 0; y < c.height; y++)
		for (unsigned x = 0; x < c.width; x++) {
			uint32_t code = canvas_at(&c, x, y)->code;
			unsigned wide = code == 0 ? 0 : text_width(code);

			if (code == 0) {
				assert_true(x > 0);
				assert_int_equal(text_width(canvas_at(&c, x - 1, y)->code), 2);
			} else {
				assert_in_range(wide, 1, 2);
				assert_true(!c.ascii || code < 0x7f);
			}
			if (wide == 2)
				assert_int_equal(canvas_at(&c, x + 1, y)->code, 0);
			assert_true(canvas_at(&c, x, y)->role < ROLES);
		}
}

static void canvas_clips(void **state)
{
	(void)state;
	assert_int_equal(canvas_put(&c, 7, 0, 99, ROLE_TEXT, "abcdef"), 10);
	assert_string_equal(row(0), "       abc");
	assert_int_equal(canvas_put(&c, 0, 9, 10, ROLE_TEXT, "x"), 0);
	assert_int_equal(canvas_put(&c, 12, 1, 20, ROLE_TEXT, "x"), 12);
	canvas_right(&c, 0, 1, 10, ROLE_TEXT, "right");
	assert_string_equal(row(1), "     right");
	canvas_right(&c, 2, 2, 6, ROLE_TEXT, "too long");
	assert_string_equal(row(2), "  too…    ");
}

static void canvas_cuts_at_cells(void **state)
{
	(void)state;
	/* Two wide characters and a letter in four columns: the cut leaves no half. */
	canvas_foreign(&c, 0, 0, 4, ROLE_TEXT, "日本x", 7);
	assert_string_equal(row(0), "日…       ");
	canvas_foreign(&c, 0, 1, 5, ROLE_TEXT, "日本x", 7);
	assert_string_equal(row(1), "日本x     ");
	assert_sane();
}

static void canvas_foreign_is_tame(void **state)
{
	static const char bytes[] = "a\x1b[2J\x07" "\xe2\x80\xae" "\xcc\x81" "\xff" "b";

	(void)state;
	canvas_foreign(&c, 0, 0, 10, ROLE_TEXT, bytes, sizeof bytes - 1);
	/* ESC, BEL, RIGHT-TO-LEFT OVERRIDE, a combining accent, a bad byte. */
	assert_string_equal(row(0), "a·[2J····b");
	canvas_foreign(&c, 0, 1, 10, ROLE_TEXT, "\0x", 2);
	assert_string_equal(row(1), "·x        ");
	assert_sane();
}

static void canvas_overwrites_halves(void **state)
{
	(void)state;
	canvas_put(&c, 0, 0, 10, ROLE_TEXT, "日本");
	canvas_put(&c, 1, 0, 10, ROLE_TEXT, "x");
	assert_string_equal(row(0), " x本      ");
	canvas_put(&c, 0, 0, 10, ROLE_TEXT, "日本");
	canvas_put(&c, 1, 0, 10, ROLE_TEXT, "語");
	assert_sane();
}

static void canvas_ascii_keeps_columns(void **state)
{
	(void)state;
	c.ascii = true;
	canvas_put(&c, 0, 0, 10, ROLE_TEXT, "▶●─12.1µ…");
	assert_string_equal(row(0), ">O-12.1u~ ");
	canvas_foreign(&c, 0, 1, 10, ROLE_TEXT, "é日x", 6);
	assert_string_equal(row(1), "..x       ");
	assert_sane();
}

static void canvas_marks_what_was_found(void **state)
{
	(void)state;
	canvas_put(&c, 0, 0, 10, ROLE_TEXT, "xTLs tls");
	canvas_mark(&c, 0, 0, 10, "tls");
	assert_int_equal(canvas_at(&c, 0, 0)->role, ROLE_TEXT);
	assert_int_equal(canvas_at(&c, 1, 0)->role, ROLE_MATCH);
	assert_int_equal(canvas_at(&c, 4, 0)->role, ROLE_TEXT);
	assert_int_equal(canvas_at(&c, 7, 0)->role, ROLE_MATCH);
	canvas_mark(&c, 0, 0, 10, "");
	assert_int_equal(canvas_at(&c, 0, 0)->role, ROLE_TEXT);
}

/* Random bytes at random places: the invariants of canvas.c hold. */
static void canvas_random(void **state)
{
	(void)state;
	srand(7);
	for (unsigned i = 0; i < 20000; i++) {
		uint8_t bytes[24];
		size_t n = (size_t)rand() % sizeof bytes;
		unsigned x = (unsigned)rand() % 12, y = (unsigned)rand() % 4, end = (unsigned)rand() % 14;

		for (size_t k = 0; k < n; k++)
			bytes[k] = (uint8_t)(rand() % 3 ? 0xe0 + rand() % 16 : rand());
		if (n >= 3 && rand() % 2)
			memcpy(bytes, "\xe6\x97\xa5", 3);
		c.ascii = rand() % 8 == 0;
		if (c.ascii)
			canvas_clear(&c);
		canvas_foreign(&c, x, y, end, ROLE_TEXT, bytes, n);
		assert_sane();
		c.ascii = false;
	}
}

static void headless_has_every_line(void **state)
{
	char *out = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&out, &size);

	(void)state;
	canvas_put(&c, 0, 1, 10, ROLE_BAD, "日x");
	canvas_attr(&c, 0, 1, 2, ATTR_REVERSE);
	headless_text(&c, THEME_AUTO, to);
	headless_attrs(&c, THEME_AUTO, to);
	fclose(to);
	assert_string_equal(out, "\n日x\n\n..........\nBBb.......\n..........\n");
	free(out);
}

/* Every role has a letter of its own, and mono says nothing by colour. */
static void theme_is_whole(void **state)
{
	(void)state;
	for (int a = 0; a < ROLES; a++) {
		assert_true(theme_letter((enum role)a) != '\0');
		for (int b = 0; b < a; b++)
			assert_int_not_equal(theme_letter((enum role)a), theme_letter((enum role)b));
		assert_int_equal(theme_look((enum role)a, DEPTH_MONO).color, -1);
		assert_in_range(theme_look((enum role)a, DEPTH_8).color + 1, 0, 8);
		assert_in_range(theme_look((enum role)a, DEPTH_256).color + 1, 0, 256);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(canvas_clips, start, stop),
		cmocka_unit_test_setup_teardown(canvas_cuts_at_cells, start, stop),
		cmocka_unit_test_setup_teardown(canvas_foreign_is_tame, start, stop),
		cmocka_unit_test_setup_teardown(canvas_overwrites_halves, start, stop),
		cmocka_unit_test_setup_teardown(canvas_ascii_keeps_columns, start, stop),
		cmocka_unit_test_setup_teardown(canvas_marks_what_was_found, start, stop),
		cmocka_unit_test_setup_teardown(canvas_random, start, stop),
		cmocka_unit_test_setup_teardown(headless_has_every_line, start, stop),
		cmocka_unit_test(theme_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
