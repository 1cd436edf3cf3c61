/* What was in the bytes: to tell whether what comes again is the same.
 *
 * A cache of pieces of 216 bytes of the sequence space, by flow, direction and
 * position; the newer piece takes the place of an older one, so it is bounded
 * and needs no memory of a flow. Nearly every byte that comes is the first in its
 * place: it is copied, as many at a time as there are, and looked at no further.
 *
 * Kept are the first 16 KB of a direction and the first 48 bytes of every segment
 * behind them: enough for what forges and injects, and little to copy. Bytes that are no longer here are not compared,
 * so a conflict may be missed, never invented. The first copy stays, until bytes
 * that were not seen before come in its place: numbers go round after 4 GB. */
#include <string.h>

#include "flow_private.h"
#include "sockeye/memory.h"

enum { CONTENT_HEAD = 16 << 10, CONTENT_REST = 48 };

int contents_open(struct contents *c, size_t memory, struct error *e)
{
	uint32_t n = 64;

	while ((size_t)n * 2 * sizeof *c->at <= memory && n < UINT32_C(1) << 18)
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

static struct content *place(const struct contents *c, uint64_t id, unsigned dir, uint32_t piece, uint32_t *tag)
{
	uint64_t h = (id * 2 + dir) * UINT64_C(0x9e3779b97f4a7c15) ^ (uint64_t)piece * UINT64_C(0xd6e8feb86659fd93);

	h ^= h >> 32;
	h *= UINT64_C(0xd6e8feb86659fd93);
	h ^= h >> 29;
	*tag = (uint32_t)(h >> 32) | 1;
	return &c->at[(uint32_t)h & c->mask];
}

/* How much of a segment is kept. */
static uint32_t kept(const struct flow_side *s, const struct descriptor *d, uint32_t at)
{
	uint32_t left = d->payload_captured < d->payload_len ? d->payload_captured : d->payload_len;

	return at - s->base >= CONTENT_HEAD && left > CONTENT_REST ? CONTENT_REST : left;
}

static inline void know(struct content *k, unsigned first, unsigned n)
{
	if (n == CONTENT_PIECE) {
		memset(k->known, 0xff, sizeof k->known);
		return;
	}
	while (n) {
		unsigned bit = first % 64, here = 64 - bit < n ? 64 - bit : n;

		k->known[first / 64] |= (here == 64 ? UINT64_MAX : (UINT64_C(1) << here) - 1) << bit;
		first += here;
		n -= here;
	}
}

/* n bytes at offset first of a piece: how many differ from those kept. */
static uint32_t compare(struct content *k, const uint8_t *bytes, unsigned first, unsigned n)
{
	uint32_t differ = 0;

	for (unsigned i = first; i < first + n; i++, bytes++) {
		uint64_t bit = UINT64_C(1) << i % 64;

		if (!(k->known[i / 64] & bit)) {
			k->known[i / 64] |= bit;
			k->bytes[i] = *bytes;
		} else if (k->bytes[i] != *bytes) {
			differ++;
		}
	}
	return differ;
}

uint32_t contents_saw(struct flow_table *t, const struct flow *f, unsigned dir, const struct descriptor *d, bool again)
{
	uint32_t at = d->tcp.seq + (d->flags & TCP_SYN ? 1 : 0), differ = 0;
	uint32_t left = kept(&f->side[dir], d, at), piece = at / CONTENT_PIECE;
	unsigned first = at % CONTENT_PIECE;
	const uint8_t *bytes = d->payload;

	t->stats.bytes_copied += left;
	for (; left; piece++, first = 0) {
		unsigned n = CONTENT_PIECE - first < left ? CONTENT_PIECE - first : left;
		uint32_t tag;
		struct content *k = place(&t->contents, f->id, dir, piece, &tag);

		if (k->tag != tag) {
			t->contents.used += !k->tag;
			k->tag = tag;
			memset(k->known, 0, sizeof k->known);
		}
		if (again) {
			differ += compare(k, bytes, first, n);
		} else {
			know(k, first, n);
			memcpy(k->bytes + first, bytes, n);
		}
		bytes += n;
		left -= n;
	}
	return differ;
}

void contents_prefetch(const struct contents *c, const struct flow *f, unsigned dir, const struct descriptor *d)
{
	enum { LINES = 8 }; /* what comes behind follows by itself, or too late */
	uint32_t left = kept(&f->side[dir], d, d->tcp.seq), piece = d->tcp.seq / CONTENT_PIECE;
	unsigned first = d->tcp.seq % CONTENT_PIECE, lines = 0;

	for (; left && lines < LINES; piece++, first = 0) {
		unsigned n = CONTENT_PIECE - first < left ? CONTENT_PIECE - first : left;
		uint32_t tag;
		const struct content *k = place(c, f->id, dir, piece, &tag);

		__builtin_prefetch(k, 1);
		for (const uint8_t *at = k->bytes + first; at < k->bytes + first + n; at += 64, lines++)
			__builtin_prefetch(at, 1);
		left -= n;
	}
}
