/* SMTP, FTP, POP and IMAP: whose greeting is it, and what a line means.
 * links: dissect facts base
 */
#include "speak.h"

static int setup(void **state)
{
	*state = speak_open();
	return 0;
}

static int teardown(void **state)
{
	speak_free(*state);
	return 0;
}

static void is(struct speaker *s, const char *text, const char *service)
{
	assert_int_equal(speak_line(s, text), DISSECT_OK);
	assert_string_equal(speak_service(s), service);
	assert_int_equal(s->packet.need_more, 0);
}

/* Nobody's; more: but the next bytes may tell. */
static void nobody(struct speaker *s, const char *text, bool more)
{
	assert_int_equal(speak_line(s, text), DISSECT_NOT_MINE);
	speak_nothing(s);
	assert_int_equal(s->packet.need_more, more ? strlen(text) + 1 : 0);
}

static void a_greeting_that_says_its_name(void **state)
{
	struct speaker *s = *state;

	s->server = true;
	is(s, "220 mail.example.org ESMTP Postfix\r\n", "smtp");
	is(s, "220-mail.example.org\r\n220 smtp service\n", "smtp");
	is(s, "554 mail.example.org ESMTP go away\r\n", "smtp");
	is(s, "220 (vsFTPd 3.0.3)\r\n", "ftp");
	is(s, "220-Hello\r\nanything\r\n220 FTP.\r\n", "ftp");
	is(s, "220 smtp.example.org FTP server\r\n", "ftp");
	is(s, "220 ftp.example.org ESMTP\r\n", "smtp");
	is(s, "+OK POP3 ready\r\n", "pop");
	is(s, "+OK <1.2@example.org>\r\n", "pop");
	is(s, "* OK IMAP4 ready\r\n", "imap");
	is(s, "* OK [CAPABILITY IMAP4rev1 IDLE] hi\r\n", "imap");
	s->server = false;
}

/* The name of a host is not the name of a protocol. */
static void a_bare_greeting_waits(void **state)
{
	struct speaker *s = *state;

	s->server = true;
	nobody(s, "220 ready\r\n", true);
	nobody(s, "220 smtp.example.org\r\n", true);
	nobody(s, "220 ftp.example.org ready\r\n", true);
	nobody(s, "220", false);
	nobody(s, "220-a\r\n220-b\r\n", true);
	nobody(s, "+OK\r\n", true);
	nobody(s, "+OK pop.example.org\r\n", true);
	nobody(s, "* OK imap.example.org\r\n", true);
	s->later = true; /* in the middle of something nothing is begun */
	nobody(s, "220 ready\r\n", false);
	nobody(s, "+OK\r\n", false);
	s->later = s->server = false;
	nobody(s, "USER bob\r\n", true);
}

static void the_other_side_decides(void **state)
{
	struct speaker *s = *state;

	s->other = "220 ready\r\n";
	is(s, "EHLO me\r\n", "smtp");
	is(s, "USER bob\r\n", "ftp");
	is(s, "AUTH TLS\r\n", "ftp");
	nobody(s, "AUTH PLAIN\r\n", true);
	s->other = "+OK ready\r\n";
	is(s, "USER bob\r\n", "pop");
	is(s, "AUTH PLAIN\r\n", "pop");
	s->other = "* OK ready\r\n";
	is(s, "a1 LOGIN bob secret\r\n", "imap");
	nobody(s, "USER bob\r\n", true);
	s->server = true;
	s->other = "EHLO me\r\n";
	is(s, "220 ready\r\n", "smtp");
	s->other = "USER bob\r\n";
	is(s, "220 ready\r\n", "ftp");
	is(s, "+OK ready\r\n", "pop");
	nobody(s, "* OK ready\r\n", true);
	s->other = "x LOGIN a b\r\n";
	is(s, "* OK ready\r\n", "imap");
	nobody(s, "220 ready\r\n", true);
	s->other = NULL;
	s->server = false;
}

static void what_follows_a_greeting_decides(void **state)
{
	struct speaker *s = *state;

	s->server = true;
	is(s, "220 ready\r\n250 hello\r\n", "smtp");
	is(s, "220 ready\r\n331 password\r\n", "ftp");
	nobody(s, "220 ready\r\n500 what\r\n", false);
	nobody(s, "220 ready\r\nhello\r\n", false);
	nobody(s, "221 bye\r\n", false);
	nobody(s, "331 password\r\n", false);
	s->server = false;
}

static void commands_that_only_one_has(void **state)
{
	struct speaker *s = *state;

	is(s, "ehlo [192.0.2.1]\n", "smtp");
	is(s, "MAIL FROM:<a@example.org>\r\n", "smtp");
	is(s, "PORT 192,0,2,1,4,1\r\n", "ftp");
	is(s, "227 Entering Passive Mode (192,0,2,1,4,1).\r\n", "ftp");
	is(s, "CAPA\r\n", "pop");
	is(s, "APOP bob 0123456789abcdef0123456789ABCDEF\r\n", "pop");
	is(s, "a1 CAPABILITY\r\n", "imap");
	is(s, "9 ID (\"name\" \"x\")\r\n", "imap");
	nobody(s, "HELO there everybody\r\n", false);
	nobody(s, "HELLO me\r\n", false);
	nobody(s, "EHLO me", false);
	nobody(s, "PORT 192,0,2,256,4,1\r\n", false);
	nobody(s, "PORT 192,0,2,1,4\r\n", false);
	nobody(s, "227 (1,2,3,4,5,6\r\n", false);
	nobody(s, "CAPA 1\r\n", false);
	nobody(s, "APOP bob 0123456789abcdef0123456789abcdeg\r\n", false);
	nobody(s, "a1 CAPABILITY now\r\n", false);
	nobody(s, "a(1 STARTTLS\r\n", false);
	nobody(s, "USER guest 0 * :Guest\r\n", true); /* IRC; POP has such names, if its server says so */
	nobody(s, "EHLO \x01\r\n", false);
}

