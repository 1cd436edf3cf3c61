/* The filter prompt: what is typed filters at once, if it can be understood.
 *
 * It grows upwards from the key bar where there is room: the text, two words
 * that could come next with the count beside them, and the error or the keys.
 * Tab writes the next word, Up and Down go through what was applied before, ^R
 * through those of them that contain what was typed.
 * What Enter does in the find prompt: prompt_find.c.
 */
#include <string.h>

#include "command.h"
#include "edit.h"
#include "screen.h"
#include "sockeye/filter.h"
#include "words.h"

enum { PROMPT_ROWS = 4, PROMPT_OFFERS = 2 };

static unsigned prompt_rows(const struct look *l, const struct layout *at)
{
	bool offers = l->prompt == PROMPT_FILTER || l->prompt == PROMPT_COMMAND;

	return at->pane && offers ? PROMPT_ROWS : 1;
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
	l->completing = l->found_here = false;
	l->recalled = 0;
	memset(l->prompt_text, 0, sizeof l->prompt_text);
	memcpy(l->former, prompt_text(l, &scope), sizeof l->former);
	l->cursor = strlen(l->former);
}

void prompt_set(struct look *l, const char *text)
{
	struct text t;

	memset(prompt_line(l), 0, QUERY_MATCH);
	text_init(&t, prompt_line(l), QUERY_MATCH);
	text_put(&t, text);
	l->cursor = t.len;
}

static enum reaction prompt_changed(struct look *l)
{
	l->found_here = false;
	if (l->prompt != PROMPT_FILTER)
		return REACT_DRAW;
	l->fresh = true;
	l->hold_until_ns = 0;
	return REACT_ASK;
}

/* Commands stand among what was applied before with the colon that they were typed behind. */
static void prompt_keep(struct look *l)
{
	char line[QUERY_MATCH];
	struct text t;

	text_init(&t, line, sizeof line);
	text_put(&t, l->prompt == PROMPT_COMMAND ? ":" : "");
	text_put(&t, prompt_line(l));
	if (prompt_line(l)[0] == '\0' || t.cut || (l->pasts > 0 && strcmp(l->past[0], line) == 0))
		return;
	memmove(l->past[1], l->past[0], sizeof l->past - sizeof l->past[0]);
	memcpy(l->past[0], line, sizeof l->past[0]);
	if (l->pasts < LOOK_PASTS)
		l->pasts++;
}

/* Enter: what cannot be understood is not applied, and stays to be mended. */
static enum reaction prompt_apply(struct look *l, struct answer *a, const struct layout *at, int64_t now_ns)
{
	struct filter *f;

	if (l->prompt == PROMPT_COMMAND) {
		prompt_keep(l);
		l->prompting = false;
		return command_run(l, l->prompt_text, a, at, now_ns);
	}
	if (l->prompt == PROMPT_FIND)
		return prompt_find(l, false, a, at, now_ns);
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
	unsigned at = l->recalled, command = l->prompt == PROMPT_COMMAND;
	char line[QUERY_MATCH] = "";

	if (l->prompt != PROMPT_FILTER && !command)
		return REACT_DRAW;
	if (at == 0)
		memcpy(l->typed, prompt_line(l), sizeof l->typed);
	do {
		if (step < 0 ? at == 0 : at == l->pasts)
			return REACT_DRAW;
		at = step < 0 ? at - 1 : at + 1;
	} while (at > 0 && !((l->past[at - 1][0] == ':') == command && strstr(l->past[at - 1] + command, needle)));
	l->recalled = at;
	memcpy(line, at > 0 ? l->past[at - 1] + command : l->typed, sizeof line - command);
	prompt_set(l, line);
	return prompt_changed(l);
}

/* Words that could stand at the cursor, behind what is before it. */
static unsigned prompt_offers(const struct look *l, const char *before, struct filter_offer *out, size_t *from)
{
	if (l->prompt == PROMPT_COMMAND)
		return command_complete(l, before, out, FILTER_OFFERS, from);
	if (l->prompt == PROMPT_FILTER)
		return filter_complete(before, strlen(before), prompt_scope(l), out, FILTER_OFFERS, from);
	return 0;
}

/* Tab: the next word for what stood before the cursor when Tab was first pressed. */
static enum reaction prompt_complete(struct look *l, int step)
{
	struct filter_offer offers[FILTER_OFFERS];
	size_t from, cursor;
	unsigned n;
	struct text t;
	char line[QUERY_MATCH];

