/* The interface picker: what is captured from, what else there is, and the capture filter.
 *
 * The interfaces are those of the start: later nothing can be asked of the system.
 */
#include <string.h>

#include "screen.h"
#include "words.h"

static void sources_open(struct look *l, const struct layout *at)
{
	struct text t;

	(void)at;
	l->dialog.editing = l->live;
	text_init(&t, l->dialog.text, sizeof l->dialog.text);
	text_put(&t, l->capture_filter);
	l->dialog.cursor = t.len;
	if (!l->live)
		dialog_say(l, false, "files are read: they have no capture filter; / shows less of them");
}

static const char *sources_at(const struct look *l, unsigned i)
{
	const char *s = l->interfaces;

	while (s != NULL && i-- > 0) {
		s = strchr(s, '\n');
		s = s != NULL ? s + 1 : NULL;
	}
	return s;
}

static unsigned sources_lines(const struct look *l)
{
	unsigned n = 0;

	for (const char *s = l->interfaces; s != NULL && *s != '\0'; s++)
		n += *s == '\n';
	return n > 0 ? n : 1;
}

static void sources_line(const struct look *l, unsigned i, struct canvas *c, unsigned x, unsigned y, unsigned end)
{
	const char *s = sources_at(l, i), *stop;

	if (s == NULL || *s == '\0') {
		x = canvas_put(c, x, y, end, ROLE_DIM, "reading ");
		canvas_foreign(c, x, y, end, ROLE_TEXT, l->title, strlen(l->title));
		return;
	}
	stop = strchr(s, '\n');
	canvas_foreign(c, x, y, end, ROLE_TEXT, s, stop != NULL ? (size_t)(stop - s) : strlen(s));
}

static enum reaction sources_key(struct look *l, uint32_t key, struct answer *a, const struct layout *at, int64_t now_ns)
{
	(void)a, (void)at, (void)now_ns;
	if (key != KEY_RETURN)
		return dialog_say(l, false, "no such key here");
	if (!l->live)
		return dialog_close(l);
	if (!l->dialog.editing)
		return dialog_say(l, false, "another interface needs another start: sockeye -i NAME -i NAME; Tab: the filter");
	memcpy(l->capture_filter, l->dialog.text, sizeof l->capture_filter);
	l->capture_filter_wanted = true;
	dialog_say(l, false, "asked for");
	return REACT_ASK;
}

const struct dialog_kind dialog_sources = {
	.title = "Interfaces, as they were at the start",
	.keys = "Tab list, filter  Enter set the filter  Esc away",
	.width = 70,
	.open = sources_open,
	.lines = sources_lines,
	.line = sources_line,
	.key = sources_key,
	.field = "capture filter",
};