/* Words that hold a protocol's name, commands that are words of a language. */
static void a_language_is_no_protocol(void **state)
{
	struct speaker *s = *state;

	nobody(s, "220 softphone ready\r\n", true);
	nobody(s, "220 Shiftpoint\r\n", true);
	is(s, "220 ProFTPD Server\r\n", "ftp");
	is(s, "220 x FTP-server\r\n", "ftp");
	nobody(s, "+OK popular, population 5, pop-up\r\n", true);
	nobody(s, "+OK from <bob@example.org>\r\n", true);
	is(s, "+OK Qpopper ready\r\n", "pop");
	is(s, "+OK Gpop ready\r\n", "pop");
	nobody(s, "* OKAY imap\r\n", false);
	nobody(s, "* list imap\r\n", false);
	nobody(s, "to authenticate users\r\n", false);
	nobody(s, "331 authenticate me\r\n", false);
	nobody(s, "no capability\r\n", true); /* a tag could be any word: the other side tells */
	nobody(s, "the id (card) of\r\n", false);
	nobody(s, "1 id (card)\r\n", false);
	is(s, "1 authenticate plain AGE=\r\n", "imap");
	is(s, ". CAPABILITY\r\n", "imap");
	nobody(s, "HELO world!\r\n", false);
	nobody(s, "HELO world\r\n", true);
	is(s, "HELO localhost\r\n", "smtp");
	is(s, "EHLO mail-1\r\n", "smtp");
	s->other = "HELO world\r\n";
	is(s, "250 hello\r\n", "smtp");
	s->other = "AUTH secret\r\n"; /* said to Redis */
	nobody(s, "+OK\r\n", true);
	s->other = "AUTH PLAIN\r\n";
	is(s, "+OK\r\n", "pop");
	s->other = "* OK ready\r\n";
	nobody(s, "we login here or there\r\n", false);
	is(s, "a login \"bob b\" secret\r\n", "imap");
	is(s, "tag CAPABILITY\r\n", "imap");
	nobody(s, "we login here\r\n", false);
	s->other = NULL;
}

static void rows_are_commands_and_replies(void **state)
{
	struct speaker *s = *state;

	s->known = dissect_by_name("smtp");
	assert_int_equal(speak_line(s, "MAIL FROM:<a>\r\nRCPT TO:<b>\r\nbody"), DISSECT_OK);
	assert_string_equal(speak_row(s, "smtp.req.command", 1), "RCPT");
	assert_string_equal(speak_row(s, "smtp.req.parameter", 1), "TO:<b>");
	assert_int_equal(speak_line(s, "250-one\r\n250 two\r\n"), DISSECT_OK);
	assert_string_equal(speak_row(s, "smtp.response.code", 1), "250");
	assert_string_equal(speak_row(s, "smtp.rsp.parameter", 1), "two");
	assert_int_equal(speak_line(s, "Dear Bob,\r\n"), DISSECT_NOT_MINE);
	speak_nothing(s);
	s->known = dissect_by_name("pop");
	assert_int_equal(speak_line(s, "-ERR \x1b[31m no\r\n"), DISSECT_NOT_MINE);
	assert_int_equal(speak_line(s, "-ERR no\r\n"), DISSECT_OK);
	assert_string_equal(speak_row(s, "pop.response.indicator", 0), "-ERR");
	s->known = dissect_by_name("imap");
	assert_int_equal(speak_line(s, "a7 NO [ALERT] full\r\n"), DISSECT_OK);
	assert_string_equal(speak_row(s, "imap.response.status", 0), "NO");
	assert_string_equal(speak_row(s, "imap.response.text", 0), "[ALERT] full");
	s->known = NULL;
}

/* What a greeting says behind its first 4 KB is not looked at. */
static void a_greeting_is_bounded(void **state)
{
	char text[8192];
	size_t n = 0;
	struct speaker *s = *state;

	while (n < 4096) {
		memcpy(text + n, "220-softphone\r\n", 15);
		n += 15;
	}
	memcpy(text + n, "220 FTP\r\n", 10);
	nobody(s, text, true);
	memcpy(text, "220-ftpd ", 9);
	is(s, text, "ftp");
}

static void cut_lines_are_not_waited_for(void **state)
{
	struct speaker *s = *state;

	assert_int_equal(speak_cut(s, PROTO_TCP, 25, "220 ready\r\n", 11, 40), DISSECT_NOT_MINE);
	assert_int_equal(s->packet.need_more, 0);
	assert_int_equal(speak_cut(s, PROTO_TCP, 25, "220 ESMTP\r\n220", 14, 40), DISSECT_CUT);
	assert_string_equal(speak_service(s), "smtp");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_greeting_that_says_its_name),
		cmocka_unit_test(a_bare_greeting_waits),
		cmocka_unit_test(the_other_side_decides),
		cmocka_unit_test(what_follows_a_greeting_decides),
		cmocka_unit_test(commands_that_only_one_has),
		cmocka_unit_test(a_language_is_no_protocol),
		cmocka_unit_test(rows_are_commands_and_replies),
		cmocka_unit_test(a_greeting_is_bounded),
		cmocka_unit_test(cut_lines_are_not_waited_for),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
