/* TCP options: each by name, what is known of them as facts and rows.
 *
 * A kind that we know with a length that it cannot have is shown as bytes and
 * marked; it changes no fact. One that runs beyond the header ends the list,
 * not the segment. What the capture cut is marked, and leaves what was read.
 * Experiments (RFC 6994) are told apart by the identifier behind the length.
 *
 *  | kind | length, of all | value ... |      kinds 0 and 1 are one byte
 */
#include "tcp.h"
#include "tcp_options.h"

enum {
	OPTION_ECHO = 6, OPTION_ECHO_REPLY = 7, OPTION_CC = 11, OPTION_CC_NEW = 12, OPTION_CC_ECHO = 13,
	OPTION_CHECKSUM_REQUEST = 14, OPTION_CHECKSUM_DATA = 15, OPTION_MD5 = 19, OPTION_SCPS = 20,
	OPTION_SNACK = 21, OPTION_QUICK_START = 27, OPTION_USER_TIMEOUT = 28, OPTION_AO = 29, OPTION_MPTCP = 30,
	OPTION_FAST_OPEN = 34, OPTION_ENO = 69, OPTION_ACCECN0 = 172, OPTION_ACCECN1 = 174,
	OPTION_EXPERIMENT1 = 253, OPTION_EXPERIMENT2 = 254,
};

enum { WSCALE_MAX = 14, MD5_LEN = 16, EXID_FAST_OPEN = 0xf989, EXID_SMC = 0xe2d4 };

static const struct name_of option_kinds[] = {
	{0, "end of list"}, {1, "no operation"}, {2, "maximum segment size"}, {3, "window scale"},
	{4, "SACK permitted"}, {5, "SACK"}, {6, "echo"}, {7, "echo reply"}, {8, "timestamps"},
	{9, "partial order permitted"}, {10, "partial order profile"}, {11, "connection count"},
	{12, "connection count, new"}, {13, "connection count, echo"}, {14, "alternate checksum"},
	{15, "alternate checksum data"}, {16, "Skeeter"}, {17, "Bubba"}, {18, "trailer checksum"},
	{19, "MD5 signature"}, {20, "SCPS"}, {21, "selective negative ACK"}, {22, "record boundaries"},
	{23, "corruption experienced"}, {24, "SNAP"}, {25, "unassigned"}, {26, "compression filter"},
	{27, "quick start"}, {28, "user timeout"}, {29, "authentication (TCP-AO)"}, {30, "multipath TCP"},
	{34, "fast open cookie"}, {69, "encryption negotiation"}, {76, "Riverbed probe"},
	{78, "Riverbed transparency"}, {172, "accurate ECN order 0"}, {174, "accurate ECN order 1"},
	{253, "experiment 253"}, {254, "experiment 254"}, {0, NULL},
};

/* RFC 6994 section 3; IANA, TCP experimental option identifiers. */
static const struct name_of option_experiments[] = {
	{0x00ac, "ACK rate request"}, {0x0348, "host identifier"}, {0x0a0d, "autonomous system compensation"},
	{0x0ca0, "capability"}, {0x0ed0, "extended data offset"}, {0x454e, "encryption negotiation"},
	{0x5323, "service number"}, {0x75ec, "timestamp interval"}, {0xacc0, "accurate ECN order 0"},
	{0xacc1, "accurate ECN order 1"}, {0xacce, "accurate ECN"}, {EXID_SMC, "shared memory communications"},
	{EXID_FAST_OPEN, "fast open"}, {0xf990, "low latency"}, {0, NULL},
};

static const struct name_of option_checksums[] = { /* RFC 1146 */
	{0, "TCP"}, {1, "8-bit Fletcher"}, {2, "16-bit Fletcher"}, {0, NULL}};

static const struct name_of option_scps_flags[] = { /* CCSDS 714.0-B-2, 3.2.3 */
	{0x80, "BETS"}, {0x40, "SNACK1"}, {0x20, "SNACK2"}, {0x10, "compression"}, {0x08, "timestamps"}, {0, NULL}};

static const struct name_of option_rates[] = { /* RFC 4782 section 3.1: 40 kbit/s times 2 to the power of it */
	{0, "no rate"}, {1, "80 kbit/s"}, {2, "160 kbit/s"}, {3, "320 kbit/s"}, {4, "640 kbit/s"},
	{5, "1.28 Mbit/s"}, {6, "2.56 Mbit/s"}, {7, "5.12 Mbit/s"}, {8, "10.24 Mbit/s"}, {9, "20.48 Mbit/s"},
	{10, "40.96 Mbit/s"}, {11, "81.92 Mbit/s"}, {12, "163.84 Mbit/s"}, {13, "327.68 Mbit/s"},
	{14, "655.36 Mbit/s"}, {15, "1.31 Gbit/s"}, {0, NULL},
};

