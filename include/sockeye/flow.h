/* Flows: packets become conversations.
 *
 * One thread owns a table. Everything is bounded at open; what has to be
 * forgotten ends with a record and a count. Ids are never reused; a pointer to
 * a flow is valid until the next call that moves time or gives a flow: of those
 * seen once there is one copy, made for the caller.
 *
 * A flow begins as an embryo (64 bytes: one SYN, or one datagram) and becomes
 * a full record with its second packet, so that a flood costs little.
 */
#ifndef SOCKEYE_FLOW_H
#define SOCKEYE_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sockeye/descriptor.h"
#include "sockeye/error.h"
#include "sockeye/event.h"
#include "sockeye/hash.h"
#include "sockeye/record.h"
#include "sockeye/verdict.h"

struct flow;
struct flow_table;

enum flow_class { FLOW_CLOSED, FLOW_HALF_OPEN, FLOW_UDP, FLOW_ICMP, FLOW_ESTABLISHED, FLOW_CLASSES };

enum { FLOW_MEMORY_MIN = 1 << 20 };

struct flow_limits {
	size_t memory;                  /* bytes for everything in the table, FLOW_MEMORY_MIN at least */
	int64_t idle_ns[FLOW_CLASSES];  /* 0: never by silence (files) */
	int64_t closed_told_ns;         /* live: the record of a closed flow comes this late */
	uint32_t past;                  /* so many that are over stay to be looked at; 0: none */
	uint64_t hash_seed;             /* 0: random */
	bool no_fast_path;              /* ordinary segments, too, go the long way: same results, for tests */
};

/* What flow_track() changed, and flow_told reports. */
enum flow_change {
	FLOW_NEW = 1,
	FLOW_HANDSHAKE_DONE = 2, /* complete, refused, reset, unreachable */
	FLOW_STATE = 4,
	FLOW_REUSED = 8,         /* the tuple's former flow was ended for this one */
};

/* Called for each flow that ends (by time, reuse, memory or flow_table_end):
 * read it with flow_record_fill(). */
typedef void flow_ended(void *arg, struct flow *f, bool evicted);

/* Called instead where flow_table_lone() has set it, of flows whose only packet is what is known of them.
 * each: who they were, or NULL; see struct observer. */
enum { FLOW_LONES = 64 }; /* at once, at most, if each is told */
typedef void flow_lones(void *arg, const struct lone_counts *n, const struct lone *each);

struct flow_stats {
	uint64_t tcp, udp, icmp, other; /* begun */
	uint64_t live, embryos;         /* in the table now */
	uint64_t evicted, evicted_embryos;
	uint64_t past_forgotten;        /* of those that were over and stayed to be looked at */
	uint64_t names_lost;            /* server names that found no room */
	uint64_t blocks_lost;           /* side records that found no room: verdicts, holes or RTT of a flow */
	uint64_t verdicts_lost;         /* packets of which something was to be counted, and there was no side record */
	uint64_t flows_unjudged;        /* flows with such packets: their records have no verdicts */
	uint64_t holes_lost;            /* holes forgotten, because a flow had too many */
	uint64_t joins_lost;            /* multipath connections forgotten: their later subflows stand alone */
	uint64_t interval_steps;        /* holes looked at or moved: counted work */
	uint64_t bytes_copied;          /* of payload, to compare what comes again: counted work */
	uint64_t heads;                 /* heads of directions kept now */
	uint64_t heads_forgotten;       /* given up for want of memory, or with too many holes */
	uint64_t probes;                /* slots, embryos, buckets, flows looked at: counted work */
	size_t memory_used;
};

/* The live and the file settings of PRODUCT.md section 2. */
void flow_limits_file(struct flow_limits *l, size_t memory);
void flow_limits_live(struct flow_limits *l, size_t memory);
/* For limits.past, of a table of that memory: what a screen wants. A flow that is over is told as ever, its tuple may
 * begin anew, and it is still walked over and looked up by its id; it is past. */
uint32_t flow_limits_past(size_t memory);

int flow_table_open(struct flow_table **out, const struct flow_limits *l, flow_ended *told, void *arg,
		    struct error *e);
