/* The parser of the command line; its table is options_table.c.
 *
 * The first word is a view if it is one; leading words that are readable files
 * are sources; the rest is a BPF filter; after "--" everything is. Letters that
 * are tcpdump's keep tcpdump's meaning; what is known but not built says so.
 */
#include "options_packets.h"
#include "options_replay.h"
#include "options_table.h"
#include "options_sockets.h"
#include "options_values.h"
#include "options_write.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sockeye/engine.h"
#include "sockeye/text.h"

static const char *const format_names[OPTIONS_FORMATS] = {
	"screen", "text", "json", "csv", "tsv", "zeek", "html", "svg",
};

#define FORMAT(f) (1u << OPTIONS_##f)
/* Which formats a view has (PRODUCT table), and which are built. */
static const unsigned view_formats[OPTIONS_VIEWS] = {
	[OPTIONS_WATCH] = FORMAT(SCREEN),
	[OPTIONS_PACKETS] = FORMAT(TEXT) | FORMAT(JSON) | FORMAT(CSV) | FORMAT(TSV),
	[OPTIONS_HANDSHAKES] = FORMAT(TEXT) | FORMAT(JSON) | FORMAT(CSV) | FORMAT(TSV),
	[OPTIONS_CONNECTIONS] = FORMAT(TEXT) | FORMAT(JSON) | FORMAT(CSV) | FORMAT(TSV) | FORMAT(ZEEK),
	[OPTIONS_REPORT] = FORMAT(TEXT) | FORMAT(JSON) | FORMAT(HTML),
	[OPTIONS_SOCKETS] = FORMAT(TEXT) | FORMAT(JSON) | FORMAT(CSV) | FORMAT(TSV),
	[OPTIONS_GRAPH] = FORMAT(TEXT) | FORMAT(SVG),
};
static const unsigned formats_not_built = FORMAT(HTML) | FORMAT(SVG);
#undef FORMAT

/* ---- values ---------------------------------------------------------------- */

static int size_value(const char *s, size_t *out, struct error *e)
{
	static const char units[] = "KMG";
	const char *end, *unit;
	unsigned shift = 0;
	uint64_t v;
	char w[128];

	if (!number(s, UINT64_MAX >> 1, &v, &end))
		goto bad;
	if (*end) {
		unit = strchr(units, *end >= 'a' && *end <= 'z' ? *end - 'a' + 'A' : *end);
		if (!unit || end[1])
			goto bad;
		shift = 10 * (unsigned)(unit - units + 1);
	}
	if (v > (SIZE_MAX >> 1) >> shift)
		goto bad;
	*out = (size_t)v << shift;
	if (*out < ENGINE_MEMORY_MIN)
		return error_set(e, EINVAL, "--memory %s is too small: at least 16M", word(w, s));
	return 0;
bad:
	return error_set(e, EINVAL, "--memory wants a size such as 64M or 2G, not \"%s\"", word(w, s));
}

static int headless_value(struct options *o, const char *s, struct error *e)
{
	uint64_t width, height;
	const char *end;
	char w[128];

	if (!number(s, 1000, &width, &end) || *end != 'x' || !number(end + 1, 500, &height, &end) || *end ||
	    width == 0 || height == 0)
		return error_set(e, EINVAL, "--headless wants WIDTHxHEIGHT such as 120x35, not \"%s\"", word(w, s));
	o->headless = true;
	o->width = (unsigned)width;
	o->height = (unsigned)height;
	return 0;
}

static int format_value(struct options *o, const char *s, struct error *e)
{
	char w[128];

	for (unsigned i = OPTIONS_TEXT; i < OPTIONS_FORMATS; i++) {
		if (strcmp(s, format_names[i]) == 0) {
			o->format = (enum options_format)i;
			return 0;
		}
	}
	return error_set(e, EINVAL, "-o %s: no such format; there are text, json, csv, tsv and zeek", word(w, s));
}

