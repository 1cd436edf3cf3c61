/* Packets or a text into a new file: see struct save_query.
 *
 * The name holds nothing that came in a packet: the run's clock, and the number of a
 * flow. Files are made by whoever may still make them (engine_save_with), with O_EXCL;
 * where there is one of that name the next number is tried. Packets are read again, one
 * by one, and written by the writer of -w, so the file is whole up to where it ends. */
#include "save.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "answers.h"
#include "packet_list.h"
#include "sockeye/clock.h"
#include "sockeye/text.h"
#include "sockeye/writer.h"

enum { SAVE_LOOK = 64 /* packets between two looks at the clock */ };

struct save {
	struct source names;     /* first: cast back. The writer asks it for names of interfaces only */
	struct remembered *m;
	struct packet_list *list;
	struct writer *writer;
	char interface[SOURCE_MAX][64]; /* of each source the name of the frame that was given last */
	uint64_t at;             /* packet that was written last */
	uint64_t end;            /* the last one that there was when it was asked for */
	int64_t last_ns;         /* of one with a time */
};

/* The writer's question, when it meets an interface for the first time: in the frame at hand. */
static const char *save_interface(struct source *s, unsigned source, unsigned interface)
{
	const struct save *save = (const struct save *)s;

	(void)interface;
	return source < SOURCE_MAX && save->interface[source][0] ? save->interface[source] : NULL;
}

static bool save_stats(struct source *s, unsigned index, struct source_stats *out)
{
	struct source *of = ((struct save *)s)->m->source;

	return of->stats(of, index, out);
}

void save_free(struct save *s)
{
	if (!s)
		return;
	writer_free(s->writer);
	packet_list_free(s->list);
	free(s);
}

/* ---- names and files -------------------------------------------------------------------- */

static int sentence(struct save_answer *a, int why, const char *said)
{
	struct text t;

	text_init(&t, a->error, sizeof a->error);
	if (said && said[0])
		text_put(&t, said);
	else if (why == EACCES || why == EPERM)
		text_put(&t, "no permission to write in this directory: start sockeye in another, or with -Z");
	else if (why == EROFS)
		text_format(&t, "%s: the working directory is on a file system that is read only", a->name);
	else
		text_format(&t, "%s: cannot be written: %s", a->name, strerror(why));
	a->done = true;
	return -why;
}

/* A new file; its name is in a. */
static int create(struct remembered *m, const struct save_query *q, struct save_answer *a)
{
	struct error e = {""};
	char words[256];
	struct text said;
	int fd = -ENOTSUP;

	text_init(&said, words, sizeof words);
	if (!m->create)
		return sentence(a, ENOTSUP, "nothing can be saved in this run");
	for (unsigned try = 1; try <= SAVE_TRIES; try++) {
		engine_save_name(q, q->proposed_ns ? q->proposed_ns : engine_totals(m->engine)->now_ns, try, a->name);
		if (q->name[0] != '\0') { /* that one, and no other instead */
			memcpy(a->name, q->name, sizeof a->name);
			a->name[sizeof a->name - 1] = '\0';
			try = SAVE_TRIES;
		}
		e.text[0] = '\0';
		fd = m->create(m->create_arg, a->name, &e);
		if (fd != -EEXIST)
			break;
	}
	if (fd == -EEXIST && q->name[0] != '\0')
		text_format(&said, "%s is there already, and nothing is written over: choose another name", a->name);
	else
		text_put(&said, fd == -EEXIST ? "" : e.text);
	return fd >= 0 ? fd : sentence(a, -fd, said.at);
}

