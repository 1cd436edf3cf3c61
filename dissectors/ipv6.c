/* IPv6: the fixed header. What follows it in the chain is ipv6ext.c.
 *
 * The payload length limits everything above; zero means a jumbogram (RFC
 * 2675, the option is in the hop-by-hop header) or a segment that the network
 * card cuts later: the frame's length counts.
 *
 *  0                    4         6      7           8     24    40
 *  | 6 | class 8 | flow | payload | next | hop limit | src | dst |
 */
#include "ipv6.h"
#include "layers.h"

static const struct name_of ipv6_ecn[] = {
	{0, "not ECN-capable"}, {1, "ECT(1)"}, {2, "ECT(0)"}, {3, "congestion experienced"}, {0, NULL}};

static const struct field_info f_version = {"ipv6.version", "Version", FIELD_UINT, NULL};
static const struct field_info f_dscp = {"ipv6.tclass.dscp", "DSCP", FIELD_UINT, NULL};
static const struct field_info f_ecn = {"ipv6.tclass.ecn", "ECN", FIELD_UINT, ipv6_ecn};
static const struct field_info f_flow = {"ipv6.flow", "Flow label", FIELD_HEX, NULL};
static const struct field_info f_len = {"ipv6.plen", "Payload length", FIELD_UINT, NULL};
static const struct field_info f_next = {"ipv6.nxt", "Next header", FIELD_UINT, ip_protocols};
static const struct field_info f_hops = {"ipv6.hlim", "Hop limit", FIELD_UINT, NULL};
static const struct field_info f_src = {"ipv6.src", "Source", FIELD_IPV6, NULL};
static const struct field_info f_dst = {"ipv6.dst", "Destination", FIELD_IPV6, NULL};

static void ipv6_rows(struct packet *p, const uint8_t *at, uint32_t word, unsigned length)
{
	packet_field(p, &f_version, at, 1, 6);
	packet_field(p, &f_dscp, at, 2, p->ip.tos >> 2);
	packet_field(p, &f_ecn, at + 1, 1, p->ip.tos & 3);
	packet_field(p, &f_flow, at + 1, 3, word & 0xfffff);
	packet_field(p, &f_len, at + 4, 2, length);
	packet_field(p, &f_next, at + 6, 1, p->tuple.proto);
	packet_field(p, &f_hops, at + 7, 1, p->ip.ttl);
	packet_field(p, &f_src, at + 8, 16, 0);
	packet_field(p, &f_dst, at + 24, 16, 0);
}

static enum dissect_result ipv6_dissect(struct cursor *c, struct packet *p)
{
	const uint8_t *at;
	bool inside = p->tuple.family != FAMILY_NONE && p->tuple.proto == PROTO_IPV6;
	bool over4 = p->tuple.family == FAMILY_IPV4, any = cursor_left(c) > 0;
	struct ipv6_header h;
	uint8_t version = 0;

	(void)cursor_peek(c, 0, &version);
	if (any && version >> 4 != 6) {
		packet_issue(p, "the version is not 6");
		return DISSECT_BAD;
	}
	at = cursor_take(c, IPV6_HEADER);
	if (!at)
		return DISSECT_OK;
	h = ipv6_read(at);
	layers_ip_begin(p);
	memset(&p->fragment, 0, sizeof p->fragment);
	p->tuple = (struct tuple){.proto = (uint8_t)h.next, .family = FAMILY_IPV6};
	memcpy(p->tuple.from.b, h.from, 16);
	memcpy(p->tuple.to.b, h.to, 16);
	p->ip = (struct ip_facts){.ttl = (uint8_t)h.hops, .tos = (uint8_t)(h.word >> 20)};
	if (h.length > 0 || h.next == IPV6_NO_NEXT)
		p->ip.total_len = IPV6_HEADER + h.length;
	if (inside)
		packet_tunnel(p, over4 ? TUNNEL_6IN4 : TUNNEL_IPIP, false, 0);
	if (p->want_fields)
		ipv6_rows(p, at, h.word, h.length);
	if (p->ip.total_len > 0 && !cursor_limit(c, h.length))
		packet_issue(p, "the IPv6 length exceeds the frame");
	packet_next(p, TABLE_IPPROTO, h.next);
	return DISSECT_OK;
}

static const struct bind ipv6_binds[] = {{TABLE_ETHERTYPE, ETHERTYPE_IPV6},
					 {TABLE_LINKTYPE, LINKTYPE_IPV6},
					 {TABLE_PPP, 0x0057},
					 {TABLE_IPPROTO, PROTO_IPV6},
					 {TABLE_NONE, 0}};

const struct dissector ipv6_dissector = {
	.name = "ipv6",
	.title = "Internet Protocol 6",
	.reference = "RFC 8200",
	.binds = ipv6_binds,
	.info = "{ipv6.src} to {ipv6.dst} {ipv6.nxt} length {ipv6.plen}",
	.dissect = ipv6_dissect,
};
