/* Numbers and states as people read them, in few cells. Each appends UTF-8
 * of our own; the canvas maps it where only ASCII is to be had. */
#ifndef TUI_WORDS_H
#define TUI_WORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "canvas.h"
#include "sockeye/condition.h"
#include "sockeye/record.h"
#include "sockeye/text.h"

/* 517, 4.1K, 218K, 38.2M: at most 5 cells, powers of 1000. */
void words_size(struct text *t, uint64_t v);
/* 1 204: digits in groups. */
void words_count(struct text *t, uint64_t v);
/* Milliseconds without the unit, at most 5 cells: 0.04, 12.1, 340; from a
 * second on with it: 1.0s, 63s, 18m. */
void words_ms(struct text *t, int64_t ns);
/* With its unit, for sentences: 45 µs, 12.10 ms, 1.59 s, 2 min 3 s. */
void words_span(struct text *t, int64_t ns);

/* 2026-11-21 12:07:12.480210, as the clock on the wall had it. */
void words_date(struct text *t, int64_t ns);

/* How a condition looks, and what the help says of it. */
struct condition_look {
	const char *glyph; /* UTF-8, one cell */
	char ascii;
	enum role role;
	const char *word, *meaning; /* for the help */
};

extern const struct condition_look condition_looks[CONDITIONS];

/* How a flow looks: what is only kept to be looked at is neither open nor on its way. */
const struct condition_look *words_look(const struct flow_record *r, bool ended);

/* The sentence that says what happened to this flow. */
void words_story(struct text *t, const struct flow_record *r, bool ended, int64_t now_ns); /* now: unless ended */
/* "client TIME-WAIT, server CLOSED": both ends' states, of TCP; "": not known. */
void words_ends(struct text *t, const struct flow_record *r);

/* An endpoint in `width` cells: the port stays, the address is cut. */
void words_endpoint(struct text *t, const struct endpoint *e, unsigned width);

#endif
