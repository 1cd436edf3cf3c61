/* For the tests of the lower dissectors: frames are put together layer by
 * layer, innermost bytes last, and dissected from memory of exactly their size
 * so that a read beside them shows. */
#ifndef SOCKEYE_TESTS_FRAMES_H
#define SOCKEYE_TESTS_FRAMES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sockeye/dissector.h"

struct frames {
	struct dissect *dissect;
	struct packet packet;
	uint8_t bytes[70000]; /* the frame being put together */
	size_t n;
	uint8_t *block;       /* the frame being dissected */
	int64_t now_ns;
	char text[512];
};

static inline int frames_setup(void **state)
{
	struct frames *s = calloc(1, sizeof *s);
	struct error e;

	assert_non_null(s);
	assert_int_equal(dissect_open(&s->dissect, NULL, &e), 0);
	s->packet.want_fields = true;
	*state = s;
	return 0;
}

static inline int frames_teardown(void **state)
{
	struct frames *s = *state;

	dissect_free(s->dissect);
	free(s->block);
	free(s);
	return 0;
}

static inline void put(struct frames *s, const void *bytes, size_t n)
{
	assert_true(n <= sizeof s->bytes - s->n);
	memcpy(s->bytes + s->n, bytes, n);
	s->n += n;
}

static inline void put8(struct frames *s, unsigned v)
{
	put(s, &(uint8_t){(uint8_t)v}, 1);
}

static inline void put16(struct frames *s, unsigned v)
{
	put8(s, v >> 8);
	put8(s, v);
}

static inline void put32(struct frames *s, uint32_t v)
{
	put16(s, v >> 16);
	put16(s, v & 0xffff);
}

/* n bytes that differ from each other and from those of another start. */
static inline void put_data(struct frames *s, size_t n, unsigned start)
{
	for (size_t i = 0; i < n; i++)
		put8(s, start + (unsigned)i);
}

static inline void put_ethernet(struct frames *s, unsigned type)
{
	put(s, "\x02\0\0\0\0\x02\x02\0\0\0\0\x01", 12);
	put16(s, type);
}

/* An IPv4 header in front of length bytes; flags hold the fragment offset, too. */
static inline void put_ipv4_total(struct frames *s, unsigned proto, unsigned total, unsigned id, unsigned flags)
{
	put16(s, 0x4500);
	put16(s, total);
	put16(s, id);
	put16(s, flags);
	put8(s, 64);
	put8(s, proto);
	put16(s, 0);
	put(s, "\xc0\x00\x02\x01", 4);
	put(s, "\xc6\x33\x64\x02", 4);
}

static inline void put_ipv4(struct frames *s, unsigned proto, unsigned length)
{
	put_ipv4_total(s, proto, length + 20, 7, 0);
}

static inline void put_ipv6(struct frames *s, unsigned next, unsigned length)
{
	static const uint8_t src[16] = {0x20, 1, 0x0d, 0xb8, [15] = 1}, dst[16] = {0x20, 1, 0x0d, 0xb8, [15] = 2};

	put32(s, 0x60000000);
	put16(s, length);
	put8(s, next);
	put8(s, 64);
	put(s, src, 16);
	put(s, dst, 16);
}

static inline void put_udp(struct frames *s, unsigned from, unsigned to, unsigned length)
{
	put16(s, from);
	put16(s, to);
	put16(s, length);
	put16(s, 0);
}

/* header: its length in bytes, options to be put by the caller. */
static inline void put_tcp(struct frames *s, unsigned from, unsigned to, uint32_t seq, unsigned flags, unsigned header)
{
	put16(s, from);
	put16(s, to);
	put32(s, seq);
	put32(s, 0x01020304);
	put16(s, (header / 4) << 12 | flags);
	put16(s, 64240);
	put32(s, 0);
}

/* The first n bytes of what was put, of wire bytes; the next frame begins. */
static inline enum dissect_result frames_cut(struct frames *s, unsigned linktype, size_t n, size_t wire)
{
	struct frame f = {.number = 1, .ts_ns = s->now_ns, .caplen = (uint32_t)n, .wirelen = (uint32_t)wire,
			  .linktype = (uint16_t)linktype};

	assert_true(n <= s->n);
	free(s->block);
	s->block = malloc(n ? n : 1);
	assert_non_null(s->block);
	memcpy(s->block, s->bytes, n);
	f.data = s->block;
	s->n = 0;
	packet_reset(&s->packet, &f);
	return dissect_headers(s->dissect, &s->packet);
}

static inline enum dissect_result frames_read(struct frames *s, unsigned linktype)
{
	size_t n = s->n;

	return frames_cut(s, linktype, n, n);
}

/* "eth ip tcp" */
static inline const char *frames_layers(struct frames *s)
{
	struct text t;

	text_init(&t, s->text, sizeof s->text);
	for (unsigned i = 0; i < s->packet.layers; i++) {
		if (i > 0)
			text_char(&t, ' ');
		text_put(&t, s->packet.layer[i].by->name);
	}
	return s->text;
}

/* The text of the first row with that key; "" if there is none. */
static inline const char *frames_row(struct frames *s, const char *key)
{
	const struct field *f = packet_find(&s->packet, key);
	struct text t;

	text_init(&t, s->text, sizeof s->text);
	if (f)
		packet_field_text(&t, &s->packet, f);
	return s->text;
}

#endif
