/* The plan of a record type in JSON, from the field table; and shapes, from the plan.
 *
 * Keys that share a prefix stand together in the table: a prefix is an object. */
#include "json_plan.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sockeye/text.h"

/* Close what holds only from, a comma, open what holds only to. */
static void plan_step(struct plan_text *out, const char *from, const char *to)
{
	size_t same = 0;
	struct text t;

	for (size_t i = 0;; i++) {
		if ((!from[i] || from[i] == '.') && (!to[i] || to[i] == '.'))
			same = i;
		if (!from[i] || from[i] != to[i])
			break;
	}
	text_init(&t, out->text, sizeof out->text);
	for (size_t i = same; from[i]; i++)
		if (from[i] == '.' || i == 0)
			text_char(&t, '}');
	text_char(&t, ',');
	for (const char *at = to + same; *at;) {
		size_t n;

		at += *at == '.';
		n = strcspn(at, ".");
		text_char(&t, '"');
		text_bytes(&t, at, n);
		text_put(&t, "\":{");
		at += n;
	}
	assert(!t.cut);
	out->len = (uint8_t)t.len;
}

static uint8_t plan_object(struct json_plan *plan, const char *key, size_t n)
{
	for (unsigned i = 0; i < plan->objects; i++)
		if (strlen(plan->object[i]) == n && memcmp(plan->object[i], key, n) == 0)
			return (uint8_t)i;
	assert(plan->objects < PLAN_OBJECTS && n < JSON_NAME);
	memcpy(plan->object[plan->objects], key, n); /* the rest is zeroes */
	return (uint8_t)plan->objects++;
}

static const char *plan_zero(enum value_kind kind)
{
	return kind == VALUE_PAIR ? "[0,0]" : kind == VALUE_BOOL ? "false" : "";
}

static void plan_key(struct json_plan *plan, enum record_key k)
{
	const struct record_field *f = &record_fields[k];
	struct json_key *key = &plan->key[k];
	size_t prefix = plan_prefix(f->key);
	struct text t;

	key->object = plan_object(plan, f->key, prefix);
	text_init(&t, key->text, sizeof key->text);
	text_char(&t, '"');
	text_put(&t, f->key + prefix + (prefix > 0));
	text_put(&t, "\":");
	key->before = (uint8_t)t.len;
	text_put(&t, plan_zero((enum value_kind)f->kind));
	key->zero = (uint8_t)t.len;
	assert(!t.cut);
}

/* What closes the objects around a member, and the line. */
static void plan_end(struct plan_text *end, const char *object)
{
	for (const char *at = object; *at; at++)
		if (*at == '.' || at == object)
			end->text[end->len++] = '}';
	end->text[end->len++] = '}';
	end->text[end->len++] = '\n';
	assert(end->len <= JSON_DEPTH + 2);
}

static void plan_begin(struct plan_text *begin, const char *type)
{
	struct text t;

	text_init(&t, begin->text, sizeof begin->text);
	text_put(&t, "{\"type\":\"");
	text_put(&t, type);
	text_put(&t, "\"");
	assert(!t.cut);
	begin->len = (uint8_t)t.len;
}

struct json_plan *json_plan_open(unsigned in, const char *type)
{
	struct json_plan *plan = calloc(1, sizeof *plan);

	if (!plan)
		return NULL;
	plan_begin(&plan->begin, type);
	(void)plan_object(plan, "", 0);
	plan_init(&plan->plan, in);
	for (unsigned k = 0; k < RECORD_KEYS; k++)
		if (plan_has(&plan->plan, (enum record_key)k))
			plan_key(plan, (enum record_key)k);
	for (unsigned a = 0; a < plan->objects; a++) {
		for (unsigned b = 0; b < plan->objects; b++)
			plan_step(&plan->step[a][b], plan->object[a], plan->object[b]);
		plan_end(&plan->end[a], plan->object[a]);
	}
	return plan;
}

static unsigned shape_text(struct json_shape *s, unsigned at, const char *text, unsigned len)
{
	memcpy(s->text + at, text, len);
	return at + len;
}

/* From the last to the first: a row goes on where the next key is there and goes on. */
static void shape_rows(struct json_shape *s, const struct plan *plan, const uint8_t key[RECORD_KEYS])
{
	for (unsigned i = s->ops; i-- > 0;) {
		bool next = i + 1 < s->ops && key[i + 1] == key[i] + 1 && plan->key[key[i]].pairs > 1;

		s->op[i].pairs = s->op[i].kind != VALUE_PAIR ? 0 : next ? (uint8_t)(s->op[i + 1].pairs + 1) : 1;
	}
}

const struct json_shape *json_shape_make(struct json_plan *plan, struct json_shape *s, const uint64_t has[2])
{
	unsigned object = 0, at = shape_text(s, 0, plan->begin.text, plan->begin.len), from = 0;
	uint8_t keys[RECORD_KEYS];

	_Static_assert((int)RECORD_KEYS <= UINT8_MAX && (int)SHAPE_TEXT <= UINT16_MAX, "small numbers");
	s->ops = 0;
	for (unsigned k = 0; k < RECORD_KEYS; k++) {
		const struct json_key *key = &plan->key[k];
		const struct plan_text *step = &plan->step[object][key->object];

		if (!(has[k / 64] >> (k % 64) & 1))
			continue;
		at = shape_text(s, at, step->text, step->len);
		at = shape_text(s, at, key->text, key->before);
		keys[s->ops] = (uint8_t)k;
		s->op[s->ops++] = (struct json_op){.text = (uint16_t)from, .offset = plan->plan.key[k].offset,
						   .len = (uint8_t)(at - from), .kind = plan->plan.key[k].kind};
		from = at = shape_text(s, at, key->text + key->before, (unsigned)(key->zero - key->before));
		object = key->object;
	}
	shape_rows(s, &plan->plan, keys);
	at = shape_text(s, at, plan->end[object].text, plan->end[object].len);
	s->op[s->ops] = (struct json_op){.text = (uint16_t)from, .len = (uint8_t)(at - from)};
	assert(at <= SHAPE_TEXT);
	s->has[0] = has[0];
	s->has[1] = has[1];
	return s;
}
