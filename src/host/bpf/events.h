/* What the BPF programs and the program share: events in the ring, records of the iterator.
 * Plain integers of fixed size, in this machine's order; no padding that is not named. */
#ifndef BPF_EVENTS_H
#define BPF_EVENTS_H

#include <linux/types.h>

enum { EVENTS_RING = 4 << 20, EVENTS_COMM = 16 };

/* Set before the programs are loaded: the numbers of our namespaces. */
struct settings {
	__u32 network;
	__u32 processes; /* 0: the machine's own */
};

/* Written by the programs, read at any time. */
struct counters {
	__u64 lost;   /* events without room */
	__u64 untold; /* owners of one socket beyond those that are told */
	__u64 seen;   /* processes, of the pass through descriptors that is under way */
};

enum event_kind {
	EVENT_OWNER = 1, /* this process opened the socket, or was the first seen to use it */
	EVENT_ACCEPTED,  /* accept(2) gave it to this process, now */
	EVENT_GONE,      /* it has ended; no process */
};

struct event_process {
	__u64 started_ns; /* since the machine did */
	__u64 cgroup;     /* of the unified tree */
	__u32 pid, uid;
	char comm[EVENTS_COMM];
};

/* Of an event that is GONE the head alone is written, EVENT_HEAD bytes. */
struct event {
	__u64 at_ns; /* clock_monotonic_ns() */
	__u64 cookie;
	__u8 kind, family, protocol, state; /* family: 4 or 6 */
	__s32 fd; /* -1: not known */
	__u64 inode;
	__u64 opened_ns; /* EVENT_ACCEPTED: when it became established, to 1 us; 0: not known */
	__u16 local_port, remote_port; /* host order; 0: the kernel has none (any more) */
	__u32 zero;
	__u8 local[16], remote[16];
	struct event_process process;
};
enum { EVENT_HEAD = 24 };
_Static_assert(sizeof(struct event) == 120, "an event has no hidden bytes");

/* What the iterator writes: a process, then its sockets, then how many descriptors it has. */
enum holder_kind { HOLDER_PROCESS = 1, HOLDER_SOCKET, HOLDER_END, HOLDER_NOTHING };

enum { HOLDER_LEVELS = 8, HOLDER_NAME = 96, HOLDER_REST = 64 };

struct holder_head {
	__u32 kind;
	__s32 fd;     /* HOLDER_END: how many descriptors; HOLDER_PROCESS: the path's levels, -1: it is too long */
	__u64 inode;  /* HOLDER_SOCKET */
};

/* Behind a head of kind HOLDER_PROCESS; then the names of its control group, the last one first, HOLDER_NAME bytes each. */
struct holder_process {
	__u64 started_ns;
	__u32 pid, parent, uid, zero;
	char comm[EVENTS_COMM];
};

#endif
