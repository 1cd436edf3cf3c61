/* The terminal: cells out, keys in. Only curses.c behind it knows curses. */
#ifndef TUI_DISPLAY_H
#define TUI_DISPLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "canvas.h"
#include "look.h"
#include "sockeye/tui.h"

struct display;

int display_open(struct display **out, const struct tui_options *o, struct error *err);
void display_close(struct display *t); /* restores the terminal */
/* Throws away what the terminal has not taken, so that a write that waits for
 * it returns. The one call that another thread may make. */
void display_discard(void);

bool display_ascii(const struct display *t);
int display_fd(const struct display *t); /* readable when a key is there */
bool display_bytes(const struct display *t); /* not only readable, as a terminal that is gone is, too */
void display_size(struct display *t, unsigned *width, unsigned *height); /* asks the terminal */
/* The next key, or 0; KEY_NONE_YET for what came and is no key. */
uint32_t display_key(struct display *t);
/* Show a canvas: only what changed is written, all of it after a repaint. */
void display_show(struct display *t, const struct canvas *c);
void display_repaint(struct display *t);
void display_mouse(struct display *t, bool on);
void display_theme(struct display *t, enum theme theme);
void display_suspend(struct display *t); /* stops the process; returns when it goes on */

#endif
