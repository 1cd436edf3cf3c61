/* Where the panes of the Packets screen are, and the rules over them.
 *
 * List, layers and bytes stand below each other; where 160 columns are wanted that way, layers
 * and bytes beside each other; where there is room for one only, that is the focused one.
 */
#include "look.h"

enum { SPLIT_FROM = 160, SPLIT_BYTES = 80 };

struct packets_panes packets_panes(const struct packets_look *s, const struct layout *at)
{
	struct packets_panes p = {.head = at->head, .layers_end = at->width};
	unsigned bottom = at->message ? at->message : at->bar, rows = bottom - at->list, left;
	bool alone = s->zoom || at->bar < 15, beside = s->beside && at->width >= SPLIT_FROM;

	p.list = at->list;
	p.words_rows = at->bar >= 29 ? 3 : at->bar >= 21 ? 2 : 1;
	if (alone) {
		p.rows = s->pane == PANE_LIST ? rows : 0;
		p.layers_rule = p.bytes_rule = at->head;
		p.layers = p.bytes = at->list;
		p.words_rows = s->pane == PANE_LIST || rows < 5 ? 0 : p.words_rows;
		p.layers_rows = s->pane == PANE_LAYERS ? rows - p.words_rows : 0;
		p.bytes_rows = s->pane == PANE_BYTES ? rows - p.words_rows : 0;
		p.words = bottom - p.words_rows;
		return p;
	}
	if (beside) {
		p.rows = (rows - 1) * 9 / 20;
		p.layers_rule = p.bytes_rule = p.list + p.rows;
		p.layers = p.bytes = p.layers_rule + 1;
		p.layers_rows = bottom - p.layers;
		p.bytes_rows = p.layers_rows - p.words_rows;
		p.bytes_x = at->width - SPLIT_BYTES;
		p.layers_end = p.bytes_x - 1;
		p.words = bottom - p.words_rows;
		return p;
	}
	left = rows - 2 - p.words_rows;
	p.bytes_rows = at->bar >= 29 ? left / 5 : 3;
	left -= p.bytes_rows;
	p.rows = left * 9 / 20;
	p.layers_rule = p.list + p.rows;
	p.layers = p.layers_rule + 1;
	p.layers_rows = left - p.rows;
	p.bytes_rule = p.layers + p.layers_rows;
	p.bytes = p.bytes_rule + 1;
	p.words = p.bytes + p.bytes_rows;
	return p;
}

unsigned packets_rule(struct canvas *c, unsigned x, unsigned y, unsigned end, bool focused, const char *title)
{
	unsigned from = x;

	canvas_fill(c, x, y, end, ROLE_RULE, 0x2500);
	x = canvas_put(c, x + 2, y, end, ROLE_HEAD, focused ? " ▸ " : " ");
	x = canvas_put(c, x, y, end, ROLE_HEAD, title);
	x = canvas_put(c, x, y, end, ROLE_HEAD, " ");
	if (focused)
		canvas_attr(c, from, y, end, ATTR_BOLD);
	return x;
}
