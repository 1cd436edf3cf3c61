/* What is in an SCTP chunk: numbers, parameters, error causes.
 *
 * A parameter inside a parameter is read where it is an address; others are
 * shown as bytes. Lists are bounded by the chunk and by the frame's budget.
 *
 *  parameter, cause: | type 2 | length, itself included 2 | value ... | to 4 bytes
 */
#include "sctp_chunks.h"

enum {
	PARAM_HEARTBEAT = 1, PARAM_IPV4 = 5, PARAM_IPV6 = 6, PARAM_COOKIE = 7, PARAM_PRESERVE = 9,
	PARAM_HOST_NAME = 11, PARAM_ADDRESS_TYPES = 12, PARAM_OUT_RESET = 13, PARAM_IN_RESET = 14,
	PARAM_TSN_RESET = 15, PARAM_RESPONSE = 16, PARAM_ADD_OUT = 17, PARAM_ADD_IN = 18,
	PARAM_CHUNKS = 0x8003, PARAM_HMACS = 0x8004, PARAM_EXTENSIONS = 0x8008, PARAM_ADD_IP = 0xc001,
	PARAM_DELETE_IP = 0xc002, PARAM_CAUSE = 0xc003, PARAM_PRIMARY = 0xc004, PARAM_SUCCESS = 0xc005,
	PARAM_ADAPTATION = 0xc006,
};

static const struct name_of sctp_params[] = { /* IANA, SCTP parameters */
	{PARAM_HEARTBEAT, "heartbeat"}, {PARAM_IPV4, "IPv4 address"}, {PARAM_IPV6, "IPv6 address"},
	{PARAM_COOKIE, "state cookie"}, {8, "unrecognized"}, {PARAM_PRESERVE, "cookie preservative"},
	{PARAM_HOST_NAME, "host name (deprecated)"}, {PARAM_ADDRESS_TYPES, "address types"},
	{PARAM_OUT_RESET, "reset of outgoing streams"}, {PARAM_IN_RESET, "reset of incoming streams"},
	{PARAM_TSN_RESET, "reset of all numbers"}, {PARAM_RESPONSE, "reset response"},
	{PARAM_ADD_OUT, "more outgoing streams"}, {PARAM_ADD_IN, "more incoming streams"},
	{0x8000, "ECN"}, {0x8001, "zero checksum"}, {0x8002, "random"}, {PARAM_CHUNKS, "chunks to authenticate"},
	{PARAM_HMACS, "HMACs"}, {0x8005, "padding"}, {PARAM_EXTENSIONS, "extensions"}, {0xc000, "FORWARD TSN"},
	{PARAM_ADD_IP, "add address"}, {PARAM_DELETE_IP, "delete address"}, {PARAM_CAUSE, "error cause"},
	{PARAM_PRIMARY, "primary address"}, {PARAM_SUCCESS, "success"}, {PARAM_ADAPTATION, "adaptation"}, {0, NULL},
};

static const struct name_of sctp_causes[] = { /* RFC 9260 section 3.3.10 */
	{1, "invalid stream"}, {2, "missing parameter"}, {3, "stale cookie"}, {4, "out of resources"},
	{5, "unresolvable address"}, {6, "unrecognized chunk"}, {7, "invalid parameter"},
	{8, "unrecognized parameters"}, {9, "no user data"}, {10, "cookie while shutting down"},
	{11, "restart with new addresses"}, {12, "user abort"}, {13, "protocol violation"},
	{160, "last address"}, {161, "out of resources for an address"}, {162, "source address to delete"},
	{163, "aborted by an illegal ASCONF ACK"}, {164, "no authorization"}, {261, "unsupported HMAC"}, {0, NULL},
};

static const struct name_of sctp_protocols[] = { /* IANA, SCTP payload protocol identifiers; the well known */
	{0, "unspecified"}, {1, "IUA"}, {2, "M2UA"}, {3, "M3UA"}, {4, "SUA"}, {5, "M2PA"}, {6, "V5UA"}, {7, "H.248"},
	{8, "BICC"}, {18, "S1AP"}, {25, "RUA"}, {26, "HNBAP"}, {27, "X2AP"}, {43, "M2AP"}, {46, "Diameter"},
	{47, "Diameter in DTLS"}, {50, "WebRTC control"}, {51, "WebRTC string"}, {53, "WebRTC binary"},
	{56, "WebRTC string, empty"}, {57, "WebRTC binary, empty"}, {60, "NGAP"}, {61, "XnAP"}, {62, "F1AP"},
	{64, "E1AP"}, {0, NULL},
};

