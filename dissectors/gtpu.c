/* GTP-U: the user's packets in mobile networks, over UDP.
 *
 * Extension headers are stepped over, each a row. Only G-PDU carries a packet;
 * the other messages (echo, error indication, end marker) are named.
 *
 *  0                   1      2        4     8
 *  | ver 3 pt 1 e s pn | type | length | teid | [sequence 2, n-pdu, next extension] ...
 *                                                     3GPP TS 29.281 section 5.1
 */
#include "layers.h"

enum {
	GTPU_PORT = 2152, GTPU_G_PDU = 255,
	GTPU_PT = 0x10, GTPU_SPARE = 0x08, GTPU_EXTENSION = 0x04, GTPU_SEQUENCE = 0x02, GTPU_N_PDU = 0x01,
};

static const struct name_of gtpu_types[] = {
	{1, "echo request"}, {2, "echo response"}, {26, "error indication"},
	{31, "supported extension headers"}, {253, "tunnel status"}, {254, "end marker"},
	{255, "G-PDU"}, {0, NULL},
};

static const struct name_of gtpu_flags[] = {
	{GTPU_EXTENSION, "extension"}, {GTPU_SEQUENCE, "sequence"}, {GTPU_N_PDU, "N-PDU number"}, {0, NULL}};

static const struct name_of gtpu_extensions[] = {
	{0x20, "service class"}, {0x40, "UDP port"}, {0x81, "RAN container"}, {0x82, "long PDCP number"},
	{0x83, "Xw RAN container"}, {0x84, "NR RAN container"}, {0x85, "PDU session container"},
	{0xc0, "PDCP number"}, {0, NULL},
};

static const struct field_info f_version = {"gtp.version", "Version", FIELD_UINT, NULL};
static const struct field_info f_flags = {"gtp.flags", "Flags", FIELD_FLAGS, gtpu_flags};
static const struct field_info f_type = {"gtp.message", "Message", FIELD_UINT, gtpu_types};
static const struct field_info f_length = {"gtp.length", "Length", FIELD_UINT, NULL};
static const struct field_info f_teid = {"gtp.teid", "Tunnel", FIELD_HEX, NULL};
static const struct field_info f_sequence = {"gtp.seq_number", "Sequence", FIELD_UINT, NULL};
static const struct field_info f_extension = {"gtp.ext_hdr", "Extension header", FIELD_HEX, gtpu_extensions};

/* The optional part: present as a whole if one of its three flags is set. */
static void gtpu_optional(struct cursor *c, struct packet *p, unsigned flags)
{
	const uint8_t *at = c->pos;
	unsigned sequence = cursor_be16(c), next, length;

	cursor_skip(c, 1);
	next = cursor_u8(c);
	if (c->fault == CURSOR_OK && (flags & GTPU_SEQUENCE))
		packet_field(p, &f_sequence, at, 2, sequence);
	if (!(flags & GTPU_EXTENSION))
		return;
	while (next != 0 && c->fault == CURSOR_OK && budget_take(&p->budget)) {
		at = c->pos;
		length = cursor_u8(c) * 4u; /* counts itself and the next type */
		if (length == 0) {
			if (c->fault == CURSOR_OK)
				c->fault = CURSOR_OVERRUN;
			return;
		}
		cursor_skip(c, length - 2);
		packet_field(p, &f_extension, at, length, next);
		next = cursor_u8(c);
	}
}

static enum dissect_result gtpu_dissect(struct cursor *c, struct packet *p)
{
	const uint8_t *at = c->pos;
	unsigned flags = cursor_u8(c), type = cursor_u8(c), length = cursor_be16(c);
	uint32_t teid = cursor_be32(c);

	if (c->fault != CURSOR_OK) /* too short to be sure */
		return DISSECT_NOT_MINE;
	if (flags >> 5 != 1 || !(flags & GTPU_PT) || (flags & GTPU_SPARE) || !cursor_limit(c, length))
		return DISSECT_NOT_MINE;
	packet_field(p, &f_version, at, 1, flags >> 5);
	packet_field(p, &f_flags, at, 1, flags & 7);
	packet_field(p, &f_type, at + 1, 1, type);
	packet_field(p, &f_length, at + 2, 2, length);
	packet_field(p, &f_teid, at + 4, 4, teid);
	if (flags & (GTPU_EXTENSION | GTPU_SEQUENCE | GTPU_N_PDU))
		gtpu_optional(c, p, flags);
	if (c->fault != CURSOR_OK || type != GTPU_G_PDU)
		return DISSECT_OK;
	packet_tunnel(p, TUNNEL_GTPU, true, teid);
	(void)layers_ip_by_version(c, p);
	return DISSECT_OK;
}

static const struct bind gtpu_binds[] = {{TABLE_UDP_PORT, GTPU_PORT}, {TABLE_NONE, 0}};

const struct dissector gtpu_dissector = {
	.name = "gtpu",
	.title = "GTP user plane",
	.reference = "3GPP TS 29.281",
	.binds = gtpu_binds,
	.info = "{gtp.message} tunnel {gtp.teid}",
	.dissect = gtpu_dissect,
};
