/* The descriptor: what passes from the dissectors to the flows, one per packet
 * that belongs to a flow. Compact, because a batch of them must stay in the
 * first-level cache. */
#ifndef SOCKEYE_DESCRIPTOR_H
#define SOCKEYE_DESCRIPTOR_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "sockeye/error.h"
#include "sockeye/packet.h"

enum descriptor_icmp { ICMP_IS_ERROR = 1, ICMP_IS_ECHO = 2, ICMP_IS_REPLY = 4, ICMP_QUOTES_SEQ = 8 };

struct descriptor {
	int64_t ts_ns;
	const uint8_t *payload;    /* lent until the batch ends; NULL: none captured */
	struct tuple tuple;        /* as on the wire: from is the sender */
	uint16_t path;             /* index for path_get(); 0: plain */
	uint32_t hash;             /* of the ordered tuple */
	uint32_t payload_len;      /* as the IP header says */
	uint32_t payload_captured;
	uint16_t flags;            /* enum tcp_flag */
	uint16_t window;
	uint16_t ip_id;
	uint16_t interface;        /* source and interface folded by the engine */
	uint8_t ttl;
	uint8_t ecn;               /* two bits of IP */
	uint8_t options;           /* enum tcp_option_bit */
	uint8_t sacks;
	union {
		struct {
			uint32_t seq, ack, tsval, tsecr;
			uint16_t checksum;
			uint16_t mptcp; /* enum mptcp_bit */
			union {
				uint32_t sack[3][2]; /* those that descriptor.sacks counts */
				struct {
					uint16_t mss;
					uint8_t wscale;
					uint8_t fast_open_len; /* TCP_HAS_FAST_OPEN; 0: a cookie is asked for */
					uint32_t mptcp_token;
					uint32_t mptcp_key[2]; /* high, low; 0: none carried */
					uint8_t mptcp_version;
					uint8_t mptcp_reason; /* with RST and MPTCP_TCPRST */
				} syn;               /* with SYN, or where a handshake of MPTCP goes on */
			};
		} tcp;
		struct {
			struct tuple quoted; /* family NONE: no quote */
			uint16_t id;
			uint32_t quoted_seq;
			uint8_t type, code;
			uint8_t about; /* enum descriptor_icmp */
		} icmp;
	};
};

_Static_assert(sizeof(struct descriptor) <= 128, "a descriptor is two cache lines");

/* Make p ready for dissectors of the payload alone, of a frame whose headers were read
 * into d and not by the loop: the tuple, the payload in the frame, a whole budget. No
 * layers, and no other facts. */
void packet_reset_payload(struct packet *p, const struct frame *f, const struct descriptor *d);

/* The paths seen so far, by number: bounded; when full, new paths get the
 * number of the plain one and are counted. */
struct paths;
int paths_open(struct paths **out, struct error *e);
void paths_free(struct paths *p);
uint16_t paths_index(struct paths *p, const struct path *path);
/* The same for one that has a number: nothing changes. False: it has none. */
bool paths_known(struct paths *p, const struct path *path, uint16_t *number);
const struct path *paths_get(const struct paths *p, uint16_t index);
uint64_t paths_overflow(const struct paths *p);
uint64_t paths_probes(const struct paths *p); /* slots looked at: counted work */

static inline uint16_t descriptor_interface(const struct frame *f)
{
	return (uint16_t)(f->source ? f->source * 4099u + f->interface : f->interface);
}

/* The facts of TCP, into a descriptor that is all zero there: those of a segment whose
 * only option are time stamps, and of any. */
static inline void descriptor_tcp_plain(struct descriptor *d, const struct tcp_facts *f)
{
	d->flags = f->flags;
	d->window = f->window;
	d->options = f->options;
	d->tcp.seq = f->seq;
	d->tcp.ack = f->ack;
	d->tcp.tsval = f->tsval;
	d->tcp.tsecr = f->tsecr;
	d->tcp.checksum = f->checksum;
}

static inline void descriptor_tcp(struct descriptor *d, const struct tcp_facts *f)
{
	descriptor_tcp_plain(d, f);
	d->sacks = f->sacks;
	d->tcp.mptcp = f->mptcp;
	if (f->flags & TCP_SYN || f->mptcp & (MPTCP_CAPABLE | MPTCP_JOIN | MPTCP_TCPRST)) {
		d->tcp.syn.mss = f->mss;
		d->tcp.syn.wscale = f->wscale;
		d->tcp.syn.fast_open_len = f->fast_open_len;
		d->tcp.syn.mptcp_token = f->mptcp_token;
		d->tcp.syn.mptcp_key[0] = (uint32_t)(f->mptcp_key >> 32);
		d->tcp.syn.mptcp_key[1] = (uint32_t)f->mptcp_key;
		d->tcp.syn.mptcp_version = f->mptcp_version;
		d->tcp.syn.mptcp_reason = f->mptcp_reason;
		d->sacks = 0;
	} else if (f->sacks) {
		/* Three blocks fit beside time stamps (RFC 2018 3); a fourth is not kept. */
		memcpy(d->tcp.sack, f->sack, sizeof d->tcp.sack);
		if (d->sacks > 3)
			d->sacks = 3;
	}
}

/* False if the packet belongs to no flow (no IP, cut before the transport is
 * known, a fragment that waits). The hash is left 0: the flow table keys it. */
bool descriptor_fill(struct descriptor *d, const struct packet *p, struct paths *paths);

#endif
