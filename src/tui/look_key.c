/* Keys in, reactions out: everything that a key changes in the state of the
 * screen.
 *
 * The order stands still for two seconds after navigation, or as long as it is
 * held. Nothing here draws or asks; the reaction says what the loop must do.
 */
#include "look.h"

#include <string.h>

#include "sockeye/clock.h"
#include "sockeye/tui.h"
#include "words.h"

enum { HOLD_NS = 2 * 1000000000LL };

static enum reaction look_say(struct look *l, bool bad, const char *words)
{
	struct text t;

	text_init(&t, l->message, sizeof l->message);
	text_put(&t, words);
	l->message_bad = bad;
	return REACT_DRAW;
}

/* ---- moving ------------------------------------------------------------ */

/* While paused the last answer stands: the selection moves inside it. */
static enum reaction look_move_paused(struct look *l, struct answer *a, int64_t move)
{
	int64_t to = (int64_t)a->selected_row + move;

	if (a->rows == 0)
		return REACT_NOTHING;
	to = to < 0 ? 0 : to >= a->rows ? (int64_t)a->rows - 1 : to;
	a->selected_row = (unsigned)to;
	a->selected = l->selected = a->row[to].id;
	l->anchor = (unsigned)to;
	l->stick = STICK_NONE;
	return REACT_DRAW;
}

static enum reaction look_move(struct look *l, struct answer *a, int64_t move, bool scroll, int64_t now_ns)
{
	if (l->paused)
		return look_move_paused(l, a, move);
	l->move += move;
	l->scroll = scroll;
	l->stick = STICK_NONE;
	l->hold_until_ns = now_ns + HOLD_NS;
	return REACT_ASK;
}

static enum reaction look_stick_to(struct look *l, struct answer *a, enum look_stick end)
{
	if (l->paused)
		return look_move_paused(l, a, end == STICK_FIRST ? -QUERY_ROWS : QUERY_ROWS);
	l->stick = end;
	l->move = 0;
	l->fresh = true;
	return REACT_ASK;
}

/* In a page of text the keys scroll; drawing clips the end. */
static enum reaction look_scroll(struct look *l, enum action act, unsigned page)
{
	int64_t to = l->scrolled;

	switch (act) {
	case ACTION_UP: to -= 1; break;
	case ACTION_DOWN: to += 1; break;
	case ACTION_PAGE_UP: to -= page; break;
	case ACTION_PAGE_DOWN: to += page; break;
	case ACTION_HALF_UP: to -= page / 2; break;
	case ACTION_HALF_DOWN: to += page / 2; break;
	case ACTION_FIRST: to = 0; break;
	case ACTION_LAST: to = 1000; break;
	default: return REACT_NOTHING;
	}
	l->scrolled = (unsigned)(to < 0 ? 0 : to > 1000 ? 1000 : to);
	return REACT_DRAW;
}

static enum reaction look_navigate(struct look *l, enum action act, struct answer *a, unsigned rows,
				   int64_t now_ns)
{
	if (l->page == PAGE_HELP || (l->page == PAGE_DETAIL && act != ACTION_UP && act != ACTION_DOWN))
		return look_scroll(l, act, rows);
	switch (act) {
	case ACTION_UP: return look_move(l, a, -1, false, now_ns);
	case ACTION_DOWN: return look_move(l, a, 1, false, now_ns);
	case ACTION_PAGE_UP: return look_move(l, a, -(int64_t)rows, true, now_ns);
	case ACTION_PAGE_DOWN: return look_move(l, a, rows, true, now_ns);
	case ACTION_HALF_UP: return look_move(l, a, -(int64_t)(rows + 1) / 2, true, now_ns);
	case ACTION_HALF_DOWN: return look_move(l, a, (rows + 1) / 2, true, now_ns);
	case ACTION_FIRST: return look_stick_to(l, a, STICK_FIRST);
	default: return look_stick_to(l, a, STICK_LAST);
	}
}

/* ---- order, filter ------------------------------------------------------ */

static enum reaction look_sorted(struct look *l)
{
	const struct look_sort *by = &look_sorts[l->sort];
	struct text t;

	text_init(&t, l->message, sizeof l->message);
	text_format(&t, "sorted by %s, ", by->name);
	text_put(&t, l->descending == by->descending ? by->first : "the other way round");
	l->message_bad = false;
	l->held = false;
	l->hold_until_ns = 0;
	l->fresh = true;
	return REACT_ASK;
}

static enum reaction look_sort_by(struct look *l, int step)
{
	l->sort = (l->sort + LOOK_SORTS + (unsigned)step) % LOOK_SORTS;
	l->descending = look_sorts[l->sort].descending || (l->sort == 0 && l->live);
	return look_sorted(l);
}

static enum reaction look_filtered(struct look *l)
{
	l->fresh = true;
	l->hold_until_ns = 0;
	return REACT_ASK;
}

/* ---- the other actions --------------------------------------------------- */

static enum reaction look_pause(struct look *l)
{
	l->paused = !l->paused;
	if (!l->paused) {
		look_say(l, false, "goes on");
		return REACT_ASK;
	}
	return look_say(l, false, "paused: the view stands, capture goes on; Z again to go on");
}

