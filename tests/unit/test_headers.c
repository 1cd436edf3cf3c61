/* Links, IP and transport: facts, lengths, what is cut and what is wrong.
 * links: dissect facts base
 */
#include "frames.h"

static void headers_tcp_facts(void **state)
{
	struct frames *s = *state;
	struct packet *p = &s->packet;

	put_ethernet(s, 0x0800);
	put_ipv4(s, PROTO_TCP, 40 + 5);
	put_tcp(s, 40000, 443, 0xfffffff0, TCP_SYN | TCP_ECE | TCP_CWR | TCP_AE, 40);
	put(s, "\x02\x04\x05\xb4\x04\x02\x08\x0a\0\0\0\x64\0\0\0\x32\x01\x03\x03\x07", 20);
	put(s, "hello", 5);
	assert_int_equal(frames_read(s, LINKTYPE_ETHERNET), DISSECT_OK);
	assert_string_equal(frames_layers(s), "eth ip tcp");
	assert_true(p->transport && p->has_mac);
	assert_int_equal(p->mac_from[5], 1);
	assert_int_equal(p->tuple.family, FAMILY_IPV4);
	assert_int_equal(p->tuple.from_port, 40000);
	assert_int_equal(p->tuple.to_port, 443);
	assert_int_equal(p->tcp.seq, 0xfffffff0);
	assert_int_equal(p->tcp.flags, TCP_SYN | TCP_ECE | TCP_CWR | TCP_AE);
	assert_int_equal(p->tcp.options, TCP_HAS_MSS | TCP_HAS_SACK_PERMITTED | TCP_HAS_TIMESTAMPS | TCP_HAS_WSCALE);
	assert_int_equal(p->tcp.mss, 1460);
	assert_int_equal(p->tcp.wscale, 7);
	assert_int_equal(p->tcp.tsval, 100);
	assert_int_equal(p->tcp.tsecr, 50);
	assert_int_equal(p->payload_len, 5);
	assert_memory_equal(p->payload, "hello", 5);
	assert_string_equal(frames_row(s, "tcp.flags"), "SYN, ECE, CWR, AE");
	assert_string_equal(frames_row(s, "ip.src"), "192.0.2.1");
	assert_null(p->issue);
}

static void headers_tcp_sack_blocks(void **state)
{
	struct frames *s = *state;

	put_ipv4(s, PROTO_TCP, 40);
	put_tcp(s, 1, 2, 1, TCP_ACK, 40);
	put(s, "\x01\x01\x05\x12\0\0\0\x01\0\0\0\x02\0\0\0\x05\0\0\0\x09", 20);
	assert_int_equal(frames_read(s, LINKTYPE_RAW), DISSECT_OK);
	assert_int_equal(s->packet.tcp.sacks, 2);
	assert_int_equal(s->packet.tcp.sack[1][0], 5);
	assert_int_equal(s->packet.tcp.sack[1][1], 9);
}

static void headers_tcp_header_lengths(void **state)
{
	struct frames *s = *state;

	put_ipv4(s, PROTO_TCP, 20);
	put_tcp(s, 1, 2, 1, TCP_ACK, 16);
	assert_int_equal(frames_read(s, LINKTYPE_RAW), DISSECT_BAD);
	assert_string_equal(s->packet.issue, "the TCP header length is below 20");
	assert_false(s->packet.transport);
	put_ipv4(s, PROTO_TCP, 20);
	put_tcp(s, 1, 2, 1, TCP_ACK, 24);
	assert_int_equal(frames_read(s, LINKTYPE_RAW), DISSECT_BAD);
	assert_false(s->packet.transport);
	/* a segment of which IP says that it is too short for TCP */
	put_ipv4(s, PROTO_TCP, 19);
	put_tcp(s, 1, 2, 1, TCP_ACK, 20);
	assert_int_equal(frames_read(s, LINKTYPE_RAW), DISSECT_BAD);
	assert_false(s->packet.transport);
}

