/* From the options to an open source, and what to say where that fails. */
#include "opening.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "options_table.h"
#include "say.h"
#include "threads.h"
#include "sockeye/text.h"

bool opening_is_source(const char *word)
{
	struct stat s;

	return stat(word, &s) == 0 && !S_ISDIR(s.st_mode) && access(word, R_OK) == 0;
}

int opening_filter_file(struct options *o, struct error *e)
{
	char name[256];
	struct text t;
	size_t n;
	FILE *f;

	text_init(&t, name, sizeof name);
	text_foreign(&t, o->filter_file, strlen(o->filter_file), false);
	f = fopen(o->filter_file, "re");
	if (!f)
		return errno == ENOENT ? error_set(e, errno, "%s: no such file", name)
				       : error_set(e, errno, "%s: cannot read the filter: %s", name, strerror(errno));
	n = fread(o->filter, 1, sizeof o->filter - 1, f);
	if (ferror(f) || !feof(f) || memchr(o->filter, '\0', n)) {
		(void)fclose(f);
		return error_set(e, EINVAL, "%s: not a filter of at most %d bytes", name, OPTIONS_FILTER - 1);
	}
	(void)fclose(f);
	while (n > 0 && strchr(" \t\r\n", o->filter[n - 1]))
		n--;
	o->filter[n] = '\0';
	return 0;
}

/* Interfaces are listed where they were looked for. */
void opening_say(const struct options *o, const struct error *e)
{
	const char *hint = strstr(e->text, "(sockeye -D lists them)");
	char netns[300];
	struct text t;

	if (!hint || !o->netns) {
		say("%s", e->text);
		return;
	}
	text_init(&t, netns, sizeof netns);
	text_foreign(&t, o->netns, strlen(o->netns), false);
	say("%.*s(sockeye -D --netns %s lists them)", (int)(hint - e->text), e->text, netns);
}

/* A source that cannot be opened: the sentence, and the status. */
int opening_failed(const struct options *o, int why, const struct error *e)
{
	const char *path = options_path_word(o), *view = options_near_view(o);
	const char *near = o->n_words == 1 ? options_near_option(o->words[0]) : NULL;
	char word[512];
	struct text t;
	/* -ENOTSUP: built without libpcap, so no filter compiles. */
	bool filter = (why == -EINVAL || why == -ENOTSUP) && o->filter[0] != '\0';

	text_init(&t, word, sizeof word);
	if (filter && view && strcmp(view, o->words[0]) == 0) {
		say("%s; the view is the first word: sockeye %s ...", e->text, view);
		return EXIT_USAGE;
	}
	if (filter && view) {
		text_foreign(&t, o->words[0], strlen(o->words[0]), false);
		say("%s; \"%s\" is no view, did you mean %s?", e->text, word, view);
		return EXIT_USAGE;
	}
	if (filter && near && strcmp(near, o->words[0]) == 0) {
		say("%s; did you mean --%s?", e->text, o->words[0]);
		return EXIT_USAGE;
	}
	if (filter && path) {
		struct stat s;

		text_foreign(&t, path, strlen(path), false);
		if (access(path, F_OK) != 0) {
			say("%s: no such file", word);
			return EXIT_CANNOT;
		}
		if (access(path, R_OK) != 0) {
			say("%s: no permission to read it", word);
			return EXIT_CANNOT;
		}
		if (stat(path, &s) == 0 && S_ISDIR(s.st_mode)) {
			say("%s: a directory, not a capture file", word);
			return EXIT_CANNOT;
		}
		say("%s; files come before the words of a filter: %s", e->text, word);
		return EXIT_USAGE;
	}
	if ((why == -EPERM || why == -EACCES) && o->n_interfaces > 0 && !strstr(e->text, "CAP_NET_RAW")) {
		char self[256] = "sockeye";
		ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

		if (n > 0)
			self[n] = '\0';
		text_foreign(&t, self, strlen(self), false);
		say("%s: needs CAP_NET_RAW: sudo setcap cap_net_raw,cap_net_admin+ep %s, or read a file", e->text,
		    word);
		return EXIT_CANNOT;
	}
	opening_say(o, e);
	return filter || why == -EINVAL ? EXIT_USAGE : EXIT_CANNOT;
}

