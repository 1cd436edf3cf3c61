/* The tables made from dissectors.def: who reads what.
 *
 * One line of dissectors.def declares a dissector, puts it into the list and
 * makes CMake build its file; its binds put it into the tables. All tables are
 * one open-addressed array, built once and constant from then on: a look-up is
 * a multiplication and, nearly always, one comparison. Where two dissectors
 * bind the same key, the earlier line wins.
 */
#include "registry.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>

#define DISSECTOR(name) extern const struct dissector name##_dissector;
#include "dissectors.def"
#undef DISSECTOR

static const struct dissector *const registry_list[] = {
#define DISSECTOR(name) &name##_dissector,
#include "dissectors.def"
#undef DISSECTOR
	NULL,
};

enum {
	REGISTRY_COUNT = sizeof registry_list / sizeof registry_list[0] - 1,
	REGISTRY_BITS = 10, /* 1024 slots for some hundred binds */
	REGISTRY_SLOTS = 1 << REGISTRY_BITS,
	REGISTRY_PLACES = 512, /* for dissect_index() */
	REGISTRY_GUESSERS = 32, /* of a transport: bits of a word */
};

_Static_assert(REGISTRY_COUNT < REGISTRY_PLACES / 4, "the index table stays sparse");

struct registry_slot {
	const struct dissector *by; /* NULL: free */
	enum table table;
	uint32_t key;
};

struct registry_place {
	const struct dissector *by;
	unsigned index;
};

static struct registry_slot registry_slots[REGISTRY_SLOTS];
static struct registry_place registry_places[REGISTRY_PLACES];
/* The guessers of a transport, and which of them may take what has a byte at a place. */
struct registry_guessers {
	const struct dissector *by[REGISTRY_GUESSERS];
	unsigned n;
	uint32_t looks;                /* bit i: by[i] looks for itself, too */
	bool (*perhaps[REGISTRY_GUESSERS])(const uint8_t *at, size_t n); /* of those */
	uint32_t at[GUESS_DEPTH][256]; /* bit i: by[i] */
};

static struct registry_guessers registry_tcp, registry_udp;
uint64_t registry_udp_ports[8]; /* bit: its lower nine bits are those of a port that is bound; of all after registry_open() */
static pthread_once_t registry_made = PTHREAD_ONCE_INIT;

static unsigned registry_slot(enum table table, uint32_t key)
{
	return (unsigned)((key + (uint32_t)table * 0x10001u) * 2654435769u >> (32 - REGISTRY_BITS));
}

static unsigned registry_place(const struct dissector *by)
{
	return (unsigned)(((uintptr_t)by >> 4) * 2654435769u >> 7) % REGISTRY_PLACES;
}

static struct registry_guessers *registry_of(enum table table)
{
	return table == TABLE_TCP_GUESS ? &registry_tcp : &registry_udp;
}

static bool registry_takes_any(const struct registry_guessers *g, unsigned place, uint32_t bit)
{
	for (unsigned byte = 0; byte < 256; byte++)
		if (!(g->at[place][byte] & bit))
			return false;
	return true;
}

/* A dissector may come with several ranges, one after the other: any byte will do at a place of which it says nothing. */
static void registry_bind_guess(struct registry_guessers *g, const struct dissector *by, uint32_t key)
{
	unsigned place = key >> 20, from = key >> 8 & 0xff, to = key & 0xff;
	uint32_t bit;

	if (g->n == 0 || g->by[g->n - 1] != by) {
		assert(g->n < REGISTRY_GUESSERS);
		g->perhaps[g->n] = by->perhaps;
		g->looks |= (uint32_t)(by->perhaps != NULL) << g->n;
		g->by[g->n++] = by;
		for (unsigned i = 0; i < GUESS_DEPTH; i++)
			for (unsigned byte = 0; byte < 256; byte++)
				g->at[i][byte] |= UINT32_C(1) << (g->n - 1);
	}
	if (!key)
		return;
	assert(place < GUESS_DEPTH);
	bit = UINT32_C(1) << (g->n - 1);
	if (registry_takes_any(g, place, bit))
		for (unsigned byte = 0; byte < 256; byte++)
			g->at[place][byte] &= ~bit;
	for (unsigned byte = from; byte <= to; byte++)
		g->at[place][byte] |= bit;
}

static void registry_bind(const struct dissector *by, const struct bind *b)
{
	unsigned at = registry_slot(b->table, b->key);

	if (b->table == TABLE_TCP_GUESS || b->table == TABLE_UDP_GUESS) {
		registry_bind_guess(registry_of(b->table), by, b->key);
		return;
	}
	for (; registry_slots[at].by; at = (at + 1) % REGISTRY_SLOTS)
		if (registry_slots[at].table == b->table && registry_slots[at].key == b->key)
			return;
	registry_slots[at] = (struct registry_slot){.by = by, .table = b->table, .key = b->key};
	if (b->table == TABLE_UDP_PORT)
		registry_udp_ports[b->key / 64 % 8] |= UINT64_C(1) << b->key % 64;
}

static void registry_make(void)
{
	unsigned binds = 0;

	for (unsigned i = 0; i < REGISTRY_COUNT; i++) {
		const struct dissector *by = registry_list[i];
		unsigned at = registry_place(by);

		while (registry_places[at].by)
			at = (at + 1) % REGISTRY_PLACES;
		registry_places[at] = (struct registry_place){.by = by, .index = i};
		for (const struct bind *b = by->binds; b && b->table != TABLE_NONE; b++) {
			binds++;
			assert(binds < REGISTRY_SLOTS / 2);
			registry_bind(by, b);
		}
	}
	(void)binds;
}

void registry_open(void)
{
	(void)pthread_once(&registry_made, registry_make);
}

const struct dissector *registry_find(enum table table, uint32_t key)
{
	for (unsigned at = registry_slot(table, key); registry_slots[at].by; at = (at + 1) % REGISTRY_SLOTS)
		if (registry_slots[at].table == table && registry_slots[at].key == key)
			return registry_slots[at].by;
	return NULL;
}

const struct dissector *const *registry_guessers(enum table table, unsigned *n)
{
	*n = registry_of(table)->n;
	return registry_of(table)->by;
}

uint32_t registry_guess(enum table table, const uint8_t *at, size_t n)
{
	const struct registry_guessers *g = registry_of(table);
	uint32_t may = g->at[0][at[0]];

	for (unsigned i = 1; i < GUESS_DEPTH && i < n; i++)
		may &= g->at[i][at[i]];
	return may;
}

bool registry_guesses(enum table table, const uint8_t *at, size_t n)
{
	const struct registry_guessers *g = registry_of(table);
	uint32_t left = registry_guess(table, at, n);

	if (left & ~g->looks)
		return true;
	for (; left; left &= left - 1)
		if (g->perhaps[__builtin_ctz(left)](at, n))
			return true;
	return false;
}

const struct dissector *const *dissect_list(void)
{
	return registry_list;
}

const struct dissector *dissect_by_name(const char *name)
{
	for (unsigned i = 0; i < REGISTRY_COUNT; i++)
		if (strcmp(registry_list[i]->name, name) == 0)
			return registry_list[i];
	return NULL;
}

unsigned dissect_index(const struct dissector *by)
{
	registry_open();
	for (unsigned at = registry_place(by); registry_places[at].by; at = (at + 1) % REGISTRY_PLACES)
		if (registry_places[at].by == by)
			return registry_places[at].index;
	return REGISTRY_COUNT; /* not of dissectors.def */
}

unsigned dissect_count(void)
{
	return REGISTRY_COUNT;
}
