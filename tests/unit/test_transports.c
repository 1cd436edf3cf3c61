/* SCTP, UDP-Lite, IGMP: ports, what is refused, and when there is no flow.
 * links: dissect facts base
 */
#include "frames.h"

static void put_sctp(struct frames *s)
{
	put16(s, 36412);
	put16(s, 38412);
	put32(s, 0x11112222);
	put32(s, 0);
}

static void transports_sctp_ports_and_chunks(void **state)
{
	struct frames *s = *state;
	struct packet *p = &s->packet;

	put_ipv4(s, PROTO_SCTP, 12 + 4 + 20);
	put_sctp(s);
	put(s, "\x0b\x00\x00\x04", 4);
	put(s, "\x00\x03\x00\x13\x00\x00\x03\xe8\x00\x01\x00\x02\x00\x00\x00\x2e" "abc\0", 20);
	assert_int_equal(frames_read(s, LINKTYPE_RAW), DISSECT_OK);
	assert_true(p->transport);
	assert_int_equal(p->tuple.from_port, 36412);
	assert_int_equal(p->tuple.to_port, 38412);
	assert_int_equal(p->payload_len, 24);
	assert_string_equal(frames_row(s, "sctp.chunk_type"), "COOKIE ACK (11)");
	assert_string_equal(frames_row(s, "sctp.data_tsn_raw"), "1000");
	assert_string_equal(frames_row(s, "sctp.data_ssn"), "2");
	assert_string_equal(frames_row(s, "sctp.data_payload_proto_id"), "Diameter (46)");
	assert_string_equal(frames_row(s, "sctp.chunks"), "2");
	assert_null(p->issue);
}

static void transports_sctp_chunks_end_at_what_is_wrong(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *issue;
	} wrong[] = {
		{"\x03\x00\x00\x03", 4, "an SCTP chunk length below 4"},
		{"\x07\x00\x00\x10\x00\x00\x00\x01", 8, "an SCTP chunk runs beyond the packet"},
		{"\x07\x00\x00\x06\x00\x01\x00\x00", 8, "an SCTP chunk is too short for what it says"},
		{"\x04\x00\x00\x08\x00\x01\x00\x02", 8, "an SCTP parameter length below 4"},
		{"\x04\x00\x00\x08\x00\x01\x00\x0c", 8, "an SCTP chunk is too short for what it says"},
		{"\x82\x00\x00\x0a\x00\x0d\x00\x06\x00\x01\x00\x00", 12, "an SCTP parameter is too short for what it says"},
	};
	struct frames *s = *state;

	for (unsigned i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		put_ipv4(s, PROTO_SCTP, 12 + (unsigned)wrong[i].n);
		put_sctp(s);
		put(s, wrong[i].bytes, wrong[i].n);
		(void)frames_read(s, LINKTYPE_RAW);
		assert_string_equal(s->packet.issue, wrong[i].issue);
		assert_true(s->packet.transport); /* ports and tag hold */
		assert_int_equal(s->packet.tuple.to_port, 38412);
	}
}

static void transports_sctp_cut_before_the_ports_is_no_flow(void **state)
{
	struct frames *s = *state;

	put_ipv4(s, PROTO_SCTP, 12);
	put_sctp(s);
	assert_int_equal(frames_cut(s, LINKTYPE_RAW, 20 + 7, 32), DISSECT_CUT);
	assert_false(s->packet.transport);
	assert_false(tuple_is_flow(&s->packet.tuple, s->packet.transport));
}

static void transports_udplite_coverage(void **state)
{
	static const struct {
		unsigned coverage;
		const char *issue;
	} cases[] = {{0, NULL}, {8, NULL}, {13, NULL}, {7, "the checksum coverage is below 8"},
		     {14, "the checksum coverage exceeds the packet"}};
	struct frames *s = *state;

	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
		put_ipv4(s, PROTO_UDPLITE, 13);
		put_udp(s, 4000, 5004, cases[i].coverage);
		put(s, "voice", 5);
		assert_int_equal(frames_read(s, LINKTYPE_RAW), DISSECT_OK);
		assert_true(s->packet.transport);
		assert_int_equal(s->packet.tuple.proto, PROTO_UDPLITE);
		assert_int_equal(s->packet.tuple.to_port, 5004);
		assert_int_equal(s->packet.payload_len, 5); /* whatever is covered */
		if (cases[i].issue)
			assert_string_equal(s->packet.issue, cases[i].issue);
		else
			assert_null(s->packet.issue);
	}
}

static void transports_igmp_versions(void **state)
{
	static const struct {
		const char *bytes;
		unsigned n;
		const char *version, *time;
	} queries[] = {
		{"\x11\x00\x00\x00\x00\x00\x00\x00", 8, "1", ""},
		{"\x11\x0a\x00\x00\xef\x01\x02\x03", 8, "2", "10"},
		{"\x11\x7f\x00\x00\xef\x01\x02\x03\x02\x7d\x00\x00", 12, "3", "127"},
		{"\x11\x80\x00\x00\xef\x01\x02\x03\x02\x7d\x00\x00", 12, "3", "128"},
		{"\x11\xff\x00\x00\xef\x01\x02\x03\x02\x7d\x00\x00", 12, "3", "31744"},
	};
	struct frames *s = *state;

	for (unsigned i = 0; i < sizeof queries / sizeof *queries; i++) {
		put_ipv4(s, PROTO_IGMP, queries[i].n);
		put(s, queries[i].bytes, queries[i].n);
		assert_int_equal(frames_read(s, LINKTYPE_RAW), DISSECT_OK);
		assert_string_equal(frames_row(s, "igmp.version"), queries[i].version);
		assert_string_equal(frames_row(s, "igmp.max_resp"), queries[i].time);
		assert_false(s->packet.transport);
		assert_true(tuple_is_flow(&s->packet.tuple, false)); /* by its addresses */
	}
	put_ipv4(s, PROTO_IGMP, 16);
	put(s, "\x22\x00\x00\x00\x00\x00\xff\xff\x04\x00\x00\x00\xef\x09\x09\x09", 16);
	assert_int_equal(frames_read(s, LINKTYPE_RAW), DISSECT_BAD);
	assert_string_equal(frames_row(s, "igmp.maddr"), "239.9.9.9");
}

static void transports_an_extension_header_is_no_flow(void **state)
{
	struct frames *s = *state;

	put_ipv6(s, 60, 8 + 20);
	put(s, "\x06\x00\x01\x04\x00\x00\x00\x00", 8);
	put_tcp(s, 1, 2, 3, TCP_SYN, 20);
	assert_int_equal(frames_cut(s, LINKTYPE_RAW, 40 + 4, 68), DISSECT_CUT);
	assert_false(tuple_is_flow(&s->packet.tuple, s->packet.transport));
	put_ipv6(s, 60, 8 + 20);
	put(s, "\x06\x00\x01\x04\x00\x00\x00\x00", 8);
	put_tcp(s, 1, 2, 3, TCP_SYN, 20);
	assert_int_equal(frames_cut(s, LINKTYPE_RAW, 40 + 8 + 10, 68), DISSECT_CUT);
	assert_int_equal(s->packet.tuple.proto, PROTO_TCP);
	assert_false(tuple_is_flow(&s->packet.tuple, s->packet.transport));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, frames_setup, frames_teardown)
	const struct CMUnitTest tests[] = {
		T(transports_sctp_ports_and_chunks), T(transports_sctp_chunks_end_at_what_is_wrong),
		T(transports_sctp_cut_before_the_ports_is_no_flow), T(transports_udplite_coverage),
		T(transports_igmp_versions), T(transports_an_extension_header_is_no_flow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
