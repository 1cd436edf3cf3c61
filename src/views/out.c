/* The one writer of the views.
 *
 * Collects bytes and writes them whole; a short write is continued, a
 * descriptor that would block is waited for. The first failure is kept, and
 * everything after it is dropped: the run stops at the next event's return.
 */
#include "out.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sockeye/clock.h"
#include "sockeye/text.h"

void out_init(struct out *o, int fd, bool ascii)
{
	o->fd = fd;
	o->error = 0;
	o->ascii = ascii;
	o->len = 0;
}

int out_flush(struct out *o)
{
	size_t done = 0;

	while (done < o->len && o->error == 0) {
		ssize_t n = write(o->fd, o->buffer + done, o->len - done);

		if (n > 0) {
			done += (size_t)n;
		} else if (n < 0 && errno == EAGAIN) {
			struct pollfd p = {.fd = o->fd, .events = POLLOUT};

			(void)poll(&p, 1, -1);
		} else if (n == 0 || errno != EINTR) {
			o->error = n == 0 ? -EIO : -errno;
		}
	}
	o->len = 0;
	return o->error;
}

void out_bytes_flushing(struct out *o, const char *s, size_t n)
{
	while (n > 0 && o->error == 0) {
		size_t room = OUT_BUFFER - o->len, part = n < room ? n : room;

		memcpy(o->buffer + o->len, s, part);
		o->len += part;
		s += part;
		n -= part;
		if (o->len == OUT_BUFFER)
			(void)out_flush(o);
	}
}

void out_u64(struct out *o, uint64_t v)
{
	char digits[20];
	size_t at = sizeof digits;

	do {
		digits[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v != 0);
	out_bytes(o, digits + at, sizeof digits - at);
}

void out_i64(struct out *o, int64_t v)
{
	if (v < 0)
		out_char(o, '-');
	out_u64(o, v < 0 ? UINT64_C(0) - (uint64_t)v : (uint64_t)v);
}

void out_format(struct out *o, const char *format, ...)
{
	char line[512];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line, sizeof line, format, args);
	va_end(args);
	if (n > 0)
		out_bytes(o, line, (size_t)n < sizeof line ? (size_t)n : sizeof line - 1);
}

void out_text(struct out *o, const char *s)
{
	static const char hex[] = "0123456789abcdef";

	if (!o->ascii) {
		out_put(o, s);
		return;
	}
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c < 0x80) {
			out_char(o, *s);
		} else {
			char escape[4] = {'\\', 'x', hex[c >> 4], hex[c & 15]};

			out_bytes(o, escape, sizeof escape);
		}
	}
}

/* Columns that s takes when out_text() has written it. */
static unsigned out_width(const struct out *o, const char *s)
{
	size_t n = strlen(s);
	unsigned width = 0;

	while (n > 0) {
		uint32_t code;
		bool bad;
		size_t len = text_utf8(s, n, &code, &bad);

		width += o->ascii && code >= 0x80 ? (unsigned)len * 4 : text_width(code);
		s += len;
		n -= len;
	}
	return width;
}

static void out_blanks(struct out *o, unsigned n)
{
	while (n-- > 0)
		out_char(o, ' ');
}

void out_left(struct out *o, const char *s, unsigned width)
{
	unsigned have = out_width(o, s);

	out_text(o, s);
	out_blanks(o, have < width ? width - have : 0);
}

void out_right(struct out *o, const char *s, unsigned width)
{
	unsigned have = out_width(o, s);

	out_blanks(o, have < width ? width - have : 0);
	out_text(o, s);
}

/* Three figures, with the unit that suits. */
static void out_duration_text(struct text *t, int64_t ns)
{
	if (ns < 0)
		ns = 0;
	if (ns < CLOCK_MS)
		text_format(t, "%lld us", (long long)(ns + 500) / 1000);
	else if (ns < CLOCK_S)
		text_format(t, "%.1f ms", (double)ns / 1e6);
	else
		text_format(t, "%.2f s", (double)ns / 1e9);
}

void out_duration(struct out *out, int64_t ns, unsigned width)
{
	char cell[48];
	struct text t;

	text_init(&t, cell, sizeof cell);
	out_duration_text(&t, ns);
	out_right(out, cell, width);
}
