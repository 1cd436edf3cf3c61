/* The plain handshake and the plain close: each step of them in one go.
 *
 *   SYN/ACK   of a lone SYN                          makes the flow (an embryo until then)
 *   ACK       of the SYN/ACK                         completes it
 *   FIN       of either side, at its highest end
 *   ACK       of the other side's FIN
 *
 * And what each side says for the first time: the next data in order, or an ACK that moves on,
 * until ordinary.c takes over; and the same ACK once more, by which a receiver asks for what it
 * has not got, or moves its window: of the first three of a row there is a count here. Its application is asked for of the flow that was met().
 *
 * And any further datagram whose application nobody asks for.
 *
 * As ordinary.c for what lies between, this is a shortcut through tcp_account(), which is the
 * truth: a step is taken here only where no rule has anything to say, and leaves the flow, where
 * it lies folded (kept.h), as tcp_account() would. Whatever else comes is declined, and nothing
 * was written. Only flows of which all follows are looked at: none with an odd part, no fast open,
 * no ECN, no hole. */
#include <assert.h>

#include "plain.h"

/* ---- the close ---------------------------------------------------------------------- */

/* The handshake was reported, or never seen; the connection is open, or one side has closed it. */
static bool flow_is_usual(const struct kept *k)
{
	const unsigned handshake = k->handshake & ALL_OF_IT, other = ~(unsigned)(FLOW_BITS_ORDINARY | FLOW_BIT_REPORTED | FLOW_BIT_ACKED);
	bool known = handshake == ALL_OF_IT && (k->ack || k->ack_high) &&
		     (k->bits & (FLOW_BIT_REPORTED | FLOW_BIT_ACKED)) == (FLOW_BIT_REPORTED | FLOW_BIT_ACKED);

	return (known || handshake == 0) && (k->bits & other) == 0 && client_of(k) == ((k->class & KEPT_ZEEK_CLIENT) != 0) &&
	       !(k->class & KEPT_HOLES) && k->handshake >> 4 < ZEEK_PACKED;
}

/* What both sides have to be: of one that has ACKed packets were seen. */
enum { SIDE_KNOWN = SIDE_BASE | SIDE_NEXT | SIDE_ACKED };
static const struct kept_side usual_of = {.bits = SIDE_KNOWN, .ws_bits = UINT8_MAX, .end = END_UNUSUAL,
					  .zeek = KEPT_DUPS << KEPT_DUPS_SHIFT},
	usual_is = {.bits = SIDE_KNOWN, .ws_bits = WS_PLAIN};

static inline bool side_is_usual(const struct kept_side *s)
{
	return side_is(s, &usual_of, &usual_is) && state_of(s) >= END_ESTABLISHED && s->next && s->window;
}

/* A FIN at its highest end, or an ACK that moves, and that of the other's FIN. */
static bool closes_plainly(const struct kept *k, const struct descriptor *d, unsigned dir)
{
	const struct kept_side *s = &k->side[dir], *peer = &k->side[!dir];
	uint32_t acks = d->tcp.ack - s->acked, sent = peer->next - s->acked;
	bool fin = d->flags & TCP_FIN, answers = peer->end & END_FIN;
	enum zeek_state mine = zeek_of(s), other = zeek_of(peer);

	if (d->tcp.seq != s->next || acks > sent || sent > JUMP_MAX || d->tcp.seq + 1 == 0 ||
	    d->tcp.seq + 1 - s->low > JUMP_MAX || !flow_is_usual(k) || !side_is_usual(s) || !side_is_usual(peer))
		return false;
	if (answers && (d->tcp.ack != peer->next || looked_at(peer) != (acks ? LOOKED_ACKED : LOOKED_FIN)))
		return false;
	if (!answers && looked_at(peer) != LOOKED_ACKED)
		return false;
	if (other != ZEEK_ESTABLISHED && other != ZEEK_PARTIAL && !(answers && other == ZEEK_CLOSED))
		return false;
	if (fin) /* its first; and of the two of them, this side's is counted second, or nobody's was */
		return !(s->end & END_FIN) && !(s->zeek_seen & SEEN_FIN) && (mine == ZEEK_ESTABLISHED || mine == ZEEK_PARTIAL) &&
		       (k->class & KEPT_CLASS) == FLOW_ESTABLISHED;
	return answers && acks && (mine == ZEEK_ESTABLISHED || mine == ZEEK_PARTIAL || mine == ZEEK_CLOSED);
}

