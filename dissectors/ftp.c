/* FTP: commands and replies of the control connection, line by line.
 *
 * Promises: a conversation is FTP if a greeting "220 ..." says so in a word
 * that is no host's name, if what follows a bare "220 text" is FTP's (331, 230,
 * 530, 234 from the server; USER, AUTH TLS from the client), or by a line that
 * no other protocol has: PORT with six numbers, "227 ... (six numbers)". Data
 * connections are other conversations and have no words to be known by.
 */
#include "lines.h"

static const struct field_info f_command = {"ftp.request.command", "Command", FIELD_TEXT, NULL};
static const struct field_info f_argument = {"ftp.request.arg", "Argument", FIELD_TEXT, NULL};
static const struct field_info f_code = {"ftp.response.code", "Reply", FIELD_UINT, NULL};
static const struct field_info f_text = {"ftp.response.arg", "Text", FIELD_TEXT, NULL};

static const char *const ftp_commands[] = {
	"ABOR", "ACCT", "ADAT", "ALLO", "APPE", "AUTH", "CCC",  "CDUP", "CLNT", "CWD",  "DELE", "EPRT", "EPSV",
	"FEAT", "HELP", "HOST", "LANG", "LIST", "MDTM", "MFMT", "MKD",  "MLSD", "MLST", "MODE", "NLST", "NOOP",
	"OPTS", "PASS", "PASV", "PBSZ", "PORT", "PROT", "PWD",  "QUIT", "REIN", "REST", "RETR", "RMD",  "RNFR",
	"RNTO", "SITE", "SIZE", "SMNT", "STAT", "STOR", "STOU", "STRU", "SYST", "TYPE", "USER", "XCWD", "XPWD", NULL,
};

static const struct lines_rows ftp_rows = {&f_command, &f_argument, &f_code, &f_text, ftp_commands};

/* "192,0,2,1,19,137": h1 to h4, p1, p2 (RFC 959 section 4.1.2), up to the end
 * or, in brackets, to the closing one. */
static bool ftp_is_port(struct span s, bool brackets)
{
	unsigned numbers = 0;

	for (size_t i = 0; i < s.len && numbers < 6;) {
		unsigned v = 0, digits = 0;

		while (i < s.len && s.at[i] >= '0' && s.at[i] <= '9' && digits++ < 3)
			v = v * 10 + (s.at[i++] - '0');
		if (digits == 0 || digits > 3 || v > 255)
			return false;
		numbers++;
		if (numbers < 6 && (i >= s.len || s.at[i++] != ','))
			return false;
		if (numbers == 6)
			return brackets ? i < s.len && s.at[i] == ')' : i == s.len;
	}
	return false;
}

/* True: no other protocol has this line. */
static bool ftp_is_own(struct span line)
{
	const uint8_t *open;
	struct span word;

	if (span_begins(line, "227 ") && (open = memchr(line.at, '(', line.len)) != NULL)
		return ftp_is_port((struct span){open + 1, line.len - (size_t)(open + 1 - line.at)}, true);
	word = span_word(&line);
	return span_is(word, "PORT") && ftp_is_port(line, false);
}

/* RFC 959 section 4.1.1, RFC 4217 section 4. POP has the first one, too. */
static bool ftp_begins_login(struct span line)
{
	struct span word = span_word(&line);

	if (line.len == 0 || !span_is_text(line))
		return false;
	if (span_is(word, "AUTH"))
		return span_is(line, "TLS") || span_is(line, "SSL") || span_is(line, "TLS-C") || span_is(line, "TLS-P");
	return span_is(word, "USER") && !memchr(line.at, ' ', line.len);
}

enum ftp_sure { FTP_NO, FTP_PERHAPS, FTP_YES };

static enum ftp_sure ftp_greeting(struct cursor c)
{
	bool last = false, greeted = false;
	struct span line;

	(void)cursor_limit(&c, LINES_GREETING);
	for (unsigned i = 0; i < LINES_MAX && lines_next(&c, 2048, &line); i++) {
		unsigned code = lines_code(line, &last);

		if (!span_is_text(line))
			return FTP_NO;
		if (greeted)
			return code == 331 || code == 230 || code == 530 || code == 234 ? FTP_YES : FTP_NO;
		if (code != 220 && (i == 0 || code != 0)) /* lines inside may have no code: RFC 959 section 4.2 */
			return FTP_NO;
		if (span_names(code ? lines_code_text(line) : line, "SMTP"))
			return FTP_NO;
		if (span_names(code ? lines_code_text(line) : line, "FTP"))
			return FTP_YES;
		greeted = code == 220 && last;
	}
	return FTP_PERHAPS;
}

static bool ftp_is_mine(const struct cursor *c, struct packet *p)
{
	struct span line = {NULL, 0}, other;
	bool whole, login, greeting, heard = lines_other(p, &other);
	struct cursor look = *c;
	enum ftp_sure sure = FTP_NO;

	whole = lines_next(&look, 2048, &line);
	if (whole && ftp_is_own(line))
		return true;
	login = whole && ftp_begins_login(line);
	if (login && heard && span_begins(other, "220"))
		return true;
	greeting = cursor_left(c) >= 4 && memcmp(c->pos, "220", 3) == 0 && (c->pos[3] == ' ' || c->pos[3] == '-');
	if (greeting)
		sure = ftp_greeting(*c);
	if (sure == FTP_YES || (sure == FTP_PERHAPS && heard && ftp_begins_login(other)))
		return true;
	if (login || sure == FTP_PERHAPS)
		(void)lines_undecided(c, p);
	return false;
}

static enum dissect_result ftp_dissect(struct cursor *c, struct packet *p)
{
	if (!lines_known(p) && !ftp_is_mine(c, p))
		return DISSECT_NOT_MINE;
	if (lines_rows(c, p, &ftp_rows) == 0)
		return DISSECT_NOT_MINE;
	return lines_done(c, p);
}

static const struct bind ftp_binds[] = {
	{TABLE_TCP_GUESS, GUESS_BYTES('2', '2')}, /* 220, 227; AUTH, PORT, USER */
	{TABLE_TCP_GUESS, GUESS_BYTES('A', 'U')},
	{TABLE_TCP_GUESS, GUESS_BYTES('a', 'u')},
	{TABLE_TCP_GUESS, GUESS_AT(1, '2', '2')},
	{TABLE_TCP_GUESS, GUESS_AT(1, 'O', 'U')},
	{TABLE_TCP_GUESS, GUESS_AT(1, 'o', 'u')},
	{TABLE_TCP_GUESS, GUESS_AT(2, '0', '7')},
	{TABLE_TCP_GUESS, GUESS_AT(2, 'E', 'T')},
	{TABLE_TCP_GUESS, GUESS_AT(2, 'e', 't')},
	{TABLE_NONE, 0},
};

const struct dissector ftp_dissector = {
	.name = "ftp",
	.title = "File Transfer Protocol",
	.reference = "RFC 959, RFC 2228, RFC 4217",
	.binds = ftp_binds,
	.info = "[{ftp.request.command}][ {ftp.request.arg}][{ftp.response.code}][ {ftp.response.arg}]",
	.dissect = ftp_dissect,
};
