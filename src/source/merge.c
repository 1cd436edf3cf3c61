/* Several sources in one order of time.
 *
 * The earliest of the frames that stand first in each source goes next; inside
 * one source the order never changes. Files are merged strictly. A pipe that
 * has run dry is waited for 100 ms, then the others go on without it until they
 * have nothing either: what arrives after such a silence waits anew, so that
 * slow pipes are merged too, and a busy one beside a silent one is held up once.
 * A pipe of whose packets none passes the filter has not run dry: what it has
 * read tells how far its time has come, and only later frames wait for it.
 * A live source is never waited for. A source that breaks does not stop the others.
 * Frames stay lent by the source below: a batch ends where one of the sources
 * has to be asked again.
 */
#include "merge.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "sockeye/clock.h"

enum { MERGE_PATIENCE_MS = 100 };

/* Who had a place before, and was taken off: its numbers count, and its names may still be read. */
struct merge_former {
	struct source *s;
	struct merge_former *next;
};

enum { MERGE_BATCH = 256 }; /* frames of each source that wait here */

struct merge_child {
	struct source *s;
	struct merge_former *former;
	unsigned pos, count; /* frames lent to us and not passed on: [pos, count) */
	int ended;           /* 0, -ENODATA, or how it broke */
	bool added;          /* merge_add() */
	bool leaving;        /* merge_take_off() */
	bool dry;
	int64_t dry_since_ns;
	uint64_t arrived; /* what the source had read when it was asked last */
	struct frame frame[MERGE_BATCH];
};

struct merge {
	struct source s;
	int timer; /* -1 where nothing has to be waited for */
	bool alarm; /* it was set */
	bool idle; /* nothing was at hand: the next frame ends a silence */
	unsigned n;
	struct merge_child *child;
};

static void merge_end_child(struct merge *m, struct merge_child *c, int why)
{
	c->ended = why;
	if (m->s.fd >= 0 && c->s->fd >= 0)
		(void)epoll_ctl(m->s.fd, EPOLL_CTL_DEL, c->s->fd, NULL);
	if (c->leaving && c->s->shut)
		c->s->shut(c->s);
}

/* Ask every source that has nothing left. False: a file wants to be asked
 * again before anything may go. */
static bool merge_refill(struct merge *m)
{
	bool settled = true;

	for (unsigned i = 0; i < m->n; i++) {
		struct merge_child *c = &m->child[i];
		int got;

		if (c->ended || c->pos < c->count)
			continue;
		c->pos = c->count = 0;
		got = c->s->next_batch(c->s, c->frame, MERGE_BATCH);
		if (got < 0) {
			merge_end_child(m, c, got);
		} else if (got > 0) {
			c->count = (unsigned)got;
			c->dry = false;
		} else if (c->s->fd < 0) {
			settled = false;
		} else if (!c->dry || c->arrived != c->s->arrived) {
			c->dry = true;
			c->dry_since_ns = clock_monotonic_ns();
		}
		c->arrived = c->s->arrived;
	}
	return settled;
}

/* How long the first frame at hand must wait for a pipe: 0, or ns. */
static int64_t merge_wait(const struct merge *m, int64_t ts_ns)
{
	int64_t most = 0, now = 0;

	for (unsigned i = 0; i < m->n; i++) {
		const struct merge_child *c = &m->child[i];
		int64_t left;

		if (c->ended || !c->dry || c->s->live || (c->arrived > 0 && c->s->reached_ns > ts_ns))
			continue;
		if (now == 0)
			now = clock_monotonic_ns();
		left = c->dry_since_ns + MERGE_PATIENCE_MS * (int64_t)CLOCK_MS - now;
		if (left > most)
			most = left;
	}
	return most;
}

/* The first frame after a silence: every dry pipe gets its time again. */
static void merge_wake(struct merge *m)
{
	int64_t now = clock_monotonic_ns();

	for (unsigned i = 0; m->idle && i < m->n; i++)
		if (m->child[i].dry)
			m->child[i].dry_since_ns = now;
	m->idle = false;
}