static void headers_tcp_options_cut_or_wrong(void **state)
{
	struct frames *s = *state;

	put_ipv4(s, PROTO_TCP, 28 + 100);
	put_tcp(s, 1, 2, 1, TCP_SYN, 28);
	put(s, "\x02\x04\x05\xb4\x01\x03\x03\x07", 8);
	assert_int_equal(frames_cut(s, LINKTYPE_RAW, 20 + 20 + 5, 20 + 28 + 100), DISSECT_CUT);
	assert_true(s->packet.transport && s->packet.cut);
	assert_int_equal(s->packet.tcp.options, TCP_HAS_MSS | TCP_OPTIONS_CUT);
	assert_int_equal(s->packet.payload_len, 100);
	assert_null(s->packet.payload);
	/* an option that says it is longer than the header ends the options only */
	put_ipv4(s, PROTO_TCP, 28 + 3);
	put_tcp(s, 1, 2, 1, TCP_SYN, 28);
	put(s, "\x02\x04\x05\xb4\x03\x09\x03\x07" "abc", 11);
	assert_int_equal(frames_read(s, LINKTYPE_RAW), DISSECT_OK);
	assert_string_equal(s->packet.issue, "a TCP option runs beyond the header");
	assert_int_equal(s->packet.tcp.options, TCP_HAS_MSS);
	assert_int_equal(s->packet.payload_len, 3);
}

static void headers_padding_is_no_payload(void **state)
{
	struct frames *s = *state;

	put_ethernet(s, 0x0800);
	put_ipv4(s, PROTO_TCP, 20);
	put_tcp(s, 1, 2, 1, TCP_ACK, 20);
	put(s, "\0\0\0\0\0\0", 6);
	assert_int_equal(frames_read(s, LINKTYPE_ETHERNET), DISSECT_OK);
	assert_int_equal(s->packet.payload_len, 0);
	assert_null(s->packet.payload);
}

static void headers_ip_lengths(void **state)
{
	struct frames *s = *state;

	/* zero: the card cuts it later, the frame's length counts */
	put_ipv4_total(s, PROTO_TCP, 0, 1, 0);
	put_tcp(s, 1, 2, 1, TCP_ACK, 20);
	put_data(s, 3000, 0);
	assert_int_equal(frames_read(s, LINKTYPE_RAW), DISSECT_OK);
	assert_int_equal(s->packet.payload_len, 3000);
	assert_int_equal(s->packet.ip.total_len, 0);
	assert_null(s->packet.issue);
	/* more than the frame: the frame counts, and it is said */
	put_ipv4(s, PROTO_TCP, 20 + 500);
	put_tcp(s, 1, 2, 1, TCP_ACK, 20);
	put_data(s, 9, 0);
	assert_int_equal(frames_read(s, LINKTYPE_RAW), DISSECT_OK);
	assert_int_equal(s->packet.payload_len, 9);
	assert_string_equal(s->packet.issue, "the IP length exceeds the frame");
	/* cut by the capture: IP's length counts */
	put_ipv4(s, PROTO_TCP, 20 + 500);
	put_tcp(s, 1, 2, 1, TCP_ACK, 20);
	put_data(s, 9, 0);
	assert_int_equal(frames_cut(s, LINKTYPE_RAW, 49, 540), DISSECT_OK);
	assert_int_equal(s->packet.payload_len, 500);
	assert_int_equal(s->packet.payload_captured, 9);
	/* below the header */
	put_ipv4_total(s, PROTO_TCP, 19, 1, 0);
	assert_int_equal(frames_read(s, LINKTYPE_RAW), DISSECT_BAD);
	assert_int_equal(s->packet.tuple.family, FAMILY_NONE);
}

static void headers_udp_lengths(void **state)
{
	static const struct {
		unsigned ip, udp, payload;
		enum dissect_result result;
		bool issue;
	} cases[] = {
		{18, 18, 10, DISSECT_OK, false}, {18, 12, 4, DISSECT_OK, false}, {18, 30, 10, DISSECT_OK, true},
		{18, 0, 10, DISSECT_OK, false},	 {18, 7, 0, DISSECT_BAD, true},	 {8, 8, 0, DISSECT_OK, false},
	};
	struct frames *s = *state;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		put_ipv4(s, PROTO_UDP, cases[i].ip);
		put_udp(s, 5000, 6000, cases[i].udp);
		put_data(s, 10, 0x80);
		assert_int_equal(frames_read(s, LINKTYPE_IPV4), cases[i].result);
		assert_int_equal(s->packet.payload_len, cases[i].payload);
		assert_int_equal(s->packet.issue != NULL, cases[i].issue);
		assert_int_equal(s->packet.transport, cases[i].result == DISSECT_OK);
	}
}

