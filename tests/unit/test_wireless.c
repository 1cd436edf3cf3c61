/* 802.11 and what stands in front of it; Cisco HDLC, NFLOG, AYIYA.
 * links: dissect facts base
 */
#include "frames.h"

static const char snap[] = "\xaa\xaa\x03\x00\x00\x00\x08\x00";

/* A data frame's header up to the sequence; addresses end in 1, 2 and 3. */
static void put_wlan(struct frames *s, unsigned control, unsigned flags)
{
	put8(s, control);
	put8(s, flags);
	put16(s, 0);
	for (unsigned i = 1; i <= 3; i++) {
		put(s, "\x02\0\0\0\0", 5);
		put8(s, i);
	}
	put16(s, 0);
}

static void put_datagram(struct frames *s)
{
	put(s, snap, 8);
	put_ipv4(s, PROTO_UDP, 8 + 3);
	put_udp(s, 5, 7, 8 + 3);
	put(s, "air", 3);
}

static void wireless_addresses_by_direction(void **state)
{
	static const struct {
		unsigned flags;
		uint8_t to, from;
	} ways[] = {{0, 1, 2}, {1, 3, 2}, {2, 1, 3}, {3, 3, 4}};
	struct frames *s = *state;

	for (unsigned i = 0; i < 4; i++) {
		put_wlan(s, 0x08, ways[i].flags);
		if (ways[i].flags == 3)
			put(s, "\x02\0\0\0\0\x04", 6);
		put_datagram(s);
		assert_int_equal(frames_read(s, LINKTYPE_IEEE802_11), DISSECT_OK);
		assert_string_equal(frames_layers(s), "wlan llc ip udp");
		assert_int_equal(s->packet.mac_to[5], ways[i].to);
		assert_int_equal(s->packet.mac_from[5], ways[i].from);
		assert_int_equal(s->packet.tuple.to_port, 7);
	}
}

static void wireless_qos_ht_control_and_padding(void **state)
{
	struct frames *s = *state;

	put_wlan(s, 0x88, 0x81);
	put(s, "\x05\x00\x01\x02\x03\x04", 6);
	put_datagram(s);
	assert_int_equal(frames_read(s, LINKTYPE_IEEE802_11), DISSECT_OK);
	assert_string_equal(frames_row(s, "wlan.qos.tid"), "5");
	assert_string_equal(frames_row(s, "wlan.htc"), "0x04030201");
	assert_true(s->packet.transport);
	put_wlan(s, 0x88, 0x01);
	put(s, "\x00\x00\xee\xee", 4); /* QoS, then two bytes of padding */
	put_datagram(s);
	assert_int_equal(frames_read(s, LINKTYPE_IEEE802_11), DISSECT_OK);
	assert_true(s->packet.transport);
	assert_string_equal(frames_row(s, "wlan.padding"), "eeee");
}

static void wireless_encrypted_ends_there(void **state)
{
	struct frames *s = *state;

	put_wlan(s, 0x08, 0x41);
	put(s, "\x01\x02\x03\x80", 4);
	put_datagram(s); /* what it looks like is no matter */
	assert_int_equal(frames_read(s, LINKTYPE_IEEE802_11), DISSECT_OK);
	assert_string_equal(frames_layers(s), "wlan");
	assert_string_equal(frames_row(s, "wlan.encrypted"), "yes");
	assert_string_equal(frames_row(s, "wlan.wep.key"), "2");
	assert_int_equal(s->packet.tuple.family, FAMILY_NONE);
}

static void wireless_aggregate_reads_the_first(void **state)
{
	struct frames *s = *state;

	put_wlan(s, 0x88, 0x01);
	put(s, "\x80\x00", 2);
	put(s, "\x02\0\0\0\0\x07\x02\0\0\0\0\x08\x00\x27", 14);
	put_datagram(s);
	put(s, "\0\0\0", 3);
	put(s, "\x02\0\0\0\0\x07\x02\0\0\0\0\x08\x00\x27", 14);
	put_datagram(s);
	assert_int_equal(frames_read(s, LINKTYPE_IEEE802_11), DISSECT_OK);
	assert_string_equal(frames_row(s, "wlan.subframes"), "yes");
	assert_string_equal(frames_layers(s), "wlan llc ip udp");
	assert_int_equal(s->packet.payload_len, 3);
	assert_null(s->packet.issue);
}

