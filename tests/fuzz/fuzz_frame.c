/* Fuzz target: frames through the loop and the applications.
 * links: dissect facts base
 *
 * The first two bytes, big endian, say how the rest is taken:
 *
 *   bits 0..8   the link type; numbers that are not read stand for one that is
 *   0x2000      several frames, a byte of length (times 8) before each, one batch
 *   0x4000      the tag of a VLAN lies beside the bytes
 *   0x8000      the wire carried 1000 bytes more than were captured
 *
 * Whatever comes out must hold what the headers promise: bounded counts, rows
 * and layers and payload inside their buffers, the same facts with and without
 * rows, text for every row.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sockeye/descriptor.h"
#include "sockeye/dissector.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FUZZ_BATCH = 64, FUZZ_LINK = 0x1ff, FUZZ_SEVERAL = 0x2000, FUZZ_VLAN = 0x4000, FUZZ_CUT = 0x8000 };

static void must(bool holds)
{
	if (!holds)
		abort();
}

static uint16_t link_type(unsigned head)
{
	static const uint16_t read[] = {
		LINKTYPE_NULL, LINKTYPE_ETHERNET, LINKTYPE_PPP, LINKTYPE_PPP_HDLC, LINKTYPE_PPP_ETHER,
		LINKTYPE_RAW, LINKTYPE_C_HDLC, LINKTYPE_LOOP, LINKTYPE_LINUX_SLL, LINKTYPE_PPP_PPPD,
		LINKTYPE_IPV4, LINKTYPE_IPV6, LINKTYPE_LINUX_SLL2, LINKTYPE_FDDI, LINKTYPE_IPOIB,
		LINKTYPE_IEEE802_11, LINKTYPE_PRISM, LINKTYPE_RADIOTAP, LINKTYPE_AVS, LINKTYPE_PPI, LINKTYPE_NFLOG,
	};
	unsigned n = sizeof read / sizeof read[0];

	for (unsigned i = 0; i < n; i++)
		if (read[i] == (head & FUZZ_LINK))
			return read[i];
	return read[head % n];
}

static void look_at_places(const struct packet *p)
{
	char line[256];
	struct text t;

	must(p->layers <= PACKET_LAYERS && p->fields <= PACKET_FIELDS);
	must(p->path.vlans <= PACKET_VLANS && p->path.tunnels <= PACKET_TUNNELS);
	for (unsigned i = 0; i < p->layers; i++) {
		const struct layer *l = &p->layer[i];

		must(l->by && l->buffer < PACKET_BUFFERS && l->result != DISSECT_NOT_MINE);
		must(l->off <= p->buffer[l->buffer].len && l->len <= p->buffer[l->buffer].len - l->off);
	}
	for (unsigned i = 0; i < p->fields; i++) {
		const struct field *f = &p->field[i];

		must(f->buffer < PACKET_BUFFERS && f->layer < p->layers);
		must(f->off <= p->buffer[f->buffer].len && f->len <= p->buffer[f->buffer].len - f->off);
		text_init(&t, line, sizeof line);
		packet_field_text(&t, p, f);
		must(strlen(line) < sizeof line);
	}
	if (p->payload) {
		uintptr_t base = (uintptr_t)p->buffer[p->payload_buffer].data, at = (uintptr_t)p->payload;

		must(at >= base && p->payload_captured <= p->payload_len);
		must(at - base + p->payload_captured <= p->buffer[p->payload_buffer].len);
	}
	if (p->server_name) {
		must(p->payload && p->server_name >= p->payload);
		must((size_t)(p->server_name - p->payload) + p->server_name_len <= p->payload_captured);
	}
}

static void look_at_facts(const struct packet *p)
{
	if (p->transport)
		must(p->tuple.family != FAMILY_NONE);
	if (p->transport && p->tuple.proto == PROTO_TCP)
		must(p->tcp.sacks <= 4 && p->tcp.header_len >= 20 && p->tcp.header_len <= 60);
	if (p->cut)
		must(p->layers > 0);
}

/* What the fast path takes, it reads as the loop does. */
static void look_at_fast_path(const struct packet *p, struct paths *paths, const struct descriptor *loop, bool flow)
{
	const struct dissector *by[HEADERS_LAYERS];
	struct descriptor fast;
	struct headers headers;
	unsigned n, same = 0;

	if (!headers_read(&p->frame, &fast, &headers) || !headers_path(&headers, paths, &fast))
		return;
	must(flow && memcmp(&fast, loop, sizeof fast) == 0);
	must(!p->issue && !p->cut && !p->layers_full && p->path.tunnels == 0);
	n = headers_layers(headers.stack, by);
	for (unsigned i = 0; i < p->layers; i++) {
		same += same < n && by[same] == p->layer[i].by;
		must(p->layer[i].by == by[same - 1]);
	}
	must(same == n);
	must(headers.steps == BUDGET_FRAME - p->budget.left);
}

