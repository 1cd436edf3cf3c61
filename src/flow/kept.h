/* How a flow lies in memory between two of its packets: four cache lines.
 *
 * The room works with struct flow, which has a member for everything. Most of that
 * follows from the rest while a connection leads a plain life: Wireshark's numbers and
 * Zeek's are the sides' own, the SYN was sent once, nobody has sent a RST. So a flow is
 * kept as what does not follow, in 256 bytes; kept.c unfolds it and folds it. What does
 * not follow from that either is written in full into a second place of the same size
 * (struct odd), which is free again as soon as everything follows.
 *
 *   line 0   who, when, where it hangs        all four of an ordinary segment (ordinary.c)
 *   line 1   its story; half of side 0
 *   line 2   the rest of side 0; half of side 1
 *   line 3   the rest of side 1; round-trip times of both, or the rest of two addresses
 *
 * Times are 48 bits of nanoseconds from a base: the first packet, or, where a flow is
 * older than a day and a half, a later moment that agrees with it in trips_us(). */
#ifndef FLOW_KEPT_H
#define FLOW_KEPT_H

#include "tuple_words.h"

/* Of a time relative to the base: what it may be at most, and what is said for one that is not. */
#define KEPT_TIME_MAX ((INT64_C(1) << 47) - 1)
#define KEPT_TIME_FAR (-KEPT_TIME_MAX - 1)

enum kept_handshake { KEPT_SYN = 1, KEPT_SYNACK = 2, KEPT_ACK = 4, KEPT_RTT = 8 };

/* What of a side's round trips is in kept.trips. */
enum kept_trips { KEPT_FEW = 7 /* so many samples; as many times in flight as bits 3 and 4 say */, KEPT_TIMED_SHIFT = 3,
		  KEPT_TRIPS_BLOCK = 32 /* elsewhere: words[0] is the block; samples, if few, and times in flight as there */,
		  KEPT_TRIPS_MANY = 7 /* of the samples of a block: not few, or something else that words cannot say */, KEPT_TRIPS_LOST = 64 };
enum { KEPT_TRIP_WORDS = 4 };

/* Where Zeek has looked for gaps of the peer's ACKs up to. */
enum kept_looked { LOOKED_ACKED, LOOKED_FIN, LOOKED_LOW };
/* Its window scale, where that follows from the option of its SYN. */
enum kept_scale { SCALE_UNKNOWN, SCALE_UNUSED, SCALE_ASKED };
enum { KEPT_SCALE_SHIFT = 4, KEPT_LOOKED_SHIFT = 6, KEPT_DUPS_SHIFT = 6, KEPT_DUPS = 3 };

struct kept_side {
	uint32_t next, acked, edge, low; /* to options: as in flow_side */
	uint32_t packets, tsval;
	uint32_t trouble, contents;
	uint16_t window, mss;
	uint16_t zeek_seen;
	uint8_t bits, ws_bits, end, ttl;
	uint8_t wscale, options;

	uint8_t state;                   /* enum end_state, enum kept_scale, enum kept_looked */
	uint8_t zeek;                    /* state, three bits; before; and from KEPT_DUPS_SHIFT on ws_dup_acks, if KEPT_DUPS at most */
	uint16_t bytes_high;
	uint32_t bytes, ack, rose;       /* ws_ack_ns, ws_next_ns: the lower 32 bits */
	int16_t ack_high, rose_high;
};
enum { KEPT_SAME = offsetof(struct kept_side, options) + 1 };
_Static_assert(sizeof(struct kept_side) == 64, "half of two lines");
_Static_assert(offsetof(struct flow_side, options) + 1 == KEPT_SAME && offsetof(struct flow_side, contents) ==
	       offsetof(struct kept_side, contents), "the beginning is copied");

struct kept {
	uint16_t port[2];                /* of the lower endpoint first; with the next two as in struct flow_words */
	uint8_t proto;
	uint8_t family;                  /* FAMILY_NONE: free, or an odd one */
	uint16_t bits;                   /* enum flow_bit */
	uint8_t address[2][4];           /* of IPv6 the first four bytes */
	int64_t base_ns;
	uint32_t last;
	int16_t last_high;
	uint16_t story;
	uint32_t lost_until, lost_before;
	uint32_t odd;                    /* REF_NONE: all follows */
	uint32_t name;
	uint32_t prev, next;             /* in the list of its class; next: also free list */
	uint32_t stamp;                  /* when the list's hand last passed: units of 256 ns, the lower 32 bits */
	uint8_t trips_are[2];            /* enum kept_trips */
	uint16_t path;

