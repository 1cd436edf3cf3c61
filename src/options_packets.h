/* tcpdump's letters for the line of a packet. Private to options*.c. */
#ifndef SOCKEYE_OPTIONS_PACKETS_H
#define SOCKEYE_OPTIONS_PACKETS_H

#include "options.h"

/* One of -v -x -X -A -e -t -q -# -S. */
int options_apply_packets(struct options *o, int letter, struct error *e);
/* They are for the view packets, and most of them for its text; format is its name. */
int options_check_packets(const struct options *o, const char *format, struct error *e);

#endif
