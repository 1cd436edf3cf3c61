/* Teredo: IPv6 over UDP through address translators.
 *
 * Two indications may stand before the packet: authentication (0, 1) and the
 * origin as the server saw it (0, 0). The IPv6 header's own length must fit
 * the datagram, or it is not Teredo.
 *
 *  [0, 1 | id length | auth length | id, auth, nonce 8, confirmation 1]
 *  [0, 0 | port, inverted | address, inverted] IPv6 ...      RFC 4380 section 5.1.1
 */
#include "layers.h"

enum { TEREDO_PORT = 3544, TEREDO_AUTHENTICATION = 1, TEREDO_ORIGIN = 0, TEREDO_IPV6_HEADER = 40 };

static const struct field_info f_auth = {"teredo.auth", "Authentication", FIELD_BYTES, NULL};
static const struct field_info f_port = {"teredo.orig.port", "Origin port", FIELD_UINT, NULL};
static const struct field_info f_address = {"teredo.orig.addr", "Origin address, inverted", FIELD_BYTES, NULL};

static void teredo_authentication(struct cursor *c, struct packet *p)
{
	const uint8_t *at = c->pos;
	unsigned id, auth;

	cursor_skip(c, 2);
	id = cursor_u8(c);
	auth = cursor_u8(c);
	cursor_skip(c, id + auth + 9u);
	if (c->fault == CURSOR_OK)
		packet_field(p, &f_auth, at, 13u + id + auth, 0);
}

static enum dissect_result teredo_dissect(struct cursor *c, struct packet *p)
{
	uint8_t first = 0xff, second = 0xff, high = 0, low = 0;
	unsigned length;

	if (cursor_peek(c, 0, &first) && cursor_peek(c, 1, &second) && first == 0 && second == TEREDO_AUTHENTICATION)
		teredo_authentication(c, p);
	if (cursor_peek(c, 0, &first) && cursor_peek(c, 1, &second) && first == 0 && second == TEREDO_ORIGIN) {
		const uint8_t *at = c->pos;

		cursor_skip(c, 2);
		packet_field(p, &f_port, at + 2, 2, cursor_be16(c) ^ 0xffffu);
		packet_field(p, &f_address, at + 4, 4, cursor_be32(c));
	}
	if (!cursor_peek(c, 0, &first) || first >> 4 != 6 || cursor_wire_left(c) < TEREDO_IPV6_HEADER)
		return DISSECT_NOT_MINE;
	if (cursor_peek(c, 4, &high) && cursor_peek(c, 5, &low)) {
		length = (unsigned)high << 8 | low;
		if (length > cursor_wire_left(c) - TEREDO_IPV6_HEADER)
			return DISSECT_NOT_MINE;
	}
	packet_tunnel(p, TUNNEL_TEREDO, false, 0);
	packet_next(p, TABLE_ETHERTYPE, ETHERTYPE_IPV6);
	return DISSECT_OK;
}

static const struct bind teredo_binds[] = {{TABLE_UDP_PORT, TEREDO_PORT}, {TABLE_NONE, 0}};

const struct dissector teredo_dissector = {
	.name = "teredo",
	.title = "Teredo",
	.reference = "RFC 4380",
	.binds = teredo_binds,
	.info = "[origin port {teredo.orig.port}]",
	.dissect = teredo_dissect,
};
