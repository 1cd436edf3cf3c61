/* A grid of cells. Screens draw here and nowhere else; a back end (curses, or
 * a file) shows it.
 *
 * A cell holds one character of one or two columns; the right half of a wide
 * one has code 0. Everything clips at the edges. Foreign text enters only
 * through canvas_foreign(). In ASCII mode every glyph of ours has a letter
 * that takes its place, so that columns stay where they are.
 */
#ifndef TUI_CANVAS_H
#define TUI_CANVAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sockeye/text.h"

/* What a cell means; theme.c gives it a colour. The order is that of
 * theme.c's table. */
enum role {
	ROLE_TEXT,
	ROLE_DIM,     /* ended, secondary */
	ROLE_BRAND,   /* our name */
	ROLE_HEAD,    /* column heads */
	ROLE_RULE,    /* lines */
	ROLE_TAB,     /* the view now shown */
	ROLE_KEY,     /* a key in a bar */
	ROLE_GOOD,    /* open */
	ROLE_OPENING,
	ROLE_CLOSING,
	ROLE_BAD,     /* reset, refused */
	ROLE_WARN,
	ROLE_UP,      /* client to server */
	ROLE_DOWN,    /* server to client */
	ROLE_NEW,     /* just came */
	ROLE_MATCH,   /* what the filter found */
	ROLES,
};

enum attribute { ATTR_BOLD = 1, ATTR_REVERSE = 2, ATTR_UNDERLINE = 4 };

struct cell {
	uint32_t code;
	uint8_t role;
	uint8_t attr;
};

struct canvas {
	unsigned width, height;
	bool ascii;
	struct cell *cell; /* height rows of width */
	size_t room;       /* cells allocated */
};

/* False: no memory; the canvas is then as it was. */
bool canvas_resize(struct canvas *c, unsigned width, unsigned height);
void canvas_release(struct canvas *c);
void canvas_clear(struct canvas *c);

const struct cell *canvas_at(const struct canvas *c, unsigned x, unsigned y);

/* Each of these returns the column after the last cell it drew, and draws
 * nothing at or beyond column `end`. */

/* Our own words, UTF-8; glyphs are mapped in ASCII mode. Cut without a mark. */
unsigned canvas_put(struct canvas *c, unsigned x, unsigned y, unsigned end, enum role role, const char *s);

/* The same, from the right: the text ends before column end. */
void canvas_right(struct canvas *c, unsigned x, unsigned y, unsigned end, enum role role, const char *s);

/* Anybody's bytes: strict UTF-8; what is no printable character of one or two
 * columns shows as a dot; what does not fit ends in an ellipsis. */
unsigned canvas_foreign(struct canvas *c, unsigned x, unsigned y, unsigned end, enum role role,
			const void *bytes, size_t n);

/* Our own text, but ending in an ellipsis where it does not fit. */
unsigned canvas_cut(struct canvas *c, unsigned x, unsigned y, unsigned end, enum role role, const char *s);

/* One character, n times. */
unsigned canvas_fill(struct canvas *c, unsigned x, unsigned y, unsigned end, enum role role, uint32_t code);

/* Add attributes to the cells x to end of a row. */
void canvas_attr(struct canvas *c, unsigned x, unsigned y, unsigned end, unsigned attr);
void canvas_role(struct canvas *c, unsigned x, unsigned y, unsigned end, enum role role);

/* Mark where a text (ASCII case ignored) stands in a row. */
void canvas_mark(struct canvas *c, unsigned x, unsigned y, unsigned end, const char *s);

/* The characters of a row, without the blanks at its end. */
void canvas_text(const struct canvas *c, unsigned y, struct text *t);

/* Columns that our own UTF-8 text takes. */
unsigned canvas_width(const char *s);

/* The ASCII character for one of our glyphs; '.' for one without. */
uint32_t canvas_ascii(uint32_t code);

#endif
