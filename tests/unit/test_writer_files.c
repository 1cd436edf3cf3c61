/* The writer's files: rotation, locks, and what happens when writing fails at any byte.
 * links: source
 */
#include "writing_world.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

static struct writer_options to(struct world *x, const char *name)
{
	return (struct writer_options){.path = world_path(x, name)};
}

/* ---- rotation: tcpdump's names ------------------------------------------------ */

/* n frames of 1000 bytes on the wire, 64 of them here: about 100 bytes each in a file. */
static void write_some(struct world *x, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(world_write(x, world_frame(WORLD_TIME + i * CLOCK_S, 64, 1000)), 0);
}

static void writer_rotates_by_size(void **state)
{
	struct writer_options o;
	struct world x;
	char path[128];

	(void)state;
	world_begin(&x);
	o = to(&x, "a.pcap"); /* 24 + 80 a frame: the limit is passed with the third */
	(void)snprintf(path, sizeof path, "%s", o.path);
	o.path = path;
	o.rotate_bytes = 200;
	assert_int_equal(world_open(&x, o), 0);
	write_some(&x, 8);
	world_finish(&x);
	assert_int_equal(world_count(&x, "a.pcap"), 3);
	assert_int_equal(world_count(&x, "a.pcap1"), 3);
	assert_int_equal(world_count(&x, "a.pcap2"), 2);
	assert_int_equal(world_size(&x, "a.pcap3"), SIZE_MAX);
	assert_int_equal(world_stats_of(&x).files, 3);
	assert_int_equal(world_stats_of(&x).frames, 8);
	world_end(&x);
}

static void writer_rotates_in_a_ring(void **state)
{
	struct writer_options o;
	struct world x;
	char path[128];

	(void)state;
	world_begin(&x);
	o = to(&x, "a.pcap");
	(void)snprintf(path, sizeof path, "%s", o.path);
	o.path = path;
	o.rotate_bytes = 1; /* a file each */
	o.rotate_files = 11;
	assert_int_equal(world_open(&x, o), 0);
	write_some(&x, 13);
	world_finish(&x);
	for (unsigned i = 0; i < 11; i++) {
		struct frame f[2];
		struct source *s;
		char name[16];

		(void)snprintf(name, sizeof name, "a.pcap%02u", i);
		s = world_reread(&x, name);
		assert_int_equal(next_of(s, f, 2), 1);
		assert_int_equal(f[0].ts_ns, WORLD_TIME + (i < 2 ? i + 11 : i) * CLOCK_S);
		s->free(s);
	}
	assert_int_equal(world_size(&x, "a.pcap"), SIZE_MAX);
	assert_int_equal(world_size(&x, "a.pcap11"), SIZE_MAX);
	world_end(&x);
}

/* Of files, time is the packets'. 1700000000 is 22:13:20 UTC. */
static void writer_rotates_by_time(void **state)
{
	struct writer_options o;
	struct world x;
	char path[128];

	(void)state;
	world_begin(&x);
	assert_int_equal(setenv("TZ", "UTC", 1), 0);
	o = to(&x, "%H%M%S.pcapng");
	(void)snprintf(path, sizeof path, "%s", o.path);
	o.path = path;
	o.rotate_s = 3;
	assert_int_equal(world_open(&x, o), 0);
	write_some(&x, 7);
	world_finish(&x);
	assert_int_equal(world_count(&x, "221320.pcapng"), 3);
	assert_int_equal(world_count(&x, "221323.pcapng"), 3);
	assert_int_equal(world_count(&x, "221326.pcapng"), 1);
	writer_free(x.w);
	o.rotate_files = 2; /* and the end */
	assert_int_equal(world_open(&x, o), 0);
	write_some(&x, 6);
	assert_int_equal(world_write(&x, world_frame(WORLD_TIME + 6 * CLOCK_S, 64, 64)), WRITER_FULL);
	assert_int_equal(world_write(&x, world_frame(WORLD_TIME + 7 * CLOCK_S, 64, 64)), 0);
	assert_int_equal(world_stats_of(&x).frames, 6);
	writer_free(x.w);
	o.rotate_bytes = 150; /* size numbers the files of one time */
	o.rotate_files = 0;
	assert_int_equal(world_open(&x, o), 0);
	write_some(&x, 4);
	world_finish(&x);
	assert_int_equal(world_count(&x, "221320.pcapng"), 1);
	assert_int_equal(world_count(&x, "221320.pcapng1"), 1);
	assert_int_equal(world_count(&x, "221320.pcapng2"), 1);
	assert_int_equal(world_count(&x, "221323.pcapng"), 1);
	world_end(&x);
}

