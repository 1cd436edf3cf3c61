/* Values of options, for the files that parse them. Private to options*.c. */
#ifndef SOCKEYE_OPTIONS_VALUES_H
#define SOCKEYE_OPTIONS_VALUES_H

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "sockeye/error.h"
#include "sockeye/text.h"

/* Foreign words in a sentence, escaped and short. */
static inline const char *word(char out[128], const char *s)
{
	struct text t;

	text_init(&t, out, 128);
	text_foreign(&t, s, strlen(s), false);
	return out;
}

/* A number up to most; *end is what follows it. */
static inline bool number(const char *s, uint64_t most, uint64_t *out, const char **end)
{
	uint64_t v = 0;

	if (*s < '0' || *s > '9')
		return false;
	for (; *s >= '0' && *s <= '9'; s++) {
		uint64_t digit = (uint64_t)(*s - '0');

		if (v > (most - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	*out = v;
	*end = s;
	return true;
}

/* A number that is all there is; else the sentence. */
static inline int whole(const char *option, const char *s, uint64_t least, uint64_t most, uint64_t *out,
			struct error *e)
{
	const char *end;
	char w[128];

	if (!number(s, most, out, &end) || *end || *out < least)
		return error_set(e, EINVAL, "%s wants a number from %" PRIu64 " to %" PRIu64 ", not \"%s\"", option,
				 least, most, word(w, s));
	return 0;
}

#endif
