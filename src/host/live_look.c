/* What others ask of the host thread: see host_live.h.
 *
 * Tables and looks at listeners are taken from their shelves; what is wanted are
 * atomic words. The lock is for what is copied out and rare, and held for the copy alone.
 */
#include "live.h"

#include <string.h>
#include <sys/eventfd.h>

#include "sockeye/clock.h"

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

int64_t host_live_turned(const struct host_live *h)
{
	return atomic_load(&h->turned_ns);
}

void host_live_wake(struct host_live *h)
{
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
		.step_ns = atomic_load(&h->steps_ns), .walk_ns = atomic_load(&h->walk_ns), .longest_ns = atomic_load(&h->longest_ns), .longest = atomic_load(&h->longest),
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
	if (f->netns == 0)
		atomic_fetch_add_explicit(&h->heard, 1, memory_order_relaxed);
	findings_put(&h->findings, f);
}

void host_live_syn(struct host_live *h, uint16_t port)
{
	h->arrivals.syns[port]++;
}

void host_live_accept(struct host_live *h, uint16_t port)
{
	h->arrivals.accepts[port]++;
}

void host_live_tells(struct host_live *h, bool syns, bool on)
{
	bool *tells = syns ? &h->arrivals.tells_syns : &h->arrivals.tells_accepts;

	if (on && !*tells)
		*(syns ? &h->arrivals.syns_since_ns : &h->arrivals.accepts_since_ns) = clock_wall_ns();
	*tells = on;
}

void host_live_missed(struct host_live *h, uint64_t n)
{
	atomic_fetch_add(&h->findings.lost, n);
}

struct host *host_live_host(struct host_live *h)
{
	return h->host;
}
