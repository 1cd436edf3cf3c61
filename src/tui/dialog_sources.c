/* The interface picker: what is captured from and how much comes there, what else there is, and the capture
 * filter. Enter on one that is not captured adds it: the broker still may; on one that was added it takes it off.
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

/* The name in a line "1.eth0 [Up]", n bytes of it. */
static const char *sources_name(const char *line, size_t *n)
{
	const char *dot = line + strspn(line, "0123456789");

	line = dot != line && *dot == '.' ? dot + 1 : line;
	*n = strcspn(line, " \n");
	return line;
}

/* Which of the interfaces captured from it is; -1: none. */
static int sources_now(const struct look *l, const char *line)
{
	size_t n;
	const char *name = sources_name(line, &n);

	for (unsigned i = 0; i < l->interfaces_now && i < QUERY_SOURCES; i++)
		if (!l->interface[i].taken_off && strlen(l->interface[i].name) == n && memcmp(l->interface[i].name, name, n) == 0)
			return (int)i;
	return -1;
}

static void sources_line(const struct look *l, unsigned i, struct canvas *c, unsigned x, unsigned y, unsigned end)
{
	const char *s = sources_at(l, i), *stop;
	char rate[64];
	unsigned room;
	struct text t;
	int now;

	if (s == NULL || *s == '\0') {
		x = canvas_put(c, x, y, end, ROLE_DIM, "reading ");
		canvas_foreign(c, x, y, end, ROLE_TEXT, l->title, strlen(l->title));
		return;
	}
	stop = strchr(s, '\n');
	now = sources_now(l, s);
	if (now < 0) {
		canvas_foreign(c, x + 2, y, end, ROLE_TEXT, s, stop != NULL ? (size_t)(stop - s) : strlen(s));
		return;
	}
	text_init(&t, rate, sizeof rate);
	if (l->interface[now].gone) {
		text_put(&t, "gone");
	} else {
		words_size(&t, (uint64_t)l->interface[now].rate);
		text_put(&t, " pkt/s  ");
		words_size(&t, l->interface[now].frames);
		text_put(&t, " in all");
	}
	if (l->interface[now].drops > 0) {
		text_put(&t, "  drop ");
		words_size(&t, l->interface[now].drops);
	}
	room = canvas_width(rate) + 2 < end - x ? end - canvas_width(rate) - 2 : end;
	canvas_put(c, x, y, end, ROLE_GOOD, "●");
	canvas_foreign(c, x + 2, y, room, ROLE_TEXT, s, stop != NULL ? (size_t)(stop - s) : strlen(s));
	if (room < end)
		canvas_right(c, room, y, end, l->interface[now].drops > 0 ? ROLE_BAD : ROLE_TEXT, rate);
}

/* One more, or one less: the loop hands it on, and what comes of it is told. */
static enum reaction sources_add(struct look *l)
{
	const char *line = sources_at(l, l->dialog.at), *name;
	struct text t;
	size_t n;
	int now;

	if (line == NULL || *line == '\0')
		return dialog_say(l, false, "there is no interface to add");
	if (l->interface_wanted[0] != '\0') /* the engine has not even looked at some before it */
		return dialog_say(l, false, "others wait to be added or taken off: try it again");
	name = sources_name(line, &n);
	now = sources_now(l, line);
	if (now >= 0 && !l->interface[now].added)
		return dialog_say(l, false, "it is captured from the start on, and stays");
	l->interface_off = now >= 0;
	if (!l->interface_off && l->interfaces_now > 0 && strcmp(l->interface[0].name, "any") == 0)
		return dialog_say(l, false, "all interfaces are captured already");
	if (!l->interface_off && n == 3 && memcmp(name, "any", 3) == 0)
		return dialog_say(l, false, "all of them is another start: sockeye without -i");
	text_init(&t, l->interface_wanted, sizeof l->interface_wanted);
	text_bytes(&t, name, n);
	if (l->interface_off)
		l->interface[now].taken_off = true; /* until the next look at all says how it stands */
	dialog_say(l, false, "asked for");
	return REACT_ASK;
}

static enum reaction sources_key(struct look *l, uint32_t key, struct answer *a, const struct layout *at, int64_t now_ns)
{
	(void)a, (void)at, (void)now_ns;
	if (key != KEY_RETURN)
		return dialog_say(l, false, "no such key here");
	if (!l->live)
		return dialog_close(l);
	if (!l->dialog.editing)
		return sources_add(l);
	memcpy(l->capture_filter, l->dialog.text, sizeof l->capture_filter);
	l->capture_filter_wanted = true;
	dialog_say(l, false, "asked for");
	return REACT_ASK;
}

const struct dialog_kind dialog_sources = {
	.title = "Interfaces, as they were at the start",
	.keys = "Tab list, filter  Enter add, take off, filter  Esc away",
	.width = 70,
	.open = sources_open,
	.lines = sources_lines,
	.line = sources_line,
	.key = sources_key,
	.field = "capture filter",
};
