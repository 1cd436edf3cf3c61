/* What the bytes of an interface are, by its hardware type (ARPHRD_), and how a
 * packet of the ring becomes a frame of that link type. */
#ifndef SOURCE_HATYPE_H
#define SOURCE_HATYPE_H

#include <stdbool.h>
#include <stdint.h>

#include "ring.h"
#include "sockeye/frame.h"

/* The link type; LINKTYPE_LINUX_SLL and LINKTYPE_LINUX_SLL2 (with any) stand
 * for a link header that is taken away and replaced by that one. -1: what this
 * program does not know: libpcap may (without any: with any it is cooked). */
int hatype_linktype(unsigned hatype, bool any);

/* Bytes, lengths, tag and flags of f, from p and f->linktype. A tag that the
 * kernel took off is put back where it was, in place; where there is no room
 * it is told with FRAME_VLAN. Writes to the ring's memory before p->link: the
 * kernel leaves at least 28 bytes there before the network header. */
void hatype_frame(struct frame *f, struct ring_packet *p, uint32_t snaplen);

#endif
