/* Bytes of frames, in blocks: see history.h.
 *
 *   place = number of the block x size of a block + offset in it
 *
 * The newest block is written to; of a file it stands in memory until it is full. A
 * record never lies in two blocks. Block n takes the room of block n - blocks. */
#include "history.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sockeye/memory.h"
#include "spool.h"

enum {
	HISTORY_ALIGN = 8,
	HISTORY_BLOCK_MIN = 320 << 10, /* of memory: the longest frame fits */
	HISTORY_BLOCK = 1 << 20,
	HISTORY_COMMENT = 4096,        /* of a comment so much is kept */
	HISTORY_BLOCKS_MIN = 2,
};

struct history_record {
	uint64_t number;
	struct frame frame; /* its pointers mean nothing */
	uint32_t comment;   /* bytes behind those of the frame, 0: none */
};

struct history_block {
	uint64_t first;   /* number of its first packet */
	uint32_t packets;
	bool lost;        /* the file did not take it */
};

struct history {
	int fd;
	uint8_t *bytes;        /* memory: all blocks; a file: the newest */
	size_t reserved;
	uint64_t size;         /* of a block */
	uint64_t blocks;       /* at once */
	struct history_block *block; /* [blocks] */
	uint64_t newest;       /* number of the block that is written to */
	size_t used;           /* of it */
	uint64_t first, gone;
	int failed;
};

int history_open(struct history **out, uint64_t size, int fd, struct error *e)
{
	struct history *h = calloc(1, sizeof *h);
	void *bytes = NULL;
	int rc;

	if (!h)
		return error_set(e, ENOMEM, "no memory for packets to look at again");
	h->fd = fd;
	h->size = fd >= 0 || size >= 16 * (uint64_t)HISTORY_BLOCK ? HISTORY_BLOCK : HISTORY_BLOCK_MIN;
	h->blocks = size / h->size < HISTORY_BLOCKS_MIN ? HISTORY_BLOCKS_MIN : size / h->size;
	h->first = 1;
	h->reserved = (size_t)(fd >= 0 ? h->size : h->size * h->blocks);
	h->block = calloc(h->blocks, sizeof *h->block);
	rc = h->block ? memory_reserve(&bytes, h->reserved, "packets to look at again", e)
		      : error_set(e, ENOMEM, "no memory for packets to look at again");
	if (rc < 0) {
		free(h->block);
		free(h);
		return rc;
	}
	h->bytes = bytes;
	*out = h;
	return 0;
}

void history_free(struct history *h)
{
	if (!h)
		return;
	memory_release(h->bytes, h->reserved);
	free(h->block);
	free(h);
}

static uint8_t *history_at(const struct history *h, uint64_t block)
{
	return h->bytes + (h->fd >= 0 ? 0 : block % h->blocks * h->size);
}

static void history_forget(struct history *h, uint64_t block)
{
	struct history_block *b = &h->block[block % h->blocks];

	if (!b->lost)
		h->gone += b->packets;
	b->packets = 0;
	h->first = h->block[(block + 1) % h->blocks].first;
}

/* The newest block is full. */
static void history_next(struct history *h, uint64_t number)
{
	struct history_block *b = &h->block[h->newest % h->blocks];

	if (h->fd >= 0) {
		int rc = spool_write(h->fd, h->bytes, (size_t)h->size, h->newest % h->blocks * h->size);

		if (rc < 0) {
			h->failed = rc;
			b->lost = true;
			h->gone += b->packets;
		}
	}
	h->newest++;
	h->used = 0;
	if (h->newest >= h->blocks)
		history_forget(h, h->newest - h->blocks);
	h->block[h->newest % h->blocks] = (struct history_block){.first = number};
}

uint64_t history_add(struct history *h, uint64_t number, const struct frame *f)
{
	struct history_record r = {.number = number, .frame = *f};
	size_t comment = f->comment ? strnlen(f->comment, HISTORY_COMMENT) : 0;
	size_t need = (sizeof r + f->caplen + comment + HISTORY_ALIGN - 1) / HISTORY_ALIGN * HISTORY_ALIGN;
	struct history_block *b;
	uint8_t *to;

	if (need > h->size) {
		h->gone++;
		return HISTORY_NONE;
	}
	if (h->used + need > h->size)
		history_next(h, number);
	b = &h->block[h->newest % h->blocks];
	if (b->packets++ == 0)
		b->first = number;
	if (h->newest < h->blocks && h->newest == 0 && b->packets == 1)
		h->first = number;
	r.comment = (uint32_t)comment;
	r.frame.data = NULL;
	r.frame.comment = NULL;
	to = history_at(h, h->newest) + h->used;
	memcpy(to, &r, sizeof r);
	memcpy(to + sizeof r, f->data, f->caplen);
	if (comment)
		memcpy(to + sizeof r + f->caplen, f->comment, comment);
	h->used += need;
	return h->newest * h->size + h->used - need;
}

/* n bytes at that offset of a block that is there. */
static int history_bytes(const struct history *h, uint64_t block, uint64_t offset, void *to, size_t n)
{
	if (n > h->size - offset)
		return -ESTALE;
	if (h->fd >= 0 && block != h->newest)
		return spool_read(h->fd, to, n, block % h->blocks * h->size + offset);
	memcpy(to, history_at(h, block) + offset, n);
	return 0;
}

int history_get(const struct history *h, uint64_t low, unsigned bits, uint64_t number, struct source_again *out)
{
	const uint64_t end = h->newest * h->size + h->used, mask = (UINT64_C(1) << bits) - 1;
	uint64_t place = (end & ~mask) | (low & mask), block, offset;
	struct history_record r;
	int rc;

	if (place >= end)
		place -= mask + 1; /* none is that old: it wraps below 0 and is refused */
	block = place / h->size;
	offset = place % h->size;
	if (place >= end || h->newest - block >= h->blocks || h->block[block % h->blocks].lost ||
	    offset + sizeof r > h->size)
		return -ESTALE;
	rc = history_bytes(h, block, offset, &r, sizeof r);
	if (rc < 0)
		return rc;
	if (r.number != number || r.frame.caplen > FRAME_MAX || r.comment > HISTORY_COMMENT)
		return -ESTALE;
	rc = history_bytes(h, block, offset + sizeof r, out->bytes, r.frame.caplen + r.comment);
	if (rc < 0)
		return rc;
	out->frame = r.frame;
	out->frame.data = out->bytes;
	out->interface[0] = '\0';
	if (r.comment) {
		out->bytes[r.frame.caplen + r.comment] = '\0';
		out->frame.comment = (const char *)out->bytes + r.frame.caplen;
	}
	return 0;
}

uint64_t history_first(const struct history *h)
{
	return h->first;
}

uint64_t history_gone(const struct history *h)
{
	return h->gone;
}

int history_failed(const struct history *h)
{
	return h->failed;
}

size_t history_held(const struct history *h)
{
	return h->fd >= 0 ? (size_t)h->size : (size_t)(h->newest < h->blocks ? h->newest * h->size + h->used
									     : h->blocks * h->size);
}
