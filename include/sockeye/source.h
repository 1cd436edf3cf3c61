/* Where frames come from: a file, a pipe, an interface, or several of them in
 * one order of time. All look alike to the engine. */
#ifndef SOCKEYE_SOURCE_H
#define SOCKEYE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sockeye/error.h"
#include "sockeye/frame.h"

enum { SOURCE_BATCH = 512, SOURCE_MAX = 64 };

struct source_stats {
	const char *name;        /* file or interface; foreign: escape it. "-" for stdin */
	const char *format;      /* "pcap", "pcapng", "live" */
	const char *compression; /* "gzip", "zstd", or NULL */
	uint64_t frames;         /* read so far, before the filter */
	uint64_t filtered;       /* of them, not passed by the filter */
	uint64_t damaged;        /* records or blocks skipped or cut */
	uint64_t drops;          /* lost by the kernel (live) or said by the file */
	bool drops_known;        /* drops means something */
	bool complete;           /* the end was reached and nothing was damaged */
	bool gone;               /* live: the interface vanished, or capturing it failed */
	bool added, taken_off;   /* live: source_add_interface(), source_take_off() */
	bool fine;               /* time stamps finer than 1 us */
	uint64_t bytes_read, bytes_total; /* of a file as it lies there: for progress; total 0: unknown */
	uint64_t bytes;          /* of the capture read so far, uncompressed */
	size_t held;             /* memory that decompressing holds */
	char problem[256];       /* a sentence with the position, or "" */
	bool problem_told;       /* and a note has said it already */
};

/* Something that happened to the capture, for people: a link went down, frames
 * were lost, this process did not run for a while. */
struct source_note {
	int64_t ts_ns;   /* wall clock */
	char text[200];  /* a sentence without its end, printable: "eth0: link down" */
};

struct loans; /* below */

enum { SOURCE_AGAIN = (1 << 20) + 64 }; /* bytes of the longest record, and its comment */

/* A frame that is read again; what it points to lies in bytes. */
struct source_again {
	uint8_t *bytes;     /* the caller's, SOURCE_AGAIN of them */
	struct frame frame; /* without a number; of a simple packet without its time */
	char interface[64]; /* its name, foreign; "" unknown */
};

struct source {
	const char *kind;
	int fd;  /* readable when next_batch() may have something; -1: never blocks */
	int ask_ms; /* ask again after that time though fd is not readable; 0: no need */
	/* Live, and next_batch() has just said 0: for so many ms it may be left alone, though packets come as they came;
	 * there is room for many times as many. 0: it may not. */
	int rest_ms;
	bool live;
	bool replay; /* live, but of files: source_replay() */
	/* Of pipes, kept by next_batch(): bytes that have arrived, and the time of the
	 * last frame that was read, also where it did not pass the filter. */
	uint64_t arrived;
	int64_t reached_ns;
	/* Lend up to n frames until the next call. Returns their count, 0: none
	 * yet (poll fd; where fd is -1: nothing passed the filter so far, call
	 * again), -ENODATA: the end, complete or not (stats tell). Other negative
	 * numbers: this source is broken, stats().problem says why (-EPROTO: a
	 * pipe turned out not to be a capture; -ENODEV: the interface is gone). */
	int (*next_batch)(struct source *s, struct frame *out, unsigned n);
	/* Stats of the index-th source under this one (a merge has several);
	 * false: no such index. */
	bool (*stats)(struct source *s, unsigned index, struct source_stats *out);
	/* The next thing to tell, false: nothing new. May be NULL. Asked after every
	 * next_batch() and whenever fd was readable. */
	bool (*note)(struct source *s, struct source_note *out);
	/* Live: another capture filter from now on, NULL: none. 0 or -EINVAL with the
	 * reason in e, and the old one stays. Numbers only: names are not looked up
	 * once rights are dropped; at most 200 characters. May be NULL. */
	int (*filter)(struct source *s, const char *words, struct error *e);
	/* Live: take nothing more in. What was taken in until now is still to be
	 * read, then next_batch() says -ENODATA, within 100 ms; then stats() count
	 * everything: taken in = frames + drops. May be NULL. */
	void (*finish)(struct source *s);
	/* Live: after next_batch() has said -ENODATA: gives back what it captured with; stats and names stay. May
	 * be NULL. */
	void (*shut)(struct source *s);
	/* Live: now, in the time of its frames: the wall clock, going on evenly where
	 * somebody set it meanwhile. May be NULL: the wall clock. */
	int64_t (*now)(struct source *s);
	/* Files: from now on frames are lent until l has them back. Then 0 from next_batch()
	 * may mean that too many are out. Before the first next_batch(); l outlives the
	 * source. False, or NULL: frames are lent until the next call, and no longer. */
	bool (*lend)(struct source *s, struct loans *l);
	/* Read the frame once more whose frame.source and frame.offset these were. Any thread, also
	 * while another is in next_batch(). 0; -ENOTSUP: never of this source; -ENODATA: the file is
	 * shorter now; -EBADMSG: no packet stands there; another -errno. Where rereads has a bit. */
	int (*again)(struct source *s, unsigned source, uint64_t offset, struct source_again *out);
	uint64_t rereads; /* bit i: of source i frames can be read again: a regular file, not compressed, not followed */
	/* Name of an interface ("eth0"), or NULL where the file has none. */
	const char *(*interface)(struct source *s, unsigned source, unsigned interface);
	void (*free)(struct source *s);
};

