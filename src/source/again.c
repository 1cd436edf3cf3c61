/* A frame of a regular file once more, by its place.
 *
 * pread(2) on the reader's descriptor, which nobody's position depends on, and the same
 * code that read it first, on a reader of its own: nothing of the one that goes on
 * reading is touched. Of pcapng it must be known which section the place lies in and
 * what interfaces that had: kept as they come, AGAIN_SECTIONS and AGAIN_LOCALS at most;
 * packets of later sections cannot be had again.
 *
 * Rule: the reading thread adds to what was, under the lock; any thread looks under it.
 * Blocks of that kind are rare, packets take no lock.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reader.h"
#include "sockeye/cursor.h"

enum {
	AGAIN_FIRST = 4096, /* bytes that most records fit in */
	AGAIN_SECTIONS = 65536,
	AGAIN_LOCALS = 1 << 20,
	AGAIN_BLOCK_SIMPLE = 3, AGAIN_BLOCK_OLD = 2, AGAIN_BLOCK_ENHANCED = 6,
};

struct again_part {
	uint64_t offset;
	uint32_t first_local;
	bool big;
};

struct again_past {
	pthread_mutex_t lock;
	bool full;           /* what is not here is not to be had */
	uint64_t full_from;  /* offset */
	unsigned parts, parts_room, locals, locals_room;
	struct again_part *part;
	uint16_t *local;
};

/* ---- what was -------------------------------------------------------------------- */

static bool again_grow(void **at, unsigned *room, unsigned n, size_t size, unsigned most)
{
	unsigned more = *room ? *room * 2 : 16;
	void *p;

	if (n < *room)
		return true;
	if (n == most)
		return false;
	if (more > most)
		more = most;
	p = realloc(*at, more * size);
	if (!p)
		return false;
	*at = p;
	*room = more;
	return true;
}

static void again_is_full(struct again_past *p, uint64_t offset)
{
	if (!p->full)
		p->full_from = offset;
	p->full = true;
}

void again_section(struct reader *r)
{
	struct again_past *p = r->ng.past;
	struct again_part part = {.offset = r->in.offset, .big = r->ng.big};

	if (!r->s.rereads)
		return;
	if (!p) {
		p = calloc(1, sizeof *p);
		if (!p || pthread_mutex_init(&p->lock, NULL) != 0) {
			free(p);
			return; /* nothing of it can be read again */
		}
		r->ng.past = p;
	}
	(void)pthread_mutex_lock(&p->lock);
	part.first_local = p->locals;
	if (p->parts > 0 && p->part[p->parts - 1].first_local == p->locals)
		p->part[p->parts - 1] = part; /* the one before had no interface, so no packet */
	else if (again_grow((void **)&p->part, &p->parts_room, p->parts, sizeof *p->part, AGAIN_SECTIONS))
		p->part[p->parts++] = part;
	else
		again_is_full(p, part.offset);
	(void)pthread_mutex_unlock(&p->lock);
}

void again_interface(struct reader *r, uint16_t index)
{
	struct again_past *p = r->ng.past;

	if (!p)
		return;
	(void)pthread_mutex_lock(&p->lock);
	if (again_grow((void **)&p->local, &p->locals_room, p->locals, sizeof *p->local, AGAIN_LOCALS))
		p->local[p->locals++] = index;
	else
		again_is_full(p, r->in.offset);
	(void)pthread_mutex_unlock(&p->lock);
}

void again_lock(struct reader *r)
{
	if (r->ng.past)
		(void)pthread_mutex_lock(&r->ng.past->lock);
}

void again_unlock(struct reader *r)
{
	if (r->ng.past)
		(void)pthread_mutex_unlock(&r->ng.past->lock);
}

void again_close(struct reader *r)
{
	struct again_past *p = r->ng.past;

	if (!p)
		return;
	(void)pthread_mutex_destroy(&p->lock);
	free(p->part);
	free(p->local);
	free(p);
	r->ng.past = NULL;
}