void flow_table_free(struct flow_table *t);
void flow_table_lone(struct flow_table *t, flow_lones *told, bool each); /* NULL: as all others, the beginning */

/* What is known of a packet before its flow is looked for. */
struct flow_near {
	uint64_t identity; /* of the packet: copies.c */
	uint32_t place;    /* where the flow was met, which may no longer be so; UINT32_MAX: not met */
	uint8_t dir;       /* tuple_direction() */
	bool may_begin;    /* a SYN that met no flow: */
	uint16_t bucket[2]; /* where one of it would be put (embryo.c) */
};

/* Fill d->hash and *near, before flow_track(). The key never changes while the table lives:
 * whoever hashes on another thread has a copy of it, for the table's own lies among what changes. */
struct hash_key flow_hash_key(const struct flow_table *t);
void flow_hash(const struct hash_key *key, struct descriptor *d, struct flow_near *near);
/* The same for those of a batch that is[] names; t: with flow_near_slot() of the first packets, or NULL. */
enum { FLOW_NEAR_SLOTS = 20 };
void flow_hash_batch(const struct hash_key *key, struct descriptor *d, const bool *is, unsigned n,
		     struct flow_near *near, const struct flow_table *t);

/* On another thread: the memory of the flows that come next is made ready, some MB ahead of
 * those that are there; *done: how far that is, 0 at first, the caller's. */
void flow_touch_ahead(const struct flow_table *t, size_t *done);

/* What is kept of payloads (contents.c) can be put down later, by the thread that read them and has them at hand. Pieces of one
 * batch of packets are owed in a list, at most one for each, and paid by flow_pay(), lists that were handed on one after the other,
 * while the descriptors and payloads that it names are there. What is owed may be asked for before: then all of it is
 * paid first, by flow_pays()'s function for lists that were handed on. A list that was not in flow_owe() has n 0. */
enum { FLOW_OWED = 512 };
struct flow_owed {
	const struct descriptor *d;
	uint32_t place, before, tag, n; /* as in contents.c: where it goes; bytes */
};
struct flow_owing {
	unsigned n;
	uint32_t until; /* place in the log behind all that came with this list and before it */
	struct flow_owed at[FLOW_OWED];
};
bool flow_owe(struct flow_table *t, struct flow_owing *o, uint32_t paid); /* from here on in o; paid: an until, all before it was.
									     False: nothing is owed for now, it was asked for too soon */
void flow_owes(struct flow_table *t);                                     /* o is complete; from here on nothing is owed */
void flow_pay(struct flow_table *t, const struct flow_owing *o);          /* any thread */
void flow_pays(struct flow_table *t, void (*all)(void *arg), void *arg);  /* NULL: every list was paid */

/* Bring what flow_track() will look at nearer, and change nothing: of a batch first
 * the slot of each packet, when its hash is there; then, some packets ahead of the one at
 * hand, the record that it names, whose place is noted; then the rest of it, where the
 * packet looks as if it went the long way. */
void flow_near_slot(const struct flow_table *t, const struct descriptor *d, const struct flow_near *near);
void flow_near_record(const struct flow_table *t, const struct descriptor *d, struct flow_near *near);
void flow_near_rest(const struct flow_table *t, const struct descriptor *d, const struct flow_near *near);
/* The payload, which lies with another processor, where it is looked at and not only kept: its flow's application is not known. */
void flow_near_payload(const struct flow_table *t, const struct descriptor *d, const struct flow_near *near);

/* Time went on: end what was silent too long. now_ns never moves back. */
void flow_expire(struct flow_table *t, int64_t now_ns);

/* Account an ordinary segment: the next data in order, or an ACK that moves on, of a flow
 * that flow_near_record() met. Nothing is to be said of it but a round-trip time, nothing
 * changed, and its payload is not wanted. False: it is none, nothing happened; flow_track(). */
struct flow_trip {
	uint64_t id;    /* of its flow */
	int64_t rtt_ns; /* of what it acknowledges; -1: none */
	unsigned side;  /* 0: the client sent the segment; 1: the server, and the time is the client's data's */
	uint32_t place; /* and the next two: flow_step() only */
	uint32_t dup_ack_number; /* as in struct judgement */
	uint64_t verdicts;       /* the same: an ACK once more, a window that was moved */
};
bool flow_ordinary(struct flow_table *t, const struct descriptor *d, const struct flow_near *near, struct flow_trip *trip);

