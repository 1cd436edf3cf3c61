/* The packets of attacks, one by one: frame i of n, written to at (2048 bytes),
 * its length returned. The same i of the same n gives the same bytes. */
#ifndef SOCKEYE_TESTS_ATTACKS_H
#define SOCKEYE_TESTS_ATTACKS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sockeye/packet.h"

struct attack {
	const char *name;
	uint32_t (*frame)(uint8_t *at, uint32_t i, uint32_t n);
	uint32_t n;
	uint32_t before; /* packets that come first and do not count: until the tables are full */
	size_t memory;   /* 0: the least that there may be */
};

enum { ISN = 1000, CLIENT = 0x0a000001, SERVER = 0x0a000002, PORT = 40000 };

static inline uint8_t *add16(uint8_t *at, unsigned v)
{
	*at++ = (uint8_t)(v >> 8);
	*at++ = (uint8_t)v;
	return at;
}

static inline uint8_t *add32(uint8_t *at, uint32_t v)
{
	return add16(add16(at, v >> 16), v & 0xffff);
}

static inline uint8_t *add_ethernet(uint8_t *at, unsigned type)
{
	memcpy(at, "\x02\0\0\0\0\x02\x02\0\0\0\0\x01", 12);
	return add16(at + 12, type);
}

/* length: after the header; fragment: flags and offset as on the wire. */
static inline uint8_t *add_ipv4(uint8_t *at, unsigned proto, unsigned length, uint32_t from, uint32_t to, unsigned id,
				unsigned fragment)
{
	at = add16(at, 0x4500);
	at = add16(at, 20 + length);
	at = add16(at, id);
	at = add16(at, fragment);
	at = add16(at, 0x4000 | proto);
	at = add16(at, 0);
	return add32(add32(at, from), to);
}

struct segment {
	uint32_t from, to;
	uint16_t from_port, to_port;
	uint32_t seq, ack;
	uint16_t flags, id;
	const uint8_t *options;
	unsigned options_len; /* a multiple of four */
	unsigned len;
};

/* The payload of a segment is what its place in the stream says. */
static inline uint8_t *add_segment(uint8_t *at, const struct segment *s)
{
	at = add_ipv4(at, PROTO_TCP, 20 + s->options_len + s->len, s->from, s->to, s->id, 0);
	at = add16(at, s->from_port);
	at = add16(at, s->to_port);
	at = add32(at, s->seq);
	at = add32(at, s->ack);
	at = add16(at, (5 + s->options_len / 4) << 12 | s->flags);
	at = add16(at, 64240);
	at = add32(at, 0);
	if (s->options_len)
		memcpy(at, s->options, s->options_len);
	at += s->options_len;
	for (unsigned i = 0; i < s->len; i++)
		*at++ = (uint8_t)((s->seq + i) * 131 >> 3);
	return at;
}

static inline uint32_t segment_frame(uint8_t *at, const struct segment *s)
{
	return (uint32_t)(add_segment(add_ethernet(at, 0x0800), s) - at);
}

/* A packet of the client's; id differs from packet to packet as a sender's does. */
static inline uint32_t client_frame(uint8_t *at, unsigned flags, uint32_t seq, unsigned len, uint32_t i)
{
	struct segment s = {.from = CLIENT, .to = SERVER, .from_port = PORT, .to_port = 80, .seq = seq,
			    .ack = flags & TCP_ACK ? 5001 : 0, .flags = (uint16_t)flags, .id = (uint16_t)(i + 1), .len = len};

	return segment_frame(at, &s);
}

/* The same number for the same i, spread over 32 bits. */
static inline uint32_t scatter(uint32_t i)
{
	uint64_t h = (i + UINT64_C(1)) * UINT64_C(0x9e3779b97f4a7c15);

	h ^= h >> 32;
	h *= UINT64_C(0xd6e8feb86659fd93);
	return (uint32_t)(h >> 32);
}

/* No attack: one byte each in order, for comparison. */
static inline uint32_t in_order(uint8_t *at, uint32_t i, uint32_t n)
{
	(void)n;
	return i == 0 ? client_frame(at, TCP_SYN, ISN, 0, i) : client_frame(at, TCP_ACK, ISN + i, 1, i);
}

/* Tuples whose words have one sum and one exclusive or: a hash without a key
 * that mixes them so puts all into one slot. */
