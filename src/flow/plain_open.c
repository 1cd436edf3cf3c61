/* The plain handshake (plain.c): the SYN/ACK of a lone SYN, which makes the flow, and the ACK of it. */
#include "plain.h"

/* ---- SYN/ACK -------------------------------------------------------------------- */

static bool answers_plainly(const struct embryo *e, const struct descriptor *d, unsigned dir)
{
	return e->key.proto == PROTO_TCP && (e->bits & ~(EMBRYO_FROM_B | EMBRYO_TRIED)) == EMBRYO_SYN && e->window &&
	       dir == !(e->bits & EMBRYO_FROM_B) && d->flags == (TCP_SYN | TCP_ACK) && is_bare(d) &&
	       d->tcp.ack == e->isn + 1 && d->tcp.ack && d->tcp.seq + 1 && d->ts_ns >= e->ts_ns &&
	       kept_fits(d->ts_ns - e->ts_ns) && e->key.a_port != e->key.b_port &&
	       !(d->options & (TCP_OPTIONS_CUT | TCP_HAS_FAST_OPEN | TCP_HAS_MPTCP));
}

static void begin_sides(struct kept *k, const struct embryo *e, const struct descriptor *d, unsigned dir)
{
	bool scaled = e->options & d->options & TCP_HAS_WSCALE;
	unsigned scale = (scaled ? 1u * SCALE_ASKED : SCALE_UNUSED) << KEPT_SCALE_SHIFT;

	k->side[!dir] = (struct kept_side){
		.next = e->isn + 1, .low = e->isn + 1, .packets = 1, .trouble = REF_NONE, .window = e->window,
		.mss = e->mss_or_len, .wscale = e->wscale_or_service, .options = e->options, .ttl = e->ttl,
		.bits = SIDE_BASE | SIDE_NEXT | SIDE_SYN | SIDE_OPTIONS, .ws_bits = WS_FIRST_ACK | WS_SPOKE,
		.zeek_seen = SEEN_SYN, .zeek = ZEEK_ESTABLISHED | ZEEK_SYN_SENT << 3,
		.state = (uint8_t)(END_SYN_SENT | scale | LOOKED_ACKED << KEPT_LOOKED_SHIFT),
	};
	k->side[dir] = (struct kept_side){
		.next = d->tcp.seq + 1, .low = d->tcp.seq + 1, .trouble = REF_NONE,
		.mss = d->tcp.syn.mss, .wscale = d->tcp.syn.wscale, .options = d->options, .ttl = d->ttl,
		.bits = SIDE_BASE | SIDE_NEXT | SIDE_SYNACK | SIDE_OPTIONS, .ws_bits = WS_PLAIN | WS_FIRST_ACK,
		.zeek_seen = SEEN_SYN, .zeek = ZEEK_ESTABLISHED | ZEEK_INACTIVE << 3,
		.state = (uint8_t)(END_SYN_RECEIVED | scale | LOOKED_LOW << KEPT_LOOKED_SHIFT),
	};
}

uint32_t plain_synack(struct flow_table *t, uint32_t ref, const struct descriptor *d, uint64_t identity, unsigned dir)
{
	const struct embryo e = t->embryos[ref & ~REF_EMBRYO];
	uint64_t id = (uint64_t)e.id_high << 32 | e.id_low;
	struct kept *k;
	uint32_t place, slot;

	if (!answers_plainly(&e, d, dir) || (t->ages && flow_too_old(t, FLOW_HALF_OPEN, e.ts_ns, d->ts_ns)) ||
	    copies_saw(&t->copies, d, identity))
		return REF_NONE;
	for (slot = d->hash & t->slot_mask; t->slots[slot].ref != ref; slot = (slot + 1) & t->slot_mask)
		;
	embryo_forget(t, ref);
	place = place_take(t);
	t->flow_live++;
	t->slots[slot].ref = place;
	k = &t->flows[place];
	kept_begin(k, &e.key);
	k->base_ns = e.ts_ns;
	k->id = e.id_low;
	k->id_high = e.id_high;
	k->path = e.path;
	k->lost_before = lost_before(t, id);
	k->completeness = COMPLETE_SYN | CLIENT_SYN << 6;
	k->class = (uint8_t)(FLOW_HALF_OPEN | (dir ? 0 : KEPT_CLIENT | KEPT_ZEEK_CLIENT));
	begin_sides(k, &e, d, dir);
	put_letter(k, !dir, LETTER_S);
	put_letter(k, dir, LETTER_H);
	k->handshake |= KEPT_SYN | KEPT_SYNACK;
	plain_account(t, k, dir, d, d->ts_ns - k->base_ns);
	k->side[dir].rose = k->side[dir].ack;
	k->side[dir].rose_high = k->side[dir].ack_high;
	k->synack = k->side[dir].ack;
	k->synack_high = k->side[dir].ack_high;
	k->completeness |= COMPLETE_SYNACK;
	flow_list_add(t, place, FLOW_HALF_OPEN);
	return place;
}

