/* sockeye: wires the rooms together, and is the only one that exits.
 *
 * Parse; keep a broker; open the source, the engine and the observer; give up all
 * rights; run; say what was not seen whole; end with the status that say.h names: 0 complete, 1 could not do
 * it, 2 usage, 3 incomplete, 129 hung up, 130 interrupted twice.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "actions.h"
#include "kernel.h"
#include "netns.h"
#include "opening.h"
#include "options.h"
#include "output.h"
#include "privileges.h"
#include "rights.h"
#include "say.h"
#include "signals.h"
#include "sockets.h"
#include "threads.h"
#include "sockeye/engine.h"
#include "sockeye/filter.h"
#include "sockeye/source.h"
#include "sockeye/text.h"
#include "sockeye/views.h"
#if SOCKEYE_TUI
#include "sockeye/tui.h"
#endif

static struct options options; /* large, and there is one */
static struct rights rights;
static struct kernel kernel;
static struct filter *display_filter; /* -Y, compiled */

/* ---- what views may ask of the source -------------------------------------- */

/* Only the end of the run knows the problem's text for good; it stays valid
 * until the next question. */
static bool ask_source(void *arg, unsigned index, struct views_source *out)
{
	static struct source_stats stats;
	struct source *s = arg;

	if (!s->stats(s, index, &stats))
		return false;
	*out = (struct views_source){
		.name = stats.name,
		.format = stats.format,
		.compression = stats.compression,
		.bytes = stats.bytes,
		.file_bytes = stats.bytes_read,
		.frames = stats.frames,
		.filtered = stats.filtered,
		.damaged = stats.damaged,
		.drops = stats.drops,
		.drops_known = stats.drops_known,
		.complete = stats.complete,
		.problem = stats.problem,
	};
	return true;
}

static const char *ask_interface(void *arg, unsigned source, unsigned interface)
{
	struct source *s = arg;

	return s->interface ? s->interface(s, source, interface) : NULL;
}

static bool ask_fine(void *arg)
{
	struct source *s = arg;
	struct source_stats stats;

	for (unsigned i = 0; s->stats(s, i, &stats); i++)
		if (stats.fine)
			return true;
	return false;
}

/* What the engine may hold beside decompressing. */
static size_t engine_share(struct source *s)
{
	struct source_stats stats;
	size_t memory = options.memory - kernel_share(&options);

	for (unsigned i = 0; s->stats(s, i, &stats); i++)
		memory = memory > stats.held ? memory - stats.held : 0;
	return memory > ENGINE_MEMORY_MIN ? memory : ENGINE_MEMORY_MIN;
}

/* ---- the view ------------------------------------------------------------ */

static int open_view(struct engine *engine, struct source *source, struct error *e)
{
	static const enum view_kind kinds[OPTIONS_VIEWS] = {
		[OPTIONS_PACKETS] = VIEW_PACKETS,
		[OPTIONS_HANDSHAKES] = VIEW_HANDSHAKES,
		[OPTIONS_CONNECTIONS] = VIEW_CONNECTIONS,
		[OPTIONS_REPORT] = VIEW_REPORT,
	};
	static const enum view_format formats[OPTIONS_FORMATS] = {
		[OPTIONS_TEXT] = VIEW_TEXT, [OPTIONS_JSON] = VIEW_JSON,
		[OPTIONS_CSV] = VIEW_CSV, [OPTIONS_TSV] = VIEW_TSV, [OPTIONS_ZEEK] = VIEW_ZEEK,
	};
	struct views_options o = {
		.view = kinds[options.view],
		.format = formats[options.format],
		.fd = STDOUT_FILENO,
		.live = source->live && !source->replay, /* the files say how fine their times are */
		/* A pipe may be somebody's live capture; a file that is read ahead is none. */
		.flush = (source->fd >= 0 && source->ask_ms == 0) || options.line_buffered || options.packet_buffered,
		.ascii = options.ascii,
		.absolute = options.absolute,
		.verbose = options.verbose,
		.time = (enum view_time)options.times,
		.bytes = options.hex_ascii ? VIEW_HEX_ASCII : options.hex ? VIEW_HEX : options.bytes ? VIEW_ASCII
												     : VIEW_NO_BYTES,
		.bytes_of_link = (options.hex_ascii ? options.hex_ascii : options.hex ? options.hex : options.bytes) > 1,
		.link = options.link,
		.quiet = options.quiet,
		.number = options.number,
		.filter = display_filter,
		.filter_text = options.display_filter,
		.sources = {.source = ask_source, .interface = ask_interface, .fine = ask_fine, .arg = source},
	};
	struct observer observer;
	int r = views_open(&observer, &o, e);

	if (r < 0)
		return r;
	r = engine_observe(engine, &observer);
	if (r < 0) {
		observer.close(observer.self);
		return error_set(e, r, "too many outputs");
	}
	return 0;
}

