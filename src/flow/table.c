/* The flow table: slots, references, and the way of one packet through them.
 *
 * Slots are 8 bytes {hash, reference}, linear probing, at most half full,
 * doubled into the other of two reserved areas (a slot holds its hash, so
 * doubling touches no record). A removed slot is closed by moving its
 * followers back: there are no tombstones. */
#include <string.h>

#include "kept_trips.h"
#include "sockeye/memory.h"

uint32_t table_hash(const struct flow_table *t, const struct flow_key *k)
{
	struct flow_words w;

	words_of_key(&w, k);
	return words_hash(&t->key, &w);
}

static void key_of(struct flow_key *k, const struct tuple *tuple, unsigned *dir)
{
	*dir = tuple_direction(tuple);
	k->a = *dir ? tuple->to : tuple->from;
	k->b = *dir ? tuple->from : tuple->to;
	k->a_port = *dir ? tuple->to_port : tuple->from_port;
	k->b_port = *dir ? tuple->from_port : tuple->to_port;
	k->proto = tuple->proto;
	k->family = tuple->family;
}

static bool is_of(const struct flow_table *t, uint32_t ref, const struct flow_words *w)
{
	struct flow_words x;

	if (!(ref & REF_EMBRYO))
		return kept_has(&t->flows[ref], w);
	words_of_key(&x, &t->embryos[ref & ~REF_EMBRYO].key);
	return words_equal(w, &x);
}

/* The reference of a key, or REF_NONE; *slot is its slot, or the empty one
 * where the search ended. */
uint32_t table_find(struct flow_table *t, const struct flow_key *k, uint32_t hash, uint32_t *slot)
{
	uint32_t i = hash & t->slot_mask;
	struct flow_words w;

	words_of_key(&w, k);
	for (;; i = (i + 1) & t->slot_mask) {
		const struct slot *s = &t->slots[i];

		t->stats.probes++;
		*slot = i;
		if (s->ref == REF_NONE)
			return REF_NONE;
		if (s->hash == hash && is_of(t, s->ref, &w))
			return s->ref;
	}
}

static void put(struct slot *slots, uint32_t mask, uint32_t hash, uint32_t ref)
{
	uint32_t i = hash & mask;

	while (slots[i].ref != REF_NONE)
		i = (i + 1) & mask;
	slots[i] = (struct slot){hash, ref};
}

void table_slots_clear(struct slot *slots, uint32_t n)
{
	memset(slots, 0xff, (size_t)n * sizeof *slots);
}

static void slots_double(struct flow_table *t)
{
	uint32_t n = t->slot_mask + 1;
	struct slot *old = t->slots, *bigger = t->area[!t->area_now];

	table_slots_clear(bigger, n * 2);
	t->stats.probes += n;
	for (uint32_t i = 0; i < n; i++)
		if (old[i].ref != REF_NONE)
			put(bigger, n * 2 - 1, old[i].hash, old[i].ref);
	memory_forget(old, (size_t)n * sizeof *old);
	t->slots = bigger;
	t->slot_mask = n * 2 - 1;
	t->area_now = !t->area_now;
	t->slots_ask = n;
}

void table_insert(struct flow_table *t, uint32_t hash, uint32_t ref)
{
	if (t->slots_used >= t->slots_ask && budget_doubles_slots(t))
		slots_double(t);
	put(t->slots, t->slot_mask, hash, ref);
	t->slots_used++;
}

/* Close the gap: a follower moves back unless it stands at or after its home. */
void table_remove(struct flow_table *t, uint32_t hole)
{
	uint32_t i = hole;

	for (;;) {
		uint32_t home;

		i = (i + 1) & t->slot_mask;
		t->stats.probes++;
		if (t->slots[i].ref == REF_NONE)
			break;
		home = t->slots[i].hash & t->slot_mask;
		if (((i - home) & t->slot_mask) >= ((i - hole) & t->slot_mask)) {
			t->slots[hole] = t->slots[i];
			hole = i;
		}
	}
	t->slots[hole].ref = REF_NONE;
	t->slots_used--;
}

static inline void hash_one(const struct hash_key *key, struct descriptor *d, struct flow_near *near)
{
	const unsigned dir = tuple_direction(&d->tuple);
	struct flow_words w;

	words_of_tuple(&w, &d->tuple, dir);
	d->hash = words_hash(key, &w);
	near->dir = (uint8_t)dir;
	near->place = REF_NONE;
	near->may_begin = false;
	near->identity = d->tuple.proto == PROTO_TCP ? copies_identity(key, d, dir) : 0;
}