static const struct name_of sctp_hmacs[] = {{1, "SHA-1"}, {3, "SHA-256"}, {0, NULL}}; /* RFC 4895 section 3.3 */

static const struct name_of sctp_results[] = { /* RFC 6525 section 4.4 */
	{0, "nothing to do"}, {1, "performed"}, {2, "denied"}, {3, "wrong stream"}, {4, "another is going on"},
	{5, "bad number"}, {6, "in progress"}, {0, NULL},
};

static const struct field_info f_init[] = {
	{"sctp.init_initiate_tag", "Initiate tag", FIELD_HEX, NULL},
	{"sctp.init_credit", "Receiver window", FIELD_UINT, NULL},
	{"sctp.init_nr_out_streams", "Outgoing streams", FIELD_UINT, NULL},
	{"sctp.init_nr_in_streams", "Incoming streams", FIELD_UINT, NULL},
	{"sctp.init_initial_tsn", "Initial TSN", FIELD_UINT, NULL},
};
static const struct field_info f_initack[] = {
	{"sctp.initack_initiate_tag", "Initiate tag", FIELD_HEX, NULL},
	{"sctp.initack_credit", "Receiver window", FIELD_UINT, NULL},
	{"sctp.initack_nr_out_streams", "Outgoing streams", FIELD_UINT, NULL},
	{"sctp.initack_nr_in_streams", "Incoming streams", FIELD_UINT, NULL},
	{"sctp.initack_initial_tsn", "Initial TSN", FIELD_UINT, NULL},
};
static const struct field_info f_tsn = {"sctp.data_tsn_raw", "TSN", FIELD_UINT, NULL};
static const struct field_info f_sid = {"sctp.data_sid", "Stream", FIELD_UINT, NULL};
static const struct field_info f_ssn = {"sctp.data_ssn", "Number in the stream", FIELD_UINT, NULL};
static const struct field_info f_ppid = {"sctp.data_payload_proto_id", "Payload", FIELD_UINT, sctp_protocols};
static const struct field_info f_mid = {"sctp.data_mid", "Message", FIELD_UINT, NULL};
static const struct field_info f_fsn = {"sctp.data_fsn", "Fragment", FIELD_UINT, NULL};
static const struct field_info f_cumulative = {
	"sctp.sack_cumulative_tsn_ack_raw", "Acknowledged TSN", FIELD_UINT, NULL};
static const struct field_info f_window = {"sctp.sack_a_rwnd", "Receiver window", FIELD_UINT, NULL};
static const struct field_info f_gaps = {"sctp.sack_number_of_gap_blocks", "Blocks beyond gaps", FIELD_UINT, NULL};
static const struct field_info f_dups = {"sctp.sack_number_of_duplicated_tsns", "Duplicates", FIELD_UINT, NULL};
static const struct field_info f_gap_start = {"sctp.sack_gap_block_start", "Block from, relative", FIELD_UINT, NULL};
static const struct field_info f_gap_end = {"sctp.sack_gap_block_end", "Block to, relative", FIELD_UINT, NULL};
static const struct field_info f_dup = {"sctp.sack_duplicate_tsn", "Duplicate TSN", FIELD_UINT, NULL};
static const struct field_info f_shutdown = {"sctp.shutdown_cumulative_tsn_ack", "Acknowledged TSN", FIELD_UINT, NULL};
static const struct field_info f_cookie = {"sctp.cookie", "Cookie", FIELD_BYTES, NULL};
static const struct field_info f_ecne = {"sctp.ecne_lowest_tsn", "Lowest TSN", FIELD_UINT, NULL};
static const struct field_info f_cwr = {"sctp.cwr_lowest_tsn", "Lowest TSN", FIELD_UINT, NULL};
static const struct field_info f_key = {"sctp.shared_key_id", "Shared key", FIELD_UINT, NULL};
static const struct field_info f_hmac_id = {"sctp.hmac_id", "HMAC", FIELD_UINT, sctp_hmacs};
static const struct field_info f_hmac = {"sctp.hmac", "HMAC value", FIELD_BYTES, NULL};
static const struct field_info f_forward = {"sctp.forward_tsn_tsn", "New TSN", FIELD_UINT, NULL};
static const struct field_info f_forward_sid = {"sctp.forward_tsn_sid", "Stream", FIELD_UINT, NULL};
static const struct field_info f_forward_ssn = {"sctp.forward_tsn_ssn", "Number in the stream", FIELD_UINT, NULL};
static const struct field_info f_iforward = {"sctp.i_forward_tsn_tsn", "New TSN", FIELD_UINT, NULL};
static const struct field_info f_iforward_sid = {"sctp.i_forward_tsn_sid", "Stream", FIELD_UINT, NULL};
static const struct field_info f_iforward_flags = {"sctp.i_forward_tsn_flags", "Unordered", FIELD_BOOL, NULL};
static const struct field_info f_iforward_mid = {"sctp.forward_tsn_mid", "Message", FIELD_UINT, NULL};
static const struct field_info f_serial = {"sctp.asconf_seq_nr_number", "Serial number", FIELD_UINT, NULL};
static const struct field_info f_serial_ack = {"sctp.asconf_ack_seq_nr_number", "Serial number", FIELD_UINT, NULL};
static const struct field_info f_value = {"sctp.chunk_value", "Value", FIELD_BYTES, NULL};
static const struct field_info f_param = {"sctp.parameter_type", "Parameter", FIELD_HEX, sctp_params};
static const struct field_info f_ipv4 = {"sctp.parameter_ipv4_address", "Address", FIELD_IPV4, NULL};
static const struct field_info f_ipv6 = {"sctp.parameter_ipv6_address", "Address", FIELD_IPV6, NULL};
static const struct field_info f_host = {"sctp.parameter_hostname", "Host name", FIELD_TEXT, NULL};
static const struct field_info f_type = {
	"sctp.parameter_supported_address_type", "Address type", FIELD_UINT, sctp_params};
