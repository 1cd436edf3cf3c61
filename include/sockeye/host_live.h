/* The kernel's side while a run goes on: a thread of its own, the host thread.
 *
 *     host_live_open()      while rights are held: sock_diag, files of /proc/net
 *     host_live_add()       a further way of knowing: BPF, a ring of SYNs, notices
 *     host_live_start()     after rights were given up: makes the thread
 *     host_live_want()      what is wanted now: it decides how often what is asked for
 *     host_live_take()      the last table, held until host_live_release(); any thread
 *     host_live_listeners() the queues of accept(2), looked at several times a second; any thread
 *     host_live_inside()    the threads and epoll sets of one process
 *     host_live_findings()  what was learnt about single sockets, oldest first; one thread, the engine's
 *     host_live_free()      ends the thread
 *
 * Nobody waits for this thread, and it waits for nobody: tables are handed over by pointer,
 * findings by a bounded queue whose losses are counted. It works in steps of about a
 * millisecond, looks at its ways between them, and sleeps in one poll(2).
 *
 * How often: listeners HOST_LIVE_LISTEN_MS apart while the screen wants tables or a queue had
 * something in it in the last HOST_LIVE_FILLED_MS, with every table, and each HOST_LIVE_QUIET_MS. All sockets only while
 * somebody wants them: a second after the last time (2.5 where there are more than 10 000), or so
 * long that it takes a twentieth of a processor at most; a two-hundredth where the engine alone wants them; a
 * five-hundredth where the last tables were the same in all that their sockets have moved, until something is
 * heard of one. Who holds them is asked again when a socket came that nobody is
 * known to hold, at most once a second and for the same share of a processor, and each
 * HOST_LIVE_OWNERS_MS, or HOST_LIVE_CALM_MS where nothing moves; in between the last answer stands for the sockets it was about.
 */
#ifndef SOCKEYE_HOST_LIVE_H
#define SOCKEYE_HOST_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sockeye/error.h"
#include "sockeye/host.h"
#include "sockeye/process.h"
#include "sockeye/socket_record.h"
#include "sockeye/tuple.h"

struct host_live;

enum {
	HOST_LIVE_SLICE_NS = 20000000,  /* no step of the thread, nor one of a way, may take longer */
	HOST_LIVE_FINDINGS = 65536,
	HOST_LIVE_WAYS = 8,
	HOST_LIVE_TABLES = 4,           /* at most so many are there at a time */
	HOST_LIVE_LISTENERS = 1024,
	HOST_LIVE_LISTEN_MS = 125, HOST_LIVE_QUIET_MS = 5000, HOST_LIVE_FILLED_MS = 10000, HOST_LIVE_OWNERS_MS = 10000, HOST_LIVE_CALM_MS = 30000,
};

/* ---- findings --------------------------------------------------------------------------- */

enum host_finding_kind {
	FINDING_SOCKET,   /* the socket of this tuple: cookie, inode, user, control group; no owner yet */
	FINDING_OWNER,    /* this process holds it, under this descriptor */
	FINDING_ACCEPTED, /* accept(2) gave it to this process at at_ns */
	FINDING_UNKNOWN,  /* nobody can be told; why says it */
	FINDING_GONE,     /* the socket ended at at_ns */
};

/* What is not known is 0, and of fd and pid -1. */
struct host_finding {
	uint64_t cookie, inode, cgroup_id;
	uint64_t started;   /* of the process, as struct process has it */
	int64_t at_ns;      /* wall time at which it was so */
	int64_t opened_ns;  /* FINDING_ACCEPTED: when it became established */
	struct tuple tuple; /* from: the socket's local endpoint. Ports are 0 where the kernel has not said them: join by cookie */
	int32_t pid, fd;
	uint32_t uid;
	uint8_t kind;       /* enum host_finding_kind */
	uint8_t evidence;   /* enum socket_evidence */
	uint8_t why;        /* enum socket_unknown */
	uint8_t state;      /* enum socket_state, as it was seen last */
	char comm[PROCESS_COMM]; /* ends with a zero; foreign */
};

/* ---- ways: further files of this room, on the host thread --------------------------------- */

struct host_way {
	const char *name;          /* of its tier */
	int (*fd)(void *self);     /* to poll for reading, or -1; NULL: has none */
	int every_ms;              /* work() is called so often without fd, too; 0: only when fd is ready */
	/* Reads what is there, at most HOST_LIVE_SLICE_NS long, and calls host_live_found(). */
	void (*work)(void *self, struct host_live *h, int64_t now_ns);
	/* All holders of sockets, in pieces as struct host_options has them; NULL: it does not know. Asked instead
	 * of who walks through /proc; -errno: that one is asked. */
	int (*owners)(void *self, bool begin, struct process_batch *out, struct error *e);
	uint8_t evidence;          /* of owners() */
	void (*free)(void *self);  /* after the thread has ended; NULL: nothing to do */
};

/* ---- life ----------------------------------------------------------------------------------- */

/* The options are those of one sweep; processes_ask, if there, is used instead of processes.
 * 0, or -errno: the kernel does not tell its sockets, with the sentence. */