void flow_hash(const struct hash_key *key, struct descriptor *d, struct flow_near *near)
{
	hash_one(key, d, near);
}

void flow_hash_batch(const struct hash_key *key, struct descriptor *d, const bool *is, unsigned n,
		     struct flow_near *near, const struct flow_table *t)
{
	const struct hash_key k = *key;

	for (unsigned i = 0; i < n; i++) {
		if (!is[i])
			continue;
		hash_one(&k, &d[i], &near[i]);
		if (t && i < FLOW_NEAR_SLOTS)
			flow_near_slot(t, &d[i], &near[i]);
	}
}

struct hash_key flow_hash_key(const struct flow_table *t)
{
	return t->key;
}

void flow_near_slot(const struct flow_table *t, const struct descriptor *d, const struct flow_near *near)
{
	__builtin_prefetch(&t->slots[d->hash & t->slot_mask]);
	copies_prefetch(&t->copies, near->identity);
}

static void near_flow(const struct kept *k)
{
	for (unsigned at = 0; at < sizeof *k; at += 64)
		__builtin_prefetch((const uint8_t *)k + at, 1);
}

void flow_near_record(const struct flow_table *t, const struct descriptor *d, struct flow_near *near)
{
	enum { LOOKS = 16 }; /* nearly all stand so near; further away it is not worth the wait */
	uint32_t at = d->hash & t->slot_mask;

	/* A quarter do not stand at their home, but mostly right behind it: one step without a jump. */
	at = (at + ((t->slots[at].hash != d->hash) & (t->slots[at].ref != REF_NONE))) & t->slot_mask;
	near->place = REF_NONE;
	near->may_begin = false;
	for (unsigned i = 0; i < LOOKS; i++, at = (at + 1) & t->slot_mask) {
		const struct slot *s = &t->slots[at];

		if (s->ref == REF_NONE)
			break;
		if (s->hash != d->hash)
			continue;
		near->place = s->ref;
		if (s->ref & REF_EMBRYO)
			__builtin_prefetch(&t->embryos[s->ref & ~REF_EMBRYO], 1);
		else
			near_flow(&t->flows[s->ref]);
		return;
	}
	if (d->flags == TCP_SYN)
		embryo_near(t, d, near);
}

static inline void near_trips(const struct flow_table *t, const struct kept *k, unsigned side, unsigned needed)
{
	const unsigned block = (k->trips_are[side] & KEPT_TRIPS_BLOCK) != 0;

	__builtin_prefetch(blocks_at(&t->blocks, k->trips[side][0] & -(block & needed)), 1);
}

/* What is not in the flow's own four lines: many round trips, and, of what does not look ordinary, what is odd. */
void flow_near_rest(const struct flow_table *t, const struct descriptor *d, const struct flow_near *near)
{
	const struct kept *k;
	unsigned bit;

	if (near->place >= REF_EMBRYO)
		return;
	k = &t->flows[near->place];
	/* Without a jump, which would be guessed wrong: where there is none, or nothing is sent, block 0. */
	near_trips(t, k, near->dir, d->payload_len != 0);
	near_trips(t, k, !near->dir, 1);
	if (k->odd == REF_NONE)
		return;
	bit = (unsigned)(d->payload_len ? FLOW_BIT_ORDINARY_DATA : FLOW_BIT_ORDINARY_ACK) << near->dir;
	if (!(k->bits & bit && (d->flags & ~TCP_PSH) == TCP_ACK))
		near_flow(&t->flows[k->odd]);
}

void flow_near_payload(const struct flow_table *t, const struct descriptor *d, const struct flow_near *near)
{
	const bool asked = near->place >= REF_EMBRYO || !(t->flows[near->place].side[near->dir].bits & SIDE_TRIED);

	__builtin_prefetch((const void *)((uintptr_t)d->payload & -(uintptr_t)asked)); /* no jump, which nobody could guess */
}

/* ---- one packet ---------------------------------------------------------- */

static void count_new(struct flow_table *t, uint8_t proto)
{
	switch (proto) {
	case PROTO_TCP: t->stats.tcp++; break;
	case PROTO_UDP: t->stats.udp++; break;
	case PROTO_ICMP:
	case PROTO_ICMPV6: t->stats.icmp++; break;
	default: t->stats.other++; break;
	}
}

