/* What became of a flow, in the words that screens show and `/` finds. The
 * record's `state` is for programs; this is for people. */
#ifndef SOCKEYE_CONDITION_H
#define SOCKEYE_CONDITION_H

#include <stdbool.h>

#include "sockeye/record.h"

enum condition {
	CONDITION_OPEN, CONDITION_OPENING, CONDITION_CLOSING, CONDITION_CLOSED, CONDITION_FAILED,
	CONDITION_SILENT, CONDITION_MIDSTREAM, CONDITION_MESSAGE, CONDITIONS,
};

/* ended: nothing more can come (the end of a file). */
enum condition condition_of(const struct flow_record *r, bool ended);

/* One or two words: "refused", "no answer"; "" where there is nothing to say. */
const char *condition_remark(const struct flow_record *r, bool ended);

/* A reset was seen, but none that its receiver takes (RFC 5961 3): the record's
 * `state` says "reset" or "refused" of any, and both ends go on. */
bool condition_reset_not_taken(const struct flow_record *r);

/* ICMP that asks for no answer. */
bool condition_is_message(const struct flow_record *r);

#endif
