/* Threads without signals, and their turns: see thread.h. */
#include "sockeye/thread.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sockeye/clock.h"

enum { TURN_NS = CLOCK_MS / 10, /* the shortest that there is */ TURN_RESET_ON_FORK = 1 };

/* What sched_setattr(2) takes; not every C library has it, and headers that have it are at odds with one another. */
struct turn {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

int thread_start(pthread_t *out, void *(*run)(void *), void *arg)
{
	sigset_t all, before;
	int why;

	sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	why = pthread_create(out, NULL, run, arg);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return why;
}

void thread_short_turns(void)
{
	struct turn t = {.size = sizeof t, .policy = SCHED_OTHER, .flags = TURN_RESET_ON_FORK, .runtime = TURN_NS};

	errno = 0;
	t.nice = getpriority(PRIO_PROCESS, 0);
	/* Whoever was given another class keeps it. Below 0 what is started later would lose that, too. */
	if (errno != 0 || t.nice < 0 || sched_getscheduler(0) != SCHED_OTHER)
		return;
#ifdef SYS_sched_setattr
	(void)syscall(SYS_sched_setattr, 0, &t, 0);
#endif
}

bool thread_cores(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof set, &set) != 0 || CPU_COUNT(&set) >= 2;
}
