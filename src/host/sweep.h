/* A sweep in steps: what host_sweep() does at once, without ever waiting. Private to this room. */
#ifndef HOST_SWEEP_H
#define HOST_SWEEP_H

#include "host_private.h"

/* Where a dump's messages go, and how far it is. */
struct filling {
	struct host_table *table;
	const struct host_wanted *wanted;
	uint8_t proto;
	int family;
	unsigned part;    /* of a kind: IPv4 and IPv6 */
	bool both;        /* one question for both */
	bool asked, read; /* that part was asked for; some part could be read */
	size_t have;      /* of a line that is not whole yet */
};

enum sweep_stage { SWEEP_NONE, SWEEP_SOCKETS, SWEEP_COUNTERS, SWEEP_NEWER, SWEEP_OWNERS, SWEEP_FINISH };

/* Who tells owners instead of a walk through /proc; further ways set it. */
struct sweep_owners {
	int (*next)(void *self, bool begin, struct process_batch *out, struct error *e);
	void *self;
	uint8_t evidence;
	void (*free)(void *self); /* NULL: it is somebody else's */
};

struct host_sweeping {
	enum sweep_stage stage;
	struct host_wanted wanted;
	const struct host_table *before; /* stays until the end of the sweep */
	struct host_table *table;
	struct filling filling;
	unsigned kind; /* of askings */
	uint32_t states; /* of TCP, that are asked for */
	int worst;     /* -errno of a kind that failed */
	bool walk;     /* owners are asked for anew; else carried from before */
	bool newer;    /* a socket came since before */
	uint32_t newer_at;
	bool begin, asked, fallen; /* of the walk; fallen: the other way failed, /proc is walked */
	int64_t asked_ns;
	int64_t kernel_ns, owners_ns; /* spent so far */
	bool before_failed; /* the last walk failed, and why: stays for sweeps that carry */
	struct error before_why;
};

/* walk: owners anew; else from before. 0, or -errno. */
int sweep_begin(struct host *h, const struct host_wanted *w, const struct host_table *before, bool walk, struct error *e);
/* 1: more; -EAGAIN: wait until sweep_fd() is readable, a little; 0: *out is the table; else -errno with the sentence.
 * One step takes a millisecond or so. */
int sweep_step(struct host *h, struct host_table **out, struct error *e);
int sweep_fd(const struct host *h);
void sweep_abandon(struct host *h);

#endif
