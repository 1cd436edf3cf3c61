/* Tunnels: the inner conversation is the packet's, the outer one holds where
 * the inner breaks, and ports alone make no tunnel.
 * links: dissect facts base
 */
#include "frames.h"

static void put_inner_tcp(struct frames *s)
{
	put_ipv4(s, PROTO_TCP, 20);
	put_tcp(s, 10, 20, 1, TCP_SYN, 20);
}

static const char *tunnels(struct frames *s)
{
	struct text t;

	text_init(&t, s->text, sizeof s->text);
	path_tunnels(&t, &s->packet.path);
	return s->text;
}

static void inner(struct frames *s, const char *path)
{
	assert_true(s->packet.transport);
	assert_int_equal(s->packet.tuple.proto, PROTO_TCP);
	assert_int_equal(s->packet.tuple.to_port, 20);
	assert_int_equal(s->packet.payload_len, 0);
	assert_string_equal(tunnels(s), path);
}

static void tunnel_ip_protocols(void **state)
{
	struct frames *s = *state;

	put_ipv4(s, PROTO_IPIP, 40);
	put_inner_tcp(s);
	assert_int_equal(frames_read(s, LINKTYPE_IPV4), DISSECT_OK);
	inner(s, "ipip");
	put_ipv4(s, PROTO_IPV6, 60);
	put_ipv6(s, PROTO_TCP, 20);
	put_tcp(s, 10, 20, 1, TCP_SYN, 20);
	assert_int_equal(frames_read(s, LINKTYPE_IPV4), DISSECT_OK);
	inner(s, "6in4");
	assert_int_equal(s->packet.tuple.family, FAMILY_IPV6);
	put_ipv6(s, PROTO_IPIP, 40);
	put_inner_tcp(s);
	assert_int_equal(frames_read(s, LINKTYPE_IPV6), DISSECT_OK);
	inner(s, "ipip");
}

static void tunnel_gre_forms(void **state)
{
	static const struct {
		const char *head;
		size_t n;
		bool ethernet;
		const char *path;
	} forms[] = {
		{"\0\0\x08\0", 4, false, "gre"},
		{"\x20\0\x08\0\0\0\0\x2a", 8, false, "gre 42"},
		{"\xb0\0\x08\0\0\0\0\0\0\0\0\x2a\0\0\0\x09", 16, false, "gre 42"},
		{"\x40\0\x08\0\0\0\0\0\x08\0\0\x02zz\0\0\0\0", 18, false, "gre"},
		{"\0\0\x65\x58", 4, true, "gre"},
		{"\0\0\x88\xbe", 4, true, "erspan"},
		{"\x10\0\x88\xbe\0\0\0\x01\x10\x64\0\x07\0\0\0\x03", 16, true, "erspan 7"},
		{"\x10\0\x22\xeb\0\0\0\x01\x20\x64\0\x07\0\0\0\x03\0\0\0\0", 20, true, "erspan 7"},
		{"\x30\x01\x88\x0b\0\x2a\0\x05\0\0\0\x01\0\x21", 14, false, "gre 5"},
	};
	struct frames *s = *state;

	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		put_ipv4(s, PROTO_GRE, (unsigned)forms[i].n + (forms[i].ethernet ? 54 : 40));
		put(s, forms[i].head, forms[i].n);
		if (forms[i].ethernet)
			put_ethernet(s, 0x0800);
		put_inner_tcp(s);
		assert_int_equal(frames_read(s, LINKTYPE_IPV4), DISSECT_OK);
		inner(s, forms[i].path);
	}
	/* a version that does not exist: the outer addresses hold */
	put_ipv4(s, PROTO_GRE, 44);
	put(s, "\0\x05\x08\0", 4);
	put_inner_tcp(s);
	assert_int_equal(frames_read(s, LINKTYPE_IPV4), DISSECT_BAD);
	assert_int_equal(s->packet.tuple.proto, PROTO_GRE);
}

static void tunnel_udp_ports(void **state)
{
	static const struct {
		unsigned port;
		const char *head;
		size_t n;
		bool ethernet;
		const char *path;
	} forms[] = {
		{4789, "\x08\0\0\0\0\0\x2a\0", 8, true, "vxlan 42"},
		{8472, "\x08\0\0\0\0\0\x2a\0", 8, true, "vxlan 42"},
		{6081, "\0\0\x65\x58\0\0\x2a\0", 8, true, "geneve 42"},
		{6081, "\x02\0\x08\0\0\0\x2a\0\x01\x02\x03\x01" "opts", 16, false, "geneve 42"},
		{2152, "\x30\xff\0\x28\0\0\0\x07", 8, false, "gtpu 7"},
		{2152, "\x34\xff\0\x30\0\0\0\x07\0\0\0\x85\x01\x10\0\0", 16, false, "gtpu 7"},
	};
	struct frames *s = *state;

	for (size_t i = 0; i < 2 * sizeof forms / sizeof forms[0]; i++) {
		size_t f = i / 2, bytes = forms[f].n + (forms[f].ethernet ? 54 : 40);

		put_ipv4(s, PROTO_UDP, (unsigned)bytes + 8);
		/* either port may be the tunnel's */
		put_udp(s, i % 2 ? forms[f].port : 50000, i % 2 ? 50000 : forms[f].port, (unsigned)bytes + 8);
		put(s, forms[f].head, forms[f].n);
		if (forms[f].ethernet)
			put_ethernet(s, 0x0800);
		put_inner_tcp(s);
		assert_int_equal(frames_read(s, LINKTYPE_IPV4), DISSECT_OK);
		inner(s, forms[f].path);
	}
}

