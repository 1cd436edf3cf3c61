/* Embryos: flows of which one packet was seen. A flood consists of them, so
 * they are small. Where they live: chunks.c; how they end: lone.c. */
#include <string.h>

#include "tuple_words.h"

/* A SYN without other flags; CE is a mark to count. */
static inline bool syn_fits(const struct descriptor *d)
{
	return d->path <= UINT8_MAX && d->ecn != IP_CE && d->payload_len == 0 && d->tcp.ack == 0 &&
	       !(d->options & (TCP_OPTIONS_CUT | TCP_HAS_FAST_OPEN | TCP_HAS_MPTCP));
}

bool embryo_fits(const struct descriptor *d)
{
	uint16_t ecn = d->flags & (TCP_ECE | TCP_CWR | TCP_AE);

	if (d->tuple.proto == PROTO_TCP)
		return syn_fits(d) && (d->flags & 0x1ff & ~ecn) == TCP_SYN && (ecn & ~TCP_AE) != TCP_ECE &&
		       (ecn & ~TCP_AE) != TCP_CWR && ecn != TCP_AE;
	return d->path <= UINT8_MAX && d->payload_len <= UINT16_MAX;
}

/* The two of a destination. */
static inline void buckets_of(const struct flow_table *t, const struct tuple *to, uint16_t bucket[2])
{
	unsigned first = (embryo_class(to->proto) - FLOW_HALF_OPEN) * EMBRYO_SPREAD;
	uint64_t half[2], hash;

	memcpy(half, to->to.b, sizeof half);
	hash = hash_fold(half[0] ^ t->key.a, ((uint64_t)to->family << 16 | to->to_port) ^ t->key.b);
	if (to->family != FAMILY_IPV4)
		hash = hash_fold(half[1] ^ t->key.a, hash ^ t->key.b);
	bucket[0] = (uint16_t)(first + (uint32_t)(hash >> 32) % EMBRYO_SPREAD);
	bucket[1] = (uint16_t)(first + (uint32_t)hash % EMBRYO_SPREAD);
}

/* The emptier one: a flood fills both of its own, and another server shares both with it next to never. */
static inline uint16_t emptier(const struct flow_table *t, const uint16_t bucket[2])
{
	return t->bucket[bucket[1]].chunks < t->bucket[bucket[0]].chunks ? bucket[1] : bucket[0];
}

void embryo_near(const struct flow_table *t, const struct descriptor *d, struct flow_near *near)
{
	const struct embryo_bucket *b;

	near->may_begin = true;
	buckets_of(t, &d->tuple, near->bucket);
	b = &t->bucket[emptier(t, near->bucket)];
	if (b->young != REF_NONE)
		__builtin_prefetch(&t->chunks[b->young], 1);
}

static inline void put_syn(struct embryo *e, const struct descriptor *d, const struct flow_words *k, unsigned dir, uint64_t id)
{
	*e = (struct embryo){
		.ts_ns = d->ts_ns,
		.key = {.a_port = (uint16_t)k->rest, .b_port = (uint16_t)(k->rest >> 16), .proto = d->tuple.proto,
			.family = d->tuple.family},
		.id_high = (uint8_t)(id >> 32), .id_low = (uint32_t)id, .path = (uint8_t)d->path, .ttl = d->ttl,
		.isn = d->tcp.seq, .mss_or_len = d->tcp.syn.mss, .window = d->window,
		.wscale_or_service = d->tcp.syn.wscale, .options = d->options,
		.bits = (uint8_t)((dir ? EMBRYO_FROM_B : 0) | EMBRYO_SYN | (d->flags & TCP_ECE ? EMBRYO_ECN : 0) |
				  (d->flags & TCP_AE ? EMBRYO_AE : 0)),
	};
	memcpy(&e->key.a, k->a, sizeof e->key.a);
	memcpy(&e->key.b, k->b, sizeof e->key.b);
}

