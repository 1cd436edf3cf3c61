/* Whose sockets they are, told while it happens.
 *
 * Three moments run in the process that holds the socket: when it connects or listens, when it sends or receives,
 * when it closes. The first of each process is told; whom a socket has told is kept by its cookie, so that all
 * that follows costs one look. Who runs while a handshake completes is never believed: on loopback it is the peer.
 * A connection's own port is not there when it begins, so its owner is told when it is open, has failed, or has
 * not been answered for the first second.
 *
 * What is of another network namespace says so; what talks to itself over loopback there is not told, for nobody outside
 * sees its packets. Nothing is told of threads of the kernel. An event that finds no room is
 * counted. The reader is woken by the first event that it has not seen, and by no other.
 */
#ifndef BPF_SOCKETS_PROGRAMS_H
#define BPF_SOCKETS_PROGRAMS_H

#include "kernel.h"

#include "events.h"

enum { SOCKETS_OTHERS = 4, SOCKETS_TOLD = 16, SOCKETS_KEPT = 32768, SOCKETS_NEAR = 8, SOCKETS_FIRST = 16, SOCKETS_RECENT = 4096,
       SOCKETS_PID_BITS = 22 /* PID_MAX_LIMIT */ };

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, EVENTS_RING);
} events SEC(".maps");

/* Whom a socket has told: the first process whole, the others by their number. */
struct told {
	struct event_process first;
	__u64 opened_ns; /* when it connected; 0: it did not, or before us */
	__s64 opened_fd;
	__u32 others[SOCKETS_OTHERS];
	__u8 n_others, times, zero[6];
};

/* By cookie. Made once, for a socket's own storage takes a microsecond to make. What it forgets is told again. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, SOCKETS_KEPT);
	__type(key, __u64);
	__type(value, struct told);
} sockets SEC(".maps");

/* Pairs of socket and process that have been told, by the low bits of the cookie: nearly every use is one of these, and
 * needs no other look. Each is one word, so that processors need not wait for each other. */
__u64 recent[SOCKETS_RECENT] SEC(".bss.recent") = {0};

static __always_inline __u64 pair_of(__u64 cookie, __u32 pid)
{
	return cookie << SOCKETS_PID_BITS | pid;
}

/* A socket without a cookie is any of many. */
static __always_inline bool is_recent(__u64 cookie, __u32 pid)
{
	return cookie != 0 && recent[cookie % SOCKETS_RECENT] == pair_of(cookie, pid);
}

static __always_inline void set_recent(__u64 cookie, __u32 pid)
{
	if (cookie != 0)
		recent[cookie % SOCKETS_RECENT] = pair_of(cookie, pid);
}

/* 127.0.0.0/8 as it is, or inside an IPv6 address; ::1. */
static __always_inline bool loopback4(__be32 a)
{
	return (a & 0xff) == 127;
}

static __always_inline bool loopback6(const __be32 a[4])
{
	if (a[0] != 0 || a[1] != 0)
		return false;
	return a[2] == 0 ? a[3] == __builtin_bswap32(1) : a[2] == __builtin_bswap32(0xffff) && loopback4(a[3]);
}

/* Is it told of? */
static __always_inline bool wanted(const struct sock *sk)
{
	const unsigned short family = sk->__sk_common.skc_family;
	__be32 own[4] = {0};

	if (family != KERNEL_INET && family != KERNEL_INET6)
		return false;
	if (sk->__sk_common.skc_net.net->ns.inum == settings.network)
		return true;
	if (!settings.others)
		return false;
	if (family == KERNEL_INET)
		return !loopback4(sk->__sk_common.skc_rcv_saddr);
	BPF_CORE_READ_INTO(&own, sk, __sk_common.skc_v6_rcv_saddr.in6_u.u6_addr8);
	return !loopback6(own);
}

/* 0: it is ours. */
static __always_inline __u32 network(__u32 number)
{
	return number == settings.network ? 0 : number;
}

/* What is read of sk here is read as it is: a tracepoint's socket is known to be one. */
static __always_inline void endpoints(struct event *e, const struct sock *sk)
{
	const unsigned short family = sk->__sk_common.skc_family;

	e->remote_port = __builtin_bswap16(sk->__sk_common.skc_dport);
	e->local_port = sk->__sk_common.skc_num;
	if (e->local_port == 0) /* given back already; what was sent still says it */
		e->local_port = __builtin_bswap16(BPF_CORE_READ((const struct inet_sock *)sk, inet_sport));
	__builtin_memset(e->local, 0, sizeof e->local);
	__builtin_memset(e->remote, 0, sizeof e->remote);
	if (family == KERNEL_INET) {
		e->family = 4;
		*(__be32 *)e->local = sk->__sk_common.skc_rcv_saddr;
		*(__be32 *)e->remote = sk->__sk_common.skc_daddr;
	} else {
		e->family = 6;
		BPF_CORE_READ_INTO(&e->local, sk, __sk_common.skc_v6_rcv_saddr.in6_u.u6_addr8);
		BPF_CORE_READ_INTO(&e->remote, sk, __sk_common.skc_v6_daddr.in6_u.u6_addr8);
	}
}

