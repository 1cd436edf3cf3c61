/* The same packet twice: copies.c. Here is what every packet of TCP goes through. */
#ifndef FLOW_COPIES_H
#define FLOW_COPIES_H

#include "sockeye/flow.h"
#include "stores.h"

int copies_open(struct copies *c, size_t memory, struct error *e);
void copies_free(struct copies *c);
size_t copies_size(const struct copies *c);
bool copies_saw(struct copies *c, const struct descriptor *d, uint64_t identity); /* this very packet, a moment ago? */

/* Above, products of what is hashed with a key that no sender knows, so that none can make
 * two packets look the same; independent of each other, so that they take no time. Below,
 * the place in the table, without the key: two packets that share one push each other out
 * in every run alike. Who makes his packets do so only hides copies. */
static inline uint64_t copies_identity(const struct hash_key *k, const struct descriptor *d, unsigned dir)
{
	const uint8_t *at = (const uint8_t *)&d->tcp;
	uint64_t numbers = hash_word(at), stamps = hash_word(at + 8), h, place;
	uint64_t fields = (uint64_t)d->ip_id << 48 | (uint64_t)d->window << 32 | (uint64_t)d->flags << 16 |
			  d->tcp.checksum;
	uint64_t rest = (uint64_t)d->payload_len << 32 | (uint64_t)d->sacks << 8 | dir;

	_Static_assert(offsetof(struct descriptor, tcp.ack) == offsetof(struct descriptor, tcp.seq) + 4 &&
		       offsetof(struct descriptor, tcp.tsval) == offsetof(struct descriptor, tcp.seq) + 8 &&
		       offsetof(struct descriptor, tcp.tsecr) == offsetof(struct descriptor, tcp.seq) + 12,
		       "two words of four numbers");
	h = hash_fold(numbers ^ k->a, stamps ^ k->b) + hash_fold(fields ^ k->b ^ d->hash, rest ^ k->a);
	if (__builtin_expect(d->sacks != 0, 0))
		h = hash_fold(((uint64_t)d->tcp.sack[0][0] << 32 | d->tcp.sack[0][1]) ^ k->a, h ^ k->b) + h;
	place = (numbers ^ stamps * UINT64_C(0xd6e8feb86659fd93) ^ fields ^
		 ((uint64_t)d->tuple.from_port << 32 | d->tuple.to_port)) * UINT64_C(0x9e3779b97f4a7c15);
	return (h & ~(uint64_t)UINT16_MAX) | place >> 48;
}

static inline struct copy *copies_set(const struct copies *c, uint64_t identity)
{
	return c->at + (size_t)((uint16_t)identity & c->mask) * COPY_WAYS;
}

static inline void copies_prefetch(const struct copies *c, uint64_t identity)
{
	__builtin_prefetch(copies_set(c, identity), 1);
}

static inline uint64_t copy_when(const struct descriptor *d, uint64_t identity)
{
	return (uint64_t)d->ts_ns << 8 | (uint8_t)(identity >> 24);
}

/* copies_saw() of a packet that is none: it is only remembered, in the place of the oldest of its set. */
static inline void copies_note(struct copies *c, const struct descriptor *d, uint64_t identity)
{
	struct copy *set = copies_set(c, identity), *oldest = &set[set->oldest];

	set->oldest = (uint16_t)((set->oldest + 1) % COPY_WAYS);
	c->used += !oldest->tag;
	oldest->when = copy_when(d, identity);
	oldest->tag = (uint32_t)(identity >> 32) | 1;
	oldest->interface = d->interface;
}

#endif
