/* MPLS: the label stack, read to its bottom.
 *
 * Nothing in the packet says what follows. As others do, it is guessed: the
 * first four bits 4 or 6 are IP (the explicit null labels name it); 0 is taken
 * for a pseudowire control word with Ethernet behind it (RFC 4448), if there
 * is room for that. A pseudowire without a control word is not recognised. The
 * label at the bottom, that of the service, joins the path.
 *
 *  | label 20 | tc 3 | bottom 1 | ttl 8 | ...            RFC 3032 section 2.1
 */
#include "layers.h"

enum { MPLS_IPV4_NULL = 0, MPLS_ROUTER_ALERT = 1, MPLS_IPV6_NULL = 2, MPLS_IMPLICIT_NULL = 3 };

static const struct name_of mpls_labels[] = {
	{0, "IPv4 explicit null"}, {1, "router alert"}, {2, "IPv6 explicit null"}, {3, "implicit null"},
	{7, "entropy label indicator"}, {13, "GAL"}, {14, "OAM alert"}, {0, NULL},
};

static const struct field_info f_label = {"mpls.label", "Label", FIELD_UINT, mpls_labels};
static const struct field_info f_tc = {"mpls.exp", "Traffic class", FIELD_UINT, NULL};
static const struct field_info f_bottom = {"mpls.bottom", "Bottom of stack", FIELD_BOOL, NULL};
static const struct field_info f_ttl = {"mpls.ttl", "TTL", FIELD_UINT, NULL};
static const struct field_info f_control = {"pwethcw.sequence_number", "Control word sequence", FIELD_UINT, NULL};

static void mpls_follow(struct cursor *c, struct packet *p)
{
	uint8_t first = 0xff;

	if (layers_ip_by_version(c, p))
		return;
	if (!cursor_peek(c, 0, &first)) { /* a control word may have been lost */
		cursor_skip(c, 1);
		return;
	}
	if (first >> 4 == 0 && cursor_wire_left(c) >= 4 + 14) {
		const uint8_t *at = c->pos;

		packet_field(p, &f_control, at, 4, cursor_be32(c) & 0xffff);
		packet_next(p, TABLE_ETHERTYPE, ETHERTYPE_BRIDGE);
	}
}

static enum dissect_result mpls_dissect(struct cursor *c, struct packet *p)
{
	uint32_t word = 0;

	do {
		const uint8_t *at = c->pos;

		word = cursor_be32(c);
		if (c->fault != CURSOR_OK || !budget_take(&p->budget))
			return DISSECT_OK;
		packet_field(p, &f_label, at, 3, word >> 12);
		packet_field(p, &f_tc, at + 2, 1, word >> 9 & 7);
		packet_field(p, &f_bottom, at + 2, 1, word >> 8 & 1);
		packet_field(p, &f_ttl, at + 3, 1, word & 0xff);
	} while ((word & 0x100) == 0);
	packet_tunnel(p, TUNNEL_MPLS, true, word >> 12);
	if (cursor_wire_left(c) > 0)
		mpls_follow(c, p);
	return DISSECT_OK;
}

static const struct bind mpls_binds[] = {{TABLE_ETHERTYPE, ETHERTYPE_MPLS},
					 {TABLE_ETHERTYPE, ETHERTYPE_MPLS_MULTICAST},
					 {TABLE_PPP, 0x0281},
					 {TABLE_PPP, 0x0283},
					 {TABLE_IPPROTO, 137},
					 {TABLE_NONE, 0}};

const struct dissector mpls_dissector = {
	.name = "mpls",
	.title = "Multiprotocol label switching",
	.reference = "RFC 3032",
	.binds = mpls_binds,
	.info = "label {mpls.label}",
	.dissect = mpls_dissect,
};
