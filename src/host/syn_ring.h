/* A ring of SYNs alone: AF_PACKET's third version, small blocks, filled for 2 ms at most. Private to this room.
 *
 * Frames come without their link header. Each packet is told once: what loopback carries is seen
 * when it is sent and again when it is received.
 */
#ifndef HOST_SYN_RING_H
#define HOST_SYN_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sockeye/error.h"
#include "sockeye/tuple.h"

enum { SYN_RING_BLOCK = 65536, SYN_RING_BLOCKS = 16, SYN_RING_RETIRE_MS = 2, SYN_RING_FRAME = 2048 };

struct syn_ring {
	int fd;              /* -1: not open */
	uint8_t *base;
	unsigned current;
	uint64_t damaged;    /* packets that did not lie where they should */
};

/* How a SYN came: sent from here, received, or both (loopback). */
enum syn_way { SYN_SENT_HERE = 1, SYN_CAME_HERE = 2, SYN_LOOPBACK = 3 };

struct syn {
	struct tuple tuple;  /* as the packet has it */
	int64_t ts_ns;
	uint32_t interface;
	enum syn_way way;
};

/* interface: 0 for all. 0, or -errno. */
int syn_ring_open(struct syn_ring *r, unsigned interface, struct error *e);
void syn_ring_close(struct syn_ring *r);
/* From now on of all interfaces. 0, or -errno: it goes on as it was. */
int syn_ring_everywhere(struct syn_ring *r);
/* Gives what is there, block by block, until budget_ns have gone; the rest comes at the next call. Returns how many
 * packets there were, told or not. */
unsigned syn_ring_read(struct syn_ring *r, int64_t budget_ns, void (*each)(void *arg, const struct syn *s), void *arg);
/* Nothing comes any more, or again. */
int syn_ring_pause(struct syn_ring *r, bool pause);

/* One block as the kernel fills it; for tests. */
unsigned syn_ring_block(struct syn_ring *r, const uint8_t *block, void (*each)(void *arg, const struct syn *s), void *arg);
/* One packet from its network header on; false: no SYN of TCP. */
bool syn_parse(const uint8_t *bytes, size_t n, struct tuple *out);

#endif
