/* The display filter: words to a small program that is asked of flows or of
 * packets.
 *
 *   port:443 state:syn_sent rtt>50ms !dst:10.0.0.0/8
 *   tcp.flags.syn == 1 and (ip.src == 192.0.2.1 or tls)
 *
 * One language, two scopes. FLOWS asks the keys of the flow record; PACKETS
 * asks the rows of a packet (packets -v), its verdicts, and the record of its
 * flow as it was when the packet had been taken in. The language is told in
 * docs/filter.md; filter_field() lists every name.
 *
 * A condition is NAME RELATION VALUE. The relation `:` is the natural one of
 * the name: text contains, address lies in a prefix, number equals, one of a
 * list is. What is unknown (an absent key, a row that is not there) fulfils no
 * comparison, != neither; so ! of it is true. Where a name has several values
 * (both sides of a pair, both addresses, a row in two layers) one that fits is
 * enough; for != none may equal. A word alone is looked for in what a person
 * sees of the flow; in PACKETS, if it names a protocol or a row, it asks for
 * that.
 *
 * The compiled program is a list of tests and forward jumps with one truth
 * value: it takes no memory, has no recursion, and ends after at most as many
 * steps as it is long. Patterns (~) are matched without backtracking. Sizes
 * are bounded: FILTER_TEXT bytes, FILTER_TESTS conditions, FILTER_DEPTH
 * parentheses.
 */
#ifndef SOCKEYE_FILTER_H
#define SOCKEYE_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sockeye/event.h"
#include "sockeye/record.h"
#include "sockeye/socket_record.h"

/* SOCKETS is another language, of socket_words.h. */
enum filter_scope { FILTER_FLOWS, FILTER_PACKETS, FILTER_SOCKETS };

enum { FILTER_TEXT = 65536, FILTER_TESTS = 1024, FILTER_DEPTH = 128 };

struct filter_error {
	unsigned column; /* in characters, from 1: where the sentence points */
	char text[240];  /* what is wrong and what to do; foreign text escaped */
};

struct filter;

/* 0; -EINVAL with *e filled; -ENOMEM likewise. A text of blanks passes all. */
int filter_compile(struct filter **out, const char *text, enum filter_scope scope, struct filter_error *e);
void filter_free(struct filter *f); /* NULL is allowed */

/* Of a filter compiled for FLOWS. */
bool filter_flow(const struct filter *f, const struct flow_record *r);
/* Of one compiled for PACKETS: an EVENT_PACKET. Rows must have been wanted. */
bool filter_packet(const struct filter *f, const struct event *ev);

/* Of one compiled for SOCKETS. */
bool filter_socket(const struct filter *f, const struct socket_table *t, const struct socket_record *s);

/* Which keys of the record it reads, as bits like struct flow_record's: whoever
 * fills only these gets the same answer. */
void filter_needs(const struct filter *f, uint64_t keys[2]);

/* ---- for people ----------------------------------------------------------- */

/* A name of the language. */
struct filter_field {
	const char *name, *meaning;
	const char *type;   /* "number", "duration", ... */
	bool flows, packets; /* where it can be asked */
	bool row;           /* named by a dissector: a row of packets -v */
	bool again;         /* a name that the list had before, which is the one meant */
};

/* The names: first the words, then the record's keys, then rows. False: there
 * is no i-th. */
bool filter_field(unsigned i, struct filter_field *out);

enum { FILTER_OFFERS = 32, FILTER_OFFER_TEXT = 64 };

struct filter_offer {
	char text[FILTER_OFFER_TEXT]; /* what stands for the bytes from..cursor */
	const char *meaning;
};

/* What could stand at the cursor (a byte offset): names, values where the name
 * has a list of them, "and" and "or" behind a condition. Returns how many of at
 * most `most`; *from is where the word begins that they replace. */
unsigned filter_complete(const char *text, size_t cursor, enum filter_scope scope, struct filter_offer *out,
			 unsigned most, size_t *from);

/* Where that filter finds nothing and has a word alone that begins a number's name: the condition that may have been
 * meant, `retrans>0`. False: none. */
bool filter_hint(struct text *t, const char *text, enum filter_scope scope);

/* The line that a word alone is looked for in: endpoints, state, protocol,
 * service, tunnel, server name. Not processes, who may change while no packet comes: process:NAME asks for them. */
enum { FILTER_VISIBLE = 768 };
void filter_visible(struct text *t, const struct flow_record *r);

#endif
