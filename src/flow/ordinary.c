/* The ordinary segment: the next data in order, or an ACK that moves on, between two
 * ends whose connection is open. Most segments are; of such a one no rule of this
 * room has anything to say, so its few effects are brought about here at once.
 *
 * It is a shortcut through tcp_account(), which is the truth: whatever is taken here
 * leaves every record as tcp_account() would. Two parts keep that cheap:
 *
 *   ordinary_settle()  after each segment that went the long way: what no ordinary
 *                      segment changes is looked at once, and leaves four bits: may
 *                      data, may a pure ACK of either side be ordinary?
 *   flow_ordinary()    holds one segment against what it can change, and changes it where the
 *                      flow lies folded (kept.h): it is not unfolded.
 *
 * While a bit stands, Wireshark's numbers and Zeek's highest ends and ACKs (verdicts.c,
 * zeek.c) are those of the sides: they are not kept in step with each segment, but set
 * by ordinary_level(). So an ordinary segment touches the four cache lines of its flow, and
 * one more for each side that has had many round trips. */
#include "sockeye/clock.h"
#include "kept_trips.h"

enum { SIDE_LEVEL = SIDE_BASE | SIDE_NEXT | SIDE_ACKED, WS_LEVEL = WS_SPOKE | WS_MPTCP_SAME };
enum { WS_UNEVEN = WS_KEEP_ALIVE | WS_PROBE | WS_FIRST_ACK | WS_PROBED | WS_DOUBT };

void ordinary_level(struct flow *f)
{
	for (unsigned i = 0; i < 2; i++) {
		struct flow_side *s = &f->side[i];

		s->ws_next = s->ws_to_ack = s->zeek.last = s->next;
		s->ws_ack = f->side[!i].zeek.looked = s->acked;
	}
}

void ordinary_leave(struct flow *f)
{
	if (!(f->bits & FLOW_BITS_ORDINARY))
		return;
	ordinary_level(f);
	f->bits &= (uint16_t)~FLOW_BITS_ORDINARY;
}

/* All that is kept of what it sent and acknowledged says the same. Where a number might
 * be 0, which means "not known" to Wireshark's rules, it is not so. */
static bool side_agrees(const struct flow *f, unsigned i)
{
	const struct flow_side *s = &f->side[i];

	return s->ws_next == s->next && s->ws_to_ack == s->next && s->next != 0 && s->zeek.last == s->next &&
	       s->ws_ack == s->acked && f->side[!i].zeek.looked == s->acked;
}

/* Its windows can be read where it lies folded. */
static bool scale_is_plain(const struct flow_side *s)
{
	return s->ws_scale < 0 || s->ws_scale == (s->wscale > 14 ? 14 : s->wscale);
}

/* Nothing is open of it: no hole, no doubt, no close, no answer that it waits for. */
static bool side_is_level(const struct flow_table *t, const struct flow *f, unsigned i)
{
	const struct flow_side *s = &f->side[i];
	const struct side_trouble *x = side_trouble(t, s);

	return s->state == END_ESTABLISHED && s->packets && s->window && !s->fin && !s->ws_dup_acks &&
	       (s->bits & SIDE_LEVEL) == SIDE_LEVEL && (s->ws_bits & WS_LEVEL) == WS_LEVEL && !(s->ws_bits & WS_UNEVEN) &&
	       !(s->end & (END_FIN | END_RST | END_PROVOKED)) && !(x && (x->n_holes || x->forgotten_holes)) &&
	       (s->zeek.state == ZEEK_ESTABLISHED || s->zeek.state == ZEEK_PARTIAL) && scale_is_plain(s) && side_agrees(f, i);
}

/* The handshake is over and told, or was never seen: no ACK can still mean something to it. */
static bool handshake_is_over(const struct flow *f)
{
	if (seen(f->last_syn_ns) && !tcp_rtt_known(f))
		return false;
	if (seen(f->synack_ns) && !(seen(f->ack_ns) && f->bits & FLOW_BIT_ACKED))
		return false;
	return f->bits & FLOW_BIT_REPORTED || !seen(f->first_syn_ns);
}

/* Nobody wants to look at what this side says. */
static bool is_known(const struct flow *f, unsigned i)
{
	return (f->service && f->name != REF_NONE) || (f->side[i].bits & SIDE_TRIED && f->side[i].head == REF_NONE);
}

void ordinary_settle(const struct flow_table *t, struct flow *f)
{
	if (t->limits.no_fast_path || f->class != FLOW_ESTABLISHED || !handshake_is_over(f) || f->zeek.client != f->client ||
	    f->story & (STORY_ECN_ACCURATE | STORY_SPLIT) || !side_is_level(t, f, 0) || !side_is_level(t, f, 1) ||
	    state_is_self(f))
		return;
	for (unsigned i = 0; i < 2; i++) {
		if (f->completeness & COMPLETE_DATA && f->side[i].bits & SIDE_PAYLOAD && zeek_said_data(f, i) &&
		    is_known(f, i))
			f->bits |= (uint16_t)(FLOW_BIT_ORDINARY_DATA << i);
		if (f->completeness & COMPLETE_ACK && zeek_said_ack(f, i))
			f->bits |= (uint16_t)(FLOW_BIT_ORDINARY_ACK << i);
	}
}

