/* --replay: files at their own pace, or so many times as fast.
 *
 * A source around the one that reads. A frame is due when its time since the first
 * one has passed, divided by the speed; until then next_batch() has none and the
 * timer says when to ask again, in steps of an hour at most. What is late - because
 * nobody asked, or because a pipe is slower than its own pace - is due at once, so
 * that the replay catches up. A frame without a time goes with its predecessor.
 *
 * Where the clock of the file steps back by a second and more, the pace begins anew
 * at that frame; smaller steps are frames that changed places, and due at once.
 *
 * now() never overtakes a frame that has not been passed on, nor what a pipe has
 * said last: otherwise, at a thousand times the speed, connections would be given up
 * whose next packet is a moment away.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "sockeye/clock.h"
#include "sockeye/source.h"

#define REPLAY_STEP_NS (3600 * CLOCK_S) /* the longest sleep */
#define REPLAY_BACK_NS CLOCK_S          /* a step of the clock, and not frames that changed places */

enum { REPLAY_BATCH = 64 }; /* frames that wait here */

struct replay {
	struct source s;
	struct source *below;
	double speed;
	int timer;
	bool watching;  /* below's descriptor is waited for, because nothing is at hand */
	bool begun;     /* the next three mean something */
	int64_t from_ns; /* monotonic: when the frame of ... was due */
	int64_t from_ts; /* ... this time was */
	int64_t reached; /* time of the last frame passed on */
	unsigned pos, count; /* frames lent to us and not passed on: [pos, count) */
	struct frame frame[REPLAY_BATCH];
};

static void replay_alarm(const struct replay *r, int64_t ns)
{
	struct itimerspec t = {.it_value = {.tv_sec = ns / CLOCK_S, .tv_nsec = ns % CLOCK_S}};

	(void)timerfd_settime(r->timer, 0, &t, NULL);
}

/* Wait for below, or stop it: a pipe that has been closed would wake us for ever. */
static void replay_watch(struct replay *r, bool on)
{
	struct epoll_event ev = {.events = EPOLLIN, .data = {.fd = r->below->fd}};

	if (r->watching == on || r->below->fd < 0)
		return;
	if (epoll_ctl(r->s.fd, on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, r->below->fd, &ev) == 0)
		r->watching = on;
	else
		replay_alarm(r, 1); /* a device that is always ready */
}

static bool replay_timed(const struct frame *f)
{
	return !(f->flags & FRAME_NO_TIME);
}

/* How long the frame must wait, in ns, at most a step; 0: it is due. */
static int64_t replay_wait(struct replay *r, const struct frame *f, int64_t now_ns)
{
	double left;

	if (!replay_timed(f))
		return 0;
	if (!r->begun || (f->ts_ns < r->reached && (double)r->reached - (double)f->ts_ns >= (double)REPLAY_BACK_NS)) {
		r->begun = true;
		r->from_ns = now_ns;
		r->from_ts = r->reached = f->ts_ns;
	}
	left = ((double)f->ts_ns - (double)r->from_ts) / r->speed - (double)(now_ns - r->from_ns);
	if (left < 1)
		return 0;
	return left < (double)REPLAY_STEP_NS ? (int64_t)left : REPLAY_STEP_NS;
}

/* Nothing is at hand: ask below. Its answer, where that is not a number of frames. */
static int replay_refill(struct replay *r)
{
	int got = r->below->next_batch(r->below, r->frame, REPLAY_BATCH);

	r->pos = 0;
	r->count = got > 0 ? (unsigned)got : 0;
	replay_watch(r, got == 0);
	if (got == 0 && r->below->fd < 0) /* nothing passed the filter so far */
		replay_alarm(r, 1);
	return got;
}

static int replay_next_batch(struct source *s, struct frame *out, unsigned n)
{
	struct replay *r = (struct replay *)s;
	unsigned have = 0;
	int64_t now, wait = 0;
	int got;

	replay_alarm(r, 0); /* disarms, and takes an alarm that rang */
	if (r->pos == r->count && (got = replay_refill(r)) <= 0)
		return got;
	now = clock_monotonic_ns();
	while (have < n && r->pos < r->count && (wait = replay_wait(r, &r->frame[r->pos], now)) == 0) {
		out[have] = r->frame[r->pos++];
		if (replay_timed(&out[have]) && out[have].ts_ns > r->reached)
			r->reached = out[have].ts_ns;
		have++;
	}
	if (have == 0)
		replay_alarm(r, wait);
	return (int)have;
}

static int64_t replay_now(struct source *s)
{
	struct replay *r = (struct replay *)s;
	int64_t bound = r->reached;
	double now;

	if (!r->begun)
		return 0;
	if (r->pos < r->count && replay_timed(&r->frame[r->pos]))
		bound = r->frame[r->pos].ts_ns;
	now = (double)r->from_ts + (double)(clock_monotonic_ns() - r->from_ns) * r->speed;
	return now < (double)bound ? (int64_t)now : bound;
}

static bool replay_stats(struct source *s, unsigned index, struct source_stats *out)
{
	struct replay *r = (struct replay *)s;

	return r->below->stats(r->below, index, out);
}

static bool replay_note(struct source *s, struct source_note *out)
{
	struct replay *r = (struct replay *)s;

	return r->below->note && r->below->note(r->below, out);
}

static const char *replay_interface(struct source *s, unsigned source, unsigned interface)
{
	struct replay *r = (struct replay *)s;

	return r->below->interface ? r->below->interface(r->below, source, interface) : NULL;
}

static void replay_free(struct source *s)
{
	struct replay *r = (struct replay *)s;

	r->below->free(r->below);
	if (r->timer >= 0)
		(void)close(r->timer);
	if (r->s.fd >= 0)
		(void)close(r->s.fd);
	free(r);
}

int source_replay(struct source **out, struct source *below, double speed, struct error *e)
{
	struct replay *r = calloc(1, sizeof *r);
	struct epoll_event ev = {.events = EPOLLIN};
	int why;

	*out = NULL;
	if (!r) {
		below->free(below);
		return error_set(e, ENOMEM, "no memory to replay");
	}
	r->s = (struct source){
		.kind = "replay",
		.fd = epoll_create1(EPOLL_CLOEXEC),
		.live = true,
		.replay = true,
		.next_batch = replay_next_batch,
		.stats = replay_stats,
		.note = replay_note,
		.now = replay_now,
		.interface = replay_interface,
		.free = replay_free,
	};
	r->below = below;
	r->speed = speed;
	r->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	ev.data.fd = r->timer;
	if (r->s.fd < 0 || r->timer < 0 || epoll_ctl(r->s.fd, EPOLL_CTL_ADD, r->timer, &ev) != 0) {
		why = errno;
		replay_free(&r->s);
		return error_set(e, why, "cannot wait for the pace of a file: %s", strerror(why));
	}
	*out = &r->s;
	return 0;
}
