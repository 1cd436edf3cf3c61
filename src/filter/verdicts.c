/* Which verdicts a condition speaks of, and which key of a flow counts each. */
#include <string.h>

#include "filter_private.h"

static const struct {
	enum verdict verdict;
	enum record_key key;
} counted[] = {
	{VERDICT_REUSED, RECORD_REUSED},
	{VERDICT_RETRANSMISSION, RECORD_RETRANSMISSIONS},
	{VERDICT_FAST_RETRANSMISSION, RECORD_FAST_RETRANSMISSIONS},
	{VERDICT_SPURIOUS_RETRANSMISSION, RECORD_SPURIOUS_RETRANSMISSIONS},
	{VERDICT_OUT_OF_ORDER, RECORD_OUT_OF_ORDER},
	{VERDICT_LOST_SEGMENT, RECORD_LOST_SEGMENTS},
	{VERDICT_ACKED_UNSEEN, RECORD_ACKED_UNSEEN},
	{VERDICT_DUP_ACK, RECORD_DUP_ACKS},
	{VERDICT_ZERO_WINDOW, RECORD_ZERO_WINDOWS},
	{VERDICT_ZERO_WINDOW_PROBE, RECORD_ZERO_WINDOW_PROBES},
	{VERDICT_ZERO_WINDOW_PROBE_ACK, RECORD_ZERO_WINDOW_PROBE_ACKS},
	{VERDICT_WINDOW_FULL, RECORD_WINDOW_FULL},
	{VERDICT_WINDOW_UPDATE, RECORD_WINDOW_UPDATES},
	{VERDICT_KEEP_ALIVE, RECORD_KEEP_ALIVES},
	{VERDICT_KEEP_ALIVE_ACK, RECORD_KEEP_ALIVE_ACKS},
	{VERDICT_EXACT_RETRANSMITTED, RECORD_EXACT_RETRANSMITTED_SEGMENTS},
	{VERDICT_EXACT_LATE, RECORD_EXACT_LATE_SEGMENTS},
	{VERDICT_EXACT_DUPLICATE, RECORD_EXACT_DUPLICATES},
	{VERDICT_EXACT_CONFLICTING, RECORD_EXACT_CONFLICTING_BYTES},
	{VERDICT_SIMULTANEOUS_OPEN, RECORD_HS_SIMULTANEOUS},
	{VERDICT_SPLIT_HANDSHAKE, RECORD_HS_SPLIT},
	{VERDICT_ONE_SIDED, RECORD_ONE_SIDED},
};

int verdict_key(unsigned verdict)
{
	for (size_t i = 0; i < sizeof counted / sizeof counted[0]; i++)
		if ((unsigned)counted[i].verdict == verdict)
			return (int)counted[i].key;
	return -1;
}

uint64_t verdicts_countable(void)
{
	uint64_t all = 0;

	for (size_t i = 0; i < sizeof counted / sizeof counted[0]; i++)
		all |= verdict_bit(counted[i].verdict);
	return all;
}

uint64_t verdicts_matching(enum relation r, const char *text, size_t n, const struct pattern *p)
{
	uint64_t all = 0;

	for (unsigned v = 0; v < VERDICTS; v++) {
		const char *word = verdict_info[v].word;
		size_t len = strlen(word);
		bool fits = r == RELATION_PATTERN || r == RELATION_PATTERN_FOLDED ? pattern_matches(p, word, len)
			    : r == RELATION_CONTAINS ? contains_folded(word, len, text, n)
						     : equal_folded(word, len, text, n);

		if (fits)
			all |= verdict_bit((enum verdict)v);
	}
	return all;
}

size_t verdicts_near(const char *s, size_t n, const char **word)
{
	unsigned least = n < 4 ? 2 : n < 8 ? 3 : 4;
	size_t found = 0;

	for (unsigned v = 0; v < VERDICTS; v++) {
		size_t len = strlen(verdict_info[v].word);
		unsigned d = name_distance(s, n, verdict_info[v].word, len);

		if (d < least) {
			least = d;
			*word = verdict_info[v].word;
			found = len;
		}
	}
	return found;
}
