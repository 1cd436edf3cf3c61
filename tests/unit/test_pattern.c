/* Patterns against a table, and against text that makes others slow.
 * links: filter facts base
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "filter/pattern.h"

static int matches(const char *pattern, const char *text, bool fold)
{
	struct pattern *p;
	char why[128];
	struct text t;
	size_t at = 0;
	int r;

	text_init(&t, why, sizeof why);
	if (pattern_compile(&p, pattern, strlen(pattern), fold, &t, &at) < 0)
		return -1;
	r = pattern_matches(p, text, strlen(text));
	pattern_free(p);
	return r;
}

static void patterns_match(void **state)
{
	static const struct {
		const char *pattern, *text;
		int fits;
	} all[] = {
		{"", "", 1}, {"", "x", 1}, {"a", "bab", 1}, {"^a", "ba", 0}, {"a$", "ba", 1}, {"^$", "", 1}, {"^$", "x", 0},
		{"a.c", "abc", 1}, {"a.c", "ac", 0}, {"ab*c", "ac", 1}, {"ab*c", "abbbc", 1}, {"ab+c", "ac", 0},
		{"ab?c", "abc", 1}, {"ab?c", "abbc", 0}, {"a|b", "xbx", 1}, {"^(a|bc)+$", "abcabc", 1}, {"^(a|bc)+$", "abb", 0},
		{"[a-c]x", "bx", 1}, {"[^a-c]x", "bx", 0}, {"[]]", "]", 1}, {"[a-]", "-", 1}, {"[\\d.]+$", "v1.2", 1},
		{"^\\d+$", "123", 1}, {"^\\w+$", "a_1", 1}, {"^\\W$", "-", 1}, {"\\s", "a b", 1}, {"\\.", "a.b", 1}, {"\\.", "ab", 0},
		{"\\x41", "A", 1}, {"a||b", "zzz", 1}, {"(a*)*b", "aab", 1}, {"(a*)*b", "aac", 0}, {"(|a)+b", "aab", 1},
		{"x**", "", 1}, {"^(ab|a)(bc|c)$", "abc", 1}, {"a|b|c|d", "d", 1}, {"(a|b|c|d)e", "ce", 1},
		{"(", "", -1}, {")", "", -1}, {"*", "", -1}, {"a{2}", "", -1}, {"[a", "", -1}, {"\\", "", -1}, {"\\b", "", -1},
		{"[z-a]", "", -1}, {"\\xg0", "", -1}, {"[\\d-z]", "", 0}, {"(?:a)", "", -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (matches(all[i].pattern, all[i].text, false) != all[i].fits)
			fail_msg("%s on %s: not %d", all[i].pattern, all[i].text, all[i].fits);
	assert_int_equal(matches("^ABC[d-f]$", "abcE", true), 1);
	assert_int_equal(matches("^ABC$", "abc", false), 0);
}

/* Random patterns of what both know, on random texts: as regexec says. */
static void random_patterns_match_as_regexec(void **state)
{
	unsigned compared = 0, fit = 0;

	(void)state;
	srand(7);
	for (unsigned i = 0; i < 20000; i++) {
		static const char *const parts[] = {"a", "b", "c", ".", "a*", "b+", "c?", "(a|b)", "(ab|c)*", "[ab]", "[^a]", "|", "^", "$"};
		char pattern[64] = "", text[16], *end = pattern;
		unsigned n = 1 + (unsigned)rand() % 6, len = (unsigned)rand() % 8;
		regex_t theirs;

		for (unsigned k = 0; k < n; k++) {
			const char *part = parts[(unsigned)rand() % (sizeof parts / sizeof parts[0])];

			if (part[0] == '|' && (end == pattern || end[-1] == '|'))
				continue; /* empty sides: POSIX leaves them open */
			end = stpcpy(end, part);
		}
		if (end > pattern && end[-1] == '|')
			continue;
		for (unsigned k = 0; k < len; k++)
			text[k] = (char)('a' + rand() % 3);
		text[len] = '\0';
		if (regcomp(&theirs, pattern, REG_EXTENDED | REG_NOSUB) != 0)
			continue;
		if (matches(pattern, text, false) != (regexec(&theirs, text, 0, NULL, 0) == 0))
			fail_msg("%s on %s", pattern, text);
		fit += matches(pattern, text, false) == 1;
		compared++;
		regfree(&theirs);
	}
	print_message("%u compared, %u of them fit\n", compared, fit);
	assert_true(compared > 10000 && fit > 2000 && fit < compared - 2000);
}

/* What takes others exponential time is work in proportion here: it ends. */
static void hostile_patterns_end(void **state)
{
	static char text[60000];

	(void)state;
	memset(text, 'a', sizeof text - 1);
	assert_int_equal(matches("^(a+)+$", text, false), 1);
	assert_int_equal(matches("^(a|aa)+b$", text, false), 0);
	assert_int_equal(matches("(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)[^a]$", text, false), 0);
	assert_int_equal(matches("a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?b", text, false), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_match),
		cmocka_unit_test(random_patterns_match_as_regexec),
		cmocka_unit_test(hostile_patterns_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
