/* The fast path of the common headers: Ethernet, VLAN tags, IPv4 without options
 * or IPv6, TCP or UDP, in one go and straight into the descriptor.
 *
 * It recognises, it does not interpret: fields and options are read by the
 * functions that the dissectors call, too (ipv4.h, tcp.h and their neighbours). A
 * frame is taken only if every length agrees with the captured bytes and nothing
 * is to be said of it; else it is declined, nothing has been written, and the loop
 * (dissect.c), which is the truth, has it from the beginning. Both give the same
 * descriptor byte for byte: a difference is a bug of this file. */
#include <string.h>

#include "ipv4.h"
#include "ipv6.h"
#include "layers.h"
#include "registry.h"
#include "tcp.h"
#include "udp.h"

enum { ETHERNET_HEADER = 14, VLAN_HEADER = 4, VLANS_MOST = 2 };

/* What IP says of what it carries. */
struct carried {
	struct address from, to;
	uint16_t id;
	uint8_t proto, family, ttl, tos;
};

/* The bytes that were lent, as a cursor of a length that is known here. */
static inline struct cursor headers_window(const uint8_t *at, size_t n)
{
	struct cursor c;

	cursor_init(&c, at, n, n);
	return c;
}

/* Up to the type that IP follows; false: something else does. */
static inline bool headers_link(struct cursor *c, const struct frame *f, struct path *path, unsigned *type)
{
	const uint8_t *at = cursor_take(c, ETHERNET_HEADER);
	struct cursor w;

	if (f->linktype != LINKTYPE_ETHERNET || !at)
		return false;
	w = headers_window(at, ETHERNET_HEADER);
	cursor_skip(&w, 12);
	*type = cursor_be16(&w);
	path->vlans = 0;
	if (f->flags & FRAME_VLAN)
		path->vlan[path->vlans++] = f->vlan & 0xfff;
	while (*type == ETHERTYPE_VLAN || *type == ETHERTYPE_QINQ || *type == ETHERTYPE_QINQ_OLD) {
		at = cursor_take(c, VLAN_HEADER);
		if (!at || path->vlans == VLANS_MOST)
			return false;
		w = headers_window(at, VLAN_HEADER);
		path->vlan[path->vlans++] = cursor_be16(&w) & 0xfff;
		*type = cursor_be16(&w);
	}
	return *type == ETHERTYPE_IPV4 || *type == ETHERTYPE_IPV6;
}

/* The cursor stands at what IP carries, and sees no more than that. */
static inline bool headers_ipv4(struct cursor *c, struct carried *ip)
{
	const uint8_t *at = cursor_take(c, IPV4_HEADER_MIN);
	struct ipv4_header h;
	struct cursor w;

	if (!at)
		return false;
	w = headers_window(at, IPV4_HEADER_MIN);
	h = ipv4_read(&w);
	if (h.version != 4 || h.header != IPV4_HEADER_MIN || h.flags & (IPV4_MORE | IPV4_OFFSET) ||
	    h.total < IPV4_HEADER_MIN || !cursor_limit(c, h.total - IPV4_HEADER_MIN))
		return false;
	*ip = (struct carried){.from = h.from, .to = h.to, .id = (uint16_t)h.id, .proto = (uint8_t)h.proto,
			       .family = FAMILY_IPV4, .ttl = (uint8_t)h.ttl, .tos = (uint8_t)h.tos};
	return true;
}

static inline bool headers_ipv6(struct cursor *c, struct carried *ip)
{
	const uint8_t *at = cursor_take(c, IPV6_HEADER);
	struct ipv6_header h;
	struct cursor w;

	if (!at)
		return false;
	w = headers_window(at, IPV6_HEADER);
	h = ipv6_read(&w);
	if (h.word >> 28 != 6 || h.length == 0 || !cursor_limit(c, h.length))
		return false;
	*ip = (struct carried){.from = h.from, .to = h.to, .proto = (uint8_t)h.next, .family = FAMILY_IPV6,
			       .ttl = (uint8_t)h.hops, .tos = (uint8_t)(h.word >> 20)};
	return true;
}

/* Most segments have none, or time stamps alone, laid out as RFC 7323 appendix A
 * recommends. False: an option that is not common, or not as it should be. */
static inline bool headers_options(const uint8_t *at, size_t n, struct tcp_facts *f, struct budget *turns)
{
	struct cursor list = headers_window(at, n);
	struct tlv o;

	if (n == 12 && at[0] == 1 && at[1] == 1 && at[2] == OPTION_TIMESTAMPS && at[3] == 10) {
		struct cursor value = headers_window(at + 4, 8);

		turns->left -= 3;
		return tcp_option_read(OPTION_TIMESTAMPS, &value, f);
	}
	while (tlv_next(&list, TLV_OPTION, turns, &o))
		if (o.type > 1 && !tcp_option_read(o.type, &o.value, f))
			return false;
	return list.fault == CURSOR_OK;
}

