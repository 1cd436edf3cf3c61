/* What of a flow's packets is an event: all but data in order and the ACKs that move on with it (query.h says it
 * in words). Asked packet by packet, in their order. */
#ifndef ENGINE_PACKET_DULL_H
#define ENGINE_PACKET_DULL_H

#include "recall.h"

/* What was seen of one flow so far; zero at its beginning. */
struct dull {
	uint8_t spoke;       /* 0: nobody yet, 1 + side that sent data last */
	uint8_t shaking;     /* bit of each side whose SYN/ACK nobody has acknowledged yet */
	uint8_t fins;        /* bit of each side that has sent a FIN */
	uint8_t closing;     /* bit of each whose FIN waits for its ACK, since both were sent */
	uint64_t fin;        /* the first FIN's packet */
	uint32_t fin_end[2]; /* sequence number behind it; of those in closing */
};

/* d NULL: its flow is none of those asked for. known: its application is. */
bool packet_is_dull(struct dull *d, struct remembered *m, uint64_t number, const struct index_entry *e, bool known);

#endif