static void wireless_network_name_is_bounded(void **state)
{
	struct frames *s = *state;

	put_wlan(s, 0x80, 0);
	put(s, "\0\0\0\0\0\0\0\0\x64\0\x11\x04", 12);
	put(s, "\x00\x04home", 6);
	assert_int_equal(frames_read(s, LINKTYPE_IEEE802_11), DISSECT_OK);
	assert_string_equal(frames_row(s, "wlan.ssid"), "home");
	put_wlan(s, 0x80, 0);
	put(s, "\0\0\0\0\0\0\0\0\x64\0\x11\x04", 12);
	put(s, "\x00\x20home", 6);
	assert_int_equal(frames_read(s, LINKTYPE_IEEE802_11), DISSECT_BAD);
}

static void wireless_radiotap_takes_the_check_sequence_off(void **state)
{
	struct frames *s = *state;

	/* clock (aligned to 8: it is at 8), flags, signal: 8 + 8 + 1 + 1 */
	put(s, "\x00\x00\x12\x00\x23\x00\x00\x00", 8);
	put(s, "\x01\0\0\0\0\0\0\0\x10\xd3", 10);
	put_wlan(s, 0x08, 0x01);
	put_datagram(s);
	put(s, "\x0d\xf0\xad\x0b", 4);
	assert_int_equal(frames_read(s, LINKTYPE_RADIOTAP), DISSECT_OK);
	assert_string_equal(frames_layers(s), "radiotap wlan llc ip udp");
	assert_string_equal(frames_row(s, "radiotap.dbm_antsignal"), "-45");
	assert_string_equal(frames_row(s, "wlan.fcs"), "0x0badf00d");
	assert_int_equal(s->packet.payload_len, 3);
	/* an ack and half a check sequence: nothing is taken off */
	put(s, "\x00\x00\x09\x00\x02\x00\x00\x00\x10", 9);
	put(s, "\xd4\x00\x00\x00\x02\0\0\0\0\x01\xff\xff", 12);
	assert_int_equal(frames_read(s, LINKTYPE_RADIOTAP), DISSECT_OK);
	assert_string_equal(frames_row(s, "wlan.ra"), "02:00:00:00:00:01");
}

static void wireless_radiotap_alignment_and_lengths(void **state)
{
	struct frames *s = *state;

	/* two words, so that the clock begins at 16; flags behind it */
	put(s, "\x00\x00\x19\x00\x03\x00\x00\x80\x00\x00\x00\x00\0\0\0\0", 16);
	put(s, "\x2a\0\0\0\0\0\0\0\x40", 9);
	put_wlan(s, 0x08, 0x01);
	put_datagram(s);
	assert_int_equal(frames_read(s, LINKTYPE_RADIOTAP), DISSECT_OK);
	assert_string_equal(frames_row(s, "radiotap.mactime"), "42");
	assert_string_equal(frames_row(s, "radiotap.flags"), "bad check sequence");
	put(s, "\x00\x00\x08\x00\x01\x00\x00\x00", 8); /* the clock is promised and not there */
	put_wlan(s, 0x08, 0x01);
	put_datagram(s);
	assert_int_equal(frames_read(s, LINKTYPE_RADIOTAP), DISSECT_OK);
	assert_string_equal(s->packet.issue, "the radiotap fields are longer than their header");
	assert_true(s->packet.transport);
	put(s, "\x00\x00\x07\x00\x00\x00\x00\x00", 8);
	assert_int_equal(frames_read(s, LINKTYPE_RADIOTAP), DISSECT_BAD);
}

static void wireless_ppi_says_what_follows(void **state)
{
	struct frames *s = *state;

	put(s, "\x00\x00\x08\x00\x01\x00\x00\x00", 8);
	put_ethernet(s, 0x0800);
	put_ipv4(s, PROTO_UDP, 8);
	put_udp(s, 5, 7, 8);
	assert_int_equal(frames_read(s, LINKTYPE_PPI), DISSECT_OK);
	assert_string_equal(frames_layers(s), "ppi eth ip udp");
	put(s, "\x00\x00\x08\x00\x0c\x00\x00\x00", 8);
	put_ipv4(s, PROTO_UDP, 8);
	put_udp(s, 5, 7, 8);
	assert_int_equal(frames_read(s, LINKTYPE_PPI), DISSECT_OK);
	assert_true(s->packet.transport);
	/* PPI that says PPI follows, over and over, ends at the budget */
	for (unsigned i = 0; i < 40; i++)
		put(s, "\x00\x00\x08\x00\xc0\x00\x00\x00", 8);
	assert_int_equal(frames_read(s, LINKTYPE_PPI), DISSECT_OK);
	assert_true(s->packet.layers_full);
}

