/* The state of the screen between two keys, and what each part of it draws.
 *
 * The loop (tui.c, headless.c) owns one struct look and one answer. A key goes
 * to look_key(), whose reaction says what the loop must do; look_ask() writes
 * the next query, look_answered() takes in the answer, look_draw() draws both.
 * None of this knows curses, threads or the engine.
 */
#ifndef TUI_LOOK_H
#define TUI_LOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "canvas.h"
#include "connections.h"
#include "dialog.h"
#include "keys.h"
#include "ladder.h"
#include "packets.h"
#include "save.h"
#include "sockets.h"
#include "stream.h"
#include "sockeye/query.h"
#include "theme.h"

/* The views on keys 1 to 6. */
enum screen_id {
	SCREEN_CONNECTIONS, SCREEN_LADDER, SCREEN_PACKETS, SCREEN_SOCKETS, SCREEN_DIAGNOSIS, SCREEN_GRAPHS, SCREENS,
	SCREEN_STREAM = SCREENS, /* without a digit: f, and Esc away */
	SCREENS_ALL,
};

enum look_page { PAGE_SCREEN, PAGE_DETAIL, PAGE_HELP };

/* What a prompt is for: its text is the screen's filter, or one of its own. */
enum prompt_kind { PROMPT_FILTER, PROMPT_FIND, PROMPT_GO_TO, PROMPT_COMMAND };

enum { LOOK_PASTS = 16, CONFIG_LINES = 4096 };


enum look_stick { STICK_NONE, STICK_FIRST, STICK_LAST };

struct look {
	enum screen_id screen;
	enum screen_id from[SCREENS_ALL]; /* where Esc goes: itself, nowhere */
	enum look_page page;
	enum look_page help_from;
	bool again;        /* an answer calls for another query at once */
	struct connections_look list;
	uint64_t marked[QUERY_TOGETHER]; /* connections, for the ladder of several */
	unsigned marks;
	struct ladder_look ladder;
	struct ladder_whole whole;
	struct packets_look packets;
	struct stream_look stream;
	struct sockets_look sockets;
	struct save_look save;
	bool live;
	const char *title; /* foreign */
	int64_t started_ns, clock_ns; /* monotonic: when the screen began, now (live only) */

	unsigned sort; /* index of look_sorts */
	bool descending;
	char match[QUERY_MATCH];
	char former[QUERY_MATCH]; /* the filter before the prompt was opened */
	bool prompting;
	enum prompt_kind prompt;
	char prompt_text[QUERY_MATCH]; /* of prompts that are no filter */
	size_t cursor;                 /* in the text of the prompt, in bytes */
	char found[SCREENS_ALL + 1][QUERY_MATCH]; /* what each screen was searched for last; behind them, pages of text */
	bool found_here;               /* the prompt's text was gone to already: Enter only closes */
	/* prompt.c: what was applied before, the newest first; the one shown (from
	 * 1; 0: what was typed); Tab's place among the words for the stem. */
	char past[LOOK_PASTS][QUERY_MATCH], typed[QUERY_MATCH], stem[QUERY_MATCH];
	unsigned pasts, recalled, offer;
	bool completing;

	enum look_stick stick; /* the first or last row is selected, whichever it is */
	uint64_t selected, otherwise[2];
	char selected_name[112]; /* to say who it was when it is gone */
	int64_t move;
	unsigned anchor;
	bool scroll;           /* the next move keeps the selected screen line */
	bool held, fresh;      /* fresh: the next answer starts a new order */
	int64_t hold_until_ns; /* after navigation the order stands still for a moment */
	bool paused;

	unsigned scrolled;     /* first line shown, of detail or help */
	unsigned page_at;      /* the line found last */
	char page_search[QUERY_MATCH];
	bool ascii;            /* as it was drawn last */
	struct dialog dialog;
	char dialog_lines[CONFIG_LINES];
	enum theme theme;
	bool mouse;
	const char *rights;    /* what may still be done, lines of ours; or NULL */
	const char *interfaces; /* a line each, of the start, printable; or NULL */
	char capture_filter[DIALOG_TEXT];
	bool capture_filter_wanted; /* the loop must hand it on */
	char interface_wanted[64];  /* the same: one more to capture from; "" none */
	bool interface_off;         /* the same: one less */
	/* Of the interfaces captured from, as far as an answer has room for them. */
	struct {
		char name[64];      /* foreign */
		uint64_t frames, drops;
		double rate;
		bool gone, added, taken_off;
	} interface[QUERY_SOURCES];
	unsigned interfaces_now;
	uint64_t tellings;     /* answers to that which were shown */
	int config_fd;         /* -1: none */
	char config_name[300]; /* printable; "" */
	char config_why[160];  /* -1: why, the rest of a sentence that begins with the name */
	char message[192];     /* ours, UTF-8 */
	bool message_bad;
	bool quit_asked;

	/* Speed of a live run, from two answers a second apart. */
	int64_t rate_ns;
	uint64_t rate_packets, rate_bytes;
	double packets_s, bits_s;
	bool rate_known;
};