	uint32_t id;
	uint8_t id_high;
	uint8_t service;                 /* number in table->services */
	uint16_t stamp_high;
	uint8_t completeness;            /* and above it client_known */
	uint8_t completeness_before;     /* and above it closed_by */
	uint8_t class;                   /* and the bits of enum kept_class_bit */
	uint8_t handshake;               /* enum kept_handshake; and how many letters of Zeek's */
	uint32_t letters, letters_high;  /* of Zeek's history, five bits each */
	uint32_t synack, ack;            /* after the base; of ICMP: type and code, id */
	int16_t synack_high, ack_high;
	struct kept_side side[2];
	uint32_t trips[2][KEPT_TRIP_WORDS]; /* of IPv6: the block, and the last twelve bytes of an address */
};
_Static_assert(sizeof(struct kept) == 256, "four cache lines");
_Static_assert(offsetof(struct kept, id) == 64 && offsetof(struct kept, side) == 96, "the first line is looked at ahead");

enum kept_class_bit { KEPT_CLASS = 7, KEPT_CLIENT = 8, KEPT_ZEEK_CLIENT = 16, KEPT_BY_FIN = 32,
		      KEPT_HOLES = 64 /* a side has some, or has forgotten one: its block need not be looked at */ };

/* What does not follow from struct kept, of both sides and the whole flow: all of it is meant, or nothing. */
struct odd_side { /* as in flow_side */
	uint32_t ws_next, ws_ack, ws_to_ack, ws_dup_acks, base, doubt, fin_end, head;
	uint16_t fin, rst;
	uint32_t zeek_last, zeek_looked, zeek_syn, zeek_fin, zeek_rst;
};
_Static_assert(offsetof(struct flow_side, zeek.rst) - offsetof(struct flow_side, ws_next) ==
	       offsetof(struct odd_side, zeek_rst) && sizeof(struct odd_side) == 56, "copied");
struct odd {
	uint8_t zeek_n;                  /* letters, and ODD_CUT */
	uint8_t zeek_last, icmp_family;
	uint8_t icmp_type, icmp_code;
	uint8_t family;                  /* FAMILY_NONE: where a flow has its own */
	uint8_t ace[2];
	uint32_t zeek_more, rare;
	int64_t first_ns, rst_ns, rtt_ns;
	int64_t first_syn_ns, last_syn_ns, synack_ns, hs_ack_ns, answered_syn_ns, peer_syn_ns;
	int64_t ack_ns[2];               /* ws_ack_ns of the sides */
	struct odd_side side[2];
	uint32_t syn_after_us[FLOW_TRIES], synack_after_us[FLOW_TRIES];
	uint16_t syns, synacks, syn_retransmits, synack_retransmits;
	uint32_t synack_isn;
	uint16_t ws_mptcp;
	int8_t ws_scale[2];
};
enum { ODD_CUT = 128 };
_Static_assert(sizeof(struct odd) == sizeof(struct kept) && offsetof(struct odd, family) == offsetof(struct kept, family),
	       "it takes a flow's place");

static inline struct odd *kept_odd(const struct flow_table *t, const struct kept *k)
{
	return k->odd == REF_NONE ? NULL : (struct odd *)(void *)&t->flows[k->odd];
}

static inline int64_t kept_ns(int64_t base_ns, uint32_t low, int16_t high)
{
	return base_ns + (int64_t)((uint64_t)(int64_t)high << 32 | low);
}

static inline int64_t kept_last_ns(const struct kept *k)
{
	return kept_ns(k->base_ns, k->last, k->last_high);
}

static inline bool kept_fits(int64_t ns)
{
	return ns >= -KEPT_TIME_MAX && ns <= KEPT_TIME_MAX;
}

static inline void kept_set(uint32_t *low, int16_t *high, int64_t ns)
{
	*low = (uint32_t)ns;
	*high = (int16_t)(ns >> 32);
}

static inline uint64_t kept_stamp(const struct kept *k)
{
	return (uint64_t)k->stamp_high << 32 | k->stamp;
}

static inline uint64_t kept_id(const struct kept *k)
{
	return (uint64_t)k->id_high << 32 | k->id;
}

/* A flow of which its place and its id are there, and no more until scratch_complete(): NAME_ONLY. */
static inline struct flow *kept_named(struct flow_table *t, uint32_t ref)
{
	t->scratch.self = ref;
	t->scratch.id = kept_id(&t->flows[ref]);
	t->scratch_is = NAME_ONLY;
	return &t->scratch;
}