/* False: the stamp is older than the last one taken: of a FIN that is told. */
static bool stamp_fits(const struct kept_side *s, const struct descriptor *d, int64_t idle_ns)
{
	return !(d->options & TCP_HAS_TIMESTAMPS) || !(s->end & END_TSVAL) || idle_ns >= STAMPS_FORGOTTEN_NS ||
	       (int32_t)(d->tcp.tsval - s->tsval) >= 0;
}

static bool fin_is_acked(const struct kept_side *s, const struct kept_side *peer)
{
	return s->end & END_FIN && !seq_before(peer->acked, s->next);
}

/* As state.c: after_open(). */
static enum end_state after_open(const struct kept_side *s, const struct kept_side *peer)
{
	bool got = fin_is_acked(peer, s), acked = fin_is_acked(s, peer);

	if (!(s->end & END_FIN))
		return got ? END_CLOSE_WAIT : END_ESTABLISHED;
	if (!got)
		return acked ? END_FIN_WAIT_2 : END_FIN_WAIT_1;
	if (s->end & END_PASSIVE)
		return acked ? END_CLOSED : END_LAST_ACK;
	return acked ? END_TIME_WAIT : END_CLOSING;
}

static void send_fin(struct kept *k, unsigned dir)
{
	struct kept_side *s = &k->side[dir], *peer = &k->side[!dir];

	s->next++;
	s->rose = s->ack;
	s->rose_high = s->ack_high;
	s->end |= (uint8_t)(END_FIN | (peer->end & END_FIN ? END_PASSIVE : 0));
	s->zeek_seen |= SEEN_FIN;
	s->zeek = (uint8_t)(ZEEK_CLOSED | zeek_of(s) << 3);
	put_letter(k, dir, LETTER_F);
	if (!(k->class & KEPT_BY_FIN)) {
		k->class |= KEPT_BY_FIN;
		k->completeness_before = (uint8_t)((k->completeness_before & 63u) | (dir + 1) << 6);
	}
}

/* The round trip that it ends, in us, or -1. */
static int64_t close_step(struct flow_table *t, struct kept *k, uint32_t ref, const struct descriptor *d, unsigned dir,
			  int64_t at)
{
	struct kept_side *s = &k->side[dir], *peer = &k->side[!dir];
	bool fin = d->flags & TCP_FIN, answers = peer->end & END_FIN;
	int64_t us, rose_ns = kept_ns(k->base_ns, peer->rose, peer->rose_high);

	k->bits &= (uint16_t)~FLOW_BITS_ORDINARY;
	if (d->options & TCP_HAS_TIMESTAMPS && stamp_fits(s, d, at - kept_ns(0, s->ack, s->ack_high)) &&
	    peer->acked - d->tcp.seq <= 1)
		take_stamp(s, d);
	plain_account(t, k, dir, d, at);
	us = kept_trips_ack(t, k, !dir, rose_ns, d, trips_us(k->base_ns, d->ts_ns));
	k->completeness |= COMPLETE_ACK | (fin ? COMPLETE_FIN : 0);
	if (answers)
		set_looked(peer, LOOKED_FIN);
	if (fin) {
		send_fin(k, dir);
	} else if (!(s->zeek_seen & SEEN_ACK)) {
		s->zeek_seen |= SEEN_ACK;
		put_letter(k, dir, LETTER_A);
	}
	set_state(s, after_open(s, peer));
	set_state(peer, after_open(peer, s));
	if (fin && answers) {
		flow_list_remove(t, ref);
		flow_list_add(t, ref, FLOW_CLOSED);
	}
	return us;
}

/* ---- data and ACKs ------------------------------------------------------------------ */

static bool zeek_is_open(const struct kept_side *s)
{
	return zeek_of(s) == ZEEK_ESTABLISHED || zeek_of(s) == ZEEK_PARTIAL;
}

static const struct kept_side open_of = {.bits = SIDE_KNOWN, .ws_bits = (uint8_t)~WS_FIRST_ACK, .end = END_UNUSUAL | END_FIN,
					 .state = 15 | 3 << KEPT_LOOKED_SHIFT},
	open_is = {.bits = SIDE_KNOWN, .ws_bits = WS_PLAIN, .state = END_ESTABLISHED | LOOKED_ACKED << KEPT_LOOKED_SHIFT};

static inline bool side_is_open(const struct kept_side *s)
{
	return side_is(s, &open_of, &open_is) && zeek_is_open(s) && s->next && s->window;
}

