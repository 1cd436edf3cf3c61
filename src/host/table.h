/* The table of one sweep, inside. Private to this room. */
#ifndef HOST_TABLE_H
#define HOST_TABLE_H

#include "host_private.h"
#include "sockeye/hash.h"

enum { TABLE_KEPT_OWNERS = 4 };

/* A socket that has ended. */
struct kept {
	struct socket_record socket;
	int64_t gone_ns; /* wall time at which it was missed first */
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
	struct kept *kept;
	uint32_t n_kept;
	uint32_t most_sockets, most_owners, most_processes;
	void *memory;
	size_t memory_len;
};

uint32_t table_tuple_first(const struct host_table *t, const struct socket_record *like, uint64_t *hash);

/* keep.c: from before into t, what t lacks. */
void table_keep(struct host_table *t, const struct host_table *before);
/* A process's place in t, which has it then; SOCKET_NONE: no room, and counted. */
uint32_t table_process(struct host_table *t, const struct process *p);

#endif
