/* What a packet does, in words, for whoever writes a line about it: text, JSON, the
 * screen. TCP's words are tcpdump's. Everything else is the `info` template of its
 * dissector; no protocol but TCP is known here. */
#ifndef SOCKEYE_INFO_H
#define SOCKEYE_INFO_H

#include <stdbool.h>

#include "sockeye/event.h"
#include "sockeye/text.h"

/* The service, else the innermost layer's name; never NULL, static. */
const char *info_protocol(const struct packet *p);
bool info_is_tcp(const struct packet *p);
/* TCP's line, with numbers from the flow's first where ev->flow is there; absolute: as on the wire. */
void info_tcp(struct text *t, const struct event *ev, bool absolute);
/* The template of the innermost layer; nothing where that is TCP itself. */
void info_upper(struct text *t, const struct packet *p);
/* The link template of one layer. quiet: words without their numbers. */
void info_link(struct text *t, const struct packet *p, unsigned layer, bool quiet);
/* Both: TCP's line where nothing stands above TCP. */
void info_line(struct text *t, const struct event *ev, bool absolute);

#endif
