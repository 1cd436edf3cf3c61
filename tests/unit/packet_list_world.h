/* Conversations that are made here, and a source that gives each of their frames by its number: for lists of
 * packets. */
#ifndef PACKET_LIST_WORLD_H
#define PACKET_LIST_WORLD_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/index.h"
#include "engine/remember.h"
#include "sockeye/engine.h"

enum { WIRE = 1600, FLOWS = 200, PACKETS = 60000 };

/* ---- a world of frames --------------------------------------------------------------- */

struct made {
	uint8_t *bytes;
	uint16_t len;
	uint16_t conversation; /* 0: no IP */
	uint8_t side, flags;
	uint16_t payload;
};

struct world {
	struct source s; /* first */
	struct made *made;
	unsigned n, given;
	struct engine *engine;
	struct answer *answer;
	uint64_t flow[FLOWS + 1]; /* id by conversation, in the order of their first packets */
	uint64_t flows;
	uint32_t seq[FLOWS + 1][2], acked[FLOWS + 1][2];
	unsigned said[FLOWS + 1];
	uint32_t random;
	bool gone; /* the source has lost its frames */
};

static unsigned roll(struct world *w, unsigned most)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 17;
	w->random ^= w->random << 5;
	return w->random % most;
}

static void be(uint8_t *at, uint32_t v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		at[i] = (uint8_t)(v >> 8 * (n - 1 - i));
}

static void make(struct world *w, unsigned conversation, unsigned side, unsigned flags, const void *data, unsigned len)
{
	struct made *m = &w->made[w->n++];
	uint8_t *b;

	*m = (struct made){.conversation = (uint16_t)conversation, .side = (uint8_t)side, .flags = (uint8_t)flags,
			   .payload = (uint16_t)len, .len = (uint16_t)(conversation ? 54 + len : 30)};
	m->bytes = b = calloc(1, m->len);
	be(b + 12, conversation ? 0x0800 : 0x88b5, 2);
	if (!conversation)
		return;
	b[14] = 0x45;
	be(b + 16, 40 + len, 2);
	b[22] = 64;
	b[23] = 6;
	be(b + 26, side ? 0x0a000002 : 0x0a000001, 4);
	be(b + 30, side ? 0x0a000001 : 0x0a000002, 4);
	be(b + 34, side ? 80 : 1000 + conversation, 2);
	be(b + 36, side ? 1000 + conversation : 80, 2);
	be(b + 38, w->seq[conversation][side], 4);
	be(b + 42, flags & TCP_ACK ? w->seq[conversation][!side] : 0, 4);
	w->acked[conversation][side] = w->seq[conversation][!side];
	b[46] = 0x50;
	b[47] = (uint8_t)flags;
	be(b + 48, 60000, 2);
	memcpy(b + 54, data, len);
	w->seq[conversation][side] += len + (flags & (TCP_SYN | TCP_FIN) ? 1 : 0);
	if (w->flow[conversation] == 0)
		w->flow[conversation] = ++w->flows;
}

/* What a conversation does next: a handshake, then data and ACKs, and now and then a question and its answer. */
static void one_more(struct world *w, unsigned c)
{
	static const uint8_t zeros[1000];
	char get[64];
	int n;

	switch (w->said[c]++) {
	case 0:
		w->seq[c][0] = 7000u * c;
		w->seq[c][1] = 9000u * c + 5;
		make(w, c, 0, TCP_SYN, zeros, 0);
		return;
	case 1:
		make(w, c, 1, TCP_SYN | TCP_ACK, zeros, 0);
		return;
	case 2:
		make(w, c, 0, TCP_ACK, zeros, 0);
		return;
	case 3:
		n = snprintf(get, sizeof get, "GET /%u HTTP/1.1\r\nHost: c%u.example\r\n\r\n", c, c);
		make(w, c, 0, TCP_ACK | TCP_PSH, get, (unsigned)n);
		return;
	default:
		break;
	}
	if (roll(w, 30) == 0)
		make(w, c, 0, TCP_ACK | TCP_PSH, "more please", 11);
	else if (roll(w, 3) == 0 && w->acked[c][0] != w->seq[c][1])
		make(w, c, 0, TCP_ACK, zeros, 0);
	else
		make(w, c, 1, TCP_ACK, zeros, 1 + roll(w, 1000));
}

static struct frame frame_of(const struct world *w, unsigned i)
{
	return (struct frame){
		.ts_ns = (int64_t)(i + 1) * 1000000, .data = w->made[i].bytes, .caplen = w->made[i].len,
		.wirelen = w->made[i].len, .linktype = LINKTYPE_ETHERNET, .offset = i + 1,
	};
}

static int world_again(struct source *s, unsigned source, uint64_t offset, struct source_again *out)
{
	const struct world *w = (const struct world *)s;

	assert_int_equal(source, 0);
	assert_in_range(offset, 1, w->n);
	if (w->gone)
		return -ENODATA;
	out->frame = frame_of(w, (unsigned)offset - 1);
	memcpy(out->bytes, out->frame.data, out->frame.caplen);
	out->frame.data = out->bytes;
	return 0;
}

static bool world_stats(struct source *s, unsigned index, struct source_stats *out)
{
	(void)s;
	memset(out, 0, sizeof *out);
	return index == 0;
}

static struct world *world_new(size_t memory, bool live)
{
	const struct engine_options o = {.memory = memory, .hash_seed = 3, .remember = true};
	struct world *w = calloc(1, sizeof *w);
	struct error e = {""};

	w->made = calloc(PACKETS, sizeof *w->made);
	w->answer = calloc(1, sizeof *w->answer);
	w->s = (struct source){.fd = -1, .live = live, .stats = world_stats, .again = world_again, .rereads = !live};
	w->random = 1;
	assert_int_equal(engine_open(&w->engine, &o, &e), 0);
	assert_int_equal(engine_remember(w->engine, &w->s, &e), 0);
	return w;
}

static void world_free(struct world *w)
{
	engine_free(w->engine);
	for (unsigned i = 0; i < w->n; i++)
		free(w->made[i].bytes);
	free(w->made);
	free(w->answer);
	free(w);
}

/* So many packets more, of conversations 1 to many, and some of none. */
static void world_goes_on(struct world *w, unsigned packets, unsigned many)
{
	unsigned until = w->n + packets;

	while (w->n < until) {
		if (roll(w, 50) == 0)
			make(w, 0, 0, 0, NULL, 0);
		else
			one_more(w, 1 + roll(w, many));
	}
	for (; w->given < w->n; w->given++) {
		struct frame f = frame_of(w, w->given);

		assert_int_equal(engine_batch(w->engine, &f, 1), 0);
	}
}

static const struct packet_answer *ask(struct world *w, const struct packet_query *p)
{
	struct query q = {.about = QUERY_PACKETS};

	q.packets = *p;
	engine_answer(w->engine, &q, w->answer);
	return &w->answer->packets;
}

static uint64_t looked(struct world *w)
{
	return index_stats(engine_index(w->engine))->looked;
}

#endif