static void headers_links(void **state)
{
	static const struct {
		unsigned link;
		const char *head;
		size_t n;
		const char *layers;
	} links[] = {
		{LINKTYPE_NULL, "\x02\0\0\0", 4, "loopback ip tcp"},
		{LINKTYPE_NULL, "\0\0\0\x02", 4, "loopback ip tcp"},
		{LINKTYPE_LOOP, "\0\0\0\x02", 4, "loopback ip tcp"},
		{LINKTYPE_RAW, "", 0, "raw ip tcp"},
		{LINKTYPE_IPV4, "", 0, "ip tcp"},
		{LINKTYPE_PPP, "\xff\x03\0\x21", 4, "ppp ip tcp"},
		{LINKTYPE_PPP, "\x21", 1, "ppp ip tcp"},
		{LINKTYPE_PPP_HDLC, "\x0f\0\x08\0", 4, "ppp ip tcp"},
		{LINKTYPE_PPP_PPPD, "\x01\x03\0\x21", 4, "ppp ip tcp"},
		{LINKTYPE_PPP_ETHER, "\x11\0\0\x07\0\x2a\0\x21", 8, "pppoe ppp ip tcp"},
		{LINKTYPE_LINUX_SLL, "\0\x04\0\x01\0\x06\x02\0\0\0\0\x01\0\0\x08\0", 16, "sll ip tcp"},
		{LINKTYPE_LINUX_SLL2, "\x08\0\0\0\0\0\0\x03\0\x01\x04\x06\x02\0\0\0\0\x01\0\0", 20, "sll2 ip tcp"},
		{LINKTYPE_ETHERNET, "\0\0\0\0\0\x02\0\0\0\0\0\x01\0\x30\xaa\xaa\x03\0\0\0\x08\0", 22,
		 "eth llc ip tcp"},
		{LINKTYPE_ETHERNET, "\0\0\0\0\0\x02\0\0\0\0\0\x01\x88\xa8\x00\x64\x81\0\x20\xc8\x08\0", 22,
		 "eth vlan vlan ip tcp"},
		{LINKTYPE_ETHERNET, "\0\0\0\0\0\x02\0\0\0\0\0\x01\x88\x47\0\x01\x40\x40\0\x01\x51\x40", 22,
		 "eth mpls ip tcp"},
		{LINKTYPE_ETHERNET, "\0\0\0\0\0\x02\0\0\0\0\0\x01\x89\x26\0\x01\0\x02\x08\0", 20,
		 "eth vntag ip tcp"},
		{LINKTYPE_FDDI, "\x50\0\0\0\0\0\x02\0\0\0\0\0\x01\xaa\xaa\x03\0\0\0\x08\0", 21, "fddi llc ip tcp"},
	};
	struct frames *s = *state;

	for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
		put(s, links[i].head, links[i].n);
		put_ipv4(s, PROTO_TCP, 20);
		put_tcp(s, 10, 20, 1, TCP_SYN, 20);
		assert_int_equal(frames_read(s, links[i].link), DISSECT_OK);
		assert_string_equal(frames_layers(s), links[i].layers);
		assert_true(s->packet.transport);
		assert_int_equal(s->packet.payload_len, 0);
		if (i == 13) {
			assert_int_equal(s->packet.path.vlans, 2);
			assert_int_equal(s->packet.path.vlan[0], 100);
			assert_int_equal(s->packet.path.vlan[1], 200);
		}
	}
}

static void headers_unknown_is_said_and_shown(void **state)
{
	struct frames *s = *state;

	put_data(s, 30, 1);
	assert_int_equal(frames_read(s, 147), DISSECT_OK);
	assert_int_equal(dissect_stats(s->dissect)->unknown_link, 1);
	assert_string_equal(s->packet.issue, "a link type that is not read");
	assert_int_equal(s->packet.payload_len, 30);
	put_ethernet(s, 0x88cc);
	put_data(s, 30, 1);
	assert_int_equal(frames_read(s, LINKTYPE_ETHERNET), DISSECT_OK);
	assert_string_equal(frames_row(s, "eth.type"), "0x88cc LLDP");
	assert_int_equal(s->packet.payload_len, 30);
	assert_int_equal(s->packet.tuple.family, FAMILY_NONE);
	put_ipv4(s, 89, 30);
	put_data(s, 30, 1);
	assert_int_equal(frames_read(s, LINKTYPE_RAW), DISSECT_OK);
	assert_int_equal(s->packet.tuple.proto, 89);
	assert_int_equal(s->packet.tuple.from_port, 0);
	assert_int_equal(s->packet.payload_len, 30);
	/* an IPv6 extension header's number means nothing in IPv4 */
	put_ipv4(s, 60, 30);
	put_data(s, 30, 0);
	assert_int_equal(frames_read(s, LINKTYPE_RAW), DISSECT_OK);
	assert_string_equal(frames_layers(s), "raw ip");
	assert_int_equal(s->packet.tuple.proto, 60);
}