/* Account one of the other steps in which most flows go: the SYN/ACK of a lone SYN, the ACK that completes it, what a side
 * says for the first time, the same ACK again, the close; and a further datagram whose application nobody asks for.
 * STEP_NOT: it is none, nothing happened; flow_track(). Where something is to be looked at or told, it is of flow_met(). */
enum flow_stepped {
	STEP_NOT,
	STEP_DONE,           /* nothing more is to be said */
	STEP_ASKS,           /* flow_service_wanted(), of its payload */
	STEP_HANDSHAKE_DONE, /* as FLOW_HANDSHAKE_DONE */
};
enum flow_stepped flow_step(struct flow_table *t, const struct descriptor *d, const struct flow_near *near,
			    struct flow_trip *trip);
/* The flow in that place, of which all follows (it has just gone a step, or is to be told): who it is, its handshake, its
 * application, which may be set. Bytes of its sides are not set. */
struct flow *flow_met(struct flow_table *t, uint32_t place);

/* Account a SYN that begins a flow, is the first of its tuple and asks for nothing that would need more
 * than its fields: the flow's id, and nothing else is to be said. 0: it is none, nothing happened; flow_track(). */
uint64_t flow_begins(struct flow_table *t, const struct descriptor *d, const struct flow_near *near);

/* Account one packet. *change gets enum flow_change bits; *side 0 if the
 * client sent it; *j what is to be said of it (nothing where it is not TCP).
 * Never NULL. */
struct flow *flow_track(struct flow_table *t, const struct descriptor *d, const struct flow_near *near,
			uint32_t *change, unsigned *side, struct judgement *j);

/* The packet is over: what was found out about its flow is put where the flow lies. Whatever comes next would do that
 * first; but whether there is something to do is then hard to guess for each packet (ordinary segments mostly have not). */
void flow_put_down(struct flow_table *t);

/* The capture lost n frames: whatever was not seen since may be among them. */
void flow_capture_lost(struct flow_table *t, uint64_t n);
/* The capture saw nothing for a while, nobody knows how much there was. */
void flow_capture_blind(struct flow_table *t);
/* And n more, nobody knows when: it may concern every flow. */
void flow_capture_lost_sometime(struct flow_table *t, uint64_t n);

/* An ICMP error quotes a packet of the flow: returns it, or NULL. Also sets
 * its icmp_error. While a SYN waits, the quote must have its sequence number,
 * as the kernel demands: who cannot see the SYN cannot call it unreachable. */
struct flow *flow_quote(struct flow_table *t, const struct descriptor *d, uint32_t *change);

/* End every flow in the order of their ids. */
void flow_table_end(struct flow_table *t);

/* NULL: gone. Walks the table: for the one flow that is selected. */
struct flow *flow_by_id(struct flow_table *t, uint64_t id);
/* The same at once, by the place where the flow was met (flow_place()); NULL
 * if another flow, or none, is there now. */
uint32_t flow_place(const struct flow *f);
struct flow *flow_at(struct flow_table *t, uint32_t place, uint64_t id);
uint64_t flow_id(const struct flow *f);

/* Walk all flows in the table: start with *at = 0; NULL at the end. A flow
 * that is promoted between two calls may be met twice or not at all. */
struct flow *flow_next(struct flow_table *t, uint64_t *at);
/* The same of its id alone, which is returned (0: there is none), and its place: of many flows some are looked for. */
uint64_t flow_next_id(struct flow_table *t, uint64_t *at, uint32_t *place);

/* For who keeps something of each flow, and looks again only at those that moved. Every flow
 * that is there has a seat of its own, a small number, which is free again when it ends; the seats
 * that may be taken are those of two ranges. After flow_watch() a seat is marked when a packet
 * of its flow was taken in, and when a flow came to it or left it. */