/* 0: disarms, and takes an alarm that rang. */
static void merge_alarm(struct merge *m, int64_t ns)
{
	struct itimerspec t = {.it_value = {.tv_sec = ns / CLOCK_S, .tv_nsec = ns % CLOCK_S}};

	if (m->timer >= 0 && (ns > 0 || m->alarm))
		(void)timerfd_settime(m->timer, 0, &t, NULL);
	m->alarm = ns > 0;
}

static struct merge_child *merge_earliest(struct merge *m)
{
	struct merge_child *best = NULL;

	for (unsigned i = 0; i < m->n; i++) {
		struct merge_child *c = &m->child[i];

		if (c->pos < c->count && (!best || c->frame[c->pos].ts_ns < best->frame[best->pos].ts_ns))
			best = c;
	}
	return best;
}

/* Every source has ended: how. Broken only if all of them broke. */
static int merge_end(const struct merge *m)
{
	int end = 0;

	for (unsigned i = 0; i < m->n; i++) {
		if (!m->child[i].ended)
			return 0;
		if (end != -ENODATA)
			end = m->child[i].ended;
	}
	return end;
}

/* As long as everyone may be left alone. */
static int merge_rest(const struct merge *m)
{
	int ms = INT_MAX;

	for (unsigned i = 0; i < m->n; i++)
		if (!m->child[i].ended && m->child[i].s->rest_ms < ms)
			ms = m->child[i].s->rest_ms;
	return ms;
}

static int merge_next_batch(struct source *s, struct frame *out, unsigned n)
{
	struct merge *m = (struct merge *)s;
	struct merge_child *c;
	unsigned have = 0;
	int64_t wait;

	s->rest_ms = 0;
	merge_alarm(m, 0);
	if (!merge_refill(m)) {
		merge_alarm(m, 1);
		return 0;
	}
	c = merge_earliest(m);
	if (!c) {
		m->idle = true;
		s->rest_ms = merge_rest(m);
		return merge_end(m);
	}
	merge_wake(m);
	wait = merge_wait(m, c->frame[c->pos].ts_ns);
	if (wait > 0) {
		merge_alarm(m, wait);
		return 0;
	}
	while (have < n && c) {
		out[have] = c->frame[c->pos++];
		out[have++].source = (uint16_t)(c - m->child);
		if (c->pos == c->count) /* who follows is known only when it is asked again */
			break;
		c = merge_earliest(m);
	}
	return (int)have;
}

static void merge_count_former(struct source *s, struct source_stats *out)
{
	struct source_stats is;

	if (!s->stats(s, 0, &is))
		return;
	out->frames += is.frames;
	out->filtered += is.filtered;
	out->damaged += is.damaged;
	out->drops += is.drops_known ? is.drops : 0;
	out->bytes += is.bytes;
	out->complete &= is.complete;
	if (out->problem[0] == '\0') {
		memcpy(out->problem, is.problem, sizeof out->problem);
		out->problem_told = is.problem_told;
	}
}

static bool merge_stats(struct source *s, unsigned index, struct source_stats *out)
{
	struct merge *m = (struct merge *)s;

	if (index >= m->n || !m->child[index].s->stats(m->child[index].s, 0, out))
		return false;
	for (const struct merge_former *f = m->child[index].former; f; f = f->next)
		merge_count_former(f->s, out);
	out->added = m->child[index].added;
	out->taken_off = m->child[index].leaving;
	return true;
}

static bool merge_note(struct source *s, struct source_note *out)
{
	struct merge *m = (struct merge *)s;

	for (unsigned i = 0; i < m->n; i++)
		if (m->child[i].s->note && m->child[i].s->note(m->child[i].s, out))
			return true;
	return false;
}

