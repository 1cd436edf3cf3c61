/* Configuration: what a line means, and the lines that say what is set. The file itself is
 * config_file.c. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "columns.h"
#include "screen.h"

static const char *const themes[THEMES] = {"auto", "mono", "8", "16", "256"};
static const char *const switches[] = {"off", "on"};
static const char *const times[TIMES] = {
	[TIMES_RELATIVE] = "relative", [TIMES_DELTA] = "delta", [TIMES_CLOCK] = "clock",
};

struct words {
	const char *at;
	size_t n;
};

static struct words config_trim(const char *s, size_t n)
{
	while (n > 0 && (*s == ' ' || *s == '\t'))
		s++, n--;
	while (n > 0 && (s[n - 1] == ' ' || s[n - 1] == '\t' || s[n - 1] == '\r'))
		n--;
	return (struct words){s, n};
}

static bool config_is(struct words w, const char *word)
{
	return strlen(word) == w.n && memcmp(word, w.at, w.n) == 0;
}

/* One of a list; n: none of them. */
static unsigned config_one_of(struct words w, const char *const *list, unsigned n)
{
	unsigned i = 0;

	while (i < n && !config_is(w, list[i]))
		i++;
	return i;
}

static int config_columns(struct look *l, struct words w, struct error *err)
{
	uint8_t column[COLUMNS];
	unsigned n = 0;

	if (config_is(w, "default")) {
		l->list.columns = l->list.skipped = 0;
		return 0;
	}
	while (w.n > 0) {
		const char *comma = memchr(w.at, ',', w.n);
		size_t len = comma != NULL ? (size_t)(comma - w.at) : w.n;
		struct words one = config_trim(w.at, len);
		enum column_id id = column_by_name(one.at, one.n);

		if (id == COLUMNS)
			return error_set(err, EINVAL, "columns: no such column; c shows their names");
		if (memchr(column, (int)id, n) != NULL)
			return error_set(err, EINVAL, "columns: %s stands there twice", column_name(id));
		column[n++] = (uint8_t)id;
		len += comma != NULL;
		w.at += len;
		w.n -= len;
	}
	if (n == 0)
		return error_set(err, EINVAL, "columns: one is wanted, or the word default");
	memcpy(l->list.column, column, n);
	l->list.columns = n;
	l->list.skipped = 0;
	return 0;
}

static int config_sort(struct look *l, struct words w, struct error *err)
{
	bool turned = w.n > 0 && w.at[0] == '-';

	w = turned ? (struct words){w.at + 1, w.n - 1} : w;
	for (unsigned i = 0; i < LOOK_SORTS; i++)
		if (config_is(w, look_sorts[i].name)) {
			l->sort = i;
			l->descending = (look_sorts[i].descending || (i == 0 && l->live)) != turned;
			return 0;
		}
	return error_set(err, EINVAL, "sort: no such order; F6 shows them");
}

static int config_key(struct words name, struct words keys, struct error *err)
{
	char script[256];
	struct error why;
	struct text t;

	text_init(&t, script, sizeof script);
	text_bytes(&t, keys.at, keys.n);
	if (t.cut || memchr(keys.at, '\0', keys.n) != NULL)
		return error_set(err, EINVAL, "key: too long");
	if (keys_bind(name.at, name.n, script, &why) == 0)
		return 0;
	return error_set(err, EINVAL, "key: %s", why.text);
}

