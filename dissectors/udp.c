/* UDP: ports and a length. What follows is asked by port for tunnels only; a
 * service is known by what it says.
 *
 * The shorter of UDP's and IP's length holds. A length of zero is that of a
 * jumbogram (RFC 2675 section 4) or of a datagram not cut yet.
 *
 *  0     2     4        6
 *  | src | dst | length | checksum | payload ...      RFC 768
 */
#include "layers.h"
#include "udp.h"

static const struct field_info f_srcport = {"udp.srcport", "Source port", FIELD_UINT, NULL};
static const struct field_info f_dstport = {"udp.dstport", "Destination port", FIELD_UINT, NULL};
static const struct field_info f_length = {"udp.length", "Length", FIELD_UINT, NULL};
static const struct field_info f_checksum = {"udp.checksum", "Checksum", FIELD_HEX, NULL};

static enum dissect_result udp_dissect(struct cursor *c, struct packet *p)
{
	const uint8_t *at = cursor_take(c, UDP_HEADER);
	struct udp_header h;
	unsigned length;

	if (!at)
		return DISSECT_OK;
	h = udp_read(at);
	length = h.length;
	packet_field(p, &f_srcport, at, 2, h.from);
	packet_field(p, &f_dstport, at + 2, 2, h.to);
	packet_field(p, &f_length, at + 4, 2, length);
	packet_field(p, &f_checksum, at + 6, 2, h.checksum);
	if (length > 0 && length < UDP_HEADER) {
		packet_issue(p, "the UDP length is below 8");
		return DISSECT_BAD;
	}
	if (length > 0 && !cursor_limit(c, length - UDP_HEADER))
		packet_issue(p, "the UDP length exceeds the packet");
	p->tuple.proto = PROTO_UDP;
	p->tuple.from_port = (uint16_t)h.from;
	p->tuple.to_port = (uint16_t)h.to;
	p->transport = true;
	layers_payload(c, p);
	packet_next(p, TABLE_UDP_PORT, h.to);
	p->next_alternative = h.from;
	return DISSECT_OK;
}

static const struct bind udp_binds[] = {{TABLE_IPPROTO, PROTO_UDP}, {TABLE_NONE, 0}};

const struct dissector udp_dissector = {
	.name = "udp",
	.title = "User Datagram Protocol",
	.reference = "RFC 768",
	.binds = udp_binds,
	.info = "{udp.srcport} to {udp.dstport} length {udp.length}",
	.dissect = udp_dissect,
};