/* Each of the live ones; the first refusal is the answer. */
static int merge_filter(struct source *s, const char *words, struct error *e)
{
	struct merge *m = (struct merge *)s;
	int rc = 0;

	for (unsigned i = 0; i < m->n && rc == 0; i++)
		if (m->child[i].s->filter && !m->child[i].leaving)
			rc = m->child[i].s->filter(m->child[i].s, words, e);
	return rc;
}

/* What was taken in until now: each ends by itself; those that cannot are over. */
static void merge_finish(struct source *s)
{
	struct merge *m = (struct merge *)s;

	for (unsigned i = 0; i < m->n; i++) {
		struct merge_child *c = &m->child[i];

		if (c->ended)
			continue;
		if (c->s->finish)
			c->s->finish(c->s);
		else if (!c->s->live)
			merge_end_child(m, c, -ENODATA);
	}
}

static int64_t merge_now(struct source *s)
{
	struct merge *m = (struct merge *)s;

	for (unsigned i = 0; i < m->n; i++)
		if (m->child[i].s->now)
			return m->child[i].s->now(m->child[i].s);
	return clock_wall_ns();
}

static const char *merge_interface(struct source *s, unsigned source, unsigned interface)
{
	struct merge *m = (struct merge *)s;

	return source < m->n ? m->child[source].s->interface(m->child[source].s, 0, interface) : NULL;
}

static int merge_again(struct source *s, unsigned source, uint64_t offset, struct source_again *out)
{
	struct merge *m = (struct merge *)s;
	int rc = -ENOTSUP;

	if (source < m->n && m->s.rereads >> source & 1)
		rc = m->child[source].s->again(m->child[source].s, 0, offset, out);
	out->frame.source = (uint16_t)source;
	return rc;
}

/* All or none: who of them cannot is found before any begins. */
static bool merge_lend(struct source *s, struct loans *l)
{
	struct merge *m = (struct merge *)s;

	for (unsigned i = 0; i < m->n; i++)
		if (m->child[i].s->fd >= 0 || !m->child[i].s->lend)
			return false;
	for (unsigned i = 0; i < m->n; i++)
		if (!m->child[i].s->lend(m->child[i].s, l))
			return false;
	return true;
}

static void merge_free(struct source *s)
{
	struct merge *m = (struct merge *)s;

	for (unsigned i = 0; i < m->n; i++) {
		m->child[i].s->free(m->child[i].s);
		for (struct merge_former *f = m->child[i].former, *next; f; f = next) {
			next = f->next;
			f->s->free(f->s);
			free(f);
		}
	}
	if (m->timer >= 0)
		(void)close(m->timer);
	if (m->s.fd >= 0)
		(void)close(m->s.fd);
	free(m->child);
	free(m);
}

static int merge_watch(const struct merge *m, int fd)
{
	struct epoll_event ev = {.events = EPOLLIN, .data = {.fd = fd}};

	return epoll_ctl(m->s.fd, EPOLL_CTL_ADD, fd, &ev) == 0 ? 0 : -errno;
}

/* One descriptor for all that can make the sources wait. */
static int merge_descriptor(struct merge *m)
{
	int rc;

	m->s.fd = epoll_create1(EPOLL_CLOEXEC);
	m->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (m->s.fd < 0 || m->timer < 0)
		return -errno;
	rc = merge_watch(m, m->timer);
	for (unsigned i = 0; i < m->n && rc == 0; i++) {
		if (m->child[i].s->fd < 0)
			continue;
		rc = merge_watch(m, m->child[i].s->fd);
		if (rc == -EPERM) /* a device that is always ready, /dev/null */
			rc = 0;
	}
	return rc;
}

