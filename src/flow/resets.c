/* Resets, and other segments that do not fit: what was taken and what was not.
 *
 * A receiver takes a RST only if it has exactly the next number that it
 * expects; in the window but another, it answers with a challenge ACK, outside
 * it drops it (RFC 5961 3, RFC 9293 3.10.7.4). In SYN-SENT the RST must ACK the
 * SYN (3.10.7.3). Where exactly the receiver stands is not seen on the wire: it
 * is between its last ACK and the end of what was sent to it, so a RST there
 * counts as taken, and one elsewhere as not.
 *
 * A RST that is an answer has the answered segment's ACK as its number and no
 * ACK of its own (RFC 9293 3.5.2); one that a program or a time-out makes has. */
#include "flow_private.h"

#define BIT(v) verdict_bit(VERDICT_##v)

/* A change of path moves a TTL by a hop or two. */
enum { TTL_DIFFERENT = 3 };

static bool out_of_window(const struct flow_side *s, const struct flow_side *peer, const struct descriptor *d)
{
	if (d->flags & (TCP_SYN | TCP_RST))
		return false; /* a SYN has numbers of its own; of RSTs see below */
	if (s->bits & SIDE_NEXT && seq_far(d->tcp.seq, s->next))
		return true;
	return d->flags & TCP_ACK && peer->bits & SIDE_NEXT && seq_far(d->tcp.ack, peer->next) &&
	       !(s->bits & SIDE_ACKED && !seq_far(d->tcp.ack, s->acked));
}

/* ---- RST ------------------------------------------------------------------- */

/* Does it ACK what the peer has sent so far, at least its SYN? */
static bool acks_syn(const struct flow_side *peer, const struct descriptor *d)
{
	return d->flags & TCP_ACK && acks_sent(peer, d);
}

static uint32_t window_of(const struct flow_side *s)
{
	return (uint32_t)s->window << (s->ws_scale > 0 ? s->ws_scale : 0);
}

/* Would peer take it? */
static bool rst_fits(const struct flow_side *s, const struct flow_side *peer, const struct descriptor *d)
{
	bool acked = peer->bits & SIDE_ACKED;
	uint32_t seq = d->tcp.seq, low = acked ? peer->acked : s->low;

	if (acked && seq == peer->acked)
		return true;
	if (peer->state == END_SYN_SENT && !(s->bits & (SIDE_SYN | SIDE_SYNACK)) && !(s->bits & SIDE_PAYLOAD))
		return acks_syn(peer, d);
	if (!(s->bits & SIDE_NEXT))
		return !acked || seq - low <= window_of(peer);
	/* One below, where a FIN is the last that was taken: so does Linux. */
	if (!seq_before(seq, low) && !seq_before(s->next, seq))
		return true;
	if (s->end & END_FIN && seq == s->fin_end - 1)
		return true;
	/* The capture misses this direction: then only the window can be held against it. */
	return acked && seq_before(s->next, peer->acked) && seq - peer->acked <= window_of(peer);
}

/* Does it answer what came after its sender's end? Without an ACK, and with a
 * number that its sender once had: the answered segment's. */
static bool rst_is_late(const struct flow_side *s, const struct flow_side *peer, const struct descriptor *d)
{
	if (d->flags & TCP_ACK)
		return false;
	if (s->end & (END_FIN | END_RST) && s->bits & SIDE_NEXT)
		return !seq_before(d->tcp.seq, s->low) && !seq_before(s->next, d->tcp.seq);
	/* A client that knows nothing of the connection which the server still has. */
	return s->state == END_SYN_SENT && peer->state == END_ESTABLISHED && d->tcp.seq == peer->ws_ack;
}

static uint64_t rst_kind(const struct flow_side *s, const struct flow_side *peer, const struct descriptor *d, bool fits)
{
	if (rst_is_late(s, peer, d))
		return BIT(RST_LATE);
	if (!fits)
		return BIT(RST_UNACCEPTABLE);
	if (peer->state == END_SYN_SENT && !(s->bits & (SIDE_SYN | SIDE_SYNACK)))
		return BIT(RST_REFUSED);
	if (s->state == END_SYN_SENT || s->state == END_SYN_RECEIVED || peer->state == END_SYN_RECEIVED)
		return BIT(RST_HANDSHAKE);
	/* The first that was seen of a flow says nothing about what was before. */
	return s->state == END_UNKNOWN && peer->state == END_UNKNOWN ? 0 : BIT(RST_ABORT);
}

/* The sender is through; so is the receiver, or it listens again (RFC 9293 3.10.7.4). */
static void rst_taken(struct flow_side *s, struct flow_side *peer)
{
	s->end |= END_RST;
	s->state = END_CLOSED;
	if (peer->state == END_SYN_RECEIVED && !(peer->bits & SIDE_SYN))
		peer->state = END_LISTEN;
	else if (peer->state != END_UNKNOWN && peer->state != END_LISTEN)
		peer->state = END_CLOSED;
}

static void saw_rst(struct flow_side *s, struct flow_side *peer, const struct descriptor *d, struct judgement *j)
{
	unsigned away = d->ttl > s->ttl ? (unsigned)d->ttl - s->ttl : (unsigned)s->ttl - d->ttl;
	bool fits = rst_fits(s, peer, d);

	j->verdicts |= rst_kind(s, peer, d, fits);
	if (s->packets > 1 && away >= TTL_DIFFERENT)
		j->verdicts |= BIT(RST_OTHER_TTL);
	if (fits)
		rst_taken(s, peer);
	else if (peer->state >= END_ESTABLISHED)
		s->end |= END_PROVOKED;
}

/* ---- challenge ACK ----------------------------------------------------------- */

/* The number it expects, which it had said before; or, of one that still has
 * an older connection, a number that the SYN did not have (RFC 9293 3.5.1). */
static bool is_challenge(const struct flow *f, const struct flow_side *s, const struct flow_side *peer,
			 const struct descriptor *d)
{
	if ((d->flags & (TCP_SYN | TCP_FIN | TCP_RST | TCP_ACK)) != TCP_ACK || d->payload_len)
		return false;
	if (s->bits & SIDE_ACKED)
		return d->tcp.ack == s->acked;
	return f->story & STORY_ON_ESTABLISHED && d->tcp.ack != peer->base + 1;
}

void resets_account(struct flow *f, const struct descriptor *d, unsigned dir, struct judgement *j)
{
	struct flow_side *s = &f->side[dir], *peer = &f->side[!dir];

	if (peer->end & END_PROVOKED) {
		peer->end &= (uint8_t)~END_PROVOKED;
		if (is_challenge(f, s, peer, d))
			j->verdicts |= BIT(CHALLENGE_ACK);
	}
	if (out_of_window(s, peer, d) && !judged(j, VERDICT_CHALLENGE_ACK)) {
		j->verdicts |= BIT(OUT_OF_WINDOW);
		s->end |= END_PROVOKED;
	}
	if (d->flags & TCP_RST)
		saw_rst(s, peer, d, j);
}
