/* The text of an expression, read from left to right. */
#ifndef FILTER_SCAN_H
#define FILTER_SCAN_H

#include "filter_private.h"

struct scan {
	const char *s;
	size_t n, at;
};

enum token { TOKEN_END, TOKEN_OPEN, TOKEN_CLOSE, TOKEN_NOT, TOKEN_AND, TOKEN_OR, TOKEN_OTHER };

void scan_blanks(struct scan *c);
/* What comes next; taken off unless it is OTHER. */
enum token scan_token(struct scan *c);

/* A name at the reading point: its length, or 0. Nothing is taken off. */
size_t scan_name(const struct scan *c);
/* A relation written in signs ("==", ":", "~"), or in a word ("eq") if words;
 * *in: it was "in" or a list in braces follows. */
bool scan_relation(struct scan *c, bool words, enum relation *out, bool *in);

/* The end of a word that stands alone. */
size_t scan_word(const struct scan *c);

/* A value into `out`, quotes taken off: its length. Ends at a blank, a bracket
 * or a comma, unless quoted; -1: a quote is not closed, at c->at. `most` bytes
 * are there. */
long scan_value(struct scan *c, bool braces, char *out, size_t most, bool *quoted);

#endif
