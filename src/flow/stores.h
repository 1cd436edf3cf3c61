/* The stores of a table besides flows, embryos and slots: bounded each, and
 * counted in the budget. */
#ifndef FLOW_STORES_H
#define FLOW_STORES_H

#include "sockeye/flow.h"
#include "sockeye/hash.h"

/* Side records: blocks of six sizes in one region (blocks.c). */
enum { BLOCK_CLASSES = 6, BLOCK_MIN = 64, BLOCK_MAX = BLOCK_MIN << (BLOCK_CLASSES - 1) };

struct blocks {
	uint8_t *at;
	size_t size, used; /* used: touched so far */
	uint32_t free[BLOCK_CLASSES];
};

enum { NAME_CLASSES = 3, NAME_MOST = 256 };

struct names {
	uint8_t *at;
	size_t size, used;
	uint32_t free[NAME_CLASSES];
};

/* copies.c: what passed last, to know the same packet again. */
struct copy {
	int64_t ts_ns;
	uint32_t tag; /* 0: empty */
	uint16_t interface;
};
struct copies {
	struct copy *at;
	uint32_t mask;
	uint32_t used; /* places that were ever filled */
};

/* contents.c: pieces of what was sent. */
enum { CONTENT_PIECE = 216 };
struct content {
	uint32_t tag;      /* 0: empty */
	uint64_t known[4]; /* bit set: which bytes are here */
	uint8_t bytes[CONTENT_PIECE];
};
_Static_assert(sizeof(struct content) == 256, "a piece is four cache lines");
struct contents {
	struct content *at;
	uint32_t mask;
	uint32_t used; /* places that were ever filled */
};

enum { HEAD_BLOCK = 1024, HEAD_BLOCKS = FLOW_HEAD_MAX / HEAD_BLOCK, HEAD_RUNS = 4 };

struct head_run {
	uint16_t from, to; /* bytes [from, to) are here */
};

struct head {
	uint32_t flow;           /* whose, and of which side of it */
	uint32_t start;          /* sequence number of the first byte */
	uint32_t need;           /* so many bytes in order are worth a look */
	uint32_t older, younger; /* younger: also the free list */
	uint32_t block[HEAD_BLOCKS];
	struct head_run run[HEAD_RUNS]; /* sorted, apart */
	uint8_t dir, runs, tries;
};

struct heads {
	struct head *head;
	uint8_t *bytes;
	uint32_t max, heads_made, blocks_made;
	uint32_t free_head, free_block;
	uint32_t old, young;
	uint8_t flat[2][FLOW_HEAD_MAX]; /* what flow_head() lends, by side */
};

#endif
