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

/* "0." to "255.": how long an octet is cannot be foretold, so no branch asks. */
struct octet {
	char text[4];
};

#define OCTET(v)                                                                                            \
	{{(v) > 99 ? '0' + (v) / 100 : (v) > 9 ? '0' + (v) / 10 % 10 : '0' + (v) % 10,                      \
	  (v) > 99 ? '0' + (v) / 10 % 10 : (v) > 9 ? '0' + (v) % 10 : '.', (v) > 99 ? '0' + (v) % 10 : '.', '.'}}
#define OCTETS_4(v) OCTET(v), OCTET((v) + 1), OCTET((v) + 2), OCTET((v) + 3)
#define OCTETS_16(v) OCTETS_4(v), OCTETS_4((v) + 4), OCTETS_4((v) + 8), OCTETS_4((v) + 12)
#define OCTETS_64(v) OCTETS_16(v), OCTETS_16((v) + 16), OCTETS_16((v) + 32), OCTETS_16((v) + 48)

static const struct octet octets[256] = {OCTETS_64(0), OCTETS_64(64), OCTETS_64(128), OCTETS_64(192)};

static char *write_octet(char *p, unsigned v)
{
	memcpy(p, octets[v].text, sizeof octets[v].text);
	return p + 2 + (v > 9) + (v > 99);
}

static char *write_ipv4(char *p, const uint8_t *b)
{
	for (unsigned i = 0; i < 4; i++)
		p = write_octet(p, b[i]);
	return p - 1; /* without the last dot */
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

char *tuple_write_endpoint(char *p, const struct endpoint *e)
{
	bool brackets = e->family == FAMILY_IPV6 && e->has_port;

	if (brackets)
		*p++ = '[';
	p = tuple_write(p, &e->ip, e->family);
	if (brackets)
		*p++ = ']';
	if (e->has_port) {
		*p++ = ':';
		p = digits_u64(p, e->port);
	}
	return p;
}

void tuple_endpoint(struct text *t, const struct endpoint *e)
{
	char out[TUPLE_ENDPOINT_MAX];

	text_bytes(t, out, (size_t)(tuple_write_endpoint(out, e) - out));
}

int tuple_compare_endpoint(const struct endpoint *a, const struct endpoint *b)
{
	int c;

	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	c = memcmp(a->ip.b, b->ip.b, sizeof a->ip.b);
	return c != 0 ? c : (int)a->port - (int)b->port;
}
