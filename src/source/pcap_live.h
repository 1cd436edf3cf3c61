/* Live capture through libpcap. */
#ifndef SOURCE_PCAP_LIVE_H
#define SOURCE_PCAP_LIVE_H

#include "sockeye/source.h"

/* Start capturing on one interface ("any" is one). -EINVAL with *refused: the
 * filter does not fit its link type; then *out captures nothing, and its stats
 * say why, so that the caller may go on if another interface takes it. */
int live_open(struct source **out, const char *interface, const struct source_options *o, bool *refused,
	      struct error *e);

#endif
