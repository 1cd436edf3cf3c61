/* TLS: hellos, records, and segments that are somebody else's.
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

#define RANDOM "0123456789abcdef0123456789abcdef"

/* ClientHello: no session, two suites, SNI a.example.org, ALPN h2, versions GREASE and 1.3 */
static const uint8_t hello[] = "\x16\x03\x01\x00\x61\x01\x00\x00\x5d\x03\x03" RANDOM "\x00"
			       "\x00\x04\x13\x01\x13\x02\x01\x00\x00\x30"
			       "\x00\x00\x00\x12\x00\x10\x00\x00\x0d"
			       "a.example.org"
			       "\x00\x10\x00\x05\x00\x03\x02h2"
			       "\x00\x2b\x00\x05\x04\x0a\x0a\x03\x04"
			       "\x00\x15\x00\x04\0\0\0\0";
enum { HELLO = sizeof(hello) - 1, SURE = 5 + 4 + 2 + 32 + 1 + 2, NAME_ENDS = 5 + 4 + 2 + 32 + 1 + 6 + 2 + 2 + 4 + 5 + 13 };

static void tls_client_hello_names_the_server(void **state)
{
	struct speaker *s = *state;

	assert_int_equal(HELLO, 5 + 0x61);
	assert_int_equal(speak(s, PROTO_TCP, 8883, hello, HELLO), DISSECT_OK);
	assert_string_equal(speak_service(s), "tls");
	assert_int_equal(s->packet.server_name_len, 13);
	assert_memory_equal(s->packet.server_name, "a.example.org", 13);
	assert_string_equal(speak_row(s, "tls.message", 0), "ClientHello");
	assert_string_equal(speak_row(s, "tls.handshake.version", 0), "TLS 1.2 (771)");
	assert_string_equal(speak_row(s, "tls.handshake.cipher_suites_count", 0), "2");
	assert_string_equal(speak_row(s, "tls.handshake.extensions_alpn_str", 0), "h2");
	assert_string_equal(speak_row(s, "tls.handshake.extensions.supported_version", 0), "TLS 1.3 (772)");
}

/* A hello in two segments: what is here is read; the name if it is whole. */
/* The same bytes as the head of a stream: the rows lie there, the packet's own
 * payload stays what it was. */
static void tls_hello_of_a_stream(void **state)
{
	const struct talk talk = {.from_client = true, .first = true};
	uint8_t stream[HELLO];
	struct speaker *s = *state;

	memcpy(stream, hello, HELLO);
	assert_int_equal(speak(s, PROTO_TCP, 443, hello + SURE, 30), DISSECT_NOT_MINE);
	assert_int_equal(dissect_stream(s->dissect, &s->packet, &talk, stream, HELLO), DISSECT_OK);
	assert_string_equal(speak_service(s), "tls");
	assert_ptr_equal(s->packet.server_name, stream + NAME_ENDS - 13);
	assert_string_equal(speak_row(s, "tls.handshake.extensions_server_name", 0), "a.example.org");
	assert_int_equal(s->packet.layer[0].buffer, BUFFER_STREAM);
	assert_int_equal(s->packet.payload_len, 30);
	for (unsigned i = 0; i < s->packet.fields; i++)
		assert_int_equal(s->packet.field[i].buffer, BUFFER_STREAM);
}

static void tls_client_hello_goes_on(void **state)
{
	struct speaker *s = *state;

	for (size_t n = SURE; n < HELLO; n++) {
		assert_int_equal(speak(s, PROTO_TCP, 443, hello, n), DISSECT_OK);
		assert_string_equal(speak_service(s), "tls");
		assert_int_equal(s->packet.server_name != NULL, n >= NAME_ENDS);
		assert_int_equal(s->packet.need_more, HELLO); /* the whole record */
	}
	for (size_t n = 1; n < SURE; n++) {
		assert_int_equal(speak(s, PROTO_TCP, 443, hello, n), DISSECT_NOT_MINE);
		speak_nothing(s);
		assert_int_equal(s->packet.need_more, n < 3 ? 0 : n < 6 ? 6 : HELLO);
	}
}

static void tls_cut_is_never_whole(void **state)
{
	struct speaker *s = *state;

	for (size_t n = 1; n < HELLO; n++)
		assert_int_equal(speak_cut(s, PROTO_TCP, 443, hello, n, HELLO), n < SURE ? DISSECT_NOT_MINE : DISSECT_CUT);
}

