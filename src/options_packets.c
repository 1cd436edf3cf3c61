/* tcpdump's letters for the line of a packet, with tcpdump's meaning.
 *
 * Those that say how the line looks (-x -X -A -e -t -q -#) are refused for the other
 * formats, whose records are the same for everybody: a letter that is taken and does
 * nothing would say that it had done something. -v and -S change what a record says,
 * so they hold for all formats.
 */
#include "options_packets.h"

#include <errno.h>

#include "options_table.h"

enum { TIMES_MOST = 5 };

int options_apply_packets(struct options *o, int letter, struct error *e)
{
	switch (letter) {
	case 'v':
		o->verbose++;
		return 0;
	case 'x':
		o->hex++;
		return 0;
	case 'X':
		o->hex_ascii++;
		return 0;
	case 'A':
		o->bytes++;
		return 0;
	case 'e':
		o->link = true;
		return 0;
	case 't':
		if (++o->times > TIMES_MOST)
			return error_set(e, EINVAL, "-t is given more than five times: there are -t, -tt, -ttt, -tttt and "
					 "-ttttt");
		return 0;
	case 'q':
		o->quiet = true;
		return 0;
	case '#':
		o->number = true;
		return 0;
	default: /* -S */
		o->absolute = true;
		return 0;
	}
}

/* The first that was given of those for the line alone; NULL: none. */
static const char *line_letter(const struct options *o)
{
	return o->hex	      ? "-x"
	       : o->hex_ascii ? "-X"
	       : o->bytes     ? "-A"
	       : o->link      ? "-e"
	       : o->times     ? "-t"
	       : o->quiet     ? "-q"
	       : o->number    ? "-#"
			      : NULL;
}

/* What a record has of what the letter asks for. */
static const char *line_instead(const struct options *o)
{
	if (o->hex || o->hex_ascii || o->bytes)
		return "it has no bytes";
	if (o->link)
		return "the link header is in its layers, with -v, in json";
	if (o->times)
		return "its times are seconds since 1970";
	return o->quiet ? "its records are the same for everybody" : "its records are numbered";
}

int options_check_packets(const struct options *o, const char *format, struct error *e)
{
	const char *line = line_letter(o), *any = o->verbose && o->view != OPTIONS_SOCKETS ? "-v" : line ? line : o->absolute ? "-S" : NULL;

	if (o->view != OPTIONS_PACKETS && any)
		return error_set(e, EINVAL, "%s belongs to the view packets, not to %s: sockeye packets ...", any,
				 options_views[o->view]);
	if (line && o->format != OPTIONS_TEXT)
		return error_set(e, EINVAL, "%s belongs to the text of packets, not to %s: %s", line, format,
				 line_instead(o));
	return 0;
}
