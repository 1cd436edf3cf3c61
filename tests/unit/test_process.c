/* Texts of /proc, the walk through it, and whose control group it is.
 * links: process base
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sockeye/clock.h"
#include "sockeye/process.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void stat_with_any_name(void **state)
{
	static const char *const names[] = {"cat", ") S 1 (", "a b", ")", "((", "fifteen bytes i"};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct process p;
		bool kernel = true;
		char line[256];
		int n = snprintf(line, sizeof line, "4711 (%s) S 42 1 1 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 3789316 7 8\n", names[i]);

		assert_true(process_parse_stat(line, (size_t)n, &p, &kernel));
		assert_int_equal(p.pid, 4711);
		assert_int_equal(p.parent, 42);
		assert_int_equal(p.started, 3789316);
		assert_string_equal(p.comm, names[i]);
		assert_false(kernel);
		for (int cut = 0; cut < n; cut++) {
			char *part = malloc((size_t)cut + 1);

			assert_non_null(part);
			memcpy(part, line, (size_t)cut);
			(void)process_parse_stat(part, (size_t)cut, &p, &kernel);
			free(part);
		}
	}
}

static void stat_that_is_none(void **state)
{
	static const char *const wrong[] = {"", "x (a) S 1", "1 a S 1", "99999999999999999999999 (a) S 1 1 1 0 -1 0", "1 )a( S 1",
					    "1 (a) S x 1 1 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 3 7 8"};
	struct process p;
	bool kernel;

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_false(process_parse_stat(wrong[i], strlen(wrong[i]), &p, &kernel));
}

static void small_texts(void **state)
{
	static const char status[] = "Name:\tcat\nUid:\t1000\t1001\t1002\t1003\nGid:\t5\n";
	static const char epoll[] = "pos:\t0\ntfd:        3 events: 80000019 data: 3  pos:0 ino:13ae257 sdev:9\n"
				    "tfd:       16 events:       19 data: 1\nodd\n";
	struct process_watched w[1];
	char cgroup[PROCESS_CGROUP];
	uint64_t inode;
	uint32_t uid;
	char longest[600];

	(void)state;
	assert_true(process_parse_uid(status, sizeof status - 1, &uid));
	assert_int_equal(uid, 1001);
	assert_false(process_parse_uid("Uid:\tx\n", 7, &uid));
	assert_true(process_parse_link("socket:[4711]", 13, &inode));
	assert_int_equal(inode, 4711);
	assert_false(process_parse_link("socket:[4711", 12, &inode));
	assert_false(process_parse_link("socket:[]", 9, &inode));
	assert_false(process_parse_link("socket:[4711]x", 14, &inode));
	assert_false(process_parse_link("/tmp/socket:[1]", 15, &inode));
	assert_int_equal(process_parse_epoll(epoll, sizeof epoll - 1, w, 1), 2);
	assert_int_equal(w[0].fd, 3);
	assert_int_equal(w[0].events, 0x80000019);
	assert_int_equal(w[0].inode, 0x13ae257);
	process_parse_cgroup("4:memory:/long/path\n0::/a\n", 26, cgroup);
	assert_string_equal(cgroup, "/a");
	process_parse_cgroup("4:memory:/docker/x\n0::/\n", 24, cgroup);
	assert_string_equal(cgroup, "/docker/x");
	process_parse_cgroup("odd\n", 4, cgroup);
	assert_string_equal(cgroup, "");
	memset(longest, 'a', sizeof longest);
	memcpy(longest, "0::/", 4);
	process_parse_cgroup(longest, sizeof longest, cgroup);
	assert_string_equal(cgroup, "");
}

static void hidden_processes(void **state)
{
	static const struct {
		const char *text;
		unsigned hidden;
	} all[] = {
		{"22 27 0:21 / /proc rw,relatime - proc proc rw\n", 0}, {"22 27 0:21 / /proc rw - proc proc rw,hidepid=2\n", 2},
		{"22 27 0:21 / /proc rw - proc proc rw,gid=5,hidepid=invisible\n", 2},
		{"22 27 0:21 / /proc rw - proc proc rw,hidepid=noaccess\n", 1},
		{"22 27 0:21 / /proc rw - proc proc rw,hidepid=2\n9 22 0:9 / /proc rw - proc proc rw\n", 0},
		{"22 27 0:21 / /mnt/proc rw - proc proc rw,hidepid=2\n", 0}, {"", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		assert_int_equal(process_parse_hidepid(all[i].text, strlen(all[i].text)), all[i].hidden);
}

static void whose_control_group(void **state)
{
	static const struct {
		const char *path, *kind, *name;
	} all[] = {
		{"/system.slice/docker-" ID ".scope", "docker", ID},
		{"/docker/" ID, "docker", ID},
		{"/machine.slice/libpod-" ID ".scope", "podman", ID},
		{"/machine.slice/libpod-" ID ".scope/container", "podman", ID},
		{"/machine.slice/libpod-conmon-" ID ".scope", NULL, NULL},
		{"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID ".scope", "podman", ID},
		{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1.slice/cri-containerd-" ID ".scope", "containerd", ID},
		{"/kubepods.slice/kubepods-pod1.slice/crio-" ID ".scope", "crio", ID},
		{"/kubepods/burstable/pod0b/" ID, "kubernetes", ID},
		{"/" ID, "container", ID},
		{"/docker/" ID "0", NULL, NULL},
		{"/lxc.payload.web/system.slice/nginx.service", "lxc", "web"},
		{"/lxc/web/init.scope", "lxc", "web"},
		{"/machine.slice/machine-deb.scope", "nspawn", "deb"},
		{"/system.slice/nginx.service", "unit", "nginx.service"},
		{"/system.slice/system-getty.slice/getty@tty1.service", "unit", "getty@tty1.service"},
		{"/user.slice/user-1000.slice/user@1000.service/app.slice/app.service", "unit", "app.service"},
		{"/user.slice/user-1000.slice/user@1000.service/init.scope", NULL, NULL},
		{"/user.slice/user-1000.slice/session-2.scope", NULL, NULL},
		{"/.service", NULL, NULL},
		{"/", NULL, NULL},
		{"", NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		struct process_home h = process_home(all[i].path);

		if (!all[i].kind) {
			assert_null(h.kind);
			continue;
		}
		assert_non_null(h.kind);
		assert_string_equal(h.kind, all[i].kind);
		assert_int_equal(h.len, strlen(all[i].name));
		assert_memory_equal(h.name, all[i].name, h.len);
	}
}

/* More sockets than a batch holds: all of them are found, in several batches, once each. */
static void walk_finds_own_sockets(void **state)
{
	enum { SOCKETS = 600, TWICE = 2 * SOCKETS };
	struct process_batch *b = calloc(1, sizeof *b);
	struct process_walk *w = calloc(1, sizeof *w);
	unsigned found = 0, batches = 0;
	struct error e = {""};
	bool more;
	int fds[TWICE];

	(void)state;
	assert_true(b && w);
	for (unsigned i = 0; i < SOCKETS; i++)
		assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds + 2 * i), 0);
	assert_int_equal(process_walk_open(w, "/proc", &e), 0);
	for (unsigned turn = 0; turn < 2; turn++) { /* and once more, from the start */
		found = batches = 0;
		do {
			more = process_walk_next(w, b, 200 * CLOCK_MS);
			assert_true(process_batch_sound(b));
			batches++;
			for (uint32_t i = 0; i < b->holders; i++) {
				const struct process *p = &b->process[b->holder[i].process];
				struct stat st;

				if (p->pid != getpid())
					continue;
				assert_int_equal(p->uid, geteuid());
				assert_int_equal(p->parent, getppid());
				assert_int_equal(fstat(b->holder[i].fd, &st), 0);
				assert_int_equal(st.st_ino, b->holder[i].inode);
				found++;
			}
		} while (more);
		assert_in_range(found, TWICE, TWICE + 8); /* and what the runner left open */
		assert_true(batches > 1);
		assert_true(b->seen > 0);
		assert_int_equal(b->failed, 0);
	}
	for (unsigned i = 0; i < TWICE; i++)
		(void)close(fds[i]);
	process_walk_close(w);
	free(w);
	free(b);
}

