/* The contract of a screen: one struct in one file, one line in screens.c.
 *
 * A screen draws from an answer into a canvas, says what it asks, and does what
 * an action means there. It knows no key (keys.c gives it actions), no thread and
 * no terminal. Its state is a struct of its own inside struct look, so that what
 * was selected is still selected when one comes back.
 */
#ifndef TUI_SCREEN_H
#define TUI_SCREEN_H

#include "look.h"

struct screen {
	const char *name, *brief; /* of the tab: "Connections", "Conn" */
	unsigned place;           /* its bit of enum key_place */

	/* It will be shown from now on; the one before is l->screen still. May be NULL. */
	void (*enter)(struct look *l, const struct answer *a);
	/* Its digit came though it is shown already. May be NULL. */
	enum reaction (*again)(struct look *l, const struct answer *a);
	/* Fill what the query is about; all else is zero. */
	void (*ask)(const struct look *l, const struct answer *a, const struct layout *at, int64_t now_ns,
		    struct query *out);
	/* That query was posted: moves are spent. May be NULL. */
	void (*asked)(struct look *l);
	/* An answer came, of any kind (a->about). Sets l->again where it needs another at once. May be NULL. */
	void (*answered)(struct look *l, const struct answer *a);
	/* Between the tabs and the message row. */
	void (*draw)(struct look *l, const struct answer *a, struct canvas *c, const struct layout *at);
	/* Actions that are not of every screen, and all movement. a: of which it may move the selection while paused. */
	enum reaction (*act)(struct look *l, enum action act, struct answer *a, const struct layout *at, int64_t now_ns);
	/* "12 of 1 204", for the end of the key bar, and the order or "". May be NULL. */
	void (*standing)(const struct look *l, const struct answer *a, struct text *place, struct text *order);
	/* Its display filter, QUERY_MATCH bytes, and what that is a filter of; NULL: has none. */
	char *(*match)(struct look *l, enum filter_scope *scope);
	/* What a prompt other than the filter's gave: find, go to. May be NULL. */
	enum reaction (*prompted)(struct look *l, const char *text, int64_t now_ns);
	/* The word of the status: " FOLLOW " or so, for the tabs' row; "" none. May be NULL. */
	const char *(*status)(const struct look *l, const struct answer *a);
	/* Which part of all it shows, for the same row, in so many cells; nothing: all. May be NULL. */
	void (*scope)(const struct look *l, const struct answer *a, unsigned room, struct text *t);
};

extern const struct screen *const screens[SCREENS_ALL]; /* NULL: not built yet */

extern const struct screen screen_connections, screen_ladder, screen_packets, screen_sockets, screen_stream;

/* What the dialog of save_dialog.c begins. */
enum reaction ladder_save(struct look *l, const struct packet_answer *p);
enum reaction stream_save(struct look *l);
enum reaction sockets_save(struct look *l);

/* connections */
extern const struct dialog_kind dialog_columns, dialog_sort, dialog_sources;
enum reaction connections_sort(struct look *l, unsigned sort); /* of look_sorts; the same again: turned round */

/* page.c: text that scrolls */
void page_draw(struct look *l, const struct answer *a, struct canvas *c, const struct layout *at);
enum reaction page_act(struct look *l, enum action act, const struct answer *a, const struct layout *at);
enum reaction page_find(struct look *l, const char *text, const struct answer *a, const struct layout *at, int step);

/* dialog.c */
enum reaction dialog_open(struct look *l, const struct dialog_kind *kind, const struct layout *at);
enum reaction dialog_close(struct look *l);
enum reaction dialog_say(struct look *l, bool bad, const char *words); /* on its last row but one */
enum reaction dialog_key(struct look *l, uint32_t key, struct answer *a, const struct layout *at, int64_t now_ns);
void dialog_draw(struct look *l, struct canvas *c);

/* mouse.c */
enum reaction mouse_key(struct look *l, uint32_t key, struct answer *a, const struct layout *at, int64_t now_ns);
/* bars.c: the cells of a tab; false: it is not on a screen of that width. */
bool bars_tab(const struct look *l, unsigned width, unsigned i, unsigned *from, unsigned *end);

/* Show that screen; from another one, Esc comes back here. */
enum reaction screen_show(struct look *l, enum screen_id id, const struct answer *a, bool deeper);

/* packets_keys.c */
enum reaction packets_act(struct look *l, enum action act, struct answer *a, const struct layout *at, int64_t now_ns);
enum reaction packets_prompted(struct look *l, const char *text, int64_t now_ns);
/* screen_packets.c: of all again */
void packets_widen(struct look *l);
/* Packets of these flows, from another screen. */
enum reaction packets_of(struct look *l, const uint64_t *flow, unsigned flows, const struct answer *a);
/* connections_more.c: those of the selected connection, or of all that are marked where there are several. */
enum reaction connections_packets(struct look *l, const struct answer *a);
/* Follow that flow; 0: it is none. From any screen; Esc comes back there. */
enum reaction stream_open(struct look *l, uint64_t flow, const struct answer *a);

/* Back from connections to the sockets that they were opened from; NOTHING: they were not. */
enum reaction sockets_back(struct look *l, const struct answer *a);

/* A sentence for the message row. */
enum reaction screen_say(struct look *l, bool bad, const char *words);

/* look.c: what times count from, in all screens that have some; the next of them; and what it is, said. */
void look_times(struct look *l, enum times times);
enum reaction look_times_next(struct look *l, enum times now);
/* Numbers as on the wire, or from the first, in ladder and packets. */
enum reaction look_raw_next(struct look *l);

#endif
