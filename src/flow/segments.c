/* Exactly by bytes: what of a direction was seen, seen again, seen late, and
 * what was never seen.
 *
 *      low            hole         hole        next
 *       |=============......=======..===========|
 *                                 ^ a segment that begins here and ends there
 *                                   is partly late, partly seen again
 *
 * All between low and next was seen but for the holes; so a direction without
 * holes costs nothing but the two numbers. Holes are kept in order in a side
 * record that grows with them and is bounded: beyond that the lowest is
 * settled and forgotten, which is counted.
 *
 * At the end a hole that the peer has acknowledged is what the capture missed;
 * one that it has not is lost. The units of SYN and FIN are no bytes. */
#include <string.h>

#include "flow_private.h"

enum { HOLES_CLASS_MAX = BLOCK_CLASSES - 1 };

/* A second witness begins so near to the first: two segments of offloading hardware. */
enum { DOUBT_REACH = 1 << 17 };

/* A hole that big beyond the window wants a second witness. */
enum { FAR_HOLE = 1 << 20 };

static unsigned room_of(const struct side_trouble *x)
{
	return ((unsigned)BLOCK_MIN << x->hole_class) / sizeof(struct hole);
}

static struct hole *holes_of(const struct flow_table *t, const struct side_trouble *x)
{
	return x->holes == REF_NONE ? NULL : blocks_at(&t->blocks, x->holes);
}

struct side_trouble *side_trouble(const struct flow_table *t, const struct flow_side *s)
{
	return s->trouble == REF_NONE ? NULL : blocks_at(&t->blocks, s->trouble);
}

bool segments_holes(const struct flow_table *t, uint32_t trouble)
{
	const struct side_trouble *x = trouble == REF_NONE ? NULL : blocks_at(&t->blocks, trouble);

	return x && (x->n_holes || x->forgotten_holes);
}

struct side_trouble *trouble_need(struct flow_table *t, uint32_t *trouble)
{
	struct side_trouble *x;

	if (*trouble != REF_NONE)
		return blocks_at(&t->blocks, *trouble);
	*trouble = blocks_take(t, TROUBLE_CLASS);
	if (*trouble == REF_NONE) {
		t->stats.verdicts_lost++;
		return NULL;
	}
	x = blocks_at(&t->blocks, *trouble);
	x->holes = REF_NONE;
	return x;
}

struct side_trouble *side_trouble_need(struct flow_table *t, struct flow_side *s)
{
	return trouble_need(t, &s->trouble);
}

void side_trouble_release(struct flow_table *t, uint32_t trouble)
{
	const struct side_trouble *x = trouble == REF_NONE ? NULL : blocks_at(&t->blocks, trouble);

	if (x)
		blocks_give(&t->blocks, x->holes, x->hole_class);
	blocks_give(&t->blocks, trouble, TROUBLE_CLASS);
}

/* ---- holes ---------------------------------------------------------------- */

/* What of a hole the peer has acknowledged: the capture missed it. */
static uint32_t acked_part(const struct hole *h, uint32_t acked, bool acked_known)
{
	if (h->sacked || (acked_known && !seq_before(acked, h->to)))
		return h->to - h->from;
	return acked_known && seq_before(h->from, acked) ? acked - h->from : 0;
}

static void settle(struct side_trouble *x, const struct hole *h, const struct flow_side *peer)
{
	uint32_t missed = acked_part(h, peer->acked, peer->bits & SIDE_ACKED);

	x->missed_bytes += missed;
	x->lost_bytes += h->to - h->from - missed;
}

static void hole_remove(struct flow_table *t, struct side_trouble *x, unsigned at)
{
	struct hole *h = holes_of(t, x);

	t->stats.interval_steps += x->n_holes - at;
	memmove(h + at, h + at + 1, (x->n_holes - at - 1) * sizeof *h);
	x->n_holes--;
	t->holes_moved = true;
}

/* A hole, the lowest, is settled before its time. Which bytes below its end were
 * seen is not known any more. */
static void forget(struct flow_table *t, struct side_trouble *x, const struct hole *h, const struct flow_side *peer)
{
	settle(x, h, peer);
	if (!x->forgotten_holes || seq_before(x->known, h->to))
		x->known = h->to;
	x->forgotten_holes++;
	t->holes_moved = true;
	t->stats.holes_lost++;
}

