/* AYIYA: IPv6 or IPv4 over UDP through address translators, signed.
 *
 * The header's lengths must fit the datagram and its numbers must exist, or it
 * is not AYIYA: the port alone proves nothing. Signatures are not checked.
 *
 *  0                        1                   2                3      4       8
 *  | id length 4, id kind 4 | words 4, hash 4 | auth 4, opcode 4 | next | epoch | id | signature | packet ...
 *                                                  draft-massar-v6ops-ayiya-02 section 4
 */
#include "layers.h"

enum { AYIYA_PORT = 5072, AYIYA_FORWARD = 1, AYIYA_NO_NEXT = 59, AYIYA_OPCODES = 6 };

static const struct name_of ayiya_opcodes[] = {
	{0, "nothing"}, {AYIYA_FORWARD, "forward"}, {2, "echo request"}, {3, "echo request, forward"},
	{4, "echo answer"}, {5, "message of the day"}, {6, "query"}, {7, "answer"}, {0, NULL},
};

static const struct field_info f_opcode = {"ayiya.opcode", "Operation", FIELD_UINT, ayiya_opcodes};
static const struct field_info f_next = {"ayiya.nextheader", "Next header", FIELD_UINT, ip_protocols};
static const struct field_info f_epoch = {"ayiya.epoch", "Sent, seconds since 1970", FIELD_UINT, NULL};
static const struct field_info f_identity = {"ayiya.identity", "Identity", FIELD_BYTES, NULL};
static const struct field_info f_signature = {"ayiya.signature", "Signature", FIELD_BYTES, NULL};

static enum dissect_result ayiya_dissect(struct cursor *c, struct packet *p)
{
	const uint8_t *at = c->pos;
	unsigned id = cursor_u8(c), hash = cursor_u8(c), operation = cursor_u8(c), next = cursor_u8(c);
	size_t id_len = (size_t)1 << (id >> 4), signature_len = (size_t)(hash >> 4) * 4;
	uint8_t first = 0;

	if (c->fault != CURSOR_OK)
		return DISSECT_NOT_MINE;
	if ((id & 15) > 3 || (hash & 15) > 2 || operation >> 4 > 2 || (operation & 15) > AYIYA_OPCODES + 1 ||
	    (next != PROTO_IPV6 && next != PROTO_IPIP && next != AYIYA_NO_NEXT) ||
	    4 + id_len + signature_len > cursor_wire_left(c))
		return DISSECT_NOT_MINE;
	packet_field(p, &f_opcode, at + 2, 1, operation & 15);
	packet_field(p, &f_next, at + 3, 1, next);
	(void)layers_number(c, p, &f_epoch, 4);
	layers_bytes(c, p, &f_identity, id_len);
	layers_bytes(c, p, &f_signature, signature_len);
	if (next == AYIYA_NO_NEXT)
		return DISSECT_OK;
	/* The packet's version decides: where it is cut, so is the knowledge. */
	if (!cursor_peek(c, 0, &first) || first >> 4 != (next == PROTO_IPV6 ? 6 : 4))
		return DISSECT_NOT_MINE;
	packet_tunnel(p, TUNNEL_AYIYA, false, 0);
	packet_next(p, TABLE_ETHERTYPE, next == PROTO_IPV6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4);
	return DISSECT_OK;
}

static const struct bind ayiya_binds[] = {{TABLE_UDP_PORT, AYIYA_PORT}, {TABLE_NONE, 0}};

const struct dissector ayiya_dissector = {
	.name = "ayiya",
	.title = "Anything in anything",
	.reference = "draft-massar-v6ops-ayiya-02",
	.binds = ayiya_binds,
	.info = "{ayiya.opcode}",
	.dissect = ayiya_dissect,
};
