/* The state of the Ladder between two keys, and what its parts draw:
 *
 *   screen_ladder.c  what it asks, what keys do
 *   ladder_line.c    one row: columns, lifelines, the arrow and its note
 *   ladder_label.c   the words inside an arrow, long to short
 *   ladder_head.c    both ends and the sums, above; the heads of the columns
 *   ladder_pane.c    the selected segment, below
 *   ladder_text.c    the same lines as text, for yank and save
 *   ladder_whole.c   all of them, window by window, for save
 */
#ifndef TUI_LADDER_H
#define TUI_LADDER_H

#include <stdbool.h>
#include <stdint.h>

#include "canvas.h"
#include "segment_words.h"
#include "sockeye/query.h"
#include "times.h"

/* Rows before the first in sight that are asked for besides: what is said of a row depends on
 * those before it. Lifelines, where several connections stand together. */
enum { LADDER_BEFORE = 32, LADDER_LINES = 8 };

struct ladder_look {
	uint64_t flow[QUERY_TOGETHER]; /* those shown, the first is the one that is carried */
	unsigned flows;
	struct endpoint end[QUERY_TOGETHER][2]; /* theirs, as their rows say; family NONE: not seen yet */
	int64_t begin_ns;              /* of the first row ever shown: what times are relative to; 0: none yet */
	uint64_t selected;             /* packet */
	int64_t move;
	bool to_first, to_last, follow; /* follow: the last one, whichever it is */
	unsigned anchor;               /* line of the screen that the selected one is on */
	unsigned lines;                /* rows of the screen, as drawn last; 0: not yet */
	unsigned width;                /* and its width */
	bool ascii;
	bool scroll;
	bool events, all, no_acks;     /* events only; all: nothing is folded; no_acks: without plain ACKs */
	uint64_t unfolded[QUERY_UNFOLDED];
	unsigned unfolds;
	enum times times;
	bool raw;                      /* sequence numbers as on the wire */
	int step;                      /* [ ]: the connection that many further on is wanted */
};

/* The whole ladder on its way into a text. */
struct ladder_whole {
	bool on, full;
	char *text;     /* heap; not terminated */
	size_t len, room;
	uint64_t last;  /* number of the last row that is in it; 0: none yet */
	unsigned misses;
};

/* How the columns of a ladder of this width are used. */
struct ladder_columns {
	unsigned width;
	unsigned name, name_end;  /* letter and port, of several connections; equal: none */
	unsigned time, time_end, delta_end; /* where both may begin, right edges; 0: no such column */
	unsigned line[LADDER_LINES]; /* lifelines; the first and the last are the ends */
	unsigned lines;           /* 0: too narrow, one glyph and a label */
	unsigned label, label_end; /* then */
	unsigned note;
	unsigned level;           /* of ladder_label() to begin with */
	bool brief;               /* notes are short */
	bool by_host;             /* each host has its lifeline; else the client left, the server right */
	struct endpoint host[LADDER_LINES];
	unsigned hosts;
};

struct ladder_columns ladder_columns(const struct ladder_look *s, unsigned width);

/* Rows of the screen: what of the head has room, where the list begins. */
struct ladder_rows {
	unsigned ends, sums, heads; /* 0: not there */
	unsigned list, rows;
	unsigned rule, pane;        /* rule 0: none; lines under it */
};

struct layout;
struct ladder_rows ladder_rows(const struct layout *at);

/* The first of the answer's rows that is in sight. */
unsigned ladder_top(const struct ladder_look *s, const struct packet_answer *a, unsigned rows);

/* Ask for the next window of it; take the answer in; no more of it. */
struct look;
void ladder_whole_ask(const struct ladder_whole *w, struct packet_query *q);
void ladder_whole_answered(struct look *l, const struct answer *a);
void ladder_whole_release(struct ladder_whole *w);

/* The rows of an answer, with the record of each one's connection where it is known; returns how many. */
unsigned ladder_read(struct segment g[QUERY_ROWS], const struct packet_answer *p);
/* One row. */
void ladder_line(const struct ladder_look *s, const struct ladder_columns *at, const struct segment *g,
		 struct canvas *c, unsigned y);
/* The parts of a row that other ladders share: an arrow between the cells lo and hi, of one stroke and so many
 * heads, with its words in the middle; and seconds since the start, milliseconds since the row before. */
void ladder_arrow(struct canvas *c, unsigned y, unsigned lo, unsigned hi, bool right, enum role role, uint32_t stroke,
		  unsigned heads, const char *words);
void ladder_seconds(struct text *t, int64_t ns, unsigned width, unsigned decimals);
void ladder_delta(struct text *t, int64_t ns, unsigned width, unsigned decimals);
/* The letter of a connection and its role, where several stand together. */
enum role ladder_role(const struct ladder_look *s, const struct packet_row *r);

enum { LADDER_LABELS = 6 };
/* The words in an arrow, at level 0 all of them, at LADDER_LABELS - 1 the fewest. */
void ladder_label(struct text *t, const struct segment *g, bool raw, unsigned level);

void ladder_ends(const struct ladder_look *s, const struct answer *a, struct canvas *c, unsigned y);
void ladder_sums(const struct ladder_look *s, const struct answer *a, const struct segment *g, unsigned n,
		 struct canvas *c, unsigned y);
void ladder_heads(const struct ladder_look *s, const struct ladder_columns *at, const struct answer *a,
		  struct canvas *c, unsigned y);
void ladder_pane(const struct ladder_look *s, const struct segment *g, const struct answer *a, struct canvas *c,
		 const struct ladder_rows *at);

/* The rows of an answer from row `from` on as lines of text, as the screen shows them at that width; with
 * head the two ends, the sums and the heads of the columns before them. put gets each line without its
 * end. False: no memory. */
bool ladder_text_row(const struct ladder_look *s, const struct segment *g, unsigned width, bool ascii,
		     void (*put)(void *to, const char *line), void *to);
bool ladder_text(const struct ladder_look *s, const struct answer *a, unsigned from, unsigned width, bool ascii,
		 bool head, void (*put)(void *to, const char *line), void *to);

#endif
