/* The state of the screen: what it asks, what an answer changes, which part
 * draws where.
 *
 * What keys do is in look_key.c, what a screen is in screen.h; nothing here talks
 * to anybody.
 */
#include "look.h"

#include <string.h>

#include "screen.h"
#include "sockeye/clock.h"
#include "sockeye/tui.h"
#include "words.h"

enum { LOOK_MOVES_S = 30 };

bool look_fits(unsigned width, unsigned height)
{
	return width >= TUI_WIDTH_MIN && height >= TUI_HEIGHT_MIN;
}

struct layout look_layout(unsigned width, unsigned height)
{
	struct layout at = {0};
	unsigned below;

	at.width = width;
	at.bar = height - 1;
	at.tabs = height >= 10 ? 1 : 0;
	at.message = height >= 10 ? height - 2 : 0;
	at.head = at.tabs + 1;
	at.list = at.head + 1;
	at.pane_rows = height < 16 ? 0 : height < 30 ? 3 : 5;
	below = (at.message ? at.message : at.bar) - (at.pane_rows ? at.pane_rows + 1 : 0);
	at.pane = at.pane_rows ? below : 0;
	at.rows = below - at.list;
	if (at.rows > QUERY_ROWS)
		at.rows = QUERY_ROWS;
	return at;
}

void look_init(struct look *l, bool live, const char *title, const char *filter)
{
	struct text t;

	memset(l, 0, sizeof *l);
	l->live = live;
	l->title = title != NULL ? title : "";
	l->mouse = true;
	l->config_fd = -1;
	l->stream.times = TIMES_CLOCK;
	text_init(&t, l->match, sizeof l->match);
	text_put(&t, filter != NULL ? filter : "");
	/* A file reads from top to bottom; live, what just came is on top. */
	l->descending = live;
	l->stick = STICK_FIRST;
	for (unsigned i = 0; i < SCREENS_ALL; i++)
		l->from[i] = i == SCREEN_PACKETS ? SCREEN_LADDER : SCREEN_CONNECTIONS;
}

/* ---- what the screens have together ------------------------------------------ */

void look_times(struct look *l, enum times times)
{
	l->ladder.times = l->packets.times = l->stream.times = times;
}

enum reaction look_times_next(struct look *l, enum times now)
{
	static const char *const words[TIMES] = {"times since the first packet of the connection, or of all",
						 "times since the row before", "time of the day"};

	look_times(l, (now + 1) % TIMES);
	return screen_say(l, false, words[l->ladder.times]);
}

enum reaction look_raw_next(struct look *l)
{
	l->ladder.raw = l->packets.raw = !l->ladder.raw;
	return screen_say(l, false, l->ladder.raw ? "numbers as on the wire" : "numbers from the first one");
}

/* ---- queries -------------------------------------------------------------- */

void look_ask(const struct look *l, const struct answer *a, unsigned width, unsigned height, int64_t now_ns,
	      struct query *out)
{
	struct layout at = look_layout(width, height < TUI_HEIGHT_MIN ? TUI_HEIGHT_MIN : height);

	memset(out, 0, sizeof *out);
	screens[l->screen]->ask(l, a, &at, now_ns, out);
}

void look_asked(struct look *l)
{
	l->again = false;
	if (screens[l->screen]->asked)
		screens[l->screen]->asked(l);
}

/* What each interface gives, since the last look at it. */
static void look_interfaces(struct look *l, const struct answer *a, double s)
{
	for (unsigned i = 0; i < a->sources; i++) {
		const char *name = a->source[i].name != NULL ? a->source[i].name : "";
		/* Where one was taken off those behind it move up. */
		bool same = i < l->interfaces_now && strcmp(l->interface[i].name, name) == 0 &&
			    !l->interface[i].taken_off;
		struct text t;

		text_init(&t, l->interface[i].name, sizeof l->interface[i].name);
		text_put(&t, name);
		l->interface[i].rate = s > 0 && same && a->source[i].frames >= l->interface[i].frames
					       ? (double)(a->source[i].frames - l->interface[i].frames) / s : 0;
		l->interface[i].frames = a->source[i].frames;
		l->interface[i].drops = a->source[i].drops_known ? a->source[i].drops : 0;
		l->interface[i].gone = a->source[i].gone;
		l->interface[i].added = a->source[i].added;
		l->interface[i].taken_off = a->source[i].taken_off;
	}
	l->interfaces_now = a->sources;
}

