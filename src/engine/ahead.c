/* What the engine does while nobody asks: it gets ready for the next question about flows. */
#include "engine_private.h"
#include "listing.h"
#include "sockeye/clock.h"

enum { FEW = 16384 /* flows: of these all are looked at within a frame */ };

bool engine_is_ahead(struct engine *e)
{
	struct flow_seats is[2];

	flow_seats(e->flows, is);
	return is[0].to - is[0].from + is[1].to - is[1].from < FEW || (e->listing && listing_is_ahead(e->listing));
}

/* When nothing comes any more, what flows have not taken is free; but for a quarter, which looking at packets may take. */
static size_t room(struct engine *e, bool ended)
{
	const size_t share = engine_listing_share(e);
	const struct totals *t = engine_totals(e);
	const size_t kept = t->memory_used + t->memory_limit / 4 - listing_held(e->listing);

	return !ended || kept + share >= t->memory_limit ? share : t->memory_limit - kept;
}

void engine_ahead(struct engine *e, bool ended, int64_t ns)
{
	if (!engine_is_ahead(e) && engine_listing(e))
		listing_ahead(e->listing, room(e, ended), clock_monotonic_ns() + ns);
}
