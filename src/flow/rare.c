/* What few flows have: marks of congestion, multipath, who sent an ICMP error. One small block per
 * flow, taken when it is first needed. */
#include "flow_private.h"

struct flow_rare *flow_rare(const struct flow_table *t, const struct flow *f)
{
	return f->rare == REF_NONE ? NULL : blocks_at(&t->blocks, f->rare);
}

struct flow_rare *flow_rare_need(struct flow_table *t, struct flow *f)
{
	if (f->rare == REF_NONE)
		f->rare = blocks_take(t, RARE_CLASS);
	if (f->rare == REF_NONE)
		f->bits |= FLOW_BIT_RARE_LOST;
	return flow_rare(t, f);
}
