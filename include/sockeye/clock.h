/* Time, in one place. Everything is int64_t nanoseconds.
 *
 * Packet time is the time of a capture; wall and monotonic time come from here
 * only, and only live runs and the screen use them.
 */
#ifndef SOCKEYE_CLOCK_H
#define SOCKEYE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

enum { CLOCK_US = 1000, CLOCK_MS = 1000000 };
#define CLOCK_S INT64_C(1000000000)

int64_t clock_wall_ns(void);      /* since the epoch */
int64_t clock_monotonic_ns(void); /* for waiting and for measuring ourselves */
int64_t clock_thread_ns(void);    /* that this thread has worked */
int64_t clock_boot_ns(void);      /* as monotonic, but goes on while the machine sleeps */

/* Local time of day as HH:MM:SS and the fraction with digits decimals; out
 * must hold 32 bytes. */
void clock_of_day(int64_t ns, unsigned digits, char *out);

/* Local date as YYYY-MM-DD; out must hold 32 bytes. */
void clock_date(int64_t ns, char *out);

/* clock_of_day() for many times that lie near each other: asks the system once in a
 * quarter of an hour of packet time. Begins as zeroes. */
struct clock_near {
	int64_t quarter; /* seconds since the epoch / 900 */
	int32_t begins;  /* its second of the local day */
	bool known, even; /* even: no clock is put on or back in it */
};
void clock_of_day_near(struct clock_near *near, int64_t ns, unsigned digits, char *out);

#endif
