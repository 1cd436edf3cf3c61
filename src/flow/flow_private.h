/* The memory of flows: what the files of this room share and nobody else sees.
 *
 *   slots      open addressing, 8 bytes {hash, reference}, at most half full
 *              (three quarters where memory is short)
 *   embryos    chunks of 64 in the order of birth, by class and destination: one
 *              SYN or one datagram, 64 bytes each
 *   flows      a slab of folded records (kept.h), taken with a flow's second packet;
 *              one at a time is unfolded and worked with
 *   names      server names, in blocks of three sizes
 *   blocks     side records, taken when first needed: verdict counts, holes,
 *              many round trips, the rest of a long Zeek history
 *   heads      first bytes of directions whose application is not known yet
 *
 * Embryos and flows share one budget (budget.c): each has a part for certain,
 * and may grow into what the other does not use.
 *
 * A reference is an index into the slab of flows, or into the embryos with
 * REF_EMBRYO set. Full records hang in one list per class, in the order
 * in which they were last looked at: a packet moves nothing, the hand that
 * passes puts what was active back to the end.
 */
#ifndef FLOW_PRIVATE_H
#define FLOW_PRIVATE_H

#include "sockeye/clock.h"
#include "sockeye/dissector.h"
#include "sockeye/flow.h"
#include "sockeye/hash.h"
#include "copies.h"
#include "side.h"
#include "stores.h"
#include "story.h"

#define REF_NONE UINT32_MAX
#define REF_EMBRYO UINT32_C(0x80000000)

struct flow_key {
	struct address a, b; /* the lower endpoint first */
	uint16_t a_port, b_port;
	uint8_t proto, family;
};

struct slot {
	uint32_t hash;
	uint32_t ref; /* REF_NONE: empty */
};

enum embryo_bit { EMBRYO_FROM_B = 1, EMBRYO_SYN = 2, EMBRYO_PAYLOAD = 4, EMBRYO_REPLY = 8, EMBRYO_ECHO = 16,
		  EMBRYO_TRIED = 32, EMBRYO_ECN = 64 /* SYN with ECE and CWR */, EMBRYO_AE = 128 };

/* family NONE in the key: this place is empty. */
struct embryo {
	int64_t ts_ns;
	struct flow_key key;
	uint8_t id_high;      /* an id has 40 bits here: 10^12 flows */
	uint8_t path;         /* paths beyond 255 take a full record at once */
	uint32_t id_low;
	union {
		uint32_t isn;
		struct { uint8_t type, code; uint16_t id; } icmp;
	};
	uint16_t mss_or_len;  /* TCP: MSS; else payload length */
	uint16_t window;      /* TCP */
	uint8_t wscale_or_service; /* TCP: window scale; else number in table->services */
	uint8_t options;      /* enum tcp_option_bit */
	uint8_t ttl;
	uint8_t bits;         /* enum embryo_bit */
};
_Static_assert(sizeof(struct embryo) == 64, "an embryo is a cache line");

/* Buckets: so many destinations for each of half-open, UDP and the rest. */
enum { EMBRYO_CHUNK = 64, CHUNK_BYTES = EMBRYO_CHUNK * 64, EMBRYO_SPREAD = 256, EMBRYO_BUCKETS = 3 * EMBRYO_SPREAD };

/* Embryos are born at the end of the youngest chunk of their destination's
 * bucket. A chunk whose embryos are all gone is free, wherever it stands. */
struct embryo_chunk {
	uint32_t prev, next; /* older, younger; next: also the free lists */
	uint16_t used, live;
	uint16_t bucket;
};

struct embryo_bucket {
	uint32_t old, young; /* chunks */
	uint32_t chunks;
};

