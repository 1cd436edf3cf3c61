/* The run reads signals from a descriptor.
 *
 * For the screen that is a signalfd, as its room asks. Elsewhere a handler
 * writes the same struct to a pipe, so that the second ^C ends the program even
 * where a write to a stuck pipe does not return. That handler is the one place
 * besides main.c and the broker that ends a process.
 */
#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "say.h"

static volatile sig_atomic_t signals_seen;
static int signal_pipe[2] = {-1, -1};

static void on_signal(int number)
{
	struct signalfd_siginfo info;
	int saved = errno;

	if (number != SIGHUP && number != SIGUSR1 && signals_seen++ > 0)
		_exit(EXIT_INTERRUPTED);
	memset(&info, 0, sizeof info);
	info.ssi_signo = (uint32_t)number;
	if (write(signal_pipe[1], &info, sizeof info) < 0 && number != SIGUSR1)
		signals_seen++; /* cannot be told: the next one ends it */
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
