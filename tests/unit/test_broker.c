/* The broker's vocabulary and its end.
 * links: broker base
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "broker/questions.h"
#include "sockeye/broker.h"
#include "sockeye/confine.h"

static char folder[] = "/tmp/sockeye-broker-XXXXXX";

static struct broker *start(const char *output, struct broker_facts *f)
{
	struct broker_options o = {.output = output, .sized = true, .change_user = geteuid() == 0, .uid = 65534, .gid = 65534};
	struct broker *b;
	struct error e = {""};

	if (broker_start(&b, &o, &e) != 0 || broker_ready(b, f, &e) != 0)
		fail_msg("%s", e.text);
	return b;
}

static bool gone_within(pid_t pid, int ms)
{
	for (int i = 0; i < ms / 10; i++) {
		if (waitpid(pid, NULL, WNOHANG) == pid || (kill(pid, 0) != 0 && errno == ESRCH))
			return true;
		(void)poll(NULL, 0, 10);
	}
	return false;
}

/* ---- the vocabulary -------------------------------------------------------------- */

static void keeps_one_capability(void **state)
{
	uint64_t raw = confine_permitted() & CONFINE_BIT(CONFINE_NET_RAW);
	struct broker_facts f;
	struct broker *b = start(NULL, &f);
	struct error e = {""};
	int fd = broker_packet_socket(b, &e), domain = 0;
	socklen_t size = sizeof domain;

	(void)state;
	assert_true(f.capabilities == raw);
	assert_true(f.no_new_privs && f.calls > 0 && (geteuid() != 0 || f.uid == 65534));
	if (raw == 0) {
		assert_int_equal(fd, -EPERM);
		assert_non_null(strstr(e.text, "CAP_NET_RAW"));
	} else {
		assert_true(fd >= 0);
		assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size), 0);
		assert_int_equal(domain, AF_PACKET);
		assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
		close(fd);
	}
	/* No output was said: none can be had. */
	assert_int_equal(broker_create_output(b, "x.pcap", O_WRONLY | O_CREAT, &e), -EACCES);
	broker_free(b);
	broker_free(NULL);
}

static void names_of_saves(void **state)
{
	static const char *const may_be[] = {
		"sockeye-20261121-120712.pcapng", "sockeye-20261121-120712-conn2.pcapng", "sockeye-20261121-120712-conn2-3.txt",
		"sockeye-20261121-120712-99.json", "sockeye-00000000-000000-conn18446744073709551615.txt",
		/* typed */
		"sockeye.pcapng", "a.pcapng", "Ticket_4711-slow.v2.pcapng", "notes.sockeye.txt", "sockeye-20261121-120712-100.pcapng",
		"01234567890123456789012345678901234567890123456789012345.pcapng",
	};
	static const char *const may_not[] = {
		"", "sockeye", "sockeye-20261121-120712", "sockeye-20261121-120712.sh", "sockeye-20261121-120712.pcapng/x",
		"/tmp/sockeye-20261121-120712.pcapng", "../sockeye-20261121-120712.pcapng", "sockeye-2026112-120712.txt",
		"sockeye-20261121-120712-conn.txt", "sockeye-20261121-120712-connx.txt", ".bashrc",
		"sockeye-20261121-120712-100.json", "sockeye-20261121-120712-3-conn2.txt", "Sockeye-20261121-120712.txt",
		"sockeye-20261121-120712-conn184467440737095516150.txt", "sockeye-20261121-120712.pcapng\n",
		".pcapng", ".a.pcapng", "-a.pcapng", "_.pcapng", "..pcapng", "a b.pcapng", "a/b.pcapng", "a\\b.pcapng",
		"\xc3\xa4.pcapng", ".sockeye.txt", "CMakeLists.txt", "package.json", "a.sockeye.json", "a.pcapng.sh", "a.pcap",
		"012345678901234567890123456789012345678901234567890123456.pcapng",
	};

	(void)state;
	for (size_t i = 0; i < sizeof may_be / sizeof *may_be; i++)
		assert_true(saves_name(may_be[i]));
	for (size_t i = 0; i < sizeof may_not / sizeof *may_not; i++)
		assert_false(saves_name(may_not[i]));
}

