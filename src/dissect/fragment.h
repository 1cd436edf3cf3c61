/* IP fragments put together, within bounds. Private to this room.
 *
 * The bytes of a datagram made whole are lent until fragment_batch(). */
#ifndef SOCKEYE_DISSECT_FRAGMENT_H
#define SOCKEYE_DISSECT_FRAGMENT_H

#include "sockeye/dissector.h"

struct fragments;

enum fragment_outcome {
	FRAGMENT_WAITS,    /* kept: the datagram is not whole yet */
	FRAGMENT_WHOLE,    /* *data and *len are the datagram */
	FRAGMENT_REFUSED,  /* given up: *words says why */
};

int fragments_open(struct fragments **out, const struct dissect_options *o, struct dissect_stats *stats,
		   struct error *e);
void fragments_free(struct fragments *f);

/* A new batch: datagrams lent before are taken back. */
void fragments_batch(struct fragments *f);

/* The fragment that p->fragment and p->tuple describe; c stands at its bytes. */
enum fragment_outcome fragments_add(struct fragments *f, const struct cursor *c, struct packet *p,
				    const uint8_t **data, uint32_t *len, const char **words);

#endif
