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
/* The guessers of a transport, and which of them may take what begins with a byte. */
struct registry_guessers {
	const struct dissector *by[REGISTRY_GUESSERS];
	unsigned n;
	uint32_t first[256]; /* bit i: by[i] */
};

static struct registry_guessers registry_tcp, registry_udp;
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

/* A dissector may come with several ranges, one after the other. */
static void registry_bind_guess(struct registry_guessers *g, const struct dissector *by, uint32_t key)
{
	unsigned from = key ? key >> 8 & 0xff : 0, to = key ? key & 0xff : 0xff;

	if (g->n == 0 || g->by[g->n - 1] != by) {
		assert(g->n < REGISTRY_GUESSERS);
		g->by[g->n++] = by;
	}
	for (unsigned byte = from; byte <= to; byte++)
		g->first[byte] |= UINT32_C(1) << (g->n - 1);
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

uint32_t registry_guess(enum table table, uint8_t first)
{
	return registry_of(table)->first[first];
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
