/* GENEVE: VXLAN's successor, with a protocol number and options.
 *
 *  0                  1           2          4     7
 *  | ver 2 length 6   | o c rsvd  | protocol | vni | reserved | options | ...
 *                                                      RFC 8926 section 3.4
 */
#include "layers.h"

enum { GENEVE_PORT = 6081, GENEVE_RESERVED = 0x3f };

static const struct name_of geneve_flags[] = {{0x80, "control"}, {0x40, "critical options"}, {0, NULL}};

static const struct field_info f_version = {"geneve.version", "Version", FIELD_UINT, NULL};
static const struct field_info f_length = {"geneve.options.length", "Options length", FIELD_UINT, NULL};
static const struct field_info f_flags = {"geneve.flags", "Flags", FIELD_FLAGS, geneve_flags};
static const struct field_info f_proto = {"geneve.proto_type", "Protocol", FIELD_HEX, ether_types};
static const struct field_info f_vni = {"geneve.vni", "Network", FIELD_UINT, NULL};
static const struct field_info f_class = {"geneve.option.class", "Option class", FIELD_HEX, NULL};
static const struct field_info f_type = {"geneve.option.type", "Option type", FIELD_HEX, NULL};
static const struct field_info f_data = {"geneve.option.data", "Option data", FIELD_BYTES, NULL};

static void geneve_options(struct cursor *o, struct packet *p)
{
	while (cursor_left(o) >= 4 && budget_take(&p->budget)) {
		const uint8_t *at = o->pos;
		unsigned class = cursor_be16(o), type = cursor_u8(o), n = (cursor_u8(o) & 31u) * 4;
		const uint8_t *data = cursor_take(o, n);

		packet_field(p, &f_class, at, 2, class);
		packet_field(p, &f_type, at + 2, 1, type);
		if (data && n > 0)
			packet_field(p, &f_data, data, n, 0);
	}
	if (o->fault == CURSOR_OVERRUN)
		packet_issue(p, "a GENEVE option runs beyond the header");
}

static enum dissect_result geneve_dissect(struct cursor *c, struct packet *p)
{
	const uint8_t *at = c->pos;
	unsigned first = cursor_u8(c), flags = cursor_u8(c), proto = cursor_be16(c), length = (first & 63) * 4;
	uint32_t last = cursor_be32(c), vni = last >> 8;
	struct cursor options;

	if (c->fault != CURSOR_OK) /* too short to be sure */
		return DISSECT_NOT_MINE;
	if (first >> 6 != 0 || (flags & GENEVE_RESERVED) != 0 || (last & 0xff) != 0 || proto < ETHERTYPE_MIN ||
	    length > cursor_wire_left(c))
		return DISSECT_NOT_MINE;
	packet_field(p, &f_version, at, 1, first >> 6);
	packet_field(p, &f_length, at, 1, length);
	packet_field(p, &f_flags, at + 1, 1, flags);
	packet_field(p, &f_proto, at + 2, 2, proto);
	packet_field(p, &f_vni, at + 4, 3, vni);
	options = cursor_sub(c, length);
	geneve_options(&options, p);
	if (c->fault != CURSOR_OK)
		return DISSECT_OK;
	packet_tunnel(p, TUNNEL_GENEVE, true, vni);
	packet_next(p, TABLE_ETHERTYPE, proto);
	return DISSECT_OK;
}

static const struct bind geneve_binds[] = {{TABLE_UDP_PORT, GENEVE_PORT}, {TABLE_NONE, 0}};

const struct dissector geneve_dissector = {
	.name = "geneve",
	.title = "Generic network virtualization",
	.reference = "RFC 8926",
	.binds = geneve_binds,
	.info = "network {geneve.vni} {geneve.proto_type}",
	.dissect = geneve_dissect,
};