/* New files only, in the directory that was the working one; nothing that is there is touched, links are not followed. */
static void makes_saves(void **state)
{
	const struct broker_options o = {.saves = true};
	static const char *const name = "sockeye-20261121-120712-conn2.pcapng", *const link = "sockeye-20261121-120712.txt";
	char directory[] = "/tmp/sockeye-saves-XXXXXX", before[4096];
	struct broker_facts f;
	struct error e = {""};
	struct broker *b;
	struct stat st;
	int fd;

	(void)state;
	assert_non_null(getcwd(before, sizeof before));
	assert_non_null(mkdtemp(directory));
	assert_int_equal(chdir(directory), 0);
	assert_int_equal(broker_start(&b, &o, &e), 0);
	assert_int_equal(broker_ready(b, &f, &e), 0);
	assert_int_equal(chdir(before), 0);
	assert_int_equal(chdir("/"), 0); /* it is where it was */
	fd = broker_create_save(b, name, &e);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "x", 1), 1);
	assert_int_equal(fcntl(fd, F_GETFL) & O_ACCMODE, O_WRONLY);
	close(fd);
	assert_int_equal(broker_create_save(b, name, &e), -EEXIST);
	assert_int_equal(broker_create_save(b, "sockeye.sh", &e), -EACCES);
	assert_int_equal(chdir(directory), 0);
	assert_int_equal(symlink("elsewhere", link), 0);
	assert_int_equal(broker_create_save(b, link, &e), -EEXIST);
	assert_int_not_equal(stat("elsewhere", &st), 0);
	assert_int_equal(stat(name, &st), 0);
	assert_int_equal(st.st_size, 1);
	broker_free(b);
	/* Where saves were not said, none is made. */
	b = start(NULL, &f);
	assert_int_equal(broker_create_save(b, "sockeye-20261121-120713.txt", &e), -EACCES);
	broker_free(b);
	assert_int_equal(unlink(name), 0);
	assert_int_equal(unlink(link), 0);
	assert_int_equal(chdir(before), 0);
	assert_int_equal(rmdir(directory), 0);
}

/* With and without an output, the broker walks /proc and can do no more than it must. */
/* A process of this user, by its number and a start that is not its. */
static void looks_into(struct broker *b)
{
	struct process_inside *in = calloc(1, sizeof *in);
	struct error e = {""};
	struct pollfd p = {.fd = broker_fd(b), .events = POLLIN};

	assert_non_null(in);
	assert_int_equal(broker_inside_ask(b, getpid(), 1, &e), 0);
	assert_int_equal(poll(&p, 1, 10000), 1);
	assert_int_equal(broker_inside_take(b, in, &e), 0);
	assert_int_equal(in->pid, getpid());
	assert_int_equal(in->failed, ESRCH);
	assert_int_equal(in->threads, 0);
	assert_int_equal(broker_inside_take(b, in, &e), -EAGAIN); /* nothing was asked */
	free(in);
}

