/* The fast path of the common headers: Ethernet, VLAN tags, IPv4 without options
 * or IPv6, TCP or UDP, in one go and straight into the descriptor.
 *
 * It recognises, it does not interpret: fields and options are read by the
 * functions that the dissectors call, too (ipv4.h, tcp.h and their neighbours). A
 * frame is taken only if every length agrees with the captured bytes and nothing
 * is to be said of it; else it is declined, and the loop (dissect.c), which is the truth,
 * has it from the beginning. Both give the same descriptor byte for byte: a difference
 * is a bug of this file. No table is asked that anybody writes to, so that any thread
 * may read headers; VLAN tags become a path later. */
#include <string.h>

#include "ipv4.h"
#include "ipv6.h"
#include "layers.h"
#include "registry.h"
#include "tcp.h"
#include "udp.h"

enum { ETHERNET_HEADER = 14, VLAN_HEADER = 4 };

/* The bytes that were lent, as a cursor of a length that is known here. */
static inline struct cursor headers_window(const uint8_t *at, size_t n)
{
	struct cursor c;

	cursor_init(&c, at, n, n);
	return c;
}

/* Tags, in the bytes or beside them. */
__attribute__((noinline)) static bool headers_tags(struct cursor *c, const struct frame *f, unsigned *type,
						   struct headers *h, unsigned *turns)
{
	if (f->flags & FRAME_VLAN)
		h->vlan[h->vlans++] = f->vlan & 0xfff;
	while (*type == ETHERTYPE_VLAN || *type == ETHERTYPE_QINQ || *type == ETHERTYPE_QINQ_OLD) {
		const uint8_t *at = cursor_take(c, VLAN_HEADER);
		struct cursor w;

		if (!at || h->vlans == HEADERS_VLANS)
			return false;
		w = headers_window(at, VLAN_HEADER);
		h->vlan[h->vlans++] = cursor_be16(&w) & 0xfff;
		*type = cursor_be16(&w);
		(*turns)++;
	}
	return *type == ETHERTYPE_IPV4 || *type == ETHERTYPE_IPV6;
}

/* Up to the type that IP follows; false: something else does. */
static inline bool headers_link(struct cursor *c, const struct frame *f, unsigned *type, struct headers *h,
				unsigned *turns)
{
	const uint8_t *at = cursor_take(c, ETHERNET_HEADER);
	struct cursor w;

	if (f->linktype != LINKTYPE_ETHERNET || !at)
		return false;
	w = headers_window(at, ETHERNET_HEADER);
	cursor_skip(&w, 12);
	*type = cursor_be16(&w);
	*turns = 1;
	if (*type != ETHERTYPE_IPV4 && *type != ETHERTYPE_IPV6 && *type != ETHERTYPE_VLAN &&
	    *type != ETHERTYPE_QINQ && *type != ETHERTYPE_QINQ_OLD)
		return false;
	if ((*type == ETHERTYPE_IPV4 || *type == ETHERTYPE_IPV6) && !(f->flags & FRAME_VLAN))
		return true;
	return headers_tags(c, f, type, h, turns);
}

/* The cursor stands at what IP carries, and sees no more than that. */
static inline bool headers_ipv4(struct cursor *c, struct descriptor *d)
{
	const uint8_t *at = cursor_take(c, IPV4_HEADER_MIN);
	struct ipv4_header h;
	struct cursor w;

	if (!at)
		return false;
	w = headers_window(at, IPV4_HEADER_MIN);
	ipv4_read(&w, &h);
	if (h.version != 4 || h.header != IPV4_HEADER_MIN || h.flags & (IPV4_MORE | IPV4_OFFSET) ||
	    h.total < IPV4_HEADER_MIN || !cursor_limit(c, h.total - IPV4_HEADER_MIN))
		return false;
	memcpy(d->tuple.from.b, h.from, 4);
	memcpy(d->tuple.to.b, h.to, 4);
	d->tuple.proto = (uint8_t)h.proto;
	d->tuple.family = FAMILY_IPV4;
	d->ip_id = (uint16_t)h.id;
	d->ttl = (uint8_t)h.ttl;
	d->ecn = h.tos & 3;
	return true;
}

static inline bool headers_ipv6(struct cursor *c, struct descriptor *d)
{
	const uint8_t *at = cursor_take(c, IPV6_HEADER);
	struct ipv6_header h;
	struct cursor w;

	if (!at)
		return false;
	w = headers_window(at, IPV6_HEADER);
	ipv6_read(&w, &h);
	if (h.word >> 28 != 6 || h.length == 0 || !cursor_limit(c, h.length))
		return false;
	memcpy(d->tuple.from.b, h.from, 16);
	memcpy(d->tuple.to.b, h.to, 16);
	d->tuple.proto = (uint8_t)h.next;
	d->tuple.family = FAMILY_IPV6;
	d->ttl = (uint8_t)h.hops;
	d->ecn = h.word >> 20 & 3;
	return true;
}

