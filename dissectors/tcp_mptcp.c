/* Multipath TCP: the option with its nine subtypes, both versions.
 *
 * Which fields an option has follows from its length, as RFC 8684 draws it;
 * version 0 (RFC 6824) has the same forms, but for ADD_ADDR, whose low bits
 * say which IP version the address has. Facts: the subtypes seen, the
 * version, the sender's key, the receiver's token. Nothing is verified here:
 * tokens are made of keys by SHA, and that is the flows' business.
 *
 *  | kind 30 | length | subtype 4, version or flags 4 | by subtype ...
 */
#include "tcp_options.h"

enum {
	SUBTYPE_CAPABLE, SUBTYPE_JOIN, SUBTYPE_DSS, SUBTYPE_ADD_ADDR, SUBTYPE_REMOVE_ADDR, SUBTYPE_PRIO,
	SUBTYPE_FAIL, SUBTYPE_FASTCLOSE, SUBTYPE_TCPRST, SUBTYPE_EXPERIMENTAL = 15,
};

enum { JOIN_SYN = 10, JOIN_SYNACK = 14, JOIN_ACK = 22 }; /* lengths without kind and length */

enum { DSS_ACK = 0x01, DSS_ACK8 = 0x02, DSS_MAP = 0x04, DSS_SEQ8 = 0x08, DSS_FIN = 0x10 };

static const struct name_of mptcp_subtypes[] = {
	{SUBTYPE_CAPABLE, "MP_CAPABLE"}, {SUBTYPE_JOIN, "MP_JOIN"}, {SUBTYPE_DSS, "DSS"},
	{SUBTYPE_ADD_ADDR, "ADD_ADDR"}, {SUBTYPE_REMOVE_ADDR, "REMOVE_ADDR"}, {SUBTYPE_PRIO, "MP_PRIO"},
	{SUBTYPE_FAIL, "MP_FAIL"}, {SUBTYPE_FASTCLOSE, "MP_FASTCLOSE"}, {SUBTYPE_TCPRST, "MP_TCPRST"},
	{SUBTYPE_EXPERIMENTAL, "MP_EXPERIMENTAL"}, {0, NULL},
};

static const struct name_of mptcp_capable_flags[] = {
	{0x80, "checksum required"}, {0x40, "extended"}, {0x20, "no subflows to this address"},
	{0x01, "HMAC-SHA256"}, {0, NULL}};

static const struct name_of mptcp_capable_flags0[] = {
	{0x80, "checksum required"}, {0x40, "extended"}, {0x01, "HMAC-SHA1"}, {0, NULL}};

static const struct name_of mptcp_dss_flags[] = {
	{DSS_FIN, "DATA_FIN"}, {DSS_SEQ8, "sequence of 8 bytes"}, {DSS_MAP, "mapping"},
	{DSS_ACK8, "ACK of 8 bytes"}, {DSS_ACK, "data ACK"}, {0, NULL}};

static const struct name_of mptcp_reset_flags[] = {
	{8, "U"}, {4, "V"}, {2, "W"}, {1, "transient"}, {0, NULL}};

static const struct name_of mptcp_reasons[] = { /* RFC 8684 section 3.6 */
	{0, "unspecified"}, {1, "MPTCP-specific error"}, {2, "lack of resources"},
	{3, "administratively prohibited"}, {4, "too much outstanding data"}, {5, "unacceptable performance"},
	{6, "middlebox interference"}, {0, NULL},
};

#define KEY "tcp.options.mptcp."