static void processes_are_told_where_owners_were_wanted(void **state)
{
	const uint64_t keeps = CONFINE_BIT(CONFINE_DAC_READ_SEARCH) | CONFINE_BIT(CONFINE_SYS_PTRACE);
	const uint64_t had = confine_permitted();

	(void)state;
	for (unsigned both = 0; both < 2; both++) {
		const struct broker_options o = {
			.output = both ? "/tmp/none.pcap" : NULL, .owners = true, .no_capture = true, .change_user = geteuid() == 0,
			.uid = 65534, .gid = 65534,
		};
		struct process_batch *batch = calloc(1, sizeof *batch);
		struct broker_facts f;
		struct error e = {""};
		struct broker *b;
		bool found = false, begin = true;
		int ends[2];

		assert_non_null(batch);
		assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), 0);
		assert_int_equal(broker_start(&b, &o, &e), 0);
		assert_int_equal(broker_ready(b, &f, &e), 0);
		assert_true(f.capabilities == (had & (keeps | (both ? CONFINE_BIT(CONFINE_DAC_OVERRIDE) : 0))));
		do {
			assert_int_equal(broker_processes(b, begin, batch, &e), 0);
			begin = false;
			for (uint32_t i = 0; i < batch->holders; i++)
				found = found || (batch->process[batch->holder[i].process].pid == getpid() && batch->holder[i].fd == ends[0]);
		} while (!batch->done);
		assert_true(found || (had & keeps) != keeps);
		looks_into(b);
		assert_true(batch->seen > 0);
		broker_free(b);
		close(ends[0]);
		close(ends[1]);
		free(batch);
	}
	{
		struct process_batch *batch = calloc(1, sizeof *batch);
		struct broker_facts f;
		struct broker *b = start(NULL, &f);
		struct error e = {""};

		assert_non_null(batch);
		assert_int_equal(broker_processes(b, true, batch, &e), -EACCES);
		assert_non_null(strstr(e.text, "does not say who holds sockets"));
		broker_free(b);
		free(batch);
	}
}

enum { PLAIN, SIZED, RING, TIMED, BOTH };

static bool may(int how, const char *said, const char *name)
{
	const struct broker_options o = {
		.output = said, .sized = how == SIZED || how == RING || how == BOTH, .timed = how >= TIMED,
		.files = how == RING ? 12 : 0,
	};

	return output_name(&o, name) != NULL;
}

