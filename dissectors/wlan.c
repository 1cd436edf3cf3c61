/* IEEE 802.11: data frames down to LLC, the network's name, the rest by name.
 *
 * Data and QoS data with three or four addresses; of an A-MSDU the first
 * subframe is read, and said that there are more. Encrypted frames end as that. A later
 * fragment is bytes; the first is read as far as it goes. Two bytes of padding
 * that some cards write behind the header are known by the SNAP header behind
 * them. Mesh headers are not read. A check sequence is whoever's knows of it:
 * radiotap.c and ppi.c take it off.
 *
 *  0         2          4    10   16   22         24    30    32
 *  | control | duration | a1 | a2 | a3 | sequence | [a4] [qos] [ht] | LLC ...   IEEE 802.11 9.3
 */
#include "layers.h"

enum { WLAN_MANAGEMENT, WLAN_CONTROL, WLAN_DATA };

enum {
	WLAN_TO_DS = 0x0100, WLAN_FROM_DS = 0x0200, WLAN_MORE = 0x0400, WLAN_PROTECTED = 0x4000, WLAN_ORDER = 0x8000,
	WLAN_NO_DATA = 4, WLAN_QOS = 8, /* bits of a data frame's subtype */
	WLAN_AMSDU = 0x80,              /* of the QoS control */
};

enum {
	WLAN_ASSOCIATION = 0, WLAN_REASSOCIATION = 2, WLAN_PROBE = 4, WLAN_PROBE_ANSWER = 5, WLAN_BEACON = 8,
	WLAN_DISASSOCIATION = 10, WLAN_DEAUTHENTICATION = 12,
};

static const struct name_of wlan_types[] = { /* type << 4 | subtype */
	{0x00, "association request"}, {0x01, "association response"}, {0x02, "reassociation request"},
	{0x03, "reassociation response"}, {0x04, "probe request"}, {0x05, "probe response"},
	{0x06, "timing advertisement"}, {0x08, "beacon"}, {0x09, "ATIM"}, {0x0a, "disassociation"},
	{0x0b, "authentication"}, {0x0c, "deauthentication"}, {0x0d, "action"}, {0x0e, "action, no ack"},
	{0x12, "trigger"}, {0x13, "TACK"}, {0x14, "beamforming report poll"}, {0x15, "NDP announcement"},
	{0x16, "control extension"}, {0x17, "control wrapper"}, {0x18, "block ack request"}, {0x19, "block ack"},
	{0x1a, "PS-poll"}, {0x1b, "RTS"}, {0x1c, "CTS"}, {0x1d, "ack"}, {0x1e, "CF-end"}, {0x1f, "CF-end, CF-ack"},
	{0x20, "data"}, {0x21, "data, CF-ack"}, {0x22, "data, CF-poll"}, {0x23, "data, CF-ack, CF-poll"},
	{0x24, "no data"}, {0x25, "CF-ack"}, {0x26, "CF-poll"}, {0x27, "CF-ack, CF-poll"}, {0x28, "QoS data"},
	{0x29, "QoS data, CF-ack"}, {0x2a, "QoS data, CF-poll"}, {0x2b, "QoS data, CF-ack, CF-poll"},
	{0x2c, "QoS no data"}, {0x2e, "QoS CF-poll"}, {0x2f, "QoS CF-ack, CF-poll"}, {0x30, "DMG beacon"},
	{0x31, "S1G beacon"}, {0, NULL},
};

static const struct name_of wlan_flags[] = {
	{0x01, "to the network"}, {0x02, "from the network"}, {0x04, "more fragments"}, {0x08, "repeated"},
	{0x10, "power saving"}, {0x20, "more data"}, {0x40, "protected"}, {0x80, "HT control or order"}, {0, NULL},
};

