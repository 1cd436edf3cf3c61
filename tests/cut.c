/* Every frame of every capture named, cut at every length.
 * links: source dissect facts base
 *
 * A cut frame lies in a block of exactly its size, so that the address
 * sanitizer sees any read beside it. A cut may make layers fail, never
 * differ: what is read is a beginning of what the whole frame gives, a layer
 * that lost bytes is never called whole, and facts of finished layers stay.
 * Ends with a line of counts; status 1 if anything was wrong.
 *
 * usage: cut CAPTURE...
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sockeye/dissector.h"
#include "sockeye/source.h"

enum { CUT_BATCH = 64, CUT_COMPLAINTS = 20 };

struct cut {
	struct dissect *whole, *part;
	struct packet full, packet;
	const char *path;
	struct paths *paths;
	unsigned long long frames, cuts, fast, wrong;
	bool fragment; /* this frame took part in reassembly: its rest depends on others */
};

static void cut_complain(struct cut *t, const struct frame *f, uint32_t n, const char *what)
{
	if (t->wrong++ < CUT_COMPLAINTS)
		fprintf(stderr, "%s: frame %llu cut to %u of %u: %s\n", t->path, (unsigned long long)f->number,
			(unsigned)n, (unsigned)f->caplen, what);
}

/* TCP is finished with its fixed header: the capture may end in its options. */
static bool cut_finished(const struct packet *p, int i)
{
	return p->layer[i].result == DISSECT_OK ||
	       (p->transport && p->tuple.proto == PROTO_TCP && (p->tcp.options & TCP_OPTIONS_CUT));
}

/* The last finished layer of that kind, or -1. */
static int cut_last(const struct packet *p, const char *const *names)
{
	for (int i = p->layers - 1; i >= 0; i--)
		for (const char *const *name = names; *name; name++)
			if (cut_finished(p, i) && strcmp(p->layer[i].by->name, *name) == 0)
				return i;
	return -1;
}

static bool cut_tuple_same(const struct tuple *a, const struct tuple *b)
{
	return a->family == b->family && a->proto == b->proto && a->from_port == b->from_port &&
	       a->to_port == b->to_port && memcmp(&a->from, &b->from, sizeof a->from) == 0 &&
	       memcmp(&a->to, &b->to, sizeof a->to) == 0;
}

/* Do the facts of the same finished transport layer agree? */
static const char *cut_facts(const struct packet *full, const struct packet *p)
{
	static const char *const transports[] = {"tcp", "udp", "icmp", "icmpv6", NULL};
	const struct tcp_facts *a = &full->tcp, *b = &p->tcp;

	if (p->has_mac && (memcmp(p->mac_from, full->mac_from, 6) != 0 || memcmp(p->mac_to, full->mac_to, 6) != 0))
		return "hardware addresses differ";
	if (!p->transport || !full->transport || cut_last(full, transports) != cut_last(p, transports))
		return NULL;
	if (!cut_tuple_same(&full->tuple, &p->tuple))
		return "the tuple differs";
	if (memcmp(&full->ip, &p->ip, sizeof p->ip) != 0)
		return "facts of IP differ";
	if (p->payload_len != full->payload_len)
		return "the payload's length differs";
	if (p->tuple.proto == PROTO_TCP &&
	    (a->seq != b->seq || a->ack != b->ack || a->flags != b->flags || a->window != b->window))
		return "facts of TCP differ";
	if (p->tuple.proto == PROTO_TCP && !(b->options & TCP_OPTIONS_CUT) && a->options != b->options)
		return "TCP options are missing and not marked";
	return NULL;
}

static const char *cut_bounds(const struct packet *p)
{
	for (unsigned i = 0; i < p->layers; i++) {
		const struct layer *l = &p->layer[i];

		if (l->off > p->buffer[l->buffer].len || l->len > p->buffer[l->buffer].len - l->off)
			return "a layer lies outside its buffer";
	}
	for (unsigned i = 0; i < p->fields; i++) {
		const struct field *f = &p->field[i];

		if (f->off > p->buffer[f->buffer].len || f->len > p->buffer[f->buffer].len - f->off)
			return "a row lies outside its buffer";
	}
	if (p->payload) {
		uintptr_t base = (uintptr_t)p->buffer[p->payload_buffer].data, at = (uintptr_t)p->payload;

		if (at < base || at - base + p->payload_captured > p->buffer[p->payload_buffer].len)
			return "the payload lies outside its buffer";
	}
	return NULL;
}

