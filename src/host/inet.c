/* sock_diag's messages about TCP, UDP and raw sockets: a fixed part and attributes.
 *
 * The fixed part is struct inet_diag_msg of linux/inet_diag.h, read here field by
 * field: ports and addresses in network order, all else in the machine's. tcp_info
 * grows from kernel to kernel: what this one has is taken, the rest stays zero.
 * Attributes that are shorter than they must be are not taken.
 */
#include "host_private.h"

#include <linux/tcp.h>
#include <string.h>
#include <sys/socket.h>

/* linux/inet_diag.h; headers older than the kernel lack the last. */
enum { INET_INFO = 2, INET_CONG = 4, INET_TOS = 5, INET_TCLASS = 6, INET_SKMEMINFO = 7, INET_SHUTDOWN = 8,
       INET_SKV6ONLY = 11, INET_MARK = 15, INET_CLASS_ID = 17, INET_CGROUP_ID = 21 };
enum { INET_OWN_WINDOW = 240, INET_REHASH = 244 }; /* of tcp_info, since Linux 6.2 */

void host_parse_memory(struct cursor value, struct socket_record *out)
{
	for (unsigned i = 0; i < SOCKET_MEMORY && cursor_left(&value) >= 4; i++) {
		out->memory[i] = native_u32(&value);
		out->has |= i == SOCKET_DROPS ? SOCKET_HAS_DROPS : i == SOCKET_BACKLOG ? SOCKET_HAS_MEMORY : 0U;
	}
}

