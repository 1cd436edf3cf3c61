/* HTTP/2: the connection preface and the frames by name.
 *
 * Promises: a segment is HTTP/2 only if it begins with the client's preface, or
 * with a SETTINGS frame that a server may begin with, followed by frames that
 * read well. In a conversation known to be HTTP/2 frames are named from where a
 * segment begins with one; a segment that begins inside a frame is nobody's.
 * Headers are compressed with a memory of all before (RFC 7541): not read.
 *
 *  0        3      4       5          9
 *  | length | type | flags | R stream | payload ...      RFC 9113 section 4.1
 */
#include <string.h>

#include "sockeye/dissector.h"

enum {
	HTTP2_PREFACE_LEN = 24, HTTP2_FRAME_HEADER = 9,
	HTTP2_FRAME_MAX = 1 << 14,  /* until the peer allows more, RFC 9113 section 6.5.2 */
	HTTP2_SETTINGS = 4, HTTP2_WINDOW_UPDATE = 8, HTTP2_TYPES = 10,
	HTTP2_FRAMES = 32,
	HTTP2_SETTING = 6,          /* bytes: identifier 2, value 4 */
	HTTP2_ACK = 1,
};

static const uint8_t http2_preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

static const struct name_of http2_types[] = {
	{0, "DATA"}, {1, "HEADERS"}, {2, "PRIORITY"}, {3, "RST_STREAM"}, {4, "SETTINGS"}, {5, "PUSH_PROMISE"},
	{6, "PING"}, {7, "GOAWAY"}, {8, "WINDOW_UPDATE"}, {9, "CONTINUATION"}, {0, NULL},
};

static const struct name_of http2_settings[] = {
	{1, "header table size"}, {2, "push"}, {3, "concurrent streams"}, {4, "initial window"},
	{5, "frame size"}, {6, "header list size"}, {8, "extended CONNECT"}, {9, "no RFC 7540 priorities"}, {0, NULL},
};

static const struct name_of http2_errors[] = {
	{0, "no error"}, {1, "protocol error"}, {2, "internal error"}, {3, "flow control error"},
	{4, "settings timeout"}, {5, "stream closed"}, {6, "frame size error"}, {7, "refused stream"},
	{8, "cancel"}, {9, "compression error"}, {10, "connect error"}, {11, "enhance your calm"},
	{12, "inadequate security"}, {13, "HTTP/1.1 required"}, {0, NULL},
};

static const struct name_of http2_words[] = {{0, "preface"}, {0, NULL}};

static const struct field_info f_magic = {"http2.magic", "Connection", FIELD_STATIC, http2_words};
static const struct field_info f_length = {"http2.length", "Frame length", FIELD_UINT, NULL};
static const struct field_info f_type = {"http2.type", "Frame", FIELD_UINT, http2_types};
static const struct field_info f_flags = {"http2.flags", "Flags", FIELD_HEX, NULL};
static const struct field_info f_stream = {"http2.streamid", "Stream", FIELD_UINT, NULL};
static const struct field_info f_setting = {"http2.settings.id", "Setting", FIELD_UINT, http2_settings};
static const struct field_info f_value = {"http2.settings.value", "Value", FIELD_UINT, NULL};
static const struct field_info f_increment = {
	"http2.window_update.window_size_increment", "Window grows by", FIELD_UINT, NULL};
static const struct field_info f_error = {"http2.goaway.error", "Error", FIELD_UINT, http2_errors};

struct http2_frame {
	uint32_t length, stream;
	uint8_t type, flags;
	bool whole; /* it ends in this segment */
};

/* What RFC 9113 section 6 says of lengths and of the stream. */
static bool http2_plausible(const struct http2_frame *f)
{
	if (f->type >= HTTP2_TYPES || f->length > HTTP2_FRAME_MAX)
		return false;
	switch (f->type) {
	case 2:
		return f->stream != 0 && f->length == 5;
	case 3:
		return f->stream != 0 && f->length == 4;
	case HTTP2_SETTINGS:
		return f->stream == 0 && f->length % HTTP2_SETTING == 0 && f->flags <= 1 &&
		       (!(f->flags & HTTP2_ACK) || f->length == 0);
	case 6:
		return f->stream == 0 && f->length == 8 && f->flags <= 1;
	case 7:
		return f->stream == 0 && f->length >= 8 && f->flags == 0;
	case HTTP2_WINDOW_UPDATE:
		return f->length == 4 && f->flags == 0;
	default:
		return f->stream != 0;
	}
}

/* Settings that exist with values that are allowed (section 6.5.2); unknown
 * identifiers must be ignored, so they prove nothing. */
