/* Tuples: order, equality, and how an address reads.
 *
 * IPv6 text is RFC 5952's: lower case, no leading zeroes, the longest run of
 * zero groups (two or more, the first of equals) as "::", IPv4-mapped with the
 * dotted tail of section 5.
 */
#include "sockeye/tuple.h"

#include <string.h>

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

static void put_ipv4(struct text *t, const uint8_t *b)
{
	for (unsigned i = 0; i < 4; i++) {
		if (i > 0)
			text_char(t, '.');
		text_u64(t, b[i]);
	}
}

static void put_group(struct text *t, unsigned group)
{
	unsigned digits = group > 0xfff ? 4 : group > 0xff ? 3 : group > 0xf ? 2 : 1;

	text_hex(t, group, digits);
}

static bool is_mapped(const uint8_t *b)
{
	static const uint8_t prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

	return memcmp(b, prefix, sizeof prefix) == 0;
}

static void put_ipv6(struct text *t, const uint8_t *b)
{
	unsigned group[8], start = 8, run = 0;

	if (is_mapped(b)) {
		text_put(t, "::ffff:");
		put_ipv4(t, b + 12);
		return;
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
			text_put(t, "::");
			i += run - 1;
			continue;
		}
		if (i > 0 && i != start + run)
			text_char(t, ':');
		put_group(t, group[i]);
	}
}

void tuple_address(struct text *t, const struct address *a, uint8_t family)
{
	if (family == FAMILY_IPV4)
		put_ipv4(t, a->b);
	else if (family == FAMILY_IPV6)
		put_ipv6(t, a->b);
}

void tuple_endpoint(struct text *t, const struct endpoint *e)
{
	bool brackets = e->family == FAMILY_IPV6 && e->has_port;

	if (brackets)
		text_char(t, '[');
	tuple_address(t, &e->ip, e->family);
	if (brackets)
		text_char(t, ']');
	if (e->has_port) {
		text_char(t, ':');
		text_u64(t, e->port);
	}
}

int tuple_compare_endpoint(const struct endpoint *a, const struct endpoint *b)
{
	int c;

	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	c = memcmp(a->ip.b, b->ip.b, sizeof a->ip.b);
	return c != 0 ? c : (int)a->port - (int)b->port;
}
