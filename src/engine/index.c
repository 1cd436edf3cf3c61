/* Sixteen bytes for each packet: see index.h.
 *
 * Memory is a ring of slots for chunks: chunk c stands in slot c % slots while it is
 * one of the newest. When its slot is needed it goes into the file, at its number, or
 * is forgotten. What is read back stands in one of INDEX_CACHE places. */
#include "index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sockeye/memory.h"
#include "spool.h"

enum {
	CHUNK_BYTES = INDEX_CHUNK * (int)sizeof(struct index_entry),
	SLOTS_MIN = 2,
	BIRTHS = 32, BIRTHS_KEPT = 16,
	SETS = 4096, SETS_SLOTS = 16384, /* of verdicts: a few dozens are usual */
};
#define CHUNKS_MOST (UINT64_C(1) << 22) /* 68 G packets */

/* The greatest number of a flow up to the end of each stretch of BIRTHS packets of a chunk. */
struct births {
	uint64_t chunk; /* + 1; 0: none */
	unsigned n;     /* stretches that are known */
	uint32_t most[INDEX_CHUNK / BIRTHS];
};

struct index_parts {
	uint8_t *memory;
	size_t reserved;
	uint64_t slots;
	struct index_chunk *chunk; /* address space for CHUNKS_MOST */
	uint64_t first;            /* chunk that is still there */
	int fd;
	uint64_t room;             /* chunks that the file may hold */
	uint64_t lost_to;          /* chunks below, from first on, that the file did not take are gone */
	uint64_t cached[INDEX_CACHE]; /* chunk + 1, 0: none */
	uint64_t used[INDEX_CACHE], uses;
	struct index_entry *cache[INDEX_CACHE];
	uint64_t set[SETS];        /* [0]: none */
	uint16_t set_slot[SETS_SLOTS];
	unsigned sets;
	struct births births[BIRTHS_KEPT]; /* of chunks that beginnings were looked for in: each has one place */
	struct index_stats stats;
};

static struct index_entry *slot_of(const struct index_parts *p, uint64_t chunk)
{
	return (struct index_entry *)(void *)(p->memory + chunk % p->slots * CHUNK_BYTES);
}

int index_open(struct index **out, const struct index_options *o, struct error *e)
{
	struct index *x = calloc(1, sizeof *x);
	struct index_parts *p = calloc(1, sizeof *p);
	void *memory = NULL, *chunks = NULL;
	int rc;

	*out = NULL;
	if (!x || !p) {
		free(x);
		free(p);
		history_free(o->history);
		return error_set(e, ENOMEM, "no memory for the index of packets");
	}
	x->parts = p;
	x->history = o->history;
	x->rereads = o->rereads;
	p->fd = o->fd;
	p->room = o->room / CHUNK_BYTES;
	p->slots = o->memory / CHUNK_BYTES;
	p->slots = p->slots > SLOTS_MIN + (o->fd >= 0 ? INDEX_CACHE : 0) ? p->slots - (o->fd >= 0 ? INDEX_CACHE : 0) : SLOTS_MIN;
	p->sets = 1;
	p->reserved = (size_t)(p->slots * CHUNK_BYTES);
	rc = memory_reserve(&memory, p->reserved, "the index of packets", e);
	p->memory = memory;
	if (rc == 0)
		rc = memory_reserve(&chunks, (size_t)(CHUNKS_MOST * sizeof *p->chunk), "the index of packets", e);
	p->chunk = chunks;
	if (rc < 0) {
		index_free(x);
		return rc;
	}
	x->next = slot_of(p, 0);
	x->left = INDEX_CHUNK;
	*out = x;
	return 0;
}

void index_free(struct index *x)
{
	if (!x)
		return;
	history_free(x->history);
	if (x->parts->memory)
		memory_release(x->parts->memory, x->parts->reserved);
	if (x->parts->chunk)
		memory_release(x->parts->chunk, (size_t)(CHUNKS_MOST * sizeof(struct index_chunk)));
	for (unsigned i = 0; i < INDEX_CACHE; i++)
		free(x->parts->cache[i]);
	free(x->parts);
	free(x);
}

/* ---- writing ------------------------------------------------------------------------ */

static struct index_chunk summary(const struct index_entry *e, unsigned n)
{
	struct index_chunk c = {.flow_min = UINT32_MAX};

	for (unsigned i = 0; i < n; i++) {
		uint32_t flow = e[i].flow;

		if (flow) {
			c.flow_min = flow < c.flow_min ? flow : c.flow_min;
			c.flow_max = flow > c.flow_max ? flow : c.flow_max;
		}
		c.judged += e[i].place >> 48 != 0;
	}
	return c;
}

