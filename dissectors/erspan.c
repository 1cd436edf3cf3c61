/* ERSPAN II and III: frames mirrored by a switch, behind GRE.
 *
 *  0            2                     4
 *  | ver 4 vlan | cos 3 .. session 10 | reserved, index        type II, 8 bytes
 *  |            |                     | time 4 | sgt 2 | ...O  type III, 12 (O: 20)
 *                                        draft-foschiano-erspan-03 section 4
 */
#include "layers.h"

static const struct name_of erspan_versions[] = {{1, "type II"}, {2, "type III"}, {0, NULL}};

static const struct field_info f_version = {"erspan.version", "Version", FIELD_UINT, erspan_versions};
static const struct field_info f_vlan = {"erspan.vlan", "VLAN", FIELD_UINT, NULL};
static const struct field_info f_cos = {"erspan.cos", "Class of service", FIELD_UINT, NULL};
static const struct field_info f_cut = {"erspan.truncated", "Truncated", FIELD_BOOL, NULL};
static const struct field_info f_session = {"erspan.spanid", "Session", FIELD_UINT, NULL};
static const struct field_info f_index = {"erspan.index", "Index", FIELD_UINT, NULL};
static const struct field_info f_time = {"erspan.timestamp", "Timestamp", FIELD_UINT, NULL};

static enum dissect_result erspan_dissect(struct cursor *c, struct packet *p)
{
	const uint8_t *at = c->pos;
	unsigned first = cursor_be16(c), second = cursor_be16(c), version = first >> 12, tail = 0;
	uint32_t word = cursor_be32(c);

	if (version == 2)
		tail = cursor_be32(c);
	if (version == 2 && (tail & 1)) /* platform specific subheader */
		cursor_skip(c, 8);
	if (c->fault != CURSOR_OK)
		return DISSECT_OK;
	packet_field(p, &f_version, at, 1, version);
	if (version != 1 && version != 2) {
		packet_issue(p, "an ERSPAN version that does not exist");
		return DISSECT_BAD;
	}
	packet_field(p, &f_vlan, at, 2, first & 0xfff);
	packet_field(p, &f_cos, at + 2, 1, second >> 13);
	packet_field(p, &f_cut, at + 2, 1, second >> 10 & 1);
	packet_field(p, &f_session, at + 2, 2, second & 0x3ff);
	packet_field(p, version == 1 ? &f_index : &f_time, at + 4, 4, version == 1 ? word & 0xfffff : word);
	packet_tunnel(p, TUNNEL_ERSPAN, true, second & 0x3ff);
	if (version == 2 && (tail >> 11 & 31) == 2) { /* frame type: IP without Ethernet */
		(void)layers_ip_by_version(c, p);
		return DISSECT_OK;
	}
	packet_next(p, TABLE_ETHERTYPE, ETHERTYPE_BRIDGE);
	return DISSECT_OK;
}

static const struct bind erspan_binds[] = {
	{TABLE_ETHERTYPE, ETHERTYPE_ERSPAN}, {TABLE_ETHERTYPE, ETHERTYPE_ERSPAN3}, {TABLE_NONE, 0}};

const struct dissector erspan_dissector = {
	.name = "erspan",
	.title = "Mirrored frame (ERSPAN)",
	.reference = "draft-foschiano-erspan-03",
	.binds = erspan_binds,
	.info = "session {erspan.spanid}[ VLAN {erspan.vlan}]",
	.dissect = erspan_dissect,
};
