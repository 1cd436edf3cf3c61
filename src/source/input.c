/* Reading a capture file, a FIFO or standard input.
 *
 * One buffer, read(2) only: mapping a file that another program cuts would be
 * a bus error. What is left of a record moves to the front when more is
 * needed, so a frame is never copied unless it straddles two reads. The buffer
 * grows for a record larger than itself, up to INPUT_MAX. A pipe is asked with
 * poll() before every read: its description is shared with other programs, so
 * O_NONBLOCK is not ours to set. A regular file that ends before the length it
 * once had was cut under our hands, which is said.
 */
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sockeye/text.h"
#include "unpack.h"

enum {
	INPUT_READS = 8,    /* of compressed bytes that gave nothing, in one call */
	INPUT_THROWN = 256, /* buffers of bytes that are stepped over, in one call */
};

int input_open(struct input *in, int fd, size_t buffer, bool follow, const char *name, struct error *e)
{
	struct stat st;

	memset(in, 0, sizeof *in);
	in->fd = fd;
	in->pipe = true;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		in->pipe = false;
		in->follow = follow;
		in->total = st.st_size > 0 ? (uint64_t)st.st_size : 0;
		(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	}
	in->bytes = malloc(buffer);
	if (!in->bytes)
		return error_set(e, ENOMEM, "%s: no memory for the reading buffer", name);
	in->size = buffer;
	return 0;
}

void input_close(struct input *in)
{
	unpack_end(in->unpack);
	in->unpack = NULL;
	inflate_free(in->inflate);
	in->inflate = NULL;
	free(in->packed);
	in->packed = NULL;
	free(in->bytes);
	in->bytes = NULL;
	if (in->fd >= 0)
		(void)close(in->fd);
	in->fd = -1;
}

int input_inflate(struct input *in, enum inflate_kind kind, size_t window, struct error *e)
{
	size_t here = input_left(in), size = here > INPUT_BUFFER ? here : INPUT_BUFFER;
	int rc;

	rc = inflate_open(&in->inflate, kind, window, e);
	if (rc < 0)
		return rc;
	in->packed = malloc(size);
	if (!in->packed)
		return error_set(e, ENOMEM, "no memory for the reading buffer");
	memcpy(in->packed, input_at(in), here);
	in->packed_end = here;
	in->start = in->end = 0;
	in->offset = 0;
	return 0;
}

void input_unpack_ahead(struct input *in)
{
	if (in->inflate && !in->pipe && !in->follow && !in->unpack && !in->eof)
		in->unpack = unpack_begin(in);
}

size_t input_held(const struct input *in)
{
	return !in->inflate ? 0 : in->unpack ? in->held : inflate_held(in->inflate);
}

void input_skip(struct input *in, uint64_t n)
{
	size_t here = input_left(in);

	in->offset += n;
	if (n > here) {
		in->discard += n - here;
		in->start = in->end;
	} else {
		in->start += (size_t)n;
	}
}

bool input_ready(const struct input *in)
{
	struct pollfd p = {.fd = in->fd, .events = POLLIN};
	struct stat st;

	if (in->packed_start < in->packed_end)
		return true;
	if (in->pipe)
		return poll(&p, 1, 0) > 0;
	return !in->follow || (fstat(in->fd, &st) == 0 && st.st_size > lseek(in->fd, 0, SEEK_CUR));
}

/* No further byte in a regular file: is that its end? */
static int input_at_end(struct input *in)
{
	struct stat st;
	struct text t;

	if (!in->pipe && fstat(in->fd, &st) == 0) {
		uint64_t now = st.st_size > 0 ? (uint64_t)st.st_size : 0;

		if (now < in->total) {
			text_init(&t, in->trouble, sizeof in->trouble);
			text_format(&t, "file shrank while it was read: from %llu bytes to %llu",
				    (unsigned long long)in->total, (unsigned long long)now);
			in->eof = true;
			return -EBADMSG;
		}
		in->total = now;
		if (in->follow)
			return 0;
	}
	in->eof = true;
	return -ENODATA;
}

/* One read into room bytes at to: how many came, 0 (nothing there yet), or a
 * negative number at the end. */
