/* Two threads for a file: see pipeline.h.
 *
 * Rule: who owns what when.
 * - The reading thread owns the source below from its start until it is joined. The
 *   engine's thread asks it nothing meanwhile.
 * - Slots [head, head + 1) of the ring are the reading thread's, [taken - 1, head) the
 *   engine's: it holds on to the slot that it took last until it takes the next, because
 *   the stats of its place in the file stand there. head is written by the one, tail
 *   (= taken - 1) and done (up to where it looks at no frame any more) by the other, each after what it hands over.
 * - Frames lie in the readers' buffers, which come back by number of batch (loans): after
 *   the call that follows the one that lent them (done), when what the engine owes of their contents (prepare.h) was put
 *   down, too: slots [paid, done). The reading thread does that when it comes by; the engine's, when that is asked for
 *   before, and once the other is gone: whoever has set paying. A slot is filled again only when it is paid.
 * - Who has nothing to do looks at the other for a while (PATIENCE), says so (engine_waits, reader_waits), looks once more, and
 *   sleeps: the engine's thread in the run's poll(), on fd, beside signals and the
 *   screen; the reading thread in read(2) of another eventfd. Both are woken late, when
 *   AHEAD_WAKE batches are there or half the ring is free, so that a wake-up costs
 *   little per packet; but whoever goes to sleep wakes the other first, and the
 *   engine's thread looks again after ASK_MS without being woken (a slow disk).
 * - The end, an error or -c: the reading thread hands over a batch that says it, and is
 *   done. Ended early by a signal or an observer, the engine's thread just stops asking;
 *   free() tells the other and joins it.
 *
 * Where others want the processors, too, the reading thread may get none just when it is waited for, and two threads take
 * longer than one. So the engine's thread sees how long it waited, and how long the other ran meanwhile; one that is waited
 * for and does not run is let go, and from there on the engine's thread reads.
 *
 * The thread begins at the first next_batch(): rights are given up by then, and the
 * sandbox is inherited. It takes no signals.
 */
#include "pipeline.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "sockeye/clock.h"
#include "sockeye/engine.h"
#include "sockeye/thread.h"

enum {
	AHEAD = 16,      /* batches: of some 400 packets, where frames are large of fewer */
	AHEAD_WAKE = 3,  /* batches that wake the engine's thread */
	AHEAD_LITTLE = 1, /* batches: with no more, reading is what everything waits for */
	ASK_MS = 20,
	IN_VAIN = 3,     /* whiles */
	WHILE_NS = 50 * CLOCK_MS, /* after which it is asked whether two threads are worth it */
	PATIENCE = 10000, /* pauses of the processor: a few hundred microseconds */
	LINE = 64,       /* bytes that travel between two cores together */
};

struct batch {
	unsigned n;
	int end; /* 0, or what next_batch() answers from here on */
	struct frame frame[SOURCE_BATCH];
	struct ready ready;
};

struct pipeline {
	struct source s; /* first: a source is cast back to its pipeline */
	struct source *below;
	struct engine *engine;
	struct prepare prepare;
	struct loans *loans;
	unsigned patience;          /* looks at what the other does before falling asleep, which costs both more */
	size_t touched;             /* the reading thread's: for engine_touch_ahead() */
	uint64_t max_packets;
	unsigned sources;
	struct batch *ring;         /* [AHEAD] */
	struct source_stats *stats; /* [AHEAD][sources]: with each batch; then those of the beginning */
	pthread_t thread;
	int ready_fd, room_fd;      /* wake the engine's thread, the reading one */
	/* The engine's thread: */
	bool begun, running, alone; /* running: there is a thread; alone: without it after all */
	int64_t since_ns, ran_ns;   /* a while began, when the reading thread had run so long */
	int64_t waited_ns, empty_ns; /* waited for it in this while; since when now, or 0 */
	unsigned in_vain;           /* whiles in a row */
	bool lent;                  /* frames are taken where they lie: pipeline_lend() */
	bool slept;                 /* fd may be readable */
	uint64_t taken, calls;      /* slots; batches with frames */
	uint64_t paid_calls;        /* who is paying: of batches with frames, those of which nothing is owed any more */
	/* Both: */
	_Alignas(LINE) _Atomic uint64_t head;
	_Alignas(LINE) _Atomic uint64_t tail;
	_Atomic uint64_t done;      /* slots that the engine has nothing to do with any more, but for the stats of the last */
	_Alignas(LINE) _Atomic uint64_t paid; /* slots of which nothing is owed any more */
	_Atomic uint32_t paid_until;
	atomic_flag paying;
	_Alignas(LINE) atomic_bool engine_waits;
	atomic_bool reader_waits, stop, gone; /* gone: the reading thread does nothing more */
};

