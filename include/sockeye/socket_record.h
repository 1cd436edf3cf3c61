/* The kernel's sockets, flat: what src/host fills and everybody reads.
 *
 * A socket_table is one sweep: sockets of all families in one array, who holds
 * them in another, and the processes in a third. Nothing in it changes after the
 * sweep. Numbers are in host order, an IPv4 address in an IPv6 socket
 * (::ffff:a.b.c.d) is an IPv4 address with `mapped`; what the kernel did not say
 * is zero and its bit in `has` is not set.
 */
#ifndef SOCKEYE_SOCKET_RECORD_H
#define SOCKEYE_SOCKET_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sockeye/process.h"
#include "sockeye/tuple.h"

enum socket_family { SOCKET_INET = 1, SOCKET_INET6, SOCKET_UNIX, SOCKET_PACKET, SOCKET_NETLINK };

/* The kernel's numbers, of TCP and of all others. */
enum socket_state {
	SOCKET_ESTABLISHED = 1, SOCKET_SYN_SENT, SOCKET_SYN_RECEIVED, SOCKET_FIN_WAIT1, SOCKET_FIN_WAIT2,
	SOCKET_TIME_WAIT, SOCKET_CLOSED, SOCKET_CLOSE_WAIT, SOCKET_LAST_ACK, SOCKET_LISTEN, SOCKET_CLOSING,
	SOCKET_NEW_SYN_RECEIVED, SOCKET_BOUND, SOCKET_STATES,
};

/* The kernel's numbers of timers. */
enum socket_timer { SOCKET_NO_TIMER, SOCKET_ON, SOCKET_KEEPALIVE, SOCKET_TIMEWAIT, SOCKET_PERSIST, SOCKET_TIMERS };

enum { SOCKET_PROTO_RAW = 255, SOCKET_NAME = 108, SOCKET_CONGESTION = 16 };
#define SOCKET_NONE UINT32_MAX /* no place in an array */

/* What the kernel said of a socket. */
enum {
	SOCKET_HAS_QUEUES = 1 << 0, SOCKET_HAS_MEMORY = 1 << 1, SOCKET_HAS_TCP = 1 << 2, SOCKET_HAS_COOKIE = 1 << 3,
	SOCKET_HAS_UID = 1 << 4, SOCKET_HAS_CGROUP = 1 << 5, SOCKET_HAS_TOS = 1 << 6, SOCKET_HAS_TCLASS = 1 << 7,
	SOCKET_HAS_MARK = 1 << 8, SOCKET_HAS_SHUTDOWN = 1 << 9, SOCKET_HAS_ONLY_IPV6 = 1 << 10, SOCKET_HAS_CLASS = 1 << 11,
	SOCKET_HAS_PEER = 1 << 12, SOCKET_HAS_FILE = 1 << 13, SOCKET_HAS_RING = 1 << 14, SOCKET_HAS_FANOUT = 1 << 15,
	SOCKET_HAS_FILTER = 1 << 16, SOCKET_HAS_DROPS = 1 << 17, SOCKET_HAS_TIMER = 1 << 18,
};

/* skmeminfo, in the kernel's order. */
enum socket_memory {
	SOCKET_RECEIVE, SOCKET_RECEIVE_LIMIT, SOCKET_SEND, SOCKET_SEND_LIMIT, SOCKET_FORWARD, SOCKET_QUEUED,
	SOCKET_OPTION, SOCKET_BACKLOG, SOCKET_DROPS, SOCKET_MEMORY,
};

/* tcp_info: times in us but where the name says ms. */
struct socket_tcp {
	uint64_t pacing_rate, max_pacing_rate, bytes_acked, bytes_received, delivery_rate, busy_us, window_limited_us,
		buffer_limited_us, bytes_sent, bytes_retransmitted;
	uint32_t rto_us, ato_us, mss, receive_mss, unacked, sacked, lost, retransmitted, fackets, last_sent_ms,
		last_received_ms, last_ack_ms, mtu, receive_ssthresh, rtt_us, rtt_variation_us, ssthresh, cwnd,
		advertised_mss, reordering, receive_rtt_us, receive_space, total_retransmissions, segments_out,
		segments_in, unsent, min_rtt_us, data_segments_in, data_segments_out, delivered, delivered_ce, dsacks,
		reordered, out_of_order, peer_window, own_window, rehashes;
	uint8_t congestion_state, retransmits, probes, backoff, options, send_scale, receive_scale, limited_by_program;
};

enum { SOCKET_TCP_TIMESTAMPS = 1, SOCKET_TCP_SACK = 2, SOCKET_TCP_WSCALE = 4, SOCKET_TCP_ECN = 8, SOCKET_TCP_ECN_SEEN = 16,
       SOCKET_TCP_SYN_DATA = 32 };

