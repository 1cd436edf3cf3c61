/* What is an event: see packet_dull.h. The index says almost all of it; the packet itself is read where it is about
 * the ACK that ends a close, a few of each flow. */
#include "packet_dull.h"

static unsigned side_of(const struct index_entry *e)
{
	return e->about & INDEX_SERVER ? 1 : 0;
}

/* Does this payload begin to answer, or to ask? */
static bool takes_turn(struct dull *d, const struct index_entry *e, bool known)
{
	const uint8_t who = (uint8_t)(1 + side_of(e));
	bool turn;

	if (!(e->about & INDEX_LENGTH))
		return false;
	turn = d->spoke != who;
	d->spoke = who;
	return turn && known;
}

/* Is it the ACK that a SYN/ACK waits for? */
static bool opens(struct dull *d, const struct index_entry *e)
{
	const unsigned flags = index_flags(e->about), side = side_of(e);
	bool awaited;

	if (!(flags & TCP_ACK))
		return false;
	if (flags & TCP_SYN) {
		d->shaking |= (uint8_t)(1U << side);
		return false;
	}
	awaited = d->shaking >> (side ^ 1) & 1;
	d->shaking &= (uint8_t)~(1U << (side ^ 1));
	return awaited;
}

static bool end_of(struct remembered *m, uint64_t number, struct recall_brief *p, uint32_t *end)
{
	if (!recall_brief(m->recall, number, p))
		return false;
	*end = p->seq + p->payload_len + 1;
	return true;
}

/* Both have sent one: the second waits for an ACK, and the first, too, where they crossed. What cannot be read did not. */
static void close_begins(struct dull *d, struct remembered *m, uint64_t number, unsigned side)
{
	struct recall_brief first, second;

	d->closing = 0;
	if (!end_of(m, number, &second, &d->fin_end[side]))
		return;
	d->closing = (uint8_t)(1U << side);
	if (end_of(m, d->fin, &first, &d->fin_end[side ^ 1]) && (int32_t)(second.ack - d->fin_end[side ^ 1]) < 0)
		d->closing |= (uint8_t)(1U << (side ^ 1));
}

/* Is it the ACK of a FIN after which nothing is left to be said? */
static bool closes(struct dull *d, struct remembered *m, uint64_t number, const struct index_entry *e)
{
	const unsigned flags = index_flags(e->about), side = side_of(e), other = side ^ 1;
	struct recall_brief p;

	if (flags & TCP_SYN)
		d->fins = d->closing = 0;
	if (flags & TCP_FIN && !(d->fins >> side & 1)) {
		if (d->fins)
			close_begins(d, m, number, side);
		else
			d->fin = number;
		d->fins |= (uint8_t)(1U << side);
		return false;
	}
	if (!(flags & TCP_ACK) || !(d->closing >> other & 1) || !recall_brief(m->recall, number, &p) || p.ack != d->fin_end[other])
		return false;
	d->closing &= (uint8_t)~(1U << other);
	return true;
}

bool packet_is_dull(struct dull *d, struct remembered *m, uint64_t number, const struct index_entry *e, bool known)
{
	uint64_t said = index_verdicts(m->index, e) & ~verdict_bit(VERDICT_WINDOW_UPDATE);
	bool turn = d && takes_turn(d, e, known), opening = d && opens(d, e), closing = d && closes(d, m, number, e);

	return e->about & INDEX_TCP && !(index_flags(e->about) & (TCP_SYN | TCP_FIN | TCP_RST)) && !said &&
	       e->place >> 48 != INDEX_SET_FULL && !(e->about & INDEX_MESSAGE) && !turn && !opening && !closing;
}
