/* Bytes of frames that cannot be read from their source again: a bounded ring of blocks,
 * in memory (live) or in a spool file (pipes, compressed files). The oldest block makes
 * room for the newest; whatever lay in it is gone, and counted.
 */
#ifndef ENGINE_HISTORY_H
#define ENGINE_HISTORY_H

#include "sockeye/error.h"
#include "sockeye/source.h"

struct history;

/* size: of all blocks. fd: the file, which stays the caller's, or -1: memory. */
int history_open(struct history **out, uint64_t size, int fd, struct error *e);
void history_free(struct history *h);

/* Keep the frame of that packet: its place, or HISTORY_NONE. Places only grow, numbers too. */
#define HISTORY_NONE UINT64_MAX
uint64_t history_add(struct history *h, uint64_t number, const struct frame *f);

/* The frame of that place; bytes and comment into out->bytes. low: the lowest `bits` bits of the place
 * are enough. 0; -ESTALE: it is gone; -errno: the file cannot be read. */
int history_get(const struct history *h, uint64_t low, unsigned bits, uint64_t number, struct source_again *out);

/* The first packet that is there, or will be. */
uint64_t history_first(const struct history *h);
uint64_t history_gone(const struct history *h);  /* packets that were put there and are gone */
int history_failed(const struct history *h);     /* 0, or how writing the file failed last */
size_t history_held(const struct history *h);    /* bytes of memory in use */

#endif
