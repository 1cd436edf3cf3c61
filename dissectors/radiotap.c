/* Radiotap: what the radio knew of an 802.11 frame, in front of it.
 *
 * Fields stand in the order of their bits, each aligned to its size from the
 * header's start. All of the first word are stepped over, the common ones are
 * rows; those of further words (other antennas, vendors) lie inside the length
 * and are not read. Where the flags say so, the check sequence behind the
 * frame is taken off here, so that 802.11 need not know.
 *
 *  0         1     2 (little endian)  4
 *  | version | pad | length           | present 4 [| more present ...] | fields ...   radiotap.org
 */
#include "layers.h"

enum {
	RADIOTAP_HEADER = 8, RADIOTAP_FLAGS = 1, RADIOTAP_CHANNEL = 3, RADIOTAP_MCS = 19, RADIOTAP_LAST = 28,
	RADIOTAP_MORE = 31, RADIOTAP_FCS = 0x10, FCS_LEN = 4, WLAN_SHORTEST = 10, /* an ack */
};

static const struct name_of radiotap_flags[] = {
	{0x01, "contention free"}, {0x02, "short preamble"}, {0x04, "WEP"}, {0x08, "fragmented"},
	{RADIOTAP_FCS, "check sequence at end"}, {0x20, "padding"}, {0x40, "bad check sequence"},
	{0x80, "short guard interval"}, {0, NULL},
};

static const struct field_info f_version = {"radiotap.version", "Version", FIELD_UINT, NULL};
static const struct field_info f_length = {"radiotap.length", "Length", FIELD_UINT, NULL};
static const struct field_info f_present = {"radiotap.present.word", "Present", FIELD_HEX, NULL};
static const struct field_info f_flags = {"radiotap.flags", "Flags", FIELD_FLAGS, radiotap_flags};
static const struct field_info f_clock = {"radiotap.mactime", "Radio's clock, us", FIELD_UINT, NULL};
static const struct field_info f_rate = {"radiotap.rate", "Rate, 500 kbit/s", FIELD_UINT, NULL};
static const struct field_info f_frequency = {"radiotap.channel.freq", "Frequency, MHz", FIELD_UINT, NULL};
static const struct field_info f_signal = {"radiotap.dbm_antsignal", "Signal, dBm", FIELD_INT, NULL};
static const struct field_info f_noise = {"radiotap.dbm_antnoise", "Noise, dBm", FIELD_INT, NULL};
static const struct field_info f_power = {"radiotap.txpower", "Sent with, dBm", FIELD_INT, NULL};
static const struct field_info f_antenna = {"radiotap.antenna", "Antenna", FIELD_UINT, NULL};
static const struct field_info f_retries = {"radiotap.data_retries", "Retries", FIELD_UINT, NULL};
static const struct field_info f_mcs = {"radiotap.mcs.index", "MCS", FIELD_UINT, NULL};
static const struct field_info f_fcs = {"wlan.fcs", "Check sequence", FIELD_HEX, NULL};

static const struct {
	uint8_t size, align;
	const struct field_info *info; /* NULL: stepped over, or read on its own */
} radiotap_fields[RADIOTAP_LAST] = {
	{8, 8, &f_clock}, {1, 1, &f_flags}, {1, 1, &f_rate}, {4, 2, NULL}, {2, 1, NULL}, {1, 1, &f_signal},
	{1, 1, &f_noise}, {2, 2, NULL}, {2, 2, NULL}, {2, 2, NULL}, {1, 1, &f_power}, {1, 1, &f_antenna},
	{1, 1, NULL}, {1, 1, NULL}, {2, 2, NULL}, {2, 2, NULL}, {1, 1, NULL}, {1, 1, &f_retries}, {8, 4, NULL},
	{3, 1, NULL}, {8, 4, NULL}, {12, 2, NULL}, {12, 8, NULL}, {12, 2, NULL}, {12, 2, NULL}, {6, 2, NULL},
	{1, 1, NULL}, {4, 2, NULL},
};

