/* Editing a line: UTF-8 goes in and out as whole characters, nothing is longer than its room. */
#include "edit.h"

#include <string.h>

#include "keys.h"
#include "sockeye/text.h"

static bool edit_inside(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

static size_t edit_left(const char *text, size_t at)
{
	while (at > 0 && edit_inside(text[--at]))
		;
	return at;
}

static size_t edit_right(const char *text, size_t at)
{
	if (text[at] != '\0')
		at++;
	while (edit_inside(text[at]))
		at++;
	return at;
}

/* Where the word begins that ends at the cursor. */
static size_t edit_word(const char *text, size_t at)
{
	while (at > 0 && text[at - 1] == ' ')
		at--;
	while (at > 0 && text[at - 1] != ' ')
		at--;
	return at;
}

static enum edited edit_cut(char *text, size_t from, size_t to, size_t *cursor)
{
	*cursor = from;
	if (from == to)
		return EDIT_MOVED;
	memmove(text + from, text + to, strlen(text + to) + 1);
	return EDIT_CHANGED;
}

static enum edited edit_type(char *text, size_t size, size_t *cursor, uint32_t key)
{
	size_t n = strlen(text);
	struct text t;
	char one[8];

	if (key >= KEY_NONE_YET || key < KEY_BLANK || text_width(key) == 0)
		return EDIT_NO;
	text_init(&t, one, sizeof one);
	text_code(&t, key);
	if (n + t.len >= size)
		return EDIT_MOVED; /* no room: the key is taken, and nothing comes of it */
	memmove(text + *cursor + t.len, text + *cursor, n - *cursor + 1);
	memcpy(text + *cursor, one, t.len);
	*cursor += t.len;
	return EDIT_CHANGED;
}

enum edited edit_key(char *text, size_t size, size_t *cursor, uint32_t key)
{
	size_t n = strlen(text), at = *cursor > n ? n : *cursor;

	*cursor = at;
	switch (key) {
	case KEY_ARROW_LEFT:
		*cursor = edit_left(text, at);
		return EDIT_MOVED;
	case KEY_ARROW_RIGHT:
		*cursor = edit_right(text, at);
		return EDIT_MOVED;
	case KEY_TO_HOME:
	case KEY_CONTROL('A'):
		*cursor = 0;
		return EDIT_MOVED;
	case KEY_TO_END:
	case KEY_CONTROL('E'):
		*cursor = n;
		return EDIT_MOVED;
	case KEY_ERASE:
		return edit_cut(text, edit_left(text, at), at, cursor);
	case KEY_DELETE: /* at the end it takes the one before, where there is none behind */
		return at == n ? edit_cut(text, edit_left(text, at), at, cursor)
			       : edit_cut(text, at, edit_right(text, at), cursor);
	case KEY_CONTROL('W'):
		return edit_cut(text, edit_word(text, at), at, cursor);
	case KEY_CONTROL('U'):
		return edit_cut(text, 0, at, cursor);
	case KEY_CONTROL('K'):
		return edit_cut(text, at, n, cursor);
	default:
		return edit_type(text, size, cursor, key);
	}
}

unsigned edit_draw(struct canvas *c, unsigned x, unsigned y, unsigned end, const char *text, size_t cursor, size_t *from)
{
	size_t n = strlen(text), at = 0;
	char before[512];
	unsigned under;
	struct text t;

	cursor = cursor > n ? n : cursor;
	/* The end of the text is in sight if that is possible with the cursor in sight. */
	while (at < cursor && x + canvas_width(text + at) + 1 > end)
		at = edit_right(text, at);
	*from = at;
	text_init(&t, before, sizeof before);
	text_bytes(&t, text + at, cursor - at);
	under = x + canvas_width(before);
	x = canvas_foreign(c, x, y, end, ROLE_TEXT, text + at, n - at);
	if (cursor == n)
		return canvas_put(c, x, y, c->width, ROLE_KEY, "▏");
	canvas_attr(c, under, y, under + 1, ATTR_REVERSE);
	return x;
}
