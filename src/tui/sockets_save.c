/* The list of sockets as a text for a file: a line that says what of, and the rows as they are shown, folded where they
 * are folded, those out of sight too.
 */
#include <string.h>

#include "screen.h"
#include "sockeye/clock.h"
#include "words.h"

static bool save_line(void *to, const char *line, size_t n)
{
	return save_collect(to, line, n);
}

/* "sockets at 12:00:39, by listener, filter: tcp: 16 of 23" */
static void save_head(const struct sockets_look *s, struct text *t)
{
	char at[32];

	clock_of_day(s->table->at_ns, 0, at);
	text_format(t, "sockets at %s, by %s", at, sockets_by_words[s->by]);
	if (s->match[0] != '\0' && s->error.column == 0) {
		text_put(t, ", filter: ");
		text_foreign(t, s->match, strlen(s->match), false);
	}
	text_put(t, ": ");
	words_count(t, s->matched);
	text_put(t, " of ");
	words_count(t, s->total);
	if (s->table->forgotten > 0) {
		text_put(t, ", and ");
		words_count(t, s->table->forgotten);
		text_put(t, " forgotten for want of room");
	}
	text_put(t, s->table->partial ? "; the kernel was interrupted: one may be missing, or there twice\n" : "\n");
}

enum reaction sockets_save(struct look *l)
{
	const struct sockets_look *s = &l->sockets;
	char head[QUERY_MATCH * 4 + 320];
	struct text t;

	if (!s->table || s->rows == 0)
		return screen_say(l, false, "nothing to save");
	save_drop(l);
	text_init(&t, head, sizeof head);
	save_head(s, &t);
	if (!save_collect(l, head, t.len) || !sockets_list_text(s, l->ascii, save_line, l))
		return screen_say(l, true, "not saved: a text is 16 MB at most; a filter leaves less");
	save_collected(l, 0);
	return screen_say(l, false, "writing the list");
}