static void forget_lowest(struct flow_table *t, struct side_trouble *x, const struct flow_side *peer)
{
	forget(t, x, holes_of(t, x), peer);
	hole_remove(t, x, 0);
}

/* Room for a hole at that place: a bigger block, or the lowest goes. False: none,
 * or the new one would be the lowest. */
static bool holes_grow(struct flow_table *t, struct side_trouble *x, const struct flow_side *peer, unsigned at)
{
	uint32_t bigger;
	unsigned class = x->holes == REF_NONE ? 0 : x->hole_class + 1u;

	if (x->holes != REF_NONE && x->n_holes < room_of(x))
		return true;
	bigger = class > HOLES_CLASS_MAX ? REF_NONE : blocks_take(t, class);
	if (bigger != REF_NONE) {
		if (x->n_holes)
			memcpy(blocks_at(&t->blocks, bigger), holes_of(t, x), x->n_holes * sizeof(struct hole));
		blocks_give(&t->blocks, x->holes, x->hole_class);
		x->holes = bigger;
		x->hole_class = (uint8_t)class;
		return true;
	}
	if (at == 0)
		return false;
	forget_lowest(t, x, peer);
	return true;
}

/* False: no room; then it is forgotten at once. */
static bool hole_insert(struct flow_table *t, struct side_trouble *x, const struct flow_side *peer, unsigned at,
			struct hole new)
{
	unsigned before = x->n_holes;
	struct hole *h;

	if (!holes_grow(t, x, peer, at)) {
		forget(t, x, &new, peer);
		return false;
	}
	if (x->n_holes < before)
		at--; /* the lowest made room */
	h = holes_of(t, x);
	t->stats.interval_steps += x->n_holes - at;
	memmove(h + at + 1, h + at, (x->n_holes - at) * sizeof *h);
	h[at] = new;
	x->n_holes++;
	t->holes_moved = true;
	return true;
}

