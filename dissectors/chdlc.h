/* Cisco's HDLC, which may stand where PPP could: between ppp.c and chdlc.c. */
#ifndef SOCKEYE_DISSECTORS_CHDLC_H
#define SOCKEYE_DISSECTORS_CHDLC_H

#include "layers.h"

enum { CHDLC_UNICAST = 0x0f, CHDLC_MULTICAST = 0x8f };

/* The header at the cursor: rows, and what follows. */
void chdlc_read(struct cursor *c, struct packet *p);

#endif
