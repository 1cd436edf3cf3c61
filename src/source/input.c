/* Reading a capture file, a FIFO or standard input.
 *
 * One buffer, read(2) only: mapping a file that another program cuts would be
 * a bus error. What is left of a record moves to the front when more is
 * needed, so a frame is never copied unless it straddles two reads. The buffer
 * grows for a record larger than itself, up to INPUT_MAX. A pipe is asked with
 * poll() before every read: its description is shared with other programs, so
 * O_NONBLOCK is not ours to set.
 */
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int input_open(struct input *in, int fd, size_t buffer, const char *name, struct error *e)
{
	struct stat st;

	memset(in, 0, sizeof *in);
	in->fd = fd;
	in->pipe = true;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		in->pipe = false;
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
	free(in->bytes);
	in->bytes = NULL;
	if (in->fd >= 0)
		(void)close(in->fd);
	in->fd = -1;
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

/* One read into the free end of the buffer: 1, 0 (nothing there yet), or
 * -ENODATA at the end. */
static int input_fill(struct input *in)
{
	ssize_t n;

	if (in->eof)
		return -ENODATA;
	if (in->pipe) {
		struct pollfd p = {.fd = in->fd, .events = POLLIN};
		int ready = poll(&p, 1, 0);

		if (ready == 0 || (ready < 0 && errno == EINTR))
			return 0;
		if (ready < 0)
			return -errno;
	}
	do {
		n = read(in->fd, in->bytes + in->end, in->size - in->end);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -errno;
	if (n == 0) {
		in->eof = true;
		return -ENODATA;
	}
	in->end += (size_t)n;
	return 1;
}

/* Room for n bytes from start on. */
static int input_room(struct input *in, size_t n)
{
	if (in->start > 0) {
		memmove(in->bytes, in->bytes + in->start, input_left(in));
		in->end -= in->start;
		in->start = 0;
	}
	if (n > in->size) {
		size_t size = in->size;
		uint8_t *bytes;

		if (n > INPUT_MAX)
			return -EMSGSIZE;
		while (size < n)
			size *= 2;
		bytes = realloc(in->bytes, size);
		if (!bytes)
			return -ENOMEM;
		in->bytes = bytes;
		in->size = size;
	}
	return 0;
}

int input_want(struct input *in, size_t n, bool may_move)
{
	int rc;

	if (in->discard == 0 && input_left(in) >= n)
		return 1;
	if (!may_move)
		return 0;
	while (in->discard > 0) {
		size_t here;

		/* Nothing stands in the buffer while bytes are thrown away. */
		in->start = in->end = 0;
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
		if (in->eof)
			return -ENODATA;
		rc = input_room(in, n);
		if (rc < 0)
			return rc;
		rc = input_fill(in);
		if (rc <= 0)
			return rc;
	}
	return 1;
}
