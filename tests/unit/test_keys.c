/* Keys: the table cannot contradict itself, and scripts say what is wrong.
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

#include "sockeye/tui.h"
#include "tui/keys.h"

static void keys_are_bound_once(void **state)
{
	(void)state;
	for (unsigned place = 1; place < IN_ALL; place <<= 1)
		for (size_t i = 0; i < keys_lines; i++)
			for (unsigned k = 0; k < KEYS_EACH && keys_table[i].key[k] != 0; k++)
				if (keys_table[i].places & place)
					assert_int_equal(keys_action(keys_table[i].key[k], place), keys_table[i].action);
}

static void every_action_has_its_line(void **state)
{
	(void)state;
	for (int a = ACTION_NONE + 1; a < ACTIONS; a++) {
		const struct key_line *line = keys_of((enum action)a);

		assert_non_null(line);
		assert_true(strlen(line->help) > 0 && strlen(line->name) > 0 && line->key[0] != 0);
	}
	assert_null(keys_of(ACTION_NONE));
}

static void script_reads_keys(void **state)
{
	static const char script[] = "2 jj<Enter> /t<Space><F12> <esc>é<C-b><lt> < <PgDn>";
	static const uint32_t want[] = {'2', 'j', 'j', KEY_RETURN, '/', 't', ' ', KEY_FUNCTION + 12, KEY_ESCAPE,
					0xe9, 2, '<', '<', KEY_PAGE_DOWN, 0};
	const char *at = script;
	struct error err = {""};

	(void)state;
	for (size_t i = 0; i < sizeof want / sizeof want[0]; i++)
		assert_int_equal(keys_script(&at, &err), want[i]);
	assert_string_equal(err.text, "");
	assert_true(tui_keys_check(script, &err));
	assert_true(tui_keys_check("", &err));
	assert_true(tui_keys_check(NULL, NULL));
}

static void script_refuses_unknown_names(void **state)
{
	struct error err = {""};

	(void)state;
	assert_false(tui_keys_check("j <Bogus> k", &err));
	assert_non_null(strstr(err.text, "<Bogus>"));
	assert_false(tui_keys_check("<F13>", &err));
	assert_false(tui_keys_check("<Enter", &err));
	assert_false(tui_keys_check("<\x1b[31m>", &err));
	assert_null(strchr(err.text, 0x1b));
	assert_false(tui_keys_check("\xff", &err));
	assert_false(tui_keys_check("a\x01", &err));
}

static void shown(uint32_t key, bool ascii, const char *want)
{
	char buffer[32];
	struct text t;

	text_init(&t, buffer, sizeof buffer);
	keys_name(&t, key, ascii);
	assert_string_equal(buffer, want);
}

static void keys_have_names(void **state)
{
	(void)state;
	shown(KEY_ARROW_UP, false, "↑");
	shown(KEY_ARROW_UP, true, "Up");
	shown(KEY_CONTROL('B'), true, "^B");
	shown(KEY_FUNCTION + 10, true, "F10");
	shown('<', true, "<");
	shown('z', true, "z");
	shown(KEY_RETURN, true, "Enter");
}

static void list_has_every_action(void **state)
{
	char *out = NULL;
	size_t size = 0, lines = 0;
	FILE *to = open_memstream(&out, &size);

	(void)state;
	tui_list_keys(to);
	fclose(to);
	for (size_t i = 0; i < size; i++)
		lines += out[i] == '\n';
	assert_int_equal(lines, keys_lines);
	for (size_t i = 0; i < keys_lines; i++)
		assert_non_null(strstr(out, keys_table[i].name));
	free(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_bound_once),
		cmocka_unit_test(every_action_has_its_line),
		cmocka_unit_test(script_reads_keys),
		cmocka_unit_test(script_refuses_unknown_names),
		cmocka_unit_test(keys_have_names),
		cmocka_unit_test(list_has_every_action),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
