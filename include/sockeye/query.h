/* What the screen asks, what the engine answers.
 *
 * The screen owns no rows. It posts a query: order, filter, window, selected
 * id. The engine answers between two batches, in slices, with at most
 * QUERY_ROWS rows and the counts. Selection is an id that is never reused.
 * Where a key is absent the flow comes last, in either direction.
 */
#ifndef SOCKEYE_QUERY_H
#define SOCKEYE_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "sockeye/event.h"
#include "sockeye/filter.h"
#include "sockeye/record.h"
#include "sockeye/source.h"

enum { QUERY_ROWS = 200, QUERY_MATCH = 256, QUERY_SOURCES = 4 };

struct query {
	uint64_t serial;            /* answers carry it back */
	enum record_key sort;
	bool descending;
	char match[QUERY_MATCH];    /* display filter (filter.h); "" matches all */
	uint64_t selected;          /* flow id, 0: the first row */
	uint64_t otherwise[2];      /* if that is gone: its neighbours, below and above */
	int64_t move;               /* select the row that many further on (or back) */
	bool to_first, to_last;
	unsigned rows;              /* height of the window, <= QUERY_ROWS */
	unsigned anchor;            /* screen line of the selected row; kept where possible */
	unsigned holds;             /* order held: these rows stay in this order */
	uint64_t hold[QUERY_ROWS];  /* their ids, as the last answer had them */
};

struct answer {
	uint64_t serial;
	uint64_t flows, open;       /* in the table */
	uint64_t matched;
	/* The query's filter does not compile: what holds is the one before it. */
	struct filter_error match_error; /* column 0: it does */
	uint64_t first;             /* position of row[0] among the matched, 0-based */
	uint64_t selected;          /* id now selected, 0: nothing to select */
	unsigned selected_row;      /* index in row[] */
	unsigned rows;
	int64_t cost_ns;            /* what the answer cost the engine's thread */
	bool vanished;              /* the selected flow of the query is gone or does not match */
	int64_t now_ns;             /* the run's clock: last packet (file), wall (live) */
	bool live, ended;           /* the source has come to its end */
	bool replay;                /* live, but of files */
	struct totals totals;
	struct source_stats source[QUERY_SOURCES];
	unsigned sources;           /* of them filled; there may be more */
	struct source_note note;    /* the newest that the sources told; text "": none */
	char trouble[512];          /* of the run, not of a source: a sentence, foreign; or "" */
	struct flow_record row[QUERY_ROWS];
};

#endif
