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

uint64_t talkers_hash(const struct talkers *t, const struct endpoint *end, unsigned outcome)
{
	uint64_t ip[2], rest = (uint64_t)end->port | (uint64_t)end->family << 16 | (uint64_t)outcome << 24, hash;
	const struct talkers_set *set;

	memcpy(ip, end->ip.b, sizeof ip);
	hash = hash_fold(hash_fold(ip[0] ^ t->key.a, ip[1] ^ t->key.b) ^ t->key.a, rest ^ t->key.b);
	set = &t->set[hash % TALKERS_SETS];
	__builtin_prefetch(set, 1);
	__builtin_prefetch(set->tag, 1);
	return hash;
}

/* The place of an entry, if it is there; else of the lightest of its set, or of a free one. */
static unsigned talkers_way(const struct talkers *t, uint64_t hash, const struct endpoint *end, unsigned outcome, bool *is)
{
	const uint32_t tag = (uint32_t)(hash >> 32);
	const struct talkers_set *set = &t->set[hash % TALKERS_SETS];
	const struct talker *at = t->at[hash % TALKERS_SETS];
	unsigned lightest = 0;

	for (unsigned i = 0; i < TALKERS_WAYS; i++)
		if (set->tag[i] == tag && set->weight[i] > 0 && at[i].outcome == outcome &&
		    tuple_compare_endpoint(&at[i].end, end) == 0) {
			*is = true;
			return i;
		}
	*is = false;
	for (unsigned i = 1; i < TALKERS_WAYS; i++)
		lightest = set->weight[i] < set->weight[lightest] ? i : lightest;
	return lightest;
}

void talkers_add(struct talkers *t, uint64_t hash, const struct endpoint *end, unsigned outcome, uint64_t sent,
		 uint64_t received)
{
	struct talkers_set *set = &t->set[hash % TALKERS_SETS];
	bool is;
	const unsigned way = talkers_way(t, hash, end, outcome, &is);
	struct talker *e = &t->at[hash % TALKERS_SETS][way];

	if (!is) {
		t->evicted += set->weight[way] > 0;
		*e = (struct talker){.end = *end, .outcome = outcome};
		set->tag[way] = (uint32_t)(hash >> 32);
		set->weight[way] = 0;
	}
	e->sent += sent;
	e->received += received;
	e->n++;
	set->weight[way] += sent + received + 1;
}

static uint64_t weight_of(const struct talker *a)
{
	return a->sent + a->received + a->n;
}

/* Heavier first; equals by address, so that the order never depends on the
 * random key of the hash. */
static int talkers_before(const struct talker *a, const struct talker *b)
{
	int c;

	if (weight_of(a) != weight_of(b))
		return weight_of(a) > weight_of(b);
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

			if (t->set[s].weight[w] == 0)
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
			n += t->set[s].weight[w] > 0;
	return n;
}
