/* What this machine's kernel knows of sockets, and who holds them.
 *
 *     host_open()     while files can be opened: sockets of sock_diag, files of /proc/net
 *     ...             rights are given up here
 *     host_sweep()    one table: all sockets, owners, listeners with their children
 *     host_find()     whose is this tuple
 *     host_exact()    one question to the kernel about one tuple, some microseconds
 *     host_notices()  TCP sockets that ended, with their last numbers
 *
 * Each way of knowing (a tier) is tried at the start, on its own, and says in a
 * sentence what it lacks; the failure of one does not stop another. None needs a
 * right, but for the owners of other users' sockets, which take CAP_SYS_PTRACE and
 * CAP_DAC_READ_SEARCH: the caller says who walks /proc (the broker).
 *
 * One thread asks. A table does not change once it is given, and may be read by any.
 */
#ifndef SOCKEYE_HOST_H
#define SOCKEYE_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sockeye/error.h"
#include "sockeye/process.h"
#include "sockeye/socket_record.h"
#include "sockeye/tuple.h"

struct host;
struct host_table;

enum { HOST_KEEP_S = 60, HOST_KEPT = 4096, HOST_MEMORY_MIN = 4 << 20 };

struct host_options {
	size_t memory; /* of one table: its bound; two are there while one replaces the other */
	/* The next piece of a walk through /proc; begin: from its start. 0, or -errno with the
	 * sentence. NULL: this process walks itself. */
	int (*processes)(void *arg, bool begin, struct process_batch *out, struct error *e);
	/* The same for a thread that must not wait, or NULL: asks; when processes_fd is readable, takes: -EAGAIN: it
	 * is not there yet. */
	int (*processes_ask)(void *arg, bool begin, struct error *e);
	int (*processes_take)(void *arg, struct process_batch *out, struct error *e);
	/* And of one process its threads and epoll sets; never while the other is under way. */
	int (*inside_ask)(void *arg, int32_t pid, uint64_t started, struct error *e);
	int (*inside_take)(void *arg, struct process_inside *out, struct error *e);
	int processes_fd;
	void *arg;
	bool bpf_walk;   /* the kernel's own walk is asked for owners first; needs CAP_BPF and CAP_PERFMON */
	bool all_rights; /* who walks has CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH: what it cannot read nobody can */
	bool no_diag;  /* /proc/net alone, for tests */
	bool notices;  /* also open the notices of ended sockets */
};

/* 0, or -errno: not even /proc/net can be read. */
int host_open(struct host **out, const struct host_options *o, struct error *e);
void host_free(struct host *h);

/* What is wanted of a sweep: less is quicker. */
enum { HOST_TCP_SOCKETS = 1, HOST_UDP_SOCKETS = 2, HOST_RAW_SOCKETS = 4, HOST_UNIX_SOCKETS = 8, HOST_PACKET_SOCKETS = 16,
       HOST_NETLINK_SOCKETS = 32, HOST_OWNERS = 64, HOST_ALL = 127 };

struct host_wanted {
	unsigned what;      /* HOST_ bits */
	uint32_t states;    /* of TCP: 1 << SOCKET_LISTEN; 0: all */
	unsigned only;      /* FAMILY_IPV4 or FAMILY_IPV6; 0: both */
};

/* A table of its own, freed with host_table_free(). before: the last one, or NULL; sockets
 * that it had and the new one lacks stay to be found for HOST_KEEP_S seconds, HOST_KEPT of
 * them. 0, or -errno. */
int host_sweep(struct host *h, const struct host_wanted *w, const struct host_table *before, struct host_table **out,
	       struct error *e);
void host_table_free(struct host_table *t);
const struct socket_table *host_table_sockets(const struct host_table *t);

/* ---- looking up -------------------------------------------------------------------------- */

enum host_match {
	HOST_NO_MATCH,
	HOST_CONNECTED, /* both endpoints are the socket's */
	HOST_BOUND,     /* its local endpoint is, and it has no remote one: a listener, or UDP */
	HOST_WILDCARD,  /* its port is, and it takes any address */
	HOST_GONE,      /* both endpoints were a socket's that has ended, or is nobody's any more, since HOST_KEEP_S seconds at most */
};

/* The socket whose local endpoint is t->from (local_to: t->to) and whose remote one is the
 * other. On loopback a tuple has two sockets: ask both ways. The last that ended, of those
 * that were open at at_ns (wall time; 0: any time). NULL: none; *how says how well it fits. */
const struct socket_record *host_find(const struct host_table *t, const struct tuple *tuple, bool local_to, int64_t at_ns,
				      enum host_match *how);

/* Another one with the same endpoints as s, which host_find() gave (SO_REUSEPORT), or NULL: that was the last. */
const struct socket_record *host_next(const struct host_table *t, const struct socket_record *s);

/* That socket, if it is there; NULL. And that process among the holders; started 0: whichever has the number now. */
const struct socket_record *host_by_cookie(const struct host_table *t, uint64_t cookie);
const struct process *host_process(const struct host_table *t, int32_t pid, uint64_t started);

/* The holders of a socket: the first of them, *n of them; NULL: none is known. */
const struct socket_owner *host_owners(const struct host_table *t, const struct socket_record *s, uint32_t *n);

/* Asks the kernel for one socket, as host_find() does. 0, -ENOENT: there is none, or -errno.
 * *out has no owner. */
int host_exact(struct host *h, const struct tuple *tuple, bool local_to, struct socket_record *out);

/* ---- sockets that ended -------------------------------------------------------------------- */

/* To poll, or -1. */
int host_notices_fd(const struct host *h);
/* Gives each TCP socket that has ended, with its last tcp_info. Its inode and its user are not
 * said by the kernel, nor are its ports where its own program reset it: join by cookie. Returns how many; *lost counts up where the kernel had no
 * room for some: sweep again then. */
unsigned host_notices(struct host *h, void (*each)(void *arg, const struct socket_record *s), void *arg, uint64_t *lost);

#endif