/* What happened to the capture, as it happens. */
static void tell_note(void *arg, const struct source_note *n)
{
	(void)arg;
	say("%s", n->text);
}

static void tell_trouble(void *arg, const char *sentence)
{
	(void)arg;
	say("%s", sentence);
}

/* ---- rights ------------------------------------------------------------------ */

static int give_up_rights(void *arg, struct error *e)
{
	int r = rights_drop(&rights, e);

	(void)arg;
	if (r == 0) {
		source_close_names();
		kernel_start(&kernel);
	}
	return r;
}

#if SOCKEYE_TUI
static struct host_live *kernel_side(void *arg, const char **why)
{
	(void)arg;
	*why = kernel.missing.text;
	return kernel.live;
}

/* For the help page. */
static void rights_left(void *arg, struct text *t)
{
	(void)arg;
	rights_lines(&rights, t);
}
#endif

static bool tell_lost(void *arg, struct error *e)
{
	(void)arg;
	return rights_lost(&rights, e);
}

/* ---- the run ------------------------------------------------------------------------ */

struct run_world {
	struct engine *engine;
	struct source *source;
	struct writer *writer; /* or NULL */
};

/* As tcpdump has them at the end of a live run, and on SIGUSR1. */
static void print_totals(void *arg, uint64_t packets)
{
	const struct run_world *w = arg;
	const struct totals *t = engine_totals(w->engine);
	struct source_stats stats;
	struct writer_stats written;
	uint64_t drops = 0;
	bool known = false;

	for (unsigned i = 0; w->source->stats(w->source, i, &stats); i++) {
		known = known || stats.drops_known;
		drops += stats.drops_known ? stats.drops : 0;
	}
	fprintf(stderr, "%llu packets captured\n", (unsigned long long)packets);
	if (known)
		fprintf(stderr, "%llu packets dropped by kernel\n", (unsigned long long)drops);
	if (w->writer) {
		writer_get_stats(w->writer, &written);
		fprintf(stderr, "%llu packets written\n", (unsigned long long)written.frames);
	}
	if (t->flows_evicted > 0)
		fprintf(stderr, "%llu flows forgotten\n", (unsigned long long)t->flows_evicted);
	if (t->flows_unjudged > 0)
		fprintf(stderr, "%llu flows without verdicts\n", (unsigned long long)t->flows_unjudged);
	if (kernel.live && host_live_lost(kernel.live) > 0) /* their connections may have no owner */
		fprintf(stderr, "%llu findings about sockets lost\n", (unsigned long long)host_live_lost(kernel.live));
}

/* On SIGUSR1; not into the screen. */
static void tell_counters(void *arg, uint64_t packets)
{
	if (options.view != OPTIONS_WATCH || !isatty(STDERR_FILENO))
		print_totals(arg, packets);
}