/* The section that a place lies in: the last that begins before it. */
static const struct again_part *again_part_of(const struct again_past *p, uint64_t offset)
{
	unsigned low = 0, high = p->parts;

	if (p->full && offset >= p->full_from)
		return NULL;
	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if (p->part[middle].offset <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 ? &p->part[low - 1] : NULL;
}

/* ---- one frame --------------------------------------------------------------------- */

/* Bytes [have, want) of the record; how many there are in all. */
static ssize_t again_bytes(const struct reader *r, uint64_t offset, uint8_t *to, size_t have, size_t want)
{
	while (have < want) {
		ssize_t n = pread(r->in.fd, to + have, want - have, (off_t)(offset + have));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		have += (size_t)n;
	}
	return (ssize_t)have;
}

/* How long the record is that begins with these bytes; 0: none does. */
static size_t again_length(const struct reader *q, const uint8_t *bytes, size_t have)
{
	bool ng = q->next == pcapng_next;
	size_t header = ng ? 28 : q->pcap.modified ? 24 : 16, length;
	struct cursor c;

	if (have < (ng ? 16 : header))
		return 0;
	cursor_init(&c, bytes, have, have);
	cursor_skip(&c, ng ? 4 : 8);
	if (ng) {
		length = q->ng.big ? cursor_be32(&c) : cursor_le32(&c);
		return length >= 16 && length % 4 == 0 && length <= INPUT_MAX ? length : 0;
	}
	length = q->pcap.big ? cursor_be32(&c) : cursor_le32(&c);
	if (q->pcap.swapped || q->pcap.maybe_swapped) {
		size_t other = q->pcap.big ? cursor_be32(&c) : cursor_le32(&c);

		length = q->pcap.swapped || length > other ? other : length;
	}
	return length <= FRAME_MAX ? header + length : 0;
}

/* The one interface that the packet at hand names becomes the reader's only one. */
static int again_pcapng(struct reader *r, struct reader *q, struct pcapng_interface *only, const uint8_t *bytes,
			struct source_again *out, uint16_t *index)
{
	struct again_past *p = r->ng.past;
	const struct again_part *part;
	const struct pcapng_interface *from;
	uint32_t type, id, most;
	struct cursor c;

	cursor_init(&c, bytes, 12, 12);
	type = q->ng.big ? cursor_be32(&c) : cursor_le32(&c);
	cursor_skip(&c, 4);
	/* Packets and nothing else: a file that was written over may have a description of an interface here. */
	if (type != AGAIN_BLOCK_SIMPLE && type != AGAIN_BLOCK_OLD && type != AGAIN_BLOCK_ENHANCED)
		return -EBADMSG;
	if (type == AGAIN_BLOCK_SIMPLE)
		id = 0;
	else if (type == AGAIN_BLOCK_OLD)
		id = q->ng.big ? cursor_be16(&c) : cursor_le16(&c);
	else
		id = q->ng.big ? cursor_be32(&c) : cursor_le32(&c);
	(void)pthread_mutex_lock(&p->lock);
	part = again_part_of(p, q->in.offset);
	most = part == NULL ? 0 : (part + 1 < p->part + p->parts ? part[1].first_local : p->locals) - part->first_local;
	*index = id < most && id < PCAPNG_SECTION_INTERFACES ? p->local[part->first_local + id] : LOCAL_NONE;
	if (*index != LOCAL_NONE) {
		from = &r->ng.interface[*index];
		only->snaplen = from->snaplen;
		only->offset_s = from->offset_s;
		only->linktype = from->linktype;
		only->resolution = from->resolution;
		memcpy(out->interface, from->name, sizeof from->name);
	}
	(void)pthread_mutex_unlock(&p->lock);
	if (*index == LOCAL_NONE)
		return -EBADMSG;
	q->ng.interface = only;
	q->ng.interfaces = 1;
	q->ng.locals = id + 1;
	q->ng.local[id] = 0;
	return 0;
}

/* What there is to know of the file, without what changes while it is read. */
static int again_reader(struct reader *r, struct reader *q, uint64_t offset)
{
	const struct again_part *part;

	memset(q, 0, sizeof *q);
	q->next = r->next;
	q->in.fd = -1;
	q->in.eof = true;
	q->in.offset = offset;
	if (r->next != pcapng_next) {
		q->pcap.big = r->pcap.big;
		q->pcap.ns = r->pcap.ns;
		q->pcap.modified = r->pcap.modified;
		q->pcap.swapped = r->pcap.swapped;
		q->pcap.maybe_swapped = r->pcap.maybe_swapped;
		q->pcap.linktype = r->pcap.linktype;
		return 0;
	}
	if (!r->ng.past)
		return -ENOTSUP;
	(void)pthread_mutex_lock(&r->ng.past->lock);
	part = again_part_of(r->ng.past, offset);
	q->ng.big = part && part->big;
	(void)pthread_mutex_unlock(&r->ng.past->lock);
	return part ? 0 : -ENOTSUP;
}

int reader_again(struct source *s, unsigned source, uint64_t offset, struct source_again *out)
{
	struct reader *r = (struct reader *)s, q;
	struct pcapng_interface only = {0};
	uint16_t index = 0;
	ssize_t got;
	size_t need;
	int rc;

	out->interface[0] = '\0';
	if (source != 0 || offset == 0 || !s->rereads)
		return -ENOTSUP;
	rc = again_reader(r, &q, offset);
	if (rc < 0)
		return rc;
	got = again_bytes(r, offset, out->bytes, 0, AGAIN_FIRST);
	if (got < 0)
		return (int)got;
	need = again_length(&q, out->bytes, (size_t)got);
	if (need == 0)
		return got < 16 ? -ENODATA : -EBADMSG;
	if ((size_t)got < need) {
		got = again_bytes(r, offset, out->bytes, (size_t)got, need);
		if (got < (ssize_t)need)
			return got < 0 ? (int)got : -ENODATA;
	}
	if (q.next == pcapng_next)
		rc = again_pcapng(r, &q, &only, out->bytes, out, &index);
	if (rc < 0)
		return rc;
	q.in.bytes = out->bytes;
	q.in.size = q.in.end = need;
	if (q.next(&q, &out->frame, false) != READER_FRAME)
		return -EBADMSG;
	out->frame.interface = index;
	return 0;
}
