/* ARP and reverse ARP: who has which address.
 *
 *  0          2          4      5      6           8
 *  | hardware | protocol | hlen | plen | operation | sender hw, proto | target hw, proto
 */
#include "layers.h"

static const struct name_of arp_operations[] = {
	{1, "request"}, {2, "reply"}, {3, "reverse request"}, {4, "reverse reply"},
	{8, "inverse request"}, {9, "inverse reply"}, {0, NULL},
};

static const struct field_info f_hardware = {"arp.hw.type", "Hardware", FIELD_UINT, arp_hardware};
static const struct field_info f_protocol = {"arp.proto.type", "Protocol", FIELD_HEX, ether_types};
static const struct field_info f_hlen = {"arp.hw.size", "Hardware address length", FIELD_UINT, NULL};
static const struct field_info f_plen = {"arp.proto.size", "Protocol address length", FIELD_UINT, NULL};
static const struct field_info f_operation = {"arp.opcode", "Operation", FIELD_UINT, arp_operations};
static const struct field_info f_word = {"arp.message", "Message", FIELD_STATIC, arp_operations};
static const struct field_info f_from_mac = {"arp.src.hw_mac", "Sender hardware", FIELD_MAC, NULL};
static const struct field_info f_from_ip = {"arp.src.proto_ipv4", "Sender", FIELD_IPV4, NULL};
static const struct field_info f_to_mac = {"arp.dst.hw_mac", "Target hardware", FIELD_MAC, NULL};
static const struct field_info f_to_ip = {"arp.dst.proto_ipv4", "Target", FIELD_IPV4, NULL};
static const struct field_info f_from_hw = {"arp.src.hw", "Sender hardware", FIELD_BYTES, NULL};
static const struct field_info f_from_other = {"arp.src.proto", "Sender", FIELD_BYTES, NULL};
static const struct field_info f_to_hw = {"arp.dst.hw", "Target hardware", FIELD_BYTES, NULL};
static const struct field_info f_to_other = {"arp.dst.proto", "Target", FIELD_BYTES, NULL};

static void arp_address(struct cursor *c, struct packet *p, size_t n, const struct field_info *info)
{
	const uint8_t *at = cursor_take(c, n);

	if (at && n > 0)
		packet_field(p, info, at, n, 0);
}

static enum dissect_result arp_dissect(struct cursor *c, struct packet *p)
{
	const uint8_t *at = c->pos;
	unsigned hardware = cursor_be16(c), protocol = cursor_be16(c);
	unsigned hlen = cursor_u8(c), plen = cursor_u8(c), operation = cursor_be16(c);
	bool mac = hlen == 6, ip = protocol == ETHERTYPE_IPV4 && plen == 4;

	if (c->fault != CURSOR_OK)
		return DISSECT_OK;
	packet_field(p, &f_hardware, at, 2, hardware);
	packet_field(p, &f_protocol, at + 2, 2, protocol);
	packet_field(p, &f_hlen, at + 4, 1, hlen);
	packet_field(p, &f_plen, at + 5, 1, plen);
	packet_field(p, &f_operation, at + 6, 2, operation);
	packet_field(p, &f_word, at + 6, 2, operation);
	arp_address(c, p, hlen, mac ? &f_from_mac : &f_from_hw);
	arp_address(c, p, plen, ip ? &f_from_ip : &f_from_other);
	arp_address(c, p, hlen, mac ? &f_to_mac : &f_to_hw);
	arp_address(c, p, plen, ip ? &f_to_ip : &f_to_other);
	return DISSECT_OK;
}

static const struct bind arp_binds[] = {
	{TABLE_ETHERTYPE, ETHERTYPE_ARP}, {TABLE_ETHERTYPE, ETHERTYPE_RARP}, {TABLE_NONE, 0}};

const struct dissector arp_dissector = {
	.name = "arp",
	.title = "Address Resolution Protocol",
	.reference = "RFC 826",
	.binds = arp_binds,
	.info = "{arp.message}[ {arp.dst.proto_ipv4}][ from {arp.src.proto_ipv4}][ at {arp.src.hw_mac}]",
	.dissect = arp_dissect,
};