static const struct field_info f_preserve = {
	"sctp.parameter_cookie_preservative_incr", "More life, ms", FIELD_UINT, NULL};
static const struct field_info f_request = {
	"sctp.parameter_reconfig_request_sequence_number", "Request", FIELD_UINT, NULL};
static const struct field_info f_response = {
	"sctp.parameter_reconfig_response_sequence_number", "Response", FIELD_UINT, NULL};
static const struct field_info f_last_tsn = {
	"sctp.parameter_senders_last_assigned_tsn", "Sender's last TSN", FIELD_UINT, NULL};
static const struct field_info f_next_tsn = {"sctp.parameter_senders_next_tsn", "Sender's next TSN", FIELD_UINT, NULL};
static const struct field_info f_peer_tsn = {
	"sctp.parameter_receivers_next_tsn", "Receiver's next TSN", FIELD_UINT, NULL};
static const struct field_info f_result = {
	"sctp.parameter_reconfig_response_result", "Result", FIELD_UINT, sctp_results};
static const struct field_info f_reset_sid = {"sctp.parameter_reconfig_sid", "Stream", FIELD_UINT, NULL};
static const struct field_info f_more_out = {
	"sctp.parameter_add_outgoing_streams_number", "Streams to add", FIELD_UINT, NULL};
static const struct field_info f_more_in = {
	"sctp.parameter_add_incoming_streams_number", "Streams to add", FIELD_UINT, NULL};
static const struct field_info f_correlation = {"sctp.asconf_correlation", "Correlation", FIELD_UINT, NULL};
static const struct field_info f_param_value = {"sctp.parameter_value", "Value", FIELD_BYTES, NULL};
static const struct field_info f_cause = {"sctp.cause_code", "Cause", FIELD_UINT, sctp_causes};
static const struct field_info f_cause_value = {"sctp.cause_information", "About it", FIELD_BYTES, NULL};

/* The next parameter or cause, and a step over its padding. */
static bool sctp_next(struct cursor *v, struct packet *p, const struct field_info *info, unsigned *type,
		      struct cursor *value)
{
	const uint8_t *at = v->pos;
	size_t length, padding;

	if (cursor_wire_left(v) == 0 || v->fault != CURSOR_OK || !budget_take(&p->budget))
		return false;
	*type = cursor_be16(v);
	length = cursor_be16(v);
	if (v->fault != CURSOR_OK)
		return false;
	packet_field(p, info, at, 2, *type);
	if (length < 4) {
		packet_issue(p, "an SCTP parameter length below 4");
		return false;
	}
	*value = cursor_sub(v, length - 4);
	padding = (4 - length % 4) % 4;
	cursor_skip(v, padding < cursor_wire_left(v) ? padding : cursor_wire_left(v));
	return true;
}

static void sctp_list(struct cursor *v, struct packet *p, const struct field_info *info, size_t width)
{
	while (cursor_left(v) >= width && budget_take(&p->budget))
		(void)layers_number(v, p, info, width);
}

