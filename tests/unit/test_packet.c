/* Packets: rows that stay inside their buffers, the path, the descriptor, and
 * the bounded table of paths.
 * links: facts base
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "sockeye/descriptor.h"
#include "sockeye/packet.h"

static struct packet packet;

static void start(const uint8_t *data, uint32_t n)
{
	struct frame f = {.number = 1, .data = data, .caplen = n, .wirelen = n};

	packet.want_fields = true;
	packet_reset(&packet, &f);
}

static const char *row(const struct field_info *info, const uint8_t *at, size_t len, uint64_t num)
{
	static char out[256];
	struct text t;

	text_init(&t, out, sizeof out);
	packet_field(&packet, info, at, len, num);
	packet_field_text(&t, &packet, &packet.field[packet.fields - 1]);
	return out;
}

static void packet_rows_as_text(void **state)
{
	static const struct name_of words[] = {{1, "one"}, {2, "two"}, {0, NULL}};
	static const struct field_info number = {"a.n", "N", FIELD_UINT, words};
	static const struct field_info hex = {"a.x", "X", FIELD_HEX, NULL};
	static const struct field_info flags = {"a.f", "F", FIELD_FLAGS, words};
	static const struct field_info boolean = {"a.b", "B", FIELD_BOOL, NULL};
	static const struct field_info mac = {"a.m", "M", FIELD_MAC, NULL};
	static const struct field_info ip = {"a.i", "I", FIELD_IPV4, NULL};
	static const struct field_info text = {"a.t", "T", FIELD_TEXT, NULL};
	static const struct field_info bytes = {"a.y", "Y", FIELD_BYTES, NULL};
	static const struct field_info word = {"a.w", "W", FIELD_STATIC, words};
	static const uint8_t data[8] = {0x0a, 0, 0, 1, 0x1b, 'x', 0xff, 0};

	(void)state;
	start(data, sizeof data);
	assert_string_equal(row(&number, data, 1, 2), "two (2)");
	assert_string_equal(row(&number, data, 1, 9), "9");
	assert_string_equal(row(&hex, data, 2, 10), "0x000a");
	assert_string_equal(row(&flags, data, 1, 3), "one, two");
	assert_string_equal(row(&flags, data, 1, 5), "one, 0x04");
	assert_string_equal(row(&flags, data, 1, 0), "0x00");
	assert_string_equal(row(&boolean, data, 1, 1), "yes");
	assert_string_equal(row(&mac, data, 6, 0), "0a:00:00:01:1b:78");
	assert_string_equal(row(&ip, data, 4, 0), "10.0.0.1");
	assert_string_equal(row(&ip, data + 6, 4, 0), ""); /* cut to what is there: no address */
	assert_string_equal(row(&text, data + 4, 2, 0), "\\x1bx");
	assert_string_equal(row(&bytes, data + 6, 100, 0), "ff00");
	assert_string_equal(row(&word, NULL, 0, 1), "one");
	assert_ptr_equal(packet_find(&packet, "a.x")->info, &hex);
	assert_null(packet_find(&packet, "a.none"));
}

static void packet_domain_follows_pointers_backwards_only(void **state)
{
	static const struct field_info name = {"d.n", "N", FIELD_DOMAIN, NULL};
	static const uint8_t data[] = {
		0xee,                                     /* the message begins at 1 */
		3, 'w', 'w', 'w', 2, 'd', 'e', 0,         /* 1: www.de */
		1, 'a', 0xc0, 4,                          /* 9: a + pointer to "de" */
		0xc0, 12,                                 /* 13: points at itself */
		1, 0x1b, 0,                               /* 15: a control byte */
		0,                                        /* 18: the root */
		5, 'c', 'u', 't',                         /* 19: longer than the buffer */
	};

	(void)state;
	start(data, sizeof data);
	assert_string_equal(row(&name, data + 1, 8, 1), "www.de");
	assert_string_equal(row(&name, data + 9, 4, 1), "a.de");
	assert_string_equal(row(&name, data + 13, 2, 1), "<cut>");
	assert_string_equal(row(&name, data + 15, 3, 1), "\\x1b");
	assert_string_equal(row(&name, data + 18, 1, 1), ".");
	assert_string_equal(row(&name, data + 19, 4, 1), "<cut>");
	assert_string_equal(row(&name, data + 1, 8, UINT64_MAX), "www.de");
}

static void packet_rows_are_bounded_and_counted(void **state)
{
	static const struct field_info number = {"a.n", "N", FIELD_UINT, NULL};
	uint8_t data[1] = {0}, elsewhere[1] = {0};

	(void)state;
	start(data, 1);
	for (unsigned i = 0; i < PACKET_FIELDS + 5; i++)
		packet_field(&packet, &number, elsewhere, 1, i);
	assert_int_equal(packet.fields, PACKET_FIELDS);
	assert_int_equal(packet.fields_dropped, 5);
	assert_int_equal(packet.field[0].len, 0); /* bytes of no buffer are not shown */
	packet.want_fields = false;
	start(data, 1);
	packet.want_fields = false;
	packet_field(&packet, &number, data, 1, 1);
	assert_int_equal(packet.fields, 0);
}