struct flow_seats {
	uint32_t from, to; /* [from, to) */
};
int flow_watch(struct flow_table *t, struct error *e); /* 0; or -errno, no memory */
uint32_t flow_seats_most(const struct flow_table *t);  /* there are fewer than that, ever */
void flow_seats(const struct flow_table *t, struct flow_seats out[2]);
struct flow *flow_in_seat(struct flow_table *t, uint32_t seat); /* as of flow_next(); NULL: free */
/* Mark the seat of that flow, either way round, for something besides its packets was learnt of it. */
void flow_mark(struct flow_table *t, const struct tuple *of);
struct flow_seat {
	uint64_t id;
	bool open, reused; /* flow_is_open(), flow_is_reused() */
	bool past;         /* over, told, and only kept to be looked at */
	uint8_t proto;
};
bool flow_seat_is(const struct flow_table *t, uint32_t seat, struct flow_seat *out); /* false: it is free */
/* Of who sits there, and at once: the number of flow_sort_key(), an end. False: none, or it needs a record. */
bool flow_seat_key(const struct flow_table *t, uint32_t seat, enum record_key k, uint64_t *out);
bool flow_seat_end(const struct flow_table *t, uint32_t seat, bool server, struct endpoint *out);
struct flow_sums {
	uint64_t packets, bytes[2]; /* of both ends; of the client, of the server */
	int64_t first_ns, last_ns;
};
bool flow_seat_sums(const struct flow_table *t, uint32_t seat, struct flow_sums *out);
/* What it takes there and back, as a record says it: data to the server (bit 0), to the client (bit 1), the handshake. */
enum { FLOW_TRIP_HANDSHAKE = 4 };
struct flow_trips {
	unsigned known;
	int64_t p50[2], handshake;
};
bool flow_seat_trips(const struct flow_table *t, uint32_t seat, struct flow_trips *out);
/* Retransmissions of both ends; false: the record has no such key. */
bool flow_seat_again(const struct flow_table *t, uint32_t seat, uint64_t *out);
/* Flows of which this number is the same have the same record where these keys are asked, until a packet comes:
 *   ALIKE_WORDS   states, outcome, application, tunnel, what ICMP said; server_name unless *named
 *   ALIKE_COUNTS  and the counts of verdicts
 * 0: it is like no other. So what follows of these keys need not be found out of each. */
enum flow_alike { ALIKE_WORDS, ALIKE_COUNTS, ALIKE_NOT };
enum flow_alike flow_alike_keys(const uint64_t keys[2]); /* the least that has these; ALIKE_NOT: none */
uint64_t flow_seat_alike(const struct flow_table *t, uint32_t seat, enum flow_alike what, bool *named);
/* The same as ALIKE_WORDS of any flow, by its record, which has these parts: by a hash of what it says, so of two that
 * differ it is the same by a chance of one in 2^63. None of the numbers above. */
unsigned flow_alike_parts(void);
uint64_t flow_record_alike(const struct flow_record *r, const struct hash_key *key, bool past);
/* Bring it nearer, and change nothing: for who looks at one seat after the other, some ahead. Not whole: only
 * what its key and its ends take. */
void flow_seat_near(const struct flow_table *t, uint32_t seat, bool whole);
/* And then, where only its ends are wanted: the rest of those of IPv6. */
void flow_seat_near_ends(const struct flow_table *t, uint32_t seat);
/* And then, when that is there: what lies elsewhere of it, if it has such: what is odd of it, its many round trips. */
void flow_seat_near_rest(const struct flow_table *t, uint32_t seat, bool trips);
/* The next marked seat from *seat on, whose mark is taken off; false: none. */
bool flow_next_moved(struct flow_table *t, uint32_t *seat);
bool flow_seat_moved(const struct flow_table *t, uint32_t seat); /* it is marked */
/* Take off its mark: for who looks at it now, after flow_put_down(). */
void flow_unmark(struct flow_table *t, uint32_t seat);

/* For the screen's walk over all flows, which fills records only for the rows
 * in sight. flow_sort_key: a number that orders f as key k does, present in
 * every flow; false: this key needs a record. */
bool flow_sort_key(const struct flow *f, enum record_key k, uint64_t *out);
bool flow_is_open(const struct flow *f);
bool flow_is_reused(const struct flow *f); /* it began on the ports of another, which ended by it */

