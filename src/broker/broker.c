/* main's side of the broker: fork, ask, notice its end.
 *
 * A question waits at most BROKER_PATIENCE_S for its answer, for a file may lie
 * on a server that does not answer, and the ring of a capture is full after
 * little more than that; a late answer is known by its serial number
 * and closed. A piece of a walk through /proc is waited for longer: its place is lost
 * with it, and who asks for it has no ring. Serial 0 in an answer is the broker's reply to something that was
 * no question, which this side never sends.
 */
#include "sockeye/broker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "questions.h"
#include "sockeye/text.h"

enum { BROKER_PATIENCE_S = 1, BROKER_WALK_PATIENCE_S = 10, BROKER_END_MS = 1000 };

struct broker {
	int fd;
	pid_t pid;
	bool alive;
	uint32_t serial;
};

static int broker_gone(struct broker *b, struct error *e)
{
	b->alive = false;
	return error_set(e, EPIPE, "the broker is gone: no further interface or file can be opened");
}

/* Neither end is where a closed standard input or output was. */
static int broker_socket(int ends[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return -1;
	for (int i = 0; i < 2; i++) {
		int high = ends[i] > STDERR_FILENO ? ends[i] : fcntl(ends[i], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

		if (high != ends[i])
			(void)close(ends[i]);
		ends[i] = high;
	}
	if (ends[0] >= 0 && ends[1] >= 0)
		return 0;
	for (int i = 0; i < 2; i++)
		if (ends[i] >= 0)
			(void)close(ends[i]);
	errno = EMFILE;
	return -1;
}

static int broker_refuses_directory(const char *output, struct error *e)
{
	char shown[256];
	struct text t;

	text_init(&t, shown, sizeof shown);
	text_foreign(&t, output, strlen(output), false);
	return error_set(e, EINVAL, "%s: the directory of -w may not change with the time: only behind the last / "
			 "may -G have a %%", shown);
}

int broker_start(struct broker **out, const struct broker_options *o, struct error *e)
{
	struct timeval patience = {.tv_sec = BROKER_PATIENCE_S};
	struct broker *b = calloc(1, sizeof *b);
	pid_t parent = getpid();
	int ends[2] = {-1, -1};

	*out = NULL;
	if (!b)
		return error_set(e, ENOMEM, "no memory for the broker");
	if (o->output && !output_directory_fixed(o)) {
		free(b);
		return broker_refuses_directory(o->output, e);
	}
	if (broker_socket(ends) != 0) {
		int why = errno;

		free(b);
		return error_set(e, why, "no socket to the broker: %s", strerror(why));
	}
	(void)setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	(void)fflush(NULL); /* what is buffered is written once */
	b->fd = ends[0];
	b->pid = fork();
	if (b->pid == 0)
		serve(ends[1], parent, o); /* closes the other end with all others */
	(void)close(ends[1]);
	if (b->pid < 0) {
		int why = errno;

		(void)close(b->fd);
		free(b);
		return error_set(e, why, "the broker cannot be started: %s", strerror(why));
	}
	b->alive = true;
	*out = b;
	return 0;
}

int broker_ready(struct broker *b, struct broker_facts *out, struct error *e)
{
	struct broker_greeting hello;
	ssize_t n;

	do {
		n = recv(b->fd, &hello, sizeof hello, 0);
	} while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof hello)
		return broker_gone(b, e);
	*out = hello.facts;
	hello.why[sizeof hello.why - 1] = '\0';
	if (hello.result == 0 && !hello.facts.calls_refused)
		return 0;
	(void)error_set(e, EPERM, "the broker: %s", hello.why);
	return hello.result;
}

/* One datagram of the broker: its size, and in *fd the descriptor or -1. */
static ssize_t broker_receive(struct broker *b, void *a, size_t size, int flags, int *fd)
{
	struct iovec part = {.iov_base = a, .iov_len = size};
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct msghdr m = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes,
	};
	const struct cmsghdr *c;
	ssize_t n;

	*fd = -1;
	do {
		n = recvmsg(b->fd, &m, MSG_CMSG_CLOEXEC | flags);
	} while (n < 0 && errno == EINTR);
	c = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof *fd))
		memcpy(fd, CMSG_DATA(c), sizeof *fd);
	return n;
}

