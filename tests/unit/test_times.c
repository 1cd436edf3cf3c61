/* The time at the beginning of a packet's line, for every -t and for every time.
 * links: views
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "views/view.h"

static struct view view;

static const char *shown(enum view_time time, int64_t ns, uint8_t flags)
{
	static struct packet p;
	static char out[128];
	struct text t;

	p.frame.ts_ns = ns;
	p.frame.flags = flags;
	view.o.time = time;
	text_init(&t, out, sizeof out);
	times_text(&view, &t, &p);
	return out;
}

static int begin(void **state)
{
	(void)state;
	memset(&view, 0, sizeof view);
	(void)setenv("TZ", "UTC", 1);
	tzset();
	return 0;
}

static void times_of_one_packet(void **state)
{
	(void)state;
	assert_string_equal(shown(VIEW_TIME_OF_DAY, CLOCK_S * 86399 + 1000, 0), "23:59:59.000001 ");
	assert_string_equal(shown(VIEW_NO_TIME, 5, 0), "");
	assert_string_equal(shown(VIEW_EPOCH, INT64_C(1772445600000000000), 0), "1772445600.000000 ");
	assert_string_equal(shown(VIEW_EPOCH, -1500000000, 0), "-1.500000 ");
	assert_string_equal(shown(VIEW_DATE, -1500000000, 0), "1969-12-31 23:59:58.500000 ");
	assert_string_equal(shown(VIEW_DATE, -500000000, 0), "1969-12-31 23:59:59.500000 ");
	assert_string_equal(shown(VIEW_DATE, INT64_C(4294967296) * CLOCK_S, 0), "2106-02-07 06:28:16.000000 ");
	assert_string_equal(shown(VIEW_EPOCH, INT64_MIN, 0), "-9223372036.854775 ");
}

static void times_differences(void **state)
{
	(void)state;
	assert_string_equal(shown(VIEW_SINCE_LAST, CLOCK_S, 0), " 00:00:00.000000 ");
	assert_string_equal(shown(VIEW_SINCE_LAST, CLOCK_S * 90062 + CLOCK_S / 4, 0), " 25:01:01.250000 ");
	assert_string_equal(shown(VIEW_SINCE_LAST, 0, FRAME_NO_TIME), "no time ");
	assert_string_equal(shown(VIEW_SINCE_LAST, CLOCK_S * 90062, 0), "-00:00:00.250000 ");
	assert_string_equal(shown(VIEW_SINCE_FIRST, 0, 0), "-00:00:01.000000 ");
	assert_string_equal(shown(VIEW_SINCE_FIRST, 0, FRAME_NO_TIME), "no time ");
	assert_string_equal(shown(VIEW_NO_TIME, 0, FRAME_NO_TIME), "");
	assert_string_equal(shown(VIEW_SINCE_LAST, INT64_MIN, 0), "-2562047:47:16.854775 ");
	assert_string_equal(shown(VIEW_SINCE_LAST, INT64_MAX, 0), " 5124095:34:33.709551 ");
}

static void times_local_date(void **state)
{
	(void)state;
	(void)setenv("TZ", "XST-5:45", 1); /* five hours and three quarters ahead */
	tzset();
	assert_string_equal(shown(VIEW_DATE, CLOCK_S * (86400 - 20701), 0), "1970-01-01 23:59:59.000000 ");
	assert_string_equal(shown(VIEW_DATE, CLOCK_S * (86400 - 20700), 0), "1970-01-02 00:00:00.000000 ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(times_of_one_packet, begin),
		cmocka_unit_test_setup(times_differences, begin),
		cmocka_unit_test_setup(times_local_date, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
