/* QUIC: what is readable without keys: versions, packet types, connection ids.
 *
 * Promises: a datagram is QUIC only if it begins with a long header of a
 * version that we know, whose lengths fit the datagram, or with a version
 * negotiation that lists one; a short header means QUIC only in a conversation
 * known to be QUIC. Initial packets are not decrypted, so there is no server
 * name.
 *
 *  0       1         5     6 .. 26   +1    .. 20
 *  | flags | version | dcil| dcid  | scil | scid | by type ...   RFC 9000 section 17.2
 */
#include "sockeye/dissector.h"

enum {
	QUIC_V1 = 0x00000001,
	QUIC_V2 = 0x6b3343cf,      /* RFC 9369 */
	QUIC_DRAFT = 0xff,         /* the first byte; the last is the draft's number */
	QUIC_DRAFT_FIRST = 23, QUIC_DRAFT_LAST = 34,
	QUIC_ID_MAX = 20,
	QUIC_RETRY_TAG = 16,
	QUIC_PACKET_MIN = 4 + 16,  /* sample of RFC 9001 section 5.4.2: number and sample */
	QUIC_PACKETS = 8,
};

enum quic_type { QUIC_INITIAL, QUIC_0RTT, QUIC_HANDSHAKE, QUIC_RETRY, QUIC_VERSION_NEGOTIATION, QUIC_SHORT };

static const struct name_of quic_types[] = {
	{QUIC_INITIAL, "Initial"}, {QUIC_0RTT, "0-RTT"}, {QUIC_HANDSHAKE, "Handshake"}, {QUIC_RETRY, "Retry"},
	{QUIC_VERSION_NEGOTIATION, "Version Negotiation"}, {QUIC_SHORT, "Protected payload"}, {0, NULL},
};

static const struct name_of quic_versions[] = {
	{0, "negotiation"}, {QUIC_V1, "1"}, {QUIC_V2, "2"}, {0xff000017, "draft-23"},
	{0xff000018, "draft-24"}, {0xff000019, "draft-25"}, {0xff00001a, "draft-26"}, {0xff00001b, "draft-27"},
	{0xff00001c, "draft-28"}, {0xff00001d, "draft-29"}, {0xff00001e, "draft-30"}, {0xff00001f, "draft-31"},
	{0xff000020, "draft-32"}, {0xff000021, "draft-33"}, {0xff000022, "draft-34"}, {0, NULL},
};

static const struct name_of quic_forms[] = {{0, "short"}, {1, "long"}, {0, NULL}};

static const struct field_info f_form = {"quic.header_form", "Header", FIELD_UINT, quic_forms};
static const struct field_info f_type = {"quic.packet_type", "Packet", FIELD_STATIC, quic_types};
static const struct field_info f_long_type = {"quic.long.packet_type", "Type", FIELD_UINT, NULL};
static const struct field_info f_version = {"quic.version", "Version", FIELD_HEX, quic_versions};
static const struct field_info f_dcil = {"quic.dcil", "Destination id length", FIELD_UINT, NULL};
static const struct field_info f_dcid = {"quic.dcid", "Destination id", FIELD_BYTES, NULL};
static const struct field_info f_scil = {"quic.scil", "Source id length", FIELD_UINT, NULL};
static const struct field_info f_scid = {"quic.scid", "Source id", FIELD_BYTES, NULL};
static const struct field_info f_token_length = {"quic.token_length", "Token length", FIELD_UINT, NULL};
static const struct field_info f_token = {"quic.token", "Token", FIELD_BYTES, NULL};
static const struct field_info f_length = {"quic.length", "Length", FIELD_UINT, NULL};
static const struct field_info f_supported = {"quic.supported_version", "Supported version", FIELD_HEX, quic_versions};
static const struct field_info f_spin = {"quic.spin_bit", "Spin bit", FIELD_UINT, NULL};

static bool quic_is_version(uint32_t v)
{
	if (v >> 24 == QUIC_DRAFT)
		return (v & 0xffffff) >= QUIC_DRAFT_FIRST && (v & 0xffffff) <= QUIC_DRAFT_LAST;
	return v == QUIC_V1 || v == QUIC_V2;
}

/* RFC 9000 section 15: 0x?a?a?a?a exercises negotiation. */
static bool quic_is_reserved_version(uint32_t v)
{
	return (v & 0x0f0f0f0f) == 0x0a0a0a0a;
}

/* RFC 9000 section 16: the two high bits give the length. */
static uint64_t quic_varint(struct cursor *c, size_t *size)
{
	uint8_t first = cursor_u8(c);
	uint64_t v = first & 0x3f;
	unsigned more = (1U << (first >> 6)) - 1;

	*size = more + 1U;
	while (more-- > 0)
		v = v << 8 | cursor_u8(c);
	return v;
}

static enum quic_type quic_type_of(uint32_t version, uint8_t flags)
{
	unsigned bits = flags >> 4 & 3;

	if (version == QUIC_V2) /* RFC 9369 section 3.2: one on */
		bits = (bits + 3) & 3;
	return (enum quic_type)bits;
}

static bool quic_id(struct cursor *c, struct packet *p, const struct field_info *len,
		    const struct field_info *id)
{
	const uint8_t *at = c->pos;
	size_t n = cursor_u8(c);

	if (c->fault != CURSOR_OK || n > QUIC_ID_MAX)
		return false;
	packet_field(p, len, at, 1, n);
	at = cursor_take(c, n);
	if (at && n > 0)
		packet_field(p, id, at, n, 0);
	return at != NULL;
}

