/* Embryos: flows of which one packet was seen. A flood consists of them, so
 * they are small. They live in chunks in the order of birth, one list of chunks
 * per bucket: of one class, because a class has one patience and so dies in the
 * order of birth, and of some destinations (address and port of the receiver; each
 * has two buckets).
 *
 * When no chunk is to be had, the oldest chunk of the bucket that has most is
 * forgotten. So a flood on one server forgets its own SYNs, and handshakes with
 * others have all the time they need. Places of embryos that became full flows
 * are holes until their chunk is empty. */
#include <string.h>

#include "flow_private.h"
#include "sockeye/clock.h"
#include "sockeye/memory.h"

bool embryo_fits(const struct descriptor *d)
{
	uint16_t ecn = d->flags & (TCP_ECE | TCP_CWR | TCP_AE);

	if (d->path > UINT8_MAX || (d->tuple.proto == PROTO_TCP && d->ecn == 3 /* CE: a mark to count */))
		return false;
	if (d->tuple.proto == PROTO_TCP)
		return (d->flags & 0x1ff & ~ecn) == TCP_SYN && d->payload_len == 0 && d->tcp.ack == 0 &&
		       (ecn & ~TCP_AE) != TCP_ECE && (ecn & ~TCP_AE) != TCP_CWR && ecn != TCP_AE &&
		       !(d->options & (TCP_OPTIONS_CUT | TCP_HAS_FAST_OPEN | TCP_HAS_MPTCP));
	return d->payload_len <= UINT16_MAX;
}

/* ---- chunks ---------------------------------------------------------------- */

static void chunk_release(struct flow_table *t, uint32_t n)
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
}

/* End one embryo: by age if its time is over, else by want of memory. */
static void end_embryo(struct flow_table *t, uint32_t ref)
{
	struct flow_key key = t->embryos[ref & ~REF_EMBRYO].key;
	struct flow *f = embryo_outline(t, ref);
	uint32_t slot;

	flow_tell(t, f, !flow_too_old(t, f->class, f->last_ns, t->now_ns));
	if (table_find(t, &key, table_hash(t, &key), &slot) == ref)
		table_remove(t, slot);
	flow_moved(t, ref);
	t->embryos[ref & ~REF_EMBRYO].key.family = FAMILY_NONE;
	t->chunks[(ref & ~REF_EMBRYO) / EMBRYO_CHUNK].live--;
	t->embryo_live--;
}

static void end_chunk(struct flow_table *t, uint32_t n)
{
	uint32_t first = n * EMBRYO_CHUNK;

	for (uint32_t i = first; i < first + t->chunks[n].used; i++) /* the slots of all, before the first is needed */
		__builtin_prefetch(&t->slots[table_hash(t, &t->embryos[i].key) & t->slot_mask], 1);
	for (uint32_t i = first; t->chunks[n].live; i++)
		if (t->embryos[i].key.family != FAMILY_NONE)
			end_embryo(t, i | REF_EMBRYO);
	chunk_release(t, n);
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
	unsigned most = 0;

	t->stats.probes += EMBRYO_BUCKETS;
	for (unsigned i = 1; i < EMBRYO_BUCKETS; i++)
		if (t->bucket[i].chunks > t->bucket[most].chunks)
			most = i;
	if (t->bucket[most].chunks == 0)
		return false;
	end_chunk(t, t->bucket[most].old);
	return true;
}

/* A place at the young end of the bucket; REF_NONE: not even one chunk is to
 * be had (the table is smaller than that). */
static uint32_t make_place(struct flow_table *t, uint16_t bucket)
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

static unsigned class_of(uint8_t proto)
{
	return proto == PROTO_TCP ? FLOW_HALF_OPEN : flow_datagram_class(proto);
}

/* The emptier one of the destination's two: a flood fills both of its own, and
 * another server shares both with it next to never. */
static uint16_t bucket_of(const struct flow_table *t, const struct descriptor *d)
{
	uint64_t hash;
	unsigned a, b, first = (class_of(d->tuple.proto) - FLOW_HALF_OPEN) * EMBRYO_SPREAD;
	struct {
		struct address to;
		uint16_t port;
	} destination;

	memset(&destination, 0, sizeof destination);
	destination.to = d->tuple.to;
	destination.port = d->tuple.to_port;
	hash = hash_bytes(&t->key, &destination, sizeof destination);
	a = first + (uint32_t)(hash >> 32) % EMBRYO_SPREAD;
	b = first + (uint32_t)hash % EMBRYO_SPREAD;
	return (uint16_t)(t->bucket[b].chunks < t->bucket[a].chunks ? b : a);
}

