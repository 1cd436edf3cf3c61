/* The filter prompt: what is typed filters at once, if it can be understood.
 *
 * It grows upwards from the key bar where there is room: the text, two words
 * that could come next with the count beside them, and the error or the keys.
 * Tab writes the next word, Up and Down go through what was applied before, ^R
 * through those of them that contain what was typed.
 */
#include <string.h>

#include "screen.h"
#include "sockeye/filter.h"
#include "words.h"

enum { PROMPT_ROWS = 4, PROMPT_OFFERS = 2 };

unsigned prompt_rows(const struct layout *at)
{
	return at->pane ? PROMPT_ROWS : 1;
}

/* What is typed: the filter of the screen itself, which holds at once, or a text
 * that is used when it is whole. */
static char *prompt_text(struct look *l, enum filter_scope *scope)
{
	return l->prompt == PROMPT_FILTER ? screens[l->screen]->match(l, scope) : l->prompt_text;
}

static char *prompt_line(const struct look *l)
{
	enum filter_scope scope;

	/* The text is the look's: who may not change the look does not change the text. */
	return prompt_text((struct look *)l, &scope);
}

static enum filter_scope prompt_scope(const struct look *l)
{
	enum filter_scope scope = FILTER_FLOWS;

	(void)prompt_text((struct look *)l, &scope);
	return scope;
}

void prompt_open(struct look *l, enum prompt_kind kind)
{
	enum filter_scope scope;

	l->prompting = true;
	l->prompt = kind;
	l->completing = false;
	l->recalled = 0;
	memset(l->prompt_text, 0, sizeof l->prompt_text);
	memcpy(l->former, prompt_text(l, &scope), sizeof l->former);
}

static enum reaction prompt_changed(struct look *l)
{
	if (l->prompt != PROMPT_FILTER)
		return REACT_DRAW;
	l->fresh = true;
	l->hold_until_ns = 0;
	return REACT_ASK;
}

static void prompt_erase(char *s)
{
	size_t n = strlen(s);

	while (n > 0 && ((unsigned char)s[--n] & 0xc0) == 0x80)
		;
	s[n] = '\0';
}

static void prompt_keep(struct look *l)
{
	if (prompt_line(l)[0] == '\0' || (l->pasts > 0 && strcmp(l->past[0], prompt_line(l)) == 0))
		return;
	memmove(l->past[1], l->past[0], sizeof l->past - sizeof l->past[0]);
	memcpy(l->past[0], prompt_line(l), sizeof l->past[0]);
	if (l->pasts < LOOK_PASTS)
		l->pasts++;
}

/* Enter: what cannot be understood is not applied, and stays to be mended. */
static enum reaction prompt_apply(struct look *l, int64_t now_ns)
{
	struct filter *f;

	if (l->prompt != PROMPT_FILTER) {
		l->prompting = false;
		return screens[l->screen]->prompted ? screens[l->screen]->prompted(l, l->prompt_text, now_ns) : REACT_DRAW;
	}
	if (filter_compile(&f, prompt_line(l), prompt_scope(l), NULL) < 0)
		return REACT_DRAW;
	filter_free(f);
	prompt_keep(l);
	l->prompting = false;
	return REACT_ASK; /* it may have been written by = and not asked yet */
}

/* The past one step further that contains the needle; what was typed at its end. */
static enum reaction prompt_recall(struct look *l, int step, const char *needle)
{
	unsigned at = l->recalled;

	if (at == 0)
		memcpy(l->typed, prompt_line(l), sizeof l->typed);
	do {
		if (step < 0 ? at == 0 : at == l->pasts)
			return REACT_DRAW;
		at = step < 0 ? at - 1 : at + 1;
	} while (at > 0 && !strstr(l->past[at - 1], needle));
	l->recalled = at;
	memcpy(prompt_line(l), at > 0 ? l->past[at - 1] : l->typed, QUERY_MATCH);
	return prompt_changed(l);
}

/* Tab: the next word for what stood at the end when Tab was first pressed. */
static enum reaction prompt_complete(struct look *l, int step)
{
	struct filter_offer offers[FILTER_OFFERS];
	size_t from;
	unsigned n;
	struct text t;
	char line[QUERY_MATCH];

