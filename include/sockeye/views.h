/* The outputs without a screen: connections, handshakes, packets, report, as
 * text, JSON Lines, CSV or TSV; connections as Zeek's conn.log, too.
 *
 * A view is an observer that writes to one descriptor. It reads events, the
 * record field table, packet rows and tuples; what only a source knows comes
 * through struct views_sources, which main fills from the source's stats.
 *
 * An observer's event returns -errno once writing failed, so that the run
 * stops: -EPIPE is the silent end, anything else is the caller's sentence.
 */
#ifndef SOCKEYE_VIEWS_H
#define SOCKEYE_VIEWS_H

#include <stdbool.h>
#include <stdint.h>

#include "sockeye/error.h"
#include "sockeye/event.h"

struct filter;

enum view_kind { VIEW_CONNECTIONS, VIEW_HANDSHAKES, VIEW_PACKETS, VIEW_REPORT };
/* How packets tell the time, in text: tcpdump's -t so many times. */
enum view_time { VIEW_TIME_OF_DAY, VIEW_NO_TIME, VIEW_EPOCH, VIEW_SINCE_LAST, VIEW_DATE, VIEW_SINCE_FIRST };
/* What packets show of their bytes, in text: -x, -X, -A. */
enum view_bytes { VIEW_NO_BYTES, VIEW_HEX, VIEW_HEX_ASCII, VIEW_ASCII };
enum view_format { VIEW_TEXT, VIEW_JSON, VIEW_CSV, VIEW_TSV, VIEW_ZEEK };

/* What a source says of itself; valid during the call that asked. */
struct views_source {
	const char *name;   /* foreign */
	const char *format; /* "pcap", "pcapng", "live" */
	const char *compression;    /* "gzip", "zstd", or NULL */
	uint64_t bytes, file_bytes; /* read of it, uncompressed and as they lie in the file */
	uint64_t frames, filtered;
	uint64_t damaged, drops;
	bool drops_known;
	bool complete;
	const char *problem; /* a sentence, escaped; "" where there is none */
};

/* Asked at any time from an event; any of them may be NULL. */
struct views_sources {
	bool (*source)(void *arg, unsigned index, struct views_source *out);
	const char *(*interface)(void *arg, unsigned source, unsigned interface);
	bool (*fine)(void *arg); /* does any source have times finer than 1 us */
	void *arg;
};

struct views_options {
	enum view_kind view;
	enum view_format format;
	int fd;            /* written to, not closed */
	bool live;         /* nine decimals always */
	bool flush;        /* write each record at once */
	bool ascii;        /* no byte above 0x7e */
	bool absolute;     /* -S: sequence numbers as on the wire */
	unsigned verbose;  /* -v: layers and their fields */
	enum view_time time;
	enum view_bytes bytes; /* those after the link header, or all: */
	bool bytes_of_link;
	bool link;         /* -e: the link header in the line */
	bool quiet;        /* -q: less of TCP and UDP */
	bool number;       /* -#: the packet's number leads the line */
	struct views_sources sources;
	/* -Y: only what fits is written; of packets for VIEW_PACKETS, else of flows.
	 * Lent until the observer is closed; NULL: all. */
	const struct filter *filter;
	const char *filter_text; /* as it was written, foreign */
};

/* Fill *out, to be given to engine_observe() and closed by the engine. */
int views_open(struct observer *out, const struct views_options *o, struct error *e);

#endif
