/* What the BPF programs read of the kernel's structures, and no more.
 *
 * Names and types alone count: where a field lies in the running kernel is put in when a program is loaded (CO-RE,
 * preserve_access_index), so that the machine on which this was built does not matter. A name behind three
 * underscores is an older kernel's shape of the same structure.
 */
#ifndef BPF_KERNEL_H
#define BPF_KERNEL_H

#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct ns_common {
	unsigned int inum;
};

struct net {
	struct ns_common ns;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct in6_addr {
	union {
		__u8 u6_addr8[16];
	} in6_u;
};

struct sock_common {
	union {
		__u64 skc_addrpair;
		struct {
			__be32 skc_daddr, skc_rcv_saddr;
		};
	};
	union {
		__u32 skc_portpair;
		struct {
			__be16 skc_dport;
			__u16 skc_num;
		};
	};
	unsigned short skc_family;
	volatile unsigned char skc_state;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr, skc_v6_rcv_saddr;
	struct {
		__s64 counter;
	} skc_cookie;
};

struct inode {
	unsigned short i_mode;
	unsigned long i_ino;
};

struct file {
	struct inode *f_inode;
	void *private_data;
};

struct sock;
struct sk_buff;

struct socket {
	struct file *file;
	struct sock *sk;
};

struct sock {
	struct sock_common __sk_common;
	struct socket *sk_socket;
	__u16 sk_protocol;
};

struct inet_sock {
	struct sock sk;
	__be16 inet_sport;
};

struct tcp_sock {
	struct {
		__u64 time; /* us; set when it becomes established, and again when its program has read */
	} rcvq_space;
};

struct pid_namespace {
	struct ns_common ns;
};

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	unsigned int level;
	struct upid numbers[1];
};

struct signal_struct {
	struct pid *pids[4];
};

typedef struct {
	unsigned int val;
} kuid_t;

struct cred {
	kuid_t euid;
};

struct kernfs_node {
	struct kernfs_node *__parent;
	const char *name;
};

struct kernfs_node___before_6_15 {
	struct kernfs_node *parent;
};

struct cgroup {
	int level;
	struct kernfs_node *kn;
};

struct cgroup_subsys_state {
	struct cgroup *cgroup;
};

struct css_set {
	struct cgroup_subsys_state *subsys[16];
	struct cgroup *dfl_cgrp;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
	unsigned int next_fd;
};

struct task_struct {
	unsigned int flags;
	int pid, tgid;
	struct task_struct *group_leader, *real_parent;
	__u64 start_boottime;
	struct signal_struct *signal;
	const struct cred *real_cred, *cred;
	struct css_set *cgroups;
	struct files_struct *files;
	char comm[16];
};

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
	__u64 session_id, seq_num;
};

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	__u32 fd;
	struct file *file;
};

#pragma clang attribute pop

enum { KERNEL_THREAD = 0x00200000, KERNEL_TGID = 1, KERNEL_PID_LEVELS = 33 };
enum { KERNEL_INET = 2, KERNEL_INET6 = 10, KERNEL_TCP = 6, KERNEL_UDP = 17, KERNEL_UDPLITE = 136 };
enum { KERNEL_ESTABLISHED = 1, KERNEL_SYN_SENT = 2, KERNEL_FIN_WAIT1 = 4, KERNEL_CLOSE = 7, KERNEL_LAST_ACK = 9, KERNEL_LISTEN = 10 };

/* The process's number in that namespace of processes (0: the machine's own); 0: it has none there. */
static __always_inline __u32 kernel_pid(struct task_struct *task, __u32 within)
{
	struct pid *pid;
	unsigned int level;

	if (within == 0)
		return (__u32)task->tgid;
	pid = BPF_CORE_READ(task, signal, pids[KERNEL_TGID]);
	level = BPF_CORE_READ(pid, level);
	for (unsigned int i = 0; i < KERNEL_PID_LEVELS && i <= level; i++) {
		struct upid *at = (void *)pid + bpf_core_field_offset(struct pid, numbers) + i * bpf_core_type_size(struct upid);

		if (BPF_CORE_READ(at, ns, ns.inum) == within)
			return (__u32)BPF_CORE_READ(at, nr);
	}
	return 0;
}

#endif
