/* The host thread: handing over, findings, ways, and what it sees of this machine.
 * links: host process facts base
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/findings.h"
#include "host/listeners.h"
#include "host/shelf.h"
#include "sockeye/clock.h"
#include "sockeye/host_live.h"

/* ---- the shelf ---------------------------------------------------------------------------- */

enum { THING_ALIVE = 0x600d, THING_DEAD = 0xdead, SHELF_TURNS = 20000, SHELF_READERS = 3 };

struct thing {
	_Atomic int state;
	int number;
};

static atomic_int things;

static void thing_free(void *p)
{
	struct thing *t = p;

	assert_int_equal(atomic_exchange(&t->state, THING_DEAD), THING_ALIVE);
	atomic_fetch_sub(&things, 1);
	free(t);
}

static struct thing *thing_new(int number)
{
	struct thing *t = malloc(sizeof *t);

	assert_non_null(t);
	atomic_init(&t->state, THING_ALIVE);
	t->number = number;
	atomic_fetch_add(&things, 1);
	return t;
}

static void tidy(struct shelf *s)
{
	void *old;

	while ((old = shelf_old(s)) != NULL)
		thing_free(old);
}

struct reader {
	struct shelf *shelf;
	atomic_bool *over;
	atomic_uint *begun;
	uint64_t taken, wrong;
};

static void *reader_run(void *arg)
{
	struct reader *r = arg;
	int last = 0;

	do {
		struct thing *t = shelf_take(r->shelf);

		if (!t)
			continue;
		if (r->taken++ == 0)
			atomic_fetch_add(r->begun, 1);
		/* Alive, and never older than the one before. */
		r->wrong += atomic_load(&t->state) != THING_ALIVE || t->number < last;
		last = t->number;
		shelf_give(r->shelf, t);
	} while (!atomic_load(r->over));
	return NULL;
}

static void what_is_held_stays(void **state)
{
	struct shelf s;
	struct thing *held[SHELF_PLACES];

	(void)state;
	shelf_init(&s, thing_free);
	assert_null(shelf_take(&s));
	for (int i = 0; i < SHELF_PLACES; i++) {
		assert_true(shelf_room(&s));
		shelf_put(&s, thing_new(i));
		held[i] = shelf_take(&s);
		assert_int_equal(held[i]->number, i);
		tidy(&s);
	}
	assert_false(shelf_room(&s)); /* all are held */
	assert_int_equal(atomic_load(&things), SHELF_PLACES);
	shelf_give(&s, held[1]);
	assert_true(shelf_room(&s));
	tidy(&s);
	assert_int_equal(atomic_load(&things), SHELF_PLACES - 1);
	shelf_put(&s, thing_new(9));
	assert_int_equal(((struct thing *)shelf_front(&s))->number, 9);
	for (int i = 0; i < SHELF_PLACES; i++)
		if (i != 1)
			shelf_give(&s, held[i]);
	tidy(&s);
	assert_int_equal(atomic_load(&things), 1); /* the one in front */
	shelf_release(&s);
	assert_int_equal(atomic_load(&things), 0);
}

