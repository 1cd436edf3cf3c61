/* HTTP/2, SIP, Redis, PostgreSQL, MySQL, DHCP, DHCPv6, NTP: what each takes,
 * and what it must not take.
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

#define BYTES(text) text, sizeof(text) - 1

static void is(struct speaker *s, uint8_t proto, const void *bytes, size_t n, const char *service)
{
	assert_int_equal(speak(s, proto, 7777, bytes, n), DISSECT_OK);
	assert_string_equal(speak_service(s), service);
}

static void nobody(struct speaker *s, uint8_t proto, const void *bytes, size_t n)
{
	assert_int_equal(speak(s, proto, 7777, bytes, n), DISSECT_NOT_MINE);
	speak_nothing(s);
}

/* With any one byte changed of those named it is nobody's, and no shorter. */
static void every_byte_counts(struct speaker *s, uint8_t proto, const void *bytes, size_t n, const uint16_t *which,
			      size_t count)
{
	uint8_t copy[512];

	assert_true(n <= sizeof copy);
	for (size_t i = 0; i < count; i++) {
		memcpy(copy, bytes, n);
		copy[which[i]] ^= 0x80;
		nobody(s, proto, copy, n);
	}
	for (size_t less = 0; less < n; less++)
		nobody(s, proto, bytes, less);
}

static void http2_preface_and_settings(void **state)
{
	static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
	static const char settings[] = "\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64";
	static const uint16_t which[] = {0, 1, 2, 3, 4, 5, 8};
	struct speaker *s = *state;

	is(s, PROTO_TCP, BYTES(preface), "http2");
	nobody(s, PROTO_TCP, preface, 10);
	assert_int_equal(s->packet.need_more, 24);
	nobody(s, PROTO_TCP, BYTES("PRI * HTTP/2.0\r\n\r\nSM\r\n\r."));
	is(s, PROTO_TCP, BYTES(settings), "http2");
	assert_string_equal(speak_row(s, "http2.settings.id", 0), "concurrent streams (3)");
	every_byte_counts(s, PROTO_TCP, BYTES(settings), which, sizeof which / sizeof *which);
	nobody(s, PROTO_TCP, BYTES("\0\0\0\x04\0\0\0\0\0"));       /* empty: proves nothing */
	nobody(s, PROTO_TCP, BYTES("\0\0\0\x04\x01\0\0\0\0\0\0\0\x04\x01\0\0\0\0")); /* an acknowledgement is not first */
	nobody(s, PROTO_TCP, BYTES("\0\0\x06\x04\0\0\0\0\0\0\x02\0\0\0\x02"));   /* push 2 */
	s->known = dissect_by_name("http2");
	is(s, PROTO_TCP, BYTES("\0\0\x01\0\x01\0\0\0\x05x\0\0\x04\x03\0\0\0\0\x05\0\0\0\0"), "http2");
	assert_string_equal(speak_row(s, "http2.type", 1), "RST_STREAM (3)");
	nobody(s, PROTO_TCP, BYTES("\0\0\x01\0\x01\0\0\0\0x")); /* DATA of the connection */
	is(s, PROTO_TCP, BYTES("\0\0\x04\x08\0\0\0\0\x05\0\0\0\x07"), "http2");
	assert_int_equal(packet_find(&s->packet, "http2.window_update.window_size_increment")->off, 9);
	assert_string_equal(speak_row(s, "http2.window_update.window_size_increment", 0), "7");
	is(s, PROTO_TCP, BYTES("\0\0\x08\x07\0\0\0\0\0\0\0\0\x05\0\0\0\x0b"), "http2");
	assert_int_equal(packet_find(&s->packet, "http2.goaway.error")->off, 13);
	assert_string_equal(speak_row(s, "http2.goaway.error", 0), "enhance your calm (11)");
	s->known = NULL;
}

static void sip_first_lines(void **state)
{
	static const char invite[] = "INVITE sip:b@example.org SIP/2.0\r\nCSeq : 1 INVITE\r\ni: me\r\n\r\nv=0\r\n";
	struct speaker *s = *state;

	is(s, PROTO_UDP, BYTES(invite), "sip");
	assert_string_equal(speak_row(s, "sip.CSeq", 0), "1 INVITE");
	assert_string_equal(speak_row(s, "sip.Call-ID", 0), "me");
	is(s, PROTO_TCP, BYTES("SIP/2.0 603 Decline\r\n"), "sip");
	assert_string_equal(speak_row(s, "sip.Status-Code", 0), "603");
	nobody(s, PROTO_UDP, BYTES("INVITE sip:b@example.org SIP/3.0\r\n"));
	nobody(s, PROTO_UDP, BYTES("INVITE mailto:b@example.org SIP/2.0\r\n"));
	nobody(s, PROTO_UDP, BYTES("INVITED sip:b@example.org SIP/2.0\r\n"));
	nobody(s, PROTO_UDP, BYTES("SIP/2.0 99 x\r\n"));
	nobody(s, PROTO_UDP, BYTES("SIP/2.0 700 x\r\n"));
	nobody(s, PROTO_UDP, BYTES("INVITE sip:b@example.org SIP/2.0"));
}

