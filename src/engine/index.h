/* The index: sixteen bytes for each packet that was read, so that it can be found again.
 *
 * Written only where somebody may look (watch), by the engine's thread, packet by packet
 * in their order: packet n stands at n - 1. In chunks of INDEX_CHUNK; beyond its share of
 * memory the older ones lie in a spool file, or are forgotten where there is none.
 */
#ifndef ENGINE_INDEX_H
#define ENGINE_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "history.h"
#include "sockeye/error.h"
#include "sockeye/source.h"

enum { INDEX_CHUNK = 16384 };

/* 0                                  47 48                     63
 * | where its bytes are: 41 + 7 bits  | number of its verdicts  |  place
 * | flow, its id's lower 32 bits      | about: see below        |  */
struct index_entry {
	uint64_t place;
	uint32_t flow; /* 0: none */
	uint32_t about;
};
_Static_assert(sizeof(struct index_entry) == 16, "an entry has sixteen bytes");

enum index_about {
	INDEX_LENGTH = (1 << 17) - 1, /* of the payload; what is longer is as long as that */
	INDEX_FLAGS_SHIFT = 17,       /* nine bits: enum tcp_flag */
	INDEX_SERVER = 1 << 26,       /* the server sent it */
	INDEX_TCP = 1 << 27,
	INDEX_MESSAGE = 1 << 28,      /* a message of a known application begins here */
	INDEX_HEAD = 1 << 29,         /* its application was looked for in it: see recall.h */
	INDEX_COMMENT = 1 << 30,
};
#define INDEX_NO_TIME (UINT32_C(1) << 31)

enum { INDEX_PLACE_BITS = 41, INDEX_STORED = 127 /* not a source: in the history */, INDEX_SET_FULL = 65535 };
#define INDEX_PLACE_MAX ((UINT64_C(1) << INDEX_PLACE_BITS) - 1)

/* What stands of 16384 packets: who looks for a flow need not look at all. */
struct index_chunk {
	uint32_t flow_min, flow_max; /* min > max: none */
	uint32_t flow_newest;        /* the greatest so far, of the chunks before, too: flows are numbered as they begin */
	uint32_t judged;             /* packets with verdicts */
};

struct index {
	/* The chunk that is written to. */
	struct index_entry *next;
	unsigned left;               /* of it */
	uint64_t packets;            /* of full chunks */
	uint64_t rereads;            /* bit of each source whose frames need not be kept */
	struct history *history;     /* of the others; NULL: none of them needs it */
	struct index_parts *parts;
};

struct index_options {
	size_t memory;       /* of entries */
	uint64_t rereads;
	struct history *history; /* the index owns it */
	int fd;              /* for older chunks, the caller's; -1: they are forgotten */
	uint64_t room;       /* bytes that may lie there */
};

int index_open(struct index **out, const struct index_options *o, struct error *e);
void index_free(struct index *x);

/* ---- writing, in the packet path ------------------------------------------------- */

void index_chunk_full(struct index *x);
unsigned index_set(struct index *x, uint64_t verdicts); /* the number of a set of them; 0: none */
uint64_t index_keep(struct index *x, const struct frame *f); /* the place of one that goes into the history */

static inline uint64_t index_count(const struct index *x)
{
	return x->packets + (INDEX_CHUNK - x->left);
}

static inline void index_add(struct index *x, const struct frame *f, uint64_t flow, uint32_t about, uint64_t verdicts)
{
	uint64_t place = f->offset;

	if (x->rereads >> (f->source & 63) & 1 && place <= INDEX_PLACE_MAX)
		place |= (uint64_t)f->source << INDEX_PLACE_BITS;
	else
		place = index_keep(x, f);
	if (verdicts)
		place |= (uint64_t)index_set(x, verdicts) << 48;
	if (f->flags & FRAME_NO_TIME)
		about |= INDEX_NO_TIME;
	if (f->comment)
		about |= INDEX_COMMENT;
	*x->next++ = (struct index_entry){.place = place, .flow = (uint32_t)flow, .about = about};
	if (--x->left == 0)
		index_chunk_full(x);
}

static inline uint32_t index_about_tcp(unsigned side, unsigned flags, uint32_t payload_len)
{
	return (payload_len < INDEX_LENGTH ? payload_len : INDEX_LENGTH) | (flags & 0x1ff) << INDEX_FLAGS_SHIFT | INDEX_TCP |
	       (side ? INDEX_SERVER : 0);
}

/* ---- looking ------------------------------------------------------------------------- */

/* The first packet whose entry is there. */
uint64_t index_first(const struct index *x);
/* The entries of a chunk (packets chunk * INDEX_CHUNK + 1 and on), *n of them; NULL: forgotten or not to be
 * read. Lent until INDEX_CACHE other chunks were asked for, or the next packet is added. */
enum { INDEX_CACHE = 4 };
const struct index_entry *index_chunk(struct index *x, uint64_t chunk, unsigned *n);
/* What is in it; false: no such chunk. */
bool index_chunk_says(const struct index *x, uint64_t chunk, struct index_chunk *out);
/* The packet that the flow of that number began with, if that is least or a later one; 0: it is not, or is not there any
 * more, or there is no such flow. */
uint64_t index_birth(struct index *x, uint32_t flow, uint64_t least);
/* The first packet of the flow of that number from one packet to another one, both included; 0: there is none. False: some
 * were forgotten or could not be read, and none was found before. */
bool index_next(struct index *x, uint32_t flow, uint64_t from, uint64_t to, uint64_t *number);
/* One entry; false: forgotten. */
bool index_get(struct index *x, uint64_t number, struct index_entry *out);
/* The verdicts that its number stands for. */
uint64_t index_verdicts(const struct index *x, const struct index_entry *e);

struct index_stats {
	uint64_t looked;        /* entries that were asked for: counted work */
	uint64_t read_back;     /* chunks read from the file */
	uint64_t sets_full;     /* packets whose set of verdicts found no room */
	uint64_t unwritten;     /* chunks that the file did not take */
};
struct index_stats *index_stats(struct index *x);
size_t index_held(const struct index *x); /* bytes of memory in use, the history's too */

static inline unsigned index_flags(uint32_t about)
{
	return about >> INDEX_FLAGS_SHIFT & 0x1ff;
}

#endif