static void pipeline_wake(atomic_bool *waits, int fd)
{
	uint64_t one = 1;

	if (atomic_load(waits) && atomic_exchange(waits, false))
		(void)!write(fd, &one, sizeof one); /* a full counter is a wake-up too */
}

static void pipeline_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

static struct source_stats *pipeline_stats_of(const struct pipeline *p, uint64_t slot)
{
	return p->stats + slot % AHEAD * p->sources;
}

/* Of the batches that are done with, what is owed is put down; then their frames go back. False: the other thread is at it. */
static bool pay(struct pipeline *p)
{
	const uint64_t done = atomic_load(&p->done);
	uint64_t paid;

	if (atomic_flag_test_and_set(&p->paying))
		return false;
	for (paid = atomic_load(&p->paid); paid < done; paid++) {
		const struct batch *b = &p->ring[paid % AHEAD];

		p->paid_calls += b->n > 0;
		if (!b->ready.prepared)
			continue;
		engine_pay(p->engine, &b->ready);
		atomic_store_explicit(&p->paid_until, b->ready.owing.until, memory_order_release);
	}
	loans_back(p->loans, p->paid_calls);
	atomic_store(&p->paid, paid);
	atomic_flag_clear(&p->paying);
	return true;
}

/* ---- the reading thread --------------------------------------------------------- */

static void reader_pay(struct pipeline *p)
{
	if (atomic_load_explicit(&p->paid, memory_order_relaxed) != atomic_load(&p->done)) /* after reader_waits was said */
		(void)pay(p);
}

static bool reader_full(struct pipeline *p)
{
	const uint64_t head = atomic_load_explicit(&p->head, memory_order_relaxed);

	reader_pay(p);
	return head - atomic_load(&p->tail) == AHEAD || head - atomic_load(&p->paid) == AHEAD;
}

static bool reader_without_buffers(struct pipeline *p)
{
	reader_pay(p);
	return loans_wanting(p->loans);
}

static void reader_wait_while(struct pipeline *p, bool (*so)(struct pipeline *p))
{
	uint64_t count;

	for (unsigned i = 0; i < p->patience && so(p); i++)
		pipeline_pause();
	while (so(p) && !atomic_load(&p->stop)) {
		pipeline_wake(&p->engine_waits, p->ready_fd);
		atomic_store(&p->reader_waits, true);
		if (so(p) && !atomic_load(&p->stop))
			(void)!read(p->room_fd, &count, sizeof count);
		atomic_store(&p->reader_waits, false);
	}
}

static void reader_hand_over(struct pipeline *p, const struct batch *b)
{
	uint64_t head = atomic_load_explicit(&p->head, memory_order_relaxed);

	for (unsigned i = 0; i < p->sources; i++)
		(void)p->below->stats(p->below, i, &pipeline_stats_of(p, head)[i]);
	if (b->n > 0)
		loans_gave(p->loans);
	atomic_store(&p->head, head + 1);
	if (b->end || head + 1 - atomic_load(&p->tail) > AHEAD_WAKE)
		pipeline_wake(&p->engine_waits, p->ready_fd);
}

/* The engine's thread has next to nothing to do: then it prepares its batches itself, and this one reads. */
static bool reader_is_late(struct pipeline *p)
{
	return atomic_load_explicit(&p->head, memory_order_relaxed) - atomic_load(&p->tail) <= AHEAD_LITTLE;
}

static void *reader_run(void *arg)
{
	struct pipeline *p = arg;
	uint64_t left = p->max_packets ? p->max_packets : UINT64_MAX;
	struct batch *b;

	do {
		int got;

		reader_wait_while(p, reader_full);
		if (atomic_load(&p->stop))
			break;
		b = &p->ring[atomic_load_explicit(&p->head, memory_order_relaxed) % AHEAD];
		got = p->below->next_batch(p->below, b->frame, left < SOURCE_BATCH ? (unsigned)left : SOURCE_BATCH);
		b->n = got > 0 ? (unsigned)got : 0;
		b->end = got < 0 ? got : 0;
		left -= b->n;
		if (got == 0)
			reader_wait_while(p, reader_without_buffers);
		b->ready.prepared = false;
		if (b->n > 0 && !reader_is_late(p))
			prepare(&p->prepare, b->frame, b->n, &b->ready, NULL);
		reader_hand_over(p, b);
		engine_touch_ahead(p->engine, &p->touched);
	} while (!b->end && left > 0);
	atomic_store(&p->gone, true);
	return NULL;
}

/* ---- the engine's thread ----------------------------------------------------------- */

/* All that is owed of batches that are done with, at once. */
static void pipeline_pay(void *arg)
{
	struct pipeline *p = arg;

	while (!pay(p))
		pipeline_pause();
}

