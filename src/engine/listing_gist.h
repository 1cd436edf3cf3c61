/* The gist of a flow: 44 bytes beside its entry in the listing, in four columns, from which most questions can be answered
 * without a look at the flow, which lies in four cache lines and more.
 *
 *   prepared   while nobody asks anything (engine_ahead()): one walk over all seats, in short turns
 *   kept       from then on: of a flow that moved the gist is made again where its entry is (listing.c)
 *   lone       of a flow of one packet, which is one line itself, it is the first column: 4 bytes
 *   less       what does not fit has its bit not set, and is read where the flow lies: addresses of IPv6 beyond as
 *              many as there were flows when the first was met (half a million at most), bytes of 4 GiB and more in
 *              one direction, times a day and a half from all others, round trips of 4 s
 *   alike      flows that are alike (flow.h) have one number: what was found out of one is known of all
 *   bounded    by what the caller says; where there is no room for all of them there are none
 *
 * A question says which bits it needs; of a flow that has them the answer is the same as that of the flow. */
#ifndef ENGINE_LISTING_GIST_H
#define ENGINE_LISTING_GIST_H

#include "listing_alike.h"
#include "sockeye/flow.h"

enum gist_has {
	GIST_KNOWN = 1,
	GIST_ENDS = 2,
	GIST_PORTS = 4,    /* they are some */
	GIST_LIKE = 8,     /* it is like others, in words */
	GIST_COUNTED = 16, /* and in counts: it has no verdicts, nor retransmissions */
	GIST_UNNAMED = 32, /* it has no server name */
	GIST_SUMS = 64,
	GIST_TRIP = 128,   /* known, or known that there is none */
	GIST_FREE = 255,   /* nobody sits there */
	GIST_NOT = 256,    /* no gist has this: for questions that need the flow */
};

enum { GIST_LIKES = 4096, GIST_LIKE_MASK = GIST_LIKES - 1, GIST_PAST = GIST_LIKES, GIST_IPV6 = 2 * GIST_LIKES };
enum { PLACES_LEAST = 1 << 12, PLACES_MOST = 1 << 20 };
#define GIST_NO_TRIP UINT32_MAX

/* What is said of one lies apart by what asks for it: a question reads of each flow the first, and one more at most.
 * Of both ends the client's is first. */
struct gist {
	uint16_t like;                   /* place in gists.likes; and GIST_PAST, GIST_IPV6 */
	uint8_t proto;
	uint8_t has;                     /* enum gist_has */
};
struct gist_ends {
	uint32_t address[2];             /* of IPv6: where in gists.six */
	uint16_t port[2];
};
struct gist_sums {
	uint32_t bytes[2], packets;
	uint32_t first, last;            /* ns after gists.base_ns */
	int16_t first_high, last_high;
};
enum { GIST_LONE_BYTES = sizeof(struct gist), GIST_BYTES = sizeof(struct gist) + sizeof(struct gist_ends) + sizeof(struct gist_sums) + sizeof(uint32_t) };
_Static_assert(GIST_BYTES == 44, "as is told above");

/* Addresses of IPv6, each once: half as many as there are places. What finds no room any more is read where the flow
 * lies. */
struct gist_addresses {
	uint32_t n, places;              /* 0: none was met yet */
	struct address *at;              /* address space for half as many as places */
	uint32_t *place;                 /* 1 + where; 0: free */
};

struct gists {
	struct gist *at;                 /* address space for all seats; NULL: none was made yet */
	struct gist_ends *ends;          /* likewise */
	struct gist_sums *sums;
	uint32_t *trips;                 /* ns; GIST_NO_TRIP: it has none */
	uint32_t until[2];               /* of each range of seats: so far they are made */
	size_t room;                     /* bytes that they may take, with all else of the listing */
	struct gist_addresses six;
	bool none;                       /* there is no room, or no memory */
	bool based;
	int64_t base_ns;                 /* some flow's first */
	uint64_t likes[GIST_LIKES];      /* [0]: none */
	struct listed_alike known[GIST_LIKES]; /* of each, as there */
	struct flow_record record;       /* of the flow at hand, if it is like others by that alone */
};

/* For so many seats; false: no memory. */
bool gists_open(struct gists *all, size_t seats);
void gists_free(struct gists *all, size_t seats);
static inline size_t gists_shared(const struct gists *all) /* bytes that are of no flow alone */
{
	return all->six.n * sizeof *all->six.at + all->six.places * sizeof *all->six.place;
}

static inline bool gist_has(const struct gist *g, unsigned needed)
{
	return (g->has & needed) == needed;
}

/* Of the flow that sits there now, if one does. */
struct gist_of {
	struct flow_table *flows;
	const struct paths *paths;
	const struct hash_key *key;
};
void gist_make(struct gists *all, const struct gist_of *of, uint32_t seat, bool lone);
/* Then, where it has them: */
void gist_end(const struct gists *all, uint32_t seat, bool server, struct endpoint *out);
void gist_sums(const struct gists *all, uint32_t seat, struct flow_sums *out);

#endif
