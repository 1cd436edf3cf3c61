/* A word seen the first time. */
#include "words.h"

bool words_learn(struct word *w, const char *word)
{
	struct word fresh = {.of = word};

	for (; word[fresh.len]; fresh.len++) {
		char c = word[fresh.len];

		if (fresh.len == WORDS_LONGEST || c < ' ' || c > '~' || c == '"' || c == ',' || c == '\\')
			return false;
		fresh.text[fresh.len] = c;
	}
	*w = fresh;
	return true;
}
