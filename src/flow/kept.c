/* A flow is folded and unfolded (kept.h).
 *
 * What follows while a connection leads a plain life is said in two functions, one for a
 * side and one for the whole: what they give is what an unfolded flow has where nothing odd
 * is kept, and a flow that has anything else there is odd. In debug builds every flow that
 * is folded is unfolded again and compared. */
#include <assert.h>
#include <string.h>

#include "kept.h"

/* Times in us wrap after so long (trips_us()): a base that moves so far changes none of them. */
#define BASE_STEP_NS (INT64_C(1000) << 32)

/* ---- what follows ------------------------------------------------------------- */

static uint32_t looked_of(const struct flow *f, unsigned i, enum kept_looked is)
{
	return is == LOOKED_LOW ? f->side[i].low : f->side[!i].acked - (is == LOOKED_FIN);
}

static int8_t scale_of(const struct flow_side *s, enum kept_scale is)
{
	return is == SCALE_ASKED ? (int8_t)(s->wscale > 14 ? 14 : s->wscale) : is == SCALE_UNUSED ? -2 : -1;
}

/* Of one side, from what is kept of it: its numbers as all others count them. */
static inline void side_becomes_plain(struct flow *f, unsigned i, enum kept_looked looked)
{
	struct flow_side *s = &f->side[i];
	bool fin = s->end & END_FIN;

	s->ws_next = s->ws_to_ack = s->zeek.last = s->next;
	s->ws_ack = s->acked;
	s->base = s->bits & SIDE_BASE ? s->low - 1 : 0;
	s->fin_end = fin ? s->next : 0;
	s->fin = fin;
	s->head = REF_NONE;
	s->zeek.looked = looked_of(f, i, looked);
	s->zeek.syn = s->zeek_seen & SEEN_SYN ? s->low - 1 : 0;
	s->zeek.fin = s->zeek_seen & SEEN_FIN ? s->next - 1 : 0;
}

/* Would that make it what it is? */
static inline bool side_is_plain(const struct flow *f, unsigned i, enum kept_looked looked)
{
	const struct flow_side *s = &f->side[i];
	bool fin = s->end & END_FIN;

	if (s->ws_next != s->next || s->ws_to_ack != s->next || s->zeek.last != s->next || s->ws_ack != s->acked ||
	    s->zeek.looked != looked_of(f, i, looked) || s->base != (s->bits & SIDE_BASE ? s->low - 1 : 0))
		return false;
	if (s->ws_dup_acks > KEPT_DUPS || s->doubt || s->head != REF_NONE || s->rst || s->zeek.rst)
		return false;
	if (s->fin != fin || s->fin_end != (fin ? s->next : 0))
		return false;
	return s->zeek.syn == (s->zeek_seen & SEEN_SYN ? s->low - 1 : 0) &&
	       s->zeek.fin == (s->zeek_seen & SEEN_FIN ? s->next - 1 : 0);
}

/* One SYN, with which the flow began, or none; at most one SYN/ACK, and the ACK as Wireshark measures it. */
static bool handshake_follows(const struct flow *f)
{
	bool syn = seen(f->first_syn_ns), synack = seen(f->synack_ns), ack = seen(f->ack_ns);
	int64_t syn_ns = syn ? f->first_ns : NEVER;

	if (f->first_syn_ns != syn_ns || f->last_syn_ns != syn_ns || f->answered_syn_ns != syn_ns || seen(f->rst_ns) ||
	    f->syns != syn || f->synacks != synack || f->syn_retransmits || f->synack_retransmits ||
	    f->bits & FLOW_BIT_SIMULTANEOUS)
		return false;
	if ((synack && !kept_fits(f->synack_ns - f->first_ns)) || (ack && !kept_fits(f->ack_ns - f->first_ns)) ||
	    f->synack_isn != (synack ? f->side[!f->client].base : 0))
		return false;
	return !seen(f->rtt_ns) || (syn && ack && f->rtt_ns == f->ack_ns - f->first_ns);
}

static bool is_icmp(const struct flow *f)
{
	return f->key.proto == PROTO_ICMP || f->key.proto == PROTO_ICMPV6;
}

static bool rest_follows(const struct flow *f)
{
	return f->rare == REF_NONE && f->zeek.more == REF_NONE && !f->zeek.cut && f->zeek.n <= ZEEK_PACKED &&
	       !(f->ws_mptcp | f->ace[0] | f->ace[1] | f->icmp_family) &&
	       (is_icmp(f) || !(f->icmp_type | f->icmp_code));
}

