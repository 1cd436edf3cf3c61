/* TCP: the header and its options.
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

enum { TCP_HEADER_MIN = 20 };

enum {
	TCP_OPTION_MSS = 2, TCP_OPTION_WSCALE = 3, TCP_OPTION_SACK_PERMITTED = 4,
	TCP_OPTION_SACK = 5, TCP_OPTION_TIMESTAMPS = 8,
};

static const struct name_of tcp_flags[] = {
	{TCP_SYN, "SYN"}, {TCP_FIN, "FIN"}, {TCP_RST, "RST"}, {TCP_PSH, "PSH"}, {TCP_ACK, "ACK"},
	{TCP_URG, "URG"}, {TCP_ECE, "ECE"}, {TCP_CWR, "CWR"}, {TCP_AE, "AE"}, {0, NULL},
};

static const struct name_of tcp_options[] = {
	{0, "end of list"}, {1, "no operation"}, {2, "maximum segment size"}, {3, "window scale"},
	{4, "SACK permitted"}, {5, "SACK"}, {6, "echo"}, {7, "echo reply"}, {8, "timestamps"},
	{14, "alternate checksum"}, {19, "MD5 signature"}, {20, "SCPS"}, {25, "unassigned"},
	{27, "quick start"}, {28, "user timeout"}, {29, "authentication (TCP-AO)"}, {30, "multipath TCP"},
	{34, "fast open cookie"}, {69, "encryption negotiation"}, {76, "Riverbed probe"},
	{78, "Riverbed transparency"}, {172, "accurate ECN order 0"}, {174, "accurate ECN order 1"},
	{253, "experiment 253"}, {254, "experiment 254"}, {0, NULL},
};

static const struct field_info f_srcport = {"tcp.srcport", "Source port", FIELD_UINT, NULL};
static const struct field_info f_dstport = {"tcp.dstport", "Destination port", FIELD_UINT, NULL};
static const struct field_info f_seq = {"tcp.seq", "Sequence number", FIELD_UINT, NULL};
static const struct field_info f_ack = {"tcp.ack", "Acknowledgment number", FIELD_UINT, NULL};
static const struct field_info f_hlen = {"tcp.hdr_len", "Header length", FIELD_UINT, NULL};
static const struct field_info f_flags = {"tcp.flags", "Flags", FIELD_FLAGS, tcp_flags};
static const struct field_info f_window = {"tcp.window_size_value", "Window", FIELD_UINT, NULL};
static const struct field_info f_checksum = {"tcp.checksum", "Checksum", FIELD_HEX, NULL};
static const struct field_info f_urgent = {"tcp.urgent_pointer", "Urgent pointer", FIELD_UINT, NULL};
static const struct field_info f_len = {"tcp.len", "Payload length", FIELD_UINT, NULL};
static const struct field_info f_kind = {"tcp.option_kind", "Option", FIELD_UINT, tcp_options};
static const struct field_info f_data = {"tcp.options.data", "Option data", FIELD_BYTES, NULL};
static const struct field_info f_mss = {"tcp.options.mss_val", "Maximum segment size", FIELD_UINT, NULL};
static const struct field_info f_wscale = {"tcp.options.wscale.shift", "Window scale", FIELD_UINT, NULL};
static const struct field_info f_sack_left = {"tcp.options.sack_le", "SACK from", FIELD_UINT, NULL};
static const struct field_info f_sack_right = {"tcp.options.sack_re", "SACK to", FIELD_UINT, NULL};
static const struct field_info f_tsval = {"tcp.options.timestamp.tsval", "Timestamp", FIELD_UINT, NULL};
static const struct field_info f_tsecr = {"tcp.options.timestamp.tsecr", "Timestamp echo", FIELD_UINT, NULL};

static void tcp_sack(struct cursor *v, struct packet *p)
{
	struct tcp_facts *f = &p->tcp;

	while (cursor_left(v) >= 8 && budget_take(&p->budget)) {
		const uint8_t *at = v->pos;
		uint32_t left = cursor_be32(v), right = cursor_be32(v);

		packet_field(p, &f_sack_left, at, 4, left);
		packet_field(p, &f_sack_right, at + 4, 4, right);
		if (f->sacks < 4) {
			f->sack[f->sacks][0] = left;
			f->sack[f->sacks][1] = right;
			f->sacks++;
			f->options |= TCP_HAS_SACK;
		}
	}
}

static void tcp_option(struct tlv *o, struct packet *p)
{
	struct tcp_facts *f = &p->tcp;
	struct cursor *v = &o->value;
	const uint8_t *at = v->pos;
	size_t n = cursor_left(v);

	if (o->type == TCP_OPTION_MSS && n == 2) {
		f->mss = cursor_be16(v);
		f->options |= TCP_HAS_MSS;
		packet_field(p, &f_mss, at, 2, f->mss);
	} else if (o->type == TCP_OPTION_WSCALE && n == 1) {
		f->wscale = cursor_u8(v);
		f->options |= TCP_HAS_WSCALE;
		packet_field(p, &f_wscale, at, 1, f->wscale);
	} else if (o->type == TCP_OPTION_SACK_PERMITTED && n == 0) {
		f->options |= TCP_HAS_SACK_PERMITTED;
	} else if (o->type == TCP_OPTION_SACK && n % 8 == 0) {
		tcp_sack(v, p);
	} else if (o->type == TCP_OPTION_TIMESTAMPS && n == 8) {
		f->tsval = cursor_be32(v);
		f->tsecr = cursor_be32(v);
		f->options |= TCP_HAS_TIMESTAMPS;
		packet_field(p, &f_tsval, at, 4, f->tsval);
		packet_field(p, &f_tsecr, at + 4, 4, f->tsecr);
	} else if (n > 0) {
		packet_field(p, &f_data, at, n, 0);
	}
}

/* The options, in n bytes. True: all of them were captured. */
static bool tcp_options_read(struct cursor *c, struct packet *p, size_t n)
{
	struct cursor list = cursor_sub(c, n);
	struct tlv o;

	while (tlv_next(&list, TLV_OPTION, &p->budget, &o)) {
		packet_field(p, &f_kind, list.base + o.offset, o.length, o.type);
		tcp_option(&o, p);
	}
	if (c->fault != CURSOR_OK) {
		p->tcp.options |= TCP_OPTIONS_CUT;
		return false;
	}
	if (list.fault == CURSOR_OVERRUN)
		packet_issue(p, "a TCP option runs beyond the header");
	return true;
}