static void put_datagram(struct embryo *e, const struct descriptor *d, const struct flow_key *k, unsigned dir, uint64_t id)
{
	*e = (struct embryo){
		.ts_ns = d->ts_ns, .key = *k, .id_high = (uint8_t)(id >> 32), .id_low = (uint32_t)id,
		.path = (uint8_t)d->path, .ttl = d->ttl, .mss_or_len = (uint16_t)d->payload_len,
		.bits = (uint8_t)((dir ? EMBRYO_FROM_B : 0) | (d->payload_len ? EMBRYO_PAYLOAD : 0)),
	};
	if (d->tuple.proto != PROTO_ICMP && d->tuple.proto != PROTO_ICMPV6)
		return;
	e->icmp.type = d->icmp.type;
	e->icmp.code = d->icmp.code;
	e->icmp.id = d->icmp.id;
	e->bits |= (uint8_t)((d->icmp.about & ICMP_IS_REPLY ? EMBRYO_REPLY : 0) |
			     (d->icmp.about & ICMP_IS_ECHO ? EMBRYO_ECHO : 0));
}

uint32_t embryo_new(struct flow_table *t, const struct descriptor *d, const struct flow_key *k, unsigned dir)
{
	struct flow_words words;
	uint16_t bucket[2];
	uint32_t ref;

	buckets_of(t, &d->tuple, bucket);
	ref = chunks_place(t, emptier(t, bucket));
	if (ref == REF_NONE)
		return REF_NONE;
	words_of_key(&words, k);
	if (d->tuple.proto == PROTO_TCP)
		put_syn(&t->embryos[ref], d, &words, dir, t->next_id++);
	else
		put_datagram(&t->embryos[ref], d, k, dir, t->next_id++);
	t->embryo_live++;
	flow_moved(t, ref | REF_EMBRYO);
	return ref | REF_EMBRYO;
}

/* The same for nearly all SYNs of a flood, those without ECN. Declined, before anything is written, is whatever would make or
 * end something else than this one embryo: flow_track() does that as often as a chunk is full. */
uint64_t flow_begins(struct flow_table *t, const struct descriptor *d, const struct flow_near *near)
{
	const struct embryo_bucket *b;
	struct embryo_chunk *c;
	struct flow_words key;
	uint32_t slot, ref;
	uint64_t id;

	if (!near->may_begin || d->tuple.proto != PROTO_TCP || !syn_fits(d))
		return 0;
	flow_store(t);
	b = &t->bucket[emptier(t, near->bucket)];
	if (t->flows_free < PLACES_RESERVED || b->young == REF_NONE || t->chunks[b->young].used == EMBRYO_CHUNK ||
	    (t->slots_used >= t->slots_ask && budget_doubles_slots(t)))
		return 0;
	for (slot = d->hash & t->slot_mask; t->slots[slot].ref != REF_NONE; slot = (slot + 1) & t->slot_mask) {
		t->stats.probes++;
		if (t->slots[slot].hash == d->hash)
			return 0;
	}
	c = &t->chunks[b->young];
	c->live++;
	ref = b->young * EMBRYO_CHUNK + c->used++;
	id = t->next_id++;
	words_of_tuple(&key, &d->tuple, near->dir);
	put_syn(&t->embryos[ref], d, &key, near->dir, id);
	__builtin_prefetch(&t->embryos[ref + 1], 1); /* the next of its bucket; at the chunk's end, for nothing */
	__builtin_prefetch(&t->embryos[t->next_out + ref % EMBRYO_CHUNK], 1);
	(void)copies_saw(&t->copies, d, near->identity);
	t->slots[slot] = (struct slot){d->hash, ref | REF_EMBRYO};
	t->slots_used++;
	t->embryo_live++;
	t->stats.tcp++;
	flow_moved(t, ref | REF_EMBRYO);
	return id;
}

static void expand_tcp(const struct embryo *e, struct flow *f, unsigned dir)
{
	struct flow_side *s = &f->side[dir];

	f->completeness = COMPLETE_SYN;
	s->mss = e->mss_or_len;
	s->wscale = e->wscale_or_service;
	s->options = e->options;
	if (e->bits & EMBRYO_ECN)
		ecn_asked(f, e->bits & EMBRYO_AE ? TCP_ECE | TCP_CWR | TCP_AE : TCP_ECE | TCP_CWR);
	verdicts_begin(f, dir, e);
	zeek_begin(f, dir, e);
}

