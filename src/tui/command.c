/* Commands: a table of names, what each takes, and what it does.
 *
 * What has a key is done by that key, so that both always mean the same.
 */
#include "command.h"

#include <string.h>

#include "config.h"
#include "screen.h"

struct command_call {
	struct look *l;
	const char *argument; /* without blanks round it */
	struct answer *a;
	const struct layout *at;
	int64_t now_ns;
};

static enum reaction command_key(const struct command_call *c, enum action act)
{
	const struct key_line *line = keys_of(act);

	return look_key(c->l, line->key[0], c->a, c->at->width, c->at->bar + 1, c->now_ns);
}

static enum reaction command_quit(const struct command_call *c)
{
	return strcmp(c->argument, "!") == 0 ? REACT_QUIT : command_key(c, ACTION_QUIT);
}

static enum reaction command_help_page(const struct command_call *c)
{
	return c->l->page == PAGE_HELP ? REACT_DRAW : command_key(c, ACTION_HELP);
}

/* As the key w; with a name at once. */
static enum reaction command_write(const struct command_call *c)
{
	struct look *l = c->l;
	enum save_of of = l->screen == SCREEN_PACKETS ? SAVE_OF_PACKETS : l->screen == SCREEN_LADDER ? SAVE_OF_LADDER :
			   l->screen == SCREEN_SOCKETS ? SAVE_OF_SOCKETS : SAVE_OF_STREAM;
	const bool list = l->page == PAGE_SCREEN && l->screen == SCREEN_CONNECTIONS && l->list.group == GROUP_NONE;

	if (list && c->a->rows > 0) {
		(void)connections_packets(l, c->a);
		if (c->argument[0] != '\0')
			(void)save_named(l, SAVE_OF_PACKETS, c->argument, c->a);
		else
			(void)save_open(l, SAVE_OF_PACKETS, c->a);
		return REACT_ASK;
	}
	if (l->page != PAGE_SCREEN || (l->screen != SCREEN_PACKETS && l->screen != SCREEN_LADDER && l->screen != SCREEN_STREAM &&
					  l->screen != SCREEN_SOCKETS))
		return screen_say(l, true, "nothing is saved here: Packets (3), Ladder (2), Sockets (4) and a stream (f) can be");
	return c->argument[0] != '\0' ? save_named(l, of, c->argument, c->a) : save_open(l, of, c->a);
}

static enum reaction command_filter(const struct command_call *c)
{
	enum filter_scope scope = FILTER_FLOWS;
	const struct screen *s = screens[c->l->screen];
	struct filter_error wrong;
	struct filter *f;
	struct text t;
	char *match;

	if (s->match == NULL)
		return screen_say(c->l, true, "this screen has no filter");
	match = s->match(c->l, &scope);
	if (strlen(c->argument) >= QUERY_MATCH)
		return screen_say(c->l, true, "a filter has at most 255 bytes");
	if (filter_compile(&f, c->argument, scope, &wrong) < 0) {
		text_init(&t, c->l->message, sizeof c->l->message);
		text_format(&t, "column %u: ", wrong.column);
		text_put(&t, wrong.text);
		c->l->message_bad = true;
		return REACT_DRAW;
	}
	filter_free(f);
	memset(match, 0, QUERY_MATCH);
	memcpy(match, c->argument, strlen(c->argument));
	c->l->fresh = true;
	c->l->hold_until_ns = 0;
	return REACT_ASK;
}

static enum reaction command_told(struct look *l, const char *line, size_t n)
{
	struct error e = {""};

	if (config_line(l, line, n, &e) != 0)
		return screen_say(l, true, e.text);
	l->fresh = true;
	return REACT_ASK;
}

static enum reaction command_set(const struct command_call *c)
{
	return command_told(c->l, c->argument, strlen(c->argument));
}

static enum reaction command_sort(const struct command_call *c)
{
	char line[QUERY_MATCH + 16];
	struct text t;

	text_init(&t, line, sizeof line);
	text_put(&t, "sort = ");
	text_put(&t, c->argument);
	return command_told(c->l, line, t.len);
}

static enum reaction command_save(const struct command_call *c)
{
	return config_save(c->l, c->at);
}

static const struct {
	const char *name, *argument, *meaning;
	enum reaction (*run)(const struct command_call *c);
} commands[] = {
	{"q", "", "quit, as the key does; q! at once", command_quit},
	{"w", "NAME", "save what is shown as NAME.pcapng or NAME.sockeye.txt; no name: asks", command_write},
	{"save", "NAME", "the same", command_write},
	{"filter", "EXPR", "the display filter; none: all", command_filter},
	{"set", "NAME=VALUE", "columns, sort, theme, mouse, times, or key ACTION = KEYS", command_set},
	{"sort", "COLUMN", "sort the connections; a - before it turns the order round", command_sort},
	{"help", "", "the help page", command_help_page},
	{"save-config", "", "keep what was set", command_save},
};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

