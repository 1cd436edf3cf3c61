/* The flow record's field table: keys, order of values, values as text.
 * links: facts base
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "sockeye/event.h"
#include "sockeye/record.h"

static struct flow_record a, b;

static void fresh(void)
{
	memset(&a, 0, sizeof a);
	memset(&b, 0, sizeof b);
}

static const char *shown(enum record_key k)
{
	static char out[256];
	struct text t;

	text_init(&t, out, sizeof out);
	record_text(&t, &a, k);
	return out;
}

static void record_table_is_whole(void **state)
{
	(void)state;
	for (unsigned k = 0; k < RECORD_KEYS; k++) {
		assert_non_null(record_fields[k].key);
		assert_non_null(record_fields[k].title);
		assert_in_range(record_fields[k].in, 1, 3);
		for (unsigned j = 0; j < k; j++) /* a key is unique within a record type */
			if (strcmp(record_fields[k].key, record_fields[j].key) == 0)
				assert_int_equal(record_fields[k].in & record_fields[j].in, 0);
	}
	for (unsigned i = 0; i < OUTCOMES; i++)
		assert_non_null(outcome_names[i]);
	assert_string_equal(outcome_names[OUTCOME_HALF_OPEN], "half_open");
}

static void record_compare_orders(void **state)
{
	(void)state;
	fresh();
	assert_int_equal(record_compare(RECORD_ID, &a, &b), 0);
	record_set(&a, RECORD_ID);
	assert_true(record_compare(RECORD_ID, &a, &b) < 0); /* the absent one is the greater */
	record_set(&b, RECORD_ID);
	a.id = UINT64_MAX;
	b.id = 1;
	assert_true(record_compare(RECORD_ID, &a, &b) > 0);
	record_set(&a, RECORD_BYTES);
	record_set(&b, RECORD_BYTES);
	a.bytes[0] = PAIR_UNKNOWN;
	a.bytes[1] = 10;
	b.bytes[0] = 5;
	b.bytes[1] = 4;
	assert_true(record_compare(RECORD_BYTES, &a, &b) > 0);
	record_set(&a, RECORD_STATE);
	record_set(&b, RECORD_STATE);
	a.state = "closed";
	b.state = "reset";
	assert_true(record_compare(RECORD_STATE, &a, &b) < 0);
	record_set(&a, RECORD_SERVER_NAME);
	record_set(&b, RECORD_SERVER_NAME);
	a.server_name = (struct record_name){3, "abc"};
	b.server_name = (struct record_name){2, "ab"};
	assert_true(record_compare(RECORD_SERVER_NAME, &a, &b) > 0);
	record_set(&a, RECORD_HS_RTT);
	record_set(&b, RECORD_HS_RTT);
	a.rtt = -1;
	assert_true(record_compare(RECORD_HS_RTT, &a, &b) < 0);
}

static void record_text_for_people(void **state)
{
	(void)state;
	fresh();
	assert_string_equal(shown(RECORD_STATE), "");
	for (unsigned k = 0; k < RECORD_KEYS; k++)
		if (record_fields[k].kind != VALUE_WORD)
			record_set(&a, (enum record_key)k);
	a.rtt = 12100000;
	assert_string_equal(shown(RECORD_HS_RTT), "12.1 ms");
	a.rtt = 234000;
	assert_string_equal(shown(RECORD_HS_RTT), "234 us");
	a.packets[0] = 7;
	a.packets[1] = PAIR_UNKNOWN;
	assert_string_equal(shown(RECORD_PACKETS), "7 / ?");
	a.server_name = (struct record_name){4, "a\x1b[m"};
	assert_string_equal(shown(RECORD_SERVER_NAME), "a\\x1b[m");
	a.vlan = (struct record_list){2, {100, 200}};
	assert_string_equal(shown(RECORD_VLAN), "100 / 200");
	a.client = (struct endpoint){.ip = {{10, 0, 0, 1}}, .port = 80, .family = FAMILY_IPV4, .has_port = true};
	assert_string_equal(shown(RECORD_CLIENT), "10.0.0.1:80");
	a.open = true;
	assert_string_equal(shown(RECORD_OPEN), "yes");
	a.first_ns = INT64_C(1500000000);
	assert_string_equal(shown(RECORD_FIRST), "1.500000");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(record_table_is_whole),
		cmocka_unit_test(record_compare_orders),
		cmocka_unit_test(record_text_for_people),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
