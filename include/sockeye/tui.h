/* The live view: `watch`, on a terminal or, for tests, on none.
 *
 * tui_run() draws on the calling thread and runs the engine on a second one;
 * the two share nothing but struct exchange. Headless there is one thread: the
 * source is read to its end, then the key script is played and the last screen
 * is written.
 *
 * Signals: main blocks them in every thread before it calls. SIGINT, SIGTERM
 * and SIGHUP belong to the run's signalfd (run_options.signal_fd), which the
 * engine's thread polls; ^C is such a SIGINT, because the terminal stays in
 * cbreak mode. SIGWINCH, SIGTSTP and SIGCONT must be blocked too: the screen
 * takes them from a signalfd of its own.
 */
#ifndef SOCKEYE_TUI_H
#define SOCKEYE_TUI_H

#include <stdbool.h>
#include <stdio.h>

#include "sockeye/engine.h"
#include "sockeye/error.h"
#include "sockeye/source.h"
#include "sockeye/text.h"

enum tui_color { TUI_COLOR_AUTO, TUI_COLOR_ALWAYS, TUI_COLOR_NEVER };

/* Below these the screen is one sentence. */
enum { TUI_WIDTH_MIN = 40, TUI_HEIGHT_MIN = 8, TUI_WIDTH_MAX = 1000, TUI_HEIGHT_MAX = 500 };

struct tui_options {
	bool ascii;           /* --ascii; on a terminal also where the locale is not UTF-8 */
	enum tui_color color; /* NO_COLOR and the terminal decide where it is AUTO */
	bool headless;        /* with all that follows */
	unsigned width, height;
	const char *keys;       /* a key script that tui_keys_check() passed, or NULL */
	const char *dump;       /* file for the last screen, "-" is standard output */
	const char *dump_attrs; /* file for its roles, one letter a cell, or NULL */
	const char *filter;     /* display filter to begin with, shorter than QUERY_MATCH, or NULL */
	bool no_mouse;
	/* The configuration: that file instead of one's own. Headless reads none but this. */
	const char *config;
	const char *capture_filter; /* that the source was opened with, or NULL */
	/* Lines about what this process may still do, asked for after ready(). May be NULL. */
	void (*rights)(void *arg, struct text *t);
	void *rights_arg;
	/* The kernel's side, after ready() is called: asked for anew then. NULL: there is none, or none yet; then why:
	 * a sentence, "" where there is nothing to be had. May be NULL itself. */
	struct host_live *(*kernel)(void *arg, const char **why);
	void *kernel_arg;
	/* On the engine's thread, between two batches: capture from that interface as well. 0, or -errno with the
	 * sentence. May be NULL. */
	exchange_add_fn *add_interface;
	exchange_off_fn *took_off; /* one of those is captured no more; may be NULL */
	void *add_arg;
	const char *title;      /* what is watched, foreign: "eth0", "two.pcap", "3 files" */
	/* Called once, when the terminal is taken (headless: the dumps are open) and
	 * nothing was read of the source: from here on nothing need be opened. 0, or
	 * -errno with the sentence, which ends it. May be NULL. */
	int (*ready)(void *arg, struct error *err);
	void *ready_arg;
};

/* Is there a terminal that can show the screen? Costs nothing: ask before a
 * device is opened. 0, or -ENOTTY with the sentence (exit 1). */
int tui_check(const struct tui_options *o, struct error *err);

/* A key script is well formed and names keys that exist; else the sentence
 * (exit 2). NULL and "" are fine. */
bool tui_keys_check(const char *keys, struct error *err);

/* --list-keys: one line per action, its keys and what it does. */
void tui_list_keys(FILE *to);

/* Watch s through e until the user, a signal or (headless) the script's end
 * stops it. run->screen and run->keep_flows are set here. 0 or what run_loop()
 * returned; negative with a sentence also where the screen cannot be had. The
 * terminal is restored on return. *result is the run's. */
int tui_run(const struct tui_options *o, struct engine *e, struct source *s, const struct run_options *run,
	    struct run_result *result, struct error *err);

#endif
