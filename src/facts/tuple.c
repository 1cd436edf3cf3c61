/* Tuples: order, equality, and how an address reads.
 *
 * IPv6 text is RFC 5952's: lower case, no leading zeroes, the longest run of
 * zero groups (two or more, the first of equals) as "::", IPv4-mapped with the
 * dotted tail of section 5.
 */
#include "sockeye/tuple.h"

#include <string.h>

#include "sockeye/digits.h"

unsigned tuple_order(struct tuple *t)
{
	struct address ip;
	uint16_t port;

	if (tuple_direction(t) == 0)
		return 0;
	ip = t->from;
	t->from = t->to;
	t->to = ip;
	port = t->from_port;
	t->from_port = t->to_port;
	t->to_port = port;
	return 1;
}

bool tuple_equal(const struct tuple *a, const struct tuple *b)
{
	return a->proto == b->proto && a->family == b->family && a->from_port == b->from_port &&
	       a->to_port == b->to_port && memcmp(&a->from, &b->from, sizeof a->from) == 0 &&
	       memcmp(&a->to, &b->to, sizeof a->to) == 0;
}

bool tuple_is_flow(const struct tuple *t, bool transport)
{
	if (t->family == FAMILY_NONE || transport)
		return t->family != FAMILY_NONE;
	switch (t->proto) {
	case PROTO_TCP:
	case PROTO_UDP:
	case PROTO_UDPLITE:
	case PROTO_SCTP:
	case PROTO_ICMP:
	case PROTO_ICMPV6:
		return false;
	case 0: /* hop-by-hop, routing, fragment, destination: RFC 8200 section 4 */
	case 43:
	case 44:
	case 60:
		return t->family != FAMILY_IPV6;
	default:
		return true;
	}
}

const char *tuple_proto_name(uint8_t proto)
{
	switch (proto) {
	case PROTO_TCP:
		return "tcp";
	case PROTO_UDP:
		return "udp";
	case PROTO_ICMP:
		return "icmp";
	case PROTO_ICMPV6:
		return "icmpv6";
	case PROTO_SCTP:
		return "sctp";
	case PROTO_UDPLITE:
		return "udplite";
	default:
		return NULL;
	}
}

/* No branch: how long an octet is cannot be foretold. */
static char *write_octet(char *p, unsigned v)
{
	*p = (char)('0' + v / 100);
	p += v >= 100;
	*p = digits_pairs[v % 100 * 2];
	p += v >= 10;
	*p = digits_pairs[v % 100 * 2 + 1];
	return p + 1;
}

static char *write_ipv4(char *p, const uint8_t *b)
{
	p = write_octet(p, b[0]);
	for (unsigned i = 1; i < 4; i++) {
		*p++ = '.';
		p = write_octet(p, b[i]);
	}
	return p;
}

/* One to four hex digits. */
static char *write_group(char *p, unsigned group)
{
	static const char hex[] = "0123456789abcdef";

	*p = hex[group >> 12];
	p += group > 0xfff;
	*p = hex[group >> 8 & 15];
	p += group > 0xff;
	*p = hex[group >> 4 & 15];
	p += group > 0xf;
	*p = hex[group & 15];
	return p + 1;
}

static bool is_mapped(const uint8_t *b)
{
	static const uint8_t prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

	return memcmp(b, prefix, sizeof prefix) == 0;
}

static char *write_ipv6(char *p, const uint8_t *b)
{
	static const char mapped[7] = {':', ':', 'f', 'f', 'f', 'f', ':'};
	unsigned group[8], start = 8, run = 0;

	if (is_mapped(b)) {
		memcpy(p, mapped, sizeof mapped);
		return write_ipv4(p + sizeof mapped, b + 12);
	}
	for (unsigned i = 0; i < 8; i++)
		group[i] = (unsigned)b[i * 2] << 8 | b[i * 2 + 1];
	for (unsigned i = 0; i < 8;) {
		unsigned n = 0;

		while (i + n < 8 && group[i + n] == 0)
			n++;
		if (n > run && n > 1) {
			start = i;
			run = n;
		}
		i += n > 0 ? n : 1;
	}
	for (unsigned i = 0; i < 8; i++) {
		if (i == start) {
			*p++ = ':';
			*p++ = ':';
			i += run - 1;
			continue;
		}
		if (i > 0 && i != start + run)
			*p++ = ':';
		p = write_group(p, group[i]);
	}
	return p;
}

char *tuple_write(char *p, const struct address *a, uint8_t family)
{
	if (family == FAMILY_IPV4)
		return write_ipv4(p, a->b);
	return family == FAMILY_IPV6 ? write_ipv6(p, a->b) : p;
}

void tuple_address(struct text *t, const struct address *a, uint8_t family)
{
	char out[TUPLE_ADDRESS_MAX];

	text_bytes(t, out, (size_t)(tuple_write(out, a, family) - out));
}

void tuple_endpoint(struct text *t, const struct endpoint *e)
{
	bool brackets = e->family == FAMILY_IPV6 && e->has_port;
	char out[TUPLE_ADDRESS_MAX + 8], *p = out;

	if (brackets)
		*p++ = '[';
	p = tuple_write(p, &e->ip, e->family);
	if (brackets)
		*p++ = ']';
	if (e->has_port) {
		*p++ = ':';
		p = digits_u64(p, e->port);
	}
	text_bytes(t, out, (size_t)(p - out));
}

int tuple_compare_endpoint(const struct endpoint *a, const struct endpoint *b)
{
	int c;

	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	c = memcmp(a->ip.b, b->ip.b, sizeof a->ip.b);
	return c != 0 ? c : (int)a->port - (int)b->port;
}
