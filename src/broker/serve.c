/* The broker's side of the socket.
 *
 * Gives up what it does not need, greets, and then only waits: a question of
 * exactly the right size gets one answer, anything else -EINVAL. Descriptors
 * sent along are not taken. It ends with the last holder of the other end,
 * and with its parent. Signals of the terminal are not for it.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "questions.h"
#include "sockeye/clock.h"
#include "sockeye/confine.h"

enum {
	SERVE_FLAGS = O_WRONLY | O_CREAT | O_TRUNC | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY |
		      O_NONBLOCK,
	SERVE_MUST = O_WRONLY | O_CREAT, /* what is there already is not read */
};

struct server {
	int fd;
	int directory;        /* of the output, or -1 */
	int here;             /* the working directory, for what the screen saves, or -1 */
	struct process_walk *walk; /* or NULL, and why: */
	int no_walk;          /* -errno; -EACCES: owners are not wanted */
	const struct broker_options *o;
};

/* ---- answers ----------------------------------------------------------------- */

static int serve_output(const struct server *s, const struct broker_question *q)
{
	const char *name = s->o->output ? output_name(s->o, q->name) : NULL;
	struct stat st;
	int fd, flags;

	if (!name)
		return -EACCES;
	if ((q->flags & ~SERVE_FLAGS) != 0 || (q->flags & SERVE_MUST) != SERVE_MUST)
		return -EINVAL;
	/* Without waiting for the reader of a FIFO; and then it is refused. */
	fd = openat(s->directory, name, q->flags | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0666);
	if (fd < 0)
		return -errno;
	flags = fcntl(fd, F_GETFL);
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) != 0) {
		(void)close(fd);
		return -EINVAL;
	}
	return fd;
}

/* Always a new file: a link, or whatever stands there, is -EEXIST. */
static int serve_save(const struct server *s, const struct broker_question *q)
{
	int fd;

	if (s->here < 0 || !saves_name(q->name))
		return -EACCES;
	fd = openat(s->here, q->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0666);
	return fd >= 0 ? fd : -errno;
}

/* The piece of the walk is the answer. */
static int serve_processes(const struct server *s, const struct broker_question *q)
{
	static struct broker_walked w; /* one question at a time */
	struct iovec part = {.iov_base = &w, .iov_len = sizeof w};
	struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};

	if (!s->walk)
		return s->no_walk;
	if ((q->flags & ~1) != 0)
		return -EINVAL;
	if (q->flags & 1)
		process_walk_reset(s->walk);
	w.answer = (struct broker_answer){.serial = q->serial, .result = 0};
	(void)process_walk_next(s->walk, &w.batch, BROKER_WALK_MS * CLOCK_MS);
	(void)sendmsg(s->fd, &m, MSG_NOSIGNAL);
	return 0;
}

static int serve_inside(const struct server *s, const struct broker_question *q)
{
	static struct broker_looked l; /* one question at a time */
	struct iovec part = {.iov_base = &l, .iov_len = sizeof l};
	struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};

	if (!s->walk)
		return s->no_walk;
	l.answer = (struct broker_answer){.serial = q->serial, .result = 0};
	process_inside_read(s->walk->proc, q->flags, q->started, BROKER_INSIDE_MS * CLOCK_MS, &l.inside);
	(void)sendmsg(s->fd, &m, MSG_NOSIGNAL);
	return 0;
}

/* A descriptor, or -errno. */
static int serve_question(const struct server *s, const struct broker_question *q)
{
	int fd;

	if (q->serial == 0 || memchr(q->name, '\0', sizeof q->name) == NULL)
		return -EINVAL;
	switch (q->kind) {
	case BROKER_PACKET_SOCKET:
		fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0); /* protocol 0: nothing arrives yet */
		return fd >= 0 ? fd : -errno;
	case BROKER_CREATE_OUTPUT:
		return serve_output(s, q);
	case BROKER_CREATE_SAVE:
		return serve_save(s, q);
	default:
		return -EINVAL;
	}
}

static void serve_answer(const struct server *s, uint32_t serial, int result)
{
	struct broker_answer a = {.serial = serial, .result = result < 0 ? result : 0};
	struct iovec part = {.iov_base = &a, .iov_len = sizeof a};
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};

	if (result >= 0) {
		struct cmsghdr *c;

		memset(&control, 0, sizeof control);
		m.msg_control = control.bytes;
		m.msg_controllen = sizeof control.bytes;
		c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof result);
		memcpy(CMSG_DATA(c), &result, sizeof result);
	}
	(void)sendmsg(s->fd, &m, MSG_NOSIGNAL); /* the other end gone: the next recvmsg() tells */
	if (result >= 0)
		(void)close(result);
}

/* What came, whole or not. */
static void serve_one(const struct server *s, const struct broker_question *q, bool known, bool whole)
{
	int result = -EINVAL;

	if (whole && q->serial != 0 && (q->kind == BROKER_PROCESSES || q->kind == BROKER_INSIDE) && q->name[0] == '\0') {
		result = q->kind == BROKER_INSIDE ? serve_inside(s, q) : serve_processes(s, q);
		if (result == 0)
			return; /* answered */
	} else if (whole) {
		result = serve_question(s, q);
	}
	serve_answer(s, known ? q->serial : 0, result);
}

/* ---- becoming small ------------------------------------------------------------ */

