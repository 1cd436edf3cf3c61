/* The writer: batches in, whole records out.
 *
 * Records are put together in one buffer, and one write(2) takes all of it.
 * Where that fails, the records of the buffer are walked to find the last one
 * that went out whole, and a regular file is cut back to it: what was counted as
 * written is what the file holds. A full pipe is waited for, but not for ever:
 * whoever runs the writer may say stop. No memory is taken after opening.
 */
#include "writing.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sockeye/clock.h"
#include "sockeye/text.h"

enum {
	WRITER_FLUSH_MS = 800,   /* with the run's tick of 100 ms: within a second */
	WRITER_LOOK_MS = 800,
	WRITER_STOP_MS = 1000,   /* what a full pipe still gets after stop */
	WRITER_ETHERNET_TAG = 12, /* where a VLAN tag stands in a frame: before its type */
	WRITER_SLL_TAG = 14,
	WRITER_TAG = 4,
};

/* ---- ends -------------------------------------------------------------------- */

int writing_end(struct writer *w, int why)
{
	if (w->fd >= 0)
		(void)close(w->fd);
	w->fd = -1;
	w->used = 0;
	w->ended = true;
	return -why;
}

int writing_refuse(struct writer *w, struct error *e, const char *format, ...)
{
	char words[sizeof e->text];
	va_list args;
	int rc = writing_whole(w, e);

	if (rc != 0)
		return rc;
	w->ended = true;
	va_start(args, format);
	(void)vsnprintf(words, sizeof words, format, args);
	va_end(args);
	return error_set(e, EINVAL, "%s: %s", w->title, words);
}

/* Cut the file to its last whole record, of which `out` bytes of the buffer are there. */
static void writing_cut(struct writer *w, size_t out)
{
	uint64_t frames = 0;
	size_t whole = 0;

	for (;;) {
		uint64_t more = frames;
		size_t n = w->kind->record(w, w->buffer + whole, out - whole, w->size + whole == 0, &more);

		if (n == 0 || n > out - whole)
			break;
		whole += n;
		frames = more;
	}
	w->stats.frames -= w->buffered - frames;
	w->stats.bytes -= w->used - whole;
	w->buffered = 0;
	w->used = 0;
	w->size += whole;
	if (w->regular)
		while (ftruncate(w->fd, (off_t)(w->base + w->size)) != 0 && errno == EINTR)
			continue;
}

/* strerror(3) has words for a pipe's end that mislead. */
static const char *writing_why(int why)
{
	return why == ETIMEDOUT ? "full" : strerror(why);
}

static const char *writing_advice(int why)
{
	switch (why) {
	case ENOSPC:
	case EDQUOT:
		return "make room, or write elsewhere";
	case EFBIG:
		return "the limit of file sizes (ulimit -f) is reached; -C makes several files";
	case ETIMEDOUT:
		return "its reader takes nothing";
	default:
		return "is its device still there?";
	}
}

/* Writing failed with `out` bytes of the buffer written. */
static int writing_fail(struct writer *w, int why, size_t out, struct error *e)
{
	writing_cut(w, out);
	if (why == EPIPE)
		(void)error_set(e, why, "%s: its reader has left after packet %llu", w->title,
				(unsigned long long)w->stats.frames);
	else if (w->regular)
		(void)error_set(e, why, "%s: cannot be written: %s: %s; it was cut to its last whole record, "
				"at byte %llu, after packet %llu", w->title, strerror(why), writing_advice(why),
				(unsigned long long)(w->base + w->size), (unsigned long long)w->stats.frames);
	else
		(void)error_set(e, why, "%s: cannot be written: %s: %s; what came after packet %llu is missing",
				w->title, writing_why(why), writing_advice(why), (unsigned long long)w->stats.frames);
	return writing_end(w, why);
}

/* ---- the buffer ------------------------------------------------------------------ */

/* A pipe is full. 0: there is room, or the reader has left; -ETIMEDOUT: stop was said. */
static int writing_wait(const struct writer *w)
{
	struct pollfd p = {.fd = w->fd, .events = POLLOUT};
	int64_t stopped = 0;

	while (poll(&p, 1, 100) <= 0) {
		if (!w->stop || !w->stop(w->stop_arg))
			continue;
		if (stopped == 0)
			stopped = clock_monotonic_ns();
		else if (clock_monotonic_ns() - stopped >= WRITER_STOP_MS * (int64_t)CLOCK_MS)
			return -ETIMEDOUT;
	}
	return 0;
}

