/* Linux cooked capture, version 2: version 1 and the number of the interface.
 *
 *  0          2          4           8          10            11         12
 *  | protocol | reserved | interface | hardware | packet type | addr len | address 8 | payload
 */
#include "layers.h"

static const struct name_of sll2_directions[] = {
	{0, "to this host"}, {1, "broadcast"}, {2, "multicast"}, {3, "to another host"},
	{4, "sent by this host"}, {0, NULL},
};

static const struct field_info f_type = {"sll.etype", "Protocol", FIELD_HEX, ether_types};
static const struct field_info f_interface = {"sll.ifindex", "Interface", FIELD_UINT, NULL};
static const struct field_info f_hardware = {"sll.hatype", "Hardware", FIELD_UINT, arp_hardware};
static const struct field_info f_direction = {"sll.pkttype", "Packet", FIELD_UINT, sll2_directions};
static const struct field_info f_halen = {"sll.halen", "Address length", FIELD_UINT, NULL};
static const struct field_info f_mac = {"sll.src.eth", "Source", FIELD_MAC, NULL};
static const struct field_info f_other = {"sll.src.other", "Source", FIELD_BYTES, NULL};

static enum dissect_result sll2_dissect(struct cursor *c, struct packet *p)
{
	const uint8_t *at = c->pos;
	unsigned type = cursor_be16(c), hardware, direction, length;
	uint32_t interface;

	cursor_skip(c, 2);
	interface = cursor_be32(c);
	hardware = cursor_be16(c);
	direction = cursor_u8(c);
	length = cursor_u8(c);
	cursor_skip(c, 8);
	if (c->fault != CURSOR_OK)
		return DISSECT_OK;
	packet_field(p, &f_type, at, 2, type);
	packet_field(p, &f_interface, at + 4, 4, interface);
	packet_field(p, &f_hardware, at + 8, 2, hardware);
	packet_field(p, &f_direction, at + 10, 1, direction);
	packet_field(p, &f_halen, at + 11, 1, length);
	if (length == 6)
		packet_field(p, &f_mac, at + 12, 6, 0);
	else if (length > 0 && length <= 8)
		packet_field(p, &f_other, at + 12, length, 0);
	packet_next(p, TABLE_ETHERTYPE, type);
	return DISSECT_OK;
}

static const struct bind sll2_binds[] = {{TABLE_LINKTYPE, LINKTYPE_LINUX_SLL2}, {TABLE_NONE, 0}};

const struct dissector sll2_dissector = {
	.name = "sll2",
	.title = "Linux cooked capture v2",
	.reference = "LINKTYPE_LINUX_SLL2",
	.binds = sll2_binds,
	.info = "{sll.pkttype} on {sll.ifindex}[ from {sll.src.eth}] protocol {sll.etype}",
	.link = "interface {sll.ifindex}, {sll.pkttype}[ {sll.src.eth}], ethertype {sll.etype}",
	.dissect = sll2_dissect,
};
