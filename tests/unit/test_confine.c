/* What is left to a process that has given up its rights, and what is not.
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
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "source/bpf.h"
#include "sockeye/broker.h"
#include "sockeye/confine.h"
#include "sockeye/source.h"

static char folder[] = "/tmp/sockeye-confine-XXXXXX";

static struct broker *start(const char *output, struct broker_facts *f)
{
	struct broker_options o = {.output = output, .sized = true, .change_user = geteuid() == 0, .uid = 65534, .gid = 65534};
	struct broker *b;
	struct error e = {""};

	if (broker_start(&b, &o, &e) != 0 || broker_ready(b, f, &e) != 0)
		fail_msg("%s", e.text);
	return b;
}

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

static int does_limit_others(void)
{
	struct rlimit had;

	return why(prlimit(getppid(), RLIMIT_NOFILE, NULL, &had));
}

static int does_set_limit(void)
{
	struct rlimit new = {.rlim_cur = 64, .rlim_max = 64};

	return why(prlimit(0, RLIMIT_NOFILE, &new, NULL));
}

static int does_ask_limit(void)
{
	struct rlimit had;

	return why(prlimit(0, RLIMIT_NOFILE, NULL, &had));
}

static int does_own(void)
{
	return why(syscall(SYS_fcntl, 0, F_SETOWN, getppid()));
}

static int does_choose_signal(void)
{
	return why(syscall(SYS_fcntl, 0, F_SETSIG, SIGKILL));
}

static int does_async(void)
{
	return why(fcntl(0, F_SETFL, O_ASYNC | O_NONBLOCK));
}

static int does_wait_lock(void)
{
	struct flock lock = {.l_type = F_RDLCK};

	return why(fcntl(0, F_SETLKW, &lock));
}

static int does_flags(void)
{
	int fd = fcntl(0, F_DUPFD_CLOEXEC, 10), flags = fcntl(fd, F_GETFL);

	return why(fd < 0 || flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 || fcntl(fd, F_SETFL, flags) < 0 ||
				   fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || fcntl(fd, F_GETFD) != FD_CLOEXEC ? -1 : 0);
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
		{"limits of others", does_limit_others, EPERM},
		{"a new limit", does_set_limit, EPERM},
		{"the limits", does_ask_limit, 0},
		{"an owner of signals", does_own, EPERM},
		{"another signal", does_choose_signal, EPERM},
		{"signals by O_ASYNC", does_async, EPERM},
		{"a wait for a lock", does_wait_lock, EPERM},
		{"flags of descriptors", does_flags, 0},
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

/* Landlock alone, where seccomp would say nothing. */
static void files_are_out_of_reach(void **state)
{
	static const char *const how[] = {"write", "create", "directory", "link", "remove", "read"};
	char made[64], path[96];
	int status = 0, fd;
	pid_t pid;

	(void)state;
	(void)snprintf(made, sizeof made, "%s/landlock", folder);
	fd = open(made, O_WRONLY | O_CREAT, 0666);
	assert_true(fd >= 0);
	pid = fork();
	if (pid == 0) {
		struct error e;
		int abi;

		if (confine_no_new_privs(&e) < 0 || confine_files(&abi, &e) < 0 || abi < 1)
			_exit(99);
		(void)snprintf(path, sizeof path, "%s/landlock2", folder);
		if (open(made, O_WRONLY) >= 0 || errno != EACCES)
			_exit(1);
		if (open(path, O_WRONLY | O_CREAT, 0600) >= 0 || errno != EACCES)
			_exit(2);
		if (mkdir(path, 0700) == 0 || errno != EACCES)
			_exit(3);
		if (symlink("x", path) == 0 || errno != EACCES)
			_exit(4);
		if (unlink(made) == 0 || errno != EACCES)
			_exit(5);
		if (!confine_sanitized() && (open(made, O_RDONLY) >= 0 || errno != EACCES))
			_exit(6);
		_exit(write(fd, "x", 1) == 1 ? 0 : 97); /* what is open stays open */
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(fd);
	assert_true(WIFEXITED(status));
	status = WEXITSTATUS(status);
	if (status > 0)
		fail_msg("%d: %s", status, status <= 6 ? how[status - 1] : "Landlock is not to be had, or an open file is not");
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
	static const char *const made[] = {"later.pcap7", "landlock"};
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
		cmocka_unit_test(nothing_dangerous_is_left),
		cmocka_unit_test(files_are_out_of_reach),
		cmocka_unit_test(what_is_needed_is_left),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
