/* DNS by its content: messages that are, and bytes that only look like it.
 * links: dissect facts base
 */
#include "speak.h"

enum { PORT = 53, OTHER = 5300 };

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

/* id 0x1234, recursion desired, one question: www.example.org A */
static const uint8_t question[] = "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
				  "\x03www\x07"
				  "example\x03org\x00\x00\x01\x00\x01";
enum { QUESTION = sizeof(question) - 1 };

/* its answer: CNAME cdn.example.org by pointers, then its address */
static const uint8_t answer[] = "\x12\x34\x81\x80\x00\x01\x00\x02\x00\x00\x00\x00"
				"\x03www\x07"
				"example\x03org\x00\x00\x01\x00\x01"
				"\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x3c\x00\x06\x03"
				"cdn\xc0\x10"
				"\xc0\x2d\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xcb\x00\x71\x05";
enum { ANSWER = sizeof(answer) - 1 };

static void dns_question_on_any_port(void **state)
{
	struct speaker *s = *state;

	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(speak(s, PROTO_UDP, i ? OTHER : PORT, question, QUESTION), DISSECT_OK);
		assert_string_equal(speak_service(s), "dns");
		assert_string_equal(speak_row(s, "dns.id", 0), "0x1234");
		assert_string_equal(speak_row(s, "dns.flags.response", 0), "query");
		assert_string_equal(speak_row(s, "dns.qry.name", 0), "www.example.org");
		assert_string_equal(speak_row(s, "dns.qry.type", 0), "A (1)");
		assert_int_equal(s->packet.layers, 1);
		assert_int_equal(s->packet.layer[0].len, QUESTION);
	}
}

static void dns_answer_with_compressed_names(void **state)
{
	struct speaker *s = *state;

	assert_int_equal(speak(s, PROTO_UDP, OTHER, answer, ANSWER), DISSECT_OK);
	assert_string_equal(speak_row(s, "dns.flags.rcode", 0), "NoError (0)");
	assert_string_equal(speak_row(s, "dns.resp.name", 0), "www.example.org");
	assert_string_equal(speak_row(s, "dns.cname", 0), "cdn.example.org");
	assert_string_equal(speak_row(s, "dns.resp.name", 1), "cdn.example.org");
	assert_string_equal(speak_row(s, "dns.a", 0), "203.0.113.5");
	assert_string_equal(speak_row(s, "dns.resp.ttl", 1), "60");
}

static void dns_rows_cost_nothing_unwanted(void **state)
{
	struct speaker *s = *state;
	struct talk talk = {0};

	(void)speak(s, PROTO_UDP, PORT, answer, ANSWER);
	s->packet.want_fields = false;
	s->packet.fields = 0;
	s->packet.layers = 0;
	assert_int_equal(dissect_payload(s->dissect, &s->packet, &talk), DISSECT_OK);
	assert_int_equal(s->packet.fields, 0);
	assert_string_equal(speak_service(s), "dns");
}

/* Whatever the capture left out: never OK, and ours only with the question. */
static void dns_cut_is_never_whole(void **state)
{
	struct speaker *s = *state;

	for (size_t n = 1; n < ANSWER; n++) {
		enum dissect_result r = speak_cut(s, PROTO_UDP, OTHER, answer, n, ANSWER);

		assert_int_equal(r, n < QUESTION ? DISSECT_NOT_MINE : DISSECT_CUT);
		if (r == DISSECT_NOT_MINE)
			speak_nothing(s);
	}
	assert_int_equal(speak_cut(s, PROTO_UDP, PORT, answer, 11, ANSWER), DISSECT_NOT_MINE);
	assert_int_equal(speak_cut(s, PROTO_UDP, PORT, answer, 12, ANSWER), DISSECT_CUT);
}

/* Whatever the wire left out: malformed on the port, nobody's elsewhere. */
static void dns_short_is_not_dns(void **state)
{
	struct speaker *s = *state;

	for (size_t n = 1; n < ANSWER; n++) {
		assert_int_equal(speak(s, PROTO_UDP, OTHER, answer, n), DISSECT_NOT_MINE);
		speak_nothing(s);
		assert_int_equal(speak(s, PROTO_UDP, PORT, answer, n), n < 12 ? DISSECT_NOT_MINE : DISSECT_BAD);
	}
}

static void bad_name(struct speaker *s, const void *bytes, size_t n, const char *issue)
{
	assert_int_equal(speak(s, PROTO_UDP, OTHER, bytes, n), DISSECT_NOT_MINE);
	speak_nothing(s);
	assert_int_equal(speak(s, PROTO_UDP, PORT, bytes, n), DISSECT_BAD);
	assert_string_equal(s->packet.issue, issue);
}