int writing_empty(struct writer *w, struct error *e)
{
	if (!w->stale)
		return 0;
	w->stale = false;
	return ftruncate(w->fd, 0) == 0 ? 0 : writing_fail(w, errno, 0, e);
}

int writing_flush(struct writer *w, struct error *e)
{
	size_t out = 0;
	int rc = writing_empty(w, e);

	if (rc != 0)
		return rc;
	while (out < w->used) {
		ssize_t n = write(w->fd, w->buffer + out, w->used - out);
		int why = n < 0 ? errno : EIO;

		if (n > 0) {
			out += (size_t)n;
		} else if (why == EAGAIN) {
			if (writing_wait(w) != 0)
				return writing_fail(w, ETIMEDOUT, out, e);
		} else if (why != EINTR) {
			return writing_fail(w, why, out, e);
		}
	}
	w->size += w->used;
	w->used = 0;
	w->buffered = 0;
	return 0;
}

uint8_t *writing_room(struct writer *w, size_t n, int *rc, struct error *e)
{
	if (w->used + n > WRITER_BUFFER) {
		*rc = writing_flush(w, e);
		if (*rc != 0)
			return NULL;
	}
	if (w->used == 0)
		w->flushed_ns = clock_monotonic_ns();
	*rc = 0;
	return w->buffer + w->used;
}

/* ---- frames ---------------------------------------------------------------------- */

void writing_view(const struct writer *w, const struct frame *f, struct writing_view *v)
{
	uint32_t at = f->linktype == LINKTYPE_ETHERNET ? WRITER_ETHERNET_TAG
		      : f->linktype == LINKTYPE_LINUX_SLL ? WRITER_SLL_TAG : 0;

	*v = (struct writing_view){.caplen = f->caplen, .wirelen = f->wirelen};
	if ((f->flags & FRAME_VLAN) && at > 0) {
		v->wirelen += WRITER_TAG;
		if (f->caplen >= at) {
			v->head = at;
			v->tag = WRITER_TAG;
			v->tag_bytes[0] = (uint8_t)(f->vlan_tpid >> 8);
			v->tag_bytes[1] = (uint8_t)f->vlan_tpid;
			v->tag_bytes[2] = (uint8_t)(f->vlan >> 8);
			v->tag_bytes[3] = (uint8_t)f->vlan;
			v->caplen += WRITER_TAG;
		}
	}
	if (v->caplen > w->o.snaplen) {
		v->caplen = w->o.snaplen;
		if (v->head > v->caplen)
			v->head = v->caplen;
		if (v->tag > v->caplen - v->head)
			v->tag = v->caplen - v->head;
	}
}

uint8_t *writing_frame_bytes(uint8_t *p, const struct frame *f, const struct writing_view *v)
{
	p = writing_bytes(p, f->data, v->head);
	p = writing_bytes(p, v->tag_bytes, v->tag);
	return writing_bytes(p, f->data + v->head, v->caplen - v->head - v->tag);
}

int64_t writing_now_s(const struct writer *w, const struct frame *f)
{
	int64_t ns = w->live || !f ? clock_wall_ns() : f->ts_ns;

	return ns / CLOCK_S - (ns % CLOCK_S < 0);
}

/* ---- what the run calls --------------------------------------------------------- */

void writer_stop_when(struct writer *w, bool (*stop)(void *arg), void *arg)
{
	w->stop = stop;
	w->stop_arg = arg;
}

int writer_batch(struct writer *w, const struct frame *f, unsigned n, struct error *e)
{
	bool timed = w->o.rotate_s > 0;
	int64_t now_s = 0;
	int rc = 0;

	if (w->ended)
		return 0;
	for (unsigned i = 0; i < n && rc == 0; i++) {
		if (timed && (i == 0 || !w->live))
			now_s = writing_now_s(w, &f[i]);
		if (w->fd < 0)
			rc = writing_open(w, now_s, e);
		else if (timed || w->o.rotate_bytes)
			rc = writing_rotate(w, now_s, e);
		if (rc == 0)
			rc = w->kind->frame(w, &f[i], e);
	}
	if (rc == 0 && w->o.packet_buffered)
		rc = writing_flush(w, e);
	return rc;
}

