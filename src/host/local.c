/* sock_diag's messages about UNIX, packet and netlink sockets.
 *
 * Names of UNIX sockets are foreign bytes, not ended by a zero; the first is zero
 * where the name is an abstract one. A filter is seen by CAP_NET_ADMIN alone;
 * others get an empty one, which says nothing.
 */
#include "host_private.h"

#include <linux/netlink_diag.h>
#include <linux/packet_diag.h>
#include <linux/unix_diag.h>
#include <string.h>
#include <sys/socket.h>

enum { LOCAL_FILTER_STEP = 8 }; /* bytes of an instruction */

/* Two words, the lower first. */
static uint64_t cookie(struct cursor *c)
{
	uint32_t low = native_u32(c);

	return (uint64_t)native_u32(c) << 32 | low;
}

static void unix_waiting(struct cursor value, struct socket_record *out, struct host_waiting *w)
{
	if (out->un.waitings == 0) /* said twice, which no kernel does: it goes on */
		out->un.waiting = w->n;
	while (cursor_left(&value) >= 4) {
		uint32_t inode = native_u32(&value);

		if (w->n == w->most || out->un.waitings == UINT16_MAX) {
			w->forgotten++;
			continue;
		}
		w->at[w->n++] = inode;
		out->un.waitings++;
	}
}

static void unix_attribute(uint16_t type, struct cursor value, struct socket_record *out, struct host_waiting *w)
{
	const size_t n = cursor_left(&value);

	switch (type) {
	case UNIX_DIAG_NAME:
		out->un.name_len = (uint8_t)(n < SOCKET_NAME ? n : SOCKET_NAME);
		cursor_copy(&value, out->un.name, out->un.name_len);
		break;
	case UNIX_DIAG_VFS:
		if (n < 8)
			break;
		out->un.file = native_u32(&value);
		out->un.device = native_u32(&value);
		out->has |= SOCKET_HAS_FILE;
		break;
	case UNIX_DIAG_PEER:
		if (n < 4)
			break;
		out->peer = native_u32(&value);
		out->has |= SOCKET_HAS_PEER;
		break;
	case UNIX_DIAG_ICONS:
		unix_waiting(value, out, w);
		break;
	case UNIX_DIAG_RQLEN:
		if (n < 8)
			break;
		out->receive_queue = native_u32(&value);
		out->send_queue = native_u32(&value);
		out->has |= SOCKET_HAS_QUEUES;
		break;
	case UNIX_DIAG_MEMINFO:
		host_parse_memory(value, out);
		break;
	case UNIX_DIAG_SHUTDOWN:
		if (n < 1)
			break;
		out->shutdown = value.pos[0];
		out->has |= SOCKET_HAS_SHUTDOWN;
		break;
	case UNIX_DIAG_UID:
		if (n < 4)
			break;
		out->uid = native_u32(&value);
		out->has |= SOCKET_HAS_UID;
		break;
	default:
		break;
	}
}

bool host_parse_unix(const uint8_t *bytes, size_t n, struct socket_record *out, struct host_waiting *w)
{
	struct cursor c, value;
	uint16_t type;
	uint8_t family;

	memset(out, 0, sizeof *out);
	cursor_init(&c, bytes, n, n);
	family = cursor_u8(&c);
	out->family = SOCKET_UNIX;
	out->type = cursor_u8(&c);
	out->state = cursor_u8(&c);
	cursor_skip(&c, 1);
	out->inode = native_u32(&c);
	out->cookie = cookie(&c);
	if (c.fault != CURSOR_OK || family != AF_UNIX || out->state == 0 || out->state >= SOCKET_STATES)
		return false;
	out->has = SOCKET_HAS_COOKIE;
	while (netlink_attribute(&c, &type, &value))
		unix_attribute(type, value, out, w);
	return true;
}

static void packet_ring(struct cursor value, struct socket_record *out)
{
	if (cursor_left(&value) < 8)
		return;
	out->packet.ring_block_size = native_u32(&value);
	out->packet.ring_blocks = native_u32(&value);
	out->has |= SOCKET_HAS_RING;
}

