/* The frame of every screen: where the data comes from and how it goes, the
 * views, the message row, the keys.
 */
#include <string.h>

#include "screen.h"
#include "sockeye/clock.h"
#include "words.h"

/* What is put on a bar from the right, as long as there is room. */
struct right {
	struct canvas *c;
	unsigned y, end, least; /* nothing is drawn left of least */
};

enum {
	BARS_NOTE_S = 600, /* so long a note stands */
	TABS_NAMES = 60,   /* columns in which every tab has its name */
};

static bool right_fits(const struct right *r, unsigned width)
{
	return r->end >= r->least + width + 1;
}

static void right_put(struct right *r, enum role role, const char *s)
{
	unsigned width = canvas_width(s);

	if (!right_fits(r, width))
		return;
	r->end -= width;
	canvas_put(r->c, r->end, r->y, r->end + width, role, s);
	r->end -= r->end > 2 ? 2 : r->end;
}

static void bars_clock(struct text *t, int64_t ns)
{
	int64_t s = ns < 0 ? 0 : ns / CLOCK_S;

	text_format(t, "%02d:%02d:%02d", (int)(s / 3600), (int)(s / 60 % 60), (int)(s % 60));
}

/* Bytes read of all files, in percent; -1 where it cannot be known. */
static int bars_progress(const struct answer *a)
{
	uint64_t read = 0, total = 0;

	for (unsigned i = 0; i < a->sources; i++) {
		read += a->source[i].bytes_read;
		total += a->source[i].bytes_total;
		if (a->source[i].bytes_total == 0)
			return -1;
	}
	return total == 0 ? -1 : (int)(read >= total ? 100 : (unsigned)((double)read * 100 / (double)total));
}

/* Before column `end`; what it says more than one word is left out where it has no room. */
static unsigned bars_mode(const struct look *l, const struct answer *a, struct canvas *c, unsigned x, unsigned end)
{
	char buffer[96];
	struct text t;
	int percent = bars_progress(a);

	text_init(&t, buffer, sizeof buffer);
	if (a->replay && !a->ended) {
		x = canvas_put(c, x, 0, end, ROLE_GOOD, "REPLAY");
		text_char(&t, ' ');
		bars_clock(&t, a->now_ns - a->totals.first_ns);
	} else if ((a->live || l->live) && !a->replay) {
		x = canvas_put(c, x, 0, end, a->ended ? ROLE_WARN : ROLE_GOOD, a->ended ? "ENDED" : "LIVE");
		if (l->clock_ns != 0) {
			text_char(&t, ' ');
			bars_clock(&t, l->clock_ns - l->started_ns);
		}
	} else if (!a->ended) {
		x = canvas_put(c, x, 0, end, ROLE_OPENING, "READING");
		if (percent >= 0)
			text_format(&t, " %d %%", percent);
	} else {
		x = canvas_put(c, x, 0, end, ROLE_KEY, "FILE");
		text_char(&t, ' ');
		words_count(&t, a->totals.packets);
		text_put(&t, c->width >= 80 ? " packets" : " pkt");
		if (c->width >= 100 && a->totals.last_ns > a->totals.first_ns) {
			text_put(&t, " in ");
			words_span(&t, a->totals.last_ns - a->totals.first_ns);
		}
	}
	return x + canvas_width(buffer) <= end ? canvas_put(c, x, 0, end, ROLE_TEXT, buffer) : x;
}

static uint64_t bars_begun(const struct totals *t)
{
	return t->flows_tcp + t->flows_udp + t->flows_icmp + t->flows_other;
}

/* Losses are always said: of the kernel, of the file, of our own memory. True: that the kernel lost nothing is known. */
static bool bars_losses(const struct answer *a, struct right *r)
{
	uint64_t drops = a->drops_left_out, damaged = 0;
	bool known = drops > 0;
	char buffer[64];
	struct text t;

	for (unsigned i = 0; i < a->sources; i++) {
		known = known || a->source[i].drops_known;
		drops += a->source[i].drops_known ? a->source[i].drops : 0;
		damaged += a->source[i].damaged;
	}
	text_init(&t, buffer, sizeof buffer);
	if (damaged > 0) {
		text_put(&t, "damaged ");
		words_count(&t, damaged);
		right_put(r, ROLE_BAD, buffer);
		text_reset(&t);
	}
	if (a->totals.flows_evicted > 0) {
		text_put(&t, "forgot ");
		words_size(&t, a->totals.flows_evicted);
		right_put(r, ROLE_WARN, buffer);
		text_reset(&t);
	}
	if (drops > 0) {
		text_put(&t, "drop ");
		words_size(&t, drops);
		right_put(r, ROLE_BAD, buffer);
		text_reset(&t);
	}
	/* These were told when they ended; what is lost is their rows. */
	if (a->past_forgotten > 0) {
		text_put(&t, r->c->width >= 100 ? "" : "-");
		words_size(&t, a->past_forgotten);
		text_put(&t, r->c->width >= 100 ? " over, forgotten" : " over");
		right_put(r, ROLE_DIM, buffer);
	}
	return known && drops == 0;
}

