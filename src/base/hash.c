/* The key of the hash: from the kernel's random numbers, or from a seed. */
#include "sockeye/hash.h"

#include <sys/random.h>

#include "sockeye/clock.h"

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
