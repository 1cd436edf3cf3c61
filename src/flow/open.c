/* A table is made and taken down: what its parts may be at most, and where they lie.
 *
 * Every part has address space for the most it could be; budget.c bounds the sum. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kept.h"
#include "sockeye/clock.h"
#include "sockeye/memory.h"

enum { SLOTS_MIN = 1 << 12, TRIPS_GATHER_FROM = 400 * 1000 };

void flow_limits_file(struct flow_limits *l, size_t memory)
{
	memset(l, 0, sizeof *l);
	l->memory = memory;
}

void flow_limits_live(struct flow_limits *l, size_t memory)
{
	memset(l, 0, sizeof *l);
	l->memory = memory;
	l->idle_ns[FLOW_CLOSED] = 60 * CLOCK_S;
	l->idle_ns[FLOW_HALF_OPEN] = 130 * CLOCK_S;
	l->idle_ns[FLOW_UDP] = 60 * CLOCK_S;
	l->idle_ns[FLOW_ICMP] = 30 * CLOCK_S;
	l->idle_ns[FLOW_ESTABLISHED] = 3600 * CLOCK_S;
	l->closed_told_ns = 2 * CLOCK_S;
}

static uint32_t power_of_two(uint64_t n)
{
	uint32_t p = SLOTS_MIN;

	while (p < n && p < UINT32_C(1) << 30)
		p *= 2;
	return p;
}

/* Address space for what each part could be at most; budget.c bounds the sum. */
static void sizes(struct flow_table *t)
{
	uint64_t memory = t->limits.memory, chunks = memory / 8 * 5 / CHUNK_BYTES;
	uint64_t flows = memory / sizeof(struct kept);

	if (chunks > REF_EMBRYO / EMBRYO_CHUNK / 2)
		chunks = REF_EMBRYO / EMBRYO_CHUNK / 2;
	if (flows > REF_EMBRYO / 2)
		flows = REF_EMBRYO / 2;
	t->chunk_max = (uint32_t)chunks;
	t->chunk_min = (uint32_t)(memory / 4 / CHUNK_BYTES);
	t->flow_max = (uint32_t)flows;
	t->slots_max = power_of_two(2 * (chunks * EMBRYO_CHUNK + flows));
}

int flow_table_open(struct flow_table **out, const struct flow_limits *l, flow_ended *told, void *arg,
		    struct error *e)
{
	struct flow_table *t = calloc(1, sizeof *t);
	size_t names_size = l->memory / 10, blocks_size = l->memory / 3;
	void *at = NULL, *blocks = NULL, *heads = NULL;
	int err;

	if (!t)
		return error_set(e, ENOMEM, "no memory for the flow table");
	if (l->memory < FLOW_MEMORY_MIN) { /* not even one of each part would fit */
		free(t);
		return error_set(e, EINVAL, "the flow table needs %d bytes of memory", (int)FLOW_MEMORY_MIN);
	}
	t->limits = *l;
	for (unsigned c = 0; c < FLOW_CLASSES; c++)
		t->ages |= l->idle_ns[c] != 0;
	t->told = told;
	t->arg = arg;
	t->next_id = 1;
	t->trips_gather_from = TRIPS_GATHER_FROM;
	t->now_ns = INT64_MIN;
	t->flow_free = REF_NONE;
	for (unsigned c = 0; c < FLOW_LISTS; c++)
		t->list[c].head = t->list[c].tail = REF_NONE;
	for (unsigned i = 0; i < 256; i++) {
		struct text number;

		text_init(&number, t->proto_words[i], sizeof t->proto_words[i]);
		text_u64(&number, i);
	}
	hash_key_init(&t->key, l->hash_seed);
	sizes(t);
	chunks_begin(t);

	t->area_size[0] = (size_t)t->slots_max * sizeof(struct slot);
	t->area_size[1] = t->area_size[0] / 2;
	if ((err = memory_reserve(&t->area[0], t->area_size[0], "flow slots", e)) < 0 ||
	    (err = memory_reserve(&t->area[1], t->area_size[1], "flow slots", e)) < 0 ||
	    (err = memory_reserve((void **)&t->embryos, (size_t)t->chunk_max * CHUNK_BYTES, "embryos", e)) < 0 ||
	    (err = memory_reserve((void **)&t->chunks, t->chunk_max * sizeof *t->chunks, "embryos", e)) < 0 ||
	    (err = memory_reserve((void **)&t->flows, t->flow_max * sizeof *t->flows, "flows", e)) < 0 ||
	    (err = copies_open(&t->copies, l->memory / 64, e)) < 0 ||
	    (err = contents_open(&t->contents, &t->key, l->memory / 32, e)) < 0 ||
	    (err = joins_open(&t->joins, l->memory, e)) < 0 ||
	    (err = memory_reserve(&at, names_size, "server names", e)) < 0 ||
	    (err = memory_reserve(&blocks, blocks_size, "side records", e)) < 0 ||
	    (err = memory_reserve(&heads, heads_size(l->memory), "heads of streams", e)) < 0) {
		if (blocks)
			memory_release(blocks, blocks_size);
		if (at)
			memory_release(at, names_size);
		flow_table_free(t);
		return err;
	}
	names_open(&t->names, at, names_size);
	blocks_open(&t->blocks, blocks, blocks_size);
	heads_open(&t->heads, heads, heads_size(l->memory));

	/* Doubling alternates between the areas and must end in the larger. */
	t->slot_mask = SLOTS_MIN - 1;
	t->slots_ask = SLOTS_MIN / 2;
	t->area_now = 0;
	for (uint32_t n = SLOTS_MIN; n < t->slots_max; n *= 2)
		t->area_now = !t->area_now;
	t->slots = t->area[t->area_now];
	table_slots_clear(t->slots, SLOTS_MIN);
	*out = t;
	return 0;
}

void flow_table_lone(struct flow_table *t, flow_lones *told, bool each)
{
	t->lones = told;
	t->lones_each = each;
}

void flow_table_free(struct flow_table *t)
{
	if (!t)
		return;
	for (unsigned i = 0; i < 2; i++)
		if (t->area[i])
			memory_release(t->area[i], t->area_size[i]);
	if (t->embryos)
		memory_release(t->embryos, (size_t)t->chunk_max * CHUNK_BYTES);
	if (t->chunks)
		memory_release(t->chunks, t->chunk_max * sizeof *t->chunks);
	if (t->flows)
		memory_release(t->flows, t->flow_max * sizeof *t->flows);
	if (t->names.at)
		memory_release(t->names.at, t->limits.memory / 10);
	copies_free(&t->copies);
	contents_free(&t->contents);
	joins_free(&t->joins);
	if (t->moved)
		memory_release(t->moved, moved_size(t));
	if (t->blocks.at)
		memory_release(t->blocks.at, t->blocks.size);
	if (t->heads.head)
		memory_release(t->heads.head, heads_size(t->limits.memory));
	free(t);
}
