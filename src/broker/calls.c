/* Which system calls are left, by role.
 *
 * main reads what is open, draws, writes what is open, waits, takes memory,
 * starts threads. It opens nothing: not even for reading. The broker waits for
 * a question and opens; where it tells owners it also reads directories, links and
 * files, which it may open for reading only. Calls of one architecture only stand in #ifdef. A call
 * that is missing here fails with EPERM; one that only an intruder makes kills.
 *
 * What remains possible for an intruder: to send on a capture socket what was
 * not on the wire (write(2) must stay), to write to the terminal, to ask the
 * broker for what its vocabulary has.
 */
#include "calls.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <termios.h>

#if defined(__has_feature)
#define CALLS_FEATURE(x) __has_feature(x)
#else
#define CALLS_FEATURE(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || CALLS_FEATURE(address_sanitizer) || \
	CALLS_FEATURE(thread_sanitizer) || CALLS_FEATURE(memory_sanitizer)
#define CALLS_SANITIZED 1
#else
#define CALLS_SANITIZED 0
#endif

/* Headers older than the kernel; these numbers are the same everywhere. */
#ifndef SYS_clone3
#define SYS_clone3 435
#endif
#ifndef SYS_io_uring_setup
#define SYS_io_uring_setup 425
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif
/* A walk through descriptors that the kernel does, by a link that was opened while there were rights. */
#define CALLS_BPF_ITER_CREATE 33
#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41 /* malloc of newer C libraries names its memory */
#endif

/* The bits of open(2) that write; of O_TMPFILE only its own. */
#define CALLS_WRITING (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND | (O_TMPFILE & ~O_DIRECTORY))

/* Names of system calls expand to numbers: SYS_ ## name. */
#define ALLOW(name) {SYS_##name, CALL_ALLOWED, 0, 0}
#define KILL(name) {SYS_##name, CALL_KILLS, 0, 0}
#define EQUAL(name, argument, value) {SYS_##name, CALL_IF_EQUAL, argument, value}
#define ZEROS(name, arguments) {SYS_##name, CALL_IF_ZEROS, 0, arguments}
#define IOCTL(request) EQUAL(ioctl, 1, (uint32_t)(request))

/* What every process does until it ends. */
#define CALLS_ANY \
	ALLOW(close), ALLOW(exit), ALLOW(exit_group), ALLOW(rt_sigreturn), ALLOW(restart_syscall), \
	ALLOW(rt_sigprocmask), ALLOW(rt_sigaction), ALLOW(getpid), ALLOW(gettid)

/* Never F_SETOWN and F_SETSIG, with which the kernel sends signals to others, nor O_ASYNC, which lets it. */
#define CALLS_FLAGS(name) EQUAL(name, 1, F_GETFL), {SYS_##name, CALL_IF_SETS, F_SETFL, O_ASYNC}
#define CALLS_FCNTL(name) \
	CALLS_FLAGS(name), EQUAL(name, 1, F_GETFD), EQUAL(name, 1, F_SETFD), EQUAL(name, 1, F_DUPFD), \
	EQUAL(name, 1, F_DUPFD_CLOEXEC), EQUAL(name, 1, F_GETLK), EQUAL(name, 1, F_SETLK)

/* Limits are asked for, of this process: pid 0, no new limit. */
#define CALLS_LIMITS ZEROS(prlimit64, 1 << 0 | 1 << 2)

/* Memory that can be written or run, never made to run. */
#ifdef SYS_mmap2
#define CALLS_MAPPING {SYS_mmap2, CALL_IF_NONE, 2, PROT_EXEC}, {SYS_mprotect, CALL_IF_NONE, 2, PROT_EXEC}
#else
#define CALLS_MAPPING {SYS_mmap, CALL_IF_NONE, 2, PROT_EXEC}, {SYS_mprotect, CALL_IF_NONE, 2, PROT_EXEC}
#endif

/* Nobody of ours ever does these. */
#define CALLS_KILL \
	KILL(execveat), KILL(process_vm_readv), KILL(process_vm_writev), KILL(bpf), KILL(perf_event_open), \
	KILL(userfaultfd), KILL(mount), KILL(umount2), KILL(pivot_root), KILL(chroot), KILL(unshare), \
	KILL(setns), KILL(init_module), KILL(finit_module), KILL(delete_module), KILL(kexec_load), \
	KILL(keyctl), KILL(add_key), KILL(request_key), KILL(personality), KILL(open_by_handle_at), \
	KILL(io_uring_setup), KILL(pidfd_getfd)

