/* What SYN and SYN/ACK agree besides the connection: fast open (RFC 7413),
 * ECN (RFC 3168), accurate ECN (RFC 9768); and the marks that follow.
 *
 *   SYN       ECE CWR       asks for classic ECN; SYN/ACK with ECE agrees
 *   SYN    AE ECE CWR       asks for accurate ECN; the SYN/ACK's three bits
 *                           agree and say how the SYN arrived (table 2 there);
 *                           ECE alone agrees to classic, none and all refuse
 *
 * With classic ECN, ECE says "a mark came" until CWR answers it. With accurate
 * ECN the three bits are a counter of marks from then on, which begins at 5;
 * the client's first segment says with them how the SYN/ACK arrived. */
#include "flow_private.h"

#define BIT(v) verdict_bit(VERDICT_##v)

enum { ACE = TCP_AE | TCP_CWR | TCP_ECE, ACE_FIRST = 5 };

/* ---- fast open ---------------------------------------------------------------- */

static void fast_open_syn(struct flow *f, const struct descriptor *d, struct judgement *j)
{
	if (!(d->options & TCP_HAS_FAST_OPEN))
		return;
	f->story |= STORY_FAST_OPEN;
	if (d->payload_len) {
		f->story |= STORY_SYN_DATA;
		j->verdicts |= BIT(FAST_OPEN_DATA);
	} else if (d->tcp.syn.fast_open_len == 0) {
		j->verdicts |= BIT(FAST_OPEN_REQUEST);
	}
}

/* The SYN/ACK ACKs the SYN alone, or data with it (RFC 7413 4.2.2). */
static void fast_open_synack(struct flow *f, const struct flow_side *client, const struct descriptor *d,
			     struct judgement *j)
{
	uint32_t taken = d->tcp.ack - (client->base + 1);

	if (!(f->story & STORY_FAST_OPEN))
		return;
	if (d->options & TCP_HAS_FAST_OPEN && d->tcp.syn.fast_open_len) {
		f->story |= STORY_COOKIE;
		j->verdicts |= BIT(FAST_OPEN_COOKIE);
	}
	if (!(f->story & STORY_SYN_DATA))
		return;
	if (taken == 0 && !(f->story & STORY_ACCEPTED)) {
		f->story |= STORY_IGNORED;
		j->verdicts |= BIT(FAST_OPEN_IGNORED);
	} else if (taken && taken <= client->next - (client->base + 1)) {
		f->story = (uint16_t)((f->story & ~STORY_IGNORED) | STORY_ACCEPTED);
		j->verdicts |= BIT(FAST_OPEN_ACCEPTED);
	}
}

void fast_open_account(struct flow *f, const struct descriptor *d, unsigned dir, struct judgement *j)
{
	if (!(d->flags & TCP_ACK))
		fast_open_syn(f, d, j);
	else if (dir != f->client)
		fast_open_synack(f, &f->side[!dir], d, j);
}

/* ---- ECN ------------------------------------------------------------------------ */

/* A SYN that is sent again may ask for less, as it should (RFC 3168 6.1.1.1). */
void ecn_asked(struct flow *f, uint16_t flags)
{
	if (f->story & STORY_ECN_ANSWERED)
		return;
	f->story &= (uint16_t)~(STORY_ECN_CLASSIC | STORY_ECN_ACCURATE);
	if ((flags & ACE) == (TCP_CWR | TCP_ECE))
		f->story |= STORY_ECN_ASKED | STORY_ECN_CLASSIC;
	else if ((flags & ACE) == ACE)
		f->story |= STORY_ECN_ASKED | STORY_ECN_ACCURATE;
}

static void ecn_answered(struct flow *f, uint16_t flags, struct judgement *j)
{
	uint16_t ace = flags & ACE, asked = f->story & (STORY_ECN_CLASSIC | STORY_ECN_ACCURATE);

	if (f->story & STORY_ECN_ANSWERED || !(f->story & STORY_ECN_ASKED))
		return;
	f->story = (uint16_t)((f->story & ~asked) | STORY_ECN_ANSWERED);
	/* AE with ECE is reserved, but agrees (RFC 9768 3.1.3). */
	if (asked & STORY_ECN_ACCURATE && ace && ace != ACE && ace != TCP_ECE) {
		f->story |= STORY_ECN_ACCURATE;
		j->verdicts |= BIT(ACCECN);
	} else if (asked && (ace == TCP_ECE || ace == (TCP_AE | TCP_ECE))) {
		f->story |= STORY_ECN_CLASSIC;
		j->verdicts |= BIT(ECN);
	}
}

static void add(uint32_t *n)
{
	if (*n < UINT32_MAX)
		(*n)++;
}

/* Has the counter moved since the side's last? Older segments are not asked. */
static bool ace_moved(struct flow *f, struct flow_side *s, const struct descriptor *d, unsigned dir)
{
	uint8_t ace = d->flags >> 6 & 7;
	bool moved;

	if (!(s->end & END_ACE)) {
		s->end |= END_ACE;
		f->ace[dir] = ACE_FIRST;
		if (dir == f->client)
			return false;
	}
	if (seq_before(d->tcp.ack, s->acked))
		return false;
	moved = ace != f->ace[dir];
	f->ace[dir] = ace;
	return moved;
}

void ecn_account(struct flow_table *t, struct flow *f, const struct descriptor *d, unsigned dir, struct judgement *j)
{
	bool agreed = f->story & STORY_ECN_ANSWERED, accurate = agreed && f->story & STORY_ECN_ACCURATE;
	/* Of a connection that began before the capture it is not known; then the flags are believed. */
	bool classic = agreed ? f->story & STORY_ECN_CLASSIC : f->client_known == CLIENT_FIRST_PACKET;
	struct flow_rare *x;
	uint64_t v = d->ecn == IP_CE ? BIT(ECN_CE) : 0;

	if (d->flags & TCP_SYN) {
		if (!(d->flags & TCP_ACK) && dir == f->client)
			ecn_asked(f, d->flags);
		else if (d->flags & TCP_ACK && dir != f->client)
			ecn_answered(f, d->flags, j);
	} else if (accurate && d->flags & TCP_ACK && !(d->flags & TCP_RST)) {
		v |= ace_moved(f, &f->side[dir], d, dir) ? BIT(ECN_ECHO) : 0;
	} else if (classic) {
		v |= (d->flags & TCP_ECE ? BIT(ECN_ECHO) : 0) | (d->flags & TCP_CWR ? BIT(CWR) : 0);
	}
	j->verdicts |= v;
	x = v ? flow_rare_need(t, f) : NULL;
	if (!x)
		return;
	if (v & BIT(ECN_CE))
		add(&x->ce[dir]);
	if (v & BIT(ECN_ECHO))
		add(&x->ece[dir]);
	if (v & BIT(CWR))
		add(&x->cwr[dir]);
}
