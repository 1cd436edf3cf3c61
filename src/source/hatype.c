/* What the bytes of an interface are: see hatype.h.
 *
 * The link types are those that libpcap gives the same interfaces, so that both
 * back ends show the same. What has no link header of use (PPP, GRE, InfiniBand)
 * is cooked there and here: the network layer behind a header of our making,
 *
 *   SLL    | pkttype 2 | hatype 2 | halen 2 | address 8 | protocol 2 |
 *   SLL2   | protocol 2 | 0 2 | ifindex 4 | hatype 2 | pkttype 1 | halen 1 | address 8 |
 *
 * written over the link header and the room before it: the kernel places the
 * network header at TPACKET_ALIGN(68 + 16 or more), 28 bytes behind its own.
 */
#include "hatype.h"

#include <linux/if_arp.h>
#include <linux/if_packet.h>
#include <string.h>

enum {
	SLL_BYTES = 16,
	SLL2_BYTES = 20,
	TAG_BYTES = 4,
	MACS = 12,                /* the tag is behind both addresses */
	TPID_DEFAULT = 0x8100,    /* kernels before 3.14 do not say which */
	HATYPE_RAWIP = 519,       /* ARPHRD_RAWIP, younger than some headers */
	HATYPE_IP6GRE = 823,
};

int hatype_linktype(unsigned hatype, bool any)
{
	switch (hatype) {
	case ARPHRD_ETHER:
	case ARPHRD_LOOPBACK:
		return LINKTYPE_ETHERNET;
	case ARPHRD_NONE:
	case ARPHRD_TUNNEL:
	case ARPHRD_SIT:
	case HATYPE_RAWIP:
		return LINKTYPE_RAW;
	case ARPHRD_PPP:
	case ARPHRD_TUNNEL6:
	case ARPHRD_IPGRE:
	case HATYPE_IP6GRE:
	case ARPHRD_INFINIBAND:
		return any ? LINKTYPE_LINUX_SLL2 : LINKTYPE_LINUX_SLL;
	default:
		return any ? LINKTYPE_LINUX_SLL2 : -1;
	}
}

static uint8_t *put16(uint8_t *at, unsigned v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
	return at + 2;
}

static uint8_t *put_address(uint8_t *at, const struct ring_packet *p)
{
	memset(at, 0, sizeof p->address);
	memcpy(at, p->address, p->halen);
	return at + sizeof p->address;
}

/* The network layer behind a header of ours. */
static void hatype_cook(struct frame *f, struct ring_packet *p)
{
	const bool two = f->linktype == LINKTYPE_LINUX_SLL2;
	const size_t header = two ? SLL2_BYTES : SLL_BYTES;
	uint8_t *at = p->link + p->net;

	if ((size_t)(at - p->low) < header) /* cannot be: see above */
		return;
	at -= header;
	p->link = at;
	p->caplen += (uint32_t)header - p->net;
	p->wirelen += (uint32_t)header - p->net;
	p->net = (uint32_t)header;
	if (two) {
		at = put16(at, p->protocol);
		at = put16(at, 0);
		at = put16(at, (unsigned)p->ifindex >> 16);
		at = put16(at, (unsigned)p->ifindex & 0xffff);
		at = put16(at, p->hatype);
		*at++ = p->pkttype;
		*at++ = p->halen;
		(void)put_address(at, p);
	} else {
		at = put16(at, p->pkttype);
		at = put16(at, p->hatype);
		at = put16(at, p->halen);
		at = put_address(at, p);
		(void)put16(at, p->protocol);
	}
}

static void hatype_tag(struct frame *f, struct ring_packet *p)
{
	f->vlan = p->tci;
	f->vlan_tpid = p->status & TP_STATUS_VLAN_TPID_VALID ? p->tpid : TPID_DEFAULT;
	if (f->linktype != LINKTYPE_ETHERNET || p->caplen < MACS || p->link - p->low < TAG_BYTES) {
		f->flags |= FRAME_VLAN;
		return;
	}
	memmove(p->link - TAG_BYTES, p->link, MACS);
	p->link -= TAG_BYTES;
	(void)put16(put16(p->link + MACS, f->vlan_tpid), f->vlan);
	p->caplen += TAG_BYTES;
	p->wirelen += TAG_BYTES;
}

void hatype_frame(struct frame *f, struct ring_packet *p, uint32_t snaplen)
{
	f->flags = p->pkttype == PACKET_OUTGOING ? FRAME_OUTGOING : FRAME_INCOMING;
	if (p->status & TP_STATUS_CSUMNOTREADY)
		f->flags |= FRAME_CHECKSUM_NOT_READY;
	else if (p->status & TP_STATUS_CSUM_VALID)
		f->flags |= FRAME_CHECKSUM_VALID;
	if (f->linktype == LINKTYPE_LINUX_SLL || f->linktype == LINKTYPE_LINUX_SLL2)
		hatype_cook(f, p);
	if (p->status & TP_STATUS_VLAN_VALID)
		hatype_tag(f, p);
	f->data = p->link;
	f->caplen = p->caplen < snaplen ? p->caplen : snaplen;
	f->wirelen = p->wirelen;
}
