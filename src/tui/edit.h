/* One line of text under a cursor: what prompts and the fields of dialogs share. */
#ifndef TUI_EDIT_H
#define TUI_EDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "canvas.h"

enum edited { EDIT_NO /* not a key of a line of text */, EDIT_MOVED, EDIT_CHANGED };

/* text: size bytes, terminated; *cursor: a byte offset in it, clipped. */
enum edited edit_key(char *text, size_t size, size_t *cursor, uint32_t key);

/* The text with its cursor in the cells x to end, as much as has room round the cursor.
 * *from: the first byte in sight. Returns the column behind it. */
unsigned edit_draw(struct canvas *c, unsigned x, unsigned y, unsigned end, const char *text, size_t cursor, size_t *from);

#endif
