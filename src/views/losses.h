/* The part of the report about what went wrong with bytes, and about round trips. */
#ifndef SOCKEYE_VIEWS_LOSSES_H
#define SOCKEYE_VIEWS_LOSSES_H

#include "json.h"
#include "sockeye/event.h"

/* Sums over the connections that have ended. */
struct losses {
	uint64_t flows[2];       /* connections with a network loss, with a loss of the capture */
	uint64_t network, capture, unclear; /* bytes; unclear: the capture dropped frames meanwhile */
	uint64_t again, again_bytes, late, late_bytes, conflicting, duplicates, holes;
	uint64_t wireshark[4];   /* retransmissions, out of order, duplicate ACKs, zero windows */
};

void losses_add(struct losses *l, const struct flow_record *f);
void losses_json(struct json *j, const struct losses *l);
/* Nothing where nothing went wrong. */
void losses_text(struct out *out, const struct losses *l);

/* Percentiles of all round-trip samples of the run; nothing where there are none. */
void losses_json_trips(struct json *j, const struct totals *t);
void losses_text_trips(struct out *out, const struct totals *t);

#endif
