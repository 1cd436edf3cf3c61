/* Ways of the host thread that need no BPF: each adds itself while rights are held.
 *
 *     host_add_lookups()  a small ring of SYNs: each is looked up at once, while its socket is there
 *     host_add_notices()  the kernel's notices of sockets that have ended
 *
 * Each tells in a tier of the tables what it lacks; the run goes on without it.
 */
#ifndef SOCKEYE_HOST_WAYS_H
#define SOCKEYE_HOST_WAYS_H

#include "sockeye/host_live.h"

enum {
	HOST_LOOKUPS_MOST = 5000,    /* SYNs a second: beyond that nobody looks */
	HOST_LOOKUPS_PAUSE_S = 5,    /* so long; then it is tried again */
	HOST_LOOKUPS_INTERFACES = 16,
};

/* Of these interfaces, by their numbers; none, or more than there is room for: of all. Needs CAP_NET_RAW. 0, or -errno. */
int host_add_lookups(struct host_live *h, const unsigned *interfaces, unsigned n, struct error *e);
/* That interface is captured, too, from now on. The thread that captures; "any" is all. */
void host_lookups_follow(struct host_live *h, const char *name);
/* The same thread: one of those is captured no more. */
void host_lookups_unfollow(struct host_live *h, const char *name);
/* struct host_options has `notices` set. 0, or -errno. */
int host_add_notices(struct host_live *h, struct error *e);

#endif
