/* One JSON object per line, nested by dotted keys. */
#ifndef SOCKEYE_VIEWS_JSON_H
#define SOCKEYE_VIEWS_JSON_H

#include "out.h"
#include "sockeye/record.h"

enum { JSON_DEPTH = 4, JSON_NAME = 64 };

struct json {
	struct out *out;
	unsigned digits;     /* of times: 6 or 9 */
	unsigned depth;      /* open objects below the line's own */
	unsigned opened[JSON_DEPTH]; /* length of the dotted prefix of each */
	char prefix[JSON_NAME];
	bool first;          /* nothing stands in the innermost object yet */
};

/* {"type":"...": type leads every line. */
void json_begin(struct json *j, struct out *out, const char *type, unsigned digits);
void json_end(struct json *j);

/* Write the key, opening and closing objects for its dots; a value follows. */
void json_key(struct json *j, const char *key);

void json_word(struct json *j, const char *word);
void json_foreign(struct json *j, const void *bytes, size_t n);
void json_bool(struct json *j, bool v);
void json_u64(struct json *j, uint64_t v);
void json_time(struct json *j, int64_t ns);
void json_endpoint(struct json *j, const struct endpoint *e);
/* The same at p; returns where it ended. */
enum { JSON_ENDPOINT_MAX = TUPLE_ADDRESS_MAX + 32 };
char *json_write_endpoint(char *p, const struct endpoint *e);

/* json_plan.c: how each key of a record type is written, made once from the field table. */
struct json_plan;
/* Of IN_CONNECTION or IN_HANDSHAKE. NULL: no memory. Freed with free(). */
struct json_plan *json_plan_open(unsigned in, const char *type);

/* One line: {"type":"...", then every key of the plan's record type that r has. */
void json_record(struct out *out, struct json_plan *plan, const struct flow_record *r, unsigned digits);

#endif
