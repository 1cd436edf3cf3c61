/* Flows of which one end has closed: when its FIN came.
 *
 * A flow keeps no time of it, because nearly every one closes whole within a round trip. Those that
 * do not are few, and kept here until they are over: by number of the flow, four ways, and what finds
 * no room is counted. So the oldest stay, which are the ones that somebody looks for.
 */
#include "owners_private.h"

static struct flow_close *ways(struct owners *o, uint64_t flow)
{
	return &o->close[(hash_fold(flow ^ o->key.a, o->key.b) & (OWNERS_CLOSES - 1)) & ~(uint64_t)(OWNERS_CLOSE_WAYS - 1)];
}

void owners_fin(struct owners *o, uint64_t flow, unsigned side, int64_t at_ns)
{
	struct flow_close *at = ways(o, flow), *room = NULL;

	for (unsigned i = 0; i < OWNERS_CLOSE_WAYS; i++) {
		if (at[i].flow == flow) {
			if (at[i].side != side) /* both now */
				at[i].flow = 0;
			return;
		}
		if (!at[i].flow && !room)
			room = &at[i];
	}
	if (room)
		*room = (struct flow_close){.flow = flow, .at_ns = at_ns, .side = (uint8_t)side};
	else
		o->stats.closes_lost++;
}

void owners_over(struct owners *o, uint64_t flow)
{
	struct flow_close *at = ways(o, flow);

	for (unsigned i = 0; i < OWNERS_CLOSE_WAYS; i++)
		if (at[i].flow == flow)
			at[i].flow = 0;
}

int64_t owners_closed(struct owners *o, uint64_t flow, unsigned side)
{
	const struct flow_close *at = ways(o, flow);

	for (unsigned i = 0; i < OWNERS_CLOSE_WAYS; i++)
		if (at[i].flow == flow && at[i].side == side)
			return at[i].at_ns;
	return 0;
}
