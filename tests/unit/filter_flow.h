/* One flow with something of every kind in it, for the tests of the filter. */
#ifndef FILTER_FLOW_H
#define FILTER_FLOW_H

#include <string.h>

#include "sockeye/record.h"

static inline void name_set(struct record_name *n, const char *s)
{
	n->len = (uint16_t)strlen(s);
	memcpy(n->bytes, s, n->len);
}

static inline void filter_flow_fill(struct flow_record *r)
{
	static const enum record_key has[] = {
		RECORD_PROTO, RECORD_ID, RECORD_FIRST, RECORD_LAST, RECORD_CLIENT, RECORD_SERVER, RECORD_STATE,
		RECORD_OUTCOME, RECORD_OPEN, RECORD_PACKETS, RECORD_BYTES, RECORD_HS_RTT, RECORD_HS_FIRST_SYN_TO_ACK,
		RECORD_HISTORY, RECORD_RETRANSMISSIONS, RECORD_DUP_ACKS, RECORD_EXACT_LOST_BYTES, RECORD_SERVICE,
		RECORD_SERVER_NAME, RECORD_TUNNEL, RECORD_VLAN, RECORD_TTL, RECORD_COMPLETENESS, RECORD_RST,
		RECORD_HS_SYN, RECORD_RTT_SERVER_P50, RECORD_REUSED, RECORD_OWNER_CLIENT, RECORD_MPTCP_TOKEN,
	};

	memset(r, 0, sizeof *r);
	for (size_t i = 0; i < sizeof has / sizeof has[0]; i++)
		record_set(r, has[i]);
	r->proto = "tcp";
	r->id = 17;
	r->first_ns = INT64_C(1700000000250000000);
	r->last_ns = INT64_C(1700000010250000000);
	r->client = (struct endpoint){.ip = {{10, 1, 2, 3}}, .port = 51000, .family = FAMILY_IPV4, .has_port = true};
	r->server = (struct endpoint){.ip = {{192, 0, 2, 80}}, .port = 443, .family = FAMILY_IPV4, .has_port = true};
	r->state = "half_closed";
	r->outcome = "complete";
	r->open = true;
	r->packets[0] = 8;
	r->packets[1] = 9;
	r->bytes[0] = 405;
	r->bytes[1] = 5100000;
	r->rtt = 12140123;
	r->first_syn_to_ack = 62000000;
	memcpy(r->history, "ShADadfF", 9);
	r->retransmissions[1] = 3;
	r->exact.lost_bytes[0] = PAIR_UNKNOWN;
	r->service = "tls";
	name_set(&r->server_name, "www.Example.org");
	name_set(&r->tunnel, "vxlan 42");
	r->vlan = (struct record_list){2, {100, 200}};
	r->ttl[0] = 64;
	r->ttl[1] = PAIR_UNKNOWN;
	r->completeness = 31;
	r->syn = true;
	r->round_trip[0].p50 = 70034000;
	r->owner[0] = (struct record_owners){1, {{4711, 5, 1000, "proc", "docker", "3f2a9c", "curl"}}, 0};
	r->mptcp.token[0] = 0xfffffffe;
	r->mptcp.token[1] = UINT64_MAX - 1;
}

#endif
