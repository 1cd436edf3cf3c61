/* The help page, made from the key table and the table of conditions: it has
 * no words of its own about keys, so it cannot be wrong about them.
 */
#include <string.h>

#include "columns.h"
#include "command.h"
#include "screen.h"
#include "sockeye/filter.h"
#include "words.h"

static void help_rule(struct sheet *s, const char *title)
{
	unsigned y = sheet_next(s), x;

	x = canvas_fill(s->c, 0, y, 2, ROLE_RULE, 0x2500);
	x = canvas_put(s->c, x + 1, y, s->c->width, ROLE_HEAD, title);
	canvas_fill(s->c, x + 1, y, s->c->width, ROLE_RULE, 0x2500);
}

enum { HELP_NARROW = 60 }; /* below it a group's name has a row of its own, and meanings begin further left */

/* Where what a name means begins. */
static unsigned help_at(const struct canvas *c)
{
	return c->width < HELP_NARROW ? 17 : 24;
}

/* A name and, in the column of all meanings, what it means, in as many rows as that needs. */
static void help_pair(struct sheet *s, const char *name, const char *meaning)
{
	const unsigned x = help_at(s->c);
	unsigned y = sheet_next(s);

	canvas_put(s->c, 2, y, s->c->width, ROLE_TEXT, name);
	if (2 + canvas_width(name) >= x)
		y = sheet_next(s);
	sheet_words(s, y, x, s->c->width - 1, ROLE_DIM, meaning, strlen(meaning));
}

/* Lines of the table, in two columns where there is room; what is longer than a column has rows of its own. */
struct help_flow {
	struct sheet *s;
	unsigned half, x, y;
	const char *group;
};

static void help_line(struct help_flow *f, const struct key_line *line, const char *group)
{
	struct canvas *c = f->s->c;
	const bool narrow = c->width < HELP_NARROW, begins = strcmp(f->group, group) != 0;
	const bool longer = canvas_width(line->help) + 25 > f->half;
	const unsigned words = help_at(c);
	char keys[80] = "";
	unsigned at;
	struct text t;

	if (begins && narrow)
		canvas_put(c, 1, sheet_next(f->s), c->width, ROLE_HEAD, group);
	if (begins || longer || f->x + f->half >= c->width || f->half == c->width) {
		f->x = 0;
		f->y = sheet_next(f->s);
	} else {
		f->x += f->half;
	}
	if (begins && !narrow)
		canvas_put(c, 1, f->y, 8, ROLE_HEAD, group);
	f->group = group;
	at = f->x + (narrow ? 2 : 8);
	text_init(&t, keys, sizeof keys);
	for (unsigned k = 0; k < KEYS_EACH && line->key[k] != 0; k++) {
		text_put(&t, k > 0 ? " " : "");
		keys_name(&t, line->key[k], c->ascii);
	}
	canvas_put(c, at, f->y, c->width, ROLE_KEY, keys);
	if (longer && at + canvas_width(keys) >= f->x + words)
		f->y = sheet_next(f->s);
	sheet_words(f->s, f->y, f->x + words, longer ? c->width - 1 : f->x + f->half - 1, ROLE_TEXT, line->help,
		    strlen(line->help));
	if (longer)
		f->x = c->width; /* nothing beside it */
}

static const char *const help_groups[] = {"Move", "Look", "Order", "Views", "Other"};

enum { HELP_GROUPS = sizeof help_groups / sizeof help_groups[0] };

/* One that a screen has for itself. */
static bool help_own(const char *group)
{
	for (unsigned g = 0; g < HELP_GROUPS; g++)
		if (strcmp(group, help_groups[g]) == 0)
			return false;
	return true;
}

static void help_group(struct help_flow *f, const char *group, unsigned place, unsigned not)
{
	for (size_t i = 0; i < keys_lines; i++)
		if (keys_table[i].places & place && !(keys_table[i].places & not) &&
		    (group != NULL ? strcmp(keys_table[i].group, group) == 0 : help_own(keys_table[i].group)))
			help_line(f, &keys_table[i], keys_table[i].group);
}

/* Those of the place, group by group; what is the screen's own first. */
static void help_keys(struct sheet *s, unsigned place, unsigned not)
{
	struct help_flow f = {s, s->c->width >= 100 ? s->c->width / 2 : s->c->width, 0, 0, ""};

	help_group(&f, NULL, place, not);
	for (unsigned g = 0; g < HELP_GROUPS; g++)
		help_group(&f, help_groups[g], place, not);
}

/* The keys of the screen one came from, then what others have besides. */
static void help_all_keys(struct sheet *s, const struct look *l)
{
	unsigned seen = screens[l->screen]->place;
	char title[64];
	struct text t;

	text_init(&t, title, sizeof title);
	text_put(&t, "Keys of ");
	text_put(&t, screens[l->screen]->name);
	help_rule(s, title);
	help_keys(s, seen, 0);
	for (unsigned i = 0; i < SCREENS_ALL; i++) {
		if (screens[i] == NULL || screens[i]->place & seen)
			continue;
		text_reset(&t);
		text_put(&t, "And in ");
		text_put(&t, screens[i]->name);
		sheet_next(s);
		help_rule(s, title);
		help_keys(s, screens[i]->place, seen);
		seen |= screens[i]->place;
	}
	sheet_next(s);
	help_rule(s, "And in pages of text, as this one");
	help_keys(s, IN_TEXT, seen);
}

