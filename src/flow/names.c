/* Server names: a bounded store with blocks of three sizes. A block begins
 * with its length; what was dropped is used again by names of its size. */
#include <string.h>

#include "flow_private.h"

static const uint32_t block_size[NAME_CLASSES] = {32, 64, NAME_MOST};

static unsigned class_of(uint32_t len)
{
	unsigned c = 0;

	while (c < NAME_CLASSES - 1 && len + 2 > block_size[c])
		c++;
	return c;
}

void names_open(struct names *n, void *at, size_t size)
{
	n->at = at;
	n->size = size < REF_NONE ? size : REF_NONE - 1;
	n->used = 0;
	for (unsigned c = 0; c < NAME_CLASSES; c++)
		n->free[c] = REF_NONE;
}

uint32_t names_put(struct names *n, const uint8_t *bytes, uint32_t len, bool may_grow)
{
	uint32_t max = block_size[NAME_CLASSES - 1] - 2;
	unsigned c;
	uint32_t ref;

	if (len > max)
		len = max;
	c = class_of(len);
	ref = n->free[c];
	if (ref != REF_NONE) {
		memcpy(&n->free[c], n->at + ref + 2, sizeof n->free[c]);
	} else {
		if (!may_grow || n->size - n->used < block_size[c])
			return REF_NONE;
		ref = (uint32_t)n->used;
		n->used += block_size[c];
	}
	n->at[ref] = (uint8_t)len;
	n->at[ref + 1] = (uint8_t)c;
	memcpy(n->at + ref + 2, bytes, len);
	return ref;
}

void names_drop(struct names *n, uint32_t ref)
{
	unsigned c;

	if (ref == REF_NONE)
		return;
	c = n->at[ref + 1];
	memcpy(n->at + ref + 2, &n->free[c], sizeof n->free[c]);
	n->free[c] = ref;
}

uint32_t names_get(const struct names *n, uint32_t ref, const uint8_t **bytes)
{
	if (ref == REF_NONE)
		return 0;
	*bytes = n->at + ref + 2;
	return n->at[ref];
}