static void dns_names_that_lead_astray(void **state)
{
	static const uint8_t forwards[] = "\0\1\1\0\0\1\0\0\0\0\0\0\x03www\xc0\x20\0\1\0\1zzzzzzzzzzzzzzz";
	static const uint8_t itself[] = "\0\1\1\0\0\1\0\0\0\0\0\0\x03www\xc0\x0c\0\1\0\1";
	static const uint8_t header[] = "\0\1\1\0\0\1\0\0\0\0\0\0\x03www\xc0\x02\0\1\0\1";
	static const uint8_t kind[] = "\0\1\1\0\0\1\0\0\0\0\0\0\x83www\0\0\1\0\1";
	uint8_t longest[12 + 5 * 64 + 5] = {0, 1, 1, 0, 0, 1};
	struct speaker *s = *state;

	bad_name(s, forwards, sizeof(forwards) - 1, "a name's pointer does not lead backwards");
	bad_name(s, itself, sizeof(itself) - 1, "a name's pointer does not lead backwards");
	bad_name(s, header, sizeof(header) - 1, "a name's pointer does not lead backwards");
	bad_name(s, kind, sizeof(kind) - 1, "a name has a label of an unknown kind");
	for (size_t i = 0; i < 5; i++) {
		longest[12 + 64 * i] = 63;
		memset(longest + 13 + 64 * i, 'a', 63);
	}
	longest[sizeof(longest) - 3] = 1;
	longest[sizeof(longest) - 1] = 1;
	bad_name(s, longest, sizeof(longest), "a name is longer than 255 bytes");
}

static void dns_pointers_are_counted(void **state)
{
	/* records whose names point at the record before: a chain */
	uint8_t message[12 + 5 + 40 * 12] = {0, 1, 0x81, 0x80, 0, 1, 0, 40, 0, 0, 0, 0, 0, 0, 1, 0, 1};
	struct speaker *s = *state;
	size_t at = 17, to = 12;

	for (unsigned i = 0; i < 40; i++) {
		message[at] = (uint8_t)(0xc0 | to >> 8);
		message[at + 1] = (uint8_t)to;
		message[at + 3] = 10; /* NULL record, class IN, no data */
		message[at + 5] = 1;
		to = at;
		at += 12;
	}
	assert_int_equal(speak(s, PROTO_UDP, PORT, message, sizeof(message)), DISSECT_BAD);
	assert_string_equal(s->packet.issue, "a name has too many pointers");
	message[7] = 16;
	assert_int_equal(speak(s, PROTO_UDP, OTHER, message, 17 + 16 * 12), DISSECT_OK);
}

static void dns_record_types(void **state)
{
	static const uint8_t mx[] = "\0\1\x81\x80\0\1\0\1\0\0\0\1\x03org\0\0\x0f\0\1"
				    "\xc0\x0c\0\x0f\0\1\0\0\0\1\0\x09\0\x0a\x04mail\xc0\x0c"
				    "\0\0\x29\x04\xd0\0\0\x80\0\0\x06\0\x0a\0\x02zz";
	static const uint8_t soa[] = "\0\1\x81\x83\0\1\0\0\0\1\0\0\x03org\0\0\1\0\1"
				     "\xc0\x0c\0\x06\0\1\0\0\0\1\0\x1c\x01n\xc0\x0c\x01h\xc0\x0c"
				     "\0\0\0\7\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\x2c";
	struct speaker *s = *state;

	assert_int_equal(speak(s, PROTO_UDP, OTHER, mx, sizeof(mx) - 1), DISSECT_OK);
	assert_string_equal(speak_row(s, "dns.mx.mail_exchange", 0), "mail.org");
	assert_string_equal(speak_row(s, "dns.mx.preference", 0), "10");
	assert_string_equal(speak_row(s, "dns.rr.udp_payload_size", 0), "1232");
	assert_string_equal(speak_row(s, "dns.resp.z.do", 0), "yes");
	assert_string_equal(speak_row(s, "dns.opt.code", 0), "cookie (10)");
	assert_int_equal(speak(s, PROTO_UDP, OTHER, soa, sizeof(soa) - 1), DISSECT_OK);
	assert_string_equal(speak_row(s, "dns.flags.rcode", 0), "NXDomain (3)");
	assert_string_equal(speak_row(s, "dns.soa.mname", 0), "n.org");
	assert_string_equal(speak_row(s, "dns.soa.rname", 0), "h.org");
	assert_string_equal(speak_row(s, "dns.soa.serial_number", 0), "7");
	assert_string_equal(speak_row(s, "dns.soa.minimum_ttl", 0), "300");
}

