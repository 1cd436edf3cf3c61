/* IMAP: commands and replies, the first of a segment.
 *
 * Promises: a conversation is IMAP if the greeting "* OK ..." says so, if the
 * client asks "TAG CAPABILITY" (or STARTTLS, ID, AUTHENTICATE) with a number in
 * the tag, or with any tag, or to log in, at a server that said "* OK". A bare
 * "* OK text" waits for that. Mails, and what comes behind STARTTLS, are nobody's.
 */
#include "lines.h"

enum { IMAP_TAG_MAX = 32 };

static const struct field_info f_tag = {"imap.tag", "Tag", FIELD_TEXT, NULL};
static const struct field_info f_command = {"imap.request.command", "Command", FIELD_TEXT, NULL};
static const struct field_info f_argument = {"imap.request.argument", "Arguments", FIELD_TEXT, NULL};
static const struct field_info f_status = {"imap.response.status", "Reply", FIELD_TEXT, NULL};
static const struct field_info f_text = {"imap.response.text", "Text", FIELD_TEXT, NULL};

static const char *const imap_commands[] = {
	"APPEND", "AUTHENTICATE", "CAPABILITY", "CHECK", "CLOSE", "COMPRESS", "COPY", "CREATE", "DELETE", "ENABLE",
	"EXAMINE", "EXPUNGE", "FETCH", "GETQUOTA", "GETQUOTAROOT", "ID", "IDLE", "LIST", "LOGIN", "LOGOUT", "LSUB",
	"MOVE", "NAMESPACE", "NOOP", "RENAME", "SEARCH", "SELECT", "SORT", "STARTTLS", "STATUS", "STORE",
	"SUBSCRIBE", "THREAD", "UID", "UNSELECT", "UNSUBSCRIBE", "XLIST", NULL,
};

static const char *const imap_statuses[] = {"OK", "NO", "BAD", "BYE", "PREAUTH", NULL};

/* RFC 9051 section 9: letters, digits and some signs; real ones are short. */
static bool imap_is_tag(struct span s)
{
	if (s.len == 0 || s.len > IMAP_TAG_MAX)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		uint8_t b = lines_upper(s.at[i]);

		if (!((b >= '0' && b <= '9') || (b >= 'A' && b <= 'Z') || b == '.' || b == '-' || b == '_'))
			return false;
	}
	return true;
}

/* "TAG COMMAND ...": splits it. */
static bool imap_command(struct span line, struct span *tag, struct span *command, struct span *rest)
{
	*tag = span_word(&line);
	*command = span_word(&line);
	*rest = line;
	return imap_is_tag(*tag) && span_is_any(*command, imap_commands) && span_is_text(line);
}

/* Two words, or what may hold any: a quoted string, a literal. */
static bool imap_is_login(struct span s)
{
	unsigned words = 0;

	if (memchr(s.at, '"', s.len) || memchr(s.at, '{', s.len))
		return true;
	for (; s.len > 0; words++)
		(void)span_word(&s);
	return words == 2;
}

/* A command that a client begins with, with what belongs behind it: the words
 * alone are anyone's, "to authenticate users" is no IMAP. */
static bool imap_begins(struct span line, struct span *tag, struct span *command)
{
	struct span rest;

	if (!imap_command(line, tag, command, &rest))
		return false;
	if (span_is(*command, "CAPABILITY") || span_is(*command, "STARTTLS") || span_is(*command, "NOOP"))
		return rest.len == 0;
	if (span_is(*command, "ID")) /* RFC 2971 section 3.1 */
		return span_is(rest, "NIL") ||
		       (rest.len > 1 && rest.at[0] == '(' && (rest.at[1] == '"' || rest.at[1] == ')'));
	if (span_is(*command, "LOGIN"))
		return imap_is_login(rest);
	return span_is(*command, "AUTHENTICATE") && lines_is_mechanism(span_word(&rest));
}

