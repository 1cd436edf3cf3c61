/* The dialog that saves: what, in which form, and under which name.
 *
 * It stands over the last rows of packets, ladder, stream and sockets. The name proposed is the engine's
 * (the run's clock, a connection's number); who changes it gets that one, with the ending
 * that says what is in it. Files are new ones in the directory of the start: a name has
 * letters, digits, dots, - and _, and nothing is written over.
 */
#include <string.h>

#include "edit.h"
#include "screen.h"
#include "sockeye/engine.h"
#include "words.h"

enum { SAVE_ROWS = 6, SAVE_WIDE = 71 };

static enum save_kind save_kind(const struct look *l)
{
	return l->save.of == SAVE_OF_PACKETS ? SAVE_PACKETS : SAVE_TEXT;
}

/* The one connection that it is of, for the name; 0: of several, or all. */
static uint64_t save_flow(const struct look *l)
{
	const struct packets_look *s = &l->packets;

	switch (l->save.of) {
	case SAVE_OF_PACKETS: return l->save.what == SAVE_SHOWN && s->flows == 1 ? s->flow[0] : 0;
	case SAVE_OF_LADDER: return l->ladder.flows == 1 ? l->ladder.flow[0] : 0;
	case SAVE_OF_SOCKETS: return 0;
	default: return l->stream.flow;
	}
}

static void save_propose(struct look *l, const struct answer *a)
{
	struct save_query q = {.kind = save_kind(l)};

	q.packets.flow[0] = save_flow(l);
	q.packets.flows = q.packets.flow[0] != 0;
	l->save.proposed_ns = l->save.of == SAVE_OF_SOCKETS ? l->sockets.table->at_ns : a->totals.now_ns;
	engine_save_name(&q, l->save.proposed_ns, 1, l->save.name);
	l->save.cursor = strlen(l->save.name);
}

static bool save_possible(struct look *l, const struct answer *a)
{
	if (l->save.wanted || l->whole.on || l->stream.saving)
		return screen_say(l, false, "something is being saved already") == REACT_NOTHING;
	if (l->save.of == SAVE_OF_LADDER && a->packets.rows == 0)
		return screen_say(l, false, "nothing to save") == REACT_NOTHING;
	if (l->save.of == SAVE_OF_SOCKETS && (!l->sockets.table || l->sockets.rows == 0))
		return screen_say(l, false, "nothing to save: no socket is in the list") == REACT_NOTHING;
	return true;
}

enum reaction save_open(struct look *l, enum save_of of, const struct answer *a)
{
	l->save.of = of;
	if (!save_possible(l, a))
		return REACT_DRAW;
	l->save.open = true;
	l->save.edited = false;
	l->save.chosen[0] = '\0';
	l->save.what = l->packets.marks > 0 && l->packets.marked_only ? SAVE_MARKED : SAVE_SHOWN;
	save_propose(l, a);
	return REACT_DRAW;
}

/* ---- the name ------------------------------------------------------------------------ */