/* ---- what is odd ---------------------------------------------------------------- */

/* Longer than a day and a half ago is long ago to whoever asks when numbers last rose. */
static int64_t bounded(int64_t ns)
{
	return ns > KEPT_TIME_MAX ? KEPT_TIME_MAX : ns < -KEPT_TIME_MAX ? -KEPT_TIME_MAX : ns;
}

static void odd_fold(const struct flow *f, struct odd *o)
{
	o->family = FAMILY_NONE;
	o->first_ns = f->first_ns;
	o->first_syn_ns = f->first_syn_ns;
	o->last_syn_ns = f->last_syn_ns;
	o->synack_ns = f->synack_ns;
	o->hs_ack_ns = f->ack_ns;
	o->answered_syn_ns = f->answered_syn_ns;
	o->peer_syn_ns = f->peer_syn_ns;
	o->rst_ns = f->rst_ns;
	o->rtt_ns = f->rtt_ns;
	for (unsigned i = 0; i < 2; i++) {
		memcpy(&o->side[i], &f->side[i].ws_next, sizeof o->side[i]);
		o->ack_ns[i] = f->side[i].ws_ack_ns;
		o->ace[i] = f->ace[i];
		o->ws_scale[i] = f->side[i].ws_scale;
	}
	memcpy(o->syn_after_us, f->syn_after_us, sizeof o->syn_after_us);
	memcpy(o->synack_after_us, f->synack_after_us, sizeof o->synack_after_us);
	o->syns = f->syns;
	o->synacks = f->synacks;
	o->syn_retransmits = f->syn_retransmits;
	o->synack_retransmits = f->synack_retransmits;
	o->synack_isn = f->synack_isn;
	o->zeek_n = (uint8_t)(f->zeek.n | (f->zeek.cut ? ODD_CUT : 0));
	o->zeek_last = f->zeek.last;
	o->zeek_more = f->zeek.more;
	o->rare = f->rare;
	o->ws_mptcp = f->ws_mptcp;
	o->icmp_type = f->icmp_type;
	o->icmp_code = f->icmp_code;
	o->icmp_family = f->icmp_family;
}

static void odd_unfold(const struct flow_table *t, const struct kept *k, const struct odd *o, struct flow *f)
{
	f->first_ns = o->first_ns;
	f->first_syn_ns = o->first_syn_ns;
	f->last_syn_ns = o->last_syn_ns;
	f->synack_ns = o->synack_ns;
	f->ack_ns = o->hs_ack_ns;
	f->answered_syn_ns = o->answered_syn_ns;
	f->peer_syn_ns = o->peer_syn_ns;
	f->rst_ns = o->rst_ns;
	f->rtt_ns = o->rtt_ns;
	for (unsigned i = 0; i < 2; i++) {
		struct flow_side *s = &f->side[i];

		memcpy(&s->ws_next, &o->side[i], sizeof o->side[i]);
		if (!head_is(&t->heads, s->head, f->self, i))
			s->head = REF_NONE;
		if (kept_ns(0, k->side[i].ack, k->side[i].ack_high) == KEPT_TIME_FAR)
			s->ws_ack_ns = o->ack_ns[i];
		s->ws_scale = o->ws_scale[i];
		f->ace[i] = o->ace[i];
	}
	memcpy(f->syn_after_us, o->syn_after_us, sizeof o->syn_after_us);
	memcpy(f->synack_after_us, o->synack_after_us, sizeof o->synack_after_us);
	f->syns = o->syns;
	f->synacks = o->synacks;
	f->syn_retransmits = o->syn_retransmits;
	f->synack_retransmits = o->synack_retransmits;
	f->synack_isn = o->synack_isn;
	f->zeek.n = o->zeek_n & (ODD_CUT - 1);
	f->zeek.cut = o->zeek_n & ODD_CUT;
	f->zeek.last = o->zeek_last;
	f->zeek.more = o->zeek_more;
	f->rare = o->rare;
	f->ws_mptcp = o->ws_mptcp;
	f->icmp_type = o->icmp_type;
	f->icmp_code = o->icmp_code;
	f->icmp_family = o->icmp_family;
}

/* ---- unfold ------------------------------------------------------------------- */