/* What the columns of the list say. */
static void help_columns(struct sheet *s)
{
	for (unsigned i = 0; i < COLUMNS; i++)
		help_pair(s, column_title((enum column_id)i), column_brief((enum column_id)i));
}

static void help_commands(struct sheet *s)
{
	const char *name, *argument, *meaning;

	for (unsigned i = 0; command_help(i, &name, &argument, &meaning); i++) {
		char line[48];
		struct text t;

		text_init(&t, line, sizeof line);
		text_format(&t, ":%s %s", name, argument);
		help_pair(s, line, meaning);
	}
	help_pair(s, ":4711", "to that packet");
}

/* The words; what is behind them stands in docs/filter.md. */
static void help_filter(struct sheet *s)
{
	struct filter_field f;

	help_pair(s, "port:443 rtt>50ms", "side by side: both; and, or, not, ( ) as in Wireshark; !dst:10.0.0.0/8");
	for (unsigned i = 0; filter_field(i, &f) && strcmp(f.name, "ip.addr") != 0; i++)
		if (f.flows && !f.row && !f.again)
			help_pair(s, f.name, f.meaning);
}

static void help_mouse(struct sheet *s, const struct look *l)
{
	help_pair(s, "wheel", "three rows up or down");
	help_pair(s, "click", "selects a row, shows a view, sorts by a column's head, again: turned round");
	help_pair(s, ":set mouse=off", l->mouse ? "the terminal's own selection works again; now with Shift"
						  : "it is off: :set mouse=on");
}

static void help_rights(struct sheet *s, const char *lines)
{
	while (lines != NULL && *lines != '\0') {
		const char *end = strchr(lines, '\n');
		size_t n = end != NULL ? (size_t)(end - lines) : strlen(lines);

		sheet_words(s, sheet_next(s), 2, s->c->width - 1, ROLE_TEXT, lines, n);
		lines += n + (end != NULL);
	}
}

static void help_conditions(struct sheet *s)
{
	const unsigned half = s->c->width >= 120 ? s->c->width / 2 : s->c->width, words = help_at(s->c);
	unsigned x = 0, y = 0;

	for (unsigned i = 0; i < CONDITIONS; i++) {
		const struct condition_look *is = &condition_looks[i];
		char letter[2] = {is->ascii, '\0'};

		x = half == s->c->width || i % 2 == 0 ? 0 : half;
		if (x == 0)
			y = sheet_next(s);
		canvas_put(s->c, x + 2, y, x + 3, is->role, s->c->ascii ? letter : is->glyph);
		canvas_put(s->c, x + 4, y, x + 5, ROLE_DIM, s->c->ascii ? " " : letter);
		canvas_put(s->c, x + 6, y, x + words, ROLE_TEXT, is->word);
		sheet_words(s, y, x + words, x + half - 1, ROLE_DIM, is->meaning, strlen(is->meaning));
	}
}

static void help_handshakes(struct sheet *s)
{
	static const char *const line[][2] = {
		{"S─12.1─SA─0.2─A", "SYN, 12.1 ms later SYN/ACK (the network), 0.2 ms later ACK (the client)"},
		{"S─1.0s─S─2.0s─S…", "SYN repeated after 1 s and 2 s more, still no answer"},
		{"S×3─12.1─SA─0.2─A", "the same, folded: three SYNs, times from the last"},
		{"S─0.1─R", "refused after 0.1 ms"},
		{"…SA─0.2─A", "the SYN was not captured"},
		{"12.1+0.2", "on narrow screens: network + client, in ms"},
		{"udp answered", "what has no SYN: did packets come both ways?"},
	};

	for (size_t i = 0; i < sizeof line / sizeof line[0]; i++)
		help_pair(s, line[i][0], line[i][1]);
}

unsigned help_page(const struct look *l, struct canvas *c, unsigned top, unsigned rows)
{
	struct sheet s = {c, top, rows, l->scrolled, 0};

	help_all_keys(&s, l);
	sheet_next(&s);
	help_rule(&s, "States: glyph, letter without Unicode");
	help_conditions(&s);
	sheet_next(&s);
	help_rule(&s, "Handshake column, times in ms");
	help_handshakes(&s);
	sheet_next(&s);
	help_rule(&s, "Columns of the list; c chooses");
	help_columns(&s);
	sheet_next(&s);
	help_rule(&s, "Commands");
	help_commands(&s);
	sheet_next(&s);
	help_rule(&s, "Filter words; and keys of -o json");
	help_filter(&s);
	sheet_next(&s);
	help_rule(&s, "Mouse");
	help_mouse(&s, l);
	if (l->rights != NULL && l->rights[0] != '\0') {
		sheet_next(&s);
		help_rule(&s, "Rights now");
		help_rights(&s, l->rights);
	}
	return s.line;
}
