/* What is looked for: the words of the find prompt, for packets and for streams. */
#ifndef TUI_PACKETS_FIND_H
#define TUI_PACKETS_FIND_H

#include "sockeye/query.h"

/* "0x1603" and "16 03 01" are bytes, "..." in quotes is text whatever it looks like, all
 * else is text. Returns the length; 0: nothing to look for, or too long. */
unsigned find_parse(const char *words, enum packet_find *kind, uint8_t out[QUERY_FIND]);

#endif
