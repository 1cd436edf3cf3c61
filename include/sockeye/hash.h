/* Keyed hash: a multiply-fold over the tuple, with a random 128-bit key per
 * run, so that a peer who chooses its tuples cannot choose their slots. */
#ifndef SOCKEYE_HASH_H
#define SOCKEYE_HASH_H

#include <stddef.h>
#include <stdint.h>

struct hash_key {
	uint64_t a, b;
};

/* From the kernel's random numbers; the same key for ever if seed is not 0
 * (for tests). */
void hash_key_init(struct hash_key *k, uint64_t seed);

uint64_t hash_bytes(const struct hash_key *k, const void *data, size_t n);

#endif