#if CALLS_SANITIZED
/* The runtime at the end: a helper that stops the threads (clone, ptrace,
 * wait4) and reads /proc/self; after an error: files with debugging
 * information. Where it would start a program, that fails and it goes on. */
#ifdef SYS_open
#define CALLS_OLD {SYS_open, CALL_IF_NONE, 1, CALLS_WRITING}, ALLOW(readlink), ALLOW(getdents), ALLOW(stat),
#else
#define CALLS_OLD
#endif
#define CALLS_BUILD \
	CALLS_OLD ALLOW(clone), ALLOW(ptrace), ALLOW(getdents64), ALLOW(readlinkat), ALLOW(sched_getaffinity), \
	ALLOW(prctl), CALLS_MAPPING, ALLOW(munmap), ALLOW(madvise), CALLS_LIMITS, ALLOW(futex), \
	ALLOW(sigaltstack), ALLOW(sched_yield), ALLOW(write), {SYS_openat, CALL_IF_NONE, 2, CALLS_WRITING}
#else
#define CALLS_BUILD KILL(execve), KILL(ptrace)
#endif

static const struct call_row main_calls[] = {
	/* Frames in, records out, and waiting. */
	ALLOW(read), ALLOW(write), ALLOW(ppoll), ALLOW(clock_gettime), ALLOW(futex), ALLOW(recvmsg),
	ALLOW(recvfrom), ALLOW(sendto), ALLOW(getsockopt), ALLOW(setsockopt), ALLOW(bind), ALLOW(getsockname), ALLOW(shutdown),
	ALLOW(pread64), ALLOW(pwrite64), ALLOW(readv), ALLOW(writev), ALLOW(lseek), CALLS_FCNTL(fcntl),
	ALLOW(ftruncate), ALLOW(fsync), ALLOW(fdatasync), ALLOW(flock), ALLOW(fallocate),
	ALLOW(fstat), ALLOW(statx), ALLOW(dup), ALLOW(pipe2), ALLOW(memfd_create), ALLOW(eventfd2),
	ALLOW(signalfd4), ALLOW(epoll_create1), ALLOW(epoll_ctl),
	ALLOW(timerfd_create), ALLOW(timerfd_settime), ALLOW(timerfd_gettime),
	ALLOW(inotify_rm_watch), ALLOW(nanosleep), ALLOW(clock_nanosleep), ALLOW(pselect6), ALLOW(gettimeofday),
#ifdef SYS_newfstatat
	ALLOW(newfstatat), /* looks, opens nothing; libc's fstat() too */
#endif
#ifdef SYS_fadvise64
	ALLOW(fadvise64),
#endif
#ifdef SYS_poll
	ALLOW(poll),
#endif
#ifdef SYS_select
	ALLOW(select),
#endif
#ifdef SYS_time
	ALLOW(time),
#endif
#ifdef SYS_mmap2
	CALLS_FCNTL(fcntl64), ALLOW(fstat64), ALLOW(ftruncate64), ALLOW(_llseek),
#endif
#ifdef SYS_clock_gettime64
	ALLOW(clock_gettime64), ALLOW(futex_time64), ALLOW(ppoll_time64), ALLOW(timerfd_settime64),
	ALLOW(clock_nanosleep_time64), ALLOW(recvmmsg_time64), ALLOW(pselect6_time64),
#endif
	CALLS_MAPPING, ALLOW(munmap), ALLOW(mremap), ALLOW(madvise), ALLOW(brk), ALLOW(membarrier), ALLOW(getrandom),
	/* Threads, and no processes. */
	{SYS_clone, CALL_IF_ALL, 0, CLONE_THREAD}, {SYS_clone3, CALL_ABSENT, 0, 0},
	ALLOW(set_robust_list), ALLOW(sched_yield), ALLOW(sched_getaffinity), ALLOW(sched_getparam),
	ALLOW(sched_getscheduler), ALLOW(sigaltstack), CALLS_LIMITS, ALLOW(getrusage), ALLOW(sysinfo),
	ALLOW(uname), ALLOW(getuid), ALLOW(geteuid), ALLOW(getgid), ALLOW(getegid), ALLOW(getppid), ALLOW(getpgid),
#ifdef SYS_getpgrp
	ALLOW(getpgrp),
#endif
#ifdef SYS_rseq
	ALLOW(rseq),
#endif
	ALLOW(wait4), ALLOW(rt_sigpending), ALLOW(rt_sigtimedwait), ALLOW(rt_sigsuspend),
	{SYS_tgkill, CALL_IF_SELF, 0, 0}, {SYS_kill, CALL_IF_SELF, 0, 0},
#ifndef __GLIBC__
	ALLOW(tkill),
#endif
	EQUAL(prctl, 0, PR_SET_NAME), EQUAL(prctl, 0, PR_SET_VMA), EQUAL(prctl, 0, PR_GET_DUMPABLE),
	/* The terminal; never TIOCSTI, which types for its user. Names and flags of interfaces. */
	IOCTL(TCGETS), IOCTL(TCSETS), IOCTL(TCSETSW), IOCTL(TCSETSF), IOCTL(TIOCGWINSZ), IOCTL(TCFLSH),
	IOCTL(TCXONC), IOCTL(TCSBRK), IOCTL(TIOCGPGRP), IOCTL(FIONREAD), IOCTL(FIONBIO), IOCTL(SIOCGIFNAME),
	IOCTL(SIOCGIFINDEX), IOCTL(SIOCGIFNETMASK), IOCTL(SIOCGIFFLAGS), IOCTL(SIOCGIFHWADDR), IOCTL(SIOCGIFMTU),
	EQUAL(bpf, 0, CALLS_BPF_ITER_CREATE), /* any other command kills */
	CALLS_ANY, CALLS_BUILD, CALLS_KILL,
	{-1, CALL_KILLS, 0, 0},
};