	if (!l->completing)
		memcpy(l->stem, prompt_line(l), sizeof l->stem);
	n = filter_complete(l->stem, strlen(l->stem), prompt_scope(l), offers, FILTER_OFFERS, &from);
	if (n == 0)
		return REACT_DRAW;
	l->offer = !l->completing ? (step > 0 ? 0 : n - 1) : (l->offer + n + (unsigned)step) % n;
	l->completing = true;
	text_init(&t, line, sizeof line);
	text_bytes(&t, l->stem, from);
	text_put(&t, offers[l->offer].text);
	if (t.cut)
		return REACT_DRAW;
	memset(prompt_line(l), 0, QUERY_MATCH);
	memcpy(prompt_line(l), line, t.len);
	return prompt_changed(l);
}

static enum reaction prompt_type(struct look *l, uint32_t key)
{
	struct text t;
	char one[8];

	if (key >= KEY_NONE_YET || text_width(key) == 0)
		return REACT_NOTHING;
	text_init(&t, one, sizeof one);
	text_code(&t, key);
	if (strlen(prompt_line(l)) + t.len >= QUERY_MATCH)
		return REACT_NOTHING;
	memcpy(prompt_line(l) + strlen(prompt_line(l)), one, t.len + 1);
	return prompt_changed(l);
}

bool prompt_takes(uint32_t key)
{
	return key < KEY_NONE_YET || key == KEY_ERASE || key == KEY_DELETE || key == KEY_ARROW_UP ||
	       key == KEY_ARROW_DOWN || key == KEY_BACK_TAB;
}

enum reaction prompt_key(struct look *l, uint32_t key, int64_t now_ns)
{
	enum reaction reaction;

	if (key == KEY_TABULATOR || key == KEY_BACK_TAB)
		return prompt_complete(l, key == KEY_TABULATOR ? 1 : -1);
	l->completing = false;
	if (key == KEY_ARROW_UP || key == KEY_ARROW_DOWN)
		return prompt_recall(l, key == KEY_ARROW_UP ? 1 : -1, "");
	if (key == KEY_CONTROL('R'))
		return prompt_recall(l, 1, l->recalled ? l->typed : prompt_line(l));
	switch (key) {
	case KEY_RETURN:
		return prompt_apply(l, now_ns);
	case KEY_ESCAPE:
		l->prompting = false;
		memcpy(prompt_line(l), l->former, QUERY_MATCH);
		return prompt_changed(l);
	case KEY_ERASE:
	case KEY_DELETE:
		if (prompt_line(l)[0] == '\0') {
			l->prompting = false;
			return REACT_DRAW;
		}
		prompt_erase(prompt_line(l));
		reaction = prompt_changed(l);
		break;
	case KEY_CONTROL('U'):
		prompt_line(l)[0] = '\0';
		reaction = prompt_changed(l);
		break;
	default:
		reaction = prompt_type(l, key);
		break;
	}
	l->recalled = 0;
	return reaction;
}

/* ---- drawing ------------------------------------------------------------------ */

/* How many bytes of a text stand before that character (from 1). */
static size_t bytes_before(const char *s, unsigned column)
{
	size_t at = 0;

	for (unsigned i = 1; i < column && s[at] != '\0'; i++)
		for (at++; ((unsigned char)s[at] & 0xc0) == 0x80; at++)
			;
	return at;
}

/* The text, or as much of its end as there is room for, and the error marked.
 * Returns the column behind it. */
static unsigned draw_text(const struct look *l, const struct answer *a, struct canvas *c, unsigned y, unsigned end)
{
	size_t n = strlen(prompt_line(l)), from = 0, wrong = n;
	unsigned x = canvas_put(c, 1, y, c->width, ROLE_KEY, "/ "), begin = x;

	while (x + canvas_width(prompt_line(l) + from) + 1 > end && from < n)
		for (from++; ((unsigned char)prompt_line(l)[from] & 0xc0) == 0x80; from++)
			;
	if (a->match_error.column > 0)
		wrong = bytes_before(prompt_line(l), a->match_error.column);
	x = canvas_foreign(c, x, y, end, ROLE_TEXT, prompt_line(l) + from, n - from);
	if (wrong >= from && wrong < n) {
		char before[QUERY_MATCH];
		struct text t;
		unsigned at;

		text_init(&t, before, sizeof before);
		text_bytes(&t, prompt_line(l) + from, wrong - from);
		at = begin + canvas_width(before);
		canvas_role(c, at, y, at + 1, ROLE_BAD);
		canvas_attr(c, at, y, at + 1, ATTR_REVERSE);
	}
	return canvas_put(c, x, y, c->width, ROLE_KEY, "▏");
}