/* Live, on a terminal: that it has begun, as tcpdump says it. */
static void tell_listening(void)
{
	char names[400];
	struct text t;

	if (!isatty(STDERR_FILENO))
		return;
	text_init(&t, names, sizeof names);
	for (unsigned i = 0; i < options.n_interfaces; i++) {
		text_put(&t, i ? ", " : "");
		text_foreign(&t, options.interfaces[i], strlen(options.interfaces[i]), false);
	}
	if (options.netns) {
		text_put(&t, " in namespace ");
		text_foreign(&t, options.netns, strlen(options.netns), false);
	}
	say("listening on %s%s%s; ^C ends%s", names, options.filter[0] ? " with the filter of the command line" : "",
	    options.n_interfaces == 1 && strcmp(options.interfaces[0], "any") == 0 ? " (all interfaces)" : "",
	    isatty(STDIN_FILENO) || options.n_files ? "" : "; standard input is read by -r -");
}

#if SOCKEYE_TUI
/* The screen wants one interface more: the broker has the right to its socket. */
static int add_interface(void *arg, struct source *s, const char *name, const char *filter, struct error *e)
{
	struct rights *r = arg;
	int rc, fd = r->broker ? broker_packet_socket(r->broker, e)
			   : error_set(e, EPERM, "the right to capture is given up: start sockeye with all interfaces");

	rc = fd < 0 ? fd : opening_more(s, &options, fd, name, filter, e);
	if (rc >= 0)
		kernel_follow(&kernel, name);
	return rc;
}

static void took_off(void *arg, const char *name)
{
	(void)arg;
	kernel_unfollow(&kernel, name);
}
#endif

static int run_view(struct run_world *w, struct run_result *result, struct error *e)
{
	struct engine *engine = w->engine;
	struct source *source = w->source;
	struct run_options o = {
		.max_packets = options.count,
		.duration_ns = options.duration_ns,
		.signal_fd = -1,
		.writer = w->writer,
		.only_write = options.only_write,
		.counters = tell_counters,
		.counters_arg = w,
		.other_fd = rights.broker ? broker_fd(rights.broker) : -1,
		.other = tell_lost,
	};
	int r;

	if (options.view != OPTIONS_WATCH) {
		r = options.only_write ? 0 : open_view(engine, source, e);
		if (r < 0)
			return r;
		o.note = tell_note;
		o.complain = tell_trouble;
		o.signal_fd = signals_open(false, e);
		if (o.signal_fd < 0)
			return o.signal_fd;
		r = give_up_rights(NULL, e);
		if (r < 0)
			return r;
		rights_tell(&rights);
		if (source->live && !source->replay)
			tell_listening();
		return run_loop(engine, source, &o, result, e);
	}
#if SOCKEYE_TUI
	{
		char title[256];
		unsigned n = options.n_files + options.n_interfaces;
		struct tui_options t = {
			.ascii = options.ascii,
			.color = options.color == OPTIONS_COLOR_ALWAYS  ? TUI_COLOR_ALWAYS
				 : options.color == OPTIONS_COLOR_NEVER ? TUI_COLOR_NEVER
									: TUI_COLOR_AUTO,
			.headless = options.headless,
			.width = options.width,
			.height = options.height,
			.keys = options.keys,
			.dump = options.dump,
			.dump_attrs = options.dump_attrs,
			.title = title,
			.ready = give_up_rights,
			.rights = rights_left,
			.add_interface = add_interface,
			.took_off = took_off,
			.add_arg = &rights,
			.kernel = kernel_side,
			.no_mouse = options.no_mouse,
			.config = options.config,
			.capture_filter = options.filter,
			.filter = options.display_filter,
		};

		if (n == 1)
			(void)snprintf(title, sizeof title, "%s%s%s", options.n_files ? options.files[0] : options.interfaces[0],
				       options.netns ? " in " : "", options.netns ? options.netns : "");
		else
			(void)snprintf(title, sizeof title, "%u sources", n);
		o.signal_fd = signals_open(true, e);
		if (o.signal_fd < 0)
			return o.signal_fd;
		r = tui_run(&t, engine, source, &o, result, e);
		rights_tell(&rights);
		return r;
	}
#else
	return error_set(e, ENOTSUP, "this program was built without its screen; name another view, packets say");
#endif
}