static void unfold_side(const struct kept *k, unsigned i, struct flow *f)
{
	const struct kept_side *a = &k->side[i];
	struct flow_side *s = &f->side[i];
	int64_t ack = kept_ns(0, a->ack, a->ack_high), rose = kept_ns(0, a->rose, a->rose_high);

	memcpy(s, a, KEPT_SAME);
	s->bytes = (uint64_t)a->bytes_high << 32 | a->bytes;
	s->ws_ack_ns = ack == KEPT_TIME_FAR ? 0 : k->base_ns + ack;
	s->ws_next_ns = rose == KEPT_TIME_FAR ? 0 : k->base_ns + rose;
	s->state = a->state & 15;
	s->ws_scale = scale_of(s, (enum kept_scale)(a->state >> KEPT_SCALE_SHIFT & 3));
	s->zeek.state = a->zeek & 7;
	s->zeek.before = a->zeek >> 3 & 7;
	s->ws_dup_acks = a->zeek >> KEPT_DUPS_SHIFT;
}

void kept_unfold_side_plain(const struct kept *k, unsigned i, struct flow *f)
{
	const struct kept_side *a = &k->side[i];
	struct flow_side *s = &f->side[i];
	const bool fin = a->end & END_FIN;

	memcpy(s, a, KEPT_SAME);
	s->bytes = (uint64_t)a->bytes_high << 32 | a->bytes;
	s->state = a->state & 15;
	s->base = s->bits & SIDE_BASE ? s->low - 1 : 0;
	s->fin_end = fin ? s->next : 0;
	s->fin = fin;
	s->rst = 0;
}

void kept_key(const struct kept *k, struct flow_key *key)
{
	memset(key, 0, sizeof *key);
	memcpy(key->a.b, k->address[0], 4);
	memcpy(key->b.b, k->address[1], 4);
	if (k->family != FAMILY_IPV4) {
		memcpy(key->a.b + 4, &k->trips[0][1], 12);
		memcpy(key->b.b + 4, &k->trips[1][1], 12);
	}
	key->a_port = k->port[0];
	key->b_port = k->port[1];
	key->proto = k->proto;
	key->family = k->family;
}

void kept_unfold_handshake(const struct kept *k, struct flow *f)
{
	unsigned is = k->handshake;

	f->first_syn_ns = f->last_syn_ns = f->answered_syn_ns = is & KEPT_SYN ? k->base_ns : NEVER;
	f->syns = (is & KEPT_SYN) != 0;
	f->synacks = (is & KEPT_SYNACK) != 0;
	f->synack_ns = is & KEPT_SYNACK ? kept_ns(k->base_ns, k->synack, k->synack_high) : NEVER;
	f->synack_isn = is & KEPT_SYNACK ? f->side[!f->client].base : 0;
	f->ack_ns = is & KEPT_ACK ? kept_ns(k->base_ns, k->ack, k->ack_high) : NEVER;
	f->rtt_ns = is & KEPT_RTT ? f->ack_ns - k->base_ns : NEVER;
	f->rst_ns = NEVER;
}

static void unfold_whole(const struct flow_table *t, const struct kept *k, struct flow *f)
{
	kept_key(k, &f->key);
	f->id = kept_id(k);
	f->first_ns = k->base_ns;
	f->last_ns = kept_last_ns(k);
	f->bits = k->bits;
	f->story = k->story;
	f->lost_until = k->lost_until;
	f->lost_before = k->lost_before;
	f->name = k->name;
	f->service_number = k->service;
	f->service = t->services[k->service];
	f->path = k->path;
	f->completeness = k->completeness & 63;
	f->client_known = k->completeness >> 6;
	f->completeness_before = k->completeness_before & 63;
	f->closed_by = k->completeness_before >> 6;
	f->class = k->class & KEPT_CLASS;
	f->client = (k->class & KEPT_CLIENT) != 0;
	f->closed_by_fin = (k->class & KEPT_BY_FIN) != 0;
	f->zeek.client = (k->class & KEPT_ZEEK_CLIENT) != 0;
	f->zeek.n = k->handshake >> 4;
	f->zeek.packed = (uint64_t)k->letters_high << 32 | k->letters;
	f->zeek.more = f->rare = REF_NONE;
	if (is_icmp(f)) {
		f->icmp_type = (uint8_t)(k->synack >> 8);
		f->icmp_code = (uint8_t)k->synack;
		f->icmp_id = (uint16_t)k->ack;
	}
}