static inline uint32_t colliding_tuples(uint8_t *at, uint32_t i, uint32_t n)
{
	struct segment s = {.from = 0x0a000000 | i << 1, .to = 0x0b000000 | (0x00ffffff & ~(i << 1)), .from_port = PORT,
			    .to_port = 80, .seq = ISN, .ack = 1, .flags = TCP_ACK};

	(void)n;
	return segment_frame(at, &s);
}

/* An empty datagram from the address of these four words. */
static inline uint32_t udp6_frame(uint8_t *at, uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
	uint8_t *to = add_ethernet(at, 0x86dd);

	to = add32(to, 0x60000000);
	to = add16(to, 8);
	to = add16(to, PROTO_UDP << 8 | 64);
	to = add32(add32(add32(add32(to, a), b), c), d);
	to = add32(add32(add32(add32(to, 0x20020000), 0), 0), 1);
	to = add16(add16(add16(add16(to, PORT), 9), 8), 0);
	return (uint32_t)(to - at);
}

/* IPv6 addresses whose last eight bytes make a number that a hash might multiply
 * with: 38, the length of the key. */
static inline uint32_t colliding_ipv6(uint8_t *at, uint32_t i, uint32_t n)
{
	(void)n;
	return udp6_frame(at, 0x20010000, i, 0x26000000, 0);
}

/* IPv6 addresses of one /48 of which only the highest bits of both halves vary, read as this machine reads them: a
 * sum of the halves, whatever the second is multiplied with, would have a sixteenth of the values. */
static inline uint32_t colliding_ipv6_halves(uint8_t *at, uint32_t i, uint32_t n)
{
	(void)n;
	return udp6_frame(at, 0x20010db8, i & 0xff, 0, i >> 8 & 0xff);
}

/* One byte each, the last first. */
static inline uint32_t reverse_order(uint8_t *at, uint32_t i, uint32_t n)
{
	return i == 0 ? client_frame(at, TCP_SYN, ISN, 0, i) : client_frame(at, TCP_ACK, ISN + n - i, 1, i);
}

static inline uint32_t every_second_byte(uint8_t *at, uint32_t i, uint32_t n)
{
	(void)n;
	return i == 0 ? client_frame(at, TCP_SYN, ISN, 0, i) : client_frame(at, TCP_ACK, ISN + 2 * i, 1, i);
}

static inline uint32_t every_second_byte_backward(uint8_t *at, uint32_t i, uint32_t n)
{
	return i == 0 ? client_frame(at, TCP_SYN, ISN, 0, i) : client_frame(at, TCP_ACK, ISN + 2 * (n - i), 1, i);
}

/* Of any length, anywhere in the same 64 KB. */
static inline uint32_t overlapping_segments(uint8_t *at, uint32_t i, uint32_t n)
{
	(void)n;
	if (i == 0)
		return client_frame(at, TCP_SYN, ISN, 0, i);
	return client_frame(at, TCP_ACK, ISN + 1 + scatter(i) % 64536, 1 + scatter(~i) % 1000, i);
}

/* One hole of a megabyte, and ACKs whose blocks split it, others each time. */
static inline uint32_t splitting_sacks(uint8_t *at, uint32_t i, uint32_t n)
{
	uint8_t options[28] = {1, 1, 5, 26}, *to = options + 4;
	struct segment s = {.from = SERVER, .to = CLIENT, .from_port = 80, .to_port = PORT, .seq = 5001, .ack = ISN + 2,
			    .flags = TCP_ACK, .id = (uint16_t)(i + 1), .options = options, .options_len = sizeof options};

	(void)n;
	if (i == 0)
		return client_frame(at, TCP_SYN, ISN, 0, i);
	if (i <= 2)
		return client_frame(at, TCP_ACK, i == 1 ? ISN + 1 : ISN + (1 << 20), 1, i);
	for (unsigned b = 0; b < 3; b++) {
		uint32_t seq = ISN + 10 + scatter(i * 3 + b) % ((1 << 20) - 100);

		to = add32(add32(to, seq), seq + 1 + scatter(seq) % 16);
	}
	return segment_frame(at, &s);
}

