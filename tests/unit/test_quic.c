/* QUIC: long headers of every version, negotiation, and the short ones.
 * links: dissect facts base
 */
#include "speak.h"

enum { INITIAL = 1200 };

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

/* An Initial of 1200 bytes: 8 byte destination id, no source id, no token. */
static void initial(uint8_t out[INITIAL], uint32_t version, uint8_t flags)
{
	memset(out, 0x5a, INITIAL);
	out[0] = flags;
	out[1] = (uint8_t)(version >> 24);
	out[2] = (uint8_t)(version >> 16);
	out[3] = (uint8_t)(version >> 8);
	out[4] = (uint8_t)version;
	out[5] = 8;
	memcpy(out + 6, "\1\2\3\4\5\6\7\x08", 8);
	out[14] = 0;
	out[15] = 0;
	out[16] = 0x40 | (INITIAL - 18) >> 8;
	out[17] = (INITIAL - 18) & 0xff;
}

static void quic_initial_of_every_version(void **state)
{
	static const struct {
		uint32_t version;
		uint8_t flags;
		const char *text;
	} all[] = {
		{1, 0xc3, "0x00000001 1"}, {0x6b3343cf, 0xd3, "0x6b3343cf 2"}, {0xff00001d, 0xc0, "0xff00001d draft-29"},
	};
	struct speaker *s = *state;
	uint8_t bytes[INITIAL];

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		initial(bytes, all[i].version, all[i].flags);
		assert_int_equal(speak(s, PROTO_UDP, 8443, bytes, INITIAL), DISSECT_OK);
		assert_string_equal(speak_service(s), "quic");
		assert_string_equal(speak_row(s, "quic.packet_type", 0), "Initial");
		assert_string_equal(speak_row(s, "quic.version", 0), all[i].text);
		assert_string_equal(speak_row(s, "quic.dcid", 0), "0102030405060708");
		assert_string_equal(speak_row(s, "quic.scil", 0), "0");
		assert_string_equal(speak_row(s, "quic.length", 0), "1182");
	}
}

static void quic_wrong_headers_are_not(void **state)
{
	/* unknown version, no fixed bit, short form, id of 21 bytes, a length beyond the datagram */
	static const struct {
		size_t at;
		uint8_t value;
	} wrong[] = {{1, 7}, {4, 2}, {0, 0x83}, {0, 0x43}, {5, 21}, {14, 21}, {16, 0x7f}, {17, 0xff}};
	struct speaker *s = *state;
	uint8_t bytes[INITIAL];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		initial(bytes, 1, 0xc3);
		bytes[wrong[i].at] = wrong[i].value;
		assert_int_equal(speak(s, PROTO_UDP, 443, bytes, INITIAL), DISSECT_NOT_MINE);
		speak_nothing(s);
	}
	initial(bytes, 1, 0xc3);
	for (size_t n = 1; n < INITIAL; n++)
		assert_int_equal(speak(s, PROTO_UDP, 443, bytes, n), DISSECT_NOT_MINE);
}

static void quic_cut_is_never_whole(void **state)
{
	struct speaker *s = *state;
	uint8_t bytes[INITIAL];

	initial(bytes, 1, 0xc3);
	for (size_t n = 1; n < INITIAL; n++)
		assert_int_equal(speak_cut(s, PROTO_UDP, 443, bytes, n, INITIAL), n < 18 ? DISSECT_NOT_MINE : DISSECT_CUT);
}

static void quic_negotiation_lists_versions(void **state)
{
	static const uint8_t list[] = "\x80\0\0\0\0\x02" "ab" "\x01" "c" "\0\0\0\1\x1a\x2a\x3a\x4a";
	static const uint8_t strange[] = "\x80\0\0\0\0\x02" "ab" "\x01" "c" "\x12\x34\x56\x78";
	struct speaker *s = *state;

	assert_int_equal(speak(s, PROTO_UDP, 443, list, sizeof(list) - 1), DISSECT_OK);
	assert_string_equal(speak_row(s, "quic.packet_type", 0), "Version Negotiation");
	assert_string_equal(speak_row(s, "quic.supported_version", 1), "0x1a2a3a4a");
	assert_int_equal(speak(s, PROTO_UDP, 443, list, sizeof(list) - 2), DISSECT_NOT_MINE);
	assert_int_equal(speak(s, PROTO_UDP, 443, strange, sizeof(strange) - 1), DISSECT_NOT_MINE);
}

static void quic_short_header_needs_a_known_flow(void **state)
{
	static const uint8_t protected[] = "\x61 nothing of this can be read";
	struct speaker *s = *state;

	assert_int_equal(speak(s, PROTO_UDP, 443, protected, sizeof(protected) - 1), DISSECT_NOT_MINE);
	speak_nothing(s);
	s->known = dissect_by_name("quic");
	assert_non_null(s->known);
	assert_int_equal(speak(s, PROTO_UDP, 443, protected, sizeof(protected) - 1), DISSECT_OK);
	assert_string_equal(speak_row(s, "quic.packet_type", 0), "Protected payload");
	assert_string_equal(speak_row(s, "quic.spin_bit", 0), "1");
	assert_int_equal(speak(s, PROTO_UDP, 443, "\x01 not one", 9), DISSECT_NOT_MINE);
	s->known = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quic_initial_of_every_version),
		cmocka_unit_test(quic_wrong_headers_are_not),
		cmocka_unit_test(quic_cut_is_never_whole),
		cmocka_unit_test(quic_negotiation_lists_versions),
		cmocka_unit_test(quic_short_header_needs_a_known_flow),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