/* RFC 5061 section 4.2: a number that the answer repeats, then an address. */
static void sctp_param_address(struct cursor *v, struct packet *p)
{
	struct cursor value;
	unsigned type;

	(void)layers_number(v, p, &f_correlation, 4);
	if (!sctp_next(v, p, &f_param, &type, &value))
		return;
	if (type == PARAM_IPV4 || type == PARAM_IPV6)
		layers_bytes(&value, p, type == PARAM_IPV4 ? &f_ipv4 : &f_ipv6, type == PARAM_IPV4 ? 4 : 16);
}

/* RFC 6525 section 4. False: none of them. */
static bool sctp_param_reset(struct cursor *v, struct packet *p, unsigned type)
{
	if (type < PARAM_OUT_RESET || type > PARAM_ADD_IN)
		return false;
	if (type != PARAM_RESPONSE)
		(void)layers_number(v, p, &f_request, 4);
	if (type == PARAM_OUT_RESET || type == PARAM_RESPONSE)
		(void)layers_number(v, p, &f_response, 4);
	if (type == PARAM_OUT_RESET)
		(void)layers_number(v, p, &f_last_tsn, 4);
	if (type == PARAM_OUT_RESET || type == PARAM_IN_RESET)
		sctp_list(v, p, &f_reset_sid, 2);
	if (type == PARAM_ADD_OUT || type == PARAM_ADD_IN)
		(void)layers_number(v, p, type == PARAM_ADD_OUT ? &f_more_out : &f_more_in, 2);
	if (type == PARAM_RESPONSE) {
		(void)layers_number(v, p, &f_result, 4);
		if (cursor_left(v) >= 8) {
			(void)layers_number(v, p, &f_next_tsn, 4);
			(void)layers_number(v, p, &f_peer_tsn, 4);
		}
	}
	return true;
}

static void sctp_causes_read(struct cursor *v, struct packet *p)
{
	struct cursor value;
	unsigned type;

	while (sctp_next(v, p, &f_cause, &type, &value))
		layers_bytes(&value, p, &f_cause_value, cursor_left(&value));
}

/* A name that ends with a zero byte, or several. */
static void sctp_host(struct cursor *v, struct packet *p)
{
	const uint8_t *end = cursor_left(v) > 0 ? memchr(v->pos, 0, cursor_left(v)) : NULL;

	layers_bytes(v, p, &f_host, end ? (size_t)(end - v->pos) : cursor_left(v));
}

static void sctp_param(struct cursor *v, struct packet *p, unsigned type)
{
	switch (type) {
	case PARAM_IPV4:
		layers_bytes(v, p, &f_ipv4, 4);
		break;
	case PARAM_IPV6:
		layers_bytes(v, p, &f_ipv6, 16);
		break;
	case PARAM_HOST_NAME:
		sctp_host(v, p);
		break;
	case PARAM_PRESERVE:
		(void)layers_number(v, p, &f_preserve, 4);
		break;
	case PARAM_ADDRESS_TYPES:
		sctp_list(v, p, &f_type, 2);
		break;
	case PARAM_HMACS:
		sctp_list(v, p, &f_hmac_id, 2);
		break;
	case PARAM_ADD_IP:
	case PARAM_DELETE_IP:
	case PARAM_PRIMARY:
		sctp_param_address(v, p);
		break;
	case PARAM_SUCCESS:
	case PARAM_CAUSE:
		(void)layers_number(v, p, &f_correlation, 4);
		sctp_causes_read(v, p);
		break;
	default:
		if (!sctp_param_reset(v, p, type))
			layers_bytes(v, p, &f_param_value, cursor_left(v));
		break;
	}
	if (v->fault != CURSOR_OK)
		packet_issue(p, "an SCTP parameter is too short for what it says");
}

static void sctp_params_read(struct cursor *v, struct packet *p)
{
	struct cursor value;
	unsigned type;

	while (sctp_next(v, p, &f_param, &type, &value))
		sctp_param(&value, p, type);
}

/* RFC 9260 sections 3.3.2 and 3.3.3: both have the same form. */
static void sctp_init(struct cursor *v, struct packet *p, const struct field_info *rows)
{
	static const uint8_t widths[] = {4, 4, 2, 2, 4};

	for (unsigned i = 0; i < sizeof widths; i++)
		(void)layers_number(v, p, &rows[i], widths[i]);
	sctp_params_read(v, p);
}

/* RFC 9260 section 3.3.1; the user's data stays where it is. */
static void sctp_data(struct cursor *v, struct packet *p)
{
	(void)layers_number(v, p, &f_tsn, 4);
	(void)layers_number(v, p, &f_sid, 2);
	(void)layers_number(v, p, &f_ssn, 2);
	(void)layers_number(v, p, &f_ppid, 4);
}

