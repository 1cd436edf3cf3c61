/* The ring of SYNs: which bytes are one, and blocks that nobody would fill so.
 * links: host process facts base
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <linux/if_packet.h>
#include <net/if_arp.h>
#include <stdlib.h>
#include <string.h>

#include "host/syn_ring.h"
#include "sockeye/clock.h"

static uint8_t block[SYN_RING_BLOCK];
static struct syn got[64];
static unsigned n_got;

static void each(void *arg, const struct syn *s)
{
	(void)arg;
	if (n_got < 64)
		got[n_got] = *s;
	n_got++;
}

/* 10.0.0.1:4660 > 10.0.0.2:80, with so many bytes of IP options. */
static size_t ipv4(uint8_t *p, unsigned options, uint8_t flags)
{
	static const uint8_t head[] = {0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2};
	static const uint8_t tcp[] = {0x12, 0x34, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 0xff, 0xff, 0, 0, 0, 0};

	memcpy(p, head, sizeof head);
	p[0] = (uint8_t)(0x45 + options / 4);
	memset(p + 20, 1, options);
	memcpy(p + 20 + options, tcp, sizeof tcp);
	p[20 + options + 13] = flags;
	return 40 + options;
}

static size_t ipv6(uint8_t *p, uint8_t next, uint8_t flags)
{
	memset(p, 0, 60);
	p[0] = 0x60;
	p[6] = next;
	p[8 + 15] = 1;
	p[24 + 15] = 2;
	p[40] = 0x12;
	p[41] = 0x34;
	p[43] = 80;
	p[52] = 0x50;
	p[53] = flags;
	return 60;
}

static void what_a_syn_is(void **state)
{
	uint8_t p[128];
	struct tuple t;

	(void)state;
	assert_true(syn_parse(p, ipv4(p, 0, 2), &t));
	assert_int_equal(t.from_port, 0x1234);
	assert_int_equal(t.to_port, 80);
	assert_int_equal(t.family, FAMILY_IPV4);
	assert_int_equal(t.from.b[3], 1);
	assert_int_equal(t.to.b[3], 2);
	assert_true(syn_parse(p, ipv4(p, 40, 2), &t));
	assert_int_equal(t.from_port, 0x1234);
	assert_true(syn_parse(p, ipv4(p, 0, 2 | 0xc0), &t)); /* it offers ECN */
	assert_false(syn_parse(p, ipv4(p, 0, 0x12), &t));
	assert_false(syn_parse(p, ipv4(p, 0, 0x10), &t));
	assert_true(syn_parse(p, ipv6(p, 6, 2), &t));
	assert_int_equal(t.family, FAMILY_IPV6);
	assert_int_equal(t.from.b[15], 1);
	assert_int_equal(t.to_port, 80);
	assert_false(syn_parse(p, ipv6(p, 17, 2), &t));
	assert_false(syn_parse(p, ipv6(p, 6, 0x12), &t));
	for (size_t n = 0; n < ipv4(p, 40, 2); n++) /* cut anywhere before its flags: none */
		assert_int_equal(syn_parse(p, n, &t), n >= 20 + 40 + 14);
	p[0] = 0x43;
	assert_false(syn_parse(p, 40, &t));
}

/* A packet at `at`; where the next one goes. */
static size_t put(size_t at, const uint8_t *bytes, size_t n, uint8_t pkttype, uint16_t hatype)
{
	const size_t address = (sizeof(struct tpacket3_hdr) + 15) / 16 * 16, net = address + sizeof(struct sockaddr_ll);
	const size_t size = (net + n + 15) / 16 * 16;
	struct tpacket3_hdr h = {.tp_next_offset = (uint32_t)size, .tp_sec = 7, .tp_nsec = 9, .tp_snaplen = (uint32_t)n,
				 .tp_len = (uint32_t)n, .tp_mac = (uint16_t)net, .tp_net = (uint16_t)net};
	struct sockaddr_ll from = {.sll_ifindex = 3, .sll_pkttype = pkttype, .sll_hatype = hatype};

	memcpy(block + at, &h, sizeof h);
	memcpy(block + at + address, &from, sizeof from);
	memcpy(block + at + net, bytes, n);
	return at + size;
}

