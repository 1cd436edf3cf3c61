/* Decompressing on a thread of its own: see unpack.h.
 *
 * A lock for each 128 KiB, held for counting pieces and never for work. */
#include "unpack.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "input.h"

#include "sockeye/thread.h"

enum { UNPACK_PIECES = 4, UNPACK_MARKS = 16 };

/* From byte at on, so much of the file had been read. */
struct unpack_mark {
	size_t at;
	uint64_t fetched;
};

struct unpack_piece {
	size_t len;
	int end; /* 0, or how the file ended behind these bytes */
	bool idle; /* behind these bytes nothing came for a while: others get a turn */
	unsigned marks;
	struct unpack_mark mark[UNPACK_MARKS];
	size_t held;
	uint8_t bytes[INPUT_BUFFER];
};

struct unpack {
	pthread_t thread;
	struct input own; /* the thread's; its bytes are those of a piece */
	/* The reader's: */
	size_t used;      /* bytes of the first piece */
	unsigned mark;    /* of the first piece */
	/* Both: */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned filled, taken; /* pieces, for ever: [taken, filled) are the reader's */
	bool stop;
	struct unpack_piece piece[UNPACK_PIECES];
};

/* ---- the thread ------------------------------------------------------------------ */

static void unpack_mark(struct unpack_piece *p, size_t at, uint64_t fetched)
{
	if (p->marks == 0 || p->mark[p->marks - 1].fetched != fetched)
		p->mark[p->marks++] = (struct unpack_mark){at, fetched};
}

static void unpack_piece(struct input *own, struct unpack_piece *p)
{
	own->bytes = p->bytes;
	own->size = sizeof p->bytes;
	own->start = own->end = 0;
	p->end = 0;
	p->idle = false;
	p->marks = 0;
	unpack_mark(p, 0, own->fetched);
	while (p->end == 0 && !p->idle && own->end < own->size && p->marks < UNPACK_MARKS) {
		size_t before = own->end;
		int rc = input_unpack(own);

		unpack_mark(p, before, own->fetched);
		p->end = rc < 0 ? rc : 0;
		p->idle = rc == 0;
	}
	p->len = own->end;
	p->held = inflate_held(own->inflate);
}

static void *unpack_run(void *arg)
{
	struct unpack *u = arg;
	bool more = true;

	while (more) {
		struct unpack_piece *p;

		(void)pthread_mutex_lock(&u->lock);
		while (u->filled - u->taken == UNPACK_PIECES && !u->stop)
			(void)pthread_cond_wait(&u->changed, &u->lock);
		more = !u->stop;
		p = &u->piece[u->filled % UNPACK_PIECES];
		(void)pthread_mutex_unlock(&u->lock);
		if (!more)
			break;
		unpack_piece(&u->own, p);
		more = p->end == 0;
		(void)pthread_mutex_lock(&u->lock);
		u->filled++;
		(void)pthread_cond_signal(&u->changed);
		(void)pthread_mutex_unlock(&u->lock);
	}
	return NULL;
}

/* ---- the reader -------------------------------------------------------------------- */

static struct unpack_piece *unpack_first(struct unpack *u)
{
	(void)pthread_mutex_lock(&u->lock);
	while (u->filled == u->taken)
		(void)pthread_cond_wait(&u->changed, &u->lock);
	(void)pthread_mutex_unlock(&u->lock);
	return &u->piece[u->taken % UNPACK_PIECES];
}

static void unpack_return(struct unpack *u)
{
	u->used = 0;
	u->mark = 0;
	(void)pthread_mutex_lock(&u->lock);
	u->taken++;
	(void)pthread_cond_signal(&u->changed);
	(void)pthread_mutex_unlock(&u->lock);
}

/* The last piece stays the first for ever: the thread has ended, and every further call says how. */
int unpack_fill(struct unpack *u, struct input *in)
{
	for (;;) {
		const struct unpack_piece *p = unpack_first(u);
		size_t n = p->len - u->used, room = in->size - in->end;
		bool idle;

		while (u->mark + 1 < p->marks && p->mark[u->mark + 1].at <= u->used)
			u->mark++;
		in->fetched = p->mark[u->mark].fetched;
		in->held = p->held;
		if (u->mark + 1 < p->marks && n > p->mark[u->mark + 1].at - u->used)
			n = p->mark[u->mark + 1].at - u->used;
		if (n > room)
			n = room;
		if (n > 0) {
			memcpy(in->bytes + in->end, p->bytes + u->used, n);
			in->end += n;
			u->used += n;
			return 1;
		}
		if (p->end) {
			in->eof = u->own.eof;
			in->total = u->own.total;
			memcpy(in->trouble, u->own.trouble, sizeof in->trouble);
			return p->end;
		}
		idle = p->idle;
		unpack_return(u);
		if (idle)
			return 0;
	}
}

struct unpack *unpack_begin(struct input *in)
{
	struct unpack *u = calloc(1, sizeof *u);

	if (!u)
		return NULL;
	u->own = *in;
	(void)pthread_mutex_init(&u->lock, NULL);
	(void)pthread_cond_init(&u->changed, NULL);
	in->held = inflate_held(in->inflate);
	if (thread_start(&u->thread, unpack_run, u) == 0)
		return u;
	(void)pthread_cond_destroy(&u->changed);
	(void)pthread_mutex_destroy(&u->lock);
	free(u);
	return NULL;
}

void unpack_end(struct unpack *u)
{
	if (!u)
		return;
	(void)pthread_mutex_lock(&u->lock);
	u->stop = true;
	(void)pthread_cond_signal(&u->changed);
	(void)pthread_mutex_unlock(&u->lock);
	(void)pthread_join(u->thread, NULL);
	(void)pthread_cond_destroy(&u->changed);
	(void)pthread_mutex_destroy(&u->lock);
	free(u);
}
