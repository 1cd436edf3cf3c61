/* IPv4: the header with its options. Fragments are put together by the loop.
 *
 * The total length limits everything above, so that Ethernet padding is never
 * seen; where it claims more than the frame had, the frame counts; zero means
 * that the network card cuts the segment later (TSO): the frame counts, too.
 * The checksum is shown, not verified.
 *
 *  0       1     2       4    6           8     9       10      12    16
 *  | 4 ihl | tos | total | id | flags off | ttl | proto | check | src | dst | options
 */
#include "ipv4.h"
#include "layers.h"

static const struct name_of ipv4_flags[] = {
	{IPV4_DONT, "don't fragment"}, {IPV4_MORE, "more fragments"}, {IPV4_EVIL, "reserved"}, {0, NULL}};

static const struct name_of ipv4_ecn[] = {
	{0, "not ECN-capable"}, {1, "ECT(1)"}, {2, "ECT(0)"}, {3, "congestion experienced"}, {0, NULL}};

static const struct name_of ipv4_options[] = {
	{0, "end of list"}, {1, "no operation"}, {7, "record route"}, {25, "quick start"},
	{68, "timestamp"}, {82, "traceroute"}, {130, "security"}, {131, "loose source route"},
	{133, "extended security"}, {134, "commercial security"}, {136, "stream id"},
	{137, "strict source route"}, {147, "address extension"}, {148, "router alert"}, {0, NULL},
};

static const struct field_info f_version = {"ip.version", "Version", FIELD_UINT, NULL};
static const struct field_info f_hlen = {"ip.hdr_len", "Header length", FIELD_UINT, NULL};
static const struct field_info f_dscp = {"ip.dsfield.dscp", "DSCP", FIELD_UINT, NULL};
static const struct field_info f_ecn = {"ip.dsfield.ecn", "ECN", FIELD_UINT, ipv4_ecn};
static const struct field_info f_len = {"ip.len", "Total length", FIELD_UINT, NULL};
static const struct field_info f_id = {"ip.id", "Identification", FIELD_HEX, NULL};
static const struct field_info f_flags = {"ip.flags", "Flags", FIELD_FLAGS, ipv4_flags};
static const struct field_info f_offset = {"ip.frag_offset", "Fragment offset", FIELD_UINT, NULL};
static const struct field_info f_ttl = {"ip.ttl", "TTL", FIELD_UINT, NULL};
static const struct field_info f_proto = {"ip.proto", "Protocol", FIELD_UINT, ip_protocols};
static const struct field_info f_checksum = {"ip.checksum", "Checksum", FIELD_HEX, NULL};
static const struct field_info f_src = {"ip.src", "Source", FIELD_IPV4, NULL};
static const struct field_info f_dst = {"ip.dst", "Destination", FIELD_IPV4, NULL};
static const struct field_info f_option = {"ip.opt.type", "Option", FIELD_UINT, ipv4_options};
static const struct field_info f_option_data = {"ip.opt.data", "Option data", FIELD_BYTES, NULL};

static void ipv4_read_options(struct cursor *c, struct packet *p, size_t n)
{
	struct cursor options = cursor_sub(c, n);
	struct tlv o;

	while (tlv_next(&options, TLV_OPTION, &p->budget, &o)) {
		packet_field(p, &f_option, options.base + o.offset, 1, o.type);
		if (cursor_left(&o.value) > 0)
			packet_field(p, &f_option_data, o.value.pos, cursor_left(&o.value), 0);
	}
	if (options.fault == CURSOR_OVERRUN)
		packet_issue(p, "an IP option runs beyond the header");
}

