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
	for (; *text; text++) {
		const char one[2] = {*text, '\0'};

		if (*text == '"')
			out_char(c->out, '"');
		out_text(c->out, one);
	}
	out_char(c->out, '"');
}

void csv_u64(struct csv *c, uint64_t v)
{
	char digits[24];
	struct text t;

	text_init(&t, digits, sizeof digits);
	text_u64(&t, v);
	csv_cell(c, digits);
}

void csv_time(struct csv *c, int64_t ns)
{
	char digits[48];
	struct text t;

	text_init(&t, digits, sizeof digits);
	text_seconds(&t, ns, c->digits);
	csv_cell(c, digits);
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

static void csv_endpoint(struct csv *c, const struct endpoint *e)
{
	char address[64];
	struct text t;

	text_init(&t, address, sizeof address);
	tuple_address(&t, &e->ip, e->family);
	csv_cell(c, address);
	if (e->has_port)
		csv_u64(c, e->port);
	else
		csv_cell(c, "");
}

static void csv_owners(struct text *t, const struct record_owners *o)
{
	for (unsigned i = 0; i < o->n && i < RECORD_OWNERS_MAX; i++) {
		const struct record_owner *at = &o->at[i];

		if (i > 0)
			text_char(t, ';');
		text_format(t, "%d:%d:%u:", (int)at->pid, (int)at->fd, (unsigned)at->uid);
		text_foreign(t, at->comm, strnlen(at->comm, sizeof at->comm), false);
	}
}

static void csv_value(struct csv *c, enum value_kind kind, const void *x)
{
	char cell[RECORD_NAME_MAX * 4 + 64];
	struct text t;

	text_init(&t, cell, sizeof cell);
	switch (kind) {
	case VALUE_WORD:
		text_put(&t, *(const char *const *)x);
		break;
	case VALUE_LETTERS:
		text_put(&t, x);
		break;
	case VALUE_NAME: {
		const struct record_name *name = x;

		text_foreign(&t, name->bytes, name->len, false);
		break;
	}
	case VALUE_U64:
		text_u64(&t, *(const uint64_t *)x);
		break;
	case VALUE_BOOL:
		text_put(&t, *(const bool *)x ? "true" : "false");
		break;
	case VALUE_TIME:
		text_seconds(&t, *(const int64_t *)x, c->digits);
		break;
	case VALUE_DURATION:
		text_format(&t, "%lld", (long long)json_microseconds(*(const int64_t *)x));
		break;
	case VALUE_LIST: {
		const struct record_list *list = x;

		for (unsigned i = 0; i < list->n && i < RECORD_LIST_MAX; i++)
			text_format(&t, i > 0 ? ";%u" : "%u", (unsigned)list->at[i]);
		break;
	}
	case VALUE_OWNERS:
		csv_owners(&t, x);
		break;
	case VALUE_PAIR:
	case VALUE_ENDPOINT:
		return; /* two cells: the caller's */
	}
	csv_cell(c, cell);
}

void csv_record(struct csv *c, const struct flow_record *r, unsigned in, const char *type)
{
	csv_cell(c, type);
	for (unsigned k = 0; k < RECORD_KEYS; k++) {
		const struct record_field *f = &record_fields[k];
		const void *x = record_member(r, (enum record_key)k);
		bool has = record_has(r, (enum record_key)k);

		if (!(f->in & in))
			continue;
		if (f->kind == VALUE_PAIR) {
			for (unsigned i = 0; i < 2; i++) {
				uint64_t half = ((const uint64_t *)x)[i];

				if (has && half != PAIR_UNKNOWN)
					csv_u64(c, half);
				else
					csv_cell(c, "");
			}
		} else if (f->kind == VALUE_ENDPOINT && has) {
			csv_endpoint(c, x);
		} else if (f->kind == VALUE_ENDPOINT) {
			csv_cell(c, "");
			csv_cell(c, "");
		} else if (has) {
			csv_value(c, (enum value_kind)f->kind, x);
		} else {
			csv_cell(c, "");
		}
	}
}