	if (!l->completing) {
		text_init(&t, l->stem, sizeof l->stem);
		text_bytes(&t, prompt_line(l), l->cursor);
	}
	n = prompt_offers(l, l->stem, offers, &from);
	if (n == 0)
		return REACT_DRAW;
	l->offer = !l->completing ? (step > 0 ? 0 : n - 1) : (l->offer + n + (unsigned)step) % n;
	text_init(&t, line, sizeof line);
	text_bytes(&t, l->stem, from);
	text_put(&t, offers[l->offer].text);
	cursor = t.len;
	text_put(&t, prompt_line(l) + l->cursor);
	if (t.cut)
		return REACT_DRAW;
	l->completing = true;
	prompt_set(l, line);
	l->cursor = cursor;
	return prompt_changed(l);
}

bool prompt_takes(uint32_t key)
{
	switch (key) {
	case KEY_ERASE: case KEY_DELETE: case KEY_BACK_TAB: case KEY_ARROW_UP: case KEY_ARROW_DOWN:
	case KEY_ARROW_LEFT: case KEY_ARROW_RIGHT: case KEY_TO_HOME: case KEY_TO_END:
		return true;
	default:
		return key < KEY_NONE_YET;
	}
}

static enum reaction prompt_close(struct look *l)
{
	l->prompting = false;
	if (l->prompt != PROMPT_FILTER)
		return REACT_DRAW;
	memcpy(prompt_line(l), l->former, QUERY_MATCH);
	return prompt_changed(l);
}

enum reaction prompt_key(struct look *l, uint32_t key, struct answer *a, const struct layout *at, int64_t now_ns)
{
	enum edited edited;

	if (key == KEY_TABULATOR || key == KEY_BACK_TAB)
		return prompt_complete(l, key == KEY_TABULATOR ? 1 : -1);
	l->completing = false;
	if (key == KEY_ARROW_UP || key == KEY_ARROW_DOWN)
		return prompt_recall(l, key == KEY_ARROW_UP ? 1 : -1, "");
	if (key == KEY_CONTROL('R'))
		return prompt_recall(l, 1, l->recalled ? l->typed : prompt_line(l));
	if (key == KEY_RETURN)
		return prompt_apply(l, a, at, now_ns);
	if (key == KEY_ESCAPE)
		return prompt_close(l);
	if ((key == KEY_ERASE || key == KEY_DELETE) && prompt_line(l)[0] == '\0') {
		l->prompting = false;
		return REACT_DRAW;
	}
	edited = edit_key(prompt_line(l), QUERY_MATCH, &l->cursor, key);
	if (edited == EDIT_NO)
		return REACT_NOTHING;
	if (edited == EDIT_MOVED)
		return REACT_DRAW;
	l->recalled = 0;
	return prompt_changed(l);
}

/* ---- drawing ------------------------------------------------------------------ */

const struct filter_error *prompt_filter_error(const struct look *l, const struct answer *a, enum filter_scope scope)
{
	return scope == FILTER_PACKETS ? &a->packets.match_error
	       : scope == FILTER_SOCKETS ? &l->sockets.error : &a->match_error;
}

/* What is said of the filter that is typed; column 0: it is understood, or it is no filter. */
static const struct filter_error *prompt_error(const struct look *l, const struct answer *a)
{
	static const struct filter_error none;

	return l->prompt != PROMPT_FILTER ? &none : prompt_filter_error(l, a, prompt_scope(l));
}

static uint64_t prompt_matched(const struct look *l, const struct answer *a)
{
	return prompt_scope(l) == FILTER_PACKETS ? a->packets.matched : prompt_scope(l) == FILTER_SOCKETS ? l->sockets.matched : a->matched;
}

/* How many bytes of a text stand before that character (from 1). */
static size_t bytes_before(const char *s, unsigned column)
{
	size_t at = 0;

	for (unsigned i = 1; i < column && s[at] != '\0'; i++)
		for (at++; ((unsigned char)s[at] & 0xc0) == 0x80; at++)
			;
	return at;
}

