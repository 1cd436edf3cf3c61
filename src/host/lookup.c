/* The exact look-up: a SYN is seen, and the kernel is asked at once for the socket that sent it.
 *
 * A connection of 100 us is over before any sweep comes, but its socket stays for some
 * milliseconds: its cookie, its user, its control group and its inode are known then, and with them
 * which flow a later notice or holder is about. Which process it was is not: for that the
 * kernel would have to be asked while it runs.
 *
 * A flood of SYNs asks for as many look-ups, so beyond HOST_LOOKUPS_MOST a second nobody looks for some seconds, and
 * the filter lets nothing through meanwhile. One piece of work takes some milliseconds: a block of the ring at least.
 *
 * Interfaces that are captured later are told by another thread, in words that only grow.
 */
#include "sockeye/host_ways.h"

#include <errno.h>
#include <net/if.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "sockeye/clock.h"
#include "asking.h"
#include "live.h"
#include "syn_ring.h"

enum { LOOKUP_EVERY_MS = 1000, LOOKUP_BUDGET_MS = 5 };

static const char LOOKUP_NAME[] = "look-up";

struct lookup {
	struct syn_ring ring;
	atomic_uint interfaces[HOST_LOOKUPS_INTERFACES]; /* 0: it was given up */
	atomic_uint n;       /* 0: all; another thread appends */
	char followed[HOST_LOOKUPS_INTERFACES][IFNAMSIZ]; /* that thread's own: "" is of the start, or given up */
	bool narrow;         /* the ring has one interface alone */
	bool stays_narrow;   /* and cannot have more */
	struct host_live *live;
	int64_t second_ns;   /* begin of the one that is counted */
	unsigned in_second;
	int64_t paused_ns;   /* since then nobody looks; 0: somebody does */
};

static bool wanted_interface(const struct lookup *l, unsigned interface)
{
	const unsigned n = atomic_load_explicit(&l->n, memory_order_acquire);

	for (unsigned i = 0; i < n; i++)
		if (atomic_load_explicit(&l->interfaces[i], memory_order_relaxed) == interface)
			return true;
	return n == 0;
}

/* One end of the SYN. A listener that answers for a socket that is not there yet is not it. */
static void look_up(struct lookup *l, const struct syn *s, bool local_to)
{
	struct socket_record found;
	struct host_finding f;

	if (host_exact(host_live_host(l->live), &s->tuple, local_to, &found) < 0 || found.state == SOCKET_LISTEN ||
	    found.remote.family == FAMILY_NONE || !(found.has & SOCKET_HAS_COOKIE))
		return;
	f = (struct host_finding){
		.kind = FINDING_SOCKET, .evidence = SOCKET_BY_DIAG, .state = found.state, .cookie = found.cookie,
		.inode = found.inode, .cgroup_id = found.has & SOCKET_HAS_CGROUP ? found.cgroup_id : 0, .fd = -1,
		.uid = found.has & SOCKET_HAS_UID ? found.uid : 0, .at_ns = s->ts_ns, .tuple = s->tuple,
	};
	if (local_to) {
		f.tuple.from = s->tuple.to;
		f.tuple.to = s->tuple.from;
		f.tuple.from_port = s->tuple.to_port;
		f.tuple.to_port = s->tuple.from_port;
	}
	host_live_found(l->live, &f);
}

static void each_syn(void *arg, const struct syn *s)
{
	struct lookup *l = arg;

	if (!wanted_interface(l, s->interface))
		return;
	if (s->way & SYN_CAME_HERE)
		host_live_syn(l->live, s->tuple.to_port);
	if (l->in_second++ >= HOST_LOOKUPS_MOST)
		return;
	if (s->way & SYN_SENT_HERE)
		look_up(l, s, false);
	if (s->way & SYN_CAME_HERE)
		look_up(l, s, true);
}

/* Its tier: what is missing now. */
static void tell_lack(struct lookup *l)
{
	const char *lack = "";

	if (l->paused_ns)
		lack = "more than 5000 SYNs a second: sockets are not looked up for some seconds, short connections may have no owner";
	else if (l->stays_narrow)
		lack = "interfaces that are captured later are not looked at: short connections there may have no owner";
	host_tier_set(host_live_host(l->live), LOOKUP_NAME, lack[0] == '\0', lack);
}