static void names_of_outputs(void **state)
{
	static const struct {
		int how;
		const char *said, *name;
		bool may;
	} names[] = {
		{PLAIN, "x.pcap", "x.pcap", true},          {PLAIN, "x.pcap", "x.pcap1", false},
		{PLAIN, "x.pcap", "x-02.pcap", false},      {PLAIN, "x.pcap", "x", false},
		{PLAIN, "x.pcap", "y.pcap", false},         {PLAIN, "x.pcap", ".bashrc", false},
		{PLAIN, "x.pcap", "", false},               {PLAIN, "x.pcap", "../x.pcap", false},
		{PLAIN, "x.pcap", "/tmp/x.pcap", false},    {PLAIN, "/tmp/x.pcap", "/tmp/", false},
		{PLAIN, "/tmp/x.pcap", "/tmp/x.pcap", true}, {PLAIN, "/tmp/x.pcap", "x.pcap", true},
		{PLAIN, "/tmp/x.pcap", "/tmp/a/x.pcap", false}, {PLAIN, "/tmp/x.pcap", "/tmp/../x.pcap", false},
		{PLAIN, "%H", "12", false},                 {PLAIN, "%H", "%H", true},
		{PLAIN, "d%Y/x", "d%Y/x", true},            {PLAIN, "dump", "..", false},
		{SIZED, "x.pcap", "x.pcap", true},          {SIZED, "/tmp/x.pcap", "/tmp/x.pcap1", true},
		{SIZED, "x.pcap", "x.pcap4294967295", true}, {SIZED, "x.pcap", "x.pcap42949672950", false},
		{SIZED, "x.pcap", "x.pcap01", false},       {SIZED, "x.pcap", "x.pcap1a", false},
		{SIZED, "x.pcap", "x.pcap.sh", false},      {SIZED, "x.pcap", "x-2.pcap", false},
		{SIZED, ".x", ".x1", true},                 {SIZED, ".x", ".bashrc", false},
		{RING, "x", "x00", true},                   {RING, "x", "x11", true},
		{RING, "x", "x12", false},                  {RING, "x", "x1", false},
		{RING, "x", "x", false},                    {RING, "x", "x001", false},
		{TIMED, "%H", "shadow", false},             {TIMED, "%H", "12", true},
		{TIMED, "%H", ".12", false},                {TIMED, "%H.pcap", "12.pcap", true},
		{TIMED, "%H.pcap", ".profile", false},      {TIMED, "%H.pcap", ".a.pcap", false},
		{TIMED, "t-%H.pcap", "s-12.pcap", false},   {TIMED, "t-%H.pcap", "t-12.pcap", true},
		{TIMED, "t-%H.pcap", "t-12.pcap1", false},  {TIMED, "t-%H.pcap", "t-12.pca", false},
		{TIMED, "t-%H.pcap", "t-%H.pcap", false},   {TIMED, "t-%H.pcap", "t-1234567890123.pcap", false},
		{TIMED, "%Y%m%d-%H%M%S.pcap", "20260731-235959.pcap", true},
		{TIMED, "%F_%T%z", "2026-07-31_23:59:59+0200", true}, {TIMED, "%F", "passwd", false},
		{TIMED, "x%b", "xJul", true},               {TIMED, "x%b", "x../y", false},
		{TIMED, "x%c.pcap", "xFri Jul 31 23:59:59 2026.pcap", true}, {TIMED, "%x", ".bashrc", false},
		{TIMED, "%D", "07/31/26", false},           {TIMED, "100%%-%S", "100%-07", true},
		{TIMED, "%-H.pcap", "9.pcap", true},        {TIMED, "%s", "1785542399", true},
		       {TIMED, "%Ey%Od", "2631", true},
		{TIMED, "x%", "x", false},                  {TIMED, "/tmp/%H", "/tmp/07", true},
		{BOTH, "%H.pcap", "12.pcap", true},         {BOTH, "%H.pcap", "12.pcap3", true},
		{BOTH, "%H.pcap", "12.pcapx", false},       {BOTH, "%H.pcap", "shadow1", false},
	};
	char longest[2048], pattern[2048];

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (may(names[i].how, names[i].said, names[i].name) != names[i].may)
			fail_msg("%d: \"%s\" asked for where \"%s\" was said", names[i].how, names[i].name, names[i].said);
	/* Every name that strftime makes passes; and one too long, against as many ways to read it, is soon refused. */
	for (time_t t = 0; t < 4000000000; t += 12345678) {
		char made[128];
		struct tm tm;

		assert_true(strftime(made, sizeof made, "%a %A %b %B %C %d %e %H %I %j %m %M %p %S %u %U %w %W %Y %z %Z",
				     localtime_r(&t, &tm)) > 0);
		if (!may(TIMED, "%a %A %b %B %C %d %e %H %I %j %m %M %p %S %u %U %w %W %Y %z %Z", made))
			fail_msg("\"%s\"", made);
	}
	memset(longest, '1', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	for (size_t i = 0; i + 1 < sizeof pattern; i++)
		pattern[i] = i % 2 ? 'H' : '%';
	pattern[sizeof pattern - 2] = pattern[sizeof pattern - 1] = '\0';
	assert_false(may(TIMED, pattern, longest));
	longest[BROKER_NAME - 1] = '\0';
	assert_false(may(BOTH, pattern, longest));
	longest[BROKER_NAME - 2] = 'x';
	assert_false(may(BOTH, pattern + 1024, longest));
}

static void directory_of_outputs(void **state)
{
	static const struct broker_options changing = {.output = "d%Y/x-%S.pcap", .timed = true};
	static const struct broker_options fixed = {.output = "d%Y/x-%S.pcap"}, name = {.output = "d/%S", .timed = true};
	struct broker *b = NULL;
	struct error e = {""};

	(void)state;
	assert_int_equal(broker_start(&b, &changing, &e), -EINVAL);
	assert_null(b);
	assert_non_null(strstr(e.text, "the directory of -w may not change with the time"));
	assert_true(output_directory_fixed(&fixed) && output_directory_fixed(&name));
}

static void makes_outputs(void **state)
{
	enum { FLAGS = O_WRONLY | O_CREAT | O_TRUNC };
	char said[64], path[80];
	struct broker_facts f;
	struct error e = {""};
	struct broker *b;
	struct stat st;
	int fd;

	(void)state;
	(void)snprintf(said, sizeof said, "%s/out.pcap", folder);
	b = start(said, &f);
	fd = broker_create_output(b, said, FLAGS, &e);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "1234", 4), 4);
	assert_int_equal(fcntl(fd, F_GETFL) & (O_NONBLOCK | O_ACCMODE), O_WRONLY);
	close(fd);
	assert_int_equal(stat(said, &st), 0);
	assert_int_equal(st.st_size, 4);
	assert_int_equal(st.st_uid, geteuid()); /* whose it would have been */

	fd = broker_create_output(b, "out.pcap1", FLAGS | O_EXCL, &e);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(broker_create_output(b, "out.pcap1", FLAGS | O_EXCL, &e), -EEXIST);
	assert_int_equal(broker_create_output(b, "other.pcap", FLAGS, &e), -EACCES);
	assert_non_null(strstr(e.text, "other.pcap"));
	assert_int_equal(broker_create_output(b, "/etc/passwd", O_WRONLY, &e), -EACCES);
	assert_int_equal(broker_create_output(b, said, O_RDONLY, &e), -EINVAL);
	assert_int_equal(broker_create_output(b, said, FLAGS | O_DIRECT, &e), -EINVAL);
	assert_int_equal(broker_create_output(b, said, O_RDWR | O_CREAT, &e), -EINVAL);
	assert_int_equal(broker_create_output(b, said, O_WRONLY | O_RDWR | O_CREAT, &e), -EINVAL);
	assert_int_equal(broker_create_output(b, said, O_WRONLY | O_TRUNC, &e), -EINVAL);
	assert_int_equal(stat(said, &st), 0);
	assert_int_equal(st.st_size, 4);

	(void)snprintf(path, sizeof path, "%s/out.pcap2", folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(broker_create_output(b, "out.pcap2", O_WRONLY | O_CREAT, &e), -ENXIO); /* and does not wait */
	(void)snprintf(path, sizeof path, "%s/out.pcap3", folder);
	assert_int_equal(symlink(said, path), 0);
	assert_int_equal(broker_create_output(b, "out.pcap3", FLAGS, &e), -ELOOP);
	broker_free(b);
}

