/* Fuzz target: payloads of applications, alone or as the segments of a stream.
 * links: engine views
 *
 * The first 8 bytes, big endian, say how the rest is taken:
 *
 *   byte 0   bit 0 UDP, 1 the server speaks, 2 first payload of its side, 3 bytes are missing before it,
 *            4 the application is known: number in byte 1, 5 the other side began with byte 6 times 4 of
 *            these bytes, 6 the wire carried more than was captured, 7 segments, see below
 *   byte 2   port of the sender, then of the receiver
 *
 * Segments: a head of four bytes before each: bit 0 the server's, bit 1 begins earlier, bit 2 later, by
 * the second byte times 8; then the length. They go through the whole engine.
 *
 * Whatever comes out must hold: rows inside their buffers, the same service, name and result with
 * rows and without, and no control byte in what text and JSON print, the line's end apart.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sockeye/engine.h"
#include "sockeye/views.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FUZZ_HEAD = 8 };
enum { FUZZ_UDP = 1, FUZZ_SERVER = 2, FUZZ_FIRST = 4, FUZZ_GAP = 8, FUZZ_KNOWN = 16, FUZZ_OTHER = 32, FUZZ_CUT = 64,
       FUZZ_SEGMENTS = 128 };
enum { SEGMENTS_MAX = 64, HEADERS = 40, SEGMENT_MAX = 1460, SEGMENT_HEAD = 4, OUTPUT_MAX = 1 << 22 };

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* ---- what is printed ------------------------------------------------------- */

static struct observer view_text, view_json;
static int view_fd[2] = {-1, -1};

static void views_start(void)
{
	struct views_options o = {.view = VIEW_PACKETS, .flush = true, .verbose = 1};
	struct error e;

	if (view_fd[0] >= 0)
		return;
	must((view_fd[0] = o.fd = memfd_create("text", 0)) >= 0);
	o.format = VIEW_TEXT;
	must(views_open(&view_text, &o, &e) == 0);
	must((view_fd[1] = o.fd = memfd_create("json", 0)) >= 0);
	o.format = VIEW_JSON;
	must(views_open(&view_json, &o, &e) == 0);
}

