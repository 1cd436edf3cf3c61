/* AVS header: what wlan-ng drivers say of an 802.11 frame. Its own length
 * counts; what it has beyond the fields of version 1 is stepped over.
 *
 *  0       4        8       16      24    28        32     36        40         44
 *  | magic | length | clock | clock | phy | channel | rate | antenna | priority | signal's kind
 *  48       52      56         60
 *  | signal | noise | preamble | encoding | 802.11 ...      all big endian, AVS 1
 */
#include "layers.h"

enum { AVS_MAGIC = 0x80211, AVS_HEADER = 64 };

static const struct name_of avs_kinds[] = {
	{0, "none"}, {1, "normalized RSSI"}, {2, "dBm"}, {3, "raw RSSI"}, {0, NULL}};

static const struct field_info f_version = {"wlancap.version", "Version", FIELD_UINT, NULL};
static const struct field_info f_length = {"wlancap.length", "Length", FIELD_UINT, NULL};
static const struct field_info f_mactime = {"wlancap.mactime", "Radio's clock", FIELD_UINT, NULL};
static const struct field_info f_hosttime = {"wlancap.hosttime", "Host's clock", FIELD_UINT, NULL};
static const struct field_info f_channel = {"wlancap.channel", "Channel or frequency", FIELD_UINT, NULL};
static const struct field_info f_rate = {"wlancap.rate", "Rate, 100 or 500 kbit/s", FIELD_UINT, NULL};
static const struct field_info f_kind = {"wlancap.ssi_type", "Signal in", FIELD_UINT, avs_kinds};
static const struct field_info f_signal = {"wlancap.signal", "Signal", FIELD_INT, NULL};
static const struct field_info f_noise = {"wlancap.noise", "Noise", FIELD_INT, NULL};

static void avs_signed(struct cursor *c, struct packet *p, const struct field_info *info)
{
	const uint8_t *at = c->pos;
	int32_t number = (int32_t)cursor_be32(c);

	if (c->fault == CURSOR_OK)
		packet_field(p, info, at, 4, (uint64_t)number);
}

static enum dissect_result avs_dissect(struct cursor *c, struct packet *p)
{
	const uint8_t *at = c->pos;
	uint32_t magic = cursor_be32(c), length = cursor_be32(c);
	struct cursor body;

	if (c->fault != CURSOR_OK)
		return DISSECT_OK;
	if (magic >> 12 != AVS_MAGIC || length < AVS_HEADER) {
		packet_issue(p, "not an AVS header");
		return DISSECT_BAD;
	}
	packet_field(p, &f_version, at, 4, magic & 0xfff);
	packet_field(p, &f_length, at + 4, 4, length);
	body = cursor_sub(c, length - 8);
	(void)layers_number(&body, p, &f_mactime, 8);
	(void)layers_number(&body, p, &f_hosttime, 8);
	cursor_skip(&body, 4);
	(void)layers_number(&body, p, &f_channel, 4);
	(void)layers_number(&body, p, &f_rate, 4);
	cursor_skip(&body, 8);
	(void)layers_number(&body, p, &f_kind, 4);
	avs_signed(&body, p, &f_signal);
	avs_signed(&body, p, &f_noise);
	packet_next(p, TABLE_LINKTYPE, LINKTYPE_IEEE802_11);
	return DISSECT_OK;
}

static const struct bind avs_binds[] = {{TABLE_LINKTYPE, LINKTYPE_AVS}, {TABLE_NONE, 0}};

const struct dissector avs_dissector = {
	.name = "avs",
	.title = "AVS wireless header",
	.reference = "LINKTYPE_IEEE802_11_AVS",
	.binds = avs_binds,
	.info = "[channel {wlancap.channel}]",
	.link = "AVS[ channel {wlancap.channel}]",
	.dissect = avs_dissect,
};
