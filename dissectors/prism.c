/* Prism monitor header: what old drivers say of an 802.11 frame.
 *
 * A fixed header and items of 12 bytes, in the byte order of the machine that
 * captured; the code tells it. Some drivers write an AVS header under this
 * link type: its first word gives it away, and avs.c reads it.
 *
 *  0      4        8           24
 *  | code | length | device 16 | items: id 4, status 2, length 2, value 4 | 802.11 ...
 */
#include "layers.h"

enum {
	PRISM_HEADER = 24, PRISM_ITEM = 12, PRISM_MESSAGE = 0x41, PRISM_MESSAGE2 = 0x44,
	PRISM_AVS = 0x80211, /* twenty bits, twelve of a version behind them */
};

static const struct name_of prism_items[] = {
	{1, "host's clock"}, {2, "radio's clock"}, {3, "channel"}, {4, "RSSI"}, {5, "quality"}, {6, "signal"},
	{7, "noise"}, {8, "rate, 500 kbit/s"}, {9, "sent by us"}, {10, "frame length"}, {0, NULL},
};

static const struct field_info f_code = {"prism.msgcode", "Message", FIELD_HEX, NULL};
static const struct field_info f_length = {"prism.msglen", "Length", FIELD_UINT, NULL};
static const struct field_info f_device = {"prism.devname", "Device", FIELD_TEXT, NULL};
static const struct field_info f_item = {"prism.item", "Item", FIELD_STATIC, prism_items};
static const struct field_info f_value = {"prism.value", "Value", FIELD_UINT, NULL};

static uint32_t prism_word(struct cursor *c, bool little)
{
	return little ? cursor_le32(c) : cursor_be32(c);
}

/* Item n has the id n << 16 | 0x44, or n << 12 | 0x41 with older drivers. */
static void prism_items_read(struct cursor *body, struct packet *p, bool little)
{
	while (cursor_left(body) >= PRISM_ITEM && budget_take(&p->budget)) {
		const uint8_t *at = body->pos;
		uint32_t id = prism_word(body, little), value;
		unsigned status = little ? cursor_le16(body) : cursor_be16(body);

		cursor_skip(body, 2);
		value = prism_word(body, little);
		if (status != 0) /* the driver does not know */
			continue;
		packet_field(p, &f_item, at, 4, (id & 0xfff) == PRISM_MESSAGE ? id >> 12 & 15 : id >> 16);
		packet_field(p, &f_value, at + 8, 4, value);
	}
}

static enum dissect_result prism_dissect(struct cursor *c, struct packet *p)
{
	struct cursor look = *c, body;
	const uint8_t *at = c->pos, *zero;
	uint32_t code = cursor_be32(&look), length;
	bool little;

	if (look.fault == CURSOR_OK && code >> 12 == PRISM_AVS) {
		packet_next(p, TABLE_LINKTYPE, LINKTYPE_AVS);
		return DISSECT_OK;
	}
	little = code == (uint32_t)PRISM_MESSAGE << 24 || code == (uint32_t)PRISM_MESSAGE2 << 24;
	code = prism_word(c, little);
	length = prism_word(c, little);
	cursor_skip(c, 16);
	if (c->fault != CURSOR_OK)
		return DISSECT_OK;
	packet_field(p, &f_code, at, 4, code);
	packet_field(p, &f_length, at + 4, 4, length);
	zero = memchr(at + 8, 0, 16);
	packet_field(p, &f_device, at + 8, zero ? (size_t)(zero - at - 8) : 16, 0);
	if ((code != PRISM_MESSAGE && code != PRISM_MESSAGE2) || length < PRISM_HEADER) {
		packet_issue(p, "not a Prism header");
		return DISSECT_BAD;
	}
	body = cursor_sub(c, length - PRISM_HEADER);
	prism_items_read(&body, p, little);
	packet_next(p, TABLE_LINKTYPE, LINKTYPE_IEEE802_11);
	return DISSECT_OK;
}

static const struct bind prism_binds[] = {{TABLE_LINKTYPE, LINKTYPE_PRISM}, {TABLE_NONE, 0}};

const struct dissector prism_dissector = {
	.name = "prism",
	.title = "Prism monitor header",
	.reference = "LINKTYPE_IEEE802_11_PRISM",
	.binds = prism_binds,
	.info = "[{prism.devname}]",
	.link = "prism[ {prism.devname}]",
	.dissect = prism_dissect,
};