struct socket_unix {
	uint32_t device, file;  /* of its path, as the kernel numbers them */
	uint32_t waiting;       /* first place in the table's inodes of clients that wait for accept(2) */
	uint16_t waitings;      /* how many */
	uint8_t name_len;       /* name[0] == 0: abstract */
	char name[SOCKET_NAME];
};

struct socket_packet {
	uint32_t flags, fanout, ring_blocks, ring_block_size, promiscuous;
	uint16_t filter;        /* instructions; 0: none, or not ours to see */
	uint16_t protocol;      /* of frames, 3: all */
	bool running;
};

struct socket_netlink {
	uint32_t portid, groups, flags;
};

struct socket_record {
	uint64_t cookie, inode, cgroup_id, peer; /* peer: inode of a UNIX socket's */
	struct endpoint local, remote;
	uint32_t has;
	uint32_t receive_queue, send_queue; /* LISTEN: of accept(2), used and limit */
	uint32_t uid, mark, interface, class_id;
	uint32_t memory[SOCKET_MEMORY];
	uint32_t timer_ms;
	uint32_t owners, owner;      /* how many holders, and the first of them */
	uint32_t listener;           /* its place in the table; of a child only */
	uint32_t listeners;          /* that may have taken it (SO_REUSEPORT); more than one: `listener` is one of them */
	uint8_t family, proto;       /* proto: of IP, or a netlink protocol */
	uint8_t raw_protocol;        /* of SOCKET_PROTO_RAW */
	uint8_t type;                /* SOCK_STREAM ...: of UNIX and packet sockets */
	uint8_t state, timer, retransmits, tos, tclass, shutdown;
	bool only_ipv6, mapped;
	bool waiting;                /* complete, and not taken by accept(2) yet */
	bool hidden;                 /* it was there while all processes were looked through, and none was seen to hold it */
	char congestion[SOCKET_CONGESTION];
	union {
		struct socket_tcp tcp;         /* SOCKET_HAS_TCP */
		struct socket_unix un;         /* SOCKET_UNIX */
		struct socket_packet packet;   /* SOCKET_PACKET */
		struct socket_netlink netlink; /* SOCKET_NETLINK */
	};
};

/* How it is known. */
enum socket_evidence {
	SOCKET_BY_PROC,     /* a link below /proc/PID/fd */
	SOCKET_BY_ITER,     /* the kernel's own walk through all descriptors */
	SOCKET_BY_BPF,      /* it was seen doing something with it */
	SOCKET_BY_DIAG,     /* sock_diag named the socket; its owner was looked up by that */
	SOCKET_BY_LISTENER, /* who holds the listener */
	SOCKET_BY_DESCENT,  /* who held it when it was made, and may have passed it on */
	SOCKET_EVIDENCES,
};

struct socket_owner {
	uint64_t inode;
	uint32_t process; /* its place in the table */
	int32_t fd;
	uint8_t evidence;
};

/* Why a socket that somebody holds has no owner here. */
enum socket_unknown { SOCKET_KNOWN, SOCKET_NO_CAPABILITY, SOCKET_TOO_LATE, SOCKET_OTHER_NETNS, SOCKET_UNSUPPORTED };

/* One way of knowing, and whether it works here. */
struct host_tier {
	const char *name;
	bool works;
	char reason[200]; /* a sentence: why it does not, or what it lacks; "" */
};

enum { SOCKET_TIERS = 20 };

/* Counters of the kernel, of this network namespace. */
struct socket_counters {
	uint64_t listen_overflows, listen_drops, request_full_cookies, request_full_drops, time_wait, orphans, tcp_memory,
		tcp_alloc, tcp_in_use, udp_in_use, abort_on_memory, abort_on_close, abort_on_timeout, abort_failed, tw_overflow,
		udp_receive_errors, udp_no_port;
	uint32_t known; /* bits in the order of the fields above */
	uint32_t port_first, port_last; /* ip_local_port_range; 0: not known */
};

/* A socket's place by its inode. */
struct socket_place {
	uint64_t inode;
	uint32_t place;
};

/* A control group of the unified tree, by its number. */
struct socket_cgroup {
	uint64_t id;
	const char *path;
};

struct socket_interface {
	uint32_t index;
	char name[16];
};

enum { SOCKET_NETNS_NAME = 256 };

/* A network namespace, as it is told where one was asked for. */
struct socket_netns {
	uint64_t inode, device;       /* which one it is */
	char name[SOCKET_NETNS_NAME]; /* below /run/netns, foreign; "": it has none there */
	char comm[16];                /* of the process: foreign, ends with a zero */
	int32_t pid;                  /* the lowest that lives in it; 0: none that may be seen */
	uint32_t processes;           /* that live in it and may be seen, but for this program's */
	bool own;                     /* the one that this program is in */
};

/* Its name, where it has none its inode. */
void socket_netns_label(struct text *to, const struct socket_netns *n, bool ascii);

