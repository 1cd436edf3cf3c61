/* Who holds the sockets at both ends of a flow: the join of the wire and the kernel.
 *
 *     owners_found()   what the host thread learnt about one socket, between two batches
 *     owners_table()   its last table of all sockets
 *     owners_fill()    a record's owners, when the record is made
 *
 * A packet pays nothing: nothing here is asked before a record is filled.
 *
 * Sockets are kept by cookie, and by both endpoints with the time in which they lived: tuples
 * are used again, so that one tuple may have several. A flow gets the socket that lived in its time
 * and no other: an owner that is not sure is left out, and why is said. How many are kept is
 * fixed at open; the one that ended first is forgotten first, and counted.
 *
 * The engine's thread alone calls this.
 */
#ifndef ENGINE_OWNERS_H
#define ENGINE_OWNERS_H

#include "sockeye/error.h"
#include "sockeye/host_live.h"
#include "sockeye/record.h"

struct owners;

enum { OWNERS_LEAST = 1024, OWNERS_MOST = 1 << 20, OWNERS_LOOK = 4096 }; /* sockets */

struct owners_stats {
	uint64_t findings;  /* taken in */
	uint64_t sockets;   /* known now */
	uint64_t forgotten; /* sockets, for want of room */
	uint64_t holders_lost; /* of a socket that has more than a record shows, or for want of room */
	uint64_t closes_lost; /* flows whose FIN found no room: how long they wait for the second one is not told */
};

/* memory: all that it ever takes. */
int owners_open(struct owners **out, size_t memory, uint64_t hash_seed, struct error *e);
void owners_free(struct owners *o);
const struct owners_stats *owners_stats(const struct owners *o);

/* This host's addresses: whose end has none of them is another host's. */
void owners_local(struct owners *o, const struct address *a, uint8_t family);
/* Those that the interfaces of this network namespace have now. */
void owners_locals(struct owners *o);

/* One that another network namespace of this machine has. */
void owners_elsewhere(struct owners *o, const struct address *a, uint8_t family);

/* In the order in which they were found. Returns the ends of the connection that it is about, the socket's own as
 * `from`, of family NONE where they are not known; lent until the next call. */
const struct tuple *owners_found(struct owners *o, const struct host_finding *f);

/* Looks for some of the sockets of UDP in the last table: those that it lacks have ended. Between two batches, again and
 * again: OWNERS_LOOK at a time. */
void owners_look(struct owners *o);
/* The last table, and who listens; t stays until another one, or NULL, is given. */
void owners_table(struct owners *o, const struct host_table *t, const struct host_listener *listeners, unsigned n);
const struct host_table *owners_has(const struct owners *o);

/* A FIN of that side, and that the flow is over: for how long the other end has not closed. */
void owners_fin(struct owners *o, uint64_t flow, unsigned side, int64_t at_ns);
void owners_over(struct owners *o, uint64_t flow);

/* owner, owner_unknown, accept_latency_us, close_wait_us; now_ns: the run's clock. */
void owners_fill(struct owners *o, struct flow_record *r, int64_t now_ns);
/* The same of a capture file: no kernel is asked. For flow_record_more(). */
void owners_offline(void *nobody, struct flow_record *r);

#endif
