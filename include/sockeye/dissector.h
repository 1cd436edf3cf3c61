/* The contract of a dissector, and of the loop that runs them.
 *
 * A dissector is one file in dissectors/ and one line in dissectors.def. It
 * reads one layer at the cursor, leaves the cursor at its payload, and calls
 * packet_next() if something follows. It does no printing, takes no memory,
 * has no clock and no globals: the same bytes in give the same packet out.
 * The loop turns a cursor fault into DISSECT_CUT or DISSECT_BAD by itself.
 */
#ifndef SOCKEYE_DISSECTOR_H
#define SOCKEYE_DISSECTOR_H

#include "sockeye/descriptor.h"
#include "sockeye/error.h"
#include "sockeye/packet.h"

struct bind {
	enum table table; /* TABLE_NONE ends the list */
	uint32_t key;
};

/* What a payload dissector may know about its conversation. */
struct talk {
	const struct dissector *known; /* the application, once it is known; else NULL */
	bool from_client;
	bool first;                    /* first payload of this direction */
	bool gap;                      /* bytes are missing before this payload */
	/* What the other side said first, in order, while nobody knows what it
	 * is: evidence. Lent; NULL: nothing, or known. */
	const uint8_t *other;
	uint32_t other_len;
};

struct dissector {
	const char *name;      /* "dns": one lower-case word, unique */
	const char *title;     /* "Domain Name System" */
	const char *reference; /* "RFC 1035" */
	const struct bind *binds;
	/* The line that says what a packet does, for `packets`: words, {key} for
	 * the text of a field, [ ] around what goes if a key in it is absent,
	 * e.g. "{dns.flags.response} {dns.qry.type}[ {dns.qry.name}]". */
	const char *info;
	/* Of what stands before the network layer: the same for the link header's words
	 * (packets -e), of this layer's rows alone, "ethertype {eth.type}". Else NULL. */
	const char *link;
	enum dissect_result (*dissect)(struct cursor *c, struct packet *p);
	/* Or NULL. Of one whom what it binds would have asked about nearly everything: the same
	 * of all n bytes that are here, at least one. False: nothing is taken, nor more wanted. */
	bool (*perhaps)(const uint8_t *at, size_t n);
};

/* ---- the loop ----------------------------------------------------------- */

struct dissect_options {
	size_t fragment_memory;      /* bytes for reassembly; 0: default (4 MiB) */
	int64_t fragment_timeout_ns; /* 0: default (30 s, RFC 8200 allows 60) */
};

struct dissect_stats {
	uint64_t fragments;           /* fragments seen */
	uint64_t reassembled;         /* datagrams made whole */
	uint64_t fragments_forgotten; /* datagrams given up: time or memory */
	uint64_t fragment_overlaps;   /* datagrams dropped, RFC 5722 */
	uint64_t unknown_link;        /* frames of a link type that we do not read */
	uint16_t unknown_link_type;   /* the first of them */
	uint64_t cut, bad;            /* packets with a cut or malformed layer */
	uint64_t steps;               /* of the frames' budgets: counted work */
	uint64_t fragment_steps;      /* datagrams and pieces looked at: counted work */
	uint64_t fragment_bytes;      /* compared or copied to put fragments together: counted work */
};

struct dissect;

int dissect_open(struct dissect **out, const struct dissect_options *o, struct error *e);
void dissect_free(struct dissect *d);

/* A new batch begins: reassembled datagrams of the last one are forgotten. */
void dissect_batch(struct dissect *d);

/* Link to transport, through tunnels, fragments put together. Fills facts,
 * layers, payload, and rows if p->want_fields; the packet must have been reset
 * with its frame. Time of fragments is the frame's. */
enum dissect_result dissect_headers(struct dissect *d, struct packet *p);

enum headers_stack { HEADERS_VLAN = 1, HEADERS_IPV6 = 2, HEADERS_UDP = 4, HEADERS_STACKS = 8 };
enum { HEADERS_LAYERS = 4, HEADERS_VLANS = 2 };

/* What common headers are, beside the descriptor. */
struct headers {
	uint16_t vlan[HEADERS_VLANS];
	uint16_t steps; /* counted work, for dissect_count_steps() */
	uint8_t vlans;
	uint8_t stack;  /* enum headers_stack */
};

/* The common headers at once (headers.c): Ethernet, VLAN tags, IP, TCP or UDP. True:
 * with headers_path(), *d is what dissect_headers() and descriptor_fill() make of the
 * frame, byte for byte; nothing else is to be said of it. False: declined; *d and *h
 * mean nothing. Nothing else was written, and what is read never changes: any thread. */
bool headers_read(const struct frame *f, struct descriptor *d, struct headers *h);
/* The same of n frames; is[]: what it said of each. */
void headers_read_batch(const struct frame *f, unsigned n, struct descriptor *d, struct headers *h, bool *is);

/* The number of the way it came, in the order of packets: false: it has none yet, and
 * the frame is declined. */
bool headers_path(const struct headers *h, struct paths *paths, struct descriptor *d);

void dissect_count_steps(struct dissect *d, uint64_t steps);

/* The layers of a stack, each once; how many. */
unsigned headers_layers(unsigned stack, const struct dissector *by[HEADERS_LAYERS]);

/* Above the transport: t->known if it is set, else every guesser of the
 * transport, in the order of dissectors.def. DISSECT_NOT_MINE: nobody knows. */
enum dissect_result dissect_payload(struct dissect *d, struct packet *p, const struct talk *t);

/* The same with bytes of the stream that p belongs to, in order from the
 * beginning of its direction: they become p's BUFFER_STREAM, lent until the
 * batch ends, and rows point there. More follow or may follow. */
enum dissect_result dissect_stream(struct dissect *d, struct packet *p, const struct talk *t,
				   const uint8_t *bytes, uint32_t len);

/* Of the payload of a datagram or segment, n bytes that are here, of a conversation of which
 * nothing is known: false, if dissect_payload() would say no more than NOT_MINE, and want none. */
bool dissect_anybody(uint8_t proto, const uint8_t *at, size_t n);

const struct dissect_stats *dissect_stats(const struct dissect *d);

/* The version of zlib that inflates IPComp; NULL where built without. */
const char *dissect_zlib(void);

/* The dissectors in the order of dissectors.def; ends with NULL. */
const struct dissector *const *dissect_list(void);
const struct dissector *dissect_by_name(const char *name);
/* Index in dissect_list(), for counters; dissect_count() of them. */
unsigned dissect_index(const struct dissector *by);
unsigned dissect_count(void);

#endif