static int color_value(struct options *o, const char *s, struct error *e)
{
	char w[128];

	if (strcmp(s, "auto") == 0)
		o->color = OPTIONS_COLOR_AUTO;
	else if (strcmp(s, "always") == 0)
		o->color = OPTIONS_COLOR_ALWAYS;
	else if (strcmp(s, "never") == 0)
		o->color = OPTIONS_COLOR_NEVER;
	else
		return error_set(e, EINVAL, "--color wants auto, always or never, not \"%s\"", word(w, s));
	return 0;
}

static int direction_value(struct options *o, const char *s, struct error *e)
{
	char w[128];

	if (strcmp(s, "in") == 0)
		o->direction = OPTIONS_IN;
	else if (strcmp(s, "out") == 0)
		o->direction = OPTIONS_OUT;
	else if (strcmp(s, "inout") == 0)
		o->direction = OPTIONS_INOUT;
	else
		return error_set(e, EINVAL, "-Q wants in, out or inout, not \"%s\"", word(w, s));
	return 0;
}

static int backend_value(struct options *o, const char *s, struct error *e)
{
	char w[128];

	if (strcmp(s, "native") == 0)
		o->backend = OPTIONS_NATIVE;
	else if (strcmp(s, "libpcap") == 0)
		o->backend = OPTIONS_LIBPCAP;
	else
		return error_set(e, EINVAL, "--backend wants native or libpcap, not \"%s\"", word(w, s));
	return 0;
}

static int add_source(const char **list, unsigned *n, const char *name, struct error *e)
{
	if (*n == OPTIONS_SOURCES)
		return error_set(e, EINVAL, "more than %d sources", (int)OPTIONS_SOURCES);
	list[(*n)++] = name;
	return 0;
}

static int set_filter(struct options *o, const char *expression, struct error *e)
{
	struct text t;

	if (o->filter[0] || o->filter_file)
		return error_set(e, EINVAL, "a filter is given twice: use -f, -F or words, one of them");
	text_init(&t, o->filter, sizeof o->filter);
	text_put(&t, expression);
	if (t.cut)
		return error_set(e, EINVAL, "the filter is longer than %d bytes", OPTIONS_FILTER - 1);
	return 0;
}

static int threads_value(struct options *o, const char *s, struct error *e)
{
	char w[128];

	if (strcmp(s, "1") != 0 && strcmp(s, "2") != 0)
		return error_set(e, EINVAL, "--threads wants 1 or 2, not \"%s\"", word(w, s));
	o->threads = s[0] == '1' ? 1 : 2;
	return 0;
}

/* ---- one option ------------------------------------------------------------ */

static int apply_input(struct options *o, int letter, const char *value, struct error *e)
{
	uint64_t v = 0;
	int r;

	switch (letter) {
	case 'i':
		return add_source(o->interfaces, &o->n_interfaces, value, e);
	case 'r':
		return add_source(o->files, &o->n_files, value, e);
	case LONG_FOLLOW:
		o->follow = true;
		return 0;
	case LONG_REPLAY:
		return options_apply_replay(o, value, e);
	case 'D':
		o->action = OPTIONS_INTERFACES;
		return 0;
	case LONG_NETNS:
		o->netns = value;
		o->netns_all = strcmp(value, "all") == 0;
		return 0;
	case 'f':
		return set_filter(o, value, e);
	case 'F':
		if (o->filter[0] || o->filter_file)
			return set_filter(o, "", e); /* says that there are two */
		o->filter_file = value;
		return 0;
	case 'O':
		o->no_optimize = true;
		return 0;
	case 's':
		r = whole("-s", value, 0, 262144, &v, e);
		o->snaplen = r == 0 ? (int)v : 0;
		return r;
	case 'p':
		o->no_promiscuous = true;
		return 0;
	case 'B':
		r = whole("-B", value, 1, 1048576, &v, e);
		o->buffer_kib = r == 0 ? (int)v : 0;
		return r;
	case 'y':
		o->link_type = value;
		return 0;
	case 'L':
		o->action = OPTIONS_LINK_TYPES;
		return 0;
	case 'Q':
		return direction_value(o, value, e);
	default: /* LONG_BACKEND */
		return backend_value(o, value, e);
	}
}

