/* PostgreSQL: how a conversation begins, and then its messages by name.
 *
 * Promises: a conversation is PostgreSQL if it begins with a startup message of
 * protocol 3 that names a user and whose every byte is accounted for, or with a
 * request for SSL, GSS or to cancel. In a known one the messages of a segment
 * are named; queries show their text. What comes behind SSL is nobody's.
 *
 *  0        4         8                        0      1        5
 *  | length | version | key 0 value 0 ... 0    | type | length | ...
 */
#include <string.h>

#include "sockeye/dissector.h"

enum {
	PGSQL_CANCEL = 80877102, PGSQL_SSL = 80877103, PGSQL_GSS = 80877104,
	PGSQL_VERSION_3 = 3,
	PGSQL_STARTUP_MAX = 10000, /* as the server allows */
	PGSQL_PARAMETERS = 32, PGSQL_MESSAGES = 16,
	PGSQL_MESSAGE_MAX = 1 << 30,
};

static const struct name_of pgsql_requests[] = {
	{0, "StartupMessage"}, {1, "SSLRequest"}, {2, "GSSENCRequest"}, {3, "CancelRequest"},
	{4, "SSL accepted"}, {5, "SSL refused"}, {0, NULL},
};

static const struct name_of pgsql_backend[] = {
	{'1', "ParseComplete"}, {'2', "BindComplete"}, {'3', "CloseComplete"}, {'A', "NotificationResponse"},
	{'C', "CommandComplete"}, {'D', "DataRow"}, {'E', "ErrorResponse"}, {'G', "CopyInResponse"},
	{'H', "CopyOutResponse"}, {'I', "EmptyQueryResponse"}, {'K', "BackendKeyData"}, {'N', "NoticeResponse"},
	{'R', "Authentication"}, {'S', "ParameterStatus"}, {'T', "RowDescription"}, {'Z', "ReadyForQuery"},
	{'c', "CopyDone"}, {'d', "CopyData"}, {'n', "NoData"}, {'s', "PortalSuspended"}, {'t', "ParameterDescription"},
	{'v', "NegotiateProtocolVersion"}, {'V', "FunctionCallResponse"}, {0, NULL},
};

static const struct name_of pgsql_frontend[] = {
	{'B', "Bind"}, {'C', "Close"}, {'D', "Describe"}, {'E', "Execute"}, {'F', "FunctionCall"}, {'H', "Flush"},
	{'P', "Parse"}, {'Q', "Query"}, {'S', "Sync"}, {'X', "Terminate"}, {'c', "CopyDone"}, {'d', "CopyData"},
	{'f', "CopyFail"}, {'p', "Password"}, {0, NULL},
};

static const struct name_of pgsql_auth[] = {
	{0, "ok"}, {2, "Kerberos 5"}, {3, "clear text"}, {5, "MD5"}, {6, "SCM"}, {7, "GSS"}, {8, "GSS goes on"},
	{9, "SSPI"}, {10, "SASL"}, {11, "SASL goes on"}, {12, "SASL final"}, {0, NULL},
};

static const struct field_info f_request = {"pgsql.request", "Request", FIELD_STATIC, pgsql_requests};
static const struct field_info f_length = {"pgsql.length", "Length", FIELD_UINT, NULL};
static const struct field_info f_major = {"pgsql.version_major", "Protocol", FIELD_UINT, NULL};
static const struct field_info f_minor = {"pgsql.version_minor", "Minor", FIELD_UINT, NULL};
static const struct field_info f_user = {"pgsql.user", "User", FIELD_TEXT, NULL};
static const struct field_info f_database = {"pgsql.database", "Database", FIELD_TEXT, NULL};
static const struct field_info f_name = {"pgsql.parameter_name", "Parameter", FIELD_TEXT, NULL};
static const struct field_info f_value = {"pgsql.parameter_value", "Value", FIELD_TEXT, NULL};
static const struct field_info f_backend = {"pgsql.type", "Message", FIELD_STATIC, pgsql_backend};
static const struct field_info f_frontend = {"pgsql.type", "Message", FIELD_STATIC, pgsql_frontend};
static const struct field_info f_auth = {"pgsql.authtype", "Authentication", FIELD_UINT, pgsql_auth};
static const struct field_info f_query = {"pgsql.query", "Query", FIELD_TEXT, NULL};
static const struct field_info f_text = {"pgsql.message", "Text", FIELD_TEXT, NULL};

/* Bytes up to a zero, and a step over it; NULL: none in sight. */
static const uint8_t *pgsql_string(struct cursor *c, size_t *n)
{
	const uint8_t *end = cursor_left(c) ? memchr(c->pos, 0, cursor_left(c)) : NULL, *at;

	if (!end)
		return NULL;
	*n = (size_t)(end - c->pos);
	at = cursor_take(c, *n);
	cursor_skip(c, 1);
	return at;
}

static bool pgsql_is(const uint8_t *at, size_t n, const char *word)
{
	return n == strlen(word) && memcmp(at, word, n) == 0;
}

/* Pairs up to an empty name, which is the last byte; one of them the user. */
static bool pgsql_parameters(struct cursor *c, struct packet *p)
{
	bool user = false;

	for (unsigned i = 0; i < PGSQL_PARAMETERS && budget_take(&p->budget); i++) {
		size_t name_len, value_len;
		const uint8_t *name = pgsql_string(c, &name_len), *value;

		if (!name)
			return false;
		if (name_len == 0)
			return user && cursor_wire_left(c) == 0;
		value = pgsql_string(c, &value_len);
		if (!value)
			return false;
		if (pgsql_is(name, name_len, "user")) {
			user = true;
			packet_field(p, &f_user, value, value_len, 0);
		} else if (pgsql_is(name, name_len, "database")) {
			packet_field(p, &f_database, value, value_len, 0);
		} else {
			packet_field(p, &f_name, name, name_len, 0);
			packet_field(p, &f_value, value, value_len, 0);
		}
	}
	return false;
}