static enum reaction look_yank(struct look *l, const struct answer *a)
{
	const struct flow_record *r;
	struct text t;

	if (a->rows == 0)
		return look_say(l, false, "nothing is selected");
	r = &a->row[a->selected_row];
	text_init(&t, l->message, sizeof l->message);
	text_put(&t, r->proto != NULL ? r->proto : "?");
	text_char(&t, ' ');
	tuple_endpoint(&t, &r->client);
	text_char(&t, ' ');
	tuple_endpoint(&t, &r->server);
	l->message_bad = false;
	return REACT_DRAW;
}

static enum reaction look_view(struct look *l, unsigned view)
{
	static const char *const missing[] = {
		"", "", "Ladder is not built yet", "Packets is not built yet", "Sockets is not built yet",
		"Diagnosis is not built yet", "Graphs is not built yet",
	};

	if (view > 1)
		return look_say(l, false, missing[view]);
	l->page = PAGE_LIST;
	return REACT_DRAW;
}

static enum reaction look_back(struct look *l)
{
	if (l->page == PAGE_HELP) {
		l->page = l->help_from;
		l->scrolled = 0;
		return REACT_DRAW;
	}
	if (l->page == PAGE_DETAIL) {
		l->page = PAGE_LIST;
		return REACT_DRAW;
	}
	if (l->match[0] == '\0')
		return REACT_DRAW;
	l->match[0] = '\0';
	look_say(l, false, "filter dropped");
	return look_filtered(l);
}

static enum reaction look_help(struct look *l)
{
	if (l->page == PAGE_HELP)
		return look_back(l);
	l->help_from = l->page;
	l->page = PAGE_HELP;
	l->scrolled = 0;
	return REACT_DRAW;
}

static enum reaction look_quit(struct look *l, const struct answer *a, bool asked_before, uint32_t key)
{
	struct text t;

	if (l->page == PAGE_HELP && key == 'q')
		return look_back(l);
	if (!l->live || a->ended || a->replay || asked_before || key == KEY_CONTROL('C'))
		return REACT_QUIT;
	text_init(&t, l->message, sizeof l->message);
	text_put(&t, "q again: quit; ");
	words_count(&t, a->totals.packets);
	text_put(&t, " packets are not saved");
	l->message_bad = true;
	l->quit_asked = true;
	return REACT_DRAW;
}

static bool look_moves(enum action act)
{
	return act >= ACTION_UP && act <= ACTION_LAST;
}

enum reaction look_key(struct look *l, uint32_t key, struct answer *a, unsigned width, unsigned height,
		       int64_t now_ns)
{
	enum action act = keys_action(key);
	struct layout at = look_layout(width, height < TUI_HEIGHT_MIN ? TUI_HEIGHT_MIN : height);
	bool asked = l->quit_asked;

	l->quit_asked = false;
	l->message[0] = '\0';
	/* Pages move behind the prompt; every other key there is its own. */
	if (l->prompting && key != KEY_CONTROL('C') && key != KEY_CONTROL('L') && key != KEY_CONTROL('Z') &&
	    prompt_takes(key))
		return prompt_key(l, key);
	if (!look_fits(width, height) && act != ACTION_QUIT && act != ACTION_SUSPEND)
		return REACT_DRAW;
	if (look_moves(act))
		return look_navigate(l, act, a, at.rows, now_ns);
	if (l->paused && (act == ACTION_FILTER || (act >= ACTION_SORT_NEXT && act <= ACTION_HOLD) ||
			  (act == ACTION_BACK && l->page == PAGE_LIST && l->match[0] != '\0')))
		return look_say(l, false, "paused: Z first, then sort and filter");

	switch (act) {
	case ACTION_VIEW_1: case ACTION_VIEW_2: case ACTION_VIEW_3:
	case ACTION_VIEW_4: case ACTION_VIEW_5: case ACTION_VIEW_6:
		return look_view(l, (unsigned)act - ACTION_VIEW_1 + 1);
	case ACTION_DEEPER:
		if (l->page == PAGE_LIST && a->rows > 0) {
			l->page = PAGE_DETAIL;
			l->scrolled = 0;
		}
		return REACT_DRAW;
	case ACTION_BACK:
		return look_back(l);
	case ACTION_FILTER:
		l->page = PAGE_LIST;
		prompt_open(l);
		return REACT_DRAW;
	case ACTION_SORT_NEXT:
		return look_sort_by(l, 1);
	case ACTION_SORT_BACK:
		return look_sort_by(l, -1);
	case ACTION_SORT_REVERSE:
		l->descending = !l->descending;
		return look_sorted(l);
	case ACTION_HOLD:
		l->held = !l->held;
		look_say(l, false, l->held ? "order held: rows stand, values go on; z again lets go" : "order free");
		return REACT_ASK;
	case ACTION_PAUSE:
		return look_pause(l);
	case ACTION_YANK:
		return look_yank(l, a);
	case ACTION_HELP:
		return look_help(l);
	case ACTION_REPAINT:
		return REACT_REPAINT;
	case ACTION_SUSPEND:
		return REACT_SUSPEND;
	case ACTION_QUIT:
		return look_quit(l, a, asked, key);
	default:
		return look_say(l, false, "no such key here; ? shows them all");
	}
}