/* Such a one without knowing whom it is said to: no word is its tag. */
static bool imap_is_own(struct span line)
{
	struct span tag, command;

	if (!imap_begins(line, &tag, &command) || span_is(command, "LOGIN") || span_is(command, "NOOP"))
		return false;
	for (size_t i = 0; i < tag.len; i++)
		if (tag.at[i] >= '0' && tag.at[i] <= '9')
			return true;
	return span_is(tag, ".");
}

static bool imap_is_untagged(struct span line)
{
	static const char *const words[] = {"OK", "PREAUTH", "BYE", "CAPABILITY", NULL};
	struct span star = span_word(&line);

	return span_is(star, "*") && span_is_any(span_word(&line), words);
}

static bool imap_is_mine(const struct cursor *c, struct packet *p)
{
	struct span line, tag, command, other;
	bool heard = lines_other(p, &other);
	struct cursor look = *c;

	if (!lines_next(&look, 2048, &line))
		return false;
	if (imap_is_own(line))
		return true;
	if (imap_is_untagged(line) && span_is_text(line)) {
		if (span_names(line, "IMAP") || (heard && imap_begins(other, &tag, &command)))
			return true;
	} else if (imap_begins(line, &tag, &command)) {
		if (heard && imap_is_untagged(other))
			return true;
	} else {
		return false;
	}
	(void)lines_undecided(c, p);
	return false;
}

static enum dissect_result imap_dissect(struct cursor *c, struct packet *p)
{
	struct span line, tag, word, rest;

	if ((!lines_known(p) && !imap_is_mine(c, p)) || !lines_next(c, 2048, &line))
		return DISSECT_NOT_MINE;
	if (imap_command(line, &tag, &word, &rest)) {
		packet_field(p, &f_tag, tag.at, tag.len, 0);
		packet_field(p, &f_command, word.at, word.len, 0);
		if (rest.len > 0)
			packet_field(p, &f_argument, rest.at, rest.len, 0);
		return lines_done(c, p);
	}
	tag = span_word(&line);
	rest = line;
	word = span_word(&line);
	if (!span_is(tag, "*") && !span_is(tag, "+") && !(imap_is_tag(tag) && span_is_any(word, imap_statuses)))
		return DISSECT_NOT_MINE;
	packet_field(p, &f_tag, tag.at, tag.len, 0);
	if (span_is(tag, "+")) {
		if (rest.len > 0)
			packet_field(p, &f_text, rest.at, rest.len, 0);
		return lines_done(c, p);
	}
	packet_field(p, &f_status, word.at, word.len, 0);
	if (line.len > 0)
		packet_field(p, &f_text, line.at, line.len, 0);
	return lines_done(c, p);
}

#define IMAP_TAG(place) \
	{TABLE_TCP_GUESS, GUESS_AT(place, '-', '.')}, {TABLE_TCP_GUESS, GUESS_AT(place, '0', '9')}, \
	{TABLE_TCP_GUESS, GUESS_AT(place, 'A', 'Z')}, {TABLE_TCP_GUESS, GUESS_AT(place, '_', '_')}, \
	{TABLE_TCP_GUESS, GUESS_AT(place, 'a', 'z')}

static const struct bind imap_binds[] = {
	{TABLE_TCP_GUESS, GUESS_BYTES('*', '*')}, /* "* OK", "a ID" at least */
	IMAP_TAG(0),
	IMAP_TAG(1),
	{TABLE_TCP_GUESS, GUESS_AT(1, ' ', ' ')},
	IMAP_TAG(2),
	{TABLE_TCP_GUESS, GUESS_AT(2, ' ', ' ')},
	IMAP_TAG(3),
	{TABLE_TCP_GUESS, GUESS_AT(3, ' ', ' ')},
	{TABLE_NONE, 0},
};

const struct dissector imap_dissector = {
	.name = "imap",
	.title = "Internet Message Access Protocol",
	.reference = "RFC 9051, RFC 3501",
	.binds = imap_binds,
	.info = "{imap.tag}[ {imap.request.command}][ {imap.request.argument}]"
		"[ {imap.response.status}][ {imap.response.text}]",
	.dissect = imap_dissect,
};