static const struct name_of option_granularities[] = {{0, "seconds"}, {1, "minutes"}, {0, NULL}};

static const struct name_of option_wrong[] = {
	{0, "a length that this kind cannot have"}, {1, "a shift above 14: 14 counts (RFC 7323 2.3)"}, {0, NULL}};

static const struct field_info f_kind = {"tcp.option_kind", "Option", FIELD_UINT, option_kinds};
static const struct field_info f_data = {"tcp.options.data", "Option data", FIELD_BYTES, NULL};
static const struct field_info f_wrong = {"tcp.option.len.invalid", "Wrong", FIELD_STATIC, option_wrong};
static const struct field_info f_mss = {"tcp.options.mss_val", "Maximum segment size", FIELD_UINT, NULL};
static const struct field_info f_wscale = {"tcp.options.wscale.shift", "Window scale", FIELD_UINT, NULL};
static const struct field_info f_multiplier = {"tcp.options.wscale.multiplier", "Multiplier", FIELD_UINT, NULL};
static const struct field_info f_shift = {"tcp.options.wscale.shift.invalid", "Wrong", FIELD_STATIC, option_wrong};
static const struct field_info f_sack_left = {"tcp.options.sack_le", "SACK from", FIELD_UINT, NULL};
static const struct field_info f_sack_right = {"tcp.options.sack_re", "SACK to", FIELD_UINT, NULL};
static const struct field_info f_echo = {"tcp.options.echo_value", "Echo", FIELD_UINT, NULL};
static const struct field_info f_tsval = {"tcp.options.timestamp.tsval", "Timestamp", FIELD_UINT, NULL};
static const struct field_info f_tsecr = {"tcp.options.timestamp.tsecr", "Timestamp echo", FIELD_UINT, NULL};
static const struct field_info f_cc = {"tcp.options.cc_value", "Connection count", FIELD_UINT, NULL};
static const struct field_info f_algorithm = {"tcp.options.checksum", "Checksum by", FIELD_UINT, option_checksums};
static const struct field_info f_md5 = {"tcp.options.md5.digest", "MD5 digest", FIELD_BYTES, NULL};
static const struct field_info f_scps = {"tcp.options.scps.vector", "Capabilities", FIELD_FLAGS, option_scps_flags};
static const struct field_info f_scps_id = {"tcp.options.scps.binding", "Connection", FIELD_UINT, NULL};
static const struct field_info f_scps_more = {"tcp.options.scps.binding.data", "Bindings", FIELD_BYTES, NULL};
static const struct field_info f_snack = {"tcp.options.snack.offset", "Hole from", FIELD_UINT, NULL};
static const struct field_info f_snack_size = {"tcp.options.snack.size", "Hole size", FIELD_UINT, NULL};
static const struct field_info f_rate = {"tcp.options.qs.rate", "Rate", FIELD_UINT, option_rates};
static const struct field_info f_ttl_diff = {"tcp.options.qs.ttl_diff", "TTL difference", FIELD_UINT, NULL};
static const struct field_info f_nonce = {"tcp.options.qs.nonce", "Nonce", FIELD_HEX, NULL};
static const struct field_info f_unit = {"tcp.options.user_to_granularity", "Unit", FIELD_UINT, option_granularities};
static const struct field_info f_timeout = {"tcp.options.user_to_val", "User timeout", FIELD_UINT, NULL};
static const struct field_info f_keyid = {"tcp.options.ao.keyid", "Key", FIELD_UINT, NULL};
static const struct field_info f_next_keyid = {"tcp.options.ao.rnextkeyid", "Key wanted next", FIELD_UINT, NULL};
static const struct field_info f_mac = {"tcp.options.ao.mac", "Authentication code", FIELD_BYTES, NULL};
static const struct field_info f_request = {"tcp.options.tfo.request", "Cookie asked for", FIELD_BOOL, NULL};
static const struct field_info f_cookie = {"tcp.options.tfo.cookie", "Cookie", FIELD_BYTES, NULL};
static const struct field_info f_eno = {"tcp.options.eno", "Suboptions", FIELD_BYTES, NULL};
static const struct field_info f_ee0b = {"tcp.options.acc_ecn.ee0b", "Bytes with ECT(0)", FIELD_UINT, NULL};
static const struct field_info f_eceb = {"tcp.options.acc_ecn.eceb", "Bytes with CE", FIELD_UINT, NULL};
static const struct field_info f_ee1b = {"tcp.options.acc_ecn.ee1b", "Bytes with ECT(1)", FIELD_UINT, NULL};
static const struct field_info f_exid = {"tcp.options.experimental.exid", "Experiment", FIELD_HEX, option_experiments};
static const struct field_info f_exdata = {"tcp.options.experimental.data", "Experiment's data", FIELD_BYTES, NULL};