/* ---- one embryo ------------------------------------------------------------- */

uint32_t embryo_new(struct flow_table *t, const struct descriptor *d, const struct flow_key *k, unsigned dir)
{
	uint32_t ref = make_place(t, bucket_of(t, d));
	struct embryo *e;
	uint64_t id;

	if (ref == REF_NONE)
		return REF_NONE;
	id = t->next_id++;
	e = &t->embryos[ref];
	ref |= REF_EMBRYO;
	memset(e, 0, sizeof *e);
	e->ts_ns = d->ts_ns;
	e->key = *k;
	e->id_high = (uint8_t)(id >> 32);
	e->id_low = (uint32_t)id;
	e->path = (uint8_t)d->path;
	e->ttl = d->ttl;
	e->bits = dir ? EMBRYO_FROM_B : 0;
	if (d->tuple.proto == PROTO_TCP) {
		e->isn = d->tcp.seq;
		e->mss_or_len = d->tcp.syn.mss;
		e->wscale_or_service = d->tcp.syn.wscale;
		e->options = d->options;
		e->window = d->window;
		e->bits |= EMBRYO_SYN;
		if (d->flags & TCP_ECE)
			e->bits |= EMBRYO_ECN;
		if (d->flags & TCP_AE)
			e->bits |= EMBRYO_AE;
	} else {
		e->mss_or_len = (uint16_t)d->payload_len;
		if (d->payload_len)
			e->bits |= EMBRYO_PAYLOAD;
		if (d->tuple.proto == PROTO_ICMP || d->tuple.proto == PROTO_ICMPV6) {
			e->icmp.type = d->icmp.type;
			e->icmp.code = d->icmp.code;
			e->icmp.id = d->icmp.id;
			if (d->icmp.about & ICMP_IS_REPLY)
				e->bits |= EMBRYO_REPLY;
			if (d->icmp.about & ICMP_IS_ECHO)
				e->bits |= EMBRYO_ECHO;
		}
	}
	t->embryo_live++;
	flow_moved(t, ref);
	return ref;
}

static void expand_tcp(const struct embryo *e, struct flow *f, unsigned dir)
{
	struct flow_side *s = &f->side[dir];

	f->completeness = COMPLETE_SYN;
	s->mss = e->mss_or_len;
	s->wscale = e->wscale_or_service;
	s->options = e->options;
	s->state = END_SYN_SENT;
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
	f->class = (uint8_t)class_of(e->key.proto);
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

void embryo_forget(struct flow_table *t, uint32_t ref)
{
	uint32_t n = (ref & ~REF_EMBRYO) / EMBRYO_CHUNK;

	flow_moved(t, ref);
	t->embryos[ref & ~REF_EMBRYO].key.family = FAMILY_NONE;
	t->embryo_live--;
	if (--t->chunks[n].live == 0)
		chunk_release(t, n);
}

/* The silent ones of a bucket, which are its first: the walk ends at one that
 * may live on. */
static void expire_bucket(struct flow_table *t, const struct embryo_bucket *b, int64_t patience)
{
	uint32_t next;

	for (uint32_t n = b->old; n != REF_NONE; n = next) {
		uint32_t first = n * EMBRYO_CHUNK;

		next = t->chunks[n].next;
		for (uint32_t i = first; i < first + t->chunks[n].used; i++) {
			t->stats.probes++;
			if (t->embryos[i].key.family == FAMILY_NONE)
				continue;
			if (t->now_ns - t->embryos[i].ts_ns <= patience)
				return;
			end_embryo(t, i | REF_EMBRYO);
		}
		chunk_release(t, n);
	}
}

void embryo_expire(struct flow_table *t)
{
	/* Once per millisecond of the run's time is often enough, and free. */
	if (t->now_ns - t->embryos_looked_ns < CLOCK_MS)
		return;
	t->embryos_looked_ns = t->now_ns;
	for (unsigned class = FLOW_HALF_OPEN; class <= FLOW_ICMP; class++) {
		const struct embryo_bucket *first = &t->bucket[(class - FLOW_HALF_OPEN) * EMBRYO_SPREAD];

		for (unsigned i = 0; i < EMBRYO_SPREAD && t->limits.idle_ns[class]; i++)
			expire_bucket(t, first + i, t->limits.idle_ns[class]);
	}
}
