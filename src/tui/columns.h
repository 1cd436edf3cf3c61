/* The columns of the Connections screen: which there are, which fit, what they sort by. */
#ifndef TUI_COLUMNS_H
#define TUI_COLUMNS_H

#include "look.h"

struct column {
	enum column_id id;
	const char *title;
	bool right;     /* numbers end where the column does */
	unsigned x, end; /* its cells */
};

struct columns {
	struct column at[COLUMNS];
	unsigned n;             /* in sight */
	unsigned wanted;        /* in all */
	bool more_left, more_right;
	enum handshake_size handshake;
	unsigned spark;         /* seconds of the rate's column; 0: a number */
	bool state_said;        /* a column of its own says what became of a flow */
};

enum { COLUMNS_FROM = 3 }; /* before it: the selection, the glyph, the mark */

/* What is shown on a screen of that width. */
void columns_fit(const struct look *l, unsigned width, struct columns *out);
/* The ids that are wanted, in order; returns how many. */
unsigned columns_wanted(const struct look *l, unsigned width, uint8_t out[COLUMNS]);

const char *column_name(enum column_id id); /* "handshake": in the configuration, the chooser */
const char *column_title(enum column_id id); /* its head */
const char *column_brief(enum column_id id); /* what it shows */
/* COLUMNS: no such name. */
enum column_id column_by_name(const char *name, size_t n);
/* The index in look_sorts that its head stands for; LOOK_SORTS: none. */
unsigned column_sort(const struct look *l, enum column_id id);

/* connections_more.c: what neither moves nor sorts */
enum reaction connections_more(struct look *l, enum action act, const struct answer *a, const struct layout *at);

/* connections_paused.c: order and filter of the answer that is kept; its first row in sight */
enum reaction connections_paused(struct look *l, struct answer *a);
unsigned connections_top(struct look *l, const struct answer *a, unsigned rows);

/* connections_find.c */
enum reaction connections_find(struct look *l, bool back);
enum reaction connections_prompted(struct look *l, const char *text, int64_t now_ns);
bool connections_find_ask(const struct look *l, const struct answer *a, struct query *q); /* true: in sight, by q->move */
void connections_found(struct look *l, enum query_found found); /* says what came of it */
void connections_find_paused(struct look *l, struct answer *a);

/* connections_groups.c: the list as groups */
enum reaction groups_next(struct look *l);
void groups_ask(const struct look *l, struct query *out);
void groups_answered(struct look *l, const struct answer *a);
void groups_list(const struct look *l, const struct answer *a, struct canvas *c, const struct layout *at);
enum reaction groups_open(struct look *l, const struct answer *a);
/* Esc: out of a group that was opened; REACT_NOTHING: none was. */
enum reaction groups_back(struct look *l);

#endif
