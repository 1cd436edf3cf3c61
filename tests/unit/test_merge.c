/* Several sources in one order of time: who is waited for, and how long.
 * links: source
 */
#include "capture_bytes.h"

#include <poll.h>
#include <sys/eventfd.h>

#include "source/merge.h"
#include "sockeye/clock.h"

/* A pipe whose frames the test has: one byte each, times in seconds. */
struct fake {
	struct source s;
	unsigned first, n;
	int64_t s_of[8];
	unsigned unseen; /* calls that find bytes, and nothing in them that passes */
};

static int fake_next(struct source *s, struct frame *out, unsigned n)
{
	static const uint8_t byte = 1;
	struct fake *f = (struct fake *)s;
	unsigned got = 0;

	if (f->unseen > 0) {
		f->unseen--;
		s->arrived += 1000;
		return 0;
	}
	for (; got < n && f->first < f->n; f->first++) {
		out[got++] = (struct frame){.ts_ns = f->s_of[f->first] * CLOCK_S, .data = &byte, .caplen = 1,
					    .wirelen = 1, .linktype = LINKTYPE_RAW};
		s->reached_ns = f->s_of[f->first] * CLOCK_S;
		s->arrived++;
	}
	return (int)got;
}

static void fake_free(struct source *s)
{
	(void)close(s->fd);
}

static struct source *two(struct fake *f)
{
	struct source *sources[2], *out;
	struct error e;

	for (unsigned i = 0; i < 2; i++) {
		f[i] = (struct fake){.s = {.kind = "fake", .next_batch = fake_next, .free = fake_free}};
		f[i].s.fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
		assert_true(f[i].s.fd >= 0);
		sources[i] = &f[i].s;
	}
	assert_int_equal(merge_open(&out, sources, 2, &e), 0);
	return out;
}

static void give(struct fake *f, int64_t seconds)
{
	f->s_of[f->n++] = seconds;
}

/* Ask for ms: the source of the first frame, or -1; its time in *s. */
static int ask(struct source *m, int ms, int64_t *s)
{
	int64_t until = clock_monotonic_ns() + ms * (int64_t)CLOCK_MS;
	struct frame f[SOURCE_BATCH];

	do {
		int got = m->next_batch(m, f, 1);

		assert_true(got >= 0);
		if (got > 0) {
			*s = f[0].ts_ns / CLOCK_S;
			return f[0].source;
		}
		(void)poll(NULL, 0, 5);
	} while (clock_monotonic_ns() < until);
	return -1;
}

/* ---- what is added and taken off ------------------------------------------------------------------ */

static const char *const fake_names[] = {"veth0", "veth1"};

struct fake_live {
	struct source s;
	const char *name;
	uint64_t frames;
	bool ending, freed;
	unsigned shut;
};

static int live_next(struct source *s, struct frame *out, unsigned n)
{
	struct fake_live *f = (struct fake_live *)s;

	(void)out, (void)n;
	return f->ending ? -ENODATA : 0;
}

static bool live_stats(struct source *s, unsigned index, struct source_stats *out)
{
	struct fake_live *f = (struct fake_live *)s;

	*out = (struct source_stats){.name = f->name, .frames = f->frames, .drops = 1, .drops_known = true, .complete = true};
	return index == 0;
}

static void live_finish(struct source *s)
{
	((struct fake_live *)s)->ending = true;
}

static void live_shut(struct source *s)
{
	((struct fake_live *)s)->shut++;
}

static void live_free(struct source *s)
{
	((struct fake_live *)s)->freed = true;
}

static struct source *live_one(struct fake_live *f, const char *name, uint64_t frames)
{
	*f = (struct fake_live){.s = {.kind = "fake", .fd = -1, .live = true, .next_batch = live_next, .stats = live_stats,
				      .finish = live_finish, .shut = live_shut, .free = live_free}, .name = name, .frames = frames};
	return &f->s;
}

/* An interface that comes and goes keeps its place and its numbers: no place is used up, and none of its sources is
 * freed, or keeps what it captured with, before the end. */
