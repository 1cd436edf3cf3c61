/* Counts by key, bounded: the heavy ones stay. */
#ifndef SOCKEYE_VIEWS_TALKERS_H
#define SOCKEYE_VIEWS_TALKERS_H

#include <stdint.h>

#include "sockeye/hash.h"
#include "sockeye/tuple.h"

enum { TALKERS_SETS = 1024, TALKERS_WAYS = 8, TALKERS_TOP = 10 };

struct talker {
	uint64_t weight;         /* what decides who stays; 0: free */
	uint64_t sent, received; /* of the caller */
	uint64_t n;              /* of the caller */
	struct endpoint end;
	unsigned outcome;        /* part of the key; 0 where it means nothing */
};

struct talkers {
	struct hash_key key;
	uint64_t evicted;
	uint32_t tag[TALKERS_SETS][TALKERS_WAYS]; /* of each key's hash: most of a set is not looked at */
	struct talker at[TALKERS_SETS][TALKERS_WAYS];
};

void talkers_init(struct talkers *t);
/* Find or make the entry of (end, outcome); the lightest of its set gives way. */
struct talker *talkers_find(struct talkers *t, const struct endpoint *end, unsigned outcome);
/* The heaviest, heaviest first; returns how many. */
unsigned talkers_top(const struct talkers *t, const struct talker *out[TALKERS_TOP]);
uint64_t talkers_count(const struct talkers *t);

#endif
