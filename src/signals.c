/* The run reads signals from a descriptor.
 *
 * For the screen that is a signalfd, as its room asks. Elsewhere a handler
 * writes the same struct to a pipe, so that the second ^C ends the program even
 * where a write to a stuck pipe does not return. That handler is the one place
 * besides main.c and the broker that ends a process.
 *
 * The pipe never gets full, so that no ending is lost: one SIGUSR1 waits in it at
 * most, one SIGHUP is told, and one of the signals that end. timeout(1) sends its
 * signal to us and then to our group: the same one again at once is no second ^C.
 */
#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "say.h"

enum { SIGNALS_SAME_MS = 300 };

static atomic_int signal_ending;   /* the one that was told, or 0 */
static atomic_llong signal_ending_ms;
static atomic_bool signal_hung_up; /* told */
static int signal_pipe[2] = {-1, -1};

static long long signal_now_ms(void)
{
	struct timespec t = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Is there something in the pipe that has not been read? */
static bool signal_waits(void)
{
	struct pollfd p = {.fd = signal_pipe[0], .events = POLLIN};

	return poll(&p, 1, 0) != 0;
}

/* Must the run be told? A second end ends the process. */
static bool signal_is_news(int number)
{
	int first = 0;

	if (number == SIGUSR1)
		return !signal_waits();
	if (number == SIGHUP)
		return !atomic_exchange(&signal_hung_up, true);
	if (atomic_compare_exchange_strong(&signal_ending, &first, number)) {
		atomic_store(&signal_ending_ms, signal_now_ms());
		return true;
	}
	if (first != number || signal_now_ms() - atomic_load(&signal_ending_ms) >= SIGNALS_SAME_MS)
		_exit(EXIT_INTERRUPTED);
	return false;
}

static void on_signal(int number)
{
	struct signalfd_siginfo info;
	int saved = errno;

	if (signal_is_news(number)) {
		memset(&info, 0, sizeof info);
		info.ssi_signo = (uint32_t)number;
		(void)!write(signal_pipe[1], &info, sizeof info);
	}
	errno = saved;
}

int signals_open(bool screen, struct error *e)
{
	static const int told[] = {SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGUSR1};
	struct sigaction action = {.sa_flags = SA_RESTART};
	sigset_t set;
	int fd;

	sigemptyset(&set);
	for (unsigned i = 0; i < sizeof told / sizeof told[0]; i++)
		sigaddset(&set, told[i]);
	if (screen) {
		fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
		sigaddset(&set, SIGWINCH);
		sigaddset(&set, SIGTSTP);
		sigaddset(&set, SIGCONT);
		if (fd < 0 || sigprocmask(SIG_BLOCK, &set, NULL) != 0)
			return error_set(e, errno, "cannot wait for signals: %s", strerror(errno));
		return fd;
	}
	if (pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK) != 0)
		return error_set(e, errno, "cannot wait for signals: %s", strerror(errno));
	action.sa_handler = on_signal;
	action.sa_mask = set;
	for (unsigned i = 0; i < sizeof told / sizeof told[0]; i++) {
		struct sigaction before;

		/* nohup leaves SIGHUP ignored, and it stays so; a shell that starts
		 * us with & ignores SIGINT too, but kill -INT must end the run. */
		if (told[i] == SIGHUP && sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler == SIG_IGN)
			continue;
		(void)sigaction(told[i], &action, NULL);
	}
	return signal_pipe[0];
}
