/* POP3: commands and replies, the first of a segment.
 *
 * Promises: a conversation is POP if the greeting "+OK ..." says so or has the
 * time stamp of APOP, or if the client says CAPA, STLS or APOP, or USER to a
 * server that said "+OK". A bare "+OK text" waits for that. Mails, lists and
 * what comes behind STLS are nobody's.
 */
#include "lines.h"

static const struct field_info f_command = {"pop.request.command", "Command", FIELD_TEXT, NULL};
static const struct field_info f_argument = {"pop.request.parameter", "Parameter", FIELD_TEXT, NULL};
static const struct field_info f_status = {"pop.response.indicator", "Reply", FIELD_TEXT, NULL};
static const struct field_info f_text = {"pop.response.description", "Text", FIELD_TEXT, NULL};

static const char *const pop_commands[] = {
	"APOP", "AUTH", "CAPA", "DELE", "LIST", "NOOP", "PASS", "QUIT", "RETR", "RSET", "STAT", "STLS",
	"TOP",  "UIDL", "USER", "UTF8", NULL,
};

static bool pop_is_reply(struct span line)
{
	struct span word = span_word(&line);

	return (span_is(word, "+OK") || span_is(word, "-ERR")) && span_is_text(line);
}

/* RFC 1939 section 7: "<process.clock@host>" as a word of the greeting. */
static bool pop_has_stamp(struct span line)
{
	while (line.len > 0) {
		struct span word = span_word(&line);
		const uint8_t *open = memchr(word.at, '<', word.len), *at, *end = word.at + word.len;

		if (!open || open + 1 == end || open[1] < '0' || open[1] > '9')
			continue;
		at = memchr(open, '@', (size_t)(end - open));
		if (at && memchr(at, '>', (size_t)(end - at)))
			return true;
	}
	return false;
}

/* A command that no other protocol begins with. */
static bool pop_is_own(struct span line)
{
	struct span word = span_word(&line), name;

	if (span_is(word, "CAPA") || span_is(word, "STLS"))
		return line.len == 0;
	if (!span_is(word, "APOP"))
		return false;
	name = span_word(&line);
	if (name.len == 0 || line.len != 32)
		return false;
	for (size_t i = 0; i < line.len; i++) {
		uint8_t b = lines_upper(line.at[i]);

		if (!((b >= '0' && b <= '9') || (b >= 'A' && b <= 'F')))
			return false;
	}
	return true;
}

static bool pop_begins_login(struct span line)
{
	struct span word = span_word(&line);

	if (span_is(word, "AUTH")) /* RFC 5034 section 4; alone it asks which there are */
		return line.len == 0 || lines_is_mechanism(span_word(&line));
	return span_is(word, "USER") && line.len > 0 && span_is_text(line);
}

static bool pop_is_mine(const struct cursor *c, struct packet *p)
{
	struct cursor look = *c;
	struct span line, other;
	bool heard = lines_other(p, &other);

	if (!lines_next(&look, 1024, &line))
		return false;
	if (pop_is_own(line))
		return true;
	if (span_begins(line, "+OK") && pop_is_reply(line)) {
		if (span_names(line, "POP") || pop_has_stamp(line))
			return true;
		if (heard && (pop_begins_login(other) || pop_is_own(other)))
			return true;
	} else if (pop_begins_login(line)) {
		if (heard && pop_is_reply(other))
			return true;
	} else {
		return false;
	}
	(void)lines_undecided(c, p);
	return false;
}

static enum dissect_result pop_dissect(struct cursor *c, struct packet *p)
{
	struct span line, word;

	if ((!lines_known(p) && !pop_is_mine(c, p)) || !lines_next(c, 1024, &line))
		return DISSECT_NOT_MINE;
	if (pop_is_reply(line)) {
		word = span_word(&line);
		packet_field(p, &f_status, word.at, word.len, 0);
		if (line.len > 0)
			packet_field(p, &f_text, line.at, line.len, 0);
		return lines_done(c, p);
	}
	word = span_word(&line);
	if (!span_is_any(word, pop_commands))
		return DISSECT_NOT_MINE;
	packet_field(p, &f_command, word.at, word.len, 0);
	if (line.len > 0)
		packet_field(p, &f_argument, line.at, line.len, 0);
	return lines_done(c, p);
}

static const struct bind pop_binds[] = {
	{TABLE_TCP_GUESS, GUESS_BYTES('+', '+')}, /* "+OK"; APOP, AUTH, CAPA, STLS, USER */
	{TABLE_TCP_GUESS, GUESS_BYTES('A', 'U')},
	{TABLE_TCP_GUESS, GUESS_BYTES('a', 'u')},
	{TABLE_TCP_GUESS, GUESS_AT(1, 'A', 'U')},
	{TABLE_TCP_GUESS, GUESS_AT(1, 'a', 'u')},
	{TABLE_TCP_GUESS, GUESS_AT(2, 'E', 'T')},
	{TABLE_TCP_GUESS, GUESS_AT(2, 'e', 't')},
	{TABLE_NONE, 0},
};

const struct dissector pop_dissector = {
	.name = "pop",
	.title = "Post Office Protocol 3",
	.reference = "RFC 1939, RFC 2449, RFC 2595",
	.binds = pop_binds,
	.info = "[{pop.request.command}][ {pop.request.parameter}]"
		"[{pop.response.indicator}][ {pop.response.description}]",
	.dissect = pop_dissect,
};
