/* A packet that was looked at again, for people: its row, and what is inside it. */
#ifndef ENGINE_PACKET_ROWS_H
#define ENGINE_PACKET_ROWS_H

#include "recall.h"

enum { ROWS_LOOK_BACK = 4096 /* packets, for what a row is about */, ROWS_ACKED = 64 /* of them read, for a round trip */ };

/* The row of a packet that recall() has; of one that is gone what its entry says. */
void packet_row_fill(struct recall *r, const struct recalled *p, struct packet_row *out);
/* What it is about and what its ACK measures: looks at packets before it, so recall() must not be needed any more. */
void packet_row_look_back(struct recall *r, uint64_t number, uint64_t verdicts, struct packet_row *out);
/* Is it a SYN/ACK of a side that had sent its SYN, and no SYN/ACK, before? As far as is looked back. */
bool packet_row_answers(struct recall *r, uint64_t number, const struct index_entry *e);
/* The layers, rows and bytes; not detail->row. */
void packet_detail_fill(const struct recalled *p, struct packet_detail *out);

#endif
