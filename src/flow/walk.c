/* All flows: one after the other, one by its id or place, and the end of all of
 * them in the order of their ids. */
#include <stdlib.h>
#include <string.h>

#include "kept.h"
#include "sockeye/memory.h"

struct flow *flow_look(struct flow_table *t, uint32_t ref)
{
	kept_unfold(t, ref, &t->scratch);
	t->scratch_is = WHOLE;
	return &t->scratch;
}

/* The same of one that is to be told: as little as that takes where all of it follows; the rest if a record asks (scratch_ready()). */
struct flow *flow_look_to_tell(struct flow_table *t, uint32_t ref)
{
	const struct kept *k = &t->flows[ref];
	struct flow *f;

	if (k->odd != REF_NONE)
		return flow_look(t, ref);
	f = flow_met(t, ref);
	for (unsigned i = 0; i < 2; i++) /* flow_outcome() asks for them where an answer is given up */
		f->side[i].bytes = (uint64_t)k->side[i].bytes_high << 32 | k->side[i].bytes;
	return f;
}

void flow_was_told(struct flow_table *t, uint32_t ref)
{
	t->flows[ref].bits = t->scratch.bits;
	t->bits_open = false;
}

/* What orders a flow, and its id: most of those that are walked over are not looked at. */
static struct flow *in_passing(struct flow_table *t, uint32_t ref)
{
	const struct kept *k = &t->flows[ref];
	const struct odd *o = kept_odd(t, k);
	struct flow *f = kept_named(t, ref);

	t->scratch_is = PASSING;
	f->bits = k->bits;
	f->first_ns = o ? o->first_ns : k->base_ns;
	f->last_ns = kept_last_ns(k);
	f->class = k->class & KEPT_CLASS;
	for (unsigned i = 0; i < 2; i++) {
		f->side[i].packets = k->side[i].packets;
		f->side[i].bytes = (uint64_t)k->side[i].bytes_high << 32 | k->side[i].bytes;
	}
	return f;
}

/* What else a record has of every flow: nothing that is not in its four lines. */
static void scratch_common(struct flow_table *t)
{
	struct flow *f = &t->scratch;
	const struct kept *k = &t->flows[f->self];

	kept_key(k, &f->key);
	f->client = (k->class & KEPT_CLIENT) != 0;
	f->client_known = k->completeness >> 6;
	f->lost_until = k->lost_until;
	f->lost_before = k->lost_before;
	for (unsigned i = 0; i < 2; i++)
		f->side[i].ttl = k->side[i].ttl;
}

/* All that a record has but RECORD_PART_REST, of a flow whose handshake and sides follow from its four lines:
 * as kept_unfold() and what it calls, and nothing besides. False: something of it is odd. */
static bool scratch_plain(struct flow_table *t)
{
	struct flow *f = &t->scratch;
	const struct kept *k = &t->flows[f->self];

	if (k->odd != REF_NONE)
		return false;
	scratch_common(t);
	f->rare = REF_NONE;
	f->name = k->name;
	f->service_number = k->service;
	f->service = t->services[k->service];
	f->path = k->path;
	f->story = k->story;
	f->completeness = k->completeness & 63;
	f->completeness_before = k->completeness_before & 63;
	for (unsigned i = 0; i < 2; i++)
		kept_unfold_side_plain(k, i, f);
	kept_unfold_handshake(k, f);
	f->syn_retransmits = f->synack_retransmits = 0;
	f->icmp_type = (uint8_t)(k->synack >> 8); /* of ICMP; others have none without struct odd */
	f->icmp_code = (uint8_t)k->synack;
	f->icmp_id = (uint16_t)k->ack;
	t->scratch_is = PLAIN;
	return true;
}

/* An embryo's parts but RECORD_PART_REST, from its outline; ICMP has more to say. */
static bool scratch_embryo(const struct flow_table *t)
{
	const struct flow *f = &t->scratch;

	return f->key.proto != PROTO_ICMP && f->key.proto != PROTO_ICMPV6;
}

/* What is kept of the flow in scratch is all of it. */
static void scratch_keep(struct flow_table *t)
{
	if (t->work_open) /* it had to be unfolded after all: flow_at_hand() */
		flow_fold(t);
	if (t->bits_open)
		met_keep(t);
}

/* One that was met, of which the rest of a record is not asked for. False: something of it is odd. */
static bool scratch_met(struct flow_table *t)
{
	scratch_keep(t);
	in_passing(t, t->scratch.self);
	return scratch_plain(t);
}