/* Those in the list were counted when connections were asked for last: since then there may be others. */
static bool bars_counted(const struct answer *a)
{
	return a->about == QUERY_FLOWS || ((!a->live || a->ended) && a->flows == a->totals.flows_live);
}

/* How many connections there are; live those that are over are among them while there is room for them, and so_far says
 * how many there were in all. Its width. */
static unsigned bars_conns(const struct answer *a, unsigned width, bool so_far, struct text *t)
{
	text_reset(t);
	if (!bars_counted(a)) {
		words_count(t, a->totals.flows_live);
		text_put(t, a->totals.flows_live == 1 ? " conn" : " conns");
	} else {
		words_count(t, a->flows);
		text_put(t, width < 80 ? " / " : a->flows == 1 ? " conn " : " conns ");
		words_count(t, a->open);
		text_put(t, " open");
	}
	if (so_far && a->live && !a->ended && bars_begun(&a->totals) > a->totals.flows_live) {
		text_put(t, ", ");
		words_count(t, bars_begun(&a->totals));
		text_put(t, " so far");
	}
	return canvas_width(t->at);
}

/* What of this there is room for, the memory least of all. */
static void bars_counts(const struct answer *a, struct right *r)
{
	const unsigned width = r->c->width;
	const double used = (double)a->totals.memory_used / (1 << 20);
	char memory[48], conns[96];
	struct text m, t;
	unsigned wants;

	text_init(&m, memory, sizeof memory);
	text_init(&t, conns, sizeof conns);
	text_format(&m, used < 9.95 ? "mem %.1f/%.0fM" : "mem %.0f/%.0fM", used, (double)a->totals.memory_limit / (1 << 20));
	wants = canvas_width(memory) + 2;
	if (width >= 100 && right_fits(r, wants + bars_conns(a, width, false, &t)))
		right_put(r, ROLE_DIM, memory);
	if (width < 100 || !right_fits(r, bars_conns(a, width, true, &t)))
		(void)bars_conns(a, width, false, &t);
	right_put(r, ROLE_TEXT, conns);
}

/* Where the data comes from, at most so wide. Of a file's path the front is cut: its name says more. */
static unsigned bars_title(const struct look *l, const struct answer *a, struct canvas *c, unsigned x, unsigned end, bool *cut)
{
	const char *at = l->title, *slash = !a->live || a->replay ? strrchr(at, '/') : NULL;

	*cut = x + canvas_width(at) > end;
	if (!*cut || slash == NULL)
		return canvas_foreign(c, x, 0, end, ROLE_TEXT, at, strlen(at));
	/* As many of its last directories as fit. */
	while (at < slash && x + 1 + canvas_width(at) > end)
		at = strchr(at + 1, '/');
	x = canvas_put(c, x, 0, end, ROLE_TEXT, "…");
	at += x + canvas_width(at) > end;
	return canvas_foreign(c, x, 0, end, ROLE_TEXT, at, strlen(at));
}

/* What the title gets is given: it says whether that was too little, and returns how many columns are free. */
static unsigned bars_top_row(const struct look *l, const struct answer *a, struct canvas *c, unsigned more, bool *cut)
{
	struct right r = {c, 0, c->width - 1, 0};
	unsigned x, end, least, wide = c->width >= 100;
	char buffer[96];
	struct text t;
	bool lossless;

	canvas_fill(c, 0, 0, c->width, ROLE_TEXT, ' ');
	x = canvas_put(c, 1, 0, c->width, ROLE_BRAND, "sockeye");
	r.least = x + 6;               /* a word of the mode has room beside them */
	lossless = bars_losses(a, &r); /* first, so that nothing crowds them out */
	x = canvas_put(c, x, 0, c->width, ROLE_RULE, wide ? " │ " : " ");
	/* The name of the source may be long: it gets a third of the row, and what the losses and all others leave. */
	end = x + c->width / 3 + more < r.end - 4 ? x + c->width / 3 + more : r.end - 4;
	x = bars_title(l, a, c, x, end, cut);
	x = canvas_put(c, x, 0, c->width, ROLE_RULE, wide ? " │ " : " ");
	x = bars_mode(l, a, c, x, r.end + 1);
	r.least = least = x + 1;
	if (lossless && a->live)
		right_put(&r, ROLE_TEXT, "drop 0");
	bars_counts(a, &r);
	if (a->live && !a->ended && l->rate_known) {
		text_init(&t, buffer, sizeof buffer);
		words_size(&t, (uint64_t)l->packets_s);
		text_put(&t, wide ? " pkt/s  " : " p/s ");
		words_size(&t, (uint64_t)l->bits_s);
		text_put(&t, wide ? "b/s" : "b");
		right_put(&r, ROLE_TEXT, buffer);
	}
	return r.end > least ? r.end - least : 0;
}