static int apply_output(struct options *o, int letter, const char *value, struct error *e)
{
	switch (letter) {
	case 'o':
		return format_value(o, value, e);
	case 'v':
	case 'x':
	case 'X':
	case 'A':
	case 'e':
	case 't':
	case 'q':
	case '#':
	case 'S':
		return options_apply_packets(o, letter, e);
	case 'Y':
		o->display_filter = value;
		return 0;
	case LONG_LIST_FIELDS:
		o->action = OPTIONS_FIELDS;
		return 0;
	case 'l':
		o->line_buffered = true;
		return 0;
	case 'w':
	case 'C':
	case 'G':
	case 'W':
	case 'U':
	case LONG_PRINT:
		return options_apply_write(o, letter, value, e);
	case LONG_ASCII:
		o->ascii = true;
		return 0;
	case LONG_COLOR:
		return color_value(o, value, e);
	default: /* -n, -K: names are never looked up, checksums never verified */
		return 0;
	}
}

static int apply_rest(struct options *o, int letter, const char *value, struct error *e)
{
	switch (letter) {
	case LONG_HEADLESS:
		return headless_value(o, value, e);
	case LONG_KEYS:
		o->keys = value;
		return 0;
	case LONG_DUMP:
		o->dump = value;
		return 0;
	case LONG_DUMP_ATTRS:
		o->dump_attrs = value;
		return 0;
	case LONG_NO_MOUSE:
		o->no_mouse = true;
		return 0;
	case LONG_CONFIG:
		o->config = value;
		return 0;
	case LONG_LIST_KEYS:
		o->action = OPTIONS_KEYS;
		return 0;
	case 'c':
		return whole("-c", value, 1, INT64_MAX, &o->count, e);
	case LONG_DURATION:
		return options_seconds("--duration", value, &o->duration_ns, e);
	case LONG_MEMORY:
		return size_value(value, &o->memory, e);
	case 'Z':
		o->user = value;
		return 0;
	case LONG_PRIVILEGES:
		o->action = OPTIONS_PRIVILEGES;
		return 0;
	case LONG_THREADS:
		return threads_value(o, value, e);
	case LONG_NO_BPF:
		o->no_bpf = true;
		return 0;
	case LONG_NO_FAST_PATH:
		o->no_fast_path = true;
		return 0;
	case LONG_COMPLETION:
		return options_apply_completion(o, value, e);
	case 'h':
		o->action = OPTIONS_HELP;
		return 0;
	default: /* LONG_VERSION */
		o->action = OPTIONS_VERSION;
		return 0;
	}
}

static int apply(struct options *o, const struct option_row *row, const char *value, struct error *e)
{
	if (!row->built) {
		if (row->letter < LONG_MEMORY)
			return error_set(e, EINVAL, "-%c is not built yet", row->letter);
		return error_set(e, EINVAL, "--%s is not built yet", row->name);
	}
	if (row->group == GROUP_INPUT)
		return apply_input(o, row->letter, value, e);
	if (row->group == GROUP_OUTPUT)
		return apply_output(o, row->letter, value, e);
	if (row->group == GROUP_SOCKETS)
		return options_apply_sockets(o, row->letter, value, e);
	return apply_rest(o, row->letter, value, e);
}

/* ---- getopt ---------------------------------------------------------------- */

struct scan {
	char letters[4 + 3 * OPTIONS_ROWS];
	struct option longs[OPTIONS_ROWS + 1];
	unsigned row_of[OPTIONS_ROWS]; /* of longs[i] */
};

static void scan_prepare(struct scan *s)
{
	size_t n = 0;
	unsigned k = 0;

	/* "-": words come in their place; ":": what is missing is told apart. */
	s->letters[n++] = '-';
	s->letters[n++] = ':';
	for (unsigned i = 0; i < OPTIONS_ROWS; i++) {
		const struct option_row *row = &options_rows[i];

		if (row->letter < LONG_MEMORY) {
			s->letters[n++] = (char)row->letter;
			if (row->argument)
				s->letters[n++] = ':';
		}
		if (!row->name)
			continue;
		s->longs[k] = (struct option){
			.name = row->name,
			.has_arg = !row->argument ? no_argument
						  : row->argument[0] == '[' ? optional_argument : required_argument,
			.val = row->letter,
		};
		s->row_of[k++] = i;
	}
	s->letters[n] = '\0';
	s->longs[k] = (struct option){.name = NULL};
}

