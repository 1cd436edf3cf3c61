/* How often all sockets are asked for. Pure arithmetic. Private to this room.
 *
 * A second after the last time, 2.5 where there are more than PACE_FEW, or so long that it takes its share of a
 * processor at most: a twentieth while the screen looks, a two-hundredth for the engine alone, and where PACE_CALM
 * tables were the same a five-hundredth, until something is heard of a socket.
 */
#ifndef HOST_PACE_H
#define HOST_PACE_H

#include <stdbool.h>
#include <stdint.h>

enum { PACE_FEW = 10000, PACE_FEW_MS = 1000, PACE_MANY_MS = 2500, PACE_SHARE = 20, PACE_QUIET_SHARE = 200, PACE_CALM_SHARE = 500,
       PACE_CALM = 3 };

struct pace {
	int64_t swept_ns, work_ns; /* the last time: when, and what it took */
	uint32_t sockets;
	unsigned calm;             /* tables in a row that were as the one before */
};

/* What part of a processor it may take: one in so many. */
int64_t pace_share(const struct pace *p, bool looked_at);
/* From one time to the next. */
int64_t pace_every(const struct pace *p, bool looked_at);
void pace_swept(struct pace *p, int64_t now_ns, int64_t work_ns, uint32_t sockets, bool same);
/* Something was heard of a socket. */
static inline void pace_stirred(struct pace *p)
{
	p->calm = 0;
}

#endif