/* What the capture had lost when the flow of that id began: an embryo has no room
 * for it. Of losses long ago only the last are known. */
uint32_t lost_before(const struct flow_table *t, uint64_t id)
{
	uint32_t before = t->capture_lost;

	for (uint32_t i = t->losses;
	     i > 0 && t->losses - i < LOSSES_KEPT && t->loss[(i - 1) % LOSSES_KEPT].next_id > id; i--)
		before = t->loss[(i - 1) % LOSSES_KEPT].before;
	return before;
}

/* What both of the next two give; f->side is all zero. */
static void expand_common(const struct flow_table *t, const struct embryo *e, uint32_t ref, unsigned dir, struct flow *f)
{
	struct flow_side *s = &f->side[dir];

	f->key = e->key;
	f->class = (uint8_t)embryo_class(e->key.proto);
	f->client = (uint8_t)dir;
	f->id = (uint64_t)e->id_high << 32 | e->id_low;
	f->first_ns = f->last_ns = e->ts_ns;
	f->self = ref;
	f->lost_before = lost_before(t, f->id);
	f->lost_until = t->capture_lost; /* what it waits for may be among them */
	f->path = e->path;
	s->packets = 1;
	s->ttl = e->ttl;
	if (e->key.proto == PROTO_TCP) {
		f->client_known = CLIENT_SYN;
		f->first_syn_ns = f->last_syn_ns = f->answered_syn_ns = e->ts_ns;
		f->syns = 1;
		s->bits = SIDE_BASE | SIDE_NEXT | SIDE_SYN | SIDE_OPTIONS;
		s->base = e->isn;
		s->next = s->low = e->isn + 1;
		s->state = END_SYN_SENT;
		return;
	}
	f->service_number = e->wscale_or_service;
	f->service = t->services[f->service_number];
	s->bytes = e->mss_or_len;
	s->bits = (uint8_t)((e->bits & EMBRYO_PAYLOAD ? SIDE_PAYLOAD : 0) | (e->bits & EMBRYO_TRIED ? SIDE_TRIED : 0));
}

/* f becomes what the flow would be had it been full from the start. */
void embryo_expand(struct flow_table *t, uint32_t ref, struct flow *f)
{
	const struct embryo *e = &t->embryos[ref & ~REF_EMBRYO];
	unsigned dir = e->bits & EMBRYO_FROM_B ? 1 : 0;

	if (f == &t->scratch)
		t->scratch_is = WHOLE;
	memset(f, 0, sizeof *f);
	flow_blank(f);
	expand_common(t, e, ref, dir, f);
	if (e->key.proto == PROTO_TCP)
		expand_tcp(e, f, dir);
	if (e->key.proto == PROTO_ICMP || e->key.proto == PROTO_ICMPV6) {
		f->icmp_type = e->icmp.type;
		f->icmp_code = e->icmp.code;
		f->icmp_id = e->icmp.id;
		f->bits |= (uint16_t)((e->bits & EMBRYO_REPLY ? FLOW_BIT_REPLY : 0) |
				      (e->bits & EMBRYO_ECHO ? FLOW_BIT_ECHO : 0));
	}
}

struct flow *embryo_outline(struct flow_table *t, uint32_t ref)
{
	const struct embryo *e = &t->embryos[ref & ~REF_EMBRYO];
	struct flow *f = &t->scratch;

#ifndef NDEBUG
	memset(f, 0xa5, sizeof *f); /* who reads more shall see it */
#endif
	t->scratch_is = OUTLINE;
	memset(f->side, 0, sizeof f->side);
	f->side[0].trouble = f->side[1].trouble = REF_NONE;
	f->side[0].head = f->side[1].head = f->name = f->rare = REF_NONE;
	f->first_syn_ns = f->synack_ns = f->ack_ns = f->rst_ns = NEVER;
	f->syns = f->synacks = f->bits = f->story = 0;
	f->client_known = CLIENT_FIRST_PACKET;
	f->service = NULL;
	f->service_number = 0;
	expand_common(t, e, ref, e->bits & EMBRYO_FROM_B ? 1 : 0, f);
	return f;
}
