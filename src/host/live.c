/* The host thread: see host_live.h.
 *
 * One turn of its loop: the ways that have something; a look at the listeners
 * where it is time; one step of the sweep that is under way, or the begin of one.
 * Then it sleeps until the next of these, or until a descriptor is ready.
 *
 * What others set (what is wanted, the end) are atomic words and one eventfd.
 */
#include "sockeye/host_live.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "asking.h"
#include "findings.h"
#include "listeners.h"
#include "shelf.h"
#include "sockeye/clock.h"
#include "sockeye/thread.h"

_Static_assert((int)SHELF_PLACES == (int)HOST_LIVE_TABLES, "the header says how many there are");

enum { LIVE_FEW = 10000, LIVE_FEW_MS = 1000, LIVE_MANY_MS = 2500, LIVE_SHARE = 20, LIVE_WALK_MS = 1000,
       LIVE_INSIDE_MS = 1000, LIVE_INSIDE_SOON_MS = 50, LIVE_PATIENCE_MS = 10000 };

struct live_way {
	struct host_way way;
	void *self;
	int fd;
	int64_t due_ns;
};

struct host_live {
	struct host *host;
	struct shelf tables, looks; /* of struct host_table, of struct listeners */
	struct findings findings;
	struct live_way ways[HOST_LIVE_WAYS];
	unsigned n_ways;
	pthread_t thread;
	bool runs;
	int kick; /* an eventfd: something was set */
	atomic_bool quit;
	atomic_uint wanted[HOST_LIVE_WANTERS], once;
	_Atomic uint64_t put; /* tables */

	/* The thread's own. */
	int64_t listen_due_ns, filled_ns; /* filled: a queue had something in it */
	int64_t sweep_due_ns, walk_due_ns, walked_ns;
	unsigned swept;   /* what the last table has */
	unsigned sweeping; /* what the one under way will have; 0: none is */
	bool walking, newer;
	int64_t work_ns;  /* of the sweep under way */

	/* For host_live_stats(): written by the thread alone. */
	_Atomic uint64_t sweeps, listens, walks, withheld, found;
	_Atomic int64_t sweep_ns, walk_ns, longest_ns, every_ns;
	atomic_bool failed;
	pthread_mutex_t lock; /* of what is copied out and rare: */
	char why[200];
	int32_t into_pid; /* whom to look into */
	uint64_t into_started;
	struct process_inside inside;
	bool inside_known;
	int news; /* an eventfd */
	/* The thread's own again. */
	int32_t own_pid; /* as they were under the lock */
	bool own_known;
	bool inside_asked;
	int64_t inside_due_ns, inside_asked_ns;
	struct process_inside looked;
};

/* ---- life --------------------------------------------------------------------------------------- */

static void free_table(void *t)
{
	host_table_free(t);
}

int host_live_open(struct host_live **out, const struct host_options *o, struct error *e)
{
	struct host_live *h = calloc(1, sizeof *h);
	int rc;

	*out = NULL;
	if (!h)
		return error_set(e, ENOMEM, "no memory to ask the kernel for sockets");
	shelf_init(&h->tables, free_table);
	shelf_init(&h->looks, free);
	h->findings.fd = -1;
	(void)pthread_mutex_init(&h->lock, NULL);
	h->kick = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	h->news = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	rc = h->kick < 0 || h->news < 0 ? error_set(e, errno, "no descriptor for the thread that asks for sockets: %s", strerror(errno)) : 0;
	if (rc == 0)
		rc = findings_open(&h->findings, e);
	if (rc == 0)
		rc = host_open(&h->host, o, e);
	if (rc < 0) {
		host_live_free(h);
		return rc;
	}
	*out = h;
	return 0;
}

int host_live_add(struct host_live *h, const struct host_way *w, void *self, struct error *e)
{
	if (h->n_ways == HOST_LIVE_WAYS) {
		if (w->free)
			w->free(self);
		return error_set(e, ENOSPC, "more ways of asking the kernel than have room");
	}
	h->ways[h->n_ways++] = (struct live_way){.way = *w, .self = self, .fd = -1};
	if (w->owners)
		h->host->owners = (struct sweep_owners){.next = w->owners, .self = self, .evidence = w->evidence};
	return 0;
}