static void option_wscale_rows(struct cursor *v, struct packet *p)
{
	const uint8_t *at = v->pos;
	unsigned shift = (unsigned)layers_number(v, p, &f_wscale, 1);

	packet_field(p, &f_multiplier, at, 1, 1u << (shift < WSCALE_MAX ? shift : WSCALE_MAX));
	if (shift > WSCALE_MAX)
		packet_field(p, &f_shift, at, 1, 1);
}

/* Rows of those that tcp_option_read() has read. */
static void option_fact_rows(unsigned kind, struct cursor v, struct packet *p)
{
	switch (kind) {
	case OPTION_MSS:
		(void)layers_number(&v, p, &f_mss, 2);
		break;
	case OPTION_WSCALE:
		option_wscale_rows(&v, p);
		break;
	case OPTION_SACK:
		while (cursor_left(&v) >= 8) {
			(void)layers_number(&v, p, &f_sack_left, 4);
			(void)layers_number(&v, p, &f_sack_right, 4);
		}
		break;
	case OPTION_TIMESTAMPS:
		(void)layers_number(&v, p, &f_tsval, 4);
		(void)layers_number(&v, p, &f_tsecr, 4);
		break;
	default:
		break;
	}
}

/* RFC 7413 section 4.1.1: an empty one asks for a cookie. */
static void option_fast_open(struct cursor *v, struct packet *p)
{
	size_t n = cursor_left(v);

	p->tcp.options |= TCP_HAS_FAST_OPEN;
	p->tcp.fast_open_len = (uint8_t)n;
	if (n == 0)
		packet_field(p, &f_request, NULL, 0, 1);
	layers_bytes(v, p, &f_cookie, n);
}

/* RFC 9768 section 3.2.3: none to three counters of 24 bits, in one of two orders. */
static void option_accecn(struct cursor *v, struct packet *p, bool ect1_first)
{
	const struct field_info *order[] = {
		ect1_first ? &f_ee1b : &f_ee0b, &f_eceb, ect1_first ? &f_ee0b : &f_ee1b};

	for (unsigned i = 0; i < 3 && cursor_left(v) >= 3; i++)
		(void)layers_number(v, p, order[i], 3);
}

/* RFC 4782 section 3.2; the nonce is 30 bits, two reserved ones behind it. */
static void option_quick_start(struct cursor *v, struct packet *p)
{
	const uint8_t *at = v->pos;

	packet_field(p, &f_rate, at, 1, cursor_u8(v) & 15u);
	(void)layers_number(v, p, &f_ttl_diff, 1);
	packet_field(p, &f_nonce, at + 2, 4, cursor_be32(v) >> 2);
}

/* RFC 5482 section 3. */
static void option_user_timeout(struct cursor *v, struct packet *p)
{
	const uint8_t *at = v->pos;
	unsigned word = cursor_be16(v);

	packet_field(p, &f_timeout, at, 2, word & 0x7fff);
	packet_field(p, &f_unit, at, 1, word >> 15);
}

static void option_scps(struct cursor *v, struct packet *p)
{
	(void)layers_number(v, p, &f_scps, 1);
	(void)layers_number(v, p, &f_scps_id, 1);
	layers_bytes(v, p, &f_scps_more, cursor_left(v));
}

/* RFC 6994 section 3: 16 bits tell experiments apart; some use 32. */
static void option_experiment(struct cursor *v, struct packet *p)
{
	unsigned id = (unsigned)layers_number(v, p, &f_exid, 2);

	switch (id) {
	case EXID_FAST_OPEN:
		option_fast_open(v, p);
		break;
	case 0xacc0:
		option_accecn(v, p, false);
		break;
	case 0xacc1:
		option_accecn(v, p, true);
		break;
	default:
		break;
	}
	layers_bytes(v, p, &f_exdata, cursor_left(v));
}

