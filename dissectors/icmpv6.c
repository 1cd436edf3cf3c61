/* ICMPv6: errors, echo, neighbour discovery; other messages by name.
 *
 * As in ICMP: echo's identifier stands for both ports, other messages carry
 * type and code there; what an error quotes becomes facts and rows.
 *
 *  0      1      2          4
 *  | type | code | checksum | by type | ...      RFC 4443, RFC 4861
 */
#include "layers.h"

enum {
	ICMPV6_UNREACHABLE = 1, ICMPV6_TOO_BIG = 2, ICMPV6_TIME_EXCEEDED = 3, ICMPV6_PARAMETER = 4,
	ICMPV6_ECHO = 128, ICMPV6_ECHO_REPLY = 129, ICMPV6_ROUTER_SOLICITATION = 133,
	ICMPV6_ROUTER_ADVERTISEMENT = 134, ICMPV6_NEIGHBOUR_SOLICITATION = 135,
	ICMPV6_NEIGHBOUR_ADVERTISEMENT = 136, ICMPV6_REDIRECT = 137,
};

static const struct name_of icmpv6_types[] = {
	{1, "unreachable"}, {2, "packet too big"}, {3, "time exceeded"}, {4, "parameter problem"},
	{128, "echo request"}, {129, "echo reply"}, {130, "multicast listener query"},
	{131, "multicast listener report"}, {132, "multicast listener done"}, {133, "router solicitation"},
	{134, "router advertisement"}, {135, "neighbor solicitation"}, {136, "neighbor advertisement"},
	{137, "redirect"}, {138, "router renumbering"}, {139, "node information query"},
	{140, "node information reply"}, {143, "multicast listener report v2"}, {151, "multicast router advertisement"},
	{155, "RPL control"}, {160, "extended echo request"}, {161, "extended echo reply"}, {0, NULL},
};

static const struct name_of icmpv6_unreachable[] = {
	{0, "no route"}, {1, "administratively prohibited"}, {2, "beyond scope of source"},
	{3, "address"}, {4, "port"}, {5, "source address failed policy"}, {6, "route rejected"}, {0, NULL},
};

static const struct name_of icmpv6_options[] = {
	{1, "source link-layer address"}, {2, "target link-layer address"}, {3, "prefix"},
	{4, "redirected header"}, {5, "MTU"}, {14, "nonce"}, {24, "route"}, {25, "recursive DNS server"},
	{31, "DNS search list"}, {37, "captive portal"}, {38, "PREF64"}, {0, NULL},
};

static const struct field_info f_type = {"icmpv6.type", "Type", FIELD_UINT, icmpv6_types};
static const struct field_info f_word = {"icmpv6.message", "Message", FIELD_STATIC, icmpv6_types};
static const struct field_info f_code = {"icmpv6.code", "Code", FIELD_UINT, NULL};
static const struct field_info f_unreachable = {"icmpv6.code", "Code", FIELD_UINT, icmpv6_unreachable};
static const struct field_info f_checksum = {"icmpv6.checksum", "Checksum", FIELD_HEX, NULL};
static const struct field_info f_ident = {"icmpv6.echo.identifier", "Identifier", FIELD_UINT, NULL};
static const struct field_info f_seq = {"icmpv6.echo.sequence_number", "Sequence", FIELD_UINT, NULL};
static const struct field_info f_mtu = {"icmpv6.mtu", "MTU", FIELD_UINT, NULL};
static const struct field_info f_target = {"icmpv6.nd.target_address", "Target", FIELD_IPV6, NULL};
static const struct field_info f_destination = {"icmpv6.rd.dst", "Destination", FIELD_IPV6, NULL};
static const struct field_info f_hops = {"icmpv6.nd.ra.cur_hop_limit", "Hop limit", FIELD_UINT, NULL};
static const struct field_info f_lifetime = {"icmpv6.nd.ra.router_lifetime", "Router lifetime (s)", FIELD_UINT, NULL};
static const struct field_info f_option = {"icmpv6.opt.type", "Option", FIELD_UINT, icmpv6_options};
static const struct field_info f_mac = {"icmpv6.opt.linkaddr", "Link-layer address", FIELD_MAC, NULL};
static const struct field_info f_data = {"icmpv6.opt.data", "Option data", FIELD_BYTES, NULL};

