/* Payload that was compressed packet by packet (RFC 2394), within bounds.
 * Private to this room. The bytes made are lent until inflate_batch(). */
#ifndef SOCKEYE_DISSECT_INFLATE_H
#define SOCKEYE_DISSECT_INFLATE_H

#include "sockeye/dissector.h"

struct inflater;

int inflater_open(struct inflater **out, struct error *e);
void inflater_free(struct inflater *i);
void inflater_batch(struct inflater *i);

/* What the rest of c makes; NULL, and static words, where it cannot be had. */
const uint8_t *inflater_run(struct inflater *i, const struct cursor *c, uint32_t *len, const char **words);

#endif