static bool address_mapped(const struct address *a)
{
	static const uint8_t before[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

	return memcmp(a->b, before, sizeof before) == 0;
}

static void address_unmap(struct endpoint *e)
{
	struct address a = {{0}};

	memcpy(a.b, e->ip.b + 12, 4);
	e->ip = a;
	e->family = FAMILY_IPV4;
}

void host_unmap(struct socket_record *s)
{
	if (s->family != SOCKET_INET6 || !address_mapped(&s->local.ip))
		return;
	address_unmap(&s->local);
	if (s->remote.family != FAMILY_NONE)
		address_unmap(&s->remote); /* mapped too, or "::", whose last four bytes are as good */
	s->mapped = true;
}

static bool endpoint_empty(const struct endpoint *e)
{
	static const struct address none;

	return e->port == 0 && memcmp(&e->ip, &none, sizeof none) == 0;
}

static void parse_tcp(struct cursor value, struct socket_record *out)
{
	struct socket_tcp *t = &out->tcp;
	struct tcp_info i;
	uint8_t newer[INET_REHASH + 4] = {0};
	size_t n = cursor_left(&value);
	const uint8_t *bytes = cursor_take(&value, n);

	if (!bytes || n < 104) /* as long as it was in Linux 2.6 */
		return;
	memset(&i, 0, sizeof i);
	memcpy(&i, bytes, n < sizeof i ? n : sizeof i);
	memcpy(newer, bytes, n < sizeof newer ? n : sizeof newer);
	out->has |= SOCKET_HAS_TCP;
	*t = (struct socket_tcp){
		.pacing_rate = i.tcpi_pacing_rate, .max_pacing_rate = i.tcpi_max_pacing_rate,
		.bytes_acked = i.tcpi_bytes_acked, .bytes_received = i.tcpi_bytes_received,
		.delivery_rate = i.tcpi_delivery_rate, .busy_us = i.tcpi_busy_time,
		.window_limited_us = i.tcpi_rwnd_limited, .buffer_limited_us = i.tcpi_sndbuf_limited,
		.bytes_sent = i.tcpi_bytes_sent, .bytes_retransmitted = i.tcpi_bytes_retrans,
		.rto_us = i.tcpi_rto, .ato_us = i.tcpi_ato, .mss = i.tcpi_snd_mss, .receive_mss = i.tcpi_rcv_mss,
		.unacked = i.tcpi_unacked, .sacked = i.tcpi_sacked, .lost = i.tcpi_lost, .retransmitted = i.tcpi_retrans,
		.fackets = i.tcpi_fackets, .last_sent_ms = i.tcpi_last_data_sent, .last_received_ms = i.tcpi_last_data_recv,
		.last_ack_ms = i.tcpi_last_ack_recv, .mtu = i.tcpi_pmtu, .receive_ssthresh = i.tcpi_rcv_ssthresh,
		.rtt_us = i.tcpi_rtt, .rtt_variation_us = i.tcpi_rttvar, .ssthresh = i.tcpi_snd_ssthresh,
		.cwnd = i.tcpi_snd_cwnd, .advertised_mss = i.tcpi_advmss, .reordering = i.tcpi_reordering,
		.receive_rtt_us = i.tcpi_rcv_rtt, .receive_space = i.tcpi_rcv_space,
		.total_retransmissions = i.tcpi_total_retrans, .segments_out = i.tcpi_segs_out,
		.segments_in = i.tcpi_segs_in, .unsent = i.tcpi_notsent_bytes, .min_rtt_us = i.tcpi_min_rtt,
		.data_segments_in = i.tcpi_data_segs_in, .data_segments_out = i.tcpi_data_segs_out,
		.delivered = i.tcpi_delivered, .delivered_ce = i.tcpi_delivered_ce, .dsacks = i.tcpi_dsack_dups,
		.reordered = i.tcpi_reord_seen, .out_of_order = i.tcpi_rcv_ooopack, .peer_window = i.tcpi_snd_wnd,
		.congestion_state = i.tcpi_ca_state, .retransmits = i.tcpi_retransmits, .probes = i.tcpi_probes,
		.backoff = i.tcpi_backoff, .options = i.tcpi_options, .send_scale = i.tcpi_snd_wscale,
		.receive_scale = i.tcpi_rcv_wscale, .limited_by_program = i.tcpi_delivery_rate_app_limited,
	};
	memcpy(&t->own_window, newer + INET_OWN_WINDOW, 4);
	memcpy(&t->rehashes, newer + INET_REHASH, 4);
}

static void parse_attribute(uint16_t type, struct cursor value, struct socket_record *out)
{
	const size_t n = cursor_left(&value);

	switch (type) {
	case INET_INFO:
		if (out->proto == PROTO_TCP && out->state != SOCKET_LISTEN) /* whose numbers mean nothing, or the queue again */
			parse_tcp(value, out);
		break;
	case INET_CONG:
		for (size_t i = 0; i + 1 < sizeof out->congestion && i < n && value.pos[i]; i++)
			out->congestion[i] = (char)value.pos[i];
		break;
	case INET_TOS:
	case INET_TCLASS:
	case INET_SHUTDOWN:
	case INET_SKV6ONLY:
		if (n < 1)
			break;
		if (type == INET_TOS)
			out->tos = value.pos[0], out->has |= SOCKET_HAS_TOS;
		else if (type == INET_TCLASS)
			out->tclass = value.pos[0], out->has |= SOCKET_HAS_TCLASS;
		else if (type == INET_SHUTDOWN)
			out->shutdown = value.pos[0], out->has |= SOCKET_HAS_SHUTDOWN;
		else
			out->only_ipv6 = value.pos[0] != 0, out->has |= SOCKET_HAS_ONLY_IPV6;
		break;
	case INET_SKMEMINFO:
		host_parse_memory(value, out);
		break;
	case INET_MARK:
	case INET_CLASS_ID:
		if (n < 4)
			break;
		if (type == INET_MARK)
			out->mark = native_u32(&value), out->has |= SOCKET_HAS_MARK;
		else
			out->class_id = native_u32(&value), out->has |= SOCKET_HAS_CLASS;
		break;
	case INET_CGROUP_ID:
		if (n >= 8) {
			cursor_copy(&value, &out->cgroup_id, 8);
			out->has |= SOCKET_HAS_CGROUP;
		}
		break;
	default:
		break;
	}
}

bool host_parse_inet(const uint8_t *bytes, size_t n, uint8_t proto, struct socket_record *out)
{
	struct cursor c, value;
	uint32_t low;
	uint16_t type;
	uint8_t family;

	memset(out, 0, sizeof *out);
	cursor_init(&c, bytes, n, n);
	family = cursor_u8(&c);
	out->proto = proto;
	out->state = cursor_u8(&c);
	out->timer = cursor_u8(&c);
	out->retransmits = cursor_u8(&c);
	out->local.port = cursor_be16(&c);
	out->remote.port = cursor_be16(&c);
	cursor_copy(&c, out->local.ip.b, 16);
	cursor_copy(&c, out->remote.ip.b, 16);
	out->interface = native_u32(&c);
	low = native_u32(&c);
	out->cookie = (uint64_t)native_u32(&c) << 32 | low;
	out->timer_ms = native_u32(&c);
	out->receive_queue = native_u32(&c);
	out->send_queue = native_u32(&c);
	out->uid = native_u32(&c);
	out->inode = native_u32(&c);
	if (c.fault != CURSOR_OK || (family != AF_INET && family != AF_INET6) || out->state == 0 || out->state >= SOCKET_STATES)
		return false;
	out->has = SOCKET_HAS_QUEUES | SOCKET_HAS_COOKIE | SOCKET_HAS_TIMER | (out->inode ? (unsigned)SOCKET_HAS_UID : 0U);
	out->family = family == AF_INET ? SOCKET_INET : SOCKET_INET6;
	out->local.family = out->remote.family = family == AF_INET ? FAMILY_IPV4 : FAMILY_IPV6;
	if (family == AF_INET) {
		memset(out->local.ip.b + 4, 0, 12);
		memset(out->remote.ip.b + 4, 0, 12);
	}
	if (proto == SOCKET_PROTO_RAW) { /* its "port" is the protocol */
		out->raw_protocol = (uint8_t)out->local.port;
		out->local.port = out->remote.port = 0;
	} else {
		out->local.has_port = out->remote.has_port = true;
	}
	if (endpoint_empty(&out->remote))
		out->remote.family = FAMILY_NONE;
	host_unmap(out);
	while (netlink_attribute(&c, &type, &value))
		parse_attribute(type, value, out);
	return true;
}
