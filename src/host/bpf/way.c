/* The way of BPF on the host thread.
 *
 * The first event wakes it; then it rests HOST_BPF_REST_MS before it reads again, and as long as there was
 * something: the kernel wakes a reader who has read everything, and under load that would be for each event. The
 * descriptor that the thread waits for is an epoll of the two, of which one is waited for at a time: the ring, or
 * the timer of the rest.
 */
#include "sockeye/host_bpf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "asking.h"
#include "sockeye/clock.h"
#include "witness.h"

enum { WAY_AT_ONCE = 4096, WAY_DESCRIPTORS = 20000 };

struct bpf_way {
	struct witness *witness;
	struct host_live *live; /* while it works */
	int epoll, timer;
	bool rests;
	int64_t wall_ns;        /* to add to the monotonic clock */
	uint64_t tick_ns, lost;
};

const char *host_bpf_missing(void)
{
	return witness_missing();
}

/* ---- from events to findings ------------------------------------------------------------------------ */

static bool mapped(const uint8_t *a)
{
	static const uint8_t begin[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

	return memcmp(a, begin, sizeof begin) == 0;
}

static bool zero(const uint8_t *a)
{
	static const uint8_t none[16];

	return memcmp(a, none, sizeof none) == 0;
}

/* An IPv4 address in an IPv6 socket is an IPv4 address. */
static struct tuple tuple_of(const struct event *e)
{
	struct tuple t = {.from_port = e->local_port, .to_port = e->remote_port, .proto = e->protocol};
	const bool inside = e->family == 6 && (mapped(e->local) || mapped(e->remote)) && (mapped(e->local) || zero(e->local)) &&
			    (mapped(e->remote) || zero(e->remote));
	const size_t from = inside ? 12 : 0, len = inside || e->family == 4 ? 4 : 16;

	t.family = e->family == 0 ? FAMILY_NONE : len == 4 ? FAMILY_IPV4 : FAMILY_IPV6;
	memcpy(t.from.b, e->local + from, len);
	memcpy(t.to.b, e->remote + from, len);
	return t;
}

static void way_event(void *arg, const struct event *e)
{
	const struct bpf_way *w = arg;
	struct host_finding f = {
		.cookie = e->cookie, .inode = e->inode, .at_ns = (int64_t)e->at_ns + w->wall_ns, .pid = -1, .fd = e->fd, .state = e->state,
		.evidence = SOCKET_BY_BPF,
		.kind = e->kind == EVENT_OWNER ? FINDING_OWNER : e->kind == EVENT_ACCEPTED ? FINDING_ACCEPTED : FINDING_GONE,
	};

	if (e->kind != EVENT_GONE) {
		f.tuple = tuple_of(e);
		f.pid = (int32_t)e->process.pid;
		f.uid = e->process.uid;
		f.netns = e->network;
		f.started = e->process.started_ns / w->tick_ns;
		f.cgroup_id = e->process.cgroup;
		f.opened_ns = e->opened_ns ? (int64_t)e->opened_ns + w->wall_ns : 0;
		memcpy(f.comm, e->process.comm, strnlen(e->process.comm, sizeof f.comm - 1));
	}
	if (e->kind == EVENT_ACCEPTED && e->network == 0) /* only this namespace's listeners are looked at */
		host_live_accept(w->live, e->local_port);
	host_live_found(w->live, &f);
}

/* ---- waiting ---------------------------------------------------------------------------------------------- */

static void way_rest(struct bpf_way *w, bool rest)
{
	const struct itimerspec soon = {.it_value.tv_nsec = rest ? (long)HOST_BPF_REST_MS * CLOCK_MS : 0};
	struct epoll_event ring = {.events = rest ? 0 : (uint32_t)EPOLLIN};

	(void)timerfd_settime(w->timer, 0, &soon, NULL);
	if (rest != w->rests)
		(void)epoll_ctl(w->epoll, EPOLL_CTL_MOD, witness_fd(w->witness), &ring);
	w->rests = rest;
}

/* What the wall clock is ahead of the kernel's: of some readings the greatest, for what passes between the two is taken off. */
static int64_t wall_ahead(void)
{
	int64_t most = INT64_MIN;

	for (unsigned i = 0; i < 3; i++) {
		const int64_t wall = clock_wall_ns(), ahead = wall - clock_monotonic_ns();

		if (ahead > most)
			most = ahead;
	}
	return most;
}

static void way_work(void *self, struct host_live *h, int64_t now_ns)
{
	struct bpf_way *w = self;
	uint64_t rung, lost;
	unsigned n;

	(void)now_ns;
	if (read(w->timer, &rung, sizeof rung) < 0)
		rung = 0; /* it has not rung: the ring woke us */
	w->live = h;
	w->wall_ns = wall_ahead();
	n = witness_events(w->witness, way_event, w, WAY_AT_ONCE);
	lost = witness_lost(w->witness);
	if (lost != w->lost) {
		host_live_missed(h, lost - w->lost);
		host_live_once(h, HOST_TCP_SOCKETS | HOST_UDP_SOCKETS | HOST_OWNERS); /* what is still there is known again */
	}
	w->lost = lost;
	if (n < WAY_AT_ONCE) /* else it is called again at once: the descriptor is ready still */
		way_rest(w, n > 0);
	else
		way_rest(w, false);
}

static int way_fd(void *self)
{
	return ((struct bpf_way *)self)->epoll;
}

static int way_owners(void *self, bool begin, struct process_batch *out, struct error *e)
{
	return witness_walk(((struct bpf_way *)self)->witness, begin, out, e);
}

static void way_free(void *self)
{
	struct bpf_way *w = self;

	if (w->epoll >= 0)
		(void)close(w->epoll);
	if (w->timer >= 0)
		(void)close(w->timer);
	witness_free(w->witness);
	free(w);
}

/* ---- opening -------------------------------------------------------------------------------------------------- */

static int way_open(struct bpf_way *w, struct error *e)
{
	struct epoll_event in = {.events = EPOLLIN};
	const long ticks = sysconf(_SC_CLK_TCK);
	int rc = witness_open(&w->witness, WITNESS_EVENTS | WITNESS_WALK, e);

	if (rc < 0)
		return rc;
	w->tick_ns = (uint64_t)CLOCK_S / (ticks > 0 ? (uint64_t)ticks : 100);
	w->epoll = epoll_create1(EPOLL_CLOEXEC);
	w->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (w->epoll < 0 || w->timer < 0 || epoll_ctl(w->epoll, EPOLL_CTL_ADD, w->timer, &in) != 0 ||
	    (witness_fd(w->witness) >= 0 && epoll_ctl(w->epoll, EPOLL_CTL_ADD, witness_fd(w->witness), &in) != 0))
		return error_set(e, errno, "BPF: no descriptor to wait for: %s", strerror(errno));
	return 0;
}

/* The kernel's notices of ended sockets cost each connection some ten microseconds, whoever listens. */
static void way_stop_notices(struct host *h)
{
	if (h->notices < 0)
		return;
	(void)close(h->notices);
	h->notices = -1;
	for (unsigned i = 0; i < h->n_tiers; i++)
		if (strcmp(h->tiers[i].name, "notices") == 0)
			(void)snprintf(h->tiers[i].reason, sizeof h->tiers[i].reason, "not listened to: BPF tells which sockets end");
}

int host_add_bpf(struct host_live *h, struct error *e)
{
	struct host_way way = {.name = "bpf", .fd = way_fd, .work = way_work, .free = way_free, .evidence = SOCKET_BY_ITER};
	struct bpf_way *w = calloc(1, sizeof *w);
	unsigned has;
	int rc;

	if (!w)
		return error_set(e, ENOMEM, "no memory for BPF");
	w->epoll = w->timer = -1;
	rc = way_open(w, e);
	has = rc == 0 ? witness_has(w->witness) : 0;
	host_live_tier(h, "bpf", (has & WITNESS_EVENTS) != 0, rc < 0 ? e->text : witness_lacks(w->witness));
	host_live_tier(h, "descriptors", (has & WITNESS_WALK) != 0, rc < 0 ? e->text : "");
	if (rc < 0) {
		way_free(w);
		return rc;
	}
	host_live_tells(h, false, (has & WITNESS_ACCEPTED) != 0);
	if (has & WITNESS_WALK)
		way.owners = way_owners;
	if (has & WITNESS_ENDED)
		way_stop_notices(host_live_host(h));
	return host_live_add(h, &way, w, e);
}

/* ---- one sweep ---------------------------------------------------------------------------------------------- */

bool host_walk_pays(void)
{
	FILE *f = fopen("/proc/sys/fs/file-nr", "re");
	unsigned long open = 0;
	char line[64];

	if (f && fgets(line, sizeof line, f))
		open = strtoul(line, NULL, 10);
	if (f)
		(void)fclose(f);
	return open >= WAY_DESCRIPTORS;
}

int bpf_walk_open(struct host *h, struct error *e)
{
	struct bpf_way *w = calloc(1, sizeof *w);
	int rc = w ? witness_open(&w->witness, WITNESS_WALK, e) : error_set(e, ENOMEM, "no memory for BPF");

	host_tier_add(h, "descriptors", rc == 0, rc < 0 ? e->text : "");
	if (rc < 0) {
		free(w);
		return rc;
	}
	w->epoll = w->timer = -1;
	h->owners = (struct sweep_owners){.next = way_owners, .self = w, .evidence = SOCKET_BY_ITER, .free = way_free};
	return 0;
}
