/* The one writer of the views: buffered, every write checked. */
#ifndef SOCKEYE_VIEWS_OUT_H
#define SOCKEYE_VIEWS_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { OUT_BUFFER = 65536 };

struct out {
	int fd;
	int error;  /* -errno of the first write that failed; nothing is written after it */
	bool ascii; /* out_text(): bytes above 0x7e become \xNN */
	size_t len;
	char buffer[OUT_BUFFER];
};

void out_init(struct out *o, int fd, bool ascii);
void out_bytes_flushing(struct out *o, const char *s, size_t n);
void out_u64(struct out *o, uint64_t v);
void out_i64(struct out *o, int64_t v);

/* Nearly all fits without a flush. */
static inline void out_bytes(struct out *o, const char *s, size_t n)
{
	if (n < OUT_BUFFER - o->len && o->error == 0) {
		memcpy(o->buffer + o->len, s, n);
		o->len += n;
	} else {
		out_bytes_flushing(o, s, n);
	}
}

static inline void out_char(struct out *o, char c)
{
	out_bytes(o, &c, 1);
}

static inline void out_put(struct out *o, const char *s)
{
	out_bytes(o, s, strlen(s));
}
void out_format(struct out *o, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Text for people that is already escaped. */
void out_text(struct out *o, const char *s);
/* The same, filled with blanks to a width: at its right end, or before it. */
void out_left(struct out *o, const char *s, unsigned width);
void out_right(struct out *o, const char *s, unsigned width);

/* Returns o->error. */
int out_flush(struct out *o);

/* A duration for people in a cell: "230 us", "12.1 ms", "3.07 s"; width 0: as it is. */
void out_duration(struct out *out, int64_t ns, unsigned width);

#endif