void kept_unfold(const struct flow_table *t, uint32_t ref, struct flow *f)
{
	const struct kept *k = &t->flows[ref];
	const struct odd *o = kept_odd(t, k);

	memset(f, 0, sizeof *f);
	f->self = ref;
	unfold_whole(t, k, f);
	for (unsigned i = 0; i < 2; i++)
		unfold_side(k, i, f);
	if (!o) {
		for (unsigned i = 0; i < 2; i++)
			side_becomes_plain(f, i, (enum kept_looked)(k->side[i].state >> KEPT_LOOKED_SHIFT));
		kept_unfold_handshake(k, f);
		return;
	}
	odd_unfold(t, k, o, f);
	if (f->bits & FLOW_BITS_ORDINARY) /* what ordinary segments have moved */
		ordinary_level(f);
}

/* ---- fold ----------------------------------------------------------------------- */

/* False: it is so far from the base that it stands in struct odd. */
static bool fold_time(uint32_t *low, int16_t *high, int64_t ns, int64_t base_ns)
{
	int64_t at = ns - base_ns;
	bool fits = kept_fits(at);

	kept_set(low, high, fits ? at : KEPT_TIME_FAR);
	return fits || ns == 0;
}

static enum kept_looked fold_looked(const struct flow *f, unsigned i)
{
	uint32_t at = f->side[i].zeek.looked;

	return at == looked_of(f, i, LOOKED_ACKED) ? LOOKED_ACKED
	       : at == looked_of(f, i, LOOKED_LOW) ? LOOKED_LOW
						   : LOOKED_FIN;
}

static enum kept_scale fold_scale(const struct flow_side *s)
{
	return s->ws_scale == -1 ? SCALE_UNKNOWN : s->ws_scale == -2 ? SCALE_UNUSED : SCALE_ASKED;
}

/* False: something of it does not follow. */
static bool fold_side(struct kept *k, unsigned i, const struct flow *f)
{
	const struct flow_side *s = &f->side[i];
	struct kept_side *a = &k->side[i];
	enum kept_looked looked = fold_looked(f, i);
	enum kept_scale scale = fold_scale(s);
	bool plain;

	memcpy(a, s, KEPT_SAME);
	a->bytes = (uint32_t)s->bytes;
	a->bytes_high = (uint16_t)(s->bytes >> 48 ? UINT16_MAX : s->bytes >> 32); /* 281 TB are enough */
	plain = fold_time(&a->ack, &a->ack_high, s->ws_ack_ns, k->base_ns);
	/* Longer ago than that it is long ago to all that ask. */
	(void)fold_time(&a->rose, &a->rose_high, s->ws_next_ns ? k->base_ns + bounded(s->ws_next_ns - k->base_ns) : 0,
			k->base_ns);
	a->state = (uint8_t)(s->state | scale << KEPT_SCALE_SHIFT | looked << KEPT_LOOKED_SHIFT);
	a->zeek = (uint8_t)(s->zeek.state | s->zeek.before << 3 |
			    (s->ws_dup_acks <= KEPT_DUPS ? (int)s->ws_dup_acks << KEPT_DUPS_SHIFT : 0));
	return plain && s->ws_scale == scale_of(s, scale) && side_is_plain(f, i, looked);
}

static void fold_whole(struct kept *k, const struct flow *f)
{
	unsigned letters = f->zeek.n < ZEEK_PACKED ? f->zeek.n : ZEEK_PACKED;

	k->id = (uint32_t)f->id;
	k->id_high = (uint8_t)(f->id >> 32);
	kept_set(&k->last, &k->last_high, f->last_ns - k->base_ns);
	k->bits = f->bits;
	k->story = f->story;
	k->lost_until = f->lost_until;
	k->lost_before = f->lost_before;
	k->name = f->name;
	k->service = f->service_number;
	k->path = f->path;
	k->completeness = (uint8_t)(f->completeness | f->client_known << 6);
	k->completeness_before = (uint8_t)(f->completeness_before | f->closed_by << 6);
	k->class = (uint8_t)(f->class | (f->client ? KEPT_CLIENT : 0) | (f->closed_by_fin ? KEPT_BY_FIN : 0) |
			     (f->zeek.client ? KEPT_ZEEK_CLIENT : 0) | (k->class & KEPT_HOLES));
	k->handshake = (uint8_t)(letters << 4 | (seen(f->first_syn_ns) ? KEPT_SYN : 0) |
				 (seen(f->synack_ns) ? KEPT_SYNACK : 0) | (seen(f->ack_ns) ? KEPT_ACK : 0) |
				 (seen(f->rtt_ns) ? KEPT_RTT : 0));
	k->letters = (uint32_t)f->zeek.packed;
	k->letters_high = (uint32_t)(f->zeek.packed >> 32);
	if (is_icmp(f)) {
		k->synack = (uint32_t)f->icmp_type << 8 | f->icmp_code;
		k->ack = f->icmp_id;
		return;
	}
	kept_set(&k->synack, &k->synack_high, seen(f->synack_ns) ? f->synack_ns - f->first_ns : 0);
	kept_set(&k->ack, &k->ack_high, seen(f->ack_ns) ? f->ack_ns - f->first_ns : 0);
}

