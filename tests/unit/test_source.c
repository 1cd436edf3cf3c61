/* Sources as a whole: opening by name, the order of several, filters, pipes.
 * links: source
 */
#include "capture_bytes.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "sockeye/clock.h"

static char folder[] = "/tmp/sockeye-test-XXXXXX";

static const char *path_of(char *out, size_t size, const char *name)
{
	(void)snprintf(out, size, "%s/%s", folder, name);
	return out;
}

static void write_file(const char *path, const struct bytes *b)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, b->at, b->n), b->n);
	assert_int_equal(close(fd), 0);
}

static void put_header(struct bytes *b, uint32_t network)
{
	b->n = 0;
	put_pcap_header(b, 0xa1b2c3d4, 4, network);
}

static void put_packet(struct bytes *b, uint32_t seconds, unsigned mark)
{
	put_pcap_record(b, seconds, 0, 1, 1);
	put8(b, mark);
}

/* IPv4 with a protocol, 20 bytes, behind an Ethernet header or alone. */
static void put_ip(struct bytes *b, uint32_t seconds, bool ethernet, unsigned protocol)
{
	unsigned n = ethernet ? 34 : 20;

	put_pcap_record(b, seconds, 0, n, n);
	if (ethernet) {
		put_data(b, 0, 12);
		put8(b, 8);
		put8(b, 0);
	}
	for (unsigned i = 0; i < 20; i++)
		put8(b, i == 0 ? 0x45 : i == 3 ? 20 : i == 9 ? protocol : 1);
}

static struct source *open_files(const char *const *files, unsigned n, const char *filter)
{
	struct source_options o = {.files = files, .n_files = n, .filter = filter};
	struct error e = {""};
	struct source *s;
	int rc = source_open(&s, &o, &e);

	if (rc != 0)
		fail_msg("%s", e.text);
	return s;
}

static int refused(const char *const *files, unsigned n, const char *filter, struct error *e)
{
	struct source_options o = {.files = files, .n_files = n, .filter = filter};
	struct source *s = NULL;
	int rc = source_open(&s, &o, e);

	assert_null(s);
	assert_true(rc < 0);
	assert_true(e->text[0] != '\0');
	return rc;
}

static void test_names(void **state)
{
	const char *no = "/nonexistent/\x1b[31mtrace.pcap", *dir = "/tmp", *two[] = {"-", "-"};
	struct error e;

	(void)state;
	assert_int_equal(refused(&no, 1, NULL, &e), -ENOENT);
	assert_string_equal(e.text, "/nonexistent/\\x1b[31mtrace.pcap: no such file");
	assert_int_equal(refused(&dir, 1, NULL, &e), -EISDIR);
	assert_int_equal(refused(two, 2, NULL, &e), -EINVAL);
	assert_int_equal(refused(NULL, 0, NULL, &e), -EINVAL);
}

/* Read it all; the packets' marks as text. */
static void marks_of(struct source *s, unsigned batch, char *out)
{
	struct frame f[SOURCE_BATCH];
	size_t n = 0;
	int got;

	while ((got = s->next_batch(s, f, batch)) >= 0) {
		for (int i = 0; i < got; i++) {
			assert_int_equal(f[i].source, f[i].data[0] - 'a');
			out[n++] = (char)f[i].data[0];
		}
		out[n] = '\0';
	}
	assert_int_equal(got, -ENODATA);
}

/* a: 1 3 3 9, b: 2 3 1 8 (its clock goes back), c: nothing, d: 5, cut. */
static void test_merge(void **state)
{
	static const struct {
		unsigned n;
		uint32_t seconds[4];
	} each[] = {{4, {1, 3, 3, 9}}, {4, {2, 3, 1, 8}}, {0, {0}}, {1, {5}}};
	char path[4][64], marks[32];
	const char *files[4];
	struct bytes b = {0};
	struct source_stats st;

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		char name[8] = {(char)('a' + i), '\0'};

		put_header(&b, 1);
		for (unsigned k = 0; k < each[i].n; k++)
			put_packet(&b, each[i].seconds[k], 'a' + i);
		if (i == 3)
			put8(&b, 0);
		files[i] = path_of(path[i], sizeof path[i], name);
		write_file(files[i], &b);
	}
	for (unsigned batch = 1; batch <= SOURCE_BATCH; batch += 9) {
		struct source *s = open_files(files, 4, NULL);

		assert_int_equal(s->fd, -1);
		assert_false(s->live);
		marks_of(s, batch, marks);
		/* ties go to the first named; b's 1 comes when b's 3 is gone */
		assert_string_equal(marks, "abaabbdba");
		for (unsigned i = 0; i < 4; i++) {
			assert_true(s->stats(s, i, &st));
			assert_string_equal(st.name, files[i]);
			assert_int_equal(st.frames, each[i].n);
			assert_int_equal(st.complete, i != 3);
		}
		assert_false(s->stats(s, 4, &st));
		assert_null(s->interface(s, 4, 0));
		s->free(s);
	}
}