static void tunnel_teredo_with_indications(void **state)
{
	struct frames *s = *state;

	put_ipv4(s, PROTO_UDP, 8 + 13 + 8 + 60);
	put_udp(s, 3544, 50000, 8 + 13 + 8 + 60);
	put(s, "\0\x01\0\0" "nonce..." "\0", 13);
	put(s, "\0\0\xf2\x26\x3f\xff\xfd\xd2", 8);
	put_ipv6(s, PROTO_TCP, 20);
	put_tcp(s, 10, 20, 1, TCP_SYN, 20);
	assert_int_equal(frames_read(s, LINKTYPE_IPV4), DISSECT_OK);
	inner(s, "teredo");
	assert_string_equal(frames_row(s, "teredo.orig.port"), "3545");
}

static void tunnel_port_alone_is_none(void **state)
{
	static const unsigned ports[] = {4789, 8472, 6081, 2152, 3544};
	struct frames *s = *state;

	for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++) {
		put_ipv4(s, PROTO_UDP, 8 + 60);
		put_udp(s, 50000, ports[i], 68);
		put_data(s, 60, 0xc0);
		assert_int_equal(frames_read(s, LINKTYPE_IPV4), DISSECT_OK);
		assert_string_equal(frames_layers(s), "ip udp");
		assert_int_equal(s->packet.tuple.to_port, ports[i]);
		assert_int_equal(s->packet.payload_len, 60);
		assert_int_equal(s->packet.path.tunnels, 0);
		assert_null(s->packet.issue);
	}
}

static void tunnel_outer_holds_where_the_inner_breaks(void **state)
{
	struct frames *s = *state;
	size_t n;

	put_ipv4(s, PROTO_UDP, 8 + 8 + 14 + 40);
	put_udp(s, 50000, 4789, 70);
	put(s, "\x08\0\0\0\0\0\x2a\0", 8);
	put_ethernet(s, 0x0800);
	put_inner_tcp(s);
	n = s->n;
	assert_int_equal(frames_cut(s, LINKTYPE_IPV4, n - 1, n), DISSECT_CUT);
	assert_string_equal(frames_layers(s), "ip udp vxlan eth ip tcp");
	assert_true(s->packet.transport && s->packet.cut);
	assert_int_equal(s->packet.tuple.proto, PROTO_UDP);
	assert_int_equal(s->packet.tuple.to_port, 4789);
	assert_int_equal(s->packet.payload_len, 62);
	assert_int_equal(s->packet.payload_captured, 61);
	/* no IP inside at all */
	put_ipv4(s, PROTO_UDP, 8 + 8 + 14 + 28);
	put_udp(s, 50000, 4789, 58);
	put(s, "\x08\0\0\0\0\0\x2a\0", 8);
	put_ethernet(s, 0x0806);
	put(s, "\0\x01\x08\0\x06\x04\0\x01", 8);
	put_data(s, 20, 0);
	assert_int_equal(frames_read(s, LINKTYPE_IPV4), DISSECT_OK);
	assert_string_equal(frames_layers(s), "ip udp vxlan eth arp");
	assert_int_equal(s->packet.tuple.to_port, 4789);
}

static void tunnel_depth_is_bounded(void **state)
{
	struct frames *s = *state;

	for (unsigned left = 100; left > 0; left--)
		put_ipv4(s, PROTO_IPIP, (left - 1) * 20 + 40);
	put_inner_tcp(s);
	assert_int_equal(frames_read(s, LINKTYPE_IPV4), DISSECT_OK);
	assert_int_equal(s->packet.layers, PACKET_LAYERS);
	assert_true(s->packet.layers_full);
	assert_string_equal(s->packet.issue, "too many layers");
	assert_int_equal(s->packet.tuple.proto, PROTO_IPIP);
	assert_int_equal(s->packet.path.tunnels, PACKET_TUNNELS);
}

static void tunnel_first_hardware_addresses_stay(void **state)
{
	struct frames *s = *state;

	put(s, "\0\0\0\0\0\x0b\0\0\0\0\0\x0a\x08\0", 14);
	put_ipv4(s, PROTO_GRE, 4 + 14 + 40);
	put(s, "\0\0\x65\x58", 4);
	put_ethernet(s, 0x0800);
	put_inner_tcp(s);
	assert_int_equal(frames_read(s, LINKTYPE_ETHERNET), DISSECT_OK);
	inner(s, "gre");
	assert_int_equal(s->packet.mac_from[5], 0x0a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(tunnel_ip_protocols, frames_setup, frames_teardown),
		cmocka_unit_test_setup_teardown(tunnel_gre_forms, frames_setup, frames_teardown),
		cmocka_unit_test_setup_teardown(tunnel_udp_ports, frames_setup, frames_teardown),
		cmocka_unit_test_setup_teardown(tunnel_teredo_with_indications, frames_setup, frames_teardown),
		cmocka_unit_test_setup_teardown(tunnel_port_alone_is_none, frames_setup, frames_teardown),
		cmocka_unit_test_setup_teardown(tunnel_outer_holds_where_the_inner_breaks, frames_setup, frames_teardown),
		cmocka_unit_test_setup_teardown(tunnel_depth_is_bounded, frames_setup, frames_teardown),
		cmocka_unit_test_setup_teardown(tunnel_first_hardware_addresses_stay, frames_setup, frames_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