static void bars_top(const struct look *l, const struct answer *a, struct canvas *c)
{
	bool cut;
	unsigned more = bars_top_row(l, a, c, 0, &cut);

	if (cut && more > 0)
		(void)bars_top_row(l, a, c, more, &cut);
}

/* Of views that are not built yet. */
static const char *const bars_later[SCREENS][2] = {
	[SCREEN_DIAGNOSIS] = {"Diagnosis", "Diag"},
	[SCREEN_GRAPHS] = {"Graphs", "Graf"},
};

static const char *bars_view(unsigned i, bool wide)
{
	return screens[i] == NULL ? bars_later[i][!wide] : wide ? screens[i]->name : screens[i]->brief;
}

/* The filter of the screen, and how many rows it lets through. */
static void bars_filter(const struct look *l, const struct answer *a, struct canvas *c, unsigned y, struct right *r)
{
	enum filter_scope scope = FILTER_FLOWS;
	const struct screen *s = screens[l->screen];
	const char *match = s->match ? s->match((struct look *)l, &scope) : "";
	char filter[QUERY_MATCH * 2], buffer[64];
	unsigned width;
	struct text t;

	if (match[0] == '\0' || r->end <= r->least + 12)
		return;
	text_init(&t, buffer, sizeof buffer);
	if (prompt_filter_error(l, a, scope)->column > 0) {
		text_format(&t, "✕ filter, column %u", prompt_filter_error(l, a, scope)->column);
		right_put(r, ROLE_BAD, buffer);
		return;
	}
	words_count(&t, scope == FILTER_FLOWS ? a->matched : scope == FILTER_SOCKETS ? l->sockets.matched : a->packets.matched);
	text_put(&t, " of ");
	words_count(&t, scope == FILTER_FLOWS ? a->flows : scope == FILTER_SOCKETS ? l->sockets.total : a->packets.total);
	right_put(r, ROLE_TEXT, buffer);
	text_init(&t, filter, sizeof filter);
	text_foreign(&t, match, strlen(match), false); /* from the command line, perhaps */
	width = canvas_width(filter);
	if (r->end > r->least + width + 9) {
		canvas_put(c, r->end - width, y, r->end, ROLE_MATCH, filter);
		canvas_put(c, r->end - width - 8, y, r->end, ROLE_DIM, "filter: ");
		r->end -= width + 10;
	}
}

static unsigned bars_tab_width(unsigned i, bool wide)
{
	char buffer[64];
	struct text t;

	text_init(&t, buffer, sizeof buffer);
	text_format(&t, wide ? "%u %s" : "%u%s", i + 1, bars_view(i, wide));
	return canvas_width(buffer) + 2; /* brackets, or blanks */
}

bool bars_tab(const struct look *l, unsigned width, unsigned i, unsigned *from, unsigned *end)
{
	bool wide = width >= 100;

	(void)l;
	*from = 1;
	for (unsigned k = 0; k < i; k++)
		*from += bars_tab_width(k, wide) + wide;
	*end = *from + bars_tab_width(i, wide);
	return width >= TABS_NAMES;
}

/* What is not in the list though it might be looked for there. */
static void bars_missing(const struct look *l, const struct answer *a, struct right *r)
{
	char buffer[64];
	struct text t;

	if (l->screen != SCREEN_CONNECTIONS)
		return;
	text_init(&t, buffer, sizeof buffer);
	if (l->list.open_only) {
		words_count(&t, a->over);
		text_put(&t, " over, hidden");
		right_put(r, ROLE_WARN, buffer);
	}
	if (a->reused > 0 && !a->live) { /* live they stay, as all that is over */
		text_reset(&t);
		text_put(&t, "ended by reuse: ");
		words_count(&t, a->reused);
		right_put(r, ROLE_DIM, buffer);
	}
}

