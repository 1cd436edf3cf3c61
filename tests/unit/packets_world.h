/* Answers about packets, made by hand: what the screen gets to draw. */
#ifndef PACKETS_WORLD_H
#define PACKETS_WORLD_H

#include <stdio.h>
#include <string.h>

#include "sockeye/clock.h"
#include "tui/look.h"

#define WORLD_BEGIN (INT64_C(1795262400) * CLOCK_S) /* 2026-11-21 12:00:00 */

static const uint8_t world_frame[] = {
	0x02, 0x00, 0x00, 0x00, 0x00, 0x02, 0x02, 0x00, 0x00, 0x00, 0x00, 0x01, 0x08, 0x00, 0x45, 0x00,
	0x02, 0x39, 0x1a, 0x2b, 0x40, 0x00, 0x40, 0x06, 0x92, 0xce, 0x0a, 0x09, 0x00, 0x01, 0x5d, 0xb8,
	0xd7, 0x0e, 0xc9, 0x58, 0x01, 0xbb, 0xad, 0xb0, 0x48, 0x54, 0x31, 0x0f, 0x22, 0x01, 0x80, 0x18,
	0x01, 0xf6, 0x3e, 0x11, 0x00, 0x00, 0x01, 0x01, 0x08, 0x0a, 0x00, 0x01, 0x3c, 0x6a, 0x00, 0x00,
	0xd7, 0x4d, 0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03, 0x5b, 0x9d, 0x02,
};

static inline struct packet_row *world_row(struct answer *a, unsigned side, int64_t us, unsigned flags, const char *line)
{
	struct packet_row *r = &a->packets.row[a->packets.rows++];
	struct endpoint client = {{{10, 9, 0, 1}}, 51544, FAMILY_IPV4, true};
	struct endpoint server = {{{93, 184, 215, 14}}, 443, FAMILY_IPV4, true};

	memset(r, 0, sizeof *r);
	r->number = a->packets.rows;
	r->flow = 2;
	r->ts_ns = WORLD_BEGIN + us * CLOCK_US;
	r->side = (uint8_t)side;
	r->from = side ? server : client;
	r->to = side ? client : server;
	r->is_tcp = r->seq_known = r->ack_known = true;
	r->flags = (uint16_t)flags;
	r->window = 502;
	r->room = flags & TCP_SYN ? 502 : 64256;
	r->seq_from_isn = r->ack_from_isn = flags & TCP_SYN ? 0 : 1;
	r->wirelen = r->caplen = 66;
	r->rtt_ns = -1;
	(void)snprintf(r->protocol, sizeof r->protocol, "tcp");
	(void)snprintf(r->line, sizeof r->line, "%s", line);
	a->packets.matched = a->packets.total = a->packets.rows;
	a->packets.counted = true;
	return r;
}

static inline struct detail_line *world_line(struct answer *a, unsigned depth, const char *key, const char *title, const char *text,
				      unsigned off, unsigned len, uint64_t num)
{
	struct packet_detail *d = &a->packets.detail;
	struct detail_line *line = &d->line[d->lines++];

	memset(line, 0, sizeof *line);
	line->depth = (uint8_t)depth;
	line->off = off;
	line->len = len;
	line->num = num;
	(void)snprintf(line->key, sizeof line->key, "%s", key);
	(void)snprintf(line->title, sizeof line->title, "%s", title);
	(void)snprintf(line->text, sizeof line->text, "%s", text);
	return line;
}

/* The fourth packet of the design's pages: a ClientHello. */
static inline void world_detail(struct answer *a)
{
	struct packet_detail *d = &a->packets.detail;
	struct detail_line *line;

	memset(d, 0, sizeof *d);
	d->number = 4;
	d->ts_ns = WORLD_BEGIN + 12688 * CLOCK_US;
	d->wirelen = d->caplen = 583;
	d->row = a->packets.row[3];
	memcpy(d->bytes[BUFFER_FRAME], world_frame, sizeof world_frame);
	d->len[BUFFER_FRAME] = d->all[BUFFER_FRAME] = sizeof world_frame;
	world_line(a, 0, "eth", "Ethernet", "02:00:00:00:00:01 → 02:00:00:00:00:02  type IPv4", 0, 14, 0)->osi = 2;
	world_line(a, 1, "eth.dst", "Destination", "02:00:00:00:00:02", 0, 6, 0);
	world_line(a, 1, "eth.type", "Type", "0x0800 IPv4", 12, 2, 0x800);
	world_line(a, 0, "ip", "Internet Protocol 4", "10.9.0.1 → 93.184.215.14  ttl 64", 14, 20, 0)->osi = 3;
	world_line(a, 1, "ip.ttl", "TTL", "64", 22, 1, 64);
	world_line(a, 0, "tcp", "Transmission Control Protocol", "51544 → 443  seq 1  ack 1  PSH ACK  win 64256", 34, 32, 0)->osi = 4;
	world_line(a, 1, "tcp.srcport", "Source port", "51544", 34, 2, 51544);
	line = world_line(a, 1, "tcp.flags", "Flags", "PSH, ACK", 46, 2, 0x18);
	(void)snprintf(line->filter, sizeof line->filter, "tcp.flags == 0x18");
	world_line(a, 1, "tcp.window_size_value", "Window", "502", 48, 2, 502);
	world_line(a, 0, "tls", "Transport Layer Security", "ClientHello  SNI example.org  ALPN h2", 66, 14, 0)->osi = 6;
	world_line(a, 1, "tls.handshake.type", "Handshake", "ClientHello (1)", 71, 1, 1);
}

static inline void world_packets(struct answer *a)
{
	struct packet_row *r;

	memset(a, 0, sizeof *a);
	a->about = QUERY_PACKETS;
	a->ended = true;
	a->now_ns = a->totals.first_ns = WORLD_BEGIN;
	a->totals.packets = 9;
	a->totals.memory_limit = 192 << 20;
	world_row(a, 0, 0, TCP_SYN, "mss 1460")->wirelen = 74;
	world_row(a, 1, 12104, TCP_SYN | TCP_ACK, "")->ack_from_isn = 1;
	world_row(a, 0, 12310, TCP_ACK, "");
	r = world_row(a, 0, 12688, TCP_PSH | TCP_ACK, "ClientHello SNI example.org");
	r->payload_len = 517;
	r->wirelen = r->caplen = 583;
	(void)snprintf(r->protocol, sizeof r->protocol, "tls");
	world_row(a, 1, 24901, TCP_ACK, "")->ack_from_isn = 518;
	r = world_row(a, 1, 25391, TCP_ACK, "");
	r->payload_len = 1448;
	r->seq_from_isn = 1449;
	r->verdicts = verdict_bit(VERDICT_LOST_SEGMENT);
	r = world_row(a, 1, 238113, TCP_ACK, "");
	r->payload_len = 1448;
	r->verdicts = verdict_bit(VERDICT_RETRANSMISSION) | verdict_bit(VERDICT_EXACT_LATE);
	r = world_row(a, 0, 238141, TCP_ACK, "");
	r->gone = true;
	r = world_row(a, 0, 238200, TCP_ACK, "");
	r->caplen = 60;
	(void)snprintf(r->issue, sizeof r->issue, "the TCP header is cut");
	a->packets.selected = 4;
	a->packets.selected_row = 3;
	a->packets.has_subject = true;
	a->packets.subject.id = 2;
	a->packets.subject.first_ns = WORLD_BEGIN;
	world_detail(a);
}

#endif
