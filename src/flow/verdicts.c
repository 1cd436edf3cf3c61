/* Wireshark's verdicts, by the rules that Wireshark 4.0 goes by.
 *
 * Each segment is held against what was remembered of both directions before
 * it; the order of the questions is part of the rules, and so is that a number
 * of 0 means "not known yet". docs/verdicts.md has each rule with an example.
 * Nothing here is ours: where a rule is not what an RFC would say, it stands
 * as Wireshark has it, and segments.c has the other opinion. */
#include "flow_private.h"
#include "sockeye/clock.h"

enum {
	FAST_NS = 20 * CLOCK_MS,  /* a fast retransmission comes within this of the last duplicate ACK */
	EARLY_NS = 3 * CLOCK_MS,  /* out of order, where no initial RTT is known */
};

#define BIT(v) verdict_bit(VERDICT_##v)

static const uint16_t not_data = TCP_SYN | TCP_FIN | TCP_RST;

/* The same sequence number, ACK and kind as the side's last: only the window tells. */
static bool repeats_ack(const struct flow_side *s, const struct descriptor *d)
{
	return d->payload_len == 0 && d->tcp.seq == s->ws_next && d->tcp.ack == s->ws_ack && !(d->flags & not_data);
}

static bool fills_window(const struct flow_side *peer, const struct descriptor *d)
{
	unsigned shift = peer->ws_bits & WS_FIRST_ACK || peer->ws_scale < 0 ? 0 : (unsigned)peer->ws_scale;

	if (d->payload_len == 0 || peer->ws_scale == -1 || !(peer->ws_bits & WS_SPOKE) || d->flags & not_data)
		return false;
	return d->tcp.seq + d->payload_len == peer->ws_ack + ((uint32_t)peer->window << shift);
}

/* Windows, keep-alives, probes, gaps, duplicate ACKs. */
static uint64_t judge_ack(const struct flow *f, struct flow_side *s, const struct flow_side *peer,
			  const struct descriptor *d)
{
	uint32_t len = d->payload_len;
	uint64_t v = 0;

	if (len == 1 && d->tcp.seq == s->ws_next && peer->window == 0 && peer->ws_bits & WS_SPOKE)
		return BIT(ZERO_WINDOW_PROBE);
	if (d->window == 0 && !(d->flags & not_data))
		v |= BIT(ZERO_WINDOW);
	if (s->ws_next && seq_before(s->ws_next, d->tcp.seq) && !(d->flags & TCP_RST))
		v |= BIT(LOST_SEGMENT);
	if (len <= 1 && d->tcp.seq == s->ws_next - 1 && !(d->flags & not_data))
		v |= BIT(KEEP_ALIVE);
	if (fills_window(peer, d))
		v |= BIT(WINDOW_FULL);
	if (!repeats_ack(s, d))
		return v;
	if (d->window && d->window != s->window)
		return v | BIT(WINDOW_UPDATE);
	if (d->window != s->window)
		return v;
	if (d->window && peer->ws_bits & WS_KEEP_ALIVE)
		return v | BIT(KEEP_ALIVE_ACK);
	if (!d->window)
		return v | (peer->ws_bits & WS_PROBE ? BIT(ZERO_WINDOW_PROBE_ACK) : 0);
	/* MPTCP says the same ACK again where only its own options differ (RFC 8684 4);
	 * Wireshark asks before it has read this packet's, so by those of the packet before. */
	if (f->ws_mptcp && !(s->ws_bits & WS_MPTCP_SAME))
		return v;
	s->ws_dup_acks = s->ws_dup_acks == UINT32_MAX ? 1 : s->ws_dup_acks + 1;
	return v | BIT(DUP_ACK);
}

/* Does it ACK what was never captured? Said once for a gap: the boundary moves
 * up to what was seen, and after that once until the peer's own ACK moves. */
static bool acks_unseen(struct flow_side *peer, const struct descriptor *d)
{
	bool first;

	if (!peer->ws_to_ack || !seq_before(peer->ws_to_ack, d->tcp.ack) || !(d->flags & TCP_ACK))
		return false;
	if (seq_before(peer->ws_to_ack, peer->ws_next)) {
		peer->ws_to_ack = peer->ws_next;
		return true;
	}
	first = peer->ws_dup_acks == 0;
	peer->ws_dup_acks = UINT32_MAX;
	return first;
}

/* Time since then, as unsigned numbers: a clock that went back is "long ago", and
 * so nothing comes too late for a limit that is negative. */
static bool within(int64_t now_ns, int64_t since_ns, int64_t limit_ns)
{
	return (uint64_t)(now_ns - since_ns) < (uint64_t)limit_ns;
}

