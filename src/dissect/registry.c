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
static const struct dissector *registry_tcp[REGISTRY_COUNT + 1], *registry_udp[REGISTRY_COUNT + 1];
static unsigned registry_tcp_n, registry_udp_n;
static pthread_once_t registry_made = PTHREAD_ONCE_INIT;

static unsigned registry_slot(enum table table, uint32_t key)
{
	return (unsigned)((key + (uint32_t)table * 0x10001u) * 2654435769u >> (32 - REGISTRY_BITS));
}

static unsigned registry_place(const struct dissector *by)
{
	return (unsigned)(((uintptr_t)by >> 4) * 2654435769u >> 7) % REGISTRY_PLACES;
}

static void registry_bind(const struct dissector *by, const struct bind *b)
{
	unsigned at = registry_slot(b->table, b->key);

	if (b->table == TABLE_TCP_GUESS) {
		registry_tcp[registry_tcp_n++] = by;
		return;
	}
	if (b->table == TABLE_UDP_GUESS) {
		registry_udp[registry_udp_n++] = by;
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
	if (table == TABLE_TCP_GUESS) {
		*n = registry_tcp_n;
		return registry_tcp;
	}
	*n = registry_udp_n;
	return registry_udp;
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