/* Where it stands still for a day and a half: some moment before the last packet, see BASE_STEP_NS. */
static int64_t base_of(const struct flow *f)
{
	int64_t age = f->last_ns - f->first_ns;

	return kept_fits(age) ? f->first_ns : f->first_ns + (age / BASE_STEP_NS - 1) * BASE_STEP_NS;
}

#ifndef NDEBUG
/* What is kept of f is f. */
static void assert_same(const struct flow_table *t, const struct flow *f)
{
	static _Thread_local struct flow again, was;

	kept_unfold(t, f->self, &again);
	was = *f;
	if (!(was.bits & FLOW_BIT_SIMULTANEOUS))
		was.peer_syn_ns = 0;
	for (unsigned i = 0; i < 2; i++) {
		struct flow_side *s = &was.side[i];

		s->ws_next_ns = again.side[i].ws_next_ns;
	}
	assert(memcmp(&again, &was, sizeof again) == 0);
}
#endif

static bool has_holes(const struct flow_table *t, const struct flow *f)
{
	return segments_holes(t, f->side[0].trouble) || segments_holes(t, f->side[1].trouble);
}

void kept_fold(struct flow_table *t, struct flow *f)
{
	struct kept *k = &t->flows[f->self];
	bool plain;

	for (unsigned i = 0; i < 2; i++)
		if (!(f->side[i].ws_bits & WS_DOUBT))
			f->side[i].doubt = 0; /* it says nothing any more */
	flow_moved(t, f->self);
	k->base_ns = base_of(f);
	fold_whole(k, f);
	if (t->holes_moved)
		k->class = (uint8_t)((k->class & ~KEPT_HOLES) | (has_holes(t, f) ? KEPT_HOLES : 0));
	t->holes_moved = false;
	plain = k->base_ns == f->first_ns && handshake_follows(f) && rest_follows(f);
	plain &= fold_side(k, 0, f);
	plain &= fold_side(k, 1, f);
	if (plain && k->odd != REF_NONE) {
		place_give(t, k->odd);
		k->odd = REF_NONE;
	} else if (!plain) {
		if (k->odd == REF_NONE)
			k->odd = place_take(t);
		odd_fold(f, kept_odd(t, k));
	}
#ifndef NDEBUG
	assert_same(t, f);
#endif
}

void met_keep(struct flow_table *t)
{
	const struct flow *f = &t->scratch;
	struct kept *k = &t->flows[f->self];

	k->bits = f->bits;
	k->service = f->service_number;
	k->name = f->name;
	k->side[0].bits = f->side[0].bits;
	k->side[1].bits = f->side[1].bits;
}

void flow_put_down(struct flow_table *t)
{
	flow_store(t);
}

void flow_fold(struct flow_table *t)
{
	if (t->bits_open)
		met_keep(t);
	if (t->work_open)
		kept_fold(t, &t->work);
	t->work_open = t->bits_open = false;
}

struct flow *flow_at_hand(struct flow_table *t, struct flow *f)
{
	if (f != &t->scratch || f->self & REF_EMBRYO)
		return f;
	flow_store(t);
	kept_unfold(t, f->self, &t->work);
	t->work_open = true;
	return &t->work;
}

void kept_begin(struct kept *k, const struct flow_key *key)
{
	memset(k, 0, sizeof *k);
	memcpy(k->address[0], key->a.b, 4);
	memcpy(k->address[1], key->b.b, 4);
	if (key->family != FAMILY_IPV4) {
		memcpy(&k->trips[0][1], key->a.b + 4, 12);
		memcpy(&k->trips[1][1], key->b.b + 4, 12);
	}
	k->port[0] = key->a_port;
	k->port[1] = key->b_port;
	k->proto = key->proto;
	k->family = key->family;
	k->odd = k->name = REF_NONE;
	k->side[0].trouble = k->side[1].trouble = REF_NONE;
}