static void account(struct flow_table *t, struct flow *f, const struct descriptor *d, unsigned dir, uint64_t identity,
		    uint32_t *change, struct judgement *j)
{
	struct flow_side *s = &f->side[dir];

	ordinary_leave(f);
	if (d->ts_ns > f->last_ns)
		f->last_ns = d->ts_ns;
	f->lost_until = t->capture_lost;
	if (f->bits & FLOW_BIT_TOLD)
		f->bits |= FLOW_BIT_LATE;
	if (s->packets == 0)
		s->ttl = d->ttl;
	if (s->packets < UINT32_MAX)
		s->packets++;
	s->bytes += d->payload_len;
	if (f->key.proto == PROTO_TCP)
		tcp_account(t, f, d, dir, copies_saw(&t->copies, d, identity), change, j);
	else
		datagram_account(f, d, dir);
	if (d->payload_len)
		s->bits |= SIDE_PAYLOAD;
}

/* The flow at hand gets a place: one that was reserved. */
static void take_place(struct flow_table *t, const struct flow_key *key)
{
	t->work.self = place_take(t);
	t->work_open = true;
	t->flow_live++;
	kept_begin(&t->flows[t->work.self], key);
}

/* A full record for a first packet that does not fit into an embryo. */
static struct flow *flow_new(struct flow_table *t, const struct flow_key *key)
{
	struct flow *f = &t->work;

	memset(f, 0, sizeof *f);
	flow_blank(f);
	f->key = *key;
	take_place(t, key);
	return f;
}

/* A full record in place of the embryo, whose slot that is and which is the flow at hand. */
static void promote(struct flow_table *t, uint32_t ref, uint32_t slot)
{
	const struct flow *f = &t->work;

	embryo_forget(t, ref);
	take_place(t, &f->key);
	t->slots[slot].ref = f->self;
	flow_list_add(t, f->self, f->class);
}

/* The flow of the tuple, which is the one at hand, has ended for good: make its slot free. */
static void end_now(struct flow_table *t, uint32_t ref, uint32_t slot)
{
	flow_tell(t, &t->work, false);
	if (ref & REF_EMBRYO) {
		table_remove(t, slot);
		past_keep_lone(t, ref);
		embryo_forget(t, ref);
	} else {
		t->flows[ref].bits = t->work.bits;
		past_keep(t, ref);
	}
}

/* The flow of a reference, unfolded. */
static struct flow *unfold(struct flow_table *t, uint32_t ref)
{
	if (ref & REF_EMBRYO)
		embryo_expand(t, ref, &t->work);
	else
		kept_unfold(t, ref, &t->work);
	return &t->work;
}

/* was_open: the flow that this SYN replaces was open (RFC 5961 4). */
static struct flow *begin(struct flow_table *t, const struct descriptor *d, const struct flow_key *k,
			  unsigned dir, uint64_t identity, bool reused, bool was_open, uint32_t *change, struct judgement *j)
{
	struct flow *f;

	count_new(t, k->proto);
	*change |= FLOW_NEW;
	if (!reused && embryo_fits(d)) {
		uint32_t ref = embryo_new(t, d, k, dir);

		if (ref != REF_NONE) {
			if (k->proto == PROTO_TCP) /* a SYN: the same once more shall be known */
				(void)copies_saw(&t->copies, d, identity);
			table_insert(t, d->hash, ref);
			return embryo_outline(t, ref);
		}
	}
	f = flow_new(t, k);
	f->id = t->next_id++;
	f->first_ns = f->last_ns = d->ts_ns;
	f->lost_before = t->capture_lost;
	f->client = (uint8_t)dir;
	f->path = d->path;
	if (reused) {
		f->bits |= FLOW_BIT_REUSED;
		f->completeness = COMPLETE_SYN; /* Wireshark: a new conversation by a SYN */
		*change |= FLOW_REUSED;
		j->verdicts |= verdict_bit(VERDICT_REUSED);
	}
	account(t, f, d, dir, identity, change, j);
	if (was_open)
		state_begun_on_open(f, dir, j);
	table_insert(t, d->hash, f->self);
	f->class = (uint8_t)(k->proto == PROTO_TCP ? tcp_class(f) : flow_datagram_class(k->proto));
	flow_list_add(t, f->self, f->class);
	return f;
}

/* A host that pings itself: both ends are one, only the message tells an
 * answer from a question. */
static bool to_itself(const struct flow_key *k, const struct descriptor *d)
{
	return (k->proto == PROTO_ICMP || k->proto == PROTO_ICMPV6) && d->icmp.about & ICMP_IS_REPLY &&
	       k->a_port == k->b_port && memcmp(&k->a, &k->b, sizeof k->a) == 0;
}

