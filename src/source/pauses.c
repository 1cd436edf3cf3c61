/* When this process did not run: see pauses.h. */
#include "pauses.h"

#include "sockeye/clock.h"

bool pauses_look(struct pauses *p, int64_t wall_ns, int64_t monotonic_ns, int64_t boot_ns, struct pause *out)
{
	const int64_t wall = wall_ns - p->wall_ns, ran = monotonic_ns - p->monotonic_ns, all = boot_ns - p->boot_ns;
	const int64_t set = wall - all;

	*out = (struct pause){.set_ns = 0};
	if (p->known) {
		if (all - ran >= PAUSES_ASLEEP_MS * (int64_t)CLOCK_MS)
			out->asleep_ns = all - ran;
		else if (ran >= PAUSES_STOPPED_MS * (int64_t)CLOCK_MS)
			out->stopped_ns = ran;
		if (set >= PAUSES_SET_MS * (int64_t)CLOCK_MS || set <= -PAUSES_SET_MS * (int64_t)CLOCK_MS) {
			out->set_ns = set;
			p->before_ns = p->shift_ns;
			p->shift_ns -= set;
		}
	}
	p->known = true;
	p->wall_ns = wall_ns;
	p->monotonic_ns = monotonic_ns;
	p->boot_ns = boot_ns;
	return out->stopped_ns || out->asleep_ns || out->set_ns;
}

static int64_t distance(int64_t a, int64_t b)
{
	return a < b ? b - a : a - b;
}

int64_t pauses_time(const struct pauses *p, int64_t wall_ns)
{
	const int64_t now = p->wall_ns + p->shift_ns;

	/* Packets from before the clock was set wait in the ring: they are young, too. */
	if (distance(wall_ns + p->before_ns, now) < distance(wall_ns + p->shift_ns, now))
		return wall_ns + p->before_ns;
	return wall_ns + p->shift_ns;
}