static void walk_in_no_time_goes_on(void **state)
{
	struct process_batch *b = calloc(1, sizeof *b);
	struct process_walk *w = calloc(1, sizeof *w);
	unsigned batches = 0;
	struct error e = {""};

	(void)state;
	assert_true(b && w);
	assert_int_equal(process_walk_open(w, "/proc", &e), 0);
	while (process_walk_next(w, b, 0))
		assert_true(++batches < 100000);
	process_walk_close(w);
	assert_true(process_walk_open(w, "/nowhere", &e) < 0);
	assert_non_null(strstr(e.text, "/proc cannot be read"));
	free(w);
	free(b);
}

static void batches_of_strangers_are_looked_at(void **state)
{
	struct process_batch *b = calloc(1, sizeof *b);

	(void)state;
	assert_non_null(b);
	assert_true(process_batch_sound(b));
	b->holders = 1;
	assert_false(process_batch_sound(b));
	b->processes = 1;
	assert_true(process_batch_sound(b));
	memset(b->process[0].comm, 'a', PROCESS_COMM);
	assert_false(process_batch_sound(b));
	b->process[0].comm[0] = '\0';
	b->process[0].cgroup[0] = '\0';
	b->holder[0].process = 1;
	assert_false(process_batch_sound(b));
	b->holders = PROCESS_BATCH_HOLDERS + 1;
	assert_false(process_batch_sound(b));
	free(b);
}

