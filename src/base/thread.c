/* Threads without signals: see thread.h. */
#include "sockeye/thread.h"

#include <sched.h>
#include <signal.h>

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

bool thread_cores(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof set, &set) != 0 || CPU_COUNT(&set) >= 2;
}
