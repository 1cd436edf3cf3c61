/* Which packets are rows: a set of numbers, found step by step.
 *
 *   members   packets of the flows asked for, that match, that are marked
 *   rows      of them those with a row of their own: a folded run has one, its first
 *
 * Both are bits, one a packet, in pages that are taken when a bit is set: a flow of sixty
 * packets among ten million costs some pages. They grow as packets come, as long as the
 * same is asked. Looking stops when its time is over and goes on with the next call. */
#ifndef ENGINE_PACKET_LIST_H
#define ENGINE_PACKET_LIST_H

#include "recall.h"

/* One for the screen's list (m->list), or one of somebody else's. */
int packet_list_open(struct remembered *m, struct error *e);
int packet_list_make(struct packet_list **out, struct remembered *m, struct error *e);
void packet_list_free(struct packet_list *l);

/* What is asked: the list begins anew where that is not what it is of. */
void packet_list_ask(struct packet_list *l, const struct packet_query *q);
/* Go on until deadline_ns (monotonic; INT64_MAX: to the end): true: every packet that was read was looked at. */
bool packet_list_go_on(struct packet_list *l, int64_t deadline_ns);
/* So far. */
bool packet_list_done(const struct packet_list *l);

uint64_t packet_list_rows(const struct packet_list *l);
/* Rows that stand before that number. */
uint64_t packet_list_before(const struct packet_list *l, uint64_t number);
/* The number of the row at that place; 0: none. */
uint64_t packet_list_at(const struct packet_list *l, uint64_t place);
/* The row that packet belongs to, or the next one, or else the last; 0: there is none. */
uint64_t packet_list_near(const struct packet_list *l, uint64_t number);

/* The members that the row of that number stands for: their count; more than one: a folded run. */
struct packet_run {
	uint64_t packets, last;      /* number of the last */
	uint64_t segments[2], bytes[2];
};
void packet_list_run(struct packet_list *l, uint64_t number, struct packet_run *out);
uint64_t packet_list_members(const struct packet_list *l); /* that are still there */
uint64_t packet_list_looked(const struct packet_list *l);  /* whoever of the packets up to here is a member is known */
bool packet_list_full(const struct packet_list *l);        /* no memory for more: it will never be done */
const struct remembered *packet_list_of(const struct packet_list *l);
/* The member after (before) that number; 0: none. */
uint64_t packet_list_next(const struct packet_list *l, uint64_t number, bool back);

const struct filter_error *packet_list_error(const struct packet_list *l);

#endif
