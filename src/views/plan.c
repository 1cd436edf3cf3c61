/* The plan of a record type, made once from the field table. */
#include "plan.h"

#include <string.h>

size_t plan_prefix(const char *key)
{
	const char *dot = strrchr(key, '.');

	return dot ? (size_t)(dot - key) : 0;
}

void plan_init(struct plan *plan, unsigned in)
{
	unsigned words = 0;

	*plan = (struct plan){.keys = {0}};
	for (unsigned k = 0; k < RECORD_KEYS; k++) {
		const struct record_field *f = &record_fields[k];
		const uint64_t bit = UINT64_C(1) << (k % 64);

		if (!(f->in & in))
			continue;
		plan->keys[k / 64] |= bit;
		if (f->kind == VALUE_BOOL)
			plan->bools[k / 64] |= bit;
		if (f->kind == VALUE_WORD && words < PLAN_WORDS) { /* beyond that, they are values as others are */
			plan->words[k / 64] |= bit;
			words++;
		}
	}
}
