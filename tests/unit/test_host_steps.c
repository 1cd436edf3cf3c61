/* What the host thread does in steps and when: rates of listeners, the pace of sweeps, sorting, the join of a table.
 * links: host process facts base
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "host/listeners.h"
#include "host/pace.h"
#include "host/sort.h"
#include "sockeye/clock.h"

static void listener_is(struct socket_record *s, uint64_t cookie, uint32_t used, uint32_t drops)
{
	*s = (struct socket_record){.state = SOCKET_LISTEN, .cookie = cookie, .receive_queue = used, .send_queue = 5};
	s->memory[SOCKET_DROPS] = drops;
}

/* What came and was taken in a second, by port, where both ends of it were counted. */
static void rates_of_listeners(void **state)
{
	struct listeners *a = calloc(1, sizeof *a), *b = calloc(1, sizeof *b), *c = calloc(1, sizeof *c);
	struct arrivals *r = calloc(1, sizeof *r);
	struct socket_record s;

	(void)state;
	assert_true(a && b && c && r);
	r->tells_syns = true;
	r->syns[80] = UINT32_MAX - 5; /* counts go round */
	for (uint64_t cookie = 1; cookie <= 3; cookie++) {
		listener_is(&s, cookie, 0, 0);
		s.local = (struct endpoint){.port = cookie == 3 ? 443 : 80, .family = FAMILY_IPV4, .has_port = true};
		listeners_add(a, NULL, &s, 100 * CLOCK_S);
	}
	listeners_rates(a, r, 100 * CLOCK_S);
	assert_false(a->at[0].syns_known); /* since when is not known */
	assert_int_equal(a->at[0].sharers, 2);
	assert_int_equal(a->at[2].sharers, 1);
	r->syns[80] += 30;
	memcpy(b, a, sizeof *b);
	listeners_rates(b, r, 100 * CLOCK_S + CLOCK_S / 2);
	assert_false(b->at[0].syns_known); /* no whole second yet */
	listeners_rates(b, r, 101 * CLOCK_S + CLOCK_S / 2);
	assert_true(b->at[0].syns_known);
	assert_false(b->at[0].accepts_known);
	assert_int_equal(b->at[0].syns_s, 20);
	assert_int_equal(b->at[1].syns_s, 20);
	assert_int_equal(b->at[2].syns_s, 0);
	assert_true(listeners_differ(a, b));
	r->tells_accepts = true;
	r->accepts_since_ns = 101 * CLOCK_S + CLOCK_S / 4;
	r->tells_syns = false; /* paused */
	r->accepts[443] += 7;
	memcpy(c, b, sizeof *c);
	listeners_rates(c, r, 102 * CLOCK_S + CLOCK_S / 2);
	assert_false(c->at[2].syns_known);
	assert_int_equal(c->at[2].accepts_s, 7);
	assert_int_equal(c->at[0].syns_s, 0);
	listeners_rates(c, r, 50 * CLOCK_S); /* the clock was put back */
	assert_false(c->at[2].accepts_known);
	r->accepts[443] += 3;
	listeners_rates(c, r, 51 * CLOCK_S); /* and what began later by it has been counted since long */
	assert_int_equal(c->at[2].accepts_s, 3);
	r->tells_syns = true; /* the pause is over: what came in it was not counted */
	r->syns_since_ns = 54 * CLOCK_S;
	r->syns[80] += 10;
	listeners_rates(c, r, 56 * CLOCK_S);
	assert_false(c->at[0].syns_known);
	r->syns[80] += 10;
	listeners_rates(c, r, 57 * CLOCK_S);
	assert_true(c->at[0].syns_known);
	assert_int_equal(c->at[0].syns_s, 10);
	free(a);
	free(b);
	free(c);
	free(r);
}

/* How often: a share of a processor, less where nothing moves, more once it does. */
static void sweeps_have_a_pace(void **state)
{
	struct pace p = {.swept_ns = 0};

	(void)state;
	pace_swept(&p, CLOCK_S, CLOCK_MS, 100, false);
	assert_int_equal(pace_every(&p, true), CLOCK_S);
	pace_swept(&p, CLOCK_S, 25 * CLOCK_MS, 10000, false);
	assert_int_equal(pace_every(&p, true), CLOCK_S);
	assert_int_equal(pace_every(&p, false), 5 * CLOCK_S);
	for (unsigned i = 0; i < PACE_CALM; i++) {
		assert_int_equal(pace_every(&p, true), CLOCK_S);
		pace_swept(&p, CLOCK_S, 25 * CLOCK_MS, 10000, true);
	}
	assert_int_equal(pace_every(&p, true), 25 * CLOCK_S / 2); /* 0.2 % */
	pace_stirred(&p);
	assert_int_equal(pace_every(&p, true), CLOCK_S);
	pace_swept(&p, CLOCK_S, 400 * CLOCK_MS, 100000, false);
	assert_int_equal(pace_every(&p, true), 8 * CLOCK_S);
}

/* ---- steps ---------------------------------------------------------------------------------------- */

enum { STEP_SOCKETS = 100000, STEP_SHARED = 20000, STEP_LIMIT_MS = 60 };