struct flow *flow_track(struct flow_table *t, const struct descriptor *d, const struct flow_near *near,
			uint32_t *change, unsigned *side, struct judgement *j)
{
	struct flow_key k;
	struct flow *f;
	unsigned dir;
	uint32_t ref, slot;
	bool reused = false, was_open = false;

	*j = (struct judgement){.rtt_ns = -1};
	*change = 0;
	flow_store(t);
	places_reserve(t);
	key_of(&k, &d->tuple, &dir);
	if (to_itself(&k, d))
		dir = 1;
	ref = table_find(t, &k, d->hash, &slot);
	if (ref != REF_NONE) {
		f = unfold(t, ref);
		reused = k.proto == PROTO_TCP && tcp_reuses(f, d, dir);
		was_open = reused && state_synchronized(f);
		if (reused || flow_too_old(t, f->class, f->last_ns, d->ts_ns)) {
			end_now(t, ref, slot);
			ref = REF_NONE;
		}
	}
	if (ref == REF_NONE) {
		f = begin(t, d, &k, dir, near->identity, reused, was_open, change, j);
	} else {
		f = &t->work;
		t->work_open = true;
		if (ref & REF_EMBRYO)
			promote(t, ref, slot);
		account(t, f, d, dir, near->identity, change, j);
		flow_reclass(t, f);
		if (k.proto == PROTO_TCP)
			ordinary_settle(t, f);
	}
	*side = dir != f->client;
	return f;
}

static void lost(struct flow_table *t, uint64_t n, bool blind)
{
	uint32_t at = t->losses++ % LOSSES_KEPT;

	t->loss[at].next_id = t->next_id;
	t->loss[at].before = t->capture_lost;
	t->loss[at].blind = blind;
	t->capture_lost += (uint32_t)n;
}

void flow_capture_lost(struct flow_table *t, uint64_t n)
{
	lost(t, n, false);
}

/* Counts as one: whose time has it in it shall be told from who came later.
 * What is told leaves it out again (flow_blinds). */
void flow_capture_blind(struct flow_table *t)
{
	lost(t, 1, true);
}

void flow_capture_lost_sometime(struct flow_table *t, uint64_t n)
{
	t->capture_lost_sometime += n;
}

/* "Packet too big" asks for smaller packets and ends nothing (RFC 1191, RFC
 * 8201); whatever else says "error" makes a connect() fail on Linux. */
static bool ends_flow(const struct descriptor *d)
{
	if (d->tuple.proto == PROTO_ICMPV6)
		return d->icmp.type != 2;
	return d->icmp.type != 3 || d->icmp.code != 4;
}

void flow_mark(struct flow_table *t, const struct tuple *of)
{
	struct flow_key k;
	unsigned dir;
	uint32_t ref, slot;

	if (t->moved == NULL || of->family == FAMILY_NONE)
		return;
	flow_store(t);
	key_of(&k, of, &dir);
	ref = table_find(t, &k, table_hash(t, &k), &slot);
	if (ref != REF_NONE)
		flow_moved(t, ref);
}

struct flow *flow_quote(struct flow_table *t, const struct descriptor *d, uint32_t *change)
{
	struct flow_rare *x;
	struct flow_key k;
	struct flow *f;
	unsigned dir;
	uint32_t ref, slot, hash;

	*change = 0;
	if (d->icmp.quoted.family == FAMILY_NONE || !(d->icmp.about & ICMP_IS_ERROR))
		return NULL;
	flow_store(t);
	places_reserve(t);
	key_of(&k, &d->icmp.quoted, &dir);
	hash = table_hash(t, &k);
	ref = table_find(t, &k, hash, &slot);
	if (ref == REF_NONE)
		return NULL;
	f = unfold(t, ref);
	if (!tcp_quotes(f, d, dir))
		return NULL;
	t->work_open = true;
	if (ref & REF_EMBRYO)
		promote(t, ref, slot);
	if (f->key.proto != PROTO_ICMP && f->key.proto != PROTO_ICMPV6 && !(f->bits & FLOW_BIT_ICMP_ERROR) &&
	    ends_flow(d)) {
		f->bits |= FLOW_BIT_ICMP_ERROR;
		f->icmp_type = d->icmp.type;
		f->icmp_code = d->icmp.code;
		f->icmp_family = d->tuple.family;
		x = flow_rare_need(t, f);
		if (x) {
			x->icmp_from = d->tuple.from;
			x->bits |= RARE_ICMP;
		}
		if (f->key.proto == PROTO_TCP && seen(f->first_syn_ns) && !seen(f->synack_ns))
			*change |= FLOW_HANDSHAKE_DONE;
	}
	return f;
}

