/* Packets to look at again: shares and files. See remember.h.
 *
 * Of files a quarter of the memory: the index, and lists made of it. Live an eighth: a
 * fifth of that for the index, which is then as long as what the history holds of small
 * packets, the rest for their bytes. */
#include "remember.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "recall.h"
#include "packet_list.h"
#include "sockeye/text.h"
#include "save.h"
#include "spool.h"
#include "streams.h"

enum { INDEX_ROOM_SHARE = 8 /* of a spool file's room, where there are two */, LIVE_INDEX_SHARE = 5, LISTS_SHARE = 8 };

static void say_trouble(struct remembered *m, const struct error *why)
{
	struct text t;

	text_init(&t, m->trouble, sizeof m->trouble);
	text_put(&t, why->text);
}

static bool all_rereads(const struct source *s)
{
	struct source_stats stats;
	struct source *asked = (struct source *)s;

	for (unsigned i = 0; i < SOURCE_MAX && asked->stats(asked, i, &stats); i++)
		if (!(s->rereads >> i & 1))
			return false;
	return !s->live;
}

/* Files: where the older index lies, and the bytes of what cannot be read twice. */
static int open_files(struct remembered *m, struct index_options *o, bool keep, struct error *err)
{
	uint64_t room = 0;
	struct error why = {""};

	m->index_fd = spool_open(&room, &why);
	if (m->index_fd < 0)
		say_trouble(m, &why);
	o->fd = m->index_fd;
	o->room = keep ? room / INDEX_ROOM_SHARE : room;
	if (!keep)
		return 0;
	m->history_fd = m->index_fd >= 0 ? spool_open(&room, &why) : -1;
	if (m->history_fd < 0) { /* then half of the memory has to do */
		say_trouble(m, &why);
		o->memory /= 2;
		return history_open(&o->history, o->memory, -1, err);
	}
	return history_open(&o->history, room - o->room, m->history_fd, err);
}

int remember_open(struct remembered **out, struct index **index, struct engine *e, struct source *s, size_t memory,
		  struct error *err)
{
	struct remembered *m = calloc(1, sizeof *m);
	struct index_options o = {.rereads = s->rereads, .fd = -1};
	int rc;

	if (!m)
		return error_set(err, ENOMEM, "no memory for packets to look at again");
	m->index_fd = m->history_fd = -1;
	m->engine = e;
	m->source = s;
	if (s->live) {
		m->memory = memory / 8 / LISTS_SHARE;
		o.memory = (memory / 8 - m->memory) / LIVE_INDEX_SHARE;
		rc = history_open(&o.history, memory / 8 - m->memory - o.memory, -1, err);
	} else {
		m->memory = memory / 4 / LISTS_SHARE;
		o.memory = memory / 4 - m->memory;
		rc = open_files(m, &o, !all_rereads(s), err);
	}
	if (rc == 0)
		rc = index_open(index, &o, err);
	m->index = *index;
	if (rc < 0) {
		remember_free(m);
		return rc;
	}
	*out = m;
	return 0;
}

void remember_free(struct remembered *m)
{
	if (!m)
		return;
	recall_free(m->recall);
	packet_list_free(m->list);
	streams_free(m->streams);
	save_free(m->save);
	if (m->index_fd >= 0)
		(void)close(m->index_fd);
	if (m->history_fd >= 0)
		(void)close(m->history_fd);
	free(m);
}

uint64_t remember_first(const struct remembered *m)
{
	uint64_t first = index_first(m->index);
	const struct history *h = m->index->history;

	if (h && m->index->rereads == 0 && history_first(h) > first)
		first = history_first(h);
	return first;
}

uint64_t remember_forgotten(const struct remembered *m)
{
	uint64_t gone = index_first(m->index) - 1, kept = m->index->history ? history_gone(m->index->history) : 0;

	return gone > kept ? gone : kept;
}

void remember_trouble(const struct remembered *m, char *out, size_t size)
{
	const struct index_stats *s = index_stats(m->index);
	int failed = m->index->history ? history_failed(m->index->history) : 0;
	struct text t;

	text_init(&t, out, size);
	if (failed)
		text_format(&t, "the file for packets to look at again cannot be written: %s", strerror(-failed));
	else if (s->unwritten)
		text_put(&t, "the file for the index of packets cannot be written or is full: the oldest are forgotten");
	else if (s->sets_full)
		text_format(&t, "of %llu packets the verdicts found no room in the index: none are shown of them",
			    (unsigned long long)s->sets_full);
	else
		text_put(&t, m->trouble);
}
