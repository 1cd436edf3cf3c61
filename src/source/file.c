/* A capture file, FIFO or standard input as a source.
 *
 * Finds the format by its magic number, lends frames in batches, runs the
 * filter, counts, and puts damage into one sentence. Frames are lent from the
 * input's buffer: a batch ends where the buffer would have to move. A call
 * looks at READER_SCAN records at most, so that a filter that passes nothing
 * does not keep its caller from the keyboard. Does not know the formats. A file
 * that is followed is waited for where it ends; it is the open file that is
 * followed, and when another one takes its name the source ends and says so.
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
	READER_TITLE = 100,        /* of a name in sentences */
	READER_SCAN = 16384,       /* records and blocks of one call */
	READER_PATIENCE_MS = 250,  /* for the header of a pipe, at open */
	READER_REPLACED_MS = 1000, /* followed: what the writer may still add when another file has the name */
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

static int reader_unknown(const struct reader *r, const uint8_t *p, struct error *e)
{
	static const struct {
		uint8_t magic[4];
		uint8_t n;
		char program[6];
	} packed[] = {
		{{0xfd, '7', 'z', 'X'}, 4, "xzcat"},
		{{'B', 'Z', 'h'}, 3, "bzcat"},
		{{0x04, 0x22, 0x4d, 0x18}, 4, "lz4cat"},
	};

	for (size_t i = 0; i < sizeof packed / sizeof packed[0]; i++)
		if (memcmp(p, packed[i].magic, packed[i].n) == 0)
			return error_set(e, EPROTO, "%s: compressed in a way that is not read: %.6s FILE | sockeye -r -",
					 r->title, packed[i].program);
	if (inflate_kind(p) != INFLATE_NONE)
		return error_set(e, EPROTO, "%s: compressed twice: %s FILE | sockeye -r -", r->title,
				 inflate_program(inflate_kind(p)));
	return error_set(e, EPROTO, "%s: not a capture file (it begins with %02x %02x %02x %02x)", r->title, p[0],
			 p[1], p[2], p[3]);
}

/* From here on the file is read uncompressed, and sentences say so. */
static int reader_inflate(struct reader *r, enum inflate_kind kind, struct error *e)
{
	struct error why;
	struct text t;
	int rc = input_inflate(&r->in, kind, r->window, &why);

	if (rc < 0)
		return error_set(e, rc == -ENOMEM ? ENOMEM : EPROTO, "%s: %s", r->title, why.text);
	r->stats.compression = inflate_name(kind);
	text_init(&t, r->title + strlen(r->title), sizeof r->title - strlen(r->title));
	text_put(&t, ", uncompressed");
	return 0;
}

/* The end that is none: the input's words about the compressed or the cut file. */
static void reader_broken(const struct reader *r, struct text *t)
{
	text_foreign(t, r->name, strlen(r->name), false);
	text_put(t, ": ");
	if (!r->next && r->in.eof)
		text_put(t, "not a whole capture file: ");
	text_put(t, r->in.trouble);
}

/* As reader_header(), but a broken input is -EBADMSG without a sentence. */
static int reader_format(struct reader *r, struct error *e)
{
	int rc = input_want(&r->in, 4, true);
	const uint8_t *p = input_at(&r->in);

	if (rc == -ENODATA && input_left(&r->in) == 0)
		return error_set(e, EPROTO, "%s: not a capture file: it is empty", r->title);
	if (rc == -ENODATA)
		return error_set(e, EPROTO, "%s: not a capture file: %zu bytes long", r->title, input_left(&r->in));
	if (rc <= 0)
		return rc;
	if (!r->in.inflate && inflate_kind(p) != INFLATE_NONE) {
		rc = reader_inflate(r, inflate_kind(p), e);
		return rc < 0 ? rc : reader_format(r, e);
	}
	if (pcap_file_magic(p)) {
		r->stats.format = "pcap";
		rc = pcap_file_open(r, true, e);
		if (rc == 1) {
			r->next = pcap_file_next;
			r->run = pcap_file_is_plain(r) ? pcap_file_run : NULL;
		}
	} else if (pcapng_magic(p)) {
		r->stats.format = "pcapng";
		rc = pcapng_open(r, true, e);
		if (rc == 1) {
			r->next = pcapng_next;
			r->run = pcapng_run;
		}
	} else {
		return reader_unknown(r, p, e);
	}
	return rc;
}