static void save_text(struct remembered *m, const struct save_query *q, struct save_answer *a)
{
	int fd = create(m, q, a), why;
	size_t done = 0;

	if (fd < 0)
		return;
	while (done < q->len) {
		ssize_t n = write(fd, q->text + done, q->len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	why = done < q->len ? (errno ? errno : EIO) : 0;
	if (close(fd) != 0 && errno != EINTR && !why)
		why = errno;
	a->bytes = done;
	a->done = true;
	if (why)
		(void)sentence(a, why, NULL);
}

/* ---- packets ------------------------------------------------------------------------------ */

static int writer_creates(void *arg, const char *path, int flags, struct error *e)
{
	int *fd = arg, given = *fd;

	(void)path;
	(void)flags;
	(void)e;
	*fd = -EEXIST; /* once */
	return given;
}

static void begin_packets(struct remembered *m, const struct save_query *q, struct save_answer *a)
{
	struct save *s = calloc(1, sizeof *s);
	struct packet_query packets = q->packets;
	struct error e = {""};
	int fd;
	struct writer_options o = {
		.path = a->name, .format = WRITER_PCAPNG, .program = "sockeye", .create = writer_creates, .create_arg = &fd,
	};
	int rc;

	packets.fold = packets.events = false;
	if (!s || !answer_can_recall(m) || packet_list_make(&s->list, m, &e) < 0) {
		save_free(s);
		(void)sentence(a, ENOMEM, "no memory to save packets");
		return;
	}
	s->m = m;
	s->names = (struct source){.kind = "saved", .fd = -1, .stats = save_stats, .interface = save_interface};
	packet_list_ask(s->list, &packets);
	if (packet_list_error(s->list)->column) {
		(void)sentence(a, EINVAL, packet_list_error(s->list)->text);
		save_free(s);
		return;
	}
	fd = create(m, q, a);
	if (fd < 0) {
		save_free(s);
		return;
	}
	rc = writer_open(&s->writer, &o, &s->names, &e);
	if (rc < 0) {
		(void)sentence(a, -rc, e.text);
		save_free(s);
		return;
	}
	s->end = index_count(m->index);
	m->save = s;
}

static void finish(struct remembered *m, int rc, struct error *e)
{
	struct save_answer *a = &m->saved;
	struct writer_stats stats;

	if (rc == 0)
		rc = writer_finish(m->save->writer, e);
	writer_get_stats(m->save->writer, &stats);
	a->packets = stats.frames;
	a->bytes = stats.bytes;
	a->done = true;
	if (rc < 0)
		(void)sentence(a, -rc, e->text);
	save_free(m->save);
	m->save = NULL;
}

static int write_one(struct save *s, uint64_t number, struct error *e)
{
	struct recalled p;
	struct frame f;
	struct text t;

	if (!recall_frame(s->m->recall, number, &p) || p.gone) {
		s->m->saved.gone++;
		return 0;
	}
	f = p.ev.packet->frame;
	if (f.flags & FRAME_NO_TIME)
		f.ts_ns = s->last_ns;
	s->last_ns = f.ts_ns;
	text_init(&t, s->interface[f.source % SOURCE_MAX], sizeof s->interface[0]);
	text_put(&t, p.interface);
	return writer_batch(s->writer, &f, 1, e);
}

void save_go_on(struct remembered *m, int64_t deadline_ns)
{
	struct save *s = m->save;
	struct writer_stats stats;
	struct error e = {""};
	bool all = packet_list_go_on(s->list, deadline_ns);
	int rc = 0;

	for (unsigned steps = 1; rc == 0; steps++) {
		uint64_t number = packet_list_next(s->list, s->at, false);

		if (number == 0 || number > s->end) {
			if (number != 0 || all || packet_list_full(s->list) || packet_list_looked(s->list) >= s->end)
				finish(m, 0, &e);
			return;
		}
		rc = write_one(s, number, &e);
		s->at = number;
		if (steps % SAVE_LOOK == 0 && clock_monotonic_ns() >= deadline_ns)
			break;
	}
	writer_get_stats(s->writer, &stats);
	m->saved.packets = stats.frames;
	m->saved.bytes = stats.bytes;
	if (rc != 0)
		finish(m, rc, &e);
}

/* ---- asked for -------------------------------------------------------------------------------- */

void engine_save_with(struct engine *e, int (*make)(void *arg, const char *name, struct error *e), void *arg)
{
	struct remembered *m = engine_remembered(e);

	if (!m)
		return;
	m->create = make;
	m->create_arg = arg;
}

void engine_save(struct engine *e, const struct save_query *q, struct save_answer *out)
{
	struct remembered *m = engine_remembered(e);

	memset(out, 0, sizeof *out);
	out->serial = q->serial;
	if (!m) {
		(void)sentence(out, ENOTSUP, "packets are not kept in this run");
		return;
	}
	if (m->save) {
		(void)sentence(out, EBUSY, "something is being saved already");
		return;
	}
	if (q->kind == SAVE_PACKETS) {
		begin_packets(m, q, out);
		m->saved = *out;
	} else {
		save_text(m, q, out);
		m->saved = *out;
	}
	m->saving = !out->done;
}

bool engine_saving(struct engine *e)
{
	const struct remembered *m = engine_remembered(e);

	return m && m->saving;
}

void engine_saved(struct engine *e, struct save_answer *out)
{
	struct remembered *m = engine_remembered(e);

	*out = m ? m->saved : (struct save_answer){.done = true};
	if (m && out->done)
		m->saving = false;
}
