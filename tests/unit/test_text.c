/* Text: what a terminal or a JSON reader gets to see of foreign bytes, and
 * that a full buffer ends between characters.
 * links: base
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "sockeye/text.h"

static const char *foreign(const char *bytes, size_t n, bool ascii)
{
	static char out[256];
	struct text t;

	text_init(&t, out, sizeof out);
	text_foreign(&t, bytes, n, ascii);
	return out;
}

static const char *json(const char *bytes, size_t n)
{
	static char out[256];
	struct text t;

	text_init(&t, out, sizeof out);
	text_json(&t, bytes, n);
	return out;
}

#define FOREIGN(s) foreign(s, sizeof(s) - 1, false)
#define JSON(s) json(s, sizeof(s) - 1)

static void text_foreign_escapes_what_terminals_obey(void **state)
{
	(void)state;
	assert_string_equal(FOREIGN("plain ~"), "plain ~");
	assert_string_equal(FOREIGN("\x1b[31mred\x7f\n"), "\\x1b[31mred\\x7f\\x0a");
	assert_string_equal(FOREIGN("a\\b"), "a\\\\b");
	assert_string_equal(FOREIGN("\xc2\x9b" "31m"), "\\xc2\\x9b31m");              /* C1 CSI */
	assert_string_equal(FOREIGN("\xe2\x80\xae"), "\\xe2\\x80\\xae");             /* bidi override */
	assert_string_equal(FOREIGN("e\xcc\x81"), "e\\xcc\\x81");                     /* combining */
	assert_string_equal(FOREIGN("\xe2\x80\xa8"), "\\xe2\\x80\\xa8");             /* line separator */
	assert_string_equal(FOREIGN("\xed\xa0\x80"), "\\xed\\xa0\\x80");             /* surrogate */
	assert_string_equal(FOREIGN("\xc0\xaf"), "\\xc0\\xaf");                       /* long form */
	assert_string_equal(FOREIGN("\xf5\x80"), "\\xf5\\x80");
	assert_string_equal(FOREIGN("\xe2\x82"), "\\xe2\\x82");                       /* cut short */
	assert_string_equal(FOREIGN("gr\xc3\xbc\xc3\x9f \xe4\xb8\xad"), "gr\xc3\xbc\xc3\x9f \xe4\xb8\xad");
	assert_string_equal(foreign("\xc3\xbc", 2, true), "\\xc3\\xbc");
}

static void text_foreign_never_lets_a_control_through(void **state)
{
	(void)state;
	for (unsigned a = 0; a < 256; a++) {
		for (unsigned b = 0; b < 256; b++) {
			char in[2] = {(char)a, (char)b};
			const unsigned char *out = (const unsigned char *)foreign(in, 2, true);

			assert_true(strlen((const char *)out) >= 2);
			for (; *out; out++)
				assert_true(*out >= 0x20 && *out < 0x7f);
		}
	}
}

static void text_json_is_valid_whatever_came(void **state)
{
	(void)state;
	assert_string_equal(JSON("a\"b\\c"), "a\\\"b\\\\c");
	assert_string_equal(JSON("\x01\x1b\n"), "\\u0001\\u001b\\u000a");
	assert_string_equal(JSON("\xff" "a"), "\\\\xffa");
	assert_string_equal(JSON("\xc2\x85"), "\\u0085");
	assert_string_equal(JSON("\xf3\xa0\x80\x81"), "\\udb40\\udc01"); /* tag character */
	assert_string_equal(JSON("\xc3\xa9"), "\xc3\xa9");
}

static void text_cut_is_a_prefix_that_ends_whole(void **state)
{
	char out[6];
	struct text t;

	(void)state;
	text_init(&t, out, sizeof out);
	text_foreign(&t, "abc\n", 4, false);
	assert_string_equal(out, "abc");
	assert_true(t.cut);
	text_char(&t, 'x'); /* nothing comes after a gap */
	assert_string_equal(out, "abc");
	text_init(&t, out, sizeof out);
	text_put(&t, "1234567");
	assert_string_equal(out, "12345");
	assert_true(t.cut);
	text_init(&t, out, sizeof out);
	text_format(&t, "%d", 1234567);
	assert_string_equal(out, "12345");
	assert_true(t.cut);
	assert_int_equal(t.len, 5);
}

static void text_numbers(void **state)
{
	char out[128];
	struct text t;

	(void)state;
	text_init(&t, out, sizeof out);
	text_u64(&t, UINT64_MAX);
	text_char(&t, ' ');
	text_hex(&t, 0x1a, 4);
	text_char(&t, ' ');
	text_seconds(&t, INT64_C(1362692526869344123), 6);
	text_char(&t, ' ');
	text_seconds(&t, INT64_C(-1500000000), 9);
	assert_string_equal(out, "18446744073709551615 001a 1362692526.869344 -1.500000000");
}

static void text_width_and_code(void **state)
{
	char out[8];
	struct text t;

	(void)state;
	assert_int_equal(text_width('a'), 1);
	assert_int_equal(text_width(0x4e2d), 2);
	assert_int_equal(text_width(0x301), 0);
	assert_int_equal(text_width(0x202e), 0);
	assert_int_equal(text_width(0x3164), 0);
	assert_int_equal(text_width(0x110000), 0);
	text_init(&t, out, sizeof out);
	text_code(&t, 0x1f41f);
	assert_string_equal(out, "\xf0\x9f\x90\x9f");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_foreign_escapes_what_terminals_obey),
		cmocka_unit_test(text_foreign_never_lets_a_control_through),
		cmocka_unit_test(text_json_is_valid_whatever_came),
		cmocka_unit_test(text_cut_is_a_prefix_that_ends_whole),
		cmocka_unit_test(text_numbers),
		cmocka_unit_test(text_width_and_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
