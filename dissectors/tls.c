/* TLS and SSL 3: records, and of the handshake what is readable.
 *
 * Promises: a segment is TLS only if it begins with a hello that reads well,
 * or with a whole record and further ones up to its last byte; ClientHello
 * gives the server name, and asks for the rest of the record where it ends in a
 * later segment. Nothing is decrypted: a segment that begins inside a record is
 * nobody's.
 *
 *  0      1        3        5
 *  | type | version| length | fragment ...        RFC 8446 section 5.1
 *           handshake: | type 1 | length 3 | body ...
 */
#include <string.h>

#include "sockeye/dissector.h"

enum {
	TLS_CHANGE_CIPHER_SPEC = 20, TLS_ALERT = 21, TLS_HANDSHAKE = 22, TLS_APPLICATION_DATA = 23,
	TLS_HEARTBEAT = 24,
	TLS_CLIENT_HELLO = 1, TLS_SERVER_HELLO = 2,
	TLS_RECORD_HEADER = 5,
	TLS_RECORD_MAX = (1 << 14) + 2048, /* RFC 5246 section 6.2.3 */
	TLS_SERVER_NAME = 0, TLS_ALPN = 16, TLS_SUPPORTED_VERSIONS = 43,
	TLS_RECORDS = 64,
};

/* The word for a record: what `packets` says. */
enum tls_word {
	WORD_CHANGE, WORD_ALERT, WORD_DATA, WORD_HEARTBEAT, WORD_CLIENT_HELLO, WORD_SERVER_HELLO,
	WORD_NEW_TICKET, WORD_CERTIFICATE, WORD_SERVER_KEY, WORD_CERTIFICATE_REQUEST, WORD_HELLO_DONE,
	WORD_CERTIFICATE_VERIFY, WORD_CLIENT_KEY, WORD_FINISHED, WORD_CERTIFICATE_STATUS,
	WORD_HELLO_REQUEST, WORD_ENCRYPTED_HANDSHAKE, WORD_ENCRYPTED_ALERT,
};

static const struct name_of tls_words[] = {
	{WORD_CHANGE, "ChangeCipherSpec"}, {WORD_ALERT, "Alert"}, {WORD_DATA, "ApplicationData"},
	{WORD_HEARTBEAT, "Heartbeat"}, {WORD_CLIENT_HELLO, "ClientHello"},
	{WORD_SERVER_HELLO, "ServerHello"}, {WORD_NEW_TICKET, "NewSessionTicket"},
	{WORD_CERTIFICATE, "Certificate"}, {WORD_SERVER_KEY, "ServerKeyExchange"},
	{WORD_CERTIFICATE_REQUEST, "CertificateRequest"}, {WORD_HELLO_DONE, "ServerHelloDone"},
	{WORD_CERTIFICATE_VERIFY, "CertificateVerify"}, {WORD_CLIENT_KEY, "ClientKeyExchange"},
	{WORD_FINISHED, "Finished"}, {WORD_CERTIFICATE_STATUS, "CertificateStatus"},
	{WORD_HELLO_REQUEST, "HelloRequest"}, {WORD_ENCRYPTED_HANDSHAKE, "EncryptedHandshake"},
	{WORD_ENCRYPTED_ALERT, "EncryptedAlert"}, {0, NULL},
};

static const struct name_of tls_content_types[] = {
	{20, "change cipher spec"}, {21, "alert"}, {22, "handshake"}, {23, "application data"},
	{24, "heartbeat"}, {0, NULL},
};

static const struct name_of tls_versions[] = {
	{0x0300, "SSL 3.0"}, {0x0301, "TLS 1.0"}, {0x0302, "TLS 1.1"}, {0x0303, "TLS 1.2"},
	{0x0304, "TLS 1.3"}, {0, NULL},
};

static const struct name_of tls_handshake_types[] = {
	{0, "HelloRequest"}, {1, "ClientHello"}, {2, "ServerHello"}, {4, "NewSessionTicket"},
	{11, "Certificate"}, {12, "ServerKeyExchange"}, {13, "CertificateRequest"},
	{14, "ServerHelloDone"}, {15, "CertificateVerify"}, {16, "ClientKeyExchange"},
	{20, "Finished"}, {22, "CertificateStatus"}, {0, NULL},
};

