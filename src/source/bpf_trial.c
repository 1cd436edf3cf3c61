/* Does the filter compile in a reasonable time? Before anything is opened.
 *
 * libpcap's optimizer takes seconds for a hundred ports joined by "or", and hours
 * for a thousand, and cannot be interrupted. So the words are compiled once on a
 * thread whose processor time is looked at; where that is used up the answer is
 * no, the thread is left to itself, and the program ends soon.
 */
#include "bpf.h"

#if SOCKEYE_LIVE

#include <errno.h>
#include <pcap/pcap.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sockeye/clock.h"

enum {
	TRIAL_S = 1,       /* of the processor */
	TRIAL_SHORT = 200, /* characters that cannot take long */
};

/* Shared with a thread that may outlive the call: the last one frees it. */
struct trial {
	atomic_int users;
	atomic_bool done;
	char *words;
};

static void trial_leave(struct trial *t)
{
	if (atomic_fetch_sub(&t->users, 1) > 1)
		return;
	free(t->words);
	free(t);
}

static void *trial_run(void *arg)
{
	struct trial *t = arg;
	struct bpf_program program;
	pcap_t *p = pcap_open_dead(DLT_EN10MB, FRAME_MAX);

	if (p && pcap_compile(p, &program, t->words, bpf_optimizing(), PCAP_NETMASK_UNKNOWN) == 0)
		pcap_freecode(&program);
	if (p)
		pcap_close(p);
	atomic_store(&t->done, true);
	trial_leave(t);
	return NULL;
}

/* False: the time is used up. */
static bool trial_wait(const struct trial *t, clockid_t used)
{
	const struct timespec pause = {0, 2 * CLOCK_MS};
	struct timespec now;

	while (!atomic_load(&t->done)) {
		if (clock_gettime(used, &now) != 0 || now.tv_sec >= TRIAL_S)
			return atomic_load(&t->done);
		(void)nanosleep(&pause, NULL);
	}
	return true;
}

int bpf_short(const char *words, struct error *e)
{
	if (!words || strlen(words) <= TRIAL_SHORT)
		return 0;
	return error_set(e, EINVAL, "while packets are captured a filter has at most %d characters: "
			 "end, and start with this one", (int)TRIAL_SHORT);
}

int bpf_trial(const char *words, struct error *e)
{
	struct trial *t;
	pthread_t thread;
	clockid_t used;
	bool soon;

	if (strlen(words) <= TRIAL_SHORT)
		return 0;
	t = calloc(1, sizeof *t);
	if (!t || !(t->words = strdup(words))) {
		free(t);
		return error_set(e, ENOMEM, "no memory for the filter");
	}
	atomic_init(&t->users, 2);
	if (pthread_create(&thread, NULL, trial_run, t) != 0) {
		free(t->words);
		free(t);
		return error_set(e, EAGAIN, "cannot start a thread to compile the filter");
	}
	soon = pthread_getcpuclockid(thread, &used) != 0 || trial_wait(t, used);
	(void)(soon ? pthread_join(thread, NULL) : pthread_detach(thread));
	trial_leave(t);
	if (soon)
		return 0;
	return error_set(e, EINVAL,
			 "the filter of %zu characters takes longer than %d s to compile: use fewer words "
			 "(portrange and net say more than many ports and hosts)",
			 strlen(words), (int)TRIAL_S);
}

#else

int bpf_short(const char *words, struct error *e)
{
	(void)words;
	(void)e;
	return 0;
}

int bpf_trial(const char *words, struct error *e)
{
	(void)words;
	(void)e;
	return 0; /* bpf_open() says what is missing */
}

#endif
