/* SMTP: commands and replies, line by line.
 *
 * Promises: a conversation is SMTP if a greeting "220 ..." says so in a word
 * that is no host's name (or a refusal does), if a reply 250 follows the
 * greeting, or if the client says EHLO or HELO with the name of a host, or MAIL
 * FROM:<. A bare "220 text" may be FTP as well, and "HELO word" anyone's: what
 * comes next from either side decides. What goes between DATA and its end, and
 * behind STARTTLS, is nobody's.
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

/* RFC 5321 section 4.1.1.1: one argument, a domain or an address literal; in
 * UTF-8 by RFC 6531. *word: it could be any word. */
static bool smtp_is_hello(struct span line, bool *word)
{
	struct span command = span_word(&line);

	*word = !span_is(line, "LOCALHOST");
	if ((!span_is(command, "EHLO") && !span_is(command, "HELO")) || line.len == 0 || line.len > 255)
		return false;
	for (size_t i = 0; i < line.len; i++) {
		uint8_t b = line.at[i];
		bool digit = b >= '0' && b <= '9';

		if (!span_letter(b) && !digit && b < 0x80 && !memchr("-._:[]", b, 6))
			return false;
		if (digit || b == '[' || (i > 0 && i + 1 < line.len && (b == '.' || b == '-')))
			*word = false;
	}
	return true;
}

static bool smtp_is_mail(struct span line)
{
	return span_begins(line, "MAIL FROM:<") && span_is_text(line);
}

enum smtp_sure { SMTP_NO, SMTP_PERHAPS, SMTP_YES };

/* A greeting (RFC 5321 section 4.2), and perhaps what followed it. */
static enum smtp_sure smtp_greeting(struct cursor c)
{
	struct span line;
	bool last = false, greeted = false;

	(void)cursor_limit(&c, LINES_GREETING);
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
	struct span line, other;
	bool whole = lines_next(&look, 2048, &line), heard = lines_other(p, &other), word;

	if (whole && smtp_is_mail(line))
		return true;
	if (whole && smtp_is_hello(line, &word)) {
		if (!word || (heard && (span_begins(other, "220 ") || span_begins(other, "220-"))))
			return true;
		(void)lines_undecided(c, p);
		return false;
	}
	if (!smtp_is_reply(c))
		return false;
	heard = heard && smtp_is_hello(other, &word);
	if (heard && memcmp(c->pos, "250", 3) == 0) /* the greeting was not captured */
		return true;
	sure = smtp_greeting(*c);
	if (sure == SMTP_YES || (sure == SMTP_PERHAPS && heard))
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

static const struct bind smtp_binds[] = {
	{TABLE_TCP_GUESS, GUESS_BYTES('1', '5')}, /* a code; EHLO, HELO, MAIL */
	{TABLE_TCP_GUESS, GUESS_BYTES('E', 'M')},
	{TABLE_TCP_GUESS, GUESS_BYTES('e', 'm')},
	{TABLE_TCP_GUESS, GUESS_AT(1, '0', '9')},
	{TABLE_TCP_GUESS, GUESS_AT(1, 'A', 'H')},
	{TABLE_TCP_GUESS, GUESS_AT(1, 'a', 'h')},
	{TABLE_TCP_GUESS, GUESS_AT(2, '0', '9')},
	{TABLE_TCP_GUESS, GUESS_AT(2, 'I', 'L')},
	{TABLE_TCP_GUESS, GUESS_AT(2, 'i', 'l')},
	{TABLE_NONE, 0},
};

const struct dissector smtp_dissector = {
	.name = "smtp",
	.title = "Simple Mail Transfer Protocol",
	.reference = "RFC 5321, RFC 3207",
	.binds = smtp_binds,
	.info = "[{smtp.req.command}][ {smtp.req.parameter}][{smtp.response.code}][ {smtp.rsp.parameter}]",
	.dissect = smtp_dissect,
};
