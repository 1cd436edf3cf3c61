/* What went wrong with the bytes of a connection, in words.
 *
 * Two losses are kept apart: of the network (bytes that were never seen and
 * never acknowledged) and of the capture (bytes that the receiver has
 * acknowledged, so they went by unseen; frames that the ring or the file says
 * were dropped). Where the capture is known to have dropped frames meanwhile,
 * nothing is called lost on the network.
 */
#ifndef SOCKEYE_LOSS_H
#define SOCKEYE_LOSS_H

#include "sockeye/record.h"

/* "again 1/0, late 0/2, lost 1448/0 bytes, capture missed 0/2896 bytes"; pairs
 * are client/server, nothing is written where nothing went wrong. False: so. */
bool loss_text(struct text *t, const struct flow_record *r);

#endif