static void look_rate(struct look *l, const struct answer *a)
{
	int64_t passed = a->now_ns - l->rate_ns;

	if (l->rate_ns != 0 && passed < CLOCK_S)
		return;
	look_interfaces(l, a, l->rate_ns != 0 ? (double)passed / (double)CLOCK_S : 0);
	if (l->rate_ns != 0) {
		double s = (double)passed / (double)CLOCK_S;

		l->packets_s = (double)(a->totals.packets - l->rate_packets) / s;
		l->bits_s = 8 * (double)(a->totals.wire_bytes - l->rate_bytes) / s;
		l->rate_known = true;
	}
	l->rate_ns = a->now_ns;
	l->rate_packets = a->totals.packets;
	l->rate_bytes = a->totals.wire_bytes;
}

bool look_new(const struct answer *a, const struct flow_record *r)
{
	return a->live && !a->ended && a->now_ns >= r->first_ns && a->now_ns - r->first_ns < CLOCK_S;
}

bool look_fades(const struct answer *a)
{
	for (unsigned i = 0; i < a->rows; i++)
		if (look_new(a, &a->row[i]) || a->now_ns - a->row[i].last_ns < LOOK_MOVES_S * CLOCK_S)
			return true;
	return false;
}

/* What came of something that was handed on. */
static void look_told(struct look *l, const struct answer *a)
{
	struct text t;

	if (a->tellings == l->tellings)
		return;
	l->tellings = a->tellings;
	if (l->dialog.kind == &dialog_sources)
		dialog_say(l, a->told_bad, a->told);
	text_init(&t, l->message, sizeof l->message);
	text_put(&t, a->told);
	l->message_bad = a->told_bad;
}

void look_answered(struct look *l, const struct answer *a)
{
	look_told(l, a);
	if (screens[l->screen]->answered)
		screens[l->screen]->answered(l, a);
	if (a->live)
		look_rate(l, a);
}

void look_release(struct look *l)
{
	ladder_whole_release(&l->whole);
	save_drop(l);
	sockets_release(&l->sockets);
}

/* ---- drawing ---------------------------------------------------------------- */

/* Below the least size: one honest sentence, in as many rows as it needs. */
static void look_small(const struct look *l, const struct answer *a, struct canvas *c)
{
	char line[3][64];
	struct text t;

	text_init(&t, line[0], sizeof line[0]);
	text_format(&t, "needs %dx%d, is %ux%u", (int)TUI_WIDTH_MIN, (int)TUI_HEIGHT_MIN, c->width, c->height);
	text_init(&t, line[1], sizeof line[1]);
	text_put(&t, l->live && !a->replay && !a->ended ? "q quits; still capturing" : "q quits");
	text_init(&t, line[2], sizeof line[2]);
	words_count(&t, a->totals.packets);
	text_put(&t, " packets");
	for (unsigned y = 0; y < 3; y++)
		canvas_put(c, 0, y, c->width, ROLE_TEXT, line[y]);
}

/* What stands over screen or page. */
static void look_over(struct look *l, const struct answer *a, struct canvas *c, const struct layout *at)
{
	bars_over(l, c, at);
	if (l->save.open)
		save_draw(l, a, c, at->message ? at->message : at->bar);
	if (l->dialog.kind != NULL)
		dialog_draw(l, c);
	if (l->prompting)
		prompt_draw(l, a, c, at);
}

void look_draw(struct look *l, const struct answer *a, struct canvas *c)
{
	struct layout at;

	l->ascii = c->ascii;
	canvas_clear(c);
	if (!look_fits(c->width, c->height)) {
		look_small(l, a, c);
		return;
	}
	at = look_layout(c->width, c->height);
	bars_draw(l, a, c, &at);
	if (l->page == PAGE_SCREEN) {
		screens[l->screen]->draw(l, a, c, &at);
		look_over(l, a, c, &at);
		return;
	}
	page_draw(l, a, c, &at);
	look_over(l, a, c, &at);
}
