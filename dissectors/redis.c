/* Redis: commands and replies in RESP.
 *
 * Promises: a conversation is Redis if a segment begins with a command as
 * clients send it, an array of bulk strings whose first one is a word, or if
 * the server answers +PONG to a bare PING. Replies alone prove nothing. Only
 * what begins a segment is read: the command and its arguments, or the reply.
 *
 *   *2\r\n $3\r\n GET\r\n $3\r\n key\r\n          +OK\r\n  -ERR ...\r\n  :1\r\n
 */
#include "lines.h"

enum { REDIS_ARGUMENTS_SHOWN = 8, REDIS_ARRAY_MAX = 1 << 20, REDIS_WORD_MAX = 32 };

static const struct name_of redis_kinds[] = {
	{'+', "string"}, {'-', "error"}, {':', "integer"}, {'$', "bulk string"}, {'*', "array"}, {'_', "null"},
	{'#', "boolean"}, {',', "double"}, {'(', "big number"}, {'!', "bulk error"}, {'=', "verbatim string"},
	{'%', "map"}, {'~', "set"}, {'>', "push"}, {0, NULL},
};

static const struct field_info f_command = {"resp.command", "Command", FIELD_TEXT, NULL};
static const struct field_info f_argument = {"resp.argument", "Argument", FIELD_TEXT, NULL};
static const struct field_info f_count = {"resp.array_length", "Elements", FIELD_UINT, NULL};
static const struct field_info f_kind = {"resp.kind", "Reply", FIELD_STATIC, redis_kinds};
static const struct field_info f_value = {"resp.value", "Value", FIELD_TEXT, NULL};

/* "*3" or "$12", CR LF behind it, not LF alone: its number. */
static bool redis_number(struct span line, char kind, uint32_t most, uint32_t *out)
{
	uint32_t v = 0;

	if (line.len < 2 || line.len > 8 || line.at[0] != (uint8_t)kind || line.at[line.len] != '\r')
		return false;
	for (size_t i = 1; i < line.len; i++) {
		if (line.at[i] < '0' || line.at[i] > '9')
			return false;
		v = v * 10 + (uint32_t)(line.at[i] - '0');
	}
	*out = v;
	return v <= most;
}

/* A bulk string and the end behind it. False: not one, or not all here. */
static bool redis_bulk(struct cursor *c, struct span *out)
{
	struct cursor look = *c;
	struct span line;
	const uint8_t *end;
	uint32_t n;

	if (!lines_next(&look, 16, &line) || !redis_number(line, '$', 1U << 24, &n) || n + 2 > cursor_left(&look))
		return false;
	*out = (struct span){cursor_take(&look, n), n};
	end = cursor_take(&look, 2);
	if (!end || end[0] != '\r' || end[1] != '\n')
		return false;
	*c = look;
	return true;
}

/* Names of commands: letters, in modules with dots, at least two. */
static bool redis_is_word(struct span s)
{
	if (s.len < 2 || s.len > REDIS_WORD_MAX)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		uint8_t b = lines_upper(s.at[i]);

		if (!(b >= 'A' && b <= 'Z') && !(i > 0 && (b == '.' || b == '_' || (b >= '0' && b <= '9'))))
			return false;
	}
	return true;
}

static bool redis_command(struct cursor *c, struct packet *p)
{
	struct cursor look = *c;
	struct span line, word, argument;
	uint32_t n;

	if (!lines_next(&look, 16, &line) || !redis_number(line, '*', REDIS_ARRAY_MAX, &n) || n == 0)
		return false;
	if (!redis_bulk(&look, &word) || !redis_is_word(word))
		return false;
	packet_field(p, &f_count, line.at, line.len, n);
	packet_field(p, &f_command, word.at, word.len, 0);
	for (uint32_t i = 1; i < n && i <= REDIS_ARGUMENTS_SHOWN && redis_bulk(&look, &argument); i++)
		packet_field(p, &f_argument, argument.at, argument.len, 0);
	*c = look;
	return true;
}

static bool redis_reply(struct cursor *c, struct packet *p)
{
	struct cursor look = *c;
	struct span line, value;
	uint32_t n;

	if (!lines_next(&look, 2048, &line) || line.len == 0)
		return false;
	switch (line.at[0]) {
	case '+': case '-': case ':': case '#': case ',': case '(': case '_':
		value = (struct span){line.at + 1, line.len - 1};
		break;
	case '$':
		value = (struct span){line.at + 1, line.len - 1};
		if (redis_number(line, '$', UINT32_MAX, &n) && n <= cursor_left(&look))
			value = (struct span){cursor_take(&look, n), n};
		break;
	case '*': case '%': case '~': case '>': case '!': case '=':
		if (!redis_number(line, (char)line.at[0], UINT32_MAX, &n) && !span_is(line, "*-1"))
			return false;
		value = (struct span){line.at + 1, line.len - 1};
		break;
	default:
		return false;
	}
	packet_field(p, &f_kind, line.at, 1, line.at[0]);
	if (value.at && value.len > 0)
		packet_field(p, &f_value, value.at, value.len, 0);
	*c = look;
	return true;
}

static bool redis_is_ping(struct span line)
{
	return span_is(line, "PING");
}

static enum dissect_result redis_dissect(struct cursor *c, struct packet *p)
{
	struct cursor look = *c;
	struct span line, other;
	bool whole = lines_next(&look, 2048, &line);

	if (redis_command(c, p))
		return lines_done(c, p);
	if (!lines_known(p)) {
		if (whole && redis_is_ping(line) && cursor_left(&look) == 0)
			return lines_undecided(c, p);
		if (!whole || !span_is(line, "+PONG") || !lines_other(p, &other) || !redis_is_ping(other))
			return DISSECT_NOT_MINE;
	} else if (whole && redis_is_word(line)) { /* inline: a command without arguments */
		packet_field(p, &f_command, line.at, line.len, 0);
		*c = look;
		return lines_done(c, p);
	}
	return redis_reply(c, p) ? lines_done(c, p) : DISSECT_NOT_MINE;
}

static const struct bind redis_binds[] = {
	{TABLE_TCP_GUESS, GUESS_BYTES('*', '+')},
	{TABLE_TCP_GUESS, GUESS_BYTES('P', 'P')},
	{TABLE_TCP_GUESS, GUESS_BYTES('p', 'p')},
	{TABLE_TCP_GUESS, GUESS_AT(1, '0', '9')}, /* "*1", "PING", "+PONG" */
	{TABLE_TCP_GUESS, GUESS_AT(1, 'I', 'P')},
	{TABLE_TCP_GUESS, GUESS_AT(1, 'i', 'p')},
	{TABLE_NONE, 0},
};

const struct dissector redis_dissector = {
	.name = "redis",
	.title = "Redis",
	.reference = "redis.io: RESP2, RESP3",
	.binds = redis_binds,
	.info = "[{resp.command}][ {resp.argument}][{resp.kind}][ {resp.value}]",
	.dissect = redis_dissect,
};
