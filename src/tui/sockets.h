/* The Sockets screen: the kernel's sockets as a tree.
 *
 * sockets_rows.c makes groups and rows of a table; sockets_text.c says what a row is in words;
 * sockets_list.c draws them; sockets_detail.c the pane and the page of one; sockets_save.c makes a text of
 * the list; screen_sockets.c has what keys do. The table comes from the host thread (sockets_turn) and is held while it is
 * shown; nothing here asks the kernel for anything.
 */
#ifndef TUI_SOCKETS_H
#define TUI_SOCKETS_H

#include <stdbool.h>
#include <stdint.h>

#include "canvas.h"
#include "sockeye/filter.h"
#include "sockeye/host_live.h"
#include "sockeye/query.h"
#include "sockeye/socket_record.h"
#include "sockeye/text.h"

struct look;
struct layout;

/* By what rows stand together. */
enum sockets_by { BY_LISTENER, BY_PROCESS, BY_STATE, BY_KIND, SOCKETS_BYS };

/* What a group is; their order. */
enum sockets_class {
	CLASS_LISTENER, CLASS_CLIENT, CLASS_NOBODY, CLASS_DATAGRAM, CLASS_UNIX, CLASS_NAMELESS, CLASS_SNIFFER, CLASS_NETLINK,
	CLASS_PROCESS, CLASS_STATE, CLASS_KIND, CLASSES,
};

enum sockets_sort { SORT_PLACE, SORT_RECEIVE, SORT_SEND, SORT_OWNER, SORT_STATE, SORT_RTT, SOCKETS_SORTS };

struct sockets_group {
	uint64_t id;
	uint64_t weight;            /* of its sockets in the sort column, the largest */
	uint32_t head;              /* a listener's place in the table, or SOCKET_NONE */
	uint32_t process;           /* place of a process, or SOCKET_NONE */
	uint32_t example;           /* one of its sockets: says state and kind */
	uint32_t n, waiting, half_open, established; /* that fit the filter, without the head */
	uint32_t first, all;        /* of `order`; all: with those below a listener that fits */
	uint8_t class;
	bool folded, fits;          /* fits: the head does */
};

struct sockets_row {
	uint64_t id;                /* of the group or the socket: stays from table to table */
	uint32_t place;             /* in the table; SOCKET_NONE: a group without a head */
	uint32_t group;
	bool head, last;            /* a group's own row; the last child */
};

enum { SOCKETS_FOLDS = 256, SOCKETS_FEW = 20, SOCKETS_FIND = 128 };

/* Folded or not by hand; all others as their class has it. */
struct sockets_fold {
	uint64_t id;
	bool folded;
};

enum sockets_all { ALL_OWN, ALL_UNFOLDED, ALL_FOLDED };

struct sockets_look {
	struct host_live *live;          /* NULL: there is none, and why: */
	const char *missing;
	const struct host_table *held;   /* to be released; NULL where table is lent by others */
	const struct socket_table *table; /* NULL: none yet */
	struct host_listener *queues;
	unsigned n_queues;
	uint64_t tables;                 /* the count at the last look */
	struct host_live_stats stats;
	struct process_inside inside;    /* of the selected one's process, as it was asked for last */
	bool inside_known;
	int32_t self;                    /* our own process */

	char match[QUERY_MATCH];
	struct filter *filter;           /* of what holds; NULL: all */
	struct filter_error error;       /* of what is typed; column 0: none */
	enum sockets_by by;
	enum sockets_sort sort;
	bool reversed, held_order;
	enum sockets_all all;
	struct sockets_fold fold[SOCKETS_FOLDS];
	unsigned folds;

	/* Made from the table. */
	struct sockets_group *group;
	uint32_t groups, groups_room;
	struct sockets_row *row;
	uint32_t rows, rows_room;
	uint32_t *order, *member;        /* sockets of groups; the group of a socket */
	uint32_t sockets_room;
	uint32_t matched, total;
	uint32_t listeners, tcp, udp, unix_;
	bool no_memory;