struct look_sort {
	enum query_rank rank;
	enum record_key key;   /* rank RANK_KEY */
	enum column_id column; /* whose head stands for it */
	bool always;           /* also where that column is not shown */
	const char *name;
	bool descending; /* what one wants first */
	const char *first; /* what then comes first: "slowest first" */
};

enum { LOOK_SORTS = 14 };
extern const struct look_sort look_sorts[LOOK_SORTS];

/* How the rows of a screen of this size are used. */
struct layout {
	unsigned width;
	unsigned tabs;              /* row of the tabs, 0: none */
	unsigned head, list, rows;  /* column heads, first row, how many */
	unsigned pane, pane_rows;   /* rule of the detail pane, lines under it; 0: none */
	unsigned message;           /* 0: none */
	unsigned bar;
};

struct layout look_layout(unsigned width, unsigned height);
bool look_fits(unsigned width, unsigned height);

void look_init(struct look *l, bool live, const char *title, const char *filter); /* either may be NULL */
enum reaction look_key(struct look *l, uint32_t key, struct answer *a, unsigned width, unsigned height,
		       int64_t now_ns);
void look_ask(const struct look *l, const struct answer *a, unsigned width, unsigned height, int64_t now_ns,
	      struct query *out);
void look_asked(struct look *l); /* the query was posted: its move is spent */
/* Sets l->again where another query must follow at once. */
void look_answered(struct look *l, const struct answer *a);
/* Does a row change though nothing comes in: it is shown as new, its rate falls, its curve
 * moves on, it is about to be dimmed? */
bool look_fades(const struct answer *a);
bool look_new(const struct answer *a, const struct flow_record *r);
void look_release(struct look *l);
/* Clips how far a page is scrolled, else changes nothing. */
void look_draw(struct look *l, const struct answer *a, struct canvas *c);

/* prompt.c: the filter prompt, over the last rows of the screen */
void prompt_open(struct look *l, enum prompt_kind kind);
bool prompt_takes(uint32_t key); /* else the list behind it does */
/* What is said of the filter of that scope; column 0: it is understood. */
const struct filter_error *prompt_filter_error(const struct look *l, const struct answer *a, enum filter_scope scope);
void prompt_set(struct look *l, const char *text); /* what stands in it */
/* prompt_find.c: the next place of what stands in the find prompt, or was found last; stays: the prompt is left open.
 * And beside its text what came of it, else what its keys do. */
enum reaction prompt_find(struct look *l, bool stays, struct answer *a, const struct layout *at, int64_t now_ns);
void prompt_find_draw(const struct look *l, struct canvas *c, unsigned x, unsigned y);
enum reaction prompt_key(struct look *l, uint32_t key, struct answer *a, const struct layout *at, int64_t now_ns);
void prompt_draw(const struct look *l, const struct answer *a, struct canvas *c, const struct layout *at);
/* bars.c */
void bars_draw(const struct look *l, const struct answer *a, struct canvas *c, const struct layout *at);
/* A message that is longer than its row, until the next key: the row above goes to it, too. */
void bars_over(const struct look *l, struct canvas *c, const struct layout *at);
/* connections_list.c: heads and rows */
void connections_list(const struct look *l, const struct answer *a, struct canvas *c, const struct layout *at);
/* detail.c */
void detail_pane(const struct look *l, const struct answer *a, struct canvas *c, const struct layout *at);
/* Pages of text: `rows` lines from l->scrolled on, at row top. Both return how
 * many lines they have in all. */
unsigned detail_page(const struct look *l, const struct answer *a, struct canvas *c, unsigned top,
		     unsigned rows);
/* screen_help.c */
unsigned help_page(const struct look *l, struct canvas *c, unsigned top, unsigned rows);

/* A page of text longer than the screen: lines are counted, and those in sight
 * get a row. */
struct sheet {
	struct canvas *c;
	unsigned top, rows, scrolled, line;
};

/* The row of the next line; beyond the canvas, where nothing is drawn, if it
 * is out of sight. */
static inline unsigned sheet_next(struct sheet *s)
{
	unsigned line = s->line++;

	return line >= s->scrolled && line - s->scrolled < s->rows ? s->top + line - s->scrolled : UINT32_MAX;
}

/* page.c: anybody's text in the cells x to end of row y and of as many lines below as it needs; words stay whole
 * where they fit into a line. */
void sheet_words(struct sheet *s, unsigned y, unsigned x, unsigned end, enum role role, const char *words, size_t n);

/* handshake.c: the handshake in so many cells; 0 if it has none to show */
enum handshake_size { HANDSHAKE_SHORT, HANDSHAKE_CHAIN, HANDSHAKE_WORDS,
		      HANDSHAKE_IN_ALL /* of one that was repeated what it took from its first SYN on, which it is sorted by */ };
unsigned handshake_draw(struct canvas *c, unsigned x, unsigned y, unsigned end, const struct flow_record *r,
			enum handshake_size size);

#endif