static void all_threads_take(void **state)
{
	atomic_bool over = false;
	atomic_uint begun = 0;
	struct reader readers[SHELF_READERS];
	pthread_t threads[SHELF_READERS];
	struct shelf s;
	uint64_t taken = 0, put = 0;

	(void)state;
	shelf_init(&s, thing_free);
	for (unsigned i = 0; i < SHELF_READERS; i++) {
		readers[i] = (struct reader){.shelf = &s, .over = &over, .begun = &begun};
		assert_int_equal(pthread_create(&threads[i], NULL, reader_run, &readers[i]), 0);
	}
	shelf_put(&s, thing_new(1));
	put++;
	while (atomic_load(&begun) < SHELF_READERS) /* else a fast build has put all before a busy machine lets them begin */
		(void)sched_yield();
	for (int i = 2; i <= SHELF_TURNS; i++) {
		if (shelf_room(&s)) {
			shelf_put(&s, thing_new(i));
			put++;
		}
		tidy(&s);
	}
	atomic_store(&over, true);
	for (unsigned i = 0; i < SHELF_READERS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(readers[i].wrong, 0);
		taken += readers[i].taken;
	}
	print_message("%llu taken while %llu of %d were put\n", (unsigned long long)taken, (unsigned long long)put, (int)SHELF_TURNS);
	/* Nobody was kept out: four places are enough for three readers and who puts. */
	assert_true(put > SHELF_TURNS / 2);
	assert_true(taken > 0);
	tidy(&s);
	assert_int_equal(((struct thing *)shelf_front(&s))->state, THING_ALIVE);
	assert_int_equal(atomic_load(&things), 1);
	shelf_release(&s);
	assert_int_equal(atomic_load(&things), 0);
}

/* ---- findings ------------------------------------------------------------------------------- */

enum { FINDINGS_ALL = 300000 };

static bool told(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, 0) == 1;
}

static void findings_are_bounded(void **state)
{
	struct host_finding f = {.kind = FINDING_OWNER}, *out = calloc(100, sizeof *out);
	struct error e = {""};
	struct findings q;

	(void)state;
	assert_non_null(out);
	assert_int_equal(findings_open(&q, &e), 0);
	assert_int_equal(findings_take(&q, out, 100), 0);
	for (uint64_t i = 0; i < HOST_LIVE_FINDINGS + 5; i++) {
		f.cookie = i;
		findings_put(&q, &f);
	}
	assert_int_equal(atomic_load(&q.lost), 5);
	assert_true(told(q.fd));
	for (uint64_t i = 0; i < HOST_LIVE_FINDINGS; i += 64) {
		assert_int_equal(findings_take(&q, out, 64), 64);
		assert_int_equal(out[0].cookie, i); /* the oldest first, the latest lost */
		assert_int_equal(out[63].cookie, i + 63);
	}
	assert_int_equal(findings_take(&q, out, 64), 0);
	assert_false(told(q.fd));
	f.cookie = 7;
	findings_put(&q, &f);
	assert_true(told(q.fd));
	assert_int_equal(findings_take(&q, out, 64), 1);
	assert_int_equal(out[0].cookie, 7);
	findings_close(&q);
	free(out);
}

static void *findings_run(void *arg)
{
	struct findings *q = arg;
	struct host_finding f = {.kind = FINDING_GONE};

	for (uint64_t i = 1; i <= FINDINGS_ALL; i++) {
		f.cookie = f.inode = i;
		findings_put(q, &f);
	}
	return NULL;
}

/* What is put arrives in its order or is counted, and the one who sleeps is woken. */
static void findings_cross_threads(void **state)
{
	struct host_finding *out = calloc(64, sizeof *out);
	struct error e = {""};
	struct findings q;
	pthread_t thread;
	uint64_t got = 0, last = 0;

	(void)state;
	assert_non_null(out);
	assert_int_equal(findings_open(&q, &e), 0);
	assert_int_equal(pthread_create(&thread, NULL, findings_run, &q), 0);
	while (got + atomic_load(&q.lost) < FINDINGS_ALL) {
		unsigned n = findings_take(&q, out, 64);

		for (unsigned i = 0; i < n; i++) {
			assert_true(out[i].cookie > last && out[i].inode == out[i].cookie);
			last = out[i].cookie;
		}
		got += n;
		if (n == 0 && got + atomic_load(&q.lost) < FINDINGS_ALL) {
			struct pollfd p = {.fd = q.fd, .events = POLLIN};

			assert_int_equal(poll(&p, 1, 10000), 1);
		}
	}
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(got + atomic_load(&q.lost), FINDINGS_ALL);
	assert_int_equal(findings_take(&q, out, 64), 0);
	assert_false(told(q.fd)); /* also what was told late */
	findings_close(&q);
	free(out);
}

