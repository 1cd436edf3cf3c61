/* Capture files made by bytes, for the tests of src/source: a growing buffer in
 * either byte order, and a source opened on what was written. */
#ifndef TEST_CAPTURE_BYTES_H
#define TEST_CAPTURE_BYTES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "source/reader.h"

struct bytes {
	bool big;
	size_t n;
	uint8_t at[1 << 16];
};

static inline void put8(struct bytes *b, unsigned v)
{
	assert_true(b->n < sizeof b->at);
	b->at[b->n++] = (uint8_t)v;
}

static inline void put16(struct bytes *b, unsigned v)
{
	put8(b, b->big ? v >> 8 & 255 : v & 255);
	put8(b, b->big ? v & 255 : v >> 8 & 255);
}

static inline void put32(struct bytes *b, uint32_t v)
{
	put16(b, b->big ? v >> 16 : v & 0xffff);
	put16(b, b->big ? v & 0xffff : v >> 16);
}

static inline void put_text(struct bytes *b, const char *s)
{
	while (*s)
		put8(b, (unsigned char)*s++);
}

static inline void set32(struct bytes *b, size_t where, uint32_t v)
{
	size_t n = b->n;

	b->n = where;
	put32(b, v);
	b->n = n;
}

/* A packet's bytes: n of them, from first on. */
static inline void put_data(struct bytes *b, unsigned first, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		put8(b, (first + i) & 255);
}

static inline int memory_file(const uint8_t *p, size_t n)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, p, n), n);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static inline struct source *open_bytes(const struct bytes *b, size_t n, size_t buffer)
{
	struct error e = {""};
	struct source *s = NULL;
	struct reader_options o = {.buffer = buffer};
	int rc = reader_open(&s, memory_file(b->at, n), "trace", NULL, &o, &e);

	if (rc != 0)
		print_message("%s\n", e.text);
	assert_int_equal(rc, 0);
	return s;
}

/* The next batch where none may be empty. */
static inline int next_of(struct source *s, struct frame *f, unsigned n)
{
	return s->next_batch(s, f, n);
}

static inline struct source_stats stats_of(struct source *s)
{
	struct source_stats st;

	assert_true(s->stats(s, 0, &st));
	return st;
}

/* Read to the end; how many frames. */
static inline unsigned drain(struct source *s)
{
	struct frame f[SOURCE_BATCH];
	unsigned sum = 0;
	int n;

	while ((n = s->next_batch(s, f, SOURCE_BATCH)) >= 0)
		sum += (unsigned)n;
	assert_int_equal(n, -ENODATA);
	return sum;
}

static inline void assert_refused(const struct bytes *b, size_t n, int why, const char *words)
{
	struct error e = {""};
	struct source *s = NULL;

	assert_int_equal(reader_open(&s, memory_file(b->at, n), "trace", NULL, NULL, &e), why);
	assert_null(s);
	if (!strstr(e.text, words))
		fail_msg("\"%s\" does not say \"%s\"", e.text, words);
}

/* ---- classic pcap -------------------------------------------------------- */

static inline void put_pcap_header(struct bytes *b, uint32_t magic, unsigned minor, uint32_t network)
{
	put32(b, magic);
	put16(b, 2);
	put16(b, minor);
	put32(b, 0);
	put32(b, 0);
	put32(b, 65535);
	put32(b, network);
}

static inline void put_pcap_record(struct bytes *b, uint32_t seconds, uint32_t part, uint32_t captured,
				   uint32_t wire)
{
	put32(b, seconds);
	put32(b, part);
	put32(b, captured);
	put32(b, wire);
}

#endif