static const struct field_info f_type = {"wlan.fc.type_subtype", "Frame", FIELD_HEX, wlan_types};
static const struct field_info f_flags = {"wlan.flags", "Flags", FIELD_FLAGS, wlan_flags};
static const struct field_info f_duration = {"wlan.duration", "Duration, us", FIELD_UINT, NULL};
static const struct field_info f_receiver = {"wlan.ra", "Receiver", FIELD_MAC, NULL};
static const struct field_info f_transmitter = {"wlan.ta", "Transmitter", FIELD_MAC, NULL};
static const struct field_info f_to = {"wlan.da", "Destination", FIELD_MAC, NULL};
static const struct field_info f_from = {"wlan.sa", "Source", FIELD_MAC, NULL};
static const struct field_info f_bss = {"wlan.bssid", "Network (BSSID)", FIELD_MAC, NULL};
static const struct field_info f_fragment = {"wlan.frag", "Fragment", FIELD_UINT, NULL};
static const struct field_info f_sequence = {"wlan.seq", "Sequence", FIELD_UINT, NULL};
static const struct field_info f_qos = {"wlan.qos", "QoS control", FIELD_HEX, NULL};
static const struct field_info f_tid = {"wlan.qos.tid", "Traffic", FIELD_UINT, NULL};
static const struct field_info f_amsdu = {"wlan.qos.amsdupresent", "A-MSDU", FIELD_BOOL, NULL};
static const struct field_info f_ht = {"wlan.htc", "HT control", FIELD_HEX, NULL};
static const struct field_info f_encrypted = {"wlan.encrypted", "Encrypted", FIELD_BOOL, NULL};
static const struct field_info f_key = {"wlan.wep.key", "Key", FIELD_UINT, NULL};
static const struct field_info f_padding = {"wlan.padding", "Padding", FIELD_BYTES, NULL};
static const struct field_info f_subframe = {
	"wlan_aggregate.a_mdsu.subframe.length", "Subframe, bytes", FIELD_UINT, NULL};
static const struct field_info f_more = {"wlan.subframes", "More subframes, not read", FIELD_BOOL, NULL};
static const struct field_info f_reason = {"wlan.fixed.reason_code", "Reason", FIELD_UINT, NULL};
static const struct field_info f_name = {"wlan.ssid", "Network name", FIELD_TEXT, NULL};

/* Who sent it, whatever radio carried it: the packet's addresses. */
static void wlan_ends(struct packet *p, const uint8_t *to, const uint8_t *from)
{
	packet_field(p, &f_to, to, 6, 0);
	packet_field(p, &f_from, from, 6, 0);
	if (p->has_mac)
		return;
	memcpy(p->mac_to, to, 6);
	memcpy(p->mac_from, from, 6);
	p->has_mac = true;
}

static unsigned wlan_sequence(struct cursor *c, struct packet *p)
{
	const uint8_t *at = c->pos;
	unsigned word = cursor_le16(c);

	if (c->fault == CURSOR_OK) {
		packet_field(p, &f_fragment, at, 2, word & 15);
		packet_field(p, &f_sequence, at, 2, word >> 4);
	}
	return word & 15;
}

static void wlan_ht_control(struct cursor *c, struct packet *p)
{
	const uint8_t *at = c->pos;
	uint32_t word = cursor_le32(c);

	if (c->fault == CURSOR_OK)
		packet_field(p, &f_ht, at, 4, word);
}

/* IEEE 802.11 9.4.2: elements of one byte of type, one of length. A pad type
 * does not exist here, so TLV_U8_U8 (whose type 0 is one) does not fit. */
static void wlan_elements(struct cursor *c, struct packet *p)
{
	while (cursor_wire_left(c) >= 2 && c->fault == CURSOR_OK && budget_take(&p->budget)) {
		unsigned type = cursor_u8(c), length = cursor_u8(c);
		struct cursor value = cursor_sub(c, length);

		if (type == 0 && c->fault == CURSOR_OK) { /* the name is the first element of those that have one */
			layers_bytes(&value, p, &f_name, cursor_left(&value));
			return;
		}
	}
}

/* The key's number stands behind the nonce's first bytes, alike in WEP, TKIP
 * and CCMP (IEEE 802.11 12.5). */
