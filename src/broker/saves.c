/* Which names the screen may save under.
 *
 * A fixed form that has no room for anything from a packet:
 *
 *     sockeye-20261121-120712-conn2-3.pcapng
 *             8 digits 6 dig. flow  try  or .txt, .json
 *
 * or what the user typed: letters, digits, dots, - and _, a letter or a digit first, and an
 * ending that no other program takes for its own: .pcapng, or .sockeye.txt for texts (a mere
 * .txt might be a build's rules or a list of what is to be installed).
 */
#include <stddef.h>
#include <string.h>

#include "questions.h"

enum { SAVES_DAY = 8, SAVES_TIME = 6, SAVES_FLOW = 20, SAVES_TRY = 2, SAVES_LONGEST = 63 };

/* Steps over words; NULL: they do not stand there. */
static const char *saves_words(const char *at, const char *words)
{
	size_t n = strlen(words);

	return at && strncmp(at, words, n) == 0 ? at + n : NULL;
}

/* Steps over least to most digits. */
static const char *saves_digits(const char *at, size_t least, size_t most)
{
	size_t n = at ? strspn(at, "0123456789") : 0;

	return at && n >= least && n <= most ? at + n : NULL;
}

static bool saves_ends(const char *name, const char *end)
{
	size_t n = strlen(name), len = strlen(end);

	return n > len && strcmp(name + n - len, end) == 0;
}

static bool saves_chosen(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	size_t n = strlen(name);

	return n <= SAVES_LONGEST && strspn(name, letters) == n && strspn(name, "._-") == 0 &&
	       (saves_ends(name, ".pcapng") || saves_ends(name, ".sockeye.txt"));
}

bool saves_name(const char *name)
{
	const char *at = saves_digits(saves_words(name, "sockeye-"), SAVES_DAY, SAVES_DAY), *flow;

	at = saves_digits(saves_words(at, "-"), SAVES_TIME, SAVES_TIME);
	flow = saves_words(at, "-conn");
	if (flow)
		at = saves_digits(flow, 1, SAVES_FLOW);
	if (at && *at == '-')
		at = saves_digits(at + 1, 1, SAVES_TRY);
	if (saves_chosen(name))
		return true;
	return at && (strcmp(at, ".pcapng") == 0 || strcmp(at, ".txt") == 0 || strcmp(at, ".json") == 0);
}