static inline bool headers_tcp(struct cursor *c, struct tuple *tuple, struct tcp_facts *f, struct budget *turns)
{
	size_t segment = cursor_wire_left(c);
	const uint8_t *at = cursor_take(c, TCP_HEADER_MIN);
	struct tcp_header h;
	struct cursor w;

	if (!at)
		return false;
	w = headers_window(at, TCP_HEADER_MIN);
	h = tcp_read(&w, f);
	if (h.header < TCP_HEADER_MIN || h.header > segment)
		return false;
	if (h.header > TCP_HEADER_MIN) {
		at = cursor_take(c, h.header - TCP_HEADER_MIN);
		if (!at || !headers_options(at, h.header - TCP_HEADER_MIN, f, turns))
			return false;
	}
	tuple->from_port = (uint16_t)h.from;
	tuple->to_port = (uint16_t)h.to;
	return true;
}

/* A port that a tunnel is bound to: the loop asks who that is. */
static inline bool headers_udp(struct cursor *c, struct tuple *tuple)
{
	const uint8_t *at = cursor_take(c, UDP_HEADER);
	struct udp_header h;
	struct cursor w;

	if (!at)
		return false;
	w = headers_window(at, UDP_HEADER);
	h = udp_read(&w);
	if (h.length < UDP_HEADER || !cursor_limit(c, h.length - UDP_HEADER) || registry_find(TABLE_UDP_PORT, h.to) ||
	    registry_find(TABLE_UDP_PORT, h.from))
		return false;
	tuple->from_port = (uint16_t)h.from;
	tuple->to_port = (uint16_t)h.to;
	return true;
}

/* The packet's way, if it is not new: a new one gets its number in the order of packets. */
static inline bool headers_path(struct paths *paths, const struct path *path, uint16_t *number)
{
	struct path whole;

	*number = 0;
	if (path->vlans == 0)
		return true;
	memset(&whole, 0, sizeof whole);
	whole.vlans = path->vlans;
	memcpy(whole.vlan, path->vlan, sizeof whole.vlan);
	return paths_known(paths, &whole, number);
}

bool headers_read(struct dissect *dissect, const struct frame *f, struct paths *paths, struct descriptor *d,
		  unsigned *stack)
{
	struct budget turns = {BUDGET_FRAME};
	struct tuple tuple;
	struct tcp_facts tcp = {.seq = 0};
	struct carried ip;
	struct path path;
	struct cursor c;
	uint16_t number;
	unsigned type;

	if (!f->data)
		return false;
	cursor_init(&c, f->data, f->caplen, f->wirelen);
	if (!headers_link(&c, f, &path, &type))
		return false;
	if (!(type == ETHERTYPE_IPV4 ? headers_ipv4(&c, &ip) : headers_ipv6(&c, &ip)))
		return false;
	if (ip.proto == PROTO_TCP ? !headers_tcp(&c, &tuple, &tcp, &turns) : ip.proto != PROTO_UDP || !headers_udp(&c, &tuple))
		return false;
	if (!headers_path(paths, &path, &number))
		return false;

	memset(d, 0, sizeof *d);
	d->ts_ns = f->ts_ns;
	d->tuple = (struct tuple){.from = ip.from, .to = ip.to, .from_port = tuple.from_port,
				  .to_port = tuple.to_port, .proto = ip.proto, .family = ip.family};
	d->path = number;
	d->payload_len = (uint32_t)cursor_wire_left(&c);
	d->payload_captured = (uint32_t)cursor_left(&c);
	d->payload = d->payload_captured > 0 ? c.pos : NULL;
	d->ip_id = ip.id;
	d->interface = descriptor_interface(f);
	d->ttl = ip.ttl;
	d->ecn = ip.tos & 3;
	if (ip.proto == PROTO_TCP)
		descriptor_tcp(d, &tcp);
	*stack = (path.vlans > (f->flags & FRAME_VLAN ? 1 : 0) ? HEADERS_VLAN : 0) |
		 (ip.family == FAMILY_IPV6 ? HEADERS_IPV6 : 0) | (ip.proto == PROTO_UDP ? HEADERS_UDP : 0);
	/* Counted work as the loop counts it: a turn for each layer, and for each option. */
	dissect_counters(dissect)->steps += BUDGET_FRAME - turns.left + 3 + path.vlans -
					    (f->flags & FRAME_VLAN ? 1 : 0);
	return true;
}

/* ---- the layers of what was taken, for counters ------------------------------- */

extern const struct dissector ethernet_dissector, vlan_dissector, ipv4_dissector, ipv6_dissector, tcp_dissector,
	udp_dissector;

unsigned headers_layers(unsigned stack, const struct dissector *by[HEADERS_LAYERS])
{
	unsigned n = 0;

	by[n++] = &ethernet_dissector;
	if (stack & HEADERS_VLAN)
		by[n++] = &vlan_dissector;
	by[n++] = stack & HEADERS_IPV6 ? &ipv6_dissector : &ipv4_dissector;
	by[n++] = stack & HEADERS_UDP ? &udp_dissector : &tcp_dissector;
	return n;
}