void host_live_tier(struct host_live *h, const char *name, bool works, const char *reason)
{
	host_tier_add(h->host, name, works, reason);
}

static void *live_run(void *arg);

int host_live_start(struct host_live *h, struct error *e)
{
	int why = thread_start(&h->thread, live_run, h);

	if (why != 0)
		return error_set(e, why, "cannot start the thread that asks for sockets: %s", strerror(why));
	h->runs = true;
	return 0;
}

void host_live_free(struct host_live *h)
{
	if (!h)
		return;
	if (h->runs) {
		atomic_store(&h->quit, true);
		(void)eventfd_write(h->kick, 1);
		(void)pthread_join(h->thread, NULL);
	}
	for (unsigned i = 0; i < h->n_ways; i++)
		if (h->ways[i].way.free)
			h->ways[i].way.free(h->ways[i].self);
	if (h->host)
		sweep_abandon(h->host);
	shelf_release(&h->tables);
	shelf_release(&h->looks);
	findings_close(&h->findings);
	host_free(h->host);
	if (h->kick >= 0)
		(void)close(h->kick);
	if (h->news >= 0)
		(void)close(h->news);
	(void)pthread_mutex_destroy(&h->lock);
	free(h);
}

/* ---- for others ------------------------------------------------------------------------------------ */

static void live_kick(struct host_live *h)
{
	(void)eventfd_write(h->kick, 1);
}

void host_live_want(struct host_live *h, enum host_live_wanter who, unsigned what)
{
	if (atomic_exchange(&h->wanted[who], what) != what)
		live_kick(h);
}

void host_live_once(struct host_live *h, unsigned what)
{
	if ((atomic_fetch_or(&h->once, what) & what) != what)
		live_kick(h);
}

const struct host_table *host_live_take(struct host_live *h)
{
	return shelf_take(&h->tables);
}

void host_live_release(struct host_live *h, const struct host_table *t)
{
	shelf_give(&h->tables, t);
}

uint64_t host_live_tables(const struct host_live *h)
{
	return atomic_load(&h->put);
}

unsigned host_live_listeners(struct host_live *h, struct host_listener *out, unsigned most)
{
	struct listeners *l = shelf_take(&h->looks);
	unsigned n = l ? l->n : 0;

	if (n > 0)
		memcpy(out, l->at, (n < most ? n : most) * sizeof *out);
	shelf_give(&h->looks, l);
	return n;
}

void host_live_look_into(struct host_live *h, int32_t pid, uint64_t started)
{
	bool another;

	(void)pthread_mutex_lock(&h->lock);
	another = h->into_pid != pid || h->into_started != started;
	h->into_pid = pid;
	h->into_started = started;
	h->inside_known = h->inside_known && !another;
	(void)pthread_mutex_unlock(&h->lock);
	if (another)
		live_kick(h);
}

bool host_live_inside(struct host_live *h, struct process_inside *out)
{
	bool known;

	(void)pthread_mutex_lock(&h->lock);
	known = h->inside_known;
	if (known)
		*out = h->inside;
	(void)pthread_mutex_unlock(&h->lock);
	return known;
}

int host_live_news_fd(const struct host_live *h)
{
	return h->news;
}

void host_live_news_seen(struct host_live *h)
{
	eventfd_t n;

	(void)eventfd_read(h->news, &n);
}

void host_live_stats(const struct host_live *h, struct host_live_stats *out)
{
	struct host_live *open = (struct host_live *)(uintptr_t)h; /* for the lock alone */

	*out = (struct host_live_stats){
		.sweeps = atomic_load(&h->sweeps), .listens = atomic_load(&h->listens), .walks = atomic_load(&h->walks),
		.tables_withheld = atomic_load(&h->withheld), .findings = atomic_load(&h->found),
		.findings_lost = atomic_load(&h->findings.lost), .sweep_ns = atomic_load(&h->sweep_ns),
		.walk_ns = atomic_load(&h->walk_ns), .longest_ns = atomic_load(&h->longest_ns),
		.every_ns = atomic_load(&h->every_ns), .failed = atomic_load(&h->failed),
	};
	if (!out->failed)
		return;
	(void)pthread_mutex_lock(&open->lock);
	memcpy(out->why, h->why, sizeof out->why);
	(void)pthread_mutex_unlock(&open->lock);
}

