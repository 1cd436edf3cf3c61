/* JSON Lines.
 *
 * A dot in a key opens an object, which closes when a key outside it comes.
 * Foreign bytes go through text_json() only. Records of flows, of which there
 * are many, are written by json_record.c.
 */
#include "json.h"

#include <string.h>

#include "sockeye/digits.h"

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
	char *p = out_room(j->out, n + 4); /* a key is our own, and short */

	if (!j->first)
		*p++ = ',';
	*p++ = '"';
	memcpy(p, name, n);
	p[n] = '"';
	p[n + 1] = ':';
	out_took(j->out, p + n + 2);
	j->first = false;
}

void json_key(struct json *j, const char *key)
{
	unsigned depth = 0;
	const char *name = key, *dot;

	/* Stay in the objects whose whole prefix this key shares. */
	while (depth < j->depth) {
		unsigned n = j->opened[depth];

		if (strncmp(j->prefix, key, n) != 0 || key[n] != '.')
			break;
		name = key + n + 1;
		depth++;
	}
	json_close(j, depth);
	while ((dot = strchr(name, '.')) != NULL && j->depth < JSON_DEPTH && dot - key < JSON_NAME) {
		json_name(j, name, (size_t)(dot - name));
		out_char(j->out, '{');
		j->first = true;
		memcpy(j->prefix, key, (size_t)(dot - key));
		j->prefix[dot - key] = '\0';
		j->opened[j->depth++] = (unsigned)(dot - key);
		name = dot + 1;
	}
	json_name(j, name, strlen(name));
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

void json_foreign(struct json *j, const void *bytes, size_t n)
{
	const char *p = bytes;
	char piece[2048]; /* 256 bytes take 6 each at most */
	size_t clean = text_clean(p, n, '"');
	struct text t;

	out_char(j->out, '"');
	out_bytes(j->out, p, clean);
	p += clean;
	n -= clean;
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
	out_took(j->out, digits_seconds(out_room(j->out, DIGITS_SECONDS_MAX), ns, j->digits));
}

char *json_write_endpoint(char *p, const struct endpoint *e)
{
	static const char ip[7] = {'{', '"', 'i', 'p', '"', ':', '"'}, port[8] = {',', '"', 'p', 'o', 'r', 't', '"', ':'};

	memcpy(p, ip, sizeof ip);
	p = tuple_write(p + sizeof ip, &e->ip, e->family);
	*p++ = '"';
	if (e->has_port) {
		memcpy(p, port, sizeof port);
		p = digits_u64(p + sizeof port, e->port);
	}
	*p++ = '}';
	return p;
}

void json_endpoint(struct json *j, const struct endpoint *e)
{
	out_took(j->out, json_write_endpoint(out_room(j->out, JSON_ENDPOINT_MAX), e));
}
