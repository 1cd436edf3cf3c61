/* What was set goes into a file that a person wrote: their comments, their blank lines and what is not understood
 * stay where they are; a setting's line is written over in its place, and goes where the setting is as at the start.
 */
#include <stdlib.h>
#include <string.h>

#include "config.h"

/* The part of a line before its =, without blanks round it and with one blank between words. */
static void keep_name(struct text *t, const char *line, size_t n)
{
	const char *equals = memchr(line, '=', n);
	size_t end = equals != NULL ? (size_t)(equals - line) : 0;

	for (size_t i = 0; i < end; i++) {
		bool blank = line[i] == ' ' || line[i] == '\t';

		if (!blank)
			text_bytes(t, &line[i], 1);
		else if (t->len > 0 && i + 1 < end && line[i + 1] != ' ' && line[i + 1] != '\t')
			text_char(t, ' ');
	}
}

/* Is it the line of a setting that there is, with a value that it may have? scratch: a copy of what is set. */
static bool keep_understood(struct look *scratch, const char *name, const char *line, size_t n)
{
	struct error none = {""};

	if (name[0] == '\0' || name[0] == '#')
		return false;
	/* To bind a key would change the table of all: its action's name says enough. */
	for (size_t i = 0; i < keys_lines && strncmp(name, "key ", 4) == 0; i++)
		if (strcmp(keys_table[i].name, name + 4) == 0)
			return true;
	return strncmp(name, "key", 3) != 0 && config_line(scratch, line, n, &none) == 0;
}

/* The line of that name among the new ones, or NULL; *n: its length. A line that is written goes blank. */
static char *keep_find(char *lines, const char *name, size_t *n)
{
	for (char *line = lines, *end; *line != '\0'; line = end + 1) {
		char has[128];
		struct text t;

		end = strchr(line, '\n');
		if (end == NULL)
			return NULL;
		text_init(&t, has, sizeof has);
		keep_name(&t, line, (size_t)(end - line));
		*n = (size_t)(end - line);
		if (strcmp(has, name) == 0 && name[0] != '\0')
			return line;
	}
	return NULL;
}

bool config_keep(const struct look *l, const char *old, size_t n, struct text *out)
{
	char lines[CONFIG_LINES];
	struct look *scratch = malloc(sizeof *scratch);
	struct text now;

	if (scratch == NULL)
		return false;
	text_init(&now, lines, sizeof lines);
	config_lines(l, &now);
	while (n > 0) {
		const char *end = memchr(old, '\n', n);
		size_t len = end != NULL ? (size_t)(end - old) : n, many;
		char name[128], *line;
		struct text t;

		text_init(&t, name, sizeof name);
		keep_name(&t, old, len);
		memcpy(scratch, l, sizeof *scratch);
		line = keep_find(lines, name, &many);
		if (!keep_understood(scratch, name, old, len)) {
			text_bytes(out, old, len);
			text_char(out, '\n');
		} else if (line != NULL) {
			text_bytes(out, line, many);
			text_char(out, '\n');
			memset(line, ' ', many);
		}
		len += end != NULL;
		old += len;
		n -= len;
	}
	free(scratch);
	for (const char *line = lines, *end; (end = strchr(line, '\n')) != NULL; line = end + 1)
		if (line[0] != ' ')
			text_bytes(out, line, (size_t)(end - line) + 1);
	return !now.cut && !out->cut;
}