unsigned host_live_findings(struct host_live *h, struct host_finding *out, unsigned most)
{
	return findings_take(&h->findings, out, most);
}

int host_live_findings_fd(const struct host_live *h)
{
	return h->findings.fd;
}

uint64_t host_live_lost(const struct host_live *h)
{
	return atomic_load(&h->findings.lost);
}

/* ---- for ways ----------------------------------------------------------------------------------------- */

void host_live_found(struct host_live *h, const struct host_finding *f)
{
	atomic_fetch_add_explicit(&h->found, 1, memory_order_relaxed);
	findings_put(&h->findings, f);
}

void host_live_missed(struct host_live *h, uint64_t n)
{
	atomic_fetch_add(&h->findings.lost, n);
}

struct host *host_live_host(struct host_live *h)
{
	return h->host;
}

const struct host_table *host_live_last(const struct host_live *h)
{
	return shelf_front(&h->tables);
}

static void live_news(struct host_live *h)
{
	(void)eventfd_write(h->news, 1);
}

/* ---- the thread: listeners ------------------------------------------------------------------------------ */

static int64_t later(int64_t now, int64_t ms)
{
	return now + ms * CLOCK_MS;
}

static unsigned live_wanted(struct host_live *h)
{
	unsigned what = atomic_load(&h->once);

	for (unsigned i = 0; i < HOST_LIVE_WANTERS; i++)
		what |= atomic_load(&h->wanted[i]);
	return what;
}

static void live_listen(struct host_live *h, int64_t now)
{
	const bool closely = live_wanted(h) != 0 || (h->filled_ns != 0 && now - h->filled_ns < later(0, HOST_LIVE_FILLED_MS));
	struct listeners *l;

	/* Once it matters again it does at once. */
	if (closely && h->listen_due_ns > later(now, HOST_LIVE_LISTEN_MS))
		h->listen_due_ns = now;
	if (now < h->listen_due_ns)
		return;
	h->listen_due_ns = later(now, closely ? HOST_LIVE_LISTEN_MS : HOST_LIVE_QUIET_MS);
	if (!shelf_room(&h->looks) || listeners_look(h->host, shelf_front(&h->looks), clock_wall_ns(), &l) < 0)
		return; /* the sweep says what is wrong */
	if (l->filled)
		h->filled_ns = now;
	if (listeners_differ(shelf_front(&h->looks), l))
		live_news(h);
	shelf_put(&h->looks, l);
	atomic_fetch_add(&h->listens, 1);
}

/* ---- the thread: sweeps ------------------------------------------------------------------------------------ */

static void live_failed(struct host_live *h, const struct error *e)
{
	(void)pthread_mutex_lock(&h->lock);
	(void)snprintf(h->why, sizeof h->why, "%.*s", (int)sizeof h->why - 1, e->text);
	(void)pthread_mutex_unlock(&h->lock);
	atomic_store(&h->failed, true);
}

/* The sweep is over, well or not: when is the next? */
static void live_swept(struct host_live *h, int64_t now, uint32_t sockets)
{
	int64_t every = later(0, sockets <= LIVE_FEW ? LIVE_FEW_MS : LIVE_MANY_MS);

	if (h->work_ns * LIVE_SHARE > every)
		every = h->work_ns * LIVE_SHARE;
	atomic_store(&h->sweep_ns, h->work_ns);
	atomic_store(&h->every_ns, every);
	h->sweep_due_ns = now + every;
	h->sweeping = 0;
}

static void live_walked(struct host_live *h, int64_t now)
{
	const int64_t took = now - h->walked_ns; /* waiting for the broker and all, which works meanwhile */
	int64_t gap = later(0, LIVE_WALK_MS);

	if (took * LIVE_SHARE > gap)
		gap = took * LIVE_SHARE;
	h->walk_due_ns = now + gap;
	h->newer = false;
	atomic_store(&h->walk_ns, took);
	atomic_fetch_add(&h->walks, 1);
}

