/* Saving: a dialog that says what, and what comes of it. The loop carries the question
 * to the engine (query.h, struct save_query) and the answer back.
 */
#ifndef TUI_SAVE_H
#define TUI_SAVE_H

#include <stdbool.h>
#include <stdint.h>

#include "canvas.h"
#include "sockeye/query.h"

struct look;

enum save_what { SAVE_SHOWN, SAVE_MARKED, SAVE_EVERYTHING, SAVE_WHATS };

struct save_look {
	bool open;
	enum save_what what;
	bool wanted;             /* the loop posts query, then save_posted() */
	struct save_query query;
	const char *lacks;       /* what is not in it, to be said when it is saved; NULL: nothing */
	/* Bytes of a stream on their way into a file: as pieces come. */
	uint8_t *bytes;
	size_t len, room;
};

/* packets_save.c: the dialog over the last rows above y. */
void save_draw(const struct look *l, const struct answer *a, struct canvas *c, unsigned end);
void save_ask(struct look *l); /* Enter in it */

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
