/* A conversation made by hand, as an answer about packets would have it: the
 * one of which the design of the ladder is a picture. */
#ifndef TESTS_LADDER_WORLD_H
#define TESTS_LADDER_WORLD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sockeye/clock.h"
#include "sockeye/packet.h"
#include "tui/headless.h"
#include "tui/look.h"

#define BEGIN (INT64_C(1700000000) * CLOCK_S)
#define V(name) verdict_bit(VERDICT_##name)

static struct answer a;
static struct look l;
static struct canvas c;
static unsigned width = 120, height = 35;

static inline void world_record(void)
{
	struct flow_record *r = &a.packets.subject;

	memset(r, 0, sizeof *r);
	r->id = 2;
	r->proto = "tcp";
	r->ip_proto = PROTO_TCP;
	r->client = (struct endpoint){{{10, 9, 0, 1}}, 51544, FAMILY_IPV4, true};
	r->server = (struct endpoint){{{93, 184, 215, 14}}, 443, FAMILY_IPV4, true};
	r->first_ns = BEGIN;
	r->state = "closed";
	r->closed_by = "server";
	r->capture_side = "client";
	r->tcp_state[0] = "closed";
	r->tcp_state[1] = "time_wait";
	r->first_syn_to_ack = 12310 * CLOCK_US;
	r->ack_ns = BEGIN + 12310 * CLOCK_US;
	r->syns = r->synacks = 1;
	r->synack_ns[0] = BEGIN + 12104 * CLOCK_US;
	r->last_syn_to_synack = 12104 * CLOCK_US;
	r->synack_to_ack = 206 * CLOCK_US;
	r->round_trip[0].min = 12000 * CLOCK_US;
	r->round_trip[0].p50 = 12400 * CLOCK_US;
	r->round_trip[0].max = 13900 * CLOCK_US;
	r->bytes[0] = 4100;
	r->bytes[1] = 218000;
	r->lost_segments[1] = r->retransmissions[1] = 1;
	for (unsigned i = 0; i < 2; i++) {
		r->options[i].mss = 1460;
		r->options[i].wscale = 7;
		r->options[i].sack_permitted = r->options[i].timestamps = true;
	}
	r->server_name.len = 11;
	memcpy(r->server_name.bytes, "example.org", 11);
	record_set_from(r, RECORD_HS_CLIENT_MSS, RECORD_HS_CLIENT_TS);
	record_set_from(r, RECORD_HS_SERVER_MSS, RECORD_HS_SERVER_TS);
	record_set_from(r, RECORD_RTT_SERVER_MIN, RECORD_RTT_SERVER_SAMPLES);
	record_set(r, RECORD_STATE);
	record_set(r, RECORD_CLOSED_BY);
	record_set(r, RECORD_CAPTURE_SIDE);
	record_set(r, RECORD_TCP_STATE_CLIENT);
	record_set(r, RECORD_TCP_STATE_SERVER);
	record_set_from(r, RECORD_HS_LAST_SYN_TO_SYNACK, RECORD_HS_FIRST_SYN_TO_ACK);
	record_set(r, RECORD_SERVER_NAME);
	a.packets.has_subject = true;
}

/* The next row: so many microseconds after the start. */
static inline struct packet_row *world_row(int64_t us, unsigned side, unsigned flags, uint32_t seq, uint32_t len, uint32_t ack,
				    uint16_t window)
{
	struct packet_row *r = &a.packets.row[a.packets.rows];

	memset(r, 0, sizeof *r);
	r->number = ++a.packets.rows;
	r->flow = 2;
	r->ts_ns = BEGIN + us * CLOCK_US;
	r->from = side ? a.packets.subject.server : a.packets.subject.client;
	r->to = side ? a.packets.subject.client : a.packets.subject.server;
	r->side = (uint8_t)side;
	r->is_tcp = true;
	r->flags = (uint16_t)flags;
	r->window = window;
	r->room = flags & TCP_SYN ? window : (int64_t)window * 128;
	r->seq_known = r->ack_known = true;
	r->seq_from_isn = seq;
	r->ack_from_isn = ack;
	r->seq = seq + (side ? 700000000U : 2914010703U);
	r->ack = ack + (side ? 2914010703U : 700000000U);
	r->payload_len = len;
	r->rtt_ns = -1;
	memcpy(r->protocol, "tcp", 4);
	a.packets.matched = a.packets.rows;
	a.packets.counted = true;
	return r;
}

static inline void world_message(struct packet_row *r, const char *protocol, const char *line)
{
	(void)snprintf(r->protocol, sizeof r->protocol, "%s", protocol);
	(void)snprintf(r->line, sizeof r->line, "%s", line);
}

static inline void world_about(struct packet_row *r, unsigned which)
{
	r->about = which;
	r->about_ns = a.packets.row[which - 1].ts_ns;
}