#define CALLS_BROKER ALLOW(recvmsg), ALLOW(sendmsg), EQUAL(socket, 0, AF_PACKET), CALLS_ANY

static const struct call_row broker_calls[] = {
	CALLS_BROKER, CALLS_BUILD, CALLS_KILL,
	{-1, CALL_KILLS, 0, 0},
};

/* Also files to write, below the directory that it holds open. */
static const struct call_row broker_output_calls[] = {
	CALLS_BROKER, ALLOW(fstat), CALLS_FLAGS(fcntl), {SYS_openat, CALL_IF_ALL, 2, O_WRONLY | O_CREAT},
#ifdef SYS_mmap2
	ALLOW(fstat64), CALLS_FLAGS(fcntl64),
#endif
#ifdef SYS_newfstatat
	ALLOW(newfstatat),
#endif
	CALLS_BUILD, CALLS_KILL,
	{-1, CALL_KILLS, 0, 0},
};

/* Below /proc: directories, links, texts. The clock bounds each walk. */
#define CALLS_OWNERS \
	ALLOW(getdents64), ALLOW(readlinkat), ALLOW(read), ALLOW(lseek), ALLOW(clock_gettime), \
	{SYS_openat, CALL_IF_NONE, 2, CALLS_WRITING}

static const struct call_row broker_owners_calls[] = {
	CALLS_BROKER, CALLS_OWNERS,
#ifdef SYS_mmap2
	ALLOW(_llseek),
#endif
#ifdef SYS_clock_gettime64
	ALLOW(clock_gettime64),
#endif
	CALLS_BUILD, CALLS_KILL,
	{-1, CALL_KILLS, 0, 0},
};

static const struct call_row broker_both_calls[] = {
	CALLS_BROKER, CALLS_OWNERS, ALLOW(fstat), CALLS_FLAGS(fcntl), {SYS_openat, CALL_IF_ALL, 2, O_WRONLY | O_CREAT},
#ifdef SYS_mmap2
	ALLOW(_llseek), ALLOW(fstat64), CALLS_FLAGS(fcntl64),
#endif
#ifdef SYS_clock_gettime64
	ALLOW(clock_gettime64),
#endif
#ifdef SYS_newfstatat
	ALLOW(newfstatat),
#endif
	CALLS_BUILD, CALLS_KILL,
	{-1, CALL_KILLS, 0, 0},
};

const struct call_row *calls_of(enum confine_role role)
{
	static const struct call_row *const of[CONFINE_ROLES] = {
		[CONFINE_MAIN] = main_calls,
		[CONFINE_BROKER] = broker_calls,
		[CONFINE_BROKER_OUTPUT] = broker_output_calls,
		[CONFINE_BROKER_OWNERS] = broker_owners_calls,
		[CONFINE_BROKER_BOTH] = broker_both_calls,
	};

	return of[role];
}

bool confine_sanitized(void)
{
	return CALLS_SANITIZED;
}
