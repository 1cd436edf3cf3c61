/* Does the clock go as it should? Of live runs only: a step of the wall clock or
 * a sleep of the machine puts a hole or a fold into everything that is timed. */
#ifndef ENGINE_STEPS_H
#define ENGINE_STEPS_H

#include <stdbool.h>
#include <stdint.h>

#include "sockeye/source.h"

struct steps {
	int64_t looked_ns;          /* monotonic; 0: not yet */
	int64_t asleep_ns, wall_ns; /* boot time less monotonic, wall clock less boot time */
};

/* Looks ten times a second at most. True: there is something to tell. */
bool steps_look(struct steps *s, struct source_note *out);

#endif
