/* Looking for text or bytes in packets, step by step. */
#ifndef ENGINE_FIND_H
#define ENGINE_FIND_H

#include "packet_list.h"

/* struct find: remember.h */

enum find_result { FIND_GOES_ON, FIND_FOUND, FIND_NOBODY };

/* From that row on; it goes on where it is the same search already. */
void find_begin(struct find *f, struct packet_list *l, const struct packet_query *q, uint64_t row);
/* FIND_FOUND: *number is the packet. */
enum find_result find_go_on(struct find *f, struct packet_list *l, struct recall *r, int64_t deadline_ns, uint64_t *number);
/* Of the packets first to last, how many were passed so far. */
uint64_t find_looked(const struct find *f, uint64_t first, uint64_t last);

#endif
