/* The command line as a struct, without side effects.
 *
 * One table of options serves the parser, --help, and later the manual and the
 * completions. Nothing is opened or printed here; whether a word names a file
 * is asked through the caller.
 */
#ifndef SOCKEYE_OPTIONS_H
#define SOCKEYE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "sockeye/error.h"

enum {
	OPTIONS_SOURCES = 64,
	OPTIONS_FILTER = 16384,
	OPTIONS_WORDS = 512,
};

enum options_action {
	OPTIONS_RUN, OPTIONS_HELP, OPTIONS_VERSION, OPTIONS_INTERFACES, OPTIONS_LINK_TYPES, OPTIONS_KEYS,
	OPTIONS_FIELDS, OPTIONS_PRIVILEGES, OPTIONS_COMPLETION,
};

enum options_view {
	OPTIONS_WATCH, OPTIONS_PACKETS, OPTIONS_HANDSHAKES, OPTIONS_CONNECTIONS, OPTIONS_REPORT,
	OPTIONS_SOCKETS, OPTIONS_GRAPH, OPTIONS_VIEWS,
};

enum options_format {
	OPTIONS_SCREEN, OPTIONS_TEXT, OPTIONS_JSON, OPTIONS_CSV, OPTIONS_TSV, OPTIONS_ZEEK, OPTIONS_HTML,
	OPTIONS_SVG, OPTIONS_FORMATS,
};

enum options_backend { OPTIONS_BEST, OPTIONS_NATIVE, OPTIONS_LIBPCAP };
enum options_direction { OPTIONS_INOUT, OPTIONS_IN, OPTIONS_OUT };

enum options_color { OPTIONS_COLOR_AUTO, OPTIONS_COLOR_ALWAYS, OPTIONS_COLOR_NEVER };

struct options {
	enum options_action action;
	enum options_view view;
	enum options_format format;

	const char *files[OPTIONS_SOURCES];
	unsigned n_files;
	const char *interfaces[OPTIONS_SOURCES];
	unsigned n_interfaces;
	char filter[OPTIONS_FILTER];      /* "" where there is none */
	const char *words[OPTIONS_WORDS]; /* of the filter, where it came as words */
	unsigned n_words;
	const char *filter_file;          /* -F, to be read by the caller; or NULL */

	const char *netns;    /* or NULL; netns_all: of that word */
	bool netns_all;
	uint64_t count;       /* -c; 0: no bound */
	bool follow;          /* files: go on when they grow */
	double replay;        /* files: how many times as fast as captured; 0: at once */
	int snaplen;          /* -s; 0: default */
	bool no_promiscuous;
	int buffer_kib;       /* -B; 0: default */
	const char *link_type;
	enum options_backend backend;
	enum options_direction direction; /* -Q */
	int64_t duration_ns;  /* 0: no bound */
	size_t memory;
	const char *user;     /* -Z, or NULL */
	bool no_bpf;
	bool no_fast_path;
	unsigned threads;     /* 0: as it pays */

	const char *display_filter; /* -Y, or NULL */
	bool line_buffered;
	unsigned verbose, hex, hex_ascii, bytes; /* how often -v, -x, -X, -A */
	unsigned times;       /* how often -t */
	bool link, quiet, number; /* -e, -q, -# */
	bool no_optimize;     /* -O */
	bool absolute, ascii;
	enum options_color color;

	const char *write;    /* -w, or NULL */
	bool only_write;      /* nothing is shown beside it */
	bool print, packet_buffered;
	uint64_t rotate_bytes;
	int64_t rotate_s;
	unsigned rotate_files;

	bool shell_zsh;       /* OPTIONS_COMPLETION: for zsh, else for bash */
	bool ipv4, ipv6, unix_sockets, listen, summary, leaks; /* sockets */
	int64_t interval_ns;  /* sockets: 0: once */

	bool headless;
	unsigned width, height;
	const char *keys, *dump, *dump_attrs, *config;
	bool no_mouse;
};

/* What the parser may ask about the world. */
struct options_world {
	bool terminal;                     /* standard output is one */
	bool (*is_source)(const char *word); /* a readable file, FIFO, device */
};

/* 0, or -EINVAL with the sentence (exit 2). *o points into argv. */
int options_parse(struct options *o, int argc, char **argv, const struct options_world *world, struct error *e);

/* Grouped, only what is built. */
void options_help(FILE *to);

/* The script for a shell. */
void options_completion(FILE *to, const struct options *o);

/* A word of the filter that was probably meant as a file, or NULL. */
const char *options_path_word(const struct options *o);
/* The first word of the filter if it resembles a view's name: that name. */
const char *options_near_view(const struct options *o);

#endif
