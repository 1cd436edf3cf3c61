/* PPP over Ethernet: discovery by name, sessions down to PPP.
 *
 *  0               1      2         4        6
 *  | ver 4, type 4 | code | session | length | PPP, or tags ...      RFC 2516
 */
#include "layers.h"

static const struct name_of pppoe_codes[] = {
	{0x00, "session data"}, {0x07, "PADO"}, {0x09, "PADI"}, {0x0a, "PADG"}, {0x0b, "PADC"},
	{0x0c, "PADQ"}, {0x19, "PADR"}, {0x65, "PADS"}, {0xa7, "PADT"}, {0, NULL},
};

static const struct name_of pppoe_tags[] = {
	{0x0000, "end of list"}, {0x0101, "service name"}, {0x0102, "concentrator name"},
	{0x0103, "host token"}, {0x0104, "concentrator cookie"}, {0x0105, "vendor specific"},
	{0x0110, "relay session"}, {0x0120, "PPP maximum payload"}, {0x0201, "service name error"},
	{0x0202, "concentrator error"}, {0x0203, "generic error"}, {0, NULL},
};

static const struct field_info f_version = {"pppoe.version", "Version", FIELD_UINT, NULL};
static const struct field_info f_type = {"pppoe.type", "Type", FIELD_UINT, NULL};
static const struct field_info f_code = {"pppoe.code", "Code", FIELD_HEX, pppoe_codes};
static const struct field_info f_session = {"pppoe.session_id", "Session", FIELD_HEX, NULL};
static const struct field_info f_length = {"pppoe.payload_length", "Payload length", FIELD_UINT, NULL};
static const struct field_info f_tag = {"pppoed.tag", "Tag", FIELD_HEX, pppoe_tags};
static const struct field_info f_value = {"pppoed.tag.value", "Value", FIELD_TEXT, NULL};

static void pppoe_tags_read(struct cursor *c, struct packet *p)
{
	struct tlv tag;

	while (tlv_next(c, TLV_U16_U16, &p->budget, &tag)) {
		packet_field(p, &f_tag, c->base + tag.offset, 2, tag.type);
		if (cursor_left(&tag.value) > 0)
			packet_field(p, &f_value, tag.value.pos, cursor_left(&tag.value), 0);
		if (tag.type == 0)
			break;
	}
}

static enum dissect_result pppoe_dissect(struct cursor *c, struct packet *p)
{
	const uint8_t *at = c->pos;
	unsigned version = cursor_u8(c), code = cursor_u8(c), session = cursor_be16(c), length = cursor_be16(c);

	if (c->fault != CURSOR_OK)
		return DISSECT_OK;
	packet_field(p, &f_version, at, 1, version >> 4);
	packet_field(p, &f_type, at, 1, version & 15);
	packet_field(p, &f_code, at + 1, 1, code);
	packet_field(p, &f_session, at + 2, 2, session);
	packet_field(p, &f_length, at + 4, 2, length);
	if (version != 0x11) {
		packet_issue(p, "version and type are not 1");
		return DISSECT_BAD;
	}
	if (!cursor_limit(c, length))
		packet_issue(p, "the PPPoE length exceeds the frame");
	if (code != 0) {
		pppoe_tags_read(c, p);
		return DISSECT_OK;
	}
	packet_tunnel(p, TUNNEL_PPPOE, true, session);
	packet_next(p, TABLE_LINKTYPE, LINKTYPE_PPP);
	return DISSECT_OK;
}

static const struct bind pppoe_binds[] = {{TABLE_ETHERTYPE, ETHERTYPE_PPPOE_DISCOVERY},
					  {TABLE_ETHERTYPE, ETHERTYPE_PPPOE_SESSION},
					  {TABLE_LINKTYPE, LINKTYPE_PPP_ETHER},
					  {TABLE_NONE, 0}};

const struct dissector pppoe_dissector = {
	.name = "pppoe",
	.title = "PPP over Ethernet",
	.reference = "RFC 2516",
	.binds = pppoe_binds,
	.info = "{pppoe.code} session {pppoe.session_id}",
	.dissect = pppoe_dissect,
};
