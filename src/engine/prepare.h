/* The first half of a batch: what can be said of frames without the flow table.
 *
 * Common headers become descriptors with their hashes. Depends on the frames and on
 * struct prepare alone, which never changes during a run, so the thread that reads
 * ahead may do it (pipeline.c); the second half, engine_prepared(), is the engine's
 * thread's. engine_batch() is both.
 */
#ifndef ENGINE_PREPARE_H
#define ENGINE_PREPARE_H

#include "sockeye/dissector.h"
#include "sockeye/flow.h"
#include "sockeye/hash.h"
#include "sockeye/source.h"

struct engine;

/* What is counted of all frames of a batch, where nothing of them is out of the ordinary: one source, no tags, nothing
 * lost. Then nobody need look at a frame again whose headers were read. */
struct tally {
	bool calm;               /* it is so, and the rest is there */
	uint16_t source;
	uint16_t stacks[HEADERS_STACKS]; /* of those whose headers are common */
	uint32_t steps;
	uint64_t bytes;
	int64_t first_ns, last_ns;
};

_Static_assert((int)FLOW_OWED == (int)SOURCE_BATCH, "each packet may owe one");

/* The frames of a batch whose headers are common. */
struct ready {
	struct descriptor d[SOURCE_BATCH];
	struct headers headers[SOURCE_BATCH];
	struct flow_near near[SOURCE_BATCH];
	bool is[SOURCE_BATCH + FLOW_NEAR_SLOTS]; /* those behind the last are not: whoever looks ahead need not ask */
	struct tally tally;
	struct flow_owing owing; /* of contents, which another thread puts down: engine_pay() */
	unsigned n;
	bool prepared; /* false: of frames of a pipeline: their reader had no time for it (pipeline.c) */
	bool expected; /* the slots that it needs were brought near */
};

struct prepare {
	struct hash_key key;
	bool fast; /* headers are read at once; else all frames wait for the loop of dissectors */
};

/* Once all observers are there. */
struct prepare engine_prepare(const struct engine *e);

/* near: the table, where the second half follows at once: the slots are brought near. Or NULL. */
void prepare(const struct prepare *how, const struct frame *frames, unsigned n, struct ready *out,
	     const struct flow_table *near);

/* Bring near what the second half will look at first: of a batch that is not its turn yet. */
void engine_expect(struct engine *e, struct ready *r);

/* On another thread: flow_touch_ahead(). */
void engine_touch_ahead(const struct engine *e, size_t *done);

/* Of a batch that another thread has prepared, which may be far away. That thread has the payloads at hand, too. */
struct apart {
	const struct ready *later; /* a batch that is brought near meanwhile; or NULL */
	uint32_t paid;             /* the owing.until of the last batch of which engine_pay() is over; 0: none */
};

/* The second half. 0, or what an observer returned to stop the run. apart: or NULL, nothing is owed. */
int engine_prepared(struct engine *e, const struct frame *frames, unsigned n, struct ready *r, const struct apart *apart);

/* Put down what is owed of the contents of a batch that is done with: on any thread, in the order of batches, before its frames
 * are given back. *all: does that at once for all batches before the one at hand; NULL: it was done, and is not owed any more. */
void engine_pay(struct engine *e, const struct ready *r);
void engine_pays(struct engine *e, void (*all)(void *arg), void *arg);

#endif
