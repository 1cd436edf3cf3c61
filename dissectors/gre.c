/* GRE, its version 1 (PPTP), and the way into ERSPAN.
 *
 * The key, or PPTP's call, joins the path. ERSPAN I has no header of its own:
 * it is ERSPAN's type without a sequence number. Source routes (RFC 1701) are
 * stepped over. A packet that carries nothing (keepalive, acknowledgment) ends
 * here.
 *
 *  0                  2          4                    RFC 2784, 2890, 2637
 *  | flags, version 3 | protocol | [checksum, offset 4] [key 4] [sequence 4] [ack 4]
 */
#include "layers.h"

enum {
	GRE_CHECKSUM = 0x8000, GRE_ROUTING = 0x4000, GRE_KEY = 0x2000, GRE_SEQUENCE = 0x1000,
	GRE_STRICT = 0x0800, GRE_ACK = 0x0080, GRE_VERSION = 7,
};

static const struct name_of gre_flags[] = {
	{GRE_CHECKSUM, "checksum"}, {GRE_ROUTING, "routing"}, {GRE_KEY, "key"},
	{GRE_SEQUENCE, "sequence"}, {GRE_STRICT, "strict source route"}, {GRE_ACK, "acknowledgment"},
	{0, NULL},
};

static const struct field_info f_flags = {"gre.flags", "Flags", FIELD_FLAGS, gre_flags};
static const struct field_info f_version = {"gre.flags.version", "Version", FIELD_UINT, NULL};
static const struct field_info f_proto = {"gre.proto", "Protocol", FIELD_HEX, ether_types};
static const struct field_info f_checksum = {"gre.checksum", "Checksum", FIELD_HEX, NULL};
static const struct field_info f_key = {"gre.key", "Key", FIELD_HEX, NULL};
static const struct field_info f_length = {"gre.key.payload_length", "Payload length", FIELD_UINT, NULL};
static const struct field_info f_call = {"gre.key.call_id", "Call", FIELD_UINT, NULL};
static const struct field_info f_sequence = {"gre.sequence_number", "Sequence", FIELD_UINT, NULL};
static const struct field_info f_ack = {"gre.ack_number", "Acknowledgment", FIELD_UINT, NULL};

/* RFC 1701: address family, offset, length; a length of zero ends the list. */
static void gre_routing(struct cursor *c, struct packet *p)
{
	unsigned length;

	do {
		cursor_skip(c, 3);
		length = cursor_u8(c);
		cursor_skip(c, length);
	} while (length > 0 && c->fault == CURSOR_OK && budget_take(&p->budget));
}

static uint32_t gre_word(struct cursor *c, struct packet *p, const struct field_info *info)
{
	const uint8_t *at = c->pos;
	uint32_t word = cursor_be32(c);

	if (c->fault == CURSOR_OK)
		packet_field(p, info, at, 4, word);
	return word;
}

static void gre_pptp(struct cursor *c, struct packet *p, unsigned flags)
{
	const uint8_t *at = c->pos;
	unsigned length = cursor_be16(c), call = cursor_be16(c);

	if (flags & GRE_SEQUENCE)
		(void)gre_word(c, p, &f_sequence);
	if (flags & GRE_ACK)
		(void)gre_word(c, p, &f_ack);
	if (c->fault != CURSOR_OK)
		return;
	packet_field(p, &f_length, at, 2, length);
	packet_field(p, &f_call, at + 2, 2, call);
	packet_tunnel(p, TUNNEL_GRE, true, call);
	if (!cursor_limit(c, length))
		packet_issue(p, "the GRE payload length exceeds the packet");
	if ((flags & GRE_SEQUENCE) && cursor_wire_left(c) > 0)
		packet_next(p, TABLE_ETHERTYPE, ETHERTYPE_PPP);
}

static enum dissect_result gre_dissect(struct cursor *c, struct packet *p)
{
	const uint8_t *at = c->pos;
	unsigned flags = cursor_be16(c), proto = cursor_be16(c), version = flags & GRE_VERSION;
	bool span = proto == ETHERTYPE_ERSPAN || proto == ETHERTYPE_ERSPAN3;
	uint32_t key = 0;

	if (c->fault != CURSOR_OK)
		return DISSECT_OK;
	packet_field(p, &f_flags, at, 2, flags & 0xff80u);
	packet_field(p, &f_version, at, 2, version);
	packet_field(p, &f_proto, at + 2, 2, proto);
	if (version > 1 || (version == 1 && ((flags & GRE_KEY) == 0 || proto != ETHERTYPE_PPP))) {
		packet_issue(p, "a GRE version that does not exist");
		return DISSECT_BAD;
	}
	if (version == 1) {
		gre_pptp(c, p, flags);
		return DISSECT_OK;
	}
	if (flags & (GRE_CHECKSUM | GRE_ROUTING)) {
		at = c->pos;
		packet_field(p, &f_checksum, at, 2, cursor_be32(c) >> 16);
	}
	if (flags & GRE_KEY)
		key = gre_word(c, p, &f_key);
	if (flags & GRE_SEQUENCE)
		(void)gre_word(c, p, &f_sequence);
	if (flags & GRE_ROUTING)
		gre_routing(c, p);
	if (c->fault != CURSOR_OK)
		return DISSECT_OK;
	if (proto == ETHERTYPE_ERSPAN && !(flags & GRE_SEQUENCE)) {
		packet_tunnel(p, TUNNEL_ERSPAN, false, 0);
		proto = ETHERTYPE_BRIDGE;
	} else if (!span) { /* ERSPAN names itself, by its session */
		packet_tunnel(p, TUNNEL_GRE, (flags & GRE_KEY) != 0, key);
	}
	if (cursor_wire_left(c) > 0)
		packet_next(p, TABLE_ETHERTYPE, proto);
	return DISSECT_OK;
}

static const struct bind gre_binds[] = {{TABLE_IPPROTO, PROTO_GRE}, {TABLE_NONE, 0}};

const struct dissector gre_dissector = {
	.name = "gre",
	.title = "Generic routing encapsulation",
	.reference = "RFC 2784, RFC 2890",
	.binds = gre_binds,
	.info = "GRE {gre.proto}[ key {gre.key}][ call {gre.key.call_id}]",
	.dissect = gre_dissect,
};
