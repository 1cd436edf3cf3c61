/* The host thread, inside: what its two files share. Private to this room.
 *
 * live.c: its life and its loop; live_look.c: what others may ask of it, from any thread.
 */
#ifndef HOST_LIVE_PRIVATE_H
#define HOST_LIVE_PRIVATE_H

#include "asking.h"
#include "findings.h"
#include "listeners.h"
#include "pace.h"
#include "shelf.h"
#include "sockeye/thread.h"

struct live_way {
	struct host_way way;
	void *self;
	int fd;
	int64_t due_ns;
};

struct host_live {
	struct host *host;
	struct shelf tables, looks; /* of struct host_table, of struct listeners */
	struct findings findings;
	struct arrivals arrivals; /* the thread's own */
	struct live_way ways[HOST_LIVE_WAYS];
	unsigned n_ways;
	pthread_t thread;
	bool runs;
	int kick; /* an eventfd: something was set */
	atomic_bool quit;
	atomic_uint wanted[HOST_LIVE_WANTERS], once;
	_Atomic uint64_t put; /* tables */
	_Atomic int64_t turned_ns; /* monotonic: begin of the last whole turn */

	/* The thread's own. */
	int64_t listen_due_ns, filled_ns; /* filled: a queue had something in it */
	struct pace pace;
	uint64_t heard_before; /* findings of this namespace */
	int64_t walk_due_ns, walked_ns;
	unsigned swept;   /* what the last table has */
	unsigned sweeping; /* what the one under way will have; 0: none is */
	bool walking, newer;
	struct host_table *dying; /* is freed some at a time */
	int64_t work_ns, step_ns; /* of the sweep under way: all, and its longest step */

	/* For host_live_stats(): written by the thread alone. */
	_Atomic uint64_t sweeps, listens, walks, withheld, found, heard;
	_Atomic int64_t sweep_ns, steps_ns, walk_ns, longest_ns, every_ns;
	_Atomic(const char *) longest;
	atomic_bool failed;
	pthread_mutex_t lock; /* of what is copied out and rare: */
	char why[200];
	int32_t into_pid; /* whom to look into */
	uint64_t into_started;
	struct process_inside inside;
	bool inside_known;
	int news; /* an eventfd */
	/* The thread's own again. */
	int32_t own_pid; /* as they were under the lock */
	bool own_known;
	bool inside_asked;
	int64_t inside_due_ns, inside_asked_ns;
	struct process_inside looked;
};

#endif
