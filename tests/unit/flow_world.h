/* For the tests of flows: a table, packets made by hand, and the records that
 * were told. */
#ifndef SOCKEYE_TESTS_FLOW_WORLD_H
#define SOCKEYE_TESTS_FLOW_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sockeye/clock.h"
#include "sockeye/dissector.h"
#include "sockeye/flow.h"

enum { ENDED_MAX = 64 };

struct world {
	struct flow_table *flows;
	struct flow_record ended[ENDED_MAX]; /* the records told, in order */
	unsigned n_ended;
	uint64_t told, told_evicted;
	int64_t now_ns;
	uint32_t change;
	unsigned side;
	struct judgement judged;
};

static inline void told(void *arg, struct flow *f, bool evicted)
{
	struct world *w = arg;

	if (w->n_ended < ENDED_MAX)
		flow_record_fill(&w->ended[w->n_ended++], w->flows, f, NULL);
	w->told++;
	w->told_evicted += evicted;
}

static inline struct world *world_new(bool live, size_t memory)
{
	struct world *w = calloc(1, sizeof *w);
	struct flow_limits l;
	struct error e;

	assert_non_null(w);
	if (live)
		flow_limits_live(&l, memory);
	else
		flow_limits_file(&l, memory);
	l.hash_seed = 7;
	w->now_ns = 1000 * CLOCK_S;
	assert_int_equal(flow_table_open(&w->flows, &l, told, w, &e), 0);
	return w;
}

static inline void world_free(struct world *w)
{
	flow_table_free(w->flows);
	free(w);
}

static inline struct descriptor packet(uint32_t from, uint16_t from_port, uint32_t to, uint16_t to_port, uint8_t proto)
{
	struct descriptor d;

	memset(&d, 0, sizeof d);
	d.tuple.family = FAMILY_IPV4;
	d.tuple.proto = proto;
	for (unsigned i = 0; i < 4; i++) {
		d.tuple.from.b[i] = (uint8_t)(from >> (24 - 8 * i));
		d.tuple.to.b[i] = (uint8_t)(to >> (24 - 8 * i));
	}
	d.tuple.from_port = from_port;
	d.tuple.to_port = to_port;
	d.ttl = 64;
	return d;
}

/* Track d `after` ns later. */
static inline struct flow *track(struct world *w, int64_t after, struct descriptor d)
{
	struct hash_key key = flow_hash_key(w->flows);
	struct flow_near near;
	struct flow_trip trip;
	enum flow_stepped stepped = STEP_NOT;

	w->now_ns += after;
	d.ts_ns = w->now_ns;
	flow_expire(w->flows, w->now_ns);
	flow_hash(&key, &d, &near);
	flow_near_record(w->flows, &d, &near);
	if (flow_ordinary(w->flows, &d, &near, &trip)) {
		trip.place = near.place;
		trip.verdicts = trip.dup_ack_number = 0;
	} else {
		stepped = flow_step(w->flows, &d, &near, &trip);
		if (stepped == STEP_NOT)
			return flow_track(w->flows, &d, &near, &w->change, &w->side, &w->judged);
	}
	w->change = stepped == STEP_HANDSHAKE_DONE ? FLOW_HANDSHAKE_DONE : 0;
	w->side = trip.side;
	w->judged = (struct judgement){.verdicts = trip.verdicts, .dup_ack_number = trip.dup_ack_number, .rtt_ns = trip.rtt_ns,
				       .rtt_of_server = trip.side == 1};
	return stepped == STEP_NOT ? flow_at(w->flows, trip.place, trip.id) : flow_met(w->flows, trip.place);
}

enum { CLIENT = 0x0a000001, SERVER = 0x0a000002 };

/* A TCP packet of client (c true) or server between ports 5000 and 80. */
static inline struct descriptor segment(bool c, uint16_t flags, uint32_t seq, uint32_t ack, uint32_t len)
{
	struct descriptor d = c ? packet(CLIENT, 5000, SERVER, 80, PROTO_TCP)
				: packet(SERVER, 80, CLIENT, 5000, PROTO_TCP);

	d.flags = flags;
	d.tcp.seq = seq;
	d.tcp.ack = ack;
	d.payload_len = len;
	if (flags & TCP_SYN) {
		d.options = TCP_HAS_MSS | TCP_HAS_WSCALE | TCP_HAS_TIMESTAMPS;
		d.tcp.syn.mss = c ? 1460 : 1400;
		d.tcp.syn.wscale = c ? 7 : 9;
	}
	d.window = 500;
	return d;
}

static inline struct flow *tcp(struct world *w, int64_t after, bool c, uint16_t flags, uint32_t seq, uint32_t ack,
			uint32_t len)
{
	return track(w, after, segment(c, flags, seq, ack, len));
}

/* SYN 100, SYN/ACK 900, ACK: the client's data begin at 101, the server's at 901. */
static inline struct flow *tcp_open(struct world *w)
{
	tcp(w, 0, true, TCP_SYN, 100, 0, 0);
	tcp(w, 10 * CLOCK_MS, false, TCP_SYN | TCP_ACK, 900, 101, 0);
	return tcp(w, 10 * CLOCK_MS, true, TCP_ACK, 101, 901, 0);
}

/* What was said of the last packet. */
static inline bool said(const struct world *w, enum verdict v)
{
	return judged(&w->judged, v);
}

/* Both ends' states in a row, "-" where one is not known. */
static inline void assert_ends(struct world *w, const struct flow *f, const char *client, const char *server)
{
	struct flow_record r;

	flow_record_fill(&r, w->flows, f, NULL);
	assert_string_equal(record_has(&r, RECORD_TCP_STATE_CLIENT) ? r.tcp_state[0] : "-", client);
	assert_string_equal(record_has(&r, RECORD_TCP_STATE_SERVER) ? r.tcp_state[1] : "-", server);
}

static inline struct flow_record record_of(struct world *w, const struct flow *f)
{
	struct flow_record r;

	flow_record_fill(&r, w->flows, f, NULL);
	return r;
}

#endif