void scratch_ready(struct flow_table *t, const struct flow *f, unsigned parts)
{
	if (f != &t->scratch)
		return;
	if (t->scratch_is == NAME_ONLY && !(parts & RECORD_PART_REST) && scratch_met(t))
		return;
	if (t->scratch_is == PASSING && parts == 0)
		scratch_common(t);
	else if (t->scratch_is == PASSING && !(parts & RECORD_PART_REST) && scratch_plain(t))
		return;
	else if (t->scratch_is == PASSING || t->scratch_is == NAME_ONLY)
		scratch_complete(t, f);
	else if (t->scratch_is == PLAIN ? parts & RECORD_PART_REST :
		 parts & (RECORD_PART_HANDSHAKE | RECORD_PART_REST) || (parts & RECORD_PART_STATE && !scratch_embryo(t)))
		scratch_complete(t, f);
}

void scratch_complete(struct flow_table *t, const struct flow *f)
{
	uint16_t told = f->bits; /* and what was told of it since */

	if (f != &t->scratch || t->scratch_is == WHOLE)
		return;
	if (!(f->self & REF_EMBRYO)) {
		scratch_keep(t);
		flow_look(t, f->self);
		return;
	}
	embryo_expand(t, f->self, &t->scratch);
	t->scratch.bits |= told;
}

/* The place of the next flow from *at on; REF_NONE: there is none. */
static uint32_t next_place(const struct flow_table *t, uint64_t *at)
{
	uint64_t n = *at;

	for (; n < t->flow_used; n++)
		if (t->flows[n].family != FAMILY_NONE) {
			*at = n + 1;
			return (uint32_t)n;
		}
	for (n -= t->flow_used; n < (uint64_t)t->chunks_made * EMBRYO_CHUNK; n++)
		if (t->embryos[n].key.family != FAMILY_NONE) {
			*at = t->flow_used + n + 1;
			return (uint32_t)n | REF_EMBRYO;
		}
	*at = UINT64_MAX;
	return REF_NONE;
}

struct flow *flow_next(struct flow_table *t, uint64_t *at)
{
	uint32_t ref;

	flow_store(t);
	ref = next_place(t, at);
	if (ref == REF_NONE)
		return NULL;
	return ref & REF_EMBRYO ? embryo_outline(t, ref) : in_passing(t, ref);
}

struct flow *flow_in_seat(struct flow_table *t, uint32_t seat)
{
	flow_store(t);
	if (seat < t->flow_max)
		return t->flows[seat].family != FAMILY_NONE ? in_passing(t, seat) : NULL;
	seat -= t->flow_max;
	return t->embryos[seat].key.family != FAMILY_NONE ? embryo_outline(t, seat | REF_EMBRYO) : NULL;
}

struct flow *flow_by_id(struct flow_table *t, uint64_t id)
{
	struct flow *f;

	for (uint64_t at = 0; at != UINT64_MAX && (f = flow_next(t, &at)) != NULL;)
		if (f->id == id) {
			scratch_complete(t, f);
			return f;
		}
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
		return kept_id(&t->flows[ref]);
	e = &t->embryos[ref & ~REF_EMBRYO];
	return (uint64_t)e->id_high << 32 | e->id_low;
}

enum { ORDER_AHEAD = 8, ORDER_AHEAD_REST = 4 };

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

/* And what hangs on those lines: what went wrong, and what is odd. As a call it would be left out: compilers see nothing
 * that it does. */
__attribute__((always_inline)) static inline void prefetch_rest(const struct flow_table *t, uint32_t ref)
{
	const struct kept *k = &t->flows[ref & ~REF_EMBRYO];

	if (ref & REF_EMBRYO)
		return;
	kept_trouble_near(t, k);
	for (size_t at = 0; k->odd != REF_NONE && at < sizeof *t->flows; at += 64)
		__builtin_prefetch((const uint8_t *)&t->flows[k->odd] + at);
}

uint64_t flow_next_id(struct flow_table *t, uint64_t *at, uint32_t *place)
{
	uint32_t ref;

	flow_store(t);
	ref = *at == UINT64_MAX ? REF_NONE : next_place(t, at);
	*place = ref;
	return ref == REF_NONE ? 0 : id_of(t, ref);
}

struct flow *flow_at(struct flow_table *t, uint32_t place, uint64_t id)
{
	uint32_t max = place & REF_EMBRYO ? t->chunks_made * EMBRYO_CHUNK : t->flow_used;
	bool embryo = place & REF_EMBRYO;