static void serve_signals(void)
{
	static const int ignored[] = {
		SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP, SIGTTIN, SIGTTOU, SIGPIPE, SIGUSR1, SIGUSR2, SIGALRM,
	};

	for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
		(void)signal(ignored[i], SIG_IGN);
}

/* Whatever the starter had open stays with main: a pipe must end with it. */
static void serve_descriptors(int fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	long most = sysconf(_SC_OPEN_MAX);

	for (int i = 0; i <= STDERR_FILENO; i++) {
		if (i == STDERR_FILENO && confine_sanitized())
			break; /* its reports */
		if (null < 0 || dup2(null, i) < 0)
			(void)close(i);
	}
#ifdef SYS_close_range
	if ((fd == STDERR_FILENO + 1 || syscall(SYS_close_range, STDERR_FILENO + 1, fd - 1, 0) == 0) &&
	    syscall(SYS_close_range, fd + 1, ~0U, 0) == 0)
		return;
#endif
	for (int i = STDERR_FILENO + 1; i < most && i < 65536; i++)
		if (i != fd)
			(void)close(i);
}

/* The directory of the output, held open: its name may come to mean another. */
static int serve_directory(struct server *s, struct error *e)
{
	const char *output = s->o->output, *slash = strrchr(output, '/');
	char *directory = slash ? strndup(output, (size_t)(slash - output) + 1) : strdup(".");
	int why;

	if (!directory)
		return error_set(e, ENOMEM, "no memory for the name of the output");
	s->directory = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	why = errno;
	free(directory);
	if (s->directory < 0)
		return error_set(e, why, "the directory of the output cannot be opened: %s", strerror(why));
	return 0;
}

static int serve_confine(const struct broker_options *o, struct broker_facts *f, struct error *e)
{
	uint64_t keep = confine_permitted() &
			((o->no_capture ? 0 : CONFINE_BIT(CONFINE_NET_RAW)) |
			 (o->output ? CONFINE_BIT(CONFINE_DAC_OVERRIDE) : 0) |
			 (o->owners ? CONFINE_BIT(CONFINE_DAC_READ_SEARCH) | CONFINE_BIT(CONFINE_SYS_PTRACE) : 0));
	int rc;

	f->bounding_emptied = confine_bounding();
	if (o->change_user && !o->output)
		(void)confine_user(o->uid, o->gid, true, NULL); /* main decides whether that is an error */
	if (o->own_files && o->output) {
		(void)setgroups(0, NULL);
		(void)setfsgid(o->gid);
		(void)setfsuid(o->uid); /* takes CAP_DAC_OVERRIDE from the effective set: the next line gives it back */
	}
	if ((rc = confine_capabilities(keep, e)) < 0)
		return rc;
	f->uid = getuid();
	f->capabilities = keep;
	f->no_new_privs = confine_no_new_privs(e) == 0; /* without it seccomp is refused, which is told */
	return 0;
}

_Noreturn void serve(int fd, pid_t parent, const struct broker_options *o)
{
	static struct process_walk walk;
	struct server s = {.fd = fd, .directory = -1, .here = -1, .o = o, .no_walk = -EACCES};
	struct broker_greeting hello;
	struct broker_question q;
	struct error e = {""};
	const bool writes = o->output || o->saves;
	enum confine_role role = o->owners ? (writes ? CONFINE_BROKER_BOTH : CONFINE_BROKER_OWNERS)
				 : writes  ? CONFINE_BROKER_OUTPUT
					   : CONFINE_BROKER;
	int rc = 0;

	memset(&hello, 0, sizeof hello);
	serve_signals();
	serve_descriptors(fd);
	(void)prctl(PR_SET_NAME, "sockeye-broker", 0, 0, 0);
	if (o->output)
		rc = serve_directory(&s, &e);
	if (o->saves)
		s.here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC); /* where it is gone nothing is saved */
	if (rc == 0 && o->owners) {
		s.no_walk = process_walk_open(&walk, "/proc", NULL);
		s.walk = s.no_walk == 0 ? &walk : NULL; /* else the questions are refused, which tells */
	}
	if (rc == 0)
		rc = serve_confine(o, &hello.facts, &e);
	/* A change of user takes both away, so they come after it. */
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || getppid() != parent)
		_exit(1);
	if (rc == 0) {
		/* Refused or not there: main says the same of itself, and goes on too. */
		hello.facts.calls_refused = confine_calls(role, &hello.facts.calls, &e) < 0;
	}
	hello.result = rc;
	(void)snprintf(hello.why, sizeof hello.why, "%.*s", (int)sizeof hello.why - 1, e.text);
	{
		struct iovec part = {.iov_base = &hello, .iov_len = sizeof hello};
		struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};

		if (sendmsg(fd, &m, MSG_NOSIGNAL) < 0 || rc < 0)
			_exit(rc < 0);
	}
	for (;;) {
		struct iovec part = {.iov_base = &q, .iov_len = sizeof q};
		struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
		ssize_t n = recvmsg(fd, &m, MSG_CMSG_CLOEXEC);
		bool whole = n == (ssize_t)sizeof q && (m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0;

		if (n == 0 || (n < 0 && errno != EINTR))
			_exit(0);
		if (n > 0)
			serve_one(&s, &q, n >= (ssize_t)sizeof q.serial, whole);
	}
}