/* The sum of what statistics say over a rotation is the source's number. */
static void writer_tells_losses_once(void **state)
{
	static const char *const names[] = {"a", "a1", "a2"};
	struct writer_options o;
	uint64_t drops = 0;
	struct world x;
	char path[128];

	(void)state;
	world_begin(&x);
	x.drops_known = true;
	o = to(&x, "a");
	(void)snprintf(path, sizeof path, "%s", o.path);
	o.path = path;
	o.rotate_bytes = 1;
	assert_int_equal(world_open(&x, o), 0);
	for (unsigned i = 0; i < 3; i++) {
		struct frame f = world_frame(WORLD_TIME, 10, 10);

		x.drops += 10;
		f.interface = (uint16_t)(i % 2);
		f.flags = FRAME_LOSING;
		f.lost = 4;
		assert_int_equal(world_write(&x, f), 0);
	}
	world_finish(&x);
	for (unsigned i = 0; i < 3; i++) {
		struct source *s = world_reread(&x, names[i]);

		(void)drain(s);
		drops += stats_of(s).drops;
		s->free(s);
	}
	assert_int_equal(drops, 30);
	world_end(&x);
}

/* ---- files that must not be written ------------------------------------------- */

static void writer_refuses_an_input(void **state)
{
	struct writer_options o;
	const char *input;
	struct world x;
	char path[128], link[128];

	(void)state;
	world_begin(&x);
	o = to(&x, "a");
	(void)snprintf(path, sizeof path, "%s", o.path);
	input = o.path = path;
	assert_int_equal(world_open(&x, o), 0);
	write_some(&x, 2);
	world_finish(&x);
	writer_free(x.w);
	(void)snprintf(link, sizeof link, "%s", world_path(&x, "b"));
	assert_int_equal(linkat(AT_FDCWD, path, AT_FDCWD, link, 0), 0);
	o.path = link; /* by another name */
	o.inputs = &input;
	o.n_inputs = 1;
	assert_int_equal(world_open(&x, o), -EINVAL);
	assert_says(&x, "is being read");
	assert_int_equal(world_count(&x, "a"), 2);
	world_end(&x);
}

static void writer_follows_no_link_to_a_file(void **state)
{
	struct writer_options o;
	struct world x;
	char path[128], other[128];

	(void)state;
	world_begin(&x);
	o = to(&x, "a");
	(void)snprintf(path, sizeof path, "%s", o.path);
	o.path = path;
	assert_int_equal(symlink("real", path), 0);
	assert_int_equal(world_open(&x, o), -ELOOP);
	assert_says(&x, "symbolic link");
	assert_int_equal(world_size(&x, "real"), SIZE_MAX);
	assert_int_equal(unlink(path), 0);
	(void)snprintf(other, sizeof other, "%s", world_path(&x, "a1"));
	assert_int_equal(symlink("trap", other), 0);
	o.rotate_bytes = 1;
	assert_int_equal(world_open(&x, o), 0);
	assert_int_equal(world_write(&x, world_frame(WORLD_TIME, 9, 9)), 0);
	assert_int_equal(world_write(&x, world_frame(WORLD_TIME, 9, 9)), -ELOOP);
	assert_says(&x, "symbolic link");
	assert_int_equal(world_count(&x, "a"), 1);
	assert_int_equal(world_size(&x, "trap"), SIZE_MAX);
	world_end(&x);
}

static void writer_follows_a_link_to_a_device(void **state)
{
	struct writer_options o;
	struct world x;
	char path[128];

	(void)state;
	world_begin(&x);
	o = to(&x, "a");
	(void)snprintf(path, sizeof path, "%s", o.path);
	o.path = path;
	assert_int_equal(symlink("/dev/null", path), 0);
	assert_int_equal(world_open(&x, o), 0);
	write_some(&x, 2);
	world_end(&x);
}

