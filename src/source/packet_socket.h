/* The packet socket (AF_PACKET) and its ring: set up in the one order in which
 * no stray frame comes in, and with the errors as sentences. */
#ifndef SOURCE_PACKET_SOCKET_H
#define SOURCE_PACKET_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ring.h"
#include "ring_filter.h"
#include "sockeye/error.h"
#include "sockeye/source.h"

/* The kernel hands over what is in its block that often: at most 125 wake-ups a
 * second however few packets come, and a packet waits less than 12 ms. */
enum { PACKET_RETIRE_MS = 8 };

/* A packet socket, bound to nothing: of o's packet_socket, or made here. Or
 * -errno: -EPERM with what to do. */
int capture_socket(const struct source_options *o, const char *title, struct error *e);

/* "needs CAP_NET_RAW" and how to get it, as the error. */
int capture_no_right(const char *title, struct error *e);

/* Index and hardware type of the interface. -ENODEV: there is none. */
int packet_interface(int fd, const char *name, unsigned *index, unsigned *hatype);
/* Its IPv4 netmask in network order, as libpcap wants it; all ones: unknown. */
uint32_t packet_netmask(int fd, const char *name);
/* Does the interface of that index exist? */
bool packet_exists(int fd, unsigned index);

struct packet_ring {
	struct ring ring;
	void *map;
	size_t bytes;
};

/* Filter, ring and map, then bind: the frames come from now on. */
int packet_ring_open(struct packet_ring *r, int fd, struct ring_filter *filter, const struct source_options *o,
		     unsigned index, const char *title, struct error *e);
void packet_ring_release(struct packet_ring *r);

/* What the kernel dropped since the last call; false: it does not say. */
bool packet_dropped(int fd, uint64_t *out);

#endif