static void what_comes_again_has_its_place(void **state)
{
	enum { ROUNDS = 3 * SOURCE_MAX };
	static struct fake_live lives[ROUNDS + 1], first;
	struct source *sources[1] = {live_one(&first, "eth0", 1)}, *m;
	struct frame frame[SOURCE_BATCH];
	struct source_stats is;
	struct error e;

	(void)state;
	first.s.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	assert_int_equal(merge_open(&m, sources, 1, &e), 0);
	for (unsigned i = 0; i < ROUNDS; i++) {
		assert_int_equal(merge_add(m, live_one(&lives[i], fake_names[i % 2], 10), &e), 0);
		assert_int_equal(merge_take_off(m, fake_names[i % 2], &e), 0);
		assert_int_equal(m->next_batch(m, frame, SOURCE_BATCH), 0);
		assert_int_equal(lives[i].shut, 1);
		assert_false(lives[i].freed);
	}
	assert_false(m->stats(m, 3, &is));
	for (unsigned i = 1; i <= 2; i++) {
		assert_true(m->stats(m, i, &is));
		assert_string_equal(is.name, fake_names[i - 1]);
		assert_true(is.taken_off);
		assert_int_equal(is.frames, 10 * ROUNDS / 2);
		assert_int_equal(is.drops, ROUNDS / 2);
	}
	/* And once more, to stay. */
	assert_int_equal(merge_add(m, live_one(&lives[ROUNDS], "veth0", 5), &e), 0);
	assert_true(m->stats(m, 1, &is));
	assert_false(is.taken_off);
	assert_int_equal(is.frames, 10 * ROUNDS / 2 + 5);
	m->free(m);
	for (unsigned i = 0; i <= ROUNDS; i++)
		assert_true(lives[i].freed);
	(void)close(first.s.fd);
}

/* A dry pipe is waited for 100 ms, and not longer. */
static void merge_waits_for_a_moment(void **state)
{
	struct fake f[2];
	struct source *m = two(f);
	int64_t began = clock_monotonic_ns(), s = 0;

	(void)state;
	give(&f[1], 5);
	assert_int_equal(ask(m, 5000, &s), 1);
	assert_true(clock_monotonic_ns() - began >= 90 * (int64_t)CLOCK_MS);
	m->free(m);
}

/* Bytes of which nothing passes: it has not run dry, and its earlier frame goes first. */
static void merge_waits_for_a_pipe_that_passes_nothing(void **state)
{
	struct fake f[2];
	struct source *m = two(f);
	int64_t s = 0;

	(void)state;
	f[0].unseen = 60; /* of 5 ms each: three times the patience */
	f[0].s.reached_ns = CLOCK_S;
	give(&f[0], 1);
	give(&f[1], 5);
	assert_int_equal(ask(m, 10000, &s), 0);
	assert_int_equal(s, 1);
	assert_int_equal(ask(m, 10000, &s), 1);
	m->free(m);
}

/* Where such a pipe's time has come beyond a frame, that one need not wait. */
static void merge_goes_on_with_what_is_earlier(void **state)
{
	struct fake f[2];
	struct source *m = two(f);
	int64_t s = 0;

	(void)state;
	f[0].unseen = UINT32_MAX;
	f[0].s.reached_ns = 7 * CLOCK_S;
	give(&f[1], 5);
	give(&f[1], 9);
	assert_int_equal(ask(m, 0, &s), 1);
	assert_int_equal(s, 5);
	assert_int_equal(ask(m, 300, &s), -1); /* this one waits as long as something arrives */
	f[0].s.reached_ns = 10 * CLOCK_S;
	assert_int_equal(ask(m, 0, &s), 1);
	assert_int_equal(s, 9);
	m->free(m);
}

/* After a silence of all, the first that speaks waits for the others anew. */
static void merge_waits_anew_after_a_silence(void **state)
{
	struct fake f[2];
	struct source *m = two(f);
	int64_t s = 0;

	(void)state;
	assert_int_equal(ask(m, 150, &s), -1); /* longer than the patience */
	give(&f[1], 5);
	assert_int_equal(ask(m, 0, &s), -1);
	give(&f[0], 1);
	assert_int_equal(ask(m, 1000, &s), 0);
	assert_int_equal(s, 1);
	assert_int_equal(ask(m, 1000, &s), 1);
	m->free(m);
}

/* A reader of a pipe tells what has arrived, and how far its time has come. */
static void reader_tells_its_time(void **state)
{
	struct frame f[SOURCE_BATCH];
	struct bytes b = {.n = 0};
	struct source *s = NULL;
	struct error e;
	int fds[2];

	(void)state;
	put_pcap_header(&b, 0xa1b2c3d4, 4, 1);
	for (uint32_t i = 0; i < 3; i++) {
		put_pcap_record(&b, 10 + i, 0, 1, 1);
		put8(&b, i);
	}
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], b.at, b.n), b.n);
	assert_int_equal(reader_open(&s, fds[0], "pipe", NULL, NULL, &e), 0);
	assert_int_equal(s->next_batch(s, f, SOURCE_BATCH), 3);
	assert_int_equal(s->arrived, b.n);
	assert_true(s->reached_ns == 12 * CLOCK_S);
	assert_int_equal(s->next_batch(s, f, SOURCE_BATCH), 0);
	assert_int_equal(s->arrived, b.n);
	(void)close(fds[1]);
	s->free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_comes_again_has_its_place),
		cmocka_unit_test(merge_waits_for_a_moment),
		cmocka_unit_test(merge_waits_for_a_pipe_that_passes_nothing),
		cmocka_unit_test(merge_goes_on_with_what_is_earlier),
		cmocka_unit_test(merge_waits_anew_after_a_silence),
		cmocka_unit_test(reader_tells_its_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