enum flow_bit {
	FLOW_BIT_REUSED = 1,
	FLOW_BIT_REPORTED = 2,   /* the handshake's outcome was told */
	FLOW_BIT_TOLD = 4,       /* the record was told; the tuple is only remembered */
	FLOW_BIT_EVICTED = 8,
	FLOW_BIT_ICMP_ERROR = 16,
	FLOW_BIT_LATE = 32,      /* packets after the record was told */
	FLOW_BIT_SIMULTANEOUS = 64,
	FLOW_BIT_REPLY = 128,    /* ICMP: an answer was seen */
	FLOW_BIT_ECHO = 256,
	FLOW_BIT_ACKED = 512,    /* the client ACKed something that the server had sent */
	FLOW_BIT_RARE_LOST = 2048, /* marks found no room: their counts are not known */
	FLOW_BIT_UNJUDGED = 1024, /* a side record found no room: the counts of verdicts are not complete */
	FLOW_BIT_ORDINARY_DATA = 4096, /* ordinary.c; of side 0; of side 1: twice that */
	FLOW_BIT_ORDINARY_ACK = 16384,
};
enum { FLOW_BITS_ORDINARY = 3 * FLOW_BIT_ORDINARY_DATA | 3 * FLOW_BIT_ORDINARY_ACK };

enum client_known { CLIENT_FIRST_PACKET, CLIENT_SYNACK, CLIENT_SYN };

enum { FLOW_TRIES = 3 };

#define NEVER INT64_MIN

/* A flow while it is worked with. Between packets it is folded (kept.h): whatever is new here has its place there. */
struct flow {
	struct flow_key key;
	uint8_t class;
	uint8_t client;          /* side that is the client: 0 is a of the key */
	int64_t first_ns, last_ns;
	uint32_t lost_until;     /* of table->capture_lost: at its last packet */
	uint16_t bits;           /* enum flow_bit */
	uint8_t completeness;    /* Wireshark's bits */
	uint8_t completeness_before; /* as they were before the last packet */
	struct flow_side side[2];

	uint64_t id;

	/* The handshake; NEVER: not seen. (0 is a time: captures may begin there.) */
	int64_t first_syn_ns, last_syn_ns, synack_ns, ack_ns, rst_ns;
	int64_t peer_syn_ns;     /* simultaneous open: the server's SYN; else undefined */
	int64_t answered_syn_ns; /* the SYN that the SYN/ACK answered: the last before it */
	int64_t rtt_ns;          /* Wireshark's initial RTT; tcp_rtt_known() */
	uint32_t syn_after_us[FLOW_TRIES], synack_after_us[FLOW_TRIES]; /* repeats, after the first */
	uint16_t syns, synacks;  /* of the client, of the server; saturating */
	uint16_t syn_retransmits, synack_retransmits;
	uint32_t synack_isn;

	const struct dissector *service;
	uint8_t service_number;  /* in table->services */
	uint32_t name;           /* reference into the names, REF_NONE */
	uint32_t self;           /* own reference; of an embryo when expanded */
	uint32_t lost_before;    /* of table->capture_lost: at its first packet */
	uint16_t ws_mptcp;       /* MPTCP operations seen so far: Wireshark adds them up */
	uint16_t path;
	uint8_t client_known;    /* enum client_known */
	uint8_t closed_by;       /* 0 nobody, 1 side 0, 2 side 1 */
	uint8_t closed_by_fin;
	uint8_t icmp_type, icmp_code; /* ICMP flows: of the first; others: the error */
	uint8_t icmp_family;
	uint16_t icmp_id;
	struct zeek_track zeek;  /* TCP */
	uint16_t story;          /* enum story_bit */
	uint8_t ace[2];          /* of each side: counter of CE marks, as last sent (RFC 9768) */
	uint32_t rare;           /* reference into the blocks: struct flow_rare, REF_NONE */
};
_Static_assert(sizeof(struct flow_rare) <= BLOCK_MIN << RARE_CLASS, "its class holds it");

enum completeness { COMPLETE_SYN = 1, COMPLETE_SYNACK = 2, COMPLETE_ACK = 4, COMPLETE_DATA = 8,
		    COMPLETE_FIN = 16, COMPLETE_RST = 32 };

/* Beside enum flow_class: those that are over and stay (past.c), answered or not. */
enum { FLOW_PAST = FLOW_CLASSES, FLOW_PAST_LONE, FLOW_LISTS };

struct flow_list {
	uint32_t head, tail;
};

enum { SERVICES_MAX = 255, LOSSES_KEPT = 64 };