static void wlan_protected(struct cursor *c, struct packet *p)
{
	const uint8_t *nonce;

	packet_field(p, &f_encrypted, NULL, 0, 1);
	nonce = cursor_take(c, 4);
	if (nonce)
		packet_field(p, &f_key, nonce + 3, 1, nonce[3] >> 6);
}

static void wlan_management(struct cursor *c, struct packet *p, unsigned subtype, unsigned control)
{
	const uint8_t *to = cursor_take(c, 6), *from = cursor_take(c, 6), *at;
	unsigned reason;

	if (c->fault != CURSOR_OK)
		return;
	packet_field(p, &f_receiver, to, 6, 0);
	packet_field(p, &f_transmitter, from, 6, 0);
	wlan_ends(p, to, from);
	layers_bytes(c, p, &f_bss, 6);
	(void)wlan_sequence(c, p);
	if (control & WLAN_ORDER)
		wlan_ht_control(c, p);
	if (control & WLAN_PROTECTED) {
		wlan_protected(c, p);
		return;
	}
	switch (subtype) {
	case WLAN_BEACON:
	case WLAN_PROBE_ANSWER:
		cursor_skip(c, 12); /* time stamp, interval, capabilities */
		wlan_elements(c, p);
		break;
	case WLAN_PROBE:
		wlan_elements(c, p);
		break;
	case WLAN_ASSOCIATION:
		cursor_skip(c, 4);
		wlan_elements(c, p);
		break;
	case WLAN_REASSOCIATION:
		cursor_skip(c, 10);
		wlan_elements(c, p);
		break;
	case WLAN_DISASSOCIATION:
	case WLAN_DEAUTHENTICATION:
		at = c->pos;
		reason = cursor_le16(c);
		if (c->fault == CURSOR_OK)
			packet_field(p, &f_reason, at, 2, reason);
		break;
	default:
		break;
	}
}

/* Those with two addresses: IEEE 802.11 9.3.1. CTS and ack have one. */
static void wlan_control(struct cursor *c, struct packet *p, unsigned subtype)
{
	layers_bytes(c, p, &f_receiver, 6);
	if (subtype == 8 || subtype == 9 || subtype == 10 || subtype == 11 || subtype == 14 || subtype == 15)
		layers_bytes(c, p, &f_transmitter, 6);
}

/* The addresses by direction (IEEE 802.11 table 9-30); the fragment's number. */
static unsigned wlan_addresses(struct cursor *c, struct packet *p, unsigned control)
{
	const uint8_t *a1 = cursor_take(c, 6), *a2 = cursor_take(c, 6), *a3 = cursor_take(c, 6), *a4;
	unsigned fragment = wlan_sequence(c, p);

	if (c->fault != CURSOR_OK)
		return fragment;
	packet_field(p, &f_receiver, a1, 6, 0);
	packet_field(p, &f_transmitter, a2, 6, 0);
	switch (control & (WLAN_TO_DS | WLAN_FROM_DS)) {
	case 0:
		wlan_ends(p, a1, a2);
		packet_field(p, &f_bss, a3, 6, 0);
		break;
	case WLAN_TO_DS:
		wlan_ends(p, a3, a2);
		packet_field(p, &f_bss, a1, 6, 0);
		break;
	case WLAN_FROM_DS:
		wlan_ends(p, a1, a3);
		packet_field(p, &f_bss, a2, 6, 0);
		break;
	default:
		a4 = cursor_take(c, 6);
		if (a4)
			wlan_ends(p, a3, a4);
		break;
	}
	return fragment;
}

/* IEEE 802.11 9.3.2.2: addresses, a length, LLC, to four bytes. The first
 * subframe stays in the cursor's sight. */
