/* burst: many short connections on loopback, and the truth about them.
 *
 * usage: burst [-c CLIENTS] [-s SERVERS] [-n CONNECTIONS] [-p PORT] [-a MS] [-q]
 *
 * SERVERS processes (4) share one listener on 127.0.0.1:PORT (7400) that was made before they were forked, as
 * servers of that kind do. CLIENTS processes (25) open CONNECTIONS (5000) in all, one after the other: connect,
 * 16 bytes there, 16 bytes back, close. "ready PID" is printed once all of them are there; a line on standard input
 * lets them begin. At the end one line for each connection, fields between tabs:
 *
 *     client_port client_pid client_fd connect_ns server_pid server_fd accept_ns
 *
 * Times are of the wall clock: connect_ns just before connect(2), accept_ns just after accept(2) gave it.
 * -a: before each accept(2) a server sleeps so many milliseconds. -q: quiet servers take no byte before they have
 * slept as long again: nothing but accept(2) tells who they are. Status 1: a connection failed.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PIECE = 16, MOST = 100000, PORTS = 65536, PROCESSES = 1024 };

struct server_said {
	int64_t at_ns;
	int32_t pid, fd;
	uint16_t port; /* of the client */
};

struct client_said {
	int64_t at_ns;
	int32_t pid, fd;
	uint16_t port;
	bool failed;
};

struct shared {
	volatile int begin;
	unsigned n_served;
	struct server_said served[MOST];
	struct client_said made[MOST];
};

static struct shared *shared;
static unsigned clients = 25, servers = 4, connections = 5000, port = 7400, before_ms;
static bool quiet;

static int64_t wall_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void pause_ms(unsigned ms)
{
	struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

	while (ms > 0 && nanosleep(&t, &t) != 0 && errno == EINTR)
		;
}

static bool whole(int fd, char *piece, bool out)
{
	size_t n = 0;

	while (n < PIECE) {
		ssize_t got = out ? send(fd, piece + n, PIECE - n, MSG_NOSIGNAL) : recv(fd, piece + n, PIECE - n, 0);

		if (got <= 0 && !(got < 0 && errno == EINTR))
			return false;
		n += got > 0 ? (size_t)got : 0;
	}
	return true;
}

static _Noreturn void serve(int listener)
{
	char piece[PIECE];

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)prctl(PR_SET_NAME, "burst-server");
	for (;;) {
		struct sockaddr_in from;
		socklen_t len = sizeof from;
		struct pollfd p = {.fd = listener, .events = POLLIN};
		unsigned at;
		int fd;

		/* Whoever sleeps does so with a connection in the queue, not before one comes. */
		if (before_ms > 0 && poll(&p, 1, -1) == 1)
			pause_ms(before_ms);
		fd = accept(listener, (struct sockaddr *)&from, &len);
		if (fd < 0)
			continue;
		at = __atomic_fetch_add(&shared->n_served, 1, __ATOMIC_RELAXED);
		if (at < MOST)
			shared->served[at] = (struct server_said){.at_ns = wall_ns(), .pid = getpid(), .fd = fd, .port = ntohs(from.sin_port)};
		if (quiet)
			pause_ms(before_ms);
		if (whole(fd, piece, false))
			(void)whole(fd, piece, true);
		(void)recv(fd, piece, 1, 0); /* the client closes first */
		(void)close(fd);
	}
}

static bool connect_once(struct client_said *said)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_in own;
	socklen_t len = sizeof own;
	char piece[PIECE] = "fifteen letters";
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	bool good = fd >= 0;

	said->pid = getpid();
	said->fd = fd;
	said->at_ns = wall_ns();
	good = good && connect(fd, (struct sockaddr *)&to, sizeof to) == 0;
	good = good && whole(fd, piece, true) && whole(fd, piece, false);
	if (good && getsockname(fd, (struct sockaddr *)&own, &len) == 0)
		said->port = ntohs(own.sin_port);
	if (fd >= 0)
		(void)close(fd);
	return good;
}

