/* Fuzz target: what the kernel hands to a live capture.
 * links: engine views
 *
 * The first byte says what the rest is: bit 0 a datagram of rtnetlink, else a
 * block of the ring (its status is set here), bit 1 that frames are made cooked,
 * bit 2 that they are run through the program that the second half of the bytes
 * is.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <linux/filter.h>
#include <linux/if_packet.h>

#include "source/bpf_run.h"
#include "source/hatype.h"
#include "source/links.h"
#include "source/ring.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FUZZ_NETLINK = 1, FUZZ_COOKED = 2, FUZZ_PROGRAM = 4, FUZZ_BLOCK = 64 << 10 };

static void hold(int good)
{
	if (!good)
		abort();
}

static void tell(void *arg, const struct links *l, const struct link_change *c)
{
	(void)arg;
	hold(links_at(l, c->slot) != NULL);
}

static void fuzz_links(const uint8_t *data, size_t size)
{
	struct links *l = links_new(0);

	if (!l)
		return;
	links_parse(l, data, size, 1, tell, NULL);
	links_parse(l, data, size, 2, tell, NULL);
	hold(links_count(l) <= LINKS_MAX + 1);
	links_free(l);
}

/* Each packet lies inside the block, and so does what becomes of it. */
static void fuzz_ring(const uint8_t *data, size_t size, unsigned how)
{
	const size_t program = how & FUZZ_PROGRAM ? size / 2 / sizeof(struct sock_filter) : 0;
	uint8_t *block = calloc(1, FUZZ_BLOCK);
	struct sock_filter *p = calloc(program + 1, sizeof *p);
	struct tpacket_block_desc *head = (void *)block;
	struct ring_packet packet;
	struct ring r;

	if (!block || !p) {
		free(block);
		free(p);
		return;
	}
	memcpy(block, data, size < FUZZ_BLOCK ? size : FUZZ_BLOCK);
	memcpy(p, data + size - program * sizeof *p, program * sizeof *p);
	head->hdr.bh1.block_status = TP_STATUS_USER;
	ring_init(&r, block, FUZZ_BLOCK, 1);
	hold(ring_take(&r));
	for (unsigned n = 0; ring_next(&r, &packet); n++) {
		const struct bpf_known known = {.protocol = packet.protocol, .hatype = packet.hatype};
		struct frame f = {.linktype = how & FUZZ_COOKED ? LINKTYPE_LINUX_SLL2 : LINKTYPE_ETHERNET};

		hold(n <= FUZZ_BLOCK);
		hatype_frame(&f, &packet, FRAME_MAX);
		hold(f.data >= block && f.caplen <= FUZZ_BLOCK && f.data + f.caplen <= block + FUZZ_BLOCK);
		hold(f.wirelen >= f.caplen);
		(void)bpf_run(p, program, f.data, f.caplen, f.wirelen, &known);
	}
	ring_give(&r);
	free(block);
	free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	if (data[0] & FUZZ_NETLINK)
		fuzz_links(data + 1, size - 1);
	else
		fuzz_ring(data + 1, size - 1, data[0]);
	return 0;
}
