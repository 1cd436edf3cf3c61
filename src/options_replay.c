/* --replay and --follow: files that take their time. */
#include "options_replay.h"

#include "options_values.h"

#define SLOWEST 0.001
enum { FASTEST = 1000000 };

/* 2, 0.5, 10x: how many times as fast; nothing: once. */
int options_apply_replay(struct options *o, const char *s, struct error *e)
{
	uint64_t whole_part = 1;
	double scale = 1, fraction = 0;
	const char *end = "";
	char w[128];

	if (s && !number(s, FASTEST, &whole_part, &end))
		goto bad;
	if (*end == '.')
		for (end++; *end >= '0' && *end <= '9'; end++)
			fraction += (scale /= 10) * (*end - '0');
	end += *end == 'x';
	o->replay = (double)whole_part + fraction;
	if (!*end && o->replay >= SLOWEST && o->replay <= FASTEST)
		return 0;
bad:
	return error_set(e, EINVAL, "--replay wants a speed from 0.001 to 1000000, such as 2, 0.5 or 10x, not \"%s\"",
			 word(w, s));
}

int options_check_replay(const struct options *o, struct error *e)
{
	char w[128];

	if ((o->follow || o->replay > 0) && o->n_files == 0 && options_path_word(o))
		return error_set(e, ENOENT, "%s: no such file", word(w, options_path_word(o)));
	if ((o->follow || o->replay > 0) && o->n_files == 0)
		return error_set(e, EINVAL, "%s: -r FILE", o->follow ? "--follow wants a file that grows"
			 : o->n_interfaces ? "--replay plays files, not interfaces" : "--replay wants a file to play");
	if (o->replay > 0 && o->n_interfaces > 0)
		return error_set(e, EINVAL, "--replay plays files: what comes from interfaces has its pace already");
	if (o->replay > 0 && o->headless)
		return error_set(e, EINVAL, "--headless draws what is there at the end, by the clock of the capture: "
				 "the pace of --replay changes nothing in it");
	return 0;
}
