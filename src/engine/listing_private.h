/* The listing, for the files that make it: listing.c asks for all flows, listing_look.c looks at one. */
#ifndef ENGINE_LISTING_PRIVATE_H
#define ENGINE_LISTING_PRIVATE_H

#include "listing.h"
#include "listing_alike.h"
#include "listing_words.h"

enum { HINTS = QUERY_ROWS };

/* What an entry depends on besides its flow: the order (listing_words.h), and */
struct choice {
	uint64_t filter; /* match.turn */
	bool open_only;
	unsigned onlys;
	uint64_t only[QUERY_TOGETHER];
};

enum redo { REDO_RANKS = 1, REDO_CHOICE = 2, REDO_MOVES = 4, REDO_OWNERS = 8 };

struct listing {
	struct engine *engine;
	struct flow_table *flows;
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
};

/* What is to be said of the flow in that seat, of which `redo` is out of date. */
void listing_look(struct listing *l, uint32_t seat, unsigned redo, struct listed *out, uint64_t more[RANK_WORDS - 1]);
/* What the walk at hand does with it. */
void listing_look_again(struct listing *l, uint32_t seat);

#endif