/* The other views where there is room for one name: their digits, if what stands at the right leaves so much. */
static void bars_digits(const struct look *l, struct canvas *c, unsigned y, struct right *r)
{
	const unsigned others = SCREENS - (l->screen < SCREENS);
	char digit[2] = "1";

	if (!right_fits(r, 2 * others))
		return;
	for (unsigned i = 0; i < SCREENS; i++, digit[0]++)
		if (i != (unsigned)l->screen)
			r->least = canvas_put(c, r->least, y, c->width, screens[i] ? ROLE_TEXT : ROLE_DIM, digit) + 1;
}

static void bars_tabs(const struct look *l, const struct answer *a, struct canvas *c, unsigned y)
{
	unsigned wide = c->width >= 100, from, end = 1;
	char buffer[128];
	struct text t;
	struct right r = {c, y, c->width - 1, 0};
	const struct screen *shown = screens[l->screen];
	const char *status = shown->status ? shown->status(l, a) : "";

	text_init(&t, buffer, sizeof buffer);
	for (unsigned i = 0; i < SCREENS && bars_tab(l, c->width, i, &from, &end); i++) {
		text_reset(&t);
		text_format(&t, wide ? "%u %s" : "%u%s", i + 1, bars_view(i, wide));
		if (i == (unsigned)l->screen) {
			canvas_put(c, from, y, c->width, ROLE_TAB, "[");
			canvas_put(c, from + 1, y, c->width, ROLE_TAB, buffer);
			canvas_put(c, end - 1, y, c->width, ROLE_TAB, "]");
			canvas_attr(c, from, y, end, ATTR_REVERSE | ATTR_BOLD);
		} else {
			canvas_put(c, from + 1, y, c->width, screens[i] ? ROLE_TEXT : ROLE_DIM, buffer);
		}
	}
	r.least = end + wide + 1;
	if (c->width < TABS_NAMES) { /* there is room for one name */
		text_reset(&t);
		text_char(&t, '[');
		if (l->screen < SCREENS)
			text_format(&t, "%u", l->screen + 1U);
		text_format(&t, "%s]", bars_view(l->screen, false));
		end = canvas_put(c, 1, y, c->width, ROLE_TAB, buffer);
		canvas_attr(c, 1, y, end, ATTR_REVERSE | ATTR_BOLD);
		r.least = end + 1;
	}
	if (l->paused)
		right_put(&r, ROLE_WARN, " PAUSED ");
	else if (status[0] != '\0')
		right_put(&r, ROLE_WARN, status);
	if (shown->scope && r.end > r.least + 12) {
		text_reset(&t);
		shown->scope(l, a, r.end - r.least - 1, &t);
		right_put(&r, ROLE_MATCH, buffer);
	}
	bars_filter(l, a, c, y, &r); /* first: what is shown depends on it */
	if (c->width < TABS_NAMES)
		bars_digits(l, c, y, &r);
	bars_missing(l, a, &r);
}

/* What happened to the capture, and when. */
static void bars_note(struct canvas *c, unsigned y, const struct source_note *n)
{
	char at[32];
	unsigned x = canvas_put(c, 1, y, c->width, ROLE_WARN, "▲ ");

	clock_of_day(n->ts_ns, 0, at);
	x = canvas_put(c, x, y, c->width, ROLE_DIM, at);
	canvas_foreign(c, x + 1, y, c->width - 1, ROLE_WARN, n->text, strlen(n->text));
}

/* A message, what happened to the capture, or what a source complains of. */
static void bars_message(const struct look *l, const struct answer *a, struct canvas *c, unsigned y)
{
	unsigned x = 1;

	if (l->message[0] != '\0') {
		if (l->message_bad)
			x = canvas_put(c, x, y, c->width, ROLE_WARN, "▲ ");
		canvas_cut(c, x, y, c->width - 1, l->message_bad ? ROLE_WARN : ROLE_TEXT, l->message);
		return;
	}
	if (a->note.text[0] != '\0' && a->note.ts_ns > a->now_ns - BARS_NOTE_S * CLOCK_S) {
		bars_note(c, y, &a->note);
		return;
	}
	if (a->trouble[0] != '\0') {
		x = canvas_put(c, x, y, c->width, ROLE_WARN, "▲ ");
		canvas_foreign(c, x, y, c->width - 1, ROLE_WARN, a->trouble, strlen(a->trouble));
		return;
	}
	for (unsigned i = 0; i < a->sources; i++)
		if (a->source[i].problem[0] != '\0') {
			x = canvas_put(c, x, y, c->width, ROLE_WARN, "▲ ");
			canvas_foreign(c, x, y, c->width - 1, ROLE_WARN, a->source[i].problem,
				       strlen(a->source[i].problem));
			return;
		}
}

