/* Further threads: those that work beside the main one and take no signals. */
#ifndef SOCKEYE_THREAD_H
#define SOCKEYE_THREAD_H

#include <pthread.h>
#include <stdbool.h>

/* Start one that runs run(arg), with every signal blocked: those are the main thread's. 0, or an
 * errno value; whoever starts it joins it. */
int thread_start(pthread_t *out, void *(*run)(void *), void *arg);

/* The calling thread sleeps mostly and has little to do when it wakes: ask the system for short turns, which come sooner
 * where others want the processor, too. No more of it in all, and no right is needed; a kernel before Linux 6.12 does
 * not know it. Before the sandbox is shut; threads and processes that it starts later have ordinary turns. */
void thread_short_turns(void);

/* May this process run on two processors or more? Ask before the sandbox is shut. */
bool thread_cores(void);

#endif