/* What a client may begin with: no type byte (protocol 3, "Message Formats"). */
static bool pgsql_begins(struct cursor *c, struct packet *p)
{
	struct cursor look = *c;
	const uint8_t *at = look.pos;
	uint32_t length = cursor_be32(&look), code = cursor_be32(&look);
	unsigned request;

	if (look.fault != CURSOR_OK || length != cursor_wire_left(c) || length > PGSQL_STARTUP_MAX)
		return false;
	if (code == PGSQL_SSL || code == PGSQL_GSS) {
		if (length != 8)
			return false;
		request = code == PGSQL_SSL ? 1 : 2;
	} else if (code == PGSQL_CANCEL) {
		if (length != 16)
			return false;
		request = 3;
		cursor_skip(&look, 8);
	} else if (code >> 16 == PGSQL_VERSION_3 && (code & 0xffff) <= 2) {
		request = 0;
	} else {
		return false;
	}
	packet_field(p, &f_request, at, 4, request);
	packet_field(p, &f_length, at, 4, length);
	if (request == 0) {
		packet_field(p, &f_major, at + 4, 2, code >> 16);
		packet_field(p, &f_minor, at + 6, 2, code & 0xffff);
		if (!pgsql_parameters(&look, p))
			return false;
	}
	*c = look;
	return true;
}

static void pgsql_body(struct cursor *c, struct packet *p, uint8_t type, bool from_client)
{
	const uint8_t *at = c->pos;
	size_t n;

	if (!from_client && type == 'R' && cursor_left(c) >= 4) {
		packet_field(p, &f_auth, at, 4, cursor_be32(c));
	} else if (!from_client && type == 'E') { /* fields: a code byte and a string each; M is the text */
		while (cursor_left(c) > 1 && budget_take(&p->budget)) {
			uint8_t code = cursor_u8(c);

			at = pgsql_string(c, &n);
			if (!at)
				return;
			if (code == 'M')
				packet_field(p, &f_text, at, n, 0);
		}
	} else if (from_client && (type == 'Q' || type == 'P')) {
		if (type == 'P' && !pgsql_string(c, &n)) /* the statement's name */
			return;
		at = pgsql_string(c, &n);
		if (at && n > 0)
			packet_field(p, &f_query, at, n, 0);
	}
}

static const char *pgsql_name(uint8_t type, bool from_client)
{
	for (const struct name_of *n = from_client ? pgsql_frontend : pgsql_backend; n->name; n++)
		if (n->value == type)
			return n->name;
	return NULL;
}

/* The messages of a segment that begins with one. */
static unsigned pgsql_messages(struct cursor *c, struct packet *p, bool from_client)
{
	unsigned n = 0;

	for (; n < PGSQL_MESSAGES && cursor_left(c) >= 5 && budget_take(&p->budget); n++) {
		struct cursor look = *c, body;
		const uint8_t *at = look.pos;
		uint8_t type = cursor_u8(&look);
		uint32_t length = cursor_be32(&look);
		size_t here;

		if (!pgsql_name(type, from_client) || length < 4 || length > PGSQL_MESSAGE_MAX)
			break;
		here = length - 4 <= cursor_wire_left(&look) ? length - 4 : cursor_wire_left(&look);
		packet_field(p, from_client ? &f_frontend : &f_backend, at, 1, type);
		packet_field(p, &f_length, at + 1, 4, length);
		body = cursor_sub(&look, here);
		pgsql_body(&body, p, type, from_client);
		*c = look;
	}
	return n;
}

static enum dissect_result pgsql_dissect(struct cursor *c, struct packet *p)
{
	bool known = p->talk && p->talk->known, cut = cursor_left(c) < cursor_wire_left(c);
	uint8_t first = 0;

	if (!pgsql_begins(c, p)) {
		if (!known || !cursor_peek(c, 0, &first))
			return DISSECT_NOT_MINE;
		if (cursor_wire_left(c) == 1 && !p->talk->from_client && (first == 'S' || first == 'N')) {
			packet_field(p, &f_request, c->pos, 1, first == 'S' ? 4 : 5);
			cursor_skip(c, 1);
		} else if (pgsql_messages(c, p, p->talk->from_client) == 0) {
			return DISSECT_NOT_MINE;
		}
	}
	p->service = p->current;
	return cut ? DISSECT_CUT : DISSECT_OK;
}

static const struct bind pgsql_binds[] = {
	{TABLE_TCP_GUESS, GUESS_BYTES(0, 0)}, /* a length that is allowed, and a version or code */
	{TABLE_TCP_GUESS, GUESS_AT(1, 0, 0)},
	{TABLE_TCP_GUESS, GUESS_AT(4, 0, 0)},
	{TABLE_TCP_GUESS, GUESS_AT(4, PGSQL_SSL >> 24, PGSQL_SSL >> 24)},
	{TABLE_NONE, 0},
};

const struct dissector pgsql_dissector = {
	.name = "pgsql",
	.title = "PostgreSQL",
	.reference = "PostgreSQL frontend/backend protocol 3.0",
	.binds = pgsql_binds,
	.info = "[{pgsql.request}][ user {pgsql.user}][ database {pgsql.database}]"
		"[{pgsql.type}][ {pgsql.authtype}][ {pgsql.query}][ {pgsql.message}]",
	.dissect = pgsql_dissect,
};
