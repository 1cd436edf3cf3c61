/* A flow's record as a line of JSON, by a plan.
 *
 * What stands before a value - comma, name, colon, and the objects that close
 * and open - depends on nothing but its key and the key before it, so it is
 * made once from the field table. A line is then a walk over the bits of what
 * the record has: copy what stands before, write the value. A comma follows
 * every member; what closes its object is written over it.
 *
 * Keys that share a prefix stand together in the table. What a record does not
 * have is not printed; an unknown half of a pair is null. A value whose size is
 * bounded is written in place; text and lists go through json.c.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "plan.h"
#include "sockeye/digits.h"
#include "words.h"

enum {
	PLAN_OBJECTS = 32, /* different prefixes of keys */
	PLAN_TEXT = 48,    /* "spurious_retransmissions":[0,0], */
	PLAN_COPY = 64,    /* of texts that follow each other, at once */
	PLAN_STEP = 48,    /* }},"handshake":{"client_options":{ */
	PLAN_VALUE = JSON_ENDPOINT_MAX, /* the longest that is written in place */
	PLAN_LINE = PLAN_STEP + RECORD_KEYS * (PLAN_STEP + PLAN_TEXT + PLAN_VALUE) + PLAN_COPY + PLAN_STEP,
};

_Static_assert((int)PLAN_LINE <= (int)OUT_ROOM_MAX, "a line is written without asking for more room");
_Static_assert((int)PLAN_VALUE >= (int)OUT_WORD + 2 && (int)PLAN_VALUE >= (int)WORDS_MAX + 2, "words");
_Static_assert((int)PLAN_VALUE >= RECORD_LIST_MAX * ((int)DIGITS_U64_MAX + 1) + 2, "lists, pairs and numbers");

/* Its text is the name, a colon, the value that all zeroes are, and a comma: "rst":[0,0], */
struct json_key {
	uint16_t at;    /* where its text begins, the next key's following */
	uint8_t object; /* whose member it is */
	uint8_t before; /* length of the text up to the colon */
	uint8_t zero;   /* length with the value */
};

struct plan_step {
	uint8_t len;
	char text[PLAN_STEP];
};

struct json_plan {
	struct plan plan;
	struct json_key key[RECORD_KEYS];
	unsigned objects, texts_len;
	char texts[(RECORD_KEYS + 1) * PLAN_TEXT + PLAN_COPY]; /* and what is copied too much */
	char object[PLAN_OBJECTS][JSON_NAME];              /* dotted prefix; the first is "", the line's own */
	struct plan_step step[PLAN_OBJECTS][PLAN_OBJECTS]; /* from a member of one to a member of the other */
	struct plan_step begin, end[PLAN_OBJECTS];         /* of the line; from a member to its end */
	struct words words;
};

/* ---- the plan ---------------------------------------------------------------- */

/* Close what holds only from, a comma, open what holds only to: in the place of the comma behind a member. */
static void plan_step(struct plan_step *out, const char *from, const char *to)
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
	return kind == VALUE_PAIR ? "[0,0]," : kind == VALUE_BOOL ? "false," : "";
}

static void plan_key(struct json_plan *plan, enum record_key k)
{
	const struct record_field *f = &record_fields[k];
	struct json_key *key = &plan->key[k];
	size_t prefix = plan_prefix(f->key);
	struct text t;

	key->object = plan_object(plan, f->key, prefix);
	key->at = (uint16_t)plan->texts_len;
	text_init(&t, plan->texts + key->at, PLAN_TEXT + 1);
	text_char(&t, '"');
	text_put(&t, f->key + prefix + (prefix > 0));
	text_put(&t, "\":");
	key->before = (uint8_t)t.len;
	text_put(&t, plan_zero((enum value_kind)f->kind));
	key->zero = (uint8_t)t.len;
	assert(!t.cut);
	plan->texts_len += (unsigned)t.len;
}

/* What closes the objects around a member, and the line. */
static void plan_end(struct plan_step *end, const char *object)
{
	for (const char *at = object; *at; at++)
		if (*at == '.' || at == object)
			end->text[end->len++] = '}';
	end->text[end->len++] = '}';
	end->text[end->len++] = '\n';
	assert(end->len <= JSON_DEPTH + 2);
}

static void plan_begin(struct plan_step *begin, const char *type)
{
	struct text t;

	text_init(&t, begin->text, sizeof begin->text);
	text_put(&t, "{\"type\":\"");
	text_put(&t, type);
	text_put(&t, "\",");
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

/* ---- one line ------------------------------------------------------------------ */

static char *write_bytes(char *p, const char *s, size_t n)
{
	memcpy(p, s, n);
	return p + n;
}

static char *write_step(char *p, const struct plan_step *step)
{
	memcpy(p, step->text, sizeof step->text); /* all of its place, which is quicker than as much as there is */
	return p + step->len;
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

static char *write_texts(char *p, const char *from, size_t n)
{
	for (size_t at = 0; at < n; at += PLAN_COPY)
		memcpy(p + at, from + at, PLAN_COPY);
	return p + n;
}

/* At p, where the key's text has been written. Returns where the comma goes. NULL: the value has no bound that
 * fits PLAN_VALUE. */
static char *write_value(char *p, const struct json_key *key, enum value_kind kind, const void *x, struct words *words,
			 unsigned digits)
{
	char *end = p + key->zero;

	p += key->before;
	switch (kind) {
	case VALUE_PAIR:
		return write_pair(p, x);
	case VALUE_BOOL:
		return *(const bool *)x ? write_bytes(p, "true", 4) : end - 1;
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

void json_record(struct out *out, struct json_plan *plan, const struct flow_record *r, unsigned digits)
{
	char *p = write_step(out_room(out, PLAN_LINE), &plan->begin);
	unsigned object = 0;

	for (unsigned word = 0; word < 2; word++) {
		for (uint64_t bits = r->has[word] & plan->plan.keys[word]; bits; bits &= bits - 1) {
			unsigned bit = (unsigned)__builtin_ctzll(bits), k = word * 64 + bit, zeroes;
			const struct plan_key *at = &plan->plan.key[k];
			const struct json_key *key = &plan->key[k];
			const char *text = plan->texts + key->at;
			const void *x = (const char *)r + at->offset;
			char *end;

			if (key->object != object) {
				p = write_step(p - 1, &plan->step[object][key->object]);
				object = key->object;
			}
			zeroes = plan_zeroes(at, x, bits >> bit);
			if (zeroes > 0) {
				p = write_texts(p, text, (size_t)(key[zeroes - 1].at + key[zeroes - 1].zero - key->at));
				bits = plan_skip(bits, bit, zeroes);
				continue;
			}
			memcpy(p, text, PLAN_TEXT);
			end = write_value(p, key, (enum value_kind)at->kind, x, &plan->words, digits);
			p = end ? end : put_value(out, p + key->before, (enum value_kind)at->kind, x, digits);
			*p++ = ',';
		}
	}
	out_took(out, write_step(p - 1, &plan->end[object]));
}
