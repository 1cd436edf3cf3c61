/* The same packets give the same records, however they come: in batches of any
 * size, on one interface or several, in one file or two. A way that shall not
 * change what is told is one line of ways[].
 *
 * links: views engine source dissect flow facts base
 */
#include <dirent.h>
#include <errno.h>

#include "capture_file.h"
#include "sockeye/engine.h"
#include "sockeye/views.h"

enum { TOLD_MAX = 8 << 20, CAPTURES_MAX = 512, LINES_MAX = 1 << 14, FRAMES_MAX = 1 << 12, RECORDS_MAX = 256 };

/* What a run told: the lines of one view. */
struct told {
	char at[TOLD_MAX];
	size_t n;
	int end; /* how the input ended */
};

static struct told expected, got;

static char *capture[CAPTURES_MAX];
static unsigned captures;

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int find_captures(void **state)
{
	DIR *folder = opendir("captures"); /* tests run in the top folder */
	struct dirent *one;

	(void)state;
	assert_non_null(folder);
	while ((one = readdir(folder)) != NULL) {
		const char *dot = strrchr(one->d_name, '.');

		if (!dot || (strcmp(dot, ".pcap") != 0 && strcmp(dot, ".pcapng") != 0))
			continue;
		assert_true(captures < CAPTURES_MAX);
		assert_true(asprintf(&capture[captures], "captures/%s", one->d_name) > 0);
		captures++;
	}
	closedir(folder);
	qsort(capture, captures, sizeof *capture, by_name);
	assert_true(captures > 50);
	return 0;
}

static int forget_captures(void **state)
{
	(void)state;
	while (captures)
		free(capture[--captures]);
	return 0;
}

/* ---- one run ----------------------------------------------------------------- */

/* False: the file is no capture, and was refused with *end. */
static bool open_files(const char *const *files, unsigned n, struct source **source, int *end)
{
	struct source_options so = {.files = files, .n_files = n};
	struct error e;

	*end = source_open(source, &so, &e);
	return *end == 0;
}

/* Files to the lines of a view, n frames a time. */
static void run_files(const char *const *files, unsigned n_files, unsigned n, enum view_kind view, struct told *out)
{
	struct engine_options eo = {.memory = ENGINE_MEMORY_MIN, .hash_seed = n};
	struct views_options vo = {.view = view, .format = VIEW_JSON, .verbose = 1};
	struct frame frames[SOURCE_BATCH];
	struct observer o;
	struct source *source;
	struct engine *engine;
	struct error e;
	ssize_t have;
	int got_frames;

	out->n = 0;
	if (!open_files(files, n_files, &source, &out->end))
		return;
	vo.fd = memfd_create("told", MFD_CLOEXEC);
	assert_true(vo.fd >= 0);
	assert_int_equal(engine_open(&engine, &eo, &e), 0);
	assert_int_equal(views_open(&o, &vo, &e), 0);
	assert_int_equal(engine_observe(engine, &o), 0);
	while ((got_frames = source->next_batch(source, frames, n)) >= 0)
		assert_int_equal(engine_batch(engine, frames, (unsigned)got_frames), 0);
	out->end = got_frames;
	assert_int_equal(engine_end(engine, false), 0);
	engine_free(engine);
	source->free(source);
	have = pread(vo.fd, out->at, TOLD_MAX, 0);
	assert_true(have >= 0 && have < TOLD_MAX);
	out->n = (size_t)have;
	close(vo.fd);
}

static void in_batches_of(unsigned n, const char *file, enum view_kind view, struct told *out)
{
	run_files(&file, 1, n, view, out);
}

/* ---- ways of a file ----------------------------------------------------------- */

static void by_one(const char *file, enum view_kind view, struct told *out)
{
	in_batches_of(1, file, view, out);
}

static void by_seven(const char *file, enum view_kind view, struct told *out)
{
	in_batches_of(7, file, view, out);
}

static void by_batch(const char *file, enum view_kind view, struct told *out)
{
	in_batches_of(SOURCE_BATCH, file, view, out);
}

/* All of them tell the same as the first. */
static const struct way {
	const char *name;
	void (*run)(const char *file, enum view_kind view, struct told *out);
} ways[] = {
	{"as many a batch as there may be", by_batch},
	{"7 a batch", by_seven},
	{"1 a batch", by_one},
};