static const struct field_info f_subtype = {KEY "subtype", "MPTCP", FIELD_UINT, mptcp_subtypes};
static const struct field_info f_version = {KEY "version", "Version", FIELD_UINT, NULL};
static const struct field_info f_flags = {KEY "flags", "MPTCP flags", FIELD_FLAGS, mptcp_capable_flags};
static const struct field_info f_flags0 = {KEY "flags", "MPTCP flags", FIELD_FLAGS, mptcp_capable_flags0};
static const struct field_info f_sender_key = {KEY "sendkey", "Sender's key", FIELD_HEX, NULL};
static const struct field_info f_receiver_key = {KEY "recvkey", "Receiver's key", FIELD_HEX, NULL};
static const struct field_info f_data_len = {KEY "datalvllen", "Data length", FIELD_UINT, NULL};
static const struct field_info f_checksum = {KEY "checksum", "Data checksum", FIELD_HEX, NULL};
static const struct field_info f_backup = {KEY "backup.flag", "Backup path", FIELD_BOOL, NULL};
static const struct field_info f_address_id = {KEY "addrid", "Address", FIELD_UINT, NULL};
static const struct field_info f_token = {KEY "recvtok", "Receiver's token", FIELD_HEX, NULL};
static const struct field_info f_random = {KEY "sendrand", "Sender's random number", FIELD_HEX, NULL};
static const struct field_info f_short_hmac = {KEY "sendtrunchmac", "Sender's HMAC, its first half", FIELD_HEX, NULL};
static const struct field_info f_hmac = {KEY "sendhmac", "Sender's HMAC", FIELD_BYTES, NULL};
static const struct field_info f_dss_flags = {KEY "dss.flags", "DSS flags", FIELD_FLAGS, mptcp_dss_flags};
static const struct field_info f_data_ack = {KEY "rawdataack", "Data ACK", FIELD_UINT, NULL};
static const struct field_info f_data_seq = {KEY "rawdataseqno", "Data sequence", FIELD_UINT, NULL};
static const struct field_info f_subflow_seq = {KEY "subflowseqno", "Subflow sequence, relative", FIELD_UINT, NULL};
static const struct field_info f_ip_version = {KEY "ipver", "IP version", FIELD_UINT, NULL};
static const struct field_info f_echo = {KEY "echo", "Echo", FIELD_BOOL, NULL};
static const struct field_info f_ipv4 = {KEY "ipv4", "Offered address", FIELD_IPV4, NULL};
static const struct field_info f_ipv6 = {KEY "ipv6", "Offered address", FIELD_IPV6, NULL};
static const struct field_info f_port = {KEY "port", "Offered port", FIELD_UINT, NULL};
static const struct field_info f_addr_hmac = {KEY "addaddrtrunchmac", "HMAC, its last 8 bytes", FIELD_HEX, NULL};
static const struct field_info f_reset_flags = {KEY "rst.flags", "Reset flags", FIELD_FLAGS, mptcp_reset_flags};
static const struct field_info f_reason = {KEY "rst_reason", "Reason", FIELD_UINT, mptcp_reasons};
static const struct field_info f_rest = {KEY "data", "MPTCP data", FIELD_BYTES, NULL};

/* RFC 8684 section 3.1. Version 0 carries the key in the SYN already. The
 * sender's key is first in every form; the first data may carry a length. */
static void mptcp_capable(struct cursor *v, struct packet *p, const uint8_t *at, unsigned version, size_t n)
{
	/* SYN, SYN/ACK, ACK, and ACK with data without and with a checksum. */
	bool form = n == 2 || n == 10 || n == 18 || n == 20 || n == 22;
	uint64_t key = 0;

	p->tcp.mptcp_version = (uint8_t)version;
	packet_field(p, &f_version, at, 1, version);
	(void)layers_number(v, p, version == 0 ? &f_flags0 : &f_flags, 1);
	if (cursor_left(v) >= 8)
		key = layers_number(v, p, &f_sender_key, 8);
	if (form)
		p->tcp.mptcp_key = key; /* of a wrong length, it may be anything */
	if (cursor_left(v) >= 8)
		(void)layers_number(v, p, &f_receiver_key, 8);
	if (cursor_left(v) >= 2)
		(void)layers_number(v, p, &f_data_len, 2);
	if (cursor_left(v) == 2)
		(void)layers_number(v, p, &f_checksum, 2);
}

/* RFC 8684 section 3.2, by length: SYN, SYN/ACK, ACK. */
static void mptcp_join(struct cursor *v, struct packet *p, const uint8_t *at, unsigned low, size_t n)
{
	if (n != JOIN_ACK) {
		packet_field(p, &f_backup, at, 1, low & 1);
		(void)layers_number(v, p, &f_address_id, 1);
	}
	switch (n) {
	case JOIN_SYN:
		p->tcp.mptcp_token = (uint32_t)layers_number(v, p, &f_token, 4);
		(void)layers_number(v, p, &f_random, 4);
		break;
	case JOIN_SYNACK:
		(void)layers_number(v, p, &f_short_hmac, 8);
		(void)layers_number(v, p, &f_random, 4);
		break;
	case JOIN_ACK:
		cursor_skip(v, 1);
		layers_bytes(v, p, &f_hmac, 20);
		break;
	default:
		break;
	}
}

