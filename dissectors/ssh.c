/* SSH: the identification strings, and the packets up to NEWKEYS by name.
 *
 * Promises: a segment is SSH only if it begins with an identification string
 * or with a whole KEXINIT; in a conversation known to be SSH what reads as a
 * clear packet is named, and anything else is encrypted. Nothing is kept, so
 * the end of clear packets is judged by their form alone.
 *
 *  0        4         5      6                     RFC 4253 section 6
 *  | length | padding | code | payload ... | padding ...
 */
#include <string.h>

#include "sockeye/dissector.h"

enum {
	SSH_BANNER_MAX = 255,      /* RFC 4253 section 4.2, with CR LF */
	SSH_PACKET_MAX = 35000,    /* RFC 4253 section 6.1 */
	SSH_KEXINIT = 20, SSH_NEWKEYS = 21, SSH_KEX_FIRST = 30, SSH_KEX_LAST = 34,
	SSH_COOKIE_LEN = 16,
	SSH_PACKETS = 16,
	SSH_LINES_BEFORE = 16,
};

static const struct name_of ssh_codes[] = {
	{1, "DISCONNECT"}, {2, "IGNORE"}, {3, "UNIMPLEMENTED"}, {4, "DEBUG"}, {SSH_KEXINIT, "KEXINIT"},
	{SSH_NEWKEYS, "NEWKEYS"}, {30, "KEXDH_INIT"}, {31, "KEXDH_REPLY"}, {32, "KEX_GEX_INIT"},
	{33, "KEX_GEX_REPLY"}, {34, "KEX_GEX_REQUEST"}, {0, NULL},
};

static const struct name_of ssh_words[] = {{0, "encrypted"}, {0, NULL}};

static const struct field_info f_protocol = {"ssh.protocol", "Identification", FIELD_TEXT, NULL};
static const struct field_info f_length = {"ssh.packet_length", "Packet length", FIELD_UINT, NULL};
static const struct field_info f_padding = {"ssh.padding_length", "Padding length", FIELD_UINT, NULL};
static const struct field_info f_code = {"ssh.message_code", "Message", FIELD_UINT, ssh_codes};
static const struct field_info f_message = {"ssh.message", "Message", FIELD_STATIC, ssh_codes};
static const struct field_info f_encrypted = {"ssh.encrypted_packet", "Packet", FIELD_STATIC, ssh_words};

/* The ten name lists of KEXINIT (RFC 4253 section 7.1). */
static const struct field_info f_lists[] = {
	{"ssh.kex_algorithms", "Key exchange", FIELD_TEXT, NULL},
	{"ssh.server_host_key_algorithms", "Host keys", FIELD_TEXT, NULL},
	{"ssh.encryption_algorithms_client_to_server", "Ciphers to server", FIELD_TEXT, NULL},
	{"ssh.encryption_algorithms_server_to_client", "Ciphers to client", FIELD_TEXT, NULL},
	{"ssh.mac_algorithms_client_to_server", "MACs to server", FIELD_TEXT, NULL},
	{"ssh.mac_algorithms_server_to_client", "MACs to client", FIELD_TEXT, NULL},
	{"ssh.compression_algorithms_client_to_server", "Compression to server", FIELD_TEXT, NULL},
	{"ssh.compression_algorithms_server_to_client", "Compression to client", FIELD_TEXT, NULL},
	{"ssh.languages_client_to_server", "Languages to server", FIELD_TEXT, NULL},
	{"ssh.languages_server_to_client", "Languages to client", FIELD_TEXT, NULL},
};

/* "SSH-2.0-software comment" and the line's end: printable ASCII. left: bytes from there. */
static bool ssh_is_banner(const uint8_t *at, size_t n, size_t left)
{
	if (left < 9 || (memcmp(at, "SSH-2.0-", 8) != 0 && memcmp(at, "SSH-1.", 6) != 0))
		return false;
	for (size_t i = 0; i < n; i++)
		if ((at[i] < ' ' || at[i] > '~') && !(at[i] == '\r' && i + 1 == n))
			return false;
	return true;
}

/* Where the identification is, and how long without its end. A server may send other lines
 * before (RFC 4253 section 4.2); they count only if it follows in the same segment. */
static const uint8_t *ssh_find_banner(const uint8_t *at, size_t left, size_t *n)
{
	for (unsigned i = 0; i <= SSH_LINES_BEFORE && left > 0; i++) {
		const uint8_t *end = memchr(at, '\n', left < SSH_BANNER_MAX ? left : SSH_BANNER_MAX);

		if (!end)
			return NULL;
		*n = (size_t)(end - at);
		if (at[0] == 'S' && ssh_is_banner(at, *n, left))
			return at;
		left -= *n + 1;
		at = end + 1;
	}
	return NULL;
}

