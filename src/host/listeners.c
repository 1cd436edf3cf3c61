/* Looks at the queues of accept(2): the kernel is asked for listeners alone, which takes it
 * some ten microseconds whatever else there is.
 *
 * What lasts longer than a look (the highest, the last seconds, drops since the start)
 * is carried from look to look by the socket's cookie.
 */
#include "listeners.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "sockeye/clock.h"

enum { LISTENERS_SECONDS = sizeof((struct host_listener *)NULL)->recent / sizeof(uint32_t) };

static int by_cookie(const void *a, const void *b)
{
	const struct host_listener *x = a, *y = b;

	return (x->cookie > y->cookie) - (x->cookie < y->cookie);
}

void listeners_sort(struct listeners *l)
{
	qsort(l->at, l->n, sizeof *l->at, by_cookie);
}

/* recent[0] becomes the second of wall_ns. */
static void listeners_shift(struct host_listener *l, int64_t wall_ns)
{
	int64_t seconds = wall_ns / CLOCK_S - l->seen_ns / CLOCK_S;

	if (seconds <= 0)
		return; /* or the clock was put back */
	if (seconds >= LISTENERS_SECONDS) {
		memset(l->recent, 0, sizeof l->recent);
		return;
	}
	memmove(l->recent + seconds, l->recent, (size_t)(LISTENERS_SECONDS - seconds) * sizeof l->recent[0]);
	memset(l->recent, 0, (size_t)seconds * sizeof l->recent[0]);
}

void listeners_add(struct listeners *l, const struct listeners *before, const struct socket_record *s, int64_t wall_ns)
{
	const struct host_listener like = {.cookie = s->cookie};
	const struct host_listener *old;
	struct host_listener *to;

	if (s->state != SOCKET_LISTEN || s->cookie == 0 || l->n == HOST_LIVE_LISTENERS)
		return;
	to = &l->at[l->n++];
	old = before ? bsearch(&like, before->at, before->n, sizeof *before->at, by_cookie) : NULL;
	if (old) {
		*to = *old;
		listeners_shift(to, wall_ns);
	} else {
		memset(to, 0, sizeof *to);
		to->cookie = s->cookie;
		to->drops_before = s->memory[SOCKET_DROPS];
	}
	to->inode = s->inode;
	to->local = s->local;
	to->used = s->receive_queue;
	to->limit = s->send_queue;
	to->drops = s->memory[SOCKET_DROPS];
	to->highest = to->used > to->highest ? to->used : to->highest;
	to->recent[0] = to->used > to->recent[0] ? to->used : to->recent[0];
	to->filled_ns = to->used > 0 ? wall_ns : to->filled_ns;
	to->seen_ns = wall_ns;
	l->filled = l->filled || to->used > 0;
}

static uint32_t per_second(uint32_t n, int64_t ns)
{
	return (uint32_t)(((uint64_t)n * CLOCK_S + (uint64_t)ns / 2) / (uint64_t)ns);
}

/* Was all of that time counted? past: 0 and less: the clock was put back. */
static bool counted(bool tells, int64_t since_ns, int64_t from_ns, int64_t past)
{
	return tells && from_ns != 0 && past > 0 && (since_ns <= from_ns || since_ns > from_ns + past);
}

static void listener_rate(struct host_listener *l, const struct arrivals *a, int64_t wall_ns)
{
	const uint32_t syns = a->syns[l->local.port], accepts = a->accepts[l->local.port];
	const int64_t past = wall_ns - l->rates_ns;

	if (l->rates_ns != 0 && past >= 0 && past < CLOCK_S)
		return;
	l->syns_known = counted(a->tells_syns, a->syns_since_ns, l->rates_ns, past);
	l->accepts_known = counted(a->tells_accepts, a->accepts_since_ns, l->rates_ns, past);
	l->syns_s = l->syns_known ? per_second(syns - (uint32_t)l->syns_at, past) : 0;
	l->accepts_s = l->accepts_known ? per_second(accepts - (uint32_t)l->accepts_at, past) : 0;
	l->syns_at = syns;
	l->accepts_at = accepts;
	l->rates_ns = wall_ns;
}

void listeners_rates(struct listeners *l, struct arrivals *a, int64_t wall_ns)
{
	for (unsigned i = 0; i < l->n; i++) {
		listener_rate(&l->at[i], a, wall_ns);
		a->listeners[l->at[i].local.port]++;
	}
	for (unsigned i = 0; i < l->n; i++)
		l->at[i].sharers = a->listeners[l->at[i].local.port];
	for (unsigned i = 0; i < l->n; i++)
		a->listeners[l->at[i].local.port] = 0;
}

bool listeners_differ(const struct listeners *before, const struct listeners *now)
{
	if (!before || before->n != now->n)
		return true;
	for (unsigned i = 0; i < now->n; i++) {
		const struct host_listener *a = &before->at[i], *b = &now->at[i];

		if (a->cookie != b->cookie || a->used != b->used || a->limit != b->limit || a->drops != b->drops ||
		    a->syns_s != b->syns_s || a->accepts_s != b->accepts_s)
			return true;
	}
	return false;
}

struct looking {
	struct listeners *now;
	const struct listeners *before;
	int64_t wall_ns;
};

static void looking_each(void *arg, const struct socket_record *s)
{
	struct looking *x = arg;

	listeners_add(x->now, x->before, s, x->wall_ns);
}

int listeners_look(struct host *h, const struct listeners *before, int64_t wall_ns, struct listeners **out)
{
	struct listeners *l = malloc(sizeof *l);
	struct looking x = {.now = l, .before = before, .wall_ns = wall_ns};
	struct listeners *less;
	int rc;

	*out = NULL;
	if (!l)
		return -ENOMEM;
	l->n = 0;
	l->filled = false;
	rc = asking_listeners(h, looking_each, &x);
	if (rc < 0) {
		free(l);
		return rc;
	}
	listeners_sort(l);
	less = realloc(l, offsetof(struct listeners, at) + l->n * sizeof l->at[0]);
	*out = less ? less : l;
	return 0;
}
