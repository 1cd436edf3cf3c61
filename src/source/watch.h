/* What a live capture watches besides its packets: its interfaces, and whether
 * this process ran all the time. Becomes notes for people, and FRAME_BLIND on
 * the first frame after a time in which nothing could be seen. Both back ends
 * use it.
 */
#ifndef SOURCE_WATCH_H
#define SOURCE_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "links.h"
#include "pauses.h"
#include "sockeye/error.h"
#include "sockeye/frame.h"
#include "sockeye/source.h"

enum { WATCH_NOTES = 64 };

/* Behind the name of an interface that was captured alone. */
#define WATCH_GONE ": the interface is gone; a new one is not followed"

struct watch {
	struct links *links; /* never NULL once open */
	struct pauses pauses;
	unsigned index;      /* the kernel's; 0: all interfaces */
	char title[64];      /* the interface's name as given, printable */
	int fd;              /* readable when the packet socket or the kernel's messages are: epoll */
	bool gone;           /* the interface is */
	bool gone_told;      /* by a note */
	bool blind;          /* the next frame is the first after a time without sight */
	bool paused;         /* this process did not run, and what it cost is not told yet */
	char pause[64];      /* "did not run for 3.0 s" */
	int64_t paused_at_ns;    /* monotonic: when that was found out */
	uint64_t pause_dropped;
	int64_t links_at_ns;     /* monotonic: of the last look at links */
	int64_t looked_ns;
	struct source_note note[WATCH_NOTES];
	unsigned first, notes;
	uint64_t homeless;   /* frames of interfaces beyond LINKS_MAX: not told apart */
	uint64_t untold;     /* notes that found no room */
	char spare[4];       /* where they are written to */
};

/* packet_fd: what is captured with. index 0: any. Without the kernel's messages
 * (no netlink) the capture works, and changes of interfaces are not told. */
int watch_open(struct watch *w, const char *name, unsigned index, int packet_fd, struct error *e);
void watch_release(struct watch *w);

/* Look at the clocks, and at the links if it is time: with every batch. idle:
 * nothing is to be read, so that there is time. */
void watch_look(struct watch *w, bool idle);

/* The kernel dropped n packets since the last call. done: that is all of a
 * pause before now, which is then told. */
void watch_dropped(struct watch *w, uint64_t n, bool done);
/* A pause is to be told now, whether or not all that was kept has been read. */
bool watch_pause_is_old(const struct watch *w);

/* Of all interfaces: the slot of a kernel's index, its name asked for. */
uint16_t watch_slot(struct watch *w, unsigned index);

/* The times and the blindness of a frame that was taken in slot (0: the one
 * interface, or unknown). */
void watch_frame(struct watch *w, struct frame *f, uint16_t slot);

bool watch_note(struct watch *w, struct source_note *out);
int64_t watch_now(const struct watch *w); /* the run's time */

#endif