static void live_begin(struct host_live *h, int64_t now)
{
	const unsigned what = live_wanted(h);
	const struct host_wanted w = {.what = what};
	const struct host_table *before = shelf_front(&h->tables);
	struct error e = {""};
	bool more = (what & ~h->swept) != 0; /* something that the last table has not */

	if (what == 0) {
		atomic_store(&h->every_ns, 0);
		return;
	}
	if (now < h->sweep_due_ns && !more && atomic_load(&h->once) == 0)
		return;
	if (!shelf_room(&h->tables)) {
		atomic_fetch_add(&h->withheld, 1);
		h->sweep_due_ns = later(now, LIVE_FEW_MS);
		h->swept |= what; /* not at once again */
		return;
	}
	atomic_store(&h->once, 0);
	h->walking = (what & HOST_OWNERS) && (!(h->swept & HOST_OWNERS) || !before || (h->newer && now >= h->walk_due_ns) ||
					      now - h->walked_ns > later(0, HOST_LIVE_OWNERS_MS));
	if (h->walking)
		h->walked_ns = now;
	h->work_ns = 0;
	h->swept = what;
	if (sweep_begin(h->host, &w, before, h->walking, &e) < 0) {
		live_failed(h, &e);
		live_swept(h, now, 0);
		return;
	}
	h->sweeping = what;
}

static void live_step(struct host_live *h, bool *waits)
{
	const int64_t began = clock_monotonic_ns();
	const bool owners = h->host->sweep.stage == SWEEP_OWNERS;
	struct host_table *t;
	struct error e = {""};
	int64_t now;
	int rc = sweep_step(h->host, &t, &e);

	now = clock_monotonic_ns();
	h->work_ns += now - began;
	h->newer = h->newer || h->host->sweep.newer;
	if (owners && h->walking && h->host->sweep.stage != SWEEP_OWNERS) {
		live_walked(h, now);
		h->host->sweep.newer = false;
	}
	*waits = rc == -EAGAIN;
	if (rc > 0 || rc == -EAGAIN)
		return;
	if (rc < 0) {
		live_failed(h, &e);
		live_swept(h, now, 0);
		return;
	}
	atomic_store(&h->failed, false);
	live_swept(h, now, host_table_sockets(t)->n_sockets);
	shelf_put(&h->tables, t);
	atomic_fetch_add(&h->put, 1);
	live_news(h);
	atomic_fetch_add(&h->sweeps, 1);
}

/* ---- the thread: one process from inside ------------------------------------------------------------------- */

static void live_inside_taken(struct host_live *h, int rc)
{
	(void)pthread_mutex_lock(&h->lock);
	if (rc == 0 && h->looked.pid == h->into_pid && h->looked.started == h->into_started) {
		h->inside = h->looked;
		h->inside_known = true;
	}
	(void)pthread_mutex_unlock(&h->lock);
	h->inside_asked = false;
	if (rc == 0)
		live_news(h);
}

/* Another one is looked into soon, the same one again after a second. */
static int64_t live_inside_due(const struct host_live *h)
{
	return h->own_known ? h->inside_due_ns : h->inside_due_ns - later(0, LIVE_INSIDE_MS - LIVE_INSIDE_SOON_MS);
}

/* Not while who tells of processes is asked for owners. */
static void live_inside(struct host_live *h, int64_t now)
{
	const struct host_options *o = &h->host->o;
	struct error e = {""};
	uint64_t started;
	int rc;

	if (h->inside_asked) {
		rc = o->inside_take(o->arg, &h->looked, &e);
		if (rc == -EAGAIN && now - h->inside_asked_ns < later(0, LIVE_PATIENCE_MS))
			return;
		live_inside_taken(h, rc);
		return;
	}
	(void)pthread_mutex_lock(&h->lock);
	h->own_pid = h->into_pid;
	started = h->into_started;
	h->own_known = h->inside_known;
	(void)pthread_mutex_unlock(&h->lock);
	if (h->own_pid <= 0 || !o->inside_ask || h->host->sweep.asked || now < live_inside_due(h))
		return;
	h->inside_due_ns = later(now, LIVE_INSIDE_MS);
	h->inside_asked_ns = now;
	h->inside_asked = o->inside_ask(o->arg, h->own_pid, started, &e) == 0;
}

