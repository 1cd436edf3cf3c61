/* Which names an output may have.
 *
 * main may be in the hands of whoever wrote the packets, so what it asks for is
 * held against what the user said at the start: the same directory, and a name
 * that the writer makes of what was said (src/source/writer_file.c): that name
 * itself; with -G what strftime(3) can make of it, each conversion a short run of
 * the characters that it makes; with -C a number behind. Nothing else, so that
 * ".bashrc" beside "trace.pcap" is not, nor "shadow" where "%H" was said.
 */
#include <string.h>

#include "questions.h"

enum { OUTPUT_NUMBER = 12, OUTPUT_TEXT = 48, OUTPUT_COUNT_DIGITS = 10 };

/* ---- the number behind it ------------------------------------------------------- */

static bool output_digits(const char *s, size_t n)
{
	return strlen(s) == n && strspn(s, "0123456789") == n;
}

/* Is tail what -C puts behind a name, or nothing where it puts nothing? */
static bool output_tail(const struct broker_options *o, const char *tail)
{
	size_t digits = 0;
	unsigned value = 0;

	for (unsigned last = o->sized && o->files > 0 ? o->files - 1 : 0; last > 0; last /= 10)
		digits++;
	if (!o->sized || o->files == 1)
		return tail[0] == '\0';
	if (o->files == 0)
		return tail[0] == '\0' ||
		       (tail[0] != '0' && strlen(tail) <= OUTPUT_COUNT_DIGITS && output_digits(tail, strlen(tail)));
	if (!output_digits(tail, digits))
		return false;
	for (size_t i = 0; i < digits; i++)
		value = value * 10 + (unsigned)(tail[i] - '0');
	return value < o->files; /* of as many digits, so it is no overflow */
}

/* ---- the time in it -------------------------------------------------------------- */

/* One conversion or one character of a pattern. */
struct output_part {
	char literal;       /* or 0: */
	const char *marks;  /* what a conversion makes besides digits; NULL: not known */
	bool letters;       /* and letters, of any language */
	size_t longest;
};

static struct output_part output_conversion(char c)
{
	struct output_part p = {.longest = OUTPUT_NUMBER};

	if (c == '%' || c == 'n' || c == 't')
		p.literal = c == '%' ? '%' : c == 'n' ? '\n' : '\t';
	else if (c == '\0')
		p.marks = NULL;
	else if (strchr("CdeGgHIjklMmSsUuVWwYy", c))
		p.marks = " -+"; /* padding and a year's sign */
	else if (strchr("FRTz", c))
		p.marks = ":+- ", p.longest = OUTPUT_TEXT;
	else if (strchr("AaBbhPpZ", c))
		p.marks = ":+-. ", p.letters = true, p.longest = OUTPUT_TEXT;
	else if (strchr("cXxr", c))
		p.marks = ":+-., ", p.letters = true, p.longest = OUTPUT_TEXT;
	return p; /* also %D, which has slashes: unknown */
}

/* The part at *at, which moves behind it. */
static struct output_part output_part(const char **at)
{
	const char *p = *at;

	if (*p != '%') {
		*at = p + 1;
		return (struct output_part){.literal = *p};
	}
	p += 1 + strspn(p + 1, "_-0^#+123456789");
	p += strspn(p, "EO");
	*at = *p ? p + 1 : p;
	return output_conversion(*p);
}

static bool output_made(const struct output_part *p, char c)
{
	if (c == '\0' || !p->marks)
		return false;
	return (c >= '0' && c <= '9') || strchr(p->marks, c) ||
	       (p->letters && ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (unsigned char)c >= 0x80));
}

/* From the places of the name that the pattern reaches so far to those that it reaches with this part. */
static void output_step(const struct output_part *p, const char *name, size_t n, const bool *from, bool *to)
{
	memset(to, 0, (n + 1) * sizeof *to);
	for (size_t i = 0; i <= n; i++) {
		if (!from[i])
			continue;
		if (p->literal) {
			if (name[i] == p->literal)
				to[i + 1] = true;
			continue;
		}
		/* Nothing hidden, unless the user said so. Text may be empty: %p in some languages. */
		if (p->letters)
			to[i] = true;
		for (size_t k = 0; k < p->longest && output_made(p, name[i + k]) && (i + k > 0 || name[0] != '.'); k++)
			to[i + k + 1] = true;
	}
}

static bool output_matches(const struct broker_options *o, const char *pattern, const char *name)
{
	bool places[2][BROKER_NAME + 1] = {{true}};
	size_t n = strlen(name);
	unsigned now = 0;

	if (n >= BROKER_NAME)
		return false;
	while (*pattern) {
		const struct output_part p = output_part(&pattern);

		output_step(&p, name, n, places[now], places[!now]);
		now = !now;
	}
	for (size_t i = 0; i <= n; i++)
		if (places[now][i] && output_tail(o, name + i))
			return true;
	return false;
}

/* ---- all of it -------------------------------------------------------------------- */

bool output_directory_fixed(const struct broker_options *o)
{
	const char *slash = strrchr(o->output, '/');

	return !o->timed || !slash || memchr(o->output, '%', (size_t)(slash - o->output)) == NULL;
}

const char *output_name(const struct broker_options *o, const char *name)
{
	const char *slash = strrchr(o->output, '/'), *base = slash ? slash + 1 : o->output;
	size_t directory = (size_t)(base - o->output), n = strlen(base);

	if (strncmp(name, o->output, directory) == 0)
		name += directory;
	if (name[0] == '\0' || strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return NULL;
	if (o->timed)
		return output_matches(o, base, name) ? name : NULL;
	return strncmp(name, base, n) == 0 && output_tail(o, name + n) ? name : NULL;
}
