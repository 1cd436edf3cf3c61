/* The plan of a record type, made once from the field table. */
#include "plan.h"

#include <string.h>

size_t plan_prefix(const char *key)
{
	const char *dot = strrchr(key, '.');

	return dot ? (size_t)(dot - key) : 0;
}

/* Does a pair of the same object follow, in the table and in the record? */
static bool plan_goes_on(const struct plan *plan, unsigned k)
{
	const char *key = record_fields[k].key, *next = record_fields[k + 1].key;
	size_t n = plan_prefix(key);

	return plan->key[k + 1].pairs > 0 && plan->key[k + 1].offset == plan->key[k].offset + sizeof(uint64_t[2]) &&
	       plan_prefix(next) == n && memcmp(key, next, n) == 0;
}

void plan_init(struct plan *plan, unsigned in)
{
	*plan = (struct plan){.keys = {0}};
	for (unsigned k = RECORD_KEYS; k-- > 0;) {
		const struct record_field *f = &record_fields[k];
		struct plan_key *key = &plan->key[k];

		if (!(f->in & in))
			continue;
		plan->keys[k / 64] |= UINT64_C(1) << (k % 64);
		key->offset = f->offset;
		key->kind = f->kind;
		if (f->kind == VALUE_PAIR)
			key->pairs = k + 1 < RECORD_KEYS && plan_goes_on(plan, k) ? (uint8_t)(plan->key[k + 1].pairs + 1) : 1;
	}
}
