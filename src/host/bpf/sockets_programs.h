/* Whose sockets they are, told while it happens.
 *
 * Three moments run in the process that holds the socket: when it connects or listens, when it sends or receives,
 * when it closes. The first of each process is told; a socket remembers whom it has told (SK_STORAGE), so that all
 * that follows costs one look. Who runs while a handshake completes is never believed: on loopback it is the peer.
 * A connection's own port is not there when it begins, so its owner is told again once it is.
 *
 * Nothing is told of another network namespace, nor of threads of the kernel. An event that finds no room is
 * counted. The reader is woken by the first event that it has not seen, and by no other.
 */
#ifndef BPF_SOCKETS_PROGRAMS_H
#define BPF_SOCKETS_PROGRAMS_H

#include "kernel.h"

#include "events.h"

enum { SOCKETS_OTHERS = 4, SOCKETS_TOLD = 16 };

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, EVENTS_RING);
} events SEC(".maps");

/* Whom a socket has told: the first process whole, the others by their number. */
struct told {
	struct event_process first;
	__u32 others[SOCKETS_OTHERS];
	__u8 n_others, times, zero[2];
};

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct told);
} sockets SEC(".maps");

static __always_inline bool ours(const struct sock *sk)
{
	const unsigned short family = sk->__sk_common.skc_family;

	return (family == KERNEL_INET || family == KERNEL_INET6) && sk->__sk_common.skc_net.net->ns.inum == settings.network;
}

static __always_inline void endpoints(struct event *e, const struct sock *sk)
{
	e->remote_port = __builtin_bswap16(BPF_CORE_READ(sk, __sk_common.skc_dport));
	e->local_port = BPF_CORE_READ(sk, __sk_common.skc_num);
	if (e->local_port == 0) /* given back already; what was sent still says it */
		e->local_port = __builtin_bswap16(BPF_CORE_READ((const struct inet_sock *)sk, inet_sport));
	__builtin_memset(e->local, 0, sizeof e->local);
	__builtin_memset(e->remote, 0, sizeof e->remote);
	if (BPF_CORE_READ(sk, __sk_common.skc_family) == KERNEL_INET) {
		e->family = 4;
		BPF_CORE_READ_INTO((__be32 *)e->local, sk, __sk_common.skc_rcv_saddr);
		BPF_CORE_READ_INTO((__be32 *)e->remote, sk, __sk_common.skc_daddr);
	} else {
		e->family = 6;
		BPF_CORE_READ_INTO(&e->local, sk, __sk_common.skc_v6_rcv_saddr.in6_u.u6_addr8);
		BPF_CORE_READ_INTO(&e->remote, sk, __sk_common.skc_v6_daddr.in6_u.u6_addr8);
	}
}

static __always_inline struct event *begin(const struct sock *sk, __u8 kind, __u8 state)
{
	struct event *e = bpf_ringbuf_reserve(&events, sizeof *e, 0);

	if (!e) {
		__sync_fetch_and_add(&counters.lost, 1);
		return NULL;
	}
	e->at_ns = bpf_ktime_get_boot_ns();
	e->fd = -1;
	e->kind = kind;
	e->state = state;
	e->protocol = (__u8)BPF_CORE_READ(sk, sk_protocol);
	__builtin_memset(e->zero, 0, sizeof e->zero);
	endpoints(e, sk);
	return e;
}

static __always_inline void current_process(struct event_process *p, struct task_struct *task, __u32 pid)
{
	p->started_ns = BPF_CORE_READ(task, group_leader, start_boottime);
	p->cgroup = bpf_get_current_cgroup_id();
	p->pid = pid;
	p->uid = (__u32)bpf_get_current_uid_gid();
	BPF_CORE_READ_STR_INTO(&p->comm, task, group_leader, comm);
}

static __always_inline void tell(struct sock *sk, const struct event_process *p, __u8 kind, __u8 state)
{
	struct event *e = begin(sk, kind, state);

	if (!e)
		return;
	e->cookie = bpf_get_socket_cookie(sk);
	e->inode = BPF_CORE_READ(sk, sk_socket, file, f_inode, i_ino);
	if (p)
		e->process = *p;
	else
		__builtin_memset(&e->process, 0, sizeof e->process);
	bpf_ringbuf_submit(e, 0);
}

/* The current process uses it: told, unless it has been. */
static __always_inline void used(struct sock *sk, __u8 state)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct event_process other;
	struct told *t;
	__u32 pid;

	if (task->flags & KERNEL_THREAD)
		return;
	pid = kernel_pid(task, settings.processes);
	t = bpf_sk_storage_get(&sockets, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!t || t->first.pid == pid || pid == 0)
		return;
	if (t->first.pid == 0) {
		current_process(&t->first, task, pid);
		tell(sk, &t->first, EVENT_OWNER, state);
		return;
	}
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
	tell(sk, &other, EVENT_OWNER, state);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(socket_state, struct sock *sk, int before, int now)
{
	struct told *t;

	if (sk->sk_protocol != KERNEL_TCP || !ours(sk))
		return 0;
	if ((before == KERNEL_CLOSE && (now == KERNEL_SYN_SENT || now == KERNEL_LISTEN)) || now == KERNEL_FIN_WAIT1 ||
	    now == KERNEL_LAST_ACK) {
		used(sk, (__u8)now);
	} else if (before == KERNEL_SYN_SENT) {
		/* It has its port now; or it failed, and had it. */
		t = bpf_sk_storage_get(&sockets, sk, 0, 0);
		if (t && t->first.pid != 0)
			tell(sk, &t->first, EVENT_OWNER, (__u8)now);
	} else if (now == KERNEL_ESTABLISHED) {
		/* It gets its cookie now, which accept(2) can only read. */
		(void)bpf_get_socket_cookie(sk);
	}
	return 0;
}

static __always_inline int moved(struct sock *sk)
{
	const __u16 protocol = sk->sk_protocol;

	if ((protocol == KERNEL_TCP || protocol == KERNEL_UDP || protocol == KERNEL_UDPLITE) && ours(sk))
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
	if (ours(sk))
		tell(sk, NULL, EVENT_GONE, KERNEL_CLOSE);
	return 0;
}

/* ---- accept(2): needs tracefs, so each is tried by itself -------------------------------------- */

struct exit_arguments {
	__u64 common;
	__s64 number, result;
};

static __always_inline int accepted(const struct exit_arguments *x)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct file **files, *file = NULL;
	struct socket *socket;
	const struct sock *sk;
	unsigned short family;
	struct event *e;
	__u32 pid;

	if (x->result < 0)
		return 0;
	files = BPF_CORE_READ(task, files, fdt, fd);
	bpf_probe_read_kernel(&file, sizeof file, files + x->result);
	socket = BPF_CORE_READ(file, private_data);
	sk = BPF_CORE_READ(socket, sk);
	family = BPF_CORE_READ(sk, __sk_common.skc_family);
	pid = kernel_pid(task, settings.processes);
	if ((family != KERNEL_INET && family != KERNEL_INET6) || BPF_CORE_READ(sk, sk_protocol) != KERNEL_TCP ||
	    BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum) != settings.network || pid == 0)
		return 0;
	e = begin(sk, EVENT_ACCEPTED, BPF_CORE_READ(sk, __sk_common.skc_state));
	if (!e)
		return 0;
	e->cookie = (__u64)BPF_CORE_READ(sk, __sk_common.skc_cookie.counter);
	e->inode = BPF_CORE_READ(file, f_inode, i_ino);
	e->fd = (__s32)x->result;
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
