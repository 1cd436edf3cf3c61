/* Durations in steps that keep any percentile exact to 3 %.
 * links: base
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sockeye/histogram.h"

static void histogram_is_exact_to_three_percent(void **state)
{
	static struct histogram h;

	(void)state;
	assert_int_equal(histogram_percentile(&h, 50), 0);
	for (int64_t v = 1; v > 0 && v < INT64_MAX / 32; v = v * 17 / 16 + 1) {
		double got;

		memset(&h, 0, sizeof h);
		histogram_add(&h, v);
		assert_int_equal(histogram_percentile(&h, 50), v); /* alone: exactly */
		histogram_add(&h, 0);
		histogram_add(&h, v * 4);
		got = (double)histogram_percentile(&h, 50);
		assert_true(got >= 0.97 * (double)v && got <= 1.03 * (double)v);
	}
	memset(&h, 0, sizeof h);
	histogram_add(&h, -5);
	histogram_add(&h, INT64_MAX);
	for (unsigned i = 0; i < 98; i++)
		histogram_add(&h, 1000);
	assert_int_equal(histogram_percentile(&h, 1), 0);
	assert_in_range(histogram_percentile(&h, 50), 970, 1030);
	assert_in_range(histogram_percentile(&h, 99), 970, 1030);
	assert_true(histogram_percentile(&h, 100) > INT64_MAX / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(histogram_is_exact_to_three_percent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
