/* What a live capture watches besides its packets: see watch.h. */
#include "watch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "sockeye/clock.h"
#include "sockeye/text.h"

enum {
	WATCH_LINKS_MS = 100,   /* between two looks at links while packets keep coming */
	WATCH_NAMES_MS = 10,    /* and while a name is missed */
	WATCH_PAUSE_MS = 700,   /* a pause is told at the latest so long after it was found */
	WATCH_FAR_MS = 400,     /* a frame so far from the last look: the clocks want another */
};

/* ---- notes -------------------------------------------------------------------- */

static struct text watch_say(struct watch *w)
{
	struct source_note *n;
	struct text t;

	if (w->notes == WATCH_NOTES) {
		w->untold++;
		text_init(&t, w->spare, sizeof w->spare);
		return t;
	}
	n = &w->note[(w->first + w->notes++) % WATCH_NOTES];
	n->ts_ns = clock_wall_ns();
	text_init(&t, n->text, sizeof n->text);
	return t;
}

bool watch_note(struct watch *w, struct source_note *out)
{
	if (w->notes == 0 && w->untold > 0) {
		struct text t;

		out->ts_ns = clock_wall_ns();
		text_init(&t, out->text, sizeof out->text);
		text_put(&t, w->title);
		text_format(&t, ": %llu more changes came too fast to be told", (unsigned long long)w->untold);
		w->untold = 0;
		return true;
	}
	if (w->notes == 0)
		return false;
	*out = w->note[w->first];
	w->first = (w->first + 1) % WATCH_NOTES;
	w->notes--;
	return true;
}

/* Seconds with so many decimals as say something. */
static void put_seconds(struct text *t, int64_t ns)
{
	const int64_t ms = (ns + CLOCK_MS / 2) / CLOCK_MS;

	if (ms < 10000)
		text_format(t, "%lld.%02lld s", (long long)(ms / 1000), (long long)(ms % 1000 / 10));
	else
		text_format(t, "%lld s", (long long)((ms + 500) / 1000));
}

/* ---- interfaces ------------------------------------------------------------------ */

static void put_name(struct text *t, const char *name)
{
	text_foreign(t, name, strnlen(name, IF_NAMESIZE), false);
}

static void watch_link(void *arg, const struct links *l, const struct link_change *c)
{
	struct watch *w = arg;
	const struct link *k = links_at(l, c->slot);
	struct text t = watch_say(w);

	put_name(&t, c->kind == LINK_RENAMED ? c->before : k->name);
	switch (c->kind) {
	case LINK_DOWN:
		text_put(&t, ": link down");
		break;
	case LINK_UP:
		text_put(&t, ": link up, ");
		put_seconds(&t, c->blind_ns);
		text_put(&t, " blind");
		break;
	case LINK_RENAMED:
		text_put(&t, ": renamed to ");
		put_name(&t, k->name);
		break;
	case LINK_MTU:
		text_format(&t, ": MTU %u", k->mtu);
		break;
	case LINK_GONE:
		text_put(&t, w->index ? WATCH_GONE : ": the interface is gone");
		w->gone_told |= w->index != 0;
		w->gone |= w->index != 0;
		break;
	}
}

/* ---- clocks ------------------------------------------------------------------------ */

static void watch_paused(struct watch *w, const struct pause *p, int64_t now)
{
	struct text t;

	if (p->stopped_ns || p->asleep_ns) {
		text_init(&t, w->pause, sizeof w->pause);
		text_put(&t, p->asleep_ns ? "the machine slept for " : "did not run for ");
		text_format(&t, "%.1f s", (double)(p->asleep_ns ? p->asleep_ns : p->stopped_ns) / 1e9);
		w->paused = true;
		w->paused_at_ns = now;
		w->pause_dropped = 0;
		w->blind |= p->asleep_ns != 0;
	}
	if (p->set_ns) {
		t = watch_say(w);
		text_put(&t, p->set_ns < 0 ? "the clock was set back by " : "the clock was set forward by ");
		put_seconds(&t, p->set_ns < 0 ? -p->set_ns : p->set_ns);
		text_put(&t, "; times here go on as before");
	}
}

static void watch_clocks(struct watch *w, int64_t now)
{
	struct pause p;

	w->looked_ns = now;
	if (pauses_look(&w->pauses, clock_wall_ns(), now, clock_boot_ns(), &p))
		watch_paused(w, &p, now);
}

