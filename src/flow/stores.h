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

/* copies.c: what passed last, to know the same packet again: sets of four, a cache line each. */
enum { COPY_WAYS = 4 };
struct copy {
	uint64_t when; /* its time in ns, as far as 56 bits go, above 8 bits more of the tag */
	uint32_t tag;  /* 0: empty */
	uint16_t interface;
	uint16_t oldest; /* of the first of a set: which of them is given up next */
};
struct copies {
	struct copy *at;
	uint32_t mask; /* of sets */
	uint32_t used; /* places that were ever filled */
};

/* contents.c: a log of what was sent, in units of 8 bytes. */
struct contents {
	uint8_t *at;
	uint32_t mask;
	uint32_t head;   /* place of the next piece: the turn of the log, and the offset */
	uint32_t limit;  /* offset where the log begins again, for now */
	uint32_t bound;  /* offset up to which nothing need be asked: that, or less */
	uint32_t used;   /* offset up to which it was filled before it began again */
	uint32_t secret;
	/* What is put down later (flow_owe()): */
	struct flow_owing *owing; /* NULL: nothing, for now */
	uint32_t sure;            /* with owes: all before this place was put down */
	bool owes;
	uint8_t at_once;          /* batches of which nothing is owed: it was asked for too soon */
	void (*pays)(void *arg);  /* or NULL */
	void *pays_arg;
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
