/* The table of verdicts, and a packet's verdicts in words. */
#include "sockeye/verdict.h"

const struct verdict_info verdict_info[VERDICTS] = {
#define X(id, word, sentence) [VERDICT_##id] = {word, sentence},
	VERDICT_LIST(X)
#undef X
};

#define REPEATS                                                                                      \
	(verdict_bit(VERDICT_RETRANSMISSION) | verdict_bit(VERDICT_FAST_RETRANSMISSION) |            \
	 verdict_bit(VERDICT_SPURIOUS_RETRANSMISSION))

/* A repeat to one and none to the other; out of order to one and not late to
 * the other. What only one family knows (windows, duplicates) is no difference. */
bool verdict_families_differ(const struct judgement *j)
{
	bool repeat = j->verdicts & REPEATS, late = judged(j, VERDICT_OUT_OF_ORDER);

	return repeat != judged(j, VERDICT_EXACT_RETRANSMITTED) || late != judged(j, VERDICT_EXACT_LATE);
}

void verdict_text(struct text *t, const struct judgement *j)
{
	uint64_t agreed = verdict_bit(VERDICT_EXACT_RETRANSMITTED) | verdict_bit(VERDICT_EXACT_LATE);
	uint64_t left = verdict_families_differ(j) ? j->verdicts : j->verdicts & ~agreed;
	bool any = false;

	/* "fast" and "spurious" say "retransmission" already. */
	if (left & (REPEATS & ~verdict_bit(VERDICT_RETRANSMISSION)))
		left &= ~verdict_bit(VERDICT_RETRANSMISSION);
	for (unsigned v = 0; v < VERDICTS; v++) {
		if (!(left >> v & 1))
			continue;
		if (any)
			text_char(t, ' ');
		text_put(t, verdict_info[v].word);
		if (v == VERDICT_DUP_ACK)
			text_format(t, "#%u", (unsigned)j->dup_ack_number);
		any = true;
	}
}

void verdict_list(struct text *t, const struct judgement *j)
{
	bool any = false;

	for (unsigned v = 0; v < VERDICTS; v++) {
		if (!(j->verdicts >> v & 1))
			continue;
		if (any)
			text_char(t, ';');
		text_put(t, verdict_info[v].word);
		any = true;
	}
}
