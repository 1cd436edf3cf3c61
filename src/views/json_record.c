/* A flow's record as a line of JSON, by the shape that its keys give it (json_plan.h).
 *
 * A line is a walk over the shape: copy what stands before a value, write the value. What a
 * record does not have is not printed; an unknown half of a pair is null. A value whose size
 * is bounded is written in place; text and lists of owners go through json.c.
 */
#include <string.h>

#include "json_plan.h"
#include "sockeye/digits.h"

enum {
	PLAN_VALUE = JSON_ENDPOINT_MAX, /* the longest that is written in place */
	PLAN_LINE = SHAPE_TEXT + RECORD_KEYS * PLAN_VALUE + 2 * PLAN_COPY,
};

_Static_assert((int)PLAN_LINE <= (int)OUT_ROOM_MAX, "a line is written without asking for more room");
_Static_assert((int)PLAN_VALUE >= (int)OUT_WORD + 2 && (int)PLAN_VALUE >= (int)WORDS_MAX + 2, "words");
_Static_assert((int)PLAN_VALUE >= RECORD_LIST_MAX * ((int)DIGITS_U64_MAX + 1) + 2, "lists, pairs and numbers");

/* ---- one line ------------------------------------------------------------------ */

static char *write_bytes(char *p, const char *s, size_t n)
{
	memcpy(p, s, n);
	return p + n;
}

/* NULL: as words_write() and out_word(). */
static char *write_word(struct words *words, char *p, const char *word)
{
	*p = '"';
	p = words_write(words, p + 1, word);
	if (p)
		*p++ = '"';
	return p;
}

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

static char *write_bool(char *p, bool v)
{
	memcpy(p, v ? "true\0\0\0" : "false\0\0", 8);
	return p + 5 - v;
}

/* In whole steps, which is quicker than as much as there is. */
static char *write_texts(char *p, const char *from, size_t n)
{
	size_t at = 0;

	do {
		memcpy(p + at, from + at, PLAN_COPY);
		at += PLAN_COPY;
	} while (at < n);
	return p + n;
}

/* Returns where it ended. NULL: the value has no bound that fits PLAN_VALUE. */
static inline char *write_value(char *p, enum value_kind kind, const void *x, struct words *words, unsigned digits)
{
	switch (kind) {
	case VALUE_PAIR:
		return write_pair(p, x);
	case VALUE_BOOL:
		return write_bool(p, *(const bool *)x);
	case VALUE_U64:
		return digits_u64(p, *(const uint64_t *)x);
	case VALUE_WORD:
		return write_word(words, p, *(const char *const *)x);
	case VALUE_LETTERS:
		return write_letters(p, x);
	case VALUE_DURATION:
		return digits_i64(p, json_microseconds(*(const int64_t *)x));
	case VALUE_TIME:
		return digits_seconds(p, *(const int64_t *)x, digits);
	case VALUE_ENDPOINT:
		return json_write_endpoint(p, x);
	case VALUE_LIST:
		return write_list(p, x);
	case VALUE_NAME:
	case VALUE_OWNERS:
		break;
	}
	return NULL;
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
static char *put_value(struct out *out, char *p, enum value_kind kind, const void *x, unsigned digits)
{
	struct json j = {.out = out, .digits = digits};
	const struct record_name *name = x;

	out_took(out, p);
	if (kind == VALUE_NAME)
		json_foreign(&j, name->bytes, name->len);
	else if (kind == VALUE_OWNERS)
		put_owners(&j, x);
	else
		json_word(&j, kind == VALUE_WORD ? *(const char *const *)x : x);
	return out_room(out, PLAN_LINE);
}

/* How many pairs from here on are zeroes. */
static inline unsigned zeroes_from(const struct json_op *op, const void *x)
{
	const uint64_t *pair = x;
	unsigned n = 0;

	for (; n < op->pairs && (pair[0] | pair[1]) == 0; pair += 2)
		n++;
	return n;
}

void json_record(struct out *out, struct json_plan *plan, const struct flow_record *r, unsigned digits)
{
	const struct json_shape *shape = json_shape(plan, r);
	const struct json_op *op = shape->op, *last = op + shape->ops;
	char *p = out_room(out, PLAN_LINE);

	while (op < last) {
		const void *x = (const char *)r + op->offset;
		const char *text = shape->text + op->text;
		unsigned zeroes = zeroes_from(op, x);
		char *end;

		if (zeroes > 0) { /* as the text says */
			op += zeroes;
			p = write_texts(p, text, (size_t)(shape->text + op->text - text));
			continue;
		}
		p = write_texts(p, text, op->len);
		end = write_value(p, (enum value_kind)op->kind, x, &plan->words, digits);
		p = end ? end : put_value(out, p, (enum value_kind)op->kind, x, digits);
		op++;
	}
	out_took(out, write_texts(p, shape->text + last->text, last->len));
}
