/* What JSON says about the keys of a record type: made once from the field table (json_plan.c). */
#ifndef SOCKEYE_VIEWS_JSON_PLAN_H
#define SOCKEYE_VIEWS_JSON_PLAN_H

#include "json.h"
#include "shape.h"

enum {
	PLAN_OBJECTS = 32, /* different prefixes of keys */
	PLAN_TEXT = 44,    /* "spurious_retransmissions":[0,0] */
	PLAN_STEP = 48,    /* }},"handshake":{"client_options":{ */
};

_Static_assert((int)PLAN_TEXT + (int)PLAN_STEP <= (int)SHAPE_KEY, "what stands before a value");

struct plan_text {
	uint8_t len;
	char text[PLAN_STEP];
};

struct json_key {
	uint8_t object; /* whose member it is */
	uint8_t len;
	char text[PLAN_TEXT]; /* "name": */
};

struct json_plan {
	struct shapes shapes;
	struct json_key key[RECORD_KEYS];
	unsigned objects;
	char object[PLAN_OBJECTS][JSON_NAME];              /* dotted prefix; the first is "", the line's own */
	struct plan_text step[PLAN_OBJECTS][PLAN_OBJECTS]; /* from a member of one to a member of the other */
	struct plan_text begin, end[PLAN_OBJECTS];         /* of the line; from a member to its end */
};

#endif
