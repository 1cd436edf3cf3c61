/* The state of the Packets screen between two keys: screen_packets.c. */
#ifndef TUI_PACKETS_H
#define TUI_PACKETS_H

#include <stdbool.h>
#include <stdint.h>

#include "sockeye/query.h"

enum packets_pane { PANE_LIST, PANE_LAYERS, PANE_BYTES };

struct packets_look {
	uint64_t flow[QUERY_TOGETHER]; /* 0 flows: of all */
	unsigned flows;
	char match[QUERY_MATCH];
	uint64_t selected;
	int64_t move;
	bool to_first, to_last, follow;
	uint64_t to_number;
	unsigned anchor;
	bool scroll;
	enum packets_pane pane;
};

#endif
