/* The broker's vocabulary, its end, and what is left to a process that has given
 * up its rights.
 * links: source broker base
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "broker/questions.h"
#include "source/bpf.h"
#include "sockeye/broker.h"
#include "sockeye/confine.h"
#include "sockeye/source.h"

static char folder[] = "/tmp/sockeye-broker-XXXXXX";

static struct broker *start(const char *output, struct broker_facts *f)
{
	struct broker_options o = {.output = output, .change_user = geteuid() == 0, .uid = 65534, .gid = 65534};
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

static void names_of_outputs(void **state)
{
	static const struct {
		const char *said, *name;
		bool may;
	} names[] = {
		{"x.pcap", "x.pcap", true},          {"x.pcap", "x.pcap1", true},       {"x.pcap", "x-02.pcap", true},
		{"x.pcap", "x", false},              {"x.pcap", "x.conf", false},       {"x.pcap", "y.pcap", false},
		{"x.pcap", ".bashrc", false},        {"x.pcap", "", false},             {"x.pcap", "../x.pcap", false},
		{"x.pcap", "/tmp/x.pcap", false},    {"/tmp/x.pcap", "/tmp/x.pcap1", true},
		{"/tmp/x.pcap", "/tmp/", false},     {"/tmp/x.pcap", "/tmp/a/x.pcap", false},
		{"/tmp/x.pcap", "/tmp/../x.pcap", false}, {"/tmp/x.pcap", "x.pcap2", true},
		{"t-%H.pcap", "t-12.pcap", true},    {"t-%H.pcap", "s-12.pcap", false}, {"%H.pcap", "12.pcap", true},
		{"%H.pcap", ".profile", false},      {"%H.pcap", ".a.pcap", false},     {"dump", "dump3", true},
		{"dump", "dum", false},              {"dump", "..", false},             {".x", ".x1", true},
		{".x", ".bashrc", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if ((output_name(names[i].said, names[i].name) != NULL) != names[i].may)
			fail_msg("\"%s\" asked for where \"%s\" was said", names[i].name, names[i].said);
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

	(void)snprintf(path, sizeof path, "%s/out.pcap2", folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(broker_create_output(b, "out.pcap2", O_WRONLY, &e), -ENXIO); /* and does not wait */
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
		bool known = kind == BROKER_PACKET_SOCKET || kind == BROKER_CREATE_OUTPUT;

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

/* ---- what is left ------------------------------------------------------------------ */

static void confine(void)
{
	struct error e;
	unsigned calls;
	int abi;

	(void)confine_bounding();
	if ((geteuid() == 0 && confine_user(65534, 65534, false, &e) < 0) || confine_capabilities(0, &e) < 0 ||
	    confine_no_new_privs(&e) < 0 || confine_files(&abi, &e) < 0 || confine_calls(CONFINE_MAIN, &calls, &e) < 0)
		_exit(99);
	source_close_names();
}

enum { DIED = 1000 };

/* In a confined process: 0, the errno, or DIED where it was killed for it. */
static int confined(int (*does)(void))
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		int why;

		confine();
		errno = 0;
		why = does();
		_exit(why > 98 ? 98 : why);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGSYS ? DIED : 2 * DIED;
	return WEXITSTATUS(status);
}

static int why(long rc)
{
	return rc >= 0 ? 0 : errno;
}

static int does_execve(void)
{
	char *none[] = {NULL};

	return why(execve("/bin/true", none, none));
}

static int does_execveat(void)
{
	char *none[] = {NULL};

	return why(syscall(SYS_execveat, AT_FDCWD, "/bin/true", none, none, 0));
}

static int does_socket(void)
{
	return why(socket(AF_PACKET, SOCK_RAW, 0));
}

static int does_unix_socket(void)
{
	return why(socket(AF_UNIX, SOCK_STREAM, 0));
}

static int does_ptrace(void)
{
	return why(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL));
}

static int does_read_others(void)
{
	return why(syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0));
}

static int does_write_file(void)
{
	return why(open("/tmp/sockeye-canary", O_WRONLY | O_CREAT, 0600));
}

static int does_append(void)
{
	return why(open("/etc/passwd", O_RDWR | O_APPEND));
}

static int does_old_open(void)
{
	return why(syscall(SYS_openat, AT_FDCWD, folder, O_TMPFILE | O_RDWR, 0600));
}

static int does_read_file(void)
{
	return why(open("/etc/passwd", O_RDONLY));
}

static int does_unlink(void)
{
	return why(unlink("/tmp/sockeye-canary"));
}

static int does_mprotect(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? 97 : why(mprotect(p, 4096, PROT_READ | PROT_EXEC));
}

static int does_mmap(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? errno : 0;
}

