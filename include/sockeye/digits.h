/* Numbers as digits, where millions of them are written: no format, no buffer
 * between, two digits at a time.
 *
 * Every function writes at p and returns where it ended; there is no NUL. The
 * caller has room for the most it can be, which stands beside it.
 */
#ifndef SOCKEYE_DIGITS_H
#define SOCKEYE_DIGITS_H

#include <stdint.h>
#include <string.h>

enum { DIGITS_U64_MAX = 20, DIGITS_SECONDS_MAX = 31 };

/* "00" to "99", one after the other. */
extern const char digits_pairs[201];

/* Exactly two digits of v < 100. */
static inline char *digits_two(char *p, unsigned v)
{
	memcpy(p, digits_pairs + v * 2, 2);
	return p + 2;
}

/* v < 10000: one to four digits, and no branch; writes no further than p[3]. */
static inline char *digits_short(char *p, unsigned v)
{
	unsigned high = v / 100 * 2, low = v % 100 * 2;

	*p = digits_pairs[high];
	p += v >= 1000;
	*p = digits_pairs[high + 1];
	p += v >= 100;
	*p = digits_pairs[low];
	p += v >= 10;
	*p = digits_pairs[low + 1];
	return p + 1;
}

/* All the others; up to DIGITS_U64_MAX. */
char *digits_long(char *p, uint64_t v);

static inline char *digits_u64(char *p, uint64_t v)
{
	if (v < 10) { /* most of a record's counters */
		*p = (char)('0' + v);
		return p + 1;
	}
	return v < 10000 ? digits_short(p, (unsigned)v) : digits_long(p, v);
}

/* With a minus where it is negative: one more than DIGITS_U64_MAX. */
char *digits_i64(char *p, int64_t v);

/* v < 10^9 as nine digits, of which the first n are kept. */
char *digits_fraction(char *p, uint32_t v, unsigned n);

/* Seconds with n (0 to 9) decimals, cut and not rounded; up to DIGITS_SECONDS_MAX. */
char *digits_seconds(char *p, int64_t ns, unsigned n);

/* The same with n from 1 on, where many times lie in one second: it is put into digits once. All zeroes: none yet. */
enum { DIGITS_SECOND_MAX = 16 };
struct digits_second {
	uint64_t second;
	unsigned len;
	char text[DIGITS_SECOND_MAX]; /* "1700000000." */
};

void digits_second_learn(struct digits_second *near, uint64_t second);

static inline char *digits_seconds_near(struct digits_second *near, char *p, int64_t ns, unsigned n)
{
	uint64_t second = (uint64_t)ns / 1000000000;

	if (ns < 0)
		return digits_seconds(p, ns, n);
	if (near->second != second || near->len == 0)
		digits_second_learn(near, second);
	memcpy(p, near->text, sizeof near->text); /* all of it, which is quicker than as much as there is */
	return digits_fraction(p + near->len, (uint32_t)((uint64_t)ns - second * 1000000000), n);
}

#endif