/* Those whose value is one number. */
static bool option_number(unsigned kind, struct cursor *v, struct packet *p)
{
	static const struct {
		uint8_t kind, len;
		const struct field_info *info;
	} numbers[] = {
		{OPTION_ECHO, 4, &f_echo}, {OPTION_ECHO_REPLY, 4, &f_echo}, {OPTION_CC, 4, &f_cc},
		{OPTION_CC_NEW, 4, &f_cc}, {OPTION_CC_ECHO, 4, &f_cc}, {OPTION_CHECKSUM_REQUEST, 1, &f_algorithm},
	};

	for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		if (numbers[i].kind == kind && cursor_left(v) == numbers[i].len) {
			(void)layers_number(v, p, numbers[i].info, numbers[i].len);
			return true;
		}
	}
	return false;
}

/* The options that make facts. False: another kind, or a wrong length. */
static bool option_fact(unsigned kind, struct cursor *v, struct packet *p)
{
	const struct cursor value = *v;
	size_t n = cursor_left(v);

	if (tcp_option_read(kind, v, &p->tcp)) {
		if (p->want_fields)
			option_fact_rows(kind, value, p);
	} else if (kind == OPTION_FAST_OPEN) {
		option_fast_open(v, p);
	} else if (kind == OPTION_MPTCP && n > 0) {
		tcp_mptcp_read(v, p);
	} else if ((kind == OPTION_EXPERIMENT1 || kind == OPTION_EXPERIMENT2) && n >= 2) {
		option_experiment(v, p);
	} else {
		return false;
	}
	return true;
}

/* The options that are only shown. False: not known, or a wrong length. */
static bool option_shown(unsigned kind, struct cursor *v, struct packet *p)
{
	size_t n = cursor_left(v);

	if (kind == OPTION_MD5 && n == MD5_LEN) {
		layers_bytes(v, p, &f_md5, n);
	} else if (kind == OPTION_SCPS && n >= 2) {
		option_scps(v, p);
	} else if (kind == OPTION_SNACK && n == 4) {
		(void)layers_number(v, p, &f_snack, 2);
		(void)layers_number(v, p, &f_snack_size, 2);
	} else if (kind == OPTION_QUICK_START && n == 6) {
		option_quick_start(v, p);
	} else if (kind == OPTION_USER_TIMEOUT && n == 2) {
		option_user_timeout(v, p);
	} else if (kind == OPTION_AO && n >= 2) {
		(void)layers_number(v, p, &f_keyid, 1);
		(void)layers_number(v, p, &f_next_keyid, 1);
		layers_bytes(v, p, &f_mac, cursor_left(v));
	} else if (kind == OPTION_ENO) {
		layers_bytes(v, p, &f_eno, n);
	} else if ((kind == OPTION_ACCECN0 || kind == OPTION_ACCECN1) && n <= 9 && n % 3 == 0) {
		option_accecn(v, p, kind == OPTION_ACCECN1);
	} else {
		return option_number(kind, v, p);
	}
	return true;
}

/* Kinds whose length is fixed, or limited, by what defines them. */
static bool option_has_shape(unsigned kind)
{
	switch (kind) {
	case OPTION_CHECKSUM_DATA:
		return false;
	case OPTION_SCPS:
	case OPTION_SNACK:
	case OPTION_MD5:
	case OPTION_ACCECN0:
	case OPTION_ACCECN1:
	case OPTION_EXPERIMENT1:
	case OPTION_EXPERIMENT2:
		return true;
	default:
		return (kind >= OPTION_MSS && kind <= OPTION_TIMESTAMPS) ||
		       (kind >= OPTION_CC && kind <= OPTION_CHECKSUM_REQUEST) ||
		       (kind >= OPTION_QUICK_START && kind <= OPTION_MPTCP);
	}
}

bool tcp_options_read(struct cursor *c, struct packet *p, size_t n)
{
	struct cursor list = cursor_sub(c, n);
	struct tlv o;

	while (tlv_next(&list, TLV_OPTION, &p->budget, &o)) {
		packet_field(p, &f_kind, list.base + o.offset, o.length, o.type);
		if (o.type <= 1 || option_fact(o.type, &o.value, p) || !p->want_fields)
			continue;
		if (option_shown(o.type, &o.value, p))
			continue;
		layers_bytes(&o.value, p, &f_data, cursor_left(&o.value));
		if (option_has_shape(o.type))
			packet_field(p, &f_wrong, list.base + o.offset, o.length, 0);
	}
	if (c->fault != CURSOR_OK) {
		p->tcp.options |= TCP_OPTIONS_CUT;
		return false;
	}
	if (list.fault == CURSOR_OVERRUN)
		packet_issue(p, "a TCP option runs beyond the header");
	return true;
}
