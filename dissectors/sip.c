/* SIP: the head of requests and responses, over UDP and TCP.
 *
 * Promises: a payload is SIP only if its first line is a request or status line
 * of SIP/2.0; header lines are bounded in length and number. Bodies (SDP) are
 * not read.
 */
#include "lines.h"

enum { SIP_LINE_MAX = 2048, SIP_HEADERS_MAX = 64 };

static const struct field_info f_method = {"sip.Method", "Method", FIELD_TEXT, NULL};
static const struct field_info f_uri = {"sip.r-uri", "Target", FIELD_TEXT, NULL};
static const struct field_info f_code = {"sip.Status-Code", "Status", FIELD_UINT, NULL};
static const struct field_info f_phrase = {"sip.reason", "Reason", FIELD_TEXT, NULL};
static const struct field_info f_line = {"sip.msg_hdr", "Header", FIELD_TEXT, NULL};

/* Headers with a row of their own; short: RFC 3261 section 7.3.3. */
static const struct sip_header {
	const char *name; /* upper case */
	const char *shorter;
	struct field_info info;
} sip_headers[] = {
	{"CALL-ID", "I", {"sip.Call-ID", "Call", FIELD_TEXT, NULL}},
	{"CSEQ", NULL, {"sip.CSeq", "Sequence", FIELD_TEXT, NULL}},
	{"FROM", "F", {"sip.From", "From", FIELD_TEXT, NULL}},
	{"TO", "T", {"sip.To", "To", FIELD_TEXT, NULL}},
	{"CONTACT", "M", {"sip.Contact", "Contact", FIELD_TEXT, NULL}},
	{"VIA", "V", {"sip.Via", "Via", FIELD_TEXT, NULL}},
	{"USER-AGENT", NULL, {"sip.User-Agent", "User agent", FIELD_TEXT, NULL}},
	{"SERVER", NULL, {"sip.Server", "Server", FIELD_TEXT, NULL}},
	{"CONTENT-TYPE", "C", {"sip.Content-Type", "Content type", FIELD_TEXT, NULL}},
	{"CONTENT-LENGTH", "L", {"sip.Content-Length", "Content length", FIELD_TEXT, NULL}},
};

static const char *const sip_methods[] = {
	"ACK", "BYE", "CANCEL", "INFO", "INVITE", "MESSAGE", "NOTIFY", "OPTIONS", "PRACK", "PUBLISH",
	"REFER", "REGISTER", "SUBSCRIBE", "UPDATE", NULL,
};

static bool sip_request(struct span line, struct packet *p)
{
	struct span method = span_word(&line), uri = span_word(&line);

	if (!span_is_any(method, sip_methods) || !span_is(line, "SIP/2.0"))
		return false;
	if (!span_begins(uri, "SIP:") && !span_begins(uri, "SIPS:") && !span_begins(uri, "TEL:") &&
	    !span_begins(uri, "URN:"))
		return false;
	packet_field(p, &f_method, method.at, method.len, 0);
	packet_field(p, &f_uri, uri.at, uri.len, 0);
	return true;
}

static bool sip_response(struct span line, struct packet *p)
{
	struct span version = span_word(&line), code = span_word(&line);
	unsigned number = 0;

	if (!span_is(version, "SIP/2.0") || code.len != 3 || code.at[0] < '1' || code.at[0] > '6')
		return false;
	for (size_t i = 0; i < 3; i++) {
		if (code.at[i] < '0' || code.at[i] > '9')
			return false;
		number = number * 10 + (code.at[i] - '0');
	}
	packet_field(p, &f_code, code.at, 3, number);
	if (line.len > 0)
		packet_field(p, &f_phrase, line.at, line.len, 0);
	return true;
}

static void sip_header_row(struct packet *p, struct span line)
{
	const uint8_t *colon = memchr(line.at, ':', line.len);
	struct span name, value;

	if (!colon)
		return;
	name = (struct span){line.at, (size_t)(colon - line.at)};
	while (name.len > 0 && (name.at[name.len - 1] == ' ' || name.at[name.len - 1] == '\t'))
		name.len--;
	value = (struct span){colon + 1, line.len - (size_t)(colon + 1 - line.at)};
	while (value.len > 0 && (value.at[0] == ' ' || value.at[0] == '\t')) {
		value.at++;
		value.len--;
	}
	for (size_t i = 0; i < sizeof sip_headers / sizeof *sip_headers; i++) {
		const struct sip_header *h = &sip_headers[i];

		if (span_is(name, h->name) || (h->shorter && span_is(name, h->shorter))) {
			packet_field(p, &h->info, value.at, value.len, 0);
			return;
		}
	}
	packet_field(p, &f_line, line.at, line.len, 0);
}

static enum dissect_result sip_dissect(struct cursor *c, struct packet *p)
{
	struct cursor look = *c;
	struct span line;

	if (!lines_next(&look, SIP_LINE_MAX, &line))
		return DISSECT_NOT_MINE;
	if (!sip_request(line, p) && !sip_response(line, p))
		return DISSECT_NOT_MINE;
	*c = look;
	for (unsigned i = 0; i < SIP_HEADERS_MAX && budget_take(&p->budget); i++) {
		if (!lines_next(c, SIP_LINE_MAX, &line) || line.len == 0)
			break; /* the empty line: the body is not ours */
		sip_header_row(p, line);
	}
	return lines_done(c, p);
}

/* Methods have three letters at least, as "SIP" has. */
#define SIP_BEGINS(table) \
	{table, GUESS_AT(0, 'A', 'U')}, {table, GUESS_AT(0, 'a', 'u')}, {table, GUESS_AT(1, 'A', 'Z')}, \
	{table, GUESS_AT(1, 'a', 'z')}, {table, GUESS_AT(2, 'A', 'Z')}, {table, GUESS_AT(2, 'a', 'z')}

static const struct bind sip_binds[] = {
	SIP_BEGINS(TABLE_UDP_GUESS),
	SIP_BEGINS(TABLE_TCP_GUESS),
	{TABLE_NONE, 0},
};

const struct dissector sip_dissector = {
	.name = "sip",
	.title = "Session Initiation Protocol",
	.reference = "RFC 3261",
	.binds = sip_binds,
	.info = "[{sip.Method} {sip.r-uri}][{sip.Status-Code}][ {sip.reason}][ CSeq {sip.CSeq}][ call {sip.Call-ID}]",
	.dissect = sip_dissect,
};
