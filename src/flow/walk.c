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

static int by_id(const void *a, const void *b, void *arg)
{
	uint64_t x = id_of(arg, *(const uint32_t *)a), y = id_of(arg, *(const uint32_t *)b);

	return x < y ? -1 : x > y;
}

/* The slots are not needed any more, so the spare area holds the order. */
void flow_table_end(struct flow_table *t)
{
	uint32_t *order = t->area[!t->area_now];
	uint32_t n = 0;

	for (uint32_t i = 0; i <= t->slot_mask; i++)
		if (t->slots[i].ref != REF_NONE)
			order[n++] = t->slots[i].ref;
	qsort_r(order, n, sizeof *order, by_id, t);
	for (uint32_t i = 0; i < n; i++) {
		struct flow *f = &t->scratch;

		if (order[i] & REF_EMBRYO)
			embryo_expand(t, order[i], f);
		else
			f = &t->flows[order[i]];
		flow_tell(t, f, false);
	}
}

const struct flow_stats *flow_stats(struct flow_table *t)
{
	struct flow_stats *s = &t->stats;

	s->live = t->flow_live + t->embryo_live;
	s->embryos = t->embryo_live;
	s->memory_used = budget_touched(t);
	return s;
}