/* RFC 8684 section 3.3. */
static void mptcp_dss(struct cursor *v, struct packet *p)
{
	unsigned flags = (unsigned)layers_number(v, p, &f_dss_flags, 1);

	if (flags & DSS_ACK)
		(void)layers_number(v, p, &f_data_ack, flags & DSS_ACK8 ? 8 : 4);
	if (!(flags & DSS_MAP))
		return;
	(void)layers_number(v, p, &f_data_seq, flags & DSS_SEQ8 ? 8 : 4);
	(void)layers_number(v, p, &f_subflow_seq, 4);
	(void)layers_number(v, p, &f_data_len, 2);
	if (cursor_left(v) == 2)
		(void)layers_number(v, p, &f_checksum, 2);
}

/* RFC 8684 section 3.4.1: the length says what there is of 4 or 16 bytes of
 * address, 2 of port and 8 of HMAC; an echo has no HMAC, nor has version 0. */
static void mptcp_add_addr(struct cursor *v, struct packet *p, const uint8_t *at, unsigned low)
{
	bool old = low == 4 || low == 6;
	size_t n;
	bool six;

	packet_field(p, old ? &f_ip_version : &f_echo, at, 1, old ? low : low & 1);
	(void)layers_number(v, p, &f_address_id, 1);
	n = cursor_left(v);
	six = old ? low == 6 : n == 16 || n == 18 || n == 24 || n == 26;
	layers_bytes(v, p, six ? &f_ipv6 : &f_ipv4, six ? 16 : 4);
	n = cursor_left(v);
	if (n == 2 || n == 10)
		(void)layers_number(v, p, &f_port, 2);
	if (cursor_left(v) == 8)
		(void)layers_number(v, p, &f_addr_hmac, 8);
}

static void mptcp_subtype(struct cursor *v, struct packet *p, const uint8_t *at, unsigned first, size_t n)
{
	unsigned low = first & 15;

	switch (first >> 4) {
	case SUBTYPE_CAPABLE:
		mptcp_capable(v, p, at, low, n);
		break;
	case SUBTYPE_JOIN:
		mptcp_join(v, p, at, low, n);
		break;
	case SUBTYPE_DSS:
		mptcp_dss(v, p);
		break;
	case SUBTYPE_ADD_ADDR:
		mptcp_add_addr(v, p, at, low);
		break;
	case SUBTYPE_REMOVE_ADDR: /* section 3.4.2: a list of them */
		while (cursor_left(v) > 0 && budget_take(&p->budget))
			(void)layers_number(v, p, &f_address_id, 1);
		break;
	case SUBTYPE_PRIO: /* section 3.3.8; version 0 may name another address */
		packet_field(p, &f_backup, at, 1, low & 1);
		if (cursor_left(v) > 0)
			(void)layers_number(v, p, &f_address_id, 1);
		break;
	case SUBTYPE_FAIL: /* section 3.7 */
		cursor_skip(v, 1);
		(void)layers_number(v, p, &f_data_seq, 8);
		break;
	case SUBTYPE_FASTCLOSE: /* section 3.5 */
		cursor_skip(v, 1);
		(void)layers_number(v, p, &f_receiver_key, 8);
		break;
	case SUBTYPE_TCPRST: /* section 3.6 */
		packet_field(p, &f_reset_flags, at, 1, low);
		p->tcp.mptcp_reason = (uint8_t)layers_number(v, p, &f_reason, 1);
		break;
	default:
		break;
	}
}

void tcp_mptcp_read(struct cursor *v, struct packet *p)
{
	const uint8_t *at = v->pos;
	size_t n = cursor_left(v);
	unsigned first = cursor_u8(v), subtype = first >> 4;

	p->tcp.options |= TCP_HAS_MPTCP;
	if (subtype <= SUBTYPE_TCPRST)
		p->tcp.mptcp |= (uint16_t)(1u << subtype);
	packet_field(p, &f_subtype, at, 1, subtype);
	mptcp_subtype(v, p, at, first, n);
	if (v->fault != CURSOR_OK)
		packet_issue(p, "a multipath TCP option is too short for what it says");
	layers_bytes(v, p, &f_rest, cursor_left(v));
}
