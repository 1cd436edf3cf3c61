/* The kernel's ring walked in place, over blocks built in memory; and what a
 * packet of it becomes.
 * links: source
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <linux/if_arp.h>
#include <linux/if_packet.h>
#include <string.h>

#include "sockeye/frame.h"
#include "source/hatype.h"
#include "source/ring.h"

enum { BLOCK = 4096, BLOCKS = 3, FIRST = 48, MAC = 128, STEP = 512 };

static uint8_t *memory; /* of exactly the ring: what leaves it is found */

static struct tpacket_hdr_v1 *block_head(unsigned block)
{
	return &((struct tpacket_block_desc *)(void *)(memory + block * BLOCK))->hdr.bh1;
}

static void put_block(unsigned block, uint32_t packets, uint32_t status)
{
	block_head(block)->num_pkts = packets;
	block_head(block)->offset_to_first_pkt = FIRST;
	block_head(block)->block_status = status;
}

static struct tpacket3_hdr *put_packet(unsigned block, size_t at, uint32_t caplen, uint32_t next)
{
	struct tpacket3_hdr *h = (void *)(memory + block * BLOCK + at);
	struct sockaddr_ll from = {.sll_ifindex = 7, .sll_hatype = ARPHRD_ETHER, .sll_protocol = htons(0x800),
				   .sll_pkttype = PACKET_OUTGOING, .sll_halen = 6};

	*h = (struct tpacket3_hdr){.tp_next_offset = next, .tp_sec = 5, .tp_nsec = 6, .tp_snaplen = caplen,
				   .tp_len = caplen + 10, .tp_mac = MAC, .tp_net = MAC + 14};
	memcpy((uint8_t *)h + 48, &from, sizeof from);
	for (size_t i = 0; i < caplen && at + MAC + i < BLOCK; i++)
		((uint8_t *)h)[MAC + i] = (uint8_t)i;
	return h;
}

static int begin(void **state)
{
	(void)state;
	memory = calloc(BLOCKS, BLOCK);
	return memory ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	free(memory);
	return 0;
}

static void ring_packets_and_blocks_in_order(void **state)
{
	struct ring_packet p;
	struct ring r;

	(void)state;
	ring_init(&r, memory, BLOCK, BLOCKS);
	assert_false(ring_take(&r));
	put_packet(0, FIRST, 60, STEP);
	put_packet(0, FIRST + STEP, 70, 0);
	put_block(0, 2, TP_STATUS_USER | TP_STATUS_BLK_TMO);
	assert_true(ring_take(&r));
	assert_false(r.losing);
	assert_true(ring_next(&r, &p));
	assert_int_equal(p.caplen, 60);
	assert_int_equal(p.wirelen, 70);
	assert_int_equal(p.ts_ns, 5000000006);
	assert_int_equal(p.ifindex, 7);
	assert_int_equal(p.protocol, 0x800);
	assert_int_equal(p.net, 14);
	assert_int_equal(p.link[59], 59);
	assert_true(ring_next(&r, &p));
	assert_int_equal(p.caplen, 70);
	assert_false(ring_next(&r, &p));
	/* Read to its end and still ours: it goes back when it is given. */
	assert_int_equal(block_head(0)->block_status, TP_STATUS_USER | TP_STATUS_BLK_TMO);
	assert_true(ring_take(&r));
	ring_give(&r);
	assert_int_equal(block_head(0)->block_status, TP_STATUS_KERNEL);
	assert_false(ring_take(&r));
	put_packet(1, FIRST, 10, 0);
	put_block(1, 1, TP_STATUS_USER | TP_STATUS_LOSING);
	assert_true(ring_take(&r));
	assert_true(r.losing);
	assert_true(ring_next(&r, &p));
	ring_give(&r);
	put_block(2, 0, TP_STATUS_USER); /* an empty one */
	assert_true(ring_take(&r));
	assert_false(ring_next(&r, &p));
	ring_give(&r);
	assert_int_equal(r.current, 0);
	assert_int_equal(r.damaged, 0);
}

