/* Numbers as digits: the table, and what is too long to stand in the header.
 *
 * A number is taken apart into groups of four digits, because dividing what
 * fits 32 bits by a constant is a multiplication and a shift.
 */
#include "sockeye/digits.h"

const char digits_pairs[201] = "00010203040506070809101112131415161718192021222324"
			       "25262728293031323334353637383940414243444546474849"
			       "50515253545556575859606162636465666768697071727374"
			       "75767778798081828384858687888990919293949596979899";

/* v < 10000, with leading zeroes. */
static char *digits_four(char *p, unsigned v)
{
	return digits_two(digits_two(p, v / 100), v % 100);
}

/* v < 10^8, with leading zeroes. */
static char *digits_eight(char *p, uint32_t v)
{
	return digits_four(digits_four(p, v / 10000), v % 10000);
}

char *digits_long(char *p, uint64_t v)
{
	if (v < 10000)
		return digits_short(p, (unsigned)v);
	if (v < 100000000)
		return digits_four(digits_short(p, (unsigned)v / 10000), (unsigned)v % 10000);
	if (v < 1000000000000) /* seconds since 1970 */
		return digits_eight(digits_short(p, (unsigned)(v / 100000000)), (uint32_t)(v % 100000000));
	/* At most twelve digits before the last eight: this goes down twice. */
	return digits_eight(digits_long(p, v / 100000000), (uint32_t)(v % 100000000));
}

char *digits_i64(char *p, int64_t v)
{
	if (v >= 0)
		return digits_u64(p, (uint64_t)v);
	*p = '-';
	return digits_u64(p + 1, UINT64_C(0) - (uint64_t)v);
}

char *digits_fraction(char *p, uint32_t v, unsigned n)
{
	char nine[9];

	if (n == 6) /* nearly always */
		return digits_four(digits_two(p, v / 10000000), v / 1000 % 10000);
	*digits_eight(nine, v / 10) = (char)('0' + v % 10);
	memcpy(p, nine, n < sizeof nine ? n : sizeof nine);
	return p + (n < sizeof nine ? n : sizeof nine);
}

char *digits_seconds(char *p, int64_t ns, unsigned n)
{
	uint64_t size = ns < 0 ? UINT64_C(0) - (uint64_t)ns : (uint64_t)ns;

	if (ns < 0)
		*p++ = '-';
	p = digits_u64(p, size / 1000000000);
	if (n == 0)
		return p;
	*p++ = '.';
	return digits_fraction(p, (uint32_t)(size % 1000000000), n);
}

void digits_second_learn(struct digits_second *near, uint64_t second)
{
	char *end = digits_u64(near->text, second); /* of int64_t in ns: ten digits at most */

	*end++ = '.';
	near->second = second;
	near->len = (unsigned)(end - near->text);
}