static void dns_over_tcp_has_lengths(void **state)
{
	uint8_t two[2 * (QUESTION + 2) + 4];
	struct speaker *s = *state;

	for (size_t i = 0; i < 2; i++) {
		two[i * (QUESTION + 2)] = 0;
		two[i * (QUESTION + 2) + 1] = QUESTION;
		memcpy(two + i * (QUESTION + 2) + 2, question, QUESTION);
	}
	assert_int_equal(speak(s, PROTO_TCP, OTHER, two, 2 * (QUESTION + 2)), DISSECT_OK);
	assert_string_equal(speak_row(s, "dns.qry.name", 1), "www.example.org");
	/* the third begins here and ends in the next segment */
	memcpy(two + 2 * (QUESTION + 2), "\0\x40zz", 4);
	assert_int_equal(speak(s, PROTO_TCP, OTHER, two, sizeof(two)), DISSECT_OK);
	assert_int_equal(speak(s, PROTO_TCP, OTHER, two, QUESTION), DISSECT_NOT_MINE);
	speak_nothing(s);
}

static void dns_relatives_are_others(void **state)
{
	static const uint16_t ports[] = {5353, 5355};
	static const char *const names[] = {"mdns", "llmnr"};
	static const uint8_t zeros[64];
	uint8_t plain[QUESTION];
	struct speaker *s = *state;

	assert_int_equal(speak(s, PROTO_UDP, 137, question, QUESTION), DISSECT_NOT_MINE);
	memcpy(plain, question, QUESTION);
	plain[2] = 0; /* no recursion: not of a resolver that was put on such a port */
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(speak(s, PROTO_UDP, ports[i], question, QUESTION), DISSECT_OK);
		assert_string_equal(speak_service(s), "dns");
		assert_int_equal(speak(s, PROTO_UDP, ports[i], plain, QUESTION), DISSECT_OK);
		assert_string_equal(speak_service(s), names[i]);
	}
	assert_int_equal(speak(s, PROTO_UDP, OTHER, zeros, sizeof(zeros)), DISSECT_NOT_MINE);
	assert_int_equal(speak(s, PROTO_UDP, PORT, zeros, sizeof(zeros)), DISSECT_NOT_MINE);
	speak_nothing(s);
}

/* The top bit of a class is no part of it on the local link; anywhere else it
 * makes a class that does not exist. */
static void mdns_has_a_bit_in_the_class(void **state)
{
	static const uint8_t record[] = "\0\0\x84\0\0\0\0\1\0\0\0\0" "\4host\5local\0" "\0\1\x80\1\0\0\0\x78\0\4\xc0\0\2\1";
	static const uint8_t two[] = "\0\0\0\0\0\2\0\0\0\0\0\0" "\1a\0\0\1\x80\1" "\1b\0\0\x1c\0\1";
	struct speaker *s = *state;

	assert_int_equal(speak(s, PROTO_UDP, 5353, record, sizeof(record) - 1), DISSECT_OK);
	assert_string_equal(speak_service(s), "mdns");
	assert_string_equal(speak_row(s, "dns.resp.cache_flush", 0), "yes");
	assert_string_equal(speak_row(s, "dns.resp.class", 0), "IN (1)");
	assert_int_equal(speak(s, PROTO_UDP, PORT, record, sizeof(record) - 1), DISSECT_BAD);
	assert_int_equal(speak(s, PROTO_UDP, 5355, record, sizeof(record) - 1), DISSECT_NOT_MINE);
	assert_int_equal(speak(s, PROTO_UDP, 5353, two, sizeof(two) - 1), DISSECT_OK);
	assert_string_equal(speak_row(s, "dns.qry.qu", 0), "yes");
	assert_string_equal(speak_row(s, "dns.qry.qu", 1), "no");
	assert_int_equal(speak(s, PROTO_UDP, 5353, two, sizeof(two) - 2), DISSECT_NOT_MINE);
	assert_int_equal(speak(s, PROTO_UDP, OTHER, two, sizeof(two) - 1), DISSECT_NOT_MINE);
	speak_nothing(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dns_question_on_any_port),
		cmocka_unit_test(dns_answer_with_compressed_names),
		cmocka_unit_test(dns_rows_cost_nothing_unwanted),
		cmocka_unit_test(dns_cut_is_never_whole),
		cmocka_unit_test(dns_short_is_not_dns),
		cmocka_unit_test(dns_names_that_lead_astray),
		cmocka_unit_test(dns_pointers_are_counted),
		cmocka_unit_test(dns_record_types),
		cmocka_unit_test(dns_over_tcp_has_lengths),
		cmocka_unit_test(dns_relatives_are_others),
		cmocka_unit_test(mdns_has_a_bit_in_the_class),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
