/* Keeps the last good filter while another is being typed. */
#include "match.h"

#include <string.h>

const struct filter *match_for(struct match *m, const char *text)
{
	struct filter *fresh = NULL; /* none is cheaper than one that passes all */

	if (strncmp(m->text, text, sizeof m->text) == 0)
		return m->filter;
	memcpy(m->text, text, sizeof m->text);
	m->text[sizeof m->text - 1] = '\0';
	if (m->text[strspn(m->text, " ")] != '\0' && filter_compile(&fresh, m->text, FILTER_FLOWS, &m->error) < 0)
		return m->filter;
	m->error.column = 0;
	m->error.text[0] = '\0';
	filter_free(m->filter);
	m->filter = fresh;
	m->turn++;
	return m->filter;
}

void match_free(struct match *m)
{
	filter_free(m->filter);
	m->filter = NULL;
	flow_find_free(&m->find);
}