static void test_filter(void **state)
{
	char path[2][64];
	const char *files[2] = {path_of(path[0], 64, "ether"), path_of(path[1], 64, "raw")};
	struct bytes b = {0};
	struct source_stats st;
	struct source *s;
	struct error e;

	(void)state;
	put_header(&b, 1);
	for (unsigned i = 0; i < 6; i++)
		put_ip(&b, i, true, i % 3 == 0 ? 6 : 17);
	write_file(files[0], &b);
	put_header(&b, 101);
	for (unsigned i = 0; i < 3; i++)
		put_ip(&b, i, false, i == 0 ? 6 : 17);
	write_file(files[1], &b);
	if (!source_has_live()) {
		assert_int_equal(refused(files, 2, "tcp", &e), -ENOTSUP);
		assert_null(source_libpcap_version());
		return;
	}
	s = open_files(files, 2, "tcp");
	assert_int_equal(drain(s), 3);
	assert_true(s->stats(s, 0, &st));
	assert_int_equal(st.frames, 6);
	assert_int_equal(st.filtered, 4);
	assert_true(s->stats(s, 1, &st));
	assert_int_equal(st.filtered, 2);
	assert_string_equal(st.problem, "");
	s->free(s);

	/* Fits Ethernet, not raw IP: said once, counted, no damage. */
	s = open_files(files, 2, "ether dst 0:1:2:3:4:5");
	assert_int_equal(drain(s), 6);
	assert_true(s->stats(s, 1, &st));
	assert_int_equal(st.filtered, 3);
	assert_int_equal(st.damaged, 0);
	assert_true(st.complete);
	assert_non_null(strstr(st.problem, "packets of link type 101 do not pass: the filter does not fit them: "));
	s->free(s);

	assert_int_equal(refused(files, 2, "tcp prot 80", &e), -EINVAL);
	assert_non_null(strstr(e.text, "the filter \"tcp prot 80\" does not compile: "));
	assert_int_equal(refused(files + 1, 1, "ether dst 0:1:2:3:4:5", &e), -EINVAL);
	assert_non_null(strstr(e.text, "link type 101"));
}

/* A long file of which nothing passes: empty batches, then the end. */
static void test_filter_lets_go(void **state)
{
	char path[64];
	const char *file = path_of(path, sizeof path, "long");
	struct bytes b = {0};
	struct frame f[SOURCE_BATCH];
	struct source *s;
	unsigned empty = 0;
	int fd, n;

	(void)state;
	if (!source_has_live())
		return;
	put_header(&b, 1);
	write_file(file, &b);
	b.n = 0;
	for (unsigned i = 0; i < 1000; i++)
		put_ip(&b, i, true, 17);
	fd = open(file, O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_true(fd >= 0);
	for (unsigned i = 0; i < 40; i++)
		assert_int_equal(write(fd, b.at, b.n), b.n);
	assert_int_equal(close(fd), 0);
	s = open_files(&file, 1, "tcp");
	while ((n = s->next_batch(s, f, SOURCE_BATCH)) == 0)
		empty++;
	assert_int_equal(n, -ENODATA);
	assert_true(empty > 0);
	assert_int_equal(stats_of(s).filtered, 40000);
	s->free(s);
}

static void pause_ms(long ms)
{
	struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	(void)nanosleep(&t, NULL);
}

/* A child that writes a file in pieces, with a pause before each. */
static pid_t slow_writer(const char *path, const struct bytes *b, size_t piece, long ms)
{
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		int fd = open(path, O_WRONLY | O_CLOEXEC);
		size_t at = 0;

		while (fd >= 0 && at < b->n) {
			size_t n = b->n - at < piece ? b->n - at : piece;

			pause_ms(ms);
			if (write(fd, b->at + at, n) != (ssize_t)n)
				break;
			at += n;
		}
		_exit(at == b->n ? 0 : 1);
	}
	return child;
}

