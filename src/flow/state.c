/* Both ends' state machines (RFC 9293 3.3.2), as far as the wire tells.
 *
 *   client                                server
 *   SYN-SENT      SYN ------------------>                 not known yet
 *   SYN-SENT      <-------------- SYN/ACK  SYN-RECEIVED
 *   ESTABLISHED   ACK ------------------>  ESTABLISHED
 *   FIN-WAIT-1    FIN ------------------>  ESTABLISHED
 *   FIN-WAIT-2    <------------------ ACK  CLOSE-WAIT
 *   FIN-WAIT-2    <------------------ FIN  LAST-ACK
 *   TIME-WAIT     ACK ------------------>  CLOSED
 *
 * What an end has sent is seen; what it has received is known once it ACKs it;
 * an ACK is taken as received, because nothing ever ACKs it, until its receiver
 * repeats what was ACKed: then it is where it was before. An end that was never
 * seen is in no state. Segments that do not fit (resets.c) move nobody.
 *
 * Two ends may ask at once (3.5, figure 7: SYNs cross, both answer SYN/ACK),
 * a server may send its ACK and its SYN apart, and a socket may be connected
 * to itself: then one end is both. */
#include <string.h>

#include "flow_private.h"

#define BIT(v) verdict_bit(VERDICT_##v)

const char *const end_state_names[END_STATES] = {
	NULL, "closed", "listen", "syn_sent", "syn_received", "established", "fin_wait_1", "fin_wait_2", "close_wait",
	"closing", "last_ack", "time_wait",
};

bool state_is_self(const struct flow *f)
{
	return f->key.a_port == f->key.b_port && memcmp(&f->key.a, &f->key.b, sizeof f->key.a) == 0;
}

/* Has by ACKed everything before end? */
static bool covers(const struct flow_side *by, uint32_t end)
{
	return by->bits & SIDE_ACKED && !seq_before(by->acked, end);
}

static bool sent_syn(const struct flow_side *s)
{
	return s->bits & (SIDE_SYN | SIDE_SYNACK);
}

static bool is_over(const struct flow_side *s)
{
	return s->state == END_CLOSED || s->state == END_LISTEN || s->state == END_TIME_WAIT;
}

void state_begun_on_open(struct flow *f, unsigned dir, struct judgement *j)
{
	j->verdicts |= BIT(SYN_ON_ESTABLISHED);
	f->story |= STORY_ON_ESTABLISHED;
	f->side[dir].end |= END_PROVOKED;
}

bool state_synchronized(const struct flow *f)
{
	const struct flow_side *a = &f->side[0], *b = &f->side[1];

	return (a->state >= END_ESTABLISHED || b->state >= END_ESTABLISHED) && !is_over(a) && !is_over(b);
}

/* ---- the close: from what was sent and ACKed ---------------------------------- */

static bool fin_acked(const struct flow_side *s, const struct flow_side *peer)
{
	return s->end & END_FIN && !(s->end & END_FIN_AGAIN) && covers(peer, s->fin_end);
}

static enum end_state after_open(const struct flow_side *s, const struct flow_side *peer)
{
	bool got = peer->end & END_FIN && covers(s, peer->fin_end);

	if (!(s->end & END_FIN))
		return got ? END_CLOSE_WAIT : END_ESTABLISHED;
	if (!got)
		return fin_acked(s, peer) ? END_FIN_WAIT_2 : END_FIN_WAIT_1;
	if (s->end & END_PASSIVE)
		return fin_acked(s, peer) ? END_CLOSED : END_LAST_ACK;
	return fin_acked(s, peer) ? END_TIME_WAIT : END_CLOSING;
}

static void saw_fin(struct flow_side *s, struct flow_side *peer, const struct descriptor *d, struct judgement *j)
{
	uint32_t end = d->tcp.seq + d->payload_len + 1;

	if (s->end & END_FIN) {
		if (end == s->fin_end && fin_acked(s, peer))
			s->end |= END_FIN_AGAIN;
		return;
	}
	s->end |= END_FIN;
	s->fin_end = end;
	if (peer == s || !(peer->end & END_FIN))
		return;
	if (covers(s, peer->fin_end))
		s->end |= END_PASSIVE;
	else
		j->verdicts |= BIT(SIMULTANEOUS_CLOSE);
}

/* ---- the open ------------------------------------------------------------------ */

/* Both SYNs are there: each must be ACKed. Does s know that it is open? */
static bool both_acked(const struct flow_side *s, const struct flow_side *peer)
{
	return covers(peer, s->base + 1) && covers(s, peer->base + 1);
}

/* What a segment without SYN shows of its sender. False: that it is not open. */
static bool shows_open(const struct flow *f, struct flow_side *s, const struct flow_side *peer,
		       const struct descriptor *d)
{
	bool bare = d->payload_len == 0 && !(d->flags & TCP_FIN);

	if (sent_syn(s) && sent_syn(peer)) {
		if (acks_sent(peer, d) && covers(peer, s->base + 1))
			return true;
		/* Data without an ACK that fits: that was not captured. But after data in
		 * the SYN a server sends before it has that ACK (RFC 7413 4.2.2). */
		return !bare && s != peer && !(s->state == END_SYN_RECEIVED && f->story & STORY_ACCEPTED);
	}
	/* The other's SYN or SYN/ACK was not captured, or there never was one: an ACK
	 * of exactly the SYN may be the first half of a split handshake. */
	if (!sent_syn(s) && peer->state == END_SYN_SENT && bare && d->tcp.ack == peer->base + 1) {
		s->end |= END_BARE_ACK;
		return false;
	}
	return true;
}

/* The server's SYN came alone, so this is the ACK that it had left out, or the
 * ACK of the client's SYN/ACK: no simultaneous open, there both send SYN/ACK. */
