/* The help page, made from the key table and the table of conditions: it has
 * no words of its own about keys, so it cannot be wrong about them.
 */
#include <string.h>

#include "look.h"
#include "words.h"

static void help_rule(struct sheet *s, const char *title)
{
	unsigned y = sheet_next(s), x;

	x = canvas_fill(s->c, 0, y, 2, ROLE_RULE, 0x2500);
	x = canvas_put(s->c, x + 1, y, s->c->width, ROLE_HEAD, title);
	canvas_fill(s->c, x + 1, y, s->c->width, ROLE_RULE, 0x2500);
}

static void help_keys(struct sheet *s)
{
	const char *group = "";
	unsigned half = s->c->width >= 100 ? s->c->width / 2 : s->c->width, x = 0, y = 0;

	for (size_t i = 0; i < keys_lines; i++) {
		const struct key_line *line = &keys_table[i];
		bool begins = strcmp(group, line->group) != 0;
		unsigned at;
		char buffer[64];
		struct text t;

		if (begins || x + half >= s->c->width || half == s->c->width) {
			x = 0;
			y = sheet_next(s);
		} else {
			x += half;
		}
		if (begins)
			canvas_put(s->c, 1, y, 8, ROLE_HEAD, line->group);
		group = line->group;
		at = x + 8;
		for (unsigned k = 0; k < KEYS_EACH && line->key[k] != 0; k++) {
			text_init(&t, buffer, sizeof buffer);
			keys_name(&t, line->key[k], s->c->ascii);
			at = canvas_put(s->c, at, y, x + 24, ROLE_KEY, buffer) + 1;
		}
		canvas_cut(s->c, x + 24, y, x + half - 1, ROLE_TEXT, line->help);
	}
}

static void help_conditions(struct sheet *s)
{
	unsigned half = s->c->width >= 100 ? s->c->width / 2 : s->c->width, x = 0, y = 0;

	for (unsigned i = 0; i < CONDITIONS; i++) {
		const struct condition_look *is = &condition_looks[i];
		char letter[2] = {is->ascii, '\0'};

		x = half == s->c->width || i % 2 == 0 ? 0 : half;
		if (x == 0)
			y = sheet_next(s);
		canvas_put(s->c, x + 2, y, x + 3, is->role, s->c->ascii ? letter : is->glyph);
		canvas_put(s->c, x + 4, y, x + 5, ROLE_DIM, s->c->ascii ? " " : letter);
		canvas_put(s->c, x + 8, y, x + 22, ROLE_TEXT, is->word);
		canvas_cut(s->c, x + 24, y, x + half - 1, ROLE_DIM, is->meaning);
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
	};

	for (size_t i = 0; i < sizeof line / sizeof line[0]; i++) {
		unsigned y = sheet_next(s);

		canvas_put(s->c, 2, y, 23, ROLE_TEXT, line[i][0]);
		canvas_cut(s->c, 24, y, s->c->width - 1, ROLE_DIM, line[i][1]);
	}
}

unsigned help_page(const struct look *l, struct canvas *c, unsigned top, unsigned rows)
{
	struct sheet s = {c, top, rows, l->scrolled, 0};

	help_rule(&s, "Keys");
	help_keys(&s);
	sheet_next(&s);
	help_rule(&s, "States: glyph, letter without Unicode");
	help_conditions(&s);
	sheet_next(&s);
	help_rule(&s, "Handshake column, times in ms");
	help_handshakes(&s);
	return s.line;
}
