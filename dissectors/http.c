/* HTTP/1: the head of requests and responses.
 *
 * Promises: a segment is HTTP only if its first line is a request or status
 * line of HTTP/1; header lines are bounded in length and number; a head that
 * goes on in the next segment is read as far as it is here, and the rest asked
 * for where the host's name is missing. Bodies are not
 * read, and a segment in the middle of one is nobody's.
 */
#include <string.h>

#include "sockeye/dissector.h"

enum {
	HTTP_LINE_MAX = 8192,
	HTTP_HEADERS_MAX = 100,
	HTTP_TARGET_SURE = 64, /* so much of a target without its end is enough */
};

static const struct field_info f_method = {"http.request.method", "Method", FIELD_TEXT, NULL};
static const struct field_info f_uri = {"http.request.uri", "Target", FIELD_TEXT, NULL};
static const struct field_info f_request_version = {"http.request.version", "Version", FIELD_TEXT, NULL};
static const struct field_info f_response_version = {"http.response.version", "Version", FIELD_TEXT, NULL};
static const struct field_info f_code = {"http.response.code", "Status", FIELD_UINT, NULL};
static const struct field_info f_phrase = {"http.response.phrase", "Reason", FIELD_TEXT, NULL};
static const struct field_info f_host = {"http.host", "Host", FIELD_TEXT, NULL};
static const struct field_info f_request_line = {"http.request.line", "Header", FIELD_TEXT, NULL};
static const struct field_info f_response_line = {"http.response.line", "Header", FIELD_TEXT, NULL};

/* Headers with a row of their own; the rest are shown as lines. */
static const struct http_header {
	const char *name; /* lower case */
	struct field_info info;
} http_headers[] = {
	{"user-agent", {"http.user_agent", "User agent", FIELD_TEXT, NULL}},
	{"server", {"http.server", "Server", FIELD_TEXT, NULL}},
	{"content-type", {"http.content_type", "Content type", FIELD_TEXT, NULL}},
	{"content-length", {"http.content_length_header", "Content length", FIELD_TEXT, NULL}},
	{"transfer-encoding", {"http.transfer_encoding", "Transfer encoding", FIELD_TEXT, NULL}},
	{"connection", {"http.connection", "Connection", FIELD_TEXT, NULL}},
	{"location", {"http.location", "Location", FIELD_TEXT, NULL}},
	{"upgrade", {"http.upgrade", "Upgrade", FIELD_TEXT, NULL}},
};

static const char *const http_methods[] = {
	"GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "CONNECT", "PATCH", "TRACE",
	"PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT", "SEARCH",
	"SUBSCRIBE", "UNSUBSCRIBE", "NOTIFY", "M-SEARCH",
};

/* A piece of a line: lent. */
struct span {
	const uint8_t *at;
	size_t len;
};

/* The next line without its end. *whole: the line ends here, not later. */
static struct span http_line(struct cursor *c, bool *whole)
{
	size_t left = cursor_left(c), look = left < HTTP_LINE_MAX ? left : HTTP_LINE_MAX;
	const uint8_t *end = look ? memchr(c->pos, '\n', look) : NULL;
	struct span line;

	*whole = end != NULL;
	line.len = end ? (size_t)(end - c->pos) : look;
	line.at = cursor_take(c, line.len);
	if (end) {
		cursor_skip(c, 1);
		if (line.len > 0 && line.at[line.len - 1] == '\r')
			line.len--;
	}
	return line;
}

/* The word up to the next blank, and a step over it and the blank. */
static struct span http_word(struct span *line)
{
	const uint8_t *blank = line->len ? memchr(line->at, ' ', line->len) : NULL;
	struct span word = {line->at, blank ? (size_t)(blank - line->at) : line->len};
	size_t step = blank ? word.len + 1 : word.len;

	line->at += step;
	line->len -= step;
	return word;
}

static bool http_equals(struct span s, const char *word)
{
	return s.len == strlen(word) && memcmp(s.at, word, s.len) == 0;
}

static bool http_is_version(struct span s)
{
	return s.len == 8 && memcmp(s.at, "HTTP/1.", 7) == 0 && (s.at[7] == '0' || s.at[7] == '1');
}

static bool http_is_method(struct span s)
{
	for (size_t i = 0; i < sizeof(http_methods) / sizeof(http_methods[0]); i++)
		if (http_equals(s, http_methods[i]))
			return true;
	return false;
}

/* RFC 9112 section 3.2: a target has no blanks and no controls. */
static bool http_is_target(struct span s)
{
	if (s.len == 0)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (s.at[i] <= ' ' || s.at[i] == 0x7f)
			return false;
	return true;
}

static bool http_request(struct span line, struct packet *p, bool whole)
{
	struct span method = http_word(&line), target, version;

	if (!http_is_method(method))
		return false;
	target = http_word(&line);
	version = line;
	if (!http_is_target(target))
		return false;
	if (whole && !http_is_version(version))
		return false;
	if (!whole && (version.len > 8 || memcmp(version.at, "HTTP/1.1", version.len) != 0 ||
		       target.len < HTTP_TARGET_SURE || (target.at[0] != '/' && target.at[0] != 'h')))
		return false;
	packet_field(p, &f_method, method.at, method.len, 0);
	packet_field(p, &f_uri, target.at, target.len, 0);
	if (whole)
		packet_field(p, &f_request_version, version.at, version.len, 0);
	return true;
}

