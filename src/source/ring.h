/* The kernel's ring of blocks (TPACKET_V3), walked in place.
 *
 * The kernel fills block after block and hands each over by one word; this side
 * reads the packets of a block one by one and gives it back by the same word.
 *
 *   block   | head | packet | packet | packet ...            |
 *   packet  | tpacket3_hdr | sockaddr_ll | room | link header | network ...
 *           ^ at                          tp_mac ^      tp_net ^
 *
 * Every offset is checked against the block: what does not fit ends the block
 * and is counted, whoever wrote it. Knows no sockets: memory only.
 */
#ifndef SOURCE_RING_H
#define SOURCE_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring {
	uint8_t *base;
	size_t block_size;
	unsigned blocks, current;
	bool ours;         /* the current block was handed over and not yet given back */
	bool losing;       /* it says that packets were lost before it was closed */
	unsigned left;     /* packets of it not yet read */
	size_t at;         /* of the next one, from the block's start */
	uint64_t damaged;  /* blocks that ended early: an offset did not fit */
};

struct ring_packet {
	uint8_t *link;     /* the link header; the bytes from low on may be written to */
	uint8_t *low;
	uint32_t caplen, wirelen; /* from link on; caplen <= wirelen */
	uint32_t net;      /* offset of the network header from link, <= caplen */
	int64_t ts_ns;
	uint32_t status;   /* TP_STATUS_ bits */
	uint16_t tci, tpid; /* of the tag that the kernel took off, if status says so */
	int ifindex;
	uint16_t hatype;   /* ARPHRD_ number of the interface */
	uint16_t protocol; /* of the network layer, host order */
	uint8_t pkttype;   /* PACKET_OUTGOING ... */
	uint8_t halen, address[8]; /* of who sent it */
};

/* blocks of block_size bytes, one behind the other; the first is the kernel's next. */
void ring_init(struct ring *r, void *base, size_t block_size, unsigned blocks);

/* Is a block to be read there? Takes it. */
bool ring_take(struct ring *r);

/* The next packet of the block taken; false: it has no more. Stays valid until
 * ring_give(). */
bool ring_next(struct ring *r, struct ring_packet *out);

/* Give the block back to the kernel, read or not. */
void ring_give(struct ring *r);

#endif
