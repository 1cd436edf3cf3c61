/* The table of options, and what is told from it. Private to options*.c. */
#ifndef SOCKEYE_OPTIONS_TABLE_H
#define SOCKEYE_OPTIONS_TABLE_H

#include <stdbool.h>

#include "options.h"

enum group { GROUP_INPUT, GROUP_OUTPUT, GROUP_WATCH, GROUP_SOCKETS, GROUP_RUN, GROUP_OTHER, GROUPS };

/* Long options without a letter. */
enum {
	LONG_MEMORY = 256, LONG_DURATION, LONG_BACKEND, LONG_ASCII, LONG_COLOR, LONG_HEADLESS, LONG_KEYS,
	LONG_DUMP, LONG_DUMP_ATTRS, LONG_NO_MOUSE, LONG_CONFIG, LONG_LIST_KEYS, LONG_VERSION, LONG_THREADS, LONG_FOLLOW,
	LONG_PRINT, LONG_PRIVILEGES, LONG_REPLAY, LONG_COMPLETION, LONG_LIST_FIELDS, LONG_NO_FAST_PATH, LONG_NO_BPF,
	LONG_IPV4, LONG_IPV6, LONG_UNIX, LONG_LISTEN, LONG_SUMMARY, LONG_LEAKS, LONG_INTERVAL, LONG_NETNS, LONG_NOT_BUILT,
};

struct option_row {
	int letter;           /* the letter, or a LONG_ number */
	const char *name;     /* without the dashes, or NULL */
	const char *argument; /* its name, "[=X]" if optional, or NULL */
	enum group group;
	bool built;
	const char *help;     /* lines of 64 characters */
};

enum { OPTIONS_ROWS = 66 };
extern const struct option_row options_rows[OPTIONS_ROWS];
extern const char *const options_views[OPTIONS_VIEWS];

/* The format's name, if the view has it and it is built; else NULL. */
const char *options_format(enum options_view v, enum options_format f);

/* options_completion.c: the value of --completion. */
int options_apply_completion(struct options *o, const char *shell, struct error *e);

/* The built option whose long name is nearest to what was typed, or NULL. */
const char *options_near_option(const char *name);

#endif