/* One frame, with rows and without them: the descriptor must not differ. */
static void one_frame(struct dissect *d, struct paths *paths, const struct frame *f)
{
	static struct packet p, plain;
	struct descriptor a, b;
	const struct talk talks[] = {{.first = true, .from_client = true}, {.gap = true}};
	bool flow, plain_flow;

	p.want_fields = true;
	packet_reset(&p, f);
	(void)dissect_headers(d, &p);
	look_at_places(&p);
	look_at_facts(&p);
	flow = descriptor_fill(&a, &p, paths);
	/* What was put together or inflated lies elsewhere the second time. */
	if (dissect_stats(d)->fragments == 0 && p.current_buffer == BUFFER_FRAME) {
		plain.want_fields = false;
		packet_reset(&plain, f);
		(void)dissect_headers(d, &plain);
		must(plain.fields == 0);
		plain_flow = descriptor_fill(&b, &plain, paths);
		must(flow == plain_flow && (!flow || memcmp(&a, &b, sizeof a) == 0));
		look_at_fast_path(&plain, paths, &b, plain_flow);
	}
	for (unsigned i = 0; i < 2; i++) {
		(void)dissect_payload(d, &p, &talks[i]);
		look_at_places(&p);
	}
	for (const struct dissector *const *by = dissect_list(); *by; by++) {
		const struct talk known = {.known = *by};

		/* Only payload dissectors are ever known of a conversation. */
		if (!(*by)->binds || ((*by)->binds->table != TABLE_TCP_GUESS && (*by)->binds->table != TABLE_UDP_GUESS))
			continue;
		(void)dissect_payload(d, &p, &known);
		look_at_places(&p);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct paths *paths;
	struct dissect *d;
	struct frame f = {0};
	unsigned head;
	struct error e;

	if (size < 2)
		return 0;
	head = (unsigned)data[0] << 8 | data[1];
	data += 2;
	size -= 2;
	if (size > FRAME_MAX)
		size = FRAME_MAX;
	must(dissect_open(&d, NULL, &e) == 0 && paths_open(&paths, &e) == 0);
	f.linktype = link_type(head);
	f.flags = (head & FUZZ_VLAN) ? FRAME_VLAN : 0;
	f.vlan = 0x2abc;
	dissect_batch(d);
	for (unsigned i = 0; i < FUZZ_BATCH && (size > 0 || i == 0); i++) {
		size_t n = size;
		uint8_t *block;

		if (head & FUZZ_SEVERAL && size > 0) {
			n = data[0] * 8u;
			data++;
			size--;
			n = n < size ? n : size;
		}
		/* In a block of its own: a read beside it shows. */
		must((block = malloc(n ? n : 1)) != NULL);
		memcpy(block, data, n);
		data += n;
		size -= n;
		f.number++;
		f.ts_ns += 1000;
		f.data = block;
		f.caplen = (uint32_t)n;
		f.wirelen = (uint32_t)n + ((head & FUZZ_CUT) ? 1000 : 0);
		one_frame(d, paths, &f);
		free(block);
	}
	paths_free(paths);
	dissect_free(d);
	return 0;
}