static inline uint32_t with_options(uint8_t *at, uint32_t i, uint8_t kind, uint8_t length)
{
	uint8_t options[40];
	struct segment s = {.from = CLIENT, .to = SERVER, .from_port = PORT, .to_port = 80, .seq = ISN + i, .ack = 1,
			    .flags = TCP_ACK, .id = (uint16_t)(i + 1), .options = options, .options_len = sizeof options, .len = 1};

	for (unsigned o = 0; o < sizeof options; o += length) {
		memset(options + o, 0, length);
		options[o] = kind;
		if (length > 1)
			options[o + 1] = length;
	}
	return segment_frame(at, &s);
}

static inline uint32_t options_of_one_byte(uint8_t *at, uint32_t i, uint32_t n)
{
	(void)n;
	return with_options(at, i, 1, 1);
}

/* Twenty options of two bytes: SACK permitted, again and again. */
static inline uint32_t options_longest_list(uint8_t *at, uint32_t i, uint32_t n)
{
	(void)n;
	return with_options(at, i, 4, 2);
}

static inline uint32_t fragment_frame(uint8_t *at, uint32_t datagram, unsigned offset, unsigned len, bool more)
{
	uint8_t *to = add_ipv4(add_ethernet(at, 0x0800), PROTO_UDP, len, CLIENT + (datagram >> 16), SERVER, datagram & 0xffff,
			       (more ? 0x2000u : 0) | offset / 8);

	for (unsigned i = 0; i < len; i++)
		*to++ = (uint8_t)(offset + i);
	return (uint32_t)(to - at);
}

/* The first fragment of a datagram, and never more of it. */
static inline uint32_t fragments_first_only(uint8_t *at, uint32_t i, uint32_t n)
{
	(void)n;
	return fragment_frame(at, i, 0, 64, true);
}

/* Sixteen bytes every eight: each overlaps the one before. The last never comes. */
static inline uint32_t fragments_overlapping(uint8_t *at, uint32_t i, uint32_t n)
{
	enum { EACH = 1000 };

	(void)n;
	return fragment_frame(at, i / EACH, i % EACH * 8, 16, true);
}

/* As many pieces as a datagram may have, none beside another, the highest first. */
static inline uint32_t fragments_most_pieces(uint8_t *at, uint32_t i, uint32_t n)
{
	enum { EACH = 512 };

	(void)n;
	return fragment_frame(at, i / EACH, (EACH - 1 - i % EACH) * 16, 8, true);
}

/* Destination options of eight bytes, one after the other. */
static inline uint32_t ipv6_extension_chain(uint8_t *at, uint32_t i, uint32_t n)
{
	enum { CHAIN = 150 };
	uint8_t *to = add_ethernet(at, 0x86dd);

	(void)n;
	to = add32(to, 0x60000000);
	to = add16(to, CHAIN * 8);
	to = add16(to, 60 << 8 | 64);
	for (unsigned a = 0; a < 2; a++)
		to = add32(add32(add32(add32(to, 0x20010db8), i), 0), a);
	for (unsigned k = 0; k < CHAIN; k++) {
		to = add16(to, (k + 1 < CHAIN ? 60u : 59u) << 8);
		to = add16(to, 0x0000); /* Pad1 is a turn of the loop each */
		to = add32(to, 0);
	}
	return (uint32_t)(to - at);
}

/* A request to a host nobody named before, its name as long as a name may be. */
static inline uint32_t server_names(uint8_t *at, uint32_t i, uint32_t n)
{
	static const char head[] = "GET / HTTP/1.1\r\nHost: ";
	enum { NAME = 255 };
	struct segment s = {.from = CLIENT + i, .to = SERVER, .from_port = PORT, .to_port = 80, .seq = ISN, .ack = 1,
			    .flags = TCP_ACK, .id = 1, .len = sizeof head - 1 + NAME + 4};
	uint32_t length = segment_frame(at, &s);
	uint8_t *to = at + length - s.len;

	(void)n;
	memcpy(to, head, sizeof head - 1);
	to += sizeof head - 1;
	for (unsigned k = 0; k < NAME; k++)
		*to++ = (uint8_t)(k % 64 == 63 ? '.' : 'a' + (k < 8 ? i >> (k * 4) & 15 : k % 20));
	memcpy(to, "\r\n\r\n", 4);
	return length;
}

