/* CSV and TSV, cell by cell.
 *
 * CSV quotes as RFC 4180 does (lines end in a newline alone); TSV needs no
 * quotes, because escaped text holds no tab and no newline. Records of flows,
 * of which there are many, are written by csv_record.c.
 */
#include "csv.h"

#include <string.h>

#include "sockeye/digits.h"

enum { CSV_ROOM = 128 }; /* for a cell, or two, written in place */

void csv_begin(struct csv *c, struct out *out, char separator, unsigned digits)
{
	c->out = out;
	c->separator = separator;
	c->digits = digits;
	c->first = true;
}

void csv_end(struct csv *c)
{
	out_char(c->out, '\n');
}

void csv_cell(struct csv *c, const char *text)
{
	if (!c->first)
		out_char(c->out, c->separator);
	c->first = false;
	if (c->separator != ',' || !text[0] || !strpbrk(text, ",\"\r\n")) { /* RFC 4180 section 2, 5 to 7 */
		out_text(c->out, text);
		return;
	}
	out_char(c->out, '"');
	while (!c->out->ascii && *text) {
		size_t run = strcspn(text, "\"");

		out_bytes(c->out, text, run);
		text += run;
		if (*text) {
			out_put(c->out, "\"\"");
			text++;
		}
	}
	for (; *text; text++) { /* ASCII alone: character by character */
		const char one[2] = {*text, '\0'};

		if (*text == '"')
			out_char(c->out, '"');
		out_text(c->out, one);
	}
	out_char(c->out, '"');
}

/* Room for a number, after the separator. */
static char *csv_room(struct csv *c)
{
	char *p = out_room(c->out, CSV_ROOM);

	if (!c->first)
		*p++ = c->separator;
	c->first = false;
	return p;
}

void csv_u64(struct csv *c, uint64_t v)
{
	char *p = csv_room(c);

	out_took(c->out, digits_u64(p, v));
}

void csv_time(struct csv *c, int64_t ns)
{
	char *p = csv_room(c);

	out_took(c->out, digits_seconds(p, ns, c->digits));
}