/* ---- from inside ------------------------------------------------------------------------------ */

static void calls_of_threads(void **state)
{
	static const struct {
		const char *text;
		bool good;
		int32_t call;
		int64_t fd;
	} all[] = {
		{"running\n", true, -1, -1}, {"232 0x7 0x7ffd 0x200 0xffffffff 0x0 0x0 0x7ffd 0x7f1\n", true, 232, 7},
		{"-1 0x7ffd 0x7f1\n", true, -2, -1}, {"202 0x7f4a3c0009d0 0x0\n", true, 202, -1}, {"7", true, 7, -1}, {"", false, 0, 0},
		{"x 0x1", false, 0, 0}, {"99999999999999 0x1", false, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		int32_t call;
		int64_t fd;

		assert_int_equal(process_parse_call(all[i].text, strlen(all[i].text), &call, &fd), all[i].good);
		if (all[i].good) {
			assert_int_equal(call, all[i].call);
			assert_int_equal(fd, all[i].fd);
		}
	}
}

static void *thread_waits(void *arg)
{
	char c;

	return read(*(int *)arg, &c, 1) == 1 ? arg : NULL;
}

/* Very many descriptors, threads and watched ones: counted to the last one, or said to be at least so many. */
static void a_large_process_from_inside(void **state)
{
	enum { THREADS = 90, WATCHED = 3000, SETS = 20 };
	struct process_inside *in = calloc(1, sizeof *in);
	struct rlimit had, more;
	struct epoll_event ev = {.events = EPOLLIN};
	const int proc = open("/proc", O_RDONLY | O_DIRECTORY);
	static int held[WATCHED], sets[SETS];
	pthread_t threads[THREADS];
	int ends[2];
	char text[1024];
	struct process self;
	bool kernel, found = false;
	FILE *f = fopen("/proc/self/stat", "r");
	size_t n;

	(void)state;
	assert_true(in && f && proc >= 0 && pipe(ends) == 0 && getrlimit(RLIMIT_NOFILE, &had) == 0);
	more = had;
	more.rlim_cur = had.rlim_max < 8192 ? had.rlim_max : 8192;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &more), 0);
	n = fread(text, 1, sizeof text, f);
	fclose(f);
	assert_true(process_parse_stat(text, n, &self, &kernel));
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, thread_waits, &ends[0]), 0);
	for (unsigned i = 0; i < SETS; i++)
		assert_true((sets[i] = epoll_create1(EPOLL_CLOEXEC)) >= 0);
	for (unsigned i = 0; i < WATCHED; i++) {
		assert_true((held[i] = dup(ends[0])) >= 0);
		assert_int_equal(epoll_ctl(sets[0], EPOLL_CTL_ADD, held[i], &ev), 0);
	}
	process_inside_read(proc, self.pid, self.started, 10 * CLOCK_S, in);
	assert_int_equal(in->failed, 0);
	assert_int_equal(in->partial, 0);
	assert_int_equal(in->all_threads, THREADS + 1);
	assert_int_equal(in->threads, PROCESS_THREADS);
	assert_in_range(in->descriptors, WATCHED + SETS, WATCHED + SETS + 64);
	assert_in_range(in->all_epolls, SETS, SETS + 2);
	assert_int_equal(in->epolls, PROCESS_EPOLLS);
	assert_int_equal(in->watchers, PROCESS_WATCHED);
	for (uint32_t e = 0; e < in->epolls; e++)
		if (in->epoll[e].fd == sets[0]) {
			found = true;
			assert_int_equal(in->epoll[e].n, WATCHED); /* some 200 KiB of text */
			assert_int_equal(in->epoll[e].partial, 0);
		}
	assert_true(found);
	assert_true(process_inside_sound(in));
	process_inside_read(proc, self.pid, self.started, 0, in); /* no time at all */
	assert_int_equal(in->all_threads, THREADS + 1);
	assert_int_equal(in->partial, 1);
	for (unsigned i = 0; i < WATCHED; i++)
		close(held[i]);
	for (unsigned i = 0; i < SETS; i++)
		close(sets[i]);
	assert_int_equal(write(ends[1], text, THREADS), THREADS);
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	close(ends[0]);
	close(ends[1]);
	close(proc);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &had), 0);
	free(in);
}

