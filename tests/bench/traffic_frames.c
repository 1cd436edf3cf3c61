/* The bytes of made-up traffic: chance, the file, headers, contents. See traffic.c. */
#include "traffic.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FRAME = 2048, NOISE = 1 << 17 };

static uint8_t noise[NOISE], frame[FRAME];
static uint64_t random_state;

/* ---- chance ---------------------------------------------------------------- */

/* splitmix64 (Steele, Lea, Flood 2014). */
uint64_t scramble(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

void chance_begin(uint64_t seed)
{
	random_state = scramble(seed);
}

uint64_t chance(void)
{
	return scramble(random_state += UINT64_C(0x632be59bd9b4e019));
}

uint32_t below(uint32_t n)
{
	return (uint32_t)((chance() >> 32) * n >> 32);
}

double unit(void)
{
	return (double)(chance() >> 11) * 0x1p-53;
}

bool happens(double percent)
{
	return unit() * 100 < percent;
}

uint64_t wait_ns(double mean_ms)
{
	return (uint64_t)(-log(1 - unit()) * mean_ms * (double)MS) + 1000;
}

/* ---- the file --------------------------------------------------------------- */

static void le(uint8_t **p, uint64_t v, unsigned n)
{
	while (n-- > 0) {
		*(*p)++ = (uint8_t)v;
		v >>= 8;
	}
}

static void out(const void *bytes, size_t n)
{
	if (fwrite(bytes, 1, n, stdout) != n) {
		perror("traffic: writing");
		exit(1);
	}
}

static void file_header(void)
{
	uint8_t h[64], *p = h;

	if (set.pcapng) {
		le(&p, 0x0a0d0d0a, 4), le(&p, 28, 4), le(&p, 0x1a2b3c4d, 4), le(&p, 1, 4);
		le(&p, UINT64_MAX, 8), le(&p, 28, 4);
		le(&p, 1, 4), le(&p, 20, 4), le(&p, 1, 4), le(&p, 262144, 4), le(&p, 20, 4);
	} else {
		le(&p, 0xa1b2c3d4, 4), le(&p, 2, 2), le(&p, 4, 2), le(&p, 0, 8), le(&p, 262144, 4), le(&p, 1, 4);
	}
	out(h, (size_t)(p - h));
}

static void file_frame(uint64_t ns, size_t len)
{
	uint8_t h[32], *p = h;
	uint64_t us = ns / 1000;
	size_t pad = set.pcapng ? (4 - len % 4) % 4 : 0;

	if (len < 60) {
		memset(frame + len, 0, 60 - len);
		len = 60;
		pad = 0;
	}
	if (set.pcapng) {
		le(&p, 6, 4), le(&p, 32 + len + pad, 4), le(&p, 0, 4), le(&p, us >> 32, 4), le(&p, us, 4);
	} else {
		le(&p, us / 1000000, 4), le(&p, us % 1000000, 4);
	}
	le(&p, len, 4), le(&p, len, 4);
	out(h, (size_t)(p - h));
	out(frame, len);
	if (set.pcapng) {
		static const uint8_t zero[4];

		out(zero, pad);
		p = h;
		le(&p, 32 + len + pad, 4);
		out(h, 4);
	}
	truth.packets++;
	truth.bytes += len;
}

/* ---- headers ---------------------------------------------------------------- */

static void be16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void be32(uint8_t *p, uint32_t v)
{
	be16(p, v >> 16);
	be16(p + 2, v & 0xffff);
}

static uint64_t sum(const uint8_t *p, size_t n, uint64_t s)
{
	for (; n > 1; p += 2, n -= 2)
		s += (uint64_t)p[0] << 8 | p[1];
	return n ? s + ((uint64_t)p[0] << 8) : s;
}

static uint16_t fold(uint64_t s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return (uint16_t)~s;
}

uint16_t port_of(const struct talk *t, unsigned side)
{
	static const uint16_t servers[] = {443, 443, 443, 443, 443, 80, 80, 80, 22, 25, 5432, 8080, 993, 3306, 6379, 853};
	uint64_t h = scramble(t->id);

	if (side == 0)
		return (uint16_t)(1024 + h % 64000);
	return t->kind == QUESTION ? 53 : t->kind == DATAGRAMS ? 443 : servers[h >> 32 & 15];
}

/* The clients are many, the servers few, and some of them busier. */
static uint32_t address_of(const struct talk *t, unsigned side)
{
	uint32_t h = (uint32_t)(scramble(t->id ^ UINT64_C(0xabcdef)) >> 32);

	return side == 0 ? UINT32_C(0x0a000000) | (t->id * UINT32_C(2654435761)) >> 8
			 : UINT32_C(0xc6120000) | ((h & 4095) >> (h >> 12 & 3));
}

/* Ethernet and IP before n bytes of transport; the offset of the transport. */
static size_t network(struct talk *t, unsigned from, uint8_t proto, size_t n)
{
	static const uint8_t mac[12] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1};
	uint8_t *p = frame + 14;

	memcpy(frame, from ? mac + 6 : mac, 6);
	memcpy(frame + 6, from ? mac : mac + 6, 6);
	be16(frame + 12, t->six ? 0x86dd : 0x0800);
	if (t->six) {
		be32(p, 0x60000000), be16(p + 4, (uint32_t)n);
		p[6] = proto, p[7] = from ? 57 : 64;
		for (unsigned i = 0; i < 2; i++) {
			uint8_t *a = p + 8 + 16 * (size_t)i;

			be32(a, 0x20010db8), be32(a + 4, i ^ from), be32(a + 8, 0), be32(a + 12, address_of(t, i ^ from));
		}
		return 54;
	}
	memset(p, 0, 20);
	p[0] = 0x45, p[8] = from ? 57 : 64, p[9] = proto;
	be16(p + 2, (uint32_t)(20 + n)), be16(p + 4, t->ip_id[from]++), be16(p + 6, 0x4000);
	be32(p + 12, address_of(t, from)), be32(p + 16, address_of(t, !from));
	be16(p + 10, fold(sum(p, 20, 0)));
	return 34;
}

