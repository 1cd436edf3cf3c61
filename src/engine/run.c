/* The run: the one place that waits. It pumps frames from the source into the
 * engine, serves the screen between batches, and ends on the end of input, a
 * bound, a signal, or an observer that cannot write any more. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "pipeline.h"
#include "sockeye/clock.h"
#include "sockeye/engine.h"
#include "sockeye/text.h"

enum {
	RUN_LOOK = 1024,   /* packets between two looks at signals and the clock */
	RUN_MANY = 128,    /* packets between two waits, from which on they are fetched together, later */
	RUN_BEHIND = 8192, /* packets at most that a question waits for, so that its answer has what had come before it */
	RUN_TICK_MS = 100, /* live: time goes on at least that often */
	RUN_QUIET_MS = 250, /* and where nothing has come for the last second */
	RUN_QUIET_TICKS = 10,
	RUN_GO_ON_NS = CLOCK_MS, RUN_GO_ON_ENDED_NS = 20 * CLOCK_MS, /* for answers that take long */
	RUN_AHEAD_NS = 4 * CLOCK_MS, /* to get ready for a question: so long one may have to wait */
	RUN_AHEAD_TICKS = 2, /* a file that may grow: nothing has come for so long */
	RUN_WRITE_MS = 200, /* a pipe that says nothing: what waits to be written */
};

struct run {
	struct engine *engine;
	struct source *source;
	const struct run_options *options;
	struct run_result *result;
	int64_t end_ns; /* monotonic; 0: no bound */
	struct writer *writer; /* NULL once it has ended */
	bool over;      /* stop pumping: a bound or a signal */
	bool quit;      /* leave at once, without waiting for the screen */
	int other_fd;   /* of the options, until it has hung up */
	unsigned quiet_ticks; /* since something came */
	int64_t ticked_ns;    /* monotonic: live, time went on last */
	unsigned fetched;     /* packets since the last wait */
	bool behind;          /* a question ended a rest: packets have come before it */
};

static void tell_counters(const struct run *r)
{
	if (r->options->counters)
		r->options->counters(r->options->counters_arg, r->result->packets);
}

