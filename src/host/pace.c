/* How often all sockets are asked for: see pace.h. */
#include "pace.h"

#include "sockeye/clock.h"

int64_t pace_share(const struct pace *p, bool looked_at)
{
	return p->calm >= PACE_CALM ? PACE_CALM_SHARE : looked_at ? PACE_SHARE : PACE_QUIET_SHARE;
}

int64_t pace_every(const struct pace *p, bool looked_at)
{
	const int64_t least = (p->sockets <= PACE_FEW ? PACE_FEW_MS : PACE_MANY_MS) * (int64_t)CLOCK_MS;
	const int64_t share = p->work_ns * pace_share(p, looked_at);

	return share > least ? share : least;
}

void pace_swept(struct pace *p, int64_t now_ns, int64_t work_ns, uint32_t sockets, bool same)
{
	p->swept_ns = now_ns;
	p->work_ns = work_ns;
	p->sockets = sockets;
	p->calm = !same ? 0 : p->calm < PACE_CALM ? p->calm + 1 : PACE_CALM;
}
