/* SMTP: commands and replies, line by line.
 *
 * Promises: a conversation is SMTP if a greeting "220 ..." says so in a word
 * that is no host's name (or a refusal does), if a reply 250 follows the greeting, or if the client
 * says EHLO or HELO with one name, or MAIL FROM:<. A bare "220 text" may be FTP
 * as well and is decided by what comes next from either side. What goes
 * between DATA and its end, and behind STARTTLS, is nobody's.
 */
#include "lines.h"

static const struct field_info f_command = {"smtp.req.command", "Command", FIELD_TEXT, NULL};
static const struct field_info f_argument = {"smtp.req.parameter", "Parameter", FIELD_TEXT, NULL};
static const struct field_info f_code = {"smtp.response.code", "Reply", FIELD_UINT, NULL};
static const struct field_info f_text = {"smtp.rsp.parameter", "Text", FIELD_TEXT, NULL};

static const char *const smtp_commands[] = {
	"EHLO", "HELO", "MAIL", "RCPT", "DATA", "BDAT", "RSET", "VRFY", "EXPN", "HELP", "NOOP", "QUIT",
	"STARTTLS", "AUTH", "ETRN", "TURN", NULL,
};

static const struct lines_rows smtp_rows = {&f_command, &f_argument, &f_code, &f_text, smtp_commands};

/* RFC 5321 section 4.1.1.1: one argument, a domain or an address literal. */
static bool smtp_is_hello(struct span line)
{
	struct span word = span_word(&line);

	return (span_is(word, "EHLO") || span_is(word, "HELO")) && line.len > 0 && line.len <= 255 &&
	       !memchr(line.at, ' ', line.len) && span_is_text(line);
}

static bool smtp_is_command(struct span line)
{
	return smtp_is_hello(line) || (span_begins(line, "MAIL FROM:<") && span_is_text(line));
}

enum smtp_sure { SMTP_NO, SMTP_PERHAPS, SMTP_YES };

/* A greeting (RFC 5321 section 4.2), and perhaps what followed it. */
static enum smtp_sure smtp_greeting(struct cursor c)
{
	struct span line;
	bool last = false, greeted = false;

	for (unsigned i = 0; i < LINES_MAX && lines_next(&c, 2048, &line); i++) {
		unsigned code = lines_code(line, &last);

		if (!span_is_text(line))
			return SMTP_NO;
		if (greeted)
			return code == 250 ? SMTP_YES : SMTP_NO;
		if (code != 220 && code != 554 && code != 421)
			return SMTP_NO;
		if (span_names(lines_code_text(line), "SMTP"))
			return SMTP_YES;
		if (code != 220) /* a refusal that says no more could be anyone's */
			return SMTP_NO;
		greeted = last;
	}
	return SMTP_PERHAPS;
}

/* Three digits and what may follow them; a line may still be growing. */
static bool smtp_is_reply(const struct cursor *c)
{
	bool last;

	return cursor_left(c) >= 4 && lines_code((struct span){c->pos, 4}, &last) != 0;
}

static bool smtp_is_mine(const struct cursor *c, struct packet *p)
{
	struct cursor look = *c;
	enum smtp_sure sure;
	struct span line;

	if (lines_next(&look, 2048, &line) && smtp_is_command(line))
		return true;
	if (!smtp_is_reply(c))
		return false;
	sure = smtp_greeting(*c);
	if (sure == SMTP_YES || (sure == SMTP_PERHAPS && lines_other(p, &line) && smtp_is_hello(line)))
		return true;
	if (sure == SMTP_PERHAPS)
		(void)lines_undecided(c, p);
	return false;
}

static enum dissect_result smtp_dissect(struct cursor *c, struct packet *p)
{
	if (!lines_known(p) && !smtp_is_mine(c, p))
		return DISSECT_NOT_MINE;
	if (lines_rows(c, p, &smtp_rows) == 0)
		return DISSECT_NOT_MINE;
	return lines_done(c, p);
}

static const struct bind smtp_binds[] = {{TABLE_TCP_GUESS, 0}, {TABLE_NONE, 0}};

const struct dissector smtp_dissector = {
	.name = "smtp",
	.title = "Simple Mail Transfer Protocol",
	.reference = "RFC 5321, RFC 3207",
	.binds = smtp_binds,
	.info = "[{smtp.req.command}][ {smtp.req.parameter}][{smtp.response.code}][ {smtp.rsp.parameter}]",
	.dissect = smtp_dissect,
};
