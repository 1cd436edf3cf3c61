/* Buffers whose frames are still needed elsewhere.
 *
 *     input --exchange--> [retired: since batch 7] [retired: since batch 9] --back(7)--> [spare] --> input
 *
 * A buffer that an input has done with is kept until the last batch that was passed
 * on before is done with, too: its frames lie in that one or earlier. No batch has to
 * say in which buffers its frames lie. What waits so is bounded in bytes; beyond it the
 * input gets none and says "not now". Where nothing waits there is always one, so that
 * a large record finds its buffer.
 *
 * Everything but loans_back() is the reading thread's.
 */
#include "loans.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
	LOANS_OUT = 4 << 20, /* bytes that wait; and that are spare */
	LOANS_RETIRED = 128, /* buffers that wait */
	LOANS_SPARE = 32,
};

struct loan {
	uint8_t *bytes;
	size_t size;
	uint64_t batch; /* given when it was retired */
};

struct loans {
	uint64_t given;
	_Atomic uint64_t back;
	bool wanting;
	size_t out;
	unsigned first, retired; /* a ring: oldest first */
	struct loan ring[LOANS_RETIRED];
	size_t spare_bytes;
	unsigned spares;
	struct loan spare[LOANS_SPARE];
};

int loans_open(struct loans **out, struct error *e)
{
	*out = calloc(1, sizeof **out);
	return *out ? 0 : error_set(e, ENOMEM, "no memory to read ahead");
}

void loans_free(struct loans *l)
{
	if (!l)
		return;
	for (unsigned i = 0; i < l->retired; i++)
		free(l->ring[(l->first + i) % LOANS_RETIRED].bytes);
	for (unsigned i = 0; i < l->spares; i++)
		free(l->spare[i].bytes);
	free(l);
}

void loans_gave(struct loans *l)
{
	l->given++;
}

void loans_back(struct loans *l, uint64_t batches)
{
	atomic_store(&l->back, batches);
}

bool loans_wanting(struct loans *l)
{
	return l->wanting && l->retired > 0 && l->ring[l->first].batch > atomic_load(&l->back);
}

static void loans_reclaim(struct loans *l)
{
	uint64_t back = atomic_load(&l->back);

	while (l->retired > 0 && l->ring[l->first].batch <= back) {
		struct loan *one = &l->ring[l->first];

		l->out -= one->size;
		if (l->spares < LOANS_SPARE && l->spare_bytes + one->size <= LOANS_OUT) {
			l->spare[l->spares++] = *one;
			l->spare_bytes += one->size;
		} else {
			free(one->bytes);
		}
		l->first = (l->first + 1) % LOANS_RETIRED;
		l->retired--;
	}
}

/* A spare one; the last is the warmest. Those too small for it are not kept: buffers only grow. */
static struct loan loans_spare(struct loans *l, size_t n)
{
	while (l->spares > 0) {
		struct loan one = l->spare[--l->spares];

		l->spare_bytes -= one.size;
		if (one.size >= n)
			return one;
		free(one.bytes);
	}
	return (struct loan){.bytes = NULL};
}

uint8_t *loans_exchange(struct loans *l, uint8_t *old, size_t *size, size_t n, int *why)
{
	struct loan next;

	loans_reclaim(l);
	l->wanting = l->retired == LOANS_RETIRED || (l->retired > 0 && l->out + *size > LOANS_OUT);
	*why = 0;
	if (l->wanting)
		return NULL;
	next = loans_spare(l, n);
	if (!next.bytes) {
		next = (struct loan){.bytes = malloc(n), .size = n};
		*why = next.bytes ? 0 : -ENOMEM;
		if (!next.bytes)
			return NULL;
	}
	l->ring[(l->first + l->retired++) % LOANS_RETIRED] = (struct loan){old, *size, l->given};
	l->out += *size;
	*size = next.size;
	return next.bytes;
}