/* ---- the thread: its loop --------------------------------------------------------------------------------- */

static void live_ways(struct host_live *h, const struct pollfd *fds, int64_t now)
{
	for (unsigned i = 0; i < h->n_ways; i++) {
		struct live_way *w = &h->ways[i];
		const bool due = w->way.every_ms > 0 && now >= w->due_ns;

		if (!due && !(w->fd >= 0 && fds[i].revents != 0))
			continue;
		if (w->way.every_ms > 0)
			w->due_ns = later(now, w->way.every_ms);
		w->way.work(w->self, h, now);
		if (fds[i].revents & (POLLHUP | POLLERR | POLLNVAL))
			w->fd = -1; /* it would be ready for ever */
	}
}

/* How long nothing is to be done, in ms. */
static int live_sleep(struct host_live *h, int64_t now, bool waits)
{
	int64_t until = h->listen_due_ns;

	if (h->sweeping != 0 ? !waits : (live_wanted(h) & ~h->swept) != 0)
		return 0;
	if (h->sweeping == 0 && live_wanted(h) != 0 && h->sweep_due_ns < until)
		until = h->sweep_due_ns;
	for (unsigned i = 0; i < h->n_ways; i++)
		if (h->ways[i].way.every_ms > 0 && h->ways[i].due_ns < until)
			until = h->ways[i].due_ns;
	if (h->own_pid > 0 && !h->inside_asked && h->host->o.inside_ask && live_inside_due(h) < until)
		until = live_inside_due(h);
	return until <= now ? 0 : (int)((until - now + CLOCK_MS - 1) / CLOCK_MS);
}

static void live_longest(struct host_live *h, int64_t took)
{
	if (took > atomic_load_explicit(&h->longest_ns, memory_order_relaxed))
		atomic_store_explicit(&h->longest_ns, took, memory_order_relaxed);
}

static void *live_run(void *arg)
{
	struct host_live *h = arg;
	struct pollfd fds[HOST_LIVE_WAYS + 2];
	bool waits = false;

	(void)prctl(PR_SET_NAME, "sockeye-host", 0, 0, 0);
	for (unsigned i = 0; i < h->n_ways; i++)
		h->ways[i].fd = h->ways[i].way.fd ? h->ways[i].way.fd(h->ways[i].self) : -1;
	while (!atomic_load(&h->quit)) {
		const unsigned n = h->n_ways;
		int64_t now = clock_monotonic_ns();
		eventfd_t kicks;

		for (unsigned i = 0; i < n; i++)
			fds[i] = (struct pollfd){.fd = h->ways[i].fd, .events = POLLIN};
		fds[n] = (struct pollfd){.fd = h->kick, .events = POLLIN};
		fds[n + 1] = (struct pollfd){.fd = h->inside_asked ? h->host->o.processes_fd
						   : h->sweeping != 0 && waits ? sweep_fd(h->host) : -1, .events = POLLIN};
		if (poll(fds, n + 2, live_sleep(h, now, waits)) < 0)
			for (unsigned i = 0; i < n + 2; i++)
				fds[i].revents = 0;
		if (fds[n].revents != 0)
			(void)eventfd_read(h->kick, &kicks);
		now = clock_monotonic_ns();
		live_ways(h, fds, now);
		live_listen(h, now);
		live_inside(h, now);
		if (h->sweeping == 0)
			live_begin(h, now);
		else if (h->inside_asked && h->host->sweep.stage == SWEEP_OWNERS)
			waits = true; /* one question at a time */
		else
			live_step(h, &waits);
		shelf_tidy(&h->tables);
		shelf_tidy(&h->looks);
		live_longest(h, clock_monotonic_ns() - now);
	}
	return NULL;
}