static void writer_locks_its_file(void **state)
{
	int status;
	struct world x;
	char holder[32];
	pid_t child;

	(void)state;
	world_begin(&x);
	assert_int_equal(world_open(&x, to(&x, "a")), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) { /* the second writer */
		struct error e = {""};
		struct writer *w;
		struct writer_options o = {.path = x.path};

		(void)snprintf(holder, sizeof holder, "process %ld ", (long)getppid());
		_exit(writer_open(&w, &o, &x.s, &e) == -EBUSY && strstr(e.text, holder) ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	write_some(&x, 3);
	world_finish(&x);
	assert_int_equal(world_count(&x, "a"), 3); /* not emptied by the other */
	world_end(&x);
}

static void writer_says_what_is_in_the_way(void **state)
{
	struct world x;

	(void)state;
	world_begin(&x);
	assert_int_equal(world_open(&x, to(&x, "no/such/a")), -ENOENT);
	assert_says(&x, "no such directory");
	assert_int_equal(world_open(&x, to(&x, "")), -EISDIR);
	assert_says(&x, "a directory");
	assert_int_equal(mkfifo(world_path(&x, "fifo"), 0600), 0);
	assert_int_equal(world_open(&x, to(&x, "fifo")), -ENXIO);
	assert_says(&x, "nobody reads");
	world_end(&x);
}

static void writer_notices_a_removed_file(void **state)
{
	struct world x;
	int fd;

	(void)state;
	for (unsigned how = 0; how < 2; how++) {
		world_begin(&x);
		assert_int_equal(world_open(&x, to(&x, "a")), 0);
		write_some(&x, 3);
		fd = open(x.path, O_WRONLY | O_CLOEXEC);
		assert_true(fd >= 0);
		if (how == 0)
			assert_int_equal(unlink(x.path), 0);
		else
			assert_int_equal(ftruncate(fd, 5000), 0);
		close(fd);
		assert_int_equal(writer_finish(x.w, &x.e), -ESTALE);
		assert_says(&x, how == 0 ? "was removed" : "changed by another process");
		world_end(&x);
	}
}

/* ---- failures of write(2) -------------------------------------------------------- */

static const char *const names[] = {"a.pcapng", "a.pcap"};

/* A limit of the file's size at every byte: what is there is whole, and what is
 * counted is there. */
static void writer_cuts_back_at_any_byte(void **state)
{
	struct rlimit before, now;

	(void)state;
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	for (unsigned kind = 0; kind < 2; kind++) {
		size_t whole;

		for (size_t limit = 0;; limit++) {
			struct writer_options o;
			struct world x;
			int rc = 0;

			world_begin(&x);
			o = to(&x, names[kind]);
			o.packet_buffered = limit % 2; /* one record or all of them in the buffer */
			assert_int_equal(world_open(&x, o), 0);
			now = (struct rlimit){.rlim_cur = limit, .rlim_max = before.rlim_max};
			assert_int_equal(setrlimit(RLIMIT_FSIZE, &now), 0);
			for (unsigned i = 0; i < 4 && rc == 0; i++) {
				struct frame f = world_frame(WORLD_TIME, 10 + i, 20);

				f.interface = (uint16_t)(i % 2);
				rc = world_write(&x, f);
			}
			if (rc == 0)
				rc = writer_finish(x.w, &x.e);
			assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
			whole = world_size(&x, names[kind]);
			if (rc == 0) {
				assert_int_equal(world_count(&x, names[kind]), 4);
				assert_int_equal(whole, limit); /* the first limit that is enough */
				world_end(&x);
				break;
			}
			assert_int_equal(rc, -EFBIG);
			assert_says(&x, "cut to its last whole record");
			assert_true(whole <= limit);
			assert_int_equal(whole, world_stats_of(&x).bytes);
			if (whole > 0)
				assert_int_equal(world_count(&x, names[kind]), world_stats_of(&x).frames);
			else
				assert_int_equal(world_stats_of(&x).frames, 0);
			assert_int_equal(world_write(&x, world_frame(WORLD_TIME, 1, 1)), 0); /* told once */
			assert_int_equal(writer_finish(x.w, &x.e), 0);
			assert_int_equal(world_size(&x, names[kind]), whole);
			world_end(&x);
		}
		assert_true(whole > 100);
	}
}

/* ---- pipes ------------------------------------------------------------------------- */

static int hand_over(void *arg, const char *path, int flags, struct error *e)
{
	(void)path;
	(void)flags;
	(void)e;
	return *(int *)arg;
}

struct reader_side {
	int fd;
	size_t n;
	uint8_t bytes[1 << 20];
};

/* Takes little and late, so that writes are short and pipes full. */
static void *read_slowly(void *arg)
{
	struct reader_side *r = arg;
	ssize_t n;

	while ((n = read(r->fd, r->bytes + r->n, 1500)) > 0) {
		r->n += (size_t)n;
		(void)poll(NULL, 0, r->n % 8 == 0);
	}
	return NULL;
}

static void writer_waits_for_a_full_pipe(void **state)
{
	static struct reader_side r;
	struct source *s = NULL;
	struct writer_options o;
	pthread_t thread;
	struct world x;
	int fds[2];

	(void)state;
	world_begin(&x);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
	assert_true(fcntl(fds[1], F_SETPIPE_SZ, 4096) > 0);
	r.fd = fds[0];
	r.n = 0;
	assert_int_equal(pthread_create(&thread, NULL, read_slowly, &r), 0);
	o = to(&x, "pipe");
	o.create = hand_over;
	o.create_arg = &fds[1];
	assert_int_equal(world_open(&x, o), 0);
	write_some(&x, 5000);
	world_finish(&x);
	assert_int_equal(pthread_join(thread, NULL), 0);
	close(fds[0]);
	assert_int_equal(r.n, world_stats_of(&x).bytes);
	assert_int_equal(reader_open(&s, memory_file(r.bytes, r.n), "pipe", NULL, 0, &x.e), 0);
	assert_int_equal(drain(s), 5000);
	assert_true(stats_of(s).complete);
	s->free(s);
	world_end(&x);
}

static bool stop_now(void *arg)
{
	++*(unsigned *)arg;
	return true;
}

/* A reader that takes nothing and does not leave: it is given up, in bounded time. */
static void writer_gives_up_a_stuck_reader(void **state)
{
	struct writer_options o;
	unsigned asked = 0;
	struct world x;
	int64_t began;
	int fds[2];

	(void)state;
	world_begin(&x);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
	assert_true(fcntl(fds[1], F_SETPIPE_SZ, 4096) > 0);
	o = to(&x, "pipe");
	o.create = hand_over;
	o.create_arg = &fds[1];
	assert_int_equal(world_open(&x, o), 0);
	writer_stop_when(x.w, stop_now, &asked);
	write_some(&x, 100);
	began = clock_monotonic_ns();
	assert_int_equal(writer_finish(x.w, &x.e), -ETIMEDOUT);
	assert_says(&x, "takes nothing");
	assert_null(strstr(x.e.text, "timed out"));
	print_message("given up after %lld ms, limit 10000\n", (long long)((clock_monotonic_ns() - began) / CLOCK_MS));
	assert_true(clock_monotonic_ns() - began < 10 * CLOCK_S);
	assert_true(asked >= 2);
	assert_true(world_stats_of(&x).frames > 20 && world_stats_of(&x).frames < 50); /* 4096 bytes of them */
	close(fds[0]);
	world_end(&x);
}

static void writer_notices_that_the_reader_left(void **state)
{
	struct writer_options o;
	struct world x;
	int fds[2];

	(void)state;
	(void)signal(SIGPIPE, SIG_IGN);
	for (unsigned by_tick = 0; by_tick < 2; by_tick++) {
		world_begin(&x);
		assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
		o = to(&x, "pipe");
		o.create = hand_over;
		o.create_arg = &fds[1];
		assert_int_equal(world_open(&x, o), 0);
		assert_int_equal(writer_tick(x.w, &x.e), 0);
		assert_int_equal(world_write(&x, world_frame(WORLD_TIME, 9, 9)), 0);
		close(fds[0]);
		assert_int_equal(by_tick ? writer_tick(x.w, &x.e) : writer_finish(x.w, &x.e), -EPIPE);
		assert_says(&x, "has left after packet 0");
		world_end(&x);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writer_rotates_by_size),
		cmocka_unit_test(writer_rotates_in_a_ring),
		cmocka_unit_test(writer_rotates_by_time),
		cmocka_unit_test(writer_tells_losses_once),
		cmocka_unit_test(writer_refuses_an_input),
		cmocka_unit_test(writer_follows_no_link_to_a_file),
		cmocka_unit_test(writer_follows_a_link_to_a_device),
		cmocka_unit_test(writer_locks_its_file),
		cmocka_unit_test(writer_says_what_is_in_the_way),
		cmocka_unit_test(writer_notices_a_removed_file),
		cmocka_unit_test(writer_cuts_back_at_any_byte),
		cmocka_unit_test(writer_waits_for_a_full_pipe),
		cmocka_unit_test(writer_gives_up_a_stuck_reader),
		cmocka_unit_test(writer_notices_that_the_reader_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
