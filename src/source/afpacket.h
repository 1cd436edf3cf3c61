/* Live capture by the kernel's ring, without libpcap. */
#ifndef SOURCE_AFPACKET_H
#define SOURCE_AFPACKET_H

#include "sockeye/source.h"

/* Start capturing on one interface ("any" is one). packet_fd: a packet socket
 * bound to nothing, taken over in any case; -1: one is made. -EINVAL with
 * *refused: the filter does not fit its link type; then *out captures nothing,
 * and its stats say why, so that the caller may go on if another interface
 * takes it. -ENOTSUP: the ring does not know this interface, libpcap may;
 * -ENODEV: no such interface, but perhaps one of libpcap's own. */
int afpacket_open(struct source **out, const char *interface, int packet_fd, const struct source_options *o,
		  bool *refused, struct error *e);

#endif
