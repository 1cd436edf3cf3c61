/* Side records: what most flows do not need, taken when it is first needed.
 *
 * Blocks of 64, 128 ... 2048 bytes in one region, by reference (its offset in
 * units of 64 bytes). A block that is given back waits for the next of its
 * class. Where the budget has no room left, a flow goes without; that is counted. */
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

uint32_t blocks_take(struct flow_table *t, unsigned class)
{
	struct blocks *b = &t->blocks;
	size_t size = (size_t)BLOCK_MIN << class;
	uint32_t ref = b->free[class];

	if (ref != REF_NONE) {
		memcpy(&b->free[class], blocks_at(b, ref), sizeof b->free[class]);
		memset(blocks_at(b, ref), 0, size);
		return ref;
	}
	if (b->size - b->used < size || !(budget_affords_block(t, size) || embryo_give_back(t))) {
		t->stats.blocks_lost++;
		return REF_NONE;
	}
	ref = (uint32_t)(b->used / BLOCK_MIN);
	b->used += size;
	return ref;
}

void blocks_give(struct blocks *b, uint32_t ref, unsigned class)
{
	if (ref == REF_NONE)
		return;
	memcpy(blocks_at(b, ref), &b->free[class], sizeof b->free[class]);
	b->free[class] = ref;
}