int host_live_open(struct host_live **out, const struct host_options *o, struct error *e);
/* self belongs to h from here on, whatever is returned. Before host_live_start(). */
int host_live_add(struct host_live *h, const struct host_way *w, void *self, struct error *e);
/* A line of what works and what does not, for the tables to come. Before host_live_start(). name: a constant. */
void host_live_tier(struct host_live *h, const char *name, bool works, const char *reason);
/* After rights were given up, which one thread alone can do for all. 0, or -errno. */
int host_live_start(struct host_live *h, struct error *e);
/* Everything that was taken must have been released. NULL is fine. */
void host_live_free(struct host_live *h);

/* ---- for whoever looks: any thread, without waiting ------------------------------------------- */

enum host_live_wanter { HOST_LIVE_SCREEN, HOST_LIVE_ENGINE, HOST_LIVE_WANTERS };

/* HOST_ bits; 0: nothing any more. What all want together is asked for. */
void host_live_want(struct host_live *h, enum host_live_wanter who, unsigned what);
/* One table of that, soon, whether or not anything is wanted. */
void host_live_once(struct host_live *h, unsigned what);

/* The last table of sockets; NULL: there is none yet. It does not change, and lives until it is released. Few may be
 * held at a time: while HOST_LIVE_TABLES are, no new one is made. */
const struct host_table *host_live_take(struct host_live *h);
void host_live_release(struct host_live *h, const struct host_table *t); /* NULL is fine */
/* Counts tables: has another come since? */
uint64_t host_live_tables(const struct host_live *h);

/* The queue of accept(2) of a listener. What came and what was taken are counted by port, and told as of the last whole
 * second or so. */
struct host_listener {
	uint64_t cookie, inode;
	struct endpoint local;
	uint32_t syns_s, accepts_s;   /* a second, of its port: */
	uint16_t sharers;             /* so many listeners have it */
	bool syns_known, accepts_known; /* SYNs on the interfaces that are captured; accept(2) where BPF tells it */
	uint64_t syns_at, accepts_at; /* the counts when this second began, */
	int64_t rates_ns;             /* and when that was; 0: not yet */
	uint32_t used, limit, highest;
	uint32_t drops, drops_before; /* the kernel's count now, and when it was seen first */
	uint32_t recent[16];          /* the most that was in it, of each second; [0]: this one */
	int64_t filled_ns;            /* wall time at which something was in it last; 0: never */
	int64_t seen_ns;
};
/* All listeners of TCP as they were seen last, by cookie; at most `most`. How many there are. */
unsigned host_live_listeners(struct host_live *h, struct host_listener *out, unsigned most);

/* What that process does, looked at again each second: its threads and epoll sets. pid 0: nobody. */
void host_live_look_into(struct host_live *h, int32_t pid, uint64_t started);
/* False: nothing of the one looked into is known yet. */
bool host_live_inside(struct host_live *h, struct process_inside *out);

/* Readable when there is another table, another look at listeners that differs, or another look into a process. */
int host_live_news_fd(const struct host_live *h);
void host_live_news_seen(struct host_live *h);

/* What the thread has done and what it cost. */
struct host_live_stats {
	uint64_t sweeps, listens, walks;
	uint64_t tables_withheld;    /* too many were held */
	uint64_t findings, findings_lost;
	int64_t sweep_ns, walk_ns;   /* the last one: what this thread worked; until all was told */
	int64_t longest_ns;          /* the longest step so far, as the processor's time, */
	const char *longest;         /* and what that was: a word; NULL: there was none */
	int64_t every_ns;            /* between two sweeps now; 0: none is wanted */
	bool failed;                 /* the last sweep failed: */
	char why[200];
};
void host_live_stats(const struct host_live *h, struct host_live_stats *out);

/* ---- for the engine: one thread -------------------------------------------------------------- */

/* The oldest findings, most of them at most; how many. */
unsigned host_live_findings(struct host_live *h, struct host_finding *out, unsigned most);
/* When the thread last began to look at all that is ready and did so (clock_monotonic_ns(); 0: never): what had been
 * there before is in the queue. */
int64_t host_live_turned(const struct host_live *h);
/* Begin another turn now. */
void host_live_wake(struct host_live *h);
/* Readable when findings have come after the queue was found empty. */
int host_live_findings_fd(const struct host_live *h);
uint64_t host_live_lost(const struct host_live *h);

/* ---- for ways: the host thread ------------------------------------------------------------------ */

/* Into the queue; without room it is counted. */
void host_live_found(struct host_live *h, const struct host_finding *f);
/* A SYN came to that port, accept(2) took a connection from it; and from now on both are told so, or not. */
void host_live_syn(struct host_live *h, uint16_t port);
void host_live_accept(struct host_live *h, uint16_t port);
void host_live_tells(struct host_live *h, bool syns, bool on);
/* So many were lost before they came here: counted with those that the queue lost. */
void host_live_missed(struct host_live *h, uint64_t n);
/* For host_exact() and the notices of ended sockets, which are then the way's. */
struct host *host_live_host(struct host_live *h);

#endif