/* ---- listeners --------------------------------------------------------------------------------- */

static void listener_is(struct socket_record *s, uint64_t cookie, uint32_t used, uint32_t drops)
{
	*s = (struct socket_record){.state = SOCKET_LISTEN, .cookie = cookie, .receive_queue = used, .send_queue = 5};
	s->memory[SOCKET_DROPS] = drops;
}

static void queues_are_remembered(void **state)
{
	struct listeners *a = calloc(1, sizeof *a), *b = calloc(1, sizeof *b);
	struct socket_record s;

	(void)state;
	assert_true(a && b);
	listener_is(&s, 9, 2, 10);
	listeners_add(a, NULL, &s, 100 * CLOCK_S);
	listener_is(&s, 3, 0, 0);
	listeners_add(a, NULL, &s, 100 * CLOCK_S);
	s.state = SOCKET_ESTABLISHED;
	listeners_add(a, NULL, &s, 100 * CLOCK_S); /* is none */
	listeners_sort(a);
	assert_int_equal(a->n, 2);
	assert_true(a->filled);
	assert_int_equal(a->at[0].cookie, 3);
	listener_is(&s, 9, 6, 14);
	listeners_add(b, a, &s, 100 * CLOCK_S + CLOCK_S / 2); /* the same second */
	assert_int_equal(b->at[0].recent[0], 6);
	listener_is(&s, 9, 1, 15);
	b->n = 0;
	listeners_add(b, NULL, &s, 100 * CLOCK_S);
	assert_int_equal(b->at[0].drops_before, 15);
	b->n = 0;
	listener_is(&s, 9, 1, 15);
	listeners_add(b, a, &s, 103 * CLOCK_S);
	assert_int_equal(b->at[0].used, 1);
	assert_int_equal(b->at[0].highest, 2);
	assert_int_equal(b->at[0].recent[0], 1);
	assert_int_equal(b->at[0].recent[1], 0);
	assert_int_equal(b->at[0].recent[3], 2);
	assert_int_equal(b->at[0].drops, 15);
	assert_int_equal(b->at[0].drops_before, 10);
	assert_int_equal(b->at[0].filled_ns, 103 * CLOCK_S);
	free(a);
	free(b);
}

/* ---- the thread --------------------------------------------------------------------------------- */

struct pipe_way {
	int pipe[2];
	atomic_uint works;
	bool *freed;
};

static int way_fd(void *self)
{
	return ((struct pipe_way *)self)->pipe[0];
}

static void way_work(void *self, struct host_live *h, int64_t now_ns)
{
	struct pipe_way *w = self;
	struct host_finding f = {.kind = FINDING_SOCKET, .pid = -1, .fd = -1};
	char c;

	if (read(w->pipe[0], &c, 1) != 1)
		return;
	f.cookie = (uint64_t)c;
	f.at_ns = now_ns;
	atomic_fetch_add(&w->works, 1);
	host_live_found(h, &f);
}

static void way_free(void *self)
{
	struct pipe_way *w = self;

	*w->freed = true;
	(void)close(w->pipe[0]);
	(void)close(w->pipe[1]);
	free(w);
}

/* The next table that comes after `before` were there. */
static const struct host_table *next_table(struct host_live *h, uint64_t before)
{
	for (unsigned i = 0; i < 1000 && host_live_tables(h) <= before; i++)
		(void)poll(NULL, 0, 10);
	assert_true(host_live_tables(h) > before);
	return host_live_take(h);
}

