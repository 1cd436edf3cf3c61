/* A flow's record as a line of CSV or TSV, by a plan, as json_record.c does it.
 *
 * Dotted names; a pair is two columns, NAME.client and NAME.server; an endpoint
 * is NAME.ip and NAME.port; lists are joined by ";". Columns do not depend on
 * the input: which column a key stands in is found once. A line is a walk over
 * the bits of what the record has, and separators for what it has not.
 */
#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "json.h"
#include "plan.h"
#include "sockeye/digits.h"
#include "words.h"

enum {
	CSV_VALUE = TUPLE_ADDRESS_MAX + 32, /* the longest that is written in place */
	CSV_COPY = 32,                      /* separators or zeroes at once */
	CSV_ZEROES = 4,                     /* length of 0,0, */
	CSV_LINE = CSV_VALUE + RECORD_KEYS * (CSV_VALUE + 2) + 2 * CSV_COPY,
};

_Static_assert((int)CSV_LINE <= (int)OUT_ROOM_MAX, "a line is written without asking for more room");
_Static_assert((int)CSV_VALUE >= (int)OUT_WORD && (int)CSV_VALUE >= (int)WORDS_MAX, "words");
_Static_assert((int)CSV_VALUE >= RECORD_LIST_MAX * ((int)DIGITS_U64_MAX + 1), "lists, pairs and numbers");

struct csv_plan {
	struct plan plan;
	uint8_t column[RECORD_KEYS], last[RECORD_KEYS]; /* of each key: its first, its last */
	uint8_t columns;                                /* the last of all; the type's is 0 */
	unsigned in;
	char separator;
	const char *type;
	char gap[CSV_COPY];
	char zeroes[CSV_COPY]; /* 0,0,0,0, */
	struct words words;
};

static unsigned csv_columns(enum value_kind kind)
{
	return kind == VALUE_PAIR || kind == VALUE_ENDPOINT ? 2 : 1;
}

struct csv_plan *csv_plan_open(unsigned in, const char *type, char separator)
{
	struct csv_plan *plan = calloc(1, sizeof *plan);

	_Static_assert(2 * RECORD_KEYS < UINT8_MAX, "columns are counted in a byte");
	if (!plan)
		return NULL;
	plan->in = in;
	plan->type = type;
	plan->separator = separator;
	memset(plan->gap, separator, sizeof plan->gap);
	for (unsigned i = 0; i < sizeof plan->zeroes; i++)
		plan->zeroes[i] = i % 2 ? separator : '0';
	plan_init(&plan->plan, in);
	for (unsigned k = 0; k < RECORD_KEYS; k++) {
		if (!plan_has(&plan->plan, (enum record_key)k))
			continue;
		plan->column[k] = (uint8_t)(plan->columns + 1);
		plan->columns = (uint8_t)(plan->columns + csv_columns((enum value_kind)record_fields[k].kind));
		plan->last[k] = plan->columns;
	}
	return plan;
}

static void csv_suffixed(struct csv *c, const char *key, const char *suffix)
{
	char name[96];
	struct text t;

	text_init(&t, name, sizeof name);
	text_put(&t, key);
	text_put(&t, suffix);
	csv_cell(c, name);
}

void csv_record_header(struct out *out, const struct csv_plan *plan)
{
	struct csv line, *c = &line;

	csv_begin(c, out, plan->separator, 6);
	csv_cell(c, "type");
	for (unsigned k = 0; k < RECORD_KEYS; k++) {
		const struct record_field *f = &record_fields[k];

		if (!(f->in & plan->in))
			continue;
		if (f->kind == VALUE_PAIR) {
			csv_suffixed(c, f->key, ".client");
			csv_suffixed(c, f->key, ".server");
		} else if (f->kind == VALUE_ENDPOINT) {
			csv_suffixed(c, f->key, ".ip");
			csv_suffixed(c, f->key, ".port");
		} else {
			csv_cell(c, f->key);
		}
	}
	csv_end(c);
}

/* n bytes; of the same bytes again and again. */
static char *write_same(char *p, const char *from, size_t n)
{
	for (size_t at = 0; at < n; at += CSV_COPY)
		memcpy(p + at, from, CSV_COPY); /* all of it, which is quicker than as much as there is */
	return p + n;
}

static char *write_pair(char *p, const uint64_t *pair, char separator)
{
	if (pair[0] != PAIR_UNKNOWN)
		p = digits_u64(p, pair[0]);
	*p++ = separator;
	return pair[1] != PAIR_UNKNOWN ? digits_u64(p, pair[1]) : p;
}

