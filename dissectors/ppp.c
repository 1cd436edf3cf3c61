/* PPP, with and without HDLC framing; Cisco's own HDLC instead is chdlc.c's.
 *
 * Address and control may be left out (RFC 1661 6.6), the protocol may be one
 * byte (6.5). pppd writes the direction (0, 1) where the address would be.
 * Compressed and encrypted packets are named and shown as bytes.
 *
 *  [ address | control ] protocol (1 or 2) | payload ...       RFC 1662
 */
#include "chdlc.h"

static const struct name_of ppp_protocols[] = {
	{0x0021, "IPv4"},   {0x002b, "IPX"},    {0x002d, "compressed TCP"}, {0x002f, "VJ uncompressed"},
	{0x0031, "bridging"}, {0x003d, "multilink"}, {0x0053, "encryption"}, {0x0057, "IPv6"},
	{0x00fd, "compressed"}, {0x0281, "MPLS"}, {0x0283, "MPLS multicast"}, {0x8021, "IPCP"},
	{0x8053, "ECP"},    {0x8057, "IPv6CP"}, {0x80fd, "CCP"}, {0x8281, "MPLSCP"}, {0xc021, "LCP"},
	{0xc023, "PAP"},    {0xc025, "LQR"},    {0xc223, "CHAP"}, {0xc227, "EAP"}, {0, NULL},
};

static const struct field_info f_address = {"ppp.address", "Address", FIELD_HEX, NULL};
static const struct field_info f_control = {"ppp.control", "Control", FIELD_HEX, NULL};
static const struct field_info f_protocol = {"ppp.protocol", "Protocol", FIELD_HEX, ppp_protocols};

enum { PPP_ALL_STATIONS = 0xff, PPP_UNNUMBERED = 3 };

static enum dissect_result ppp_dissect(struct cursor *c, struct packet *p)
{
	const uint8_t *at = c->pos;
	uint8_t address = 0, control = 0;
	unsigned protocol;
	bool both = cursor_peek(c, 0, &address) && cursor_peek(c, 1, &control);

	if (!both && cursor_wire_left(c) >= 2) { /* one byte does not tell the framing */
		cursor_skip(c, 2);
		return DISSECT_OK;
	}
	if (both && (address == CHDLC_UNICAST || address == CHDLC_MULTICAST) && control == 0) {
		chdlc_read(c, p);
		return DISSECT_OK;
	}
	if (both && (address == PPP_ALL_STATIONS || address <= 1) && control == PPP_UNNUMBERED) {
		cursor_skip(c, 2);
		packet_field(p, &f_address, at, 1, address);
		packet_field(p, &f_control, at + 1, 1, control);
	}
	at = c->pos;
	protocol = cursor_u8(c);
	if ((protocol & 1) == 0) /* the last byte is odd, the one before it even */
		protocol = protocol << 8 | cursor_u8(c);
	packet_field(p, &f_protocol, at, protocol > 0xff || c->pos > at + 1 ? 2 : 1, protocol);
	packet_next(p, TABLE_PPP, protocol);
	return DISSECT_OK;
}

static const struct bind ppp_binds[] = {{TABLE_LINKTYPE, LINKTYPE_PPP},
					{TABLE_LINKTYPE, LINKTYPE_PPP_HDLC},
					{TABLE_LINKTYPE, LINKTYPE_PPP_PPPD},
					{TABLE_ETHERTYPE, ETHERTYPE_PPP},
					{TABLE_NONE, 0}};

const struct dissector ppp_dissector = {
	.name = "ppp",
	.title = "Point-to-Point Protocol",
	.reference = "RFC 1661",
	.binds = ppp_binds,
	.info = "[{ppp.protocol}][{chdlc.protocol}][ {slarp.ptype}]",
	.link = "PPP[ {ppp.protocol}][ {chdlc.protocol}]",
	.dissect = ppp_dissect,
};
