/* Frames counted: see count.h. */
#include "count.h"

#include <stdlib.h>

static unsigned source_of(const struct frame *f)
{
	return f->source < TOTALS_SOURCES ? f->source : 0;
}

bool count_open(struct count *c, struct totals *t)
{
	c->totals = t;
	c->protocols = calloc((size_t)TOTALS_SOURCES * dissect_count(), sizeof *c->protocols);
	return c->protocols != NULL;
}

void count_free(struct count *c)
{
	free(c->protocols);
}

void count_batch(struct count *c, const struct frame *frames, const struct ready *r)
{
	c->frames = frames;
	c->ready = r;
	c->counted = c->at = 0;
	c->before = c->totals->packets;
}

/* Frames of one source. */
struct run {
	uint64_t packets, bytes;
	int64_t first_ns, last_ns;
};

static void add(uint64_t *packets, uint64_t *bytes, int64_t *first_ns, int64_t *last_ns, const struct run *run)
{
	*first_ns = *packets == 0 || run->first_ns < *first_ns ? run->first_ns : *first_ns;
	*last_ns = *packets == 0 || run->last_ns > *last_ns ? run->last_ns : *last_ns;
	*packets += run->packets;
	*bytes += run->bytes;
}

/* The frames that follow, as far as they have the same source: most batches have one. */
static unsigned count_run(struct count *c, unsigned from, unsigned to)
{
	const struct frame *frames = c->frames;
	const struct ready *r = c->ready;
	const uint32_t number = frames[from].source;
	const unsigned of = source_of(&frames[from]);
	struct source_totals *s = &c->totals->source[of];
	struct run run = {.first_ns = frames[from].ts_ns, .last_ns = frames[from].ts_ns};
	unsigned i;

	for (i = from; i < to && frames[i].source == number; i++) {
		run.bytes += frames[i].wirelen;
		run.first_ns = frames[i].ts_ns < run.first_ns ? frames[i].ts_ns : run.first_ns;
		run.last_ns = frames[i].ts_ns > run.last_ns ? frames[i].ts_ns : run.last_ns;
		if (r->is[i]) {
			c->stacks[of][r->headers[i].stack]++;
			c->steps += r->headers[i].steps;
		}
	}
	run.packets = i - from;
	add(&s->packets, &s->wire_bytes, &s->first_ns, &s->last_ns, &run);
	add(&c->totals->packets, &c->totals->wire_bytes, &c->totals->first_ns, &c->totals->last_ns, &run);
	if (number >= c->totals->sources && number < TOTALS_SOURCES)
		c->totals->sources = number + 1;
	return i;
}

/* All frames of a calm batch. */
static void count_tally(struct count *c, const struct tally *t, unsigned n)
{
	const unsigned of = t->source < TOTALS_SOURCES ? t->source : 0;
	struct source_totals *s = &c->totals->source[of];
	const struct run run = {n, t->bytes, t->first_ns, t->last_ns};

	for (unsigned i = 0; i < HEADERS_STACKS; i++)
		c->stacks[of][i] += t->stacks[i];
	c->steps += t->steps;
	add(&s->packets, &s->wire_bytes, &s->first_ns, &s->last_ns, &run);
	add(&c->totals->packets, &c->totals->wire_bytes, &c->totals->first_ns, &c->totals->last_ns, &run);
	if (t->source >= c->totals->sources && t->source < TOTALS_SOURCES)
		c->totals->sources = t->source + 1u;
}

void count_until(struct count *c, unsigned to)
{
	if (c->counted == 0 && to > 0 && to == c->ready->n && c->ready->tally.calm) {
		count_tally(c, &c->ready->tally, to);
		c->counted = to;
	}
	while (c->counted < to)
		c->counted = count_run(c, c->counted, to);
}

void count_layers(struct count *c, const struct frame *f, const struct packet *p)
{
	uint64_t *protocols = c->protocols + (size_t)source_of(f) * c->totals->protocols;
	uint64_t seen = 0;

	for (unsigned i = 0; i < p->layers; i++) {
		unsigned index = p->layer[i].by ? dissect_index(p->layer[i].by) : 64;

		if (index < 64 && seen >> index & 1)
			continue;
		if (index < c->totals->protocols) {
			if (index < 64)
				seen |= UINT64_C(1) << index;
			protocols[index]++;
		}
	}
}

void count_stacks(struct count *c)
{
	const struct dissector *by[HEADERS_LAYERS];

	for (unsigned i = 0; i < c->totals->sources; i++)
		for (unsigned stack = 0; stack < HEADERS_STACKS; stack++) {
			unsigned n = headers_layers(stack, by);

			for (unsigned k = 0; k < n; k++)
				c->protocols[(size_t)i * c->totals->protocols + dissect_index(by[k])] += c->stacks[i][stack];
			c->stacks[i][stack] = 0;
		}
}
