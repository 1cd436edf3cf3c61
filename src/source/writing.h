/* The writer's inside: what its files share.
 *
 * writer.c takes batches, keeps the buffer, and cuts files back; writer_file.c opens,
 * names and closes them; writer_pcapng.c and writer_pcap.c put records into the
 * buffer.
 */
#ifndef SOURCE_WRITING_H
#define SOURCE_WRITING_H

#include <string.h>
#include <sys/types.h>

#include "sockeye/writer.h"

enum {
	WRITER_BUFFER = 512 << 10,
	WRITER_INTERFACES = 1024, /* of one section: what readers keep, ours included */
	WRITER_SLOTS = 4096,      /* to find them; a power of two */
	WRITER_PATH = 4096,
	WRITER_INPUTS = SOURCE_MAX,
};

/* One interface of the section that is being written. */
struct writing_interface {
	uint16_t source, interface, linktype;
	bool fine;            /* times in ns, not in us */
	bool early;           /* times before 1970: counted from WRITING_EARLY_S */
	uint64_t frames, lost;
	int64_t first_ns, last_ns;
};

struct writing_kind {
	/* Put one frame into the buffer; 0 or the writer's end. */
	int (*frame)(struct writer *w, const struct frame *f, struct error *e);
	/* The end of a file that is whole. */
	int (*end)(struct writer *w, struct error *e);
	/* Length of the record at p, of which `left` bytes are there; *frames grows if it is one.
	 * 0: less than its head is there. */
	size_t (*record)(const struct writer *w, const uint8_t *p, size_t left, bool first, uint64_t *frames);
	/* A new file begins. */
	void (*begin)(struct writer *w);
	/* Its header, before there is a frame; NULL where that has to be known first. */
	int (*head)(struct writer *w, struct error *e);
};

extern const struct writing_kind writing_pcapng, writing_pcap;

struct writer {
	struct writer_options o;
	struct source *source;
	const struct writing_kind *kind;
	bool live;
	bool ended;             /* closed for good */

	bool (*stop)(void *arg);
	void *stop_arg;

	/* The file. */
	int fd;                 /* -1: none is open */
	bool regular, pipe;
	bool own;               /* opened here: not standard output */
	bool stale;             /* it is as it was found: to be emptied */
	uint64_t base;          /* where our first byte stands in it */
	uint64_t size;          /* written to it since */
	char path[WRITER_PATH]; /* its name now */
	char stem[WRITER_PATH]; /* the same without the number of -C */
	char title[128];        /* printable, for sentences */
	unsigned number;        /* -C: of the name; -G: files so far */
	int64_t begun_s;        /* -G: when this one began */
	unsigned n_inputs;
	struct { dev_t device; ino_t inode; } input[WRITER_INPUTS];

	/* What is not written yet. */
	uint8_t *buffer;
	size_t used;
	uint64_t buffered;      /* frames among it */
	int64_t flushed_ns;     /* monotonic: when the buffer was last empty */
	int64_t looked_ns;      /* monotonic: when the file was last looked at */

	struct writer_stats stats;

	/* pcapng: the section's interfaces; pcap: the file's link type. */
	bool headed;            /* the file's header is in the buffer or written */
	unsigned n;
	unsigned last;          /* the interface of the frame before */
	struct writing_interface *interface;
	uint16_t *slot;         /* index + 1, or 0 */
	int64_t opened_ns;      /* live: wall clock */
	int64_t last_ns;        /* time of the last frame */
	bool last_file;            /* nothing follows the one that is being ended */
	uint64_t said[SOURCE_MAX];  /* losses of each source that stand in statistics */
	uint64_t ahead[SOURCE_MAX]; /* of them, those that a packet may still tell */
	struct { uint16_t linktype, interface; } seen[SOURCE_MAX]; /* of its last packet */
	bool fine;
	uint16_t linktype;
};

/* ---- writer.c ----------------------------------------------------------- */

/* Room for n more bytes in the buffer, n at most its size; NULL: writing failed, *rc says how. */
uint8_t *writing_room(struct writer *w, size_t n, int *rc, struct error *e);

int writing_flush(struct writer *w, struct error *e);

/* Now the file loses what it had before this run. */
int writing_empty(struct writer *w, struct error *e);

/* What the format cannot hold: the file is made whole, the writer ends, -EINVAL with the sentence. */
int writing_refuse(struct writer *w, struct error *e, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Ends the writer and closes the file as it is; gives -why. */
int writing_end(struct writer *w, int why);

/* Wall clock of a live run, else the frame's time; in seconds, for rotation. */
int64_t writing_now_s(const struct writer *w, const struct frame *f);

/* ---- writer_file.c ---------------------------------------------------------- */

/* The first file, or the next one of a rotation. now_s: for the name. */
int writing_open(struct writer *w, int64_t now_s, struct error *e);

/* Another file before the next frame, where it is time for one. 0, WRITER_FULL, or -errno. */
int writing_rotate(struct writer *w, int64_t now_s, struct error *e);

/* -G with -W: the last file's time is over. */
bool writing_over(const struct writer *w, int64_t now_s);

/* Its end, flush, close. */
int writing_whole(struct writer *w, struct error *e);

/* Was the file removed or changed by another process? 0, or the end. */
int writing_look(struct writer *w, struct error *e);

/* ---- bytes ------------------------------------------------------------------- */

static inline uint8_t *writing_u16(uint8_t *p, uint16_t v)
{
	memcpy(p, &v, sizeof v); /* the machine's order: the file's header says which */
	return p + sizeof v;
}

static inline uint8_t *writing_u32(uint8_t *p, uint32_t v)
{
	memcpy(p, &v, sizeof v);
	return p + sizeof v;
}

static inline uint8_t *writing_bytes(uint8_t *p, const void *from, size_t n)
{
	if (n > 0)
		memcpy(p, from, n);
	return p + n;
}

/* What a frame looks like in a file: its bytes, in which the tag stands again
 * that the kernel took out, and never more than the snap length. */
struct writing_view {
	uint32_t caplen, wirelen;
	uint32_t head;   /* bytes before the tag */
	uint32_t tag;    /* 0, or 4: bytes of it that are kept */
	uint8_t tag_bytes[4];
};

void writing_view(const struct writer *w, const struct frame *f, struct writing_view *out);
uint8_t *writing_frame_bytes(uint8_t *p, const struct frame *f, const struct writing_view *v);

#endif