/* A key and its word; where the row has no room for it, false. */
static bool bars_key(struct canvas *c, unsigned y, unsigned *x, unsigned end, const char *name, const char *word)
{
	if (*x + canvas_width(name) + canvas_width(word) + 2 > end)
		return false;
	*x = canvas_put(c, *x, y, end, ROLE_KEY, name);
	*x = canvas_put(c, *x + (canvas_width(name) > 1), y, end, ROLE_TEXT, word) + 2;
	return true;
}

/* What the table has a word for, in its order, of this place: narrow screens drop
 * what comes later. */
static void bars_keys(const struct look *l, const struct answer *a, struct canvas *c, unsigned y)
{
	unsigned place = l->page == PAGE_SCREEN ? screens[l->screen]->place : IN_TEXT, x = 1;
	struct right r = {c, y, c->width - 1, 0};
	char standing[64], order[64], name[24];
	struct text t, o;

	text_init(&t, standing, sizeof standing);
	text_init(&o, order, sizeof order);
	if (l->page == PAGE_SCREEN && screens[l->screen]->standing && c->width >= 60) {
		screens[l->screen]->standing(l, a, &t, &o);
		if (t.len > 0)
			right_put(&r, ROLE_TEXT, standing);
		if (o.len > 0)
			right_put(&r, ROLE_DIM, order);
	}
	for (size_t i = 0; i < keys_lines; i++) {
		const struct key_line *line = &keys_table[i];

		text_init(&t, name, sizeof name);
		keys_name(&t, line->key[0], c->ascii);
		if (line->bar != NULL && line->places & place &&
		    !bars_key(c, y, &x, r.end, name, l->page == PAGE_HELP && line->action == ACTION_QUIT ? "Close" : line->bar))
			break;
	}
	if (l->page != PAGE_SCREEN)
		(void)bars_key(c, y, &x, r.end, "Esc", "Back");
}

void bars_draw(const struct look *l, const struct answer *a, struct canvas *c, const struct layout *at)
{
	bars_top(l, a, c);
	if (at->tabs)
		bars_tabs(l, a, c, at->tabs);
	bars_keys(l, a, c, at->bar);
	if (l->prompting)
		return; /* prompt_draw(), when the rest is there */
	if (at->message)
		bars_message(l, a, c, at->message);
	else if (l->message[0] != '\0') {
		canvas_fill(c, 0, at->bar, c->width, ROLE_TEXT, ' ');
		bars_message(l, a, c, at->bar);
	}
}

/* The bytes of a text that fit into so many cells, up to a blank where there is one. */
static size_t bars_line(const char *s, unsigned room)
{
	const size_t n = strlen(s);
	size_t at = 0, blank = 0;

	for (unsigned cells = 0; at < n;) {
		uint32_t code;
		bool bad;
		const size_t step = text_utf8(s + at, n - at, &code, &bad);

		cells += bad ? 1 : text_width(code);
		if (cells > room)
			return blank > 0 ? blank : at;
		blank = code == ' ' ? at : blank;
		at += step;
	}
	return n;
}

void bars_over(const struct look *l, struct canvas *c, const struct layout *at)
{
	const unsigned sign = l->message_bad ? 2 : 0, y = at->message, room = c->width - 2 - sign;
	const enum role role = l->message_bad ? ROLE_WARN : ROLE_TEXT;
	char first[sizeof l->message];
	size_t n;
	struct text t;

	/* Over the pane, never over a row that may be selected. */
	if (y == 0 || at->pane == 0 || l->screen != SCREEN_CONNECTIONS || l->page != PAGE_SCREEN || l->prompting || l->message[0] == '\0' || canvas_width(l->message) <= room)
		return;
	n = bars_line(l->message, room);
	text_init(&t, first, sizeof first);
	text_bytes(&t, l->message, n);
	for (unsigned row = y - 1; row <= y; row++)
		canvas_fill(c, 0, row, c->width, ROLE_TEXT, ' ');
	if (l->message_bad)
		canvas_put(c, 1, y - 1, c->width, role, "▲ ");
	canvas_put(c, 1 + sign, y - 1, c->width - 1, role, first);
	canvas_cut(c, 1 + sign, y, c->width - 1, role, l->message + n + (l->message[n] == ' '));
}