static void take_signal(struct run *r)
{
	struct signalfd_siginfo info;

	if (r->options->signal_fd < 0)
		return;
	while (read(r->options->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
		if (info.ssi_signo == SIGHUP)
			r->result->hung_up = true;
		else if (info.ssi_signo == SIGUSR1)
			tell_counters(r);
		else if (info.ssi_signo == SIGINT || info.ssi_signo == SIGTERM || info.ssi_signo == SIGQUIT)
			r->result->interrupted = true;
		if (r->result->hung_up || r->result->interrupted)
			r->over = r->quit = true;
	}
}

bool run_signalled(const struct run_options *o, struct run_result *out)
{
	struct run r = {.options = o, .result = out};

	take_signal(&r);
	return r.quit;
}

/* ---- writing ---------------------------------------------------------------- */

/* What the writer answered. It has ended where that is not 0; the rest goes on
 * unless there is no rest. */
static void written(struct run *r, int rc, const struct error *e)
{
	if (rc == 0)
		return;
	r->writer = NULL;
	if (rc == WRITER_FULL) {
		r->over = true;
		return;
	}
	if (r->options->only_write)
		r->over = r->quit = true;
	if (rc == -EPIPE && r->options->only_write)
		return; /* who reads has had enough */
	if (rc != -EPIPE) {
		r->result->writer_error = rc;
		r->result->writer_problem = *e;
	}
	if (r->options->screen)
		exchange_trouble(r->options->screen, e->text);
	if (r->options->complain)
		r->options->complain(r->options->complain_arg, e->text);
}

static void write_batch(struct run *r, const struct frame *f, unsigned n)
{
	struct error e = {""};

	if (r->writer)
		written(r, writer_batch(r->writer, f, n, &e), &e);
}

static void write_tick(struct run *r)
{
	struct error e = {""};

	if (r->writer)
		written(r, writer_tick(r->writer, &e), &e);
}

static void write_end(struct run *r)
{
	struct error e = {""};

	if (r->writer)
		written(r, writer_finish(r->writer, &e), &e);
	r->writer = NULL;
}

/* A pipe that is written to is full: must the run end now? */
static bool run_must_end(void *arg)
{
	struct run *r = arg;

	take_signal(r);
	return r->quit || (r->options->screen && exchange_quitting(r->options->screen));
}

/* ---- the pump ------------------------------------------------------------------ */

static void tell_note(const struct run *r, const struct source_note *n)
{
	if (r->options->note)
		r->options->note(r->options->note_arg, n);
	if (r->options->screen)
		exchange_note(r->options->screen, n);
}

static void look_other(struct run *r)
{
	struct pollfd p = {.fd = r->other_fd, .events = 0};
	struct source_note n;
	struct error e;
	struct text t;

	if (r->other_fd < 0 || poll(&p, 1, 0) <= 0)
		return;
	r->other_fd = -1;
	if (r->options->other(r->options->other_arg, &e)) {
		n.ts_ns = clock_wall_ns();
		text_init(&t, n.text, sizeof n.text);
		text_put(&t, e.text);
		tell_note(r, &n);
	}
}

/* What no descriptor tells. */
static void look_about(struct run *r)
{
	write_tick(r);
	if (r->end_ns && clock_monotonic_ns() >= r->end_ns)
		r->over = true;
	if (r->options->screen && exchange_quitting(r->options->screen))
		r->over = r->quit = true;
}

static void look(struct run *r)
{
	take_signal(r);
	look_other(r);
	look_about(r);
}

static void tell_notes(struct run *r)
{
	struct source_note n;

	while (r->source->note && r->source->note(r->source, &n))
		tell_note(r, &n);
}

static void serve(struct run *r, bool ended)
{
	if (r->options->screen)
		exchange_serve(r->options->screen, r->engine, r->source, ended);
}

/* What the last answer left undone, for a while. */
static void go_on(struct run *r, int64_t ns)
{
	if (!r->options->screen || !engine_unfinished(r->engine))
		return;
	engine_go_on(r->engine, ns);
	exchange_dirty(r->options->screen);
}

/* Is there something to be done for questions that may come? Not while packets come: they would change it again. */
static bool has_to_get_ready(const struct run *r)
{
	return r->options->screen && !exchange_going_on(r->options->screen) && !engine_unfinished(r->engine) &&
	       !engine_is_ahead(r->engine);
}

static bool is_calm(const struct run *r, bool ended)
{
	return ended || r->quiet_ticks >= (r->source->live ? RUN_QUIET_TICKS : RUN_AHEAD_TICKS);
}

static void get_ready(struct run *r, bool ended)
{
	if (!is_calm(r, ended) || !has_to_get_ready(r))
		return;
	engine_ahead(r->engine, ended, RUN_AHEAD_NS);
	if (engine_is_ahead(r->engine))
		exchange_dirty(r->options->screen); /* it tells what memory is used */
}

/* How long poll() may sleep, in ms; -1: for ever. */
static int patience(const struct run *r, bool ended)
{
	int64_t left;
	int ms = !r->source->live || ended ? -1 : r->quiet_ticks < RUN_QUIET_TICKS || r->source->replay ? RUN_TICK_MS : RUN_QUIET_MS;

	if (r->options->screen && (engine_unfinished(r->engine) || exchange_going_on(r->options->screen)))
		return 0;
	if (has_to_get_ready(r) && (ms < 0 || is_calm(r, ended)))
		ms = is_calm(r, ended) ? 0 : RUN_TICK_MS;
	else if (r->source->ask_ms > 0 && !ended)
		ms = r->source->ask_ms;
	if (ms < 0 && !ended && r->writer && writer_waiting(r->writer))
		ms = RUN_WRITE_MS;
	if (r->end_ns && !ended) {
		left = (r->end_ns - clock_monotonic_ns() + CLOCK_MS - 1) / CLOCK_MS;
		if (left < 0)
			left = 0;
		if (ms < 0 || left < ms)
			ms = left < 60000 ? (int)left : 60000;
	}
	return ms;
}

/* What the kernel's side has found meanwhile, which records and the screen tell. */
static void learn(struct run *r)
{
	if (engine_learn(r->engine) && r->options->screen)
		exchange_dirty(r->options->screen);
}

static int64_t time_of(struct source *s)
{
	return s->now ? s->now(s) : clock_wall_ns();
}

/* Live: time goes on, after a wait that came to its end, and now and then where packets end each: these move it
 * themselves. */
static void tick(struct run *r, bool waited)
{
	const int64_t now = clock_monotonic_ns();

	if (!r->source->live || (!waited && now - r->ticked_ns < RUN_TICK_MS * CLOCK_MS))
		return;
	r->ticked_ns = now;
	engine_tick(r->engine, time_of(r->source));
}

/* Many packets are fetched together: to wake up for each block of the ring costs as much as what is in it. Whoever asks
 * meanwhile is heard at once. What poll() says, 0: nothing but packets, perhaps. */
static int rest(struct run *r, struct pollfd *fds)
{
	const int source = fds[0].fd, most = patience(r, false);
	int ready, ms = r->source->rest_ms;

	if (!r->source->live || ms <= 0 || r->fetched < RUN_MANY || most == 0)
		return 0;
	fds[0].fd = -1;
	ready = poll(fds, 4, most > 0 && most < ms ? most : ms);
	fds[0].fd = source;
	fds[0].revents = 0;
	r->behind = ready > 0 && fds[1].revents;
	return ready;
}

/* Until something comes, or for as long as there is patience; and what came besides packets. Each wake-up costs its
 * system calls, so only who is ready is asked. */
static void wait_for_something(struct run *r, bool ended)
{
	struct pollfd fds[4] = {
		{.fd = ended ? -1 : r->source->fd, .events = POLLIN},
		{.fd = r->options->screen ? exchange_query_fd(r->options->screen) : -1, .events = POLLIN},
		{.fd = r->options->signal_fd, .events = POLLIN},
		{.fd = r->other_fd, .events = 0},
	};
	int ready = ended ? 0 : rest(r, fds);

	if (ready == 0)
		ready = poll(fds, 4, patience(r, ended));
	r->fetched = 0;
	if (ready == 0)
		get_ready(r, ended);
	if (ready == 0 && r->quiet_ticks < RUN_QUIET_TICKS)
		r->quiet_ticks++;
	if (ready > 0 && fds[2].revents)
		take_signal(r);
	if (ready > 0 && fds[3].revents)
		look_other(r);
	learn(r); /* before time goes on, which ends flows */
	if (!ended)
		tick(r, ready == 0);
	look_about(r);
}

static unsigned batch_size(const struct run *r)
{
	uint64_t left;

	if (!r->options->max_packets)
		return SOURCE_BATCH;
	left = r->options->max_packets - r->result->packets;
	return left < SOURCE_BATCH ? (unsigned)left : SOURCE_BATCH;
}

static int account(struct run *r, const struct frame *frames, unsigned n)
{
	struct ready *ready = pipeline_ready(r->source), *next;
	struct apart apart;

	if (!ready)
		return engine_batch(r->engine, frames, n);
	next = pipeline_next(r->source, 1);
	if (next)
		engine_expect(r->engine, next);
	apart = (struct apart){.later = pipeline_next(r->source, 2), .paid = pipeline_paid(r->source)};
	return engine_prepared(r->engine, frames, n, ready, &apart);
}

/* False: an observer has stopped the run. */
static bool hand_over(struct run *r, const struct frame *frames, unsigned n)
{
	int err = 0;

	r->result->packets += n;
	r->fetched += n;
	r->quiet_ticks = 0;
	write_batch(r, frames, n);
	if (!r->options->only_write)
		err = account(r, frames, n);
	if (err) {
		r->result->observer_stopped = true;
		r->result->observer_error = err;
		return false;
	}
	if (r->options->screen)
		exchange_dirty(r->options->screen);
	return true;
}

/* Live: what came in before the end is still reported, so that what is captured
 * and what is dropped add up. Nothing new comes in, so it ends. */
static void drain(struct run *r)
{
	struct frame frames[SOURCE_BATCH];
	struct pollfd fd = {.fd = r->source->fd, .events = POLLIN};
	unsigned n;

	if (!r->source->finish || !r->source->live || r->result->observer_stopped)
		return;
	r->source->finish(r->source);
	while ((n = batch_size(r)) > 0) {
		int got = r->source->next_batch(r->source, frames, n);

		tell_notes(r);
		if (got < 0 || (got > 0 && !hand_over(r, frames, (unsigned)got)))
			return;
		if (got == 0)
			(void)poll(&fd, 1, 1);
	}
}

static int pump(struct run *r)
{
	struct frame frames[SOURCE_BATCH];
	unsigned since = 0; /* packets since the last look */

	pipeline_lend(r->source);
	while (!r->over) {
		unsigned n = batch_size(r);
		bool waits, pause;
		int got;

		if (n == 0)
			return 0;
		got = r->source->next_batch(r->source, frames, n);
		learn(r);
		tell_notes(r);
		if (got == -ENODATA)
			return 0;
		if (got < 0)
			return got;
		if (got > 0 && !hand_over(r, pipeline_frames(r->source, frames), (unsigned)got))
			return 0;
		if (got == 0 || r->fetched >= RUN_BEHIND)
			r->behind = false;
		if (!r->behind)
			serve(r, false);
		/* A file returns nothing now and then, so that others get a turn. */
		waits = got == 0 && r->source->fd >= 0;
		since += (unsigned)got;
		pause = got == 0 || since >= RUN_LOOK;
		if (waits)
			look_about(r);
		else if (pause)
			look(r);
		if (pause) {
			go_on(r, RUN_GO_ON_NS);
			since = 0;
		}
		if (waits && !r->over)
			wait_for_something(r, false);
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
		if (s.damaged || s.gone || (!r->source->live && !s.complete && to_the_end))
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
	struct run r = {.engine = e, .source = s, .options = o, .result = out, .writer = o->writer};
	struct source_stats stats;
	int pumped, ended;

	*out = (struct run_result){0};
	r.other_fd = o->other ? o->other_fd : -1;
	if (o->duration_ns)
		r.end_ns = clock_monotonic_ns() + o->duration_ns;
	if (r.writer)
		writer_stop_when(r.writer, run_must_end, &r);
	pumped = pump(&r);
	if (r.over)
		drain(&r);
	write_end(&r);
	if (pumped == -EPROTO && out->packets == 0 && s->stats(s, 0, &stats)) {
		if (o->screen)
			exchange_quit(o->screen);
		return error_set(err, EPROTO, "%s", stats.problem); /* a pipe that is no capture */
	}
	out->incomplete = incomplete(&r, pumped);
	if (!out->observer_stopped) {
		learn(&r);
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
		learn(&r);
		serve(&r, true);
		go_on(&r, RUN_GO_ON_ENDED_NS);
		look_about(&r);
		if (!r.quit)
			wait_for_something(&r, true);
	}
	if (o->screen)
		exchange_quit(o->screen);
	return 0;
}