static void count_text(struct text *t, const struct look *l, const struct answer *a)
{
	text_put(t, "matches ");
	words_count(t, a->matched);
	text_put(t, " of ");
	words_count(t, a->flows);
	if (l->live && !a->ended)
		text_put(t, " (live)");
}

static void error_text(struct text *t, const struct answer *a)
{
	text_format(t, "✕ column %u: ", a->match_error.column);
	text_put(t, a->match_error.text);
}

static void right_text(struct canvas *c, unsigned y, unsigned least, enum role role, const char *s)
{
	unsigned width = canvas_width(s);

	if (least + width + 3 <= c->width)
		canvas_put(c, c->width - width - 1, y, c->width - 1, role, s);
}

/* Two of the words that could come next: the one that Tab wrote and the next. */
static void draw_offers(const struct look *l, struct canvas *c, unsigned y, unsigned *ends)
{
	struct filter_offer offers[FILTER_OFFERS];
	const char *text = l->completing ? l->stem : prompt_line(l);
	size_t from;
	unsigned n = filter_complete(text, strlen(text), prompt_scope(l), offers, FILTER_OFFERS, &from);

	for (unsigned i = 0; i < PROMPT_OFFERS; i++) {
		unsigned at = l->completing && n > 0 ? (l->offer + i) % n : i, half = c->width / 2;
		bool chosen = l->completing && i == 0;

		ends[i] = 1;
		if (i >= n)
			continue;
		ends[i] = canvas_put(c, 3, y + i, half, chosen ? ROLE_MATCH : ROLE_KEY, offers[at].text);
		ends[i] = ends[i] + 2 > 20 ? ends[i] + 2 : 20;
		if (ends[i] < half)
			ends[i] = canvas_cut(c, ends[i], y + i, half, ROLE_DIM, offers[at].meaning);
	}
}

/* One row: the text and beside it what is most wanted. */
static void draw_short(const struct look *l, const struct answer *a, struct canvas *c, unsigned y)
{
	bool wrong = a->match_error.column > 0;
	unsigned x = draw_text(l, a, c, y, c->width - 24 > 10 ? c->width - 24 : c->width);
	char buffer[320];
	struct text t;

	text_init(&t, buffer, sizeof buffer);
	if (wrong)
		error_text(&t, a);
	else
		count_text(&t, l, a);
	canvas_cut(c, x + 2, y, c->width, wrong ? ROLE_BAD : a->matched > 0 ? ROLE_DIM : ROLE_WARN, buffer);
}

void prompt_draw(const struct look *l, const struct answer *a, struct canvas *c, const struct layout *at)
{
	unsigned rows = prompt_rows(at), y = at->message ? at->bar - rows + 1 : at->bar, ends[PROMPT_OFFERS];
	char buffer[320];
	struct text t;

	if (rows == 1)
		y = at->message ? at->message : at->bar;
	for (unsigned i = 0; i < rows; i++)
		canvas_fill(c, 0, y + i, c->width, ROLE_TEXT, ' ');
	if (rows == 1) {
		draw_short(l, a, c, y);
		return;
	}
	draw_text(l, a, c, y, c->width - 1);
	draw_offers(l, c, y + 1, ends);
	text_init(&t, buffer, sizeof buffer);
	count_text(&t, l, a);
	right_text(c, y + 1, ends[0], a->matched > 0 ? ROLE_TEXT : ROLE_WARN, buffer);
	right_text(c, y + 2, ends[1], ROLE_DIM, "Tab complete  ↑↓ history  ^R search");
	text_reset(&t);
	if (a->match_error.column > 0)
		error_text(&t, a);
	right_text(c, y + 3, canvas_cut(c, 1, y + 3, c->width - 1, ROLE_BAD, buffer), ROLE_DIM,
		   "Enter apply  Esc keep the old one");
}