/* What no client of ours sends, over a socket of our own. */
static void hostile_questions(void **state)
{
	struct broker_options o = {.output = NULL};
	struct broker_greeting hello;
	struct broker_question q;
	struct broker_answer a;
	pid_t parent = getpid(), pid;
	char bytes[4096];
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	pid = fork();
	if (pid == 0)
		serve(ends[1], parent, &o);
	close(ends[1]);
	assert_int_equal(recv(ends[0], &hello, sizeof hello, 0), sizeof hello);
	assert_int_equal(hello.result, 0);
	memset(bytes, 'x', sizeof bytes);
	for (size_t n = 1; n <= sizeof bytes; n = n < 8 ? n + 1 : n * 2) {
		if (n == sizeof q)
			continue;
		assert_int_equal(send(ends[0], bytes, n, 0), n);
		assert_int_equal(recv(ends[0], &a, sizeof a, 0), sizeof a);
		assert_int_equal(a.result, -EINVAL);
	}
	for (uint32_t kind = 0; kind < 70000; kind = kind < 8 ? kind + 1 : kind * 3) {
		bool known = kind >= BROKER_PACKET_SOCKET && kind <= BROKER_INSIDE;

		memset(&q, 0, sizeof q);
		q.serial = 7;
		q.kind = kind;
		if (known)
			memset(q.name, 'n', sizeof q.name); /* without its end */
		assert_int_equal(send(ends[0], &q, sizeof q, 0), sizeof q);
		assert_int_equal(recv(ends[0], &a, sizeof a, 0), sizeof a);
		assert_int_equal(a.serial, 7);
		assert_int_equal(a.result, -EINVAL);
	}
	q.serial = 0;
	q.name[0] = '\0';
	assert_int_equal(send(ends[0], &q, sizeof q, 0), sizeof q);
	assert_int_equal(recv(ends[0], &a, sizeof a, 0), sizeof a);
	assert_int_equal(a.result, -EINVAL);
	close(ends[0]);
	assert_true(gone_within(pid, 1000));
}