static int config_named(struct look *l, struct words name, struct words value, struct error *err)
{
	unsigned i;

	if (config_is(name, "columns"))
		return config_columns(l, value, err);
	if (config_is(name, "sort"))
		return config_sort(l, value, err);
	if (name.n > 4 && memcmp(name.at, "key ", 4) == 0)
		return config_key(config_trim(name.at + 4, name.n - 4), value, err);
	if (config_is(name, "theme")) {
		i = config_one_of(value, themes, THEMES);
		if (i == THEMES)
			return error_set(err, EINVAL, "theme: auto, mono, 8, 16 or 256");
		l->theme = (enum theme)i;
		return 0;
	}
	if (config_is(name, "mouse")) {
		i = config_one_of(value, switches, 2);
		if (i == 2)
			return error_set(err, EINVAL, "mouse: on or off");
		l->mouse = i == 1;
		return 0;
	}
	if (config_is(name, "times")) {
		i = config_one_of(value, times, TIMES);
		if (i == TIMES)
			return error_set(err, EINVAL, "times: relative, delta or clock");
		look_times(l, (enum times)i);
		return 0;
	}
	return error_set(err, EINVAL, "no such setting; there are columns, sort, theme, mouse, times, and key ACTION");
}

int config_line(struct look *l, const char *line, size_t n, struct error *err)
{
	struct words w = config_trim(line, n);
	const char *equals;

	if (w.n == 0 || w.at[0] == '#')
		return 0;
	equals = memchr(w.at, '=', w.n);
	if (equals == NULL)
		return error_set(err, EINVAL, "NAME = VALUE is wanted");
	return config_named(l, config_trim(w.at, (size_t)(equals - w.at)),
			    config_trim(equals + 1, w.n - (size_t)(equals - w.at) - 1), err);
}

unsigned config_text(struct look *l, const char *text, size_t n, struct error *first)
{
	unsigned number = 0, wrong = 0;

	while (n > 0) {
		const char *end = memchr(text, '\n', n);
		size_t len = end != NULL ? (size_t)(end - text) : n;
		struct error why = {""};

		number++;
		if (config_line(l, text, len, &why) != 0 && wrong++ == 0)
			(void)error_set(first, EINVAL, "line %u: %s", number, why.text);
		len += end != NULL;
		text += len;
		n -= len;
	}
	return wrong;
}

/* Was a line of that name bound, and told, already? */
static bool config_named_before(size_t line)
{
	for (size_t i = 0; i < line; i++)
		if (keys_bound(i) && strcmp(keys_table[i].name, keys_table[line].name) == 0)
			return true;
	return false;
}

void config_lines(const struct look *l, struct text *t)
{
	bool begins = l->sort == 0 && l->descending == l->live;

	for (unsigned i = 0; i < l->list.columns; i++) {
		text_put(t, i == 0 ? "columns = " : ", ");
		text_put(t, column_name((enum column_id)l->list.column[i]));
	}
	if (l->list.columns > 0)
		text_char(t, '\n');
	if (!begins)
		text_format(t, "sort = %s%s\n",
			    l->descending == (look_sorts[l->sort].descending || (l->sort == 0 && l->live)) ? "" : "-",
			    look_sorts[l->sort].name);
	if (l->theme != THEME_AUTO)
		text_format(t, "theme = %s\n", themes[l->theme]);
	if (!l->mouse)
		text_put(t, "mouse = off\n");
	if (l->ladder.times != TIMES_RELATIVE)
		text_format(t, "times = %s\n", times[l->ladder.times]);
	for (size_t i = 0; i < keys_lines; i++) {
		if (!keys_bound(i) || (i > 0 && config_named_before(i)))
			continue;
		text_format(t, "key %s =", keys_table[i].name);
		for (unsigned k = 0; k < KEYS_EACH && keys_table[i].key[k] != 0; k++) {
			uint32_t key = keys_table[i].key[k];

			if (key == KEY_ESCAPE || key == KEY_RETURN || key == KEY_CONTROL('C'))
				continue; /* it stays where it is, whatever is said */
			text_char(t, ' ');
			keys_script_name(t, key);
		}
		text_char(t, '\n');
	}
}

const char *config_word(unsigned i)
{
	static const char *const words[] = {
		"mouse=off", "mouse=on", "theme=auto", "theme=mono", "theme=8", "theme=16", "theme=256",
		"times=relative", "times=delta", "times=clock", "sort=", "columns=", "columns=default", "key ",
	};

	return i < sizeof words / sizeof words[0] ? words[i] : NULL;
}