static __always_inline void *room(__u64 size)
{
	void *at = bpf_ringbuf_reserve(&events, size, 0);

	if (!at)
		__sync_fetch_and_add(&counters.lost, 1);
	return at;
}

static __always_inline __u64 cookie_of(struct sock *sk)
{
	const __u64 cookie = (__u64)sk->__sk_common.skc_cookie.counter;

	return cookie ? cookie : bpf_get_socket_cookie(sk);
}

static __always_inline void current_process(struct event_process *p, struct task_struct *task, __u32 pid)
{
	struct task_struct *leader = task->group_leader;

	p->started_ns = leader->start_boottime;
	p->cgroup = bpf_get_current_cgroup_id();
	p->pid = pid;
	p->uid = task->cred->euid.val;
	__builtin_memcpy(p->comm, leader->comm, sizeof p->comm);
}

/* Under which descriptor the current process has it; -1: not among those that are likely. It was made a moment ago,
 * so it is the one before the next that is free, or close to it; or the process has few. */
static __always_inline __s32 descriptor(struct sock *sk, struct task_struct *task)
{
	struct file *wanted = sk->sk_socket->file, *file = NULL;
	struct files_struct *files = task->files;
	const __u32 most = files->fdt->max_fds, next = files->next_fd;
	struct file **at = files->fdt->fd;

	if (!wanted)
		return -1;
	for (__u32 i = 1; i <= SOCKETS_NEAR && i <= next && next - i < most; i++)
		if (bpf_probe_read_kernel(&file, sizeof file, at + (next - i)) == 0 && file == wanted)
			return (__s32)(next - i);
	for (__u32 i = 0; i < SOCKETS_FIRST && i < most; i++)
		if (bpf_probe_read_kernel(&file, sizeof file, at + i) == 0 && file == wanted)
			return (__s32)i;
	return -1;
}

static __always_inline void tell(struct sock *sk, const struct event_process *p, __s32 fd, __u64 at_ns, __u8 state)
{
	struct event *e = room(sizeof *e);

	if (!e)
		return;
	e->at_ns = at_ns;
	e->cookie = cookie_of(sk);
	e->kind = EVENT_OWNER;
	e->protocol = (__u8)sk->sk_protocol;
	e->state = state;
	e->fd = fd;
	e->inode = sk->sk_socket->file->f_inode->i_ino;
	e->network = network(sk->__sk_common.skc_net.net->ns.inum);
	e->opened_ns = 0;
	endpoints(e, sk);
	e->process = *p;
	bpf_ringbuf_submit(e, 0);
}

/* The current process, 0: none that holds sockets, or none of ours. */
static __always_inline __u32 current_pid(struct task_struct *task)
{
	return task->flags & KERNEL_THREAD ? 0 : kernel_pid(task, settings.processes);
}

/* It uses a socket that has told others already: told, unless it has been. */
static __always_inline void used_too(struct sock *sk, struct task_struct *task, struct told *t, __u32 pid, __u8 state)
{
	struct event_process other;

	for (int i = 0; i < SOCKETS_OTHERS; i++)
		if (t->others[i] == pid)
			return;
	if (t->times == SOCKETS_TOLD) {
		__sync_fetch_and_add(&counters.untold, 1);
		return;
	}
	t->times++;
	t->others[t->n_others % SOCKETS_OTHERS] = pid; /* a power of two: the verifier follows a mask */
	t->n_others++;
	current_process(&other, task, pid);
	tell(sk, &other, descriptor(sk, task), bpf_ktime_get_ns(), state);
}

/* The current process uses it: told, unless it has been. */
static __always_inline void used(struct sock *sk, __u8 state)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const __u32 pid = current_pid(task);
	__u64 cookie = (__u64)sk->__sk_common.skc_cookie.counter;
	struct told *t;

	if (pid == 0 || is_recent(cookie, pid) || !wanted(sk))
		return;
	cookie = cookie_of(sk);
	t = bpf_map_lookup_elem(&sockets, &cookie);
	if (!t) {
		struct told first = {0};

		current_process(&first.first, task, pid);
		(void)bpf_map_update_elem(&sockets, &cookie, &first, BPF_ANY);
		tell(sk, &first.first, descriptor(sk, task), bpf_ktime_get_ns(), state);
	} else if (t->first.pid != pid) {
		used_too(sk, task, t, pid, state);
	}
	set_recent(cookie, pid);
}

