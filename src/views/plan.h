/* What is known of a record type before the first record: how csv_record.c walks it, and json_plan.c.
 *
 * A line is a walk over the bits of what the record has. Most pairs are counters that counted
 * nothing and stand in rows, in the table as in the record, so a row of zeroes is one step.
 */
#ifndef SOCKEYE_VIEWS_PLAN_H
#define SOCKEYE_VIEWS_PLAN_H

#include "sockeye/record.h"

struct plan_key {
	uint16_t offset; /* of the member in struct flow_record */
	uint8_t kind;    /* enum value_kind */
	uint8_t pairs;   /* in a row from here on: keys of one object, members one after the other */
};

struct plan {
	uint64_t keys[2]; /* of the record type: bits as in flow_record.has */
	struct plan_key key[RECORD_KEYS];
};

/* Of IN_CONNECTION or IN_HANDSHAKE. */
void plan_init(struct plan *plan, unsigned in);

static inline bool plan_has(const struct plan *plan, enum record_key k)
{
	return plan->keys[k / 64] >> (k % 64) & 1;
}

/* Length of the key's prefix, whose members make an object: 0 is the line's own. */
size_t plan_prefix(const char *key);

/* How many pairs from this key on are zeroes. Its member is at x; bits: what the record has, from the key on. */
static inline unsigned plan_zeroes(const struct plan_key *key, const void *x, uint64_t bits)
{
	const uint64_t *pair = x;
	unsigned n = 0;

	for (; n < key->pairs && bits & 1 && (pair[0] | pair[1]) == 0; n++, pair += 2)
		bits >>= 1;
	return n;
}

/* n keys from bit on are done, but for the last, which is the loop's own to clear. */
static inline uint64_t plan_skip(uint64_t bits, unsigned bit, unsigned n)
{
	return bits & ~(((UINT64_C(1) << (n - 1)) - 1) << bit);
}

#endif