static void the_thread_looks(void **state)
{
	static const struct host_way kind = {.name = "pipe", .fd = way_fd, .work = way_work, .free = way_free};
	const struct host_options o = {.memory = 16 << 20};
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int listener = socket(AF_INET, SOCK_STREAM, 0), clients[3];
	struct host_listener *queues = calloc(HOST_LIVE_LISTENERS, sizeof *queues), *mine = NULL;
	struct pipe_way *w = calloc(1, sizeof *w);
	struct host_finding f;
	struct host_live_stats stats;
	const struct host_table *t, *second;
	const struct socket_record *s;
	socklen_t n = sizeof at;
	struct error e = {""};
	struct host_live *h;
	struct stat st;
	uint32_t owners, waiting = 0;
	bool freed = false;

	(void)state;
	assert_true(w && queues && pipe(w->pipe) == 0 && listener >= 0);
	w->freed = &freed;
	assert_int_equal(bind(listener, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(listener, 5), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &n), 0);
	for (unsigned i = 0; i < 3; i++) {
		clients[i] = socket(AF_INET, SOCK_STREAM, 0);
		assert_int_equal(connect(clients[i], (struct sockaddr *)&at, sizeof at), 0);
	}
	assert_int_equal(fstat(listener, &st), 0);
	assert_int_equal(host_live_open(&h, &o, &e), 0);
	assert_int_equal(host_live_add(h, &kind, w, &e), 0);
	host_live_tier(h, "pipe", true, "a pipe");
	assert_null(host_live_take(h));
	assert_int_equal(host_live_start(h, &e), 0);
	host_live_want(h, HOST_LIVE_SCREEN, HOST_ALL);
	t = next_table(h, 0);
	s = socket_by_inode(host_table_sockets(t), st.st_ino);
	assert_non_null(s);
	assert_non_null(host_owners(t, s, &owners));
	assert_int_equal(owners, 1);
	for (uint32_t i = 0; i < host_table_sockets(t)->n_sockets; i++) {
		const struct socket_record *c = &host_table_sockets(t)->sockets[i];

		waiting += c->waiting && &host_table_sockets(t)->sockets[c->listener] == s;
	}
	assert_int_equal(waiting, 3);
	for (unsigned i = 0; i < 100 && !mine; i++) {
		unsigned all = host_live_listeners(h, queues, HOST_LIVE_LISTENERS);

		for (unsigned k = 0; k < all; k++)
			mine = queues[k].inode == st.st_ino ? &queues[k] : mine;
		(void)poll(NULL, 0, 10);
	}
	assert_non_null(mine);
	assert_int_equal(mine->used, 3);
	assert_int_equal(mine->limit, 5);
	assert_int_equal(mine->highest, 3);
	/* The owners of the next one are carried, and the same. */
	second = next_table(h, host_live_tables(h));
	assert_ptr_not_equal(second, t);
	s = socket_by_inode(host_table_sockets(second), st.st_ino);
	assert_non_null(s);
	assert_non_null(host_owners(second, s, &owners));
	assert_int_equal(owners, 1);
	/* A way whose descriptor is ready. */
	assert_int_equal(write(w->pipe[1], "x", 1), 1);
	for (unsigned i = 0; i < 1000 && host_live_findings(h, &f, 1) == 0; i++)
		(void)poll(NULL, 0, 10);
	assert_int_equal(f.cookie, 'x');
	host_live_want(h, HOST_LIVE_SCREEN, 0);
	host_live_release(h, t);
	host_live_release(h, second);
	host_live_stats(h, &stats);
	print_message("%llu sweeps, the last took %.1f ms; %llu looks at listeners; the longest step %.1f ms\n",
		      (unsigned long long)stats.sweeps, (double)stats.sweep_ns / CLOCK_MS, (unsigned long long)stats.listens,
		      (double)stats.longest_ns / CLOCK_MS);
	assert_false(stats.failed);
	assert_int_equal(stats.findings, 1);
	host_live_free(h);
	assert_true(freed);
	for (unsigned i = 0; i < 3; i++)
		(void)close(clients[i]);
	(void)close(listener);
	free(queues);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_held_stays),
		cmocka_unit_test(all_threads_take),
		cmocka_unit_test(findings_are_bounded),
		cmocka_unit_test(findings_cross_threads),
		cmocka_unit_test(queues_are_remembered),
		cmocka_unit_test(the_thread_looks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
