/* What may have been meant where a filter finds nothing: the beginning of a number's
 * name, alone, is looked for as text, which hardly any flow has. */
#include <string.h>

#include "filter_private.h"

static bool is_letter(char c)
{
	return (lower(c) >= 'a' && lower(c) <= 'z') || c == '_' || c == '.';
}

/* The first name of a number or duration that begins like it; the list has the short names first. */
static bool number_named(const char *s, size_t n, enum filter_scope scope, struct name *out)
{
	struct filter_field f;

	for (unsigned i = 0; name_at(i, &f); i++)
		if ((scope == FILTER_FLOWS ? f.flows : f.packets) && strlen(f.name) >= n && equal_folded(f.name, n, s, n) &&
		    name_resolve(f.name, strlen(f.name), scope, out) &&
		    (out->type == TYPE_NUMBER || out->type == TYPE_DURATION))
			return true;
	return false;
}

bool filter_hint(struct text *t, const char *text, enum filter_scope scope)
{
	struct name f;
	size_t n;

	if (scope == FILTER_SOCKETS)
		return false;
	for (const char *at = text + strspn(text, " "); *at != '\0'; at += n, at += strspn(at, " ")) {
		bool word = true;

		n = strcspn(at, " ");
		for (size_t i = 0; i < n; i++)
			word &= is_letter(at[i]);
		if (!word || n < 3 || equal_folded("and", 3, at, n) || equal_folded("not", 3, at, n) || name_protocol(at, n) ||
		    !number_named(at, n, scope, &f))
			continue;
		text_put(t, f.name);
		text_put(t, f.type == TYPE_DURATION ? ">50ms" : f.origin[0].part == PART_PORT ? ":443" : ">0");
		return true;
	}
	return false;
}
