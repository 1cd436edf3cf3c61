/* Captured frames into a file: pcapng or pcap, rotated, never half a record.
 *
 * The run hands every batch over before the engine sees it. Frames are gathered
 * in one buffer and written when it is full, when the batch is over (packet
 * buffered), or when writer_tick() finds that they have waited a second. An
 * error cuts a regular file back to its last whole record, is told once, and is
 * the writer's last word: the run goes on without it and ends incomplete.
 *
 * pcapng: a section, a description of each interface where its first frame
 * stands (one per source, interface and link type, all of one snap length, so
 * that libpcap's readers take the file too), frames with direction, comment and
 * what was lost before them, and at the end a block of statistics per interface.
 * pcap: one link type; what that format cannot hold ends the file with a sentence.
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

/* Names, the filter and the program's name must outlive the writer. */
struct writer_options {
	const char *path;            /* "-": standard output */
	enum writer_format format;   /* by name: ".pcap" is pcap, the rest pcapng */
	uint64_t rotate_bytes;       /* -C, in bytes; 0: never */
	int64_t rotate_s;            /* -G; 0: never. The name is then one for strftime(3) */
	unsigned rotate_files;       /* -W; 0: no bound. With bytes a ring; with seconds alone the end */
	bool packet_buffered;        /* -U */
	uint32_t snaplen;            /* of the interface blocks; 0: FRAME_MAX */
	const char *program;         /* "sockeye 0.1.0": shb_userappl, or NULL */
	const char *filter;          /* if_filter, or NULL */
	const char *const *inputs;   /* files that are being read: never written to */
	unsigned n_inputs;
	/* Opens a file for writing: flags as in open(2), mode 0666. -errno, and e may
	 * stay empty. NULL: open(2) itself. A process that has given up its rights
	 * asks its broker here. */
	int (*create)(void *arg, const char *path, int flags, struct error *e);
	void *create_arg;
};

struct writer_stats {
	uint64_t frames;  /* taken, and not lost by an error */
	uint64_t bytes;   /* of all files, buffered ones included */
	uint64_t files;   /* begun */
	uint64_t rounded; /* time stamps that lost digits: pcap of microseconds */
};

/* What a writer answers: 0; WRITER_FULL: the last file that -W allows is full, the
 * run ends complete; -EPIPE: the reader has left (no complaint where nothing else
 * is shown); another -errno with the sentence. After any of these but 0 it writes
 * nothing more. */
enum { WRITER_FULL = 1 };

/* Opens the first file. 0, or -errno with the sentence. source: asked for interfaces and their
 * names; must outlive the writer. With -G and files as input the name comes of the first frame's
 * time, and so does the file. */
int writer_open(struct writer **out, const struct writer_options *o, struct source *source, struct error *e);

/* A pipe is full: must the wait for its reader end? Asked every 100 ms; it still gets a second then. */
void writer_stop_when(struct writer *w, bool (*stop)(void *arg), void *arg);

int writer_batch(struct writer *w, const struct frame *f, unsigned n, struct error *e);

/* Ten times a second, or as often as one can: writes what has waited for a
 * second, and finds files that were removed and readers that have left. */
int writer_tick(struct writer *w, struct error *e);

/* Something waits for a tick. */
bool writer_waiting(const struct writer *w);

/* Nothing follows: statistics, flush, close. 0 also where the writer has ended before. */
int writer_finish(struct writer *w, struct error *e);

void writer_get_stats(const struct writer *w, struct writer_stats *out);

/* Closes what is open, without statistics. NULL is fine. */
void writer_free(struct writer *w);

#endif