/* Sends q under a new number. 0, or -errno and the sentence. */
static int broker_send(struct broker *b, struct broker_question *q, struct error *e)
{
	if (!broker_alive(b))
		return broker_gone(b, e);
	if (++b->serial == 0)
		b->serial++;
	q->serial = b->serial;
	return send(b->fd, q, sizeof *q, MSG_NOSIGNAL) == (ssize_t)sizeof *q ? 0 : broker_gone(b, e);
}

/* The answer to what was sent last, without waiting: its size, -EAGAIN, or -EPIPE. */
static ssize_t broker_take(struct broker *b, void *a, size_t size)
{
	for (;;) {
		struct broker_answer head;
		int fd;
		ssize_t n = broker_receive(b, a, size, MSG_DONTWAIT, &fd);

		if (fd >= 0)
			(void)close(fd); /* none of these answers has one */
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return -EAGAIN;
		if (n < (ssize_t)sizeof head)
			return broker_gone(b, NULL);
		memcpy(&head, a, sizeof head);
		if (head.serial == b->serial)
			return n;
	}
}

/* The answer to q, of size bytes at most, and the descriptor that came along or -1; answers to
 * questions that were given up are passed over. 0, or -errno and the sentence. */
static int broker_exchange(struct broker *b, struct broker_question *q, void *a, size_t size, size_t *len, int *fd,
			   struct error *e)
{
	const int patience = q->kind == BROKER_PROCESSES ? BROKER_WALK_PATIENCE_S : BROKER_PATIENCE_S;
	int waited = 0, rc = broker_send(b, q, e);

	if (rc < 0)
		return rc;
	for (;;) {
		ssize_t n = broker_receive(b, a, size, 0, fd);
		struct broker_answer head;

		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			waited += BROKER_PATIENCE_S;
			if (waited < patience)
				continue;
			return error_set(e, ETIMEDOUT, "the broker did not answer within %d s", waited);
		}
		if (n < (ssize_t)sizeof head)
			return broker_gone(b, e);
		memcpy(&head, a, sizeof head);
		*len = (size_t)n;
		if (head.serial == q->serial)
			return 0;
		if (*fd >= 0)
			(void)close(*fd);
	}
}

/* A descriptor, or -errno; e is set only where the broker did not answer. */
static int broker_ask(struct broker *b, struct broker_question *q, struct error *e)
{
	struct broker_answer a;
	size_t len;
	int fd, rc = broker_exchange(b, q, &a, sizeof a, &len, &fd, e);

	if (rc < 0)
		return rc;
	if (fd >= 0 && a.result != 0) {
		(void)close(fd);
		fd = -1;
	}
	return fd >= 0 ? fd : a.result < 0 ? a.result : -EPROTO;
}

int broker_packet_socket(struct broker *b, struct error *e)
{
	struct broker_question q;
	struct error gone = {""};
	int fd;

	memset(&q, 0, sizeof q);
	q.kind = BROKER_PACKET_SOCKET;
	fd = broker_ask(b, &q, &gone);
	if (fd >= 0)
		return fd;
	if (gone.text[0])
		return error_set(e, fd, "%s", gone.text);
	return error_set(e, fd, "no further interface can be opened: %s%s", strerror(-fd),
			 fd == -EPERM ? ": needs CAP_NET_RAW at the start" : "");
}

int broker_create_output(struct broker *b, const char *path, int flags, struct error *e)
{
	struct broker_question q;
	struct error gone = {""};
	char shown[256];
	struct text t;
	int fd;

	text_init(&t, shown, sizeof shown);
	text_foreign(&t, path, strlen(path), false);
	memset(&q, 0, sizeof q);
	q.kind = BROKER_CREATE_OUTPUT;
	q.flags = flags;
	if (strlen(path) >= sizeof q.name)
		return error_set(e, ENAMETOOLONG, "%s: cannot be written: the name is too long", shown);
	memcpy(q.name, path, strlen(path));
	fd = broker_ask(b, &q, &gone);
	if (fd >= 0)
		return fd;
	if (gone.text[0])
		return error_set(e, fd, "%s: cannot be written: %s", shown, gone.text);
	if (fd == -EINVAL)
		return error_set(e, fd, "%s: cannot be written: not a regular file, or opened in a way that is not offered",
				 shown);
	return error_set(e, fd, "%s: cannot be written: %s%s", shown, strerror(-fd),
			 fd == -EACCES ? " (only the output named at the start and its rotations can)" : "");
}