/* Rings of interfaces that the screen adds while it runs; the first ones leave so much of their share. */
enum { MORE_KIB = 4096, MORE_MOST = 2, MORE_FROM_KIB = 16384 };

/* Those that were named, in `watch`, with rings of ours and of our size. */
static bool opening_grows(const struct options *o)
{
	for (unsigned i = 0; i < o->n_interfaces; i++)
		if (strcmp(o->interfaces[i], "any") == 0)
			return false;
	return o->view == OPTIONS_WATCH && !o->headless && o->n_interfaces > 0 && o->n_files == 0 && o->buffer_kib == 0 &&
	       o->backend != OPTIONS_LIBPCAP && o->memory / 4 / 1024 >= MORE_FROM_KIB;
}

static struct source_options opening_options(const struct options *options)
{
	static const enum source_backend backends[] = {
		[OPTIONS_BEST] = SOURCE_BEST, [OPTIONS_NATIVE] = SOURCE_NATIVE, [OPTIONS_LIBPCAP] = SOURCE_LIBPCAP,
	};
	static const enum source_direction directions[] = {
		[OPTIONS_INOUT] = SOURCE_INOUT, [OPTIONS_IN] = SOURCE_IN, [OPTIONS_OUT] = SOURCE_OUT,
	};
	return (struct source_options){
		.files = options->files,
		.n_files = options->n_files,
		.interfaces = options->interfaces,
		.n_interfaces = options->n_interfaces,
		.filter = options->filter[0] ? options->filter : NULL,
		.follow = options->follow,
		.memory = options->memory / 2, /* windows of zstd; main() takes off what they hold */
		.unpack_ahead = threads_inflate(options),
		.snaplen = options->snaplen,
		.no_promiscuous = options->no_promiscuous,
		.buffer_kib = options->buffer_kib,
		.link_type = options->link_type,
		.ns = true,
		.backend = backends[options->backend],
		.direction = directions[options->direction],
		.may_grow = opening_grows(options),
	};
}

int opening_more(struct source *s, const struct options *options, int packet_fd, const char *name, const char *filter,
		 struct error *e)
{
	struct source_options o = opening_options(options);
	struct source_stats stats;
	unsigned n = 0;

	for (unsigned i = 0; s->stats(s, i, &stats); n += !stats.taken_off, i++)
		if (strcmp(stats.name, name) == 0 && !stats.gone && !stats.taken_off) {
			(void)close(packet_fd);
			return error_set(e, EEXIST, "%s is captured already", name);
		}
	if (!o.may_grow || n >= options->n_interfaces + MORE_MOST) {
		(void)close(packet_fd);
		return error_set(e, ENOTSUP, "%s", !o.may_grow ? "this run takes no more interfaces: start it with -i and without -B"
							  : "no memory for one more: start sockeye with all of them");
	}
	o.buffer_kib = MORE_KIB;
	if (filter)
		o.filter = filter[0] != '\0' ? filter : NULL;
	return source_add_interface(s, packet_fd, name, &o, e);
}

int opening_source(struct source **out, struct options *options, struct error *e)
{
	static const char *const any[] = {"any"};
	struct source_options o = opening_options(options);
	int r;

	if (options->no_optimize)
		source_no_optimize();
	if (o.n_files == 0 && o.n_interfaces == 0) {
		options->interfaces[0] = any[0];
		options->n_interfaces = o.n_interfaces = 1;
	}
	/* The ring's share of the memory, unless -B says otherwise. */
	if (o.n_interfaces > 0 && o.buffer_kib == 0) {
		size_t kib = (options->memory / 4 / 1024 - (o.may_grow ? MORE_MOST * MORE_KIB : 0)) / o.n_interfaces;

		o.buffer_kib = kib < INT_MAX ? (int)kib : INT_MAX;
	}
	r = source_open(out, &o, e);
	return r == 0 && options->replay > 0 ? source_replay(out, *out, options->replay, e) : r;
}
