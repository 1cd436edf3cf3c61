/* What the tests of screens share: a canvas read as text, keys as they are typed. */
#ifndef SCREEN_WORLD_H
#define SCREEN_WORLD_H

#include <string.h>

#include "tui/canvas.h"
#include "tui/look.h"

/* The line of a screen, without the blanks at its end; lent until the next. */
static inline const char *world_text(const struct canvas *c, unsigned y)
{
	static char out[1024];
	struct text t;

	text_init(&t, out, sizeof out);
	for (unsigned x = 0; x < c->width; x++)
		if (canvas_at(c, x, y)->code != 0)
			text_code(&t, canvas_at(c, x, y)->code);
	while (t.len > 0 && out[t.len - 1] == ' ')
		out[--t.len] = '\0';
	return out;
}

static inline bool world_shows(const struct canvas *c, const char *words)
{
	for (unsigned y = 0; y < c->height; y++)
		if (strstr(world_text(c, y), words) != NULL)
			return true;
	return false;
}

/* A script of keys, one after the other; what the last one brought about. */
static inline enum reaction world_keys(struct look *l, struct answer *a, const char *keys, unsigned width, unsigned height)
{
	enum reaction last = REACT_NOTHING;
	struct error e = {""};
	uint32_t key;

	while ((key = keys_script(&keys, &e)) != 0)
		last = look_key(l, key, a, width, height, 0);
	assert_string_equal(e.text, "");
	return last;
}

#endif
