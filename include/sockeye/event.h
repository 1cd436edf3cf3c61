/* Events and observers: how the engine tells the views.
 *
 * Observers run on the engine thread, in the order they were added. What an
 * event points to is lent for the call.
 */
#ifndef SOCKEYE_EVENT_H
#define SOCKEYE_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "sockeye/histogram.h"
#include "sockeye/packet.h"
#include "sockeye/record.h"
#include "sockeye/verdict.h"

enum event_kind {
	EVENT_PACKET = 1,    /* a frame was read: packet; flow if it belongs to one */
	EVENT_HANDSHAKE = 2, /* once per handshake: complete, failed, or given up: flow */
	EVENT_FLOW_END = 4,  /* the flow's last record: flow */
	EVENT_TICK = 8,      /* time went on */
	EVENT_END = 16,      /* nothing follows: totals */
};

enum handshake_outcome {
	OUTCOME_NONE, OUTCOME_COMPLETE, OUTCOME_REFUSED, OUTCOME_UNANSWERED, OUTCOME_HALF_OPEN,
	OUTCOME_RESET, OUTCOME_UNREACHABLE, OUTCOMES,
};
extern const char *const outcome_names[OUTCOMES];

enum { TOTALS_SOURCES = 64 };

struct source_totals {
	uint64_t packets, wire_bytes;
	int64_t first_ns, last_ns;     /* where packets is not 0 */
	const uint64_t *protocols;     /* frames by totals.protocol_names */
};

struct totals {
	uint64_t packets, wire_bytes;
	int64_t first_ns, last_ns, now_ns; /* with a flow that ended by silence, these and the sums may lag by a batch */
	uint64_t flows_tcp, flows_udp, flows_icmp, flows_other; /* begun */
	uint64_t handshakes[OUTCOMES];                          /* reported */
	uint64_t flows_evicted, flows_live;
	uint64_t flows_unjudged;       /* no memory for their verdicts: their records have none */
	uint64_t no_flow;              /* packets that belong to no flow */
	unsigned protocols;            /* length of protocol_names and of each protocols[] */
	const char *const *protocol_names;
	unsigned sources;
	struct source_totals source[TOTALS_SOURCES];
	uint64_t memory_used, memory_limit;
	const struct histogram *rtt;   /* [2]: of servers, of clients; every sample; never NULL */
};

struct event {
	enum event_kind kind;
	int64_t ts_ns;
	const struct packet *packet;    /* or NULL */
	const struct flow_record *flow; /* or NULL */
	const struct totals *totals;
	unsigned side;                  /* EVENT_PACKET with a flow: 0 client sent it, 1 server */
	const struct judgement *judged; /* EVENT_PACKET of a TCP flow; else NULL */
};

/* Flows that ended with their only packet, a SYN or a datagram: for who counts flows and reads no records. */
struct lone_counts {
	uint32_t flows;
	uint32_t syns; /* handshakes that end with it: unanswered */
	uint32_t evicted;
};

struct lone { /* one of them */
	struct endpoint client, server;
	uint64_t bytes; /* of payload, the client's */
	bool syn, evicted;
};

struct observer {
	const char *name;
	unsigned wants;    /* bits of event_kind */
	bool wants_fields; /* of packets; the union of all decides */
	bool wants_totals; /* with each event, to the frame; else they are those before its batch, but at the end and with ticks */
	/* What it reads of the records of EVENT_HANDSHAKE and EVENT_FLOW_END: bits of enum
	 * record_part; 0: all of it. Of more than one observer, what any needs is there. */
	uint8_t handshake_parts, flow_parts;
	int (*event)(void *self, const struct event *ev); /* -errno stops the run */
	/* Instead of both these events, for flows of one packet; only if all who want one of these
	 * events have it. NULL: no. each: n->flows of them in the order of the ends, if any
	 * observer wants them (lone_each); else it is NULL, and the ends are in no order. */
	void (*lone)(void *self, const struct lone_counts *n, const struct lone *each);
	bool lone_each;
	void (*close)(void *self);
	void *self;
};

#endif