/* The first line in which they differ. */
static void assert_same(const char *name, const char *way)
{
	size_t i = 0, line = 0;

	if (expected.end != got.end)
		fail_msg("%s, %s: ends with %d, not %d", name, way, got.end, expected.end);
	while (i < expected.n && i < got.n && expected.at[i] == got.at[i]) {
		if (expected.at[i] == '\n')
			line = i + 1;
		i++;
	}
	if (i < expected.n || i < got.n)
		fail_msg("%s, %s:\n%.*s\nis not\n%.*s", name, way, (int)strcspn(got.at + line, "\n"), got.at + line,
			 (int)strcspn(expected.at + line, "\n"), expected.at + line);
}

static void every_way_tells_the_same(void **state)
{
	static const enum view_kind views[] = {VIEW_CONNECTIONS, VIEW_HANDSHAKES, VIEW_PACKETS};
	uint64_t bytes = 0;

	(void)state;
	for (unsigned c = 0; c < captures; c++)
		for (unsigned v = 0; v < sizeof views / sizeof *views; v++) {
			ways[0].run(capture[c], views[v], &expected);
			bytes += expected.n;
			for (unsigned w = 1; w < sizeof ways / sizeof *ways; w++) {
				ways[w].run(capture[c], views[v], &got);
				assert_same(capture[c], ways[w].name);
			}
		}
	assert_true(bytes > 100000);
}

/* ---- a capture taken apart ------------------------------------------------------ */

/* A frame and what became of it. */
struct met {
	struct frame frame;
	uint64_t flow; /* 0: none */
	unsigned side;
};

static struct met met[FRAMES_MAX];
static unsigned n_met;
static bool met_fragments;

static int meet(void *self, const struct event *ev)
{
	struct met *m = &met[n_met++];

	(void)self;
	assert_true(n_met <= FRAMES_MAX);
	m->frame = ev->packet->frame;
	m->frame.data = malloc(m->frame.caplen ? m->frame.caplen : 1);
	assert_non_null(m->frame.data);
	memcpy((void *)(uintptr_t)m->frame.data, ev->packet->frame.data, m->frame.caplen);
	m->flow = ev->flow ? ev->flow->id : 0;
	m->side = ev->side;
	return 0;
}

static int by_time(const void *a, const void *b)
{
	const struct met *x = a, *y = b;

	if (x->frame.ts_ns != y->frame.ts_ns)
		return x->frame.ts_ns < y->frame.ts_ns ? -1 : 1;
	return x->frame.number < y->frame.number ? -1 : 1;
}

/* The frames of a capture in the order of time. False: it is none. */
static bool take_apart(const char *file)
{
	struct engine_options eo = {.memory = ENGINE_MEMORY_MIN, .hash_seed = 5};
	struct observer o = {.name = "meet", .event = meet, .wants = EVENT_PACKET};
	struct frame frames[SOURCE_BATCH];
	struct source *source;
	struct engine *engine;
	struct error e;
	int n;

	n_met = 0;
	if (!open_files(&file, 1, &source, &n))
		return false;
	assert_int_equal(engine_open(&engine, &eo, &e), 0);
	assert_int_equal(engine_observe(engine, &o), 0);
	while ((n = source->next_batch(source, frames, SOURCE_BATCH)) >= 0)
		assert_int_equal(engine_batch(engine, frames, (unsigned)n), 0);
	met_fragments = engine_dissect_stats(engine)->fragments > 0;
	engine_free(engine);
	source->free(source);
	qsort(met, n_met, sizeof *met, by_time);
	/* Times that the file written here could not hold: their order is what counts. */
	if (n_met > 0 && (met[0].frame.ts_ns < 0 || met[n_met - 1].frame.ts_ns > INT64_C(4000000000000000000)))
		for (unsigned i = 0; i < n_met; i++)
			met[i].frame.ts_ns = i;
	/* Two of one time would have no order in two files. */
	for (unsigned i = 1; i < n_met; i++)
		if (met[i].frame.ts_ns <= met[i - 1].frame.ts_ns)
			met[i].frame.ts_ns = met[i - 1].frame.ts_ns + 1;
	return true;
}

static void put_away(void)
{
	while (n_met)
		free((void *)(uintptr_t)met[--n_met].frame.data);
}

/* ---- the same frames on other interfaces, in other files ------------------------ */

static unsigned nowhere_else(const struct met *m)
{
	(void)m;
	return 0;
}

static unsigned by_flow(const struct met *m)
{
	return m->flow & 1;
}

