/* Finding a flow in the list: the next one, in the order of the screen, that fits an expression of the filter's language.
 *
 * One walk over what the listing keeps (listing.h), in slices: of those behind the selected one that are nearer than the
 * one found so far, and of no others, a record is filled and asked; if none fits, of the others from the beginning of the
 * order. What is alike is asked once. So a match that is near costs the walk over sixteen bytes a flow, and one that is
 * nowhere as much as a filter. A flow that moves to another seat between two slices may be missed. */
#ifndef ENGINE_FIND_FLOWS_H
#define ENGINE_FIND_FLOWS_H

#include "rank.h"
#include "sockeye/filter.h"
#include "sockeye/flow.h"
#include "sockeye/query.h"

enum { FIND_ALIKES = 64 };

struct flow_find {
	bool on;                   /* it goes on where it was left */
	char text[QUERY_MATCH];    /* what for, */
	bool owners, back;
	uint64_t from;             /* from this one on, */
	uint64_t turn;             /* of a list that is chosen and ordered so */
	enum query_rank rank;
	enum record_key sort;
	bool descending, open_only;
	struct filter *filter;     /* of text; NULL: nothing was looked for yet, or the text is none */
	unsigned parts;            /* of a record that it reads, */
	enum record_brief brief;   /* where less will do; else BRIEF_NOT */
	enum flow_alike alike;     /* what is alike fits alike; ALIKE_NOT: it need not */
	bool named;                /* but for what has a server name */
	struct {
		uint64_t is;       /* 0: free */
		bool fits;
	} known[FIND_ALIKES];
	bool some;                 /* from is somebody: */
	struct rank pivot;         /* there it stood */
	bool round;                /* the second walk */
	bool have;                 /* somebody fits: */
	struct rank best;          /* the nearest so far */
	uint32_t next;             /* seat that it goes on with */
	struct flow_record record; /* of the flow at hand */
};

struct engine;

/* From the flow of that rank on (NULL: from the first, or backwards the last). False: the deadline (monotonic; INT64_MAX:
 * none) came first. Then *found, and *id where somebody was. The listing is up to date for q. */
bool flow_find(struct flow_find *f, struct engine *e, const struct query *q, const struct rank *from, int64_t deadline_ns,
	       enum query_found *found, uint64_t *id);
void flow_find_free(struct flow_find *f);

#endif