/* One field, its alignment done; gives its number where it is a byte. */
static unsigned radiotap_field(struct cursor *body, struct packet *p, unsigned bit)
{
	const struct field_info *info = radiotap_fields[bit].info;
	size_t size = radiotap_fields[bit].size;
	struct cursor field = cursor_sub(body, size);
	const uint8_t *at = field.pos;
	uint64_t number;

	if (body->fault != CURSOR_OK)
		return 0;
	if (size == 1) {
		number = cursor_u8(&field);
		if (info)
			packet_field(p, info, at, 1, info->kind == FIELD_INT ? (uint64_t)(int8_t)number : number);
		return (unsigned)number;
	}
	if (info)
		packet_field(p, info, at, size, cursor_le64(&field));
	else if (bit == RADIOTAP_CHANNEL)
		packet_field(p, &f_frequency, at, 2, cursor_le16(&field));
	else if (bit == RADIOTAP_MCS) /* what is known, flags, index */
		packet_field(p, &f_mcs, at + 2, 1, at[2]);
	return 0;
}

/* The fields that the first word says are there; gives the flags. */
static unsigned radiotap_fields_read(struct cursor *body, struct packet *p, uint32_t present)
{
	unsigned flags = 0, number;

	for (unsigned bit = 0; bit < RADIOTAP_LAST && body->fault == CURSOR_OK; bit++) {
		size_t align = radiotap_fields[bit].align;

		if (!(present >> bit & 1))
			continue;
		cursor_skip(body, (align - (RADIOTAP_HEADER + cursor_offset(body)) % align) % align);
		number = radiotap_field(body, p, bit);
		if (bit == RADIOTAP_FLAGS)
			flags = number;
	}
	return flags;
}

static enum dissect_result radiotap_dissect(struct cursor *c, struct packet *p)
{
	const uint8_t *at = c->pos;
	unsigned version = cursor_u8(c), length, flags;
	uint32_t present, more;
	struct cursor body;

	cursor_skip(c, 1);
	length = cursor_le16(c);
	present = more = cursor_le32(c);
	if (c->fault != CURSOR_OK)
		return DISSECT_OK;
	packet_field(p, &f_version, at, 1, version);
	packet_field(p, &f_length, at + 2, 2, length);
	packet_field(p, &f_present, at + 4, 4, present);
	if (version != 0 || length < RADIOTAP_HEADER) {
		packet_issue(p, version != 0 ? "the radiotap version is not 0" : "the radiotap length is below 8");
		return DISSECT_BAD;
	}
	body = cursor_sub(c, length - RADIOTAP_HEADER);
	while (more >> RADIOTAP_MORE && body.fault == CURSOR_OK && budget_take(&p->budget))
		more = cursor_le32(&body);
	flags = radiotap_fields_read(&body, p, present);
	if (body.fault != CURSOR_OK && c->fault == CURSOR_OK)
		packet_issue(p, "the radiotap fields are longer than their header");
	if (c->fault == CURSOR_OK && flags & RADIOTAP_FCS && cursor_wire_left(c) >= WLAN_SHORTEST + FCS_LEN) {
		size_t frame = cursor_wire_left(c) - FCS_LEN;
		struct cursor tail = *c;
		const uint8_t *fcs;

		cursor_skip(&tail, frame);
		fcs = tail.pos;
		if (cursor_left(&tail) >= FCS_LEN)
			packet_field(p, &f_fcs, fcs, FCS_LEN, cursor_le32(&tail));
		(void)cursor_limit(c, frame);
	}
	packet_next(p, TABLE_LINKTYPE, LINKTYPE_IEEE802_11);
	return DISSECT_OK;
}

static const struct bind radiotap_binds[] = {{TABLE_LINKTYPE, LINKTYPE_RADIOTAP}, {TABLE_NONE, 0}};

const struct dissector radiotap_dissector = {
	.name = "radiotap",
	.title = "Radiotap",
	.reference = "radiotap.org",
	.binds = radiotap_binds,
	.info = "[{radiotap.channel.freq} MHz][ {radiotap.dbm_antsignal} dBm]",
	.link = "radiotap[ {radiotap.channel.freq} MHz][ {radiotap.dbm_antsignal} dBm]",
	.dissect = radiotap_dissect,
};