/* ---- the ACK that ends the handshake ---------------------------------------------- */

/* The client after its SYN, the server after its SYN/ACK. */
enum { SIDE_ASKS = SIDE_BASE | SIDE_NEXT | SIDE_SYN, SIDE_ANSWERS = SIDE_BASE | SIDE_NEXT | SIDE_SYNACK | SIDE_ACKED };
static const struct kept_side syn_of = {.bits = SIDE_ASKS | SIDE_ACKED, .ws_bits = UINT8_MAX, .end = UINT8_MAX,
					 .state = 15 | 3 << KEPT_LOOKED_SHIFT, .zeek = 7},
	syn_is = {.bits = SIDE_ASKS, .ws_bits = WS_FIRST_ACK | WS_SPOKE, .state = END_SYN_SENT | LOOKED_ACKED << KEPT_LOOKED_SHIFT,
		.zeek = ZEEK_ESTABLISHED},
	synack_of = {.bits = SIDE_ANSWERS, .ws_bits = UINT8_MAX, .end = UINT8_MAX, .state = 15},
	synack_is = {.bits = SIDE_ANSWERS, .ws_bits = WS_PLAIN | WS_FIRST_ACK, .state = END_SYN_RECEIVED};

bool completes_plainly(const struct kept *k, const struct descriptor *d, unsigned dir, int64_t at)
{
	const struct kept_side *s = &k->side[dir], *peer = &k->side[!dir];

	return k->handshake == (2 << 4 | KEPT_SYN | KEPT_SYNACK) && k->bits == 0 &&
	       k->completeness == (COMPLETE_SYN | COMPLETE_SYNACK | CLIENT_SYN << 6) && dir == client_of(k) &&
	       d->tcp.seq == s->next && d->tcp.ack == peer->next && s->next && peer->next && s->packets == 1 && peer->packets == 1 &&
	       (s->trouble & peer->trouble) == REF_NONE && side_is(s, &syn_of, &syn_is) &&
	       side_is(peer, &synack_of, &synack_is) && peer->acked == s->next && at > 0 &&
	       at >= kept_ns(0, k->synack, k->synack_high);
}

void plain_complete(struct flow_table *t, struct kept *k, uint32_t ref, const struct descriptor *d, unsigned dir, int64_t at)
{
	struct kept_side *s = &k->side[dir], *peer = &k->side[!dir];

	plain_account(t, k, dir, d, at);
	k->completeness |= COMPLETE_ACK;
	s->ws_bits = WS_PLAIN;
	if (d->options & TCP_HAS_TIMESTAMPS)
		take_stamp(s, d);
	set_state(s, END_ESTABLISHED);
	set_state(peer, END_ESTABLISHED);
	set_looked(peer, LOOKED_ACKED); /* to where it begins, which is what this acknowledges */
	k->bits |= FLOW_BIT_ACKED;
	k->ack = s->ack;
	k->ack_high = s->ack_high;
	k->handshake |= KEPT_ACK | KEPT_RTT;
	s->zeek_seen |= SEEN_ACK;
	put_letter(k, dir, LETTER_A);
	flow_list_remove(t, ref);
	flow_list_add(t, ref, FLOW_ESTABLISHED);
}