void watch_look(struct watch *w, bool idle)
{
	const int64_t now = clock_monotonic_ns();

	watch_clocks(w, now);
	if (!idle && now - w->links_at_ns < WATCH_LINKS_MS * (int64_t)CLOCK_MS)
		return;
	w->links_at_ns = now;
	links_read(w->links, now, watch_link, w);
}

bool watch_pause_is_old(const struct watch *w)
{
	return w->paused && clock_monotonic_ns() - w->paused_at_ns > WATCH_PAUSE_MS * (int64_t)CLOCK_MS;
}

uint16_t watch_slot(struct watch *w, unsigned index)
{
	const uint16_t slot = links_slot(w->links, index);
	const struct link *k = links_at(w->links, slot);
	const int64_t now = clock_monotonic_ns();

	/* Its name waits in the socket, unless it is gone already. */
	if (k && !k->named && now - w->links_at_ns > WATCH_NAMES_MS * (int64_t)CLOCK_MS) {
		w->links_at_ns = now;
		links_read(w->links, now, watch_link, w);
	}
	return slot;
}

void watch_dropped(struct watch *w, uint64_t n, bool done)
{
	struct text t;

	w->pause_dropped += n;
	if (!w->paused || !done)
		return;
	w->paused = false;
	w->blind |= w->pause_dropped > 0;
	t = watch_say(w);
	text_put(&t, w->title);
	text_put(&t, ": ");
	text_put(&t, w->pause);
	if (w->pause_dropped)
		text_format(&t, "; %llu packets were dropped", (unsigned long long)w->pause_dropped);
	else
		text_put(&t, "; nothing was lost");
}

void watch_frame(struct watch *w, struct frame *f, uint16_t slot)
{
	struct link *k = links_at(w->links, slot ? slot : w->index ? 1 : 0);
	const int64_t far = f->ts_ns - w->pauses.wall_ns;

	if (far > WATCH_FAR_MS * (int64_t)CLOCK_MS || far < -WATCH_FAR_MS * (int64_t)CLOCK_MS)
		watch_clocks(w, clock_monotonic_ns());
	w->homeless += !w->index && !slot;
	f->ts_ns = pauses_time(&w->pauses, f->ts_ns);
	if (w->blind || (k && k->blind)) {
		f->flags |= FRAME_BLIND;
		w->blind = false;
		if (k)
			k->blind = false;
	}
}

int64_t watch_now(const struct watch *w)
{
	return pauses_time(&w->pauses, clock_wall_ns());
}

/* ---- open ---------------------------------------------------------------------- */

static int watch_add(int epoll, int fd)
{
	struct epoll_event ev = {.events = EPOLLIN, .data = {.fd = fd}};

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ev) == 0 ? 0 : -errno;
}

int watch_open(struct watch *w, const char *name, unsigned index, int packet_fd, struct error *e)
{
	struct error ignored;
	struct text t;
	int rc;

	*w = (struct watch){.index = index, .fd = -1};
	text_init(&t, w->title, sizeof w->title);
	text_foreign(&t, name, strlen(name), false);
	if (links_open(&w->links, index, &ignored) < 0)
		w->links = links_new(index);
	if (!w->links)
		return error_set(e, ENOMEM, "no memory for the list of interfaces");
	if (index) {
		const uint16_t slot = links_slot(w->links, index);

		if (!links_at(w->links, slot)->up) {
			t = watch_say(w);
			text_put(&t, w->title);
			text_put(&t, ": link down");
		}
	}
	w->fd = epoll_create1(EPOLL_CLOEXEC);
	rc = w->fd < 0 ? -errno : watch_add(w->fd, packet_fd);
	if (rc == 0 && links_fd(w->links) >= 0)
		rc = watch_add(w->fd, links_fd(w->links));
	watch_clocks(w, clock_monotonic_ns());
	return rc == 0 ? 0 : error_set(e, -rc, "%s: cannot wait for packets: %s", w->title, strerror(-rc));
}

void watch_release(struct watch *w)
{
	links_free(w->links);
	if (w->fd >= 0)
		(void)close(w->fd);
	w->links = NULL;
	w->fd = -1;
}
