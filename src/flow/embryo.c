/* Embryos: flows of which one packet was seen. A flood consists of them, so
 * they are small, and they live in a ring in the order of birth: the oldest is
 * always at the tail, and finding it costs nothing.
 *
 * Places of embryos that became full flows are holes until the tail passes.
 * When the ring is full but a quarter of it is holes, the tail's embryo moves
 * to the head instead of being forgotten. */
#include <string.h>

#include "flow_private.h"

static struct embryo *at(struct flow_table *t, uint64_t n)
{
	return &t->embryos[n % t->embryo_max];
}

bool embryo_fits(const struct descriptor *d)
{
	if (d->tuple.proto == PROTO_TCP)
		return (d->flags & 0x1ff & ~(TCP_ECE | TCP_CWR | TCP_AE)) == TCP_SYN && d->payload_len == 0 &&
		       !(d->options & TCP_OPTIONS_CUT);
	return d->payload_len <= UINT16_MAX;
}

static void forget_tail(struct flow_table *t)
{
	struct embryo *e = at(t, t->embryo_tail);
	uint32_t ref = (uint32_t)(t->embryo_tail % t->embryo_max) | REF_EMBRYO, slot;
	struct flow_key key = e->key;

	embryo_expand(t, ref, &t->scratch);
	flow_tell(t, &t->scratch, t->limits.idle_ns[FLOW_HALF_OPEN] == 0 ||
					  !flow_too_old(t, &t->scratch, t->now_ns));
	if (table_find(t, &key, table_hash(t, &key), &slot) == ref)
		table_remove(t, slot);
	embryo_forget(t, ref);
}

/* Make place for one at the head. */
static void make_place(struct flow_table *t)
{
	for (;;) {
		while (t->embryo_tail < t->embryo_head &&
		       at(t, t->embryo_tail)->key.family == FAMILY_NONE)
			t->embryo_tail++;
		if (t->embryo_head - t->embryo_tail < t->embryo_max)
			return;
		if (t->embryo_live >= t->embryo_max - t->embryo_max / 4) {
			forget_tail(t);
			t->embryo_tail++;
			return;
		}
		/* Full of holes: the tail goes once more round. Its place is the
		 * head's place, so only the counters move. */
		t->embryo_tail++;
		t->embryo_head++;
	}
}

uint32_t embryo_new(struct flow_table *t, const struct descriptor *d, const struct flow_key *k, unsigned dir)
{
	struct embryo *e;
	uint64_t id = t->next_id++;
	uint32_t ref;

	make_place(t);
	e = at(t, t->embryo_head);
	ref = (uint32_t)(t->embryo_head++ % t->embryo_max) | REF_EMBRYO;
	memset(e, 0, sizeof *e);
	e->ts_ns = d->ts_ns;
	e->key = *k;
	e->id_high = (uint16_t)(id >> 32);
	e->id_low = (uint32_t)id;
	e->path = d->path;
	e->ttl = d->ttl;
	e->bits = dir ? EMBRYO_FROM_B : 0;
	if (d->tuple.proto == PROTO_TCP) {
		e->isn = d->tcp.seq;
		e->mss_or_len = d->tcp.syn.mss;
		e->wscale_or_service = d->tcp.syn.wscale;
		e->options = d->options;
		e->bits |= EMBRYO_SYN;
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
	return ref;
}

static void expand_tcp(const struct embryo *e, struct flow *f, unsigned dir)
{
	struct flow_side *s = &f->side[dir];

	f->client_known = CLIENT_SYN;
	f->class = FLOW_HALF_OPEN;
	f->first_syn_ns = f->last_syn_ns = f->answered_syn_ns = e->ts_ns;
	f->syns = 1;
	f->completeness = COMPLETE_SYN;
	s->base = e->isn;
	s->next = e->isn + 1;
	s->mss = e->mss_or_len;
	s->wscale = e->wscale_or_service;
	s->options = e->options;
	s->bits = SIDE_BASE | SIDE_NEXT | SIDE_SYN | SIDE_OPTIONS;
}

/* f becomes what the flow would be had it been full from the start. */
void embryo_expand(struct flow_table *t, uint32_t ref, struct flow *f)
{
	const struct embryo *e = &t->embryos[ref & ~REF_EMBRYO];
	unsigned dir = e->bits & EMBRYO_FROM_B ? 1 : 0;

	memset(f, 0, sizeof *f);
	f->key = e->key;
	f->client = (uint8_t)dir;
	f->id = (uint64_t)e->id_high << 32 | e->id_low;
	f->first_ns = f->last_ns = e->ts_ns;
	f->rtt_ns = -1;
	f->name = REF_NONE;
	f->self = ref;
	f->path = e->path;
	f->side[dir].packets = 1;
	f->side[dir].ttl = e->ttl;
	if (e->key.proto == PROTO_TCP) {
		expand_tcp(e, f, dir);
		return;
	}
	f->class = e->key.proto == PROTO_UDP ? FLOW_UDP : FLOW_ICMP;
	f->side[dir].bytes = e->mss_or_len;
	f->service = t->services[e->wscale_or_service];
	if (e->bits & EMBRYO_PAYLOAD)
		f->side[dir].bits |= SIDE_PAYLOAD;
	if (e->bits & EMBRYO_TRIED)
		f->side[dir].bits |= SIDE_TRIED;
	if (e->key.proto == PROTO_ICMP || e->key.proto == PROTO_ICMPV6) {
		f->icmp_type = e->icmp.type;
		f->icmp_code = e->icmp.code;
		f->icmp_id = e->icmp.id;
		f->bits |= (uint16_t)((e->bits & EMBRYO_REPLY ? FLOW_BIT_REPLY : 0) |
				      (e->bits & EMBRYO_ECHO ? FLOW_BIT_ECHO : 0));
	}
}

void embryo_forget(struct flow_table *t, uint32_t ref)
{
	t->embryos[ref & ~REF_EMBRYO].key.family = FAMILY_NONE;
	t->embryo_live--;
}

/* End the embryos that were silent too long, oldest first. Datagrams and SYNs
 * have different patience; the ring is in the order of birth, so the walk ends
 * at the first that is younger than the shortest patience. */
void embryo_expire(struct flow_table *t)
{
	int64_t patience = INT64_MAX;

	for (unsigned c = FLOW_HALF_OPEN; c <= FLOW_ICMP; c++)
		if (t->limits.idle_ns[c] && t->limits.idle_ns[c] < patience)
			patience = t->limits.idle_ns[c];
	if (patience == INT64_MAX)
		return;
	for (uint64_t n = t->embryo_tail; n < t->embryo_head; n++) {
		struct embryo *e = at(t, n);
		struct flow_key key = e->key;
		uint32_t ref = (uint32_t)(n % t->embryo_max) | REF_EMBRYO, slot;

		if (e->key.family == FAMILY_NONE) {
			if (n == t->embryo_tail)
				t->embryo_tail++;
			continue;
		}
		if (t->now_ns - e->ts_ns <= patience)
			return;
		embryo_expand(t, ref, &t->scratch);
		if (!flow_too_old(t, &t->scratch, t->now_ns))
			continue;
		flow_tell(t, &t->scratch, false);
		if (table_find(t, &key, table_hash(t, &key), &slot) == ref)
			table_remove(t, slot);
		embryo_forget(t, ref);
		if (n == t->embryo_tail)
			t->embryo_tail++;
	}
}