static int does_fork(void)
{
	return why(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
}

static int does_kill(void)
{
	return why(kill(getppid(), 0));
}

static int does_type(void)
{
	return why(ioctl(0, TIOCSTI, "x"));
}

static int does_setuid(void)
{
	return why(setresuid(0, 0, 0));
}

static int does_unshare(void)
{
	return why(syscall(SYS_unshare, 0));
}

static int does_bpf(void)
{
	return why(syscall(SYS_bpf, 0, NULL, 0));
}

static void nothing_dangerous_is_left(void **state)
{
	const bool wide = confine_sanitized(); /* its runtime forks, traces and reads at the end */
	const struct {
		const char *name;
		int (*does)(void);
		int comes;
	} canaries[] = {
		{"execve", does_execve, wide ? EPERM : DIED},
		{"execveat", does_execveat, DIED},
		{"a packet socket", does_socket, EPERM},
		{"a local socket", does_unix_socket, EPERM},
		{"ptrace", does_ptrace, wide ? EPERM : DIED},
		{"memory of others", does_read_others, DIED},
		{"a new file", does_write_file, EPERM},
		{"a file to write", does_append, EPERM},
		{"a file without a name", does_old_open, EPERM},
		{"a file to read", does_read_file, wide ? 0 : EPERM},
		{"unlink", does_unlink, EPERM},
		{"mprotect(PROT_EXEC)", does_mprotect, EPERM},
		{"mmap(PROT_EXEC)", does_mmap, EPERM},
		{"fork", does_fork, wide ? 0 : EPERM},
		{"kill", does_kill, EPERM},
		{"typing into the terminal", does_type, EPERM},
		{"setresuid", does_setuid, EPERM},
		{"unshare", does_unshare, DIED},
		{"bpf", does_bpf, DIED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof canaries / sizeof *canaries; i++) {
		int came = confined(canaries[i].does);

		if (came != canaries[i].comes)
			fail_msg("%s: %d, not %d (%d: killed)", canaries[i].name, came, canaries[i].comes, DIED);
	}
	assert_int_equal(access("/tmp/sockeye-canary", F_OK), -1);
}

static void *thread(void *arg)
{
	return arg;
}

static int does_thread(void)
{
	pthread_t id;
	void *value = NULL;

	return pthread_create(&id, NULL, thread, folder) || pthread_join(id, &value) || value != folder;
}

static int does_raise(void)
{
	(void)signal(SIGUSR1, SIG_IGN);
	return raise(SIGUSR1);
}

/* Numbers compile; names fail, with the sentence and without a wait. */
static int does_filter(void)
{
	static const char *const names[] = {"host example.org", "port http", "net loopback"};
	/* Where a sanitizer may read files, /etc/services is one of them. */
	const size_t closed = confine_sanitized() ? 1 : sizeof names / sizeof *names;
	struct error e = {""};
	struct bpf *b;
	int rc;

	if (!source_has_live())
		return 0;
	if (bpf_open(&b, "(tcp port 443 or udp portrange 1-9) and host 10.0.0.1 or ip6 host fe80::1 or net 10.0.0.0/8 or arp", &e))
		return 1;
	rc = bpf_check(b, &e);
	bpf_free(b);
	for (size_t i = 0; i < closed && rc == 0; i++) {
		if (bpf_open(&b, names[i], &e))
			return 2;
		rc = bpf_check(b, &e) != -EINVAL || !strstr(e.text, "names are looked up at the start only");
		rc = rc ? 3 + (int)i : 0;
		bpf_free(b);
	}
	return rc;
}

static struct broker *helper; /* of the confined process */

/* An interface opened by the broker, bound and made promiscuous without a right. */
static int does_capture(void)
{
	struct sockaddr_ll a = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	struct packet_mreq promiscuous = {.mr_type = PACKET_MR_PROMISC};
	struct error e = {""};
	struct ifreq asked;
	int fd = broker_packet_socket(helper, &e);

	if (fd < 0)
		return -fd;
	memset(&asked, 0, sizeof asked);
	(void)snprintf(asked.ifr_name, sizeof asked.ifr_name, "lo");
	if (ioctl(fd, SIOCGIFINDEX, &asked) != 0)
		return errno;
	a.sll_ifindex = promiscuous.mr_ifindex = asked.ifr_ifindex;
	if (bind(fd, (struct sockaddr *)&a, sizeof a) != 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promiscuous, sizeof promiscuous) != 0)
		return errno;
	return 0;
}

static int does_output(void)
{
	struct error e = {""};
	int fd = broker_create_output(helper, "later.pcap7", O_WRONLY | O_CREAT | O_TRUNC, &e);

	if (fd < 0)
		return -fd;
	return write(fd, "x", 1) != 1 || ftruncate(fd, 0) != 0 || fsync(fd) != 0 || close(fd) != 0 ? errno : 0;
}

static void what_is_needed_is_left(void **state)
{
	char said[64];
	struct broker_facts f;

	(void)state;
	assert_int_equal(confined(does_thread), 0);
	assert_int_equal(confined(does_raise), 0);
	assert_int_equal(confined(does_filter), 0);
	(void)snprintf(said, sizeof said, "%s/later.pcap", folder);
	helper = start(said, &f);
	assert_int_equal(confined(does_output), 0);
	assert_int_equal(confined(does_capture), confine_permitted() & CONFINE_BIT(CONFINE_NET_RAW) ? 0 : EPERM);
	broker_free(helper);
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
	static const char *const made[] = {"out.pcap", "out.pcap1", "out.pcap2", "out.pcap3", "later.pcap7"};
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
		cmocka_unit_test(keeps_one_capability),
		cmocka_unit_test(names_of_outputs),
		cmocka_unit_test(makes_outputs),
		cmocka_unit_test(hostile_questions),
		cmocka_unit_test(its_end_is_noticed),
		cmocka_unit_test(it_ends_with_its_starter),
		cmocka_unit_test(nothing_dangerous_is_left),
		cmocka_unit_test(what_is_needed_is_left),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
