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

#include "live.h"
#include "sockeye/clock.h"

_Static_assert((int)SHELF_PLACES == (int)HOST_LIVE_TABLES, "the header says how many there are");

enum { LIVE_WALK_MS = 1000, LIVE_TURN_MS = 500 /* between two turns, for who asks whether this thread runs */, LIVE_INSIDE_MS = 1000, LIVE_INSIDE_SHARE = 300, LIVE_INSIDE_SOON_MS = 50, LIVE_PATIENCE_MS = 10000 };

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
	h->host->in_steps = true;
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
	host_table_free(h->dying);
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
	const bool closely = atomic_load(&h->wanted[HOST_LIVE_SCREEN]) != 0 || (h->filled_ns != 0 && now - h->filled_ns < later(0, HOST_LIVE_FILLED_MS));
	struct listeners *l;

	/* Once it matters again it does at once. */
	if (closely && h->listen_due_ns > later(now, HOST_LIVE_LISTEN_MS))
		h->listen_due_ns = now;
	if (now < h->listen_due_ns)
		return;
	h->listen_due_ns = later(now, closely ? HOST_LIVE_LISTEN_MS : HOST_LIVE_QUIET_MS);
	if (!shelf_room(&h->looks) || listeners_look(h->host, shelf_front(&h->looks), clock_wall_ns(), &l) < 0)
		return; /* the sweep says what is wrong */
	listeners_rates(l, &h->arrivals, clock_wall_ns());
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

static bool live_looked_at(struct host_live *h)
{
	return atomic_load(&h->wanted[HOST_LIVE_SCREEN]) != 0;
}

/* When the next sweep is due. What was heard of this namespace's sockets since the last one counts: a sweep finds no other. */
static int64_t live_due(struct host_live *h)
{
	const uint64_t heard = atomic_load_explicit(&h->heard, memory_order_relaxed);
	int64_t every;

	if (heard != h->heard_before)
		pace_stirred(&h->pace);
	h->heard_before = heard;
	every = pace_every(&h->pace, live_looked_at(h));
	atomic_store_explicit(&h->every_ns, every, memory_order_relaxed);
	return h->pace.swept_ns == 0 ? 0 : h->pace.swept_ns + every;
}

/* The sweep is over, well or not. t: or NULL. */
static void live_swept(struct host_live *h, int64_t now, const struct socket_table *t)
{
	pace_swept(&h->pace, now, h->work_ns, t ? t->n_sockets : 0, t && t->same);
	atomic_store(&h->sweep_ns, h->work_ns);
	atomic_store(&h->steps_ns, h->step_ns);
	h->sweeping = 0;
}

static void live_walked(struct host_live *h, int64_t now)
{
	const int64_t took = now - h->walked_ns; /* waiting for the broker and all, which works meanwhile */
	int64_t gap = later(0, LIVE_WALK_MS);

	if (took * pace_share(&h->pace, live_looked_at(h)) > gap)
		gap = took * pace_share(&h->pace, live_looked_at(h));
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
	if (now < live_due(h) && !more && atomic_load(&h->once) == 0)
		return;
	if (!shelf_room(&h->tables)) {
		atomic_fetch_add(&h->withheld, 1);
		h->pace.swept_ns = now;
		h->swept |= what; /* not at once again */
		return;
	}
	atomic_store(&h->once, 0);
	h->walking = (what & HOST_OWNERS) && (!(h->swept & HOST_OWNERS) || !before || ((more || h->newer) && now >= h->walk_due_ns) ||
					      now - h->walked_ns > later(0, h->pace.calm >= PACE_CALM ? HOST_LIVE_CALM_MS : HOST_LIVE_OWNERS_MS));
	if (h->walking)
		h->walked_ns = now;
	h->work_ns = h->step_ns = 0;
	h->swept = what;
	if (sweep_begin(h->host, &w, before, h->walking, &e) < 0) {
		live_failed(h, &e);
		live_swept(h, now, NULL);
		return;
	}
	h->sweeping = what;
}

