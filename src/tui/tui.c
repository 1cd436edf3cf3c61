/* The loop: a key, an answer or a while; then draw.
 *
 * A key is answered at once. One that was typed before the answer to the key before
 * it came is kept until then (for a moment: no answer holds the keys): it is meant
 * for the screen that comes, as Enter is for the row that j leads to. Nothing is drawn where nothing changed. The first
 * change after a quiet time is asked for and drawn immediately, and a trickle
 * of packets nearly so; under load data draws ten frames a second. An answer that was
 * dear makes the next one wait longer, so that the screen of a huge table
 * never takes more than an eighth of the engine's time.
 */
#include "sockeye/tui.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "config.h"
#include "headless.h"
#include "look.h"
#include "sockeye/clock.h"
#include "sockeye/thread.h"
#include "display.h"

enum {
	FRAME_NS = 100 * CLOCK_MS, /* between frames under load */
	TRICKLE_NS = 20 * CLOCK_MS, /* where little comes: a handshake is seen as it comes */
	TRICKLE = 64,              /* packets between two answers */
	COST_FACTOR = 8,
	EMPTY_READS = 8,
	PASTE_MAX = 4096,          /* characters of pasted text that count */
	PASTE_NS = 500 * CLOCK_MS, /* and then, silent for so long, it is over even without its end */
	KEPT_NS = 300 * CLOCK_MS,  /* that a key waits for the answer to the one before */
	STUCK_MS = 300,            /* after a signal, for a terminal that takes nothing */
};

struct pump {
	struct engine *engine;
	struct source *source;
	struct run_options run;
	struct run_result *result;
	struct error err;
	int status;
	int closed_fd; /* readable once the terminal is restored */
};

struct tui {
	struct look look;
	struct canvas canvas;
	struct answer *answer;
	struct display *display;
	struct exchange *exchange;
	int signal_fd;
	char *interfaces;  /* lines */
	char rights[1024];
	bool mouse;        /* as the terminal was told */
	enum theme theme;
	bool trickle;      /* few packets between the last two answers */
	bool outstanding;  /* a query is under way */
	bool want;         /* the screen needs another answer */
	bool key_asked;    /* and a key is why, also of the query under way */
	uint32_t last_key, kept; /* the one before; the one that waits for its answer, or 0 */
	int64_t kept_ns;
	bool draw;
	bool leave;
	bool gone;         /* the terminal is: as if SIGHUP had come, which may be ignored or late */
	int64_t asked_ns;
	unsigned empty_reads; /* readable, but no key: the terminal is gone */
	bool pasting;
	unsigned pasted;
	int64_t pasted_ns;
};

/* Stopped output (^S, a reader that stands still) holds the screen inside its
 * write. A signal must end us all the same: what the terminal has not taken is
 * thrown away, until the screen is closed. */
static void pump_unblock(const struct pump *p)
{
	struct pollfd closed = {.fd = p->closed_fd, .events = POLLIN};
	int r;

	while ((r = poll(&closed, 1, STUCK_MS)) == 0 || (r < 0 && errno == EINTR))
		display_discard();
}

static void *pump_run(void *arg)
{
	struct pump *p = arg;

	p->status = run_loop(p->engine, p->source, &p->run, p->result, &p->err);
	exchange_quit(p->run.screen);
	if (p->result->interrupted || p->result->hung_up)
		pump_unblock(p);
	return NULL;
}

static void tui_resize(struct tui *t)
{
	unsigned width, height;

	display_size(t->display, &width, &height);
	if (width == t->canvas.width && height == t->canvas.height)
		return;
	if (!canvas_resize(&t->canvas, width, height))
		t->leave = true;
	t->draw = true;
	t->want = t->want || !(t->look.paused && t->look.screen == SCREEN_CONNECTIONS); /* its answer is kept */
}

