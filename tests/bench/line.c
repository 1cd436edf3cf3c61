/* How long a cache line takes from one processor to another: two threads pass a number to and fro.
 *
 * usage: line        prints nanoseconds, one way
 *
 * In a virtual machine the processors may be neighbours now and in different dies a second later; what two threads
 * gain follows from it, so who measures them wants to know.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

enum { ROUNDS = 100000, PART = 1000 }; /* the least of the parts: somebody else may want a processor, too */

static _Alignas(64) atomic_int turn;

static double now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* The least time of a part. */
static double pass(int mine)
{
	double least = 1e18, from = now_ns();

	for (int i = 0; i < ROUNDS; i++) {
		while (atomic_load_explicit(&turn, memory_order_acquire) != 2 * i + mine)
			;
		atomic_store_explicit(&turn, 2 * i + mine + 1, memory_order_release);
		if ((i + 1) % PART == 0) {
			double to = now_ns();

			least = to - from < least ? to - from : least;
			from = to;
		}
	}
	return least;
}

static void *other(void *arg)
{
	(void)arg;
	(void)pass(1);
	return NULL;
}

int main(void)
{
	double least;
	pthread_t thread;

	if (pthread_create(&thread, NULL, other, NULL) != 0)
		return 1;
	least = pass(0);
	(void)pthread_join(thread, NULL);
	printf("%.0f\n", least / PART / 2);
	return 0;
}
