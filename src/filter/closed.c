/* Keys of a flow whose words are ours and few: which words they can have, and what
 * is said of one that they cannot. A word mistyped would find nothing, silently.
 *
 * The words are made in src/flow; the test expect.filter asks for every one that
 * the captures bring forth, so that none is refused here.
 */
#include <string.h>

#include "filter_private.h"

#define END_STATES                                                                                             \
	"closed listen syn_sent syn_received established fin_wait_1 fin_wait_2 close_wait closing last_ack time_wait"

/* The two whose words are also looked for alone. */
enum { LIST_STATE, LIST_OUTCOME };

static const struct {
	enum record_key key;
	const char *asked; /* how it is named where another name was asked for its word */
	const char *words;
} closed[] = {
	[LIST_STATE] = {RECORD_STATE, "state",
	 "syn_sent syn_received established half_closed closed refused reset midstream answered unanswered"},
	[LIST_OUTCOME] = {RECORD_OUTCOME, "handshake", "complete refused unanswered half_open reset unreachable"},
	{RECORD_TCP_STATE_CLIENT, "tcp_state.client and tcp_state.server", END_STATES},
	{RECORD_TCP_STATE_SERVER, "tcp_state.client and tcp_state.server", END_STATES},
	{RECORD_CONN_STATE, "conn_state", "S0 S1 S2 S3 SF SH SHR REJ RSTO RSTR RSTOS0 RSTRH OTH"},
	{RECORD_ORIENTATION, "orientation", "first_packet synack syn"},
	{RECORD_CLOSED_BY, "closed_by", "client server"},
	{RECORD_CAPTURE_SIDE, "capture_side", "client server between"},
	{RECORD_HS_FAST_OPEN, "handshake.fast_open", "accepted ignored cookie_given requested"},
	{RECORD_HS_ECN, "handshake.ecn", "accurate classic refused"},
};

enum { LISTS = sizeof closed / sizeof closed[0] };

const char *closed_words(const struct name *f)
{
	for (unsigned i = 0; i < LISTS && f->origins == 1 && f->origin[0].from == FROM_RECORD; i++)
		if (closed[i].key == f->origin[0].key)
			return closed[i].words;
	return NULL;
}

void closed_fold(char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] == '-')
			s[i] = '_';
}

static bool fits(enum relation r, const char *word, size_t len, const char *s, size_t n, const struct pattern *p)
{
	switch (r) {
	case RELATION_PATTERN: case RELATION_PATTERN_FOLDED:
		return pattern_matches(p, word, len);
	case RELATION_NATURAL: case RELATION_CONTAINS:
		return contains_folded(word, len, s, n);
	default:
		return equal_folded(word, len, s, n);
	}
}

bool closed_has(const char *words, enum relation r, const char *s, size_t n, const struct pattern *p)
{
	while (*words) {
		size_t len = strcspn(words, " ");

		if (fits(r, words, len, s, n, p))
			return true;
		words += len + (words[len] == ' ');
	}
	return false;
}

/* The word of the list with the fewest letters to change, 1 to 3 at most; 0: none. */
static size_t nearest(const char *words, const char *s, size_t n, const char **best)
{
	unsigned least = n < 4 ? 2 : n < 8 ? 3 : 4;
	size_t found = 0;

	while (*words) {
		size_t len = strcspn(words, " ");
		unsigned d = name_distance(s, n, words, len);

		if (d < least) {
			least = d;
			*best = words;
			found = len;
		}
		words += len + (words[len] == ' ');
	}
	return found;
}

void closed_advice(struct text *t, const char *words, enum relation r, const char *s, size_t n)
{
	bool pattern = r == RELATION_PATTERN || r == RELATION_PATTERN_FOLDED;
	const char *near = "";
	size_t len;

	if (words == closed[LIST_STATE].words && equal_folded("listen", 6, s, n)) {
		text_put(t, ": who listens has no flow yet; of an end ask tcp_state.server, of sockets: sockeye sockets state listen");
		return;
	}
	for (unsigned i = 0; i < LISTS && !pattern; i++)
		if (closed[i].words != words && closed_has(closed[i].words, RELATION_EQUAL, s, n, NULL)) {
			text_put(t, "; ");
			text_put(t, closed[i].asked);
			text_put(t, " can be");
			return;
		}
	len = pattern ? 0 : nearest(words, s, n, &near);
	text_put(t, len > 0 ? "; did you mean " : ": it is one of ");
	if (len > 0) {
		text_bytes(t, near, len);
		text_char(t, '?');
	} else {
		text_put(t, words);
	}
}

bool closed_is_state(const char *s, size_t n)
{
	char folded[24];

	if (n > sizeof folded)
		return false;
	memcpy(folded, s, n);
	closed_fold(folded, n);
	return closed_has(closed[LIST_STATE].words, RELATION_EQUAL, folded, n, NULL) ||
	       closed_has(closed[LIST_OUTCOME].words, RELATION_EQUAL, folded, n, NULL);
}