static void packet_issue_keeps_the_first(void **state)
{
	uint8_t data[1] = {0};

	(void)state;
	start(data, 1);
	packet.layers = 1;
	packet.layer[0].issue = NULL;
	packet_issue(&packet, "first");
	packet_issue(&packet, "second");
	assert_string_equal(packet.issue, "first");
	assert_string_equal(packet.layer[0].issue, "first");
	start(data, 1);
	assert_null(packet.issue);
	assert_int_equal(packet.layers, 0);
	assert_int_equal(packet.budget.left, BUDGET_FRAME);
}

static void path_words(void **state)
{
	uint8_t data[1] = {0};
	char out[128];
	struct text t;

	(void)state;
	start(data, 1);
	packet_tunnel(&packet, TUNNEL_VXLAN, true, 42);
	packet_tunnel(&packet, TUNNEL_GRE, false, 0);
	packet_vlan(&packet, 0xe064); /* priority bits are not the VLAN */
	text_init(&t, out, sizeof out);
	path_tunnels(&t, &packet.path);
	assert_string_equal(out, "vxlan 42 / gre");
	assert_int_equal(packet.path.vlan[0], 100);
	for (unsigned i = 0; i < 9; i++) {
		packet_tunnel(&packet, TUNNEL_GRE, false, 0);
		packet_vlan(&packet, 1);
	}
	assert_int_equal(packet.path.tunnels, PACKET_TUNNELS);
	assert_int_equal(packet.path.vlans, PACKET_VLANS);
}

static void paths_keep_each_once_and_are_bounded(void **state)
{
	struct path path = {.vlans = 1};
	struct paths *paths;

	(void)state;
	assert_int_equal(paths_open(&paths, NULL), 0);
	assert_int_equal(paths_index(paths, &(struct path){0}), 0);
	for (unsigned i = 1; i < 4096; i++) {
		path.vlan[0] = (uint16_t)i;
		assert_int_equal(paths_index(paths, &path), i);
	}
	path.vlan[0] = 7;
	path.vlan[3] = 99; /* not counted: only vlans of them hold */
	assert_int_equal(paths_index(paths, &path), 7);
	assert_int_equal(paths_get(paths, 7)->vlan[0], 7);
	assert_int_equal(paths_overflow(paths), 0);
	path.vlans = 2;
	assert_int_equal(paths_index(paths, &path), 0);
	assert_int_equal(paths_overflow(paths), 1);
	assert_int_equal(paths_get(paths, 5000)->vlans, 0);
	paths_free(paths);
}

static void descriptor_takes_the_facts(void **state)
{
	uint8_t data[4] = {0};
	struct descriptor d;
	struct paths *paths;

	(void)state;
	assert_int_equal(paths_open(&paths, NULL), 0);
	start(data, sizeof data);
	assert_false(descriptor_fill(&d, &packet, paths));
	packet.tuple.family = FAMILY_IPV4;
	packet.tuple.proto = PROTO_TCP;
	assert_false(descriptor_fill(&d, &packet, paths)); /* no ports known */
	packet.tuple.proto = PROTO_ESP;
	assert_true(descriptor_fill(&d, &packet, paths)); /* a flow by its addresses */
	packet.tuple.proto = PROTO_TCP;
	packet.transport = true;
	packet.tcp = (struct tcp_facts){.seq = 7, .flags = TCP_SYN, .mss = 1460, .wscale = 7,
					.options = TCP_HAS_MSS | TCP_HAS_WSCALE};
	packet.payload = data;
	packet.payload_captured = 2;
	packet.payload_len = 4;
	packet.ip.tos = 0xb9;
	packet_vlan(&packet, 5);
	assert_true(descriptor_fill(&d, &packet, paths));
	assert_int_equal(d.tcp.seq, 7);
	assert_int_equal(d.tcp.syn.mss, 1460);
	assert_int_equal(d.tcp.syn.wscale, 7);
	assert_int_equal(d.payload_len, 4);
	assert_int_equal(d.payload_captured, 2);
	assert_int_equal(d.ecn, 1);
	assert_int_equal(paths_get(paths, d.path)->vlan[0], 5);
	packet.tuple.proto = PROTO_ICMP;
	packet.icmp.type = 3;
	packet.icmp.error = true;
	assert_true(descriptor_fill(&d, &packet, paths));
	assert_int_equal(d.icmp.type, 3);
	assert_int_equal(d.icmp.about, ICMP_IS_ERROR);
	packet.fragment.present = true;
	assert_false(descriptor_fill(&d, &packet, paths));
	paths_free(paths);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packet_rows_as_text),
		cmocka_unit_test(packet_domain_follows_pointers_backwards_only),
		cmocka_unit_test(packet_rows_are_bounded_and_counted),
		cmocka_unit_test(packet_issue_keeps_the_first),
		cmocka_unit_test(path_words),
		cmocka_unit_test(paths_keep_each_once_and_are_bounded),
		cmocka_unit_test(descriptor_takes_the_facts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
