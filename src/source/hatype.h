/* What the bytes of an interface are, by its hardware type (ARPHRD_), and how a
 * packet of the ring becomes a frame of that link type. */
#ifndef SOURCE_HATYPE_H
#define SOURCE_HATYPE_H

#include <stdbool.h>
#include <stdint.h>

#include "ring.h"
#include "sockeye/frame.h"

enum {
	HATYPE_COOKED_ROOM = 20, /* bytes that must be free before a packet's network header: SLL2's */
	HATYPE_TAG = 4,          /* and before its link header, for a tag that comes back */
};

/* The link type; LINKTYPE_LINUX_SLL and LINKTYPE_LINUX_SLL2 (with any) stand
 * for a link header that is taken away and replaced by that one. -1: what this
 * program does not know: libpcap may (without any: with any it is cooked). */
int hatype_linktype(unsigned hatype, bool any);

/* Bytes, lengths, tag and flags of f, from p and f->linktype. A tag that the
 * kernel took off is put back where it was, in place; where there is no room
 * it is told with FRAME_VLAN. Writes to the ring's memory before p->link. */
void hatype_frame(struct frame *f, struct ring_packet *p, uint32_t snaplen);

#endif
