/* Names: what each means in a scope, which is like it, all of them in a list.
 *
 * A name is looked for among the words (words.c); in packets then among rows;
 * then among the record's keys. ".client" and ".server" behind a name that has
 * both sides pick one.
 */
#include <assert.h>
#include <string.h>

#include "filter_private.h"

struct row_name {
	const char *key, *title;
	enum field_kind kind;
	bool named;
};

static const struct row_name rows[] = {
#define FIELD(key, title, kind, named) {key, title, FIELD_##kind, named},
#define PROTOCOL(name, title)
#include "rows.def"
#undef FIELD
#undef PROTOCOL
};

static const struct {
	const char *name, *title;
} protocols[] = {
#define FIELD(key, title, kind, named)
#define PROTOCOL(name, title) {name, title},
#include "rows.def"
#undef FIELD
#undef PROTOCOL
};

enum { ROWS = sizeof rows / sizeof rows[0], PROTOCOLS = sizeof protocols / sizeof protocols[0] };

const char *const type_names[TYPES] = {
	[TYPE_NUMBER] = "number",	 [TYPE_SIGNED] = "signed number", [TYPE_NAMED] = "number or word",
	[TYPE_DURATION] = "duration",	 [TYPE_TIME] = "time",		  [TYPE_BOOL] = "yes or no",
	[TYPE_TEXT] = "text",		 [TYPE_LETTERS] = "letters",	  [TYPE_ENDPOINT] = "address, port",
	[TYPE_ADDRESS] = "address",	 [TYPE_MAC] = "hardware address", [TYPE_BYTES] = "bytes",
	[TYPE_VERDICT] = "verdict",
};

static enum type record_type(enum record_key k)
{
	switch ((enum value_kind)record_fields[k].kind) {
	case VALUE_WORD: case VALUE_NAME: case VALUE_OWNERS:
		return TYPE_TEXT;
	case VALUE_LETTERS:
		return TYPE_LETTERS;
	case VALUE_BOOL:
		return TYPE_BOOL;
	case VALUE_TIME:
		return TYPE_TIME;
	case VALUE_DURATION:
		return TYPE_DURATION;
	case VALUE_ENDPOINT:
		return TYPE_ENDPOINT;
	default:
		return TYPE_NUMBER;
	}
}

static enum type row_type(const struct row_name *row)
{
	switch (row->kind) {
	case FIELD_UINT: case FIELD_HEX:
		return row->named ? TYPE_NAMED : TYPE_NUMBER;
	case FIELD_FLAGS: case FIELD_STATIC:
		return TYPE_NAMED;
	case FIELD_BOOL:
		return TYPE_BOOL;
	case FIELD_INT:
		return TYPE_SIGNED;
	case FIELD_IPV4: case FIELD_IPV6:
		return TYPE_ADDRESS;
	case FIELD_MAC:
		return TYPE_MAC;
	case FIELD_TIME:
		return TYPE_TIME;
	case FIELD_BYTES:
		return TYPE_BYTES;
	default:
		return TYPE_TEXT;
	}
}

/* The long lists are looked through by their first letter. */
static bool is_name(const char *name, const char *s, size_t n)
{
	return n > 0 && lower(name[0]) == lower(s[0]) && equal_folded(name, strlen(name), s, n);
}

static const struct word *find_word(const char *s, size_t n)
{
	for (unsigned i = 0; i < filter_words_n; i++)
		if (is_name(filter_words[i].name, s, n))
			return &filter_words[i];
	return NULL;
}

static const struct row_name *find_row(const char *s, size_t n)
{
	for (unsigned i = 0; i < ROWS; i++)
		if (is_name(rows[i].key, s, n))
			return &rows[i];
	return NULL;
}

/* "state" and "open" are keys of two record types: the connection's is filled
 * wherever the handshake's is. */
static int find_key(const char *s, size_t n)
{
	int found = -1;

	for (int i = 0; i < RECORD_KEYS; i++)
		if (is_name(record_fields[i].key, s, n) &&
		    (found < 0 || record_fields[i].in & IN_CONNECTION))
			found = i;
	return found;
}

const char *name_protocol(const char *s, size_t n)
{
	for (unsigned i = 0; i < PROTOCOLS; i++)
		if (is_name(protocols[i].name, s, n))
			return protocols[i].name;
	return NULL;
}

