/* ICMP: questions and answers by identifier, errors by the packet they quote.
 *
 * A question and its answer carry the same identifier: it stands for both
 * ports. Other messages carry type and code there. What an error quotes is
 * read into the packet's icmp facts and rows; it never becomes its tuple.
 *
 *  0      1      2          4
 *  | type | code | checksum | by type: id and sequence, gateway, MTU | ...   RFC 792
 */
#include "layers.h"

enum {
	ICMP_ECHO_REPLY = 0, ICMP_UNREACHABLE = 3, ICMP_QUENCH = 4, ICMP_REDIRECT = 5, ICMP_ECHO = 8,
	ICMP_TIME_EXCEEDED = 11, ICMP_PARAMETER = 12, ICMP_TIMESTAMP = 13, ICMP_TIMESTAMP_REPLY = 14,
	ICMP_INFORMATION = 15, ICMP_INFORMATION_REPLY = 16, ICMP_MASK = 17, ICMP_MASK_REPLY = 18,
	ICMP_TOO_BIG = 4, /* code of unreachable */
};

static const struct name_of icmp_types[] = {
	{0, "echo reply"}, {3, "unreachable"}, {4, "source quench"}, {5, "redirect"}, {8, "echo request"},
	{9, "router advertisement"}, {10, "router solicitation"}, {11, "time exceeded"},
	{12, "parameter problem"}, {13, "timestamp request"}, {14, "timestamp reply"},
	{15, "information request"}, {16, "information reply"}, {17, "mask request"},
	{18, "mask reply"}, {30, "traceroute"}, {40, "photuris"}, {42, "extended echo request"},
	{43, "extended echo reply"}, {0, NULL},
};

static const struct name_of icmp_unreachable[] = {
	{0, "network"}, {1, "host"}, {2, "protocol"}, {3, "port"}, {4, "fragmentation needed"},
	{5, "source route failed"}, {6, "network unknown"}, {7, "host unknown"}, {8, "host isolated"},
	{9, "network prohibited"}, {10, "host prohibited"}, {11, "network, for this service"},
	{12, "host, for this service"}, {13, "administratively prohibited"}, {14, "host precedence"},
	{15, "precedence cutoff"}, {0, NULL},
};

static const struct name_of icmp_exceeded[] = {
	{0, "in transit"}, {1, "fragments not whole in time"}, {0, NULL}};

static const struct field_info f_type = {"icmp.type", "Type", FIELD_UINT, icmp_types};
static const struct field_info f_word = {"icmp.message", "Message", FIELD_STATIC, icmp_types};
static const struct field_info f_code = {"icmp.code", "Code", FIELD_UINT, NULL};
static const struct field_info f_unreachable = {"icmp.code", "Code", FIELD_UINT, icmp_unreachable};
static const struct field_info f_exceeded = {"icmp.code", "Code", FIELD_UINT, icmp_exceeded};
static const struct field_info f_checksum = {"icmp.checksum", "Checksum", FIELD_HEX, NULL};
static const struct field_info f_ident = {"icmp.ident", "Identifier", FIELD_UINT, NULL};
static const struct field_info f_seq = {"icmp.seq", "Sequence", FIELD_UINT, NULL};
static const struct field_info f_mtu = {"icmp.mtu", "Next hop MTU", FIELD_UINT, NULL};
static const struct field_info f_gateway = {"icmp.redir_gw", "Gateway", FIELD_IPV4, NULL};

static bool icmp_is_error(unsigned type)
{
	return type == ICMP_UNREACHABLE || type == ICMP_QUENCH || type == ICMP_TIME_EXCEEDED ||
	       type == ICMP_PARAMETER;
}

static bool icmp_is_echo(unsigned type)
{
	return type == ICMP_ECHO || type == ICMP_ECHO_REPLY ||
	       (type >= ICMP_TIMESTAMP && type <= ICMP_MASK_REPLY);
}

static bool icmp_is_reply(unsigned type)
{
	return type == ICMP_ECHO_REPLY || type == ICMP_TIMESTAMP_REPLY || type == ICMP_INFORMATION_REPLY ||
	       type == ICMP_MASK_REPLY;
}

static void icmp_rows(struct packet *p, const uint8_t *at, unsigned checksum)
{
	const struct icmp_facts *f = &p->icmp;
	const struct field_info *code = &f_code;

	if (f->type == ICMP_UNREACHABLE)
		code = &f_unreachable;
	else if (f->type == ICMP_TIME_EXCEEDED)
		code = &f_exceeded;
	packet_field(p, &f_type, at, 1, f->type);
	packet_field(p, &f_word, at, 1, f->type);
	packet_field(p, code, at + 1, 1, f->code);
	packet_field(p, &f_checksum, at + 2, 2, checksum);
	if (f->echo) {
		packet_field(p, &f_ident, at + 4, 2, f->id);
		packet_field(p, &f_seq, at + 6, 2, f->seq);
	} else if (f->type == ICMP_UNREACHABLE && f->code == ICMP_TOO_BIG) {
		packet_field(p, &f_mtu, at + 6, 2, f->seq);
	} else if (f->type == ICMP_REDIRECT) {
		packet_field(p, &f_gateway, at + 4, 4, 0);
	}
}

static enum dissect_result icmp_dissect(struct cursor *c, struct packet *p)
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
	f.echo = icmp_is_echo(f.type);
	f.reply = icmp_is_reply(f.type);
	f.error = icmp_is_error(f.type);
	port = f.echo ? f.id : (unsigned)f.type << 8 | f.code;
	p->icmp = f;
	p->tuple.proto = PROTO_ICMP;
	p->tuple.from_port = p->tuple.to_port = (uint16_t)port;
	p->transport = true;
	layers_payload(c, p);
	if (p->want_fields)
		icmp_rows(p, at, checksum);
	quote = *c;
	if (f.error || f.type == ICMP_REDIRECT)
		quote_read(&quote, p);
	return DISSECT_OK;
}

static const struct bind icmp_binds[] = {{TABLE_IPPROTO, PROTO_ICMP}, {TABLE_NONE, 0}};

const struct dissector icmp_dissector = {
	.name = "icmp",
	.title = "Internet Control Message Protocol",
	.reference = "RFC 792",
	.binds = icmp_binds,
	.info = "{icmp.message}[ id {icmp.ident} seq {icmp.seq}] code {icmp.code}"
		"[ about {icmp.quoted.src} to {icmp.quoted.dst} {icmp.quoted.proto}]"
		"[ port {icmp.quoted.dstport}][ mtu {icmp.mtu}]",
	.dissect = icmp_dissect,
};
