/* PPI: fields of type and length in front of a frame of a link type that the
 * header names, mostly 802.11.
 *
 * The 802.11 common field gives rows, and says whether a check sequence is
 * behind the frame. Others are stepped over.
 *
 *  0         1       2        4                8
 *  | version | flags | length | link type (DLT) | fields: type 2, length 2, data | frame ...
 *  all little endian                                         CACE PPI header 1.0.7
 */
#include "layers.h"

enum { PPI_HEADER = 8, PPI_ALIGNED = 1, PPI_COMMON = 2, PPI_COMMON_LEN = 20, PPI_FCS = 1, FCS_LEN = 4 };

enum { DLT_RAW = 12, DLT_RAW_BSD = 14 }; /* the two that are not LINKTYPE numbers here */

static const struct name_of ppi_fields[] = {
	{PPI_COMMON, "802.11 common"}, {3, "802.11n MAC"}, {4, "802.11n MAC and PHY"}, {5, "spectrum"},
	{6, "process"}, {7, "capture"}, {8, "aggregation"}, {9, "802.3"}, {30002, "position"},
	{30003, "vector"}, {30004, "sensor"}, {30005, "antenna"}, {0, NULL},
};

static const struct name_of ppi_flags[] = {
	{PPI_FCS, "check sequence at end"}, {2, "clock in ms"}, {4, "bad check sequence"}, {8, "PHY error"}, {0, NULL}};

static const struct field_info f_version = {"ppi.version", "Version", FIELD_UINT, NULL};
static const struct field_info f_length = {"ppi.length", "Length", FIELD_UINT, NULL};
static const struct field_info f_dlt = {"ppi.dlt", "Link type", FIELD_UINT, NULL};
static const struct field_info f_field = {"ppi.field_type", "Field", FIELD_UINT, ppi_fields};
static const struct field_info f_flags = {"ppi.80211-common.flags", "Flags", FIELD_FLAGS, ppi_flags};
static const struct field_info f_frequency = {"ppi.80211-common.chan.freq", "Frequency, MHz", FIELD_UINT, NULL};
static const struct field_info f_signal = {"ppi.80211-common.dbm.antsignal", "Signal, dBm", FIELD_INT, NULL};
static const struct field_info f_noise = {"ppi.80211-common.dbm.antnoise", "Noise, dBm", FIELD_INT, NULL};

/* Clock 8, flags 2, rate 2, frequency 2, channel flags 2, hopping 2, signal, noise. */
static unsigned ppi_common(struct cursor *v, struct packet *p)
{
	const uint8_t *at = v->pos;
	unsigned flags, frequency, signal, noise;

	cursor_skip(v, 8);
	flags = cursor_le16(v);
	cursor_skip(v, 2);
	frequency = cursor_le16(v);
	cursor_skip(v, 4);
	signal = cursor_u8(v);
	noise = cursor_u8(v);
	if (v->fault != CURSOR_OK)
		return 0;
	packet_field(p, &f_flags, at + 8, 2, flags);
	packet_field(p, &f_frequency, at + 12, 2, frequency);
	packet_field(p, &f_signal, at + 18, 1, (uint64_t)(int8_t)signal);
	packet_field(p, &f_noise, at + 19, 1, (uint64_t)(int8_t)noise);
	return flags;
}

static unsigned ppi_fields_read(struct cursor *body, struct packet *p, bool aligned)
{
	unsigned flags = 0;

	while (cursor_wire_left(body) >= 4 && body->fault == CURSOR_OK && budget_take(&p->budget)) {
		const uint8_t *at = body->pos;
		unsigned type = cursor_le16(body), length = cursor_le16(body), padding = (4 - length % 4) % 4;
		struct cursor value = cursor_sub(body, length);

		if (body->fault != CURSOR_OK)
			break;
		packet_field(p, &f_field, at, 2, type);
		if (type == PPI_COMMON)
			flags = ppi_common(&value, p);
		if (aligned)
			cursor_skip(body, padding < cursor_wire_left(body) ? padding : cursor_wire_left(body));
	}
	return flags;
}

static enum dissect_result ppi_dissect(struct cursor *c, struct packet *p)
{
	const uint8_t *at = c->pos;
	unsigned version = cursor_u8(c), aligned = cursor_u8(c), length = cursor_le16(c), flags;
	uint32_t dlt = cursor_le32(c);
	struct cursor body;

	if (c->fault != CURSOR_OK)
		return DISSECT_OK;
	packet_field(p, &f_version, at, 1, version);
	packet_field(p, &f_length, at + 2, 2, length);
	packet_field(p, &f_dlt, at + 4, 4, dlt);
	if (version != 0 || length < PPI_HEADER) {
		packet_issue(p, version != 0 ? "the PPI version is not 0" : "the PPI length is below 8");
		return DISSECT_BAD;
	}
	body = cursor_sub(c, length - PPI_HEADER);
	flags = ppi_fields_read(&body, p, (aligned & PPI_ALIGNED) != 0);
	if (body.fault != CURSOR_OK && c->fault == CURSOR_OK)
		packet_issue(p, "a PPI field is longer than the header");
	if (flags & PPI_FCS && dlt == LINKTYPE_IEEE802_11 && cursor_wire_left(c) >= FCS_LEN)
		(void)cursor_limit(c, cursor_wire_left(c) - FCS_LEN);
	packet_next(p, TABLE_LINKTYPE, dlt == DLT_RAW || dlt == DLT_RAW_BSD ? LINKTYPE_RAW : dlt);
	return DISSECT_OK;
}

static const struct bind ppi_binds[] = {{TABLE_LINKTYPE, LINKTYPE_PPI}, {TABLE_NONE, 0}};

const struct dissector ppi_dissector = {
	.name = "ppi",
	.title = "Per-packet information",
	.reference = "CACE PPI 1.0.7",
	.binds = ppi_binds,
	.info = "link type {ppi.dlt}[ {ppi.80211-common.chan.freq} MHz]",
	.link = "PPI link type {ppi.dlt}",
	.dissect = ppi_dissect,
};