/* A container's filter refuses ours: the broker says so and works. */
static void works_without_seccomp(void **state)
{
	int status = 0;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		struct sock_filter refuse[] = {
			{BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr)},
			{BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYS_seccomp},
			{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | EPERM},
			{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
		};
		struct sock_fprog program = {.len = sizeof refuse / sizeof *refuse, .filter = refuse};
		struct broker_options o = {.output = NULL};
		struct broker_facts f;
		struct broker *b;
		struct error e = {""};

		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
		    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) != 0)
			_exit(99);
		if (broker_start(&b, &o, &e) != 0 || broker_ready(b, &f, &e) != 0)
			_exit(1);
		if (!f.calls_refused || f.calls != 0 || !strstr(e.text, "the broker: seccomp: "))
			_exit(2);
		if (broker_create_output(b, "x", O_WRONLY | O_CREAT, &e) != -EACCES)
			_exit(3);
		broker_free(b);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- the end --------------------------------------------------------------------- */

static void its_end_is_noticed(void **state)
{
	struct broker_facts f;
	struct broker *b = start(NULL, &f);
	struct pollfd p = {.fd = broker_fd(b), .events = 0};
	struct error e = {""};

	(void)state;
	assert_true(broker_alive(b));
	assert_int_equal(kill(broker_pid(b), SIGTERM), 0); /* not for it: main ends it */
	assert_int_equal(poll(&p, 1, 50), 0);
	assert_int_equal(kill(broker_pid(b), SIGKILL), 0);
	assert_int_equal(poll(&p, 1, 1000), 1);
	assert_true(p.revents & POLLHUP);
	assert_false(broker_alive(b));
	assert_int_equal(broker_packet_socket(b, &e), -EPIPE);
	assert_string_equal(e.text, "the broker is gone: no further interface or file can be opened");
	broker_free(b);
}

/* Whoever started it is killed: by the end of its socket and by the signal. */
static void it_ends_with_its_starter(void **state)
{
	pid_t starter, broker = 0;
	int told[2];

	(void)state;
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	assert_int_equal(pipe(told), 0);
	starter = fork();
	if (starter == 0) {
		struct broker_facts f;
		struct broker *b = start(NULL, &f);

		broker = broker_pid(b);
		_exit(write(told[1], &broker, sizeof broker) != sizeof broker || pause());
	}
	assert_int_equal(read(told[0], &broker, sizeof broker), sizeof broker);
	assert_int_equal(kill(broker, 0), 0);
	assert_int_equal(kill(starter, SIGKILL), 0);
	assert_int_equal(waitpid(starter, NULL, 0), starter);
	assert_true(gone_within(broker, 1000));
	close(told[0]);
	close(told[1]);
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
	static const char *const made[] = {"out.pcap", "out.pcap1", "out.pcap2", "out.pcap3"};
	char path[96];

	(void)state;
	for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", folder, made[i]);
		(void)unlink(path);
	}
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(processes_are_told_where_owners_were_wanted),
		cmocka_unit_test(keeps_one_capability),
		cmocka_unit_test(names_of_saves),
		cmocka_unit_test(makes_saves),
		cmocka_unit_test(names_of_outputs),
		cmocka_unit_test(directory_of_outputs),
		cmocka_unit_test(makes_outputs),
		cmocka_unit_test(hostile_questions),
		cmocka_unit_test(works_without_seccomp),
		cmocka_unit_test(its_end_is_noticed),
		cmocka_unit_test(it_ends_with_its_starter),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
