/* The parts of an answer that answer.c leaves to others. */
#ifndef ENGINE_ANSWERS_H
#define ENGINE_ANSWERS_H

#include "remember.h"

/* What looks at packets again is there, or opened now. */
bool answer_can_recall(struct remembered *m);

/* Until deadline_ns (monotonic; INT64_MAX: to the end). */
void answer_packets(struct engine *e, const struct packet_query *q, struct packet_answer *out, int64_t deadline_ns);
void answer_stream(struct engine *e, const struct stream_query *q, struct stream_answer *out, int64_t deadline_ns);

/* What the screen gets until the engine's thread may have worked for long enough. */
enum { ANSWER_MS = 40 };
/* A list of flows is made in slices as long as this: between batches, and when nothing comes any more. */
enum { SLICE_MS = 1, SLICE_ENDED_MS = 20 };

#endif