static void tell_pause(struct lookup *l, bool pause)
{
	if (syn_ring_pause(&l->ring, pause) < 0)
		return;
	l->paused_ns = pause ? l->second_ns : 0;
	host_live_tells(l->live, true, !pause);
	tell_lack(l);
}

/* There is more than the one that the ring was opened for. */
static void widen(struct lookup *l)
{
	l->stays_narrow = syn_ring_everywhere(&l->ring) < 0;
	l->narrow = false; /* tried once */
	tell_lack(l);
}

static void work(void *self, struct host_live *h, int64_t now_ns)
{
	struct lookup *l = self;

	l->live = h;
	if (l->narrow && atomic_load(&l->n) != 1)
		widen(l);
	if (now_ns - l->second_ns >= CLOCK_S) {
		l->second_ns = now_ns;
		l->in_second = 0;
	}
	if (l->paused_ns && now_ns - l->paused_ns >= HOST_LOOKUPS_PAUSE_S * CLOCK_S)
		tell_pause(l, false);
	(void)syn_ring_read(&l->ring, LOOKUP_BUDGET_MS * CLOCK_MS, each_syn, l);
	if (!l->paused_ns && l->in_second > HOST_LOOKUPS_MOST)
		tell_pause(l, true);
}

static int lookup_fd(void *self)
{
	return ((struct lookup *)self)->ring.fd;
}

static void lookup_free(void *self)
{
	struct lookup *l = self;

	syn_ring_close(&l->ring);
	free(l);
}

static struct lookup *lookup_of(struct host_live *h)
{
	for (unsigned i = 0; i < h->n_ways; i++)
		if (strcmp(h->ways[i].way.name, LOOKUP_NAME) == 0)
			return h->ways[i].self;
	return NULL;
}

void host_lookups_follow(struct host_live *h, const char *name)
{
	struct lookup *l = lookup_of(h);
	const unsigned n = l ? atomic_load(&l->n) : 0;
	struct ifreq r;
	unsigned at = 0;

	if (n == 0)
		return; /* all are looked at, or none */
	memset(&r, 0, sizeof r);
	(void)snprintf(r.ifr_name, sizeof r.ifr_name, "%.15s", name);
	while (at < n && atomic_load(&l->interfaces[at]) != 0) /* the place of one that was given up, or a new one */
		at++;
	if (at < HOST_LOOKUPS_INTERFACES && ioctl(l->ring.fd, SIOCGIFINDEX, &r) == 0) {
		memcpy(l->followed[at], r.ifr_name, IFNAMSIZ);
		atomic_store(&l->interfaces[at], (unsigned)r.ifr_ifindex);
		if (at == n)
			atomic_store_explicit(&l->n, n + 1, memory_order_release);
	} else {
		atomic_store(&l->n, 0); /* not to be told apart: all of them */
	}
	host_live_wake(h);
}

void host_lookups_unfollow(struct host_live *h, const char *name)
{
	struct lookup *l = lookup_of(h);
	const unsigned n = l ? atomic_load(&l->n) : 0;

	for (unsigned i = 0; i < n && name[0] != '\0'; i++)
		if (strncmp(l->followed[i], name, IFNAMSIZ - 1) == 0) {
			memset(l->followed[i], 0, IFNAMSIZ);
			atomic_store(&l->interfaces[i], 0);
		}
}

int host_add_lookups(struct host_live *h, const unsigned *interfaces, unsigned n, struct error *e)
{
	static const struct host_way way = {
		.name = LOOKUP_NAME, .fd = lookup_fd, .every_ms = LOOKUP_EVERY_MS, .work = work, .free = lookup_free};
	struct lookup *l = calloc(1, sizeof *l);
	int rc;

	if (!l)
		return error_set(e, ENOMEM, "no memory for a ring of SYNs");
	atomic_init(&l->n, n <= HOST_LOOKUPS_INTERFACES ? n : 0);
	l->narrow = n == 1;
	for (unsigned i = 0; i < n && n <= HOST_LOOKUPS_INTERFACES; i++)
		atomic_init(&l->interfaces[i], interfaces[i]);
	rc = syn_ring_open(&l->ring, n == 1 ? interfaces[0] : 0, e);
	host_live_tier(h, LOOKUP_NAME, rc == 0, rc == 0 ? "" : e->text);
	if (rc < 0) {
		free(l);
		return rc;
	}
	host_live_tells(h, true, true);
	return host_live_add(h, &way, l, e);
}