static void tui_signals(struct tui *t)
{
	struct signalfd_siginfo info;

	while (read(t->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
		if (info.ssi_signo == SIGTSTP)
			display_suspend(t->display);
		if (info.ssi_signo != SIGWINCH)
			t->draw = true;
	}
	tui_resize(t);
}

/* Pasted text is text: characters for an open prompt, and never a command. */
static bool tui_is_key(struct tui *t, uint32_t key)
{
	int64_t now = clock_monotonic_ns();

	if (key == KEY_PASTE || key == KEY_PASTE_END || (t->pasting && now - t->pasted_ns > PASTE_NS)) {
		t->pasting = key == KEY_PASTE;
		t->pasted = 0;
		t->pasted_ns = now;
		return key != KEY_NONE_YET && (key < KEY_PASTE || key > KEY_PASTE_END);
	}
	if (!t->pasting)
		return key != KEY_NONE_YET;
	t->pasted_ns = now;
	return t->look.prompting && key >= KEY_BLANK && key < KEY_NONE_YET && t->pasted++ < PASTE_MAX;
}

/* What a key may have set, and others must know. */
static void tui_settings(struct tui *t)
{
	if (t->look.mouse != t->mouse)
		display_mouse(t->display, t->mouse = t->look.mouse);
	if (t->look.theme != t->theme) {
		display_theme(t->display, t->theme = t->look.theme);
		t->draw = true;
	}
	if (t->look.capture_filter_wanted)
		exchange_capture_filter(t->exchange, t->look.capture_filter);
	t->look.capture_filter_wanted = false;
	if (t->look.interface_wanted[0] == '\0')
		return;
	if (t->look.interface_off ? exchange_take_off_interface(t->exchange, t->look.interface_wanted)
				  : exchange_add_interface(t->exchange, t->look.interface_wanted))
		t->look.interface_wanted[0] = '\0'; /* else it waits for room there */
}

/* Whether a key must wait for the screen it is meant for. Text that is typed need
 * not, nor a held arrow: steps add up; what goes on behind an open prompt must. */
static bool tui_key_waits(const struct tui *t, uint32_t key)
{
	bool step = key == KEY_ARROW_DOWN || key == KEY_ARROW_UP || key == 'j' || key == 'k';

	return t->key_asked && !(step && key == t->last_key) && (!t->look.prompting || key == KEY_RETURN || !prompt_takes(key));
}

/* The next key that may be acted on now, or 0. */
static uint32_t tui_next_key(struct tui *t, bool *any)
{
	uint32_t key = t->kept;
	int64_t now = clock_monotonic_ns();

	if (key != 0 && t->key_asked && now - t->kept_ns < KEPT_NS)
		return 0;
	t->kept = 0;
	while (key == 0 && (key = display_key(t->display)) != 0) {
		*any = true;
		if (!tui_is_key(t, key)) {
			key = 0;
		} else if (tui_key_waits(t, key)) {
			t->kept = key;
			t->kept_ns = now;
			return 0;
		}
	}
	return t->last_key = key;
}

static void tui_keys(struct tui *t)
{
	/* Bytes that make no character are read, too; those behind a kept key are not. */
	bool any = t->kept != 0 || display_bytes(t->display);
	uint32_t key;

	while (!t->leave && (key = tui_next_key(t, &any)) != 0) {
		/* It is meant for the window as it is now: of one too small most keys are not taken. */
		tui_resize(t);
		switch (look_key(&t->look, key, t->answer, t->canvas.width, t->canvas.height,
				 clock_monotonic_ns())) {
		case REACT_ASK:
			t->want = t->key_asked = true;
			t->draw = true;
			break;
		case REACT_DRAW:
			t->draw = true;
			break;
		case REACT_REPAINT:
			display_repaint(t->display);
			t->draw = true;
			break;
		case REACT_SUSPEND:
			display_suspend(t->display);
			t->draw = true;
			break;
		case REACT_QUIT:
			t->leave = true;
			break;
		case REACT_NOTHING:
			break;
		}
		tui_settings(t);
	}
	t->empty_reads = any ? 0 : t->empty_reads + 1;
	if (t->empty_reads > EMPTY_READS)
		t->leave = t->gone = true;
}

static void tui_answer(struct tui *t)
{
	uint64_t before = t->answer->totals.packets;
	struct save_answer saved;

	if (exchange_saved(t->exchange, &saved)) {
		look_saved(&t->look, &saved);
		t->draw = true;
	}
	if (!exchange_take(t->exchange, t->answer))
		return; /* only news that there is news */
	t->trickle = t->answer->totals.packets - before <= TRICKLE;
	t->outstanding = false;
	look_answered(&t->look, t->answer);
	t->draw = true;
	t->want = t->want || t->look.again;
	t->key_asked = t->key_asked && t->want;
}

/* Ask if something calls for it; else say how long to sleep, in ns, -1: until
 * something happens. */
static int64_t tui_ask(struct tui *t, int64_t now_ns)
{
	int64_t pace = t->answer->cost_ns * COST_FACTOR, least = t->trickle ? TRICKLE_NS : FRAME_NS, left;
	struct query q;

	if (t->outstanding)
		return -1;
	if (!t->want) {
		if (t->look.paused || !exchange_changed(t->exchange))
			return -1;
		left = t->asked_ns + (pace > least ? pace : least) - now_ns;
		if (left > 0)
			return left;
	}
	look_ask(&t->look, t->answer, t->canvas.width, t->canvas.height, now_ns, &q);
	look_asked(&t->look);
	t->want = false;
	t->outstanding = true;
	t->asked_ns = now_ns;
	exchange_post(t->exchange, &q);
	return -1;
}

/* The clock of a live run: a frame a second; speeds fall to zero and new rows
 * become ordinary ones. */
static int64_t tui_tick(struct tui *t, int64_t now_ns)
{
	int64_t left;

	if (!t->look.live || t->answer->ended)
		return -1;
	left = CLOCK_S - (now_ns - t->look.started_ns) % CLOCK_S;
	if ((now_ns - t->look.started_ns) / CLOCK_S != (t->look.clock_ns - t->look.started_ns) / CLOCK_S) {
		t->look.clock_ns = now_ns;
		t->draw = true;
		if (!t->look.paused && (t->answer->replay || (t->look.rate_known && t->look.packets_s > 0) ||
					look_fades(t->answer)))
			t->want = true;
	}
	return left;
}

static void tui_loop(struct tui *t)
{
	struct host_live *kernel = t->look.sockets.live;
	struct pollfd fds[4] = {
		{.fd = display_fd(t->display), .events = POLLIN},
		{.fd = exchange_answer_fd(t->exchange), .events = POLLIN},
		{.fd = t->signal_fd, .events = POLLIN},
		{.fd = -1, .events = POLLIN}, /* of the kernel's side, while its screen is shown */
	};

	t->want = t->draw = true;
	while (!t->leave && !exchange_quitting(t->exchange)) {
		int64_t now = clock_monotonic_ns(), tick = tui_tick(t, now), wait = tui_ask(t, now);

		if (t->look.save.wanted) {
			save_posted(&t->look, exchange_save(t->exchange, &t->look.save.query));
			t->draw = true;
		}
		if (t->draw) {
			(void)sockets_turn(&t->look);
			look_draw(&t->look, t->answer, &t->canvas);
			display_show(t->display, &t->canvas);
			t->draw = false;
		}
		if (wait < 0 || (tick >= 0 && tick < wait))
			wait = tick;
		if (t->kept != 0 && (wait < 0 || wait > KEPT_NS))
			wait = KEPT_NS;
		fds[0].events = t->kept != 0 ? 0 : POLLIN;
		fds[3].fd = kernel && t->look.screen == SCREEN_SOCKETS ? host_live_news_fd(kernel) : -1;
		if (poll(fds, 4, wait < 0 ? -1 : (int)((wait + CLOCK_MS - 1) / CLOCK_MS)) < 0 && errno != EINTR)
			break;
		if (fds[2].revents & POLLIN)
			tui_signals(t);
		if (fds[0].revents & POLLIN)
			tui_keys(t);
		if (fds[0].revents & (POLLHUP | POLLERR | POLLNVAL)) {
			t->gone = true;
			break;
		}
		if (fds[1].revents & POLLIN)
			tui_answer(t);
		if (fds[3].revents & POLLIN) {
			host_live_news_seen(kernel);
			t->draw = true;
		}
		if (t->kept != 0)
			tui_keys(t);
	}
}

static void tui_interface(void *arg, const char *text)
{
	struct text *t = arg;

	text_put(t, text);
	text_char(t, '\n');
}

/* Lines of the interfaces, while they can be asked for. */
static void tui_interfaces(struct tui *t)
{
	const size_t room = 16384;
	struct error none = {""};
	struct text lines;

	t->interfaces = malloc(room);
	if (t->interfaces == NULL)
		return;
	text_init(&lines, t->interfaces, room);
	(void)source_list_interfaces(tui_interface, &lines, &none);
	t->look.interfaces = t->interfaces;
}

/* The look, as options and configuration have it. */
static int tui_look(struct tui *t, const struct tui_options *o, struct source *s, struct error *err)
{
	struct text line;

	look_init(&t->look, s->live, o->title, o->filter);
	t->look.started_ns = t->look.clock_ns = clock_monotonic_ns();
	text_init(&line, t->look.capture_filter, sizeof t->look.capture_filter);
	text_put(&line, o->capture_filter != NULL ? o->capture_filter : "");
	if (s->live)
		tui_interfaces(t);
	return config_begin(&t->look, o, err);
}

static int tui_open(struct tui *t, const struct tui_options *o, struct source *s, struct error *err)
{
	sigset_t signals;
	int failed;

	sigemptyset(&signals);
	sigaddset(&signals, SIGWINCH);
	sigaddset(&signals, SIGTSTP);
	sigaddset(&signals, SIGCONT);
	t->answer = calloc(1, sizeof *t->answer);
	if (t->answer == NULL)
		return error_set(err, ENOMEM, "no memory for the screen");
	t->answer->live = s->live;
	t->answer->replay = s->replay;
	failed = exchange_open(&t->exchange, err);
	if (failed != 0)
		return failed;
	exchange_add_with(t->exchange, o->add_interface, o->took_off, o->add_arg);
	t->signal_fd = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
	if (t->signal_fd < 0)
		return error_set(err, errno, "no descriptor for signals: %s", strerror(errno));
	failed = tui_look(t, o, s, err);
	if (failed == 0)
		failed = display_open(&t->display, o, err);
	if (failed != 0)
		return failed;
	t->canvas.ascii = display_ascii(t->display);
	tui_settings(t);
	tui_resize(t);
	return 0;
}

static void tui_close(struct tui *t)
{
	display_close(t->display);
	save_drop(&t->look);
	canvas_release(&t->canvas);
	if (t->signal_fd >= 0)
		close(t->signal_fd);
	exchange_free(t->exchange);
	look_release(&t->look);
	if (t->look.config_fd >= 0)
		close(t->look.config_fd);
	free(t->interfaces);
	free(t->answer);
}

static int tui_ready(const struct tui_options *o, struct error *err)
{
	return o->ready ? o->ready(o->ready_arg, err) : 0;
}

static void tui_kernel(struct look *l, const struct tui_options *o)
{
	l->sockets.self = (int32_t)getpid();
	if (o->kernel)
		l->sockets.live = o->kernel(o->kernel_arg, &l->sockets.missing);
}

static void tui_rights(struct tui *t, const struct tui_options *o)
{
	struct text lines;

	text_init(&lines, t->rights, sizeof t->rights);
	if (o->rights)
		o->rights(o->rights_arg, &lines);
	t->look.rights = t->rights;
}

static int tui_run_headless(const struct tui_options *o, struct engine *e, struct source *s,
			    const struct run_options *run, struct run_result *result, struct error *err)
{
	struct run_options all = *run;
	struct headless_files files = {.text = NULL};
	int status = headless_open(&files, o, s, err);

	all.screen = NULL;
	all.keep_flows = true;
	if (status == 0)
		status = tui_ready(o, err);
	if (status == 0)
		tui_kernel(files.look, o);
	if (status == 0)
		status = run_loop(e, s, &all, result, err);
	if (status == 0)
		status = headless_run(o, &files, e, s, run, result, err);
	headless_close(&files);
	return status;
}

int tui_run(const struct tui_options *o, struct engine *e, struct source *s, const struct run_options *run,
	    struct run_result *result, struct error *err)
{
	struct tui t = {.signal_fd = -1, .look.config_fd = -1};
	struct pump pump = {.engine = e, .source = s, .run = *run, .result = result, .closed_fd = -1};
	pthread_t thread;
	int failed;

	memset(result, 0, sizeof *result);
	if (o->headless)
		return tui_run_headless(o, e, s, run, result, err);
	failed = tui_open(&t, o, s, err);
	if (failed == 0) {
		pump.closed_fd = eventfd(0, EFD_CLOEXEC);
		if (pump.closed_fd < 0)
			failed = error_set(err, errno, "no descriptor for the screen: %s", strerror(errno));
	}
	if (failed == 0) {
		thread_short_turns(); /* the engine's thread starts later */
		failed = tui_ready(o, err);
	}
	if (failed == 0) {
		tui_rights(&t, o);
		tui_kernel(&t.look, o);
		pump.run.screen = t.exchange;
		pump.run.keep_flows = true;
		failed = -pthread_create(&thread, NULL, pump_run, &pump);
		if (failed == 0) {
			tui_loop(&t);
			exchange_quit(t.exchange);
			display_close(t.display);
			t.display = NULL;
			(void)eventfd_write(pump.closed_fd, 1);
			pthread_join(thread, NULL);
			failed = pump.status;
			result->hung_up = result->hung_up || t.gone;
			if (failed != 0 && err != NULL)
				*err = pump.err;
		} else {
			failed = error_set(err, -failed, "cannot start the engine's thread: %s", strerror(-failed));
		}
	}
	tui_close(&t);
	if (pump.closed_fd >= 0)
		close(pump.closed_fd);
	return failed;
}