struct socket_table {
	const struct socket_record *sockets;
	uint32_t n_sockets;
	const struct socket_place *by_inode; /* in its order; those that have one */
	uint32_t n_by_inode;
	const struct socket_owner *owners; /* by inode; a record's stand together */
	uint32_t n_owners;
	const struct process *processes;
	uint32_t n_processes;
	const uint64_t *waiting;           /* of UNIX listeners: inodes of clients */
	uint32_t n_waiting;
	const struct socket_cgroup *cgroups; /* by id; live as long as the host */
	uint32_t n_cgroups;
	const struct socket_interface *interfaces; /* there at the start; live as long as the host */
	uint32_t n_interfaces;
	const struct socket_netns *netns;  /* whose sockets they are, where that was asked for; else NULL */
	struct socket_counters counters;
	struct host_tier tiers[SOCKET_TIERS];
	unsigned n_tiers;
	enum socket_unknown unknown;       /* why owners are missing, where they are */
	uint32_t processes_seen, processes_unreadable;
	unsigned asked;                    /* what it has: HOST_ bits of host.h */
	bool same;                         /* as the table before: the same sockets and holders, no byte sent or received */
	uint64_t moved;                    /* bytes in queues, sent and received, and states, of all: a sum */
	bool partial;                      /* the kernel was interrupted: a socket may be missing, or there twice */
	bool failed;                       /* a kind of sockets could not be read: its tier says why */
	uint64_t forgotten;                /* sockets and holders beyond the bound of memory */
	int64_t at_ns, began_ns;           /* of the sweep's begin: wall time; clock_boot_ns() */
	int64_t kernel_ns, owners_ns;      /* what it cost */
};

/* NULL: it was not there at the start. The name is foreign. */
const char *socket_interface_name(const struct socket_table *t, uint32_t index);

/* The socket with that inode; NULL: it is in none, or not in this table. */
const struct socket_record *socket_by_inode(const struct socket_table *t, uint64_t inode);

/* Its control group: by the number the socket has, where that says something, else its first
 * holder's. NULL: it is not known. */
const char *socket_cgroup(const struct socket_table *t, const struct socket_record *s);

/* ---- words; all of them constants ------------------------------------------------------ */

const char *socket_family_word(const struct socket_record *s);
/* tcp, udp, udplite, raw, icmp, icmpv6; stream, dgram, seqpacket of UNIX; raw, dgram of packet; route ... of netlink. */
const char *socket_proto_word(const struct socket_record *s);
/* established, syn_received, unconnected ... */
const char *socket_state_word(const struct socket_record *s);
const char *socket_timer_word(unsigned timer); /* NULL: none */
const char *socket_unknown_word(enum socket_unknown u);
const char *socket_evidence_word(unsigned evidence); /* proc, iter, bpf, diag, listener, inherited */

/* ---- texts ------------------------------------------------------------------------------ */

/* One endpoint, as 10.0.0.1:80 or 0.0.0.0:80; * where there is none. */
void socket_endpoint(struct text *to, const struct endpoint *e);
/* "nginx[901] fd 6, nginx[902] fd 6 and 3 more". */
void socket_owners(struct text *to, const struct socket_table *t, const struct socket_record *s, bool ascii);
/* "1.93 s" of microseconds. */
void socket_duration(struct text *to, uint64_t us);
/* "@name" of an abstract one; "" where it has none. */
void socket_name(struct text *to, const struct socket_record *s, bool ascii);
/* "all frames", "IPv4" of what a packet socket takes; NULL: no such word. */
const char *socket_frames_word(unsigned protocol);
/* The reason why there is no owner, or NULL: there is one, or none is to be had. */
const char *socket_owner_unknown(const struct socket_table *t, const struct socket_record *s);
/* How long a connection has lain in the queue of accept(2), in us: since it was complete.
 * The kernel says when it was put there, as the time since it last sent data, which such a
 * socket never did. False: the kernel does not say. */
bool socket_waited(const struct socket_record *s, uint64_t *us);

/* By any of the words of ss and ours; 0: no such. Blanks, '-' and '_' are the same. */
unsigned socket_state_find(const char *word);

/* Does a process hold it, or could one? Not those of the kernel's own. */
bool socket_held(const struct socket_record *s);

/* One number of tcp_info. */
struct socket_tcp_field {
	const char *key;
	uint16_t offset;
	uint8_t width; /* 1, 4, 8 */
};
enum { SOCKET_TCP_FIELDS = 56 };
extern const struct socket_tcp_field socket_tcp_fields[SOCKET_TCP_FIELDS];
/* False: it has not been measured, or is without a limit, for which the kernel has numbers of its own. */
bool socket_tcp_value(const struct socket_tcp *t, const struct socket_tcp_field *f, uint64_t *out);

#endif
