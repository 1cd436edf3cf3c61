/* One process from inside: in which calls its threads are, and what its epoll sets watch.
 *
 * Everything is read below the directory of that process, whose start is compared first: the
 * number of one that has ended may be another's. Bounded in what it gives and in time.
 */
#include "walking.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sockeye/clock.h"

enum { INSIDE_TEXT = 65536, INSIDE_BUFFER = 512 /* words */ };

bool process_parse_call(const char *s, size_t n, int32_t *call, int64_t *fd)
{
	char line[96];
	unsigned long long first;
	long number;
	size_t len = 0;

	*fd = -1;
	while (len < n && len < sizeof line - 1 && s[len] != '\n' && s[len] != '\0') {
		line[len] = s[len];
		len++;
	}
	line[len] = '\0';
	if (strcmp(line, "running") == 0) {
		*call = -1;
		return true;
	}
	/* "232 0x7 0x7ffd... ": in decimal, the arguments in hexadecimal; -1 is no call */
	if (sscanf(line, "%ld", &number) != 1 || number < -1 || number > INT32_MAX)
		return false;
	*call = number < 0 ? -2 : (int32_t)number;
	if (number >= 0 && sscanf(line, "%*d 0x%llx", &first) == 1 && first <= INT32_MAX)
		*fd = (int64_t)first;
	return true;
}

static const struct {
	int32_t call;
	bool fd;
	const char *word;
} inside_calls[] = {
#ifdef SYS_poll
	{SYS_poll, false, "poll"},
#endif
#ifdef SYS_select
	{SYS_select, false, "select"},
#endif
#ifdef SYS_epoll_wait
	{SYS_epoll_wait, true, "epoll_wait"},
#endif
#ifdef SYS_epoll_pwait
	{SYS_epoll_pwait, true, "epoll_pwait"},
#endif
#ifdef SYS_epoll_pwait2
	{SYS_epoll_pwait2, true, "epoll_pwait2"},
#endif
#ifdef SYS_accept
	{SYS_accept, true, "accept"},
#endif
#ifdef SYS_pause
	{SYS_pause, false, "pause"},
#endif
	{SYS_accept4, true, "accept4"}, {SYS_ppoll, false, "ppoll"}, {SYS_pselect6, false, "pselect6"},
	{SYS_read, true, "read"}, {SYS_readv, true, "readv"}, {SYS_write, true, "write"}, {SYS_writev, true, "writev"},
	{SYS_recvfrom, true, "recvfrom"}, {SYS_recvmsg, true, "recvmsg"}, {SYS_sendto, true, "sendto"},
	{SYS_sendmsg, true, "sendmsg"}, {SYS_sendfile, true, "sendfile"}, {SYS_connect, true, "connect"},
	{SYS_futex, false, "futex"}, {SYS_nanosleep, false, "nanosleep"}, {SYS_clock_nanosleep, false, "clock_nanosleep"},
	{SYS_wait4, false, "wait4"}, {SYS_waitid, false, "waitid"}, {SYS_rt_sigsuspend, false, "rt_sigsuspend"},
	{SYS_rt_sigtimedwait, false, "rt_sigtimedwait"}, {SYS_fsync, true, "fsync"},
#ifdef SYS_io_uring_enter
	{SYS_io_uring_enter, true, "io_uring_enter"},
#endif
};

const char *process_call_word(int32_t call)
{
	for (size_t i = 0; i < sizeof inside_calls / sizeof *inside_calls; i++)
		if (inside_calls[i].call == call)
			return inside_calls[i].word;
	return NULL;
}

bool process_call_has_fd(int32_t call)
{
	for (size_t i = 0; i < sizeof inside_calls / sizeof *inside_calls; i++)
		if (inside_calls[i].call == call)
			return inside_calls[i].fd;
	return false;
}

static int32_t number_of(const char *digits)
{
	int64_t v = 0;

	for (; *digits >= '0' && *digits <= '9' && v <= INT32_MAX; digits++)
		v = v * 10 + (*digits - '0');
	return v <= INT32_MAX ? (int32_t)v : -1;
}

