/* The run, live: what it asks of a source between waits, and when a question is answered.
 * links: engine
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "sockeye/clock.h"
#include "sockeye/engine.h"
#include "sockeye/thread.h"

enum { REST_MS = 20, ROUNDS = 12, LONG_REST_MS = 1000, FEW_ROUNDS = 2 };

/* A capture that always has packets: so many at a time, then none once, and again. */
struct fake {
	struct source s;
	unsigned each, left;  /* packets of a round; of this one */
	unsigned rounds, most; /* that were read to their end, and are to be */
	sem_t read;           /* a round was */
	atomic_bool *until;   /* or NULL: the last one is not the end before this is true */
};

static const uint8_t bytes[60];

static int fake_next(struct source *s, struct frame *out, unsigned n)
{
	struct fake *f = (struct fake *)s;
	const unsigned got = f->left < n ? f->left : n;

	for (unsigned i = 0; i < got; i++)
		out[i] = (struct frame){.ts_ns = CLOCK_S, .data = bytes, .caplen = sizeof bytes, .wirelen = sizeof bytes,
					.linktype = LINKTYPE_ETHERNET};
	f->left -= got;
	if (got > 0)
		return (int)got;
	if (f->rounds == f->most)
		return f->until == NULL || atomic_load(f->until) ? -ENODATA : 0;
	f->rounds++;
	f->left = f->each;
	(void)sem_post(&f->read);
	return 0;
}

static bool fake_stats(struct source *s, unsigned index, struct source_stats *out)
{
	(void)s;
	*out = (struct source_stats){.name = "fake", .format = "live", .complete = true};
	return index == 0;
}

/* How long a run took whose rounds have so many packets each. */
static int64_t run_of(struct fake *f, unsigned each, int rest_ms, unsigned rounds, struct exchange *screen)
{
	const struct engine_options eo = {.memory = ENGINE_MEMORY_MIN, .live = true};
	const struct run_options o = {.signal_fd = -1, .other_fd = -1, .screen = screen};
	struct run_result result;
	struct engine *e;
	struct error err;
	int64_t begun;

	f->s = (struct source){.kind = "fake", .live = true, .rest_ms = rest_ms, .next_batch = fake_next, .stats = fake_stats};
	f->s.fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK); /* readable, always */
	f->each = f->left = each;
	f->rounds = 0;
	f->most = rounds;
	assert_true(f->s.fd >= 0);
	assert_int_equal(engine_open(&e, &eo, &err), 0);
	begun = clock_monotonic_ns();
	assert_int_equal(run_loop(e, &f->s, &o, &result, &err), 0);
	begun = clock_monotonic_ns() - begun;
	assert_int_equal(result.packets, each * (rounds + 1));
	engine_free(e);
	(void)close(f->s.fd);
	return begun;
}

/* Each round but the last is left alone for the time that the source allows. */
static void many_packets_are_fetched_together(void **state)
{
	struct fake f = {.each = 0};

	(void)state;
	(void)sem_init(&f.read, 0, 0);
	assert_true(run_of(&f, 1000, REST_MS, ROUNDS, NULL) >= ROUNDS * REST_MS * (int64_t)CLOCK_MS);
}

/* Few, or of a source that has no room: at once. One of three, for a machine that runs other things. */
static void few_packets_are_fetched_at_once(void **state)
{
	int64_t few = INT64_MAX, small = INT64_MAX;
	struct fake f = {.each = 0};

	(void)state;
	(void)sem_init(&f.read, 0, 0);
	for (unsigned i = 0; i < 3; i++) {
		const int64_t a = run_of(&f, 100, REST_MS, ROUNDS, NULL), b = run_of(&f, 1000, 0, ROUNDS, NULL);

		few = a < few ? a : few;
		small = b < small ? b : small;
	}
	assert_true(few < ROUNDS * REST_MS * (int64_t)CLOCK_MS / 2);
	assert_true(small < ROUNDS * REST_MS * (int64_t)CLOCK_MS / 2);
}

struct asker {
	struct fake fake;
	struct exchange *x;
	struct answer *answer;
	atomic_bool answered;
};

static void *asks_in_the_rest(void *arg)
{
	const struct timespec moment = {.tv_nsec = 20 * (long)CLOCK_MS};
	const struct query q = {.about = QUERY_TOTALS, .serial = 9};
	struct asker *a = arg;

	(void)sem_wait(&a->fake.read);
	(void)nanosleep(&moment, NULL);
	exchange_post(a->x, &q);
	while (!exchange_take(a->x, a->answer))
		(void)nanosleep(&moment, NULL);
	atomic_store(&a->answered, true);
	return NULL;
}

/* A question that comes in a rest ends it, and is answered of all that had come before it: of whole rounds, not of the
 * first batch of the one that follows. Of two, unless who asks is held up in the middle of it. */
static void a_question_ends_the_rest(void **state)
{
	struct asker a = {.answer = calloc(1, sizeof *a.answer)};
	pthread_t thread;
	int64_t took;

	(void)state;
	assert_non_null(a.answer);
	(void)sem_init(&a.fake.read, 0, 0);
	a.fake.until = &a.answered;
	assert_int_equal(exchange_open(&a.x, NULL), 0);
	assert_int_equal(thread_start(&thread, asks_in_the_rest, &a), 0);
	took = run_of(&a.fake, 1000, LONG_REST_MS, FEW_ROUNDS, a.x);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(took < FEW_ROUNDS * LONG_REST_MS * (int64_t)CLOCK_MS);
	assert_int_equal(a.answer->serial, 9);
	assert_true(a.answer->totals.packets == 2000 || a.answer->totals.packets == 3000);
	exchange_free(a.x);
	free(a.answer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_packets_are_fetched_together),
		cmocka_unit_test(few_packets_are_fetched_at_once),
		cmocka_unit_test(a_question_ends_the_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