static _Noreturn void client(unsigned number)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)prctl(PR_SET_NAME, "burst-client");
	while (!shared->begin)
		pause_ms(1);
	for (unsigned i = number; i < connections; i += clients)
		shared->made[i].failed = !connect_once(&shared->made[i]);
	_exit(0);
}

static int listen_here(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0 ||
	    listen(fd, 4096) != 0) {
		perror("burst: 127.0.0.1 cannot be listened on");
		exit(1);
	}
	return fd;
}

static int said_by_port(const void *a, const void *b)
{
	const struct server_said *x = a, *y = b;

	return x->port != y->port ? (x->port > y->port) - (x->port < y->port) : (x->at_ns > y->at_ns) - (x->at_ns < y->at_ns);
}

/* A port that was used twice is told in the order of time on both sides. */
static int tell(void)
{
	static unsigned taken[PORTS];
	const unsigned n = shared->n_served < MOST ? shared->n_served : MOST;
	int status = 0;

	qsort(shared->served, n, sizeof *shared->served, said_by_port);
	for (unsigned i = 0; i < connections; i++) {
		const struct client_said *c = &shared->made[i];
		unsigned at = 0, end = n;

		while (at < end) {
			unsigned middle = at + (end - at) / 2;

			if (shared->served[middle].port < c->port)
				at = middle + 1;
			else
				end = middle;
		}
		at += taken[c->port]++;
		if (c->failed || at >= n || shared->served[at].port != c->port) {
			(void)fprintf(stderr, "burst: connection %u failed\n", i);
			status = 1;
			continue;
		}
		(void)printf("%u\t%d\t%d\t%lld\t%d\t%d\t%lld\n", c->port, c->pid, c->fd, (long long)c->at_ns, shared->served[at].pid,
			     shared->served[at].fd, (long long)shared->served[at].at_ns);
	}
	return status;
}

static unsigned number(const char *s, unsigned most)
{
	char *end;
	unsigned long v = strtoul(s, &end, 10);

	if (*s == '\0' || *end != '\0' || v > most) {
		(void)fprintf(stderr, "burst: %s: not a number up to %u\n", s, most);
		exit(2);
	}
	return (unsigned)v;
}

static void options(int argc, char **argv)
{
	for (int c; (c = getopt(argc, argv, "c:s:n:p:a:q")) != -1;) {
		switch (c) {
		case 'c':
			clients = number(optarg, PROCESSES);
			break;
		case 's':
			servers = number(optarg, PROCESSES);
			break;
		case 'n':
			connections = number(optarg, MOST);
			break;
		case 'p':
			port = number(optarg, PORTS - 1);
			break;
		case 'a':
			before_ms = number(optarg, 60000);
			break;
		case 'q':
			quiet = true;
			break;
		default:
			exit(2);
		}
	}
}

int main(int argc, char **argv)
{
	static pid_t serving[PROCESSES];
	int listener;

	options(argc, argv);
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED) {
		perror("burst: no shared memory");
		return 1;
	}
	listener = listen_here();
	for (unsigned i = 0; i < servers; i++)
		if ((serving[i] = fork()) == 0)
			serve(listener);
	(void)close(listener);
	for (unsigned i = 0; i < clients; i++)
		if (fork() == 0)
			client(i);
	(void)printf("ready %d\n", (int)getpid());
	(void)fflush(stdout);
	if (getchar() == EOF)
		return 1; /* its children end with it */
	shared->begin = 1;
	for (unsigned i = 0; i < clients; i++) {
		int status;
		pid_t ended = wait(&status);

		for (unsigned k = 0; k < servers; k++)
			if (ended == serving[k])
				return 1;
	}
	for (unsigned i = 0; i < servers; i++)
		(void)kill(serving[i], SIGKILL);
	return tell();
}