static void pipeline_begin(struct pipeline *p)
{
	p->begun = true;
	p->prepare = engine_prepare(p->engine);
	for (unsigned i = 0; i < p->sources; i++)
		(void)p->below->stats(p->below, i, &p->stats[AHEAD * p->sources + i]);
	engine_pays(p->engine, pipeline_pay, p);
	p->running = p->below->lend(p->below, p->loans) && thread_start(&p->thread, reader_run, p) == 0;
	p->since_ns = clock_monotonic_ns();
}

static void pipeline_join(struct pipeline *p)
{
	if (!p->running)
		return;
	atomic_store(&p->stop, true);
	pipeline_wake(&p->reader_waits, p->room_fd);
	(void)pthread_join(p->thread, NULL);
	p->running = false;
}

/* How long the reading thread has run. False: nobody knows. */
static bool pipeline_ran(const struct pipeline *p, int64_t *ran_ns)
{
	struct timespec t;
	clockid_t clock;

	if (pthread_getcpuclockid(p->thread, &clock) != 0 || clock_gettime(clock, &t) != 0)
		return false;
	*ran_ns = t.tv_sec * CLOCK_S + t.tv_nsec;
	return true;
}

/* There are frames again, after none were there. In vain is the thread that is waited for a quarter of the time, and does not
 * run in a quarter of it, for several whiles in a row: a machine may stop for one. */
static void pipeline_waited(struct pipeline *p)
{
	const int64_t now_ns = clock_monotonic_ns(), all_ns = now_ns - p->since_ns;
	int64_t ran_ns;

	p->waited_ns += now_ns - p->empty_ns;
	p->empty_ns = 0;
	if (all_ns < WHILE_NS || !p->running || !pipeline_ran(p, &ran_ns))
		return;
	p->in_vain = p->waited_ns > all_ns / 4 && ran_ns - p->ran_ns < all_ns / 4 * 3 ? p->in_vain + 1 : 0;
	if (p->in_vain == IN_VAIN)
		pipeline_join(p); /* what it has read already comes first */
	p->since_ns = now_ns;
	p->ran_ns = ran_ns;
	p->waited_ns = 0;
}

/* Without a thread: frames of the last call are done with. */
static int pipeline_alone(struct pipeline *p, struct frame *out, unsigned n)
{
	int got;

	p->alone = true;
	p->s.fd = -1;
	p->s.ask_ms = 0;
	loans_back(p->loans, p->calls);
	got = p->below->next_batch(p->below, out, n);
	if (got > 0) {
		loans_gave(p->loans);
		p->calls++;
	}
	return got;
}

static const struct batch *pipeline_at_hand(const struct pipeline *p)
{
	return p->taken > 0 ? &p->ring[(p->taken - 1) % AHEAD] : NULL;
}

/* Nothing there: whether that is still so once it was said. */
static bool pipeline_empty(struct pipeline *p)
{
	atomic_store(&p->engine_waits, true);
	p->slept = true;
	if (atomic_load(&p->head) != p->taken)
		return false;
	pipeline_wake(&p->reader_waits, p->room_fd);
	return true;
}

static const struct batch *pipeline_take(struct pipeline *p)
{
	atomic_store(&p->tail, p->taken++);
	if (atomic_load(&p->head) - p->taken <= AHEAD / 2)
		pipeline_wake(&p->reader_waits, p->room_fd);
	return pipeline_at_hand(p);
}

static int pipeline_next_batch(struct source *s, struct frame *out, unsigned n)
{
	struct pipeline *p = (struct pipeline *)s;
	const struct batch *b;
	uint64_t count;

	if (!p->begun)
		pipeline_begin(p);
	if (p->alone)
		return pipeline_alone(p, out, n);
	atomic_store(&p->done, p->taken);
	if (atomic_load(&p->gone))
		pipeline_pay(p);
	if (p->slept) {
		atomic_store(&p->engine_waits, false);
		(void)!read(p->ready_fd, &count, sizeof count);
		p->slept = false;
	}
	b = pipeline_at_hand(p);
	if (b && b->end)
		return b->end;
	do {
		if (atomic_load(&p->head) == p->taken && !p->running)
			return pipeline_alone(p, out, n);
		if (atomic_load(&p->head) == p->taken && !p->empty_ns)
			p->empty_ns = clock_monotonic_ns();
		for (unsigned i = 0; i < p->patience && atomic_load(&p->head) == p->taken; i++)
			pipeline_pause();
		if (atomic_load(&p->head) == p->taken && pipeline_empty(p))
			return 0;
		if (p->empty_ns)
			pipeline_waited(p);
		b = pipeline_take(p);
	} while (b->n == 0 && !b->end); /* nothing but news of how far it is */
	if (b->end)
		return b->end;
	p->calls++;
	if (!p->lent)
		memcpy(out, b->frame, b->n * sizeof *out);
	return (int)b->n;
}