/* The slot of that chunk is needed. */
static void chunk_leaves(struct index_parts *p, uint64_t chunk)
{
	bool written = p->fd >= 0 && chunk < p->room &&
		       spool_write(p->fd, slot_of(p, chunk), CHUNK_BYTES, chunk * CHUNK_BYTES) == 0;

	if (p->fd >= 0 && !written)
		p->stats.unwritten++;
	if (!written) /* what is not in the file takes all before it along: numbers begin later */
		p->first = chunk + 1;
}

void index_chunk_full(struct index *x)
{
	struct index_parts *p = x->parts;
	uint64_t chunk = x->packets / INDEX_CHUNK;

	if (chunk < CHUNKS_MOST) {
		struct index_chunk *c = &p->chunk[chunk];

		*c = summary(slot_of(p, chunk), INDEX_CHUNK);
		c->flow_newest = chunk > 0 && p->chunk[chunk - 1].flow_newest > c->flow_max ? p->chunk[chunk - 1].flow_newest
											      : c->flow_max;
	}
	x->packets += INDEX_CHUNK;
	x->left = INDEX_CHUNK;
	chunk++;
	if (chunk >= p->slots)
		chunk_leaves(p, chunk - p->slots);
	x->next = slot_of(p, chunk);
}

unsigned index_set(struct index *x, uint64_t verdicts)
{
	struct index_parts *p = x->parts;
	unsigned at = (unsigned)((verdicts * UINT64_C(0x9e3779b97f4a7c15)) >> 50) % SETS_SLOTS;

	for (; p->set_slot[at] != 0; at = (at + 1) % SETS_SLOTS)
		if (p->set[p->set_slot[at]] == verdicts)
			return p->set_slot[at];
	if (p->sets == SETS) {
		p->stats.sets_full++;
		return INDEX_SET_FULL;
	}
	p->set[p->sets] = verdicts;
	p->set_slot[at] = (uint16_t)p->sets;
	return p->sets++;
}

uint64_t index_keep(struct index *x, const struct frame *f)
{
	uint64_t place = x->history ? history_add(x->history, index_count(x) + 1, f) : HISTORY_NONE;

	/* Without a place it is looked for in the history, which does not know its number. */
	return (place & INDEX_PLACE_MAX) | (uint64_t)INDEX_STORED << INDEX_PLACE_BITS;
}

/* ---- looking -------------------------------------------------------------------------- */

uint64_t index_first(const struct index *x)
{
	return x->parts->first * INDEX_CHUNK + 1;
}

const struct index_entry *index_chunk(struct index *x, uint64_t chunk, unsigned *n)
{
	struct index_parts *p = x->parts;
	uint64_t newest = x->packets / INDEX_CHUNK;
	unsigned at = 0;

	*n = chunk == newest ? INDEX_CHUNK - x->left : INDEX_CHUNK;
	if (chunk > newest || chunk < p->first)
		return NULL;
	if (newest - chunk < p->slots)
		return slot_of(p, chunk);
	for (unsigned i = 0; i < INDEX_CACHE; i++) {
		if (p->cached[i] == chunk + 1) {
			p->used[i] = ++p->uses;
			return p->cache[i];
		}
		if (p->used[i] < p->used[at])
			at = i;
	}
	if (!p->cache[at])
		p->cache[at] = malloc(CHUNK_BYTES);
	p->cached[at] = 0;
	if (!p->cache[at] || spool_read(p->fd, p->cache[at], CHUNK_BYTES, chunk * CHUNK_BYTES) < 0)
		return NULL;
	p->stats.read_back++;
	p->cached[at] = chunk + 1;
	p->used[at] = ++p->uses;
	return p->cache[at];
}

bool index_chunk_says(const struct index *x, uint64_t chunk, struct index_chunk *out)
{
	const struct index_parts *p = x->parts;
	uint64_t newest = x->packets / INDEX_CHUNK;

	if (chunk < p->first || chunk > newest || chunk >= CHUNKS_MOST)
		return false;
	if (chunk < newest)
		*out = p->chunk[chunk];
	else
		*out = summary(slot_of(p, chunk), INDEX_CHUNK - x->left);
	return true;
}

/* The first chunk up to which a flow of that number, or a later one, began. */
static uint64_t chunk_of_birth(const struct index *x, uint32_t flow)
{
	const struct index_parts *p = x->parts;
	uint64_t from = p->first, to = x->packets / INDEX_CHUNK;

	to = to < CHUNKS_MOST ? to : CHUNKS_MOST;
	while (from < to) {
		uint64_t middle = from + (to - from) / 2;

		if (p->chunk[middle].flow_newest >= flow)
			to = middle;
		else
			from = middle + 1;
	}
	return from;
}