struct flow_table {
	struct hash_key key;
	struct flow_limits limits;
	bool ages;               /* any class has a time-out */
	flow_ended *told;
	flow_lones *lones;       /* or NULL */
	bool lones_each;         /* and somebody asks who they were */
	void *arg;
	void (*more)(void *arg, struct flow_record *r); /* flow_record_more() */
	void *more_arg;
	uint64_t next_id;
	int64_t now_ns;

	struct slot *slots;
	uint32_t slot_mask, slots_used, slots_max;
	uint32_t slots_ask;      /* with so many used: whether to double (budget_doubles_slots()) */
	void *area[2];           /* the slots live in one, the next doubling in the other */
	size_t area_size[2];
	unsigned area_now;

	struct embryo *embryos;
	struct embryo_chunk *chunks;
	uint32_t chunk_max, chunk_min; /* of the budget: at most, for certain */
	uint32_t chunks_made;    /* touched so far: what the region costs, but for those given back */
	uint32_t chunks_back;    /* of them, given back to the system */
	uint32_t chunk_free, chunk_back; /* lists: free to use; given back */
	struct embryo_bucket bucket[EMBRYO_BUCKETS];
	uint16_t fullest[2 * EMBRYO_BUCKETS]; /* of two each, up to [1]; the leaves are all buckets */
	uint32_t next_out;       /* first place of the chunk that is likely to be ended next */
	uint32_t embryo_live;
	int64_t embryos_looked_ns;

	struct kept *flows;
	uint32_t flow_max, flow_used, flow_free; /* places; free: list of those that were used before */
	uint32_t trips_hand; /* the place where blocks of round trips were looked for last (kept_trips.c) */
	uint32_t trips_gather_from; /* flows; with fewer, memory is worth less than the time to look for them */
	uint32_t flows_free;     /* length of that list */
	uint32_t flow_live;
	struct flow_list list[FLOW_LISTS];
	uint32_t n_past[FLOW_LISTS - FLOW_PAST];
	struct flow work;        /* the flow at hand, unfolded */
	bool work_open;          /* what it says is newer than what is kept */
	bool holes_moved;        /* and some of its holes came, went or were forgotten */
	bool bits_open;          /* and so are bits and application of scratch: met_keep() */

	struct names names;
	struct blocks blocks;
	struct joins joins;
	struct copies copies;
	struct contents contents;
	struct heads heads;
	const struct dissector *services[SERVICES_MAX + 1]; /* number 0: none */
	unsigned n_services;

	char proto_words[256][4]; /* "0" ... "255": protocols without a name */

	uint32_t capture_lost;   /* frames; wraps, only differences count */
	/* The last times that frames were lost: flows with ids below next_id were there. */
	struct {
		uint64_t next_id;
		uint32_t before;
		bool blind;
	} loss[LOSSES_KEPT];
	uint32_t losses;         /* so many times; the newest is at losses - 1 */
	uint64_t capture_lost_sometime;

	uint64_t *moved;         /* moved.c: bits of seats; NULL: nobody watches */

	struct flow scratch;     /* an embryo seen as a flow; a flow that ends, or that is only looked at */
	/* embryo_outline(); only self is there; walk.c: what orders it, too; all but RECORD_PART_REST */
	enum { WHOLE, OUTLINE, NAME_ONLY, PASSING, PLAIN } scratch_is;
	struct flow_stats stats;
};

static inline uint32_t seat_of(const struct flow_table *t, uint32_t ref)
{
	return ref & REF_EMBRYO ? t->flow_max + (ref & ~REF_EMBRYO) : ref;
}

static inline void flow_moved(struct flow_table *t, uint32_t ref)
{
	uint32_t seat;

	if (__builtin_expect(t->moved == NULL, 1))
		return;
	seat = seat_of(t, ref);
	t->moved[seat / 64] |= UINT64_C(1) << seat % 64;
}

static inline size_t moved_size(const struct flow_table *t)
{
	return ((size_t)t->flow_max + (size_t)t->chunk_max * EMBRYO_CHUNK + 63) / 64 * sizeof *t->moved;
}