static void live_step(struct host_live *h, bool *waits)
{
	const int64_t began = clock_thread_ns();
	const bool owners = h->host->sweep.stage == SWEEP_OWNERS;
	struct host_table *t;
	struct error e = {""};
	int64_t now, took;
	int rc = sweep_step(h->host, &t, &e);

	now = clock_monotonic_ns();
	took = clock_thread_ns() - began;
	h->work_ns += took;
	h->step_ns = took > h->step_ns ? took : h->step_ns;
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
		live_swept(h, now, NULL);
		return;
	}
	atomic_store(&h->failed, false);
	live_swept(h, now, host_table_sockets(t));
	h->listen_due_ns = now; /* whoever takes the table sees listeners that are as young */
	live_listen(h, now);
	shelf_put(&h->tables, t);
	atomic_fetch_add(&h->put, 1);
	live_news(h);
	atomic_fetch_add(&h->sweeps, 1);
}

/* ---- the thread: one process from inside ------------------------------------------------------------------- */

static void live_inside_taken(struct host_live *h, int64_t now, int rc)
{
	const int64_t gap = (now - h->inside_asked_ns) * LIVE_INSIDE_SHARE;

	if (gap > later(0, LIVE_INSIDE_MS)) /* one with very many descriptors is not looked into each second */
		h->inside_due_ns = now + gap;
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

/* Another one is looked into soon, the same one again after a second or more. */
static int64_t live_inside_due(const struct host_live *h)
{
	return h->own_known || h->inside_asked_ns == 0 ? h->inside_due_ns : later(h->inside_asked_ns, LIVE_INSIDE_SOON_MS);
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
		live_inside_taken(h, now, rc);
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

	if (atomic_load(&h->wanted[HOST_LIVE_ENGINE]) != 0 && until > later(now, LIVE_TURN_MS))
		until = later(now, LIVE_TURN_MS);
	if (h->dying != NULL)
		return 0;
	if (h->sweeping != 0 ? !waits : (live_wanted(h) & ~h->swept) != 0)
		return 0;
	if (h->sweeping == 0 && live_wanted(h) != 0 && live_due(h) < until)
		until = live_due(h);
	for (unsigned i = 0; i < h->n_ways; i++)
		if (h->ways[i].way.every_ms > 0 && h->ways[i].due_ns < until)
			until = h->ways[i].due_ns;
	if (h->own_pid > 0 && !h->inside_asked && h->host->o.inside_ask && live_inside_due(h) < until)
		until = live_inside_due(h);
	return until <= now ? 0 : (int)((until - now + CLOCK_MS - 1) / CLOCK_MS);
}

static void live_tidy(struct host_live *h)
{
	if (h->dying == NULL)
		h->dying = shelf_old(&h->tables);
	if (h->dying != NULL && !host_table_free_some(h->dying))
		h->dying = NULL;
	free(shelf_old(&h->looks));
}

/* From began on it did that; the time now. */
static int64_t live_longest(struct host_live *h, int64_t began, const char *what)
{
	const int64_t now = clock_thread_ns(), took = now - began;

	if (took > atomic_load_explicit(&h->longest_ns, memory_order_relaxed)) {
		atomic_store_explicit(&h->longest_ns, took, memory_order_relaxed);
		atomic_store_explicit(&h->longest, what, memory_order_relaxed);
	}
	return now;
}

static const char *live_stage(const struct host_live *h)
{
	static const char *const words[] = {"begin", "sockets", "counters", "newer", "owners", "join"};
	const unsigned stage = h->sweeping != 0 ? (unsigned)h->host->sweep.stage : 0;

	return stage < sizeof words / sizeof *words ? words[stage] : "sweep";
}

/* What is due of the sweep; waits: for an answer. */
static void live_sweep(struct host_live *h, int64_t now, bool *waits)
{
	if (h->sweeping == 0)
		live_begin(h, now);
	else if (h->inside_asked && h->host->sweep.stage == SWEEP_OWNERS)
		*waits = true; /* one question at a time */
	else
		live_step(h, waits);
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
		int64_t now = clock_monotonic_ns(), began;
		const char *stage;
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
		began = clock_thread_ns();
		live_ways(h, fds, now);
		began = live_longest(h, began, "ways");
		live_listen(h, now);
		live_inside(h, now);
		began = live_longest(h, began, "listeners");
		stage = live_stage(h);
		live_sweep(h, now, &waits);
		began = live_longest(h, began, stage);
		live_tidy(h);
		(void)live_longest(h, began, "tidy");
		atomic_store(&h->turned_ns, now);
	}
	return NULL;
}
