/* What a field of a packet says, in plain words: one or two sentences for the
 * line under the bytes.
 *
 * Works on what an answer holds (query.h): a line of the layers, the packet's
 * row, the record of its flow. Words are ours; text of the packet is repeated
 * only where the line has it, printable already. Where nothing more is known
 * than the name that the number has, that is what it says.
 */
#ifndef TUI_MEANS_H
#define TUI_MEANS_H

#include <stdbool.h>
#include <stdint.h>

#include "sockeye/query.h"
#include "sockeye/text.h"

enum { MEANS_TEXT = 640 }; /* no sentence is longer */

/* How much a verdict weighs for who looks for what is wrong. */
enum means_weight { MEANS_PLAIN, MEANS_WARNING, MEANS_PROBLEM };

struct means_verdict {
	const char *words; /* "retransmission": for a list */
	enum means_weight weight;
	const char *think; /* what to think of it */
};

extern const struct means_verdict means_verdicts[VERDICTS];

/* Those of a weight and more, as verdict_bit(). */
uint64_t means_of_weight(enum means_weight least);
/* The heaviest of a set; MEANS_PLAIN for none. */
enum means_weight means_weight(uint64_t verdicts);
/* A row's verdicts but for those that are known to be none. */
uint64_t means_said(const struct packet_row *r);
/* Their words with commas between, the heaviest first; those of the weight `least` and more. An
 * exact one that says what another says better is left out. */
void means_words(struct text *t, uint64_t verdicts, enum means_weight least);
/* All of one verdict: what it says, and what to think of it. */
void means_verdict(struct text *t, enum verdict v);

/* Any of the 512 combinations (enum tcp_flag). accurate: the connection has
 * agreed to accurate ECN, so that three of them are a counter. */
void means_flags(struct text *t, unsigned flags, bool accurate);

struct means_of {
	const struct packet_detail *detail;
	const struct flow_record *flow; /* or NULL */
	bool ended;                     /* nothing more will come */
};

/* Of one line; layer: the line of its layer, or itself. Always says something. */
void means_line(struct text *t, const struct means_of *of, const struct detail_line *line,
		const struct detail_line *layer);

/* The states of both ends once this segment has arrived (RFC 9293 3.3.2), as far
 * as it and the record tell; nothing otherwise. */
void means_states(struct text *t, const struct packet_row *row, const struct flow_record *flow);

/* ---- between the files of means ------------------------------------------ */

/* means_tcp.c: numbers of a TCP header that take arithmetic. False: not one of them. */
bool means_tcp(struct text *t, const struct means_of *of, const struct detail_line *line);
/* means_ip.c: time to live, code points, flags, addresses of links. */
bool means_ip(struct text *t, const struct detail_line *line);
/* means_table.c: sentences for values, and for fields whatever their value; NULL: none. */
const char *means_value(const char *key, uint64_t value);
const char *means_field(const char *key);

#endif
