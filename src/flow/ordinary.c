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
 *   ordinary_account() holds one segment against what it can change.
 *
 * While a bit stands, Zeek's highest ends and ACKs (zeek.c) are those of the sides:
 * they are not kept in step with each segment, but set by ordinary_leave(). */
#include "flow_private.h"

enum { SIDE_LEVEL = SIDE_BASE | SIDE_NEXT | SIDE_ACKED, WS_LEVEL = WS_SPOKE | WS_MPTCP_SAME };
enum { WS_UNEVEN = WS_KEEP_ALIVE | WS_PROBE | WS_FIRST_ACK | WS_PROBED | WS_DOUBT };

void ordinary_leave(struct flow *f)
{
	if (!(f->bits & FLOW_BITS_ORDINARY))
		return;
	for (unsigned i = 0; i < 2; i++) {
		f->zeek.side[i].last = f->side[i].next;
		f->zeek.side[!i].looked = f->side[i].acked;
	}
	f->bits &= (uint16_t)~FLOW_BITS_ORDINARY;
}

/* Nothing is open of it: no hole, no doubt, no close, no answer that it waits for. */
static bool side_is_level(const struct flow_table *t, const struct flow *f, unsigned i)
{
	const struct flow_side *s = &f->side[i];
	const struct side_trouble *x = side_trouble(t, s);
	uint8_t zeek = f->zeek.side[i].state;

	return s->state == END_ESTABLISHED && s->packets && s->window && !s->fin &&
	       (s->bits & SIDE_LEVEL) == SIDE_LEVEL && (s->ws_bits & WS_LEVEL) == WS_LEVEL && !(s->ws_bits & WS_UNEVEN) &&
	       !(s->end & (END_FIN | END_RST | END_PROVOKED)) && !(x && (x->n_holes || x->forgotten_holes)) &&
	       (zeek == ZEEK_ESTABLISHED || zeek == ZEEK_PARTIAL) && f->zeek.side[i].last == s->next &&
	       f->zeek.side[!i].looked == s->acked;
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
	return (f->service && f->name != REF_NONE) || (f->side[i].bits & SIDE_TRIED && f->head[i] == REF_NONE);
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

/* A time stamp older than the last one taken (stamps.c). */
static bool is_older(const struct flow_side *s, const struct descriptor *d)
{
	return stamps_known(s, d->ts_ns - s->ws_ack_ns) && (int32_t)(d->tcp.tsval - s->tsval) < 0;
}

/* Does no rule speak of it? Where a number might be 0, which means "not known" to
 * Wireshark's rules, or a limit is near, the answer is no. */
static bool is_ordinary(const struct flow *f, const struct flow_side *s, const struct flow_side *peer,
			const struct descriptor *d, unsigned dir)
{
	uint32_t len = d->payload_len, seq = d->tcp.seq, end = seq + len, sent = peer->next - s->acked;
	uint16_t bit = (uint16_t)((len ? FLOW_BIT_ORDINARY_DATA : FLOW_BIT_ORDINARY_ACK) << dir);

	if ((f->bits & (bit | FLOW_BIT_TOLD)) != bit || (d->flags & ~TCP_PSH) != TCP_ACK || d->sacks || d->tcp.mptcp ||
	    d->ecn == IP_CE || d->window == 0)
		return false;
	if (seq != s->next || seq != s->ws_next || s->ws_to_ack != seq || seq == 0 || end == 0 || len > JUMP_MAX)
		return false;
	if (d->tcp.ack - s->acked > sent || sent > JUMP_MAX || seq_before(peer->ws_to_ack, d->tcp.ack))
		return false;
	if (len == 0)
		return d->tcp.ack != s->ws_ack;
	if (end - s->low > JUMP_MAX || !seq_before(peer->ws_ack, end) ||
	    end == peer->ws_ack + ((uint32_t)peer->window << (peer->ws_scale > 0 ? peer->ws_scale : 0)))
		return false;
	return !(d->options & TCP_HAS_TIMESTAMPS && is_older(s, d));
}

static void acknowledge(struct flow_side *s, const struct descriptor *d)
{
	unsigned shift = s->ws_scale == -2 ? 0 : s->ws_scale < 0 ? 14 : (unsigned)s->ws_scale;
	uint32_t edge = d->tcp.ack + ((uint32_t)d->window << shift);

	if (seq_before(s->edge, edge))
		s->edge = edge;
	if (d->tcp.ack != s->ws_ack)
		s->ws_dup_acks = 0;
	s->acked = s->ws_ack = d->tcp.ack;
	s->window = d->window;
}

bool ordinary_account(struct flow_table *t, struct flow *f, const struct descriptor *d, unsigned dir,
		      uint64_t identity, bool *copy, struct judgement *j)
{
	struct flow_side *s = &f->side[dir];
	const struct flow_side *peer = &f->side[!dir];
	int64_t idle_ns = d->ts_ns - s->ws_ack_ns;

	if (!is_ordinary(f, s, peer, d, dir))
		return false;
	*copy = copies_saw(&t->copies, d, identity);
	if (*copy)
		return false;
	if (d->ts_ns > f->last_ns)
		f->last_ns = d->ts_ns;
	f->lost_until = t->capture_lost;
	f->completeness_before = f->completeness;
	if (s->packets < UINT32_MAX)
		s->packets++;
	acknowledge(s, d);
	s->ws_ack_ns = d->ts_ns;
	if (d->payload_len) {
		s->bytes += d->payload_len;
		s->next = s->ws_next = s->ws_to_ack = d->tcp.seq + d->payload_len;
		s->ws_next_ns = d->ts_ns;
		if (d->payload)
			(void)contents_saw(t, f, dir, d, false);
	}
	if (d->options & TCP_HAS_TIMESTAMPS)
		stamps_account(f, d, dir, idle_ns, j);
	trips_account(t, f, d, dir, j);
	return true;
}
