/* Embryos live in chunks in the order of birth, one list of chunks per bucket: of one
 * class, because a class has one patience and so dies in the order of birth, and of
 * some destinations (address and port of the receiver; each has two buckets).
 *
 * When no chunk is to be had, the oldest chunk of the bucket that has most is
 * forgotten. So a flood on one server forgets its own SYNs, and handshakes with
 * others have all the time they need. Places of embryos that became full flows
 * are holes until their chunk is empty. */
#include "flow_private.h"
#include "sockeye/memory.h"

/* Of two, the one that has more chunks; of equals the first. */
static uint16_t fuller(const struct flow_table *t, uint16_t a, uint16_t b)
{
	uint32_t x = t->bucket[a].chunks, y = t->bucket[b].chunks;

	return x > y || (x == y && a < b) ? a : b;
}

/* In the tree of who is fullest, from a bucket that has changed up to the root, at 1. */
static void find_fullest(struct flow_table *t, uint16_t bucket)
{
	for (unsigned i = (EMBRYO_BUCKETS + bucket) / 2u; i > 0; i /= 2, t->stats.probes++)
		t->fullest[i] = fuller(t, t->fullest[2 * i], t->fullest[2 * i + 1]);
}

void chunks_begin(struct flow_table *t)
{
	t->chunk_free = t->chunk_back = REF_NONE;
	for (uint16_t i = 0; i < EMBRYO_BUCKETS; i++) {
		t->bucket[i].old = t->bucket[i].young = REF_NONE;
		t->fullest[EMBRYO_BUCKETS + i] = i;
	}
	for (unsigned i = EMBRYO_BUCKETS - 1; i > 0; i--)
		t->fullest[i] = fuller(t, t->fullest[2 * i], t->fullest[2 * i + 1]);
}

void chunk_release(struct flow_table *t, uint32_t n)
{
	struct embryo_chunk *c = &t->chunks[n];
	struct embryo_bucket *b = &t->bucket[c->bucket];

	if (c->prev != REF_NONE)
		t->chunks[c->prev].next = c->next;
	else
		b->old = c->next;
	if (c->next != REF_NONE)
		t->chunks[c->next].prev = c->prev;
	else
		b->young = c->prev;
	b->chunks--;
	find_fullest(t, c->bucket);
	c->next = t->chunk_free;
	t->chunk_free = n;
}

static void chunk_append(struct flow_table *t, uint32_t n, uint16_t bucket)
{
	struct embryo_bucket *b = &t->bucket[bucket];

	t->chunks[n] = (struct embryo_chunk){.prev = b->young, .next = REF_NONE, .bucket = bucket};
	if (b->young != REF_NONE)
		t->chunks[b->young].next = n;
	else
		b->old = n;
	b->young = n;
	b->chunks++;
	find_fullest(t, bucket);
}

static bool chunk_take(struct flow_table *t, uint16_t bucket)
{
	uint32_t n;

	if (t->chunk_free != REF_NONE) {
		n = t->chunk_free;
		t->chunk_free = t->chunks[n].next;
	} else if (t->chunks_made - t->chunks_back < t->chunk_max &&
		   budget_affords(t, CHUNK_BYTES, EMBRYO_CHUNK)) {
		if (t->chunk_back != REF_NONE) {
			n = t->chunk_back;
			t->chunk_back = t->chunks[n].next;
			t->chunks_back--;
		} else {
			n = t->chunks_made++;
		}
	} else {
		return false;
	}
	chunk_append(t, n, bucket);
	return true;
}

/* Forget the oldest chunk of the bucket that has most; false: there is none. */
static bool end_fullest(struct flow_table *t)
{
	const struct embryo_bucket *b = &t->bucket[t->fullest[1]];
	uint32_t n = b->old;

	if (b->chunks == 0)
		return false;
	lone_end_chunk(t, n);
	chunk_release(t, n);
	/* In a flood: after as many packets as it has places. flow_begins() brings them near. */
	if (t->bucket[t->fullest[1]].old != REF_NONE)
		t->next_out = t->bucket[t->fullest[1]].old * EMBRYO_CHUNK;
	return true;
}

uint32_t chunks_place(struct flow_table *t, uint16_t bucket)
{
	const struct embryo_bucket *b = &t->bucket[bucket];
	uint32_t n;

	while (b->young == REF_NONE || t->chunks[b->young].used == EMBRYO_CHUNK)
		if (!chunk_take(t, bucket) && !end_fullest(t))
			return REF_NONE;
	n = b->young;
	t->chunks[n].live++;
	return n * EMBRYO_CHUNK + t->chunks[n].used++;
}

void embryo_forget(struct flow_table *t, uint32_t ref)
{
	uint32_t n = (ref & ~REF_EMBRYO) / EMBRYO_CHUNK;

	flow_moved(t, ref);
	t->embryos[ref & ~REF_EMBRYO].key.family = FAMILY_NONE;
	t->embryo_live--;
	if (--t->chunks[n].live == 0)
		chunk_release(t, n);
}

bool embryo_give_back(struct flow_table *t)
{
	uint32_t n;

	if (t->chunks_made - t->chunks_back <= t->chunk_min)
		return false;
	if (t->chunk_free == REF_NONE && !end_fullest(t))
		return false;
	n = t->chunk_free;
	t->chunk_free = t->chunks[n].next;
	memory_forget(t->embryos + (size_t)n * EMBRYO_CHUNK, CHUNK_BYTES);
	t->chunks[n].next = t->chunk_back;
	t->chunk_back = n;
	t->chunks_back++;
	return true;
}
