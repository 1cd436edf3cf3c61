/* The grid of cells: clipping, widths, foreign text, the ASCII fallback.
 *
 * Promises: a row never holds half of a wide character, a control character,
 * or one of no width. Does not know colours, terminals or what is drawn.
 */
#include "canvas.h"

#include <stdlib.h>
#include <string.h>

#include "sockeye/text.h"

/* A dot would look like a part of a name that was cut. */
enum { GLYPH_ELLIPSIS = 0x2026, ASCII_ELLIPSIS = '~', GLYPH_DOT = 0xb7 };

/* Our glyphs and what stands for them where only ASCII is to be had. */
static const struct {
	uint32_t glyph;
	char ascii;
} canvas_glyphs[] = {
	{0x25cf, 'O'}, /* open */
	{0x25d0, 'H'}, /* opening */
	{0x25cd, 'F'}, /* one FIN */
	{0x25cb, 'C'}, /* closed */
	{0x2717, 'R'}, /* reset, refused */
	{0x25cc, 'T'}, /* no answer */
	{0x25b6, '>'}, {0x25c0, '<'}, {0x2192, '>'}, {0x2190, '<'}, {0x25b2, '^'}, {0x25bc, 'v'},
	{0x2191, '^'}, {0x2193, 'v'}, {0x2500, '-'}, {0x2501, '-'}, {0x2502, '|'}, {0x250c, '+'},
	{0x2510, '+'}, {0x2514, '+'}, {0x2518, '+'}, {0x251c, '+'}, {0x2524, '+'}, {0x252c, '+'},
	{0x2534, '+'}, {0x253c, '+'}, {0x2574, '-'}, {GLYPH_ELLIPSIS, ASCII_ELLIPSIS}, {GLYPH_DOT, '.'}, {0xd7, 'x'},
	{0xb5, 'u'}, {0x22ef, '.'}, {0x258f, '_'}, {0x2588, '#'}, {0x2591, '.'}, {0x2595, '|'},
	{0x2715, 'x'}, {0x2550, '='}, {0x25c6, '*'}, {0x394, 'd'}, {0x2265, '>'},
	{0x2715, 'x'}, {0x25b8, '>'}, {0x25be, 'v'}, {0x2702, 'x'}, {0x2022, '*'}, {0x2194, '-'},
};

uint32_t canvas_ascii(uint32_t code)
{
	if (code < 0x80)
		return code;
	for (size_t i = 0; i < sizeof canvas_glyphs / sizeof canvas_glyphs[0]; i++)
		if (canvas_glyphs[i].glyph == code)
			return (uint32_t)canvas_glyphs[i].ascii;
	return '.';
}

bool canvas_resize(struct canvas *c, unsigned width, unsigned height)
{
	size_t need = (size_t)width * height;

	if (need > c->room) {
		struct cell *at = realloc(c->cell, need * sizeof *at);

		if (at == NULL)
			return false;
		c->cell = at;
		c->room = need;
	}
	c->width = width;
	c->height = height;
	canvas_clear(c);
	return true;
}

void canvas_release(struct canvas *c)
{
	free(c->cell);
	memset(c, 0, sizeof *c);
}

void canvas_clear(struct canvas *c)
{
	for (size_t i = 0; i < (size_t)c->width * c->height; i++)
		c->cell[i] = (struct cell){' ', ROLE_TEXT, 0};
}

const struct cell *canvas_at(const struct canvas *c, unsigned x, unsigned y)
{
	static const struct cell blank = {' ', ROLE_TEXT, 0};

	return x < c->width && y < c->height ? &c->cell[(size_t)y * c->width + x] : &blank;
}

static struct cell *canvas_cell(struct canvas *c, unsigned x, unsigned y)
{
	return &c->cell[(size_t)y * c->width + x];
}

/* Put one character of `wide` columns; the caller has checked the room. What
 * it covers half of becomes a blank. */
static void canvas_set(struct canvas *c, unsigned x, unsigned y, uint32_t code, unsigned wide, enum role role)
{
	struct cell *at = canvas_cell(c, x, y);

	if (at->code == 0 && x > 0)
		at[-1].code = ' ';
	if (x + wide < c->width && at[wide].code == 0)
		at[wide].code = ' ';
	*at = (struct cell){code, (uint8_t)role, 0};
	if (wide == 2)
		at[1] = (struct cell){0, (uint8_t)role, 0};
}

static unsigned canvas_end(const struct canvas *c, unsigned y, unsigned end)
{
	if (y >= c->height)
		return 0;
	return end < c->width ? end : c->width;
}

