/* Dialogs: a frame over the view, which goes on behind it.
 *
 * A dialog is a list of lines, one of them selected, with a field of text under it where it
 * has one, and a row with its keys. A struct dialog_kind says what is in it; struct dialog is
 * its state, in struct look. One is open at a time. Esc closes it, and nothing is lost by that.
 */
#ifndef TUI_DIALOG_H
#define TUI_DIALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "canvas.h"
#include "keys.h"

enum { DIALOG_TEXT = 256, DIALOG_ITEMS = 64 };

struct look;
struct answer;
struct layout;
struct dialog_kind {
	const char *title;
	const char *keys;  /* "Space on/off  Esc away": its last row */
	unsigned width;    /* cells inside that it wants */
	void (*open)(struct look *l, const struct layout *at); /* may be NULL */
	unsigned (*lines)(const struct look *l);
	void (*line)(const struct look *l, unsigned i, struct canvas *c, unsigned x, unsigned y, unsigned end);
	/* Keys that move in no list and edit no text. */
	enum reaction (*key)(struct look *l, uint32_t key, struct answer *a, const struct layout *at, int64_t now_ns);
	const char *field; /* the label of its field, or NULL */
};

struct dialog {
	const struct dialog_kind *kind; /* NULL: none is open */
	unsigned at, top;               /* line selected, first in sight */
	bool editing;                   /* the field has the keys */
	char text[DIALOG_TEXT];         /* of the field */
	size_t cursor;
	char note[200];                 /* a sentence, ours or escaped */
	bool note_bad;
	/* Of who has opened it: an order of items and which are on. */
	uint8_t item[DIALOG_ITEMS];
	bool on[DIALOG_ITEMS];
	unsigned items;
};

#endif
