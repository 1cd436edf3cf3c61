/* MySQL and MariaDB: greeting, login, and then commands and replies by name.
 *
 * Promises: a conversation is MySQL if the server begins with a greeting of
 * protocol 10 or a refusal, or the client logs in, each a packet whose length
 * is that of the segment and whose fixed bytes are right. In a known one the
 * first packet of a segment is named. What comes behind SSL is nobody's.
 *
 *  0        3          4
 *  | length | sequence | payload ...       little endian
 */
#include <string.h>

#include "sockeye/dissector.h"

enum {
	MYSQL_PROTOCOL_10 = 10, MYSQL_VERSION_MAX = 64,
	MYSQL_CAP_DATABASE = 0x8, MYSQL_CAP_41 = 0x200, MYSQL_CAP_SSL = 0x800, MYSQL_CAP_SECURE = 0x8000,
	MYSQL_CAP_LENENC = 0x200000,
	MYSQL_LOGIN_FIXED = 32, MYSQL_LOGIN_ZEROS = 19,
	MYSQL_USER_MAX = 128,
	MYSQL_ERROR_FIRST = 1000, MYSQL_ERROR_LAST = 1999,
};

enum mysql_kind {
	MYSQL_GREETING, MYSQL_LOGIN, MYSQL_SSL_REQUEST, MYSQL_OK, MYSQL_ERROR, MYSQL_EOF, MYSQL_COMMAND, MYSQL_RESPONSE,
	MYSQL_AUTH_SWITCH, MYSQL_AUTH_DATA,
};

static const struct name_of mysql_kinds[] = {
	{MYSQL_GREETING, "greeting"}, {MYSQL_LOGIN, "login"}, {MYSQL_SSL_REQUEST, "SSL request"}, {MYSQL_OK, "OK"},
	{MYSQL_ERROR, "error"}, {MYSQL_EOF, "EOF"}, {MYSQL_COMMAND, "command"}, {MYSQL_RESPONSE, "response"},
	{MYSQL_AUTH_SWITCH, "authentication switch"}, {MYSQL_AUTH_DATA, "authentication data"}, {0, NULL},
};

static const struct name_of mysql_commands[] = {
	{1, "Quit"}, {2, "Init DB"}, {3, "Query"}, {4, "Field List"}, {5, "Create DB"}, {6, "Drop DB"}, {7, "Refresh"},
	{8, "Shutdown"}, {9, "Statistics"}, {10, "Process Info"}, {12, "Process Kill"}, {13, "Debug"}, {14, "Ping"},
	{17, "Change User"}, {18, "Binlog Dump"}, {21, "Register Replica"}, {22, "Prepare Statement"},
	{23, "Execute Statement"}, {24, "Send Long Data"}, {25, "Close Statement"}, {26, "Reset Statement"},
	{27, "Set Option"}, {28, "Fetch Data"}, {30, "Binlog Dump GTID"}, {31, "Reset Connection"}, {0, NULL},
};

static const struct field_info f_kind = {"mysql.message", "Message", FIELD_STATIC, mysql_kinds};
static const struct field_info f_length = {"mysql.packet_length", "Packet length", FIELD_UINT, NULL};
static const struct field_info f_number = {"mysql.packet_number", "Packet number", FIELD_UINT, NULL};
static const struct field_info f_protocol = {"mysql.protocol", "Protocol", FIELD_UINT, NULL};
static const struct field_info f_version = {"mysql.version", "Version", FIELD_TEXT, NULL};
static const struct field_info f_thread = {"mysql.thread_id", "Connection", FIELD_UINT, NULL};
static const struct field_info f_caps = {"mysql.caps.client", "Client capabilities", FIELD_HEX, NULL};
static const struct field_info f_user = {"mysql.user", "User", FIELD_TEXT, NULL};
static const struct field_info f_schema = {"mysql.schema", "Database", FIELD_TEXT, NULL};
static const struct field_info f_command = {"mysql.command", "Command", FIELD_UINT, mysql_commands};
static const struct field_info f_query = {"mysql.query", "Query", FIELD_TEXT, NULL};
static const struct field_info f_error = {"mysql.error_code", "Error", FIELD_UINT, NULL};
static const struct field_info f_text = {"mysql.error.message", "Text", FIELD_TEXT, NULL};

struct mysql_packet {
	const uint8_t *at;
	uint32_t length;
	uint8_t number;
	bool whole;     /* it ends where the segment ends */
};