/* The next character of a text as it will be shown. */
static size_t canvas_next(const struct canvas *c, const char *s, size_t n, uint32_t *code, unsigned *wide)
{
	bool bad;
	size_t step = text_utf8(s, n, code, &bad);

	*wide = bad ? 0 : text_width(*code);
	if (*wide == 0 || (c->ascii && *code >= 0x80)) {
		/* A wide character keeps its two columns as two dots would: as one,
		 * and the columns after it are laid out anew; nothing overlaps. */
		*code = c->ascii ? bad || *wide == 0 ? '.' : canvas_ascii(*code) : GLYPH_DOT;
		*wide = 1;
	}
	return step;
}

static unsigned canvas_draw(struct canvas *c, unsigned x, unsigned y, unsigned end, enum role role,
			    const char *s, size_t n, bool mark)
{
	unsigned last = x; /* where an ellipsis would still fit */
	bool any = false;

	end = canvas_end(c, y, end);
	for (size_t i = 0; i < n;) {
		uint32_t code;
		unsigned wide;
		size_t step = canvas_next(c, s + i, n - i, &code, &wide);

		if (x + wide > end) {
			if (mark && any && last < end) {
				for (unsigned k = last; k < x; k++)
					canvas_set(c, k, y, ' ', 1, role);
				canvas_set(c, last, y, c->ascii ? ASCII_ELLIPSIS : GLYPH_ELLIPSIS, 1, role);
				return last + 1;
			}
			return x;
		}
		canvas_set(c, x, y, code, wide, role);
		any = true;
		if (x < end)
			last = x;
		x += wide;
		i += step;
	}
	return x;
}

unsigned canvas_put(struct canvas *c, unsigned x, unsigned y, unsigned end, enum role role, const char *s)
{
	return canvas_draw(c, x, y, end, role, s, strlen(s), false);
}

unsigned canvas_cut(struct canvas *c, unsigned x, unsigned y, unsigned end, enum role role, const char *s)
{
	return canvas_draw(c, x, y, end, role, s, strlen(s), true);
}

unsigned canvas_foreign(struct canvas *c, unsigned x, unsigned y, unsigned end, enum role role,
			const void *bytes, size_t n)
{
	return canvas_draw(c, x, y, end, role, bytes, n, true);
}

unsigned canvas_width(const char *s)
{
	unsigned width = 0;
	size_t n = strlen(s);

	for (size_t i = 0; i < n;) {
		uint32_t code;
		bool bad;

		i += text_utf8(s + i, n - i, &code, &bad);
		width += bad || text_width(code) == 0 ? 1 : text_width(code);
	}
	return width;
}

void canvas_right(struct canvas *c, unsigned x, unsigned y, unsigned end, enum role role, const char *s)
{
	unsigned width = canvas_width(s);

	if (end >= x && width <= end - x)
		canvas_put(c, end - width, y, end, role, s);
	else
		canvas_cut(c, x, y, end, role, s);
}

unsigned canvas_fill(struct canvas *c, unsigned x, unsigned y, unsigned end, enum role role, uint32_t code)
{
	end = canvas_end(c, y, end);
	for (; x < end; x++)
		canvas_set(c, x, y, c->ascii ? canvas_ascii(code) : code, 1, role);
	return x;
}

void canvas_attr(struct canvas *c, unsigned x, unsigned y, unsigned end, unsigned attr)
{
	end = canvas_end(c, y, end);
	for (; x < end; x++)
		canvas_cell(c, x, y)->attr |= (uint8_t)attr;
}

void canvas_role(struct canvas *c, unsigned x, unsigned y, unsigned end, enum role role)
{
	end = canvas_end(c, y, end);
	for (; x < end; x++)
		canvas_cell(c, x, y)->role = (uint8_t)role;
}

static uint32_t canvas_lower(uint32_t code)
{
	return code >= 'A' && code <= 'Z' ? code - 'A' + 'a' : code;
}

void canvas_mark(struct canvas *c, unsigned x, unsigned y, unsigned end, const char *s)
{
	uint32_t code[64];
	unsigned len = 0;
	size_t n = strlen(s);

	end = canvas_end(c, y, end);
	for (size_t i = 0; i < n && len < sizeof code / sizeof code[0];) {
		unsigned wide;

		i += canvas_next(c, s + i, n - i, &code[len], &wide);
		code[len] = canvas_lower(code[len]);
		len++;
		if (wide == 2 && len < sizeof code / sizeof code[0])
			code[len++] = 0;
	}
	for (; len > 0 && x + len <= end; x++) {
		unsigned k = 0;

		while (k < len && canvas_lower(canvas_cell(c, x + k, y)->code) == code[k])
			k++;
		if (k == len)
			canvas_role(c, x, y, x + len, ROLE_MATCH);
	}
}

void canvas_text(const struct canvas *c, unsigned y, struct text *t)
{
	unsigned end = c->width;

	while (end > 0 && canvas_at(c, end - 1, y)->code == ' ')
		end--;
	for (unsigned x = 0; x < end; x++)
		if (canvas_at(c, x, y)->code != 0)
			text_code(t, canvas_at(c, x, y)->code);
}