/* The first hole that ends after seq. */
static unsigned hole_after(struct flow_table *t, const struct side_trouble *x, uint32_t seq)
{
	const struct hole *h = holes_of(t, x);
	unsigned low = 0, high = x->n_holes;

	while (low < high) {
		unsigned middle = (low + high) / 2;

		t->stats.interval_steps++;
		if (seq_before(seq, h[middle].to))
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* Bytes from..to come now: how many of them fall into holes, which they fill. */
static uint32_t holes_fill(struct flow_table *t, struct side_trouble *x, const struct flow_side *peer, uint32_t from,
			   uint32_t to)
{
	uint32_t filled = 0;
	unsigned i = hole_after(t, x, from);

	while (i < x->n_holes) {
		struct hole *h = holes_of(t, x) + i;
		uint32_t a = seq_before(h->from, from) ? from : h->from;
		uint32_t b = seq_before(to, h->to) ? to : h->to;

		t->stats.interval_steps++;
		if (!seq_before(a, b))
			break;
		filled += b - a;
		if (a == h->from && b == h->to) {
			hole_remove(t, x, i);
		} else if (a == h->from) {
			h->from = b;
			break;
		} else if (b == h->to) {
			h->to = a;
			i++;
		} else {
			struct hole upper = {b, h->to, h->sacked};

			h->to = a;
			hole_insert(t, x, peer, i + 1, upper);
			break;
		}
	}
	return filled;
}

/* A hole below next, before the first byte that was seen, or between. False:
 * no side record, so nobody will know that it was there. */
static bool hole_make(struct flow_table *t, struct flow_side *s, const struct flow_side *peer, uint32_t from,
		      uint32_t to)
{
	struct side_trouble *x = side_trouble_need(t, s);
	struct hole new = {from, to, 0};

	if (x)
		hole_insert(t, x, peer, hole_after(t, x, from), new);
	return x != NULL;
}

/* Holes so old that their numbers will soon mean other bytes. */
static void settle_old(struct flow_table *t, struct flow_side *s, const struct flow_side *peer)
{
	struct side_trouble *x = side_trouble(t, s);

	while (x && x->n_holes && s->next - holes_of(t, x)->from > JUMP_MAX) {
		settle(x, holes_of(t, x), peer);
		hole_remove(t, x, 0);
	}
	if (x && x->forgotten_holes && s->next - x->known > JUMP_MAX)
		x->known = s->next - JUMP_MAX;
	if (s->next - s->low > JUMP_MAX)
		s->ws_bits |= WS_FAR;
}

/* ---- one segment ------------------------------------------------------------ */

/* What is below next of from..to: how much was seen before; *late of it was not.
 * The rest cannot be told, because a hole there was forgotten. */
static uint32_t below(struct flow_table *t, struct flow_side *s, const struct flow_side *peer, uint32_t from,
		      uint32_t to, uint32_t *late)
{
	struct side_trouble *x = side_trouble(t, s);
	uint32_t len = to - from;
	bool older = !(s->ws_bits & WS_FAR) && seq_before(from, s->low);

	*late = 0;
	if (older && s->bits & (SIDE_SYN | SIDE_SYNACK)) {
		if (!seq_before(s->low, to))
			return 0; /* before its SYN: not of this connection */
		from = s->low;
		len = to - from;
	} else if (older) { /* the capture began in the middle: older bytes */
		uint32_t end = seq_before(to, s->low) ? to : s->low;

		*late = end - from;
		if (end == s->low || hole_make(t, s, peer, end, s->low))
			s->low = from;
		from = end;
	}
	if (x && x->forgotten_holes && seq_before(from, x->known) && seq_before(from, to)) {
		uint32_t end = seq_before(to, x->known) ? to : x->known;

		len -= end - from;
		from = end;
	}
	if (x && x->n_holes && seq_before(from, to))
		*late += holes_fill(t, x, peer, from, to);
	return len - *late;
}

static void count_data(struct flow_table *t, struct flow_side *s, const struct flow_side *peer, uint32_t from,
		       uint32_t to, struct judgement *j)
{
	uint32_t middle = seq_before(s->next, to) ? s->next : to;
	struct side_trouble *x;

	if (!seq_before(from, s->next))
		return;
	j->seen_again = below(t, s, peer, from, middle, &j->late);
	if (j->seen_again)
		j->verdicts |= verdict_bit(VERDICT_EXACT_RETRANSMITTED);
	else if (j->late)
		j->verdicts |= verdict_bit(VERDICT_EXACT_LATE);
	else
		return;
	x = side_trouble_need(t, s);
	if (!x)
		return;
	x->seen_again_bytes += j->seen_again;
	x->late_bytes += j->late;
	if (j->seen_again)
		x->seen_again_segments++;
	else
		x->late_segments++;
}

/* SACK blocks tell of holes in what was captured that the receiver has them. */
static void holes_sacked(struct flow_table *t, struct flow_side *s, const struct flow_side *peer,
			 const struct descriptor *d)
{
	struct side_trouble *x = side_trouble(t, s);

	for (unsigned b = 0; x && x->n_holes && b < d->sacks; b++) {
		uint32_t from = d->tcp.sack[b][0], to = d->tcp.sack[b][1];

		if (to == from || to - from > JUMP_MAX)
			continue;
		for (unsigned i = hole_after(t, x, from); i < x->n_holes; i++) {
			struct hole *h = holes_of(t, x) + i;

			t->stats.interval_steps++;
			if (!seq_before(h->from, to))
				break;
			if (h->sacked)
				continue;
			if (seq_before(h->from, from)) { /* the part below is a hole of its own */
				struct hole upper = {from, h->to, 0};

				h->to = from;
				if (!hole_insert(t, x, peer, i + 1, upper))
					break;
				i = hole_after(t, x, from);
				h = holes_of(t, x) + i;
			}
			if (seq_before(to, h->to)) {
				struct hole upper = {to, h->to, 0};

				h->to = to;
				h->sacked = 1;
				hole_insert(t, x, peer, i + 1, upper);
				break;
			}
			h->sacked = 1;
		}
	}
}

/* One segment that does not fit may be anybody's; a second one that goes on from
 * there is believed: the capture has missed what lay between. */
static bool believed(struct flow_side *s, uint32_t *doubt, uint32_t number)
{
	bool second = s->ws_bits & WS_DOUBT && number - *doubt <= DOUBT_REACH;

	if (second)
		s->ws_bits &= (uint8_t)~WS_DOUBT;
	else {
		*doubt = number;
		s->ws_bits |= WS_DOUBT;
	}
	return second;
}

/* What was not seen can be acknowledged only as far as this side's own windows
 * had let the peer send (RFC 9293 3.10.7.4); before its first ACK that is a
 * window without scale. */
static bool acks_too_much(const struct flow_side *s, const struct flow_side *peer, const struct descriptor *d)
{
	if (!(peer->bits & SIDE_NEXT) || !seq_before(peer->next, d->tcp.ack))
		return false;
	if (s->bits & SIDE_ACKED)
		return seq_before(s->edge, d->tcp.ack);
	return peer->bits & (SIDE_SYN | SIDE_SYNACK) && d->tcp.ack - peer->next > UINT16_MAX + 1u;
}

static void saw_ack(struct flow_table *t, struct flow_side *s, struct flow_side *peer, const struct descriptor *d,
		    uint32_t *doubt)
{
	unsigned shift = d->flags & TCP_SYN || s->ws_scale == -2 ? 0 : s->ws_scale < 0 ? 14 : (unsigned)s->ws_scale;
	uint32_t edge = d->tcp.ack + ((uint32_t)d->window << shift);

	if (!(d->flags & TCP_ACK) || d->flags & TCP_RST)
		return;
	if (peer->bits & SIDE_NEXT && seq_far(d->tcp.ack, peer->next))
		return; /* no number of this stream */
	if (acks_too_much(s, peer, d) && !believed(s, doubt, d->tcp.ack))
		return;
	if (!(s->bits & SIDE_ACKED) || !seq_before(d->tcp.ack, s->acked)) { /* an old one says nothing new */
		if (!(s->bits & SIDE_ACKED) || seq_before(s->edge, edge))
			s->edge = edge;
		s->acked = d->tcp.ack;
	}
	s->bits |= SIDE_ACKED;
	/* A probe's byte that was taken after all was seen, in the probe. */
	if (peer->ws_bits & WS_PROBED && seq_before(peer->next, d->tcp.ack)) {
		peer->next++;
		peer->ws_bits &= (uint8_t)~WS_PROBED;
	}
	if (d->sacks)
		holes_sacked(t, peer, s, d);
}

/* A keep-alive or a probe carries no data that counts. One byte below the end
 * that the peer has not acknowledged is no keep-alive, whatever Wireshark says:
 * those are sent where nothing is in flight (RFC 9293 3.8.4). */
static bool only_asks(struct flow_side *s, const struct flow_side *peer, const struct descriptor *d,
		      const struct judgement *j)
{
	if (judged(j, VERDICT_ZERO_WINDOW_PROBE)) {
		if (s->bits & SIDE_NEXT && d->tcp.seq == s->next)
			s->ws_bits |= WS_PROBED;
		return true;
	}
	return judged(j, VERDICT_KEEP_ALIVE) &&
	       (!(s->bits & SIDE_NEXT) || (peer->bits & SIDE_ACKED && !seq_before(peer->acked, s->next)));
}

/* Are the bytes that came again the same? */
static void compare(struct flow_table *t, struct flow *f, unsigned dir, const struct descriptor *d, struct judgement *j)
{
	struct flow_side *s = &f->side[dir];
	const struct content_side c = {f->self * 2 + dir, &s->contents, s->low, s->next};
	uint32_t differ = d->payload ? contents_saw(t, &c, d, j->seen_again > 0) : 0;
	struct side_trouble *x;

	if (!differ || !j->seen_again)
		return;
	j->verdicts |= verdict_bit(VERDICT_EXACT_CONFLICTING);
	x = side_trouble_need(t, &f->side[dir]);
	if (x)
		x->conflicting_bytes += differ;
}

/* Would it open a big hole where the peer's windows did not let anything be sent? */
static bool opens_far(const struct flow_side *s, const struct flow_side *peer, uint32_t from)
{
	return seq_before(s->next + FAR_HOLE, from) && peer->bits & SIDE_ACKED && seq_before(peer->edge, from);
}

/* What is missing between next and from. What a doubted segment brought was seen,
 * now that the stream goes on from there. */
static void gap(struct flow_table *t, struct flow_side *s, const struct flow_side *peer, uint32_t from, uint32_t doubt)
{
	bool doubted = s->ws_bits & WS_DOUBT && from - doubt <= DOUBT_REACH && !seq_before(doubt, s->next);
	uint32_t to = doubted ? doubt : from;

	if (!seq_before(s->next, from))
		return;
	if (seq_before(s->next, to) && !hole_make(t, s, peer, s->next, to))
		s->low = from; /* what is below it cannot be told from a repeat */
	s->next = from;
	s->ws_bits &= (uint8_t)~(WS_PROBED | (doubted ? WS_DOUBT : 0));
}

/* Numbers are taken back: what was said of those behind next never was. */
void segments_cut(struct flow_table *t, struct flow_side *s)
{
	struct side_trouble *x = side_trouble(t, s);

	while (x && x->n_holes && seq_before(s->next, holes_of(t, x)[x->n_holes - 1].to)) {
		x->n_holes--;
		t->holes_moved = true;
	}
}

/* A FIN that comes late: its number, before which something else came, is no byte that is missing. */
static void late_fin(struct flow_table *t, struct flow_side *s, const struct flow_side *peer, uint32_t number)
{
	struct side_trouble *x = side_trouble(t, s);

	if (x && x->n_holes && seq_before(number, s->next))
		(void)holes_fill(t, x, peer, number, number + 1);
}

void segments_account(struct flow_table *t, struct flow *f, const struct descriptor *d, unsigned dir,
		      struct judgement *j)
{
	struct flow_side *s = &f->side[dir], *peer = &f->side[!dir];
	uint32_t from = d->tcp.seq + (d->flags & TCP_SYN ? 1 : 0);
	uint32_t to = from + d->payload_len, end = to + (d->flags & TCP_FIN ? 1 : 0);

	saw_ack(t, s, peer, d, &f->side[dir].doubt);
	if (d->flags & TCP_RST || only_asks(s, peer, d, j))
		return;
	if (!(s->bits & SIDE_NEXT)) {
		s->low = s->next = from;
		s->bits |= SIDE_NEXT;
	}
	if (seq_far(from, s->next))
		return;
	if (opens_far(s, peer, from)) {
		if (!believed(s, &f->side[dir].doubt, from))
			return;
		s->ws_bits |= WS_DOUBT; /* what the first witness brought was seen: gap() */
	}
	gap(t, s, peer, from, f->side[dir].doubt);
	if (d->payload_len) {
		if (!(d->flags & TCP_SYN)) /* a SYN that is sent again is counted as one */
			count_data(t, s, peer, from, to, j);
		compare(t, f, dir, d, j);
	}
	if (d->flags & TCP_FIN)
		late_fin(t, s, peer, to);
	if (seq_before(s->next, end)) {
		s->next = end;
		s->ws_bits &= (uint8_t)~WS_PROBED;
		settle_old(t, s, peer);
	}
}

/* Missed and lost as they stand now: of the holes, and of what was acknowledged
 * beyond the last byte seen. */
void segments_missing(const struct flow_table *t, const struct flow_side *s, const struct flow_side *peer,
		      uint64_t *missed, uint64_t *lost)
{
	const struct side_trouble *x = side_trouble(t, s);
	bool acked_known = peer->bits & SIDE_ACKED;

	*missed = x ? x->missed_bytes : 0;
	*lost = x ? x->lost_bytes : 0;
	for (unsigned i = 0; x && i < x->n_holes; i++) {
		const struct hole *h = holes_of(t, x) + i;
		uint32_t part = acked_part(h, peer->acked, acked_known);

		*missed += part;
		*lost += h->to - h->from - part;
	}
	/* One unit beyond the end may be a FIN that was not captured. */
	if (acked_known && s->bits & SIDE_NEXT && seq_before(s->next + 1, peer->acked))
		*missed += peer->acked - s->next;
}

unsigned segments_gaps(struct flow_table *t, const struct flow_side *s, uint32_t from, uint32_t to)
{
	const struct side_trouble *x = side_trouble(t, s);
	unsigned n = 0;

	for (unsigned i = x ? hole_after(t, x, from) : 0; x && i < x->n_holes; i++) {
		t->stats.interval_steps++;
		if (!seq_before(holes_of(t, x)[i].from, to))
			break;
		if (n == 0 || holes_of(t, x)[i].from != holes_of(t, x)[i - 1].to) /* SACKs may have cut one in two */
			n++;
	}
	return n;
}
