/* When this process did not run, the machine slept, or somebody set the clock.
 *
 * Three clocks are compared at every look: the wall clock; the monotonic one,
 * which stands still while the machine sleeps; and the one since the boot,
 * which does not. Pure arithmetic: the caller reads the clocks.
 */
#ifndef SOURCE_PAUSES_H
#define SOURCE_PAUSES_H

#include <stdbool.h>
#include <stdint.h>

struct pauses {
	bool known;          /* there was a look */
	int64_t wall_ns, monotonic_ns, boot_ns; /* of the last look */
	int64_t shift_ns;    /* add to wall time: as if nobody had set the clock since the first look */
	int64_t before_ns;   /* the shift before the clock was last set */
};

struct pause {
	int64_t stopped_ns;  /* this process did not look for so long; 0: it did, or the machine slept */
	int64_t asleep_ns;   /* the machine slept; 0: no */
	int64_t set_ns;      /* the clock was set by that, forward or (negative) back; 0: no */
};

enum {
	PAUSES_STOPPED_MS = 1000, /* looks are 100 ms apart; less than that is a busy machine */
	PAUSES_ASLEEP_MS = 500,
	PAUSES_SET_MS = 500,      /* less is what time daemons slew */
};

/* A look. False: all went on as it should. */
bool pauses_look(struct pauses *p, int64_t wall_ns, int64_t monotonic_ns, int64_t boot_ns, struct pause *out);

/* A packet's wall time as the run counts time: it goes on where the clock was
 * set, so that no duration has the step in it. */
int64_t pauses_time(const struct pauses *p, int64_t wall_ns);

#endif
