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

enum {
	ETHERNET_HEADER = 14,
	VLAN_HEADER = 4,
	IPV4_PLAIN = 0x45, /* version 4, a header of five words */
	TCP_HEADER_STAMPS = TCP_HEADER_MIN + 12, /* and nothing else, filled up */
};

/* What has not been read yet, of a frame or of what IP says that it carries: here, and on the wire. */
struct rest {
	const uint8_t *at;
	size_t here, wire; /* here <= wire */
};

/* Lend n bytes and step over them; NULL: they are not there. */
static inline const uint8_t *rest_take(struct rest *r, size_t n)
{
	const uint8_t *at = r->at;

	if (n > r->here)
		return NULL;
	r->at += n;
	r->here -= n;
	r->wire -= n;
	return at;
}

/* A length field says that n bytes follow; false: the wire had fewer. */
static inline bool rest_limit(struct rest *r, size_t n)
{
	if (n > r->wire)
		return false;
	r->wire = n;
	r->here = r->here < n ? r->here : n;
	return true;
}

/* All zero, in pieces that become a few moves each. */
static inline void headers_clear(struct descriptor *d)
{
	enum { PIECE = 64 };

	_Static_assert(sizeof *d == 2 * PIECE, "two pieces");
	memset(d, 0, PIECE);
	memset((uint8_t *)d + PIECE, 0, PIECE);
}

/* The transport's header is read: what the frame carries, and what it was.
 * steps: counted work as the loop counts it, one for each layer and each option. */
static inline bool headers_done(const struct rest *r, unsigned stack, unsigned steps, struct descriptor *d,
				struct headers *h)
{
	/* Half of the packets carry something: a jump would be guessed wrong. */
	const uintptr_t some = -(uintptr_t)(r->here > 0);

	d->payload_len = (uint32_t)r->wire;
	d->payload_captured = (uint32_t)r->here;
	d->payload = (const uint8_t *)((uintptr_t)r->at & some);
	h->stack = (uint8_t)stack;
	h->steps = (uint16_t)steps;
	return true;
}

/* ---- what is not in every frame is set apart: the rest shall stay in registers ---- */

/* What SYNs say, in words of four bytes as systems lay it out, of so many bytes that are there. The number of
 * options, or 0: there is something else. */
static inline unsigned headers_usual_options(const uint8_t *at, unsigned n, struct tcp_facts *f)
{
	enum { MSS = OPTION_MSS << 24 | 4 << 16, NOP_WSCALE = 1 << 24 | OPTION_WSCALE << 16 | 3 << 8,
	       SACK_AND = OPTION_SACK_PERMITTED << 24 | 2 << 16, NOP_NOP = 1 << 24 | 1 << 16,
	       THEN_SACK = OPTION_SACK_PERMITTED << 8 | 2, THEN_STAMPS = OPTION_TIMESTAMPS << 8 | 10 };
	unsigned options = 0;

	for (unsigned i = 0; i + 4 <= n; i += 4) {
		uint32_t word = bytes_be32(at + i);

		if ((word & 0xffff0000) == MSS) {
			f->mss = (uint16_t)word;
			f->options |= TCP_HAS_MSS;
			options++;
		} else if ((word & 0xffffff00) == NOP_WSCALE) {
			f->wscale = (uint8_t)word;
			f->options |= TCP_HAS_WSCALE;
			options += 2;
		} else if (word == (NOP_NOP | THEN_SACK)) {
			f->options |= TCP_HAS_SACK_PERMITTED;
			options += 3;
		} else if ((word == (SACK_AND | THEN_STAMPS) || word == (NOP_NOP | THEN_STAMPS)) && i + 12 <= n) {
			f->options |= word == (SACK_AND | THEN_STAMPS) ? TCP_HAS_SACK_PERMITTED : 0;
			options += word == (SACK_AND | THEN_STAMPS) ? 2 : 3;
			tcp_stamps_read(at + i + 4, f);
			i += 8;
		} else {
			return 0;
		}
	}
	return options;
}

/* Any that are common, each as it should be: what is to be said of others is the loop's. */
__attribute__((noinline)) static bool headers_tcp_any_options(struct rest r, unsigned header, unsigned stack, unsigned steps,
							      struct descriptor *d, struct headers *h)
{
	const uint8_t *at = rest_take(&r, header);
	const uint32_t n = header - TCP_HEADER_MIN;
	struct tcp_facts f = {.seq = 0};
	struct budget budget = {n};
	struct tcp_header t;
	struct cursor list;
	struct tlv o;

