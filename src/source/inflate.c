/* Compressed input as a stream.
 *
 * zlib and libzstd do the work and check the checksums; this file walks from
 * member to member, keeps the window within bounds and puts what is wrong into
 * a sentence. Positions in them are of the compressed bytes. Without a library
 * its kind is refused with the command that reads the file all the same.
 */
#include "inflate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sockeye/text.h"

#if SOCKEYE_ZLIB
#include <zlib.h>
#endif
#if SOCKEYE_ZSTD
#include <zstd.h>
#include <zstd_errors.h>
#endif

enum {
	WINDOW_MOST = 1 << 27,
	WINDOW_LEAST_LOG = 10,
	ZSTD_BEGIN = 5,      /* the shortest head of a frame */
	ZSTD_BLOCK_HEAD = 3,
};

struct inflate {
	enum inflate_kind kind;
	bool within;     /* a member or frame has begun and not ended */
	bool full;       /* the last step filled its room: there may be more without further input */
	bool broken;
	uint64_t at;     /* compressed bytes used */
	uint64_t ended;  /* members and frames that were whole */
	size_t window;
#if SOCKEYE_ZLIB
	z_stream gzip;
#endif
#if SOCKEYE_ZSTD
	ZSTD_DStream *zstd;
	size_t hint; /* what it asks for next; 0: a frame begins */
#endif
};

enum inflate_kind inflate_kind(const uint8_t *p)
{
	static const uint8_t frame[4] = {0x28, 0xb5, 0x2f, 0xfd}, skippable[3] = {0x2a, 0x4d, 0x18};

	if (p[0] == 0x1f && p[1] == 0x8b)
		return INFLATE_GZIP;
	if (memcmp(p, frame, 4) == 0 || ((p[0] & 0xf0) == 0x50 && memcmp(p + 1, skippable, 3) == 0))
		return INFLATE_ZSTD;
	return INFLATE_NONE;
}

const char *inflate_name(enum inflate_kind kind)
{
	return kind == INFLATE_GZIP ? "gzip" : kind == INFLATE_ZSTD ? "zstd" : NULL;
}

const char *inflate_program(enum inflate_kind kind)
{
	return kind == INFLATE_ZSTD ? "zstdcat" : "zcat";
}

const char *inflate_library(enum inflate_kind kind)
{
#if SOCKEYE_ZLIB
	if (kind == INFLATE_GZIP)
		return zlibVersion();
#endif
#if SOCKEYE_ZSTD
	if (kind == INFLATE_ZSTD)
		return ZSTD_versionString();
#endif
	(void)kind;
	return NULL;
}

#if SOCKEYE_ZLIB || SOCKEYE_ZSTD
/* What is wrong, once: nothing is read after it. */
static int inflate_break(struct inflate *z, char *words, const char *detail)
{
	struct text t;

	z->broken = true;
	text_init(&t, words, INFLATE_WORDS);
	text_format(&t, "damaged at byte %llu of the compressed file (%s: %s)", (unsigned long long)z->at,
		    inflate_name(z->kind), detail);
	return -EBADMSG;
}

static int inflate_foreign(struct inflate *z, char *words)
{
	struct text t;

	z->broken = true;
	text_init(&t, words, INFLATE_WORDS);
	text_format(&t, "what follows byte %llu of the compressed file is no %s and is not read",
		    (unsigned long long)z->at, inflate_name(z->kind));
	return -EBADMSG;
}

static int inflate_checksum(struct inflate *z, char *words)
{
	struct text t;

	z->broken = true;
	text_init(&t, words, INFLATE_WORDS);
	text_format(&t, "the checksum at byte %llu of the compressed file is wrong: what was read may be damaged",
		    (unsigned long long)z->at);
	return -EBADMSG;
}
#endif

#if SOCKEYE_ZLIB
static int gzip_begin(struct inflate *z, struct inflate_step *s, char *words)
{
	/* Tapes and some writers pad with zeros. */
	while (z->ended > 0 && s->in_len > 0 && *s->in == 0) {
		s->in++;
		s->in_len--;
		z->at++;
	}
	if (s->in_len == 0)
		return 0;
	if (z->ended > 0 && *s->in != 0x1f)
		return inflate_foreign(z, words);
	(void)inflateReset(&z->gzip);
	z->within = true;
	return 0;
}

static int gzip_run(struct inflate *z, struct inflate_step *s, char *words)
{
	uint8_t *in;
	int rc = 0;

	if (!z->within)
		rc = gzip_begin(z, s, words);
	if (rc < 0 || !z->within)
		return rc;
	/* zlib's next_in is not const in old versions; it does not write there. */
	memcpy(&in, &s->in, sizeof in);
	z->gzip.next_in = in;
	z->gzip.avail_in = s->in_len < UINT32_MAX ? (uInt)s->in_len : UINT32_MAX;
	z->gzip.next_out = s->out;
	z->gzip.avail_out = s->out_len < UINT32_MAX ? (uInt)s->out_len : UINT32_MAX;
	rc = inflate(&z->gzip, Z_NO_FLUSH);
	z->at += (uint64_t)(z->gzip.next_in - in);
	s->in += z->gzip.next_in - in;
	s->in_len -= (size_t)(z->gzip.next_in - in);
	s->out_len -= (size_t)(z->gzip.next_out - s->out);
	s->out = z->gzip.next_out;
	if (rc == Z_STREAM_END) {
		z->within = false;
		z->ended++;
	} else if (rc == Z_DATA_ERROR && z->gzip.msg && (strcmp(z->gzip.msg, "incorrect data check") == 0 ||
							 strcmp(z->gzip.msg, "incorrect length check") == 0)) {
		return inflate_checksum(z, words);
	} else if (rc != Z_OK && rc != Z_BUF_ERROR) {
		return inflate_break(z, words, z->gzip.msg ? z->gzip.msg : "out of memory");
	}
	return 0;
}
#endif

