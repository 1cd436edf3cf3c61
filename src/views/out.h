/* The one writer of the views: buffered, every write checked. */
#ifndef SOCKEYE_VIEWS_OUT_H
#define SOCKEYE_VIEWS_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { OUT_BUFFER = 128 * 1024, OUT_ROOM_MAX = OUT_BUFFER / 4 };

struct out {
	int fd;
	int error;  /* -errno of the first write that failed; nothing is written after it */
	bool ascii; /* out_text(): bytes above 0x7e become \xNN */
	size_t len;
	char buffer[OUT_BUFFER];
};

void out_init(struct out *o, int fd, bool ascii);

/* Returns o->error. */
int out_flush(struct out *o);

/* A place for n (up to OUT_ROOM_MAX) bytes; out_took() says where they ended. */
static inline char *out_room(struct out *o, size_t n)
{
	if (OUT_BUFFER - o->len < n)
		(void)out_flush(o);
	return o->buffer + o->len;
}

static inline void out_took(struct out *o, const char *end)
{
	o->len = (size_t)(end - o->buffer);
}

void out_more(struct out *o, const char *s, size_t n); /* of out_bytes(): what does not fit */

static inline void out_bytes(struct out *o, const char *s, size_t n)
{
	if (n > OUT_BUFFER - o->len) {
		out_more(o, s, n);
		return;
	}
	memcpy(o->buffer + o->len, s, n);
	o->len += n;
}

static inline void out_char(struct out *o, char c)
{
	*out_room(o, 1) = c;
	o->len++;
}

static inline void out_put(struct out *o, const char *s)
{
	out_bytes(o, s, strlen(s));
}

void out_u64(struct out *o, uint64_t v);

/* Write one of our own words at p, which has room for OUT_WORD bytes; returns where it
 * ended. NULL: it is longer, or holds what some format escapes or quotes. */
enum { OUT_WORD = 64 };
static inline char *out_word(char *p, const char *word)
{
	for (unsigned i = 0; i < OUT_WORD; i++) {
		char c = word[i];

		if (c == '\0')
			return p + i;
		if (c < ' ' || c > '~' || c == '"' || c == ',' || c == '\\')
			return NULL;
		p[i] = c;
	}
	return NULL;
}
/* Whole microseconds of a duration, rounded. */
static inline int64_t out_microseconds(int64_t ns)
{
	return ns < 0 ? -((-ns + 500) / 1000) : (ns + 500) / 1000;
}

void out_format(struct out *o, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Text for people that is already escaped. */
void out_text(struct out *o, const char *s);
/* The same, filled with blanks to a width: at its right end, or before it. */
void out_left(struct out *o, const char *s, unsigned width);
void out_right(struct out *o, const char *s, unsigned width);

/* A duration for people in a cell: "230 us", "12.1 ms", "3.07 s"; width 0: as it is. */
void out_duration(struct out *out, int64_t ns, unsigned width);

#endif
