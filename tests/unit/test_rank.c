/* What orders flows as numbers: our own words in whole, and that no order which the screen offers needs more than these.
 * links: tui engine dissect filter facts base
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "dissect/registry.h"
#include "engine/rank.h"
#include "tui/look.h"

static int words_of(const char *word, uint64_t at[RANK_WORDS])
{
	struct flow_record r;

	memset(&r, 0, sizeof r);
	r.service = word;
	record_set(&r, RECORD_SERVICE);
	return rank_value(&r, RECORD_SERVICE, at);
}

/* As strcmp(3) orders them. */
static void assert_ordered(const char *a, const char *b)
{
	struct rank x = {.id = 1}, y = {.id = 1};
	int by_text = strcmp(a, b), by_rank;

	assert_true(words_of(a, x.at));
	assert_true(words_of(b, y.at));
	by_rank = rank_compare(&x, &y);
	if ((by_text < 0) != (by_rank < 0) || (by_text > 0) != (by_rank > 0))
		fail_msg("%s and %s: %d by text, %d by rank", a, b, by_text, by_rank);
}

/* Services are named by dissectors; states and outcomes are told in docs/states.md. */
static void our_own_words_are_ordered_in_whole(void **state)
{
	static const char *const states[] = {
		"answered", "closed", "closing", "established", "half_closed", "half_open", "midstream", "refused", "reset",
		"syn_received", "syn_sent", "time_wait", "unanswered", "unreachable", "complete",
	};
	const struct dissector *const *list = dissect_list();
	size_t longest = 0;

	(void)state;
	for (unsigned i = 0; list[i]; i++) {
		longest = strlen(list[i]->name) > longest ? strlen(list[i]->name) : longest;
		for (unsigned k = 0; list[k]; k++)
			assert_ordered(list[i]->name, list[k]->name);
	}
	for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
		for (size_t k = 0; k < sizeof states / sizeof states[0]; k++)
			assert_ordered(states[i], states[k]);
	for (unsigned i = 0; i < OUTCOMES; i++)
		for (unsigned k = 0; k < OUTCOMES && outcome_names[i]; k++)
			if (outcome_names[k])
				assert_ordered(outcome_names[i], outcome_names[k]);
	print_message("the longest name of a dissector has %u letters of %u\n", (unsigned)longest, (unsigned)RANK_TEXT_OWN);
	assert_true(longest <= RANK_TEXT_OWN);
	/* And what is longer than one number. */
	assert_ordered("a_word_of_16_let", "a_word_of_16_les");
	assert_ordered("A_word", "a_word");
	assert_ordered("a.word", "a/word");
}

/* A name of the wire may be longer than what is compared; nobody can order by one. */
static void no_order_of_the_screen_is_by_part_of_a_text(void **state)
{
	(void)state;
	for (unsigned i = 0; i < LOOK_SORTS; i++) {
		enum value_kind kind;

		if (look_sorts[i].rank != RANK_KEY)
			continue;
		kind = (enum value_kind)record_fields[look_sorts[i].key].kind;
		assert_true(kind != VALUE_NAME && kind != VALUE_LETTERS);
	}
	/* That of a process is whole: fifteen bytes, and its number. */
	assert_true(sizeof ((struct record_owner *)0)->comm <= 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(our_own_words_are_ordered_in_whole),
		cmocka_unit_test(no_order_of_the_screen_is_by_part_of_a_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
