/* The ring of SYNs: see syn_ring.h.
 *
 * A cooked socket, so that its filter and its bytes begin at the network header whatever the link:
 *
 *     IPv4   protocol TCP, no later fragment, SYN without ACK
 *     IPv6   next header TCP, SYN without ACK; behind extension headers nobody looks
 *
 * The filter is asked about every frame of the interface, and takes few of them.
 */
#include "syn_ring.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sockeye/clock.h"
#include "sockeye/cursor.h"

enum {
	SYN_ADDRESS = (sizeof(struct tpacket3_hdr) + TPACKET_ALIGNMENT - 1) / TPACKET_ALIGNMENT * TPACKET_ALIGNMENT,
	SYN_HEAD = SYN_ADDRESS + sizeof(struct sockaddr_ll),
	SYN_KEPT = 128, /* bytes of each */
	SYN_FLAGS = 0x12, SYN_ALONE = 0x02,
};

#define LOAD(size, where) {BPF_LD | (size) | BPF_ABS, 0, 0, (uint32_t)(where)}
#define EQUAL(value, yes, no) {BPF_JMP | BPF_JEQ | BPF_K, yes, no, value}
#define RETURN(n) {BPF_RET | BPF_K, 0, 0, n}

static const struct sock_filter syn_filter[] = {
	LOAD(BPF_H, SKF_AD_OFF + SKF_AD_PROTOCOL),
	EQUAL(ETH_P_IP, 0, 9),
	LOAD(BPF_B, 9), EQUAL(PROTO_TCP, 0, 13),
	LOAD(BPF_H, 6), {BPF_JMP | BPF_JSET | BPF_K, 11, 0, 0x1fff},
	{BPF_LDX | BPF_B | BPF_MSH, 0, 0, 0},
	{BPF_LD | BPF_B | BPF_IND, 0, 0, 13}, {BPF_ALU | BPF_AND | BPF_K, 0, 0, SYN_FLAGS}, EQUAL(SYN_ALONE, 0, 7),
	RETURN(SYN_KEPT),
	EQUAL(ETH_P_IPV6, 0, 5),
	LOAD(BPF_B, 6), EQUAL(PROTO_TCP, 0, 3),
	LOAD(BPF_B, 40 + 13), {BPF_ALU | BPF_AND | BPF_K, 0, 0, SYN_FLAGS}, EQUAL(SYN_ALONE, 1, 0),
	RETURN(0), RETURN(SYN_KEPT),
};
static const struct sock_filter syn_nothing[] = {RETURN(0)};

/* ---- open ------------------------------------------------------------------------------------- */

static int syn_attach(int fd, const struct sock_filter *program, size_t n)
{
	struct sock_fprog f = {.len = (unsigned short)n, .filter = (struct sock_filter *)(uintptr_t)program};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &f, sizeof f) == 0 ? 0 : -errno;
}

/* The filter before it is bound, so that no other frame gets in. */
static int syn_set_up(struct syn_ring *r, unsigned interface)
{
	const int version = TPACKET_V3;
	const struct tpacket_req3 ring = {
		.tp_block_size = SYN_RING_BLOCK, .tp_block_nr = SYN_RING_BLOCKS, .tp_frame_size = SYN_RING_FRAME,
		.tp_frame_nr = SYN_RING_BLOCK / SYN_RING_FRAME * SYN_RING_BLOCKS, .tp_retire_blk_tov = SYN_RING_RETIRE_MS,
	};
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)interface};
	void *base;
	int rc = syn_attach(r->fd, syn_filter, sizeof syn_filter / sizeof *syn_filter);

	if (rc < 0)
		return rc;
	if (setsockopt(r->fd, SOL_PACKET, PACKET_VERSION, &version, sizeof version) != 0 ||
	    setsockopt(r->fd, SOL_PACKET, PACKET_RX_RING, &ring, sizeof ring) != 0)
		return -errno;
	base = mmap(NULL, (size_t)SYN_RING_BLOCK * SYN_RING_BLOCKS, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, 0);
	if (base == MAP_FAILED)
		return -errno;
	r->base = base;
	return bind(r->fd, (const struct sockaddr *)&at, sizeof at) == 0 ? 0 : -errno;
}

int syn_ring_open(struct syn_ring *r, unsigned interface, struct error *e)
{
	int rc;

	*r = (struct syn_ring){.fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
	rc = r->fd < 0 ? -errno : syn_set_up(r, interface);
	if (rc == 0)
		return 0;
	syn_ring_close(r);
	return error_set(e, -rc, rc == -EPERM ? "a socket is not looked up when its SYN is seen: needs CAP_NET_RAW (%s)"
					      : "a socket is not looked up when its SYN is seen: no ring for SYNs: %s",
			 strerror(-rc));
}

void syn_ring_close(struct syn_ring *r)
{
	if (r->base)
		(void)munmap(r->base, (size_t)SYN_RING_BLOCK * SYN_RING_BLOCKS);
	if (r->fd >= 0)
		(void)close(r->fd);
	*r = (struct syn_ring){.fd = -1};
}

int syn_ring_everywhere(struct syn_ring *r)
{
	const struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};

	return bind(r->fd, (const struct sockaddr *)&at, sizeof at) == 0 ? 0 : -errno;
}