static bool mysql_printable(const uint8_t *at, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (at[i] < ' ' || at[i] == 0x7f)
			return false;
	return true;
}

static bool mysql_ascii(const uint8_t *at, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (at[i] < ' ' || at[i] > '~')
			return false;
	return true;
}

static const uint8_t *mysql_string(struct cursor *c, size_t most, size_t *n)
{
	size_t look = cursor_left(c) < most ? cursor_left(c) : most;
	const uint8_t *end = look ? memchr(c->pos, 0, look) : NULL, *at;

	if (!end)
		return NULL;
	*n = (size_t)(end - c->pos);
	at = cursor_take(c, *n);
	cursor_skip(c, 1);
	return at;
}

static void mysql_head(struct packet *p, const struct mysql_packet *m, enum mysql_kind kind)
{
	packet_field(p, &f_kind, m->at, 3, kind);
	packet_field(p, &f_length, m->at, 3, m->length);
	packet_field(p, &f_number, m->at + 3, 1, m->number);
}

/* HandshakeV10: version, thread, salt of 8, a zero, capabilities ... */
static bool mysql_greeting(struct cursor *c, struct packet *p, const struct mysql_packet *m)
{
	const uint8_t *at = c->pos, *version;
	size_t n;

	if (!m->whole || m->number != 0 || m->length < 46 || cursor_u8(c) != MYSQL_PROTOCOL_10)
		return false;
	version = mysql_string(c, MYSQL_VERSION_MAX, &n);
	if (!version || n == 0 || version[0] < '0' || version[0] > '9' || !mysql_ascii(version, n))
		return false;
	mysql_head(p, m, MYSQL_GREETING);
	packet_field(p, &f_protocol, at, 1, MYSQL_PROTOCOL_10);
	packet_field(p, &f_version, version, n, 0);
	at = c->pos;
	packet_field(p, &f_thread, at, 4, cursor_le32(c));
	cursor_skip(c, 8);
	if (cursor_u8(c) != 0)
		return false;
	cursor_skip(c, cursor_wire_left(c));
	return c->fault == CURSOR_OK;
}

/* 0xff, code, "#state" or not, text. A stranger's: codes of the server only. */
static bool mysql_error(struct cursor *c, struct packet *p, const struct mysql_packet *m, bool known)
{
	const uint8_t *at, *text;
	unsigned code;
	size_t n;

	if (!m->whole || cursor_u8(c) != 0xff)
		return false;
	at = c->pos;
	code = cursor_le16(c);
	n = cursor_left(c);
	text = cursor_take(c, n);
	if (c->fault != CURSOR_OK || n == 0 || !mysql_printable(text, n))
		return false;
	if (!known && (m->number != 0 || code < MYSQL_ERROR_FIRST || code > MYSQL_ERROR_LAST || n < 8))
		return false;
	mysql_head(p, m, MYSQL_ERROR);
	packet_field(p, &f_error, at, 2, code);
	if (n > 6 && text[0] == '#') {
		text += 6;
		n -= 6;
	}
	packet_field(p, &f_text, text, n, 0);
	return true;
}

/* HandshakeResponse41: capabilities, packet size, character set, 23 zeros (four
 * of which MariaDB uses), user, answer, database. Or its first half, for SSL. */
static bool mysql_login(struct cursor *c, struct packet *p, const struct mysql_packet *m)
{
	const uint8_t *caps_at = c->pos, *zeros, *user, *schema;
	uint32_t caps = cursor_le32(c);
	size_t n;

	if (!m->whole || (m->number != 1 && m->number != 2) || !(caps & MYSQL_CAP_41))
		return false;
	cursor_skip(c, 5);
	zeros = cursor_take(c, 23);
	if (!zeros)
		return false;
	for (unsigned i = 0; i < MYSQL_LOGIN_ZEROS; i++)
		if (zeros[i] != 0)
			return false;
	if (m->length == MYSQL_LOGIN_FIXED) {
		if (!(caps & MYSQL_CAP_SSL))
			return false;
		mysql_head(p, m, MYSQL_SSL_REQUEST);
		packet_field(p, &f_caps, caps_at, 4, caps);
		return true;
	}
	user = mysql_string(c, MYSQL_USER_MAX, &n);
	if (!user || !mysql_printable(user, n))
		return false;
	mysql_head(p, m, MYSQL_LOGIN);
	packet_field(p, &f_caps, caps_at, 4, caps);
	packet_field(p, &f_user, user, n, 0);
	n = caps & (MYSQL_CAP_SECURE | MYSQL_CAP_LENENC) ? cursor_u8(c) : 0;
	cursor_skip(c, n);
	schema = caps & MYSQL_CAP_DATABASE && c->fault == CURSOR_OK ? mysql_string(c, MYSQL_USER_MAX, &n) : NULL;
	if (schema && n > 0)
		packet_field(p, &f_schema, schema, n, 0);
	c->fault = CURSOR_OK; /* an answer longer than 250 bytes: what mattered was read */
	c->pos = c->end;
	return true;
}

