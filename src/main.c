/* sockeye: wires the rooms together, and is the only one that exits.
 *
 * Parse; open the source, the engine and the observer; run; say what was not
 * seen whole; end with the status that PRODUCT's table gives: 0 complete, 1
 * could not do it, 2 usage, 3 incomplete, 129 hung up, 130 interrupted twice.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "options.h"
#include "sockeye/engine.h"
#include "sockeye/source.h"
#include "sockeye/text.h"
#include "sockeye/views.h"
#if SOCKEYE_TUI
#include "sockeye/tui.h"
#endif

enum { EXIT_COMPLETE = 0, EXIT_CANNOT = 1, EXIT_USAGE = 2, EXIT_INCOMPLETE = 3, EXIT_HUNG_UP = 129,
       EXIT_INTERRUPTED = 130 };

static struct options options; /* large, and there is one */

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
	va_list args;

	fputs("sockeye: ", stderr);
	va_start(args, format);
	(void)vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

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

/* ---- signals ------------------------------------------------------------------ */

/* The run reads signals from a descriptor. For the screen that is a signalfd,
 * as its room asks. Elsewhere a handler writes the same struct to a pipe, so
 * that the second ^C ends the program even where a write to a stuck pipe does
 * not return. */
static volatile sig_atomic_t signals_seen;
static int signal_pipe[2] = {-1, -1};

static void on_signal(int number)
{
	struct signalfd_siginfo info;
	int saved = errno;

	if (number != SIGHUP && signals_seen++ > 0)
		_exit(EXIT_INTERRUPTED);
	memset(&info, 0, sizeof info);
	info.ssi_signo = (uint32_t)number;
	if (write(signal_pipe[1], &info, sizeof info) < 0)
		signals_seen++; /* cannot be told: the next one ends it */
	errno = saved;
}

static int signals_open(bool screen, struct error *e)
{
	static const int told[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action = {.sa_flags = SA_RESTART};
	sigset_t set;
	int fd;

	sigemptyset(&set);
	for (unsigned i = 0; i < 3; i++)
		sigaddset(&set, told[i]);
	if (screen) {
		fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
		sigaddset(&set, SIGWINCH);
		sigaddset(&set, SIGTSTP);
		sigaddset(&set, SIGCONT);
		if (fd < 0 || sigprocmask(SIG_BLOCK, &set, NULL) != 0)
			return error_set(e, errno, "cannot wait for signals: %s", strerror(errno));
		return fd;
	}
	if (pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK) != 0)
		return error_set(e, errno, "cannot wait for signals: %s", strerror(errno));
	action.sa_handler = on_signal;
	action.sa_mask = set;
	for (unsigned i = 0; i < 3; i++) {
		struct sigaction before;

		/* nohup leaves SIGHUP ignored, and it stays so; a shell that starts
		 * us with & ignores SIGINT too, but kill -INT must end the run. */
		if (told[i] == SIGHUP && sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler == SIG_IGN)
			continue;
		(void)sigaction(told[i], &action, NULL);
	}
	return signal_pipe[0];
}

/* ---- actions that are not runs -------------------------------------------------- */

/* The last word on standard output: whether all of it went out. */
static int finish_stdout(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	if (errno == EPIPE)
		return EXIT_COMPLETE;
	say("standard output cannot be written: %s", strerror(errno));
	return EXIT_INCOMPLETE;
}

static int show_version(void)
{
	printf("sockeye %s\n", SOCKEYE_VERSION);
	if (source_has_live())
		printf("live capture and BPF filters: %s\n", source_libpcap_version());
	else
		printf("live capture and BPF filters: not built in\n");
	printf("screen: %s\n", SOCKEYE_TUI ? "ncurses" : "not built in");
	printf("compressed IP payloads: %s%s\n", dissect_zlib() ? "zlib " : "not built in",
	       dissect_zlib() ? dissect_zlib() : "");
	printf("multipath TCP tied together: %s\n", flow_token_library() ? flow_token_library() : "not built in");
	printf("capture files: pcap, pcapng\n");
	printf("views: %spackets, handshakes, connections, report\n", SOCKEYE_TUI ? "watch, " : "");
	printf("formats: text, json, csv, tsv, zeek\n");
	printf("protocols:");
	for (const struct dissector *const *d = dissect_list(); *d; d++)
		printf(" %s", (*d)->name);
	printf("\n");
	return finish_stdout(EXIT_COMPLETE);
}

static void interface_line(void *arg, const char *text)
{
	(void)fprintf(arg, "%s\n", text);
}

static int show_interfaces(void)
{
	struct error e = {""};

	if (source_list_interfaces(interface_line, stdout, &e) < 0) {
		say("%s", e.text);
		return EXIT_CANNOT;
	}
	return finish_stdout(EXIT_COMPLETE);
}

static int show_keys(void)
{
#if SOCKEYE_TUI
	tui_list_keys(stdout);
	return finish_stdout(EXIT_COMPLETE);
#else
	say("this program was built without its screen: there are no keys");
	return EXIT_CANNOT;
#endif
}

/* ---- opening ---------------------------------------------------------------------- */

/* A readable file, FIFO or device: what a leading word must be to be a source. */
static bool is_source(const char *word)
{
	struct stat s;

	return stat(word, &s) == 0 && !S_ISDIR(s.st_mode) && access(word, R_OK) == 0;
}

