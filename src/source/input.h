/* Bytes of one file, pipe or socket through one reused buffer.
 *
 * What stands in the buffer may be lent to a caller: nothing moves as long as
 * input_want() is told not to move. Reading never blocks on a pipe.
 */
#ifndef SOURCE_INPUT_H
#define SOURCE_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sockeye/error.h"

enum {
	INPUT_BUFFER = 128 << 10, /* what one read asks for */
	INPUT_MAX = 1 << 20,      /* what the buffer may grow to */
};

struct input {
	int fd;
	bool pipe;         /* may have nothing yet: poll before every read */
	bool eof;
	uint8_t *bytes;
	size_t size;       /* of the buffer */
	size_t start, end; /* bytes not consumed yet */
	uint64_t offset;   /* of bytes[start], in the file */
	uint64_t discard;  /* bytes to throw away before bytes[start] */
	uint64_t total;    /* length of a regular file, else 0 */
};

/* Take over fd. buffer: its first size, at least 64. */
int input_open(struct input *in, int fd, size_t buffer, const char *name, struct error *e);
void input_close(struct input *in);

/* 1: n bytes (at most INPUT_MAX) stand at input_at(). 0: not now: nothing has
 * arrived, or the buffer must not move. -ENODATA: the input ends before.
 * Another negative number: reading failed. */
int input_want(struct input *in, size_t n, bool may_move);

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
