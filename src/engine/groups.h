/* Flows taken together, for the screen: sums by client, by server and port, by application. */
#ifndef ENGINE_GROUPS_H
#define ENGINE_GROUPS_H

#include "sockeye/flow.h"
#include "sockeye/hash.h"
#include "sockeye/query.h"

struct groups;

/* What is said of a flow when it moved (listing.h): which group is its own, and what costs more than its sums. */
enum { GROUPS_AGAIN_MOST = UINT16_MAX };

/* Which group: the same for all flows of its name. By a record that has BRIEF_WORDS, and its owners where they are
 * grouped by process; or by an end, of those whose name that is. */
uint64_t groups_id(enum query_group by, const struct hash_key *key, const struct flow_record *r);
uint64_t groups_id_end(enum query_group by, const struct hash_key *key, const struct endpoint *end);
bool groups_failed(const struct flow_record *r, bool ended);

/* One more flow. */
struct grouped {
	bool failed, open;
	uint64_t again; /* retransmissions */
	uint64_t rate;
	struct flow_sums sums;
};

struct groups *groups_make(void); /* NULL: no memory; the others take it */
void groups_free(struct groups *g);
void groups_begin(struct groups *g, enum query_group by); /* none is there */
/* The number of the group of that id, or GROUPS_NEW: it is not there yet; GROUPS_NONE: nor is there room for it. */
enum { GROUPS_NEW = -1, GROUPS_NONE = -2 };
int groups_find(const struct groups *g, uint64_t id);
/* It is there from now on, with the name that a record of one of its flows says: its number. Or GROUPS_NONE. */
int groups_new(struct groups *g, uint64_t id, const struct flow_record *r);
void groups_add(struct groups *g, int group, const struct grouped *is);
void groups_leave(struct groups *g); /* a flow whose group is GROUPS_NONE: it is counted */
/* Orders them, fills the answer's window; they are to be begun again. */
void groups_end(struct groups *g, const struct query *q, unsigned rows, struct answer *out);

#endif
