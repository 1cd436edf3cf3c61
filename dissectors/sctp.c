/* SCTP: ports, the verification tag, and the chunks in a packet.
 *
 * Every chunk by name with its numbers; parameters and error causes are
 * sctp_chunks.c's. The payload is all that follows the common header: messages
 * are not put together. The checksum is CRC32c (RFC 9260 appendix A), shown
 * and not verified. A wrong chunk ends the chunks, not the packet: ports and
 * tag hold.
 *
 *  0     2     4     8          12
 *  | src | dst | tag | checksum | chunks ...                RFC 9260 section 3
 *  chunk: | type | flags | length, itself included 2 | value ... | to 4 bytes
 */
#include "sctp_chunks.h"

static const struct name_of sctp_chunks[] = {
	{SCTP_DATA, "DATA"}, {SCTP_INIT, "INIT"}, {SCTP_INIT_ACK, "INIT ACK"}, {SCTP_SACK, "SACK"},
	{SCTP_HEARTBEAT, "HEARTBEAT"}, {SCTP_HEARTBEAT_ACK, "HEARTBEAT ACK"}, {SCTP_ABORT, "ABORT"},
	{SCTP_SHUTDOWN, "SHUTDOWN"}, {SCTP_SHUTDOWN_ACK, "SHUTDOWN ACK"}, {SCTP_ERROR, "ERROR"},
	{SCTP_COOKIE_ECHO, "COOKIE ECHO"}, {SCTP_COOKIE_ACK, "COOKIE ACK"}, {SCTP_ECNE, "ECNE"},
	{SCTP_CWR, "CWR"}, {SCTP_SHUTDOWN_COMPLETE, "SHUTDOWN COMPLETE"}, {SCTP_AUTH, "AUTH"},
	{16, "NR-SACK"}, {63, "IETF extension"}, {SCTP_I_DATA, "I-DATA"}, {127, "IETF extension"},
	{SCTP_ASCONF_ACK, "ASCONF ACK"}, {129, "packet dropped"}, {SCTP_RE_CONFIG, "RE-CONFIG"},
	{SCTP_PAD, "PAD"}, {191, "IETF extension"}, {SCTP_FORWARD_TSN, "FORWARD TSN"}, {SCTP_ASCONF, "ASCONF"},
	{SCTP_I_FORWARD_TSN, "I-FORWARD TSN"}, {255, "IETF extension"}, {0, NULL},
};

static const struct name_of sctp_data_flags[] = {
	{2, "begin"}, {1, "end"}, {4, "unordered"}, {8, "at once"}, {0, NULL}};

static const struct name_of sctp_abort_flags[] = {{1, "tag reflected"}, {0, NULL}};

static const struct field_info f_srcport = {"sctp.srcport", "Source port", FIELD_UINT, NULL};
static const struct field_info f_dstport = {"sctp.dstport", "Destination port", FIELD_UINT, NULL};
static const struct field_info f_tag = {"sctp.verification_tag", "Verification tag", FIELD_HEX, NULL};
static const struct field_info f_checksum = {"sctp.checksum", "Checksum (CRC32c)", FIELD_HEX, NULL};
static const struct field_info f_chunks = {"sctp.chunks", "Chunks", FIELD_UINT, NULL};
static const struct field_info f_type = {"sctp.chunk_type", "Chunk", FIELD_UINT, sctp_chunks};
static const struct field_info f_flags = {"sctp.chunk_flags", "Chunk flags", FIELD_HEX, NULL};
static const struct field_info f_data_flags = {"sctp.chunk_flags", "Chunk flags", FIELD_FLAGS, sctp_data_flags};
static const struct field_info f_abort_flags = {"sctp.chunk_flags", "Chunk flags", FIELD_FLAGS, sctp_abort_flags};
static const struct field_info f_length = {"sctp.chunk_length", "Chunk length", FIELD_UINT, NULL};

static const struct field_info *sctp_flags_of(unsigned type)
{
	switch (type) {
	case SCTP_DATA:
	case SCTP_I_DATA:
		return &f_data_flags;
	case SCTP_ABORT:
	case SCTP_SHUTDOWN_COMPLETE:
		return &f_abort_flags;
	default:
		return &f_flags;
	}
}

/* One chunk with its padding. False: there is no further one. */
static bool sctp_chunk(struct cursor *c, struct packet *p)
{
	const uint8_t *at = c->pos;
	unsigned type = cursor_u8(c), flags = cursor_u8(c), length = cursor_be16(c), padding;
	struct cursor value;

	if (c->fault != CURSOR_OK)
		return false;
	packet_field(p, &f_type, at, 1, type);
	packet_field(p, sctp_flags_of(type), at + 1, 1, flags);
	packet_field(p, &f_length, at + 2, 2, length);
	if (length < SCTP_CHUNK_HEADER) {
		packet_issue(p, "an SCTP chunk length below 4");
		return false;
	}
	if (length - SCTP_CHUNK_HEADER > cursor_wire_left(c))
		packet_issue(p, "an SCTP chunk runs beyond the packet");
	value = cursor_sub(c, length - SCTP_CHUNK_HEADER);
	sctp_chunk_read(&value, p, type, flags);
	if (value.fault == CURSOR_OVERRUN)
		packet_issue(p, "an SCTP chunk is too short for what it says");
	padding = (4 - length % 4) % 4; /* the last one's may be missing */
	cursor_skip(c, padding < cursor_wire_left(c) ? padding : cursor_wire_left(c));
	return c->fault == CURSOR_OK;
}

static enum dissect_result sctp_dissect(struct cursor *c, struct packet *p)
{
	const uint8_t *at = c->pos;
	unsigned from = cursor_be16(c), to = cursor_be16(c), chunks = 0;
	uint32_t tag = cursor_be32(c), checksum = cursor_be32(c);

	if (c->fault != CURSOR_OK)
		return DISSECT_OK;
	packet_field(p, &f_srcport, at, 2, from);
	packet_field(p, &f_dstport, at + 2, 2, to);
	packet_field(p, &f_tag, at + 4, 4, tag);
	packet_field(p, &f_checksum, at + 8, 4, checksum);
	p->tuple.proto = PROTO_SCTP;
	p->tuple.from_port = (uint16_t)from;
	p->tuple.to_port = (uint16_t)to;
	p->transport = true;
	layers_payload(c, p);
	if (p->fragment.alone)
		return DISSECT_OK;
	while (cursor_wire_left(c) > 0 && budget_take(&p->budget)) {
		chunks++;
		if (!sctp_chunk(c, p))
			break;
	}
	if (chunks > 1)
		packet_field(p, &f_chunks, NULL, 0, chunks);
	return DISSECT_OK;
}

static const struct bind sctp_binds[] = {{TABLE_IPPROTO, PROTO_SCTP}, {TABLE_NONE, 0}};

const struct dissector sctp_dissector = {
	.name = "sctp",
	.title = "Stream Control Transmission Protocol",
	.reference = "RFC 9260",
	.binds = sctp_binds,
	.info = "{sctp.chunk_type}[ of {sctp.chunks} chunks]"
		"[ tag {sctp.init_initiate_tag}][ tag {sctp.initack_initiate_tag}]"
		"[ ack {sctp.sack_cumulative_tsn_ack_raw} window {sctp.sack_a_rwnd}][ tsn {sctp.data_tsn_raw}]"
		"[ stream {sctp.data_sid}][ ssn {sctp.data_ssn}][ {sctp.data_payload_proto_id}][ {sctp.cause_code}]",
	.dissect = sctp_dissect,
};
