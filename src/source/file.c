/* A capture file, FIFO or standard input as a source.
 *
 * Finds the format by its magic number, lends frames in batches, runs the
 * filter, counts, and puts damage into one sentence. Frames are lent from the
 * input's buffer: a batch ends where the buffer would have to move. A call
 * looks at READER_SCAN records at most, so that a filter that passes nothing
 * does not keep its caller from the keyboard. Does not know the formats.
 */
#include "reader.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sockeye/clock.h"
#include "sockeye/text.h"

enum {
	READER_SCAN = 16384,       /* records and blocks of one call */
	READER_PATIENCE_MS = 250,  /* for the header of a pipe, at open */
};

static void reader_say(struct reader *r, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

static void reader_say(struct reader *r, const char *format, va_list args)
{
	char words[sizeof r->stats.problem];
	struct text t;

	(void)vsnprintf(words, sizeof words, format, args);
	text_init(&t, r->stats.problem, sizeof r->stats.problem);
	text_put(&t, r->title);
	text_put(&t, ": ");
	text_put(&t, words);
}

void reader_damage(struct reader *r, const char *format, ...)
{
	va_list args;

	r->stats.damaged++;
	if (r->damage_said)
		return;
	r->damage_said = true;
	va_start(args, format);
	reader_say(r, format, args);
	va_end(args);
}

void reader_note(struct reader *r, const char *format, ...)
{
	va_list args;

	if (r->stats.problem[0] != '\0')
		return;
	va_start(args, format);
	reader_say(r, format, args);
	va_end(args);
}

int64_t reader_time(struct reader *r, int64_t seconds, uint64_t ns)
{
	const int64_t most = INT64_C(4600000000); /* below 2^62 ns: 1824 to 2115 */

	if (seconds < -most || seconds >= most || ns >= (uint64_t)CLOCK_S * 10000) {
		reader_note(r, "packet %llu has a time that no clock shows; times are held between 1824 and 2115",
			    (unsigned long long)r->stats.frames + 1);
		return (seconds < 0 ? -most : most) * CLOCK_S;
	}
	return seconds * CLOCK_S + (int64_t)ns;
}

/* Compressed files are common enough for a sentence of their own. */
static int reader_unknown(const struct reader *r, const uint8_t *p, struct error *e)
{
	static const struct {
		uint8_t magic[4];
		uint8_t n;
		char program[8];
	} packed[] = {
		{{0x1f, 0x8b}, 2, "zcat"},
		{{0x28, 0xb5, 0x2f, 0xfd}, 4, "zstdcat"},
		{{0xfd, '7', 'z', 'X'}, 4, "xzcat"},
		{{'B', 'Z', 'h'}, 3, "bzcat"},
		{{0x04, 0x22, 0x4d, 0x18}, 4, "lz4cat"},
	};

	for (size_t i = 0; i < sizeof packed / sizeof packed[0]; i++)
		if (memcmp(p, packed[i].magic, packed[i].n) == 0)
			return error_set(e, EPROTO, "%s: compressed input is not built yet: %s FILE | sockeye -r -",
					 r->title, packed[i].program);
	return error_set(e, EPROTO, "%s: not a capture file (it begins with %02x %02x %02x %02x)", r->title, p[0],
			 p[1], p[2], p[3]);
}

/* 1 when the header is read, 0 to wait, negative: not a capture. */
static int reader_header(struct reader *r, struct error *e)
{
	int rc = input_want(&r->in, 4, true);
	const uint8_t *p = input_at(&r->in);

	if (rc == -ENODATA && input_left(&r->in) == 0)
		return error_set(e, EPROTO, "%s: not a capture file: it is empty", r->title);
	if (rc == -ENODATA)
		return error_set(e, EPROTO, "%s: not a capture file: %zu bytes long", r->title, input_left(&r->in));
	if (rc < 0)
		return error_set(e, rc, "%s: cannot be read: %s", r->title, strerror(-rc));
	if (rc == 0)
		return 0;
	if (pcap_file_magic(p)) {
		r->stats.format = "pcap";
		rc = pcap_file_open(r, true, e);
		if (rc == 1)
			r->next = pcap_file_next;
	} else if (pcapng_magic(p)) {
		r->stats.format = "pcapng";
		rc = pcapng_open(r, true, e);
		if (rc == 1)
			r->next = pcapng_next;
	} else {
		return reader_unknown(r, p, e);
	}
	if (rc < 0 && rc != -EPROTO)
		return error_set(e, rc, "%s: cannot be read: %s", r->title, strerror(-rc));
	return rc;
}

/* A pipe whose header came late: an error goes into the stats. */
static int reader_late_header(struct reader *r)
{
	struct error e;
	struct text t;
	int rc = reader_header(r, &e);

	if (rc < 0) {
		r->ended = rc;
		r->damage_said = true;
		text_init(&t, r->stats.problem, sizeof r->stats.problem);
		text_put(&t, e.text);
	}
	return rc;
}

static bool reader_passes(struct reader *r, const struct frame *f)
{
	const char *refusal;

	if (!r->filter || bpf_pass(r->filter, f, &refusal))
		return true;
	r->stats.filtered++;
	if (refusal)
		reader_note(r, "packets of link type %u do not pass: the filter does not fit them: %s", f->linktype,
			    refusal);
	return false;
}

static int reader_next_batch(struct source *s, struct frame *out, unsigned n)
{
	struct reader *r = (struct reader *)s;
	unsigned have = 0;
	int rc;

	if (r->ended)
		return r->ended;
	if (!r->next) {
		rc = reader_late_header(r);
		if (rc <= 0)
			return rc;
	}
	for (unsigned looked = 0; have < n && looked < READER_SCAN; looked++) {
		rc = r->next(r, &out[have], have == 0);
		if (rc == READER_OTHER)
			continue;
		if (rc == READER_WAIT)
			break;
		if (rc < 0) {
			r->ended = rc;
			if (rc == -ENODATA)
				r->stats.complete = r->stats.damaged == 0;
			else
				reader_damage(r, "cannot be read at byte %llu: %s",
					      (unsigned long long)r->in.offset, strerror(-rc));
			break;
		}
		r->stats.frames++;
		r->last_ns = out[have].ts_ns;
		if (reader_passes(r, &out[have]))
			have++;
	}
	return have == 0 && r->ended ? r->ended : (int)have;
}

static bool reader_stats(struct source *s, unsigned index, struct source_stats *out)
{
	struct reader *r = (struct reader *)s;

	if (index != 0)
		return false;
	*out = r->stats;
	out->name = r->name;
	out->bytes_read = r->in.offset;
	out->bytes_total = r->in.total;
	out->drops = pcapng_drops(r, &out->drops_known);
	return true;
}

static const char *reader_interface(struct source *s, unsigned source, unsigned interface)
{
	return source == 0 ? pcapng_interface_name((struct reader *)s, interface) : NULL;
}

static void reader_free(struct source *s)
{
	struct reader *r = (struct reader *)s;

	input_close(&r->in);
	bpf_free(r->filter);
	pcapng_close(r);
	free(r->name);
	free(r);
}

/* A pipe's writer is usually there within a moment; then a wrong header is an
 * error of opening. A slow one is read later. */
static int reader_first_header(struct reader *r, struct error *e)
{
	int64_t until = clock_monotonic_ns() + READER_PATIENCE_MS * (int64_t)CLOCK_MS;
	int rc = reader_header(r, e);

	while (rc == 0) {
		int64_t left = until - clock_monotonic_ns();
		struct pollfd p = {.fd = r->in.fd, .events = POLLIN};

		if (left <= 0)
			break;
		(void)poll(&p, 1, (int)(left / CLOCK_MS) + 1);
		rc = reader_header(r, e);
	}
	return rc;
}

int reader_open(struct source **out, int fd, const char *name, struct bpf *filter, size_t buffer,
		struct error *e)
{
	struct reader *r = calloc(1, sizeof *r);
	struct text t;
	int rc;

	*out = NULL;
	if (!r) {
		bpf_free(filter);
		return error_set(e, ENOMEM, "no memory for a reader");
	}
	r->filter = filter;
	text_init(&t, r->title, sizeof r->title);
	text_foreign(&t, name, strlen(name), false);
	r->name = strdup(name);
	rc = input_open(&r->in, fd, buffer ? buffer : INPUT_BUFFER, r->title, e);
	if (rc == 0 && !r->name)
		rc = error_set(e, ENOMEM, "no memory for a reader");
	if (rc == 0)
		rc = reader_first_header(r, e);
	if (rc < 0) {
		reader_free(&r->s);
		return rc;
	}
	r->s.kind = "file";
	r->s.fd = r->in.pipe ? r->in.fd : -1;
	r->s.next_batch = reader_next_batch;
	r->s.stats = reader_stats;
	r->s.interface = reader_interface;
	r->s.free = reader_free;
	*out = &r->s;
	return 0;
}

int reader_linktype(const struct source *s)
{
	const struct reader *r = (const struct reader *)s;

	if (s->next_batch != reader_next_batch || r->next != pcap_file_next)
		return -1;
	return r->pcap.linktype;
}