/* Before anything is opened: can there be a screen at all? */
static int check_screen(void)
{
#if SOCKEYE_TUI
	struct tui_options t = {.headless = options.headless};
	struct error e = {""};

	if (options.view != OPTIONS_WATCH)
		return EXIT_COMPLETE;
	if (!tui_keys_check(options.keys, &e)) {
		say("%s", e.text);
		return EXIT_USAGE;
	}
	if (tui_check(&t, &e) < 0) {
		say("%s", e.text);
		return EXIT_CANNOT;
	}
#endif
	return EXIT_COMPLETE;
}

/* Problems of the sources, and at the end of a live run the totals. */
static void say_sources(struct run_world *w, const struct run_result *result, bool totals)
{
	const struct dissect_stats *d = engine_dissect_stats(w->engine);
	struct source_stats stats;

	for (unsigned i = 0; w->source->stats(w->source, i, &stats); i++)
		if (stats.problem[0] && !(stats.problem_told && options.view != OPTIONS_WATCH))
			say("%s", stats.problem);
	if (d->unknown_link > 0)
		say("%llu packets of link type %u are not read, only counted: packets -x shows their bytes",
		    (unsigned long long)d->unknown_link, (unsigned)d->unknown_link_type);
	if (totals)
		print_totals(w, result->packets);
}

/* What the writer has to say at the end that it has not said yet. */
static void say_written(const struct run_world *w, const struct run_result *result)
{
	struct writer_stats written;

	if (!w->writer)
		return;
	writer_get_stats(w->writer, &written);
	if (result->writer_error && options.view == OPTIONS_WATCH)
		say("%s", result->writer_problem.text);
	if (written.rounded > 0)
		say("%llu times were cut to microseconds, for the file was begun with them; name it .pcapng",
		    (unsigned long long)written.rounded);
}

static int status_of(int r, const struct run_result *result, const struct error *e)
{
	if (r == -EPIPE)
		return EXIT_COMPLETE;
	if (r < 0) {
		say("%s", e->text[0] ? e->text : strerror(-r));
		return r == -EIO ? EXIT_INCOMPLETE : EXIT_CANNOT; /* EIO: the screen was not written whole */
	}
	if (result->observer_stopped && result->observer_error == -EPIPE)
		return EXIT_COMPLETE;
	if (result->observer_stopped && result->observer_error < 0) {
		say("standard output cannot be written: %s; what came after is missing",
		    strerror(-result->observer_error));
		return EXIT_INCOMPLETE;
	}
	if (result->hung_up)
		return EXIT_HUNG_UP;
	return result->incomplete || result->writer_error ? EXIT_INCOMPLETE : EXIT_COMPLETE;
}

static int run_source(void)
{
	struct engine_options engine_options = {.no_fast_path = options.no_fast_path};
	struct run_result result = {.interrupted = false};
	struct run_world w = {.writer = NULL};
	struct error e = {""};
	int r, status;

	r = opening_source(&w.source, &options, &e);
	if (r < 0)
		return opening_failed(&options, r, &e);
	engine_options.live = w.source->live;
	engine_options.memory = engine_share(w.source);
	kernel_open(&kernel, &options, &rights);
	engine_options.remember = options.view == OPTIONS_WATCH;
	r = output_open(&w.writer, &options, w.source, &rights, &e);
	if (r == 0)
		r = engine_open(&w.engine, &engine_options, &e);
	if (r == 0 && kernel_joined(&kernel, &options))
		r = engine_host(w.engine, kernel.live, &e);
	if (r == 0 && kernel_joined(&kernel, &options))
		r = kernel_elsewhere(&kernel, w.engine, &e);
	if (r == 0)
		r = threads_open(&w.source, w.engine, &options, &e);
	if (r == 0 && engine_options.remember)
		r = engine_remember(w.engine, w.source, &e);
	if (r == 0)
		engine_save_with(w.engine, output_save, &rights);
	if (r < 0) {
		say("%s", e.text);
		writer_free(w.writer);
		w.source->free(w.source);
		engine_free(w.engine);
		kernel_close(&kernel);
		return EXIT_CANNOT;
	}
	if (options.write && options.display_filter && options.view != OPTIONS_WATCH)
		say("-w writes all that the capture filter lets through; -Y chooses only what is shown");
	r = run_view(&w, &result, &e);
	status = status_of(r, &result, &e);
	if (r >= 0 && !(result.observer_stopped && result.observer_error == -EPIPE)) {
		say_written(&w, &result);
		say_sources(&w, &result, w.source->live && !w.source->replay && !options.headless);
	}
	writer_free(w.writer);
	w.source->free(w.source); /* and with it the thread that prepares batches for the engine */
	engine_free(w.engine); /* which holds a table */
	kernel_close(&kernel);
	return status;
}

