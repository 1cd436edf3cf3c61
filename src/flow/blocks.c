/* Side records: what most flows do not need, taken when it is first needed.
 *
 * Blocks of 64, 128 ... 2048 bytes in one region, by reference (its offset in
 * units of 64 bytes). A block that is given back waits for the next of its
 * class, or is halved for smaller ones. Where the budget has no room left, a flow goes without; that is counted. */
#include <string.h>

#include "flow_private.h"

void blocks_open(struct blocks *b, void *at, size_t size)
{
	b->at = at;
	b->size = size;
	b->used = 0;
	for (unsigned c = 0; c < BLOCK_CLASSES; c++)
		b->free[c] = REF_NONE;
}

/* Halve a bigger block that waits, down to the class wanted. */
static bool halve(struct blocks *b, unsigned class)
{
	unsigned from = class;
	uint32_t ref;

	while (from < BLOCK_CLASSES && b->free[from] == REF_NONE)
		from++;
	if (from == BLOCK_CLASSES)
		return false;
	ref = b->free[from];
	memcpy(&b->free[from], blocks_at(b, ref), sizeof b->free[from]);
	while (from-- > class)
		blocks_give(b, ref + (1u << from), from);
	blocks_give(b, ref, class);
	return true;
}

/* Where the next one will be taken from: it is brought near with the one before, for it was long ago that somebody
 * was there. */
static void next_near(const struct blocks *b, unsigned class)
{
	const uint8_t *next = b->free[class] != REF_NONE ? blocks_at(b, b->free[class]) : b->at + b->used;

	__builtin_prefetch(next, 1);
	if (class > 0)
		__builtin_prefetch(next + BLOCK_MIN, 1);
}

uint32_t blocks_take(struct flow_table *t, unsigned class)
{
	struct blocks *b = &t->blocks;
	size_t size = (size_t)BLOCK_MIN << class;
	uint32_t ref;

	if (b->free[class] != REF_NONE || halve(b, class)) {
		ref = b->free[class];
		memcpy(&b->free[class], blocks_at(b, ref), sizeof b->free[class]);
		next_near(b, class);
		memset(blocks_at(b, ref), 0, size);
		return ref;
	}
	if (b->size - b->used < size || !(budget_affords_block(t, size) || embryo_give_back(t))) {
		t->stats.blocks_lost++;
		return REF_NONE;
	}
	ref = (uint32_t)(b->used / BLOCK_MIN);
	b->used += size;
	next_near(b, class);
	return ref;
}

void blocks_give(struct blocks *b, uint32_t ref, unsigned class)
{
	if (ref == REF_NONE)
		return;
	memcpy(blocks_at(b, ref), &b->free[class], sizeof b->free[class]);
	b->free[class] = ref;
}
