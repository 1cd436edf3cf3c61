/* Digits: the same as printf() writes, over the edges and many numbers by chance,
 * and not one byte behind what is said.
 * links: facts base
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <arpa/inet.h>

#include "sockeye/clock.h"
#include "sockeye/digits.h"
#include "sockeye/text.h"
#include "sockeye/tuple.h"

enum { ROUNDS = 200000, SPACE = 96, MARK = 0x55 };

static uint64_t chance_state;

/* Every length of number as often as another. */
static uint64_t chance(void)
{
	uint64_t x = chance_state += UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	x ^= x >> 31;
	return x >> (chance_state >> 40 & 63);
}

/* The edges first: powers of ten and of two, and their neighbours. */
static uint64_t number(unsigned round)
{
	uint64_t v = 1;

	if (round < 60) {
		for (unsigned i = 0; i < round / 3; i++)
			v *= 10;
		return v + round % 3 - 1;
	}
	if (round < 60 + 192)
		return (UINT64_C(1) << (round - 60) / 3) + (round - 60) % 3 - 1;
	return chance();
}

static void check(const char *out, const char *end, const char *expected)
{
	size_t n = (size_t)(end - out);

	assert_int_equal(n, strlen(expected));
	assert_memory_equal(out, expected, n);
	assert_int_equal(out[n + 4], MARK); /* a short number may touch three bytes behind it, no more */
}

static void digits_are_those_of_printf(void **state)
{
	char out[SPACE], expected[SPACE];

	(void)state;
	chance_state = 1;
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t v = number(i);

		memset(out, MARK, sizeof out);
		(void)snprintf(expected, sizeof expected, "%" PRIu64, v);
		check(out, digits_u64(out, v), expected);
		memset(out, MARK, sizeof out);
		(void)snprintf(expected, sizeof expected, "%" PRId64, (int64_t)v);
		check(out, digits_i64(out, (int64_t)v), expected);
	}
	for (unsigned v = 0; v < 20000; v++) { /* every one that is short */
		(void)snprintf(expected, sizeof expected, "%u", v);
		memset(out, MARK, sizeof out);
		check(out, digits_u64(out, v), expected);
	}
}

static void seconds_are_those_of_printf(void **state)
{
	char out[SPACE], whole[SPACE], expected[SPACE + 16];

	(void)state;
	chance_state = 2;
	for (unsigned i = 0; i < ROUNDS; i++) {
		int64_t ns = (int64_t)number(i);
		uint64_t size = ns < 0 ? UINT64_C(0) - (uint64_t)ns : (uint64_t)ns;
		unsigned n = i % 10;

		(void)snprintf(whole, sizeof whole, "%s%" PRIu64 ".%09" PRIu64, ns < 0 ? "-" : "", size / 1000000000,
			       size % 1000000000);
		(void)snprintf(expected, sizeof expected, "%.*s",
			       (int)(strlen(whole) - 9 + n - (n == 0)), whole);
		memset(out, MARK, sizeof out);
		check(out, digits_seconds(out, ns, n), expected);
	}
}

/* What people read is rounded: also where a quotient lies just beside a half, and on it. */
static void scaled_rounds_as_printf_does(void **state)
{
	static const struct {
		uint64_t unit;
		unsigned decimals;
	} kinds[] = {{1000, 0}, {1000, 1}, {1000000, 0}, {1000000, 1}, {1000000, 2}, {1000000000, 1}, {1000000000, 2}};
	char out[SPACE], expected[SPACE];
	struct text t;

	(void)state;
	chance_state = 3;
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t unit = kinds[i % 7].unit, v = number(i);
		unsigned decimals = kinds[i % 7].decimals;

		if (i % 3 == 1) { /* halves, and their neighbours */
			uint64_t step = decimals == 0 ? unit : decimals == 1 ? unit / 10 : unit / 100;

			v = v % 100000 * step + step / 2 + i % 5 - 2;
		}
		text_init(&t, out, sizeof out);
		text_scaled(&t, v, unit, decimals);
		(void)snprintf(expected, sizeof expected, "%.*f", (int)decimals, (double)v / (double)unit);
		assert_string_equal(out, expected);
	}
}

/* inet_ntop() for IPv4; for IPv6 too, but for what RFC 5952 writes otherwise. */
static void addresses_are_those_of_the_library(void **state)
{
	char out[SPACE], expected[SPACE];
	struct address a;

	(void)state;
	chance_state = 4;
	for (unsigned i = 0; i < ROUNDS / 4; i++) {
		memset(&a, 0, sizeof a);
		for (unsigned k = 0; k < 4; k++)
			a.b[k] = (uint8_t)chance();
		memset(out, MARK, sizeof out);
		assert_non_null(inet_ntop(AF_INET, a.b, expected, sizeof expected));
		check(out, tuple_write(out, &a, FAMILY_IPV4), expected);
		for (unsigned k = 0; k < 8; k++) {
			uint16_t group = i >> k & 1 ? (uint16_t)chance() : 0;

			a.b[k * 2] = (uint8_t)(group >> 8);
			a.b[k * 2 + 1] = (uint8_t)group;
		}
		a.b[0] = 0x20; /* neither mapped nor "compatible", which the library dots */
		memset(out, MARK, sizeof out);
		assert_non_null(inet_ntop(AF_INET6, a.b, expected, sizeof expected));
		check(out, tuple_write(out, &a, FAMILY_IPV6), expected);
	}
}

/* Also over the hours that are twice or not at all, and where time begins. */
static void times_of_day_are_those_of_the_system(void **state)
{
	static const char *const zones[] = {"UTC", "CET-1CEST,M3.5.0,M10.5.0/3", "XYZ-3:17:20",
					    "<+1030>-10:30<+11>-11,M10.1.0,M3.5.0", /* and of the system's table, if it has one */
					    "America/St_Johns", "Africa/Monrovia", "right/UTC"};
	char out[SPACE], expected[SPACE];

	(void)state;
	chance_state = 5;
	for (unsigned z = 0; z < sizeof zones / sizeof *zones; z++) {
		struct clock_near near = {.known = false};
		int64_t ns = 0;

		assert_int_equal(setenv("TZ", zones[z], 1), 0);
		tzset();
		for (unsigned i = 0; i < ROUNDS / 20; i++) {
			/* The days of the change in 2023, leap seconds of 2016, then any time. */
			int64_t from = i % 3 == 0 ? INT64_C(1679700000) : i % 3 == 1 ? INT64_C(1483228000) : 0;

			if (i % 3 == 2)
				ns = (int64_t)number(i) / 4;
			else
				ns = (from + (int64_t)(chance() % 120000)) * CLOCK_S + (int64_t)(chance() % CLOCK_S);
			if (i % 7 == 0)
				ns = -ns;
			clock_of_day(ns, i % 10, expected);
			clock_of_day_near(&near, ns, i % 10, out);
			assert_string_equal(out, expected);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digits_are_those_of_printf),
		cmocka_unit_test(seconds_are_those_of_printf),
		cmocka_unit_test(scaled_rounds_as_printf_does),
		cmocka_unit_test(times_of_day_are_those_of_the_system),
		cmocka_unit_test(addresses_are_those_of_the_library),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
