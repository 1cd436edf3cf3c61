/* What happened, in a sentence: for the note beside an arrow of the ladder, and
 * for what a packet means. Our own words and figures; nothing is drawn here.
 *
 * A row alone does not know everything: how many bytes are missing before it,
 * the how manieth duplicate ACK it is. segment_read() takes that from the rows
 * before it, as far as they are at hand; what they do not tell is left out of
 * the sentence, never guessed.
 */
#ifndef TUI_SEGMENT_WORDS_H
#define TUI_SEGMENT_WORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "sockeye/query.h"
#include "sockeye/text.h"

struct segment {
	const struct packet_row *row;
	const struct flow_record *flow; /* NULL: not known */
	/* Of the rows before it; what is not known is 0. */
	bool has_delta;
	int64_t delta_ns;   /* since the row before, where has_delta */
	uint32_t gap;       /* bytes missing before it, */
	uint32_t gap_at;    /* from this number on, relative */
	int64_t late_ns;    /* it fills a hole that was noticed so long ago, or is a FIN sent first then */
	bool tail;          /* nothing behind it was sent yet */
	unsigned dup;       /* n-th duplicate ACK */
	int64_t zero_ns;    /* this side's window is zero for so long */
	int64_t open_ns;    /* it opens again, after so long */
	bool peer_zero;     /* the other side's window is zero */
	bool answers_syn;   /* a SYN/ACK of a side that had sent its SYN before: both ends open at once */
	int64_t answer_ns;  /* not TCP, of the server: since the client's last one */
	bool fills;         /* an ACK that moves on after duplicates of it */
	bool acks_fin, closes; /* it ACKs the other's FIN; the second of both */
	bool fin_sent;      /* this side's FIN was there before */
};

enum segment_weight { SEGMENT_PLAIN, SEGMENT_NOTE, SEGMENT_WARNING, SEGMENT_PROBLEM };

enum segment_size {
	SEGMENT_BRIEF, /* the first thing, in a few words: narrow screens */
	SEGMENT_LINE,  /* all that is not plain; a plain segment has no words */
	SEGMENT_WHOLE, /* the same, and words for a plain one too */
};

/* Fill out[] from rows[]; records: of their flows, as many as are known. */
void segment_read(struct segment *out, const struct packet_row *rows, unsigned n, const struct flow_record *records,
		  unsigned known);

void segment_words(struct text *t, const struct segment *s, enum segment_size size);
enum segment_weight segment_weight(const struct segment *s);
/* Is it a second sending, by all that is known? */
bool segment_again(const struct segment *s);

/* The sentence for one verdict without what only this packet knows. */
const char *segment_verdict(enum verdict v, bool brief);

/* Is it a SYN/ACK that is no repeat of its side's SYN, but the answer to the other's? */
bool segment_answers(const struct segment *s);
/* The verdicts to be told, the grave ones (warnings and problems) or the others, in order. */
unsigned segment_said(const struct segment *s, bool grave, enum verdict order[VERDICTS]);

/* "mss 1460 sackOK ts wscale 7": what a SYN of that side offers, as the record knows it. */
void segment_offer(struct text *t, const struct flow_record *r, unsigned side);

#define SEGMENT_REPEATS                                                                      \
	(verdict_bit(VERDICT_RETRANSMISSION) | verdict_bit(VERDICT_FAST_RETRANSMISSION) |    \
	 verdict_bit(VERDICT_SPURIOUS_RETRANSMISSION))

/* When a row ends: a run with its last segment. */
static inline int64_t segment_end_ns(const struct packet_row *r)
{
	int64_t end;

	return r->folded == 0 ? r->ts_ns : __builtin_add_overflow(r->ts_ns, r->folded_ns, &end) ? INT64_MAX : end;
}

static inline bool segment_has(const struct segment *s, enum verdict v)
{
	return (s->row->verdicts & verdict_bit(v)) != 0;
}

#endif
