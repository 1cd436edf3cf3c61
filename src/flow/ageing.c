/* Ageing and eviction. Every full flow hangs in the list of its class. A
 * packet only updates the flow's own time; the hand that passes the head of a
 * list moves what was active since to the end. So the head is, nearly, the one
 * that was silent longest, and no packet touches a foreign record.
 *
 * The hand passes each flow every eighth of its patience, so a record is told
 * at most an eighth late; a look-up compares the age itself and is exact. */
#include <assert.h>

#include "kept_trips.h"
#include "sockeye/memory.h"

/* Units of 256 ns, 48 bits of them: eight hundred days. */
static uint64_t stamp_of(int64_t ns)
{
	return (uint64_t)ns >> 8 & ((UINT64_C(1) << 48) - 1);
}

/* From then until ns; below zero: it was later. */
static int64_t since_stamp(const struct kept *k, int64_t ns)
{
	return (int64_t)((stamp_of(ns) - kept_stamp(k)) << 16) >> 8;
}

void flow_list_add(struct flow_table *t, uint32_t ref, unsigned class)
{
	struct flow_list *l = &t->list[class];
	struct kept *k = &t->flows[ref];
	uint64_t stamp = stamp_of(t->now_ns);

	k->class = (uint8_t)((k->class & ~(unsigned)KEPT_CLASS) | class);
	k->stamp = (uint32_t)stamp;
	k->stamp_high = (uint16_t)(stamp >> 32);
	k->next = REF_NONE;
	k->prev = l->tail;
	if (l->tail != REF_NONE)
		t->flows[l->tail].next = ref;
	else
		l->head = ref;
	l->tail = ref;
}

void flow_list_remove(struct flow_table *t, uint32_t ref)
{
	struct kept *k = &t->flows[ref];
	struct flow_list *l = &t->list[k->class & KEPT_CLASS];

	if (k->prev != REF_NONE)
		t->flows[k->prev].next = k->next;
	else
		l->head = k->next;
	if (k->next != REF_NONE)
		t->flows[k->next].prev = k->prev;
	else
		l->tail = k->prev;
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
		flow_list_remove(t, f->self);
		flow_list_add(t, f->self, class);
		f->class = (uint8_t)class;
	}
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

/* One that is not at hand. */
static void tell_kept(struct flow_table *t, uint32_t ref, bool evicted)
{
	struct flow *f;

	if (t->flows[ref].bits & FLOW_BIT_TOLD)
		return;
	f = flow_look_to_tell(t, ref);
	flow_tell(t, f, evicted);
	flow_was_told(t, ref);
}

static void release_odd(struct flow_table *t, uint32_t ref)
{
	const uint32_t odd = t->flows[ref].odd;
	const struct odd *o = kept_odd(t, &t->flows[ref]);

	if (!o)
		return;
	blocks_give(&t->blocks, o->zeek_more, ZEEK_CLASS);
	blocks_give(&t->blocks, o->rare, RARE_CLASS);
	for (unsigned i = 0; i < 2; i++)
		if (head_is(&t->heads, o->side[i].head, ref, i))
			head_forget(t, o->side[i].head);
	place_give(t, odd);
}

void flow_release(struct flow_table *t, uint32_t ref)
{
	struct kept *k = &t->flows[ref];
	struct flow_key key;
	uint32_t slot;

	flow_moved(t, ref);
	kept_key(k, &key);
	if (table_find(t, &key, table_hash(t, &key), &slot) == ref)
		table_remove(t, slot);
	flow_list_remove(t, ref);
	names_drop(&t->names, k->name);
	for (unsigned i = 0; i < 2; i++) {
		side_trouble_release(t, k->side[i].trouble);
		kept_trips_release(t, k, i);
	}
	release_odd(t, ref);
	place_give(t, ref);
	t->flow_live--;
}

/* The one of a class that was silent longest, or REF_NONE. */
static uint32_t oldest(struct flow_table *t, unsigned class)
{
	struct flow_list *l = &t->list[class];
	uint32_t last = l->tail, ref;

	while ((ref = l->head) != REF_NONE) {
		const struct kept *k = &t->flows[ref];

		t->stats.probes++;
		if (since_stamp(k, kept_last_ns(k)) <= 0 || ref == last)
			return ref;
		flow_list_remove(t, ref);
		flow_list_add(t, ref, class);
	}
	return REF_NONE;
}

static bool evict(struct flow_table *t, unsigned class)
{
	uint32_t ref = oldest(t, class);

	if (ref == REF_NONE)
		return false;
	tell_kept(t, ref, true);
	flow_release(t, ref);
	return true;
}

/* Full: what is only looked at first, then closed, then embryos beyond their certain part, then half-open,
 * then datagrams, then established. */
static void make_room(struct flow_table *t)
{
	if (past_forget(t) || evict(t, FLOW_CLOSED) || embryo_give_back(t) || evict(t, FLOW_HALF_OPEN))
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

void place_give(struct flow_table *t, uint32_t ref)
{
	t->flows[ref].family = FAMILY_NONE;
	t->flows[ref].next = t->flow_free;
	t->flow_free = ref;
	t->flows_free++;
}

/* One that was never used; false: none, or there is no memory for it. */
static bool place_begin(struct flow_table *t)
{
	if (t->flow_used == t->flow_max || !budget_affords(t, sizeof *t->flows, 1))
		return false;
	/* flow_touch_ahead() looks */
	__atomic_store_n(&t->flow_used, t->flow_used + 1, __ATOMIC_RELAXED);
	place_give(t, t->flow_used - 1);
	return true;
}

void places_make(struct flow_table *t)
{
	while (t->flows_free < PLACES_RESERVED)
		if (!place_begin(t))
			make_room(t);
}

bool places_are_free(struct flow_table *t)
{
	while (t->flows_free < PLACES_RESERVED)
		if (!place_begin(t) && !past_forget(t))
			return false;
	return true;
}

uint32_t place_take(struct flow_table *t)
{
	uint32_t ref = t->flow_free;

	assert(t->flows_free > 0); /* places_reserve() before the packet was looked at */
	t->flow_free = t->flows[ref].next;
	t->flows_free--;
	return ref;
}

static void expire_class(struct flow_table *t, unsigned class)
{
	struct flow_list *l = &t->list[class];
	int64_t idle = t->limits.idle_ns[class];
	int64_t tell = class == FLOW_CLOSED ? t->limits.closed_told_ns : idle;
	int64_t pass = (tell < idle ? tell : idle) / 8;

	while (l->head != REF_NONE) {
		uint32_t ref = l->head;
		int64_t last_ns = kept_last_ns(&t->flows[ref]);

		t->stats.probes++;
		if (since_stamp(&t->flows[ref], t->now_ns) < pass)
			return;
		if (t->now_ns - last_ns > tell)
			tell_kept(t, ref, false);
		if (t->now_ns - last_ns > idle) {
			past_keep(t, ref);
			continue;
		}
		flow_list_remove(t, ref);
		flow_list_add(t, ref, class);
	}
}

void flow_expire(struct flow_table *t, int64_t now_ns)
{
	if (!t->ages) { /* for every packet of a file: without a jump that depends on time */
		t->now_ns = now_ns > t->now_ns ? now_ns : t->now_ns;
		return;
	}
	if (now_ns <= t->now_ns)
		return;
	t->now_ns = now_ns;
	flow_store(t);
	for (unsigned c = 0; c < FLOW_CLASSES; c++)
		if (t->limits.idle_ns[c])
			expire_class(t, c);
	embryo_expire(t);
}
