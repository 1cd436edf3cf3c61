/* Options of -w: what is written, when another file begins, what is shown beside it.
 *
 * As tcpdump has it, -w alone shows nothing; --print, and here a view's name or a
 * format, show the packets too.
 */
#include "options_write.h"

#include "options_table.h"
#include "options_values.h"

/* tcpdump's -C: millions of bytes, or units of 1024. */
static int rotate_size(const char *s, uint64_t *out, struct error *e)
{
	static const char units[] = "kmg";
	uint64_t v, unit = 1000000;
	const char *end, *at;
	char w[128];

	if (!number(s, UINT64_C(1) << 32, &v, &end) || v == 0)
		goto bad;
	if (*end) {
		at = strchr(units, *end >= 'A' && *end <= 'Z' ? *end - 'A' + 'a' : *end);
		if (!at || end[1])
			goto bad;
		unit = UINT64_C(1) << (10 * (at - units + 1));
	}
	*out = v * unit;
	return 0;
bad:
	return error_set(e, EINVAL, "-C wants millions of bytes such as 10, or a size as 64k, 10m or 1g, not \"%s\"",
			 word(w, s));
}

/* A name that promises what is not done. */
static bool packed(const char *name)
{
	static const char *const ends[] = {".gz", ".zst", ".xz", ".bz2", ".lz4"};
	size_t n = strlen(name);

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		if (n > strlen(ends[i]) && strcmp(name + n - strlen(ends[i]), ends[i]) == 0)
			return true;
	return false;
}

int options_apply_write(struct options *o, int letter, const char *value, struct error *e)
{
	uint64_t v = 0;
	char w[128];
	int r;

	switch (letter) {
	case 'w':
		if (o->write)
			return error_set(e, EINVAL, "-w is given twice; one file is written");
		if (!*value)
			return error_set(e, EINVAL, "-w wants the name of a file, or - for standard output");
		if (packed(value))
			return error_set(e, EINVAL, "-w writes no compressed files: -w - | gzip >%s", word(w, value));
		o->write = value;
		return 0;
	case 'C':
		return rotate_size(value, &o->rotate_bytes, e);
	case 'G':
		r = whole("-G", value, 1, INT32_MAX, &v, e);
		o->rotate_s = (int64_t)v;
		return r;
	case 'W':
		r = whole("-W", value, 1, 1000000000, &v, e);
		o->rotate_files = (unsigned)v;
		return r;
	case 'U':
		o->packet_buffered = true;
		return 0;
	default: /* LONG_PRINT */
		o->print = true;
		return 0;
	}
}

int options_check_write(struct options *o, bool view_said, bool format_said, struct error *e)
{
	bool shown = view_said || format_said || o->print || o->headless;

	if (!o->write && (o->rotate_bytes || o->rotate_s || o->rotate_files))
		return error_set(e, EINVAL, "%s belongs to -w FILE",
				 o->rotate_bytes ? "-C" : o->rotate_s ? "-G" : "-W");
	if (o->rotate_files && !o->rotate_bytes && !o->rotate_s)
		return error_set(e, EINVAL, "-W counts the files that -C SIZE or -G SECONDS make; give one of them");
	if (!o->write)
		return 0;
	if (strcmp(o->write, "-") != 0) {
		o->only_write = !shown;
		return 0;
	}
	if (o->rotate_bytes || o->rotate_s)
		return error_set(e, EINVAL, "-w - is one stream: %s needs the name of a file",
				 o->rotate_bytes ? "-C" : "-G");
	if (o->print || format_said || o->headless)
		return error_set(e, EINVAL, "-w - has standard output for itself: %s needs -w FILE",
				 o->print ? "--print" : format_said ? "-o" : "--headless");
	o->only_write = true;
	return 0;
}
