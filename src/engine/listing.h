/* What orders and selects flows, kept beside them: of each seat (flow.h) sixteen bytes.
 *
 * It is made for the order and the filter of a query, in slices; then only flows that moved are
 * looked at again. So a question costs one pass over sixteen bytes a flow, where it would cost one
 * over all that is kept of them and, for most keys, a record of each.
 *
 *   made       a walk over all seats, until the deadline; goes on when it is asked again
 *   made anew  in part: another order leaves what the filter says; another filter leaves the
 *              keys of those that passed the former one
 *   at once    most words of an order are read where the flow lies (listing_words.h); the pass over
 *              flows asks for those that come next some seats ahead
 *   alike      what follows of its states, its application and its counts is found out of one of all
 *              flows that are alike in these (listing_alike.h): the rest of them need no record
 *   ahead      while nobody asks, the gist of each flow is prepared (listing_gist.h): then most questions need no flow
 *   ends       of an address that needs more than a word the rest is read where the flow lies, of those
 *              that have the first word in common: nothing moves while an answer is made
 *   owners     who holds a socket is found (the flow is marked as one that moved) or stands in the
 *              host thread's next table: then those are looked at that are open or moved since
 *   not kept   what needs more room than there is (listing_open), or orders by what changes
 *              without a packet: then every flow is looked at for every answer, as it is passed
 */
#ifndef ENGINE_LISTING_H
#define ENGINE_LISTING_H

#include "near.h"
#include "sockeye/engine.h"

enum listed_is {
	LISTED_THERE = 1,
	LISTED_OPEN = 2,
	LISTED_REUSED = 4,
	LISTED_MATCHES = 8,
	LISTED_OVER = 16,    /* left out by query.open_only */
	LISTED_RANKED = 32,  /* its words are of the order at hand */
	LISTED_ABSENT = 64,  /* of groups: its handshake failed, or nobody answered */
	LISTED_MOVES = 128,  /* it changes without a packet: its rate as time goes on, its owner with the next table */
	LISTED_KINDS = 256,
};

struct listed {
	uint64_t at;         /* the first word of its rank; of groups: which one */
	uint32_t id;
	uint8_t id_high;
	uint8_t is;          /* enum listed_is */
	uint16_t again;      /* of groups: struct grouped */
};
_Static_assert(sizeof(struct listed) == 16, "as is told above");

struct listing;

/* In so many bytes at most; NULL: no memory for anything. */
struct listing *listing_open(struct engine *e, size_t memory);
void listing_free(struct listing *l);

/* Bring it up to date for q. False: the deadline (monotonic; INT64_MAX: none) came first. Of groups only so far as
 * their sum has gone: it asks for the rest by listing_catch_up(), some seats at a time, and says when it has them all. */
bool listing_go_on(struct listing *l, const struct query *q, int64_t deadline_ns);
void listing_catch_up(struct listing *l, uint32_t until);
void listing_caught_all(struct listing *l);

/* Prepare for what may be asked next, until the deadline; with all that stands here in so many bytes at most, else nothing
 * is prepared. Between two answers that are whole. listing_is_ahead(): there is nothing to prepare, any more. */
void listing_ahead(struct listing *l, size_t room, int64_t deadline_ns);
bool listing_is_ahead(const struct listing *l);
void listing_ended(struct listing *l); /* nothing comes any more: what found no room for it may find some now */

/* Then: the seats, what stands of one, and its rank. Lent until the next one is asked for. */
struct listing_view {
	struct listing *listing;
	struct flow_seats seats[2];
	const struct listed *at;                /* NULL: nothing is kept */
	const uint64_t (*more)[RANK_WORDS - 1]; /* NULL: all are 0 */
	uint64_t turned;                        /* all bits set: a falling order */
	bool summed;                            /* of most, listing_sums() needs not the flow */
	bool ends;                              /* by an end: of IPv6 the further words are not kept */
};
struct listing_view listing_view(struct listing *l);
const struct listed *listing_made(struct listing *l, uint32_t seat); /* where nothing is kept */
const uint64_t *listing_made_more(const struct listing *l);          /* of that one */
void listing_rest_of_end(const struct listing_view *v, uint32_t seat, uint64_t more[RANK_WORDS - 1]);

static inline const struct listed *listing_at(const struct listing_view *v, uint32_t seat)
{
	return v->at ? &v->at[seat] : listing_made(v->listing, seat);
}

/* Of what listing_at() gave. */
static inline void listing_rank(const struct listing_view *v, const struct listed *is, uint32_t seat, struct rank *out)
{
	const uint64_t *more = !v->more ? NULL : v->at ? v->more[seat] : listing_made_more(v->listing);
	uint64_t rest[RANK_WORDS - 1];

	if (v->ends && rank_end_goes_on(is->at)) {
		listing_rest_of_end(v, seat, rest);
		more = rest;
	}
	out->absent = is->is & LISTED_ABSENT;
	out->at[0] = is->at ^ v->turned;
	for (unsigned i = 1; i < RANK_WORDS; i++)
		out->at[i] = more ? more[i - 1] ^ v->turned : 0;
	out->id = (uint64_t)is->id_high << 32 | is->id;
	out->seat = seat;
}

/* The seats of these flows, all at once; UINT32_MAX: it is gone. Those of hint[] are looked at first. */
void listing_find(struct listing *l, const uint64_t *ids, unsigned n, uint32_t *seats);
/* Rows that are in sight: where they were met, for the next listing_find(). */
void listing_hint(struct listing *l, unsigned row, uint64_t id, uint32_t seat);

static inline uint64_t listed_id(const struct listed *is)
{
	return (uint64_t)is->id_high << 32 | is->id;
}

/* As answer has them. */
struct flow_counts {
	uint64_t flows, open, matched, over, newest, newer, reused;
};

/* Sums of groups that are being made, for the query that listing_go_on() was given last. All that is half done lies
 * here: answers that are given in between know nothing of it. */
struct group_sum {
	struct groups *groups; /* NULL: no memory */
	uint32_t next;         /* seat that it goes on with; 0: nothing is summed yet */
	int64_t worked_ns;     /* when it was worked on last */
	struct flow_counts counts;
	uint32_t kinds[LISTED_KINDS]; /* flows of each enum listed_is */
};
struct group_sum *listing_sum(struct listing *l);
/* Nobody goes on with it: it is begun anew. */
void listing_sum_left(struct listing *l);
/* As flow_seat_sums(), of what is up to date here. */
bool listing_sums(const struct listing *l, uint32_t seat, struct flow_sums *out);
/* Some seats ahead: to be looked at soon. */
void listing_near_seat(const struct listing *l, uint32_t seat);

/* Room for those before and behind a place, of whoever asks. */
struct near *listing_near(struct listing *l, unsigned behind);

struct listing_stats {
	uint64_t looked; /* flows looked at: counted work */
	uint64_t filled; /* records filled, in part */
	uint64_t by_gist; /* flows that were not looked at, for their gist says it */
	uint64_t prepared; /* gists made ahead */
};
struct listing_stats *listing_stats(struct listing *l);
size_t listing_held(const struct listing *l);

/* The engine's; NULL: no memory. What it is opened with. */
struct listing *engine_listing(struct engine *e);
size_t engine_listing_share(const struct engine *e);

#endif
