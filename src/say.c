/* One sentence on standard error, and a place in a text. */
#include "say.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sockeye/text.h"

void say(const char *format, ...)
{
	va_list args;

	fputs("sockeye: ", stderr);
	va_start(args, format);
	(void)vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

enum { BEFORE = 50, BEHIND = 25 }; /* characters shown */

/* The bytes of so many characters. */
static size_t characters(const char *s, unsigned n)
{
	size_t at = 0;

	while (n > 0 && s[at] != '\0')
		for (at++, n--; ((unsigned char)s[at] & 0xc0) == 0x80; at++)
			;
	return at;
}

void say_column(const char *text, unsigned column)
{
	size_t at = characters(text, column - 1), from = column > BEFORE ? characters(text, column - BEFORE) : 0;
	char before[4 * BEFORE * 4 + 8], behind[4 * BEHIND * 4 + 8];
	unsigned width = 0;
	uint32_t code;
	struct text t;
	bool bad;

	text_init(&t, before, sizeof before);
	if (from > 0)
		text_put(&t, "...");
	text_foreign(&t, text + from, at - from, false);
	for (size_t i = 0; i < t.len;) {
		i += text_utf8(before + i, t.len - i, &code, &bad);
		width += text_width(code);
	}
	text_init(&t, behind, sizeof behind);
	text_foreign(&t, text + at, characters(text + at, BEHIND), false);
	fprintf(stderr, "  %s%s%s\n  %*s^\n", before, behind, strlen(text + at) > characters(text + at, BEHIND) ? "..." : "",
		(int)width, "");
}
