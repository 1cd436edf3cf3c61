/* The listing, for the files that make it: listing.c asks for all flows, listing_look.c looks at one. */
#ifndef ENGINE_LISTING_PRIVATE_H
#define ENGINE_LISTING_PRIVATE_H

#include "listing.h"
#include "listing_alike.h"
#include "listing_gist.h"
#include "listing_words.h"

enum { HINTS = QUERY_ROWS };

/* What an entry depends on besides its flow: the order (listing_words.h), and */
struct choice {
	uint64_t filter; /* match.turn */
	bool open_only;
	unsigned onlys;
	uint64_t only[QUERY_TOGETHER];
};

/* Ends of which the group is known. */
enum { GROUPS_MET = 4096 };
struct group_met {
	uint64_t id; /* 0: none */
	uint32_t address;
	uint16_t port;
	uint8_t by;
};

enum redo { REDO_RANKS = 1, REDO_CHOICE = 2, REDO_MOVES = 4, REDO_OWNERS = 8 };

struct listing {
	struct engine *engine;
	struct flow_table *flows;
	uint32_t seats_most;
	size_t memory;               /* that it may take */
	struct listed *at;           /* address space for all seats */
	uint64_t (*more)[RANK_WORDS - 1]; /* of wide orders, likewise */
	struct listed_order order;
	struct choice choice;
	bool asked, made;            /* once, for something */
	bool kept;
	bool wide, descending;
	bool spread;                 /* more is written to: before that all of it is 0 */
	bool owned;                  /* owners are read */
	uint64_t tables;             /* then: of how many it is made */
	unsigned redo;               /* what the walk at hand does; 0: it is over */
	uint32_t next;               /* seat that it goes on with */
	const struct filter *filter; /* NULL: all match */
	int64_t live_ns;             /* now, of a live run; else 0 */
	unsigned choice_parts, rank_parts; /* of the record that they read */
	enum record_brief choice_brief, rank_brief; /* where less will do; else BRIEF_NOT */
	bool choice_alike, rank_alike; /* what is alike has the same */
	bool choice_named, rank_named; /* but for what has a server name */
	enum flow_alike alike;       /* and must be so in as much */
	struct listed one;           /* where nothing is kept: of the seat asked for last */
	uint64_t one_more[RANK_WORDS - 1];
	struct {
		uint64_t id;
		uint32_t seat;
	} hint[HINTS];
	struct listing_stats stats;
	struct hash_key key;
	struct near near[2];
	struct group_sum sum;
	struct flow_record record;   /* of the flow at hand */
	struct alikes alikes;
	struct gists gists;
	unsigned choice_needs, rank_needs, needs; /* of a gist (enum gist_has): for each, and for what is redone */
	unsigned near_needs;         /* and so that not even a line of the flow is read */
	struct flow_record ends;     /* of the flow at hand, if those are all that is asked, */
	int ends_of;                 /* and of that protocol; -1: nothing stands there yet */
	struct group_met met[GROUPS_MET];
	bool walked;                 /* all seats were looked at, once */
	bool first;                  /* it is being made because nobody has asked for anything yet */
};

/* Nobody sits there; who comes marks the seat. */
static inline bool listing_is_free(const struct listing *l, uint32_t seat)
{
	return l->walked && !(l->at[seat].is & LISTED_THERE);
}

/* What is to be said of the flow in that seat, of which `redo` is out of date. */
void listing_look(struct listing *l, uint32_t seat, unsigned redo, struct listed *out, uint64_t more[RANK_WORDS - 1]);
/* What the walk at hand does with it. */
void listing_look_again(struct listing *l, uint32_t seat);
/* The words behind the first. */
void listing_put_more(struct listing *l, const uint64_t at[RANK_WORDS], uint64_t more[RANK_WORDS - 1]);

/* listing_ahead.c */
void listing_gist_again(struct listing *l, uint32_t seat); /* it moved: if it has a gist */
void listing_gists_bound(struct listing *l); /* there may be more flows than there is room for gists */
size_t listing_gists_held(const struct listing *l);
void listing_gists_free(struct listing *l);

enum { LOOK_AHEAD = 16 /* seats */ };

/* The flow in that seat will not be looked at by the walk at hand. */
static inline bool listing_is_near(const struct listing *l, uint32_t seat)
{
	if (seat >= l->seats_most)
		return true;
	return l->gists.at ? gist_has(&l->gists.at[seat], l->near_needs) : listing_is_free(l, seat);
}

/* listing_quick.c. The walk at hand over these seats, until so many flows were looked at: the seat that it goes on with.
 * Those behind are brought near. */
enum listing_reads { READS_ENDS, READS_ALL, READS_TRIPS };
uint32_t listing_quick(struct listing *l, uint32_t from, uint32_t to, unsigned looks_most, enum listing_reads reads);
void listing_gist_needs(struct listing *l); /* of the walk at hand */

#endif
