/* The packet inside an ICMP error: its addresses and the first eight bytes of
 * its transport, which is all that a router has to quote (RFC 792; RFC 4443
 * quotes more). Truncation is normal here and is no fault of the layer. The
 * quote is not checked against anything: whoever uses it must find its flow.
 */
#include "layers.h"

static const struct field_info f_src = {"icmp.quoted.src", "Quoted source", FIELD_IPV4, NULL};
static const struct field_info f_dst = {"icmp.quoted.dst", "Quoted destination", FIELD_IPV4, NULL};
static const struct field_info f_src6 = {"icmp.quoted.src6", "Quoted source", FIELD_IPV6, NULL};
static const struct field_info f_dst6 = {"icmp.quoted.dst6", "Quoted destination", FIELD_IPV6, NULL};
static const struct field_info f_ttl = {"icmp.quoted.ttl", "Quoted TTL", FIELD_UINT, NULL};
static const struct field_info f_proto = {"icmp.quoted.proto", "Quoted protocol", FIELD_UINT, ip_protocols};
static const struct field_info f_srcport = {"icmp.quoted.srcport", "Quoted source port", FIELD_UINT, NULL};
static const struct field_info f_dstport = {"icmp.quoted.dstport", "Quoted destination port", FIELD_UINT, NULL};
static const struct field_info f_seq = {"icmp.quoted.seq", "Quoted TCP sequence", FIELD_UINT, NULL};
static const struct field_info f_ident = {"icmp.quoted.ident", "Quoted identifier", FIELD_UINT, NULL};

enum { QUOTE_EXTENSIONS = 8 };

/* True: the transport header begins at the cursor. */
static bool quote_ipv4(struct cursor *c, struct packet *p, struct tuple *t)
{
	const uint8_t *at = c->pos;
	unsigned header = (cursor_u8(c) & 15u) * 4, fragment, ttl;

	cursor_skip(c, 5);
	fragment = cursor_be16(c);
	ttl = cursor_u8(c);
	t->proto = cursor_u8(c);
	cursor_skip(c, 2);
	cursor_copy(c, t->from.b, 4);
	cursor_copy(c, t->to.b, 4);
	if (c->fault != CURSOR_OK || header < 20)
		return false;
	t->family = FAMILY_IPV4;
	packet_field(p, &f_ttl, at + 8, 1, ttl);
	packet_field(p, &f_proto, at + 9, 1, t->proto);
	packet_field(p, &f_src, at + 12, 4, 0);
	packet_field(p, &f_dst, at + 16, 4, 0);
	cursor_skip(c, header - 20);
	return (fragment & 0x1fff) == 0;
}

static bool quote_ipv6(struct cursor *c, struct packet *p, struct tuple *t)
{
	const uint8_t *at = c->pos, *src, *dst;
	unsigned next, ttl, length, fragment = 0;

	cursor_skip(c, 6);
	next = cursor_u8(c);
	ttl = cursor_u8(c);
	src = cursor_take(c, 16);
	dst = cursor_take(c, 16);
	if (c->fault != CURSOR_OK)
		return false;
	memcpy(t->from.b, src, 16);
	memcpy(t->to.b, dst, 16);
	t->family = FAMILY_IPV6;
	packet_field(p, &f_ttl, at + 7, 1, ttl);
	for (unsigned i = 0; i < QUOTE_EXTENSIONS; i++) {
		if (next != IPV6_HOP_BY_HOP && next != IPV6_ROUTING && next != IPV6_FRAGMENT &&
		    next != IPV6_DESTINATION)
			break;
		at = c->pos;
		length = next == IPV6_FRAGMENT ? 6 : 0;
		next = cursor_u8(c);
		if (length) {
			cursor_skip(c, 1);
			fragment |= cursor_be16(c) & 0xfff8u;
			cursor_skip(c, 4);
		} else {
			length = cursor_u8(c) * 8u + 6;
			cursor_skip(c, length);
		}
		if (c->fault != CURSOR_OK)
			return false;
	}
	t->proto = (uint8_t)next;
	packet_field(p, &f_proto, at, 1, next);
	packet_field(p, &f_src6, src, 16, 0);
	packet_field(p, &f_dst6, dst, 16, 0);
	return fragment == 0;
}

static void quote_ports(struct cursor *c, struct packet *p, struct tuple *t)
{
	const uint8_t *at = c->pos;
	unsigned first = cursor_be16(c), second = cursor_be16(c);

	if (c->fault != CURSOR_OK)
		return;
	t->from_port = (uint16_t)first;
	t->to_port = (uint16_t)second;
	packet_field(p, &f_srcport, at, 2, first);
	packet_field(p, &f_dstport, at + 2, 2, second);
	if (t->proto == PROTO_TCP && cursor_left(c) >= 4) {
		p->icmp.quoted_seq = cursor_be32(c);
		p->icmp.quoted_has_seq = c->fault == CURSOR_OK;
		packet_field(p, &f_seq, at + 4, 4, p->icmp.quoted_seq);
	}
}

/* The ports as icmp.c and icmpv6.c give them: the question that was quoted. */
static void quote_icmp(struct cursor *c, struct packet *p, struct tuple *t)
{
	unsigned type = cursor_u8(c), code = cursor_u8(c), port = type << 8 | code, id;
	bool echo = t->proto == PROTO_ICMPV6 ? type == 128 || type == 129
					     : type == 0 || type == 8 || (type >= 13 && type <= 18);
	const uint8_t *at;

	cursor_skip(c, 2);
	at = c->pos;
	id = cursor_be16(c);
	if (c->fault != CURSOR_OK)
		return;
	if (echo) {
		port = id;
		packet_field(p, &f_ident, at, 2, id);
	}
	t->from_port = t->to_port = (uint16_t)port;
}

void quote_read(struct cursor *c, struct packet *p)
{
	struct tuple t = {.family = FAMILY_NONE};
	uint8_t first;
	bool ports;

	if (!cursor_peek(c, 0, &first))
		return;
	if (first >> 4 == 4)
		ports = quote_ipv4(c, p, &t);
	else if (first >> 4 == 6)
		ports = quote_ipv6(c, p, &t);
	else
		return;
	if (t.family == FAMILY_NONE)
		return;
	if (ports && (t.proto == PROTO_TCP || t.proto == PROTO_UDP || t.proto == PROTO_UDPLITE ||
		      t.proto == PROTO_SCTP))
		quote_ports(c, p, &t);
	else if (ports && (t.proto == PROTO_ICMP || t.proto == PROTO_ICMPV6))
		quote_icmp(c, p, &t);
	p->icmp.quoted = t;
}
