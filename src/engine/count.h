/* Frames counted: how many, how large, from when to when, of all and by source; their layers; lone flows. */
#ifndef ENGINE_COUNT_H
#define ENGINE_COUNT_H

#include "sockeye/dissector.h"
#include "sockeye/event.h"

static inline struct source_totals *count_source(struct totals *t, const struct frame *f)
{
	return &t->source[f->source < TOTALS_SOURCES ? f->source : 0];
}

/* Frames that came one after the other: times and sizes, of all and by source; most batches have one. */
static inline void count_frames(struct totals *t, const struct frame *frames, unsigned n)
{
	for (unsigned i = 0; i < n;) {
		struct source_totals *s = count_source(t, &frames[i]);
		int64_t first_ns = frames[i].ts_ns, last_ns = first_ns;
		uint32_t source = frames[i].source;
		uint64_t bytes = 0;
		unsigned from = i;

		for (; i < n && frames[i].source == source; i++) {
			bytes += frames[i].wirelen;
			first_ns = frames[i].ts_ns < first_ns ? frames[i].ts_ns : first_ns;
			last_ns = frames[i].ts_ns > last_ns ? frames[i].ts_ns : last_ns;
		}
		s->first_ns = s->packets == 0 || first_ns < s->first_ns ? first_ns : s->first_ns;
		s->last_ns = s->packets == 0 || last_ns > s->last_ns ? last_ns : s->last_ns;
		s->packets += i - from;
		s->wire_bytes += bytes;
		t->first_ns = t->packets == 0 || first_ns < t->first_ns ? first_ns : t->first_ns;
		t->last_ns = t->packets == 0 || last_ns > t->last_ns ? last_ns : t->last_ns;
		t->packets += i - from;
		t->wire_bytes += bytes;
		if (source >= t->sources && source < TOTALS_SOURCES)
			t->sources = source + 1u;
	}
}

/* A protocol counts once per frame, however often it occurs in it. */
static inline void count_layers(uint64_t *protocols, unsigned n, const struct packet *p)
{
	uint64_t seen = 0;

	for (unsigned i = 0; i < p->layers; i++) {
		unsigned index = p->layer[i].by ? dissect_index(p->layer[i].by) : 64;

		if (index < 64 && seen >> index & 1)
			continue;
		if (index < n) {
			if (index < 64)
				seen |= UINT64_C(1) << index;
			protocols[index]++;
		}
	}
}

/* Flows of one packet that have ended. */
static inline void count_lones(struct totals *t, const struct lone *l, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		t->flows_evicted += l[i].evicted;
		t->handshakes[OUTCOME_UNANSWERED] += l[i].syn;
	}
}

#endif
