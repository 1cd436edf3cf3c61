/* Keys in, reactions out: everything that a key changes in the state of the
 * screen.
 *
 * Nothing here draws or asks; the reaction says what the loop must do.
 */
#include "look.h"

#include "columns.h"
#include "screen.h"
#include "sockeye/tui.h"
#include "words.h"

/* Up and down on the page of a connection go to the next one. */
static enum reaction look_in_page(struct look *l, enum action act, struct answer *a, const struct layout *at,
				  int64_t now_ns)
{
	if (l->page == PAGE_DETAIL && (act == ACTION_UP || act == ACTION_DOWN))
		return screens[l->screen]->act(l, act, a, at, now_ns);
	return page_act(l, act, a, at);
}

/* ---- the other actions --------------------------------------------------- */

static enum reaction look_pause(struct look *l, const struct answer *a)
{
	l->paused = !l->paused;
	if (!l->paused) {
		l->anchor = a->selected_row - (l->list.top < a->selected_row ? l->list.top : a->selected_row);
		l->list.kept = l->list.top = 0;
		screen_say(l, false, "goes on");
		return REACT_ASK;
	}
	screen_say(l, false, "paused: the view stands, capture goes on; Z again to go on");
	/* As much of the list as is kept: it can be scrolled, sorted and filtered. */
	return l->screen == SCREEN_CONNECTIONS && l->page == PAGE_SCREEN ? REACT_ASK : REACT_DRAW;
}

/* Back: out of a page; else the screen's own business first, then where it was
 * come from. */
static enum reaction look_back(struct look *l)
{
	l->page = l->page == PAGE_HELP ? l->help_from : PAGE_SCREEN;
	l->scrolled = l->page_at = 0;
	l->page_search[0] = '\0';
	return REACT_DRAW;
}

static enum reaction look_help(struct look *l)
{
	if (l->page == PAGE_HELP)
		return look_back(l);
	l->help_from = l->page;
	l->page = PAGE_HELP;
	l->scrolled = l->page_at = 0;
	l->page_search[0] = '\0';
	return REACT_DRAW;
}

static enum reaction look_quit(struct look *l, const struct answer *a, bool asked_before, uint32_t key)
{
	struct text t;

	if (l->page == PAGE_HELP && key == 'q')
		return look_back(l);
	if (!l->live || a->ended || a->replay || a->totals.packets == 0 || asked_before || key == KEY_CONTROL('C'))
		return REACT_QUIT;
	text_init(&t, l->message, sizeof l->message);
	text_put(&t, "q again: quit; ");
	words_count(&t, a->totals.packets);
	text_put(&t, " packets are not saved");
	l->message_bad = true;
	l->quit_asked = true;
	return REACT_DRAW;
}

static unsigned look_place(const struct look *l)
{
	return l->page == PAGE_SCREEN ? screens[l->screen]->place : IN_TEXT;
}

/* Actions that mean the same wherever one is. */
static enum reaction look_act(struct look *l, enum action act, uint32_t key, struct answer *a, const struct layout *at,
			      int64_t now_ns, bool asked)
{
	switch (act) {
	case ACTION_NONE:
		return screen_say(l, false, "no such key here; ? shows them all");
	case ACTION_VIEW_1: case ACTION_VIEW_2: case ACTION_VIEW_3:
	case ACTION_VIEW_4: case ACTION_VIEW_5: case ACTION_VIEW_6:
		return screen_show(l, (enum screen_id)(act - ACTION_VIEW_1), a, false);
	case ACTION_PAUSE:
		return look_pause(l, a);
	case ACTION_HELP:
		return look_help(l);
	case ACTION_REPAINT:
		return REACT_REPAINT;
	case ACTION_SUSPEND:
		return REACT_SUSPEND;
	case ACTION_QUIT:
		return look_quit(l, a, asked, key);
	case ACTION_FILTER:
		prompt_open(l, PROMPT_FILTER);
		return REACT_DRAW;
	case ACTION_COMMAND:
		prompt_open(l, PROMPT_COMMAND);
		return REACT_DRAW;
	case ACTION_INTERFACES:
		return dialog_open(l, &dialog_sources, at);
	default:
		break;
	}
	if (l->page != PAGE_SCREEN)
		return act == ACTION_BACK ? look_back(l) : look_in_page(l, act, a, at, now_ns);
	return screens[l->screen]->act(l, act, a, at, now_ns);
}

static enum reaction look_key_done(struct look *l, uint32_t key, enum action act, struct answer *a, unsigned width,
				   unsigned height, int64_t now_ns)
{
	struct layout at = look_layout(width, height < TUI_HEIGHT_MIN ? TUI_HEIGHT_MIN : height);
	bool asked = l->quit_asked;

	l->quit_asked = false;
	l->message[0] = '\0';
	if (!look_fits(width, height) && act != ACTION_QUIT && act != ACTION_SUSPEND)
		return REACT_DRAW;
	/* Pages move behind the prompt; every other key there is its own. */
	if (l->prompting && key != KEY_CONTROL('C') && key != KEY_CONTROL('L') && key != KEY_CONTROL('Z') &&
	    prompt_takes(key))
		return prompt_key(l, key, a, &at, now_ns);
	if (l->dialog.kind != NULL && key != KEY_CONTROL('C') && key != KEY_CONTROL('L') && key != KEY_CONTROL('Z'))
		return dialog_key(l, key, a, &at, now_ns);
	if (l->save.open && key != KEY_CONTROL('C') && key != KEY_CONTROL('L') && key != KEY_CONTROL('Z'))
		return key & KEY_POINTER ? REACT_NOTHING : save_key(l, key, a);
	if (l->prompting && l->prompt == PROMPT_FIND && (act == ACTION_FIND || act == ACTION_SEARCH))
		return prompt_find(l, true, a, &at, now_ns);
	if (key & KEY_POINTER)
		return l->prompting ? REACT_DRAW : mouse_key(l, key, a, &at, now_ns);
	return look_act(l, act, key, a, &at, now_ns, asked);
}

enum reaction look_key(struct look *l, uint32_t key, struct answer *a, unsigned width, unsigned height,
		       int64_t now_ns)
{
	bool list = l->paused && l->screen == SCREEN_CONNECTIONS && l->list.group == GROUP_NONE;
	enum reaction r = look_key_done(l, key, keys_action(key, look_place(l)), a, width, height, now_ns);

	/* The list that is paused asks nothing: what it keeps is sorted and filtered here. */
	if (r == REACT_ASK && list && l->paused && l->screen == SCREEN_CONNECTIONS && l->list.group == GROUP_NONE)
		return connections_paused(l, a);
	return r;
}
