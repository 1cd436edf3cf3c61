/* The kernel's ring of blocks, walked in place: see ring.h. */
#include "ring.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <string.h>

#include "sockeye/clock.h"

enum {
	/* Of the sockaddr_ll behind the header, as TPACKET_ALIGN() says. */
	RING_LINK_LAYER = (sizeof(struct tpacket3_hdr) + TPACKET_ALIGNMENT - 1) / TPACKET_ALIGNMENT * TPACKET_ALIGNMENT,
	RING_HEAD = RING_LINK_LAYER + sizeof(struct sockaddr_ll),
};

void ring_init(struct ring *r, void *base, size_t block_size, unsigned blocks)
{
	*r = (struct ring){.base = base, .block_size = block_size, .blocks = blocks};
}

static struct tpacket_hdr_v1 *block_head(const struct ring *r)
{
	struct tpacket_block_desc *block = (struct tpacket_block_desc *)(void *)(r->base + r->current * r->block_size);

	return &block->hdr.bh1;
}

bool ring_take(struct ring *r)
{
	struct tpacket_hdr_v1 *head = block_head(r);
	uint32_t status;

	if (r->ours)
		return true;
	status = __atomic_load_n(&head->block_status, __ATOMIC_ACQUIRE);
	if (!(status & TP_STATUS_USER))
		return false;
	r->ours = true;
	r->losing = (status & TP_STATUS_LOSING) != 0;
	r->left = head->num_pkts;
	r->at = head->offset_to_first_pkt;
	return true;
}

/* The block ends here: its packets do not lie where they should. */
static bool ring_damaged(struct ring *r)
{
	r->damaged++;
	r->left = 0;
	return false;
}

bool ring_next(struct ring *r, struct ring_packet *out)
{
	uint8_t *packet;
	struct tpacket3_hdr h;
	struct sockaddr_ll from;
	size_t room;

	if (!r->ours || r->left == 0)
		return false;
	if (r->at < sizeof(struct tpacket_block_desc) || r->at > r->block_size || r->block_size - r->at < RING_HEAD)
		return ring_damaged(r);
	room = r->block_size - r->at;
	packet = r->base + r->current * r->block_size + r->at;
	memcpy(&h, packet, sizeof h);
	memcpy(&from, packet + RING_LINK_LAYER, sizeof from);
	if (h.tp_mac < RING_HEAD || h.tp_mac > room || h.tp_snaplen > room - h.tp_mac)
		return ring_damaged(r);
	*out = (struct ring_packet){
		.link = packet + h.tp_mac,
		.low = packet + RING_HEAD,
		.caplen = h.tp_snaplen,
		.wirelen = h.tp_len > h.tp_snaplen ? h.tp_len : h.tp_snaplen,
		.net = h.tp_net > h.tp_mac ? h.tp_net - (uint32_t)h.tp_mac : 0,
		.ts_ns = (int64_t)h.tp_sec * CLOCK_S + (int64_t)(h.tp_nsec % CLOCK_S),
		.status = h.tp_status,
		.tci = (uint16_t)h.hv1.tp_vlan_tci,
		.tpid = h.hv1.tp_vlan_tpid,
		.ifindex = from.sll_ifindex,
		.hatype = from.sll_hatype,
		.protocol = ntohs(from.sll_protocol),
		.pkttype = from.sll_pkttype,
		.halen = from.sll_halen < sizeof out->address ? from.sll_halen : sizeof out->address,
	};
	memcpy(out->address, from.sll_addr, sizeof out->address);
	if (out->wirelen > INT32_MAX) /* whoever adds a header to it must not come round to 0 */
		out->wirelen = out->caplen;
	if (out->net > out->caplen)
		out->net = out->caplen;
	r->left--;
	if (r->left > 0) {
		/* Zero would be this packet once more, and for ever. */
		if (h.tp_next_offset < RING_HEAD || h.tp_next_offset > room)
			(void)ring_damaged(r);
		else
			r->at += h.tp_next_offset;
	}
	return true;
}

void ring_give(struct ring *r)
{
	if (!r->ours)
		return;
	r->ours = false;
	r->left = 0;
	__atomic_store_n(&block_head(r)->block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
	r->current = r->current + 1 < r->blocks ? r->current + 1 : 0;
}
