/* JSON Lines.
 *
 * Walks the field table: a dot in a key opens an object, which closes when a
 * key outside it comes; so keys that share a prefix stand together in the
 * table. What a record does not have is not printed; an unknown half of a pair
 * is null. Foreign bytes go through text_json() only.
 */
#include "json.h"

#include <pthread.h>
#include <string.h>

void json_begin(struct json *j, struct out *out, const char *type, unsigned digits)
{
	j->out = out;
	j->digits = digits;
	j->depth = 0;
	j->prefix[0] = '\0';
	j->first = true;
	out_char(out, '{');
	json_key(j, "type");
	json_word(j, type);
}

static void json_close(struct json *j, unsigned depth)
{
	while (j->depth > depth) {
		j->depth--;
		j->prefix[j->depth > 0 ? j->opened[j->depth - 1] : 0] = '\0';
		out_char(j->out, '}');
		j->first = false;
	}
}

void json_end(struct json *j)
{
	json_close(j, 0);
	out_put(j->out, "}\n");
}

static void json_name(struct json *j, const char *name, size_t n)
{
	struct out *o = j->out;

	if (o->error || OUT_BUFFER - o->len < JSON_NAME + 8) {
		(void)out_flush(o);
		if (o->error)
			return;
	}
	n = n < JSON_NAME ? n : JSON_NAME;
	if (!j->first)
		o->buffer[o->len++] = ',';
	o->buffer[o->len++] = '"';
	memcpy(o->buffer + o->len, name, n);
	o->len += n;
	o->buffer[o->len++] = '"';
	o->buffer[o->len++] = ':';
	j->first = false;
}

/* Where the dots of a key are, and where its name begins. */
struct json_place {
	uint8_t dots, length;
	uint8_t dot[JSON_DEPTH];
};

static void json_find_place(struct json_place *p, const char *key)
{
	size_t n = strlen(key);

	*p = (struct json_place){.length = (uint8_t)(n < JSON_NAME ? n : JSON_NAME)};
	for (unsigned i = 0; i < p->length && p->dots < JSON_DEPTH; i++)
		if (key[i] == '.')
			p->dot[p->dots++] = (uint8_t)i;
}

static void json_key_at(struct json *j, const char *key, const struct json_place *p)
{
	unsigned depth = 0, from;

	/* Stay in the objects whose whole prefix this key shares. */
	while (depth < j->depth && depth < p->dots && j->opened[depth] == p->dot[depth] &&
	       memcmp(j->prefix, key, p->dot[depth]) == 0)
		depth++;
	json_close(j, depth);
	from = depth ? p->dot[depth - 1] + 1u : 0;
	for (; depth < p->dots; depth++) {
		unsigned to = p->dot[depth];

		json_name(j, key + from, to - from);
		out_char(j->out, '{');
		j->first = true;
		memcpy(j->prefix, key, to);
		j->prefix[to] = '\0';
		j->opened[j->depth++] = to;
		from = to + 1;
	}
	json_name(j, key + from, p->length - from);
}

void json_key(struct json *j, const char *key)
{
	struct json_place p;

	json_find_place(&p, key);
	json_key_at(j, key, &p);
}

/* Valid UTF-8 that needs no more escaping, unless it must be ASCII: RFC 8259
 * section 7. */
static void json_piece(struct out *out, const struct text *t)
{
	for (size_t at = 0; out->ascii && at < t->len;) {
		uint32_t code;
		bool bad;
		size_t len = text_utf8(t->at + at, t->len - at, &code, &bad);

		if (code < 0x80)
			out_char(out, (char)code);
		else if (code < 0x10000)
			out_format(out, "\\u%04x", (unsigned)code);
		else
			out_format(out, "\\u%04x\\u%04x", (unsigned)(0xd800 + ((code - 0x10000) >> 10)),
				   (unsigned)(0xdc00 + ((code - 0x10000) & 0x3ff)));
		at += len;
	}
	if (!out->ascii)
		out_bytes(out, t->at, t->len);
}

/* Nothing in it that is written otherwise than it is. */
static bool json_is_plain(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] < 0x20 || p[i] > 0x7e || p[i] == '"' || p[i] == '\\')
			return false;
	return true;
}

static void json_escaped(struct json *j, const char *p, size_t n)
{
	char piece[2048]; /* 256 bytes take 6 each at most */
	struct text t;

	while (n > 0) {
		size_t part = 0;

		while (part < n && part < 252) {
			uint32_t code;
			bool bad;

			part += text_utf8(p + part, n - part, &code, &bad);
		}
		text_init(&t, piece, sizeof piece);
		text_json(&t, p, part);
		json_piece(j->out, &t);
		p += part;
		n -= part;
	}
}