static void wlan_aggregate(struct cursor *c, struct packet *p)
{
	const uint8_t *to = cursor_take(c, 6), *from = cursor_take(c, 6);
	unsigned length = (unsigned)layers_number(c, p, &f_subframe, 2);

	if (c->fault != CURSOR_OK)
		return;
	packet_field(p, &f_to, to, 6, 0);
	packet_field(p, &f_from, from, 6, 0);
	packet_field(p, &f_more, NULL, 0, cursor_wire_left(c) > length + 3);
	if (!cursor_limit(c, length))
		packet_issue(p, "a subframe runs beyond the frame");
}

/* Two bytes that align what follows: seen where SNAP stands behind them only. */
static void wlan_padding(struct cursor *c, struct packet *p, size_t header)
{
	struct cursor look = *c;
	const uint8_t *at;

	if (header % 4 != 2 || cursor_wire_left(c) < 5)
		return;
	at = cursor_take(&look, 5);
	if (!at)
		*c = look; /* cut: nobody knows */
	else if (at[0] != 0xaa && at[2] == 0xaa && at[3] == 0xaa && at[4] == 3)
		layers_bytes(c, p, &f_padding, 2);
}

static void wlan_data(struct cursor *c, struct packet *p, unsigned subtype, unsigned control, size_t start)
{
	unsigned fragment = wlan_addresses(c, p, control), qos = 0;
	const uint8_t *at = c->pos;

	if (subtype & WLAN_QOS) {
		qos = cursor_le16(c);
		if (c->fault != CURSOR_OK)
			return;
		packet_field(p, &f_qos, at, 2, qos);
		packet_field(p, &f_tid, at, 1, qos & 15);
		packet_field(p, &f_amsdu, at, 1, qos >> 7 & 1);
		if (control & WLAN_ORDER)
			wlan_ht_control(c, p);
	}
	if (c->fault != CURSOR_OK || subtype & WLAN_NO_DATA)
		return;
	if (control & WLAN_PROTECTED) {
		wlan_protected(c, p);
		return;
	}
	if (fragment > 0) {
		packet_issue(p, "a later fragment, not put together");
		return;
	}
	wlan_padding(c, p, cursor_offset(c) - start);
	if (qos & WLAN_AMSDU)
		wlan_aggregate(c, p);
	packet_next(p, TABLE_ETHERTYPE, ETHERTYPE_LLC);
}

static enum dissect_result wlan_dissect(struct cursor *c, struct packet *p)
{
	const uint8_t *at = c->pos;
	size_t start = cursor_offset(c);
	unsigned control = cursor_le16(c), duration, type = control >> 2 & 3, subtype = control >> 4 & 15;

	duration = cursor_le16(c);
	if (c->fault != CURSOR_OK)
		return DISSECT_OK;
	packet_field(p, &f_type, at, 1, type << 4 | subtype);
	packet_field(p, &f_flags, at + 1, 1, control >> 8);
	packet_field(p, &f_duration, at + 2, 2, duration);
	if (control & 3) {
		packet_issue(p, "the 802.11 version is not 0");
		return DISSECT_BAD;
	}
	if (type == WLAN_MANAGEMENT)
		wlan_management(c, p, subtype, control);
	else if (type == WLAN_CONTROL)
		wlan_control(c, p, subtype);
	else if (type == WLAN_DATA)
		wlan_data(c, p, subtype, control, start);
	return DISSECT_OK;
}

static const struct bind wlan_binds[] = {{TABLE_LINKTYPE, LINKTYPE_IEEE802_11}, {TABLE_NONE, 0}};

const struct dissector wlan_dissector = {
	.name = "wlan",
	.title = "Wireless LAN",
	.reference = "IEEE 802.11",
	.binds = wlan_binds,
	.info = "{wlan.fc.type_subtype}[ \"{wlan.ssid}\"][ reason {wlan.fixed.reason_code}]"
		"[ encrypted, key {wlan.wep.key}]",
	.link = "{wlan.fc.type_subtype}[, SA {wlan.sa}][, DA {wlan.da}][, TA {wlan.ta}][, RA {wlan.ra}][, BSSID {wlan.bssid}]",
	.dissect = wlan_dissect,
};
