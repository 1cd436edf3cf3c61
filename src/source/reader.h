/* One capture file being read: what its two formats share.
 *
 * file.c owns the reader: it finds the format, runs the filter and counts;
 * pcap_file.c and pcapng.c read one record or block at a time.
 */
#ifndef SOURCE_READER_H
#define SOURCE_READER_H

#include "bpf.h"
#include "follow.h"
#include "input.h"
#include "sockeye/source.h"

/* What a format answers for one step; negative: the end, -ENODATA or -errno. */
enum reader_step {
	READER_WAIT = 0,  /* nothing arrived yet, or the buffer must not move */
	READER_FRAME = 1, /* *f is filled */
	READER_OTHER = 2, /* something else was read: go on */
};

struct pcap_file {
	bool big, ns, modified;
	bool swapped, maybe_swapped; /* captured and original length, before 2.4 */
	uint16_t linktype;
	unsigned zeros; /* records of nothing but zeros, in a row */
};

enum {
	PCAPNG_INTERFACES = 65535,       /* of one file, all sections: what a frame's number can name; 8 MB */
	PCAPNG_SECTION_INTERFACES = 1024, /* of one section */
	PCAPNG_NAME = 64,
	LOCAL_NONE = UINT16_MAX,         /* an interface that found no room */
	PCAPNG_CHAINS = 1024,            /* to find an interface that was described before */
};

struct pcapng_interface {
	uint32_t section;    /* the last one that described it */
	uint32_t snaplen;    /* 0: no limit */
	int64_t offset_s;    /* if_tsoffset */
	uint64_t said_drops; /* the largest total of its statistics */
	uint64_t seen_drops; /* sum over its packets */
	uint16_t linktype;
	uint16_t next;       /* of its chain, index + 1, or 0 */
	uint8_t resolution;  /* if_tsresol as the file has it */
	uint32_t unit_ns;    /* where a unit is that many ns, for pcapng_run(); else 0 */
	uint64_t units_max;  /* and times up to here are within range */
	char name[PCAPNG_NAME];
};

struct pcapng {
	bool big;
	bool skipping;        /* a section whose version is unknown */
	uint32_t section;     /* 1, 2, 3 ... */
	uint32_t skipped_len; /* length of a block that was stepped over; 0: none */
	uint64_t skipped_at;
	unsigned interfaces, capacity; /* of the file */
	struct pcapng_interface *interface;
	uint64_t drops;                /* of all interfaces */
	struct { uint16_t first, last; } chain[PCAPNG_CHAINS]; /* indexes + 1, or 0 */
	unsigned locals; /* of the section: its ids, as indexes of the file's */
	uint16_t local[PCAPNG_SECTION_INTERFACES];
	struct again_past *past; /* sections that were read, for again.c; or NULL */
};

struct reader {
	struct source s; /* first: a source is cast back to its reader */
	struct input in;
	struct follow follow; /* .fd -1: the file ends where it ends */
	int64_t replaced_ns;  /* since when another file has the name; 0: none has */
	bool gone, gone_said; /* no file has the name */
	size_t window;      /* of a compressed file, at most */
	bool unpack_ahead;  /* from the first batch on, on a thread of its own */
	struct bpf *filter; /* or NULL */
	char *name;
	char title[116];    /* the name, printable, for sentences; of a compressed file ", uncompressed" */
	int ended;          /* 0, or what every further call answers */
	bool damage_said;   /* stats.problem is about damage, not a note */
	int64_t last_ns;    /* time of the previous frame */
	struct source_stats stats;
	int (*next)(struct reader *r, struct frame *f, bool may_move); /* NULL: no header yet */
	/* At once, of those that stand in the buffer in full and are as they should be, up to n frames; where
	 * there is anything else, or a clock that steps back, it stops, and next() has that one. NULL: only next(). */
	unsigned (*run)(struct reader *r, struct frame *f, unsigned n);
	struct pcap_file pcap;
	struct pcapng ng;
};

struct reader_options {
	size_t buffer; /* first size of the input's buffer; 0: the usual one */
	size_t window; /* what decompressing may keep of the past; 0: 128 MiB */
	bool follow;   /* a regular file: wait where it ends */
	size_t ahead;  /* compressed files of that size or more are decompressed on a thread of their own; 0: none */
};

/* Open a capture file; o NULL: as usual. Regular files: the header is read
 * here, unless it is followed and has none yet; pipes get a moment for theirs.
 * The reader owns fd and filter, also when it fails. */
int reader_open(struct source **out, int fd, const char *name, struct bpf *filter, const struct reader_options *o,
		struct error *e);

/* The link type, where the whole file has one and its header was read; else -1. */
int reader_linktype(const struct source *s);

/* Count a damage, and keep the first as the sentence: "NAME: " and the words. */
void reader_damage(struct reader *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Something to say that is no damage. */
void reader_note(struct reader *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Time from seconds and a part of one, clamped so that differences of any two
 * times fit 64 bits. */
int64_t reader_time(struct reader *r, int64_t seconds, uint64_t ns);

/* Headers: 1 read, 0 wait, -EPROTO not a capture that is read (e says why). */
int pcap_file_open(struct reader *r, bool may_move, struct error *e);
int pcapng_open(struct reader *r, bool may_move, struct error *e);
bool pcap_file_magic(const uint8_t *p);   /* 4 bytes */
bool pcapng_magic(const uint8_t *p);      /* 4 bytes */

int pcap_file_next(struct reader *r, struct frame *f, bool may_move);
int pcapng_next(struct reader *r, struct frame *f, bool may_move);
unsigned pcap_file_run(struct reader *r, struct frame *f, unsigned n);
unsigned pcapng_run(struct reader *r, struct frame *f, unsigned n);

/* Frames once more (again.c): reader_again() is source.again() of one file. What sections and interfaces
 * there were must be told as they come; the lock is for the table of interfaces, which may move. */
int reader_again(struct source *s, unsigned source, uint64_t offset, struct source_again *out);
void again_section(struct reader *r);
void again_interface(struct reader *r, uint16_t index);
void again_lock(struct reader *r);
void again_unlock(struct reader *r);
void again_close(struct reader *r);
bool pcap_file_is_plain(const struct reader *r); /* pcap_file_run() knows its records */
void pcapng_close(struct reader *r);
const char *pcapng_interface_name(const struct reader *r, unsigned interface);
uint64_t pcapng_drops(const struct reader *r, bool *known);

#endif
