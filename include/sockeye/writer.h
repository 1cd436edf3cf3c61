/* Captured frames into a file: pcapng or pcap, rotated, never half a record.
 *
 * The run hands every batch over before the engine sees it. What is written is
 * flushed when the batch is over if the writer is packet-buffered, else by
 * blocks. An error cuts a regular file back to its last whole record, is told
 * once, and is the writer's last word: the run goes on without it and ends
 * incomplete.
 */
#ifndef SOCKEYE_WRITER_H
#define SOCKEYE_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "sockeye/error.h"
#include "sockeye/frame.h"
#include "sockeye/source.h"

struct writer;

enum writer_format { WRITER_BY_NAME, WRITER_PCAPNG, WRITER_PCAP };

struct writer_options {
	const char *path;            /* "-": standard output */
	enum writer_format format;   /* by name: ".pcap" is pcap, the rest pcapng */
	uint64_t rotate_bytes;       /* -C, in bytes; 0: never */
	int64_t rotate_ns;           /* -G; 0: never */
	unsigned rotate_files;       /* -W; 0: no bound */
	bool packet_buffered;        /* -U */
	unsigned snaplen;            /* of the interface blocks */
	const char *program;         /* "sockeye 0.1.0": shb_userappl */
	const char *filter;          /* if_filter, or NULL */
	/* Opens a file for writing: flags as in open(2). NULL: open(2) itself. A
	 * process that has given up its rights asks its broker here. */
	int (*create)(void *arg, const char *path, int flags, struct error *e);
	void *create_arg;
};

/* 0, or -errno with the sentence. source: asked for interfaces and their names. */
int writer_open(struct writer **out, const struct writer_options *o, struct source *source, struct error *e);

/* 0, or what ended the writer (e has the sentence); then only close it. */
int writer_batch(struct writer *w, const struct frame *f, unsigned n, struct error *e);

/* Nothing follows: counters of the sources into the statistics blocks, flush,
 * close. 0 or -errno: not all of it was written. Frees w in any case. */
int writer_close(struct writer *w, struct error *e);

#endif