/* Of IPv4, each address by itself: what is put together of fours is slow to read in eights. */
static inline void words_of_kept(struct flow_words *w, const struct kept *k)
{
	uint32_t from, to, rest[2][3];

	memcpy(&from, k->address[0], sizeof from);
	memcpy(&to, k->address[1], sizeof to);
	*w = (struct flow_words){.rest = rest_of(ports_of(k->port[0], k->port[1]), k->proto, k->family)};
	if (k->family == FAMILY_IPV4) {
		w->a[0] = (uint64_t)from << (BYTE_ORDER == BIG_ENDIAN ? 32 : 0);
		w->b[0] = (uint64_t)to << (BYTE_ORDER == BIG_ENDIAN ? 32 : 0);
		return;
	}
	memcpy(rest[0], &k->trips[0][1], sizeof rest[0]);
	memcpy(rest[1], &k->trips[1][1], sizeof rest[1]);
	memcpy(w->a, &from, sizeof from);
	memcpy((uint8_t *)w->a + sizeof from, rest[0], sizeof rest[0]);
	memcpy(w->b, &to, sizeof to);
	memcpy((uint8_t *)w->b + sizeof to, rest[1], sizeof rest[1]);
}

/* Is that its key? */
static inline bool kept_has(const struct kept *k, const struct flow_words *w)
{
	struct flow_words x;

	words_of_kept(&x, k);
	return words_equal(w, &x);
}

/* Do the last twelve bytes of an address lie there? Of so many a compiler calls a function. */
static inline bool kept_has_rest(const uint32_t words[KEPT_TRIP_WORDS], const uint8_t *rest)
{
	uint64_t mine, its;
	uint32_t last;

	memcpy(&mine, &words[1], sizeof mine);
	memcpy(&its, rest, sizeof its);
	memcpy(&last, rest + sizeof its, sizeof last);
	return ((mine ^ its) | (words[3] ^ last)) == 0;
}

/* Is it the flow of that tuple? Where it lies, without words of its key: of those a part would be slow to read. */
static inline bool kept_is(const struct kept *k, const struct tuple *t, unsigned dir)
{
	const uint32_t ports = ports_of(t->from_port, t->to_port), turn = dir * 16;
	const uint8_t *a = end_of_tuple(t, dir, 0), *b = end_of_tuple(t, dir, 1);
	enum { FIRST = sizeof k->address[0] };

	return (ports << turn | ports >> (-turn & 31)) == ports_of(k->port[0], k->port[1]) &&
	       (t->proto | t->family << 8) == (k->proto | k->family << 8) && memcmp(k->address[0], a, FIRST) == 0 &&
	       memcmp(k->address[1], b, FIRST) == 0 &&
	       (__builtin_expect(k->family == FAMILY_IPV4, 1) ||
		(kept_has_rest(k->trips[0], a + FIRST) && kept_has_rest(k->trips[1], b + FIRST)));
}

/* What went wrong in it lies elsewhere: it is brought near. */
__attribute__((always_inline)) static inline void kept_trouble_near(const struct flow_table *t, const struct kept *k)
{
	for (unsigned i = 0; i < 2; i++)
		if (k->side[i].trouble != REF_NONE) {
			const uint8_t *block = blocks_at(&t->blocks, k->side[i].trouble);

			__builtin_prefetch(block, 1);
			__builtin_prefetch(block + BLOCK_MIN, 1);
		}
}

/* The shift of its windows; unknown is what it is if it is not known. */
static inline unsigned kept_shift(const struct kept_side *s, unsigned unknown)
{
	unsigned is = s->state & 3u << KEPT_SCALE_SHIFT;

	if (__builtin_expect(is == SCALE_ASKED << KEPT_SCALE_SHIFT && s->wscale <= 14, 1))
		return s->wscale;
	return is == SCALE_ASKED << KEPT_SCALE_SHIFT ? 14 : is == SCALE_UNKNOWN << KEPT_SCALE_SHIFT ? unknown : 0;
}

/* kept.c. Folding may need a place for what is odd: places_reserve() before the flow was unfolded. */
void kept_unfold(const struct flow_table *t, uint32_t ref, struct flow *f);
/* Where nothing is odd: of a side what a record is made of; and the handshake, after both and f->client. */
void kept_unfold_side_plain(const struct kept *k, unsigned i, struct flow *f);
void kept_unfold_handshake(const struct kept *k, struct flow *f);
void kept_fold(struct flow_table *t, struct flow *f); /* into the place that it says it has */
/* A new one: no more than its key, in no list, and with all the rest still to be folded. */
void kept_begin(struct kept *k, const struct flow_key *key);
void kept_key(const struct kept *k, struct flow_key *key);

#endif