static unsigned by_direction(const struct met *m)
{
	return m->flow ? m->side : 0;
}

/* Write those frames for which `where` says file (2: all), on the interface that it says. */
static int write_frames(unsigned (*where)(const struct met *), unsigned file, char *name)
{
	struct capture_file f;

	capture_begin(&f);
	for (unsigned i = 0; i < n_met; i++)
		if (file == 2 || where(&met[i]) == file)
			capture_add(&f, &met[i].frame, met[i].frame.interface * 2u + where(&met[i]),
				    met[i].frame.ts_ns);
	return capture_end(&f, name);
}

/* Numbers that the way may change are taken out: of packets, of flows. */
static size_t without_numbers(char *at, size_t n)
{
	static const char *const keys[] = {"\"number\":", "\"flow\":", "\"id\":"};
	size_t out = 0;

	for (size_t i = 0; i < n;) {
		bool skipped = false;

		for (unsigned k = 0; k < 3 && !skipped; k++) {
			size_t len = strlen(keys[k]);

			if (n - i <= len || memcmp(at + i, keys[k], len) != 0)
				continue;
			i += len;
			while (i < n && at[i] >= '0' && at[i] <= '9')
				i++;
			skipped = true;
		}
		if (!skipped)
			at[out++] = at[i++];
	}
	return out;
}

static int line_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Lines in an order of their own, because the way changes that of the flows. */
static void settle(struct told *t)
{
	static char *line[LINES_MAX];
	static char sorted[TOLD_MAX];
	unsigned lines = 0;
	size_t out = 0;

	t->n = without_numbers(t->at, t->n);
	t->at[t->n] = '\0';
	for (char *at = t->at; *at;) {
		char *end = strchr(at, '\n');

		assert_non_null(end);
		assert_true(lines < LINES_MAX);
		*end = '\0';
		if (strncmp(at, "{\"type\":\"file\"", 14) != 0) /* one for each file: says nothing of a flow */
			line[lines++] = at;
		at = end + 1;
	}
	qsort(line, lines, sizeof *line, line_order);
	for (unsigned i = 0; i < lines; i++) {
		size_t len = strlen(line[i]);

		memcpy(sorted + out, line[i], len);
		sorted[out + len] = '\n';
		out += len + 1;
	}
	memcpy(t->at, sorted, out);
	t->n = out;
}

static void run_split(unsigned (*where)(const struct met *), bool two_files, enum view_kind view, struct told *out)
{
	char name[2][CAPTURE_NAME];
	const char *files[2] = {name[0], name[1]};
	int fd[2] = {-1, -1};

	for (unsigned i = 0; i <= two_files; i++)
		fd[i] = write_frames(where, two_files ? i : 2, name[i]);
	run_files(files, two_files ? 2 : 1, SOURCE_BATCH, view, out);
	for (unsigned i = 0; i <= two_files; i++)
		close(fd[i]);
}

/* A flow's packets stay on one interface, or each direction on one: that they
 * are mixed with those of others changes nothing. */
static void interfaces_may_interleave(void **state)
{
	static const struct {
		const char *name;
		unsigned (*where)(const struct met *);
		bool two_files;
	} splits[] = {
		{"flows on two interfaces", by_flow, false},
		{"flows in two files", by_flow, true},
		{"directions on two interfaces", by_direction, false},
		{"directions in two files", by_direction, true},
	};
	static const enum view_kind views[] = {VIEW_CONNECTIONS, VIEW_PACKETS};
	unsigned read = 0;

	(void)state;
	for (unsigned c = 0; c < captures; c++) {
		if (!take_apart(capture[c]))
			continue;
		read++;
		for (unsigned v = 0; v < 2; v++) {
			run_split(nowhere_else, false, views[v], &expected);
			settle(&expected);
			for (unsigned s = 0; s < sizeof splits / sizeof *splits; s++) {
				run_split(splits[s].where, splits[s].two_files, views[v], &got);
				settle(&got);
				assert_same(capture[c], splits[s].name);
			}
		}
		put_away();
	}
	assert_true(read > 50);
}

/* ---- every packet seen on two interfaces ------------------------------------------ */

struct tcp_records {
	struct flow_record at[RECORDS_MAX];
	unsigned n;
};

static struct tcp_records once, twice;

