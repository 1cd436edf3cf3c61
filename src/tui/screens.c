/* The screens, by the digit that shows them; and how one follows another. */
#include "screen.h"

#include <string.h>

const struct screen *const screens[SCREENS_ALL] = {
	[SCREEN_CONNECTIONS] = &screen_connections,
	[SCREEN_LADDER] = &screen_ladder,
	[SCREEN_PACKETS] = &screen_packets,
	[SCREEN_SOCKETS] = &screen_sockets,
	[SCREEN_STREAM] = &screen_stream,
};

enum reaction screen_say(struct look *l, bool bad, const char *words)
{
	struct text t;

	text_init(&t, l->message, sizeof l->message);
	text_put(&t, words);
	l->message_bad = bad;
	return REACT_DRAW;
}

enum reaction screen_show(struct look *l, enum screen_id id, const struct answer *a, bool deeper)
{
	static const char *const missing[SCREENS] = {
		[SCREEN_DIAGNOSIS] = "Diagnosis is not built yet",
		[SCREEN_GRAPHS] = "Graphs is not built yet",
	};

	if (screens[id] == NULL)
		return screen_say(l, false, missing[id]);
	if (id == l->screen && l->page == PAGE_SCREEN)
		return screens[id]->again ? screens[id]->again(l, a) : screen_say(l, false, "this is that view");
	if (id == SCREEN_LADDER && l->screen == SCREEN_CONNECTIONS && l->list.group != GROUP_NONE)
		return screen_say(l, false, "a group is selected: Enter opens it, then 2 shows one of its connections");
	l->page = PAGE_SCREEN;
	if (id == l->screen)
		return REACT_DRAW;
	if (screens[id]->enter)
		screens[id]->enter(l, a);
	if (deeper)
		l->from[id] = l->screen;
	l->screen = id;
	return REACT_ASK;
}
