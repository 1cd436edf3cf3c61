/* The state of the Ladder between two keys: screen_ladder.c. */
#ifndef TUI_LADDER_H
#define TUI_LADDER_H

#include <stdbool.h>
#include <stdint.h>

#include "sockeye/query.h"

enum ladder_times { LADDER_RELATIVE, LADDER_DELTA, LADDER_CLOCK, LADDER_TIMES };

struct ladder_look {
	uint64_t flow[QUERY_TOGETHER]; /* those shown, the first is the one that is carried */
	unsigned flows;
	uint64_t selected;             /* packet */
	int64_t move;
	bool to_first, to_last, follow; /* follow: the last one, whichever it is */
	unsigned anchor;
	bool scroll;
	bool events, all;              /* events only; all: nothing is folded */
	uint64_t unfolded[QUERY_UNFOLDED];
	unsigned unfolds;
	enum ladder_times times;
	bool raw;                      /* sequence numbers as on the wire */
	int step;                      /* [ ]: the connection that many further on is wanted */
};

#endif