static inline bool seen(int64_t ns)
{
	return ns != NEVER;
}

/* Without connections: what has ports keeps UDP's time-out, the rest ICMP's. */
static inline enum flow_class flow_datagram_class(uint8_t proto)
{
	return proto == PROTO_UDP || proto == PROTO_UDPLITE || proto == PROTO_SCTP ? FLOW_UDP : FLOW_ICMP;
}

static inline bool key_has_ports(uint8_t proto)
{
	return proto == PROTO_TCP || flow_datagram_class(proto) == FLOW_UDP;
}

/* The first or second end of a key. */
static inline void end_of_key(struct endpoint *e, const struct flow_key *k, bool second)
{
	e->ip = second ? k->b : k->a;
	e->port = second ? k->b_port : k->a_port;
	e->family = k->family;
	e->has_port = key_has_ports(k->proto);
}

/* What a record without a past has other than zeroes. */
static inline void flow_blank(struct flow *f)
{
	f->first_syn_ns = f->last_syn_ns = f->answered_syn_ns = NEVER;
	f->synack_ns = f->ack_ns = f->rst_ns = NEVER;
	f->rtt_ns = NEVER;
	f->name = f->rare = f->zeek.more = REF_NONE;
	for (unsigned i = 0; i < 2; i++) {
		f->side[i].ws_scale = -1;
		f->side[i].trouble = f->side[i].head = REF_NONE;
	}
}

/* Sequence numbers wrap (RFC 9293 3.4). */
static inline bool seq_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

/* A jump that no window allows (RFC 7323 2.3 ends at 2^30) is not of this stream. */
#define JUMP_MAX (UINT32_C(1) << 30)

static inline bool seq_far(uint32_t seq, uint32_t from)
{
	return seq - (from - JUMP_MAX) > 2 * JUMP_MAX;
}

/* Its ACK is of peer's SYN, and of no more than peer has sent. */
static inline bool acks_sent(const struct flow_side *peer, const struct descriptor *d)
{
	return d->tcp.ack - (peer->base + 1) <= peer->next - (peer->base + 1);
}

enum { IP_CE = 3 }; /* congestion experienced, of descriptor.ecn (RFC 3168 5) */

/* table.c */
uint32_t table_find(struct flow_table *t, const struct flow_key *k, uint32_t hash, uint32_t *slot);
void table_insert(struct flow_table *t, uint32_t hash, uint32_t ref);
void table_remove(struct flow_table *t, uint32_t slot);
void table_slots_clear(struct slot *slots, uint32_t n);
uint32_t table_hash(const struct flow_table *t, const struct flow_key *k);

/* embryo.c */
bool embryo_fits(const struct descriptor *d);
uint32_t embryo_new(struct flow_table *t, const struct descriptor *d, const struct flow_key *k, unsigned dir);
void embryo_near(const struct flow_table *t, const struct descriptor *d, struct flow_near *near); /* before flow_begins() */
void embryo_expand(struct flow_table *t, uint32_t ref, struct flow *f);
/* The scratch flow becomes an outline of the embryo: what the functions of flow.h that have no
 * table read of a flow, and common, outcome and losses of a record. The rest is not there until
 * embryo_complete(): most flows of a flood never need it. */
uint32_t lost_before(const struct flow_table *t, uint64_t id); /* of table->capture_lost, when that id was given */
struct flow *embryo_outline(struct flow_table *t, uint32_t ref);
void scratch_ready(struct flow_table *t, const struct flow *f, unsigned parts); /* for those parts of its record */
void scratch_complete(struct flow_table *t, const struct flow *f); /* whatever flow it is */
static inline unsigned embryo_class(uint8_t proto)
{
	return proto == PROTO_TCP ? FLOW_HALF_OPEN : flow_datagram_class(proto);
}

/* chunks.c. chunks_place(): a place at the young end of the bucket; REF_NONE: not even one chunk is to be had (the table is
 * smaller than that). */
void chunks_begin(struct flow_table *t);
uint32_t chunks_place(struct flow_table *t, uint16_t bucket);
void chunk_release(struct flow_table *t, uint32_t n);
void embryo_forget(struct flow_table *t, uint32_t ref); /* leaves its slot alone */
bool embryo_give_back(struct flow_table *t); /* the oldest chunk's memory; false: none to spare */

