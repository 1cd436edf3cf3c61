/* Ethernet II and IEEE 802.3: two addresses, a type or a length.
 *
 * A length hides the padding behind it; a type leaves that to the layer above.
 * The addresses of the outermost Ethernet header become the packet's: a bridged
 * frame inside a tunnel does not replace them. The frame check sequence is not
 * looked for: IP's own length leaves it out.
 *
 *  0             6             12     14
 *  | destination | source      | type | payload ...
 */
#include "layers.h"

static const struct field_info f_dst = {"eth.dst", "Destination", FIELD_MAC, NULL};
static const struct field_info f_src = {"eth.src", "Source", FIELD_MAC, NULL};
static const struct field_info f_type = {"eth.type", "Type", FIELD_HEX, ether_types};
static const struct field_info f_len = {"eth.len", "Length", FIELD_UINT, NULL};

static enum dissect_result ethernet_dissect(struct cursor *c, struct packet *p)
{
	const uint8_t *to = cursor_take(c, 6), *from = cursor_take(c, 6), *at = c->pos;
	unsigned type = cursor_be16(c);

	packet_field(p, &f_dst, to, 6, 0);
	packet_field(p, &f_src, from, 6, 0);
	if (c->fault != CURSOR_OK)
		return DISSECT_OK;
	packet_field(p, type <= ETHERTYPE_LENGTH_MAX ? &f_len : &f_type, at, 2, type);
	if (!p->has_mac) {
		memcpy(p->mac_to, to, 6);
		memcpy(p->mac_from, from, 6);
		p->has_mac = true;
	}
	return layers_ethertype(c, p, type) ? DISSECT_OK : DISSECT_BAD;
}

static const struct bind ethernet_binds[] = {
	{TABLE_LINKTYPE, LINKTYPE_ETHERNET}, {TABLE_ETHERTYPE, ETHERTYPE_BRIDGE}, {TABLE_NONE, 0}};

const struct dissector ethernet_dissector = {
	.name = "eth",
	.title = "Ethernet",
	.reference = "IEEE 802.3",
	.binds = ethernet_binds,
	.info = "{eth.src} to {eth.dst}[ type {eth.type}][ length {eth.len}]",
	.link = "{eth.src} > {eth.dst}[, ethertype {eth.type}][, 802.3 length {eth.len}]",
	.dissect = ethernet_dissect,
};