static bool http_response(struct span line, struct packet *p)
{
	struct span version = http_word(&line), code = http_word(&line);
	uint64_t number = 0;

	if (!http_is_version(version) || code.len != 3)
		return false;
	for (size_t i = 0; i < 3; i++) {
		if (code.at[i] < '0' || code.at[i] > '9')
			return false;
		number = number * 10 + (uint64_t)(code.at[i] - '0');
	}
	if (number < 100)
		return false;
	packet_field(p, &f_response_version, version.at, version.len, 0);
	packet_field(p, &f_code, code.at, 3, number);
	if (line.len > 0)
		packet_field(p, &f_phrase, line.at, line.len, 0);
	return true;
}

static bool http_named(struct span name, const char *want)
{
	if (name.len != strlen(want))
		return false;
	for (size_t i = 0; i < name.len; i++) {
		uint8_t b = name.at[i];

		if (b >= 'A' && b <= 'Z')
			b = (uint8_t)(b + 32);
		if (b != (uint8_t)want[i])
			return false;
	}
	return true;
}

/* "example.org:8080" names the host example.org; "[2001:db8::1]" stays. */
static void http_server_name(struct packet *p, struct span host)
{
	size_t n = host.len;

	while (n > 0 && host.at[n - 1] >= '0' && host.at[n - 1] <= '9')
		n--;
	if (n > 0 && n < host.len && host.at[n - 1] == ':')
		host.len = n - 1;
	if (host.len == 0 || p->server_name)
		return;
	p->server_name = host.at;
	p->server_name_len = (uint32_t)host.len;
}

static void http_header(struct packet *p, struct span line, bool request)
{
	const uint8_t *colon = memchr(line.at, ':', line.len);
	struct span name = {line.at, colon ? (size_t)(colon - line.at) : line.len}, value;

	value.at = line.at + name.len + (colon ? 1 : 0);
	value.len = line.len - name.len - (colon ? 1 : 0);
	while (value.len > 0 && (value.at[0] == ' ' || value.at[0] == '\t')) {
		value.at++;
		value.len--;
	}
	while (value.len > 0 && (value.at[value.len - 1] == ' ' || value.at[value.len - 1] == '\t'))
		value.len--;
	if (colon && request && http_named(name, "host")) {
		packet_field(p, &f_host, value.at, value.len, 0);
		http_server_name(p, value);
		return;
	}
	for (size_t i = 0; colon && i < sizeof(http_headers) / sizeof(http_headers[0]); i++) {
		if (http_named(name, http_headers[i].name)) {
			packet_field(p, &http_headers[i].info, value.at, value.len, 0);
			return;
		}
	}
	packet_field(p, request ? &f_request_line : &f_response_line, line.at, line.len, 0);
}

/* A method and what may be a target, but not enough of it. */
static void http_want_line(struct span line, struct packet *p)
{
	uint32_t n = (uint32_t)line.len;
	struct span method = http_word(&line), target = http_word(&line);

	if (p->talk && p->talk->first && http_is_method(method) && http_is_target(target))
		p->need_more = n + 1;
}

static enum dissect_result http_dissect(struct cursor *c, struct packet *p)
{
	bool whole, request, cut = cursor_left(c) < cursor_wire_left(c);
	struct span line = http_line(c, &whole);

	if (line.len == 0)
		return DISSECT_NOT_MINE;
	request = http_request(line, p, whole);
	if (!request && !whole && !cut)
		http_want_line(line, p);
	if (!request && !(whole && http_response(line, p)))
		return DISSECT_NOT_MINE;
	p->service = p->current;
	for (unsigned i = 0; whole; i++) {
		if (cursor_left(c) == 0 || i == HTTP_HEADERS_MAX || !budget_take(&p->budget))
			break;
		line = http_line(c, &whole);
		if (whole && line.len == 0)
			return DISSECT_OK; /* the empty line: the body is not ours */
		if (whole)
			http_header(p, line, request);
	}
	/* The head goes on in the next segment, and may bring the host's name. */
	if (request && !cut && !p->server_name && p->talk && p->talk->first)
		p->need_more = (uint32_t)cursor_offset(c) + (uint32_t)cursor_left(c) + 1;
	return cut ? DISSECT_CUT : DISSECT_OK;
}

static const struct bind http_binds[] = {
	{TABLE_TCP_GUESS, GUESS_BYTES('A', 'Z')}, /* methods of three letters at least, or "HTTP" */
	{TABLE_TCP_GUESS, GUESS_AT(1, 'A', 'Z')},
	{TABLE_TCP_GUESS, GUESS_AT(1, '-', '-')},
	{TABLE_TCP_GUESS, GUESS_AT(2, 'A', 'Z')},
	{TABLE_NONE, 0},
};

const struct dissector http_dissector = {
	.name = "http",
	.title = "Hypertext Transfer Protocol",
	.reference = "RFC 9110, RFC 9112",
	.binds = http_binds,
	.info = "[{http.request.method} {http.request.uri}][ Host {http.host}]"
		"[{http.response.code}][ {http.response.phrase}][ {http.content_type}]",
	.dissect = http_dissect,
};