static void head(uint32_t packets, uint32_t first)
{
	struct tpacket_block_desc d = {.hdr.bh1 = {.num_pkts = packets, .offset_to_first_pkt = first}};

	memcpy(block, &d, sizeof d);
}

static void a_block(void **state)
{
	struct syn_ring r = {.fd = -1};
	uint8_t p[128];
	size_t at = 48, n = ipv4(p, 0, 2);

	(void)state;
	n_got = 0;
	at = put(at, p, n, PACKET_OUTGOING, ARPHRD_ETHER);
	at = put(at, p, n, PACKET_HOST, ARPHRD_ETHER);
	at = put(at, p, n, PACKET_OUTGOING, ARPHRD_LOOPBACK);
	at = put(at, p, n, PACKET_HOST, ARPHRD_LOOPBACK); /* the same once more */
	n = ipv4(p, 0, 0x10);
	(void)put(at, p, n, PACKET_HOST, ARPHRD_ETHER);
	head(5, 48);
	assert_int_equal(syn_ring_block(&r, block, each, NULL), 5);
	assert_int_equal(n_got, 3);
	assert_int_equal(r.damaged, 0);
	assert_int_equal(got[0].way, SYN_SENT_HERE);
	assert_int_equal(got[1].way, SYN_CAME_HERE);
	assert_int_equal(got[2].way, SYN_LOOPBACK);
	assert_int_equal(got[0].ts_ns, 7 * CLOCK_S + 9);
	assert_int_equal(got[0].interface, 3);
}

/* Lengths and places that lie: nothing is read outside the block, and it ends. */
static void damaged_blocks(void **state)
{
	struct syn_ring r = {.fd = -1};
	uint8_t p[128];
	const size_t n = ipv4(p, 0, 2), second = put(48, p, n, PACKET_HOST, ARPHRD_ETHER);

	(void)state;
	(void)put(second, p, n, PACKET_HOST, ARPHRD_ETHER);
	srand(11);
	for (unsigned turn = 0; turn < 200000; turn++) {
		uint8_t before[2048];

		memcpy(before, block, sizeof before);
		head((uint32_t)(rand() % 4), turn % 3 ? 48U : (uint32_t)rand() * 2U);
		for (unsigned i = 0; i < 4; i++)
			block[48 + (size_t)rand() % (second + 100)] = (uint8_t)rand();
		assert_true(syn_ring_block(&r, block, each, NULL) <= 4);
		memcpy(block, before, sizeof before);
	}
	assert_true(r.damaged > 0);
}

/* A flood fills the ring: a piece of work ends after a block once its time is up, and the next one goes on there. */
static void a_full_ring_goes_in_pieces(void **state)
{
	enum { FILLED = 5 };
	struct syn_ring r = {.fd = -1, .base = calloc(SYN_RING_BLOCKS, SYN_RING_BLOCK)};
	uint8_t p[128];
	const size_t n = ipv4(p, 0, 2);

	(void)state;
	assert_non_null(r.base);
	(void)put(48, p, n, PACKET_HOST, ARPHRD_ETHER);
	head(1, 48);
	for (unsigned i = 0; i < FILLED; i++) {
		struct tpacket_block_desc *d = (struct tpacket_block_desc *)(void *)(r.base + (size_t)i * SYN_RING_BLOCK);

		memcpy(d, block, sizeof block);
		d->hdr.bh1.block_status = TP_STATUS_USER;
	}
	n_got = 0;
	assert_int_equal(syn_ring_read(&r, -1, each, NULL), 1); /* no time at all: one block */
	assert_int_equal(syn_ring_read(&r, -1, each, NULL), 1);
	assert_int_equal(r.current, 2);
	assert_int_equal(syn_ring_read(&r, 100 * CLOCK_S, each, NULL), FILLED - 2);
	assert_int_equal(syn_ring_read(&r, 100 * CLOCK_S, each, NULL), 0);
	assert_int_equal(n_got, FILLED);
	free(r.base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_syn_is), cmocka_unit_test(a_block), cmocka_unit_test(damaged_blocks),
		cmocka_unit_test(a_full_ring_goes_in_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
