/* Flows taken together, for the screen: sums by client, by server and port, by application. */
#ifndef ENGINE_GROUPS_H
#define ENGINE_GROUPS_H

#include "sockeye/flow.h"
#include "sockeye/hash.h"
#include "sockeye/query.h"

struct groups;

/* What is said of a flow when it moved (listing.h): which group is its own, and what costs more than its sums. Its
 * record has BRIEF_WORDS, and its owners where they are grouped by process. */
enum { GROUPS_AGAIN_MOST = UINT16_MAX };

struct grouped {
	uint64_t id;    /* of its group */
	bool failed;
	uint16_t again; /* retransmissions; GROUPS_AGAIN_MOST: so many or more */
};
void groups_of(struct grouped *out, enum query_group by, const struct hash_key *key, const struct flow_record *r,
	       uint64_t again, bool ended);

struct groups *groups_make(void); /* NULL: no memory; the others take it */
void groups_free(struct groups *g);
void groups_begin(struct groups *g, enum query_group by); /* none is there */
/* The group of that id; NULL: it is not there yet. */
struct flow_group *groups_find(struct groups *g, uint64_t id);
bool groups_full(const struct groups *g); /* there is no room for another; NULL: there is none */
/* It is there from now on, with the name that a record of one of its flows says. NULL: there is no room for another. */
struct flow_group *groups_new(struct groups *g, uint64_t id, const struct flow_record *r);
void groups_add(struct groups *g, struct flow_group *at /* NULL: none */, const struct grouped *is,
		uint64_t again, const struct flow_sums *sums, bool open, uint64_t rate);
/* Orders them, fills the answer's window; they are to be begun again. */
void groups_end(struct groups *g, const struct query *q, unsigned rows, struct answer *out);

#endif
