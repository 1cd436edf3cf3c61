/* Keys to actions: one table with the keys, the name and the help of every
 * action. The help screen, the key bar and --list-keys are made from it, so
 * they cannot lie. */
#ifndef TUI_KEYS_H
#define TUI_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sockeye/error.h"
#include "sockeye/text.h"

/* A key: a Unicode character, a control character (^A is 1), or one of these. */
enum key {
	KEY_NONE_YET = 0x110000, /* past Unicode; something was read that is no key */
	KEY_ARROW_UP, KEY_ARROW_DOWN, KEY_ARROW_LEFT, KEY_ARROW_RIGHT,
	KEY_PAGE_UP, KEY_PAGE_DOWN, KEY_TO_HOME, KEY_TO_END,
	KEY_ERASE, /* Backspace */
	KEY_DELETE, KEY_BACK_TAB,
	KEY_PASTE, KEY_PASTE_END, /* what is between them was pasted, not typed */
	KEY_FUNCTION,    /* KEY_FUNCTION + n is Fn, up to 12 */
	KEY_FUNCTION_LAST = KEY_FUNCTION + 12,
	KEY_TABULATOR = '\t', KEY_RETURN = '\r', KEY_ESCAPE = 27, KEY_BLANK = ' ',
};
/* The mouse: what it did and where, in one number. */
enum pointer { POINTER_CLICK, POINTER_WHEEL_UP, POINTER_WHEEL_DOWN };
#define KEY_POINTER UINT32_C(0x1000000)
#define KEY_POINTED(kind, x, y) (KEY_POINTER | (uint32_t)(kind) << 20 | ((uint32_t)(y) & 1023U) << 10 | ((uint32_t)(x) & 1023U))
#define KEY_CONTROL(letter) ((uint32_t)(letter) & 31U)

/* Where a line of the table holds: the same key may mean another thing elsewhere. */
enum key_place {
	IN_CONNECTIONS = 1, IN_LADDER = 2, IN_PACKETS = 4, IN_SOCKETS = 8, IN_DIAGNOSIS = 16, IN_GRAPHS = 32,
	IN_TEXT = 64, /* pages of text: the detail, help */
	IN_STREAM = 128, /* follow stream */
	IN_SCREENS = 63, IN_ALL = 255,
};

enum action {
	ACTION_NONE,
	ACTION_UP, ACTION_DOWN, ACTION_PAGE_UP, ACTION_PAGE_DOWN, ACTION_HALF_UP, ACTION_HALF_DOWN,
	ACTION_FIRST, ACTION_LAST, ACTION_LEFT, ACTION_RIGHT,
	ACTION_VIEW_1, ACTION_VIEW_2, ACTION_VIEW_3, ACTION_VIEW_4, ACTION_VIEW_5, ACTION_VIEW_6,
	ACTION_DEEPER, ACTION_BACK, ACTION_DETAIL,
	ACTION_FILTER, ACTION_SORT_NEXT, ACTION_SORT_BACK, ACTION_SORT_REVERSE, ACTION_SORT_CHOOSE, ACTION_HOLD,
	ACTION_PAUSE, ACTION_YANK, ACTION_SAVE, ACTION_PACKETS, ACTION_STREAM, ACTION_MARK, ACTION_MARKED, ACTION_UNMARK,
	ACTION_MARK_NEXT, ACTION_MARK_BACK,
	ACTION_TIMES, ACTION_FOLD, ACTION_UNFOLD, ACTION_FOLD_ALL, ACTION_CONNECTION_BACK, ACTION_CONNECTION_NEXT,
	/* Connections */
	ACTION_FROM_CELL, ACTION_CLOSED, ACTION_FOLLOW, ACTION_COLUMNS, ACTION_GROUP,
	/* Ladder */
	ACTION_EVENTS, ACTION_RAW, ACTION_ACKS,
	/* Packets */
	ACTION_PANE, ACTION_PANE_BACK, ACTION_REFERENCE, ACTION_FIND, ACTION_FIND_NEXT, ACTION_FIND_BACK, ACTION_GO_TO,
	ACTION_FROM_FIELD, ACTION_BYTES, ACTION_BUFFER, ACTION_ZOOM, ACTION_LAYOUT,
	ACTION_DIRECTION, /* of a stream */
	ACTION_SEARCH, ACTION_SEARCH_NEXT, ACTION_SEARCH_BACK, /* in pages of text */
	ACTION_COMMAND, ACTION_INTERFACES,
	ACTION_HELP, ACTION_REPAINT, ACTION_SUSPEND, ACTION_QUIT,
	ACTIONS,
};

/* What the loop must do after a key. */
enum reaction {
	REACT_NOTHING,
	REACT_DRAW,
	REACT_ASK,     /* the rows change: post a query */
	REACT_REPAINT, /* draw every cell anew */
	REACT_SUSPEND,
	REACT_QUIT,
};

enum { KEYS_EACH = 5 };

struct key_line {
	enum action action;
	unsigned places;   /* enum key_place */
	const char *name;  /* "sort-next": stable, for --list-keys */
	const char *group; /* "Move", of the help screen */
	const char *help;
	const char *bar;   /* word in the key bar, or NULL */
	uint32_t key[KEYS_EACH];
};

extern struct key_line keys_table[]; /* changed by keys_bind() alone */
extern const size_t keys_lines;

/* What a key means in those places; the first line that has it. */
enum action keys_action(uint32_t key, unsigned place);
const struct key_line *keys_of(enum action action); /* never NULL but for ACTION_NONE */

/* The action of that name gets these keys and no others; whoever had one of them in the
 * same place loses it. -EINVAL with the sentence, and nothing is changed: no such action, no
 * key, too many, one that has another meaning of its own in prompts and dialogs, or somebody
 * would be left without any. */
int keys_bind(const char *name, size_t n, const char *keys, struct error *err);
/* All as they were when the program began. */
void keys_reset(void);
/* Was it bound anew? */
bool keys_bound(size_t line);
/* As a script writes it: "<F4>", "j". */
void keys_script_name(struct text *t, uint32_t key);

/* "PgUp", "^B", "j": as the screens write it. */
void keys_name(struct text *t, uint32_t key, bool ascii);

/* The next key of a script; 0 at its end. *at moves on. A key that does not
 * exist: 0, and the sentence in err. */
uint32_t keys_script(const char **at, struct error *err);

#endif