static char *write_endpoint(char *p, const struct endpoint *e, char separator)
{
	p = tuple_write(p, &e->ip, e->family);
	*p++ = separator;
	return e->has_port ? digits_u64(p, e->port) : p;
}

static char *write_list(char *p, const struct record_list *list)
{
	for (unsigned i = 0; i < list->n && i < RECORD_LIST_MAX; i++) {
		if (i > 0)
			*p++ = ';';
		p = digits_u64(p, list->at[i]);
	}
	return p;
}

static char *write_bool(char *p, bool v)
{
	memcpy(p, v ? "true" : "false", 5);
	return p + (v ? 4 : 5);
}

/* NULL: the value has no bound that fits CSV_VALUE, or needs quotes. */
static char *write_value(char *p, struct csv_plan *plan, enum value_kind kind, const void *x, unsigned digits)
{
	switch (kind) {
	case VALUE_PAIR:
		return write_pair(p, x, plan->separator);
	case VALUE_BOOL:
		return write_bool(p, *(const bool *)x);
	case VALUE_U64:
		return digits_u64(p, *(const uint64_t *)x);
	case VALUE_WORD:
		return words_write(&plan->words, p, *(const char *const *)x);
	case VALUE_LETTERS:
		return out_word(p, x);
	case VALUE_DURATION:
		return digits_i64(p, json_microseconds(*(const int64_t *)x));
	case VALUE_TIME:
		return digits_seconds(p, *(const int64_t *)x, digits);
	case VALUE_ENDPOINT:
		return write_endpoint(p, x, plan->separator);
	case VALUE_LIST:
		return write_list(p, x);
	case VALUE_NAME:
	case VALUE_OWNERS:
		break;
	}
	return NULL;
}

static void put_owners(struct text *t, const struct record_owners *o)
{
	for (unsigned i = 0; i < o->n && i < RECORD_OWNERS_MAX; i++) {
		const struct record_owner *at = &o->at[i];

		if (i > 0)
			text_char(t, ';');
		if (at->pid > 0)
			text_format(t, "%d", (int)at->pid);
		text_char(t, ':');
		if (at->fd >= 0)
			text_format(t, "%d", (int)at->fd);
		text_char(t, ':');
		if (at->uid != UINT32_MAX)
			text_format(t, "%u", (unsigned)at->uid);
		text_char(t, ':');
		text_foreign(t, at->comm, strnlen(at->comm, sizeof at->comm), false);
	}
}

/* What write_value() left: the line is written up to p. Returns room for the rest of it. */
static char *put_value(struct out *out, char *p, const struct csv_plan *plan, enum value_kind kind, const void *x)
{
	struct csv c = {.out = out, .separator = plan->separator, .first = true}; /* the separator is written */
	char cell[RECORD_NAME_MAX * 4 + 64];
	const struct record_name *name = x;
	struct text t;

	out_took(out, p);
	text_init(&t, cell, sizeof cell);
	if (kind == VALUE_NAME)
		text_foreign(&t, name->bytes, name->len, false);
	else if (kind == VALUE_OWNERS)
		put_owners(&t, x);
	else
		text_put(&t, kind == VALUE_WORD ? *(const char *const *)x : x);
	csv_cell(&c, cell);
	return out_room(out, CSV_LINE);
}

void csv_record(struct out *out, struct csv_plan *plan, const struct flow_record *r, unsigned digits)
{
	char *p = out_word(out_room(out, CSV_LINE), plan->type);
	unsigned column = 0;

	for (unsigned word = 0; word < 2; word++) {
		for (uint64_t bits = r->has[word] & plan->plan.keys[word]; bits; bits &= bits - 1) {
			unsigned bit = (unsigned)__builtin_ctzll(bits), k = word * 64 + bit, zeroes;
			const struct plan_key *at = &plan->plan.key[k];
			const void *x = (const char *)r + at->offset;
			char *end;

			p = write_same(p, plan->gap, plan->column[k] - column);
			zeroes = plan_zeroes(at, x, bits >> bit);
			if (zeroes > 0) {
				p = write_same(p, plan->zeroes, zeroes * CSV_ZEROES - 1);
				column = plan->last[k + zeroes - 1];
				bits = plan_skip(bits, bit, zeroes);
				continue;
			}
			column = plan->last[k];
			end = write_value(p, plan, (enum value_kind)at->kind, x, digits);
			p = end ? end : put_value(out, p, plan, (enum value_kind)at->kind, x);
		}
	}
	p = write_same(p, plan->gap, plan->columns - column);
	*p++ = '\n';
	out_took(out, p);
}
