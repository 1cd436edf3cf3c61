/* VLAN tags: 802.1Q, 802.1ad and the older stacked form, one tag a layer.
 *
 *  0                    2      4
 *  | pcp 3 dei 1 vid 12 | type | payload ...
 */
#include "layers.h"

static const struct field_info f_priority = {"vlan.priority", "Priority", FIELD_UINT, NULL};
static const struct field_info f_dei = {"vlan.dei", "Drop eligible", FIELD_BOOL, NULL};
static const struct field_info f_id = {"vlan.id", "VLAN", FIELD_UINT, NULL};
static const struct field_info f_type = {"vlan.etype", "Type", FIELD_HEX, ether_types};
static const struct field_info f_len = {"vlan.len", "Length", FIELD_UINT, NULL};

static enum dissect_result vlan_dissect(struct cursor *c, struct packet *p)
{
	const uint8_t *at = c->pos;
	unsigned tci = cursor_be16(c), type = cursor_be16(c);

	if (c->fault != CURSOR_OK)
		return DISSECT_OK;
	packet_vlan(p, (uint16_t)tci);
	packet_field(p, &f_priority, at, 1, tci >> 13);
	packet_field(p, &f_dei, at, 1, tci >> 12 & 1);
	packet_field(p, &f_id, at, 2, tci & 0xfff);
	packet_field(p, type <= ETHERTYPE_LENGTH_MAX ? &f_len : &f_type, at + 2, 2, type);
	return layers_ethertype(c, p, type) ? DISSECT_OK : DISSECT_BAD;
}

static const struct bind vlan_binds[] = {{TABLE_ETHERTYPE, ETHERTYPE_VLAN},
					 {TABLE_ETHERTYPE, ETHERTYPE_QINQ},
					 {TABLE_ETHERTYPE, ETHERTYPE_QINQ_OLD},
					 {TABLE_NONE, 0}};

const struct dissector vlan_dissector = {
	.name = "vlan",
	.title = "VLAN tag",
	.reference = "IEEE 802.1Q",
	.binds = vlan_binds,
	.info = "VLAN {vlan.id}[ type {vlan.etype}][ length {vlan.len}]",
	.link = "vlan {vlan.id}, p {vlan.priority}[, ethertype {vlan.etype}][, 802.3 length {vlan.len}]",
	.dissect = vlan_dissect,
};
