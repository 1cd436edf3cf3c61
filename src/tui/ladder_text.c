/* The ladder as text: the same lines, drawn into a canvas of one row. */
#include <string.h>

#include "look.h"

enum { LINE_CELLS = 512, LINE_BYTES = 4 * LINE_CELLS + 1 }; /* a cell is at most four bytes */

struct lines {
	struct canvas c;
	char *at;   /* a line of it */
	size_t room;
	void (*put)(void *to, const char *line);
	void *to;
};

static void lines_put(struct lines *l)
{
	struct text t;

	text_init(&t, l->at, l->room);
	canvas_text(&l->c, 0, &t);
	l->put(l->to, l->at);
	canvas_clear(&l->c);
}

bool ladder_text_row(const struct ladder_look *s, const struct segment *g, unsigned width, bool ascii,
		     void (*put)(void *to, const char *line), void *to)
{
	struct ladder_columns at = ladder_columns(s, width);
	char line[LINE_BYTES];
	struct lines l = {.c = {.ascii = ascii}, .at = line, .room = sizeof line, .put = put, .to = to};

	if (!canvas_resize(&l.c, width < LINE_CELLS ? width : LINE_CELLS, 1))
		return false;
	ladder_line(s, &at, g, &l.c, 0);
	lines_put(&l);
	canvas_release(&l.c);
	return true;
}

bool ladder_text(const struct ladder_look *s, const struct answer *a, unsigned from, unsigned width, bool ascii,
		 bool head, void (*put)(void *to, const char *line), void *to)
{
	struct ladder_columns at = ladder_columns(s, width);
	struct segment g[QUERY_ROWS];
	unsigned n = ladder_read(g, &a->packets);
	char line[LINE_BYTES];
	struct lines l = {.c = {.ascii = ascii}, .at = line, .room = sizeof line, .put = put, .to = to};

	if (!canvas_resize(&l.c, width < LINE_CELLS ? width : LINE_CELLS, 1))
		return false;
	if (head) {
		ladder_ends(s, a, &l.c, 0);
		lines_put(&l);
		ladder_sums(s, a, g, n, &l.c, 0);
		lines_put(&l);
		ladder_heads(s, &at, a, &l.c, 0);
		lines_put(&l);
	}
	for (unsigned i = from; i < n; i++) {
		ladder_line(s, &at, &g[i], &l.c, 0);
		lines_put(&l);
	}
	canvas_release(&l.c);
	return true;
}
