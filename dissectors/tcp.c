/* TCP: the header; its options are tcp_options.c and tcp_mptcp.c.
 *
 * The facts are complete once the 20 fixed bytes are there; options that the
 * capture cut are marked so, and leave what was read of them. A wrong option
 * ends the options, not the segment. Numbers are as on the wire: relative ones
 * and the scaled window need the conversation. The checksum is shown, not
 * verified.
 *
 *  0     2     4     8     12              14       16      18
 *  | src | dst | seq | ack | off res flags | window | check | urgent | options
 */
#include "layers.h"
#include "tcp.h"
#include "tcp_options.h"

static const struct name_of tcp_flags[] = {
	{TCP_SYN, "SYN"}, {TCP_FIN, "FIN"}, {TCP_RST, "RST"}, {TCP_PSH, "PSH"}, {TCP_ACK, "ACK"},
	{TCP_URG, "URG"}, {TCP_ECE, "ECE"}, {TCP_CWR, "CWR"}, {TCP_AE, "AE"}, {0, NULL},
};

/* RFC 9768 table 2: what AE, CWR and ECE ask for in a SYN ... */
static const struct name_of tcp_ace_syn[] = {
	{3, "classic ECN asked for"}, {7, "accurate ECN asked for"}, {0, NULL}};

/* ... and what they answer, with the codepoint that the SYN arrived with. */
static const struct name_of tcp_ace_synack[] = {
	{1, "classic ECN agreed"},
	{2, "accurate ECN agreed, the SYN came as not-ECT"},
	{3, "accurate ECN agreed, the SYN came as ECT(1)"},
	{4, "accurate ECN agreed, the SYN came as ECT(0)"},
	{5, "ECN nonce, historic"},
	{6, "accurate ECN agreed, the SYN came as CE"},
	{7, "the SYN's flags, returned"},
	{0, NULL},
};

static const struct field_info f_srcport = {"tcp.srcport", "Source port", FIELD_UINT, NULL};
static const struct field_info f_dstport = {"tcp.dstport", "Destination port", FIELD_UINT, NULL};
static const struct field_info f_seq = {"tcp.seq", "Sequence number", FIELD_UINT, NULL};
static const struct field_info f_ack = {"tcp.ack", "Acknowledgment number", FIELD_UINT, NULL};
static const struct field_info f_hlen = {"tcp.hdr_len", "Header length", FIELD_UINT, NULL};
static const struct field_info f_flags = {"tcp.flags", "Flags", FIELD_FLAGS, tcp_flags};
static const struct field_info f_ace = {"tcp.flags.ace", "ACE counter, if agreed", FIELD_UINT, NULL};
static const struct field_info f_ace_syn = {"tcp.flags.ace", "ECN", FIELD_UINT, tcp_ace_syn};
static const struct field_info f_ace_synack = {"tcp.flags.ace", "ECN", FIELD_UINT, tcp_ace_synack};
static const struct field_info f_window = {"tcp.window_size_value", "Window", FIELD_UINT, NULL};
static const struct field_info f_checksum = {"tcp.checksum", "Checksum", FIELD_HEX, NULL};
static const struct field_info f_urgent = {"tcp.urgent_pointer", "Urgent pointer", FIELD_UINT, NULL};
static const struct field_info f_len = {"tcp.len", "Payload length", FIELD_UINT, NULL};

/* AE, CWR and ECE as the one number that they are since RFC 9768 (2.2): in
 * later segments the low bits of a counter of CE marks, if it was agreed. */
static void tcp_ace(struct packet *p, const uint8_t *at, unsigned flags)
{
	unsigned ace = flags >> 6 & 7;
	const struct field_info *info = flags & TCP_SYN ? flags & TCP_ACK ? &f_ace_synack : &f_ace_syn : &f_ace;

	if (ace != 0)
		packet_field(p, info, at, 2, ace);
}

static void tcp_rows(struct packet *p, const uint8_t *at, unsigned urgent)
{
	const struct tcp_facts *f = &p->tcp;

	packet_field(p, &f_srcport, at, 2, p->tuple.from_port);
	packet_field(p, &f_dstport, at + 2, 2, p->tuple.to_port);
	packet_field(p, &f_seq, at + 4, 4, f->seq);
	packet_field(p, &f_ack, at + 8, 4, f->ack);
	packet_field(p, &f_hlen, at + 12, 1, f->header_len);
	packet_field(p, &f_flags, at + 12, 2, f->flags);
	tcp_ace(p, at + 12, f->flags);
	packet_field(p, &f_window, at + 14, 2, f->window);
	packet_field(p, &f_checksum, at + 16, 2, f->checksum);
	packet_field(p, &f_urgent, at + 18, 2, urgent);
	packet_field(p, &f_len, NULL, 0, p->payload_len);
}

static enum dissect_result tcp_dissect(struct cursor *c, struct packet *p)
{
	size_t segment = cursor_wire_left(c);
	const uint8_t *at = cursor_take(c, TCP_HEADER_MIN);
	struct tcp_facts f = {.seq = 0};
	struct tcp_header h;
	unsigned header;
	bool whole = true;

	if (!at)
		return DISSECT_OK;
	h = tcp_read(at, &f);
	header = h.header;
	if (header < TCP_HEADER_MIN || header > segment) {
		packet_issue(p, header < TCP_HEADER_MIN ? "the TCP header length is below 20"
							: "the TCP header is longer than the segment");
		return DISSECT_BAD;
	}
	f.header_len = (uint8_t)header;
	p->tcp = f;
	p->tuple.proto = PROTO_TCP;
	p->tuple.from_port = (uint16_t)h.from;
	p->tuple.to_port = (uint16_t)h.to;
	p->transport = true;
	p->payload = NULL;
	p->payload_captured = 0;
	p->payload_len = (uint32_t)(segment - header);
	p->payload_buffer = p->current_buffer;
	if (p->want_fields)
		tcp_rows(p, at, h.urgent);
	if (header > TCP_HEADER_MIN)
		whole = tcp_options_read(c, p, header - TCP_HEADER_MIN);
	if (!whole)
		return DISSECT_CUT;
	layers_payload(c, p);
	return DISSECT_OK;
}

static const struct bind tcp_binds[] = {{TABLE_IPPROTO, PROTO_TCP}, {TABLE_NONE, 0}};

const struct dissector tcp_dissector = {
	.name = "tcp",
	.title = "Transmission Control Protocol",
	.reference = "RFC 9293",
	.binds = tcp_binds,
	.info = "{tcp.flags} seq {tcp.seq} ack {tcp.ack} win {tcp.window_size_value} len {tcp.len}"
		"[ mss {tcp.options.mss_val}][ wscale {tcp.options.wscale.shift}]"
		"[ sack {tcp.options.sack_le}-{tcp.options.sack_re}]",
	.dissect = tcp_dissect,
};
