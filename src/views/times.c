/* The time at the beginning of a packet's line: tcpdump's five -t and none.
 *
 * Times of day and dates are local, differences are of the lines that are shown.
 * Unlike tcpdump's, differences of a day and more count their hours on.
 */
#include "view.h"

static void times_fraction(struct text *t, uint64_t ns, unsigned digits)
{
	for (unsigned i = digits; i < 9; i++)
		ns /= 10;
	text_format(t, ".%0*llu", (int)digits, (unsigned long long)ns);
}

static void times_epoch(struct text *t, int64_t ns, unsigned digits)
{
	uint64_t of = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;

	if (ns < 0)
		text_char(t, '-');
	text_u64(t, of / CLOCK_S);
	times_fraction(t, of % CLOCK_S, digits);
}

/* With a column for the sign, as in tcpdump. Whatever the clocks of files said, it
 * fits: the difference of two int64_t is taken as the unsigned number that it is. */
static void times_difference(struct text *t, int64_t from, int64_t to, unsigned digits)
{
	uint64_t of = to >= from ? (uint64_t)to - (uint64_t)from : (uint64_t)from - (uint64_t)to, s = of / CLOCK_S;

	text_format(t, "%c%02llu:%02u:%02u", to >= from ? ' ' : '-', (unsigned long long)(s / 3600),
		    (unsigned)(s / 60 % 60), (unsigned)(s % 60));
	times_fraction(t, of % CLOCK_S, digits);
}

static void times_of_day(struct view *v, struct text *t, int64_t ns, unsigned digits)
{
	char time[32];

	clock_of_day_near(&v->near, ns, digits, time);
	text_put(t, time);
}

static void times_date(struct times *times, struct text *t, int64_t ns)
{
	int64_t second = ns / CLOCK_S - (ns % CLOCK_S < 0);

	if (times->date[0] == '\0' || second != times->second)
		clock_date(ns, times->date);
	times->second = second;
	text_put(t, times->date);
	text_char(t, ' ');
}

void times_text(struct view *v, struct text *t, const struct packet *p)
{
	struct times *times = &v->times;
	int64_t ns = p->frame.ts_ns;
	unsigned digits = view_digits(v);

	if (v->o.time == VIEW_NO_TIME)
		return;
	if (p->frame.flags & FRAME_NO_TIME) {
		text_put(t, "no time ");
		return;
	}
	if (!times->begun)
		times->first_ns = times->last_ns = ns;
	times->begun = true;
	switch (v->o.time) {
	case VIEW_EPOCH:
		times_epoch(t, ns, digits);
		break;
	case VIEW_SINCE_LAST:
		times_difference(t, times->last_ns, ns, digits);
		break;
	case VIEW_SINCE_FIRST:
		times_difference(t, times->first_ns, ns, digits);
		break;
	case VIEW_DATE:
		times_date(times, t, ns);
		times_of_day(v, t, ns, digits);
		break;
	default:
		times_of_day(v, t, ns, digits);
		break;
	}
	times->last_ns = ns;
	text_char(t, ' ');
}
