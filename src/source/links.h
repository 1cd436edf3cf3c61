/* The interfaces of this network namespace, as the kernel tells of them
 * (rtnetlink): which there are, and what happens to them.
 *
 * A table of at most LINKS_MAX interfaces, each with a slot, also when it is
 * gone: its frames name it. Where there is no room for a new one, that which has
 * been gone for longest is forgotten, and counted: its place serves 15 times
 * under another slot before a slot comes again, so what still names the old one
 * finds no name and not a wrong one. Slot 0 stands for all that found no room.
 * Where the kernel's messages were lost, the whole list is asked for again and
 * compared. After links_open() only recv() and send() on its socket.
 */
#ifndef SOURCE_LINKS_H
#define SOURCE_LINKS_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sockeye/error.h"

enum { LINKS_MAX = 4096 };

struct link {
	uint16_t slot;
	unsigned index;       /* the kernel's */
	char name[IF_NAMESIZE]; /* foreign */
	unsigned mtu;
	bool named;           /* the kernel has told its name */
	bool up, gone;
	bool fresh;           /* made while we watched, and not up yet: its first time up is no news */
	bool blind;           /* it was down: the next frame is the first after that */
	uint32_t left;        /* gone: as the how many-th */
	uint32_t seen;        /* in which list of all it was last */
	int64_t down_ns;      /* since when it is down: what links_read() was given as now */
};

enum link_change_kind { LINK_DOWN, LINK_UP, LINK_RENAMED, LINK_MTU, LINK_GONE };

struct link_change {
	enum link_change_kind kind;
	uint16_t slot;
	int64_t blind_ns;             /* LINK_UP: how long it was down */
	char before[IF_NAMESIZE];     /* LINK_RENAMED: its name until then; foreign */
};

struct links;

/* Watch them: only the one of that index, or all for 0. Their state at the
 * start is known when this returns. */
int links_open(struct links **out, unsigned only, struct error *e);
/* The table without a socket: for tests, and where netlink is not to be had. */
struct links *links_new(unsigned only);
void links_free(struct links *l);
int links_fd(const struct links *l); /* -1: none */

/* Read what the kernel has said, and call tell for each change. now_ns is
 * anything that goes on evenly. */
typedef void links_tell(void *arg, const struct links *l, const struct link_change *c);
void links_read(struct links *l, int64_t now_ns, links_tell *tell, void *arg);
/* The messages of one datagram. Hostile bytes end it. */
void links_parse(struct links *l, const void *bytes, size_t n, int64_t now_ns, links_tell *tell, void *arg);

/* The slot of a kernel's index, taken if it is new. 0: no room, all LINKS_MAX are there. */
uint16_t links_slot(struct links *l, unsigned index);
/* NULL where there is no such slot, or it is forgotten. */
struct link *links_at(const struct links *l, unsigned slot);
unsigned links_count(const struct links *l);  /* places in use, with that of slot 0 */
uint64_t links_forgotten(const struct links *l);

#endif