/* Each place of the list: interface, count, type, length, 32 bytes of address. */
static void packet_lists(struct cursor value, struct socket_record *out)
{
	while (cursor_left(&value) >= 44) {
		uint32_t count;

		cursor_skip(&value, 4);
		count = native_u32(&value);
		if (native_u16(&value) == 1 && count > 0) /* PACKET_MR_PROMISC */
			out->packet.promiscuous++;
		cursor_skip(&value, 34);
	}
}

static void packet_attribute(uint16_t type, struct cursor value, struct socket_record *out)
{
	const size_t n = cursor_left(&value);

	switch (type) {
	case PACKET_DIAG_INFO:
		if (n < 24)
			break;
		out->interface = native_u32(&value);
		cursor_skip(&value, 16);
		out->packet.flags = native_u32(&value);
		out->packet.running = (out->packet.flags & PDI_RUNNING) != 0;
		break;
	case PACKET_DIAG_MCLIST:
		packet_lists(value, out);
		break;
	case PACKET_DIAG_RX_RING:
		packet_ring(value, out);
		break;
	case PACKET_DIAG_FANOUT:
		if (n < 4)
			break;
		out->packet.fanout = native_u32(&value);
		out->has |= SOCKET_HAS_FANOUT;
		break;
	case PACKET_DIAG_UID:
		if (n < 4)
			break;
		out->uid = native_u32(&value);
		out->has |= SOCKET_HAS_UID;
		break;
	case PACKET_DIAG_MEMINFO:
		host_parse_memory(value, out);
		out->receive_queue = out->memory[SOCKET_RECEIVE];
		out->has |= SOCKET_HAS_QUEUES;
		break;
	case PACKET_DIAG_FILTER:
		if (n < LOCAL_FILTER_STEP)
			break;
		out->packet.filter = (uint16_t)(n / LOCAL_FILTER_STEP);
		out->has |= SOCKET_HAS_FILTER;
		break;
	default:
		break;
	}
}

bool host_parse_packet(const uint8_t *bytes, size_t n, struct socket_record *out)
{
	struct cursor c, value;
	uint16_t type;
	uint8_t family;

	memset(out, 0, sizeof *out);
	cursor_init(&c, bytes, n, n);
	family = cursor_u8(&c);
	out->family = SOCKET_PACKET;
	out->type = cursor_u8(&c);
	out->packet.protocol = native_u16(&c); /* host order already */
	out->inode = native_u32(&c);
	out->cookie = cookie(&c);
	if (c.fault != CURSOR_OK || family != AF_PACKET)
		return false;
	out->state = SOCKET_CLOSED;
	out->has = SOCKET_HAS_COOKIE;
	while (netlink_attribute(&c, &type, &value))
		packet_attribute(type, value, out);
	return true;
}

static void netlink_attribute_of(uint16_t type, struct cursor value, struct socket_record *out)
{
	switch (type) {
	case NETLINK_DIAG_MEMINFO:
		host_parse_memory(value, out);
		out->receive_queue = out->memory[SOCKET_RECEIVE];
		out->send_queue = out->memory[SOCKET_SEND];
		out->has |= SOCKET_HAS_QUEUES;
		break;
	case NETLINK_DIAG_GROUPS:
		if (cursor_left(&value) >= 4)
			out->netlink.groups = native_u32(&value);
		break;
	case NETLINK_DIAG_FLAGS:
		if (cursor_left(&value) >= 4)
			out->netlink.flags = native_u32(&value);
		break;
	default:
		break;
	}
}

bool host_parse_netlink(const uint8_t *bytes, size_t n, struct socket_record *out)
{
	struct cursor c, value;
	uint16_t type;
	uint8_t family;

	memset(out, 0, sizeof *out);
	cursor_init(&c, bytes, n, n);
	family = cursor_u8(&c);
	out->family = SOCKET_NETLINK;
	out->type = cursor_u8(&c);
	out->proto = cursor_u8(&c);
	cursor_skip(&c, 1);
	out->netlink.portid = native_u32(&c);
	cursor_skip(&c, 8);
	out->inode = native_u32(&c);
	out->cookie = cookie(&c);
	if (c.fault != CURSOR_OK || family != AF_NETLINK)
		return false;
	out->state = SOCKET_CLOSED;
	out->has = SOCKET_HAS_COOKIE;
	while (netlink_attribute(&c, &type, &value))
		netlink_attribute_of(type, value, out);
	return true;
}