bool command_help(unsigned i, const char **name, const char **argument, const char **meaning)
{
	if (i >= COMMANDS)
		return false;
	*name = commands[i].name;
	*argument = commands[i].argument;
	*meaning = commands[i].meaning;
	return true;
}

/* A number: that packet, on the Packets screen. */
static enum reaction command_packet(const struct command_call *c, const char *digits)
{
	uint64_t number = 0;

	for (; *digits >= '0' && *digits <= '9' && number < UINT64_MAX / 100; digits++)
		number = number * 10 + (uint64_t)(*digits - '0');
	if (*digits != '\0' || number == 0)
		return screen_say(c->l, true, "a packet's number is wanted, 1 or more");
	if (c->l->screen != SCREEN_PACKETS)
		packets_of(c->l, NULL, 0, c->a); /* it may be of any connection */
	c->l->page = PAGE_SCREEN;
	c->l->packets.to_number = number;
	return REACT_ASK;
}

static enum reaction command_unknown(struct look *l)
{
	struct text t;

	text_init(&t, l->message, sizeof l->message);
	text_put(&t, "no such command; there are");
	for (unsigned i = 0; i < COMMANDS; i++)
		text_format(&t, " %s", commands[i].name);
	text_put(&t, " and a packet's number");
	l->message_bad = true;
	return REACT_DRAW;
}

enum reaction command_run(struct look *l, const char *text, struct answer *a, const struct layout *at, int64_t now_ns)
{
	char argument[QUERY_MATCH];
	struct command_call c = {l, argument, a, at, now_ns};
	size_t n, end;

	text += strspn(text, " :");
	if (*text == '\0')
		return REACT_DRAW;
	if (*text >= '0' && *text <= '9')
		return command_packet(&c, text);
	n = strcspn(text, " !");
	end = strlen(text);
	while (end > n && text[end - 1] == ' ')
		end--;
	memset(argument, 0, sizeof argument);
	while (n < end && text[n] != '\0') {
		size_t from = n + strspn(text + n, " ");

		memcpy(argument, text + from, end - from);
		break;
	}
	for (unsigned i = 0; i < COMMANDS; i++)
		if (strlen(commands[i].name) == strcspn(text, " !") &&
		    memcmp(commands[i].name, text, strlen(commands[i].name)) == 0)
			return commands[i].run(&c);
	return command_unknown(l);
}

/* ---- completion -------------------------------------------------------------------- */

static unsigned command_offer(struct filter_offer *out, unsigned n, unsigned most, const char *word, const char *begun,
			      const char *meaning)
{
	struct text t;

	if (n >= most || strncmp(word, begun, strlen(begun)) != 0)
		return n;
	text_init(&t, out[n].text, sizeof out[n].text);
	text_put(&t, word);
	out[n].meaning = meaning;
	return n + 1;
}

unsigned command_complete(const struct look *l, const char *before, struct filter_offer *out, unsigned most,
			  size_t *from)
{
	enum filter_scope scope = FILTER_FLOWS;
	const char *blank = strrchr(before, ' '), *word;
	unsigned n = 0;

	*from = blank != NULL ? (size_t)(blank - before) + 1 : 0;
	word = before + *from;
	if (blank == NULL) {
		for (unsigned i = 0; i < COMMANDS; i++)
			n = command_offer(out, n, most, commands[i].name, word, commands[i].meaning);
		return n;
	}
	if (strncmp(before, "filter ", 7) == 0) {
		if (screens[l->screen]->match)
			(void)screens[l->screen]->match((struct look *)l, &scope); /* for its scope */
		n = filter_complete(before + 7, strlen(before + 7), scope, out, most, from);
		*from += 7;
		return n;
	}
	if (strncmp(before, "sort ", 5) == 0)
		for (unsigned i = 0; i < LOOK_SORTS; i++)
			n = command_offer(out, n, most, look_sorts[i].name, word, look_sorts[i].first);
	if (strncmp(before, "set key ", 8) == 0)
		for (size_t i = 0; i < keys_lines; i++)
			n = command_offer(out, n, most, keys_table[i].name, word, keys_table[i].help);
	else if (strncmp(before, "set ", 4) == 0)
		for (unsigned i = 0; config_word(i) != NULL; i++)
			n = command_offer(out, n, most, config_word(i), word, "");
	return n;
}