static void maybe_split(struct flow *f, const struct flow_side *s, const struct flow_side *peer, unsigned dir,
			struct judgement *j)
{
	if (!(f->bits & FLOW_BIT_SIMULTANEOUS) || f->story & STORY_SPLIT || dir == f->client ||
	    s->bits & SIDE_SYNACK || !(peer->bits & SIDE_SYNACK) || s->state >= END_ESTABLISHED)
		return;
	f->story |= STORY_SPLIT;
	j->verdicts |= BIT(SPLIT_HANDSHAKE);
}

static void saw_syn(struct flow *f, struct flow_side *s, struct flow_side *peer, unsigned dir, struct judgement *j)
{
	if (s->state >= END_ESTABLISHED || s->end & END_FIN) {
		if (state_synchronized(f)) {
			j->verdicts |= BIT(SYN_ON_ESTABLISHED);
			s->end |= END_PROVOKED;
		}
		return;
	}
	if (s == peer || s->bits & SIDE_SYN || peer->state != END_SYN_SENT) {
		if (s->state < END_SYN_SENT)
			s->state = END_SYN_SENT;
		return;
	}
	if (dir != f->client && s->end & END_BARE_ACK) {
		f->story |= STORY_SPLIT;
		j->verdicts |= BIT(SPLIT_HANDSHAKE);
	} else {
		j->verdicts |= BIT(SIMULTANEOUS_OPEN);
	}
	s->state = peer->state = END_SYN_RECEIVED;
}

static void saw_synack(struct flow_side *s, struct flow_side *peer, const struct descriptor *d, struct judgement *j)
{
	/* Of another SYN: RFC 9293 3.10.7.3 answers with a RST and stays. */
	if (peer->bits & SIDE_SYN && !covers(s, peer->base + 1))
		return;
	if (s->bits & SIDE_SYNACK && s->state == END_ESTABLISHED && s->next == d->tcp.seq + 1) {
		j->verdicts |= BIT(SYNACK_AFTER_ACK);
		s->state = END_SYN_RECEIVED;
		return;
	}
	if (s->state < END_SYN_RECEIVED)
		s->state = END_SYN_RECEIVED;
	if (!(s->bits & SIDE_SYN))
		return;
	/* Simultaneous open: each has sent a SYN and ACKs the other's. */
	if (s->state == END_SYN_RECEIVED && both_acked(s, peer))
		s->state = END_ESTABLISHED;
	if (peer->state == END_SYN_RECEIVED && both_acked(peer, s))
		peer->state = END_ESTABLISHED;
}

static void saw_segment(struct flow *f, struct flow_side *s, struct flow_side *peer, const struct descriptor *d,
			unsigned dir, struct judgement *j)
{
	if (s->state == END_CLOSE_WAIT && d->payload_len && !j->seen_again && !judged(j, VERDICT_KEEP_ALIVE) &&
	    !(f->story & STORY_HALF_CLOSE)) {
		f->story |= STORY_HALF_CLOSE;
		j->verdicts |= BIT(HALF_CLOSE);
	}
	maybe_split(f, s, peer, dir, j);
	if (s->state < END_ESTABLISHED && !(s->end & END_FIN) && shows_open(f, s, peer, d))
		s->state = END_ESTABLISHED;
	if (peer != s && peer->state == END_SYN_RECEIVED && sent_syn(peer) && acks_sent(peer, d) && both_acked(peer, s))
		peer->state = END_ESTABLISHED;
	if (peer->end & END_FIN_AGAIN && d->tcp.ack == peer->fin_end)
		peer->end &= (uint8_t)~END_FIN_AGAIN;
	if (d->flags & TCP_FIN)
		saw_fin(s, peer, d, j);
	if (!((s->end | peer->end) & END_FIN))
		return;
	if (s->state >= END_ESTABLISHED || s->end & END_FIN)
		s->state = (uint8_t)after_open(s, peer);
	if (peer->state >= END_ESTABLISHED || peer->end & END_FIN)
		peer->state = (uint8_t)after_open(peer, s);
}

/* ---- one direction only --------------------------------------------------------- */

/* It answers, so there was something to answer: its ACKs move, or follow a SYN
 * of its own; or it sent more than what any unscaled window takes. */
bool state_one_sided(const struct flow *f, unsigned dir)
{
	enum { PACKETS_MIN = 4, UNSCALED_MAX = 65535 };
	const struct flow_side *s = &f->side[dir], *peer = &f->side[!dir];

	if (peer->packets || s->packets < PACKETS_MIN || state_is_self(f))
		return false;
	return (s->bits & SIDE_ACKED && (s->bits & SIDE_SYN || s->acked != peer->base + 1)) ||
	       (s->bits & SIDE_NEXT && s->next - s->low > UNSCALED_MAX);
}

void state_account(struct flow *f, const struct descriptor *d, unsigned dir, struct judgement *j)
{
	struct flow_side *s = &f->side[dir], *peer = state_is_self(f) ? s : &f->side[!dir];

	if (!peer->packets && !(f->story & STORY_ONE_SIDED) && state_one_sided(f, dir)) {
		f->story |= STORY_ONE_SIDED;
		j->verdicts |= BIT(ONE_SIDED);
	}
	if (d->flags & TCP_RST || judged(j, VERDICT_OUT_OF_WINDOW))
		return;
	if ((d->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		saw_syn(f, s, peer, dir, j);
	else if (d->flags & TCP_SYN)
		saw_synack(s, peer, d, j);
	else if (d->flags & TCP_ACK && !((s->end | peer->end) & END_RST && s->state <= END_LISTEN))
		saw_segment(f, s, peer, d, dir, j);
}
