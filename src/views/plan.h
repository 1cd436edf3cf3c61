/* What is known of a record type before the first record: its keys, and which of their values are fixed.
 *
 * Fixed are those that take few values and are as they are for long: yes or no, and our own words.
 * They are in a line's shape (shape.h), not written into it.
 */
#ifndef SOCKEYE_VIEWS_PLAN_H
#define SOCKEYE_VIEWS_PLAN_H

#include "sockeye/record.h"

enum { PLAN_WORDS = 24 }; /* keys of VALUE_WORD, at most */

struct plan {
	uint64_t keys[2]; /* of the record type: bits as in flow_record.has */
	uint64_t bools[2], words[2]; /* of them: those of that kind */
};

/* Of IN_CONNECTION or IN_HANDSHAKE. */
void plan_init(struct plan *plan, unsigned in);

static inline bool plan_has(const struct plan *plan, enum record_key k)
{
	return plan->keys[k / 64] >> (k % 64) & 1;
}

/* Length of the key's prefix, whose members make an object: 0 is the line's own. */
size_t plan_prefix(const char *key);

#endif
