/* VXLAN: an Ethernet frame over UDP, with the number of its network.
 *
 * The port alone proves nothing: the network's flag must be set and a frame
 * must have room. Group policy bits (VXLAN-GBP) are shown.
 *
 *  0         1              4     7
 *  | flags 8 | flags, group | vni | reserved | Ethernet ...     RFC 7348 section 5
 */
#include "layers.h"

enum { VXLAN_PORT = 4789, VXLAN_PORT_LINUX = 8472, VXLAN_HAS_VNI = 0x08, VXLAN_GROUP = 0x80, VXLAN_FRAME_MIN = 14 };

static const struct field_info f_flags = {"vxlan.flags", "Flags", FIELD_HEX, NULL};
static const struct field_info f_group = {"vxlan.gbp", "Group policy", FIELD_UINT, NULL};
static const struct field_info f_vni = {"vxlan.vni", "Network", FIELD_UINT, NULL};

static enum dissect_result vxlan_dissect(struct cursor *c, struct packet *p)
{
	const uint8_t *at = c->pos;
	unsigned flags = cursor_be16(c), group = cursor_be16(c);
	uint32_t vni = cursor_be32(c) >> 8;

	if (c->fault != CURSOR_OK) /* too short to be sure, or cut: by the port alone it is none */
		return DISSECT_NOT_MINE;
	if (!(flags >> 8 & VXLAN_HAS_VNI) || cursor_wire_left(c) < VXLAN_FRAME_MIN)
		return DISSECT_NOT_MINE;
	packet_field(p, &f_flags, at, 2, flags);
	if (flags >> 8 & VXLAN_GROUP)
		packet_field(p, &f_group, at + 2, 2, group);
	packet_field(p, &f_vni, at + 4, 3, vni);
	packet_tunnel(p, TUNNEL_VXLAN, true, vni);
	packet_next(p, TABLE_ETHERTYPE, ETHERTYPE_BRIDGE);
	return DISSECT_OK;
}

static const struct bind vxlan_binds[] = {
	{TABLE_UDP_PORT, VXLAN_PORT}, {TABLE_UDP_PORT, VXLAN_PORT_LINUX}, {TABLE_NONE, 0}};

const struct dissector vxlan_dissector = {
	.name = "vxlan",
	.title = "Virtual extensible LAN",
	.reference = "RFC 7348",
	.binds = vxlan_binds,
	.info = "network {vxlan.vni}",
	.dissect = vxlan_dissect,
};
