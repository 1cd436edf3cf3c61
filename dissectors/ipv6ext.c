/* IPv6 extension headers: the chain between the fixed header and the transport.
 *
 * One layer for the whole chain, a row for each header: hop-by-hop and
 * destination options, routing (segments as rows; the packet's destination
 * stays that of the fixed header), fragment, mobility, HIP, Shim6. The chain
 * ends at the first number that is none of these, and at a fragment that has
 * to wait for others. AH is a dissector of its own.
 *
 *  | next | length in 8 bytes, the first 8 not counted | ...   RFC 8200 section 4
 */
#include "layers.h"

static const struct name_of ext_options[] = {
	{0, "Pad1"}, {1, "PadN"}, {4, "tunnel encapsulation limit"}, {5, "router alert"},
	{6, "CALIPSO"}, {7, "quick start"}, {48, "minimum path MTU"}, {194, "jumbo payload"},
	{201, "home address"}, {99, "RPL"}, {139, "ILNP nonce"}, {30, "experiment"}, {0, NULL},
};

static const struct name_of ext_routings[] = {
	{0, "source route (deprecated)"}, {2, "mobile"}, {3, "RPL"}, {4, "segment routing"},
	{5, "CRH-16"}, {6, "CRH-32"}, {253, "experiment 253"}, {254, "experiment 254"}, {0, NULL},
};

static const struct field_info f_header = {"ipv6.ext", "Extension header", FIELD_STATIC, ip_protocols};
static const struct field_info f_next = {"ipv6.ext.nxt", "Next header", FIELD_UINT, ip_protocols};
static const struct field_info f_length = {"ipv6.ext.len", "Length", FIELD_UINT, NULL};
static const struct field_info f_option = {"ipv6.opt.type", "Option", FIELD_UINT, ext_options};
static const struct field_info f_option_data = {"ipv6.opt.data", "Option data", FIELD_BYTES, NULL};
static const struct field_info f_jumbo = {"ipv6.opt.jumbo", "Jumbo payload length", FIELD_UINT, NULL};
static const struct field_info f_routing = {"ipv6.routing.type", "Routing type", FIELD_UINT, ext_routings};
static const struct field_info f_left = {"ipv6.routing.segleft", "Segments left", FIELD_UINT, NULL};
static const struct field_info f_segment = {"ipv6.routing.segment", "Segment", FIELD_IPV6, NULL};
static const struct field_info f_offset = {"ipv6.fraghdr.offset", "Fragment offset", FIELD_UINT, NULL};
static const struct field_info f_more = {"ipv6.fraghdr.more", "More fragments", FIELD_BOOL, NULL};
static const struct field_info f_ident = {"ipv6.fraghdr.ident", "Identification", FIELD_HEX, NULL};
static const struct field_info f_mobility = {"mip6.mhtype", "Mobility message", FIELD_UINT, NULL};

enum { EXT_OPTION_JUMBO = 194, EXT_ROUTING_SOURCE = 0, EXT_ROUTING_MOBILE = 2, EXT_ROUTING_SEGMENTS = 4 };

/* RFC 2675: the length that did not fit; counted from the fixed header's end. */
static void ext_jumbo(struct cursor *c, struct packet *p, uint32_t jumbo, size_t read)
{
	if (p->ip.total_len != 0 || jumbo < read) {
		packet_issue(p, "a jumbo payload length that does not fit");
		return;
	}
	p->ip.total_len = jumbo <= UINT32_MAX - 40 ? jumbo + 40 : UINT32_MAX;
	if (!cursor_limit(c, jumbo - read))
		packet_issue(p, "the jumbo payload length exceeds the frame");
}

static uint32_t ext_options_read(struct cursor body, struct packet *p)
{
	uint32_t jumbo = 0;
	struct tlv o;

	while (tlv_next(&body, TLV_U8_U8, &p->budget, &o)) {
		packet_field(p, &f_option, body.base + o.offset, 1, o.type);
		if (o.type == EXT_OPTION_JUMBO && cursor_left(&o.value) == 4) {
			const uint8_t *at = o.value.pos;

			jumbo = cursor_be32(&o.value);
			packet_field(p, &f_jumbo, at, 4, jumbo);
		} else if (cursor_left(&o.value) > 0) {
			packet_field(p, &f_option_data, o.value.pos, cursor_left(&o.value), 0);
		}
	}
	if (body.fault == CURSOR_OVERRUN)
		packet_issue(p, "an IPv6 option runs beyond its header");
	return jumbo;
}