/* Two VLAN tags, another pair each time. */
static inline uint32_t paths_each_new(uint8_t *at, uint32_t i, uint32_t n)
{
	uint8_t *to = add_ethernet(at, 0x88a8);

	(void)n;
	to = add16(to, i >> 12);
	to = add16(to, 0x8100);
	to = add16(to, i & 0xfff);
	to = add16(to, 0x0800);
	to = add_ipv4(to, PROTO_UDP, 16, CLIENT, SERVER, 0, 0);
	to = add16(to, PORT);
	to = add16(to, 9);
	to = add16(to, 16);
	to = add16(to, 0);
	memset(to, 0, 8);
	return (uint32_t)(to + 8 - at);
}

/* A new connection on the same four numbers, again and again. */
static inline uint32_t tuple_reuse(uint8_t *at, uint32_t i, uint32_t n)
{
	(void)n;
	return client_frame(at, TCP_SYN, ISN + i * 1000, 0, i);
}

static inline uint32_t syn_flood(uint8_t *at, uint32_t i, uint32_t n)
{
	struct segment s = {.from = scatter(i), .to = SERVER, .from_port = (uint16_t)i, .to_port = 80, .seq = scatter(~i),
			    .flags = TCP_SYN};

	(void)n;
	return segment_frame(at, &s);
}

/* More connections than the table holds, and each of them speaks between two
 * that are new. */
static inline uint32_t full_table_all_active(uint8_t *at, uint32_t i, uint32_t n)
{
	enum { HOT = 100000 };
	uint32_t who = i % 4 == 0 ? i : i - scatter(i) % (i < HOT ? i : HOT);
	struct segment s = {.from = 0x0c000000 + who, .to = SERVER, .from_port = PORT, .to_port = 80, .seq = ISN, .ack = 1,
			    .flags = TCP_ACK, .id = (uint16_t)(i + 1)};

	(void)n;
	return segment_frame(at, &s);
}

/* Connections fill the table, then each of the last of them wants side records for
 * many holes. */
enum { SIDE_RECORDS_BEFORE = 30000 };

static inline uint32_t side_records(uint8_t *at, uint32_t i, uint32_t n)
{
	enum { LAST = 8000, EACH = 30 }; /* in turn: those that come last find no room for the first of theirs */
	bool filling = i < SIDE_RECORDS_BEFORE;
	uint32_t k = filling ? 0 : i - SIDE_RECORDS_BEFORE;
	uint32_t who = filling ? i : SIDE_RECORDS_BEFORE - LAST + k / EACH % LAST;
	struct segment s = {.from = 0x0c000000 + who, .to = SERVER, .from_port = PORT, .to_port = 80,
			    .seq = ISN + k % EACH * 500, .ack = 1, .flags = TCP_ACK, .id = (uint16_t)(i + 1),
			    .len = filling ? 0 : 100};

	(void)n;
	return segment_frame(at, &s);
}

/* Names that consist of pointers to pointers, as many as may be. */
static inline uint32_t dns_compression(uint8_t *at, uint32_t i, uint32_t n)
{
	enum { LENGTH = 1400, POINTERS = 16 };
	uint8_t *to = add_ipv4(add_ethernet(at, 0x0800), PROTO_UDP, 8 + LENGTH, SERVER, CLIENT + i, i & 0xffff, 0);
	uint8_t *message = to + 8;
	unsigned count = 0;

	(void)n;
	to = add16(to, 53);
	to = add16(to, PORT);
	to = add16(to, 8 + LENGTH);
	to = add16(to, 0);
	memset(message, 0, LENGTH);
	to = add16(message, i & 0xffff);
	to = add16(to, 0x8180);
	to += 8;
	*to++ = 1; /* the first name: "a" */
	*to++ = 'a';
	*to++ = 0;
	to = add32(to, 0x00010001);
	for (unsigned at_name = 12; (size_t)(to - message) + 12 <= LENGTH; count++) {
		unsigned here = (unsigned)(to - message);

		to = add16(to, 0xc000 | at_name); /* leads to the name before, which leads to ... */
		to = add32(to, 0x00010001);       /* type A, class IN */
		to = add32(to, 60);
		to = add16(to, 0);
		if (count < POINTERS - 2)
			at_name = here;
	}
	message[5] = 1;
	add16(message + 6, count);
	return (uint32_t)(to - at);
}

static inline uint32_t duplicate_storm(uint8_t *at, uint32_t i, uint32_t n)
{
	(void)n;
	return i == 0 ? client_frame(at, TCP_SYN, ISN, 0, i) : client_frame(at, TCP_ACK, ISN + 1, 100, 1);
}

#endif