/* One thing wrong with the first of two packets; how many are read all the same. */
static unsigned read_damaged(void (*damage)(struct tpacket3_hdr *))
{
	struct ring_packet p;
	unsigned n = 0;
	struct ring r;

	memset(memory, 0, (size_t)BLOCK * BLOCKS);
	ring_init(&r, memory, BLOCK, BLOCKS);
	damage(put_packet(0, FIRST, 60, STEP));
	put_packet(0, FIRST + STEP, 70, 0);
	put_block(0, 2, TP_STATUS_USER);
	assert_true(ring_take(&r));
	while (ring_next(&r, &p)) {
		n++;
		assert_true(p.link >= memory && p.link + p.caplen <= memory + BLOCK);
		assert_true(p.net <= p.caplen && p.caplen <= p.wirelen);
	}
	assert_int_equal(r.damaged, 1);
	ring_give(&r);
	return n;
}

static void next_zero(struct tpacket3_hdr *h) { h->tp_next_offset = 0; }
static void next_small(struct tpacket3_hdr *h) { h->tp_next_offset = 8; }
static void next_far(struct tpacket3_hdr *h) { h->tp_next_offset = BLOCK; }
static void next_end(struct tpacket3_hdr *h) { h->tp_next_offset = BLOCK - FIRST - 16; }
static void snap_far(struct tpacket3_hdr *h) { h->tp_snaplen = BLOCK; }
static void snap_wrap(struct tpacket3_hdr *h) { h->tp_snaplen = UINT32_MAX; }
static void mac_small(struct tpacket3_hdr *h) { h->tp_mac = 20; }
static void mac_far(struct tpacket3_hdr *h) { h->tp_mac = 65535; }

static void ring_hostile_offsets_end_the_block(void **state)
{
	(void)state;
	assert_int_equal(read_damaged(next_zero), 1);
	assert_int_equal(read_damaged(next_small), 1);
	assert_int_equal(read_damaged(next_far), 1);
	assert_int_equal(read_damaged(next_end), 1);
	assert_int_equal(read_damaged(snap_far), 0);
	assert_int_equal(read_damaged(snap_wrap), 0);
	assert_int_equal(read_damaged(mac_small), 0);
	assert_int_equal(read_damaged(mac_far), 0);
}

static void ring_hostile_first_offset(void **state)
{
	static const uint32_t at[] = {0, 8, BLOCK - 40, BLOCK, BLOCK + 8, UINT32_MAX};
	struct ring_packet p;
	struct ring r;

	(void)state;
	for (unsigned i = 0; i < sizeof at / sizeof *at; i++) {
		ring_init(&r, memory, BLOCK, BLOCKS);
		put_block(0, UINT32_MAX, TP_STATUS_USER);
		block_head(0)->offset_to_first_pkt = at[i];
		assert_true(ring_take(&r));
		assert_false(ring_next(&r, &p));
		assert_int_equal(r.damaged, 1);
	}
}

/* ---- frames ------------------------------------------------------------------- */

static struct ring_packet packet_of(uint32_t caplen, uint32_t status)
{
	struct ring_packet p;
	struct ring r;

	ring_init(&r, memory, BLOCK, BLOCKS);
	put_packet(0, FIRST, caplen, 0)->tp_status = status;
	put_block(0, 1, TP_STATUS_USER);
	assert_true(ring_take(&r) && ring_next(&r, &p));
	return p;
}