/* ---- frames that are lent for longer: for who reads ahead --------------------- */

/* Batches are counted from 1 in the order in which they were got. Bounded: 4 MiB are
 * out at most, or one buffer. */
int loans_open(struct loans **out, struct error *e);
void loans_free(struct loans *l);
/* The reading thread: one more batch was got from next_batch(). */
void loans_gave(struct loans *l);
/* The reading thread, where next_batch() gave 0: too many are out; one must come back first. */
bool loans_wanting(struct loans *l);
/* Any thread: the first so many batches are not needed any more. */
void loans_back(struct loans *l, uint64_t batches);

enum source_backend { SOURCE_BEST, SOURCE_NATIVE, SOURCE_LIBPCAP };
enum source_direction { SOURCE_INOUT, SOURCE_IN, SOURCE_OUT };

struct source_options {
	const char *const *files;      /* "-" is standard input */
	unsigned n_files;
	const char *const *interfaces; /* "any" is one */
	unsigned n_interfaces;
	const char *filter;            /* BPF words joined, or NULL */
	bool follow;                   /* regular files: wait where they end */
	size_t memory;                 /* what decompressing all files may hold; 0: 128 MiB each */
	size_t unpack_ahead;           /* regular files, compressed, of so many bytes or more: decompressed on a thread of
					* their own from the first next_batch() on; 0: none. Not where there are many files. */
	int snaplen;                   /* live; 0: default 262144 */
	bool no_promiscuous;
	int buffer_kib;                /* live; 0: default */
	const char *link_type;         /* -y, live; NULL: the default */
	bool ns;                       /* live: ask for ns time stamps */
	enum source_backend backend;   /* live; the best: the native ring where it knows the interface */
	enum source_direction direction; /* -Q, live */
	bool may_grow;                 /* source_add_interface() may be used */
	/* Where packet sockets of the native ring come from: bound to nothing, or
	 * -errno with the sentence. NULL: socket(2). A process that is going to
	 * give up its rights asks its broker here. */
	int (*packet_socket)(void *arg, struct error *e);
	void *packet_socket_arg;
};

/* Open every file and interface named, as one source. Returns 0, or:
 * -EINVAL the filter does not compile (exit 2), -ENOTSUP built without libpcap
 * (filter words: exit 2), -EPROTO not a capture file, -ENOENT, -EACCES, -EPERM
 * and others (exit 1); the error has the sentence. A filter that compiles for some
 * link types only is a note in stats().problem of that source, not an error. */
int source_open(struct source **out, const struct source_options *o, struct error *e);

/* A source that passes on what below reads when it is due, speed times as fast as it
 * was captured, and otherwise behaves as a live one: time goes on between frames, and
 * now() is their time. below is taken over, also where that fails. -errno with the
 * sentence. */
int source_replay(struct source **out, struct source *below, double speed, struct error *e);

/* From now on the names of hosts, ports, networks and protocols in a filter
 * cannot be looked up (rights are dropped); what is refused for one says so. */
void source_close_names(void);

/* -O: from now on filters are compiled without libpcap's optimizer. Before the first
 * is. */
void source_no_optimize(void);

/* A running source that was opened with may_grow takes one more interface, by
 * the native ring, with o's options for live sources; packet_fd is a packet
 * socket bound to nothing (the broker's), taken over also when it fails. 0, or
 * -errno with the sentence: -E2BIG there are SOURCE_MAX, -ENOTSUP it may not
 * grow or the ring does not know the interface. Between two next_batch() only.
 * What no longer can be done without rights is not tried: names in filters. */
int source_add_interface(struct source *s, int packet_fd, const char *name, const struct source_options *o,
			 struct error *e);

/* An interface that was added is captured no more: what was taken in until now is still read, then its ring and
 * its socket are given back; its numbers stay in stats(), and go on there where it is added again. 0, or -errno with
 * the sentence: -ENOENT there is none of that name, -EPERM it was not added. Between two next_batch() only. */
int source_take_off(struct source *s, const char *name, struct error *e);

/* -L: the link types of an interface, one line each, through the callback. */
int source_list_link_types(const char *interface, void (*line)(void *arg, const char *text), void *arg,
			   struct error *e);

/* Print -D's list to a FILE through the callback, one line an interface. */
int source_list_interfaces(void (*line)(void *arg, const char *text), void *arg, struct error *e);

/* False where built without libpcap: then BPF words do not work, and -i only with
 * what the native ring knows. */
bool source_has_live(void);
const char *source_libpcap_version(void);
/* Version of the library that reads files compressed so ("gzip", "zstd"), or
 * NULL: not built in. */
const char *source_inflate(const char *compression);

#endif