static void tcp_rows(struct packet *p, const uint8_t *at, unsigned checksum, unsigned urgent)
{
	const struct tcp_facts *f = &p->tcp;

	packet_field(p, &f_srcport, at, 2, p->tuple.from_port);
	packet_field(p, &f_dstport, at + 2, 2, p->tuple.to_port);
	packet_field(p, &f_seq, at + 4, 4, f->seq);
	packet_field(p, &f_ack, at + 8, 4, f->ack);
	packet_field(p, &f_hlen, at + 12, 1, f->header_len);
	packet_field(p, &f_flags, at + 12, 2, f->flags);
	packet_field(p, &f_window, at + 14, 2, f->window);
	packet_field(p, &f_checksum, at + 16, 2, checksum);
	packet_field(p, &f_urgent, at + 18, 2, urgent);
	packet_field(p, &f_len, NULL, 0, p->payload_len);
}

static enum dissect_result tcp_dissect(struct cursor *c, struct packet *p)
{
	const uint8_t *at = c->pos;
	size_t segment = cursor_wire_left(c);
	unsigned from = cursor_be16(c), to = cursor_be16(c), flags, checksum, urgent, header;
	struct tcp_facts f = {.seq = cursor_be32(c)};
	bool whole = true;

	f.ack = cursor_be32(c);
	flags = cursor_be16(c);
	f.window = cursor_be16(c);
	checksum = cursor_be16(c);
	urgent = cursor_be16(c);
	if (c->fault != CURSOR_OK)
		return DISSECT_OK;
	header = (flags >> 12) * 4;
	if (header < TCP_HEADER_MIN || header > segment) {
		packet_issue(p, header < TCP_HEADER_MIN ? "the TCP header length is below 20"
							: "the TCP header is longer than the segment");
		return DISSECT_BAD;
	}
	f.flags = flags & 0x1ff;
	f.checksum = (uint16_t)checksum;
	f.header_len = (uint8_t)header;
	p->tcp = f;
	p->tuple.proto = PROTO_TCP;
	p->tuple.from_port = (uint16_t)from;
	p->tuple.to_port = (uint16_t)to;
	p->transport = true;
	p->payload = NULL;
	p->payload_captured = 0;
	p->payload_len = (uint32_t)(segment - header);
	p->payload_buffer = p->current_buffer;
	if (p->want_fields)
		tcp_rows(p, at, checksum, urgent);
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
