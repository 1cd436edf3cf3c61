/* The list of dissectors and its tables.
 * links: dissect facts base
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#include "dissect/registry.h"

static void registry_every_dissector_says_what_it_is(void **state)
{
	const struct dissector *const *list = dissect_list();
	unsigned n = 0;

	(void)state;
	for (; list[n]; n++) {
		assert_non_null(list[n]->name);
		assert_non_null(list[n]->title);
		assert_non_null(list[n]->reference);
		assert_non_null(list[n]->info);
		assert_non_null(list[n]->dissect);
		assert_non_null(list[n]->binds);
		assert_int_equal(dissect_index(list[n]), n);
		assert_ptr_equal(dissect_by_name(list[n]->name), list[n]); /* so names are unique */
	}
	assert_int_equal(n, dissect_count());
	assert_null(dissect_by_name("nothing"));
}

static void registry_no_bind_is_lost(void **state)
{
	(void)state;
	registry_open();
	for (const struct dissector *const *by = dissect_list(); *by; by++) {
		for (const struct bind *b = (*by)->binds; b->table != TABLE_NONE; b++) {
			if (b->table == TABLE_TCP_GUESS || b->table == TABLE_UDP_GUESS)
				continue;
			assert_ptr_equal(registry_find(b->table, b->key), *by);
		}
	}
}

static void registry_unknown_keys_are_unknown(void **state)
{
	(void)state;
	registry_open();
	assert_null(registry_find(TABLE_ETHERTYPE, 0x88cc));
	assert_null(registry_find(TABLE_IPPROTO, 200));
	assert_null(registry_find(TABLE_LINKTYPE, 0x0800));
	assert_null(registry_find(TABLE_UDP_PORT, 53));
	assert_null(registry_find(TABLE_UDP_PORT, UINT32_MAX));
}

static void registry_guessers_keep_the_order_of_the_file(void **state)
{
	const enum table tables[] = {TABLE_TCP_GUESS, TABLE_UDP_GUESS};

	(void)state;
	registry_open();
	for (unsigned t = 0; t < 2; t++) {
		unsigned n = 0;
		const struct dissector *const *guessers = registry_guessers(tables[t], &n);

		assert_true(n > 0);
		for (unsigned i = 1; i < n; i++)
			assert_true(dissect_index(guessers[i - 1]) < dissect_index(guessers[i]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(registry_every_dissector_says_what_it_is),
		cmocka_unit_test(registry_no_bind_is_lost),
		cmocka_unit_test(registry_unknown_keys_are_unknown),
		cmocka_unit_test(registry_guessers_keep_the_order_of_the_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
