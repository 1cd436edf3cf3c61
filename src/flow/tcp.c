/* TCP: the handshake, both sides' sequence numbers, the close, reuse.
 *
 *      client                          server
 *        |  SYN  seq=x                    |   first_syn_ns, last_syn_ns
 *        |------------------------------->|
 *        |        SYN/ACK seq=y ack=x+1   |   synack_ns, answered_syn_ns
 *        |<-------------------------------|
 *        |  ACK  ack=y+1                  |   ack_ns
 *        |------------------------------->|
 *
 * RFC 9293 3.4 (sequence numbers), 3.5 (handshake), 3.6 (close). Who is the
 * client: the sender of the first SYN, else the receiver of the first SYN/ACK,
 * else the sender of the first packet; a better witness corrects a worse one.
 * A SYN with another sequence number on a known tuple begins a new flow, as in
 * Wireshark. `completeness` follows Wireshark's dissector packet by packet. */
#include "flow_private.h"

static bool is_syn(const struct descriptor *d)
{
	return (d->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

static bool is_synack(const struct descriptor *d)
{
	return (d->flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK);
}

bool tcp_reuses(const struct flow *f, const struct descriptor *d, unsigned dir)
{
	const struct flow_side *s = &f->side[dir];

	/* The first half of a split handshake (state.c) may have the number of the SYN
	 * that is still to come (RFC 9293 3.4: SND.NXT is ISS); Wireshark sees two. */
	if (s->end & END_BARE_ACK && s->packets == 1 && s->base + 1 == d->tcp.seq)
		return false;
	return is_syn(d) && s->bits & SIDE_BASE && s->base != d->tcp.seq;
}

/* RFC 5927 4.1: the number must be in flight, as Linux demands; a quote without it is not believed. */
bool tcp_quotes(const struct flow *f, const struct descriptor *d, unsigned dir)
{
	const struct flow_side *s = &f->side[dir];

	const struct flow_side *peer = &f->side[!dir];

	if (f->key.proto != PROTO_TCP || !(s->bits & SIDE_BASE))
		return true;
	if (!(d->icmp.about & ICMP_QUOTES_SEQ))
		return false;
	if (!(s->bits & SIDE_NEXT))
		return true; /* nothing of this direction was captured to hold it against */
	return !seq_before(d->icmp.quoted_seq, peer->bits & SIDE_ACKED ? peer->acked : s->base) &&
	       !seq_before(s->next, d->icmp.quoted_seq);
}

/* Wireshark's tcp.completeness. The first packet of a conversation counts only
 * if it is a SYN: the dissector knows the conversation from the second on. */
static void completeness(struct flow *f, const struct descriptor *d)
{
	bool first = f->side[0].packets + f->side[1].packets == 1;

	f->completeness_before = f->completeness;
	if (is_syn(d) && first)
		f->completeness |= COMPLETE_SYN;
	if (first && !is_syn(d))
		return;
	if (is_synack(d))
		f->completeness |= COMPLETE_SYNACK;
	if (d->payload_len)
		f->completeness |= COMPLETE_DATA;
	else if ((d->flags & (TCP_SYN | TCP_ACK)) == TCP_ACK)
		f->completeness |= COMPLETE_ACK;
	if ((d->flags & (TCP_FIN | TCP_ACK)) == (TCP_FIN | TCP_ACK))
		f->completeness |= COMPLETE_FIN;
	if (d->flags & TCP_RST)
		f->completeness |= COMPLETE_RST;
}

static void sequence(struct flow *f, const struct descriptor *d, unsigned dir)
{
	struct flow_side *s = &f->side[dir], *other = &f->side[!dir];

	if (is_syn(d) && s->end & END_BARE_ACK && !(s->bits & SIDE_SYN)) {
		s->base = d->tcp.seq;
		s->low = s->next = d->tcp.seq + 1;
	}
	if (!(s->bits & SIDE_BASE)) {
		s->base = d->flags & TCP_SYN ? d->tcp.seq : d->tcp.seq - 1;
		s->bits |= SIDE_BASE;
	}
	if (!(other->bits & SIDE_BASE) && d->flags & TCP_ACK) {
		other->base = d->tcp.ack - 1;
		other->bits |= SIDE_BASE;
	}
}

static void options(struct flow_side *s, const struct descriptor *d)
{
	if (s->bits & SIDE_OPTIONS)
		return;
	s->bits |= SIDE_OPTIONS;
	s->mss = d->tcp.syn.mss;
	s->wscale = d->tcp.syn.wscale;
	s->options = d->options;
}

static uint32_t after_us(int64_t ns, int64_t since_ns)
{
	int64_t us = (ns - since_ns) / 1000;

	return us < 0 ? 0 : us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

static void count16(uint16_t *n)
{
	if (*n < UINT16_MAX)
		(*n)++;
}

/* copy: the same packet was captured before; Wireshark's round trip begins at
 * the last one for all that, but it was sent once. */
static void saw_syn(struct flow *f, const struct descriptor *d, unsigned dir, bool copy)
{
	struct flow_side *s = &f->side[dir];

	if (f->client_known < CLIENT_SYN) {
		f->client = (uint8_t)dir;
		f->client_known = CLIENT_SYN;
	}
	s->bits |= SIDE_SYN;
	options(s, d);
	if (!tcp_rtt_known(f))
		f->last_syn_ns = d->ts_ns;
	if (copy) { /* the key counts it, as the other tools do; the tries do not */
		if (dir == f->client && seen(f->first_syn_ns) && d->tcp.seq == s->base)
			count16(&f->syn_retransmits);
		return;
	}
	if (dir != f->client) {
		if (!(f->bits & FLOW_BIT_SIMULTANEOUS))
			f->peer_syn_ns = d->ts_ns;
		f->bits |= FLOW_BIT_SIMULTANEOUS;
		return;
	}
	if (!seen(f->first_syn_ns))
		f->first_syn_ns = d->ts_ns;
	else if (d->tcp.seq == s->base) {
		if (f->syns - 1 < FLOW_TRIES)
			f->syn_after_us[f->syns - 1] = after_us(d->ts_ns, f->first_syn_ns);
		count16(&f->syn_retransmits);
	}
	if (!seen(f->synack_ns) || f->synack_ns > d->ts_ns)
		f->answered_syn_ns = d->ts_ns;
	count16(&f->syns);
}

/* The client ACKs a SYN that came without an ACK: with a server that sent both
 * apart this ends the handshake, with one that asked itself a SYN/ACK follows. */
static void saw_crossed(struct flow *f, const struct descriptor *d)
{
	const struct flow_side *server = &f->side[!f->client];

	if (f->bits & FLOW_BIT_SIMULTANEOUS && !(server->bits & SIDE_SYNACK) && !seen(f->ack_ns) &&
	    d->tcp.ack == server->base + 1)
		f->ack_ns = d->ts_ns;
}

/* Split handshake (state.c): the server's SYN is its answer. */
static void saw_split(struct flow *f)
{
	if (seen(f->synack_ns) || !(f->bits & FLOW_BIT_SIMULTANEOUS))
		return;
	f->synack_ns = f->peer_syn_ns;
	f->synack_isn = f->side[!f->client].base;
	f->synacks = 1;
}

static void saw_synack(struct flow *f, const struct descriptor *d, unsigned dir, bool copy)
{
	if (copy) {
		if (dir != f->client && seen(f->synack_ns) && d->tcp.seq == f->synack_isn)
			count16(&f->synack_retransmits);
		return;
	}
	if (f->client_known < CLIENT_SYNACK) {
		f->client = (uint8_t)!dir;
		f->client_known = CLIENT_SYNACK;
	}
	f->side[dir].bits |= SIDE_SYNACK;
	if (dir == f->client && !state_is_self(f)) {
		saw_crossed(f, d);
		return; /* simultaneous open: each side answers the other's SYN */
	}
	options(&f->side[dir], d);
	if (!seen(f->synack_ns)) {
		f->synack_ns = d->ts_ns;
		f->synack_isn = d->tcp.seq;
		f->synacks = 1;
		f->ack_ns = NEVER;
		return;
	}
	if (d->tcp.seq == f->synack_isn) {
		if (f->synacks - 1 < FLOW_TRIES)
			f->synack_after_us[f->synacks - 1] = after_us(d->ts_ns, f->synack_ns);
		count16(&f->synack_retransmits);
		count16(&f->synacks);
	}
}

/* Exactly the server's number; where it took data with the SYN, it may have sent
 * some before (RFC 7413 4.2.2). */
static bool ends_handshake(const struct flow *f, const struct descriptor *d)
{
	uint32_t sent = f->side[!f->client].next - (f->synack_isn + 1);

	return d->tcp.ack == f->synack_isn + 1 ||
	       (f->story & STORY_ACCEPTED && d->tcp.ack - (f->synack_isn + 1) <= sent);
}

static void saw_ack(struct flow *f, const struct descriptor *d, unsigned dir)
{
	if (!tcp_rtt_known(f) && seen(f->last_syn_ns))
		f->rtt_ns = d->ts_ns - f->last_syn_ns;
	if (dir == f->client && seen(f->synack_ns) && seq_before(f->synack_isn, d->tcp.ack) &&
	    !seq_before(f->side[!dir].next, d->tcp.ack))
		f->bits |= FLOW_BIT_ACKED;
	if (dir == f->client && !seen(f->ack_ns) && seen(f->synack_ns) && !(d->flags & TCP_RST) &&
	    d->ts_ns >= f->synack_ns && ends_handshake(f, d))
		f->ack_ns = d->ts_ns;
}

/* rst_ns: of the first that was taken (resets.c); a stranger's ends nothing. */
static void saw_close(struct flow *f, const struct descriptor *d, unsigned dir, const struct judgement *j)
{
	struct flow_side *s = &f->side[dir];

	if (d->flags & TCP_FIN) {
		count16(&s->fin);
		if (!f->closed_by_fin) {
			f->closed_by_fin = 1;
			f->closed_by = (uint8_t)(dir + 1);
		}
	}
	if (d->flags & TCP_RST) {
		count16(&s->rst);
		if (!seen(f->rst_ns) && s->end & END_RST && !judged(j, VERDICT_RST_UNACCEPTABLE))
			f->rst_ns = d->ts_ns;
		if (!f->closed_by)
			f->closed_by = (uint8_t)(dir + 1);
	}
}

/* The ACK that ends the handshake, or what stands for it where the capture
 * missed it: Wireshark has seen one. But where it ACKs what the server never
 * sent, no data flows, and the server repeats its SYN/ACK or resets, or where only
 * the server's own ACKs were seen, nothing was ended. */
bool tcp_ack_seen(const struct flow *f)
{
	if (seen(f->ack_ns))
		return true;
	return (f->completeness_before & (COMPLETE_SYNACK | COMPLETE_ACK)) == (COMPLETE_SYNACK | COMPLETE_ACK) &&
	       (f->bits & FLOW_BIT_ACKED || f->completeness & COMPLETE_DATA ||
		(f->synacks < 2 && f->side[f->client].bits & SIDE_ACKED && !(f->side[!f->client].end & END_RST)));
}

static bool complete(const struct flow *f)
{
	return seen(f->first_syn_ns) && seen(f->synack_ns) && tcp_ack_seen(f);
}

/* Wireshark's verdicts, counted for the sender. */
static void count(struct flow_table *t, struct flow_side *s, const struct judgement *j)
{
	uint64_t counted = j->verdicts & ((UINT64_C(1) << VERDICTS_COUNTED) - 1);
	bool duplicate = judged(j, VERDICT_EXACT_DUPLICATE);
	struct side_trouble *x = counted || duplicate ? side_trouble_need(t, s) : NULL;

	if (x && duplicate)
		x->duplicates++;

	for (; x && counted; counted &= counted - 1) {
		uint32_t *n = &x->count[__builtin_ctzll(counted)];

		*n += *n < UINT32_MAX;
	}
}

enum { TCP_RARE = TCP_SYN | TCP_FIN | TCP_RST | TCP_ECE | TCP_CWR | TCP_AE };

/* Nothing but data and ACKs on an open connection. */
static bool is_ordinary(const struct flow *f, const struct descriptor *d)
{
	return !(d->flags & (TCP_SYN | TCP_FIN | TCP_RST)) && f->side[0].state == END_ESTABLISHED &&
	       f->side[1].state == END_ESTABLISHED;
}

/* What was agreed besides, once it is known who the client is. */
static void extensions(struct flow_table *t, struct flow *f, const struct descriptor *d, unsigned dir,
		       struct judgement *j)
{
	if (d->flags & TCP_SYN)
		fast_open_account(f, d, dir, j);
	if (d->flags & TCP_RARE || d->ecn == IP_CE || f->story & STORY_ECN_ACCURATE)
		ecn_account(t, f, d, dir, j);
	if (f->story & STORY_SPLIT)
		saw_split(f);
	if (d->tcp.mptcp & (MPTCP_CAPABLE | MPTCP_JOIN | MPTCP_FASTCLOSE | MPTCP_TCPRST))
		mptcp_account(t, f, d, dir, j);
}

/* Another connection's, or a proxy's: numbers are relative to it from here. What
 * stood on the former, before anything was open, is no part of what follows. */
static void another_isn(struct flow_table *t, struct flow_side *s, const struct descriptor *d)
{
	s->base = d->tcp.seq;
	if (s->state < END_ESTABLISHED && !(s->bits & SIDE_PAYLOAD)) {
		s->low = s->next = d->tcp.seq + 1;
		segments_cut(t, s);
	}
}

/* A SYN/ACK that does not ACK all data of the SYN leaves the rest out of the
 * stream: it is sent as if for the first time (RFC 7413 4.2.2, RFC 9293 3.10.7.3). */
static void untaken(struct flow_table *t, const struct flow_side *s, struct flow_side *peer, const struct descriptor *d)
{
	if (!(s->bits & SIDE_SYNACK) && peer->state == END_SYN_SENT && seq_before(peer->base, d->tcp.ack) &&
	    seq_before(d->tcp.ack, peer->next)) {
		peer->next = d->tcp.ack;
		segments_cut(t, peer);
	}
}

void tcp_account(struct flow_table *t, struct flow *f, const struct descriptor *d, unsigned dir, bool copy,
		 uint32_t *change, struct judgement *j)
{
	int64_t idle_ns = d->ts_ns - f->side[dir].ws_ack_ns;
	uint64_t lost = t->stats.verdicts_lost;

	completeness(f, d);
	if (is_synack(d) && f->side[dir].bits & SIDE_BASE && f->side[dir].base != d->tcp.seq) {
		another_isn(t, &f->side[dir], d);
		f->bits |= FLOW_BIT_REUSED;
		j->verdicts |= verdict_bit(VERDICT_REUSED);
	}
	verdicts_judge(f, d, dir, j);
	sequence(f, d, dir);
	if (is_synack(d))
		untaken(t, &f->side[dir], &f->side[!dir], d);
	if (copy) {
		j->verdicts |= verdict_bit(VERDICT_EXACT_DUPLICATE);
	} else {
		resets_account(f, d, dir, j);
		segments_account(t, f, d, dir, j);
		stamps_account(f, d, dir, idle_ns, j);
		trips_account(t, f, d, dir, j);
		if (!is_ordinary(f, d))
			state_account(f, d, dir, j);
	}
	count(t, &f->side[dir], j);
	if (t->stats.verdicts_lost != lost && !(f->bits & FLOW_BIT_UNJUDGED)) {
		f->bits |= FLOW_BIT_UNJUDGED;
		t->stats.flows_unjudged++;
	}
	if (is_syn(d))
		saw_syn(f, d, dir, copy);
	else if (is_synack(d))
		saw_synack(f, d, dir, copy);
	else if (d->flags & TCP_ACK)
		saw_ack(f, d, dir);
	if (d->flags & (TCP_FIN | TCP_RST))
		saw_close(f, d, dir, j);
	if (!copy)
		extensions(t, f, d, dir, j);
	zeek_account(t, f, d, dir, j);
	if (!(f->bits & FLOW_BIT_REPORTED) && seen(f->first_syn_ns) && (complete(f) || seen(f->rst_ns)))
		*change |= FLOW_HANDSHAKE_DONE;
}

unsigned tcp_class(const struct flow *f)
{
	if (seen(f->rst_ns) || (f->side[0].fin && f->side[1].fin))
		return FLOW_CLOSED;
	if (seen(f->first_syn_ns) && !complete(f) && !(f->side[!f->client].bits & SIDE_PAYLOAD))
		return FLOW_HALF_OPEN;
	return FLOW_ESTABLISHED;
}

/* The first that fits. */
const char *tcp_state(const struct flow *f)
{
	const struct flow_side *client = &f->side[f->client], *server = &f->side[!f->client];

	if (seen(f->first_syn_ns) && !seen(f->synack_ns) && server->rst && !server->bytes)
		return "refused";
	if (client->rst || server->rst)
		return "reset";
	if (client->fin && server->fin)
		return "closed";
	if (client->fin || server->fin)
		return "half_closed";
	if (seen(f->synack_ns) && tcp_ack_seen(f))
		return "established";
	if (seen(f->synack_ns))
		return "syn_received";
	if (seen(f->first_syn_ns) && !server->packets)
		return "syn_sent";
	return "midstream";
}

enum handshake_outcome flow_outcome(const struct flow *f)
{
	const struct flow_side *client = &f->side[f->client], *server = &f->side[!f->client];

	if (f->key.proto != PROTO_TCP || !seen(f->first_syn_ns))
		return OUTCOME_NONE;
	if (complete(f))
		return OUTCOME_COMPLETE;
	if (!seen(f->synack_ns) && server->end & END_RST && !server->bytes)
		return OUTCOME_REFUSED;
	if ((client->end | server->end) & END_RST)
		return OUTCOME_RESET;
	if (seen(f->synack_ns))
		return OUTCOME_HALF_OPEN;
	if (f->bits & FLOW_BIT_ICMP_ERROR)
		return OUTCOME_UNREACHABLE;
	/* Resets that were not taken are no answer. */
	return server->packets > server->rst ? OUTCOME_NONE : OUTCOME_UNANSWERED;
}

bool flow_handshake_report(struct flow *f, bool give_up, enum handshake_outcome *out)
{
	if (f->bits & FLOW_BIT_REPORTED)
		return false;
	*out = flow_outcome(f);
	if (*out == OUTCOME_NONE)
		return false;
	if (!give_up && (*out == OUTCOME_UNANSWERED || *out == OUTCOME_HALF_OPEN))
		return false;
	f->bits |= FLOW_BIT_REPORTED;
	return true;
}