/* This process: one thread, which runs, and an epoll set with two of its sockets. */
static void this_process_from_inside(void **state)
{
	struct process_inside *in = calloc(1, sizeof *in);
	struct epoll_event ev = {.events = EPOLLIN | EPOLLET};
	int ends[2], set = epoll_create1(EPOLL_CLOEXEC), proc = open("/proc", O_RDONLY | O_DIRECTORY);
	char text[1024];
	struct process self;
	bool kernel, found = false;
	struct stat st;
	FILE *f = fopen("/proc/self/stat", "r");
	size_t n;

	(void)state;
	assert_true(in && f && set >= 0 && proc >= 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
	n = fread(text, 1, sizeof text, f);
	fclose(f);
	assert_true(process_parse_stat(text, n, &self, &kernel));
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(epoll_ctl(set, EPOLL_CTL_ADD, ends[i], &ev), 0);
	process_inside_read(proc, self.pid, self.started, 1000 * CLOCK_MS, in);
	assert_int_equal(in->failed, 0);
	assert_true(process_inside_sound(in));
	assert_int_equal(in->all_threads, 1);
	assert_int_equal(in->thread[0].tid, self.pid);
	assert_string_equal(in->thread[0].comm, self.comm);
	assert_int_equal(fstat(ends[0], &st), 0);
	for (uint32_t e = 0; e < in->epolls; e++) {
		if (in->epoll[e].fd != set)
			continue;
		found = true;
		assert_int_equal(in->epoll[e].n, 2);
		for (uint32_t i = in->epoll[e].first; i < in->epoll[e].first + 2; i++) {
			assert_true(in->watched[i].events & EPOLLIN);
			assert_true(in->watched[i].events & EPOLLET);
			if (in->watched[i].fd == ends[0])
				assert_int_equal(in->watched[i].inode, st.st_ino);
		}
	}
	assert_true(found);
	process_inside_read(proc, self.pid, self.started + 1, 1000 * CLOCK_MS, in); /* another one of that number */
	assert_int_equal(in->failed, ESRCH);
	process_inside_read(proc, 0, 0, 1000 * CLOCK_MS, in);
	assert_int_equal(in->failed, EINVAL);
	in->threads = PROCESS_THREADS + 1;
	assert_false(process_inside_sound(in));
	close(set);
	close(proc);
	close(ends[0]);
	close(ends[1]);
	free(in);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stat_with_any_name), cmocka_unit_test(stat_that_is_none), cmocka_unit_test(small_texts),
		cmocka_unit_test(hidden_processes), cmocka_unit_test(whose_control_group), cmocka_unit_test(walk_finds_own_sockets),
		cmocka_unit_test(walk_in_no_time_goes_on), cmocka_unit_test(batches_of_strangers_are_looked_at),
		cmocka_unit_test(calls_of_threads),
		cmocka_unit_test(a_large_process_from_inside), cmocka_unit_test(this_process_from_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
