/* A flow's record as a line of JSON, by its shape (shape.h).
 *
 * What a record does not have is not printed; an unknown half of a pair is null. A value whose
 * size is bounded is written in place; text and lists of owners go through json.c.
 */
#include <string.h>

#include "json_plan.h"
#include "sockeye/digits.h"

static char *write_bytes(char *p, const char *s, size_t n)
{
	memcpy(p, s, n);
	return p + n;
}

/* NULL: as out_word(). */
static char *write_letters(char *p, const char *letters)
{
	*p = '"';
	p = out_word(p + 1, letters);
	if (p)
		*p++ = '"';
	return p;
}

static char *write_half(char *p, uint64_t v)
{
	return v == PAIR_UNKNOWN ? write_bytes(p, "null", 4) : digits_u64(p, v);
}

static char *write_pair(char *p, const uint64_t *pair)
{
	*p = '[';
	p = write_half(p + 1, pair[0]);
	*p = ',';
	p = write_half(p + 1, pair[1]);
	*p = ']';
	return p + 1;
}

static char *write_list(char *p, const struct record_list *list)
{
	*p++ = '[';
	for (unsigned i = 0; i < list->n && i < RECORD_LIST_MAX; i++) {
		if (i > 0)
			*p++ = ',';
		p = digits_u64(p, list->at[i]);
	}
	*p++ = ']';
	return p;
}

/* Of the kinds that shape_line() leaves to its format. */
static inline char *write_value(char *p, const void *self, enum value_kind kind, const void *x)
{
	(void)self;
	switch (kind) {
	case VALUE_PAIR:
		return write_pair(p, x);
	case VALUE_LETTERS:
		return write_letters(p, x);
	case VALUE_ENDPOINT:
		return json_write_endpoint(p, x);
	case VALUE_LIST:
		return write_list(p, x);
	default:
		return NULL;
	}
}

static void put_owner(struct json *j, const struct record_owner *o)
{
	j->first = true;
	if (o->pid > 0) {
		json_key(j, "pid");
		out_format(j->out, "%d", (int)o->pid);
		json_key(j, "comm");
		json_foreign(j, o->comm, strnlen(o->comm, sizeof o->comm));
	}
	if (o->fd >= 0) {
		json_key(j, "fd");
		out_format(j->out, "%d", (int)o->fd);
	}
	if (o->uid != UINT32_MAX) {
		json_key(j, "uid");
		json_u64(j, o->uid);
	}
	if (o->evidence) {
		json_key(j, "evidence");
		json_word(j, o->evidence);
	}
	if (!o->home)
		return;
	if (strcmp(o->home_kind, "unit") == 0) {
		json_key(j, "unit");
		json_foreign(j, o->home, strlen(o->home));
		return;
	}
	json_key(j, "container");
	out_put(j->out, "{\"kind\":");
	json_word(j, o->home_kind);
	out_put(j->out, ",\"id\":");
	json_foreign(j, o->home, strlen(o->home));
	out_char(j->out, '}');
}

static void put_owners(struct json *j, const struct record_owners *o)
{
	out_char(j->out, '[');
	for (unsigned i = 0; i < o->n && i < RECORD_OWNERS_MAX; i++) {
		out_put(j->out, i > 0 ? ",{" : "{");
		put_owner(j, &o->at[i]);
		if (o->netns)
			out_format(j->out, ",\"netns\":\"%u\"", (unsigned)o->netns);
		out_char(j->out, '}');
	}
	out_char(j->out, ']');
}

/* What write_value() left: the name is written up to p. Returns room for the rest of a line. */
static char *put_value(struct out *out, char *p, const void *self, enum value_kind kind, const void *x)
{
	struct json j = {.out = out};
	const struct record_name *name = x;

	(void)self;
	out_took(out, p);
	if (kind == VALUE_NAME)
		json_foreign(&j, name->bytes, name->len);
	else if (kind == VALUE_OWNERS)
		put_owners(&j, x);
	else
		json_word(&j, kind == VALUE_WORD ? *(const char *const *)x : x);
	return out_room(out, SHAPE_LINE);
}

void json_record(struct out *out, struct json_plan *plan, const struct flow_record *r, unsigned digits)
{
	shape_line(out, &plan->shapes, plan, r, digits, write_value, put_value);
}