static bool save_letter(uint32_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool save_may(uint32_t c)
{
	return save_letter(c) || c == '.' || c == '_' || c == '-';
}

/* Of a name of n bytes: without that ending. */
static size_t save_without(const char *name, size_t n, const char *end)
{
	size_t len = strlen(end);

	return n > len && memcmp(name + n - len, end, len) == 0 ? n - len : n;
}

/* The name as it will be, into chosen; NULL, or what is wrong with it. */
static const char *save_choose(struct look *l)
{
	const char *end = save_kind(l) == SAVE_PACKETS ? ".pcapng" : SAVE_TEXT_END;
	size_t n = strlen(l->save.name);
	struct text t;

	for (size_t i = 0; i < n; i++)
		if (!save_may((unsigned char)l->save.name[i]))
			return "a name has letters, digits, dots, - and _";
	n = save_without(l->save.name, n, end);
	n = save_kind(l) == SAVE_PACKETS ? n : save_without(l->save.name, n, ".txt");
	if (n == 0 || !save_letter((unsigned char)l->save.name[0]))
		return "a name begins with a letter or a digit";
	text_init(&t, l->save.chosen, sizeof l->save.chosen);
	text_bytes(&t, l->save.name, n);
	text_put(&t, end);
	return t.cut ? "that name is too long: 63 characters with its ending" : NULL;
}

static enum reaction save_go(struct look *l, const struct answer *a)
{
	const char *wrong = NULL;

	l->save.chosen[0] = '\0';
	if (l->save.edited)
		wrong = save_choose(l);
	if (wrong != NULL) {
		l->save.chosen[0] = '\0';
		return screen_say(l, true, wrong);
	}
	l->save.open = false;
	switch (l->save.of) {
	case SAVE_OF_PACKETS: save_ask(l); return REACT_DRAW;
	case SAVE_OF_LADDER: return ladder_save(l, &a->packets);
	case SAVE_OF_SOCKETS: return sockets_save(l);
	default: return stream_save(l);
	}
}

enum reaction save_named(struct look *l, enum save_of of, const char *name, const struct answer *a)
{
	struct text t;

	(void)save_open(l, of, a);
	if (!l->save.open)
		return REACT_DRAW;
	text_init(&t, l->save.name, sizeof l->save.name);
	text_put(&t, name);
	l->save.edited = true;
	l->save.cursor = t.len;
	if (t.cut)
		return screen_say(l, true, "that name is too long: 63 characters with its ending");
	return save_go(l, a);
}

enum reaction save_key(struct look *l, uint32_t key, const struct answer *a)
{
	struct save_look *s = &l->save;
	int step = key == KEY_TABULATOR || key == KEY_ARROW_DOWN ? 1 : key == KEY_BACK_TAB || key == KEY_ARROW_UP ? -1 : 0;
	enum edited edited;

	if (key == KEY_ESCAPE) {
		s->open = false;
		return screen_say(l, false, "not saved");
	}
	if (key == KEY_RETURN)
		return save_go(l, a);
	if (step != 0) {
		s->what = s->of == SAVE_OF_PACKETS ? (enum save_what)(((int)s->what + step + SAVE_WHATS) % SAVE_WHATS) : s->what;
		if (!s->edited)
			save_propose(l, a);
		return REACT_DRAW;
	}
	if (key >= KEY_BLANK && key < KEY_NONE_YET && key != 0x7f && !save_may(key))
		return screen_say(l, true, "a name has letters, digits, dots, - and _");
	edited = edit_key(s->name, sizeof s->name, &s->cursor, key);
	s->edited = s->edited || edited == EDIT_CHANGED;
	return edited == EDIT_NO ? REACT_NOTHING : REACT_DRAW;
}

/* ---- drawing -------------------------------------------------------------------------- */

static void save_choices(const struct look *l, const struct answer *a, struct text *t, bool narrow)
{
	static const char *const words[SAVE_WHATS][2] = {{"shown packets ", "shown "}, {"marked ", "marked "}, {"all ", "all "}};
	static const char *const ends[STREAM_ENDS] = {"both ends said", "the client said", "the server said"};
	const uint64_t many[SAVE_WHATS] = {a->packets.matched, l->packets.marks, a->packets.total};

	if (l->save.of == SAVE_OF_SOCKETS) {
		text_put(t, narrow ? "the list as shown, " : "the whole list, as it is shown: ");
		words_count(t, l->sockets.rows);
		text_put(t, l->sockets.rows == 1 ? " row" : " rows");
		return;
	}
	if (l->save.of != SAVE_OF_PACKETS) {
		text_put(t, l->save.of == SAVE_OF_LADDER ? "the whole ladder, as it is shown" : "what ");
		text_put(t, l->save.of == SAVE_OF_LADDER ? "" : ends[l->stream.ends]);
		return;
	}
	for (unsigned i = 0; i < SAVE_WHATS; i++) {
		text_put(t, i == (unsigned)l->save.what ? "(•) " : "( ) ");
		text_put(t, words[i][narrow]);
		words_count(t, many[i]);
		text_put(t, narrow ? " " : "   ");
	}
}

/* ./NAME, with the cursor; the ending that it will get where it has another. */
static void save_where(const struct look *l, struct canvas *c, unsigned x, unsigned y, unsigned end)
{
	static const char *const ends[2] = {".pcapng", SAVE_TEXT_END};
	const char *ending = ends[save_kind(l) != SAVE_PACKETS];
	size_t n = strlen(l->save.name), from;

	x = canvas_put(c, x, y, end, ROLE_DIM, "./");
	x = edit_draw(c, x, y, end, l->save.name, l->save.cursor, &from);
	if (l->save.edited && save_without(l->save.name, n, ending) == n)
		canvas_put(c, x, y, end, ROLE_DIM, ending);
}

void save_draw(const struct look *l, const struct answer *a, struct canvas *c, unsigned end)
{
	static const char *const formats[] = {
		[SAVE_OF_PACKETS] = "pcapng, as they were captured", [SAVE_OF_LADDER] = "text",
		[SAVE_OF_SOCKETS] = "text",
		[SAVE_OF_STREAM] = "the bytes themselves",
	};
	unsigned wide = c->width < SAVE_WIDE + 4 ? c->width : SAVE_WIDE, x = (c->width - wide) / 2, y, rows = SAVE_ROWS;
	char buffer[160];
	struct text t;

	if (end < rows + 1)
		return;
	y = end - rows;
	for (unsigned i = 0; i < rows; i++) {
		canvas_fill(c, x, y + i, x + wide, ROLE_RULE, i == 0 || i + 1 == rows ? 0x2500 : ' ');
		canvas_put(c, x, y + i, x + wide, ROLE_RULE, i == 0 ? "┌" : i + 1 == rows ? "└" : "│");
		canvas_put(c, x + wide - 1, y + i, x + wide, ROLE_RULE, i == 0 ? "┐" : i + 1 == rows ? "┘" : "│");
	}
	canvas_put(c, x + 2, y, x + wide, ROLE_HEAD, " Save ");
	text_init(&t, buffer, sizeof buffer);
	save_choices(l, a, &t, wide < SAVE_WIDE);
	canvas_put(c, wide < SAVE_WIDE ? x + 2 : canvas_put(c, x + 2, y + 1, x + wide, ROLE_DIM, "what    "), y + 1, x + wide - 1, ROLE_TEXT,
		   buffer);
	canvas_cut(c, canvas_put(c, x + 2, y + 2, x + wide, ROLE_DIM, "format  "), y + 2, x + wide - 1, ROLE_TEXT,
		   formats[l->save.of]);
	save_where(l, c, canvas_put(c, x + 2, y + 3, x + wide, ROLE_DIM, "where   "), y + 3, x + wide - 1);
	canvas_cut(c, x + 2, y + 4, x + wide - 1, ROLE_DIM,
		   l->save.of == SAVE_OF_PACKETS ? "Enter save  Tab what  ^U other name  Esc; none is written over"
						 : "Enter save  ^U other name  Esc away; none is written over");
}