static uint16_t checksum(const struct talk *t, size_t at, uint8_t proto, size_t n)
{
	size_t addresses = t->six ? 32 : 8;

	return fold(sum(frame + at, n, sum(frame + at - addresses, addresses, proto + n)));
}

/* ---- what they say ------------------------------------------------------------ */

static size_t request(const struct talk *t, unsigned from, uint8_t *to)
{
	if (port_of(t, 1) == 80)
		return (size_t)snprintf((char *)to, 400, from ? "HTTP/1.1 200 OK\r\nServer: s\r\nContent-Length: 1000000\r\n\r\n"
				: "GET /%" PRIu32 " HTTP/1.1\r\nHost: host%" PRIu32 ".example.net\r\nAccept: */*\r\n\r\n",
				t->id, t->id & 255);
	/* TLS 1.2 ClientHello or ServerHello (RFC 5246 section 7.4.1), the client's with a server name. */
	memcpy(to, noise + (t->id & 65535), 400);
	be16(to, 0x1603), to[2] = 1;
	to[5] = from ? 2 : 1, to[6] = 0;
	be16(to + 9, 0x0303);
	to[43] = 0;
	if (from) {
		be16(to + 3, 42), be16(to + 7, 38);
		be16(to + 44, 0xc02f), to[46] = 0;
		return 47;
	}
	be16(to + 44, 4), be32(to + 46, 0xc02bc02f), be16(to + 50, 0x0100);
	size_t name = (size_t)snprintf((char *)to + 63, 40, "host%" PRIu32 ".example.org", t->id & 255);

	be16(to + 52, (uint32_t)(name + 9)), be16(to + 54, 0), be16(to + 56, (uint32_t)(name + 5));
	be16(to + 58, (uint32_t)(name + 3)), to[60] = 0, be16(to + 61, (uint32_t)name);
	be16(to + 3, (uint32_t)(63 + name - 5)), be16(to + 7, (uint32_t)(63 + name - 9));
	return 63 + name;
}

