/* What the files of owners share: sockets, holders, listeners. */
#ifndef ENGINE_OWNERS_PRIVATE_H
#define ENGINE_OWNERS_PRIVATE_H

#include "owners.h"
#include "sockeye/clock.h"
#include "sockeye/hash.h"

#define OWNERS_NONE UINT32_MAX

enum { OWNERS_CANDIDATES = 32 }; /* sockets of one endpoint (SO_REUSEPORT) that are looked at */
enum { OWNERS_SAME = 16, OWNERS_SAME_ALL = 256 }; /* sockets of one tuple: of a network namespace, of all */
enum { OWNERS_LOCALS = 4096, OWNERS_ELSEWHERE = 1024, OWNERS_HOMES = 1024, OWNERS_HOME = 80, OWNERS_SWEEPS = 128, OWNERS_CLOSES = 16384,
       OWNERS_CLOSE_WAYS = 4 };

/* A packet may be a little older than what the kernel says of its socket: two clocks are read. */
#define OWNERS_EARLY_NS (5 * CLOCK_MS)
/* Packets that come after the end of a socket: of flows without their SYN. */
#define OWNERS_LINGER_NS CLOCK_S

struct holder {
	uint64_t started;
	int32_t pid, fd; /* 0, -1: not known */
	uint32_t uid, next;
	uint8_t evidence;
	char comm[PROCESS_COMM];
};

enum { OWNED_BORN = 1 /* first_ns is when it was made, else when it was seen first */, OWNED_GONE = 2, OWNED_DATAGRAM = 4 };

struct owned {
	uint64_t cookie, inode, cgroup_id;
	int64_t first_ns, last_ns;   /* it lived from and until, wall time; OWNED_GONE: last_ns is known */
	int64_t opened_ns;           /* it became established, as the kernel says; 0: not known */
	int64_t accepted_ns;         /* 0: not known */
	struct tuple tuple;          /* from: its own endpoint */
	int32_t accepted_pid, accepted_fd;
	uint32_t uid, netns;         /* netns: of another network namespace, which; 0: of this one */
	uint32_t by_cookie, by_tuple; /* the next in the same slot */
	uint32_t older, younger;     /* in its list: of those that live, or of those that ended */
	uint32_t holder;             /* the first */
	uint8_t bits, why;           /* enum socket_unknown */
	bool linked, has_uid;        /* linked: it is to be found by its tuple */
};

struct owned_list {
	uint32_t oldest, youngest;
};

/* A listener, and since when it is known to be there; of one that is missed, since when. */
struct heard {
	uint64_t cookie;
	int64_t since_ns, gone_ns; /* gone: 0: it is there */
	struct endpoint local;
};

struct local_address {
	struct address ip;
	uint8_t family; /* FAMILY_NONE: free */
	bool elsewhere; /* another network namespace of this machine has it, this one does not */
};

struct home {
	const char *kind; /* NULL: a place that is free */
	char name[OWNERS_HOME];
};

struct flow_close {
	uint64_t flow; /* 0: free */
	int64_t at_ns;
	uint8_t side;
};

struct owners {
	struct hash_key key;
	struct owners_stats stats;
	struct owned *at;
	struct holder *holders;
	uint32_t *by_cookie, *by_tuple;
	uint32_t most, used, mask;        /* of sockets; of slots */
	uint32_t most_holders, used_holders;
	uint32_t free, free_holder;       /* lists of what was given back */
	struct owned_list live, gone;     /* live: but for those of UDP */
	struct owned_list datagrams;      /* those that live; who was looked for last is last */
	uint32_t n_datagrams, unlooked;   /* to be looked for in the table */
	const struct host_table *table;
	const struct socket_table *facts; /* of it */
	int64_t sweeps[OWNERS_SWEEPS];    /* times of the last tables */
	uint64_t n_sweeps;
	struct heard heard[HOST_LIVE_LISTENERS], heard_before[HOST_LIVE_LISTENERS]; /* by cookie */
	unsigned n_heard;
	struct local_address local[OWNERS_LOCALS]; /* by a hash, open addressing; half full at most */
	unsigned locals;
	struct home home[OWNERS_HOMES];
	struct flow_close close[OWNERS_CLOSES];
	void *memory;
	size_t memory_len;
};

/* owners.c: the first of those with these endpoints, then the next. */
struct owned *owned_first(struct owners *o, const struct tuple *t);
struct owned *owned_next(struct owners *o, const struct owned *s);

/* owners_match.c: the end of side: its socket, or NULL. */
struct owned *owners_match(struct owners *o, const struct flow_record *r, unsigned side);
/* The same in the last table. */
const struct socket_record *owners_match_table(struct owners *o, const struct flow_record *r, unsigned side,
					       enum host_match *how);
/* All listeners that may have taken the connection, where they were there in the flow's time: one of them did. How many;
 * 0: there is none, or one of those that may have been it is not known any more, or there are too many. */
unsigned owners_match_listeners(struct owners *o, const struct flow_record *r, const struct socket_record *out[OWNERS_CANDIDATES]);
/* The same of a socket of UDP that the table has: it and those that share its endpoint. */
unsigned owners_match_shared(struct owners *o, const struct socket_record *s, bool ipv4,
			     const struct socket_record *out[OWNERS_CANDIDATES]);

/* owners_local.c */
bool owners_is_local(const struct owners *o, const struct address *a, uint8_t family);
bool owners_is_elsewhere(const struct owners *o, const struct address *a, uint8_t family);

/* owners_home.c: container or unit of a process, else of a control group; false: not known. Both live as long as o. */
bool owners_home(struct owners *o, int32_t pid, uint64_t started, uint64_t cgroup_id, const char **kind,
		 const char **name);

/* owners_close.c: when that side's FIN came; 0: not known. */
int64_t owners_closed(struct owners *o, uint64_t flow, unsigned side);

#endif
