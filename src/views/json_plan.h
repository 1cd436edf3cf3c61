/* How the lines of a record type are written: made once, before the first (json_plan.c).
 *
 * What stands before a value - comma, name, colon, and the objects that close and open -
 * depends on nothing but which keys a record has. Records of a run have few different sets of
 * them, so for each there is a shape: all of the line's text as it would be if every counter
 * were zero, and where in it each value goes.
 *
 *   {"type":"connection","proto":  ,"id":  ,"handshake":{"syn":false,"ack":false},"rst":[0,0]}
 *                                ^       ^                    ^           ^            ^     ^ the end
 */
#ifndef SOCKEYE_VIEWS_JSON_PLAN_H
#define SOCKEYE_VIEWS_JSON_PLAN_H

#include "json.h"
#include "plan.h"
#include "words.h"

enum {
	PLAN_OBJECTS = 32, /* different prefixes of keys */
	PLAN_TEXT = 48,    /* "spurious_retransmissions":[0,0] */
	PLAN_STEP = 48,    /* }},"handshake":{"client_options":{ */
	PLAN_COPY = 32,    /* of a shape's text, at once */
	PLAN_SHAPES = 64,  /* kept; the last that came to a place stays */
	SHAPE_TEXT = (RECORD_KEYS + 1) * (PLAN_STEP + PLAN_TEXT),
};

struct json_op {
	uint16_t text;   /* in the shape's: what stands before the value */
	uint16_t offset; /* of the member in struct flow_record */
	uint8_t len;     /* of that text; behind it, up to the next op's, the value that zeroes are, if it is one text */
	uint8_t kind;    /* enum value_kind */
	uint8_t pairs;   /* in a row from here on, whose members and texts are, too */
};

struct json_shape {
	uint64_t has[2];
	unsigned ops;
	struct json_op op[RECORD_KEYS + 1]; /* the last has no value, only the text that ends the line */
	char text[SHAPE_TEXT + PLAN_COPY];  /* and what is copied too much */
};

struct plan_text {
	uint8_t len;
	char text[PLAN_STEP];
};

struct json_key {
	uint8_t object; /* whose member it is */
	uint8_t before; /* length of "name": */
	uint8_t zero;   /* with the value that zeroes are */
	char text[PLAN_TEXT];
};

struct json_plan {
	struct plan plan;
	struct json_key key[RECORD_KEYS];
	unsigned objects;
	char object[PLAN_OBJECTS][JSON_NAME];              /* dotted prefix; the first is "", the line's own */
	struct plan_text step[PLAN_OBJECTS][PLAN_OBJECTS]; /* from a member of one to a member of the other */
	struct plan_text begin, end[PLAN_OBJECTS];         /* of the line; from a member to its end */
	struct words words;
	struct json_shape shape[PLAN_SHAPES];
};

/* Of a record with these keys, which are the plan's: kept, or made now. */
const struct json_shape *json_shape_make(struct json_plan *plan, struct json_shape *place, const uint64_t has[2]);

static inline const struct json_shape *json_shape(struct json_plan *plan, const struct flow_record *r)
{
	const uint64_t has[2] = {r->has[0] & plan->plan.keys[0], r->has[1] & plan->plan.keys[1]};
	uint64_t mixed = (has[0] ^ (has[1] << 32 | has[1] >> 32)) * UINT64_C(0x9e3779b97f4a7c15);
	struct json_shape *place = &plan->shape[mixed >> 58];

	_Static_assert((int)PLAN_SHAPES == 64, "six bits");
	if (place->has[0] == has[0] && place->has[1] == has[1] && place->ops > 0)
		return place;
	return json_shape_make(plan, place, has);
}

#endif