static int read_filter_file(struct error *e)
{
	char name[256];
	struct text t;
	size_t n;
	FILE *f;

	text_init(&t, name, sizeof name);
	text_foreign(&t, options.filter_file, strlen(options.filter_file), false);
	f = fopen(options.filter_file, "re");
	if (!f)
		return error_set(e, errno, "%s: cannot read the filter: %s", name, strerror(errno));
	n = fread(options.filter, 1, sizeof options.filter - 1, f);
	if (ferror(f) || !feof(f) || memchr(options.filter, '\0', n)) {
		(void)fclose(f);
		return error_set(e, EINVAL, "%s: not a filter of at most %d bytes", name, OPTIONS_FILTER - 1);
	}
	(void)fclose(f);
	while (n > 0 && strchr(" \t\r\n", options.filter[n - 1]))
		n--;
	options.filter[n] = '\0';
	return 0;
}

/* A source that cannot be opened: the sentence, and the status. */
static int open_failed(int why, const struct error *e)
{
	const char *path = options_path_word(&options), *view = options_near_view(&options);
	char word[512];
	struct text t;
	/* -ENOTSUP: built without libpcap, so no filter compiles. */
	bool filter = (why == -EINVAL || why == -ENOTSUP) && options.filter[0] != '\0';

	text_init(&t, word, sizeof word);
	if (filter && view && strcmp(view, options.words[0]) == 0) {
		say("%s; the view is the first word: sockeye %s ...", e->text, view);
		return EXIT_USAGE;
	}
	if (filter && view) {
		text_foreign(&t, options.words[0], strlen(options.words[0]), false);
		say("%s; \"%s\" is no view, did you mean %s?", e->text, word, view);
		return EXIT_USAGE;
	}
	if (filter && path) {
		struct stat s;

		text_foreign(&t, path, strlen(path), false);
		if (access(path, F_OK) != 0) {
			say("no such file %s", word);
			return EXIT_CANNOT;
		}
		if (access(path, R_OK) != 0) {
			say("%s: no permission to read it", word);
			return EXIT_CANNOT;
		}
		if (stat(path, &s) == 0 && S_ISDIR(s.st_mode)) {
			say("%s: a directory, not a capture file", word);
			return EXIT_CANNOT;
		}
		say("%s; files come before the words of a filter: %s", e->text, word);
		return EXIT_USAGE;
	}
	if ((why == -EPERM || why == -EACCES) && options.n_interfaces > 0 && !strstr(e->text, "CAP_NET_RAW")) {
		char self[256] = "sockeye";
		ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

		if (n > 0)
			self[n] = '\0';
		text_foreign(&t, self, strlen(self), false);
		say("%s: needs CAP_NET_RAW: sudo setcap cap_net_raw,cap_net_admin+ep %s, or read a file", e->text,
		    word);
		return EXIT_CANNOT;
	}
	say("%s", e->text);
	return filter || why == -EINVAL ? EXIT_USAGE : EXIT_CANNOT;
}

static int open_source(struct source **out, struct error *e)
{
	static const char *const any[] = {"any"};
	struct source_options o = {
		.files = options.files,
		.n_files = options.n_files,
		.interfaces = options.interfaces,
		.n_interfaces = options.n_interfaces,
		.filter = options.filter[0] ? options.filter : NULL,
		.snaplen = options.snaplen,
		.no_promiscuous = options.no_promiscuous,
		.buffer_kib = options.buffer_kib,
		.link_type = options.link_type,
		.ns = true,
	};

	if (o.n_files == 0 && o.n_interfaces == 0) {
		options.interfaces[0] = any[0];
		options.n_interfaces = o.n_interfaces = 1;
	}
	/* The ring's share of the memory, unless -B says otherwise. */
	if (o.n_interfaces > 0 && o.buffer_kib == 0) {
		size_t kib = options.memory / 4 / 1024 / o.n_interfaces;

		o.buffer_kib = kib < INT_MAX ? (int)kib : INT_MAX;
	}
	return source_open(out, &o, e);
}

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
	struct engine_options engine_options = {.memory = options.memory};
	struct run_result result = {.interrupted = false};
	struct engine *engine = NULL;
	struct source *source = NULL;
	struct error e = {""};
	int r, status;

	status = check_screen();
	if (status != EXIT_COMPLETE)
		return status;
	if (options.filter_file && read_filter_file(&e) < 0) {
		say("%s", e.text);
		return EXIT_CANNOT;
	}
	r = open_source(&source, &e);
	if (r < 0)
		return open_failed(r, &e);
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
	struct options_world world = {.terminal = isatty(STDOUT_FILENO) == 1, .is_source = is_source};
	struct error e = {""};

	(void)signal(SIGPIPE, SIG_IGN);
	if (options_parse(&options, argc, argv, &world, &e) < 0) {
		say("%s", e.text);
		return EXIT_USAGE;
	}
	switch (options.action) {
	case OPTIONS_HELP:
		options_help(stdout);
		return finish_stdout(EXIT_COMPLETE);
	case OPTIONS_VERSION:
		return show_version();
	case OPTIONS_INTERFACES:
		return show_interfaces();
	case OPTIONS_KEYS:
		return show_keys();
	case OPTIONS_RUN:
		break;
	}
	return run();
}
