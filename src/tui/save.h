/* Saving: a dialog that says what, and what comes of it. The loop carries the question
 * to the engine (query.h, struct save_query) and the answer back.
 */
#ifndef TUI_SAVE_H
#define TUI_SAVE_H

#include <stdbool.h>
#include <stdint.h>

#include "canvas.h"
#include "keys.h"
#include "sockeye/query.h"

struct look;

enum save_of { SAVE_OF_PACKETS, SAVE_OF_LADDER, SAVE_OF_STREAM, SAVE_OF_SOCKETS };
enum save_what { SAVE_SHOWN, SAVE_MARKED, SAVE_EVERYTHING, SAVE_WHATS };

struct save_look {
	bool open;
	enum save_of of;
	enum save_what what;
	char name[SAVE_NAME];    /* in the dialog: the one proposed, or what it was made to */
	size_t cursor;
	bool edited;
	char chosen[SAVE_NAME];  /* with its ending; "": the one proposed */
	int64_t proposed_ns;     /* the clock of that one */
	bool wanted;             /* the loop posts query, then save_posted() */
	struct save_query query;
	const char *lacks;       /* what is not in it, to be said when it is saved; NULL: nothing */
	/* Bytes of a stream on their way into a file: as pieces come. */
	uint8_t *bytes;
	size_t len, room;
};

/* save_dialog.c: the dialog over the last rows above y. */
enum reaction save_open(struct look *l, enum save_of of, const struct answer *a);
/* As if that name had been typed in it, and Enter. */
enum reaction save_named(struct look *l, enum save_of of, const char *name, const struct answer *a);
enum reaction save_key(struct look *l, uint32_t key, const struct answer *a);
void save_draw(const struct look *l, const struct answer *a, struct canvas *c, unsigned end);
/* packets_save.c: the packets of the choice that was made in it */
void save_ask(struct look *l);

/* What the loops call. taken: the question found its way. */
void save_posted(struct look *l, bool taken);
void look_saved(struct look *l, const struct save_answer *s);

/* Bytes for a file, at most SAVE_TEXT_MOST; false: no memory, or too many: what was collected is thrown away. */
bool save_collect(struct look *l, const void *bytes, size_t n);
void save_collected(struct look *l, uint64_t flow);
/* A text that is there already: malloc(3)'s, taken over; flow 0: of none, or of several. */
void save_text(struct look *l, char *text, size_t len, uint64_t flow);
void save_drop(struct look *l);

#endif