int broker_create_save(struct broker *b, const char *name, struct error *e)
{
	struct broker_question q;

	memset(&q, 0, sizeof q);
	q.kind = BROKER_CREATE_SAVE;
	if (strlen(name) >= sizeof q.name)
		return -ENAMETOOLONG;
	memcpy(q.name, name, strlen(name));
	return broker_ask(b, &q, e);
}

static int walked_take(const struct broker_walked *w, size_t len, struct process_batch *out, struct error *e)
{
	if (w->answer.result < 0 || len != sizeof *w || !process_batch_sound(&w->batch))
		return error_set(e, w->answer.result < 0 ? -w->answer.result : EPROTO, "the broker does not say who holds sockets: %s",
				 strerror(w->answer.result < 0 ? -w->answer.result : EPROTO));
	*out = w->batch;
	return 0;
}

static int walked_gone(struct error *e)
{
	return error_set(e, EPIPE, "the broker is gone: who holds sockets is not known any more");
}

int broker_processes(struct broker *b, bool begin, struct process_batch *out, struct error *e)
{
	static struct broker_walked w; /* one thread asks */
	struct broker_question q;
	size_t len;
	int fd, rc;

	memset(&q, 0, sizeof q);
	q.kind = BROKER_PROCESSES;
	q.flags = begin ? 1 : 0;
	rc = broker_exchange(b, &q, &w, sizeof w, &len, &fd, e);
	if (rc == -EPIPE)
		return walked_gone(e);
	if (rc < 0)
		return rc;
	if (fd >= 0)
		(void)close(fd);
	return walked_take(&w, len, out, e);
}

int broker_processes_ask(struct broker *b, bool begin, struct error *e)
{
	struct broker_question q;

	memset(&q, 0, sizeof q);
	q.kind = BROKER_PROCESSES;
	q.flags = begin ? 1 : 0;
	return broker_send(b, &q, NULL) < 0 ? walked_gone(e) : 0;
}

int broker_processes_take(struct broker *b, struct process_batch *out, struct error *e)
{
	static struct broker_walked w; /* one thread asks */
	ssize_t n = broker_take(b, &w, sizeof w);

	if (n == -EAGAIN)
		return -EAGAIN;
	return n < 0 ? walked_gone(e) : walked_take(&w, (size_t)n, out, e);
}

int broker_inside_ask(struct broker *b, int32_t pid, uint64_t started, struct error *e)
{
	struct broker_question q;

	memset(&q, 0, sizeof q);
	q.kind = BROKER_INSIDE;
	q.flags = pid;
	q.started = started;
	return broker_send(b, &q, NULL) < 0 ? walked_gone(e) : 0;
}

int broker_inside_take(struct broker *b, struct process_inside *out, struct error *e)
{
	static struct broker_looked l; /* one thread asks */
	ssize_t n = broker_take(b, &l, sizeof l);

	if (n == -EAGAIN)
		return -EAGAIN;
	if (n < 0)
		return walked_gone(e);
	if (l.answer.result < 0 || n != (ssize_t)sizeof l || !process_inside_sound(&l.inside))
		return error_set(e, l.answer.result < 0 ? -l.answer.result : EPROTO, "the broker does not say what a process does: %s",
				 strerror(l.answer.result < 0 ? -l.answer.result : EPROTO));
	*out = l.inside;
	return 0;
}

bool broker_alive(const struct broker *b)
{
	struct pollfd p = {.fd = b->fd, .events = 0};

	return b->alive && (poll(&p, 1, 0) <= 0 || !(p.revents & (POLLHUP | POLLERR)));
}

int broker_fd(const struct broker *b)
{
	return b->fd;
}

pid_t broker_pid(const struct broker *b)
{
	return b->pid;
}

void broker_free(struct broker *b)
{
	struct pollfd p = {.fd = -1, .events = 0};
	int r;

	if (!b)
		return;
	p.fd = b->fd;
	(void)shutdown(b->fd, SHUT_WR);
	while ((r = poll(&p, 1, BROKER_END_MS)) < 0 && errno == EINTR)
		;
	/* One that hangs in a file system is left to its end by PR_SET_PDEATHSIG. */
	while (r > 0 && waitpid(b->pid, NULL, 0) < 0 && errno == EINTR)
		;
	(void)close(b->fd);
	free(b);
}
