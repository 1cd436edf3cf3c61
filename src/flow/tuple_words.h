/* A flow's key as five numbers, so that hashing and comparing wait for no memory. */
#ifndef FLOW_TUPLE_WORDS_H
#define FLOW_TUPLE_WORDS_H

#include <string.h>

#include "flow_private.h"

struct flow_words {
	uint64_t a[2], b[2], rest; /* addresses; ports, protocol and family: the lower endpoint first */
};

/* ports: b's above a's. */
static inline uint64_t rest_of(uint32_t ports, uint8_t proto, uint8_t family)
{
	return ports | (uint64_t)proto << 32 | (uint64_t)family << 40;
}

static inline uint32_t ports_of(uint16_t a, uint16_t b)
{
	return (uint32_t)b << 16 | a;
}

static inline void words_of_key(struct flow_words *w, const struct flow_key *k)
{
	memcpy(w->a, k->a.b, sizeof w->a);
	memcpy(w->b, k->b.b, sizeof w->b);
	w->rest = rest_of(ports_of(k->a_port, k->b_port), k->proto, k->family);
}

/* The lower (0) or the higher endpoint's address is found by its place: a jump would be guessed wrong half the time. */
static inline const uint8_t *end_of_tuple(const struct tuple *t, unsigned dir, unsigned end)
{
	_Static_assert(offsetof(struct tuple, from) == 0 && offsetof(struct tuple, to) == sizeof t->from, "one after the other");
	return (const uint8_t *)t + (dir ^ end) * sizeof t->from;
}

static inline uint64_t rest_of_tuple(const struct tuple *t, unsigned dir)
{
	uint32_t ports = ports_of(t->from_port, t->to_port), turn = dir * 16;

	return rest_of(ports << turn | ports >> (-turn & 31), t->proto, t->family);
}

static inline void words_of_tuple(struct flow_words *w, const struct tuple *t, unsigned dir)
{
	memcpy(w->a, end_of_tuple(t, dir, 0), sizeof w->a);
	memcpy(w->b, end_of_tuple(t, dir, 1), sizeof w->b);
	w->rest = rest_of_tuple(t, dir);
}

static inline bool words_equal(const struct flow_words *w, const struct flow_words *x)
{
	return ((w->a[0] ^ x->a[0]) | (w->a[1] ^ x->a[1]) | (w->b[0] ^ x->b[0]) | (w->b[1] ^ x->b[1]) |
		(w->rest ^ x->rest)) == 0;
}

/* Each half of a step meets a half of the key. Both families go the same way, for which of the two comes next is nobody's
 * guess: of IPv4 the second word of an address is 0, and stays so. The second is folded with a number that no sender knows
 * before the two meet; a product alone would not do, for of two words whose highest bits alone vary few sums are different. */
static inline uint32_t words_hash(const struct hash_key *k, const struct flow_words *w)
{
	uint64_t a = w->a[0] ^ hash_fold(w->a[1], k->b), b = w->b[0] ^ hash_fold(w->b[1], k->a);
	uint64_t h = hash_fold(a ^ k->a, b ^ k->b);

	h = hash_fold(h ^ k->a, w->rest ^ k->b);
	return (uint32_t)(h ^ h >> 32);
}

#endif
