/* UDP-Lite: UDP whose checksum may cover a part only.
 *
 * Where UDP has its length, this has the coverage: the header alone (8), so
 * many bytes, or all (0). The length is IP's. What follows is guessed as over
 * UDP. The checksum is shown, not verified.
 *
 *  0     2     4          6
 *  | src | dst | coverage | checksum | payload ...      RFC 3828
 */
#include "layers.h"

static const struct field_info f_srcport = {"udp.srcport", "Source port", FIELD_UINT, NULL};
static const struct field_info f_dstport = {"udp.dstport", "Destination port", FIELD_UINT, NULL};
static const struct field_info f_coverage = {"udp.checksum_coverage", "Checksum covers", FIELD_UINT, NULL};
static const struct field_info f_checksum = {"udp.checksum", "Checksum", FIELD_HEX, NULL};
static const struct field_info f_len = {"udp.len", "Payload length", FIELD_UINT, NULL};

enum { UDPLITE_HEADER = 8 };

static enum dissect_result udplite_dissect(struct cursor *c, struct packet *p)
{
	const uint8_t *at = c->pos;
	size_t whole = cursor_wire_left(c);
	unsigned from = cursor_be16(c), to = cursor_be16(c), coverage = cursor_be16(c), checksum = cursor_be16(c);

	if (c->fault != CURSOR_OK)
		return DISSECT_OK;
	packet_field(p, &f_srcport, at, 2, from);
	packet_field(p, &f_dstport, at + 2, 2, to);
	packet_field(p, &f_coverage, at + 4, 2, coverage);
	packet_field(p, &f_checksum, at + 6, 2, checksum);
	if (coverage > 0 && coverage < UDPLITE_HEADER) /* RFC 3828 section 3.1 */
		packet_issue(p, "the checksum coverage is below 8");
	else if (coverage > whole)
		packet_issue(p, "the checksum coverage exceeds the packet");
	p->tuple.proto = PROTO_UDPLITE;
	p->tuple.from_port = (uint16_t)from;
	p->tuple.to_port = (uint16_t)to;
	p->transport = true;
	layers_payload(c, p);
	packet_field(p, &f_len, NULL, 0, p->payload_len);
	return DISSECT_OK;
}

static const struct bind udplite_binds[] = {{TABLE_IPPROTO, PROTO_UDPLITE}, {TABLE_NONE, 0}};

const struct dissector udplite_dissector = {
	.name = "udplite",
	.title = "Lightweight User Datagram Protocol",
	.reference = "RFC 3828",
	.binds = udplite_binds,
	.info = "{udp.srcport} to {udp.dstport} coverage {udp.checksum_coverage} length {udp.len}",
	.dissect = udplite_dissect,
};