static void redis_commands_and_replies(void **state)
{
	struct speaker *s = *state;

	is(s, PROTO_TCP, BYTES("*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"), "redis");
	assert_string_equal(speak_row(s, "resp.argument", 0), "k");
	is(s, PROTO_TCP, BYTES("*3\r\n$8\r\nJSON.GET\r\n$9000\r\nbegins"), "redis");
	nobody(s, PROTO_TCP, BYTES("*2\r\n$3\r\nG T\r\n$1\r\nk\r\n"));
	nobody(s, PROTO_TCP, BYTES("*0\r\n$3\r\nGET\r\n"));
	nobody(s, PROTO_TCP, BYTES("*2\r\n$4\r\nGET\r\n$1\r\nk\r\n"));
	nobody(s, PROTO_TCP, BYTES("*99999999\r\n$3\r\nGET\r\n"));
	nobody(s, PROTO_TCP, BYTES("*1\n$4\r\nPING\r\n"));
	nobody(s, PROTO_TCP, BYTES("*1\r\n$4\nPING\r\n"));
	nobody(s, PROTO_TCP, BYTES("*-1\r\n"));
	nobody(s, PROTO_TCP, BYTES(":42\r\n"));
	nobody(s, PROTO_TCP, BYTES("-ERR unknown\r\n"));
	nobody(s, PROTO_TCP, BYTES("+PONG\r\n"));
	nobody(s, PROTO_TCP, BYTES("PING\r\n"));
	assert_int_equal(s->packet.need_more, 7);
	s->other = "PING\r\n";
	is(s, PROTO_TCP, BYTES("+PONG\r\n"), "redis");
	s->other = "HELO x\r\n";
	nobody(s, PROTO_TCP, BYTES("+PONG\r\n"));
	s->other = NULL;
	s->known = dissect_by_name("redis");
	is(s, PROTO_TCP, BYTES("$5\r\nhello\r\n"), "redis");
	assert_string_equal(speak_row(s, "resp.value", 0), "hello");
	nobody(s, PROTO_TCP, BYTES("\x16\x03\x01 what\r\n"));
	s->known = NULL;
}

static void pgsql_startup_is_whole(void **state)
{
	static const char start[] = "\0\0\0\x1d\0\x03\0\0user\0app\0database\0d\0\0";
	static const uint16_t which[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 28};
	struct speaker *s = *state;

	is(s, PROTO_TCP, start, 29, "pgsql");
	assert_string_equal(speak_row(s, "pgsql.user", 0), "app");
	every_byte_counts(s, PROTO_TCP, start, 29, which, sizeof which / sizeof *which);
	nobody(s, PROTO_TCP, start, 30); /* a byte too many */
	is(s, PROTO_TCP, BYTES("\0\0\0\x08\x04\xd2\x16\x2f"), "pgsql");
	nobody(s, PROTO_TCP, BYTES("\0\0\0\x08\x04\xd2\x16\x2e"));
	nobody(s, PROTO_TCP, BYTES("\0\0\0\x09\x04\xd2\x16\x2fx"));
	nobody(s, PROTO_TCP, BYTES("R\0\0\0\x08\0\0\0\0"));
	s->known = dissect_by_name("pgsql");
	s->server = true;
	is(s, PROTO_TCP, BYTES("R\0\0\0\x0c\0\0\0\x05salt"), "pgsql");
	assert_string_equal(speak_row(s, "pgsql.authtype", 0), "MD5 (5)");
	nobody(s, PROTO_TCP, BYTES("\x16\x03\x03\0\x7a\x02\0\0"));
	s->server = false;
	is(s, PROTO_TCP, BYTES("Q\0\0\0\x0dselect 1\0"), "pgsql");
	assert_string_equal(speak_row(s, "pgsql.query", 0), "select 1");
	s->known = NULL;
}