/* As is_ordinary() of ordinary.c, where it may be the first of its kind. A side that has said nothing since its SYN/ACK
 * has a window that is not scaled yet. */
static bool goes_on_plainly(const struct kept *k, const struct descriptor *d, unsigned dir, int64_t at)
{
	const struct kept_side *s = &k->side[dir], *peer = &k->side[!dir];
	uint32_t len = d->payload_len, end = d->tcp.seq + len;
	uint32_t acks = d->tcp.ack - s->acked, sent = peer->next - s->acked;
	int64_t before = kept_ns(0, s->ack, s->ack_high);

	if (d->tcp.seq != s->next || acks > sent || sent > JUMP_MAX || before == KEPT_TIME_FAR ||
	    (k->class & KEPT_CLASS) != FLOW_ESTABLISHED || !flow_is_usual(k) || !side_is_open(s) || !side_is_open(peer))
		return false;
	if (len == 0) /* the same once more says the next of its kind, up to so many */
		return acks || d->window != s->window || dups_of(s) < KEPT_DUPS;
	return end != 0 && len <= JUMP_MAX && end - s->low <= JUMP_MAX && seq_before(peer->acked, end) &&
	       s->bytes_high != UINT16_MAX && end != peer->acked + peer->window &&
	       end != peer->acked + ((uint32_t)peer->window << kept_shift(peer, 0)) && stamp_fits(s, d, at - before);
}

/* Nobody wants to look at what this side says. */
static bool is_known(const struct kept *k, const struct kept_side *s)
{
	return (k->service && k->name != REF_NONE) || s->bits & SIDE_TRIED;
}

/* As ordinary_settle(), of a flow of which all else was found level. */
static void settle(struct kept *k)
{
	if ((k->side[0].ws_bits | k->side[1].ws_bits) & WS_FIRST_ACK)
		return;
	for (unsigned i = 0; i < 2; i++) {
		const struct kept_side *s = &k->side[i];

		if (dups_of(s)) /* with its next ACK they are over */
			continue;
		if (k->completeness & COMPLETE_DATA && s->bits & SIDE_PAYLOAD && s->zeek_seen & SEEN_DATA && is_known(k, s))
			k->bits |= (uint16_t)(FLOW_BIT_ORDINARY_DATA << i);
		if (k->completeness & COMPLETE_ACK && s->zeek_seen & SEEN_ACK)
			k->bits |= (uint16_t)(FLOW_BIT_ORDINARY_ACK << i);
	}
}

static void first_of_kind(struct kept *k, unsigned dir, bool data)
{
	struct kept_side *s = &k->side[dir];
	unsigned kind = data ? SEEN_DATA : SEEN_ACK;

	k->completeness |= data ? COMPLETE_DATA : COMPLETE_ACK;
	s->bits |= data ? SIDE_PAYLOAD : 0;
	s->ws_bits = WS_PLAIN;
	if (!(s->zeek_seen & kind)) {
		s->zeek_seen |= (uint16_t)kind;
		put_letter(k, dir, data ? LETTER_D : LETTER_A);
	}
}

/* The same ACK again: to Wireshark either the window was moved by it, or something is missing. */
static void acks_again(struct flow_table *t, struct kept *k, unsigned dir, bool moves_window, struct flow_trip *trip)
{
	const enum verdict v = moves_window ? VERDICT_WINDOW_UPDATE : VERDICT_DUP_ACK;
	struct kept_side *s = &k->side[dir];
	struct side_trouble *x = trouble_need(t, &s->trouble);

	trip->verdicts = verdict_bit(v);
	if (!x) {
		k->bits |= FLOW_BIT_UNJUDGED;
		t->stats.flows_unjudged++;
	} else if (x->count[v] < UINT32_MAX) {
		x->count[v]++;
	}
	if (moves_window)
		return;
	s->zeek = (uint8_t)(s->zeek + (1 << KEPT_DUPS_SHIFT));
	trip->dup_ack_number = dups_of(s);
	k->bits &= (uint16_t)~((unsigned)(FLOW_BIT_ORDINARY_DATA | FLOW_BIT_ORDINARY_ACK) << dir);
}

/* The round trip of what it acknowledges, in us, or -1. */
static int64_t go_on(struct flow_table *t, struct kept *k, const struct descriptor *d, unsigned dir, int64_t at,
		     struct flow_trip *trip)
{
	struct kept_side *s = &k->side[dir], *peer = &k->side[!dir];
	const bool again = d->payload_len == 0 && d->tcp.ack == s->acked, moves_window = d->window != s->window;
	uint32_t us = trips_us(k->base_ns, d->ts_ns);
	int64_t rtt_us;

