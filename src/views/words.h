/* Our own words, looked at once and then copied.
 *
 * A record's words are constants or live as long as the flow table
 * (record.h, VALUE_WORD), and there are some dozens of them. So what a pointer
 * points to is measured, and looked through for what a format would have to
 * escape or quote, when it comes the first time. A table of one view: no lock.
 */
#ifndef SOCKEYE_VIEWS_WORDS_H
#define SOCKEYE_VIEWS_WORDS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { WORDS = 256, WORDS_LONGEST = 23, WORDS_MAX = WORDS_LONGEST + 1 };

struct word {
	const char *of;
	uint8_t len;
	char text[WORDS_LONGEST];
};

struct words {
	struct word at[WORDS]; /* by the pointer; the last that came to a place stays */
};

/* The word's place has it now. False: longer, or not for every format as it is. words.c. */
bool words_learn(struct word *w, const char *word);

/* Write it at p, which has room for WORDS_MAX; returns where it ended. NULL: it is none of those. */
static inline char *words_write(struct words *words, char *p, const char *word)
{
	struct word *w = &words->at[(uint64_t)(uintptr_t)word * UINT64_C(0x9e3779b97f4a7c15) >> 56];

	if (w->of != word && !words_learn(w, word))
		return NULL;
	memcpy(p, w->text, sizeof w->text); /* all of its place, which is quicker than as much as there is */
	return p + w->len;
}

#endif
