/* Compressed input as a stream: gzip (RFC 1952) and zstd (RFC 8878).
 *
 * A pure machine: compressed bytes in, bytes of the capture out. It reads no
 * file, waits for nothing and keeps no pointer between calls; memory is one
 * window (32 KiB for gzip, what the frame asks for with zstd, bounded at open).
 * Several members or frames that follow each other are one stream; skippable
 * frames and the zeros that pad a gzip file are stepped over.
 *
 *     read(2) -> input.packed -> inflate_run() -> input.bytes -> formats
 *
 * It may have a thread of its own, which does the first two steps and queues what
 * comes out (unpack.h); this file does not know, and the formats see bytes either way.
 */
#ifndef SOURCE_INFLATE_H
#define SOURCE_INFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sockeye/error.h"

enum inflate_kind { INFLATE_NONE, INFLATE_GZIP, INFLATE_ZSTD };

enum { INFLATE_WORDS = 160 };

struct inflate;

struct inflate_step {
	const uint8_t *in; /* compressed; moves on over what was used */
	size_t in_len;
	uint8_t *out;      /* room for the capture's bytes; moves on */
	size_t out_len;
};

/* What four bytes of a file announce. */
enum inflate_kind inflate_kind(const uint8_t *p);
const char *inflate_name(enum inflate_kind kind); /* "gzip", "zstd", or NULL */
/* The program that does the same outside: "zcat", "zstdcat". */
const char *inflate_program(enum inflate_kind kind);
/* Version of the library, NULL: not built in. */
const char *inflate_library(enum inflate_kind kind);

/* window: what zstd may keep of the past, in bytes; 0: 128 MiB. -ENOTSUP where
 * the library was not built in; e says how to read the file all the same. */
int inflate_open(struct inflate **out, enum inflate_kind kind, size_t window, struct error *e);
void inflate_free(struct inflate *z);

/* One step: 0, or -EBADMSG when nothing further can be read; then words (of
 * INFLATE_WORDS) hold why, with the compressed position, and what was put out
 * before stands. While there is room and input, the second of two steps at the
 * latest uses or gives something. */
int inflate_run(struct inflate *z, struct inflate_step *s, char *words);

/* True where the compressed bytes may end here: between members or frames. */
bool inflate_whole(const struct inflate *z);
/* Memory that it holds. */
size_t inflate_held(const struct inflate *z);

#endif