static bool ssh_greeting(struct cursor *c, struct packet *p)
{
	size_t n;
	const uint8_t *at = ssh_find_banner(c->pos, cursor_left(c), &n);

	if (!at)
		return false;
	cursor_skip(c, (size_t)(at - c->pos) + n + 1);
	packet_field(p, &f_protocol, at, n > 0 && at[n - 1] == '\r' ? n - 1 : n, 0);
	return true;
}

static bool ssh_is_name_list(const uint8_t *at, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (at[i] <= ' ' || at[i] > '~')
			return false;
	return true;
}

/* False: not a KEXINIT. Lists that go on in the next segment end it. */
static bool ssh_kexinit(struct cursor *c, struct packet *p)
{
	cursor_skip(c, SSH_COOKIE_LEN);
	for (size_t i = 0; i < sizeof(f_lists) / sizeof(f_lists[0]); i++) {
		size_t n = cursor_be32(c);
		const uint8_t *list;

		if (c->fault != CURSOR_OK)
			return i > 0;
		if (n > SSH_PACKET_MAX || (i == 0 && n == 0))
			return false;
		list = cursor_take(c, n);
		if (!list)
			return i > 0;
		if (!ssh_is_name_list(list, n))
			return false;
		if (n > 0)
			packet_field(p, &f_lists[i], list, n, 0);
	}
	return true;
}

/* One clear packet. False: its form is that of no clear packet; nothing read. */
static bool ssh_packet(struct cursor *c, struct packet *p, bool *kexinit)
{
	struct cursor look = *c, body;
	const uint8_t *at = look.pos;
	size_t length = cursor_be32(&look), here;
	unsigned padding = cursor_u8(&look), code = cursor_u8(&look);
	bool early = code >= 1 && code <= 4;

	if (look.fault != CURSOR_OK || length < 12 || length > SSH_PACKET_MAX || (length + 4) % 8 != 0 ||
	    padding < 4 || padding + 2U > length)
		return false;
	if (!early && code != SSH_KEXINIT && code != SSH_NEWKEYS &&
	    (code < SSH_KEX_FIRST || code > SSH_KEX_LAST))
		return false;
	/* Only the two that carry much may go on in the next segment. */
	here = length - 2;
	if (here > cursor_wire_left(&look)) {
		if (code != SSH_KEXINIT && code != 31 && code != 33)
			return false;
		here = cursor_wire_left(&look);
	}
	body = cursor_sub(&look, here);
	packet_field(p, &f_message, at + 5, 1, code);
	packet_field(p, &f_length, at, 4, length);
	packet_field(p, &f_padding, at + 4, 1, padding);
	packet_field(p, &f_code, at + 5, 1, code);
	if (code == SSH_KEXINIT) {
		if (!ssh_kexinit(&body, p))
			return false;
		*kexinit = true;
	}
	*c = look;
	return true;
}

static enum dissect_result ssh_dissect(struct cursor *c, struct packet *p)
{
	bool known = p->talk && p->talk->known, cut = cursor_left(c) < cursor_wire_left(c);
	bool banner = ssh_greeting(c, p), kexinit = false;
	uint16_t before = p->fields;

	for (unsigned i = 0; i < SSH_PACKETS && cursor_left(c) > 0 && c->fault == CURSOR_OK; i++) {
		before = p->fields;
		if (!ssh_packet(c, p, &kexinit))
			break;
	}
	if (!banner && !kexinit && !known)
		return DISSECT_NOT_MINE;
	if (cursor_left(c) > 0) {
		p->fields = before; /* rows of an attempt that was no packet */
		packet_field(p, &f_encrypted, c->pos, cursor_left(c), 0);
		cursor_skip(c, cursor_left(c));
	}
	p->service = p->current;
	return cut ? DISSECT_CUT : DISSECT_OK;
}

/* The identification, or the length of a packet. */
static bool ssh_perhaps(const uint8_t *at, size_t n)
{
	return at[0] == 0 || ssh_find_banner(at, n, &n);
}

static const struct bind ssh_binds[] = {{TABLE_TCP_GUESS, 0}, {TABLE_NONE, 0}};

const struct dissector ssh_dissector = {
	.name = "ssh",
	.title = "Secure Shell",
	.reference = "RFC 4253",
	.binds = ssh_binds,
	.info = "[{ssh.protocol}][ {ssh.message}][ {ssh.encrypted_packet}]",
	.dissect = ssh_dissect,
	.perhaps = ssh_perhaps,
};
