/* IGMP: who listens to which multicast group; versions 1, 2 and 3.
 *
 * A query's version is told by its length and its response time (RFC 3376
 * section 7.1). Times are shown in tenths of a second, as they count, for
 * version 3 unfolded from their floating point. What is on the same protocol
 * number and is no IGMP (DVMRP, PIM version 1, mtrace) is named only.
 *
 *  0      1          2          4
 *  | type | max time | checksum | group | version 3: sources    RFC 2236, 3376
 *  | 0x22 | 0        | checksum | 0 2 | records 2 | records ...
 */
#include "layers.h"

enum { IGMP_QUERY = 0x11, IGMP_REPORT1 = 0x12, IGMP_REPORT2 = 0x16, IGMP_LEAVE = 0x17, IGMP_REPORT3 = 0x22 };

enum { IGMP_HEADER = 8, IGMP_QUERY3_MORE = 4 };

static const struct name_of igmp_types[] = {
	{IGMP_QUERY, "query"}, {IGMP_REPORT1, "report, version 1"}, {0x13, "DVMRP"}, {0x14, "PIM version 1"},
	{0x15, "Cisco trace"}, {IGMP_REPORT2, "report, version 2"}, {IGMP_LEAVE, "leave"}, {0x1e, "traceroute answer"},
	{0x1f, "traceroute"}, {IGMP_REPORT3, "report, version 3"}, {0x30, "router advertisement"},
	{0x31, "router solicitation"}, {0x32, "router termination"}, {0, NULL},
};

static const struct name_of igmp_records[] = { /* RFC 3376 section 4.2.12 */
	{1, "only these sources"}, {2, "all but these sources"}, {3, "now only these sources"},
	{4, "now all but these sources"}, {5, "these sources, too"}, {6, "these sources no more"}, {0, NULL},
};

static const struct field_info f_type = {"igmp.type", "Type", FIELD_HEX, igmp_types};
static const struct field_info f_version = {"igmp.version", "Version", FIELD_UINT, NULL};
static const struct field_info f_time = {"igmp.max_resp", "Answer within, 0.1 s", FIELD_UINT, NULL};
static const struct field_info f_checksum = {"igmp.checksum", "Checksum", FIELD_HEX, NULL};
static const struct field_info f_group = {"igmp.maddr", "Group", FIELD_IPV4, NULL};
static const struct field_info f_suppress = {"igmp.s", "Router side suppressed", FIELD_BOOL, NULL};
static const struct field_info f_robustness = {"igmp.qrv", "Robustness", FIELD_UINT, NULL};
static const struct field_info f_interval = {"igmp.qqic", "Query interval, s", FIELD_UINT, NULL};
static const struct field_info f_sources = {"igmp.num_src", "Sources", FIELD_UINT, NULL};
static const struct field_info f_source = {"igmp.saddr", "Source", FIELD_IPV4, NULL};
static const struct field_info f_records = {"igmp.num_grp_recs", "Group records", FIELD_UINT, NULL};
static const struct field_info f_record = {"igmp.record_type", "Record", FIELD_UINT, igmp_records};
static const struct field_info f_aux_len = {"igmp.aux_data_len", "Auxiliary data, words", FIELD_UINT, NULL};
static const struct field_info f_aux = {"igmp.aux_data", "Auxiliary data", FIELD_BYTES, NULL};

/* RFC 3376 section 4.1.1: above 127 a mantissa of 4 and an exponent of 3 bits. */
static unsigned igmp_unfold(unsigned code)
{
	return code < 128 ? code : ((code & 15) | 16) << ((code >> 4 & 7) + 3);
}

static void igmp_source_list(struct cursor *c, struct packet *p, unsigned n)
{
	for (; n > 0 && c->fault == CURSOR_OK && budget_take(&p->budget); n--)
		layers_bytes(c, p, &f_source, 4);
}

/* RFC 3376 section 4.1: what a query of version 3 has behind the group. */
static void igmp_query3(struct cursor *c, struct packet *p)
{
	const uint8_t *at = c->pos;
	unsigned bits = cursor_u8(c), interval = cursor_u8(c);

	if (c->fault != CURSOR_OK)
		return;
	packet_field(p, &f_suppress, at, 1, bits >> 3 & 1);
	packet_field(p, &f_robustness, at, 1, bits & 7);
	packet_field(p, &f_interval, at + 1, 1, igmp_unfold(interval));
	igmp_source_list(c, p, (unsigned)layers_number(c, p, &f_sources, 2));
}

/* RFC 3376 section 4.2. */
static void igmp_report3(struct cursor *c, struct packet *p)
{
	unsigned records, words, sources;

	cursor_skip(c, 2);
	records = (unsigned)layers_number(c, p, &f_records, 2);
	for (; records > 0 && c->fault == CURSOR_OK && budget_take(&p->budget); records--) {
		(void)layers_number(c, p, &f_record, 1);
		words = (unsigned)layers_number(c, p, &f_aux_len, 1);
		sources = (unsigned)layers_number(c, p, &f_sources, 2);
		layers_bytes(c, p, &f_group, 4);
		igmp_source_list(c, p, sources);
		layers_bytes(c, p, &f_aux, (size_t)words * 4);
	}
}

static enum dissect_result igmp_dissect(struct cursor *c, struct packet *p)
{
	const uint8_t *at = c->pos;
	size_t length = cursor_wire_left(c);
	unsigned type = cursor_u8(c), time = cursor_u8(c), checksum = cursor_be16(c), version = 2;

	if (c->fault != CURSOR_OK)
		return DISSECT_OK;
	if (type == IGMP_QUERY)
		version = length >= IGMP_HEADER + IGMP_QUERY3_MORE ? 3 : time == 0 ? 1 : 2;
	else if (type == IGMP_REPORT1 || type == IGMP_REPORT3)
		version = type == IGMP_REPORT1 ? 1 : 3;
	packet_field(p, &f_type, at, 1, type);
	if (type == IGMP_QUERY || type == IGMP_REPORT1 || type == IGMP_REPORT2 || type == IGMP_LEAVE ||
	    type == IGMP_REPORT3)
		packet_field(p, &f_version, at, 1, version);
	if (type == IGMP_QUERY && version > 1)
		packet_field(p, &f_time, at + 1, 1, version == 3 ? igmp_unfold(time) : time);
	packet_field(p, &f_checksum, at + 2, 2, checksum);
	switch (type) {
	case IGMP_QUERY:
	case IGMP_REPORT1:
	case IGMP_REPORT2:
	case IGMP_LEAVE:
		layers_bytes(c, p, &f_group, 4);
		if (version == 3)
			igmp_query3(c, p);
		break;
	case IGMP_REPORT3:
		igmp_report3(c, p);
		break;
	default:
		break;
	}
	return DISSECT_OK;
}

static const struct bind igmp_binds[] = {{TABLE_IPPROTO, PROTO_IGMP}, {TABLE_NONE, 0}};

const struct dissector igmp_dissector = {
	.name = "igmp",
	.title = "Internet Group Management Protocol",
	.reference = "RFC 3376",
	.binds = igmp_binds,
	.info = "{igmp.type}[ {igmp.maddr}][ from {igmp.saddr}]",
	.dissect = igmp_dissect,
};