/* RFC 8260 section 2.1: the first fragment says what it is, the others which. */
static void sctp_i_data(struct cursor *v, struct packet *p, unsigned flags)
{
	(void)layers_number(v, p, &f_tsn, 4);
	(void)layers_number(v, p, &f_sid, 2);
	cursor_skip(v, 2);
	(void)layers_number(v, p, &f_mid, 4);
	(void)layers_number(v, p, flags & 2 ? &f_ppid : &f_fsn, 4);
}

/* RFC 9260 section 3.3.4. */
static void sctp_sack(struct cursor *v, struct packet *p)
{
	unsigned gaps, dups;

	(void)layers_number(v, p, &f_cumulative, 4);
	(void)layers_number(v, p, &f_window, 4);
	gaps = (unsigned)layers_number(v, p, &f_gaps, 2);
	dups = (unsigned)layers_number(v, p, &f_dups, 2);
	for (; gaps > 0 && v->fault == CURSOR_OK && budget_take(&p->budget); gaps--) {
		(void)layers_number(v, p, &f_gap_start, 2);
		(void)layers_number(v, p, &f_gap_end, 2);
	}
	for (; dups > 0 && v->fault == CURSOR_OK && budget_take(&p->budget); dups--)
		(void)layers_number(v, p, &f_dup, 4);
}

static void sctp_forward(struct cursor *v, struct packet *p, bool interleaved)
{
	(void)layers_number(v, p, interleaved ? &f_iforward : &f_forward, 4);
	while (cursor_left(v) >= (interleaved ? 8u : 4u) && budget_take(&p->budget)) {
		(void)layers_number(v, p, interleaved ? &f_iforward_sid : &f_forward_sid, 2);
		if (interleaved) {
			const uint8_t *at = v->pos;

			packet_field(p, &f_iforward_flags, at, 2, cursor_be16(v) & 1u);
			(void)layers_number(v, p, &f_iforward_mid, 4);
		} else {
			(void)layers_number(v, p, &f_forward_ssn, 2);
		}
	}
}

void sctp_chunk_read(struct cursor *v, struct packet *p, unsigned type, unsigned flags)
{
	switch (type) {
	case SCTP_DATA:
		sctp_data(v, p);
		break;
	case SCTP_I_DATA:
		sctp_i_data(v, p, flags);
		break;
	case SCTP_INIT:
	case SCTP_INIT_ACK:
		sctp_init(v, p, type == SCTP_INIT ? f_init : f_initack);
		break;
	case SCTP_SACK:
		sctp_sack(v, p);
		break;
	case SCTP_HEARTBEAT:
	case SCTP_HEARTBEAT_ACK:
	case SCTP_RE_CONFIG:
		sctp_params_read(v, p);
		break;
	case SCTP_ABORT:
	case SCTP_ERROR:
		sctp_causes_read(v, p);
		break;
	case SCTP_SHUTDOWN:
		(void)layers_number(v, p, &f_shutdown, 4);
		break;
	case SCTP_COOKIE_ECHO:
		layers_bytes(v, p, &f_cookie, cursor_left(v));
		break;
	case SCTP_ECNE:
	case SCTP_CWR:
		(void)layers_number(v, p, type == SCTP_ECNE ? &f_ecne : &f_cwr, 4);
		break;
	case SCTP_AUTH: /* RFC 4895 section 4.1 */
		(void)layers_number(v, p, &f_key, 2);
		(void)layers_number(v, p, &f_hmac_id, 2);
		layers_bytes(v, p, &f_hmac, cursor_left(v));
		break;
	case SCTP_FORWARD_TSN:
	case SCTP_I_FORWARD_TSN:
		sctp_forward(v, p, type == SCTP_I_FORWARD_TSN);
		break;
	case SCTP_ASCONF: /* RFC 5061 section 4.1; the first parameter is the sender's address */
	case SCTP_ASCONF_ACK:
		(void)layers_number(v, p, type == SCTP_ASCONF ? &f_serial : &f_serial_ack, 4);
		sctp_params_read(v, p);
		break;
	case SCTP_PAD:
	case SCTP_SHUTDOWN_ACK:
	case SCTP_SHUTDOWN_COMPLETE:
	case SCTP_COOKIE_ACK:
		break;
	default:
		layers_bytes(v, p, &f_value, cursor_left(v));
		break;
	}
}
