/* For the tests of two threads: a run of an engine with one or two, and all that it told. */
#ifndef SOCKEYE_TESTS_PIPELINE_WORLD_H
#define SOCKEYE_TESTS_PIPELINE_WORLD_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "sockeye/clock.h"
#include "sockeye/engine.h"
#include "sockeye/hash.h"

/* All that was told, as a number; and what the source says at the end. */
struct told {
	struct hash_key key;
	uint64_t sum, records, packets, no_flow, memory;
	uint64_t frames, damaged, bytes, bytes_read, steps;
	uint64_t conflicts; /* bytes that came again as others */
	uint64_t nap_ns, naps; /* every so many records, the observer sleeps */
	size_t engine_memory;  /* 0: as little as it takes */
	uint64_t stop_at;      /* record that ends the run; 0: none */
	int rc, stopped;
	bool incomplete, complete;
	char problem[256];
};

static inline void nap(uint64_t ns)
{
	struct timespec t = {.tv_nsec = (long)ns};

	(void)nanosleep(&t, NULL);
}

static inline int told_event(void *self, const struct event *ev)
{
	struct told *s = self;
	char line[8192];
	struct text t;

	text_init(&t, line, sizeof line);
	text_format(&t, "%d", (int)ev->kind);
	for (unsigned k = 0; ev->flow && k < RECORD_KEYS; k++)
		if (record_has(ev->flow, (enum record_key)k)) {
			text_char(&t, ' ');
			record_text(&t, ev->flow, (enum record_key)k);
		}
	if (ev->kind == EVENT_FLOW_END)
		s->conflicts += ev->flow->exact.conflicting_bytes[0] + ev->flow->exact.conflicting_bytes[1];
	s->sum = s->sum * 31 + hash_bytes(&s->key, line, strlen(line));
	s->records++;
	if (s->naps && s->records % s->naps == 0)
		nap(s->nap_ns);
	return s->stop_at && s->records >= s->stop_at ? -EPIPE : 0;
}

/* Run s to its end; two: through a pipeline. */
static inline void play_source(struct source *s, bool two, uint64_t max_packets, struct told *told)
{
	struct engine_options eo = {.memory = told->engine_memory ? told->engine_memory : ENGINE_MEMORY_MIN, .hash_seed = 7};
	struct observer o = {.name = "told", .event = told_event, .self = told,
			     .wants = EVENT_HANDSHAKE | EVENT_FLOW_END | EVENT_END};
	struct run_options ro = {.max_packets = max_packets, .signal_fd = -1, .other_fd = -1};
	struct run_result result;
	struct source_stats stats;
	struct engine *e;
	struct error err = {""};

	hash_key_init(&told->key, 7);
	assert_int_equal(engine_open(&e, &eo, &err), 0);
	assert_int_equal(engine_observe(e, &o), 0);
	if (two)
		assert_int_equal(pipeline_open(&s, s, e, max_packets, &err), 0);
	told->rc = run_loop(e, s, &ro, &result, &err);
	told->packets = result.packets;
	told->incomplete = result.incomplete;
	told->stopped = result.observer_error;
	told->no_flow = engine_totals(e)->no_flow;
	told->memory = engine_totals(e)->memory_used;
	told->steps = engine_dissect_stats(e)->steps;
	for (unsigned i = 0; s->stats(s, i, &stats); i++) {
		told->frames += stats.frames;
		told->damaged += stats.damaged;
		told->bytes += stats.bytes;
		told->bytes_read += stats.bytes_read;
		told->complete = stats.complete;
		if (!told->problem[0])
			memcpy(told->problem, stats.problem, sizeof told->problem);
	}
	s->free(s);
	engine_free(e);
}

static inline bool play(const char *const *files, unsigned n, const char *filter, bool two, uint64_t max_packets,
		 struct told *told)
{
	struct source_options so = {.files = files, .n_files = n, .filter = filter, .unpack_ahead = two};
	struct source *s;
	struct error e = {""};

	if (source_open(&s, &so, &e) < 0)
		return false;
	play_source(s, two, max_packets, told);
	return true;
}

static inline void assert_same(const struct told *a, const struct told *b, const char *name)
{
	if (a->sum != b->sum || a->steps != b->steps || a->bytes_read != b->bytes_read)
		print_error("%s: differs\n", name);
	assert_int_equal(a->sum, b->sum);
	assert_int_equal(a->records, b->records);
	assert_int_equal(a->packets, b->packets);
	assert_int_equal(a->conflicts, b->conflicts);
	assert_int_equal(a->no_flow, b->no_flow);
	assert_int_equal(a->memory, b->memory);
	assert_int_equal(a->steps, b->steps);
	assert_int_equal(a->frames, b->frames);
	assert_int_equal(a->damaged, b->damaged);
	assert_int_equal(a->bytes, b->bytes);
	assert_int_equal(a->bytes_read, b->bytes_read);
	assert_int_equal(a->rc, b->rc);
	assert_int_equal(a->incomplete, b->incomplete);
	assert_int_equal(a->complete, b->complete);
	assert_string_equal(a->problem, b->problem);
}

#endif