	flow_store(t);
	if ((place & ~REF_EMBRYO) >= max ||
	    (embryo ? t->embryos[place & ~REF_EMBRYO].key.family : t->flows[place].family) == FAMILY_NONE ||
	    id_of(t, place) != id)
		return NULL;
	if (!embryo)
		return flow_look(t, place);
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

enum { SORT_FEW = 24, SORT_BITS = 8, SORT_DIGITS = 1 << SORT_BITS };

static void sort_few(struct place *at, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++) {
		const struct place one = at[i];
		uint32_t k = i;

		for (; k > 0 && at[k - 1].beyond > one.beyond; k--)
			at[k] = at[k - 1];
		at[k] = one;
	}
}

/* In place by the digit at shift: each goes where its digit's part has room, and whoever
 * stood there goes on. end[] becomes where the parts end. */
static void sort_digit(struct place *at, uint32_t n, unsigned shift, uint32_t end[SORT_DIGITS])
{
	uint32_t next[SORT_DIGITS], begin = 0;

	memset(end, 0, SORT_DIGITS * sizeof *end);
	for (uint32_t i = 0; i < n; i++)
		end[at[i].beyond >> shift & (SORT_DIGITS - 1)]++;
	for (unsigned d = 0; d < SORT_DIGITS; d++) {
		next[d] = begin;
		begin += end[d];
		end[d] = begin;
	}
	for (unsigned d = 0; d < SORT_DIGITS; d++)
		while (next[d] < end[d]) {
			struct place one = at[next[d]];
			unsigned digit = one.beyond >> shift & (SORT_DIGITS - 1);

			while (digit != d) {
				const struct place other = at[next[digit]];

				at[next[digit]++] = one;
				one = other;
				digit = one.beyond >> shift & (SORT_DIGITS - 1);
			}
			at[next[d]++] = one;
		}
}

/* By the bits below shift + SORT_BITS; those above are the same. Four deep at most, and takes
 * no memory, where qsort() takes as much again. */
static void sort(struct place *at, uint32_t n, unsigned shift)
{
	uint32_t end[SORT_DIGITS], from = 0;

	if (n <= SORT_FEW) {
		sort_few(at, n);
		return;
	}
	sort_digit(at, n, shift, end);
	for (unsigned d = 0; d < SORT_DIGITS && shift > 0; from = end[d++])
		sort(at + from, end[d] - from, shift > SORT_BITS ? shift - SORT_BITS : 0);
}

/* Where ids are further apart than 32 bits tell. */
static int by_id(const void *a, const void *b, void *arg)
{
	uint64_t x = id_of(arg, ((const struct place *)a)->ref), y = id_of(arg, ((const struct place *)b)->ref);

	return x < y ? -1 : x > y;
}

/* The slots are not needed any more: they become the order, from their beginning on.
 * Those whose reference is below that. */
static uint32_t put_in_order(struct flow_table *t, struct place *order, uint32_t below)
{
	uint64_t least = UINT64_MAX, most = 0;
	unsigned shift = 0;
	uint32_t n = 0;

	for (uint32_t i = 0; i <= t->slot_mask; i++)
		if (t->slots[i].ref < below)
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
	for (most -= least; most >> (shift + SORT_BITS); shift++)
		;
	sort(order, n, shift);
	return n;
}

void flow_table_end(struct flow_table *t)
{
	struct place *order = (struct place *)t->slots;
	struct lones lones;
	uint32_t n;

	flow_store(t);
	n = put_in_order(t, order, lones_tell_all(t) ? REF_EMBRYO : REF_NONE);
	lones.n = (struct lone_counts){0};
	for (uint32_t i = 0; i < n; i++) {
		struct flow *f;

		if (i + ORDER_AHEAD < n)
			prefetch_flow(t, order[i + ORDER_AHEAD].ref);
		if (i + ORDER_AHEAD_REST < n)
			prefetch_rest(t, order[i + ORDER_AHEAD_REST].ref);
		if (order[i].ref & REF_EMBRYO) {
			lone_tell(t, &lones, order[i].ref, false);
			continue;
		}
		lones_flush(t, &lones);
		f = flow_look_to_tell(t, order[i].ref);
		flow_tell(t, f, false);
		flow_was_told(t, order[i].ref);
	}
	lones_flush(t, &lones);
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
