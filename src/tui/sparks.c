/* The last seconds of the flows in sight: from the bytes of two answers.
 *
 * What came between two answers that are seconds apart is spread evenly up to its flow's last packet. Flows
 * out of sight keep what they had until their place is taken; the one that was out of
 * sight for longest goes first.
 */
#include <string.h>

#include "connections.h"
#include "sockeye/clock.h"

static struct spark *sparks_place(struct connections_look *s, uint64_t id)
{
	struct spark *oldest = &s->spark[0];

	for (unsigned i = 0; i < SPARKS; i++) {
		if (s->spark[i].id == id)
			return &s->spark[i];
		if (s->spark[i].seen_ns < oldest->seen_ns)
			oldest = &s->spark[i];
	}
	return oldest;
}

static void sparks_add(struct spark *at, int64_t second, uint64_t bytes)
{
	int64_t passed = second - at->second;

	if (passed > SPARK_SECONDS) /* older ones are out of sight again */
		bytes = bytes / (uint64_t)passed * SPARK_SECONDS;
	passed = passed > SPARK_SECONDS ? SPARK_SECONDS : passed;
	for (int64_t i = passed - 1; i >= 0; i--)
		at->at[(second - i) % SPARK_SECONDS] = bytes / (uint64_t)passed;
	if (passed == 0)
		at->at[second % SPARK_SECONDS] += bytes;
	at->second = second;
}

/* Nothing came after the last packet. */
static void sparks_until(struct spark *at, int64_t last, int64_t second, uint64_t bytes)
{
	last = last < at->second ? at->second : last > second ? second : last;
	sparks_add(at, last, bytes);
	if (last < second)
		sparks_add(at, second, 0);
}

void sparks_take(struct connections_look *s, const struct answer *a)
{
	int64_t second = a->now_ns / CLOCK_S;

	for (unsigned i = 0; i < a->rows && second > 0; i++) {
		const struct flow_record *r = &a->row[i];
		uint64_t bytes = r->bytes[0] + r->bytes[1];
		const int64_t last = r->last_ns / CLOCK_S;
		struct spark *at = sparks_place(s, r->id);

		if (at->id != r->id || bytes < at->bytes || second < at->second) {
			memset(at, 0, sizeof *at);
			at->id = r->id;
			at->second = second;
			/* All of a young flow was sent in the seconds that it lived. */
			if (second - r->first_ns / CLOCK_S < SPARK_SECONDS && r->first_ns / CLOCK_S <= second) {
				at->second = r->first_ns / CLOCK_S - 1;
				sparks_until(at, last, second, bytes);
			}
		} else {
			sparks_until(at, last, second, bytes - at->bytes);
		}
		at->bytes = bytes;
		at->seen_ns = a->now_ns;
	}
}

const struct spark *sparks_of(const struct connections_look *s, uint64_t id)
{
	for (unsigned i = 0; i < SPARKS; i++)
		if (s->spark[i].id == id)
			return &s->spark[i];
	return NULL;
}
