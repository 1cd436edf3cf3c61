/* The keyed hash: multiply 64 x 64, fold the 128-bit product in half.
 *
 * Sixteen bytes a step, each half mixed with one half of the key and the state
 * before they meet, so that no input cancels another without the key. Not
 * cryptographic; it is enough that a peer who never sees a hash cannot aim.
 */
#include "sockeye/hash.h"

#include <string.h>
#include <sys/random.h>

#include "sockeye/clock.h"

#ifdef __SIZEOF_INT128__
__extension__ typedef unsigned __int128 hash_wide;

static inline uint64_t hash_fold(uint64_t a, uint64_t b)
{
	hash_wide product = (hash_wide)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}
#else
/* The same product from four of 32 x 32, for machines of 32 bits. */
static inline uint64_t hash_fold(uint64_t a, uint64_t b)
{
	uint64_t a0 = (uint32_t)a, a1 = a >> 32, b0 = (uint32_t)b, b1 = b >> 32;
	uint64_t low = a0 * b0, middle = a1 * b0 + (low >> 32);
	uint64_t other = a0 * b1 + (uint32_t)middle;
	uint64_t high = a1 * b1 + (middle >> 32) + (other >> 32);

	return (other << 32 | (uint32_t)low) ^ high;
}
#endif

static inline uint64_t hash_word(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof v);
	return v;
}

void hash_key_init(struct hash_key *k, uint64_t seed)
{
	if (seed != 0) {
		k->a = hash_fold(seed ^ UINT64_C(0x9e3779b97f4a7c15), UINT64_C(0xd1342543de82ef95));
		k->b = hash_fold(seed ^ UINT64_C(0xbf58476d1ce4e5b9), UINT64_C(0x94d049bb133111eb));
	} else if (getrandom(k, sizeof *k, 0) != (ssize_t)sizeof *k) {
		/* Kernels without getrandom(): worse than random, better than fixed. */
		k->a = (uint64_t)clock_wall_ns() * UINT64_C(0x9e3779b97f4a7c15);
		k->b = (uint64_t)clock_monotonic_ns() * UINT64_C(0xbf58476d1ce4e5b9) ^
		       (uint64_t)(uintptr_t)k;
	}
	k->a |= 1; /* never the absorbing zero */
	k->b |= 1;
}

uint64_t hash_bytes(const struct hash_key *k, const void *data, size_t n)
{
	const uint8_t *p = data;
	uint64_t h = (uint64_t)n; /* without k->b, or the first step's would cancel */

	while (n > 16) {
		h = hash_fold(hash_word(p) ^ k->a, hash_word(p + 8) ^ k->b ^ h) + h;
		p += 16;
		n -= 16;
	}
	if (n > 0) {
		uint8_t last[16] = {0};

		memcpy(last, p, n);
		h = hash_fold(hash_word(last) ^ k->a, hash_word(last + 8) ^ k->b ^ h) + h;
	}
	return hash_fold(h ^ k->a, k->b);
}
