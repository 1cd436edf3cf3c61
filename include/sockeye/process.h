/* Processes and the sockets that they hold, as /proc tells it.
 *
 * A walk goes through /proc once, in pieces: each call fills one batch of a fixed
 * size and ends when the batch is full, the time is up, or the walk is done. It
 * takes no memory, so that the broker can do it in a small list of system calls.
 * What it may see depends on who walks: the links below /proc/PID/fd of other
 * users take CAP_DAC_READ_SEARCH and CAP_SYS_PTRACE, both. What it could not read
 * it counts.
 *
 * Texts of /proc are foreign: names of programs and of control groups are whatever
 * somebody called them. Each parser takes bytes, and knows no file.
 */
#ifndef SOCKEYE_PROCESS_H
#define SOCKEYE_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sockeye/error.h"
#include "sockeye/text.h"

enum {
	PROCESS_COMM = 16, /* with its zero, as the kernel keeps it */
	PROCESS_CGROUP = 240,
	PROCESS_BATCH_PROCESSES = 24,
	PROCESS_BATCH_HOLDERS = 1024,
};

/* A process is (pid, started): numbers are used again. */
struct process {
	int32_t pid, parent;
	uint32_t uid;
	uint32_t descriptors; /* open ones, of all kinds; a walk has seen so many so far */
	uint64_t started;     /* clock ticks since the machine did */
	char comm[PROCESS_COMM];
	char cgroup[PROCESS_CGROUP]; /* a path, "" where it is not known or too long */
};

/* A descriptor that is a socket. */
struct process_holder {
	uint64_t inode;
	int32_t fd;
	uint32_t process; /* its place among the batch's processes */
};

struct process_batch {
	uint32_t processes, holders;
	uint32_t done;       /* 1: the walk has ended with this batch */
	/* Since the walk began: processes looked at, without threads of the kernel, and those
	 * whose descriptors could not be read. */
	uint32_t seen, unreadable;
	uint32_t failed;     /* errno, where /proc itself could not be read */
	struct process process[PROCESS_BATCH_PROCESSES];
	struct process_holder holder[PROCESS_BATCH_HOLDERS];
};

/* ---- the walk -------------------------------------------------------------------- */

/* Fields are the room's own. */
struct process_walk {
	int proc, directory, descriptors; /* -1: not open */
	uint32_t seen, unreadable;
	struct process now;
	bool known;          /* the user and the control group of now have been read */
	uint32_t row;        /* of now in the batch */
	size_t pids_at, pids_len, fds_at, fds_len;
	uint64_t pids[512], fds[1024]; /* what getdents64 gave; of words, for its alignment */
};

/* proc: where /proc is, "/proc" for one's own. */
int process_walk_open(struct process_walk *w, const char *proc, struct error *e);
/* Begins anew, whatever was left. */
void process_walk_reset(struct process_walk *w);
/* False once the walk is done (out->done): the next call begins anew. budget_ns: after
 * that time the batch is given as it is. A process that did not fit comes again, with
 * the same pid and start, in the next batch. */
bool process_walk_next(struct process_walk *w, struct process_batch *out, int64_t budget_ns);
void process_walk_close(struct process_walk *w);

/* Is what came over a socket a batch? Its counts are inside, its texts end. */
bool process_batch_sound(const struct process_batch *b);

/* ---- one process from inside ------------------------------------------------------------ */

/* A line "tfd:" of /proc/PID/fdinfo of an epoll descriptor. */
struct process_watched {
	int32_t fd;
	uint32_t events;
	uint64_t inode; /* 0: this kernel does not say it */
};
enum { PROCESS_THREADS = 64, PROCESS_EPOLLS = 16, PROCESS_WATCHED = 256 };

struct process_thread {
	int32_t tid;
	int32_t call;   /* the system call it is blocked in; -1: it runs, -2: not to be read */
	int64_t fd;     /* that call's first argument, which of most calls is a descriptor */
	char state;     /* R S D T Z ... */
	char comm[PROCESS_COMM];
};

struct process_epoll {
	int32_t fd;
	uint32_t first, n; /* of watched[]; n of all that it watches, there may be fewer there */
	uint32_t partial;  /* 1: there was not the time to read all of it: n is the least that it watches */
};

/* Its threads and its epoll sets, as far as they fit. */
struct process_inside {
	int32_t pid;
	uint64_t started;
	int32_t failed;           /* errno: it could not be read, or is another one by now; 0 */
	uint32_t threads, all_threads; /* all: as the kernel counts them */
	uint32_t epolls, all_epolls, watchers; /* watchers: of watched[] filled */
	uint32_t descriptors;     /* looked at */
	uint32_t partial;         /* 1: there was not the time to look at all descriptors */
	struct process_thread thread[PROCESS_THREADS];
	struct process_epoll epoll[PROCESS_EPOLLS];
	struct process_watched watched[PROCESS_WATCHED];
};

/* proc: a descriptor of /proc. Never longer than about budget_ns. */
void process_inside_read(int proc, int32_t pid, uint64_t started, int64_t budget_ns, struct process_inside *out);
/* Is what came over a socket one? */
bool process_inside_sound(const struct process_inside *i);
/* /proc/PID/task/TID/syscall: the call and its first argument. */
bool process_parse_call(const char *s, size_t n, int32_t *call, int64_t *fd);
/* "epoll_wait"; NULL: none of those that servers wait in. */
const char *process_call_word(int32_t call);
/* Is the first argument of that call a descriptor? */
bool process_call_has_fd(int32_t call);

/* ---- texts of /proc ----------------------------------------------------------------- */

/* /proc/PID/stat: pid, comm, parent, started. *kernel: it is a thread of the kernel. */
bool process_parse_stat(const char *s, size_t n, struct process *out, bool *kernel);
/* The same: how many threads. */
bool process_parse_threads(const char *s, size_t n, uint32_t *threads);
/* /proc/PID/status: the effective user. */
bool process_parse_uid(const char *s, size_t n, uint32_t *uid);
/* /proc/PID/cgroup: the path that tells most: the unified one, but where that is the
 * root the longest of the others. "" where there is none, or it does not fit. */
void process_parse_cgroup(const char *s, size_t n, char out[PROCESS_CGROUP]);
/* A link of /proc/PID/fd: "socket:[N]". */
bool process_parse_link(const char *s, size_t n, uint64_t *inode);

/* Up to most of them; how many there were. */
size_t process_parse_epoll(const char *s, size_t n, struct process_watched *out, size_t most);

/* /proc/self/mountinfo: how /proc mounted at "/proc" hides processes of other users:
 * 0 not at all, 1 their content, 2 they are not to be seen, 4 only what may be traced is. */
unsigned process_parse_hidepid(const char *s, size_t n);

/* ---- whose control group --------------------------------------------------------------- */

/* What a path of a control group belongs to. Both lie in the path. */
struct process_home {
	const char *kind; /* "docker", "podman", "crio", "containerd", "kubernetes", "lxc", "nspawn"; "unit"; or NULL */
	const char *name; /* not ended by a zero */
	size_t len;
};
struct process_home process_home(const char *cgroup);

#endif
