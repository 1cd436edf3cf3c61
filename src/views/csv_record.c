/* A flow's record as a line of CSV or TSV, by its shape (shape.h).
 *
 * Dotted names; a pair is two columns, NAME.client and NAME.server; an endpoint
 * is NAME.ip and NAME.port; lists are joined by ";". Columns do not depend on
 * the input: which column a key stands in is found once.
 */
#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "shape.h"
#include "sockeye/digits.h"

struct csv_plan {
	struct shapes shapes;
	uint8_t column[RECORD_KEYS]; /* of each key: its first; the type's is 0 */
	uint8_t columns;             /* the last of all */
	unsigned in;
	char separator;
	const char *type;
	char zeroes[4]; /* 0,0 */
	struct shape_format format;
};

static unsigned csv_columns(unsigned k)
{
	return record_fields[k].kind == VALUE_PAIR || record_fields[k].kind == VALUE_ENDPOINT ? 2 : 1;
}

static unsigned csv_line_begin(const void *self, char *to)
{
	const struct csv_plan *plan = self;

	return (unsigned)(out_word(to, plan->type) - to);
}

/* state: the column that was written last. */
static unsigned csv_before(const void *self, unsigned *state, enum record_key k, char *to)
{
	const struct csv_plan *plan = self;
	unsigned n = plan->column[k] - *state;

	memset(to, plan->separator, n);
	*state = plan->column[k] + csv_columns(k) - 1;
	return n;
}

static unsigned csv_line_end(const void *self, unsigned state, char *to)
{
	const struct csv_plan *plan = self;
	unsigned n = plan->columns - state;

	memset(to, plan->separator, n);
	to[n] = '\n';
	return n + 1;
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
	(void)memcpy(plan->zeroes, separator == ',' ? "0,0" : "0\t0", sizeof plan->zeroes);
	plan->format = (struct shape_format){
		.begin = csv_line_begin, .before = csv_before, .end = csv_line_end, .zeroes = plan->zeroes, .quote = "",
	};
	shapes_init(&plan->shapes, in, &plan->format);
	for (unsigned k = 0; k < RECORD_KEYS; k++) {
		if (!plan_has(&plan->shapes.plan, (enum record_key)k))
			continue;
		plan->column[k] = (uint8_t)(plan->columns + 1);
		plan->columns = (uint8_t)(plan->columns + csv_columns(k));
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

/* Of the kinds that shape_line() leaves to its format. */
static inline char *write_value(char *p, const void *self, enum value_kind kind, const void *x)
{
	const struct csv_plan *plan = self;

	switch (kind) {
	case VALUE_PAIR:
		return write_pair(p, x, plan->separator);
	case VALUE_LETTERS:
		return out_word(p, x);
	case VALUE_ENDPOINT:
		return write_endpoint(p, x, plan->separator);
	case VALUE_LIST:
		return write_list(p, x);
	default:
		return NULL;
	}
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
static char *put_value(struct out *out, char *p, const void *self, enum value_kind kind, const void *x)
{
	const struct csv_plan *plan = self;
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
	return out_room(out, SHAPE_LINE);
}

void csv_record(struct out *out, struct csv_plan *plan, const struct flow_record *r, unsigned digits)
{
	shape_line(out, &plan->shapes, plan, r, digits, write_value, put_value);
}
