/* Every descriptor that is a socket, of every process, in one pass (iter/task_file).
 *
 * Each process is told before its first socket and ends with the number of its descriptors; one without a socket is
 * only counted. When the kernel's page is full what this call wrote is thrown away and the same descriptor comes
 * again: what is remembered between calls is changed only after all was written. Some bytes for each HOLDER_REST
 * descriptors that are no sockets let a read end in time.
 */
#ifndef BPF_HOLDERS_PROGRAMS_H
#define BPF_HOLDERS_PROGRAMS_H

#include "kernel.h"

#include "events.h"

/* Where the pass is; one reader. The kernel's own count of calls does not go on while nothing is written. */
static __u64 now_pass;
static int now_pid;   /* 0: none yet */
static bool now_told;
static __s32 now_descriptors;

static struct {
	struct holder_head head;
	struct holder_process process;
	char names[HOLDER_LEVELS][HOLDER_NAME];
} told;

/* The control group of the unified tree, but where that is the root the deepest of the others. */
static __always_inline struct cgroup *group_of(struct task_struct *task)
{
	struct css_set *set = BPF_CORE_READ(task, cgroups);
	struct cgroup *best = BPF_CORE_READ(set, dfl_cgrp);
	const unsigned int n = bpf_core_field_size(set->subsys) / sizeof(void *);
	int level = BPF_CORE_READ(best, level);

	if (level > 0)
		return best;
	for (unsigned int i = 0; i < 16 && i < n; i++) {
		struct cgroup_subsys_state *state = NULL;
		struct cgroup *group;
		int depth;

		bpf_probe_read_kernel(&state, sizeof state, (void *)set + bpf_core_field_offset(struct css_set, subsys) + i * sizeof(void *));
		group = BPF_CORE_READ(state, cgroup);
		depth = BPF_CORE_READ(group, level);
		if (group && depth > level) {
			best = group;
			level = depth;
		}
	}
	return best;
}

static __always_inline struct kernfs_node *parent_of(struct kernfs_node *node)
{
	if (bpf_core_field_exists(struct kernfs_node, __parent))
		return BPF_CORE_READ(node, __parent);
	return BPF_CORE_READ((struct kernfs_node___before_6_15 *)node, parent);
}

/* How many levels; -1: it does not fit. */
static __always_inline int path_of(struct task_struct *task)
{
	struct kernfs_node *node = BPF_CORE_READ(group_of(task), kn), *above;

	for (int i = 0; i < HOLDER_LEVELS; i++) {
		const char *name = BPF_CORE_READ(node, name);

		above = parent_of(node);
		if (!above)
			return i;
		if (bpf_probe_read_kernel_str(told.names[i], HOLDER_NAME, name) >= HOLDER_NAME)
			return -1;
		node = above;
	}
	return parent_of(node) ? -1 : HOLDER_LEVELS;
}

static __always_inline long tell_process(struct seq_file *seq, struct task_struct *task, __u32 pid)
{
	struct holder_process *p = &told.process;
	int levels = path_of(task);
	__u32 len;

	told.head.kind = HOLDER_PROCESS;
	told.head.fd = levels;
	told.head.inode = 0;
	p->started_ns = BPF_CORE_READ(task, group_leader, start_boottime);
	p->pid = pid;
	p->parent = kernel_pid(task->real_parent, settings.processes);
	p->uid = BPF_CORE_READ(task, real_cred, euid.val);
	p->zero = 0;
	BPF_CORE_READ_STR_INTO(&p->comm, task, group_leader, comm);
	if (levels < 0 || levels > HOLDER_LEVELS)
		levels = 0;
	len = sizeof told.head + sizeof told.process + (__u32)levels * HOLDER_NAME;
	return bpf_seq_write(seq, &told, len);
}

/* Of the process before this one. */
static __always_inline long tell_end(struct seq_file *seq)
{
	struct holder_head h = {.kind = HOLDER_END, .fd = now_descriptors};

	return now_told ? bpf_seq_write(seq, &h, sizeof h) : 0;
}

SEC("iter/task_file")
int holders(struct bpf_iter__task_file *x)
{
	struct holder_head h = {.kind = HOLDER_SOCKET, .fd = (__s32)x->fd};
	const struct holder_head rest = {.kind = HOLDER_NOTHING};
	struct seq_file *seq = x->meta->seq;
	struct task_struct *task = x->task;
	struct file *file = x->file;
	__s32 descriptors;
	bool is_told;
	__u32 pid;
	int tgid;

	if (x->meta->session_id != now_pass) {
		now_pass = x->meta->session_id;
		now_pid = 0;
		now_told = false;
		counters.seen = 0;
	}
	if (!task || !file) {
		if (tell_end(seq) == 0)
			now_told = false;
		return 0;
	}
	tgid = task->tgid;
	if (task->pid != tgid)
		return 0; /* a thread with descriptors of its own: /proc does not tell them either */
	if (tgid != now_pid) {
		if (tell_end(seq) != 0)
			return 0;
		descriptors = 1;
		is_told = false;
	} else {
		descriptors = now_descriptors + 1;
		is_told = now_told;
	}
	h.inode = BPF_CORE_READ(file, f_inode, i_ino);
	if ((BPF_CORE_READ(file, f_inode, i_mode) & 0170000) == 0140000 && (pid = kernel_pid(task, settings.processes)) != 0) {
		if (!is_told && tell_process(seq, task, pid) != 0)
			return 0;
		if (bpf_seq_write(seq, &h, sizeof h) != 0)
			return 0;
		is_told = true;
	} else if (descriptors % HOLDER_REST == 0 && bpf_seq_write(seq, &rest, sizeof rest) != 0) {
		return 0;
	}
	counters.seen += tgid != now_pid;
	now_pid = tgid;
	now_told = is_told;
	now_descriptors = descriptors;
	return 0;
}

#endif
