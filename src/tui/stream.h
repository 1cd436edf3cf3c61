/* The state of the page that follows a stream, between two keys: stream.c.
 *
 * Its window begins at a line of a piece (query.h). Lines are counted piece by
 * piece and only of pieces in sight, so a stream of any length is as quick.
 */
#ifndef TUI_STREAM_H
#define TUI_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "canvas.h"
#include "sockeye/query.h"
#include "times.h"

enum stream_ends { STREAM_ENDS_BOTH, STREAM_ENDS_CLIENT, STREAM_ENDS_SERVER, STREAM_ENDS };
enum stream_as { STREAM_TEXT, STREAM_HEX, STREAM_BOTH, STREAM_WAYS };

/* A piece of more bytes than STREAM_LONG shows its first STREAM_SHORT, until it is unfolded. */
enum { STREAM_OTHERS = 32, STREAM_LONG = 1024, STREAM_SHORT = 512 };

struct stream_look {
	uint64_t flow;
	enum stream_ends ends;
	enum stream_as as;
	enum times times;
	bool all;              /* no piece is folded, but those in other[]; else all long ones but those */
	uint64_t other[STREAM_OTHERS]; /* indices of pieces, the newest last */
	unsigned others;
	uint64_t piece, line;  /* the first line in sight: of that piece */
	uint64_t from;         /* piece from which the answer is asked */
	uint64_t up;           /* lines to go back, once their pieces are here */
	bool near;             /* piece by piece, as more did not fit */
	bool to_last;
	bool saving;           /* its bytes are collected, from piece `at` on */
	/* Find: what, and as far as the search has come. */
	enum packet_find find;
	uint8_t find_for[QUERY_FIND];
	unsigned find_len;
	bool finding, back, round; /* round: from the beginning again */
	uint64_t at;               /* pieces before it are searched */
	bool has_hit, has_best;
	uint64_t hit_piece, hit_off; /* what was found: bytes find_len from there on */
	uint64_t best_piece, best_off; /* back: the last before the hit so far */
	unsigned width, rows;  /* as last drawn */
};

/* ---- stream_draw.c ------------------------------------------------------------ */

/* Is it longer than what is shown of it? */
bool stream_folded(const struct stream_look *s, const struct stream_piece *p);
/* Lines that a piece takes in that width, its head included. */
uint64_t stream_lines(const struct stream_look *s, const struct stream_answer *a, const struct stream_piece *p, unsigned width);
/* Draws those of its lines from `skip` on, at most `rows`, at row y; returns how many it drew. */
unsigned stream_piece_draw(const struct stream_look *s, const struct stream_answer *a, const struct stream_piece *p, struct canvas *c,
		      unsigned y, unsigned rows, uint64_t skip);
/* The line of a piece on which that byte stands. */
uint64_t stream_line_of(const struct stream_look *s, const struct stream_answer *a, const struct stream_piece *p, unsigned width,
			uint64_t off);

#endif