/* tui.md 2.2 */
static inline void world_conversation(void)
{
	struct packet_row *r;

	a.packets.rows = 0;
	world_record();
	world_row(0, 0, TCP_SYN, 0, 0, 0, 64240);
	world_about(world_row(12104, 1, TCP_SYN | TCP_ACK, 0, 0, 1, 65160), 1);
	world_about(world_row(12310, 0, TCP_ACK, 1, 0, 1, 502), 2);
	world_message(world_row(12688, 0, TCP_ACK | TCP_PSH, 1, 517, 1, 502), "tls", "ClientHello  SNI example.org  ALPN h2");
	world_row(24901, 1, TCP_ACK, 1, 0, 518, 509);
	world_message(world_row(25377, 1, TCP_ACK, 1, 1448, 518, 509), "tls", "ServerHello");
	world_row(25391, 1, TCP_ACK, 1449, 1448, 518, 509);
	world_row(25420, 0, TCP_ACK, 518, 0, 2897, 501);
	world_row(25502, 1, TCP_ACK | TCP_PSH, 4345, 1201, 518, 509)->verdicts = V(LOST_SEGMENT);
	r = world_row(25530, 0, TCP_ACK, 518, 0, 2897, 501);
	r->verdicts = V(DUP_ACK);
	(void)snprintf(r->line, sizeof r->line, "sack 4345-5546");
	world_row(238113, 1, TCP_ACK, 2897, 1448, 518, 509)->verdicts = V(RETRANSMISSION) | V(EXACT_LATE);
	world_row(238141, 0, TCP_ACK, 518, 0, 5546, 501);
	r = world_row(249696, 1, TCP_ACK, 5546, 0, 518, 509);
	r->folded = 41;
	r->folded_bytes[0] = 400;
	r->folded_bytes[1] = 57792;
	r->folded_segments[0] = 12;
	r->folded_segments[1] = 29;
	r->folded_ns = 61000 * CLOCK_US;
	world_row(311208, 0, TCP_ACK, 918, 0, 63338, 0)->verdicts = V(ZERO_WINDOW);
	world_row(1310977, 1, TCP_ACK, 63337, 0, 918, 509)->verdicts = V(KEEP_ALIVE);
	r = world_row(1311002, 0, TCP_ACK, 918, 0, 63338, 0);
	r->verdicts = V(ZERO_WINDOW_PROBE_ACK) | V(ZERO_WINDOW);
	world_about(r, 15);
	r = world_row(1902444, 0, TCP_ACK, 918, 0, 63338, 501);
	r->verdicts = V(WINDOW_UPDATE);
	world_about(r, 14);
	world_row(1914801, 1, TCP_FIN | TCP_ACK, 63338, 0, 918, 509);
	world_row(1914990, 0, TCP_FIN | TCP_ACK, 918, 0, 63339, 501);
	world_row(1927102, 1, TCP_ACK, 63339, 0, 919, 509);
}

static inline const char *row(unsigned y)
{
	static char out[4][2048];
	static unsigned turn;
	char *at = out[++turn % 4];
	struct text t;

	text_init(&t, at, sizeof out[0]);
	for (unsigned x = 0; x < c.width; x++)
		if (canvas_at(&c, x, y)->code != 0)
			text_code(&t, canvas_at(&c, x, y)->code);
	while (t.len > 0 && at[t.len - 1] == ' ')
		at[--t.len] = '\0';
	return at;
}

static inline void select_row(unsigned i)
{
	a.packets.selected_row = i;
	a.packets.selected = a.packets.row[i].number;
}

static inline void draw(unsigned w, unsigned h)
{
	width = w;
	height = h;
	assert_true(canvas_resize(&c, w, h));
	a.about = QUERY_PACKETS;
	look_answered(&l, &a);
	look_draw(&l, &a, &c);
}

static inline enum reaction press(const char *keys)
{
	enum reaction last = REACT_NOTHING;
	uint32_t key;

	while ((key = keys_script(&keys, NULL)) != 0)
		last = look_key(&l, key, &a, width, height, 0);
	return last;
}

static inline struct query ask(void)
{
	static struct query q;

	look_ask(&l, &a, width, height, 0, &q);
	look_asked(&l);
	return q;
}

static inline int start(void **state)
{
	(void)state;
	memset(&a, 0, sizeof a);
	a.ended = true;
	a.totals.first_ns = BEGIN;
	a.totals.last_ns = BEGIN + 10 * CLOCK_S;
	a.totals.memory_limit = 256 << 20;
	look_init(&l, false, "bug-1042.pcap", NULL);
	l.selected = 2;
	l.screen = SCREEN_CONNECTIONS;
	world_conversation();
	width = 120;
	height = 35;
	memset(&c, 0, sizeof c);
	press("2");
	(void)ask();
	select_row(3);
	l.ladder.anchor = 3;
	return canvas_resize(&c, width, height) ? 0 : -1;
}

static inline int stop(void **state)
{
	(void)state;
	canvas_release(&c);
	return 0;
}

#endif
