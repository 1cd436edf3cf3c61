/* Three clocks tell what happened to time: the monotonic one stands still while
 * the machine sleeps, boot time does not, and only the wall clock is ever set. */
#include "steps.h"

#include "sockeye/clock.h"
#include "sockeye/text.h"

enum {
	STEPS_EVERY_NS = 100 * CLOCK_MS,
	STEPS_TOGETHER_NS = 50 * CLOCK_MS, /* read within that, or they are not comparable */
	STEPS_LEAST_NS = 500 * CLOCK_MS,   /* less is a clock that is being corrected */
};

static int64_t magnitude(int64_t ns)
{
	return ns < 0 ? -ns : ns;
}

static void seconds(struct text *t, int64_t ns)
{
	int64_t tenths = (ns + 50 * CLOCK_MS) / (100 * CLOCK_MS);

	text_format(t, "%lld.%lld s", (long long)(tenths / 10), (long long)(tenths % 10));
}

bool steps_look(struct steps *s, struct source_note *out)
{
	int64_t now = clock_monotonic_ns(), wall, boot, asleep, stepped;
	struct text t;
	bool first = s->looked_ns == 0;

	if (!first && now - s->looked_ns < STEPS_EVERY_NS)
		return false;
	wall = clock_wall_ns();
	boot = clock_boot_ns();
	if (clock_monotonic_ns() - now > STEPS_TOGETHER_NS)
		return false;
	asleep = boot - now - s->asleep_ns;
	stepped = wall - boot - s->wall_ns;
	s->looked_ns = now;
	s->asleep_ns = boot - now;
	s->wall_ns = wall - boot;
	if (first || (asleep < STEPS_LEAST_NS && magnitude(stepped) < STEPS_LEAST_NS))
		return false;
	out->ts_ns = wall;
	text_init(&t, out->text, sizeof out->text);
	if (asleep >= STEPS_LEAST_NS) {
		text_put(&t, "the machine was asleep for ");
		seconds(&t, asleep);
		text_put(&t, ": nothing was captured in that time");
	}
	if (magnitude(stepped) >= STEPS_LEAST_NS) {
		if (t.len > 0)
			text_put(&t, "; ");
		text_put(&t, stepped < 0 ? "the clock was stepped by -" : "the clock was stepped by +");
		seconds(&t, magnitude(stepped));
		text_put(&t, ": times before and after it do not compare");
	}
	return true;
}