/* 1 when the header is read, 0 to wait, negative: not a capture. */
static int reader_header(struct reader *r, struct error *e)
{
	char words[sizeof r->stats.problem];
	int rc = reader_format(r, e);
	struct text t;

	if (rc == -EBADMSG) {
		text_init(&t, words, sizeof words);
		reader_broken(r, &t);
		return error_set(e, EPROTO, "%s", words);
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

/* Ended where it should not: what was read stands, and the input says why. */
static void reader_cut(struct reader *r)
{
	bool within = input_left(&r->in) > 0;
	struct text t;

	r->ended = -ENODATA;
	r->stats.damaged++;
	if (r->damage_said)
		return;
	r->damage_said = true;
	text_init(&t, r->stats.problem, sizeof r->stats.problem);
	reader_broken(r, &t);
	text_format(&t, ", %s packet %llu", within ? "in" : "after", (unsigned long long)r->stats.frames + within);
}

/* What a format answered with a negative number. */
static void reader_end(struct reader *r, int rc)
{
	r->ended = rc;
	if (rc == -ENODATA)
		r->stats.complete = r->stats.damaged == 0;
	else if (rc == -EBADMSG)
		reader_cut(r);
	else
		reader_damage(r, "cannot be read at byte %llu: %s", (unsigned long long)r->in.offset, strerror(-rc));
}

/* A followed file stands at its end: is it still the one that its name means?
 * 0, or -ENODATA where another took its place a while ago. */
static int reader_look(struct reader *r)
{
	int64_t now = clock_monotonic_ns();
	enum follow_name where = follow_look(r->in.fd, r->name);

	r->gone = where == FOLLOW_GONE;
	if (where != FOLLOW_REPLACED) {
		r->replaced_ns = 0;
		return 0;
	}
	if (r->replaced_ns == 0)
		r->replaced_ns = now;
	if (now - r->replaced_ns < READER_REPLACED_MS * (int64_t)CLOCK_MS)
		return 0;
	reader_damage(r, "another file has the name now; the one that was followed has been read to its end, packet %llu"
		      "%s: start again for the new one", (unsigned long long)r->stats.frames,
		      input_left(&r->in) > 0 ? ", and a part of the next" : "");
	r->ended = -ENODATA;
	return -ENODATA;
}

/* Time goes back a little wherever several queues meet; a second is a clock
 * that was set. Forward it cannot be told from silence. */
static void reader_clock(struct reader *r, int64_t ts_ns)
{
	int64_t back = r->last_ns - ts_ns;

	if (r->stats.frames > 1 && back >= CLOCK_S)
		reader_note(r, "the clock steps back by %lld.%03lld s at packet %llu: durations across it are wrong",
			    (long long)(back / CLOCK_S), (long long)(back % CLOCK_S / CLOCK_MS),
			    (unsigned long long)r->stats.frames);
	r->last_ns = ts_ns;
}

/* Those that next() would not have to look at: how many were read, of which *passed are kept. */
static unsigned reader_run(struct reader *r, struct frame *out, unsigned n, unsigned *passed)
{
	unsigned read = r->run(r, out, n);

	r->stats.frames += read;
	*passed = read;
	if (!r->filter)
		return read;
	*passed = 0;
	for (unsigned i = 0; i < read; i++)
		if (reader_passes(r, &out[i]))
			out[(*passed)++] = out[i];
	return read;
}

static int reader_batch(struct reader *r, struct frame *out, unsigned n)
{
	unsigned have = 0;
	int rc;

	if (!r->next) {
		rc = reader_late_header(r);
		if (rc <= 0)
			return rc;
	}
	for (unsigned looked = 0; have < n; looked++) {
		/* Where its descriptor is waited for, it must be readable then. */
		if (looked >= READER_SCAN && (have > 0 || input_ready(&r->in)))
			break;
		if (r->run) {
			unsigned passed;

			looked += reader_run(r, &out[have], n - have, &passed);
			have += passed;
			r->in.lent |= passed > 0;
			if (have == n)
				break;
		}
		rc = r->next(r, &out[have], have == 0);
		if (rc == READER_OTHER)
			continue;
		if (rc == READER_WAIT)
			break;
		if (rc < 0) {
			reader_end(r, rc);
			break;
		}
		r->stats.frames++;
		reader_clock(r, out[have].ts_ns);
		if (reader_passes(r, &out[have])) {
			r->in.lent = true;
			have++;
		}
	}
	return have == 0 && r->ended ? r->ended : (int)have;
}

static int reader_next_batch(struct source *s, struct frame *out, unsigned n)
{
	struct reader *r = (struct reader *)s;
	int got;

	if (r->ended)
		return r->ended;
	if (r->unpack_ahead) {
		r->unpack_ahead = false;
		input_unpack_ahead(&r->in);
	}
	if (r->follow.fd >= 0)
		follow_take(&r->follow);
	got = reader_batch(r, out, n);
	s->arrived = r->in.fetched;
	s->reached_ns = r->last_ns;
	if (r->follow.fd < 0)
		return got;
	if (got == 0 && input_ready(&r->in))
		follow_again(&r->follow);
	else if (got == 0)
		got = reader_look(r);
	return got;
}

/* Followed: the file's name is gone, once. */
static bool reader_tell(struct source *s, struct source_note *out)
{
	struct reader *r = (struct reader *)s;
	struct text t;

	if (!r->gone || r->gone_said)
		return false;
	r->gone_said = true;
	out->ts_ns = clock_wall_ns();
	text_init(&t, out->text, sizeof out->text);
	text_foreign(&t, r->name, strlen(r->name), false);
	text_put(&t, ": no file has that name any more; what its writer adds is still read");
	return true;
}

static bool reader_stats(struct source *s, unsigned index, struct source_stats *out)
{
	struct reader *r = (struct reader *)s;

	if (index != 0)
		return false;
	*out = r->stats;
	out->name = r->name;
	out->bytes_read = r->in.inflate ? r->in.fetched : r->in.offset;
	out->bytes_total = r->in.follow ? 0 : r->in.total;
	out->bytes = r->in.offset;
	out->held = input_held(&r->in);
	out->drops = pcapng_drops(r, &out->drops_known);
	return true;
}

static bool reader_lend(struct source *s, struct loans *l)
{
	struct reader *r = (struct reader *)s;

	if (r->in.pipe || r->in.follow)
		return false;
	r->in.loans = l;
	return true;
}

static const char *reader_interface(struct source *s, unsigned source, unsigned interface)
{
	return source == 0 ? pcapng_interface_name((struct reader *)s, interface) : NULL;
}

static void reader_free(struct source *s)
{
	struct reader *r = (struct reader *)s;

	follow_close(&r->follow);
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

	while (rc == 0 && !r->in.follow) {
		int64_t left = until - clock_monotonic_ns();
		struct pollfd p = {.fd = r->in.fd, .events = POLLIN};

		if (left <= 0)
			break;
		(void)poll(&p, 1, (int)(left / CLOCK_MS) + 1);
		rc = reader_header(r, e);
	}
	return rc;
}

int reader_open(struct source **out, int fd, const char *name, struct bpf *filter, const struct reader_options *o,
		struct error *e)
{
	static const struct reader_options usual = {0};
	struct reader *r = calloc(1, sizeof *r);
	struct text t;
	int rc;

	*out = NULL;
	o = o ? o : &usual;
	if (!r) {
		bpf_free(filter);
		return error_set(e, ENOMEM, "no memory for a reader");
	}
	r->filter = filter;
	r->window = o->window;
	r->follow = (struct follow){.fd = -1, .inotify = -1, .timer = -1};
	text_init(&t, r->title, READER_TITLE);
	text_foreign(&t, name, strlen(name), false);
	r->name = strdup(name);
	rc = input_open(&r->in, fd, o->buffer ? o->buffer : INPUT_BUFFER, o->follow, r->title, e);
	if (rc == 0 && !r->name)
		rc = error_set(e, ENOMEM, "no memory for a reader");
	if (rc == 0 && r->in.follow)
		rc = follow_open(&r->follow, fd, r->title, e);
	if (rc == 0)
		rc = reader_first_header(r, e);
	if (rc < 0) {
		reader_free(&r->s);
		return rc;
	}
	r->unpack_ahead = o->ahead > 0 && r->in.total >= o->ahead;
	r->s.kind = "file";
	r->s.fd = r->in.pipe ? r->in.fd : r->follow.fd;
	r->s.next_batch = reader_next_batch;
	r->s.stats = reader_stats;
	r->s.lend = reader_lend;
	r->s.interface = reader_interface;
	r->s.again = reader_again;
	r->s.rereads = !r->in.pipe && !r->in.follow && !r->in.inflate && r->next;
	r->s.note = r->in.follow ? reader_tell : NULL;
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