/* lone.c: those that end one after the other, and are told together: with lones_flush() at the latest. */
struct lones {
	struct lone_counts n;
	struct lone at[FLOW_LONES]; /* only if who they were is asked for */
};
void lone_tell(struct flow_table *t, struct lones *all, uint32_t ref, bool evicted);
void lones_flush(struct flow_table *t, struct lones *all);
void lone_end_chunk(struct flow_table *t, uint32_t n); /* all its embryos; the chunk is the caller's */
bool lones_tell_all(struct flow_table *t); /* at the end, in no order; false: there has to be one */
void embryo_expire(struct flow_table *t);

/* budget.c */
size_t budget_used(const struct flow_table *t);
size_t budget_touched(const struct flow_table *t);
bool budget_affords(const struct flow_table *t, size_t bytes, uint32_t entries);
bool budget_doubles_slots(struct flow_table *t); /* from slots_ask entries on */
bool budget_affords_name(const struct flow_table *t);
bool budget_affords_block(const struct flow_table *t, size_t bytes);
bool budget_affords_head(const struct flow_table *t);

/* ageing.c */
enum { PLACES_RESERVED = 2 };
void places_make(struct flow_table *t);
static inline void places_reserve(struct flow_table *t) /* for a flow and what is odd of one; evicts if it must */
{
	if (__builtin_expect(t->flows_free < PLACES_RESERVED, 0))
		places_make(t);
}
bool places_are_free(struct flow_table *t); /* the same, at the cost of those alone that are past; false: no room */
uint32_t place_take(struct flow_table *t); /* one of those that were reserved */
void place_give(struct flow_table *t, uint32_t ref);
void flow_release(struct flow_table *t, uint32_t ref); /* slot, list, name, record */
void flow_list_add(struct flow_table *t, uint32_t ref, unsigned class);
void flow_list_remove(struct flow_table *t, uint32_t ref);
void flow_reclass(struct flow_table *t, struct flow *f);
void flow_tell(struct flow_table *t, struct flow *f, bool evicted);
static inline bool flow_too_old(const struct flow_table *t, unsigned class, int64_t last_ns, int64_t now_ns)
{
	int64_t idle;

	if (class >= FLOW_PAST)
		return true;
	idle = t->limits.idle_ns[class];
	return idle && now_ns - last_ns > idle;
}

/* past.c: a full flow that was told is kept, or released where none are; an embryo that was told is made a full one and
 * kept, if there is room, and its own place is the caller's. past_forget(): one of them; false: there is none. */
void past_keep(struct flow_table *t, uint32_t ref);
void past_keep_lone(struct flow_table *t, uint32_t ref);
bool past_forget(struct flow_table *t);

/* tcp.c, datagram.c */
bool tcp_reuses(const struct flow *f, const struct descriptor *d, unsigned dir);
bool tcp_quotes(const struct flow *f, const struct descriptor *d, unsigned dir); /* dir: of the quoted packet */
/* copy: what copies_saw() said of it. */
void tcp_account(struct flow_table *t, struct flow *f, const struct descriptor *d, unsigned dir, bool copy,
		 uint32_t *change, struct judgement *j);
unsigned tcp_class(const struct flow *f);
const char *tcp_state(const struct flow *f);
bool tcp_ack_seen(const struct flow *f);
void datagram_account(struct flow *f, const struct descriptor *d, unsigned dir);

/* verdicts.c */
void verdicts_judge(struct flow *f, const struct descriptor *d, unsigned dir, struct judgement *j);
void verdicts_begin(struct flow *f, unsigned dir, const struct embryo *e);

/* segments.c */
struct side_trouble *side_trouble(const struct flow_table *t, const struct flow_side *s); /* NULL: none */
struct side_trouble *side_trouble_need(struct flow_table *t, struct flow_side *s);        /* NULL: no room */
struct side_trouble *trouble_need(struct flow_table *t, uint32_t *trouble);               /* the same */
void side_trouble_release(struct flow_table *t, uint32_t trouble);
bool segments_holes(const struct flow_table *t, uint32_t trouble); /* has it holes, or forgotten ones? */
/* After verdicts_judge(): adds the exact verdicts. */
void segments_account(struct flow_table *t, struct flow *f, const struct descriptor *d, unsigned dir,
		      struct judgement *j);