static const char *cut_layers(const struct cut *t)
{
	const struct packet *full = &t->full, *p = &t->packet;
	unsigned known = full->layers;

	for (unsigned i = 0; t->fragment && i < known; i++)
		if (full->layer[i].buffer != BUFFER_FRAME)
			known = i;
	if (p->layers > known && !t->fragment)
		return "more layers than the whole frame has";
	for (unsigned i = 0; i < p->layers && i < known; i++) {
		const struct layer *a = &full->layer[i], *b = &p->layer[i];

		if (a->by != b->by || a->off != b->off)
			return "another layer than in the whole frame";
		if (b->result == DISSECT_OK && (a->result != DISSECT_OK || a->len != b->len))
			return "a layer that lost bytes is called whole";
	}
	return NULL;
}

/* What the fast path takes, it reads as the loop does. */
static const char *cut_fast(struct cut *t)
{
	struct descriptor fast, loop;
	struct headers headers;
	bool flow = descriptor_fill(&loop, &t->packet, t->paths);

	if (!headers_read(&t->packet.frame, &fast, &headers) || !headers_path(&headers, t->paths, &fast))
		return NULL;
	t->fast++;
	if (!flow || memcmp(&fast, &loop, sizeof fast) != 0)
		return "the fast path reads it otherwise";
	return t->packet.issue || t->packet.cut ? "the fast path takes what something is to be said of" : NULL;
}

static void cut_once(struct cut *t, const struct frame *whole, uint32_t n)
{
	uint8_t *block = malloc(n ? n : 1);
	struct frame f = *whole;
	const char *wrong;

	if (!block) {
		perror("cut");
		exit(2);
	}
	memcpy(block, whole->data, n);
	f.data = n ? block : block + 1;
	f.caplen = n;
	packet_reset(&t->packet, &f);
	dissect_batch(t->part);
	(void)dissect_headers(t->part, &t->packet);
	wrong = cut_layers(t);
	if (!wrong && !t->fragment)
		wrong = cut_facts(&t->full, &t->packet);
	if (!wrong)
		wrong = cut_fast(t);
	if (!wrong && n == whole->caplen && !t->fragment && t->packet.layers != t->full.layers)
		wrong = "the same bytes gave other layers";
	(void)dissect_payload(t->part, &t->packet, NULL);
	if (!wrong)
		wrong = cut_bounds(&t->packet);
	if (wrong)
		cut_complain(t, whole, n, wrong);
	t->cuts++;
	free(block);
}

static void cut_frame(struct cut *t, const struct frame *f)
{
	uint64_t fragments = dissect_stats(t->whole)->fragments;
	const char *wrong;

	packet_reset(&t->full, f);
	dissect_batch(t->whole);
	(void)dissect_headers(t->whole, &t->full);
	t->fragment = dissect_stats(t->whole)->fragments != fragments;
	wrong = cut_bounds(&t->full);
	if (wrong)
		cut_complain(t, f, f->caplen, wrong);
	for (uint32_t n = 0; n <= f->caplen; n++)
		cut_once(t, f, n);
	t->frames++;
}

/* Damaged captures are captures, too: what can be read of them is cut. */
static int cut_capture(struct cut *t, const char *path)
{
	const struct source_options o = {.files = &path, .n_files = 1};
	struct frame frames[CUT_BATCH];
	struct source *s;
	struct error e;
	int n;

	t->path = path;
	if ((n = source_open(&s, &o, &e)) < 0) {
		fprintf(stderr, "%s: not read: %s\n", path, e.text);
		return n;
	}
	for (unsigned long long number = 0; (n = s->next_batch(s, frames, CUT_BATCH)) >= 0;)
		for (int i = 0; i < n; i++) {
			frames[i].number = ++number;
			cut_frame(t, &frames[i]);
		}
	s->free(s);
	return 0;
}

int main(int argc, char **argv)
{
	struct cut *t = calloc(1, sizeof *t);
	unsigned unread = 0;
	struct error e;

	if (!t || dissect_open(&t->whole, NULL, &e) < 0 || dissect_open(&t->part, NULL, &e) < 0 ||
	    paths_open(&t->paths, &e) < 0) {
		fprintf(stderr, "cut: %s\n", t ? e.text : "out of memory");
		return 2;
	}
	t->full.want_fields = t->packet.want_fields = true;
	for (int i = 1; i < argc; i++)
		unread += cut_capture(t, argv[i]) < 0;
	printf("%d captures (%u not read), %llu frames, %llu cuts, %llu by the fast path, %llu wrong\n", argc - 1, unread,
	       t->frames, t->cuts, t->fast, t->wrong);
	int status = t->wrong > 0 || t->frames == 0 || t->fast == 0;
	paths_free(t->paths);
	dissect_free(t->whole);
	dissect_free(t->part);
	free(t);
	return status;
}
