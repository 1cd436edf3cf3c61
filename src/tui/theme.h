/* Roles to colours, for each depth that terminals have. */
#ifndef TUI_THEME_H
#define TUI_THEME_H

#include <stdbool.h>

#include "canvas.h"
#include "sockeye/tui.h"

enum depth { DEPTH_MONO, DEPTH_8, DEPTH_16, DEPTH_256, DEPTH_DIRECT };

/* How many colours at most, whatever the terminal has. */
enum theme { THEME_AUTO, THEME_MONO, THEME_8, THEME_16, THEME_256, THEMES };

enum depth theme_depth(enum theme theme);

struct theme_look {
	int color;     /* -1: the terminal's own; else its number at this depth */
	unsigned attr; /* enum attribute */
	bool dim;
};

struct theme_look theme_look(enum role role, enum depth depth);

/* One letter a role, for --dump-attrs. */
char theme_letter(enum role role);

/* True if the user's wish and NO_COLOR (no-color.org) leave colour allowed. */
bool theme_wanted(enum tui_color wish);

#endif