void segments_cut(struct flow_table *t, struct flow_side *s);
void segments_missing(const struct flow_table *t, const struct flow_side *s, const struct flow_side *peer,
		      uint64_t *missed, uint64_t *lost);

/* trips.c: after segments_account() */
void trips_account(struct flow_table *t, const struct flow *f, const struct descriptor *d, unsigned dir,
		   struct judgement *j);
struct trips_summary {
	uint32_t min_us, median_us, max_us, samples;
};
bool trips_summary(const struct flow_table *t, const struct flow *f, unsigned i, struct trips_summary *out); /* of side i; false: none */

/* How many holes there are in from..to. */
unsigned segments_gaps(struct flow_table *t, const struct flow_side *s, uint32_t from, uint32_t to);

/* zeek.c: after all others, so that it knows the client */
void zeek_account(struct flow_table *t, struct flow *f, const struct descriptor *d, unsigned dir,
		  const struct judgement *j);
bool zeek_said_data(const struct flow *f, unsigned i); /* that letter is there for this side */
bool zeek_said_ack(const struct flow *f, unsigned i);
void zeek_begin(struct flow *f, unsigned dir, const struct embryo *e);
void zeek_fill(struct flow_record *r, const struct flow_table *t, const struct flow *f);

/* rare.c */
struct flow_rare *flow_rare(const struct flow_table *t, const struct flow *f); /* NULL: none */
struct flow_rare *flow_rare_need(struct flow_table *t, struct flow *f);        /* NULL: no room */

/* state.c: after segments_account() and resets_account(), before the handshake's times */
void state_account(struct flow *f, const struct descriptor *d, unsigned dir, struct judgement *j);
extern const char *const end_state_names[END_STATES]; /* NULL: unknown */
bool state_synchronized(const struct flow *f); /* synchronized, and nobody has ended it */
void state_begun_on_open(struct flow *f, unsigned dir, struct judgement *j); /* by a SYN in place of such a one */
bool state_is_self(const struct flow *f); /* a socket connected to itself: all is side 0 */
bool state_one_sided(const struct flow *f, unsigned dir); /* only this direction was captured */

/* resets.c: before segments_account(), which forgets where things stood */
void resets_account(struct flow *f, const struct descriptor *d, unsigned dir, struct judgement *j);

/* ordinary.c */
void ordinary_settle(const struct flow_table *t, struct flow *f); /* after the long way */
void ordinary_leave(struct flow *f);                              /* before it */
void ordinary_level(struct flow *f);                              /* whoever counts, counts as the sides do */

/* stamps.c: after segments_account(). idle_ns: since the side's last segment */
#define STAMPS_FORGOTTEN_NS (24 * INT64_C(86400) * CLOCK_S)
static inline bool stamps_known(const struct flow_side *s, int64_t idle_ns) /* is there one to compare with? */
{
	return s->end & END_TSVAL && idle_ns < STAMPS_FORGOTTEN_NS;
}
void stamps_account(struct flow *f, const struct descriptor *d, unsigned dir, int64_t idle_ns, struct judgement *j);

/* extensions.c: of SYN and SYN/ACK; and ECN's marks on any segment */
void fast_open_account(struct flow *f, const struct descriptor *d, unsigned dir, struct judgement *j);
void ecn_account(struct flow_table *t, struct flow *f, const struct descriptor *d, unsigned dir, struct judgement *j);
void ecn_asked(struct flow *f, uint16_t flags);

/* fill_handshake.c */
void fill_outcome(struct flow_record *r, const struct flow *f);
void fill_handshake(struct flow_record *r, const struct flow *f);

/* fill_extensions.c */
void fill_agreed(struct flow_record *r, const struct flow *f); /* with the handshake */
void fill_ends(struct flow_record *r, const struct flow *f);
void fill_rare(struct flow_record *r, const struct flow_table *t, const struct flow *f);