static void look_at_output(int fd)
{
	static uint8_t output[OUTPUT_MAX];
	ssize_t n = pread(fd, output, sizeof output, 0);

	must(n > 0 && n < OUTPUT_MAX && output[n - 1] == '\n');
	for (ssize_t i = 0; i < n; i++)
		must((output[i] >= 0x20 && output[i] != 0x7f) || output[i] == '\n');
	must(ftruncate(fd, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0);
}

static void print(struct packet *p, unsigned side)
{
	const struct event ev = {.kind = EVENT_PACKET, .packet = p, .side = side};

	must(view_text.event(view_text.self, &ev) == 0 && view_json.event(view_json.self, &ev) == 0);
}

static void look_at_places(const struct packet *p)
{
	must(p->layers <= PACKET_LAYERS && p->fields <= PACKET_FIELDS);
	for (unsigned i = 0; i < p->layers; i++) {
		const struct layer *l = &p->layer[i];

		must(l->by && l->buffer < PACKET_BUFFERS && l->result != DISSECT_NOT_MINE);
		must(l->off <= p->buffer[l->buffer].len && l->len <= p->buffer[l->buffer].len - l->off);
	}
	for (unsigned i = 0; i < p->fields; i++) {
		const struct field *f = &p->field[i];

		must(f->buffer < PACKET_BUFFERS && f->layer < p->layers);
		must(f->off <= p->buffer[f->buffer].len && f->len <= p->buffer[f->buffer].len - f->off);
	}
}

/* ---- one payload ----------------------------------------------------------- */

static const struct dissector *nth_application(unsigned n)
{
	const struct dissector *found[64];
	unsigned count = 0;

	for (const struct dissector *const *by = dissect_list(); *by && count < 64; by++)
		if ((*by)->binds && ((*by)->binds->table == TABLE_TCP_GUESS || (*by)->binds->table == TABLE_UDP_GUESS))
			found[count++] = *by;
	return found[n % count];
}

static void set_up(struct packet *p, const struct frame *f, const uint8_t *head)
{
	packet_reset(p, f);
	p->tuple.family = FAMILY_IPV4;
	p->tuple.proto = head[0] & FUZZ_UDP ? PROTO_UDP : PROTO_TCP;
	p->tuple.from_port = (uint16_t)(head[2] << 8 | head[3]);
	p->tuple.to_port = (uint16_t)(head[4] << 8 | head[5]);
	memcpy(p->tuple.to.b, head[7] & 1 ? "\xe0\0\0\xfb" : "\xc0\0\2\1", 4);
	p->transport = true;
	p->payload = f->data;
	p->payload_captured = f->caplen;
	p->payload_len = f->wirelen;
	p->payload_buffer = BUFFER_FRAME;
}

static void same(const struct packet *a, const struct packet *b)
{
	must(a->service == b->service && a->server_name == b->server_name && a->server_name_len == b->server_name_len);
	must(a->need_more == b->need_more && a->layers == b->layers && a->cut == b->cut && a->issue == b->issue);
	must(a->budget.left == b->budget.left && b->fields == 0);
}

static void one_payload(struct dissect *d, const uint8_t *head, const uint8_t *block, size_t n)
{
	static struct packet rows, plain;
	const struct frame f = {.number = 1, .data = block, .caplen = (uint32_t)n,
				.wirelen = (uint32_t)n + (head[0] & FUZZ_CUT ? 500 : 0), .linktype = LINKTYPE_RAW};
	const struct talk t = {
		.known = head[0] & FUZZ_KNOWN ? nth_application(head[1]) : NULL,
		.from_client = !(head[0] & FUZZ_SERVER), .first = head[0] & FUZZ_FIRST, .gap = head[0] & FUZZ_GAP,
		.other = head[0] & FUZZ_OTHER ? block : NULL,
		.other_len = head[0] & FUZZ_OTHER ? (uint32_t)(head[6] * 4u < n ? head[6] * 4u : n) : 0,
	};
	enum dissect_result with, without;

	rows.want_fields = true;
	set_up(&rows, &f, head);
	set_up(&plain, &f, head);
	with = dissect_payload(d, &rows, &t);
	without = dissect_payload(d, &plain, &t);
	must(with == without);
	same(&rows, &plain);
	look_at_places(&rows);
	must(with != DISSECT_NOT_MINE || (rows.layers == 0 && rows.fields == 0 && !rows.service && !rows.issue));
	must(rows.need_more == 0 || rows.need_more > n);
	must(!rows.server_name || (rows.server_name >= block && rows.server_name + rows.server_name_len <= block + n));
	print(&rows, head[0] & FUZZ_SERVER ? 1 : 0);

	/* The same bytes as the head of a stream: the rows lie there. */
	set_up(&rows, &f, head);
	rows.payload = NULL;
	(void)dissect_stream(d, &rows, &t, block, (uint32_t)n);
	look_at_places(&rows);
	print(&rows, 0);
}

/* ---- segments -------------------------------------------------------------- */

struct segment {
	uint8_t bytes[HEADERS + SEGMENT_MAX];
	uint32_t len;
};

static void be32(uint8_t *at, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		at[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* IPv4 and TCP without options, no checksums: nobody verifies them. */
static void make(struct segment *s, const uint8_t *head, unsigned side, uint32_t seq, uint8_t flags,
		 const uint8_t *payload, size_t n)
{
	static const uint8_t ip[20] = {0x45, 0, 0, 0, 0, 0, 0, 0, 64, 6, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2};
	uint8_t *tcp = s->bytes + 20;

	memcpy(s->bytes, ip, sizeof ip);
	memset(tcp, 0, 20);
	s->len = HEADERS + (uint32_t)n;
	s->bytes[2] = (uint8_t)(s->len >> 8);
	s->bytes[3] = (uint8_t)s->len;
	s->bytes[15] = side ? 2 : 1;
	s->bytes[19] = side ? 1 : 2;
	memcpy(tcp, head + (side ? 4 : 2), 2);
	memcpy(tcp + 2, head + (side ? 2 : 4), 2);
	be32(tcp + 4, seq);
	tcp[12] = 0x50;
	tcp[13] = flags;
	if (n)
		memcpy(s->bytes + HEADERS, payload, n);
}

struct outcome {
	const char *service;
	struct { uint16_t len; uint8_t bytes[256]; } name;
	unsigned ended;
};

static int ended(void *self, const struct event *ev)
{
	struct outcome *o = self;

	o->ended++;
	o->service = record_has(ev->flow, RECORD_SERVICE) ? ev->flow->service : "";
	if (record_has(ev->flow, RECORD_SERVER_NAME)) {
		o->name.len = ev->flow->server_name.len;
		memcpy(o->name.bytes, ev->flow->server_name.bytes, o->name.len);
	}
	return 0;
}

static int printed(void *self, const struct event *ev)
{
	(void)self;
	look_at_places(ev->packet);
	print((struct packet *)(uintptr_t)ev->packet, ev->side);
	return 0;
}

static struct outcome play(const struct segment *segments, unsigned n, bool rows)
{
	struct engine_options options = {.memory = ENGINE_MEMORY_MIN, .hash_seed = 1};
	struct outcome out = {.service = ""};
	struct observer ends = {.name = "ends", .event = ended, .self = &out, .wants = EVENT_FLOW_END};
	struct observer prints = {.name = "prints", .event = printed, .wants = EVENT_PACKET, .wants_fields = true};
	struct engine *engine;
	struct error e;

	must(engine_open(&engine, &options, &e) == 0 && engine_observe(engine, &ends) == 0);
	if (rows)
		must(engine_observe(engine, &prints) == 0);
	for (unsigned i = 0; i < n; i++) {
		/* In a block of its own: a read beside it shows. */
		uint8_t *block = malloc(segments[i].len);
		struct frame f = {.ts_ns = 1000 * (int64_t)(i + 1), .data = block, .caplen = segments[i].len,
				  .wirelen = segments[i].len, .linktype = LINKTYPE_RAW};

		must(block != NULL);
		memcpy(block, segments[i].bytes, segments[i].len);
		must(engine_batch(engine, &f, 1) == 0);
		free(block);
	}
	must(engine_end(engine, false) == 0);
	must(flow_stats(engine_flows(engine))->heads == 0);
	engine_free(engine);
	return out;
}

static void as_segments(const uint8_t *head, const uint8_t *data, size_t size)
{
	static struct segment segments[SEGMENTS_MAX];
	const uint32_t start[2] = {0xffffff00, 77};
	uint32_t next[2] = {start[0] + 1, start[1] + 1};
	struct outcome a, b;
	unsigned n = 0;

	make(&segments[n++], head, 0, start[0], TCP_SYN, NULL, 0);
	make(&segments[n++], head, 1, start[1], TCP_SYN | TCP_ACK, NULL, 0);
	while (n < SEGMENTS_MAX && size > SEGMENT_HEAD) {
		unsigned side = data[0] & 1;
		size_t len = ((size_t)data[2] << 8 | data[3]) % SEGMENT_MAX + 1;
		uint32_t seq = next[side];

		seq -= data[0] & 2 ? data[1] * 8u : 0;
		seq += data[0] & 4 ? data[1] * 8u : 0;
		data += SEGMENT_HEAD;
		size -= SEGMENT_HEAD;
		len = len < size ? len : size;
		make(&segments[n++], head, side, seq, TCP_ACK, data, len);
		if ((int32_t)(seq + (uint32_t)len - next[side]) > 0)
			next[side] = seq + (uint32_t)len;
		data += len;
		size -= len;
	}
	a = play(segments, n, true);
	b = play(segments, n, false);
	must(a.ended == b.ended && strcmp(a.service, b.service) == 0);
	must(a.name.len == b.name.len && memcmp(a.name.bytes, b.name.bytes, a.name.len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct dissect *dissect;
	uint8_t *block;
	struct error e;

	if (size <= FUZZ_HEAD)
		return 0;
	views_start();
	if (!dissect)
		must(dissect_open(&dissect, NULL, &e) == 0);
	if (data[0] & FUZZ_SEGMENTS) {
		as_segments(data, data + FUZZ_HEAD, size - FUZZ_HEAD);
		look_at_output(view_fd[0]);
		look_at_output(view_fd[1]);
		return 0;
	}
	size = size - FUZZ_HEAD < 65535 ? size - FUZZ_HEAD : 65535;
	must((block = malloc(size)) != NULL);
	memcpy(block, data + FUZZ_HEAD, size);
	one_payload(dissect, data, block, size);
	free(block);
	look_at_output(view_fd[0]);
	look_at_output(view_fd[1]);
	return 0;
}