static int keep_tcp(void *self, const struct event *ev)
{
	struct tcp_records *r = self;

	if (strcmp(ev->flow->proto, "tcp") == 0) {
		assert_true(r->n < RECORDS_MAX);
		r->at[r->n++] = *ev->flow;
	}
	return 0;
}

static void records_of(const char *file, struct tcp_records *r)
{
	struct engine_options eo = {.memory = ENGINE_MEMORY_MIN, .hash_seed = 3};
	struct observer o = {.name = "keep", .event = keep_tcp, .wants = EVENT_FLOW_END, .self = r};
	struct frame frames[SOURCE_BATCH];
	struct source *source;
	struct engine *engine;
	struct error e;
	int n;

	r->n = 0;
	assert_true(open_files(&file, 1, &source, &n));
	assert_int_equal(engine_open(&engine, &eo, &e), 0);
	assert_int_equal(engine_observe(engine, &o), 0);
	while ((n = source->next_batch(source, frames, SOURCE_BATCH)) >= 0)
		assert_int_equal(engine_batch(engine, frames, (unsigned)n), 0);
	assert_int_equal(n, -ENODATA);
	assert_int_equal(engine_end(engine, false), 0);
	engine_free(engine);
	source->free(source);
}

/* The second copy up to 30 us later, but before the next packet. */
static int write_doubled(unsigned copies, char *name)
{
	struct capture_file f;

	capture_begin(&f);
	for (unsigned i = 0; i < n_met; i++)
		for (unsigned copy = 0; copy < copies; copy++) {
			int64_t after = i + 1 < n_met ? (met[i + 1].frame.ts_ns - met[i].frame.ts_ns) / 2 : 0;

			if (after > 30000)
				after = 30000;
			capture_add(&f, &met[i].frame, met[i].frame.interface * 2u + copy,
				    met[i].frame.ts_ns + (copy ? after : 0));
		}
	return capture_end(&f, name);
}

static void assert_doubled(const char *file, const struct flow_record *a, const struct flow_record *b)
{
	for (unsigned i = 0; i < 2; i++) {
		if (b->packets[i] != 2 * a->packets[i])
			fail_msg("%s, flow %" PRIu64 ": %" PRIu64 " packets of two times %" PRIu64, file, a->id,
				 b->packets[i], a->packets[i]);
		if (b->exact.duplicates[i] != a->packets[i] + a->exact.duplicates[i])
			fail_msg("%s, flow %" PRIu64 ": %" PRIu64 " duplicates of %" PRIu64 " packets, had %" PRIu64, file,
				 a->id, b->exact.duplicates[i], a->packets[i], a->exact.duplicates[i]);
		assert_int_equal(a->exact.retransmitted_segments[i], b->exact.retransmitted_segments[i]);
		assert_int_equal(a->exact.retransmitted_bytes[i], b->exact.retransmitted_bytes[i]);
		assert_int_equal(a->exact.late_segments[i], b->exact.late_segments[i]);
		assert_int_equal(a->exact.late_bytes[i], b->exact.late_bytes[i]);
		assert_int_equal(a->exact.missed_bytes[i], b->exact.missed_bytes[i]);
		assert_int_equal(a->exact.lost_bytes[i], b->exact.lost_bytes[i]);
		assert_int_equal(a->exact.conflicting_bytes[i], b->exact.conflicting_bytes[i]);
	}
}

/* Fragments are left out: the second copy of a datagram's last one begins the
 * datagram anew, and is no packet of the flow. */
static void seen_on_two_interfaces_counts_once(void **state)
{
	unsigned flows = 0;

	(void)state;
	for (unsigned c = 0; c < captures; c++) {
		char name[2][CAPTURE_NAME];
		int fd[2];

		if (!take_apart(capture[c]))
			continue;
		if (!met_fragments) {
			for (unsigned i = 0; i < 2; i++)
				fd[i] = write_doubled(i + 1, name[i]);
			records_of(name[0], &once);
			records_of(name[1], &twice);
			assert_int_equal(once.n, twice.n);
			for (unsigned i = 0; i < once.n; i++)
				assert_doubled(capture[c], &once.at[i], &twice.at[i]);
			flows += once.n;
			close(fd[0]);
			close(fd[1]);
		}
		put_away();
	}
	assert_true(flows > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_way_tells_the_same),
		cmocka_unit_test(interfaces_may_interleave),
		cmocka_unit_test(seen_on_two_interfaces_counts_once),
	};

	return cmocka_run_group_tests(tests, find_captures, forget_captures);
}
