/* What the files of the plain steps share: plain.c, plain_open.c. A side where it lies folded (kept.h). */
#ifndef FLOW_PLAIN_H
#define FLOW_PLAIN_H

#include <string.h>

#include "kept_trips.h"

enum { WS_PLAIN = WS_SPOKE | WS_MPTCP_SAME, ALL_OF_IT = KEPT_SYN | KEPT_SYNACK | KEPT_ACK | KEPT_RTT };
enum { END_UNUSUAL = END_FIN_AGAIN | END_RST | END_PROVOKED | END_BARE_ACK };
enum { LETTER_S, LETTER_H, LETTER_F, LETTER_A = 4, LETTER_D, LETTER_BITS = 5, LETTER_SIDE_1 = 16 }; /* zeek.c */

/* Nothing but its flags and numbers, and what it carries. */
static inline bool is_usual(const struct descriptor *d)
{
	return d->window && d->ecn != IP_CE && d->tcp.mptcp == 0; /* SACKs tell of holes, and there are none */
}

static inline bool is_bare(const struct descriptor *d)
{
	return d->payload_len == 0 && !d->payload && is_usual(d);
}

static inline unsigned client_of(const struct kept *k)
{
	return (k->class & KEPT_CLIENT) != 0;
}

static inline void put_letter(struct kept *k, unsigned dir, unsigned code)
{
	unsigned n = k->handshake >> 4;
	uint64_t all = (uint64_t)k->letters_high << 32 | k->letters;

	all |= (uint64_t)(code | dir * LETTER_SIDE_1) << n * LETTER_BITS;
	k->letters = (uint32_t)all;
	k->letters_high = (uint32_t)(all >> 32);
	k->handshake = (uint8_t)(k->handshake + (1 << 4));
}

static inline void set_state(struct kept_side *s, enum end_state state)
{
	s->state = (uint8_t)((s->state & ~15u) | state);
}

static inline void set_looked(struct kept_side *s, enum kept_looked looked)
{
	s->state = (uint8_t)((s->state & ((1u << KEPT_LOOKED_SHIFT) - 1)) | looked << KEPT_LOOKED_SHIFT);
}

static inline enum end_state state_of(const struct kept_side *s)
{
	return (enum end_state)(s->state & 15);
}

static inline enum kept_looked looked_at(const struct kept_side *s)
{
	return (enum kept_looked)(s->state >> KEPT_LOOKED_SHIFT);
}

static inline enum zeek_state zeek_of(const struct kept_side *s)
{
	return (enum zeek_state)(s->zeek & 7);
}

static inline unsigned dups_of(const struct kept_side *s)
{
	return s->zeek >> KEPT_DUPS_SHIFT;
}

/* Eight members of a side, from its bits on, which follow each other: held against what they should be at once.
 * of: the bits that are looked at, is: those that stand there. */
static inline uint64_t eight_of(const struct kept_side *s)
{
	uint64_t all;

	_Static_assert(offsetof(struct kept_side, zeek) + 1 == offsetof(struct kept_side, bits) + sizeof all, "eight bytes");
	memcpy(&all, (const uint8_t *)s + offsetof(struct kept_side, bits), sizeof all);
	return all;
}

static inline bool side_is(const struct kept_side *s, const struct kept_side *of, const struct kept_side *is)
{
	return (eight_of(s) & eight_of(of)) == eight_of(is);
}

/* Time, packets and window; its ACK, which is none of an old number. */
static inline void plain_account(struct flow_table *t, struct kept *k, unsigned dir, const struct descriptor *d, int64_t at)
{
	struct kept_side *s = &k->side[dir];
	uint32_t edge = d->tcp.ack + ((uint32_t)d->window << (d->flags & TCP_SYN ? 0 : kept_shift(s, 14)));

	if (at > kept_ns(0, k->last, k->last_high))
		kept_set(&k->last, &k->last_high, at);
	k->lost_until = t->capture_lost;
	k->completeness_before = (uint8_t)((k->completeness_before & ~63u) | (k->completeness & 63u));
	s->packets += s->packets < UINT32_MAX;
	if (!(s->bits & SIDE_ACKED) || seq_before(s->edge, edge))
		s->edge = edge;
	s->bits |= SIDE_ACKED;
	s->acked = d->tcp.ack;
	s->window = d->window;
	kept_set(&s->ack, &s->ack_high, at);
}

static inline void take_stamp(struct kept_side *s, const struct descriptor *d)
{
	s->tsval = d->tcp.tsval;
	s->end |= END_TSVAL;
}

/* plain_open.c. The place of the flow that a SYN/ACK makes of a lone SYN, or REF_NONE: nothing was written. */
uint32_t plain_synack(struct flow_table *t, uint32_t ref, const struct descriptor *d, uint64_t identity, unsigned dir);
/* The ACK of it: is it that, and nothing besides? Then it is accounted. */
bool completes_plainly(const struct kept *k, const struct descriptor *d, unsigned dir, int64_t at);
void plain_complete(struct flow_table *t, struct kept *k, uint32_t ref, const struct descriptor *d, unsigned dir, int64_t at);

#endif
