/* The only place that asks the system for the time.
 *
 * Packet time never comes from here.
 */
#include "sockeye/clock.h"

#include <stdio.h>
#include <time.h>

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
