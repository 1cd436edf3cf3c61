/* sockeye: wires the rooms together, and is the only one that exits.
 *
 * Parse; open the source, the engine and the observer; run; say what was not
 * seen whole; end with the status that say.h names: 0 complete, 1 could not do
 * it, 2 usage, 3 incomplete, 129 hung up, 130 interrupted twice.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "actions.h"
#include "opening.h"
#include "options.h"
#include "say.h"
#include "signals.h"
#include "sockeye/engine.h"
#include "sockeye/source.h"
#include "sockeye/views.h"
#if SOCKEYE_TUI
#include "sockeye/tui.h"
#endif

static struct options options; /* large, and there is one */

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
		.live = source->live,
		.flush = source->fd >= 0 || options.line_buffered, /* a pipe may be somebody's live capture */
		.ascii = options.ascii,
		.absolute = options.absolute,
		.verbose = options.verbose,
		.hex = options.hex,
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

/* ---- the run ------------------------------------------------------------------------ */

static int run_view(struct engine *engine, struct source *source, struct run_result *result, struct error *e)
{
	struct run_options o = {
		.max_packets = options.count,
		.duration_ns = options.duration_ns,
		.signal_fd = -1,
	};
	int r;

	if (options.view != OPTIONS_WATCH) {
		r = open_view(engine, source, e);
		if (r < 0)
			return r;
		o.note = tell_note;
		o.signal_fd = signals_open(false, e);
		if (o.signal_fd < 0)
			return o.signal_fd;
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
		};

		if (n == 1)
			(void)snprintf(title, sizeof title, "%s",
				       options.n_files ? options.files[0] : options.interfaces[0]);
		else
			(void)snprintf(title, sizeof title, "%u sources", n);
		o.signal_fd = signals_open(true, e);
		if (o.signal_fd < 0)
			return o.signal_fd;
		return tui_run(&t, engine, source, &o, result, e);
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
static void say_sources(struct engine *engine, struct source *source, bool totals)
{
	const struct totals *t = engine_totals(engine);
	struct source_stats stats;
	uint64_t drops = 0;
	bool known = false;

	for (unsigned i = 0; source->stats(source, i, &stats); i++) {
		if (stats.problem[0])
			say("%s", stats.problem);
		known = known || stats.drops_known;
		drops += stats.drops_known ? stats.drops : 0;
	}
	if (engine_dissect_stats(engine)->unknown_link > 0)
		say("%llu packets of link type %u are not read, only counted: packets -x shows their bytes",
		    (unsigned long long)engine_dissect_stats(engine)->unknown_link,
		    (unsigned)engine_dissect_stats(engine)->unknown_link_type);
	if (!totals)
		return;
	fprintf(stderr, "%llu packets captured\n", (unsigned long long)t->packets);
	if (known)
		fprintf(stderr, "%llu packets dropped by kernel\n", (unsigned long long)drops);
	if (t->flows_evicted > 0)
		fprintf(stderr, "%llu flows forgotten\n", (unsigned long long)t->flows_evicted);
	if (t->flows_unjudged > 0)
		fprintf(stderr, "%llu flows without verdicts\n", (unsigned long long)t->flows_unjudged);
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
	return result->incomplete ? EXIT_INCOMPLETE : EXIT_COMPLETE;
}

static int run(void)
{
	struct engine_options engine_options = {.memory = options.memory, .no_fast_path = options.no_fast_path};
	struct run_result result = {.interrupted = false};
	struct engine *engine = NULL;
	struct source *source = NULL;
	struct error e = {""};
	int r, status;

	status = check_screen();
	if (status != EXIT_COMPLETE)
		return status;
	if (options.filter_file && opening_filter_file(&options, &e) < 0) {
		say("%s", e.text);
		return EXIT_CANNOT;
	}
	r = opening_source(&source, &options, &e);
	if (r < 0)
		return opening_failed(&options, r, &e);
	engine_options.live = source->live;
	r = engine_open(&engine, &engine_options, &e);
	if (r < 0) {
		say("%s", e.text);
		source->free(source);
		return EXIT_CANNOT;
	}
	r = run_view(engine, source, &result, &e);
	status = status_of(r, &result, &e);
	if (r >= 0 && !(result.observer_stopped && result.observer_error == -EPIPE))
		say_sources(engine, source, source->live && options.view != OPTIONS_WATCH);
	engine_free(engine);
	source->free(source);
	return status;
}

int main(int argc, char **argv)
{
	struct options_world world = {.terminal = isatty(STDOUT_FILENO) == 1, .is_source = opening_is_source};
	struct error e = {""};

	(void)signal(SIGPIPE, SIG_IGN);
	if (options_parse(&options, argc, argv, &world, &e) < 0) {
		say("%s", e.text);
		return EXIT_USAGE;
	}
	switch (options.action) {
	case OPTIONS_HELP:
		options_help(stdout);
		return action_finish(EXIT_COMPLETE);
	case OPTIONS_VERSION:
		return action_version();
	case OPTIONS_INTERFACES:
		return action_interfaces();
	case OPTIONS_KEYS:
		return action_keys();
	case OPTIONS_RUN:
		break;
	}
	return run();
}
