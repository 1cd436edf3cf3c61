/* A bounded table of counts: sets of eight, where the lightest entry gives way
 * to a new one and is counted as forgotten. Heavy keys are safe: they leave
 * only if eight heavier ones share their set.
 */
#include "talkers.h"

#include <string.h>

void talkers_init(struct talkers *t)
{
	memset(t, 0, sizeof *t);
	hash_key_init(&t->key, 0);
}

struct talker *talkers_find(struct talkers *t, const struct endpoint *end, unsigned outcome)
{
	uint8_t key[20];
	struct talker *set, *lightest;

	memcpy(key, end->ip.b, 16);
	key[16] = (uint8_t)(end->port >> 8);
	key[17] = (uint8_t)end->port;
	key[18] = end->family;
	key[19] = (uint8_t)outcome;
	set = t->at[hash_bytes(&t->key, key, sizeof key) % TALKERS_SETS];
	lightest = &set[0];
	for (unsigned i = 0; i < TALKERS_WAYS; i++) {
		if (set[i].weight > 0 && set[i].outcome == outcome &&
		    tuple_compare_endpoint(&set[i].end, end) == 0)
			return &set[i];
		if (set[i].weight < lightest->weight)
			lightest = &set[i];
	}
	if (lightest->weight > 0)
		t->evicted++;
	memset(lightest, 0, sizeof *lightest);
	lightest->end = *end;
	lightest->outcome = outcome;
	return lightest;
}

/* Heavier first; equals by address, so that the order never depends on the
 * random key of the hash. */
static int talkers_before(const struct talker *a, const struct talker *b)
{
	int c;

	if (a->weight != b->weight)
		return a->weight > b->weight;
	c = tuple_compare_endpoint(&a->end, &b->end);
	return c != 0 ? c < 0 : a->outcome < b->outcome;
}

unsigned talkers_top(const struct talkers *t, const struct talker *out[TALKERS_TOP])
{
	unsigned n = 0;

	for (unsigned s = 0; s < TALKERS_SETS; s++) {
		for (unsigned w = 0; w < TALKERS_WAYS; w++) {
			const struct talker *e = &t->at[s][w];
			unsigned at = n;

			if (e->weight == 0)
				continue;
			while (at > 0 && talkers_before(e, out[at - 1]))
				at--;
			if (at >= TALKERS_TOP)
				continue;
			if (n < TALKERS_TOP)
				n++;
			memmove(&out[at + 1], &out[at], (n - at - 1) * sizeof *out);
			out[at] = e;
		}
	}
	return n;
}

uint64_t talkers_count(const struct talkers *t)
{
	uint64_t n = 0;

	for (unsigned s = 0; s < TALKERS_SETS; s++)
		for (unsigned w = 0; w < TALKERS_WAYS; w++)
			n += t->at[s][w].weight > 0;
	return n;
}
