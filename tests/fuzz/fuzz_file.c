/* Fuzz target: the capture file readers.
 *
 * The bytes are a file. It is read three times: with the usual buffer, with one
 * so small that every record straddles reads, and through a pipe; the
 * frames must be the same each time and inside their bounds, every byte and
 * comment readable. Compressed input may be a few megabytes uncompressed; what
 * would be more is not read to its end.
 * links: source
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "source/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_MIB = 4 }; /* of uncompressed bytes */

struct seen {
	uint64_t frames, sum, damaged;
	int end;
};

static void look(const struct frame *f, struct seen *seen)
{
	if (f->caplen > FRAME_MAX || f->wirelen < f->caplen)
		abort();
	seen->frames++;
	seen->sum = seen->sum * 31 + (uint64_t)f->ts_ns + f->wirelen + f->interface;
	for (uint32_t i = 0; i < f->caplen; i++)
		seen->sum = seen->sum * 31 + f->data[i];
	if (f->comment)
		seen->sum += strlen(f->comment);
}

/* How far it came depends on the buffer, that it is too much does not. */
static bool too_much(struct source *s)
{
	struct source_stats stats;

	if (!s->stats(s, 0, &stats))
		abort();
	return stats.compression && stats.bytes > (uint64_t)MOST_MIB << 20;
}

static struct seen drain(int fd, size_t buffer, unsigned batch)
{
	struct source_stats stats;
	struct frame frames[SOURCE_BATCH];
	struct seen seen = {0};
	struct source *s;
	struct error e;
	struct reader_options o = {.buffer = buffer};
	int n = reader_open(&s, fd, "fuzz", NULL, &o, &e);

	if (n < 0) {
		if (e.text[0] == '\0')
			abort();
		seen.end = n;
		return seen;
	}
	while ((n = s->next_batch(s, frames, batch)) >= 0 && !too_much(s)) {
		if ((unsigned)n > batch)
			abort();
		for (int i = 0; i < n; i++) {
			look(&frames[i], &seen);
			(void)s->interface(s, 0, frames[i].interface);
		}
	}
	if (too_much(s)) {
		s->free(s);
		return (struct seen){.end = 1};
	}
	seen.end = n;
	if (!s->stats(s, 0, &stats) || stats.frames != seen.frames || stats.complete != (stats.damaged == 0))
		abort();
	if (stats.damaged && stats.problem[0] == '\0')
		abort();
	seen.damaged = stats.damaged;
	s->free(s);
	return seen;
}

static int file_of(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || (size > 0 && write(fd, data, size) != (ssize_t)size) || lseek(fd, 0, SEEK_SET) != 0)
		abort();
	return fd;
}

/* The file through a pipe that holds all of it. */
static int pipe_of(const uint8_t *data, size_t size)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0 || write(ends[1], data, size) != (ssize_t)size)
		abort();
	(void)close(ends[1]);
	return ends[0];
}

/* Not memcmp(): there are bytes between the fields that nobody writes. */
static bool same(const struct seen *a, const struct seen *b)
{
	return a->frames == b->frames && a->sum == b->sum && a->damaged == b->damaged && a->end == b->end;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen usual = drain(file_of(data, size), 0, SOURCE_BATCH);
	struct seen small = drain(file_of(data, size), 64, 7);

	if (!same(&usual, &small))
		abort();
	if (size <= 65536) { /* what a pipe holds without a reader */
		struct seen piped = drain(pipe_of(data, size), 256, 1);

		if (!same(&usual, &piped))
			abort();
	}
	return 0;
}
