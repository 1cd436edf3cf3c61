/* CSV and TSV from the same field table as JSON.
 *
 * Dotted names; a pair is two columns, NAME.client and NAME.server; an endpoint
 * is NAME.ip and NAME.port; lists are joined by ";". Columns do not depend on
 * the input. CSV quotes as RFC 4180 does (lines end in a newline alone); TSV
 * needs no quotes, because escaped text holds no tab and no newline.
 */
#include "csv.h"

#include <string.h>

#include "json.h"
#include "sockeye/digits.h"

enum { CSV_ROOM = 128 }; /* for a cell, or two, written in place */

void csv_begin(struct csv *c, struct out *out, char separator, unsigned digits)
{
	c->out = out;
	c->separator = separator;
	c->digits = digits;
	c->first = true;
}

void csv_end(struct csv *c)
{
	out_char(c->out, '\n');
}

void csv_cell(struct csv *c, const char *text)
{
	if (!c->first)
		out_char(c->out, c->separator);
	c->first = false;
	if (c->separator != ',' || !text[0] || !strpbrk(text, ",\"\r\n")) { /* RFC 4180 section 2, 5 to 7 */
		out_text(c->out, text);
		return;
	}
	out_char(c->out, '"');
	while (!c->out->ascii && *text) {
		size_t run = strcspn(text, "\"");

		out_bytes(c->out, text, run);
		text += run;
		if (*text) {
			out_put(c->out, "\"\"");
			text++;
		}
	}
	for (; *text; text++) { /* ASCII alone: character by character */
		const char one[2] = {*text, '\0'};

		if (*text == '"')
			out_char(c->out, '"');
		out_text(c->out, one);
	}
	out_char(c->out, '"');
}

/* Room for a number, after the separator. */
static char *csv_room(struct csv *c)
{
	char *p = out_room(c->out, CSV_ROOM);

	if (!c->first)
		*p++ = c->separator;
	c->first = false;
	return p;
}

void csv_u64(struct csv *c, uint64_t v)
{
	char *p = csv_room(c);

	out_took(c->out, digits_u64(p, v));
}

void csv_time(struct csv *c, int64_t ns)
{
	char *p = csv_room(c);

	out_took(c->out, digits_seconds(p, ns, c->digits));
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

void csv_record_header(struct csv *c, unsigned in)
{
	csv_cell(c, "type");
	for (unsigned k = 0; k < RECORD_KEYS; k++) {
		const struct record_field *f = &record_fields[k];

		if (!(f->in & in))
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

/* NULL: the value has no bound that fits CSV_ROOM, or needs quotes. */
static char *write_value(char *p, const struct csv *c, enum value_kind kind, const void *x)
{
	switch (kind) {
	case VALUE_PAIR:
		return write_pair(p, x, c->separator);
	case VALUE_BOOL:
		return write_bool(p, *(const bool *)x);
	case VALUE_U64:
		return digits_u64(p, *(const uint64_t *)x);
	case VALUE_WORD:
		return out_word(p, *(const char *const *)x);
	case VALUE_LETTERS:
		return out_word(p, x);
	case VALUE_DURATION:
		return digits_i64(p, json_microseconds(*(const int64_t *)x));
	case VALUE_TIME:
		return digits_seconds(p, *(const int64_t *)x, c->digits);
	case VALUE_ENDPOINT:
		return write_endpoint(p, x, c->separator);
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
		text_format(t, "%d:%d:%u:", (int)at->pid, (int)at->fd, (unsigned)at->uid);
		text_foreign(t, at->comm, strnlen(at->comm, sizeof at->comm), false);
	}
}

/* What write_value() left. */
static void put_value(struct csv *c, enum value_kind kind, const void *x)
{
	char cell[RECORD_NAME_MAX * 4 + 64];
	const struct record_name *name = x;
	struct text t;

	text_init(&t, cell, sizeof cell);
	if (kind == VALUE_NAME)
		text_foreign(&t, name->bytes, name->len, false);
	else if (kind == VALUE_OWNERS)
		put_owners(&t, x);
	else
		text_put(&t, kind == VALUE_WORD ? *(const char *const *)x : x);
	csv_cell(c, cell);
}

void csv_record(struct csv *c, const struct flow_record *r, unsigned in, const char *type)
{
	csv_cell(c, type);
	for (unsigned k = 0; k < RECORD_KEYS; k++) {
		const struct record_field *f = &record_fields[k];
		char *p, *end;

		if (!(f->in & in))
			continue;
		p = out_room(c->out, CSV_ROOM);
		*p++ = c->separator;
		if (!record_has(r, (enum record_key)k)) {
			if (f->kind == VALUE_PAIR || f->kind == VALUE_ENDPOINT)
				*p++ = c->separator;
			end = p;
		} else {
			end = write_value(p, c, (enum value_kind)f->kind, record_member(r, (enum record_key)k));
		}
		if (end)
			out_took(c->out, end);
		else
			put_value(c, (enum value_kind)f->kind, record_member(r, (enum record_key)k));
	}
}