#if SOCKEYE_ZSTD
/* The window is a power of two in the library's bound. */
static int window_log(size_t window)
{
	int log = WINDOW_LEAST_LOG;

	while (log < 27 && (size_t)1 << (log + 1) <= window)
		log++;
	return log;
}

static int zstd_trouble(struct inflate *z, size_t rc, char *words)
{
	ZSTD_ErrorCode why = ZSTD_getErrorCode(rc);
	struct text t;

	if (why == ZSTD_error_frameParameter_windowTooLarge) {
		z->broken = true;
		text_init(&t, words, INFLATE_WORDS);
		text_format(&t, "needs a window of more than %zu MiB to decompress: %szstdcat --long=31 FILE | "
			    "sockeye -r -", ((size_t)1 << window_log(z->window)) >> 20,
			    z->window < WINDOW_MOST ? "raise --memory, or " : "");
		return -EBADMSG;
	}
	if (why == ZSTD_error_prefix_unknown && z->ended > 0)
		return inflate_foreign(z, words);
	if (why == ZSTD_error_checksum_wrong)
		return inflate_checksum(z, words);
	return inflate_break(z, words, ZSTD_getErrorName(rc));
}

/* What is ready is put out first; then not more than one block at a time, and
 * without the head of the next, which it asks for along with it: when a call
 * fails, libzstd forgets what it has put out in that call. */
static int zstd_run(struct inflate *z, struct inflate_step *s, char *words)
{
	size_t most = z->hint > ZSTD_BLOCK_HEAD ? z->hint - ZSTD_BLOCK_HEAD : z->hint > 0 ? z->hint : ZSTD_BEGIN;
	ZSTD_inBuffer in = {.src = s->in, .size = z->full ? 0 : s->in_len < most ? s->in_len : most};
	ZSTD_outBuffer out = {.dst = s->out, .size = s->out_len};
	size_t rc = ZSTD_decompressStream(z->zstd, &out, &in);

	z->at += in.pos;
	s->in += in.pos;
	s->in_len -= in.pos;
	s->out += out.pos;
	s->out_len -= out.pos;
	if (ZSTD_isError(rc))
		return zstd_trouble(z, rc, words);
	z->hint = rc;
	if (rc == 0 && (z->within || in.pos > 0))
		z->ended++;
	z->within = rc != 0 && (z->within || in.pos > 0);
	return 0;
}
#endif

int inflate_run(struct inflate *z, struct inflate_step *s, char *words)
{
	int rc = -EBADMSG;

	if (z->broken)
		return rc;
	if (s->in_len == 0 && !z->full)
		return 0;
#if SOCKEYE_ZLIB
	if (z->kind == INFLATE_GZIP)
		rc = gzip_run(z, s, words);
#endif
#if SOCKEYE_ZSTD
	if (z->kind == INFLATE_ZSTD)
		rc = zstd_run(z, s, words);
#endif
	(void)words;
	z->full = s->out_len == 0;
	return rc;
}

bool inflate_whole(const struct inflate *z)
{
	return !z->within;
}

size_t inflate_held(const struct inflate *z)
{
#if SOCKEYE_ZSTD
	if (z->kind == INFLATE_ZSTD)
		return ZSTD_sizeof_DStream(z->zstd);
#endif
	(void)z;
	return 1 << 16;
}

/* The library's part: false without memory. */
static bool inflate_begin(struct inflate *z)
{
	(void)z;
#if SOCKEYE_ZLIB
	if (z->kind == INFLATE_GZIP)
		return inflateInit2(&z->gzip, 15 + 16) == Z_OK; /* the largest window, gzip's header */
#endif
#if SOCKEYE_ZSTD
	if (z->kind == INFLATE_ZSTD) {
		z->zstd = ZSTD_createDStream();
		return z->zstd && !ZSTD_isError(ZSTD_DCtx_setParameter(z->zstd, ZSTD_d_windowLogMax,
								       window_log(z->window)));
	}
#endif
	return false;
}

int inflate_open(struct inflate **out, enum inflate_kind kind, size_t window, struct error *e)
{
	struct inflate *z;

	*out = NULL;
	if (!inflate_library(kind))
		return error_set(e, ENOTSUP, "compressed with %s, and this program was built without %s: "
				 "%s FILE | sockeye -r -", inflate_name(kind),
				 kind == INFLATE_GZIP ? "zlib (Debian: zlib1g-dev)" : "libzstd (Debian: libzstd-dev)",
				 inflate_program(kind));
	z = calloc(1, sizeof *z);
	if (z) {
		z->kind = kind;
		z->window = window > 0 && window < WINDOW_MOST ? window : WINDOW_MOST;
		if (inflate_begin(z)) {
			*out = z;
			return 0;
		}
	}
	inflate_free(z);
	return error_set(e, ENOMEM, "no memory to decompress it");
}

void inflate_free(struct inflate *z)
{
	if (!z)
		return;
#if SOCKEYE_ZLIB
	if (z->kind == INFLATE_GZIP)
		(void)inflateEnd(&z->gzip);
#endif
#if SOCKEYE_ZSTD
	if (z->kind == INFLATE_ZSTD)
		(void)ZSTD_freeDStream(z->zstd);
#endif
	free(z);
}