void json_foreign(struct json *j, const void *bytes, size_t n)
{
	out_char(j->out, '"');
	if (json_is_plain(bytes, n))
		out_bytes(j->out, bytes, n);
	else
		json_escaped(j, bytes, n);
	out_char(j->out, '"');
}

void json_word(struct json *j, const char *word)
{
	json_foreign(j, word, strlen(word));
}

void json_bool(struct json *j, bool v)
{
	out_put(j->out, v ? "true" : "false");
}

void json_u64(struct json *j, uint64_t v)
{
	out_u64(j->out, v);
}

void json_time(struct json *j, int64_t ns)
{
	char digits[48];
	struct text t;

	text_init(&t, digits, sizeof digits);
	text_seconds(&t, ns, j->digits);
	out_put(j->out, digits);
}

int64_t json_microseconds(int64_t ns)
{
	return ns < 0 ? -((-ns + 500) / 1000) : (ns + 500) / 1000;
}

void json_endpoint(struct json *j, const struct endpoint *e)
{
	char address[64];
	struct text t;

	text_init(&t, address, sizeof address);
	tuple_address(&t, &e->ip, e->family);
	out_put(j->out, "{\"ip\":\"");
	out_put(j->out, address);
	out_char(j->out, '"');
	if (e->has_port) {
		out_put(j->out, ",\"port\":");
		out_u64(j->out, e->port);
	}
	out_char(j->out, '}');
}

static void json_half(struct json *j, uint64_t v)
{
	if (v == PAIR_UNKNOWN)
		out_put(j->out, "null");
	else
		json_u64(j, v);
}

static void json_owners(struct json *j, const struct record_owners *o)
{
	out_char(j->out, '[');
	for (unsigned i = 0; i < o->n && i < RECORD_OWNERS_MAX; i++) {
		const struct record_owner *at = &o->at[i];

		out_format(j->out, "%s{\"pid\":%d,\"comm\":", i > 0 ? "," : "", (int)at->pid);
		json_foreign(j, at->comm, strnlen(at->comm, sizeof at->comm));
		out_format(j->out, ",\"fd\":%d,\"uid\":%u", (int)at->fd, (unsigned)at->uid);
		if (at->evidence)
			out_format(j->out, ",\"evidence\":\"%s\"", at->evidence);
		out_char(j->out, '}');
	}
	out_char(j->out, ']');
}

static void json_value(struct json *j, enum value_kind kind, const void *x)
{
	switch (kind) {
	case VALUE_WORD:
		json_word(j, *(const char *const *)x);
		break;
	case VALUE_LETTERS:
		json_word(j, x);
		break;
	case VALUE_NAME: {
		const struct record_name *name = x;

		json_foreign(j, name->bytes, name->len);
		break;
	}
	case VALUE_U64:
		json_u64(j, *(const uint64_t *)x);
		break;
	case VALUE_BOOL:
		json_bool(j, *(const bool *)x);
		break;
	case VALUE_TIME:
		json_time(j, *(const int64_t *)x);
		break;
	case VALUE_DURATION:
		out_i64(j->out, json_microseconds(*(const int64_t *)x));
		break;
	case VALUE_PAIR: {
		const uint64_t *pair = x;

		out_char(j->out, '[');
		json_half(j, pair[0]);
		out_char(j->out, ',');
		json_half(j, pair[1]);
		out_char(j->out, ']');
		break;
	}
	case VALUE_ENDPOINT:
		json_endpoint(j, x);
		break;
	case VALUE_LIST: {
		const struct record_list *list = x;

		out_char(j->out, '[');
		for (unsigned i = 0; i < list->n && i < RECORD_LIST_MAX; i++)
			out_format(j->out, i > 0 ? ",%u" : "%u", (unsigned)list->at[i]);
		out_char(j->out, ']');
		break;
	}
	case VALUE_OWNERS:
		json_owners(j, x);
		break;
	}
}

static struct json_place json_places[RECORD_KEYS];
static pthread_once_t json_placed = PTHREAD_ONCE_INIT;

static void json_place_all(void)
{
	for (unsigned k = 0; k < RECORD_KEYS; k++)
		json_find_place(&json_places[k], record_fields[k].key);
}

void json_record(struct json *j, const struct flow_record *r, unsigned in)
{
	(void)pthread_once(&json_placed, json_place_all);
	for (unsigned k = 0; k < RECORD_KEYS; k++) {
		const struct record_field *f = &record_fields[k];

		if (!(f->in & in) || !record_has(r, (enum record_key)k))
			continue;
		json_key_at(j, f->key, &json_places[k]);
		json_value(j, (enum value_kind)f->kind, record_member(r, (enum record_key)k));
	}
}
