/* Keyed hash: multiply 64 x 64, fold the 128-bit product in half, with a random key
 * of 128 bits per run, so that a peer who chooses its tuples cannot choose their slots.
 *
 * Sixteen bytes a step, each half mixed with one half of the key and the state
 * before they meet, so that no input cancels another without the key. Not
 * cryptographic; it is enough that a peer who never sees a hash cannot aim. Here and
 * not in hash.c, because a length that is known makes it a few instructions. */
#ifndef SOCKEYE_HASH_H
#define SOCKEYE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct hash_key {
	uint64_t a, b;
};

/* From the kernel's random numbers; the same key for ever if seed is not 0
 * (for tests). */
void hash_key_init(struct hash_key *k, uint64_t seed);

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

static inline uint64_t hash_bytes(const struct hash_key *k, const void *data, size_t n)
{
	const uint8_t *p = data;
	uint64_t h = (uint64_t)n; /* without k->b, or the first step's would cancel */

	for (; n > 16; n -= 16, p += 16)
		h = hash_fold(hash_word(p) ^ k->a, hash_word(p + 8) ^ k->b ^ h) + h;
	if (n > 0) {
		uint8_t last[16] = {0};

		memcpy(last, p, n);
		h = hash_fold(hash_word(last) ^ k->a, hash_word(last + 8) ^ k->b ^ h) + h;
	}
	return hash_fold(h ^ k->a, k->b);
}

#endif