	if (header < TCP_HEADER_MIN || !at)
		return false;
	t = tcp_read(at, &f);
	cursor_init(&list, at + TCP_HEADER_MIN, n, n);
	while (tlv_next(&list, TLV_OPTION, &budget, &o))
		if (o.type > 1 && !tcp_option_read(o.type, &o.value, &f))
			return false;
	if (list.fault != CURSOR_OK)
		return false;
	d->tuple.from_port = (uint16_t)t.from;
	d->tuple.to_port = (uint16_t)t.to;
	descriptor_tcp(d, &f);
	return headers_done(&r, stack, steps + n - budget.left, d, h);
}

__attribute__((noinline)) static bool headers_tcp_options(struct rest r, unsigned header, unsigned stack, unsigned steps,
							  struct descriptor *d, struct headers *h)
{
	const uint8_t *at = r.at;
	struct tcp_facts f = {.seq = 0};
	struct tcp_header t;
	unsigned options;

	if (header <= TCP_HEADER_MIN || r.here < header)
		return headers_tcp_any_options(r, header, stack, steps, d, h);
	t = tcp_read(at, &f);
	options = headers_usual_options(at + TCP_HEADER_MIN, header - TCP_HEADER_MIN, &f);
	if (!options)
		return headers_tcp_any_options(r, header, stack, steps, d, h);
	(void)rest_take(&r, header);
	d->tuple.from_port = (uint16_t)t.from;
	d->tuple.to_port = (uint16_t)t.to;
	descriptor_tcp(d, &f);
	return headers_done(&r, stack, steps + options, d, h);
}

/* ---- layer by layer ------------------------------------------------------------ */

/* Time stamps alone, laid out as RFC 7323 appendix A recommends, or no option at all: which of the two is nobody's guess, so
 * both are read alike. Others are set apart. */
static inline bool headers_tcp(struct rest r, unsigned stack, unsigned steps, struct descriptor *d, struct headers *h)
{
	static const uint8_t none[TCP_HEADER_STAMPS - TCP_HEADER_MIN];
	const uint32_t laid_out = UINT32_C(1) << 24 | 1 << 16 | OPTION_TIMESTAMPS << 8 | 10;
	const uint8_t *at = r.at, *options;
	struct tcp_facts f = {.seq = 0};
	unsigned header, stamped;
	struct tcp_header t;
	uint32_t mask;

	if (r.here < TCP_HEADER_MIN)
		return false;
	header = tcp_header_len(at);
	options = r.here >= TCP_HEADER_STAMPS ? at + TCP_HEADER_MIN : none;
	stamped = (header == TCP_HEADER_STAMPS) & (bytes_be32(options) == laid_out);
	if (header != TCP_HEADER_MIN + stamped * (TCP_HEADER_STAMPS - TCP_HEADER_MIN))
		return headers_tcp_options(r, header, stack, steps, d, h);
	t = tcp_read(at, &f);
	tcp_stamps_read(options + 4, &f);
	mask = -(uint32_t)stamped;
	f.tsval &= mask;
	f.tsecr &= mask;
	f.options = (uint8_t)(mask & TCP_HAS_TIMESTAMPS);
	r.at += header;
	r.here -= header;
	r.wire -= header;
	d->tuple.from_port = (uint16_t)t.from;
	d->tuple.to_port = (uint16_t)t.to;
	descriptor_tcp_plain(d, &f);
	return headers_done(&r, stack, steps + 3 * stamped, d, h);
}

static inline bool headers_udp(struct rest r, unsigned stack, unsigned steps, struct descriptor *d, struct headers *h)
{
	const uint8_t *at = rest_take(&r, UDP_HEADER);
	struct udp_header u;

	if (!at)
		return false;
	u = udp_read(at);
	if (u.length < UDP_HEADER || !rest_limit(&r, u.length - UDP_HEADER))
		return false;
	if (registry_has_udp_port(u.from) || registry_has_udp_port(u.to)) /* a tunnel: the loop asks which */
		return false;
	d->tuple.from_port = (uint16_t)u.from;
	d->tuple.to_port = (uint16_t)u.to;
	return headers_done(&r, stack | HEADERS_UDP, steps, d, h);
}

static inline bool headers_transport(struct rest r, unsigned proto, unsigned stack, unsigned steps, struct descriptor *d,
				     struct headers *h)
{
	if (proto == PROTO_TCP)
		return headers_tcp(r, stack, steps + 2, d, h);
	return proto == PROTO_UDP && headers_udp(r, stack, steps + 2, d, h);
}