static const struct name_of tls_alert_levels[] = {{1, "warning"}, {2, "fatal"}, {0, NULL}};

static const struct name_of tls_alerts[] = {
	{0, "close notify"}, {10, "unexpected message"}, {20, "bad record MAC"}, {21, "decryption failed"},
	{22, "record overflow"}, {40, "handshake failure"}, {42, "bad certificate"},
	{43, "unsupported certificate"}, {44, "certificate revoked"}, {45, "certificate expired"},
	{46, "certificate unknown"}, {47, "illegal parameter"}, {48, "unknown CA"}, {49, "access denied"},
	{50, "decode error"}, {51, "decrypt error"}, {70, "protocol version"},
	{71, "insufficient security"}, {80, "internal error"}, {86, "inappropriate fallback"},
	{90, "user canceled"}, {100, "no renegotiation"}, {109, "missing extension"},
	{110, "unsupported extension"}, {112, "unrecognized name"}, {115, "unknown PSK identity"},
	{116, "certificate required"}, {120, "no application protocol"}, {0, NULL},
};

static const struct name_of tls_ciphers[] = {
	{0x1301, "TLS_AES_128_GCM_SHA256"}, {0x1302, "TLS_AES_256_GCM_SHA384"},
	{0x1303, "TLS_CHACHA20_POLY1305_SHA256"}, {0x1304, "TLS_AES_128_CCM_SHA256"},
	{0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA"}, {0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA"},
	{0x009c, "TLS_RSA_WITH_AES_128_GCM_SHA256"}, {0x009d, "TLS_RSA_WITH_AES_256_GCM_SHA384"},
	{0x009e, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"}, {0x009f, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384"},
	{0xc009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"}, {0xc00a, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"},
	{0xc013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"}, {0xc014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"},
	{0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"},
	{0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"},
	{0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"},
	{0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"},
	{0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"},
	{0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"}, {0, NULL},
};

static const struct name_of tls_extensions[] = {
	{0, "server name"}, {1, "max fragment length"}, {5, "status request"}, {10, "supported groups"},
	{11, "EC point formats"}, {13, "signature algorithms"}, {14, "use SRTP"}, {15, "heartbeat"},
	{16, "ALPN"}, {18, "signed certificate timestamp"}, {21, "padding"}, {22, "encrypt then MAC"},
	{23, "extended master secret"}, {27, "compress certificate"}, {28, "record size limit"},
	{35, "session ticket"}, {41, "pre-shared key"}, {42, "early data"}, {43, "supported versions"},
	{44, "cookie"}, {45, "PSK key exchange modes"}, {49, "post-handshake authentication"},
	{50, "signature algorithms (certificate)"}, {51, "key share"}, {57, "QUIC transport parameters"},
	{0xfe0d, "encrypted client hello"}, {0xff01, "renegotiation info"}, {0, NULL},
};

static const struct field_info f_word = {"tls.message", "Message", FIELD_STATIC, tls_words};
static const struct field_info f_type = {"tls.record.content_type", "Record", FIELD_UINT, tls_content_types};
static const struct field_info f_version = {"tls.record.version", "Record version", FIELD_UINT, tls_versions};
static const struct field_info f_length = {"tls.record.length", "Record length", FIELD_UINT, NULL};
static const struct field_info f_hs_type = {"tls.handshake.type", "Handshake", FIELD_UINT, tls_handshake_types};
static const struct field_info f_hs_length = {"tls.handshake.length", "Handshake length", FIELD_UINT, NULL};
static const struct field_info f_hs_version = {"tls.handshake.version", "Version", FIELD_UINT, tls_versions};
static const struct field_info f_session = {"tls.handshake.session_id_length", "Session id length", FIELD_UINT, NULL};
static const struct field_info f_ciphers = {"tls.handshake.cipher_suites_count", "Cipher suites offered", FIELD_UINT, NULL};
static const struct field_info f_cipher = {"tls.handshake.ciphersuite", "Cipher suite", FIELD_UINT, tls_ciphers};
static const struct field_info f_ext = {"tls.handshake.extension.type", "Extension", FIELD_UINT, tls_extensions};
static const struct field_info f_sni = {"tls.handshake.extensions_server_name", "Server name", FIELD_TEXT, NULL};
static const struct field_info f_alpn = {"tls.handshake.extensions_alpn_str", "Application protocol", FIELD_TEXT, NULL};
static const struct field_info f_supported = {"tls.handshake.extensions.supported_version", "Supported version", FIELD_UINT, tls_versions};
static const struct field_info f_alert_level = {"tls.alert_message.level", "Alert level", FIELD_UINT, tls_alert_levels};
static const struct field_info f_alert = {"tls.alert_message.desc", "Alert", FIELD_UINT, tls_alerts};

struct tls_record {
	uint8_t type;
	uint16_t version;
	uint32_t length;
};

static bool tls_record_header(struct cursor *c, struct tls_record *r)
{
	r->type = cursor_u8(c);
	r->version = cursor_be16(c);
	r->length = cursor_be16(c);
	return c->fault == CURSOR_OK && r->type >= TLS_CHANGE_CIPHER_SPEC && r->type <= TLS_HEARTBEAT &&
	       r->version >= 0x0300 && r->version <= 0x0304 && r->length <= TLS_RECORD_MAX &&
	       (r->length > 0 || r->type == TLS_APPLICATION_DATA);
}

/* RFC 8701: values that mean nothing and keep servers tolerant. */
static bool tls_is_grease(uint32_t v)
{
	return (v & 0x0f0f) == 0x0a0a && (v >> 8 & 0xff) == (v & 0xff);
}

/* RFC 6066 section 3: a list of (type 1, length 2, name); type 0 is a host. */
static void tls_server_name(struct cursor *c, struct packet *p)
{
	size_t list = cursor_be16(c);
	unsigned type = cursor_u8(c);
	size_t n = cursor_be16(c);
	const uint8_t *name = cursor_take(c, n);

	if (!name || type != 0 || n == 0 || n + 3 > list)
		return;
	packet_field(p, &f_sni, name, n, 0);
	p->server_name = name;
	p->server_name_len = (uint32_t)n;
}

static void tls_alpn(struct cursor *c, struct packet *p)
{
	cursor_skip(c, 2);
	while (cursor_wire_left(c) > 0 && c->fault == CURSOR_OK && budget_take(&p->budget)) {
		size_t n = cursor_u8(c);
		const uint8_t *name = cursor_take(c, n);

		if (name && n > 0)
			packet_field(p, &f_alpn, name, n, 0);
	}
}

/* RFC 8446 section 4.2.1: a client lists, a server names the one. */
static void tls_supported_versions(struct cursor *c, struct packet *p, bool client)
{
	if (client)
		cursor_skip(c, 1);
	while (cursor_wire_left(c) >= 2 && c->fault == CURSOR_OK && budget_take(&p->budget)) {
		const uint8_t *at = c->pos;
		uint16_t version = cursor_be16(c);

		if (c->fault == CURSOR_OK && !tls_is_grease(version))
			packet_field(p, &f_supported, at, 2, version);
	}
}

static void tls_extension_list(struct cursor *c, struct packet *p, bool client)
{
	struct tlv ext;

	while (tlv_next(c, TLV_U16_U16, &p->budget, &ext)) {
		if (tls_is_grease(ext.type))
			continue;
		packet_field(p, &f_ext, ext.value.base - 4, 2, ext.type);
		if (ext.type == TLS_SERVER_NAME && client)
			tls_server_name(&ext.value, p);
		else if (ext.type == TLS_ALPN)
			tls_alpn(&ext.value, p);
		else if (ext.type == TLS_SUPPORTED_VERSIONS)
			tls_supported_versions(&ext.value, p, client);
	}
}

/* The body of a ClientHello or ServerHello. False: it does not read as one, or
 * ends before its cipher suites, which is too early to be sure. What comes
 * after them is read as far as it is here (next segment, short capture). */
static bool tls_hello(struct cursor *c, struct packet *p, bool client)
{
	const uint8_t *version_at = c->pos, *session_at, *cipher_at;
	unsigned version = cursor_be16(c), session, cipher;

	cursor_skip(c, 32); /* random */
	session_at = c->pos;
	session = cursor_u8(c);
	cursor_skip(c, session);
	cipher_at = c->pos;
	cipher = cursor_be16(c);
	if (c->fault != CURSOR_OK || version < 0x0300 || version > 0x0304 || session > 32)
		return false;
	if (client && (cipher < 2 || cipher % 2 != 0))
		return false;
	packet_field(p, &f_hs_version, version_at, 2, version);
	packet_field(p, &f_session, session_at, 1, session);
	if (client) {
		packet_field(p, &f_ciphers, cipher_at, 2, cipher / 2);
		cursor_skip(c, cipher);
		cursor_skip(c, cursor_u8(c)); /* compression methods */
	} else {
		packet_field(p, &f_cipher, cipher_at, 2, cipher);
		cursor_skip(c, 1); /* compression method */
	}
	if (c->fault != CURSOR_OK || cursor_wire_left(c) == 0)
		return true;
	(void)cursor_limit(c, cursor_be16(c)); /* more than what is here: the next segment has it */
	tls_extension_list(c, p, client);
	return true;
}

static enum tls_word tls_handshake_word(unsigned type)
{
	switch (type) {
	case 0:
		return WORD_HELLO_REQUEST;
	case TLS_CLIENT_HELLO:
		return WORD_CLIENT_HELLO;
	case TLS_SERVER_HELLO:
		return WORD_SERVER_HELLO;
	case 4:
		return WORD_NEW_TICKET;
	case 11:
		return WORD_CERTIFICATE;
	case 12:
		return WORD_SERVER_KEY;
	case 13:
		return WORD_CERTIFICATE_REQUEST;
	case 14:
		return WORD_HELLO_DONE;
	case 15:
		return WORD_CERTIFICATE_VERIFY;
	case 16:
		return WORD_CLIENT_KEY;
	case 20:
		return WORD_FINISHED;
	case 22:
		return WORD_CERTIFICATE_STATUS;
	default:
		return WORD_ENCRYPTED_HANDSHAKE;
	}
}

/* The messages of a handshake record: clear ones follow each other without a
 * gap; where the lengths make no sense the record is encrypted.
 * False: a hello that is none. *hello: a hello was read. */
static bool tls_handshake(struct cursor *c, struct packet *p, bool *hello)
{
	bool first = true;

	while (cursor_wire_left(c) > 0 && budget_take(&p->budget)) {
		const uint8_t *at = c->pos;
		unsigned type = cursor_u8(c);
		size_t n = cursor_be24(c);
		enum tls_word word = tls_handshake_word(type);
		struct cursor body;

		if (c->fault != CURSOR_OK)
			return true;
		/* A certificate chain spans records and may be longer than this one. */
		if (word == WORD_ENCRYPTED_HANDSHAKE || n > 1U << 17 ||
		    (word != WORD_CERTIFICATE && word != WORD_CLIENT_HELLO && word != WORD_SERVER_HELLO &&
		     n > cursor_wire_left(c))) {
			if (first)
				packet_field(p, &f_word, at, 1, WORD_ENCRYPTED_HANDSHAKE);
			return true;
		}
		first = false;
		packet_field(p, &f_word, at, 1, word);
		packet_field(p, &f_hs_type, at, 1, type);
		packet_field(p, &f_hs_length, at + 1, 3, n);
		if (n > cursor_wire_left(c))
			n = cursor_wire_left(c);
		body = cursor_sub(c, n);
		if (type == TLS_CLIENT_HELLO || type == TLS_SERVER_HELLO) {
			if (!tls_hello(&body, p, type == TLS_CLIENT_HELLO))
				return false;
			*hello = true;
		}
		if (c->fault != CURSOR_OK)
			return true;
	}
	return true;
}

static bool tls_record_body(struct cursor *c, struct packet *p, const struct tls_record *r, bool *hello)
{
	const uint8_t *at = c->pos;

	switch (r->type) {
	case TLS_HANDSHAKE:
		return tls_handshake(c, p, hello);
	case TLS_ALERT:
		if (r->length == 2) {
			unsigned level = cursor_u8(c), what = cursor_u8(c);

			if (c->fault != CURSOR_OK)
				return true;
			if (level != 1 && level != 2)
				return false;
			packet_field(p, &f_word, at, 1, WORD_ALERT);
			packet_field(p, &f_alert_level, at, 1, level);
			packet_field(p, &f_alert, at + 1, 1, what);
			return true;
		}
		packet_field(p, &f_word, at, 0, WORD_ENCRYPTED_ALERT);
		return true;
	case TLS_CHANGE_CIPHER_SPEC:
		packet_field(p, &f_word, at, 0, WORD_CHANGE);
		return r->length == 1;
	case TLS_APPLICATION_DATA:
		packet_field(p, &f_word, at, 0, WORD_DATA);
		return true;
	default:
		packet_field(p, &f_word, at, 0, WORD_HEARTBEAT);
		return true;
	}
}

/* A direction that begins with a ClientHello which goes on in later segments
 * (post-quantum key shares make it 1.8 KB): the whole record has the name. */
static void tls_want_rest(const struct cursor *c, struct packet *p)
{
	static const uint8_t fixed[] = {TLS_HANDSHAKE, 3};
	size_t left = cursor_left(c), length;

	if (!p->talk || !p->talk->first || left < 3 || left < cursor_wire_left(c) ||
	    memcmp(c->pos, fixed, sizeof fixed) != 0 || c->pos[2] > 4)
		return;
	if (left <= TLS_RECORD_HEADER) {
		p->need_more = TLS_RECORD_HEADER + 1;
		return;
	}
	length = (size_t)c->pos[3] << 8 | c->pos[4];
	if (c->pos[5] == TLS_CLIENT_HELLO && length <= TLS_RECORD_MAX && left < TLS_RECORD_HEADER + length)
		p->need_more = (uint32_t)(TLS_RECORD_HEADER + length);
}

static enum dissect_result tls_dissect(struct cursor *c, struct packet *p)
{
	bool sure = p->talk && p->talk->known, hello = false;
	unsigned whole = 0;

	tls_want_rest(c, p);
	for (unsigned i = 0; i < TLS_RECORDS && cursor_wire_left(c) > 0; i++) {
		const uint8_t *at = c->pos;
		struct cursor body, header = *c;
		struct tls_record r;
		size_t here;

		if (cursor_wire_left(c) < TLS_RECORD_HEADER)
			break; /* its header goes on in the next segment */
		if (!tls_record_header(&header, &r)) {
			if (header.fault != CURSOR_OK)
				c->fault = header.fault;
			if (i == 0 || (!hello && !sure))
				return DISSECT_NOT_MINE;
			break;
		}
		cursor_skip(c, TLS_RECORD_HEADER);
		packet_field(p, &f_type, at, 1, r.type);
		packet_field(p, &f_version, at + 1, 2, r.version);
		packet_field(p, &f_length, at + 3, 2, r.length);
		here = r.length <= cursor_wire_left(c) ? r.length : cursor_wire_left(c);
		whole += here == r.length;
		body = cursor_sub(c, here);
		if (!tls_record_body(&body, p, &r, &hello)) {
			if (hello) /* what begins so well is ours, whatever follows */
				break;
			return sure && c->fault == CURSOR_OK ? DISSECT_BAD : DISSECT_NOT_MINE;
		}
		if (here < r.length || c->fault != CURSOR_OK)
			break;
	}
	/* Without a hello only a whole record, with others up to the segment's
	 * last byte, is proof enough: three fixed bytes and lengths that agree. */
	if (!hello && !sure && (whole == 0 || cursor_wire_left(c) > 0 || c->fault != CURSOR_OK))
		return DISSECT_NOT_MINE;
	p->service = p->current;
	return c->fault == CURSOR_CUT ? DISSECT_CUT : DISSECT_OK;
}

static const struct bind tls_binds[] = {
	{TABLE_TCP_GUESS, GUESS_BYTES(TLS_CHANGE_CIPHER_SPEC, TLS_HEARTBEAT)},
	{TABLE_TCP_GUESS, GUESS_AT(1, 3, 3)}, /* the version */
	{TABLE_TCP_GUESS, GUESS_AT(2, 0, 4)},
	{TABLE_NONE, 0},
};

const struct dissector tls_dissector = {
	.name = "tls",
	.title = "Transport Layer Security",
	.reference = "RFC 8446, RFC 5246, RFC 6066",
	.binds = tls_binds,
	.info = "{tls.message}[ SNI {tls.handshake.extensions_server_name}][ {tls.alert_message.desc}]",
	.dissect = tls_dissect,
};
