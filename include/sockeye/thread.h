/* Further threads: those that work beside the main one and take no signals. */
#ifndef SOCKEYE_THREAD_H
#define SOCKEYE_THREAD_H

#include <pthread.h>
#include <stdbool.h>

/* Start one that runs run(arg), with every signal blocked: those are the main thread's. 0, or an
 * errno value; whoever starts it joins it. */
int thread_start(pthread_t *out, void *(*run)(void *), void *arg);

/* May this process run on two processors or more? Ask before the sandbox is shut. */
bool thread_cores(void);

#endif
