/* The state of the Packets screen between two keys, and what its files are to
 * each other: screen_packets.c has what it asks, packets_keys.c what keys do, packets_panes.c
 * where the panes are; packets_list.c, packets_layers.c and packets_bytes.c draw one each.
 */
#ifndef TUI_PACKETS_H
#define TUI_PACKETS_H

#include <stdbool.h>
#include <stdint.h>

#include "canvas.h"
#include "sockeye/query.h"
#include "times.h"

struct look;
struct layout;

enum packets_pane { PANE_LIST, PANE_LAYERS, PANE_BYTES, PANES };
enum packets_bytes { BYTES_HEX, BYTES_BITS, BYTES_TEXT, BYTES_WAYS };
enum packets_folds { FOLDS_USUAL, FOLDS_OPEN, FOLDS_CLOSED };

enum { PACKETS_FOLDS = 32, PACKETS_OWN = 32 };

struct packets_look {
	uint64_t flow[QUERY_TOGETHER]; /* 0 flows: of all */
	unsigned flows;
	bool given;                    /* by packets_of(): enter leaves it */
	bool narrowed;                 /* by the digit, from the list: the digit or Esc shows all again */
	bool raw;                      /* sequence numbers as on the wire */
	char match[QUERY_MATCH];
	uint64_t selected;
	int64_t move;
	bool to_first, to_last, follow;
	uint64_t to_number;
	unsigned anchor;               /* in the rows of the answer, */
	unsigned skip;                 /* of which the first, asked for its time, may be out of sight */
	bool scroll;
	enum packets_pane pane;
	uint64_t marked[QUERY_ROWS];   /* ascending */
	unsigned marks;
	bool marked_only;
	enum times times;
	uint64_t reference;            /* packet from which times count; 0: none */
	int64_t reference_ns;
	unsigned shift;                /* cells by which the info is scrolled */
	enum packet_find find;         /* what n looks for */
	uint8_t find_for[QUERY_FIND];
	unsigned find_len;
	bool finding, find_back;       /* with the next query */
	bool searching;                /* the last answer was not all, */
	bool seeking;                  /* and a search is why: begun, and not found, given up or stopped yet */
	bool find_stop;                /* with the next query */
	char progress[24];             /* of searching, for the tabs' row */
	int step;                      /* [ ]: the connection that many further on is wanted */
	bool zoom, beside;             /* one pane alone; side by side */

	/* Layers. What the screen itself says of the packet stands in own[]: `before` lines
	 * in front of the answer's, the rest behind. */
	struct detail_line own[PACKETS_OWN];
	unsigned owns, before;
	uint64_t of;                   /* the packet that line and byte are about */
	unsigned line;                 /* selected, among all */
	bool line_chosen;              /* by the user; else it is the highest layer */
	char line_key[56], line_layer[56]; /* which that is, to find it in the next packet */
	unsigned line_nth;
	unsigned top;                  /* visible lines above the pane */
	enum packets_folds folded;
	struct {
		char key[56];
		bool open;
	} fold[PACKETS_FOLDS];         /* what differs from that, the newest last */
	unsigned folds;

	/* Bytes. */
	enum packets_bytes as;
	uint8_t buffer;                /* enum packet_buffer */
	uint32_t byte;
	unsigned byte_top;             /* row of bytes above the pane */
};

/* Where the panes are. A pane without rows is not shown. */
struct packets_panes {
	unsigned head, list, rows;             /* column heads, first row, how many */
	unsigned layers_rule, layers, layers_rows, layers_end; /* end: column */
	unsigned bytes_rule, bytes, bytes_rows, bytes_x;
	unsigned words, words_rows;            /* what the field says */
};

/* packets_panes.c */
struct packets_panes packets_panes(const struct packets_look *s, const struct layout *at);

/* The rule over a pane; returns the column behind its title. */
unsigned packets_rule(struct canvas *c, unsigned x, unsigned y, unsigned end, bool focused, const char *title);

/* packets_list.c */
void packets_list(const struct look *l, const struct answer *a, struct canvas *c, const struct packets_panes *at);
/* "SYN seq 0 win 64240" and the rest of its line, without verdicts. */
void packets_info(struct text *t, const struct packet_row *r, bool raw);
/* Flags and numbers of a segment. */
void packets_tcp(struct text *t, const struct packet_row *r, bool raw);
bool packets_is_marked(const struct packets_look *s, uint64_t number);

/* packets_own.c: lines that the screen writes itself, into own[] */
void own_frame(struct packets_look *s, const struct packet_detail *d);
void own_talk(struct packets_look *s, const struct answer *a);

/* packets_layers.c */
/* A dissector's name as people write it: TCP, IPv4, MySQL. */
void packets_name(struct text *t, const char *key);
/* A new answer: what the screen says itself, and the selected line again. */
void layers_answered(struct packets_look *s, const struct answer *a);
unsigned layers_lines(const struct packets_look *s, const struct answer *a);
const struct detail_line *layers_line(const struct packets_look *s, const struct answer *a, unsigned i); /* or NULL */
const struct detail_line *layers_of(const struct packets_look *s, const struct answer *a, unsigned i); /* its layer */
bool layers_parent(const struct packets_look *s, const struct answer *a, unsigned i);
bool layers_open(const struct packets_look *s, const struct answer *a, unsigned i);
bool layers_visible(const struct packets_look *s, const struct answer *a, unsigned i);
void layers_fold(struct packets_look *s, const struct answer *a, unsigned i, bool open);
void layers_fold_all(struct packets_look *s, const struct answer *a);
void layers_select(struct packets_look *s, const struct answer *a, unsigned i, bool bytes);
/* By so many visible lines. */
void layers_move(struct packets_look *s, const struct answer *a, int64_t move);
void layers_draw(struct packets_look *s, const struct answer *a, struct canvas *c, const struct packets_panes *at);

/* packets_bytes.c */
unsigned bytes_each(const struct packets_look *s, unsigned width); /* bytes of a row */
/* To that byte, and to the deepest field that covers it. */
void bytes_select(struct packets_look *s, const struct answer *a, int64_t byte);
void bytes_next_buffer(struct packets_look *s, const struct answer *a);
void bytes_draw(struct packets_look *s, const struct answer *a, struct canvas *c, const struct packets_panes *at);

#endif