void pipeline_lend(struct source *s)
{
	if (s->next_batch == pipeline_next_batch)
		((struct pipeline *)s)->lent = true;
}

const struct frame *pipeline_frames(struct source *s, const struct frame *copied)
{
	const struct pipeline *p = (struct pipeline *)s;

	return s->next_batch == pipeline_next_batch && p->lent && !p->alone ? pipeline_at_hand(p)->frame : copied;
}

static struct ready *ready_or_null(struct pipeline *p, uint64_t slot)
{
	struct ready *ready = &p->ring[slot % AHEAD].ready;

	return ready->prepared ? ready : NULL;
}

struct ready *pipeline_ready(struct source *s)
{
	struct pipeline *p = (struct pipeline *)s;

	if (s->next_batch != pipeline_next_batch || p->alone)
		return NULL;
	return ready_or_null(p, p->taken - 1);
}

uint32_t pipeline_paid(struct source *s)
{
	return atomic_load_explicit(&((struct pipeline *)s)->paid_until, memory_order_acquire);
}

struct ready *pipeline_next(struct source *s, unsigned later)
{
	struct pipeline *p = (struct pipeline *)s;
	uint64_t slot = p->taken - 1 + later;

	return atomic_load(&p->head) > slot ? ready_or_null(p, slot) : NULL;
}

static bool pipeline_stats(struct source *s, unsigned index, struct source_stats *out)
{
	struct pipeline *p = (struct pipeline *)s;

	if (p->alone || !p->begun)
		return p->below->stats(p->below, index, out);
	if (index >= p->sources)
		return false;
	*out = p->taken > 0 ? pipeline_stats_of(p, p->taken - 1)[index] : p->stats[AHEAD * p->sources + index];
	return true;
}

/* The names are the file's and change while it is read: who shows packets has one thread. */
static const char *pipeline_interface(struct source *s, unsigned source, unsigned interface)
{
	struct pipeline *p = (struct pipeline *)s;

	return p->alone || !p->begun ? p->below->interface(p->below, source, interface) : NULL;
}

static int pipeline_again(struct source *s, unsigned source, uint64_t offset, struct source_again *out)
{
	struct pipeline *p = (struct pipeline *)s;

	return p->below->again(p->below, source, offset, out);
}

static void pipeline_release(struct pipeline *p)
{
	loans_free(p->loans);
	if (p->ready_fd >= 0)
		(void)close(p->ready_fd);
	if (p->room_fd >= 0)
		(void)close(p->room_fd);
	free(p->stats);
	free(p->ring);
	free(p);
}

static void pipeline_free(struct source *s)
{
	struct pipeline *p = (struct pipeline *)s;

	pipeline_join(p);
	atomic_store(&p->done, p->taken);
	pipeline_pay(p);
	engine_pays(p->engine, NULL, NULL);
	p->below->free(p->below);
	pipeline_release(p);
}

int pipeline_open(struct source **out, struct source *below, struct engine *e, uint64_t max_packets,
		  struct error *err)
{
	struct pipeline *p;
	struct source_stats stats;

	if (below->fd >= 0 || below->live || !below->lend)
		return error_set(err, ENOTSUP, "only files can be read ahead");
	p = aligned_alloc(LINE, sizeof *p);
	if (!p)
		return error_set(err, ENOMEM, "no memory to read ahead");
	memset(p, 0, sizeof *p);
	atomic_flag_clear(&p->paying);
	p->ready_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	p->room_fd = eventfd(0, EFD_CLOEXEC);
	while (below->stats(below, p->sources, &stats))
		p->sources++;
	p->ring = calloc(AHEAD, sizeof *p->ring);
	p->stats = calloc((AHEAD + 1) * (size_t)p->sources, sizeof *p->stats);
	if (p->ready_fd < 0 || p->room_fd < 0 || !p->ring || !p->stats || loans_open(&p->loans, err) < 0) {
		pipeline_release(p);
		return error_set(err, ENOMEM, "no memory or descriptors to read ahead");
	}
	p->below = below;
	p->engine = e;
	p->max_packets = max_packets;
	p->patience = thread_cores() ? PATIENCE : 0;
	p->s.kind = below->kind;
	p->s.fd = p->ready_fd;
	p->s.ask_ms = ASK_MS;
	p->s.next_batch = pipeline_next_batch;
	p->s.stats = pipeline_stats;
	p->s.interface = pipeline_interface;
	p->s.again = pipeline_again;
	p->s.rereads = below->rereads;
	p->s.free = pipeline_free;
	*out = &p->s;
	return 0;
}