static inline bool headers_ipv4(struct rest r, unsigned stack, unsigned steps, struct descriptor *d, struct headers *h)
{
	const uint8_t *at = rest_take(&r, IPV4_HEADER_MIN);
	struct ipv4_header ip;

	if (!at)
		return false;
	/* A total length below the header's own wraps, and is more than there can be. */
	if (at[0] != IPV4_PLAIN || bytes_be16(at + 6) & (IPV4_MORE | IPV4_OFFSET) ||
	    !rest_limit(&r, (size_t)bytes_be16(at + 2) - IPV4_HEADER_MIN))
		return false;
	ip = ipv4_read(at);
	memcpy(d->tuple.from.b, ip.from, 4);
	memcpy(d->tuple.to.b, ip.to, 4);
	d->tuple.proto = (uint8_t)ip.proto;
	d->tuple.family = FAMILY_IPV4;
	d->ip_id = (uint16_t)ip.id;
	d->ttl = (uint8_t)ip.ttl;
	d->ecn = ip.tos & 3;
	return headers_transport(r, ip.proto, stack, steps, d, h);
}

static inline bool headers_ipv6(struct rest r, unsigned stack, unsigned steps, struct descriptor *d, struct headers *h)
{
	const uint8_t *at = rest_take(&r, IPV6_HEADER);
	struct ipv6_header ip;

	if (!at)
		return false;
	ip = ipv6_read(at);
	if (ip.word >> 28 != 6 || ip.length == 0 || !rest_limit(&r, ip.length))
		return false;
	memcpy(d->tuple.from.b, ip.from, 16);
	memcpy(d->tuple.to.b, ip.to, 16);
	d->tuple.proto = (uint8_t)ip.next;
	d->tuple.family = FAMILY_IPV6;
	d->ttl = (uint8_t)ip.hops;
	d->ecn = ip.word >> 20 & 3;
	return headers_transport(r, ip.next, stack | HEADERS_IPV6, steps, d, h);
}

/* Tags, in the bytes or beside them, and what follows. */
__attribute__((noinline, flatten)) static bool headers_tagged(const struct frame *f, struct rest r, unsigned type,
							      struct descriptor *d, struct headers *h)
{
	unsigned stack = 0, steps = 1;

	if (f->flags & FRAME_VLAN)
		h->vlan[h->vlans++] = f->vlan & 0xfff;
	while (type == ETHERTYPE_VLAN || type == ETHERTYPE_QINQ || type == ETHERTYPE_QINQ_OLD) {
		const uint8_t *at = rest_take(&r, VLAN_HEADER);

		if (!at || h->vlans == HEADERS_VLANS)
			return false;
		h->vlan[h->vlans++] = bytes_be16(at) & 0xfff;
		type = bytes_be16(at + 2);
		stack = HEADERS_VLAN;
		steps++;
	}
	if (type == ETHERTYPE_IPV4)
		return headers_ipv4(r, stack, steps, d, h);
	return type == ETHERTYPE_IPV6 && headers_ipv6(r, stack, steps, d, h);
}

static inline bool headers_frame(const struct frame *f, struct descriptor *d, struct headers *h)
{
	struct rest r = {f->data, f->caplen, f->wirelen};
	const uint8_t *at = rest_take(&r, ETHERNET_HEADER);
	unsigned type;

	if (!at || f->linktype != LINKTYPE_ETHERNET)
		return false;
	if (f->wirelen < f->caplen) /* no source says that */
		return false;
	headers_clear(d);
	d->ts_ns = f->ts_ns;
	d->interface = descriptor_interface(f);
	h->vlans = 0;
	type = bytes_be16(at + 12);
	if (type == ETHERTYPE_IPV4 && !(f->flags & FRAME_VLAN))
		return headers_ipv4(r, 0, 1, d, h);
	if (type == ETHERTYPE_IPV6 && !(f->flags & FRAME_VLAN))
		return headers_ipv6(r, 0, 1, d, h);
	return headers_tagged(f, r, type, d, h);
}

bool headers_read(const struct frame *f, struct descriptor *d, struct headers *h)
{
	return headers_frame(f, d, h);
}

/* All that is not set apart shall be here in one piece. */
__attribute__((flatten)) void headers_read_batch(const struct frame *f, unsigned n, struct descriptor *d,
						 struct headers *h, bool *is)
{
	for (unsigned i = 0; i < n; i++)
		is[i] = headers_frame(&f[i], &d[i], &h[i]);
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
