/* The ring into which the BPF programs write, read in place (Linux: kernel/bpf/ringbuf.c). Private to this room.
 *
 * Two pages of positions, then the data, mapped twice in a row so that no record is torn. Reading is no system call. */
#ifndef BPF_RING_EVENTS_H
#define BPF_RING_EVENTS_H

#include <stddef.h>
#include <stdint.h>

#include "events.h"
#include "sockeye/error.h"

struct ring_events {
	unsigned long *taken;       /* ours: how far was read */
	const unsigned long *given; /* the kernel's: how far was written */
	const uint8_t *data;
	size_t size, page;          /* size: a power of two */
};

/* fd: of the map. 0, or -errno with the sentence. */
int ring_events_open(struct ring_events *r, int fd, size_t size, struct error *e);
void ring_events_close(struct ring_events *r);
unsigned ring_events_take(struct ring_events *r, void (*each)(void *arg, const struct event *e), void *arg, unsigned most);

#endif
