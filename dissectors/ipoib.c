/* IP over InfiniBand: the route header, a type and two reserved bytes, then
 * the packet.
 *
 *  0                   40     42         44
 *  | route header, GIDs | type | reserved | payload ...     RFC 4391 section 6
 */
#include "layers.h"

static const struct field_info f_type = {"ipoib.type", "Type", FIELD_HEX, ether_types};

static enum dissect_result ipoib_dissect(struct cursor *c, struct packet *p)
{
	const uint8_t *at;
	uint16_t type;

	cursor_skip(c, 40);
	at = c->pos;
	type = cursor_be16(c);
	cursor_skip(c, 2);
	if (c->fault != CURSOR_OK)
		return DISSECT_OK;
	packet_field(p, &f_type, at, 2, type);
	packet_next(p, TABLE_ETHERTYPE, type);
	return DISSECT_OK;
}

static const struct bind ipoib_binds[] = {{TABLE_LINKTYPE, LINKTYPE_IPOIB}, {TABLE_NONE, 0}};

const struct dissector ipoib_dissector = {
	.name = "ipoib",
	.title = "IP over InfiniBand",
	.reference = "RFC 4391",
	.binds = ipoib_binds,
	.info = "type {ipoib.type}",
	.link = "IPoIB, ethertype {ipoib.type}",
	.dissect = ipoib_dissect,
};
