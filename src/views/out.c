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
#include "sockeye/digits.h"
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

void out_more(struct out *o, const char *s, size_t n)
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
	out_took(o, digits_u64(out_room(o, DIGITS_U64_MAX), v));
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

	size_t clean = o->ascii ? text_clean(s, strlen(s), '\\') : strlen(s);

	out_bytes(o, s, clean);
	for (s += clean; *s; s++) {
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
	size_t n = strlen(s), clean = text_clean(s, n, '\\');
	unsigned width = (unsigned)clean;

	s += clean;
	n -= clean;
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
	static const char blanks[] = "                                ";

	for (; n >= sizeof blanks; n -= (unsigned)sizeof blanks - 1)
		out_bytes(o, blanks, sizeof blanks - 1);
	out_bytes(o, blanks, n);
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
		text_u64(t, (uint64_t)(ns + 500) / 1000);
	else if (ns < CLOCK_S)
		text_scaled(t, (uint64_t)ns, CLOCK_MS, 1);
	else
		text_scaled(t, (uint64_t)ns, CLOCK_S, 2);
	text_put(t, ns < CLOCK_MS ? " us" : ns < CLOCK_S ? " ms" : " s");
}

void out_duration(struct out *out, int64_t ns, unsigned width)
{
	char cell[48];
	struct text t;

	text_init(&t, cell, sizeof cell);
	out_duration_text(&t, ns);
	out_right(out, cell, width);
}