static void ext_routing(struct cursor body, struct packet *p)
{
	const uint8_t *at = body.pos, *segment;
	unsigned type = cursor_u8(&body), left = cursor_u8(&body);

	packet_field(p, &f_routing, at, 1, type);
	packet_field(p, &f_left, at + 1, 1, left);
	if (type != EXT_ROUTING_SOURCE && type != EXT_ROUTING_MOBILE && type != EXT_ROUTING_SEGMENTS)
		return;
	cursor_skip(&body, 4);
	while (cursor_wire_left(&body) >= 16 && budget_take(&p->budget)) {
		segment = cursor_take(&body, 16);
		if (!segment)
			return;
		packet_field(p, &f_segment, segment, 16, 0);
	}
}

static void ext_fragment(const struct cursor *c, struct cursor body, struct packet *p, unsigned next)
{
	const uint8_t *at = body.pos;
	unsigned where = cursor_be16(&body);
	uint32_t id = cursor_be32(&body);
	bool more = (where & 1) != 0;

	packet_field(p, &f_offset, at, 2, where & 0xfff8);
	packet_field(p, &f_more, at + 1, 1, more);
	packet_field(p, &f_ident, at + 2, 4, id);
	if (where >> 3 == 0 && !more) /* RFC 6946: an atomic fragment is a whole datagram */
		return;
	p->fragment.id = id;
	p->fragment.offset = where & 0xfff8;
	p->fragment.len = (uint32_t)cursor_wire_left(c);
	p->fragment.proto = (uint8_t)next;
	p->fragment.more = more;
	p->fragment.present = true;
}

static bool ext_is(unsigned type)
{
	switch (type) {
	case IPV6_HOP_BY_HOP:
	case IPV6_ROUTING:
	case IPV6_FRAGMENT:
	case IPV6_DESTINATION:
	case IPV6_MOBILITY:
	case IPV6_HIP:
	case IPV6_SHIM6:
		return true;
	default:
		return false;
	}
}

/* One header of that type; true: the chain goes on. */
static bool ext_header(struct cursor *c, struct packet *p, size_t start, unsigned type, unsigned *next)
{
	const uint8_t *at = c->pos;
	unsigned length;
	struct cursor body;
	uint32_t jumbo;

	*next = cursor_u8(c);
	length = cursor_u8(c);
	length = type == IPV6_FRAGMENT ? 8 : length * 8 + 8;
	body = cursor_sub(c, length - 2);
	if (c->fault != CURSOR_OK)
		return false;
	packet_field(p, &f_header, at, length, type);
	packet_field(p, &f_next, at, 1, *next);
	packet_field(p, &f_length, at + 1, 1, length);
	switch (type) {
	case IPV6_HOP_BY_HOP:
	case IPV6_DESTINATION:
		jumbo = ext_options_read(body, p);
		if (jumbo > 0 && type == IPV6_HOP_BY_HOP)
			ext_jumbo(c, p, jumbo, cursor_offset(c) - start);
		break;
	case IPV6_ROUTING:
		ext_routing(body, p);
		break;
	case IPV6_FRAGMENT:
		ext_fragment(c, body, p, *next);
		break;
	case IPV6_MOBILITY:
		(void)layers_number(&body, p, &f_mobility, 1);
		break;
	default:
		break;
	}
	return !p->fragment.present;
}

static enum dissect_result ipv6ext_dissect(struct cursor *c, struct packet *p)
{
	unsigned type = p->tuple.proto, next = type;
	size_t start = cursor_offset(c);

	if (p->tuple.family != FAMILY_IPV6)
		return DISSECT_NOT_MINE;
	while (ext_is(type) && budget_take(&p->budget)) {
		bool more = ext_header(c, p, start, type, &next);

		if (c->fault != CURSOR_OK)
			return DISSECT_OK;
		type = next;
		if (!more)
			break;
	}
	p->tuple.proto = (uint8_t)type;
	packet_next(p, TABLE_IPPROTO, type);
	return DISSECT_OK;
}

static const struct bind ipv6ext_binds[] = {
	{TABLE_IPPROTO, IPV6_HOP_BY_HOP}, {TABLE_IPPROTO, IPV6_ROUTING},  {TABLE_IPPROTO, IPV6_FRAGMENT},
	{TABLE_IPPROTO, IPV6_DESTINATION}, {TABLE_IPPROTO, IPV6_MOBILITY}, {TABLE_IPPROTO, IPV6_HIP},
	{TABLE_IPPROTO, IPV6_SHIM6},	   {TABLE_NONE, 0}};

const struct dissector ipv6ext_dissector = {
	.name = "ipv6ext",
	.title = "IPv6 extension headers",
	.reference = "RFC 8200",
	.binds = ipv6ext_binds,
	.info = "{ipv6.ext}[ offset {ipv6.fraghdr.offset}]",
	.dissect = ipv6ext_dissect,
};