/* -Y: wrong is wrong before anything is opened. */
static int check_filter(void)
{
	bool packets = options.view == OPTIONS_PACKETS;
	struct filter_error e;

	if (options.view == OPTIONS_WATCH && options.display_filter && strlen(options.display_filter) >= QUERY_MATCH) {
		say("-Y: on the screen a filter has at most %d bytes", (int)QUERY_MATCH - 1);
		return EXIT_USAGE;
	}
	if (!options.display_filter ||
	    filter_compile(&display_filter, options.display_filter, packets ? FILTER_PACKETS : FILTER_FLOWS, &e) == 0)
		return EXIT_COMPLETE;
	say("-Y: column %u: %s", e.column, e.text);
	say_column(options.display_filter, e.column);
	return EXIT_USAGE;
}

static int run(void)
{
	bool capture = options.n_interfaces > 0 || options.n_files == 0;
	const struct broker_options output = output_broker(&options);
	struct error e = {""};
	int status;

	if (rights_see(&rights, options.user, &e) < 0 || rights_broker(&rights, capture, &output, &e) < 0 ||
	    (kernel_wanted(&options) && rights_teller(&rights, &e) < 0)) {
		say("%s", e.text);
		return EXIT_CANNOT;
	}
	status = check_screen();
	if (status == EXIT_COMPLETE)
		status = check_filter();
	if (status == EXIT_COMPLETE && options.filter_file && opening_filter_file(&options, &e) < 0) {
		say("%s", e.text);
		status = EXIT_CANNOT;
	}
	if (status == EXIT_COMPLETE)
		status = run_source();
	rights_end(&rights);
	filter_free(display_filter);
	return status;
}

/* What is missing of 0 to 2 must not become a file that is opened later. /dev/null the
 * wrong way round: using it fails, as with a closed one. */
static void fill_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
		    open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			_exit(EXIT_CANNOT); /* nobody could be told */
}

int main(int argc, char **argv)
{
	struct options_world world = {.is_source = opening_is_source};
	struct error e = {""};
	int parsed;

	fill_standard_descriptors();
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN); /* a limit of file sizes is an error of write(2) */
	if (rights_environment(&e) < 0) {
		say("%s", e.text);
		return EXIT_CANNOT;
	}
	world.terminal = isatty(STDOUT_FILENO) == 1;
	parsed = options_parse(&options, argc, argv, &world, &e);
	if (parsed < 0) {
		say("%s", e.text);
		return parsed == -ENOENT ? EXIT_CANNOT : EXIT_USAGE;
	}
	if (netns_enter(&options, &e) < 0) {
		say("%s", e.text);
		return EXIT_CANNOT;
	}
	switch (options.action) {
	case OPTIONS_HELP:
		options_help(stdout);
		return action_finish(EXIT_COMPLETE);
	case OPTIONS_COMPLETION:
		options_completion(stdout, &options);
		return action_finish(EXIT_COMPLETE);
	case OPTIONS_VERSION:
		return action_version();
	case OPTIONS_INTERFACES:
		return netns_list_interfaces(&options);
	case OPTIONS_LINK_TYPES:
		return action_link_types(&options);
	case OPTIONS_KEYS:
		return action_keys();
	case OPTIONS_PRIVILEGES:
		return privileges_print(&options);
	case OPTIONS_FIELDS:
		return action_fields();
	case OPTIONS_RUN:
		if (options.view == OPTIONS_SOCKETS)
			return sockets_run(&options);
		break;
	}
	return run();
}