/* It connects, and has no port yet: who that was is kept until it has. */
static __always_inline void opened(struct sock *sk)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const __u32 pid = current_pid(task);
	const __u64 cookie = cookie_of(sk);
	struct told first = {0};

	if (pid == 0)
		return;
	current_process(&first.first, task, pid);
	first.opened_ns = bpf_ktime_get_ns();
	first.opened_fd = descriptor(sk, task);
	(void)bpf_map_update_elem(&sockets, &cookie, &first, BPF_ANY);
	set_recent(cookie, pid);
}

/* As it was then. */
static __always_inline void tell_opener(struct sock *sk)
{
	const __u64 cookie = cookie_of(sk);
	struct told *t = bpf_map_lookup_elem(&sockets, &cookie);

	if (!t || t->opened_ns == 0)
		return;
	tell(sk, &t->first, (__s32)t->opened_fd, t->opened_ns, KERNEL_SYN_SENT);
	t->opened_ns = 0; /* once */
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(socket_state, struct sock *sk, int before, int now)
{
	const bool begins = before == KERNEL_CLOSE && (now == KERNEL_SYN_SENT || now == KERNEL_LISTEN);
	const bool closes = now == KERNEL_FIN_WAIT1 || now == KERNEL_LAST_ACK;

	/* Most steps tell nothing, so that comes first. */
	if (!begins && !closes && before != KERNEL_SYN_SENT && now != KERNEL_ESTABLISHED)
		return 0;
	if (sk->sk_protocol != KERNEL_TCP)
		return 0;
	if (now == KERNEL_LISTEN || closes)
		used(sk, (__u8)now);
	else if (!wanted(sk))
		return 0;
	else if (begins)
		opened(sk);
	else if (before == KERNEL_SYN_SENT)
		tell_opener(sk); /* it has its port now; or it failed, and had it */
	else
		(void)cookie_of(sk); /* it gets one now: accept(2) can only read it */
	return 0;
}

/* A SYN that is not answered is sent again: its connection has a port since long, and would tell nothing else. */
SEC("tp_btf/tcp_retransmit_skb")
int BPF_PROG(socket_again, struct sock *sk, struct sk_buff *skb)
{
	if (sk && sk->__sk_common.skc_state == KERNEL_SYN_SENT && wanted(sk))
		tell_opener(sk);
	return 0;
}

static __always_inline int moved(struct sock *sk)
{
	const __u16 protocol = sk->sk_protocol;

	if (protocol == KERNEL_TCP || protocol == KERNEL_UDP || protocol == KERNEL_UDPLITE)
		used(sk, sk->__sk_common.skc_state);
	return 0;
}

SEC("tp_btf/sock_send_length")
int BPF_PROG(socket_sent, struct sock *sk, int n, int flags)
{
	return moved(sk);
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(socket_received, struct sock *sk, int n, int flags)
{
	return moved(sk);
}

SEC("tp_btf/tcp_destroy_sock")
int BPF_PROG(socket_gone, struct sock *sk)
{
	__u64 cookie;
	struct event *e;

	if (!wanted(sk))
		return 0;
	cookie = cookie_of(sk);
	(void)bpf_map_delete_elem(&sockets, &cookie);
	e = room(EVENT_HEAD);
	if (!e)
		return 0;
	e->at_ns = bpf_ktime_get_ns();
	e->cookie = cookie;
	e->kind = EVENT_GONE;
	e->family = e->protocol = 0;
	e->state = KERNEL_CLOSE;
	e->fd = -1;
	bpf_ringbuf_submit(e, 0);
	return 0;
}

/* ---- accept(2): needs tracefs, so both are tried by themselves ----------------------------------- */

struct exit_arguments {
	__u64 common;
	__s64 number, result;
};

/* Here nothing is known to be what it seems: each read is one with care, and there are few of them. All that is wanted of
 * a socket's common part is read at once; what a kernel has further behind, by itself. */
enum { ACCEPTED_HEAD = 128 };
struct accepted_head {
	__u8 at[ACCEPTED_HEAD];
} __attribute__((aligned(8)));

struct accepted_address {
	__u64 part[2];
};

/* Where a field lies is a constant when the program is loaded: the verifier looks at one of the two ways alone. */
#define HEAD(to, head, sk, field) \
	do { \
		const __u64 field_at = bpf_core_field_offset(struct sock_common, field); \
\
		if (field_at <= ACCEPTED_HEAD - sizeof *(to)) \
			*(to) = *(typeof(to))((head)->at + field_at); \
		else \
			(void)bpf_probe_read_kernel((to), sizeof *(to), (const void *)(sk) + field_at); \
	} while (0)

static __always_inline void accepted_endpoints(struct event *e, struct accepted_head *head, const struct sock *sk,
					       unsigned short family)
{
	struct accepted_address local = {{0}}, remote = {{0}};
	__be16 port = 0;

	HEAD(&port, head, sk, skc_dport);
	e->remote_port = __builtin_bswap16(port);
	HEAD(&port, head, sk, skc_num);
	e->local_port = port; /* as the host has it */
	if (family == KERNEL_INET) {
		e->family = 4;
		HEAD((__be32 *)&local, head, sk, skc_rcv_saddr);
		HEAD((__be32 *)&remote, head, sk, skc_daddr);
	} else {
		e->family = 6;
		HEAD(&local, head, sk, skc_v6_rcv_saddr);
		HEAD(&remote, head, sk, skc_v6_daddr);
	}
	__builtin_memcpy(e->local, &local, sizeof e->local);
	__builtin_memcpy(e->remote, &remote, sizeof e->remote);
}

/* As wanted(), of what was read. */
static __always_inline bool accepted_wanted(struct accepted_head *head, const struct sock *sk, unsigned short family,
					    __u32 number)
{
	__be32 own[4] = {0};

	if (number == settings.network)
		return true;
	if (!settings.others)
		return false;
	if (family == KERNEL_INET) {
		HEAD(&own[0], head, sk, skc_rcv_saddr);
		return !loopback4(own[0]);
	}
	HEAD((struct accepted_address *)own, head, sk, skc_v6_rcv_saddr);
	return !loopback6(own);
}

/* When it became established, which is when the kernel begins to measure how fast its program reads. 0: not known. */
static __always_inline __u64 established_ns(const struct sock *sk)
{
	const struct tcp_sock *tcp = (const struct tcp_sock *)sk;
	__u64 us = 0;

	if (bpf_core_field_exists(tcp->rcvq_space.time))
		us = BPF_CORE_READ(tcp, rcvq_space.time);
	return us * 1000;
}

static __always_inline int accepted(const struct exit_arguments *x)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct accepted_head head = {0};
	struct file *file = NULL;
	struct socket *socket;
	const struct sock *sk;
	unsigned short family = 0;
	struct net *net = NULL;
	struct event *e;
	__u64 cookie = 0;
	__u32 pid, number;

	if (x->result < 0)
		return 0;
	bpf_probe_read_kernel(&file, sizeof file, task->files->fdt->fd + x->result);
	socket = BPF_CORE_READ(file, private_data);
	sk = BPF_CORE_READ(socket, sk);
	if (bpf_probe_read_kernel(&head, sizeof head, sk) != 0)
		return 0;
	HEAD(&family, &head, sk, skc_family);
	pid = kernel_pid(task, settings.processes);
	if ((family != KERNEL_INET && family != KERNEL_INET6) || pid == 0 || BPF_CORE_READ(sk, sk_protocol) != KERNEL_TCP)
		return 0;
	HEAD(&net, &head, sk, skc_net);
	number = BPF_CORE_READ(net, ns.inum);
	if (!accepted_wanted(&head, sk, family, number))
		return 0;
	HEAD(&cookie, &head, sk, skc_cookie);
	set_recent(cookie, pid); /* it is told here; should that be forgotten, its next use tells it once more */
	e = room(sizeof *e);
	if (!e)
		return 0;
	e->at_ns = bpf_ktime_get_ns();
	e->cookie = cookie;
	e->kind = EVENT_ACCEPTED;
	e->protocol = KERNEL_TCP;
	e->state = 0;
	e->fd = (__s32)x->result;
	e->inode = 0;
	e->network = network(number);
	e->opened_ns = established_ns(sk);
	accepted_endpoints(e, &head, sk, family);
	current_process(&e->process, task, pid);
	bpf_ringbuf_submit(e, 0);
	return 0;
}

SEC("tp/syscalls/sys_exit_accept4")
int accepted_accept4(struct exit_arguments *x)
{
	return accepted(x);
}

SEC("tp/syscalls/sys_exit_accept")
int accepted_accept(struct exit_arguments *x)
{
	return accepted(x);
}

#endif
