/* The only place that asks the system for the time.
 *
 * Packet time never comes from here.
 */
#include "sockeye/clock.h"

#include <stdio.h>
#include <time.h>

#include "sockeye/digits.h"

static int64_t clock_read(clockid_t id)
{
	struct timespec t;

	if (clock_gettime(id, &t) != 0)
		return 0;
	return (int64_t)t.tv_sec * CLOCK_S + t.tv_nsec;
}

int64_t clock_wall_ns(void)
{
	return clock_read(CLOCK_REALTIME);
}

int64_t clock_monotonic_ns(void)
{
	return clock_read(CLOCK_MONOTONIC);
}

int64_t clock_boot_ns(void)
{
	return clock_read(CLOCK_BOOTTIME);
}

int64_t clock_thread_ns(void)
{
	return clock_read(CLOCK_THREAD_CPUTIME_ID);
}

void clock_of_day(int64_t ns, unsigned digits, char *out)
{
	int64_t fraction = ns % CLOCK_S;
	time_t seconds = (time_t)(ns / CLOCK_S);
	struct tm tm;

	if (fraction < 0) {
		fraction += CLOCK_S;
		seconds--;
	}
	if (digits > 9)
		digits = 9;
	for (unsigned i = digits; i < 9; i++)
		fraction /= 10;
	if (!localtime_r(&seconds, &tm)) {
		tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	}
	if (digits == 0)
		(void)snprintf(out, 32, "%02d:%02d:%02d", tm.tm_hour, tm.tm_min, tm.tm_sec);
	else
		(void)snprintf(out, 32, "%02d:%02d:%02d.%0*lld", tm.tm_hour, tm.tm_min, tm.tm_sec,
			       (int)digits, (long long)fraction);
}

void clock_date(int64_t ns, char *out)
{
	time_t seconds = (time_t)(ns / CLOCK_S - (ns % CLOCK_S < 0));
	struct tm tm;

	if (!localtime_r(&seconds, &tm))
		(void)snprintf(out, 32, "no date");
	else
		(void)snprintf(out, 32, "%04lld-%02d-%02d", tm.tm_year + 1900LL, tm.tm_mon + 1, tm.tm_mday);
}

enum { QUARTER = 900, DAY = 86400 };

/* -1: unknown. */
static int32_t second_of_day(int64_t seconds)
{
	time_t at = (time_t)seconds;
	struct tm tm;

	return localtime_r(&at, &tm) ? tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec : -1;
}

static void look_near(struct clock_near *near, int64_t quarter)
{
	int32_t first = second_of_day(quarter * QUARTER), last = second_of_day(quarter * QUARTER + QUARTER - 1);

	near->known = true;
	near->quarter = quarter;
	near->begins = first;
	near->even = first >= 0 && last >= 0 && (last - first + DAY) % DAY == QUARTER - 1;
}

void clock_of_day_near(struct clock_near *near, int64_t ns, unsigned digits, char *out)
{
	int64_t seconds = ns / CLOCK_S - (ns % CLOCK_S < 0), quarter = seconds / QUARTER - (seconds % QUARTER < 0);
	unsigned day;

	if (!near->known || near->quarter != quarter)
		look_near(near, quarter);
	if (!near->even) {
		clock_of_day(ns, digits, out);
		return;
	}
	day = ((unsigned)near->begins + (unsigned)(seconds - quarter * QUARTER)) % DAY;
	out = digits_two(out, day / 3600);
	*out++ = ':';
	out = digits_two(out, day / 60 % 60);
	*out++ = ':';
	out = digits_two(out, day % 60);
	if (digits > 0) {
		*out++ = '.';
		out = digits_fraction(out, (uint32_t)(ns - seconds * CLOCK_S), digits);
	}
	*out = '\0';
}
