/* The screen's filter, compiled once per change. */
#ifndef ENGINE_MATCH_H
#define ENGINE_MATCH_H

#include "find_flows.h"
#include "sockeye/filter.h"
#include "sockeye/query.h"

struct match {
	char text[QUERY_MATCH];      /* what was asked last */
	struct filter *filter;       /* of the last text that compiled; NULL: all match */
	uint64_t turn;               /* counts filters: another one is another turn */
	struct filter_error error;   /* of text; column 0: it compiled */
	struct flow_find find;       /* who is looked for in the list */
};

/* The filter for that text: the one before where it does not compile. */
const struct filter *match_for(struct match *m, const char *text);
void match_free(struct match *m);

struct engine;
struct match *engine_match(struct engine *e);

#endif
