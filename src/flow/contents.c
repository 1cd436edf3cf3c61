/* What was in the bytes: to tell whether what comes again is the same.
 *
 * A cache of pieces of 48 bytes of the sequence space, by flow, direction and
 * position; the newer piece takes the place of an older one, so it is bounded
 * and needs no memory of a flow. Kept are the first 16 KB of a direction and
 * the first 48 bytes of every segment behind them: enough for what forges and
 * injects, and little to copy. Bytes that are no longer here are not compared,
 * so a conflict may be missed, never invented. The first copy stays, until bytes
 * that were not seen before come in its place: numbers go round after 4 GB. */
#include <string.h>

#include "flow_private.h"
#include "sockeye/memory.h"

enum { CONTENT_HEAD = 16 << 10, CONTENT_REST = 48, CONTENT_GROUP = 8 };

int contents_open(struct contents *c, size_t memory, struct error *e)
{
	uint32_t n = 64;

	while ((size_t)n * 2 * sizeof *c->at <= memory && n < UINT32_C(1) << 20)
		n *= 2;
	c->mask = n - 1;
	return memory_reserve((void **)&c->at, n * sizeof *c->at, "contents of segments", e);
}

void contents_free(struct contents *c)
{
	if (c->at)
		memory_release(c->at, contents_size(c));
}

size_t contents_size(const struct contents *c)
{
	return ((size_t)c->mask + 1) * sizeof *c->at;
}

/* Eight pieces in a row stand side by side, so that the memory for a segment is
 * one place to wait for. */
static struct content *place(struct contents *c, uint64_t id, unsigned dir, uint32_t piece, uint32_t *tag)
{
	uint64_t h = (id * 2 + dir) * UINT64_C(0x9e3779b97f4a7c15) ^
		     (uint64_t)(piece / CONTENT_GROUP) * UINT64_C(0xd6e8feb86659fd93);

	h ^= h >> 32;
	h *= UINT64_C(0xd6e8feb86659fd93);
	h ^= h >> 29;
	*tag = ((uint32_t)(h >> 32) & ~(uint32_t)(2 * CONTENT_GROUP - 1)) | (piece % CONTENT_GROUP) << 1 | 1;
	return &c->at[((uint32_t)h & c->mask & ~(uint32_t)(CONTENT_GROUP - 1)) + piece % CONTENT_GROUP];
}

/* n bytes at offset first of a piece: how many differ from those kept. Not again: they are kept. */
static uint32_t compare(struct content *k, const uint8_t *bytes, unsigned first, unsigned n, bool again)
{
	uint32_t differ = 0;

	for (unsigned i = 0; i < n; i++) {
		uint64_t bit = UINT64_C(1) << (first + i);

		if (!(k->known & bit) || !again) {
			k->known |= bit;
			k->bytes[first + i] = bytes[i];
		} else if (k->bytes[first + i] != bytes[i]) {
			differ++;
		}
	}
	return differ;
}

uint32_t contents_saw(struct flow_table *t, const struct flow *f, unsigned dir, const struct descriptor *d, bool again)
{
	uint32_t at = d->tcp.seq + (d->flags & TCP_SYN ? 1 : 0), differ = 0;
	uint32_t left = d->payload_captured < d->payload_len ? d->payload_captured : d->payload_len;
	const uint8_t *bytes = d->payload;

	if (at - f->side[dir].base >= CONTENT_HEAD && left > CONTENT_REST)
		left = CONTENT_REST;
	t->stats.bytes_copied += left;
	while (left) {
		unsigned first = at % CONTENT_PIECE, n = CONTENT_PIECE - first;
		uint32_t tag;
		struct content *k = place(&t->contents, f->id, dir, at / CONTENT_PIECE, &tag);

		if (n > left)
			n = left;
		if (k->tag == tag) {
			differ += compare(k, bytes, first, n, again);
		} else {
			t->contents.used += !k->tag;
			k->tag = tag;
			k->known = (n == CONTENT_PIECE ? UINT64_MAX : (UINT64_C(1) << n) - 1) << first;
			memcpy(k->bytes + first, bytes, n);
		}
		at += n;
		bytes += n;
		left -= n;
	}
	return differ;
}