static void headers_ipv6_chain(void **state)
{
	struct frames *s = *state;

	put_ipv6(s, 0, 8 + 24 + 8 + 8 + 24 + 20);
	put(s, "\x2b\0\x05\x02\0\0\x01\0", 8);               /* hop-by-hop: router alert */
	put(s, "\x2c\x02\x04\x01\0\0\0\0", 8);               /* segment routing, one segment */
	put_data(s, 16, 0x20);
	put(s, "\x3c\0\0\0\0\0\0\x63", 8);                   /* atomic fragment */
	put(s, "\x33\0\x01\x04\0\0\0\0", 8);                 /* destination options */
	put(s, "\x06\x04\0\0\0\0\0\x01\0\0\0\x02", 12);      /* AH with 12 bytes of check */
	put_data(s, 12, 0);
	put_tcp(s, 10, 20, 1, TCP_SYN, 20);
	assert_int_equal(frames_read(s, LINKTYPE_RAW), DISSECT_OK);
	assert_string_equal(frames_layers(s), "raw ipv6 ipv6ext ah tcp");
	assert_int_equal(s->packet.tuple.proto, PROTO_TCP);
	assert_int_equal(s->packet.tuple.to_port, 20);
	assert_int_equal(s->packet.tuple.to.b[15], 2); /* the header's, not the segment's */
	assert_int_equal(s->packet.payload_len, 0);
	assert_false(s->packet.fragment.present);
	assert_string_equal(frames_row(s, "ipv6.routing.type"), "segment routing (4)");
}

static void headers_ipv6_jumbo_and_offloaded(void **state)
{
	struct frames *s = *state;

	put_ipv6(s, 0, 0);
	put(s, "\x06\0\xc2\x04\0\x01\x11\x8c", 8); /* 70028 = 8 + 20 + 70000 */
	put_tcp(s, 10, 20, 1, TCP_ACK, 20);
	put_data(s, 100, 0);
	assert_int_equal(frames_cut(s, LINKTYPE_RAW, 168, 40 + 70028 + 5), DISSECT_OK);
	assert_int_equal(s->packet.payload_len, 70000);
	assert_int_equal(s->packet.ip.total_len, 70068);
	put_ipv6(s, PROTO_TCP, 0);
	put_tcp(s, 10, 20, 1, TCP_ACK, 20);
	put_data(s, 100, 0);
	assert_int_equal(frames_read(s, LINKTYPE_RAW), DISSECT_OK);
	assert_int_equal(s->packet.payload_len, 100);
	put_ipv6(s, 59, 0); /* no next header: nothing follows, padding does not */
	put_data(s, 6, 0);
	assert_int_equal(frames_read(s, LINKTYPE_RAW), DISSECT_OK);
	assert_int_equal(s->packet.payload_len, 0);
}

static void headers_icmp_questions_meet_answers(void **state)
{
	struct frames *s = *state;

	for (unsigned type = 0; type <= 8; type += 8) {
		put_ipv4(s, PROTO_ICMP, 16);
		put8(s, type);
		put8(s, 0);
		put16(s, 0);
		put16(s, 77);
		put16(s, 3);
		put_data(s, 8, 0);
		assert_int_equal(frames_read(s, LINKTYPE_RAW), DISSECT_OK);
		assert_true(s->packet.transport && s->packet.icmp.echo);
		assert_int_equal(s->packet.icmp.reply, type == 0);
		assert_int_equal(s->packet.tuple.from_port, 77);
		assert_int_equal(s->packet.tuple.to_port, 77);
		assert_int_equal(s->packet.icmp.seq, 3);
		assert_int_equal(s->packet.payload_len, 8);
	}
}