static void frame_tag_goes_back_where_it_was(void **state)
{
	static const uint8_t tag[] = {0x88, 0xa8, 0x60, 0x64};
	struct ring_packet p = packet_of(60, TP_STATUS_VLAN_VALID | TP_STATUS_VLAN_TPID_VALID | TP_STATUS_CSUM_VALID);
	struct frame f = {.linktype = LINKTYPE_ETHERNET};

	(void)state;
	p.tci = 0x6064;
	p.tpid = 0x88a8;
	hatype_frame(&f, &p, FRAME_MAX);
	assert_int_equal(f.caplen, 64);
	assert_int_equal(f.wirelen, 74);
	assert_int_equal(f.flags, FRAME_OUTGOING | FRAME_CHECKSUM_VALID);
	for (unsigned i = 0; i < 64; i++)
		assert_int_equal(f.data[i], i < 12 ? i : i < 16 ? tag[i - 12] : i - 4);
	assert_int_equal(f.vlan, 0x6064);
	assert_int_equal(f.vlan_tpid, 0x88a8);
}

static void frame_tag_of_a_frame_too_short_is_told(void **state)
{
	struct ring_packet p = packet_of(11, TP_STATUS_VLAN_VALID | TP_STATUS_CSUMNOTREADY);
	struct frame f = {.linktype = LINKTYPE_ETHERNET};

	(void)state;
	p.tci = 100;
	hatype_frame(&f, &p, FRAME_MAX);
	assert_int_equal(f.caplen, 11);
	assert_int_equal(f.flags, FRAME_OUTGOING | FRAME_CHECKSUM_NOT_READY | FRAME_VLAN);
	assert_int_equal(f.vlan, 100);
	assert_int_equal(f.vlan_tpid, 0x8100);
}

static void frame_cooked_headers(void **state)
{
	static const uint8_t sll[] = {0, 4, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 14, 15};
	static const uint8_t sll2[] = {8, 0, 0, 0, 0, 0, 0, 7, 0, 1, 4, 6, 0, 0, 0, 0, 0, 0, 0, 0, 14, 15};
	struct ring_packet p = packet_of(60, 0);
	struct frame f = {.linktype = LINKTYPE_LINUX_SLL};

	(void)state;
	hatype_frame(&f, &p, FRAME_MAX);
	assert_int_equal(f.caplen, 60 - 14 + 16);
	assert_memory_equal(f.data, sll, sizeof sll);
	p = packet_of(60, 0);
	f = (struct frame){.linktype = LINKTYPE_LINUX_SLL2};
	hatype_frame(&f, &p, 30);
	assert_int_equal(f.caplen, 30);
	assert_int_equal(f.wirelen, 70 - 14 + 20);
	assert_memory_equal(f.data, sll2, sizeof sll2);
}

static void hatypes_have_libpcaps_link_types(void **state)
{
	(void)state;
	assert_int_equal(hatype_linktype(ARPHRD_ETHER, false), LINKTYPE_ETHERNET);
	assert_int_equal(hatype_linktype(ARPHRD_LOOPBACK, true), LINKTYPE_ETHERNET);
	assert_int_equal(hatype_linktype(ARPHRD_NONE, false), LINKTYPE_RAW);
	assert_int_equal(hatype_linktype(ARPHRD_PPP, false), LINKTYPE_LINUX_SLL);
	assert_int_equal(hatype_linktype(ARPHRD_PPP, true), LINKTYPE_LINUX_SLL2);
	assert_int_equal(hatype_linktype(ARPHRD_IEEE80211_RADIOTAP, false), -1);
	assert_int_equal(hatype_linktype(12345, true), LINKTYPE_LINUX_SLL2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(ring_packets_and_blocks_in_order, begin, end),
		cmocka_unit_test_setup_teardown(ring_hostile_offsets_end_the_block, begin, end),
		cmocka_unit_test_setup_teardown(ring_hostile_first_offset, begin, end),
		cmocka_unit_test_setup_teardown(frame_tag_goes_back_where_it_was, begin, end),
		cmocka_unit_test_setup_teardown(frame_tag_of_a_frame_too_short_is_told, begin, end),
		cmocka_unit_test_setup_teardown(frame_cooked_headers, begin, end),
		cmocka_unit_test(hatypes_have_libpcaps_link_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
