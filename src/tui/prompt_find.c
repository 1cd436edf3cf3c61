/* The find prompt: one row, of every screen that can be searched and of pages of text.
 *
 * Enter goes to the next place and closes it; F3, and what else finds by no character, goes there and leaves it open.
 * With nothing typed both go on with what was found last on that screen, as in less. Blanks alone end that.
 */
#include <string.h>

#include "screen.h"

/* Whose text it is: the screen's, or that of all pages. */
static unsigned find_whose(const struct look *l)
{
	return l->page != PAGE_SCREEN ? SCREENS_ALL : l->screen;
}

enum reaction prompt_find(struct look *l, bool stays, struct answer *a, const struct layout *at, int64_t now_ns)
{
	char *found = l->found[find_whose(l)];

	l->prompting = stays;
	if (l->found_here && !stays)
		return REACT_DRAW;
	if (l->prompt_text[0] == '\0')
		prompt_set(l, found);
	if (l->prompt_text[strspn(l->prompt_text, " ")] == '\0')
		prompt_set(l, "");
	memcpy(found, l->prompt_text, QUERY_MATCH);
	l->found_here = found[0] != '\0';
	if (l->page != PAGE_SCREEN)
		return page_find(l, found, a, at, 1);
	return screens[l->screen]->prompted ? screens[l->screen]->prompted(l, found, now_ns) : REACT_DRAW;
}

/* The key that goes on behind the prompt: of those that find, one that is no text. */
static bool find_key(const struct look *l, struct text *t, bool ascii)
{
	const unsigned place = l->page == PAGE_SCREEN ? screens[l->screen]->place : IN_TEXT;

	for (size_t i = 0; i < keys_lines; i++) {
		const struct key_line *line = &keys_table[i];

		if (!(line->places & place) || (line->action != ACTION_FIND && line->action != ACTION_SEARCH))
			continue;
		for (unsigned k = 0; k < KEYS_EACH && line->key[k] != 0; k++)
			if (!prompt_takes(line->key[k])) {
				keys_name(t, line->key[k], ascii);
				return true;
			}
	}
	return false;
}

void prompt_find_draw(const struct look *l, struct canvas *c, unsigned x, unsigned y)
{
	const char *found = l->found[find_whose(l)];
	char buffer[QUERY_MATCH * 4 + 64];
	struct text t;

	if (l->message[0] != '\0') {
		if (l->message_bad)
			x = canvas_put(c, x, y, c->width, ROLE_WARN, "▲ ");
		canvas_cut(c, x, y, c->width - 1, l->message_bad ? ROLE_WARN : ROLE_TEXT, l->message);
		return;
	}
	text_init(&t, buffer, sizeof buffer);
	if (l->prompt_text[0] != '\0') {
		if (find_key(l, &t, c->ascii))
			text_put(&t, " next  ");
		text_put(&t, l->found_here ? "Enter stay" : "Enter go  Esc away");
	} else if (found[0] != '\0') {
		text_put(&t, "Enter again: ");
		text_foreign(&t, found, strlen(found), c->ascii);
		text_put(&t, "  Space Enter: no more");
	}
	canvas_cut(c, x, y, c->width - 1, ROLE_DIM, buffer);
}
