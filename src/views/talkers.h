/* Counts by key, bounded: the heavy ones stay. */
#ifndef SOCKEYE_VIEWS_TALKERS_H
#define SOCKEYE_VIEWS_TALKERS_H

#include <stdint.h>

#include "sockeye/hash.h"
#include "sockeye/tuple.h"

enum { TALKERS_SETS = 1024, TALKERS_WAYS = 8, TALKERS_TOP = 10 };

/* Weight, which decides who stays: sent + received + n. */
struct talker {
	uint64_t sent, received; /* of the caller */
	uint64_t n;              /* how often */
	struct endpoint end;
	unsigned outcome;        /* part of the key; 0 where it means nothing */
};

/* What is looked at of a set before any entry is: nearly always all of it. */
struct talkers_set {
	uint64_t weight[TALKERS_WAYS]; /* 0: free */
	uint32_t tag[TALKERS_WAYS];    /* of the key's hash */
};

struct talkers {
	struct hash_key key;
	uint64_t evicted;
	struct talkers_set set[TALKERS_SETS];
	struct talker at[TALKERS_SETS][TALKERS_WAYS];
};

void talkers_init(struct talkers *t);
/* The hash of (end, outcome); what it stands for is brought near, where more is to be done first. */
uint64_t talkers_hash(const struct talkers *t, const struct endpoint *end, unsigned outcome);
/* Once more, with so many bytes; the lightest of a full set gives way to one that is new. */
void talkers_add(struct talkers *t, uint64_t hash, const struct endpoint *end, unsigned outcome, uint64_t sent,
		 uint64_t received);
/* The heaviest, heaviest first; returns how many. */
unsigned talkers_top(const struct talkers *t, const struct talker *out[TALKERS_TOP]);
uint64_t talkers_count(const struct talkers *t);

#endif