static void tls_server_flight(void **state)
{
	/* ServerHello 1.3, ChangeCipherSpec, application data, and a record that goes on */
	static const uint8_t flight[] = "\x16\x03\x03\x00\x32\x02\x00\x00\x2e\x03\x03" RANDOM "\x00\x13\x02\x00"
					"\x00\x06\x00\x2b\x00\x02\x03\x04"
					"\x14\x03\x03\x00\x01\x01"
					"\x17\x03\x03\x00\x03xyz"
					"\x17\x03\x03\x40\x00zz";
	struct speaker *s = *state;

	assert_int_equal(speak(s, PROTO_TCP, 443, flight, sizeof(flight) - 1), DISSECT_OK);
	assert_string_equal(speak_row(s, "tls.handshake.ciphersuite", 0), "TLS_AES_256_GCM_SHA384 (4866)");
	assert_string_equal(speak_row(s, "tls.handshake.extensions.supported_version", 0), "TLS 1.3 (772)");
	assert_string_equal(speak_row(s, "tls.message", 0), "ServerHello");
	assert_string_equal(speak_row(s, "tls.message", 1), "ChangeCipherSpec");
	assert_string_equal(speak_row(s, "tls.message", 2), "ApplicationData");
	assert_string_equal(speak_row(s, "tls.message", 3), "ApplicationData");
	assert_null(s->packet.server_name);
}

static void tls_alert_in_words(void **state)
{
	struct speaker *s = *state;

	assert_int_equal(speak(s, PROTO_TCP, 443, "\x15\x03\x03\x00\x02\x02\x70", 7), DISSECT_OK);
	assert_string_equal(speak_row(s, "tls.alert_message.level", 0), "fatal (2)");
	assert_string_equal(speak_row(s, "tls.alert_message.desc", 0), "unrecognized name (112)");
	assert_int_equal(speak(s, PROTO_TCP, 443, "\x15\x03\x03\x00\x02\x09\x70", 7), DISSECT_NOT_MINE);
}

static void tls_middle_needs_whole_records(void **state)
{
	static const uint8_t data[] = "\x17\x03\x03\x00\x04" "abcd" "\x17\x03\x03\x00\x02" "ef";
	struct speaker *s = *state;

	assert_int_equal(speak(s, PROTO_TCP, 443, data, sizeof(data) - 1), DISSECT_OK);
	for (size_t n = 1; n < 14; n++) /* up to the second header, which is proof again */
		if (n != 9)
			assert_int_equal(speak(s, PROTO_TCP, 443, data, n), DISSECT_NOT_MINE);
	/* in a conversation known to be TLS a record may go on */
	s->known = dissect_by_name("tls");
	assert_non_null(s->known);
	assert_int_equal(speak(s, PROTO_TCP, 443, data, sizeof(data) - 2), DISSECT_OK);
	assert_int_equal(speak(s, PROTO_TCP, 443, "in the middle of a record", 25), DISSECT_NOT_MINE);
	speak_nothing(s);
	s->known = NULL;
}

static void tls_wrong_hellos_are_not(void **state)
{
	/* offset and value that make the hello none */
	static const struct {
		size_t at;
		uint8_t value;
	} wrong[] = {{0, 0x19}, {1, 2}, {2, 9}, {3, 0x60}, {9, 1}, {43, 33}, {45, 5}, {45, 0}};
	uint8_t copy[HELLO];
	struct speaker *s = *state;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		memcpy(copy, hello, HELLO);
		copy[wrong[i].at] = wrong[i].value;
		assert_int_equal(speak(s, PROTO_TCP, 443, copy, HELLO), DISSECT_NOT_MINE);
		speak_nothing(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tls_client_hello_names_the_server),
		cmocka_unit_test(tls_client_hello_goes_on),
		cmocka_unit_test(tls_hello_of_a_stream),
		cmocka_unit_test(tls_cut_is_never_whole),
		cmocka_unit_test(tls_server_flight),
		cmocka_unit_test(tls_alert_in_words),
		cmocka_unit_test(tls_middle_needs_whole_records),
		cmocka_unit_test(tls_wrong_hellos_are_not),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
