/* Between the two halves of traffic: what conversations do, and the bytes of it. */
#ifndef BENCH_TRAFFIC_H
#define BENCH_TRAFFIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MS UINT64_C(1000000)
#define START (UINT64_C(1700000000) * 1000 * MS)

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };
enum mix { IMIX, SMALL, FULL };
/* What a conversation sends next. */
enum stage { OPENING, ANSWER, THIRD, DATA, AGAIN, CLOSING, CLOSING_TOO, LAST, OVER };
enum kind { TALK, UNANSWERED, REFUSED, QUESTION, DATAGRAMS };

struct settings {
	uint64_t packets, flows, length, flood, seed;
	double udp, six, lost, late, refused, unanswered, reset, midstream;
	enum mix mix;
	bool pcapng;
};

struct truth {
	uint64_t packets, bytes, flows, tcp, complete, refused, unanswered, midstream, retransmitted, late;
};

struct talk {
	uint64_t next_ns;
	uint32_t id, seq[2];         /* seq: next to send, by side */
	uint32_t hole_seq, hole_len; /* what the side at turn is to send again */
	int32_t left;                /* packets of data still to send */
	uint16_t burst, tries, ip_id[2];
	uint8_t kind, stage, turn, unacked, said;
	bool six, stamps, app, rst, begun;
	bool seen;                   /* what is to be sent again came by here before */
};

extern struct settings set;
extern struct truth truth;

/* Chance that the seed decides. */
uint64_t scramble(uint64_t x);
void chance_begin(uint64_t seed);
uint64_t chance(void);
uint32_t below(uint32_t n);
double unit(void);
bool happens(double percent);
uint64_t wait_ns(double mean_ms);

/* The file's header, and the noise that contents are taken from. */
void frames_begin(void);
uint16_t port_of(const struct talk *t, unsigned side);
/* A segment of side from, with len bytes of content at seq; moves the side's numbers on if it is the next one. */
void tcp(struct talk *t, uint64_t ns, unsigned from, unsigned flags, uint32_t seq, size_t len);
/* A datagram of len bytes of noise; a DNS question or its answer. By the side at turn. */
void datagram(struct talk *t, uint64_t ns, size_t len);
void question(struct talk *t, uint64_t ns);

#endif
