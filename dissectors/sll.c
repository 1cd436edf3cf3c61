/* Linux cooked capture, version 1: what "any" and devices without a link layer
 * give.
 *
 *  0             2          4          6          14         16
 *  | packet type | hardware | addr len | address  | protocol | payload ...
 */
#include "layers.h"

static const struct name_of sll_directions[] = {
	{0, "to this host"}, {1, "broadcast"}, {2, "multicast"}, {3, "to another host"},
	{4, "sent by this host"}, {0, NULL},
};

static const struct field_info f_direction = {"sll.pkttype", "Packet", FIELD_UINT, sll_directions};
static const struct field_info f_hardware = {"sll.hatype", "Hardware", FIELD_UINT, arp_hardware};
static const struct field_info f_halen = {"sll.halen", "Address length", FIELD_UINT, NULL};
static const struct field_info f_mac = {"sll.src.eth", "Source", FIELD_MAC, NULL};
static const struct field_info f_other = {"sll.src.other", "Source", FIELD_BYTES, NULL};
static const struct field_info f_type = {"sll.etype", "Protocol", FIELD_HEX, ether_types};

static enum dissect_result sll_dissect(struct cursor *c, struct packet *p)
{
	const uint8_t *at = c->pos;
	unsigned direction = cursor_be16(c), hardware = cursor_be16(c), length = cursor_be16(c), type;

	cursor_skip(c, 8);
	type = cursor_be16(c);
	if (c->fault != CURSOR_OK)
		return DISSECT_OK;
	packet_field(p, &f_direction, at, 2, direction);
	packet_field(p, &f_hardware, at + 2, 2, hardware);
	packet_field(p, &f_halen, at + 4, 2, length);
	if (length == 6)
		packet_field(p, &f_mac, at + 6, 6, 0);
	else if (length > 0 && length <= 8)
		packet_field(p, &f_other, at + 6, length, 0);
	packet_field(p, &f_type, at + 14, 2, type);
	packet_next(p, TABLE_ETHERTYPE, type);
	return DISSECT_OK;
}

static const struct bind sll_binds[] = {{TABLE_LINKTYPE, LINKTYPE_LINUX_SLL}, {TABLE_NONE, 0}};

const struct dissector sll_dissector = {
	.name = "sll",
	.title = "Linux cooked capture",
	.reference = "LINKTYPE_LINUX_SLL",
	.binds = sll_binds,
	.info = "{sll.pkttype}[ from {sll.src.eth}] protocol {sll.etype}",
	.link = "{sll.pkttype}[ {sll.src.eth}], ethertype {sll.etype}",
	.dissect = sll_dissect,
};