static void mysql_lengths_agree(void **state)
{
	static const char greeting[] = "\x32\0\0\0\x0a" "8.0\0" "tidd" "saltsalt\0" "\xff\xff\xff\2\0\xff\xdf\x15"
				       "\0\0\0\0\0\0\0\0\0\0" "moresaltmore\0" "x";
	static const uint16_t which[] = {0, 1, 2, 3, 4, 5, 6, 21};
	struct speaker *s = *state;

	is(s, PROTO_TCP, BYTES(greeting), "mysql");
	assert_string_equal(speak_row(s, "mysql.version", 0), "8.0");
	every_byte_counts(s, PROTO_TCP, BYTES(greeting), which, sizeof which / sizeof *which);
	nobody(s, PROTO_TCP, greeting, sizeof greeting); /* a byte too many */
	is(s, PROTO_TCP, BYTES("\x13\0\0\0\xff\x10\x04Too many connec."), "mysql");
	nobody(s, PROTO_TCP, BYTES("\x13\0\0\0\xff\x10\x03Too many connec."));  /* code 784 */
	nobody(s, PROTO_TCP, BYTES("\x13\0\0\0\xff\x10\x04Too many c\1nnec."));
	nobody(s, PROTO_TCP, BYTES("\x05\0\0\0\x03quit"));
	s->known = dissect_by_name("mysql");
	is(s, PROTO_TCP, BYTES("\x05\0\0\0\x03quit"), "mysql");
	assert_string_equal(speak_row(s, "mysql.query", 0), "quit");
	nobody(s, PROTO_TCP, BYTES("\x16\x03\x01\0\xc0\x01\0\0\xbc\x03\x03"));
	s->known = NULL;
}

/* BOOTP's 236 bytes, the cookie, and what follows. */
static size_t dhcp(uint8_t *out, const char *options, size_t n)
{
	memset(out, 0, 236);
	memcpy(out, "\x02\x01\x06\0\x12\x34\x56\x78", 8);
	memcpy(out + 16, "\xc0\0\2\x4d", 4);
	memcpy(out + 28, "\2\0\0\0\0\7", 6);
	memcpy(out + 236, "\x63\x82\x53\x63", 4);
	memcpy(out + 240, options, n);
	return 240 + n;
}

static void dhcp_needs_its_message_type(void **state)
{
	struct speaker *s = *state;
	uint8_t bytes[400];
	size_t n;

	n = dhcp(bytes, BYTES("\x35\1\5\x33\4\0\1\x51\x80\0\x36\4\xc0\0\2\1\xff"));
	is(s, PROTO_UDP, bytes, n, "dhcp");
	assert_string_equal(speak_row(s, "dhcp.option.dhcp", 0), "ACK (5)");
	assert_string_equal(speak_row(s, "dhcp.hw.mac_addr", 0), "02:00:00:00:00:07");
	assert_string_equal(speak_row(s, "dhcp.ip.your", 0), "192.0.2.77");
	assert_string_equal(speak_row(s, "dhcp.option.ip_address_lease_time", 0), "86400");
	for (size_t at = 236; at < 240; at++) {
		bytes[at] ^= 1;
		nobody(s, PROTO_UDP, bytes, n);
		bytes[at] ^= 1;
	}
	bytes[0] = 3;
	nobody(s, PROTO_UDP, bytes, n);
	n = dhcp(bytes, BYTES("\x0c\2me\xff"));
	nobody(s, PROTO_UDP, bytes, n);
	n = dhcp(bytes, BYTES("\x35\1\x20\xff"));
	nobody(s, PROTO_UDP, bytes, n);
	n = dhcp(bytes, BYTES("\x35\1\1\x0c\x20me"));
	assert_int_equal(speak(s, PROTO_UDP, 67, bytes, n), DISSECT_BAD);
	assert_int_equal(speak_cut(s, PROTO_UDP, 67, bytes, n, n + 40), DISSECT_CUT);
	assert_int_equal(speak_cut(s, PROTO_UDP, 67, bytes, 238, n), DISSECT_NOT_MINE);
}

static void dhcpv6_fills_its_datagram(void **state)
{
	static const char solicit[] = "\1\xab\xcd\xef\0\1\0\x0a\0\3\0\1\2\0\0\0\0\7\0\x08\0\2\0\0";
	static const uint16_t which[] = {0, 4, 5, 6, 7, 8, 9, 18, 20, 21};
	struct speaker *s = *state;
	size_t n = sizeof solicit - 1;

	is(s, PROTO_UDP, solicit, n, "dhcpv6");
	assert_string_equal(speak_row(s, "dhcpv6.msgtype", 0), "Solicit (1)");
	for (size_t i = 0; i < sizeof which / sizeof *which; i++) {
		char copy[sizeof solicit];

		memcpy(copy, solicit, n);
		copy[which[i]] = (char)(copy[which[i]] ^ 0x80);
		if (which[i] != 18) /* another option: an unknown one may be there */
			nobody(s, PROTO_UDP, copy, n);
	}
	for (size_t less = 0; less < n; less++)
		if (less != 18) /* ends behind an option: whole */
			nobody(s, PROTO_UDP, solicit, less);
	nobody(s, PROTO_UDP, BYTES("\1\xab\xcd\xef\0\x08\0\2\0\0")); /* nobody's identifier */
}