	if (d->tcp.ack != s->acked)
		s->zeek &= (1u << KEPT_DUPS_SHIFT) - 1;

	if (d->options & TCP_HAS_TIMESTAMPS && stamp_fits(s, d, at - kept_ns(0, s->ack, s->ack_high)) &&
	    peer->acked - d->tcp.seq <= d->payload_len + 1)
		take_stamp(s, d);
	plain_account(t, k, dir, d, at);
	rtt_us = kept_trips_ack(t, k, !dir, kept_ns(k->base_ns, peer->rose, peer->rose_high), d, us);
	if (d->payload_len)
		kept_carry(t, k, s, (uint32_t)(k - t->flows) * 2 + dir, d, us);
	if (again)
		acks_again(t, k, dir, moves_window, trip);
	first_of_kind(k, dir, d->payload_len != 0);
	settle(k);
	return rtt_us;
}

/* ---- datagrams ---------------------------------------------------------------------- */

static bool plain_datagram(struct flow_table *t, uint32_t ref, const struct descriptor *d, unsigned dir)
{
	struct kept *k = &t->flows[ref];
	struct kept_side *s = &k->side[dir];
	int64_t at = d->ts_ns - k->base_ns;
	uint64_t bytes = ((uint64_t)s->bytes_high << 32 | s->bytes) + d->payload_len;

	if (d->tuple.proto == PROTO_ICMP || d->tuple.proto == PROTO_ICMPV6 || k->bits || k->odd != REF_NONE ||
	    !kept_fits(at) || bytes >> 48 || s->packets == 0 || s->packets == UINT32_MAX ||
	    !(s->bits & SIDE_TRIED || (k->service && k->name != REF_NONE)) ||
	    (t->ages && flow_too_old(t, k->class & KEPT_CLASS, kept_last_ns(k), d->ts_ns)))
		return false;
	if (at > kept_ns(0, k->last, k->last_high))
		kept_set(&k->last, &k->last_high, at);
	k->lost_until = t->capture_lost;
	s->packets++;
	s->bytes = (uint32_t)bytes;
	s->bytes_high = (uint16_t)(bytes >> 32);
	s->bits |= d->payload_len ? SIDE_PAYLOAD : 0;
	return true;
}

/* ---- one packet --------------------------------------------------------------------- */

/* One of TCP, of a flow that was met; the round trip that it ends is in *rtt_us, verdicts in trip. */
static enum flow_stepped step(struct flow_table *t, uint32_t ref, const struct descriptor *d, const struct flow_near *near,
			      int64_t *rtt_us, struct flow_trip *trip)
{
	const unsigned dir = near->dir, kind = d->flags & ~(unsigned)TCP_PSH;
	struct kept *k = &t->flows[ref];
	struct kept_side *s = &k->side[dir];
	const int64_t at = d->ts_ns - k->base_ns;
	const bool closing = d->flags & TCP_FIN || k->side[!dir].end & END_FIN;

	assert(!(k->class & KEPT_HOLES) ==
	       !(segments_holes(t, k->side[0].trouble) || segments_holes(t, k->side[1].trouble)));
	if (k->odd != REF_NONE || k->story || !is_usual(d) || at < 0 || !kept_fits(at) || k->port[0] == k->port[1] ||
	    (t->ages && flow_too_old(t, k->class & KEPT_CLASS, kept_last_ns(k), d->ts_ns)))
		return STEP_NOT;
	if (kind == TCP_ACK && !closing && goes_on_plainly(k, d, dir, at)) {
		if (copies_saw(&t->copies, d, near->identity))
			return STEP_NOT;
		*rtt_us = go_on(t, k, d, dir, at, trip);
		return d->payload && !is_known(k, s) ? STEP_ASKS : STEP_DONE;
	}
	if (!is_bare(d))
		return STEP_NOT;
	if (closing) {
		if (!(kind == TCP_ACK || (kind == (TCP_FIN | TCP_ACK) && stamp_fits(s, d, at - kept_ns(0, s->ack, s->ack_high)))) ||
		    !closes_plainly(k, d, dir) || copies_saw(&t->copies, d, near->identity))
			return STEP_NOT;
		*rtt_us = close_step(t, k, ref, d, dir, at);
		return STEP_DONE;
	}
	if (d->flags != TCP_ACK || (k->class & KEPT_CLASS) != FLOW_HALF_OPEN || !completes_plainly(k, d, dir, at) ||
	    copies_saw(&t->copies, d, near->identity))
		return STEP_NOT;
	plain_complete(t, k, ref, d, dir, at);
	return STEP_HANDSHAKE_DONE;
}