	uint64_t selected;
	uint64_t typed_from;             /* selected when the filter began to be typed; 0: none is */
	uint32_t at, top;                /* its row, the first row shown */
	unsigned width;                  /* of the screen, as it was drawn last */
	unsigned ends_most, owner_most;  /* the widest of its rows; grow while width and `by` stay */
	unsigned measured_width;
	enum sockets_by measured_by;
	bool measured;                   /* the rows that stand now */
	char selected_name[112];
	char find[SOCKETS_FIND];
	char former_match[QUERY_MATCH];  /* the connections' filter before Enter, */
	char led_match[QUERY_MATCH];     /* and what Enter made it last */
	bool led_listens;                /* of a socket that listens */
};

/* ---- sockets_rows.c ---------------------------------------------------------------------- */

extern const char *const sockets_by_words[SOCKETS_BYS];   /* "listener" ... */
extern const char *const sockets_sort_words[SOCKETS_SORTS];

/* Groups and rows anew: of another table, filter, order or fold. The selection stays on its row, or goes
 * to the neighbour; false: it was gone. */
bool sockets_rows(struct sockets_look *s);
void sockets_release(struct sockets_look *s);
const struct sockets_row *sockets_row(const struct sockets_look *s); /* the selected one, or NULL */
/* By hand. */
void sockets_set_fold(struct sockets_look *s, uint64_t id, bool folded);
/* The queue of that listener, as it was looked at last, or NULL. */
const struct host_listener *sockets_queue(const struct sockets_look *s, const struct socket_record *listener);

/* ---- sockets_order.c: for qsort_r(3), with the look as its argument; of places and of groups --- */

int sockets_child_order(const void *one, const void *other, void *arg);
int sockets_group_order(const void *one, const void *other, void *arg);
/* What it is sorted by, as a number; 0 where that is none. */
uint64_t sockets_weight(const struct sockets_look *s, const struct socket_record *r);

/* ---- sockets_text.c: all of it our own words and foreign text made printable ---------------- */

/* "LISTEN 0.0.0.0:80 tcp", "ESTAB 10.0.0.1:4711"; brief: on narrow screens. */
void sockets_title(struct text *t, const struct sockets_look *s, const struct sockets_row *r, bool brief, bool ascii);
/* The same, nothing left out that its group says: both ends of a connection. */
void sockets_whole(struct text *t, const struct sockets_look *s, const struct sockets_row *r, bool ascii);
void sockets_owner(struct text *t, const struct sockets_look *s, const struct sockets_row *r, bool ascii);
/* Queues and what is to be said of the state. Returns the role of it all. */
enum role sockets_note(struct text *t, const struct sockets_look *s, const struct sockets_row *r, bool ascii);
/* One cell. */
const char *sockets_glyph(const struct socket_record *r, enum role *role);
/* "nginx 812 fd 6 +4" */
void sockets_holder(struct text *t, const struct sockets_look *s, const struct socket_record *r, bool ascii);
const struct process *sockets_process(const struct sockets_look *s, const struct sockets_row *r); /* or NULL */

/* ---- drawing ------------------------------------------------------------------------------------ */

/* How wide the columns must be, from the rows; before they are drawn. */
void sockets_measure(struct sockets_look *s, unsigned width, unsigned rows);
void sockets_list(const struct look *l, struct canvas *c, const struct layout *at);
/* All rows with their head, as wide as they were drawn last, but for what is selected. False: put() wanted no more. */
bool sockets_list_text(const struct sockets_look *s, bool ascii, bool (*put)(void *to, const char *line, size_t n), void *to);
void sockets_pane(const struct look *l, struct canvas *c, const struct layout *at);
unsigned sockets_page(const struct look *l, struct canvas *c, unsigned top, unsigned rows);
/* used/limit as cells. */
unsigned sockets_gauge(struct canvas *c, unsigned x, unsigned y, unsigned end, unsigned cells, uint32_t used, uint32_t limit);

/* ---- screen_sockets.c --------------------------------------------------------------------------- */

/* Is there something new? To be called before drawing; takes the newest table while the screen is shown. */
bool sockets_turn(struct look *l);
/* Another table to show, which stays as long as it is shown; for who has no host thread. */
void sockets_show(struct look *l, const struct socket_table *t, const struct host_listener *queues, unsigned n);

#endif
