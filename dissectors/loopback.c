/* BSD loopback: an address family in four bytes, then the packet.
 *
 * LINKTYPE_NULL keeps the byte order of the host that captured, LINKTYPE_LOOP
 * is network order. Families are small, so the order shows by itself. The
 * number of IPv6 differs between systems.
 */
#include "layers.h"

static const struct name_of loopback_families[] = {
	{2, "IPv4"}, {10, "IPv6"}, {23, "IPv6"}, {24, "IPv6"}, {28, "IPv6"}, {30, "IPv6"},
	{7, "OSI"}, {0, NULL},
};

static const struct field_info f_family = {"null.family", "Family", FIELD_UINT, loopback_families};
static const struct field_info f_type = {"null.type", "Type", FIELD_HEX, ether_types};

static enum dissect_result loopback_dissect(struct cursor *c, struct packet *p)
{
	const uint8_t *at = c->pos;
	uint32_t family = cursor_be32(c);

	if (c->fault != CURSOR_OK)
		return DISSECT_OK;
	if (family > 0xffff)
		family = family >> 24 | (family >> 8 & 0xff00) | (family << 8 & 0xff0000) | family << 24;
	if (family >= ETHERTYPE_MIN && family <= 0xffff) { /* some drivers write a type */
		packet_field(p, &f_type, at, 4, family);
		packet_next(p, TABLE_ETHERTYPE, family);
		return DISSECT_OK;
	}
	packet_field(p, &f_family, at, 4, family);
	switch (family) {
	case 2:
		packet_next(p, TABLE_ETHERTYPE, ETHERTYPE_IPV4);
		break;
	case 10: /* Linux */
	case 23: /* Windows */
	case 24: /* NetBSD, OpenBSD */
	case 28: /* FreeBSD */
	case 30: /* macOS */
		packet_next(p, TABLE_ETHERTYPE, ETHERTYPE_IPV6);
		break;
	default:
		break;
	}
	return DISSECT_OK;
}

static const struct bind loopback_binds[] = {
	{TABLE_LINKTYPE, LINKTYPE_NULL}, {TABLE_LINKTYPE, LINKTYPE_LOOP}, {TABLE_NONE, 0}};

const struct dissector loopback_dissector = {
	.name = "loopback",
	.title = "BSD loopback",
	.reference = "LINKTYPE_NULL, LINKTYPE_LOOP",
	.binds = loopback_binds,
	.info = "[family {null.family}][type {null.type}]",
	.link = "[AF {null.family}][ethertype {null.type}]",
	.dissect = loopback_dissect,
};