static void headers_icmp_error_quotes(void **state)
{
	struct frames *s = *state;

	put_ethernet(s, 0x0800);
	put_ipv4(s, PROTO_ICMP, 8 + 28);
	put(s, "\x03\x03\0\0\0\0\0\0", 8);
	put_ipv4(s, PROTO_TCP, 500);
	put16(s, 40000);
	put16(s, 81);
	put32(s, 0xabcdef01);
	assert_int_equal(frames_read(s, LINKTYPE_ETHERNET), DISSECT_OK);
	assert_string_equal(frames_layers(s), "eth ip icmp");
	assert_int_equal(s->packet.tuple.proto, PROTO_ICMP);
	assert_int_equal(s->packet.tuple.from_port, 0x0303);
	assert_true(s->packet.icmp.error);
	assert_int_equal(s->packet.icmp.quoted.family, FAMILY_IPV4);
	assert_int_equal(s->packet.icmp.quoted.proto, PROTO_TCP);
	assert_int_equal(s->packet.icmp.quoted.to_port, 81);
	assert_int_equal(s->packet.icmp.quoted_seq, 0xabcdef01);
	assert_string_equal(frames_row(s, "icmp.quoted.dstport"), "81");
	/* cut inside the quote: what is there stays, the message is whole */
	put_ipv4(s, PROTO_ICMP, 8 + 28);
	put(s, "\x0b\0\0\0\0\0\0\0", 8);
	put_ipv4(s, PROTO_UDP, 500);
	assert_int_equal(frames_read(s, LINKTYPE_RAW), DISSECT_OK);
	assert_int_equal(s->packet.icmp.quoted.proto, PROTO_UDP);
	assert_int_equal(s->packet.icmp.quoted.to_port, 0);
}

static void headers_icmpv6_error_quotes_past_extensions(void **state)
{
	struct frames *s = *state;

	put_ipv6(s, PROTO_ICMPV6, 8 + 40 + 8 + 8);
	put(s, "\x01\x04\0\0\0\0\0\0", 8);
	put_ipv6(s, 60, 200);
	put(s, "\x11\0\x01\x04\0\0\0\0", 8);
	put_udp(s, 3000, 4000, 192);
	assert_int_equal(frames_read(s, LINKTYPE_RAW), DISSECT_OK);
	assert_int_equal(s->packet.icmp.quoted.family, FAMILY_IPV6);
	assert_int_equal(s->packet.icmp.quoted.proto, PROTO_UDP);
	assert_int_equal(s->packet.icmp.quoted.to_port, 4000);
	assert_int_equal(s->packet.tuple.proto, PROTO_ICMPV6);
}

static void headers_esp_stops_and_is_named(void **state)
{
	struct frames *s = *state;

	put_ipv4(s, PROTO_ESP, 40);
	put32(s, 0x1234);
	put32(s, 9);
	put_data(s, 32, 7);
	assert_int_equal(frames_read(s, LINKTYPE_RAW), DISSECT_OK);
	assert_string_equal(frames_layers(s), "raw ip esp");
	assert_string_equal(frames_row(s, "esp.spi"), "0x00001234");
	assert_int_equal(s->packet.tuple.proto, PROTO_ESP);
	assert_false(s->packet.transport);
	assert_int_equal(s->packet.payload_len, 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(headers_tcp_facts, frames_setup, frames_teardown),
		cmocka_unit_test_setup_teardown(headers_tcp_sack_blocks, frames_setup, frames_teardown),
		cmocka_unit_test_setup_teardown(headers_tcp_header_lengths, frames_setup, frames_teardown),
		cmocka_unit_test_setup_teardown(headers_tcp_options_cut_or_wrong, frames_setup, frames_teardown),
		cmocka_unit_test_setup_teardown(headers_padding_is_no_payload, frames_setup, frames_teardown),
		cmocka_unit_test_setup_teardown(headers_ip_lengths, frames_setup, frames_teardown),
		cmocka_unit_test_setup_teardown(headers_udp_lengths, frames_setup, frames_teardown),
		cmocka_unit_test_setup_teardown(headers_links, frames_setup, frames_teardown),
		cmocka_unit_test_setup_teardown(headers_unknown_is_said_and_shown, frames_setup, frames_teardown),
		cmocka_unit_test_setup_teardown(headers_ipv6_chain, frames_setup, frames_teardown),
		cmocka_unit_test_setup_teardown(headers_ipv6_jumbo_and_offloaded, frames_setup, frames_teardown),
		cmocka_unit_test_setup_teardown(headers_icmp_questions_meet_answers, frames_setup, frames_teardown),
		cmocka_unit_test_setup_teardown(headers_icmp_error_quotes, frames_setup, frames_teardown),
		cmocka_unit_test_setup_teardown(headers_icmpv6_error_quotes_past_extensions, frames_setup, frames_teardown),
		cmocka_unit_test_setup_teardown(headers_esp_stops_and_is_named, frames_setup, frames_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
