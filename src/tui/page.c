/* Pages of text: the detail of a connection, help. They scroll and are searched.
 *
 * Searching draws the page once more, as high as it is long, and looks at its cells: so
 * what is found is what is seen.
 */
#include <string.h>

#include "screen.h"
#include "words.h"

enum { PAGE_LONGEST = 1000 };

/* How many bytes stand in a row of so many cells: up to a blank where there is one. */
static size_t words_of_row(const char *words, size_t n, unsigned room)
{
	size_t blank = 0, at = 0;
	unsigned width = 0;

	while (at < n) {
		uint32_t code;
		bool bad;
		size_t step = text_utf8(words + at, n - at, &code, &bad);

		width += bad || text_width(code) == 0 ? 1 : text_width(code);
		if (code == ' ' && at > 0)
			blank = at;
		if (width > room)
			return blank > 0 ? blank : at > 0 ? at : step;
		at += step;
	}
	return n;
}

void sheet_words(struct sheet *s, unsigned y, unsigned x, unsigned end, enum role role, const char *words, size_t n)
{
	const unsigned room = end > x ? end - x : 1;

	while (n > 0) {
		size_t step = words_of_row(words, n, room);

		canvas_foreign(s->c, x, y, end, role, words, step);
		while (step < n && words[step] == ' ')
			step++;
		words += step;
		n -= step;
		if (n > 0)
			y = sheet_next(s);
	}
}

static unsigned page_write(const struct look *l, const struct answer *a, struct canvas *c, unsigned top, unsigned rows)
{
	if (l->page == PAGE_HELP)
		return help_page(l, c, top, rows);
	return l->screen == SCREEN_SOCKETS ? sockets_page(l, c, top, rows) : detail_page(l, a, c, top, rows);
}

/* Which of its lines are shown, where the key bar leaves room; where it leaves little, that there are more. */
static void page_standing(const struct look *l, struct canvas *c, unsigned y, unsigned rows, unsigned lines)
{
	const char *more = l->scrolled + rows < lines ? "▼" : "▲";
	unsigned last = l->scrolled + rows < lines ? l->scrolled + rows : lines, room = 0;
	char buffer[64];
	struct text t;

	if (rows >= lines)
		return;
	while (room + 1 < c->width && canvas_at(c, c->width - 1 - room, y)->code == ' ')
		room++;
	text_init(&t, buffer, sizeof buffer);
	text_format(&t, "%u-%u of %u", l->scrolled + 1, last, lines);
	if (t.len + 3 <= room)
		canvas_right(c, 0, y, c->width - 1, ROLE_TEXT, buffer);
	else if (room >= 4)
		canvas_right(c, 0, y, c->width - 1, ROLE_KEY, more);
}

void page_draw(struct look *l, const struct answer *a, struct canvas *c, const struct layout *at)
{
	unsigned top = at->head, rows = (at->message ? at->message : at->bar) - top;
	unsigned lines = page_write(l, a, c, top, 0);

	if (l->scrolled + rows > lines) /* past the end there is nothing to see */
		l->scrolled = lines > rows ? lines - rows : 0;
	page_write(l, a, c, top, rows);
	for (unsigned y = top; y < top + rows && l->page_search[0] != '\0'; y++)
		canvas_mark(c, 0, y, c->width, l->page_search);
	if (at->message != 0 || l->message[0] == '\0')
		page_standing(l, c, at->bar, rows, lines);
}

static bool page_contains(const char *line, const char *text)
{
	for (; *line != '\0'; line++) {
		size_t i = 0;

		while (text[i] != '\0' && text_lower((uint8_t)line[i]) == text_lower((uint8_t)text[i]))
			i++;
		if (text[i] == '\0')
			return true;
	}
	return false;
}

static bool page_has(const struct canvas *c, unsigned y, const char *text)
{
	char line[4 * 1000 + 1]; /* the widest screen */
	struct text t;

	text_init(&t, line, sizeof line);
	for (unsigned x = 0; x < c->width; x++)
		if (canvas_at(c, x, y)->code != 0)
			text_code(&t, canvas_at(c, x, y)->code);
	return page_contains(line, text);
}

enum reaction page_find(struct look *l, const char *text, const struct answer *a, const struct layout *at, int step)
{
	struct canvas c = {.ascii = l->ascii};
	unsigned begun = l->scrolled, from = l->page_at, found = UINT32_MAX, lines;
	struct text t;

	if (text[0] == '\0') {
		l->page_search[0] = '\0';
		return screen_say(l, false, "nothing to search for; / takes a text");
	}
	if (text != l->page_search) {
		text_init(&t, l->page_search, sizeof l->page_search);
		text_put(&t, text);
	}
	if (!canvas_resize(&c, at->width, 1))
		return screen_say(l, true, "no memory to search");
	l->scrolled = 0;
	lines = page_write(l, a, &c, 0, 0);
	lines = lines < PAGE_LONGEST ? lines : PAGE_LONGEST;
	if (!canvas_resize(&c, at->width, lines)) {
		canvas_release(&c);
		l->scrolled = begun;
		return screen_say(l, true, "no memory to search");
	}
	page_write(l, a, &c, 0, lines);
	/* From the line behind the one found last, or on top, and round. */
	from = from < lines ? from : 0;
	for (unsigned i = 1; i <= lines && found == UINT32_MAX; i++) {
		unsigned y = (from + lines + (step > 0 ? i : lines - i)) % lines;

		if (page_has(&c, y, text))
			found = y;
	}
	canvas_release(&c);
	l->scrolled = found != UINT32_MAX ? found : begun;
	l->page_at = found != UINT32_MAX ? found : from;
	if (found == UINT32_MAX) {
		text_init(&t, l->message, sizeof l->message);
		text_put(&t, "not found: ");
		text_foreign(&t, text, strlen(text), false);
		l->message_bad = true;
	}
	return REACT_DRAW;
}

/* In a page of text the keys scroll; drawing clips the end. */
enum reaction page_act(struct look *l, enum action act, const struct answer *a, const struct layout *at)
{
	int64_t to = l->scrolled, page = at->rows;

	switch (act) {
	case ACTION_UP: to -= 1; break;
	case ACTION_DOWN: to += 1; break;
	case ACTION_PAGE_UP: to -= page; break;
	case ACTION_PAGE_DOWN: to += page; break;
	case ACTION_HALF_UP: to -= page / 2; break;
	case ACTION_HALF_DOWN: to += page / 2; break;
	case ACTION_FIRST: to = 0; break;
	case ACTION_LAST: to = PAGE_LONGEST; break;
	case ACTION_SEARCH:
		prompt_open(l, PROMPT_FIND);
		return REACT_DRAW;
	case ACTION_SEARCH_NEXT: return page_find(l, l->page_search, a, at, 1);
	case ACTION_SEARCH_BACK: return page_find(l, l->page_search, a, at, -1);
	default: return REACT_NOTHING;
	}
	l->page_at = l->scrolled = (unsigned)(to < 0 ? 0 : to > PAGE_LONGEST ? PAGE_LONGEST : to);
	return REACT_DRAW;
}