static void ipv4_rows(struct packet *p, const uint8_t *at, unsigned flags)
{
	packet_field(p, &f_version, at, 1, 4);
	packet_field(p, &f_hlen, at, 1, (uint64_t)(at[0] & 15) * 4);
	packet_field(p, &f_dscp, at + 1, 1, p->ip.tos >> 2);
	packet_field(p, &f_ecn, at + 1, 1, p->ip.tos & 3);
	packet_field(p, &f_len, at + 2, 2, p->ip.total_len);
	packet_field(p, &f_id, at + 4, 2, p->ip.id);
	packet_field(p, &f_flags, at + 6, 2, flags & 0xe000);
	packet_field(p, &f_offset, at + 6, 2, (uint64_t)(flags & IPV4_OFFSET) * 8);
	packet_field(p, &f_ttl, at + 8, 1, p->ip.ttl);
	packet_field(p, &f_proto, at + 9, 1, p->tuple.proto);
	packet_field(p, &f_checksum, at + 10, 2, (uint64_t)at[10] << 8 | at[11]);
	packet_field(p, &f_src, at + 12, 4, 0);
	packet_field(p, &f_dst, at + 16, 4, 0);
}

static void ipv4_fragment(const struct cursor *c, struct packet *p, unsigned flags)
{
	memset(&p->fragment, 0, sizeof p->fragment);
	if ((flags & (IPV4_MORE | IPV4_OFFSET)) == 0)
		return;
	p->fragment.id = p->ip.id;
	p->fragment.offset = (flags & IPV4_OFFSET) * 8;
	p->fragment.len = (uint32_t)cursor_wire_left(c);
	p->fragment.proto = p->tuple.proto;
	p->fragment.more = (flags & IPV4_MORE) != 0;
	p->fragment.present = true;
}

static enum dissect_result ipv4_dissect(struct cursor *c, struct packet *p)
{
	struct cursor look = *c;
	const uint8_t *at = cursor_take(&look, IPV4_HEADER_MIN);
	bool inside = p->tuple.family != FAMILY_NONE && p->tuple.proto == PROTO_IPIP;
	struct ipv4_header h;
	unsigned total, header;
	uint8_t first;

	if (cursor_peek(c, 0, &first) && (first >> 4 != 4 || (first & 15) * 4 < IPV4_HEADER_MIN)) {
		packet_issue(p, first >> 4 != 4 ? "the version is not 4" : "the header length is below 20");
		return DISSECT_BAD;
	}
	if (!at) {
		*c = look;
		return DISSECT_OK;
	}
	h = ipv4_read(at);
	total = h.total;
	header = h.header;
	if (total != 0 && total < header) {
		packet_issue(p, "the total length is below the header length");
		return DISSECT_BAD;
	}
	*c = look;
	cursor_skip(&look, header - IPV4_HEADER_MIN); /* the options must be there */
	if (look.fault != CURSOR_OK) {
		*c = look;
		return DISSECT_OK;
	}
	layers_ip_begin(p);
	p->tuple = (struct tuple){.proto = (uint8_t)h.proto, .family = FAMILY_IPV4};
	memcpy(p->tuple.from.b, h.from, 4);
	memcpy(p->tuple.to.b, h.to, 4);
	p->ip = (struct ip_facts){
		.total_len = total, .id = (uint16_t)h.id, .ttl = (uint8_t)h.ttl, .tos = (uint8_t)h.tos};
	if (inside)
		packet_tunnel(p, TUNNEL_IPIP, false, 0);
	if (p->want_fields)
		ipv4_rows(p, at, h.flags);
	if (header > IPV4_HEADER_MIN)
		ipv4_read_options(c, p, header - IPV4_HEADER_MIN);
	if (total != 0 && !cursor_limit(c, total - header))
		packet_issue(p, "the IP length exceeds the frame");
	ipv4_fragment(c, p, h.flags);
	packet_next(p, TABLE_IPPROTO, h.proto);
	return DISSECT_OK;
}

static const struct bind ipv4_binds[] = {{TABLE_ETHERTYPE, ETHERTYPE_IPV4},
					 {TABLE_LINKTYPE, LINKTYPE_IPV4},
					 {TABLE_LLC, 0x06},
					 {TABLE_PPP, 0x0021},
					 {TABLE_IPPROTO, PROTO_IPIP},
					 {TABLE_NONE, 0}};

const struct dissector ipv4_dissector = {
	.name = "ip",
	.title = "Internet Protocol 4",
	.reference = "RFC 791",
	.binds = ipv4_binds,
	.info = "{ip.src} to {ip.dst} {ip.proto} length {ip.len}",
	.dissect = ipv4_dissect,
};