static bool http2_settings_read(struct cursor *c, struct packet *p)
{
	while (cursor_wire_left(c) >= HTTP2_SETTING && c->fault == CURSOR_OK && budget_take(&p->budget)) {
		const uint8_t *at = c->pos;
		uint16_t id = cursor_be16(c);
		uint32_t value = cursor_be32(c);

		if (c->fault != CURSOR_OK)
			break;
		if ((id == 2 && value > 1) || (id == 4 && value > 0x7fffffff) ||
		    (id == 5 && (value < HTTP2_FRAME_MAX || value > 0xffffff)))
			return false;
		packet_field(p, &f_setting, at, 2, id);
		packet_field(p, &f_value, at + 2, 4, value);
	}
	return true;
}

/* One frame. False: it is none, or its header is not all here. */
static bool http2_frame(struct cursor *c, struct packet *p, struct http2_frame *f)
{
	const uint8_t *at = c->pos;
	struct cursor look = *c, body;

	f->length = cursor_be24(&look);
	f->type = cursor_u8(&look);
	f->flags = cursor_u8(&look);
	f->stream = cursor_be32(&look);
	if (look.fault != CURSOR_OK || f->stream >> 31 || !http2_plausible(f))
		return false;
	f->whole = f->length <= cursor_wire_left(&look);
	packet_field(p, &f_type, at + 3, 1, f->type);
	packet_field(p, &f_length, at, 3, f->length);
	packet_field(p, &f_flags, at + 4, 1, f->flags);
	packet_field(p, &f_stream, at + 5, 4, f->stream);
	body = cursor_sub(&look, f->whole ? f->length : cursor_wire_left(&look));
	if (f->type == HTTP2_SETTINGS && !http2_settings_read(&body, p))
		return false;
	if (f->type == HTTP2_WINDOW_UPDATE && cursor_left(&body) == 4)
		packet_field(p, &f_increment, at + HTTP2_FRAME_HEADER, 4, cursor_be32(&body) & 0x7fffffff);
	if (f->type == 7 && cursor_left(&body) >= 8) {
		cursor_skip(&body, 4);
		packet_field(p, &f_error, at + HTTP2_FRAME_HEADER + 4, 4, cursor_be32(&body));
	}
	*c = look;
	return true;
}

/* A server's first frame (RFC 9113 section 3.4): SETTINGS with one at least, or
 * an empty one and another frame behind it that fills the segment. */
static bool http2_begins(const struct http2_frame *first, unsigned frames, const struct cursor *c)
{
	return first->type == HTTP2_SETTINGS && !(first->flags & HTTP2_ACK) && first->whole &&
	       (frames > 1 || first->length > 0) && cursor_wire_left(c) == 0;
}

static enum dissect_result http2_dissect(struct cursor *c, struct packet *p)
{
	bool known = p->talk && p->talk->known, preface, here = cursor_left(c) == cursor_wire_left(c);
	size_t look = cursor_left(c) < HTTP2_PREFACE_LEN ? cursor_left(c) : HTTP2_PREFACE_LEN;
	struct http2_frame f, first = {0};
	unsigned frames = 0;

	preface = look > 0 && memcmp(c->pos, http2_preface, look) == 0;
	if (preface && look < HTTP2_PREFACE_LEN) {
		if (look >= 4 && here && p->talk && p->talk->first)
			p->need_more = HTTP2_PREFACE_LEN;
		return DISSECT_NOT_MINE;
	}
	if (preface) {
		packet_field(p, &f_magic, c->pos, HTTP2_PREFACE_LEN, 0);
		cursor_skip(c, HTTP2_PREFACE_LEN);
	}
	while (frames < HTTP2_FRAMES && cursor_left(c) > 0 && c->fault == CURSOR_OK) {
		uint16_t before = p->fields;

		if (!http2_frame(c, p, &f)) {
			p->fields = before; /* rows of what was no frame */
			break;
		}
		if (frames++ == 0)
			first = f;
	}
	if (!preface && (frames == 0 || (!known && !http2_begins(&first, frames, c))))
		return DISSECT_NOT_MINE;
	p->service = p->current;
	return here ? DISSECT_OK : DISSECT_CUT;
}

static const struct bind http2_binds[] = {
	{TABLE_TCP_GUESS, GUESS_BYTES(0, 0)}, /* a length, and SETTINGS; or "PRI " */
	{TABLE_TCP_GUESS, GUESS_BYTES('P', 'P')},
	{TABLE_TCP_GUESS, GUESS_AT(3, HTTP2_SETTINGS, HTTP2_SETTINGS)},
	{TABLE_TCP_GUESS, GUESS_AT(3, ' ', ' ')},
	{TABLE_NONE, 0},
};

const struct dissector http2_dissector = {
	.name = "http2",
	.title = "Hypertext Transfer Protocol 2",
	.reference = "RFC 9113",
	.binds = http2_binds,
	.info = "[{http2.magic} ][{http2.type}][ stream {http2.streamid}]",
	.dissect = http2_dissect,
};