static void wireless_slarp_is_not_rarp(void **state)
{
	struct frames *s = *state;

	put(s, "\x8f\x00\x80\x35\x00\x00\x00\x02\x00\x00\x00\x07\x00\x00\x00\x06\xff\xff", 18);
	assert_int_equal(frames_read(s, LINKTYPE_C_HDLC), DISSECT_OK);
	assert_string_equal(frames_layers(s), "chdlc");
	assert_string_equal(frames_row(s, "slarp.mysequence"), "7");
	put(s, "\x8f\x00\x80\x35\x00\x00\x00\x02\x00\x00\x00\x07\x00\x00\x00\x06\xff\xff", 18);
	assert_int_equal(frames_read(s, LINKTYPE_PPP_HDLC), DISSECT_OK);
	assert_string_equal(frames_layers(s), "ppp");
	assert_string_equal(frames_row(s, "slarp.mysequence"), "7");
}

static void wireless_nflog_in_both_orders(void **state)
{
	static const char *const attributes[] = {"\x20\x00\x09\x00", "\x00\x20\x00\x09"};
	struct frames *s = *state;

	for (unsigned i = 0; i < 2; i++) {
		put(s, "\x02\x00\x00\x05", 4);
		put(s, attributes[i], 4);
		put_ipv4(s, PROTO_UDP, 8);
		put_udp(s, 5, 7, 8);
		put(s, "\0\0\0\0", 4); /* beyond the attribute */
		assert_int_equal(frames_read(s, LINKTYPE_NFLOG), DISSECT_OK);
		assert_string_equal(frames_layers(s), "nflog ip udp");
		assert_int_equal(s->packet.payload_len, 0);
	}
}

static void wireless_ayiya_by_more_than_its_port(void **state)
{
	struct frames *s = *state;

	for (unsigned kind = 1; kind < 5; kind += 3) { /* 1 exists, 4 does not */
		put_ipv4(s, PROTO_UDP, 8 + 8 + 2 + 48);
		put_udp(s, 5072, 40000, 8 + 8 + 2 + 48);
		put8(s, 0x10 | kind); /* an identity of two bytes */
		put(s, "\x00\x01\x29\x00\x00\x00\x01\xaa\xbb", 9);
		put_ipv6(s, PROTO_UDP, 8);
		put_udp(s, 5, 7, 8);
		assert_int_equal(frames_read(s, LINKTYPE_RAW), DISSECT_OK);
		assert_string_equal(frames_layers(s), kind == 1 ? "raw ip udp ayiya ipv6 udp" : "raw ip udp");
		assert_int_equal(s->packet.path.tunnels, kind == 1 ? 1 : 0);
	}
}

/* A row lies where its number was read; of what the capture cut there is none. */
static void wireless_reason_and_qos_in_their_place(void **state)
{
	struct frames *s = *state;
	size_t n;

	put_wlan(s, 0xc0, 0);
	put(s, "\x07\x00", 2);
	n = s->n;
	assert_int_equal(frames_read(s, LINKTYPE_IEEE802_11), DISSECT_OK);
	assert_string_equal(frames_row(s, "wlan.fixed.reason_code"), "7");
	assert_int_equal(packet_find(&s->packet, "wlan.fixed.reason_code")->off, n - 2);
	put_wlan(s, 0xc0, 0);
	put(s, "\x07\x00", 2);
	assert_int_equal(frames_cut(s, LINKTYPE_IEEE802_11, n - 1, n), DISSECT_CUT);
	assert_null(packet_find(&s->packet, "wlan.fixed.reason_code"));
	put_wlan(s, 0x88, 0);
	put(s, "\x05\x00", 2);
	assert_int_equal(frames_cut(s, LINKTYPE_IEEE802_11, n - 1, n), DISSECT_CUT);
	assert_null(packet_find(&s->packet, "wlan.qos.tid"));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, frames_setup, frames_teardown)
	const struct CMUnitTest tests[] = {
		T(wireless_addresses_by_direction), T(wireless_qos_ht_control_and_padding),
		T(wireless_encrypted_ends_there), T(wireless_aggregate_reads_the_first),
		T(wireless_network_name_is_bounded), T(wireless_radiotap_takes_the_check_sequence_off),
		T(wireless_radiotap_alignment_and_lengths), T(wireless_ppi_says_what_follows),
		T(wireless_slarp_is_not_rarp), T(wireless_nflog_in_both_orders),
		T(wireless_ayiya_by_more_than_its_port), T(wireless_reason_and_qos_in_their_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
