/* Bytes of one file, pipe or socket through one reused buffer, compressed or not.
 *
 * What stands in the buffer may be lent to a caller: nothing moves as long as
 * input_want() is told not to move; with loans, another buffer is taken where
 * it would. Reading never blocks on a pipe. A file
 * that is followed has no end: where its bytes end for now, nothing has arrived.
 */
#ifndef SOURCE_INPUT_H
#define SOURCE_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inflate.h"
#include "loans.h"
#include "sockeye/error.h"

enum {
	INPUT_BUFFER = 128 << 10, /* what one read asks for */
	INPUT_MAX = 1 << 20,      /* what the buffer may grow to */
};

struct input {
	int fd;
	bool pipe;         /* may have nothing yet: poll before every read */
	bool follow;       /* a regular file whose end may move on */
	bool eof;
	struct loans *loans; /* frames are lent beyond the next call; or NULL: the buffer is used again */
	bool lent;           /* there are frames in the buffer that were lent */
	uint8_t *bytes;
	size_t size;       /* of the buffer */
	size_t start, end; /* bytes not consumed yet */
	uint64_t offset;   /* of bytes[start], in the (uncompressed) file */
	uint64_t discard;  /* bytes to throw away before bytes[start] */
	uint64_t fetched;  /* bytes read from fd */
	uint64_t total;    /* the greatest length that a regular file was seen to have, else 0 */
	struct inflate *inflate; /* NULL: not compressed */
	uint8_t *packed;         /* compressed bytes read and not used: [packed_start, packed_end) */
	size_t packed_start, packed_end;
	struct unpack *unpack;   /* the thread that has these three meanwhile, or NULL */
	size_t held;             /* with it: what decompressing holds */
	char trouble[INFLATE_WORDS]; /* why input_want() answered -EBADMSG: words without the file's name */
};

/* Take over fd. buffer: its first size, at least 64. */
int input_open(struct input *in, int fd, size_t buffer, bool follow, const char *name, struct error *e);
void input_close(struct input *in);

/* Everything from here on is compressed: what stands in the buffer, and what
 * follows. Positions begin anew and are those of the uncompressed bytes. The
 * error has no file name. window: as in inflate.h. */
int input_inflate(struct input *in, enum inflate_kind kind, size_t window, struct error *e);

/* Go on decompressing on a thread of its own, where that can be: a regular file, not followed. */
void input_unpack_ahead(struct input *in);
/* Decompress something into the free end of the buffer: as input_want(), of at least one byte;
 * 0: nothing for a few reads, or nothing there yet. */
int input_unpack(struct input *in);
/* Memory that decompressing holds. */
size_t input_held(const struct input *in);

/* 1: n bytes (at most INPUT_MAX) stand at input_at(). 0: not now: nothing has
 * arrived, or the buffer must not move. -ENODATA: the input ends before.
 * -EBADMSG: it ends before and that is not its end: trouble says why.
 * Another negative number: reading failed. */
int input_want(struct input *in, size_t n, bool may_move);

/* Whether more could be had now without waiting. */
bool input_ready(const struct input *in);

static inline uint8_t *input_at(const struct input *in)
{
	return in->bytes + in->start;
}

/* Bytes that stand in the buffer. */
static inline size_t input_left(const struct input *in)
{
	return in->end - in->start;
}

/* Step over n bytes, whether they have been read or not; those that stood in
 * the buffer stay readable until input_want() may move. */
void input_skip(struct input *in, uint64_t n);

#endif
