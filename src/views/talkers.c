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

static uint64_t talkers_hash(const struct talkers *t, const struct endpoint *end, unsigned outcome)
{
	uint64_t ip[2], rest = (uint64_t)end->port | (uint64_t)end->family << 16 | (uint64_t)outcome << 24;

	memcpy(ip, end->ip.b, sizeof ip);
	return hash_fold(hash_fold(ip[0] ^ t->key.a, ip[1] ^ t->key.b) ^ t->key.a, rest ^ t->key.b);
}

struct talker *talkers_find(struct talkers *t, const struct endpoint *end, unsigned outcome)
{
	const uint64_t hash = talkers_hash(t, end, outcome);
	const uint32_t tag = (uint32_t)(hash >> 32);
	uint32_t *tags = t->tag[hash % TALKERS_SETS];
	struct talker *set = t->at[hash % TALKERS_SETS];
	unsigned lightest = 0;

	for (unsigned i = 0; i < TALKERS_WAYS; i++)
		if (tags[i] == tag && set[i].weight > 0 && set[i].outcome == outcome &&
		    tuple_compare_endpoint(&set[i].end, end) == 0)
			return &set[i];
	for (unsigned i = 1; i < TALKERS_WAYS; i++)
		if (set[i].weight < set[lightest].weight)
			lightest = i;
	if (set[lightest].weight > 0)
		t->evicted++;
	set[lightest] = (struct talker){.end = *end, .outcome = outcome};
	tags[lightest] = tag;
	return &set[lightest];
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
