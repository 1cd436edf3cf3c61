/* The table of one sweep, inside. Private to this room. */
#ifndef HOST_TABLE_H
#define HOST_TABLE_H

#include "host_private.h"
#include "sort.h"
#include "sockeye/hash.h"

enum { TABLE_KEPT_OWNERS = 4 };

/* A socket that has ended. */
struct kept {
	struct socket_record socket;
	int64_t gone_ns; /* wall time at which it was missed first, or nobody's any more */
	uint32_t next;   /* in the same slot */
	struct socket_owner owner[TABLE_KEPT_OWNERS];
};

/* Places by a hash, open addressing: SOCKET_NONE is free. As large as what is in it asks for. */
struct places {
	uint32_t *at;
	uint32_t mask;
};

struct host_table {
	struct socket_table facts;
	struct hash_key key;
	struct socket_record *sockets;
	struct socket_owner *owners;
	struct process *processes;
	struct socket_place *by_inode;
	struct host_waiting waiting;
	struct places by_tuple, by_cookie, by_pid;
	uint32_t *same;      /* by place: the next one with the same tuple, or SOCKET_NONE */
	unsigned step;       /* of the join */
	struct sorting sorting;
	uint32_t at, to;     /* where that step is */
	bool carried;        /* owners are those of the table before */
	bool newer;          /* one came since the table before */
	bool walked;         /* all processes were looked through after its sockets had come */
	struct kept *kept;
	uint32_t n_kept;
	uint32_t kept_slots[HOST_KEPT]; /* by tuple, one more than the place: the last that was put there */
	uint32_t most_sockets, most_owners, most_processes;
	void *memory;
	size_t memory_len, freed;
};

/* The first socket of that tuple; the others are found by t->same[]. SOCKET_NONE: there is none. */
uint32_t table_tuple_first(const struct host_table *t, const struct socket_record *like);
bool table_has(const struct host_table *t, uint64_t cookie);
/* The same; NULL: it has none. */
const struct socket_record *table_by_cookie(const struct host_table *t, uint64_t cookie);

/* n rounded up to a power of two, at most the greatest that fits. */
uint32_t table_power(uint64_t n);

/* keep.c: from before into t, what t lacks; sockets of before from `from` to `to`, and the end of it. */
void table_keep(struct host_table *t, const struct host_table *before, uint32_t from, uint32_t to);
void table_keep_kept(struct host_table *t, const struct host_table *before);
/* A process's place in t, which has it then; SOCKET_NONE: no room, and counted. */
uint32_t table_process(struct host_table *t, const struct process *p);

#endif