static const struct option_row *row_by_letter(int letter)
{
	for (unsigned i = 0; i < OPTIONS_ROWS; i++)
		if (options_rows[i].letter == letter)
			return &options_rows[i];
	return NULL;
}

static int unknown(char **argv, bool sockets, struct error *e)
{
	const char *given = argv[optind - 1], *near;
	char w[128], name[64];
	size_t n;

	if (sockets && optopt != 0 && optopt <= 'z' && strchr("aumow46", optopt))
		return options_not_as_ss(optopt, e);
	if (optopt != 0 && optopt < LONG_MEMORY && strncmp(given, "--", 2) != 0)
		return error_set(e, EINVAL, "unknown option -%c; sockeye --help lists them",
				 optopt > ' ' && optopt < 127 ? optopt : '?');
	n = strcspn(given, "=");
	if (optopt != 0)
		return error_set(e, EINVAL, "%s takes no value", word(w, given));
	n = n < sizeof name + 2 ? n : sizeof name + 1;
	memcpy(name, given + 2, n > 2 ? n - 2 : 0);
	name[n > 2 ? n - 2 : 0] = '\0';
	near = options_near_option(name);
	if (near)
		return error_set(e, EINVAL, "unknown option %s; did you mean --%s?", word(w, given), near);
	return error_set(e, EINVAL, "unknown option %s; sockeye --help lists them", word(w, given));
}

static int missing(char **argv, struct error *e)
{
	const struct option_row *row = row_by_letter(optopt);
	char w[128];

	return error_set(e, EINVAL, "%s wants a value: %s", word(w, argv[optind - 1]),
			 row && row->argument ? row->argument : "see --help");
}

/* ---- words ------------------------------------------------------------------ */

struct words {
	const char *at[OPTIONS_WORDS];
	unsigned n;       /* all of them */
	unsigned guessed; /* those before "--": views and files are among these */
};

static int add_word(struct words *w, const char *s, struct error *e)
{
	if (w->n == OPTIONS_WORDS)
		return error_set(e, EINVAL, "more than %d words", (int)OPTIONS_WORDS);
	w->at[w->n++] = s;
	return 0;
}

static int scan_arguments(struct options *o, struct words *words, int argc, char **argv, struct error *e)
{
	struct scan s;
	int c, index = -1, r = 0;

	scan_prepare(&s);
	optind = 0; /* glibc: begin anew */
	opterr = 0;
	while (r == 0 && (c = getopt_long(argc, argv, s.letters, s.longs, &index)) != -1) {
		if (c == 1)
			r = add_word(words, optarg, e);
		else if (c == '?')
			r = unknown(argv, words->n > 0 && strcmp(words->at[0], "sockets") == 0, e);
		else if (c == ':')
			r = missing(argv, e);
		else
			r = apply(o, index >= 0 ? &options_rows[s.row_of[index]] : row_by_letter(c), optarg, e);
		index = -1;
	}
	words->guessed = words->n;
	for (; r == 0 && optind < argc; optind++)
		r = add_word(words, argv[optind], e);
	return r;
}

/* View, then files, then the filter. */
static int place_words(struct options *o, const struct words *w, const struct options_world *world, bool *view_said,
		       struct error *e)
{
	struct text t;
	unsigned at = 0;
	int r;

	*view_said = false;
	for (unsigned i = 0; at == 0 && w->guessed > 0 && i < OPTIONS_VIEWS; i++) {
		if (strcmp(w->at[0], options_views[i]) == 0) {
			o->view = (enum options_view)i;
			*view_said = true;
			at = 1;
		}
	}
	for (; at < w->guessed; at++) {
		if (strcmp(w->at[at], "-") != 0 && !world->is_source(w->at[at]))
			break;
		if ((r = add_source(o->files, &o->n_files, w->at[at], e)) != 0)
			return r;
	}
	if (at == w->n)
		return 0;
	if ((r = set_filter(o, "", e)) != 0)
		return r;
	text_init(&t, o->filter, sizeof o->filter);
	for (; at < w->n; at++) {
		if (o->n_words > 0)
			text_char(&t, ' ');
		text_put(&t, w->at[at]);
		o->words[o->n_words++] = w->at[at];
	}
	if (t.cut)
		return error_set(e, EINVAL, "the filter is longer than %d bytes", OPTIONS_FILTER - 1);
	return 0;
}