int merge_open(struct source **out, struct source *const *sources, unsigned n, struct error *e)
{
	struct merge *m = calloc(1, sizeof *m);
	bool waits = false, files = false;
	int rc = 0;

	*out = NULL;
	if (m)
		m->child = calloc(SOURCE_MAX, sizeof *m->child); /* it may grow; pages not used cost nothing */
	if (!m || !m->child) {
		for (unsigned i = 0; i < n; i++)
			sources[i]->free(sources[i]);
		free(m);
		return error_set(e, ENOMEM, "no memory to merge %u sources", n);
	}
	m->s.kind = "merge";
	m->s.fd = m->timer = -1;
	m->s.next_batch = merge_next_batch;
	m->s.stats = merge_stats;
	m->s.interface = merge_interface;
	m->s.note = merge_note;
	m->s.filter = merge_filter;
	m->s.finish = merge_finish;
	m->s.now = merge_now;
	m->s.lend = merge_lend;
	m->s.again = merge_again;
	m->s.free = merge_free;
	m->n = n;
	for (unsigned i = 0; i < n; i++) {
		m->child[i].s = sources[i];
		m->s.live |= sources[i]->live;
		m->s.rereads |= (sources[i]->rereads & 1) << i;
		waits |= sources[i]->fd >= 0;
		files |= sources[i]->fd < 0;
	}
	if (waits)
		rc = merge_descriptor(m);
	if (rc < 0) {
		merge_free(&m->s);
		return error_set(e, rc, "cannot wait for several sources: %s", strerror(-rc));
	}
	/* Files never wait: the first call must not wait for the pipes' bytes. */
	if (waits && files)
		merge_alarm(m, 1);
	*out = &m->s;
	return 0;
}

/* One of the same name that was taken off, and is read to its end: the names and numbers of that place are its own. */
static struct merge_child *merge_place_of(const struct merge *m, struct source *more)
{
	struct source_stats is, new;

	if (!more->stats(more, 0, &new))
		return NULL;
	for (unsigned i = 0; i < m->n; i++) {
		struct merge_child *c = &m->child[i];

		if (c->leaving && c->ended && c->s->stats(c->s, 0, &is) && strcmp(is.name, new.name) == 0)
			return c;
	}
	return NULL;
}

int merge_add(struct source *s, struct source *more, struct error *e)
{
	struct merge *m = (struct merge *)s;
	struct merge_child *place = s->next_batch == merge_next_batch ? merge_place_of(m, more) : NULL;
	struct merge_former *former = place ? calloc(1, sizeof *former) : NULL;
	int rc = 0;

	if (place && !former)
		rc = error_set(e, ENOMEM, "no memory for one more source");
	else if (s->next_batch != merge_next_batch || s->fd < 0)
		rc = error_set(e, ENOTSUP, "this source takes no more interfaces");
	else if (!place && m->n == SOURCE_MAX)
		rc = error_set(e, E2BIG, "more than %d files and interfaces at once", (int)SOURCE_MAX);
	else if (more->fd >= 0 && (rc = merge_watch(m, more->fd)) < 0)
		rc = error_set(e, -rc, "cannot wait for one source more: %s", strerror(-rc));
	if (rc < 0) {
		free(former);
		more->free(more);
		return rc;
	}
	if (former)
		*former = (struct merge_former){.s = place->s, .next = place->former};
	else
		place = &m->child[m->n++];
	*place = (struct merge_child){.s = more, .former = former, .added = true};
	s->live |= more->live;
	return 0;
}

int merge_take_off(struct source *s, const char *name, struct error *e)
{
	struct merge *m = (struct merge *)s;
	struct source_stats stats;
	bool named = false;

	for (unsigned i = 0; s->next_batch == merge_next_batch && i < m->n; i++) {
		struct merge_child *c = &m->child[i];

		if (c->ended || c->leaving || !c->s->stats(c->s, 0, &stats) || strcmp(stats.name, name) != 0)
			continue;
		named = true;
		if (!c->added || !c->s->finish)
			continue;
		c->leaving = true;
		c->s->finish(c->s);
		return 0;
	}
	return named ? error_set(e, EPERM, "it was named at the start and stays until the end")
		     : error_set(e, ENOENT, "it is not captured");
}