static void await(pid_t child)
{
	int status = 1;

	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static bool readable(const struct source *s, int ms)
{
	struct pollfd p = {.fd = s->fd, .events = POLLIN};

	return poll(&p, 1, ms) == 1;
}

/* A FIFO whose writer gives a few bytes at a time, even of the header. */
static void test_slow_fifo(void **state)
{
	static const struct {
		size_t piece;
		long ms;
	} each[] = {{1, 1}, {7, 2}, {23, 120}, {1000, 400}};
	char path[64];
	const char *file = path_of(path, sizeof path, "fifo");
	struct bytes b = {0};

	(void)state;
	assert_int_equal(mkfifo(file, 0600), 0);
	put_header(&b, 1);
	for (unsigned i = 0; i < 5; i++)
		put_packet(&b, i, 'a');
	for (size_t i = 0; i < sizeof each / sizeof each[0]; i++) {
		pid_t child = slow_writer(file, &b, each[i].piece, each[i].ms);
		struct source *s = open_files(&file, 1, NULL);
		struct frame f[4];
		unsigned seen = 0;
		int n;

		assert_true(s->fd >= 0);
		while ((n = s->next_batch(s, f, 4)) >= 0) {
			for (int k = 0; k < n; k++)
				assert_int_equal(f[k].ts_ns, seen++ * CLOCK_S);
			if (n == 0)
				assert_true(readable(s, 5000));
		}
		assert_int_equal(n, -ENODATA);
		assert_int_equal(seen, 5);
		assert_true(stats_of(s).complete);
		assert_int_equal(stats_of(s).bytes_total, 0);
		s->free(s);
		await(child);
	}
	assert_int_equal(unlink(file), 0);
}

/* What comes through a pipe and is no capture: at once, or too late for that. */
static void test_fifo_of_rubbish(void **state)
{
	char path[64];
	const char *file = path_of(path, sizeof path, "rubbish");
	struct bytes b = {0};
	struct frame f[4];
	struct source *s;
	struct error e;
	pid_t child;

	(void)state;
	put_text(&b, "this is no capture at all");
	assert_int_equal(mkfifo(file, 0600), 0);
	child = slow_writer(file, &b, 100, 10);
	assert_int_equal(refused(&file, 1, NULL, &e), -EPROTO);
	await(child);
	child = slow_writer(file, &b, 100, 600);
	s = open_files(&file, 1, NULL);
	assert_int_equal(s->next_batch(s, f, 4), 0);
	assert_true(readable(s, 5000));
	assert_int_equal(s->next_batch(s, f, 4), -EPROTO);
	assert_int_equal(s->next_batch(s, f, 4), -EPROTO);
	assert_non_null(strstr(stats_of(s).problem, "rubbish: not a capture file"));
	assert_false(stats_of(s).complete);
	s->free(s);
	await(child);
	assert_int_equal(unlink(file), 0);
}

/* A pipe that is silent holds a file back for a moment only; and what comes in
 * time is in order. */
static void test_merge_with_pipe(void **state)
{
	char path[2][64], marks[8] = "";
	const char *files[2] = {path_of(path[0], 64, "pipe"), path_of(path[1], 64, "file")};
	struct bytes b = {0}, p = {0};
	struct frame f[4];
	struct source *s;
	size_t n = 0;
	int fd, got;

	(void)state;
	put_header(&b, 1);
	put_packet(&b, 2, 'b');
	put_packet(&b, 4, 'b');
	write_file(files[1], &b);
	assert_int_equal(mkfifo(files[0], 0600), 0);
	fd = open(files[0], O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	put_header(&p, 1);
	put_packet(&p, 1, 'a');
	assert_int_equal(write(fd, p.at, p.n), p.n);
	s = open_files(files, 2, NULL);
	assert_true(s->fd >= 0);
	assert_true(readable(s, 1000));
	while (n < 3) {
		int64_t before = clock_monotonic_ns();

		got = s->next_batch(s, f, 4);
		assert_true(got >= 0);
		assert_true(clock_monotonic_ns() - before < CLOCK_S);
		for (int i = 0; i < got; i++)
			marks[n++] = (char)f[i].data[0];
		if (got == 0)
			assert_true(readable(s, 2000)); /* the alarm, if nothing else */
	}
	assert_string_equal(marks, "abb");
	p.n = 0;
	put_packet(&p, 3, 'a'); /* too late: after the file's, but not lost */
	assert_int_equal(write(fd, p.at, p.n), p.n);
	assert_int_equal(close(fd), 0);
	while ((got = s->next_batch(s, f, 4)) == 0)
		assert_true(readable(s, 2000));
	assert_int_equal(got, 1);
	assert_int_equal(f[0].source, 0);
	while ((got = s->next_batch(s, f, 4)) == 0)
		assert_true(readable(s, 2000));
	assert_int_equal(got, -ENODATA);
	s->free(s);
	assert_int_equal(unlink(files[0]), 0);
}

static void test_no_such_interface(void **state)
{
	const char *name = "no-such-if0";
	struct source_options o = {.interfaces = &name, .n_interfaces = 1};
	struct source *s = NULL;
	struct error e;
	int rc = source_open(&s, &o, &e);

	(void)state;
	assert_null(s);
	assert_true(rc == -ENODEV || rc == -EPERM);
	assert_memory_equal(e.text, "no-such-if0: ", 13);
	o.backend = SOURCE_LIBPCAP;
	rc = source_open(&s, &o, &e);
	assert_null(s);
	if (!source_has_live())
		assert_int_equal(rc, -ENOTSUP);
	else
		assert_true(rc == -ENODEV || rc == -EPERM);
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	static const char *const names[] = {"a", "b", "c", "d", "ether", "raw", "long", "file"};
	char path[64];

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		(void)unlink(path_of(path, sizeof path, names[i]));
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_filter_lets_go),
		cmocka_unit_test(test_slow_fifo),
		cmocka_unit_test(test_fifo_of_rubbish),
		cmocka_unit_test(test_merge_with_pipe),
		cmocka_unit_test(test_no_such_interface),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