int syn_ring_pause(struct syn_ring *r, bool pause)
{
	return pause ? syn_attach(r->fd, syn_nothing, 1) : syn_attach(r->fd, syn_filter, sizeof syn_filter / sizeof *syn_filter);
}

/* ---- packets ------------------------------------------------------------------------------------ */

bool syn_parse(const uint8_t *bytes, size_t n, struct tuple *out)
{
	struct cursor c;
	uint8_t first, flags;
	size_t rest;

	memset(out, 0, sizeof *out);
	cursor_init(&c, bytes, n, n);
	first = cursor_u8(&c);
	out->proto = PROTO_TCP;
	if (first >> 4 == 4) {
		out->family = FAMILY_IPV4;
		cursor_skip(&c, 8);
		if ((first & 0xf) < 5 || cursor_u8(&c) != PROTO_TCP)
			return false;
		cursor_skip(&c, 2);
		cursor_copy(&c, out->from.b, 4);
		cursor_copy(&c, out->to.b, 4);
		rest = (size_t)(first & 0xf) * 4 - 20;
		cursor_skip(&c, rest);
	} else {
		out->family = FAMILY_IPV6;
		cursor_skip(&c, 5);
		if (first >> 4 != 6 || cursor_u8(&c) != PROTO_TCP)
			return false;
		cursor_skip(&c, 1);
		cursor_copy(&c, out->from.b, 16);
		cursor_copy(&c, out->to.b, 16);
	}
	out->from_port = cursor_be16(&c);
	out->to_port = cursor_be16(&c);
	cursor_skip(&c, 9);
	flags = cursor_u8(&c);
	return c.fault == CURSOR_OK && (flags & SYN_FLAGS) == SYN_ALONE;
}

static bool syn_of(const struct tpacket3_hdr *h, const struct sockaddr_ll *from, const uint8_t *bytes, struct syn *out)
{
	const bool loopback = from->sll_hatype == ARPHRD_LOOPBACK, sent = from->sll_pkttype == PACKET_OUTGOING;

	if (loopback && !sent)
		return false; /* the other half */
	*out = (struct syn){
		.ts_ns = (int64_t)h->tp_sec * CLOCK_S + (int64_t)(h->tp_nsec % CLOCK_S),
		.interface = (uint32_t)from->sll_ifindex,
		.way = loopback ? SYN_LOOPBACK : sent ? SYN_SENT_HERE : SYN_CAME_HERE,
	};
	return syn_parse(bytes, h->tp_snaplen, &out->tuple);
}

unsigned syn_ring_block(struct syn_ring *r, const uint8_t *block, void (*each)(void *arg, const struct syn *s), void *arg)
{
	struct tpacket_block_desc d;
	size_t at;
	uint32_t left;

	memcpy(&d, block, sizeof d);
	at = d.hdr.bh1.offset_to_first_pkt;
	for (left = d.hdr.bh1.num_pkts; left > 0; left--) {
		const size_t room = at < SYN_RING_BLOCK ? SYN_RING_BLOCK - at : 0;
		struct tpacket3_hdr h;
		struct sockaddr_ll from;
		struct syn s;

		if (at < sizeof d || room < SYN_HEAD)
			break;
		memcpy(&h, block + at, sizeof h);
		memcpy(&from, block + at + SYN_ADDRESS, sizeof from);
		if (h.tp_net < SYN_HEAD || h.tp_net > room || h.tp_snaplen > room - h.tp_net)
			break;
		if (syn_of(&h, &from, block + at + h.tp_net, &s))
			each(arg, &s);
		if (left > 1 && (h.tp_next_offset < SYN_HEAD || h.tp_next_offset > room)) /* zero: this one for ever */
			break;
		at += h.tp_next_offset;
	}
	r->damaged += left;
	return d.hdr.bh1.num_pkts - left;
}

unsigned syn_ring_read(struct syn_ring *r, int64_t budget_ns, void (*each)(void *arg, const struct syn *s), void *arg)
{
	const int64_t until = clock_monotonic_ns() + budget_ns;
	unsigned n = 0;

	for (unsigned i = 0; r->base && i < SYN_RING_BLOCKS; i++) { /* all of it once: whoever is slower comes again */
		uint8_t *block = r->base + (size_t)r->current * SYN_RING_BLOCK;
		uint32_t *status = &((struct tpacket_block_desc *)(void *)block)->hdr.bh1.block_status;

		if (!(__atomic_load_n(status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
			break;
		n += syn_ring_block(r, block, each, arg);
		__atomic_store_n(status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
		r->current = (r->current + 1) % SYN_RING_BLOCKS;
		if (clock_monotonic_ns() > until)
			break;
	}
	return n;
}