/* The text round its cursor, and the error marked. Returns the column behind it. */
static unsigned draw_text(const struct look *l, const struct answer *a, struct canvas *c, unsigned y, unsigned end)
{
	static const char *const sign[] = {
		[PROMPT_FILTER] = "/ ", [PROMPT_FIND] = "find ", [PROMPT_GO_TO] = "packet ", [PROMPT_COMMAND] = ": ",
	};
	const char *text = prompt_line(l);
	size_t n = strlen(text), from, wrong = n;
	unsigned begin = canvas_put(c, 1, y, c->width, ROLE_KEY, sign[l->prompt]);
	unsigned x = edit_draw(c, begin, y, end, text, l->cursor, &from);

	if (prompt_error(l, a)->column > 0)
		wrong = bytes_before(text, prompt_error(l, a)->column);
	if (wrong >= from && wrong < n) {
		char before[QUERY_MATCH];
		struct text t;
		unsigned at;

		text_init(&t, before, sizeof before);
		text_bytes(&t, text + from, wrong - from);
		at = begin + canvas_width(before);
		canvas_role(c, at, y, at + 1, ROLE_BAD);
		canvas_attr(c, at, y, at + 1, ATTR_REVERSE);
	}
	return x;
}

static void count_text(struct text *t, const struct look *l, const struct answer *a)
{
	bool packets = prompt_scope(l) == FILTER_PACKETS;

	if (l->prompt != PROMPT_FILTER)
		return;
	if (prompt_error(l, a)->column > 0) { /* whatever is in the list is not what it lets through */
		text_put(t, "not understood yet");
		return;
	}
	text_put(t, "matches ");
	words_count(t, prompt_matched(l, a));
	if (packets && !a->packets.counted)
		text_put(t, " and more");
	text_put(t, " of ");
	words_count(t, packets ? a->packets.total : prompt_scope(l) == FILTER_SOCKETS ? l->sockets.total : a->flows);
	if (l->live && !a->ended)
		text_put(t, " (live)");
}

static void error_text(struct text *t, const struct filter_error *e)
{
	text_format(t, "✕ column %u: ", e->column);
	text_put(t, e->text);
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
	char before[QUERY_MATCH];
	struct text t;
	size_t from;
	unsigned n;

	text_init(&t, before, sizeof before);
	text_bytes(&t, prompt_line(l), l->cursor);
	n = prompt_offers(l, l->completing ? l->stem : before, offers, &from);

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
	bool wrong = prompt_error(l, a)->column > 0;
	unsigned x = draw_text(l, a, c, y, c->width - 24 > 10 ? c->width - 24 : c->width);
	char buffer[320];
	struct text t;

	if (l->prompt == PROMPT_FIND) {
		prompt_find_draw(l, c, x + 2, y);
		return;
	}
	text_init(&t, buffer, sizeof buffer);
	if (wrong)
		error_text(&t, prompt_error(l, a));
	else
		count_text(&t, l, a);
	canvas_cut(c, x + 2, y, c->width, wrong ? ROLE_BAD : prompt_matched(l, a) > 0 ? ROLE_DIM : ROLE_WARN, buffer);
}

void prompt_draw(const struct look *l, const struct answer *a, struct canvas *c, const struct layout *at)
{
	unsigned rows = prompt_rows(l, at), y = at->message ? at->bar - rows + 1 : at->bar, ends[PROMPT_OFFERS];
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
	right_text(c, y + 1, ends[0],
		   prompt_matched(l, a) > 0 && prompt_error(l, a)->column == 0 ? ROLE_TEXT : ROLE_WARN, buffer);
	if (l->prompt == PROMPT_FILTER || l->prompt == PROMPT_COMMAND)
		right_text(c, y + 2, ends[1], ROLE_DIM, "Tab complete  ↑↓ history  ^R search");
	text_reset(&t);
	if (prompt_error(l, a)->column > 0)
		error_text(&t, prompt_error(l, a));
	else if (l->prompt == PROMPT_FILTER && l->former[0] != '\0' && strcmp(l->former, prompt_line(l)) == 0)
		text_put(&t, "this filter is set: it is edited; ^U clears it");
	right_text(c, y + 3, canvas_cut(c, 1, y + 3, c->width - 1, prompt_error(l, a)->column > 0 ? ROLE_BAD : ROLE_TEXT, buffer), ROLE_DIM,
		   l->prompt == PROMPT_FILTER ? "Enter apply  Esc keep the old one" : "Enter go  Esc away");
}