static uint64_t judge_repeat(const struct flow *f, const struct flow_side *s, const struct flow_side *peer,
			     const struct descriptor *d)
{
	uint32_t len = d->payload_len, unit = d->flags & (TCP_SYN | TCP_FIN) ? 1 : 0;
	int64_t early = tcp_rtt_known(f) ? f->rtt_ns : EARLY_NS;
	bool behind = s->ws_next && seq_before(d->tcp.seq, s->ws_next);

	/* New data one below the highest number: the segment before was a probe. */
	if (len > 1 && d->tcp.seq == s->ws_next - 1)
		behind = false;
	if (len && peer->ws_ack && !seq_before(peer->ws_ack, d->tcp.seq + len))
		return BIT(RETRANSMISSION) | BIT(SPURIOUS_RETRANSMISSION);
	if (!behind)
		return 0;
	if (peer->ws_dup_acks >= 2 && peer->ws_ack == d->tcp.seq && within(d->ts_ns, peer->ws_ack_ns, FAST_NS))
		return BIT(RETRANSMISSION) | BIT(FAST_RETRANSMISSION);
	if (within(d->ts_ns, s->ws_next_ns, early) && s->ws_next != d->tcp.seq + len + unit)
		return BIT(OUT_OF_ORDER);
	return BIT(RETRANSMISSION);
}

/* The scale counts from the next segment on; without the option in both SYNs
 * it counts for neither side (RFC 7323 2.2). */
static void learn_scale(struct flow_side *s, struct flow_side *peer, const struct descriptor *d)
{
	if (d->options & TCP_HAS_WSCALE)
		s->ws_scale = d->tcp.syn.wscale > 14 ? 14 : (int8_t)d->tcp.syn.wscale;
	s->ws_bits |= WS_FIRST_ACK;
	if (d->options & TCP_OPTIONS_CUT)
		return; /* what is missing may have been there */
	if (s->ws_scale == -1)
		s->ws_scale = peer->ws_scale = -2;
	else if (d->flags & TCP_ACK && peer->ws_scale == -2)
		s->ws_scale = -2;
}

static void remember(struct flow_side *s, const struct descriptor *d, uint64_t v)
{
	uint32_t len = d->payload_len, unit = d->flags & (TCP_SYN | TCP_FIN) ? 1 : 0;
	uint32_t next = d->tcp.seq + len + unit;
	uint8_t keep = s->ws_bits & (uint8_t)~(WS_KEEP_ALIVE | WS_PROBE);

	if (!(v & BIT(ZERO_WINDOW_PROBE))) {
		if (!s->ws_next || seq_before(s->ws_next, next)) {
			s->ws_next = next;
			s->ws_next_ns = d->ts_ns;
		}
		if (!s->ws_to_ack || s->ws_to_ack == d->tcp.seq)
			s->ws_to_ack = s->ws_next;
	}
	s->window = d->window;
	s->ws_ack = d->tcp.ack;
	s->ws_ack_ns = d->ts_ns;
	s->ws_bits = (uint8_t)(keep | WS_SPOKE | WS_MPTCP_SAME | (v & BIT(KEEP_ALIVE) ? WS_KEEP_ALIVE : 0) |
			       (v & BIT(ZERO_WINDOW_PROBE) ? WS_PROBE : 0));
}

void verdicts_judge(struct flow *f, const struct descriptor *d, unsigned dir, struct judgement *j)
{
	struct flow_side *s = &f->side[dir], *peer = &f->side[!dir];
	uint64_t v;

	/* The same SYN again: numbers that a stray RST had moved are put back. */
	if ((d->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN && s->bits & SIDE_BASE)
		s->ws_next = s->ws_to_ack;
	v = judge_ack(f, s, peer, d);
	if (v & BIT(DUP_ACK))
		j->dup_ack_number = s->ws_dup_acks;
	if (d->tcp.ack != s->ws_ack)
		s->ws_dup_acks = 0;
	if (acks_unseen(peer, d))
		v |= BIT(ACKED_UNSEEN);
	if ((d->payload_len || d->flags & (TCP_SYN | TCP_FIN)) && !(v & BIT(KEEP_ALIVE)))
		v |= judge_repeat(f, s, peer, d);
	remember(s, d, v);
	if (d->tcp.mptcp & ~f->ws_mptcp) {
		f->ws_mptcp |= d->tcp.mptcp;
		s->ws_bits &= (uint8_t)~WS_MPTCP_SAME;
		peer->ws_bits &= (uint8_t)~WS_MPTCP_SAME;
	}
	if (d->flags & TCP_SYN)
		learn_scale(s, peer, d);
	else if (d->flags & TCP_ACK)
		s->ws_bits &= (uint8_t)~WS_FIRST_ACK;
	j->verdicts |= v;
}

/* A SYN as the embryo keeps it: as if it had been judged. */
void verdicts_begin(struct flow *f, unsigned dir, const struct embryo *e)
{
	struct flow_side *s = &f->side[dir], *peer = &f->side[!dir];

	s->ws_next = s->ws_to_ack = e->isn + 1;
	s->ws_next_ns = s->ws_ack_ns = e->ts_ns;
	s->window = e->window;
	s->ws_bits = WS_FIRST_ACK | WS_SPOKE;
	if (e->options & TCP_HAS_WSCALE)
		s->ws_scale = e->wscale_or_service > 14 ? 14 : (int8_t)e->wscale_or_service;
	else
		s->ws_scale = peer->ws_scale = -2;
}
