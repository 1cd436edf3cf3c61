/* A set of numbers, for packet_list.c: pages of 32768 bits, taken when they are needed, and counted. */
#ifndef ENGINE_BITS_H
#define ENGINE_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BITS_PAGE = 32768, BITS_WORDS = BITS_PAGE / 64 };

struct bits_page {
	uint32_t n;
	uint64_t word[BITS_WORDS];
};

struct bits {
	struct bits_page **page;
	size_t pages;      /* room in page[] */
	size_t taken, most; /* pages with memory */
	uint64_t n;
};

void bits_clear(struct bits *b);  /* and gives the memory back */
/* False: there is no memory for one more page. */
bool bits_set(struct bits *b, uint64_t at);
void bits_unset(struct bits *b, uint64_t at);
bool bits_has(const struct bits *b, uint64_t at);
uint64_t bits_before(const struct bits *b, uint64_t at);        /* how many are lower */
uint64_t bits_at(const struct bits *b, uint64_t place);         /* the place-th, from 0; UINT64_MAX: none */
uint64_t bits_next(const struct bits *b, uint64_t at);          /* the first that is at or higher; UINT64_MAX */
uint64_t bits_last(const struct bits *b, uint64_t at);          /* the last that is at or lower; UINT64_MAX */

#endif
