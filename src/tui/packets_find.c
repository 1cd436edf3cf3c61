/* The find prompt's words to bytes. */
#include "packets_find.h"

#include <stdbool.h>
#include <string.h>

static int find_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Pairs of digits, with blanks or colons between; how many bytes, 0: it is something else. */
static unsigned find_pairs(const char *s, bool separate, uint8_t out[QUERY_FIND])
{
	unsigned n = 0, gaps = 0;

	while (*s != '\0') {
		if (n == QUERY_FIND || find_digit(s[0]) < 0 || find_digit(s[1]) < 0)
			return 0;
		out[n++] = (uint8_t)(find_digit(s[0]) << 4 | find_digit(s[1]));
		s += 2;
		if (*s == ' ' || *s == ':') {
			gaps++;
			s++;
		} else if (*s != '\0' && separate) {
			return 0;
		}
	}
	return separate && gaps == 0 ? 0 : n;
}

unsigned find_parse(const char *words, enum packet_find *kind, uint8_t out[QUERY_FIND])
{
	size_t n = strlen(words);
	unsigned bytes = 0;

	*kind = FIND_BYTES;
	if (words[0] == '0' && (words[1] == 'x' || words[1] == 'X'))
		bytes = find_pairs(words + 2, false, out);
	else
		bytes = find_pairs(words, true, out);
	if (bytes > 0)
		return bytes;
	*kind = FIND_TEXT;
	if (n >= 2 && words[0] == '"' && words[n - 1] == '"') {
		words++;
		n -= 2;
	}
	if (n > QUERY_FIND)
		return 0;
	memcpy(out, words, n);
	return (unsigned)n;
}
