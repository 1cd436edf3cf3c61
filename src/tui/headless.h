/* The screen without a terminal: a key script in, a text file out. */
#ifndef TUI_HEADLESS_H
#define TUI_HEADLESS_H

#include "look.h"
#include "sockeye/tui.h"

/* Where the last screen goes: opened before the source is read, because later
 * nothing can be. NULL: not asked for. */
struct headless_files {
	FILE *text, *attrs;
	struct look *look; /* with its configuration, which is read as early */
};

int headless_open(struct headless_files *f, const struct tui_options *o, struct source *s, struct error *err);
void headless_close(struct headless_files *f);

/* After the source was read to its end. */
int headless_run(const struct tui_options *o, struct headless_files *f, struct engine *e, struct source *s,
		 const struct run_options *run, struct run_result *result, struct error *err);

/* The cells as text, height lines of at most width columns without blanks at
 * their ends; or one letter a cell, upper case where it is reversed: of its
 * role, or, with a theme, of what the role looks like with so many colours. */
void headless_text(const struct canvas *c, enum theme theme, FILE *to);
void headless_attrs(const struct canvas *c, enum theme theme, FILE *to);

#endif