/* Brought up to date by the call; the pointer stays valid. */
const struct flow_stats *flow_stats(struct flow_table *t);

/* What hashes the keys of multipath TCP, which ties its subflows together; NULL: nothing does. */
const char *flow_token_library(void);

/* The application. flow_service_wanted: a payload of this side (0 client) is
 * worth a look, because the service or its server name is not known and no
 * payload of this side was looked at, or its head is kept because more may tell
 * more. Afterwards one of the two others. */
bool flow_service_wanted(const struct flow *f, unsigned side);
bool flow_first_payload(const struct flow *f, unsigned side);
const struct dissector *flow_service(const struct flow *f);
bool flow_service_named(const struct flow *f); /* the name of its server is known, too */
/* The name is foreign bytes, copied; NULL: none. */
void flow_service_set(struct flow_table *t, struct flow *f, unsigned side, const struct dissector *by,
		      const uint8_t *server_name, uint32_t len);
/* A payload was looked at and nobody knew it. */
void flow_service_missed(struct flow_table *t, struct flow *f, unsigned side);

/* The head of a direction: the first bytes of its stream, put in order, kept
 * while the application is not known. flow_head_piece() says what a payload that
 * is wanted is to it, and puts it there if one is kept. */
enum { FLOW_HEAD_MAX = 4096 };

enum flow_piece {
	PIECE_BEGINS, /* none kept: look at the payload itself */
	PIECE_AHEAD,  /* none kept, and bytes before this payload have not come yet */
	PIECE_OLD,    /* nothing new in it, or its head is over */
	PIECE_KEPT,   /* put there; not enough for another look */
	PIECE_GREW,   /* put there: look at flow_head() */
};
enum flow_piece flow_head_piece(struct flow_table *t, struct flow *f, unsigned side, const struct descriptor *d);

/* The bytes in order from the beginning; NULL: none. Lent until it is asked for
 * the same side again. */
const uint8_t *flow_head(struct flow_table *t, const struct flow *f, unsigned side, uint32_t *len);

/* After a look: keep the head, or begin one with this payload (ahead: what the
 * piece was), until there are need bytes. False: it cannot be, none is kept. */
bool flow_head_keep(struct flow_table *t, struct flow *f, unsigned side, const struct descriptor *d, bool ahead,
		    uint32_t need);
void flow_head_drop(struct flow_table *t, struct flow *f, unsigned side);

/* Once per flow: the outcome of its handshake is reported now. Returns false
 * if it was reported before or there is none. give_up: it will not go on. */
bool flow_handshake_report(struct flow *f, bool give_up, enum handshake_outcome *out);
enum handshake_outcome flow_outcome(const struct flow *f);

/* Somebody who knows more of flows than packets tell: called with each record that has its RECORD_PART_REST, when all
 * else is filled. NULL: nobody. */
void flow_record_more(struct flow_table *t, void (*more)(void *arg, struct flow_record *r), void *arg);

/* Everything known about f, as views see it. paths may be NULL. */
void flow_record_fill(struct flow_record *r, struct flow_table *t, const struct flow *f,
		      const struct paths *paths);
/* Only what is asked for: bits of enum record_part. */
void flow_record_fill_parts(struct flow_record *r, struct flow_table *t, const struct flow *f,
			    const struct paths *paths, unsigned parts);

/* Less than any part, of who sits there. A key that it lacks is absent to who asks for it, so ask for no other:
 *   BRIEF_ENDS   client, server, proto
 *   BRIEF_WORDS  and what condition.h and filter_visible() read */
enum record_brief { BRIEF_ENDS, BRIEF_WORDS, BRIEF_NOT };
enum record_brief flow_record_brief(const uint64_t keys[2]); /* the least that has these; BRIEF_NOT: none */
/* BRIEF_ENDS, of a flow that was met before. */
void flow_record_fill_ends(struct flow_record *r, const struct flow_table *t, uint8_t proto, const struct endpoint ends[2]);
/* False: the seat is free. */
bool flow_record_fill_brief(struct flow_record *r, struct flow_table *t, uint32_t seat, const struct paths *paths,
			    enum record_brief what);

#endif