static void add_origin(struct name *f, enum from from, enum part part, unsigned key, const char *name, const char *only)
{
	if (f->origins < ORIGINS)
		f->origin[f->origins++] = (struct origin){(uint8_t)from, (uint8_t)part, (uint16_t)key, name, only};
}

static void add_fact(struct name *f, const struct word *w, const char *s, size_t n)
{
	static const struct {
		const char *name;
		enum fact fact;
	} facts[] = {
		{"@duration", FACT_DURATION}, {"@number", FACT_NUMBER}, {"@length", FACT_LENGTH},
		{"@captured", FACT_CAPTURED}, {"@time", FACT_TIME}, {"@layers", FACT_LAYERS},
		{"@issue", FACT_ISSUE}, {"@rtt", FACT_RTT}, {"@dup_ack", FACT_DUP_ACK}, {"@verdict", FACT_VERDICT},
		{"@pid", FACT_PID}, {"@process", FACT_PROCESS}, {"@fd", FACT_FD}, {"@user", FACT_USER},
		{"@container", FACT_CONTAINER}, {"@unit", FACT_UNIT},
	};

	if (equal_folded("@is", 3, s, n)) {
		add_origin(f, FROM_VERDICTS, PART_ALL, 0, NULL, NULL);
		f->verdicts = w->verdicts;
		return;
	}
	for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++)
		if (equal_folded(facts[i].name, strlen(facts[i].name), s, n))
			add_origin(f, FROM_FACT, PART_ALL, facts[i].fact, NULL, NULL);
}

/* One entry of a word's list. */
static void add_entry(struct name *f, const struct word *w, const char *s, size_t n)
{
	const struct row_name *row;
	unsigned bit = 0;
	int key;

	if (s[0] == '@') {
		add_fact(f, w, s, n);
	} else if (s[0] == '&') {
		for (size_t i = 1; i < n; i++)
			bit = bit * 10 + (unsigned)(s[i] - '0');
		add_origin(f, FROM_FLAG, PART_ALL, bit, "tcp.flags", NULL);
	} else if ((key = find_key(s, n)) >= 0) {
		add_origin(f, FROM_RECORD, w->part, (unsigned)key, NULL, w->only);
	} else if ((row = find_row(s, n)) != NULL) {
		add_origin(f, FROM_ROW, PART_ALL, 0, row->key, NULL);
	}
}

static bool resolve_word(const struct word *w, enum filter_scope scope, struct name *out)
{
	const char *list = scope == FILTER_FLOWS ? w->flows : w->packets;

	if (!list)
		return false;
	out->type = w->type;
	out->name = w->name;
	out->values = w->values;
	while (*list) {
		size_t n = strcspn(list, " ");

		add_entry(out, w, list, n);
		assert(out->origins > 0); /* a list names what exists */
		list += n + (list[n] == ' ');
	}
	return true;
}

static bool ends_with(const char *s, size_t n, const char *end)
{
	size_t m = strlen(end);

	return n > m && equal_folded(s + n - m, m, end, m);
}

static bool resolve_whole(const char *s, size_t n, enum filter_scope scope, struct name *out)
{
	const struct word *w = find_word(s, n);
	const struct row_name *row = scope == FILTER_PACKETS ? find_row(s, n) : NULL;
	int key;

	if (w && resolve_word(w, scope, out))
		return true;
	if (row) {
		out->type = row_type(row);
		out->name = row->key;
		add_origin(out, FROM_ROW, PART_ALL, 0, row->key, NULL);
		return true;
	}
	key = find_key(s, n);
	if (key < 0)
		return false;
	out->type = record_type((enum record_key)key);
	out->name = record_fields[key].key;
	out->plain_us = out->type == TYPE_DURATION;
	add_origin(out, FROM_RECORD, PART_ALL, (unsigned)key, NULL, NULL);
	return true;
}