static bool mysql_is_command(unsigned code)
{
	for (const struct name_of *n = mysql_commands; n->name; n++)
		if (n->value == code)
			return true;
	return false;
}

static bool mysql_talks(struct cursor *c, struct packet *p, const struct mysql_packet *m, bool from_client)
{
	const uint8_t *at = c->pos;
	uint8_t code = cursor_u8(c);

	if (c->fault != CURSOR_OK || m->length == 0)
		return false;
	if (from_client && m->number == 0 && mysql_is_command(code)) {
		mysql_head(p, m, MYSQL_COMMAND);
		packet_field(p, &f_command, at, 1, code);
		if ((code == 3 || code == 22) && cursor_left(c) > 0)
			packet_field(p, &f_query, c->pos, cursor_left(c), 0);
		return true;
	}
	if (from_client && m->number == 0)
		return false;
	if (from_client)
		mysql_head(p, m, MYSQL_AUTH_DATA);
	else if (code == 0 && m->length >= 7)
		mysql_head(p, m, MYSQL_OK);
	else if (code == 0xfe && m->length < 9)
		mysql_head(p, m, MYSQL_EOF);
	else if (code == 0xfe && m->number <= 4)
		mysql_head(p, m, MYSQL_AUTH_SWITCH);
	else
		mysql_head(p, m, MYSQL_RESPONSE);
	return true;
}

/* After an SSL request: the header of a TLS record, not of a packet. */
static bool mysql_is_tls(const struct mysql_packet *m)
{
	return m->at[0] >= 20 && m->at[0] <= 23 && m->at[1] == 3 && m->at[2] <= 4;
}

static enum dissect_result mysql_dissect(struct cursor *c, struct packet *p)
{
	bool known = p->talk && p->talk->known, cut = cursor_left(c) < cursor_wire_left(c), mine;
	const uint16_t before = p->fields;
	struct mysql_packet m = {.at = c->pos, .length = (uint32_t)cursor_u8(c)};
	struct cursor body, look;

	m.length |= (uint32_t)cursor_le16(c) << 8;
	m.number = cursor_u8(c);
	m.whole = m.length == cursor_wire_left(c);
	if (c->fault != CURSOR_OK || m.length == 0)
		return DISSECT_NOT_MINE;
	body = cursor_sub(c, m.length <= cursor_wire_left(c) ? m.length : cursor_wire_left(c));

	look = body;
	mine = mysql_greeting(&look, p, &m);
	if (!mine) {
		p->fields = before;
		look = body;
		mine = mysql_error(&look, p, &m, known);
	}
	if (!mine) {
		p->fields = before;
		look = body;
		mine = mysql_login(&look, p, &m);
	}
	if (!mine && known && !mysql_is_tls(&m)) {
		p->fields = before;
		look = body;
		mine = mysql_talks(&look, p, &m, p->talk->from_client);
	}
	if (!mine)
		return DISSECT_NOT_MINE;
	p->service = p->current;
	return cut ? DISSECT_CUT : DISSECT_OK;
}

static const struct bind mysql_binds[] = {
	{TABLE_TCP_GUESS, GUESS_AT(3, 0, 2)}, /* the packet's number: that of a greeting, a refusal, a login */
	{TABLE_NONE, 0},
};

const struct dissector mysql_dissector = {
	.name = "mysql",
	.title = "MySQL",
	.reference = "MySQL client/server protocol",
	.binds = mysql_binds,
	.info = "{mysql.message}[ {mysql.version}][ user {mysql.user}][ database {mysql.schema}]"
		"[ {mysql.command}][ {mysql.query}][ {mysql.error_code}][ {mysql.error.message}]",
	.dissect = mysql_dissect,
};