static struct endpoint step_end(uint32_t n, uint16_t port)
{
	return (struct endpoint){.ip = {{10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n}}, .port = port, .family = FAMILY_IPV4,
				 .has_port = true};
}

static struct host_table *step_table(struct process_batch *b, uint32_t n)
{
	struct host_table *t;
	struct error e;

	assert_int_equal(host_table_new(&t, 512 << 20, &e), 0);
	host_table_facts(t)->at_ns = 1000 * CLOCK_S;
	b->processes = 1;
	b->process[0] = (struct process){.pid = 1, .started = 5, .comm = "x"};
	b->holders = 0;
	for (uint32_t i = 0; i < n; i++) {
		struct socket_record *s = host_table_add(t);

		memset(s, 0, sizeof *s);
		s->family = SOCKET_INET;
		s->proto = PROTO_TCP;
		s->state = i < STEP_SHARED ? SOCKET_LISTEN : SOCKET_ESTABLISHED;
		s->local = step_end(1, 80); /* many listeners of one port: SO_REUSEPORT */
		s->remote = i < STEP_SHARED ? (struct endpoint){.family = FAMILY_NONE} : step_end(i, 4000);
		s->cookie = s->inode = (i * UINT64_C(2654435761) & 0xffffff) + 1;
		b->holder[b->holders++] = (struct process_holder){.inode = s->inode, .fd = (int32_t)i};
		if (b->holders == PROCESS_BATCH_HOLDERS) {
			host_table_batch(t, b, SOCKET_BY_PROC);
			b->holders = 0;
		}
	}
	host_table_batch(t, b, SOCKET_BY_PROC);
	return t;
}

static int by_number(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Some at a time it comes out as qsort(3) has it. */
static void sorting_goes_in_steps(void **state)
{
	static const size_t lengths[] = {0, 1, 2, 3, 7, 64, 1000, 5000};
	static uint64_t a[5000], b[5000];

	(void)state;
	srand(5);
	for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++)
		for (size_t most = 1; most < 6000; most = most * 7 + 1) {
			const size_t n = lengths[k];
			struct sorting s = {.done = 0};
			size_t steps = 0;

			for (size_t i = 0; i < n; i++)
				a[i] = b[i] = (uint64_t)(rand() % (int)(n + 1)); /* some are the same */
			qsort(b, n, sizeof *b, by_number);
			while (sort_some(&s, a, n, sizeof *a, by_number, most))
				steps++;
			assert_true(n == 0 || memcmp(a, b, n * sizeof *a) == 0);
			assert_true(steps <= (n + n / 2) / most + 1);
		}
}

/* 100 000 sockets, a fifth of them listeners of one port: it ends soon, and no step takes long. */
static void a_join_goes_in_steps(void **state)
{
	struct process_batch *b = calloc(1, sizeof *b);
	struct host_table *before, *t;
	int64_t longest = 0, all = 0;
	uint32_t steps = 0;
	bool more = true;

	(void)state;
	assert_non_null(b);
	before = step_table(b, STEP_SOCKETS);
	host_table_finish(before, NULL);
	t = step_table(b, STEP_SOCKETS);
	while (more) {
		const int64_t began = clock_thread_ns();
		int64_t took;

		more = host_table_step(t, before);
		took = clock_thread_ns() - began;
		longest = took > longest ? took : longest;
		all += took;
		steps++;
	}
	print_message("%u sockets joined in %.1f ms and %u steps, the longest %.1f ms (limit %d)\n", (unsigned)STEP_SOCKETS,
		      (double)all / CLOCK_MS, steps, (double)longest / CLOCK_MS, (int)STEP_LIMIT_MS);
	assert_int_equal(host_table_sockets(t)->n_sockets, STEP_SOCKETS);
	assert_int_equal(host_table_sockets(t)->n_owners, STEP_SOCKETS);
	for (uint32_t i = 0; i < STEP_SOCKETS; i++) {
		assert_int_equal(host_table_sockets(t)->sockets[i].owners, 1);
		assert_int_equal(host_table_sockets(t)->owners[host_table_sockets(t)->sockets[i].owner].inode, host_table_sockets(t)->sockets[i].inode);
	}
	assert_int_equal(host_table_sockets(t)->sockets[STEP_SHARED].listener, 0); /* the first one gets them */
	assert_true(longest < STEP_LIMIT_MS * (int64_t)CLOCK_MS);
	more = true;
	for (steps = 0, longest = 0; more; steps++) {
		const int64_t began = clock_thread_ns();
		int64_t took;

		more = host_table_free_some(before);
		took = clock_thread_ns() - began;
		longest = took > longest ? took : longest;
	}
	print_message("freed in %u steps, the longest %.1f ms (limit %d)\n", steps, (double)longest / CLOCK_MS, (int)STEP_LIMIT_MS);
	assert_true(longest < STEP_LIMIT_MS * (int64_t)CLOCK_MS);
	host_table_free(t);
	free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rates_of_listeners), cmocka_unit_test(sweeps_have_a_pace),
		cmocka_unit_test(sorting_goes_in_steps), cmocka_unit_test(a_join_goes_in_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