static uint32_t step_of_embryo(struct flow_table *t, const struct descriptor *d, const struct flow_near *near)
{
	struct flow_words key, w;

	if (d->flags != (TCP_SYN | TCP_ACK))
		return REF_NONE;
	words_of_key(&w, &t->embryos[near->place & ~REF_EMBRYO].key);
	words_of_tuple(&key, &d->tuple, near->dir);
	return words_equal(&key, &w) ? plain_synack(t, near->place, d, near->identity, near->dir) : REF_NONE;
}

/* Where the long way will look: brought near while the flow is unfolded. */
__attribute__((always_inline)) static inline void long_way_near(const struct flow_table *t, const struct kept *k,
								const struct descriptor *d, unsigned dir)
{
	kept_trouble_near(t, k);
	if (d->payload) /* sent before? what was kept last of it */
		__builtin_prefetch(t->contents.at + (size_t)(k->side[dir].contents & t->contents.mask) * CONTENTS_UNIT);
}

enum flow_stepped flow_step(struct flow_table *t, const struct descriptor *d, const struct flow_near *near,
			    struct flow_trip *trip)
{
	enum flow_stepped stepped = STEP_DONE;
	uint32_t ref = near->place;
	int64_t rtt_us = -1;
	struct kept *k;

	if (t->limits.no_fast_path || ref == REF_NONE)
		return STEP_NOT;
	flow_store(t);
	places_reserve(t); /* for a flow that it makes, or that gets something odd once somebody was asked; may end the one met */
	trip->verdicts = 0;
	trip->dup_ack_number = 0;
	if (ref & REF_EMBRYO) {
		ref = step_of_embryo(t, d, near);
		stepped = ref == REF_NONE ? STEP_NOT : STEP_DONE;
	} else if (!kept_is(&t->flows[ref], &d->tuple, near->dir)) {
		stepped = STEP_NOT;
	} else if (d->tuple.proto == PROTO_TCP) {
		stepped = step(t, ref, d, near, &rtt_us, trip);
	} else {
		stepped = plain_datagram(t, ref, d, near->dir) ? STEP_DONE : STEP_NOT;
	}
	if (stepped == STEP_NOT) {
		if (!(ref & REF_EMBRYO))
			long_way_near(t, &t->flows[ref], d, near->dir);
		return STEP_NOT;
	}
	flow_moved(t, ref);
	k = &t->flows[ref];
	trip->id = kept_id(k);
	trip->place = ref;
	trip->side = near->dir != client_of(k);
	trip->rtt_ns = rtt_us < 0 ? -1 : rtt_us * 1000;
	return stepped;
}

/* Who it is and what became of its handshake, to be reported; and its application, which may be set: met_keep(). */
struct flow *flow_met(struct flow_table *t, uint32_t ref)
{
	const struct kept *k = &t->flows[ref];
	struct flow *f = kept_named(t, ref);
	unsigned is = k->handshake;

	f->key.proto = k->proto;
	f->bits = k->bits;
	f->story = k->story;
	f->client = (uint8_t)client_of(k);
	f->first_syn_ns = is & KEPT_SYN ? k->base_ns : NEVER;
	f->synack_ns = is & KEPT_SYNACK ? k->base_ns : NEVER;
	f->ack_ns = is & KEPT_ACK ? k->base_ns : NEVER;
	f->synacks = (is & KEPT_SYNACK) != 0;
	f->completeness = k->completeness & 63;
	f->completeness_before = k->completeness_before & 63;
	f->service_number = k->service;
	f->service = t->services[k->service];
	f->name = k->name;
	for (unsigned i = 0; i < 2; i++) {
		f->side[i].base = k->side[i].bits & SIDE_BASE ? k->side[i].low - 1 : 0;
		f->side[i].packets = k->side[i].packets;
		f->side[i].bits = k->side[i].bits;
		f->side[i].end = k->side[i].end;
		f->side[i].rst = 0;
		f->side[i].head = REF_NONE;
	}
	t->bits_open = true;
	return f;
}