/* RFC 4861 section 4.6: lengths count units of eight bytes, the head included. */
static void icmpv6_nd_options(struct cursor *c, struct packet *p)
{
	while (cursor_left(c) >= 2 && budget_take(&p->budget)) {
		const uint8_t *at = c->pos, *data;
		unsigned type = cursor_u8(c), n = cursor_u8(c) * 8u;

		if (n == 0) {
			packet_issue(p, "a discovery option of length zero");
			return;
		}
		data = cursor_take(c, n - 2);
		packet_field(p, &f_option, at, 2, type);
		if (!data)
			break;
		packet_field(p, (type == 1 || type == 2) && n == 8 ? &f_mac : &f_data, data, n - 2, 0);
	}
	if (c->fault == CURSOR_OVERRUN)
		packet_issue(p, "a discovery option runs beyond the packet");
}

/* Neighbour discovery, behind its first eight bytes: rows only. */
static void icmpv6_discovery(struct cursor c, struct packet *p, const uint8_t *at)
{
	const uint8_t *address;

	switch (p->icmp.type) {
	case ICMPV6_ROUTER_ADVERTISEMENT:
		packet_field(p, &f_hops, at + 4, 1, p->icmp.id >> 8);
		packet_field(p, &f_lifetime, at + 6, 2, p->icmp.seq);
		cursor_skip(&c, 8);
		break;
	case ICMPV6_NEIGHBOUR_SOLICITATION:
	case ICMPV6_NEIGHBOUR_ADVERTISEMENT:
	case ICMPV6_REDIRECT:
		if ((address = cursor_take(&c, 16)))
			packet_field(p, &f_target, address, 16, 0);
		if (p->icmp.type == ICMPV6_REDIRECT && (address = cursor_take(&c, 16)))
			packet_field(p, &f_destination, address, 16, 0);
		break;
	default:
		break;
	}
	if (c.fault == CURSOR_OK)
		icmpv6_nd_options(&c, p);
}

static void icmpv6_rows(struct packet *p, const struct cursor *c, const uint8_t *at, unsigned checksum)
{
	const struct icmp_facts *f = &p->icmp;

	packet_field(p, &f_type, at, 1, f->type);
	packet_field(p, &f_word, at, 1, f->type);
	packet_field(p, f->type == ICMPV6_UNREACHABLE ? &f_unreachable : &f_code, at + 1, 1, f->code);
	packet_field(p, &f_checksum, at + 2, 2, checksum);
	if (f->echo) {
		packet_field(p, &f_ident, at + 4, 2, f->id);
		packet_field(p, &f_seq, at + 6, 2, f->seq);
	} else if (f->type == ICMPV6_TOO_BIG) {
		packet_field(p, &f_mtu, at + 4, 4, (uint64_t)f->id << 16 | f->seq);
	} else if (f->type >= ICMPV6_ROUTER_SOLICITATION && f->type <= ICMPV6_REDIRECT) {
		icmpv6_discovery(*c, p, at);
	}
}

static enum dissect_result icmpv6_dissect(struct cursor *c, struct packet *p)
{
	const uint8_t *at = c->pos;
	struct icmp_facts f = {.type = cursor_u8(c)};
	unsigned checksum, port;
	struct cursor quote;

	f.code = cursor_u8(c);
	checksum = cursor_be16(c);
	f.id = cursor_be16(c);
	f.seq = cursor_be16(c);
	if (c->fault != CURSOR_OK)
		return DISSECT_OK;
	f.echo = f.type == ICMPV6_ECHO || f.type == ICMPV6_ECHO_REPLY;
	f.reply = f.type == ICMPV6_ECHO_REPLY;
	f.error = f.type >= ICMPV6_UNREACHABLE && f.type <= ICMPV6_PARAMETER;
	port = f.echo ? f.id : (unsigned)f.type << 8 | f.code;
	p->icmp = f;
	p->tuple.proto = PROTO_ICMPV6;
	p->tuple.from_port = p->tuple.to_port = (uint16_t)port;
	p->transport = true;
	layers_payload(c, p);
	if (p->want_fields)
		icmpv6_rows(p, c, at, checksum);
	quote = *c;
	if (f.error)
		quote_read(&quote, p);
	return DISSECT_OK;
}

static const struct bind icmpv6_binds[] = {{TABLE_IPPROTO, PROTO_ICMPV6}, {TABLE_NONE, 0}};

const struct dissector icmpv6_dissector = {
	.name = "icmpv6",
	.title = "Internet Control Message Protocol 6",
	.reference = "RFC 4443",
	.binds = icmpv6_binds,
	.info = "{icmpv6.message}[ id {icmpv6.echo.identifier} seq {icmpv6.echo.sequence_number}]"
		"[ for {icmpv6.nd.target_address}][ about {icmp.quoted.src6} to {icmp.quoted.dst6} {icmp.quoted.proto}]"
		"[ port {icmp.quoted.dstport}][ mtu {icmpv6.mtu}]",
	.dissect = icmpv6_dissect,
};