static ssize_t input_fetch(struct input *in, uint8_t *to, size_t room)
{
	ssize_t n;

	if (in->eof)
		return in->trouble[0] ? -EBADMSG : -ENODATA;
	if (in->pipe) {
		struct pollfd p = {.fd = in->fd, .events = POLLIN};
		int ready = poll(&p, 1, 0);

		if (ready == 0 || (ready < 0 && errno == EINTR))
			return 0;
		if (ready < 0)
			return -errno;
	}
	do {
		n = read(in->fd, to, room);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -errno;
	if (n == 0)
		return input_at_end(in);
	in->fetched += (uint64_t)n;
	return n;
}

/* The compressed bytes end here, or for now. */
static int input_packed_end(struct input *in, int why)
{
	struct text t;

	if (why == -ENODATA && !inflate_whole(in->inflate)) {
		text_init(&t, in->trouble, sizeof in->trouble);
		text_format(&t, "cut at byte %llu of the compressed file", (unsigned long long)in->fetched);
		return -EBADMSG;
	}
	return why;
}

/* Decompress into the free end of the buffer. A few reads without a byte of
 * the capture (empty members, a table of contents) and others get a turn. */
int input_unpack(struct input *in)
{
	for (unsigned reads = 0; reads < INPUT_READS;) {
		struct inflate_step s = {
			.in = in->packed + in->packed_start,
			.in_len = in->packed_end - in->packed_start,
			.out = in->bytes + in->end,
			.out_len = in->size - in->end,
		};
		int rc = inflate_run(in->inflate, &s, in->trouble);
		size_t made = in->size - in->end - s.out_len;
		ssize_t n;

		in->packed_start = in->packed_end - s.in_len;
		in->end += made;
		if (made > 0)
			return 1;
		if (rc < 0)
			return rc;
		if (s.in_len > 0)
			continue;
		in->packed_start = in->packed_end = 0;
		n = input_fetch(in, in->packed, INPUT_BUFFER);
		if (n <= 0)
			return input_packed_end(in, (int)n);
		in->packed_end = (size_t)n;
		reads++;
	}
	return 0;
}

/* Something into the free end of the buffer: 1, 0 (nothing there yet), or a
 * negative number at the end. */
static int input_fill(struct input *in)
{
	ssize_t n;

	if (in->unpack)
		return unpack_fill(in->unpack, in);
	if (in->inflate)
		return input_unpack(in);
	n = input_fetch(in, in->bytes + in->end, in->size - in->end);
	if (n <= 0)
		return (int)n;
	in->end += (size_t)n;
	return 1;
}

/* Frames were lent from this buffer: what follows goes into another. 1, 0: not now, or -ENOMEM. */
static int input_leave(struct input *in, size_t n)
{
	size_t size = in->size, left = input_left(in);
	uint8_t *bytes, *from = input_at(in);
	int why;

	while (size < n)
		size *= 2;
	bytes = loans_exchange(in->loans, in->bytes, &in->size, size, &why);
	if (!bytes)
		return why;
	memcpy(bytes, from, left);
	in->bytes = bytes;
	in->start = 0;
	in->end = left;
	in->lent = false;
	return 1;
}

/* Room for n bytes from start on: 1, 0: not now, or a negative number. */
static int input_room(struct input *in, size_t n)
{
	if (n > INPUT_MAX)
		return -EMSGSIZE;
	if (in->lent && in->loans)
		return input_leave(in, n);
	if (in->start > 0) {
		memmove(in->bytes, in->bytes + in->start, input_left(in));
		in->end -= in->start;
		in->start = 0;
	}
	if (n > in->size) {
		size_t size = in->size;
		uint8_t *bytes;

		while (size < n)
			size *= 2;
		bytes = realloc(in->bytes, size);
		if (!bytes)
			return -ENOMEM;
		in->bytes = bytes;
		in->size = size;
	}
	return 1;
}

int input_want(struct input *in, size_t n, bool may_move)
{
	int rc;

	if (in->discard == 0 && input_left(in) >= n)
		return 1;
	if (!may_move)
		return 0;
	for (unsigned reads = 0; in->discard > 0; reads++) {
		size_t here;

		if (reads == INPUT_THROWN) /* others get a turn */
			return 0;

		/* Nothing stands in the buffer while bytes are thrown away. */
		in->start = in->end = 0;
		rc = input_room(in, 0);
		if (rc <= 0)
			return rc;
		rc = input_fill(in);
		if (rc <= 0)
			return rc;
		here = input_left(in);
		if (here > in->discard)
			here = (size_t)in->discard;
		in->start += here;
		in->discard -= here;
	}
	while (input_left(in) < n) {
		rc = input_room(in, n);
		if (rc <= 0)
			return rc;
		rc = input_fill(in);
		if (rc <= 0)
			return rc;
	}
	return 1;
}