/* The whole stretches of a chunk, each up to its end. */
static const struct births *births_of(struct index_parts *p, uint64_t chunk, const struct index_entry *e, unsigned n)
{
	struct births *b = &p->births[chunk % BIRTHS_KEPT];

	if (b->chunk != chunk + 1)
		b->n = 0;
	b->chunk = chunk + 1;
	for (; (b->n + 1) * BIRTHS <= n; b->n++) {
		uint32_t most = b->n > 0 ? b->most[b->n - 1] : 0;

		for (unsigned i = b->n * BIRTHS; i < (b->n + 1) * BIRTHS; i++)
			most = e[i].flow > most ? e[i].flow : most;
		b->most[b->n] = most;
		p->stats.looked += BIRTHS;
	}
	return b;
}

uint64_t index_birth(struct index *x, uint32_t flow, uint64_t least)
{
	struct index_parts *p = x->parts;
	uint64_t chunk = chunk_of_birth(x, flow), number;
	unsigned n, from = 0, to;
	const struct index_entry *e;
	const struct births *born;

	if (flow == 0 || (chunk + 1) * INDEX_CHUNK < least) /* so it need not be read */
		return 0;
	e = index_chunk(x, chunk, &n);
	if (!e)
		return 0;
	born = births_of(p, chunk, e, n);
	for (to = born->n; from < to;) {
		unsigned middle = from + (to - from) / 2;

		if (born->most[middle] >= flow)
			to = middle;
		else
			from = middle + 1;
	}
	for (unsigned i = from * BIRTHS; i < n && i < (from + 1) * BIRTHS; i++) {
		p->stats.looked++;
		number = chunk * INDEX_CHUNK + i + 1;
		if (e[i].flow == flow)
			return number >= least ? number : 0;
	}
	return 0;
}

bool index_next(struct index *x, uint32_t flow, uint64_t from, uint64_t to, uint64_t *number)
{
	uint64_t at = from - 1; /* counted from 0 */

	*number = 0;
	if (from == 0)
		return false;
	while (at < to) {
		const uint64_t chunk = at / INDEX_CHUNK, ends = (chunk + 1) * INDEX_CHUNK < to ? (chunk + 1) * INDEX_CHUNK : to;
		struct index_chunk says;
		const struct index_entry *e;
		unsigned n;

		if (chunk < x->packets / INDEX_CHUNK && index_chunk_says(x, chunk, &says) &&
		    (flow < says.flow_min || flow > says.flow_max)) {
			at = ends;
			continue;
		}
		e = index_chunk(x, chunk, &n);
		if (!e || ends - chunk * INDEX_CHUNK > n)
			return false;
		for (unsigned i = (unsigned)(at % INDEX_CHUNK), last = (unsigned)(ends - chunk * INDEX_CHUNK); i < last; i++)
			if (e[i].flow == flow) {
				x->parts->stats.looked += i - (unsigned)(at % INDEX_CHUNK) + 1;
				*number = chunk * INDEX_CHUNK + i + 1;
				return true;
			}
		x->parts->stats.looked += ends - at;
		at = ends;
	}
	return true;
}

bool index_get(struct index *x, uint64_t number, struct index_entry *out)
{
	const struct index_entry *e;
	unsigned n;

	if (number == 0)
		return false;
	e = index_chunk(x, (number - 1) / INDEX_CHUNK, &n);
	if (!e || (number - 1) % INDEX_CHUNK >= n)
		return false;
	x->parts->stats.looked++;
	*out = e[(number - 1) % INDEX_CHUNK];
	return true;
}

uint64_t index_verdicts(const struct index *x, const struct index_entry *e)
{
	unsigned set = (unsigned)(e->place >> 48);

	return set < x->parts->sets ? x->parts->set[set] : 0;
}

struct index_stats *index_stats(struct index *x)
{
	return &x->parts->stats;
}

size_t index_held(const struct index *x)
{
	const struct index_parts *p = x->parts;
	uint64_t chunks = x->packets / INDEX_CHUNK;
	size_t n = chunks >= p->slots ? p->reserved : (size_t)(index_count(x) * sizeof(struct index_entry));

	for (unsigned i = 0; i < INDEX_CACHE; i++)
		n += p->cache[i] ? CHUNK_BYTES : 0;
	return n + (x->history ? history_held(x->history) : 0);
}
