/* Which names an output may have.
 *
 * main may be in the hands of whoever wrote the packets, so what it asks for is
 * held against what the user said at the start: the same directory, the same
 * beginning, the same ending. ".bashrc" beside "trace.pcap" is not.
 */
#include <string.h>

#include "questions.h"

const char *output_name(const char *said, const char *name)
{
	const char *slash = strrchr(said, '/'), *base = slash ? slash + 1 : said;
	size_t directory = (size_t)(base - said);
	const char *point = strrchr(base, '.');
	/* The fixed beginning: up to what strftime(3) fills in, and not over the
	 * last point, before which a number may come. */
	size_t stem = strcspn(base, "%");

	if (point == base)
		point = NULL;
	if (point && (size_t)(point - base) < stem)
		stem = (size_t)(point - base);
	if (strncmp(name, said, directory) == 0)
		name += directory;
	if (name[0] == '\0' || strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return NULL;
	if (strcmp(name, base) == 0)
		return name;
	if (strncmp(name, base, stem) != 0 || (point && !strchr(point, '%') && !strstr(name + stem, point)))
		return NULL;
	/* Nothing fixed at all: then at least nothing hidden. */
	return stem == 0 && name[0] == '.' ? NULL : name;
}