/* Any that are common, each as it should be. */
static bool headers_options(const uint8_t *at, size_t n, struct tcp_facts *f, unsigned *turns)
{
	struct budget budget = {(uint32_t)n};
	struct cursor list = headers_window(at, n);
	struct tlv o;

	while (tlv_next(&list, TLV_OPTION, &budget, &o))
		if (o.type > 1 && !tcp_option_read(o.type, &o.value, f))
			return false;
	*turns += (uint32_t)n - budget.left;
	return list.fault == CURSOR_OK;
}

/* Time stamps alone, laid out as RFC 7323 appendix A recommends. */
static inline bool headers_are_stamps(const uint8_t *at, size_t n)
{
	struct cursor w = headers_window(at, 4);

	return n == 12 && cursor_be32(&w) == (UINT32_C(1) << 24 | 1 << 16 | OPTION_TIMESTAMPS << 8 | 10);
}

__attribute__((noinline)) static bool headers_tcp_options(struct cursor *c, size_t n, const struct tcp_facts *fixed,
							  struct descriptor *d, unsigned *turns)
{
	const uint8_t *at = cursor_take(c, n);
	struct tcp_facts f = *fixed;

	if (!at || !headers_options(at, n, &f, turns))
		return false;
	descriptor_tcp(d, &f);
	return true;
}

static inline bool headers_tcp(struct cursor *c, struct descriptor *d, unsigned *turns)
{
	size_t segment = cursor_wire_left(c);
	const uint8_t *at = cursor_take(c, TCP_HEADER_MIN);
	struct tcp_facts f = {.seq = 0};
	struct tcp_header h;
	struct cursor w;

	if (!at)
		return false;
	w = headers_window(at, TCP_HEADER_MIN);
	h = tcp_read(&w, &f);
	if (h.header < TCP_HEADER_MIN || h.header > segment)
		return false;
	d->tuple.from_port = (uint16_t)h.from;
	d->tuple.to_port = (uint16_t)h.to;
	if (h.header > TCP_HEADER_MIN) {
		size_t n = h.header - TCP_HEADER_MIN;

		if (cursor_left(c) < n || !headers_are_stamps(c->pos, n))
			return headers_tcp_options(c, n, &f, d, turns);
		cursor_skip(c, 4);
		w = headers_window(cursor_take(c, 8), 8);
		tcp_stamps_read(&w, &f);
		*turns += 3;
	}
	descriptor_tcp(d, &f);
	return true;
}

/* A port that a tunnel is bound to: the loop asks who that is. */
__attribute__((noinline)) static bool headers_is_tunnel(const struct udp_header *h)
{
	return registry_find(TABLE_UDP_PORT, h->to) || registry_find(TABLE_UDP_PORT, h->from);
}

static inline bool headers_udp(struct cursor *c, struct descriptor *d)
{
	const uint8_t *at = cursor_take(c, UDP_HEADER);
	struct udp_header h;
	struct cursor w;

	if (!at)
		return false;
	w = headers_window(at, UDP_HEADER);
	h = udp_read(&w);
	if (h.length < UDP_HEADER || !cursor_limit(c, h.length - UDP_HEADER) || headers_is_tunnel(&h))
		return false;
	d->tuple.from_port = (uint16_t)h.from;
	d->tuple.to_port = (uint16_t)h.to;
	return true;
}

/* turns: counted work as the loop counts it, one for each layer and each option. All
 * that is not set apart shall be here in one piece. */
__attribute__((flatten)) bool headers_read(const struct frame *f, struct descriptor *d, struct headers *h)
{
	unsigned type, turns = 0;
	struct cursor c;

	if (!f->data)
		return false;
	memset(d, 0, sizeof *d);
	*h = (struct headers){.vlans = 0};
	cursor_init(&c, f->data, f->caplen, f->wirelen);
	if (!headers_link(&c, f, &type, h, &turns))
		return false;
	h->stack = turns > 1 ? HEADERS_VLAN : 0;
	if (!(type == ETHERTYPE_IPV4 ? headers_ipv4(&c, d) : headers_ipv6(&c, d)))
		return false;
	if (d->tuple.proto == PROTO_TCP ? !headers_tcp(&c, d, &turns)
					: d->tuple.proto != PROTO_UDP || !headers_udp(&c, d))
		return false;

	d->ts_ns = f->ts_ns;
	d->payload_len = (uint32_t)cursor_wire_left(&c);
	d->payload_captured = (uint32_t)cursor_left(&c);
	d->payload = d->payload_captured > 0 ? c.pos : NULL;
	d->interface = descriptor_interface(f);
	h->stack |= (type == ETHERTYPE_IPV6 ? HEADERS_IPV6 : 0) | (d->tuple.proto == PROTO_UDP ? HEADERS_UDP : 0);
	h->steps = (uint16_t)(turns + 2);
	return true;
}

bool headers_path(const struct headers *h, struct paths *paths, struct descriptor *d)
{
	struct path path;

	if (h->vlans == 0)
		return true;
	memset(&path, 0, sizeof path);
	path.vlans = h->vlans;
	memcpy(path.vlan, h->vlan, sizeof h->vlan);
	return paths_known(paths, &path, &d->path);
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