static void ntp_within_bounds(void **state)
{
	struct speaker *s = *state;
	uint8_t bytes[72] = {0x24, 2, 6, 0xe8, 0, 0, 3, 0, 0, 0, 1, 0x80, 192, 0, 2, 9};

	memcpy(bytes + 40, "\xed\x4f\xde\x20\x80\0\0\0", 8);
	is(s, PROTO_UDP, bytes, 48, "ntp");
	assert_string_equal(speak_row(s, "ntp.xmt", 0), "2026-03-02 10:00:00.500000000 UTC");
	is(s, PROTO_UDP, bytes, 68, "ntp");
	nobody(s, PROTO_UDP, bytes, 47);
	nobody(s, PROTO_UDP, bytes, 49);
	bytes[1] = 17; /* stratum */
	nobody(s, PROTO_UDP, bytes, 48);
	bytes[1] = 2;
	bytes[5] = 17; /* 17 s to the root */
	nobody(s, PROTO_UDP, bytes, 48);
	assert_int_equal(speak(s, PROTO_UDP, 123, bytes, 48), DISSECT_OK); /* its port is milder */
	bytes[4] = 0x20; /* 8192 s */
	assert_int_equal(speak(s, PROTO_UDP, 123, bytes, 48), DISSECT_NOT_MINE);
	bytes[4] = bytes[5] = 0;
	bytes[0] = 0x2c; /* version 5 */
	nobody(s, PROTO_UDP, bytes, 48);
	bytes[0] = 0x20; /* mode 0 */
	assert_int_equal(speak(s, PROTO_UDP, 123, bytes, 48), DISSECT_NOT_MINE);
	memcpy(bytes, "\x16\x02\0\1\0\0\0\0\0\0\0\x05", 12); /* control, five bytes of data */
	nobody(s, PROTO_UDP, bytes, 17);
	assert_int_equal(speak(s, PROTO_UDP, 123, bytes, 17), DISSECT_OK);
	assert_int_equal(speak(s, PROTO_UDP, 123, bytes, 20), DISSECT_OK);
	assert_int_equal(speak(s, PROTO_UDP, 123, bytes, 12), DISSECT_NOT_MINE);
	assert_int_equal(speak(s, PROTO_UDP, 123, bytes, 18), DISSECT_NOT_MINE);
	bytes[0] = 0x56; /* no leap seconds there */
	assert_int_equal(speak(s, PROTO_UDP, 123, bytes, 17), DISSECT_NOT_MINE);
	memcpy(bytes, "\x17\x00\x03\x2a\x00\x02\x00\x14", 8); /* private, two items of 20 bytes */
	assert_int_equal(speak(s, PROTO_UDP, 123, bytes, 48), DISSECT_OK);
	assert_int_equal(speak(s, PROTO_UDP, 123, bytes, 44), DISSECT_NOT_MINE);
	assert_int_equal(speak(s, PROTO_UDP, 123, "Not of NTP, text.\r\n", 19), DISSECT_NOT_MINE);
	assert_int_equal(speak(s, PROTO_UDP, 123, "of many bytes\r\n", 15), DISSECT_NOT_MINE);
	memset(bytes, 0, sizeof bytes);
	nobody(s, PROTO_UDP, bytes, 48);
	bytes[0] = 0x1b; /* a client that says nothing */
	is(s, PROTO_UDP, bytes, 48, "ntp");
	bytes[0] = 0x1c; /* a server that says nothing */
	nobody(s, PROTO_UDP, bytes, 48);
}

static void times_of_any_size(void **state)
{
	static const struct field_info f_time = {"t", "t", FIELD_TIME, NULL};
	static const struct { int64_t ns; const char *text; } times[] = {
		{0, "1970-01-01 00:00:00.000000000 UTC"}, {-1, "1969-12-31 23:59:59.999999999 UTC"},
		{INT64_C(951782400) * 1000000000, "2000-02-29 00:00:00.000000000 UTC"},
		{INT64_MAX, "2262-04-11 23:47:16.854775807 UTC"}, {INT64_MIN, "1677-09-21 00:12:43.145224192 UTC"},
	};
	struct speaker *s = *state;

	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		struct frame frame = {0};

		packet_reset(&s->packet, &frame);
		packet_field(&s->packet, &f_time, NULL, 0, (uint64_t)times[i].ns);
		assert_string_equal(speak_row(s, "t", 0), times[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(http2_preface_and_settings),
		cmocka_unit_test(sip_first_lines),
		cmocka_unit_test(redis_commands_and_replies),
		cmocka_unit_test(pgsql_startup_is_whole),
		cmocka_unit_test(mysql_lengths_agree),
		cmocka_unit_test(dhcp_needs_its_message_type),
		cmocka_unit_test(dhcpv6_fills_its_datagram),
		cmocka_unit_test(ntp_within_bounds),
		cmocka_unit_test(times_of_any_size),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