/* "bytes.client": only pairs have sides. */
static bool resolve_side(const char *s, size_t n, enum filter_scope scope, struct name *out)
{
	bool client = ends_with(s, n, ".client");

	if (!client && !ends_with(s, n, ".server"))
		return false;
	if (!resolve_whole(s, n - strlen(".client"), scope, out))
		return false;
	for (unsigned i = 0; i < out->origins; i++) {
		struct origin *o = &out->origin[i];

		if (o->from != FROM_RECORD || record_fields[o->key].kind != VALUE_PAIR)
			return false;
		o->part = client ? PART_CLIENT : PART_SERVER;
	}
	return true;
}

bool name_resolve(const char *s, size_t n, enum filter_scope scope, struct name *out)
{
	memset(out, 0, sizeof *out);
	if (resolve_whole(s, n, scope, out)) {
		out->closed = closed_words(out);
		if (out->closed)
			out->values = out->closed;
		return true;
	}
	memset(out, 0, sizeof *out);
	return resolve_side(s, n, scope, out);
}

const char *name_elsewhere(const char *s, size_t n, enum filter_scope scope)
{
	struct name other;

	if (equal_folded("tcp.stream", 10, s, n))
		return "counts as Wireshark does, from 0 and TCP alone; here flow is the number, as id in JSON";
	if (equal_folded("tcp.window_size", 15, s, n))
		return "is scaled in Wireshark; tcp.window_size_value is the window as the header has it";
	if (name_resolve(s, n, scope == FILTER_FLOWS ? FILTER_PACKETS : FILTER_FLOWS, &other))
		return scope == FILTER_FLOWS ? "is asked of packets, not of flows: sockeye packets -Y"
					     : "is asked of flows, not of packets";
	return NULL;
}

unsigned name_distance(const char *a, size_t n, const char *b, size_t m)
{
	unsigned before[65], now[65];

	if (n > 64 || m > 64)
		return 99;
	for (unsigned j = 0; j <= m; j++)
		before[j] = j;
	for (unsigned i = 1; i <= n; i++) {
		now[0] = i;
		for (unsigned j = 1; j <= m; j++) {
			unsigned best = before[j - 1] + (lower(a[i - 1]) != lower(b[j - 1]));

			if (before[j] + 1 < best)
				best = before[j] + 1;
			if (now[j - 1] + 1 < best)
				best = now[j - 1] + 1;
			now[j] = best;
		}
		memcpy(before, now, (m + 1) * sizeof *now);
	}
	return before[m];
}

const char *name_near(const char *s, size_t n, enum filter_scope scope, unsigned most)
{
	const char *best = NULL;
	unsigned least = most + 1;
	struct filter_field f;

	for (unsigned i = 0; name_at(i, &f); i++) {
		size_t m = strlen(f.name);
		unsigned d;

		if (!(scope == FILTER_FLOWS ? f.flows : f.packets) || m > n + most || n > m + most)
			continue;
		d = name_distance(s, n, f.name, m);
		if (d < least && !name_again(i)) {
			least = d;
			best = f.name;
		}
	}
	return best;
}

/* Does the list have that name before? */
bool name_again(unsigned i)
{
	const char *key;

	if (i < filter_words_n)
		return false;
	i -= filter_words_n;
	if (i < RECORD_KEYS) {
		key = record_fields[i].key;
		return find_word(key, strlen(key)) != NULL || find_key(key, strlen(key)) != (int)i;
	}
	key = rows[i - RECORD_KEYS].key;
	return find_word(key, strlen(key)) != NULL || find_key(key, strlen(key)) >= 0;
}

bool name_at(unsigned i, struct filter_field *out)
{
	if (i < filter_words_n) {
		const struct word *w = &filter_words[i];

		*out = (struct filter_field){w->name, w->meaning, type_names[w->type], w->flows, w->packets, false, false};
		return true;
	}
	i -= filter_words_n;
	if (i < RECORD_KEYS) {
		const struct record_field *r = &record_fields[i];

		*out = (struct filter_field){r->key, r->title, type_names[record_type((enum record_key)i)],
					     true, true, false, false};
		return true;
	}
	i -= RECORD_KEYS;
	if (i >= ROWS)
		return false;
	*out = (struct filter_field){rows[i].key, rows[i].title, type_names[row_type(&rows[i])],
				     false, true, true, false};
	return true;
}

bool filter_field(unsigned i, struct filter_field *out)
{
	if (!name_at(i, out))
		return false;
	out->again = name_again(i);
	return true;
}
