/* Colours by meaning: the palette of Okabe and Ito, which people with the three
 * common colour deficiencies can tell apart, on the terminal's own background.
 *
 * Promise: nothing is said by colour alone; every state has a glyph and a
 * letter besides, and mono has attributes for what must stand out.
 */
#include "theme.h"

#include <stdlib.h>


enum { BLACK, RED, GREEN, YELLOW, BLUE, MAGENTA, CYAN, WHITE, OWN = -1 };

static const struct {
	char letter;
	int direct, of_256, of_8;
	unsigned attr;      /* with colour */
	unsigned mono_attr; /* without */
	bool dim, mono_dim;
} theme_table[ROLES] = {
	[ROLE_TEXT]    = {'.', OWN, OWN, OWN, 0, 0, false, false},
	[ROLE_DIM]     = {'d', 0x8a8a8a, 245, OWN, 0, 0, false, true},
	[ROLE_BRAND]   = {'s', 0xff875f, 209, RED, ATTR_BOLD, ATTR_BOLD, false, false},
	[ROLE_HEAD]    = {'h', 0x8a8a8a, 245, OWN, ATTR_BOLD, ATTR_BOLD, false, false},
	[ROLE_RULE]    = {'r', 0x6c6c6c, 242, OWN, 0, 0, false, true},
	[ROLE_TAB]     = {'t', OWN, OWN, OWN, ATTR_BOLD, ATTR_BOLD, false, false},
	[ROLE_KEY]     = {'k', 0x56b4e9, 74, CYAN, ATTR_BOLD, ATTR_BOLD, false, false},
	[ROLE_GOOD]    = {'g', 0x009e73, 35, GREEN, 0, 0, false, false},
	[ROLE_OPENING] = {'o', 0x56b4e9, 74, CYAN, 0, 0, false, false},
	[ROLE_CLOSING] = {'c', 0xcc79a7, 175, MAGENTA, 0, 0, false, true},
	[ROLE_BAD]     = {'b', 0xd55e00, 166, RED, ATTR_BOLD, ATTR_BOLD, false, false},
	[ROLE_WARN]    = {'w', 0xe69f00, 178, YELLOW, ATTR_BOLD, ATTR_BOLD, false, false},
	[ROLE_UP]      = {'u', 0x56b4e9, 74, BLUE, 0, 0, false, false},
	[ROLE_DOWN]    = {'n', 0xe69f00, 178, YELLOW, 0, 0, false, false},
	[ROLE_NEW]     = {'f', OWN, OWN, OWN, ATTR_BOLD, ATTR_BOLD, false, false},
	[ROLE_MATCH]   = {'m', 0xe69f00, 178, YELLOW, ATTR_BOLD | ATTR_UNDERLINE, ATTR_UNDERLINE, false, false},
};

struct theme_look theme_look(enum role role, enum depth depth)
{
	struct theme_look look = {OWN, theme_table[role].attr, theme_table[role].dim};

	switch (depth) {
	case DEPTH_MONO:
		look.attr = theme_table[role].mono_attr;
		look.dim = theme_table[role].mono_dim;
		break;
	case DEPTH_8:
	case DEPTH_16:
		look.color = theme_table[role].of_8;
		look.dim = look.color == OWN && theme_table[role].mono_dim;
		break;
	case DEPTH_256:
		look.color = theme_table[role].of_256;
		break;
	case DEPTH_DIRECT:
		look.color = theme_table[role].direct;
		break;
	}
	return look;
}

enum depth theme_depth(enum theme theme)
{
	static const enum depth depth[THEMES] = {
		[THEME_AUTO] = DEPTH_DIRECT, [THEME_MONO] = DEPTH_MONO, [THEME_8] = DEPTH_8, [THEME_16] = DEPTH_16,
		[THEME_256] = DEPTH_256,
	};

	return depth[theme];
}

char theme_letter(enum role role)
{
	return theme_table[role].letter;
}

bool theme_wanted(enum tui_color wish)
{
	const char *no_color = getenv("NO_COLOR");

	if (wish != TUI_COLOR_AUTO)
		return wish == TUI_COLOR_ALWAYS;
	return no_color == NULL || no_color[0] == '\0';
}
