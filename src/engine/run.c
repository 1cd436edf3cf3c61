/* The run: the one place that waits. It pumps frames from the source into the
 * engine, serves the screen between batches, and ends on the end of input, a
 * bound, a signal, or an observer that cannot write any more. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "sockeye/clock.h"
#include "sockeye/engine.h"
#include "steps.h"

enum {
	RUN_LOOK = 16,     /* batches between two looks at signals and the clock */
	RUN_TICK_MS = 100, /* live: time goes on at least that often */
};

struct run {
	struct engine *engine;
	struct source *source;
	const struct run_options *options;
	struct run_result *result;
	struct steps steps;
	int64_t end_ns; /* monotonic; 0: no bound */
	bool over;      /* stop pumping: a bound or a signal */
	bool quit;      /* leave at once, without waiting for the screen */
};

static void take_signal(struct run *r)
{
	struct signalfd_siginfo info;

	if (r->options->signal_fd < 0)
		return;
	while (read(r->options->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
		if (info.ssi_signo == SIGHUP)
			r->result->hung_up = true;
		else if (info.ssi_signo == SIGINT || info.ssi_signo == SIGTERM || info.ssi_signo == SIGQUIT)
			r->result->interrupted = true;
		else
			continue;
		r->over = r->quit = true;
	}
}

static void tell_steps(struct run *r)
{
	struct source_note n;

	if (r->options->note && r->source->live && steps_look(&r->steps, &n))
		r->options->note(r->options->note_arg, &n);
}

static void look(struct run *r)
{
	take_signal(r);
	tell_steps(r);
	if (r->end_ns && clock_monotonic_ns() >= r->end_ns)
		r->over = true;
	if (r->options->screen && exchange_quitting(r->options->screen))
		r->over = r->quit = true;
}

static void tell_notes(struct run *r)
{
	struct source_note n;

	while (r->options->note && r->source->note && r->source->note(r->source, &n))
		r->options->note(r->options->note_arg, &n);
}

static void serve(struct run *r, bool ended)
{
	if (r->options->screen)
		exchange_serve(r->options->screen, r->engine, r->source, ended);
}

/* How long poll() may sleep, in ms; -1: for ever. */
static int patience(const struct run *r, bool ended)
{
	int64_t left;
	int ms = r->source->live && !ended ? RUN_TICK_MS : -1;

	if (r->end_ns && !ended) {
		left = (r->end_ns - clock_monotonic_ns() + CLOCK_MS - 1) / CLOCK_MS;
		if (left < 0)
			left = 0;
		if (ms < 0 || left < ms)
			ms = left < 60000 ? (int)left : 60000;
	}
	return ms;
}

static void wait_for_something(struct run *r, bool ended)
{
	struct pollfd fds[3] = {
		{.fd = ended ? -1 : r->source->fd, .events = POLLIN},
		{.fd = r->options->screen ? exchange_query_fd(r->options->screen) : -1, .events = POLLIN},
		{.fd = r->options->signal_fd, .events = POLLIN},
	};

	(void)poll(fds, 3, patience(r, ended));
}

static unsigned batch_size(const struct run *r)
{
	uint64_t left;

	if (!r->options->max_packets)
		return SOURCE_BATCH;
	left = r->options->max_packets - engine_totals(r->engine)->packets;
	return left < SOURCE_BATCH ? (unsigned)left : SOURCE_BATCH;
}

static int pump(struct run *r)
{
	struct frame frames[SOURCE_BATCH];
	unsigned turn = 0;

	while (!r->over) {
		unsigned n = batch_size(r);
		int got;

		if (n == 0)
			return 0;
		got = r->source->next_batch(r->source, frames, n);
		tell_notes(r);
		if (got == -ENODATA)
			return 0;
		if (got < 0)
			return got;
		if (got > 0) {
			int err = engine_batch(r->engine, frames, (unsigned)got);

			if (err) {
				r->result->observer_stopped = true;
				r->result->observer_error = err;
				return 0;
			}
			if (r->options->screen)
				exchange_dirty(r->options->screen);
		}
		serve(r, false);
		if (got == 0 || ++turn % RUN_LOOK == 0)
			look(r);
		/* A file returns nothing now and then, so that others get a turn. */
		if (got == 0 && !r->over && r->source->fd >= 0) {
			wait_for_something(r, false);
			if (r->source->live)
				engine_tick(r->engine, clock_wall_ns());
			look(r);
		}
	}
	return 0;
}

/* A file that was cut or damaged, an interface that vanished. */
static bool incomplete(struct run *r, int pumped)
{
	struct source_stats s;
	bool to_the_end = !r->over && !r->result->observer_stopped && !r->options->max_packets;

	if (pumped < 0)
		return true;
	for (unsigned i = 0; r->source->stats(r->source, i, &s); i++)
		if (s.damaged || (!r->source->live && !s.complete && to_the_end))
			return true;
	return false;
}

/* What all sources say that they lost. */
static uint64_t capture_lost(struct source *s)
{
	struct source_stats stats;
	uint64_t lost = 0;

	for (unsigned i = 0; s->stats(s, i, &stats); i++)
		lost += stats.drops_known ? stats.drops : 0;
	return lost;
}

int run_loop(struct engine *e, struct source *s, const struct run_options *o, struct run_result *out,
	     struct error *err)
{
	struct run r = {.engine = e, .source = s, .options = o, .result = out};
	int pumped, ended;

	struct source_stats stats;

	*out = (struct run_result){0};
	if (o->duration_ns)
		r.end_ns = clock_monotonic_ns() + o->duration_ns;
	pumped = pump(&r);
	if (pumped == -EPROTO && engine_totals(e)->packets == 0 && s->stats(s, 0, &stats)) {
		if (o->screen)
			exchange_quit(o->screen);
		return error_set(err, EPROTO, "%s", stats.problem); /* a pipe that is no capture */
	}
	out->incomplete = incomplete(&r, pumped);
	if (!out->observer_stopped) {
		engine_capture_lost(e, capture_lost(s));
		ended = engine_end(e, o->keep_flows);
		if (ended) {
			out->observer_stopped = true;
			out->observer_error = ended;
		}
	}
	if (o->screen)
		exchange_dirty(o->screen);
	while (o->screen && o->keep_flows && !r.quit) {
		serve(&r, true);
		look(&r);
		if (!r.quit) {
			wait_for_something(&r, true);
			look(&r);
		}
	}
	if (o->screen)
		exchange_quit(o->screen);
	return 0;
}
