/* All flows: one after the other, one by its id or place, and the end of all of
 * them in the order of their ids. */
#include <stdlib.h>
#include <string.h>

#include "flow_private.h"
#include "sockeye/memory.h"

struct flow *flow_next(struct flow_table *t, uint64_t *at)
{
	uint64_t n = *at;

	for (; n < t->flow_used; n++)
		if (t->flows[n].key.family != FAMILY_NONE) {
			*at = n + 1;
			return &t->flows[n];
		}
	for (n -= t->flow_used; n < (uint64_t)t->chunks_made * EMBRYO_CHUNK; n++)
		if (t->embryos[n].key.family != FAMILY_NONE) {
			*at = t->flow_used + n + 1;
			embryo_expand(t, (uint32_t)n | REF_EMBRYO, &t->scratch);
			return &t->scratch;
		}
	*at = UINT64_MAX;
	return NULL;
}

struct flow *flow_by_id(struct flow_table *t, uint64_t id)
{
	struct flow *f;

	for (uint64_t at = 0; at != UINT64_MAX && (f = flow_next(t, &at)) != NULL;)
		if (f->id == id)
			return f;
	return NULL;
}

uint64_t flow_id(const struct flow *f)
{
	return f->id;
}

uint32_t flow_place(const struct flow *f)
{
	return f->self;
}

static uint64_t id_of(const struct flow_table *t, uint32_t ref)
{
	const struct embryo *e;

	if (!(ref & REF_EMBRYO))
		return t->flows[ref].id;
	e = &t->embryos[ref & ~REF_EMBRYO];
	return (uint64_t)e->id_high << 32 | e->id_low;
}

enum { ORDER_AHEAD = 8 };

static void prefetch_id(const struct flow_table *t, uint32_t ref)
{
	if (ref & REF_EMBRYO)
		__builtin_prefetch(&t->embryos[ref & ~REF_EMBRYO].id_low);
	else
		__builtin_prefetch(&t->flows[ref].id);
}

static void prefetch_flow(const struct flow_table *t, uint32_t ref)
{
	prefetch_id(t, ref);
	for (size_t at = 0; !(ref & REF_EMBRYO) && at < sizeof *t->flows; at += 64)
		__builtin_prefetch((const uint8_t *)&t->flows[ref] + at);
}

struct flow *flow_at(struct flow_table *t, uint32_t place, uint64_t id)
{
	uint32_t max = place & REF_EMBRYO ? t->chunks_made * EMBRYO_CHUNK : t->flow_used;

	if ((place & ~REF_EMBRYO) >= max || table_key_at(t, place)->family == FAMILY_NONE || id_of(t, place) != id)
		return NULL;
	if (!(place & REF_EMBRYO))
		return &t->flows[place];
	embryo_expand(t, place, &t->scratch);
	return &t->scratch;
}

/* A flow in the order of ids: what its id is beyond the least of all, so that
 * sorting looks at nothing else. */
struct place {
	uint32_t beyond;
	uint32_t ref;
};
_Static_assert(sizeof(struct place) == sizeof(struct slot), "the order takes the place of the slots");

static int by_place(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return x->beyond < y->beyond ? -1 : x->beyond > y->beyond;
}

/* Where ids are further apart than 32 bits tell. */
static int by_id(const void *a, const void *b, void *arg)
{
	uint64_t x = id_of(arg, ((const struct place *)a)->ref), y = id_of(arg, ((const struct place *)b)->ref);

	return x < y ? -1 : x > y;
}

/* The slots are not needed any more: they become the order, from their beginning on. */
static uint32_t put_in_order(struct flow_table *t, struct place *order)
{
	uint64_t least = UINT64_MAX, most = 0;
	uint32_t n = 0;

	for (uint32_t i = 0; i <= t->slot_mask; i++)
		if (t->slots[i].ref != REF_NONE)
			order[n++].ref = t->slots[i].ref;
	for (uint32_t i = 0; i < n; i++) {
		uint64_t id = id_of(t, order[i].ref);

		if (i + ORDER_AHEAD < n)
			prefetch_id(t, order[i + ORDER_AHEAD].ref);
		order[i].beyond = (uint32_t)id;
		least = id < least ? id : least;
		most = id > most ? id : most;
	}
	if (n && most - least > UINT32_MAX) {
		qsort_r(order, n, sizeof *order, by_id, t);
		return n;
	}
	for (uint32_t i = 0; i < n; i++)
		order[i].beyond -= (uint32_t)least;
	qsort(order, n, sizeof *order, by_place);
	return n;
}

void flow_table_end(struct flow_table *t)
{
	struct place *order = (struct place *)t->slots;
	uint32_t n = put_in_order(t, order);

	for (uint32_t i = 0; i < n; i++) {
		struct flow *f = &t->scratch;

		if (i + ORDER_AHEAD < n)
			prefetch_flow(t, order[i + ORDER_AHEAD].ref);
		if (order[i].ref & REF_EMBRYO)
			embryo_expand(t, order[i].ref, f);
		else
			f = &t->flows[order[i].ref];
		flow_tell(t, f, false);
	}
	table_slots_clear(t->slots, t->slot_mask + 1);
	t->slots_used = 0;
}

const struct flow_stats *flow_stats(struct flow_table *t)
{
	struct flow_stats *s = &t->stats;

	s->live = t->flow_live + t->embryo_live;
	s->embryos = t->embryo_live;
	s->memory_used = budget_touched(t);
	return s;
}
