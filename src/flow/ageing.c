/* Ageing and eviction. Every full flow hangs in the list of its class. A
 * packet only updates the flow's own time; the hand that passes the head of a
 * list moves what was active since to the end. So the head is, nearly, the one
 * that was silent longest, and no packet touches a foreign record.
 *
 * The hand passes each flow every eighth of its patience, so a record is told
 * at most an eighth late; a look-up compares the age itself and is exact. */
#include <string.h>

#include "flow_private.h"
#include "sockeye/memory.h"

void flow_list_add(struct flow_table *t, struct flow *f, unsigned class)
{
	struct flow_list *l = &t->list[class];

	f->class = (uint8_t)class;
	f->stamp_ns = t->now_ns;
	f->next = REF_NONE;
	f->prev = l->tail;
	if (l->tail != REF_NONE)
		t->flows[l->tail].next = f->self;
	else
		l->head = f->self;
	l->tail = f->self;
}

void flow_list_remove(struct flow_table *t, struct flow *f)
{
	struct flow_list *l = &t->list[f->class];

	if (f->prev != REF_NONE)
		t->flows[f->prev].next = f->next;
	else
		l->head = f->next;
	if (f->next != REF_NONE)
		t->flows[f->next].prev = f->prev;
	else
		l->tail = f->prev;
}

static unsigned class_of(const struct flow *f)
{
	if (f->key.proto == PROTO_TCP)
		return tcp_class(f);
	return flow_datagram_class(f->key.proto);
}

void flow_reclass(struct flow_table *t, struct flow *f)
{
	unsigned class = class_of(f);

	if (class != f->class) {
		flow_list_remove(t, f);
		flow_list_add(t, f, class);
	}
}

bool flow_too_old(const struct flow_table *t, const struct flow *f, int64_t now_ns)
{
	int64_t idle = t->limits.idle_ns[f->class];

	return idle && now_ns - f->last_ns > idle;
}

void flow_tell(struct flow_table *t, struct flow *f, bool evicted)
{
	if (f->bits & FLOW_BIT_TOLD)
		return;
	if (evicted) {
		f->bits |= FLOW_BIT_EVICTED;
		t->stats.evicted++;
		if (f->self & REF_EMBRYO)
			t->stats.evicted_embryos++;
	}
	f->bits |= FLOW_BIT_TOLD;
	flow_head_drop(t, f, 0);
	flow_head_drop(t, f, 1);
	t->told(t->arg, f, evicted);
}

void flow_release(struct flow_table *t, struct flow *f)
{
	uint32_t slot;

	if (table_find(t, &f->key, table_hash(t, &f->key), &slot) == f->self)
		table_remove(t, slot);
	flow_list_remove(t, f);
	names_drop(&t->names, f->name);
	side_release(t, &f->side[0]);
	side_release(t, &f->side[1]);
	blocks_give(&t->blocks, f->zeek.more, ZEEK_CLASS);
	flow_head_drop(t, f, 0);
	flow_head_drop(t, f, 1);
	blocks_give(&t->blocks, f->rare, RARE_CLASS);
	f->rare = REF_NONE;
	f->key.family = FAMILY_NONE;
	f->next = t->flow_free;
	t->flow_free = f->self;
	t->flow_live--;
}

/* The one of a class that was silent longest, or NULL. */
static struct flow *oldest(struct flow_table *t, unsigned class)
{
	struct flow_list *l = &t->list[class];
	uint32_t last = l->tail;

	while (l->head != REF_NONE) {
		struct flow *f = &t->flows[l->head];

		t->stats.probes++;
		if (f->last_ns <= f->stamp_ns || l->head == last)
			return f;
		flow_list_remove(t, f);
		flow_list_add(t, f, class);
	}
	return NULL;
}

static bool evict(struct flow_table *t, unsigned class)
{
	struct flow *f = oldest(t, class);

	if (!f)
		return false;
	flow_tell(t, f, true);
	flow_release(t, f);
	return true;
}

/* Full: closed first, then embryos beyond their certain part, then half-open,
 * then datagrams, then established. */
static void make_room(struct flow_table *t)
{
	if (evict(t, FLOW_CLOSED) || embryo_give_back(t) || evict(t, FLOW_HALF_OPEN))
		return;
	if (!evict(t, FLOW_UDP) && !evict(t, FLOW_ICMP))
		(void)evict(t, FLOW_ESTABLISHED);
}

void flow_touch_ahead(const struct flow_table *t, size_t *done)
{
	const size_t step = 2 << 20, begins = 8 << 20; /* a small table is not worth it */
	size_t used = (size_t)__atomic_load_n(&t->flow_used, __ATOMIC_RELAXED) * sizeof *t->flows;
	size_t all = (size_t)t->flow_max * sizeof *t->flows;

	if (*done < begins || *done < used)
		*done = (used > begins ? used : begins) / step * step;
	if (used < begins || used + step < *done || *done + step > all)
		return;
	memory_touch((uint8_t *)t->flows + *done / step * step, step);
	*done += step;
}

uint32_t flow_take(struct flow_table *t)
{
	uint32_t ref;

	while (t->flow_free == REF_NONE && (t->flow_used == t->flow_max || !budget_affords(t, sizeof *t->flows, 1)))
		make_room(t);
	if (t->flow_free != REF_NONE) {
		ref = t->flow_free;
		t->flow_free = t->flows[ref].next;
	} else {
		ref = t->flow_used;
		__atomic_store_n(&t->flow_used, ref + 1, __ATOMIC_RELAXED); /* flow_touch_ahead() looks */
	}
	t->flow_live++;
	return ref;
}

static void expire_class(struct flow_table *t, unsigned class)
{
	struct flow_list *l = &t->list[class];
	int64_t idle = t->limits.idle_ns[class];
	int64_t tell = class == FLOW_CLOSED ? t->limits.closed_told_ns : idle;
	int64_t pass = (tell < idle ? tell : idle) / 8;

	while (l->head != REF_NONE) {
		struct flow *f = &t->flows[l->head];

		t->stats.probes++;
		if (t->now_ns - f->stamp_ns < pass)
			return;
		if (t->now_ns - f->last_ns > tell)
			flow_tell(t, f, false);
		if (t->now_ns - f->last_ns > idle) {
			flow_release(t, f);
			continue;
		}
		flow_list_remove(t, f);
		flow_list_add(t, f, class);
	}
}

void flow_expire(struct flow_table *t, int64_t now_ns)
{
	if (now_ns <= t->now_ns)
		return;
	t->now_ns = now_ns;
	if (!t->ages)
		return;
	for (unsigned c = 0; c < FLOW_CLASSES; c++)
		if (t->limits.idle_ns[c])
			expire_class(t, c);
	embryo_expire(t);
}
