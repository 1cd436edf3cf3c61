/* Cisco HDLC: an address, a zero, an Ethernet type; SLARP, which keeps the
 * line alive, is read here, because its type is another's on Ethernet (RARP).
 *
 * CDP and OSI are named and shown as bytes.
 *
 *  0               1   2      4
 *  | 0x0f or 0x8f | 0 | type | payload ...         RFC 1547 section 4.3.1, Cisco
 *  SLARP:      | operation 4 | address 4 | mask 4 | unused 2
 *  keep-alive: | 2 | own sequence 4 | the peer's, as seen 4 | 0xffff | uptime 4
 */
#include "chdlc.h"

enum { CHDLC_SLARP = 0x8035, SLARP_KEEP_ALIVE = 2 };

static const struct name_of chdlc_addresses[] = {{CHDLC_UNICAST, "unicast"}, {CHDLC_MULTICAST, "multicast"}, {0, NULL}};

static const struct name_of chdlc_types[] = {
	{ETHERTYPE_IPV4, "IPv4"}, {0x2000, "CDP"}, {ETHERTYPE_BRIDGE, "Ethernet bridging"},
	{CHDLC_SLARP, "SLARP"}, {0x809b, "AppleTalk"}, {0x8137, "IPX"}, {ETHERTYPE_IPV6, "IPv6"},
	{ETHERTYPE_MPLS, "MPLS"}, {ETHERTYPE_MPLS_MULTICAST, "MPLS multicast"}, {0xfefe, "OSI"}, {0, NULL},
};

static const struct name_of slarp_operations[] = {
	{0, "address request"}, {1, "address reply"}, {SLARP_KEEP_ALIVE, "keep-alive"}, {0, NULL}};

static const struct field_info f_address = {"chdlc.address", "Address", FIELD_HEX, chdlc_addresses};
static const struct field_info f_control = {"chdlc.control", "Control", FIELD_HEX, NULL};
static const struct field_info f_type = {"chdlc.protocol", "Protocol", FIELD_HEX, chdlc_types};
static const struct field_info f_operation = {"slarp.ptype", "SLARP", FIELD_UINT, slarp_operations};
static const struct field_info f_slarp_address = {"slarp.address", "Address", FIELD_IPV4, NULL};
static const struct field_info f_mask = {"slarp.netmask", "Mask", FIELD_IPV4, NULL};
static const struct field_info f_mine = {"slarp.mysequence", "Own sequence", FIELD_UINT, NULL};
static const struct field_info f_yours = {"slarp.yoursequence", "Peer's sequence, as seen", FIELD_UINT, NULL};
static const struct field_info f_reliability = {"slarp.reliability", "Reliability", FIELD_HEX, NULL};
static const struct field_info f_uptime = {"slarp.uptime", "Up for, ms", FIELD_UINT, NULL};

static void slarp_read(struct cursor *c, struct packet *p)
{
	unsigned operation = (unsigned)layers_number(c, p, &f_operation, 4);

	if (operation > SLARP_KEEP_ALIVE)
		return;
	if (operation < SLARP_KEEP_ALIVE) {
		layers_bytes(c, p, &f_slarp_address, 4);
		layers_bytes(c, p, &f_mask, 4);
		return;
	}
	(void)layers_number(c, p, &f_mine, 4);
	(void)layers_number(c, p, &f_yours, 4);
	(void)layers_number(c, p, &f_reliability, 2);
	if (cursor_wire_left(c) >= 4) /* not all systems write it */
		(void)layers_number(c, p, &f_uptime, 4);
}

void chdlc_read(struct cursor *c, struct packet *p)
{
	unsigned type;

	(void)layers_number(c, p, &f_address, 1);
	(void)layers_number(c, p, &f_control, 1);
	type = (unsigned)layers_number(c, p, &f_type, 2);
	if (c->fault != CURSOR_OK)
		return;
	if (type == CHDLC_SLARP)
		slarp_read(c, p);
	else
		packet_next(p, TABLE_ETHERTYPE, type);
}

static enum dissect_result chdlc_dissect(struct cursor *c, struct packet *p)
{
	chdlc_read(c, p);
	return DISSECT_OK;
}

static const struct bind chdlc_binds[] = {{TABLE_LINKTYPE, LINKTYPE_C_HDLC}, {TABLE_NONE, 0}};

const struct dissector chdlc_dissector = {
	.name = "chdlc",
	.title = "Cisco HDLC",
	.reference = "RFC 1547",
	.binds = chdlc_binds,
	.info = "{chdlc.protocol}[ {slarp.ptype}][ {slarp.address}][ own {slarp.mysequence} peer {slarp.yoursequence}]",
	.link = "{chdlc.address}, ethertype {chdlc.protocol}",
	.dissect = chdlc_dissect,
};
