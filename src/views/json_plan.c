/* What JSON says about the keys of a record type, from the field table.
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
	key->len = (uint8_t)t.len;
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

static unsigned put_text(char *to, const char *text, unsigned len)
{
	memcpy(to, text, len);
	return len;
}

static unsigned json_line_begin(const void *self, char *to)
{
	const struct json_plan *plan = self;

	return put_text(to, plan->begin.text, plan->begin.len);
}

/* state: the object of the key before. */
static unsigned json_before(const void *self, unsigned *state, enum record_key k, char *to)
{
	const struct json_plan *plan = self;
	const struct json_key *key = &plan->key[k];
	const struct plan_text *step = &plan->step[*state][key->object];
	unsigned n = put_text(to, step->text, step->len);

	*state = key->object;
	return n + put_text(to + n, key->text, key->len);
}

static unsigned json_line_end(const void *self, unsigned state, char *to)
{
	const struct json_plan *plan = self;

	return put_text(to, plan->end[state].text, plan->end[state].len);
}

struct json_plan *json_plan_open(unsigned in, const char *type)
{
	static const struct shape_format format = {
		.begin = json_line_begin, .before = json_before, .end = json_line_end, .zeroes = "[0,0]", .quote = "\"",
	};
	struct json_plan *plan = calloc(1, sizeof *plan);

	if (!plan)
		return NULL;
	plan_begin(&plan->begin, type);
	(void)plan_object(plan, "", 0);
	shapes_init(&plan->shapes, in, &format);
	for (unsigned k = 0; k < RECORD_KEYS; k++)
		if (plan_has(&plan->shapes.plan, (enum record_key)k))
			plan_key(plan, (enum record_key)k);
	for (unsigned a = 0; a < plan->objects; a++) {
		for (unsigned b = 0; b < plan->objects; b++)
			plan_step(&plan->step[a][b], plan->object[a], plan->object[b]);
		plan_end(&plan->end[a], plan->object[a]);
	}
	return plan;
}