/* RFC 9000 section 17.2.1. False: none of the versions is one that we know. */
static bool quic_negotiation(struct cursor *c, struct packet *p)
{
	bool known = false;

	if (cursor_wire_left(c) == 0 || cursor_wire_left(c) % 4 != 0)
		return false;
	while (cursor_wire_left(c) > 0 && c->fault == CURSOR_OK && budget_take(&p->budget)) {
		const uint8_t *at = c->pos;
		uint32_t v = cursor_be32(c);

		if (c->fault != CURSOR_OK)
			break;
		known = known || quic_is_version(v) || quic_is_reserved_version(v);
		packet_field(p, &f_supported, at, 4, v);
	}
	return known;
}

/* One packet with a long header; c is left behind it. False: it is none. */
static bool quic_long(struct cursor *c, struct packet *p)
{
	const uint8_t *at = c->pos;
	uint8_t flags = cursor_u8(c);
	uint32_t version = cursor_be32(c);
	enum quic_type type;
	uint64_t n;
	size_t size;

	if (c->fault != CURSOR_OK || !(flags & 0x80))
		return false;
	if (version != 0 && (!(flags & 0x40) || !quic_is_version(version)))
		return false;
	type = version == 0 ? QUIC_VERSION_NEGOTIATION : quic_type_of(version, flags);
	packet_field(p, &f_form, at, 1, 1);
	packet_field(p, &f_type, at, 1, type);
	packet_field(p, &f_version, at + 1, 4, version);
	if (version != 0)
		packet_field(p, &f_long_type, at, 1, flags >> 4 & 3);
	if (!quic_id(c, p, &f_dcil, &f_dcid) || !quic_id(c, p, &f_scil, &f_scid))
		return false;
	if (type == QUIC_VERSION_NEGOTIATION)
		return quic_negotiation(c, p);
	if (type == QUIC_RETRY) {
		n = cursor_wire_left(c);
		if (n <= QUIC_RETRY_TAG)
			return false;
		at = cursor_take(c, (size_t)n - QUIC_RETRY_TAG);
		if (at)
			packet_field(p, &f_token, at, (size_t)n - QUIC_RETRY_TAG, 0);
		cursor_skip(c, QUIC_RETRY_TAG);
		return true;
	}
	if (type == QUIC_INITIAL) {
		at = c->pos;
		n = quic_varint(c, &size);
		if (c->fault != CURSOR_OK || n > cursor_wire_left(c))
			return false;
		packet_field(p, &f_token_length, at, size, n);
		at = cursor_take(c, (size_t)n);
		if (at && n > 0)
			packet_field(p, &f_token, at, (size_t)n, 0);
	}
	at = c->pos;
	n = quic_varint(c, &size);
	if (c->fault != CURSOR_OK || n < QUIC_PACKET_MIN || n > cursor_wire_left(c))
		return false;
	packet_field(p, &f_length, at, size, n);
	cursor_skip(c, (size_t)n);
	return true;
}

/* RFC 9000 section 17.3: only the first byte tells something. */
static void quic_short(struct cursor *c, struct packet *p)
{
	const uint8_t *at = c->pos;
	uint8_t flags = cursor_u8(c);

	packet_field(p, &f_form, at, 1, 0);
	packet_field(p, &f_type, at, 1, QUIC_SHORT);
	packet_field(p, &f_spin, at, 1, flags >> 5 & 1);
	cursor_skip(c, cursor_wire_left(c)); /* it has no length: to the end of the datagram */
}

static enum dissect_result quic_dissect(struct cursor *c, struct packet *p)
{
	bool known = p->talk && p->talk->known;
	unsigned packets = 0;

	while (packets < QUIC_PACKETS && cursor_wire_left(c) > 0 && c->fault == CURSOR_OK) {
		uint8_t flags = 0;
		uint16_t before = p->fields;
		struct cursor one = *c;

		if (!cursor_peek(c, 0, &flags))
			break;
		if (flags & 0x80) {
			if (!quic_long(&one, p)) {
				p->fields = before;
				break;
			}
			*c = one;
		} else if ((flags & 0x40) && (packets > 0 || known)) {
			quic_short(c, p); /* coalesced behind long headers, or of a known conversation */
		} else {
			break; /* padding outside of packets, or not QUIC */
		}
		packets++;
	}
	if (packets == 0)
		return DISSECT_NOT_MINE;
	p->service = p->current;
	return c->fault == CURSOR_CUT ? DISSECT_CUT : DISSECT_OK;
}

static const struct bind quic_binds[] = {
	{TABLE_UDP_GUESS, GUESS_BYTES(0x80, 0xff)},
	{TABLE_UDP_GUESS, GUESS_AT(1, 0, 0)}, /* the version; the length of an id */
	{TABLE_UDP_GUESS, GUESS_AT(1, QUIC_V2 >> 24, QUIC_V2 >> 24)},
	{TABLE_UDP_GUESS, GUESS_AT(1, QUIC_DRAFT, QUIC_DRAFT)},
	{TABLE_UDP_GUESS, GUESS_AT(5, 0, QUIC_ID_MAX)},
	{TABLE_NONE, 0},
};

const struct dissector quic_dissector = {
	.name = "quic",
	.title = "QUIC",
	.reference = "RFC 9000, RFC 9369",
	.binds = quic_binds,
	.info = "{quic.packet_type}[ version {quic.version}][ to {quic.dcid}][ from {quic.scid}]",
	.dissect = quic_dissect,
};
