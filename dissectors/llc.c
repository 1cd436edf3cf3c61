/* IEEE 802.2 LLC, and SNAP inside it.
 *
 * Names what follows by the service access point, or by SNAP's organisation
 * and protocol (RFC 1042). What runs on other access points (spanning tree,
 * NetBIOS, IS-IS) is named in a row and shown as bytes.
 *
 *  0      1      2         3 (4 for numbered frames)
 *  | dsap | ssap | control | [oui 3 | protocol 2] payload ...
 */
#include "layers.h"

enum { LLC_SNAP = 0xaa, OUI_ETHERNET = 0, OUI_CISCO_BRIDGE = 0x0000f8, OUI_802_1 = 0x0080c2 };

static const struct name_of llc_points[] = {
	{0x00, "null"}, {0x02, "LLC management"}, {0x06, "IP"}, {0x42, "spanning tree"},
	{0x4e, "EIA RS-511"}, {0x7e, "X.25"}, {0x80, "3Com XNS"}, {0x98, "ARP"}, {0xaa, "SNAP"},
	{0xbc, "Banyan Vines"}, {0xe0, "IPX"}, {0xf0, "NetBIOS"}, {0xf4, "LAN manager"},
	{0xfe, "ISO network layer"}, {0xff, "global, or raw IPX"}, {0, NULL},
};

static const struct name_of llc_ouis[] = {
	{OUI_ETHERNET, "Ethernet types"}, {OUI_CISCO_BRIDGE, "Cisco 90-compatible"},
	{0x00000c, "Cisco"}, {OUI_802_1, "IEEE 802.1"}, {0x080007, "Apple"}, {0, NULL},
};

static const struct field_info f_dsap = {"llc.dsap", "Destination access point", FIELD_HEX, llc_points};
static const struct field_info f_ssap = {"llc.ssap", "Source access point", FIELD_HEX, llc_points};
static const struct field_info f_control = {"llc.control", "Control", FIELD_HEX, NULL};
static const struct field_info f_oui = {"llc.oui", "Organisation", FIELD_HEX, llc_ouis};
static const struct field_info f_type = {"llc.type", "Type", FIELD_HEX, ether_types};

static void llc_snap(struct cursor *c, struct packet *p)
{
	const uint8_t *at = c->pos;
	unsigned oui = cursor_be24(c), type = cursor_be16(c);

	if (c->fault != CURSOR_OK)
		return;
	packet_field(p, &f_oui, at, 3, oui);
	packet_field(p, &f_type, at + 3, 2, type);
	if (oui == OUI_ETHERNET || oui == OUI_CISCO_BRIDGE)
		packet_next(p, TABLE_ETHERTYPE, type);
	else if (oui == OUI_802_1 && (type == 1 || type == 7)) /* RFC 2684: bridged Ethernet */
		packet_next(p, TABLE_ETHERTYPE, ETHERTYPE_BRIDGE);
}

static enum dissect_result llc_dissect(struct cursor *c, struct packet *p)
{
	const uint8_t *at = c->pos;
	unsigned dsap = cursor_u8(c), ssap = cursor_u8(c), control = cursor_u8(c);
	size_t width = 1;

	if (c->fault != CURSOR_OK)
		return DISSECT_OK;
	if ((control & 3) != 3) { /* numbered frames carry two bytes of it */
		control = control << 8 | cursor_u8(c);
		width = 2;
	}
	packet_field(p, &f_dsap, at, 1, dsap);
	packet_field(p, &f_ssap, at + 1, 1, ssap);
	packet_field(p, &f_control, at + 2, width, control);
	if (dsap == LLC_SNAP && (ssap & 0xfe) == LLC_SNAP && width == 1)
		llc_snap(c, p);
	else
		packet_next(p, TABLE_LLC, dsap);
	return DISSECT_OK;
}

static const struct bind llc_binds[] = {{TABLE_ETHERTYPE, ETHERTYPE_LLC}, {TABLE_NONE, 0}};

const struct dissector llc_dissector = {
	.name = "llc",
	.title = "Logical link control",
	.reference = "IEEE 802.2",
	.binds = llc_binds,
	.info = "{llc.ssap} to {llc.dsap}[ {llc.type}]",
	.link = "LLC, dsap {llc.dsap}, ssap {llc.ssap}[, oui {llc.oui}][, ethertype {llc.type}]",
	.dissect = llc_dissect,
};
