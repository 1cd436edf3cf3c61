/* The state of the Connections screen between two keys, and its columns.
 *
 * screen_connections.c: what it asks and what its actions do; columns.c: which columns
 * there are and which fit; connections_list.c: heads and rows; connections_find.c: F3, n and N;
 * sparks.c: the last seconds of the rows in sight.
 */
#ifndef TUI_CONNECTIONS_H
#define TUI_CONNECTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "sockeye/query.h"

enum column_id {
	COLUMN_START, COLUMN_CLIENT, COLUMN_PORT, COLUMN_SERVER, COLUMN_HANDSHAKE, COLUMN_RTT, COLUMN_UP, COLUMN_DOWN,
	COLUMN_BYTES, COLUMN_RATE, COLUMN_RTX, COLUMN_PROCESS, COLUMN_SERVICE, COLUMN_STATE, COLUMN_AGE, COLUMN_IDLE,
	COLUMNS,
};

/* The last seconds of a flow, a number of bytes each; those of SPARKS flows are kept. */
enum { SPARK_SECONDS = 16, SPARKS = 256 };

struct spark {
	uint64_t id;                 /* 0: free */
	int64_t second, seen_ns;     /* of at[second % SPARK_SECONDS]; when it was last in sight */
	uint64_t bytes;              /* the flow had at the last look */
	uint64_t at[SPARK_SECONDS];
};

struct connections_look {
	uint8_t column[COLUMNS];     /* enum column_id, chosen by the user, in their order */
	unsigned columns;            /* 0: by the width of the screen */
	unsigned skipped;            /* columns scrolled out at the left */
	bool owners;                 /* a process was seen: its column has something to show */
	enum query_group group;      /* GROUP_NONE: connections one by one */
	uint64_t group_selected;
	enum query_group opened;     /* a group was opened: Esc goes back to those, */
	char opened_match[QUERY_MATCH]; /* and to the filter that was then */
	bool open_only, marked_only;
	bool by_line;                /* the selection stays on its line, whoever comes to stand there */
	uint64_t line;               /* then: its place in the order */
	uint64_t since;              /* the newest flow when the order was free for the last time */
	uint64_t newer, over;        /* of the last answer */
	char find[QUERY_MATCH];      /* F3 looked for it last; "": who is in trouble */
	bool finding, find_back;     /* with the next query */
	unsigned kept, top;          /* paused: rows of the answer that is kept; the first of them in sight */
	struct spark spark[SPARKS];
};

/* sparks.c */
void sparks_take(struct connections_look *s, const struct answer *a);
const struct spark *sparks_of(const struct connections_look *s, uint64_t id); /* or NULL */

#endif