static size_t options(const struct talk *t, uint64_t ns, unsigned from, unsigned flags, uint8_t *o)
{
	size_t n = 0;

	if (flags & SYN) {
		be32(o, 0x02040000 | (t->six ? 1440 : 1460)), be32(o + 4, 0x01030307), be32(o + 8, 0x01010402);
		n = 12;
	}
	if (t->stamps && !(flags & RST)) {
		be32(o + n, 0x0101080a), be32(o + n + 4, (uint32_t)(ns / MS) + from * 77777u);
		be32(o + n + 8, flags == SYN ? 0 : (uint32_t)(ns / MS) + !from * 77777u - 1);
		n += 12;
	}
	return n;
}

/* len bytes of content at seq; len 0: none. */
void tcp(struct talk *t, uint64_t ns, unsigned from, unsigned flags, uint32_t seq, size_t len)
{
	uint8_t opt[40];
	size_t n = options(t, ns, from, flags, opt), at = t->six ? 54 : 34;
	uint8_t *p = frame + at;
	bool first = len && t->app && !(t->said >> from & 1) && t->stage == DATA;

	if (first)
		len = request(t, from, p + 20 + n);
	else if (len)
		memcpy(p + 20 + n, noise + (scramble(t->id + from) + seq) % (NOISE - FRAME), len);
	if (len)
		t->said |= (uint8_t)(1u << from);
	network(t, from, 6, 20 + n + len);
	be16(p, port_of(t, from)), be16(p + 2, port_of(t, !from)), be32(p + 4, seq);
	be32(p + 8, flags & ACK ? t->seq[!from] - (t->hole_len && from != t->turn ? t->seq[!from] - t->hole_seq : 0) : 0);
	p[12] = (uint8_t)((20 + n) / 4 << 4), p[13] = (uint8_t)flags;
	be16(p + 14, flags & SYN ? 64240 : flags & RST ? 0 : 502), be32(p + 16, 0);
	memcpy(p + 20, opt, n);
	be16(p + 16, checksum(t, at, 6, 20 + n + len));
	file_frame(ns, at + 20 + n + len);
	if (seq == t->seq[from])
		t->seq[from] += (uint32_t)len + !!(flags & (SYN | FIN));
}

static void udp(struct talk *t, uint64_t ns, unsigned from, const uint8_t *content, size_t len)
{
	size_t at = t->six ? 54 : 34;
	uint8_t *p = frame + at;

	network(t, from, 17, 8 + len);
	be16(p, port_of(t, from)), be16(p + 2, port_of(t, !from)), be32(p + 4, (uint32_t)(8 + len) << 16);
	memcpy(p + 8, content, len);
	be16(p + 6, checksum(t, at, 17, 8 + len));
	file_frame(ns, at + 8 + len);
}

void question(struct talk *t, uint64_t ns)
{
	uint8_t m[64] = {0};
	size_t n = 12;

	be16(m, t->id & 0xffff), m[2] = t->turn ? 0x81 : 1, m[3] = t->turn ? 0x80 : 0, m[5] = 1, m[7] = t->turn;
	m[n++] = 7;
	memcpy(m + n, "example\3net", 12);
	n += 12;
	be32(m + n, 0x00010001), n += 4;
	if (t->turn) {
		be32(m + n, 0xc00c0001), be32(m + n + 4, 0x00010000), be32(m + n + 8, 0x012c0004);
		be32(m + n + 12, address_of(t, 1)), n += 16;
	}
	udp(t, ns, t->turn, m, n);
}

void datagram(struct talk *t, uint64_t ns, size_t len)
{
	udp(t, ns, t->turn, noise + below(65536), len);
}

void frames_begin(void)
{
	for (size_t i = 0; i < NOISE; i += 8) {
		uint64_t x = chance();

		memcpy(noise + i, &x, 8);
	}
	(void)setvbuf(stdout, NULL, _IOFBF, 1 << 20);
	file_header();
}