static int below(int directory, const char *name)
{
	return openat(directory, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

static void inside_thread(int tasks, const char *name, struct process_inside *out)
{
	struct process_thread *h = &out->thread[out->threads];
	const int task = below(tasks, name);
	struct process p;
	char text[1024];
	const char *bracket;
	bool kernel;
	size_t n;

	if (task < 0)
		return; /* it has ended */
	n = walk_file(task, "stat", text, sizeof text);
	bracket = n > 0 ? memrchr(text, ')', n) : NULL;
	if (bracket && process_parse_stat(text, n, &p, &kernel)) {
		*h = (struct process_thread){.tid = p.pid, .call = -2, .fd = -1, .state = bracket + 2 < text + n ? bracket[2] : '?'};
		memcpy(h->comm, p.comm, sizeof h->comm);
		n = walk_file(task, "syscall", text, sizeof text);
		if (n > 0)
			(void)process_parse_call(text, n, &h->call, &h->fd);
		out->threads++;
	}
	(void)close(task);
}

/* Those that fit; how many there are is told by the process itself. */
static void inside_threads(int process, int64_t until, struct process_inside *out)
{
	uint64_t buffer[INSIDE_BUFFER];
	size_t at = 0, len = 0;
	char name[16];
	const int tasks = below(process, "task");

	while (tasks >= 0 && out->threads < PROCESS_THREADS && walk_entry(tasks, buffer, sizeof buffer, &at, &len, name) > 0) {
		inside_thread(tasks, name, out);
		if (clock_monotonic_ns() > until)
			break;
	}
	if (tasks >= 0)
		(void)close(tasks);
	if (out->all_threads < out->threads)
		out->all_threads = out->threads; /* one came meanwhile */
}

/* Lines of a set, as many at a time as fit; what it watches beyond the room is counted. */
static void inside_lines(int info, int64_t until, struct process_epoll *set, struct process_inside *out)
{
	static char text[INSIDE_TEXT]; /* one thread asks */
	size_t have = 0;

	for (;;) {
		const ssize_t got = read(info, text + have, sizeof text - have);
		const char *end;
		size_t whole, found;

		if (got <= 0 && have == 0)
			return;
		have += got > 0 ? (size_t)got : 0;
		end = got > 0 ? memrchr(text, '\n', have) : text + have - 1;
		whole = end ? (size_t)(end - text) + 1 : have; /* a line of 64 KiB is none */
		found = process_parse_epoll(text, whole, &out->watched[out->watchers], PROCESS_WATCHED - out->watchers);
		set->n += (uint32_t)found;
		out->watchers += (uint32_t)(found < PROCESS_WATCHED - out->watchers ? found : PROCESS_WATCHED - out->watchers);
		memmove(text, text + whole, have - whole);
		have -= whole;
		if (got > 0 && clock_monotonic_ns() > until) {
			set->partial = 1;
			return;
		}
	}
}

static void inside_set(int infos, const char *name, int64_t until, struct process_inside *out)
{
	struct process_epoll *set = &out->epoll[out->epolls];
	const int info = openat(infos, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	out->all_epolls++;
	if (info < 0 || out->epolls == PROCESS_EPOLLS) {
		if (info >= 0)
			(void)close(info);
		return;
	}
	*set = (struct process_epoll){.fd = number_of(name), .first = out->watchers};
	inside_lines(info, until, set, out);
	out->epolls++;
	(void)close(info);
}

static void inside_descriptors(int process, int64_t until, struct process_inside *out)
{
	static const char epoll[] = "anon_inode:[eventpoll]";
	uint64_t buffer[INSIDE_BUFFER];
	size_t at = 0, len = 0;
	char name[16], link[64];
	const int fds = below(process, "fd"), infos = below(process, "fdinfo");

	if (fds < 0)
		out->failed = errno;
	while (fds >= 0 && walk_entry(fds, buffer, sizeof buffer, &at, &len, name) > 0) {
		const ssize_t n = readlinkat(fds, name, link, sizeof link);

		if (n < 0 && (errno == EACCES || errno == EPERM)) {
			out->failed = errno;
			break;
		}
		out->descriptors++;
		if (n == (ssize_t)sizeof epoll - 1 && memcmp(link, epoll, sizeof epoll - 1) == 0 && infos >= 0)
			inside_set(infos, name, until, out);
		if (clock_monotonic_ns() > until) {
			out->partial = 1;
			break;
		}
	}
	if (fds >= 0)
		(void)close(fds);
	if (infos >= 0)
		(void)close(infos);
}

void process_inside_read(int proc, int32_t pid, uint64_t started, int64_t budget_ns, struct process_inside *out)
{
	const int64_t until = clock_monotonic_ns() + budget_ns;
	char name[16], text[1024];
	struct process now;
	bool kernel;
	size_t n;
	int process;

	memset(out, 0, sizeof *out);
	out->pid = pid;
	out->started = started;
	(void)snprintf(name, sizeof name, "%d", pid);
	process = pid > 0 ? below(proc, name) : -1;
	if (process < 0) {
		out->failed = pid > 0 ? errno : EINVAL;
		return;
	}
	n = walk_file(process, "stat", text, sizeof text);
	if (n == 0 || !process_parse_stat(text, n, &now, &kernel) || now.started != started) {
		out->failed = ESRCH; /* the number is another's by now */
	} else {
		/* Threads first, which are few: descriptors may take all the time there is. */
		(void)process_parse_threads(text, n, &out->all_threads);
		inside_threads(process, until - budget_ns / 2, out);
		inside_descriptors(process, until, out);
	}
	(void)close(process);
}

bool process_inside_sound(const struct process_inside *i)
{
	if (i->threads > PROCESS_THREADS || i->epolls > PROCESS_EPOLLS || i->watchers > PROCESS_WATCHED)
		return false;
	for (uint32_t k = 0; k < i->threads; k++)
		if (!memchr(i->thread[k].comm, '\0', PROCESS_COMM) || i->thread[k].state < ' ' || i->thread[k].state > '~')
			return false;
	for (uint32_t k = 0; k < i->epolls; k++)
		if (i->epoll[k].first > PROCESS_WATCHED)
			return false;
	return true;
}