/* Do segments of its kind go this way, of that side? */
static inline bool may_be(const struct kept *k, const struct descriptor *d, unsigned dir)
{
	unsigned bit = (unsigned)(d->payload_len ? FLOW_BIT_ORDINARY_DATA : FLOW_BIT_ORDINARY_ACK) << dir;

	return (k->bits & (bit | FLOW_BIT_TOLD)) == bit;
}

/* Does no rule speak of it? Where a number might become 0, or a limit is near, the answer is no. */
static inline bool is_ordinary(const struct kept_side *s, const struct kept_side *peer, const struct descriptor *d)
{
	uint32_t len = d->payload_len, seq = d->tcp.seq, end = seq + len;
	uint32_t acks = d->tcp.ack - s->acked, sent = peer->next - s->acked;

	if (seq != s->next || (d->flags & ~TCP_PSH) != TCP_ACK ||
	    d->ecn == IP_CE || d->window == 0 || (d->sacks | d->tcp.mptcp) != 0 || s->packets == UINT32_MAX)
		return false;
	if (acks > sent || sent > JUMP_MAX)
		return false;
	if (len == 0)
		return acks != 0;
	return end != 0 && len <= JUMP_MAX && (s->ws_bits & WS_FAR || end - s->low <= JUMP_MAX) &&
	       seq_before(peer->acked, end) && s->bytes_high != UINT16_MAX &&
	       end != peer->acked + ((uint32_t)peer->window << kept_shift(peer, 0));
}

/* The time stamp, if it has one (stamps.c). False: it is older than the last one taken, and that must be told. */
static inline bool stamped(struct kept_side *s, const struct kept_side *peer, const struct descriptor *d, int64_t at)
{
	const unsigned has = (d->options & TCP_HAS_TIMESTAMPS) != 0;
	bool in_place;

	if (__builtin_expect((int32_t)(d->tcp.tsval - s->tsval) < 0, 0) && has && s->end & END_TSVAL) {
		int64_t before = kept_ns(0, s->ack, s->ack_high);

		if (before == KEPT_TIME_FAR)
			return false;
		if (at - before < STAMPS_FORGOTTEN_NS)
			return d->payload_len == 0;
	}
	/* It may be taken. Written in any case: whether a flow has stamps, and this one is in place, is nobody's guess. */
	in_place = has & (peer->acked - d->tcp.seq <= d->payload_len + 1);
	s->tsval = in_place ? d->tcp.tsval : s->tsval;
	s->end |= (uint8_t)(in_place * END_TSVAL);
	return true;
}

static inline void acknowledge(struct kept_side *s, const struct descriptor *d)
{
	uint32_t edge = d->tcp.ack + ((uint32_t)d->window << kept_shift(s, 14));

	s->edge = seq_before(s->edge, edge) ? edge : s->edge;
	s->acked = d->tcp.ack;
	s->window = d->window;
}

/* The segment of a flow that was met, from side s to side peer. False: it is none of these, and nothing was written.
 * Apart from its caller, so that each of the three keeps a register. */
__attribute__((noinline)) static bool go_on(struct flow_table *t, struct kept *k, struct kept_side *s,
					    const struct kept_side *peer, const struct descriptor *d,
					    const struct flow_near *near, int64_t *rtt_us)
{
	const unsigned dir = near->dir;
	const int64_t at = d->ts_ns - k->base_ns;
	const uint32_t us = (uint32_t)((uint64_t)at / 1000); /* trips_us(), of a time that is none before the base */

	if (!is_ordinary(s, peer, d) || (uint64_t)at > (uint64_t)KEPT_TIME_MAX || !kept_is(k, &d->tuple, dir) ||
	    (t->ages && flow_too_old(t, k->class & KEPT_CLASS, kept_last_ns(k), d->ts_ns)) ||
	    !stamped(s, peer, d, at))
		return false;
	/* Its numbers are new, so it is nobody's copy, but may have some. */
	copies_note(&t->copies, d, near->identity);
	if (at > kept_ns(0, k->last, k->last_high))
		kept_set(&k->last, &k->last_high, at);
	k->lost_until = t->capture_lost;
	k->completeness_before = (uint8_t)((k->completeness_before & ~63) | (k->completeness & 63));
	s->packets++;
	acknowledge(s, d);
	kept_set(&s->ack, &s->ack_high, at);
	if (kept_trips_wait(k, !dir))
		*rtt_us = kept_trips_ack(t, k, !dir, kept_ns(k->base_ns, peer->rose, peer->rose_high), d, us);
	if (d->payload_len)
		kept_carry(t, k, s, near->place * 2 + dir, d, us);
	flow_moved(t, near->place);
	return true;
}

bool flow_ordinary(struct flow_table *t, const struct descriptor *d, const struct flow_near *near, struct flow_trip *trip)
{
	struct kept *k;
	int64_t rtt_us = -1;

	if (near->place >= REF_EMBRYO)
		return false;
	flow_store(t);
	k = &t->flows[near->place];
	if (!may_be(k, d, near->dir) || !go_on(t, k, &k->side[near->dir], &k->side[!near->dir], d, near, &rtt_us))
		return false;
	trip->rtt_ns = rtt_us < 0 ? -1 : rtt_us * 1000;
	trip->side = near->dir != ((k->class & KEPT_CLIENT) != 0);
	trip->id = kept_id(k);
	return true;
}