int writer_tick(struct writer *w, struct error *e)
{
	int64_t now = clock_monotonic_ns();
	int rc = 0;

	if (w->ended || w->fd < 0)
		return 0;
	if (w->pipe) {
		struct pollfd p = {.fd = w->fd};

		if (poll(&p, 1, 0) > 0 && (p.revents & POLLERR))
			return writing_fail(w, EPIPE, 0, e);
	}
	if (w->live && writing_over(w, writing_now_s(w, NULL))) {
		w->last_file = true;
		rc = writing_whole(w, e);
		w->ended = true;
		return rc == 0 ? WRITER_FULL : rc;
	}
	rc = writing_empty(w, e); /* the run has begun */
	if (rc == 0 && w->o.packet_buffered && !w->headed && w->kind->head) {
		rc = w->kind->head(w, e);
		if (rc == 0)
			rc = writing_flush(w, e);
	}
	if (rc == 0 && now - w->looked_ns >= WRITER_LOOK_MS * (int64_t)CLOCK_MS) {
		w->looked_ns = now;
		rc = writing_look(w, e);
	}
	if (rc == 0 && w->used > 0 && now - w->flushed_ns >= WRITER_FLUSH_MS * (int64_t)CLOCK_MS)
		rc = writing_flush(w, e);
	return rc;
}

bool writer_waiting(const struct writer *w)
{
	return w->used > 0 || (!w->ended && w->pipe);
}

int writer_finish(struct writer *w, struct error *e)
{
	int rc = 0;

	if (w->ended)
		return 0;
	if (w->fd < 0)
		rc = writing_open(w, writing_now_s(w, NULL), e); /* nothing came: an empty capture, whole */
	w->last_file = true;
	if (rc == 0)
		rc = writing_whole(w, e);
	w->ended = true;
	return rc;
}

void writer_get_stats(const struct writer *w, struct writer_stats *out)
{
	*out = w->stats;
}

/* ---- opening ----------------------------------------------------------------------- */

static bool writer_ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && strcmp(s + n - m, end) == 0;
}

static enum writer_format writer_format_of(const struct writer_options *o)
{
	if (o->format != WRITER_BY_NAME)
		return o->format;
	return writer_ends_with(o->path, ".pcap") ? WRITER_PCAP : WRITER_PCAPNG;
}

/* Files that are being read; what is no file any more cannot be written over. */
static void writer_note_inputs(struct writer *w)
{
	for (unsigned i = 0; i < w->o.n_inputs && w->n_inputs < WRITER_INPUTS; i++) {
		bool stdin_too = strcmp(w->o.inputs[i], "-") == 0;
		struct stat st;

		if ((stdin_too ? fstat(STDIN_FILENO, &st) : stat(w->o.inputs[i], &st)) != 0)
			continue;
		w->input[w->n_inputs].device = st.st_dev;
		w->input[w->n_inputs++].inode = st.st_ino;
	}
}

int writer_open(struct writer **out, const struct writer_options *o, struct source *source, struct error *e)
{
	struct writer *w = calloc(1, sizeof *w);
	int rc = 0;

	*out = NULL;
	if (w) {
		w->fd = -1;
		w->buffer = malloc(WRITER_BUFFER);
		w->interface = calloc(WRITER_INTERFACES, sizeof *w->interface);
		w->slot = calloc(WRITER_SLOTS, sizeof *w->slot);
	}
	if (!w || !w->buffer || !w->interface || !w->slot) {
		writer_free(w);
		return error_set(e, ENOMEM, "no memory for what is to be written");
	}
	if (o->rotate_s > 0 && !strchr(o->path, '%') && (o->rotate_files != 1 || o->rotate_bytes)) {
		writer_free(w);
		return error_set(e, EINVAL, "-G needs a name with a time in it, or each file would overwrite the one "
				 "before: x-%%H%%M%%S.pcapng");
	}
	w->o = *o;
	if (w->o.snaplen == 0 || w->o.snaplen > FRAME_MAX)
		w->o.snaplen = FRAME_MAX;
	w->source = source;
	w->live = source->live && !source->replay; /* of a replay everything is as of the files */
	w->kind = writer_format_of(o) == WRITER_PCAP ? &writing_pcap : &writing_pcapng;
	w->opened_ns = clock_wall_ns();
	w->looked_ns = clock_monotonic_ns();
	writer_note_inputs(w);
	tzset(); /* now: names of the time may be made when no file can be opened any more */
	if (o->rotate_s == 0 || w->live)
		rc = writing_open(w, writing_now_s(w, NULL), e);
	if (rc != 0) {
		writer_free(w);
		return rc;
	}
	*out = w;
	return 0;
}

void writer_free(struct writer *w)
{
	if (!w)
		return;
	(void)writing_end(w, 0);
	free(w->buffer);
	free(w->interface);
	free(w->slot);
	free(w);
}