/* mptcp.c */
int joins_open(struct joins *k, size_t memory, struct error *e);
void joins_free(struct joins *k);
void mptcp_account(struct flow_table *t, struct flow *f, const struct descriptor *d, unsigned dir,
		   struct judgement *j);

/* Measured? To Wireshark a 0 is not; a time that went back is. */
static inline bool tcp_rtt_known(const struct flow *f)
{
	return seen(f->rtt_ns) && f->rtt_ns != 0;
}

/* contents.c */
/* Bytes: places are counted in these; all of a direction is kept that far, and of a segment behind it so much. */
enum { CONTENTS_UNIT = 8, CONTENTS_HEAD = 2 << 10, CONTENTS_REST = 48 };
int contents_open(struct contents *c, const struct hash_key *key, size_t memory, struct error *e);
void contents_free(struct contents *c);
size_t contents_size(const struct contents *c);
size_t contents_touched(const struct contents *c);
/* Keeps the payload, and returns how many bytes differ from those kept before.
 * again: some of it may have come before. */
struct content_side {
	uint32_t owner;      /* the flow's place and its side */
	uint32_t *place;     /* of what it sent last, in the log */
	uint32_t low, next;  /* as of struct flow_side */
};
uint32_t contents_saw(struct flow_table *t, const struct content_side *s, const struct descriptor *d, bool again);
/* The same of the next data in order, without a SYN: owner to low are the side's. */
void contents_follow(struct flow_table *t, uint32_t owner, uint32_t *place, uint32_t low, const struct descriptor *d);

/* head.c */
size_t heads_size(size_t memory);
void heads_open(struct heads *s, void *at, size_t size);
size_t heads_used(const struct heads *s);
void head_settle(struct flow_table *t, struct flow *f, unsigned side);
bool head_is(const struct heads *s, uint32_t ref, uint32_t flow, unsigned dir); /* still its own? it may be another's */
void head_forget(struct flow_table *t, uint32_t ref);

/* kept.c: what is at hand is kept, before anything else is looked at */
void flow_fold(struct flow_table *t);
void met_keep(struct flow_table *t); /* of a flow that was met (plain.c): its bits and its application */
struct flow *flow_at_hand(struct flow_table *t, struct flow *f); /* such a one, unfolded; any other as it is */
static inline void flow_store(struct flow_table *t)
{
	if (t->work_open || t->bits_open)
		flow_fold(t);
}

/* walk.c */
struct flow *flow_look(struct flow_table *t, uint32_t ref);  /* a copy of a full flow */
struct flow *flow_look_to_tell(struct flow_table *t, uint32_t ref);
void flow_was_told(struct flow_table *t, uint32_t ref); /* after flow_tell() of that */
/* seats.c: who sits there, and whether the client is the second of its key; false: nobody */
bool seat_key(const struct flow_table *t, uint32_t seat, struct flow_key *key, bool *client);
/* Of the keys asked, bits by number, take off those that are known: fill.c. */
void keys_without(uint64_t keys[2], const enum record_key *known, size_t n);
void keys_without_words(uint64_t keys[2]); /* alike.c: what brief records have, and those that are alike have the same */
/* names.c */
void names_open(struct names *n, void *at, size_t size);
/* REF_NONE: full, or no block of a dropped name fits and it may not grow. */
uint32_t names_put(struct names *n, const uint8_t *bytes, uint32_t len, bool may_grow);
void names_drop(struct names *n, uint32_t ref);
uint32_t names_get(const struct names *n, uint32_t ref, const uint8_t **bytes);

/* blocks.c */
void blocks_open(struct blocks *b, void *at, size_t size);
/* A zeroed block of that class (BLOCK_MIN << class bytes), or REF_NONE, counted. */
uint32_t blocks_take(struct flow_table *t, unsigned class);
void blocks_give(struct blocks *b, uint32_t ref, unsigned class);
static inline void *blocks_at(const struct blocks *b, uint32_t ref)
{
	return b->at + (size_t)ref * BLOCK_MIN;
}

#endif