/* ---- what fits together ------------------------------------------------------ */

const char *options_format(enum options_view v, enum options_format f)
{
	return view_formats[v] & ~formats_not_built & 1u << f ? format_names[f] : NULL;
}

static int check_format(struct options *o, bool format_said, struct error *e)
{
	if (!format_said)
		o->format = o->view == OPTIONS_WATCH ? OPTIONS_SCREEN : OPTIONS_TEXT;
	if (o->view == OPTIONS_GRAPH)
		return error_set(e, EINVAL, "the view %s is not built yet", options_views[o->view]);
	if (!(view_formats[o->view] >> o->format & 1)) {
		if (o->view == OPTIONS_WATCH)
			return error_set(e, EINVAL, "watch draws a screen and has no format %s; "
					 "name another view for it, connections say", format_names[o->format]);
		return error_set(e, EINVAL, "the view %s has no format %s", options_views[o->view],
				 format_names[o->format]);
	}
	if (formats_not_built >> o->format & 1)
		return error_set(e, EINVAL, "the format %s is not built yet", format_names[o->format]);
	return 0;
}

static int check(struct options *o, bool view_said, bool format_said, bool terminal, struct error *e)
{
	int r;

	if ((r = options_check_write(o, view_said, format_said, e)) != 0)
		return r;
	if (!view_said && o->print && !o->headless)
		o->view = OPTIONS_PACKETS;
	else if (!view_said)
		o->view = o->headless || (terminal && !format_said) ? OPTIONS_WATCH : OPTIONS_CONNECTIONS;
	if (o->only_write)
		o->view = OPTIONS_PACKETS; /* silent; its options are taken, as tcpdump takes them */
	if ((r = check_format(o, format_said, e)) != 0)
		return r;
	if ((r = options_check_sockets(o, format_names[o->format], e)) != 0)
		return r;
	if ((r = options_check_replay(o, e)) != 0 || (r = options_check_netns(o, e)) != 0)
		return r;
	if (o->headless && o->view != OPTIONS_WATCH)
		return error_set(e, EINVAL, "--headless belongs to the view watch, not to %s", options_views[o->view]);
	if ((r = options_check_packets(o, format_names[o->format], e)) != 0)
		return r;
	if (o->direction != OPTIONS_INOUT && o->n_files > 0)
		return error_set(e, EINVAL, "-Q belongs to interfaces, not to files");
	if (o->backend != OPTIONS_BEST && o->n_files > 0 && o->n_interfaces == 0)
		return error_set(e, EINVAL, "--backend belongs to interfaces, not to files");
	if (!o->headless && (o->keys || o->dump || o->dump_attrs))
		return error_set(e, EINVAL, "%s needs --headless WxH", o->keys ? "--keys" : o->dump ? "--dump" :
				 "--dump-attrs");
	if (o->headless && !o->dump)
		o->dump = "-";
	return 0;
}

int options_parse(struct options *o, int argc, char **argv, const struct options_world *world, struct error *e)
{
	struct words words = {.n = 0};
	bool view_said, format_said;
	int r;

	memset(o, 0, sizeof *o);
	o->memory = ENGINE_MEMORY_DEFAULT;
	o->format = OPTIONS_SCREEN;
	if ((r = scan_arguments(o, &words, argc, argv, e)) != 0)
		return r;
	if (o->action != OPTIONS_RUN)
		return options_check_netns(o, e);
	format_said = o->format != OPTIONS_SCREEN;
	if ((r = place_words(o, &words, world, &view_said, e)) != 0)
		return r;
	return check(o, view_said, format_said, world->terminal, e);
}
