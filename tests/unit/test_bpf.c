/* What BPF programs write, read as bytes: the ring and the walk through descriptors.
 *
 * links: host process facts base
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "host/bpf/holders.h"
#include "host/bpf/ring_events.h"

/* ---- the ring ----------------------------------------------------------------------------- */

enum { RING = 1024, BUSY = 31, DISCARDED = 30 };

struct ring {
	struct ring_events events;
	unsigned long taken, given;
	_Alignas(8) uint8_t data[2 * RING]; /* as the kernel maps it: twice */
};

static void ring_init(struct ring *r)
{
	memset(r, 0, sizeof *r);
	r->events = (struct ring_events){.taken = &r->taken, .given = &r->given, .data = r->data, .size = RING, .page = 4096};
}

static void ring_put(struct ring *r, uint32_t len, uint32_t flags, uint64_t cookie)
{
	struct event e = {.cookie = cookie, .kind = EVENT_OWNER};
	const uint32_t head = len | flags;
	uint8_t bytes[8 + sizeof e];

	memset(bytes, 0, sizeof bytes);
	memcpy(bytes, &head, sizeof head);
	memcpy(bytes + 8, &e, sizeof e);
	for (size_t i = 0; i < ((len + 8 + 7) & ~7U) && i < sizeof bytes; i++) {
		r->data[(r->given + i) % RING] = bytes[i];
		r->data[(r->given + i) % RING + RING] = bytes[i];
	}
	r->given += (len + 8 + 7) & ~7U;
}

struct came {
	unsigned n;
	uint64_t last, sum;
};

static void note(void *arg, const struct event *e)
{
	struct came *c = arg;

	c->n++;
	c->last = e->cookie;
	c->sum += e->cookie;
}

static void ring_gives_each_once_over_its_end(void **state)
{
	struct came c = {0};
	struct ring r;

	(void)state;
	ring_init(&r);
	for (uint64_t i = 1; i <= 100; i++) {
		ring_put(&r, sizeof(struct event), 0, i);
		assert_int_equal(ring_events_take(&r.events, note, &c, 10), 1);
		assert_int_equal(c.last, i);
	}
	assert_int_equal(c.sum, 5050);
	assert_int_equal(ring_events_take(&r.events, note, &c, 10), 0);
	assert_int_equal(r.taken, r.given);
}

static void ring_waits_for_what_is_being_written(void **state)
{
	struct came c = {0};
	struct ring r;
	uint32_t head;

	(void)state;
	ring_init(&r);
	ring_put(&r, sizeof(struct event), 0, 1);
	ring_put(&r, sizeof(struct event), UINT32_C(1) << BUSY, 2);
	ring_put(&r, sizeof(struct event), 0, 3);
	assert_int_equal(ring_events_take(&r.events, note, &c, 10), 1);
	assert_int_equal(ring_events_take(&r.events, note, &c, 10), 0);
	memcpy(&head, r.data + sizeof(struct event) + 8, sizeof head);
	head &= ~(UINT32_C(1) << BUSY);
	memcpy(r.data + sizeof(struct event) + 8, &head, sizeof head);
	assert_int_equal(ring_events_take(&r.events, note, &c, 1), 1);
	assert_int_equal(c.last, 2);
	assert_int_equal(ring_events_take(&r.events, note, &c, 10), 1);
}

static void ring_passes_over_what_is_none(void **state)
{
	struct came c = {0};
	struct ring r;

	(void)state;
	ring_init(&r);
	ring_put(&r, sizeof(struct event), UINT32_C(1) << DISCARDED, 1);
	ring_put(&r, 40, 0, 2); /* of no length that we know */
	ring_put(&r, EVENT_HEAD, 0, 3);
	assert_int_equal(ring_events_take(&r.events, note, &c, 10), 1);
	assert_int_equal(c.last, 3);
	/* A length that cannot be ends it, whatever it was. */
	ring_put(&r, sizeof(struct event), 0, 4);
	memset(r.data + (r.taken % RING), 0x3f, 4);
	assert_int_equal(ring_events_take(&r.events, note, &c, 10), 0);
}

/* ---- the walk --------------------------------------------------------------------------------- */

struct written {
	uint8_t bytes[65536];
	size_t n;
};

static void put_head(struct written *w, uint32_t kind, int32_t fd, uint64_t inode)
{
	const struct holder_head h = {.kind = kind, .fd = fd, .inode = inode};

	memcpy(w->bytes + w->n, &h, sizeof h);
	w->n += sizeof h;
}

static void put_process(struct written *w, uint32_t pid, int levels, const char *const *names)
{
	struct holder_process p = {.started_ns = 50000000000, .pid = pid, .parent = 1, .uid = 7, .comm = "fifteen letters"};

	put_head(w, HOLDER_PROCESS, levels, 0);
	memcpy(w->bytes + w->n, &p, sizeof p);
	w->n += sizeof p;
	for (int i = 0; i < levels; i++) {
		memset(w->bytes + w->n, 0, HOLDER_NAME);
		memcpy(w->bytes + w->n, names[i], strlen(names[i]));
		w->n += HOLDER_NAME;
	}
}

/* In pieces of that size, as batches; how many holders, and the last process. */
static uint32_t walk(const struct written *w, size_t piece, struct process *last, uint32_t *descriptors)
{
	static struct process_batch b;
	static struct holders h;
	uint32_t holders = 0;
	size_t at = 0, room;

	holders_reset(&h);
	for (unsigned turn = 0; turn < 100000; turn++) {
		bool hungry;

		holders_batch(&h, &b);
		hungry = holders_take(&h, &b);
		if (hungry && at < w->n) {
			uint8_t *to = holders_room(&h, &room);
			size_t n = w->n - at < piece ? w->n - at : piece;

			n = n < room ? n : room;
			memcpy(to, w->bytes + at, n);
			at += n;
			holders_came(&h, n);
			(void)holders_take(&h, &b);
		} else if (hungry) {
			b.done = 1;
		}
		assert_true(process_batch_sound(&b));
		holders += b.holders;
		if (b.processes > 0) {
			*last = b.process[b.processes - 1];
			*descriptors = last->descriptors > *descriptors ? last->descriptors : *descriptors;
		}
		if (b.done)
			return holders;
	}
	fail_msg("the walk does not end");
	return 0;
}

static void walk_in_pieces_of_any_size(void **state)
{
	static const char *const names[] = {"docker-1.scope", "system.slice"};
	static struct written w;
	const size_t pieces[] = {1, 7, 16, 100, 1000, 8192};

	(void)state;
	w.n = 0;
	for (uint32_t pid = 100; pid < 130; pid++) {
		put_process(&w, pid, 2, names);
		for (int fd = 0; fd < 60; fd++)
			put_head(&w, HOLDER_SOCKET, fd, 1000 + (uint64_t)fd);
		put_head(&w, HOLDER_NOTHING, 0, 0);
		put_head(&w, HOLDER_END, 77, 0);
	}
	for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
		struct process last = {0};
		uint32_t descriptors = 0;

		assert_int_equal(walk(&w, pieces[i], &last, &descriptors), 30 * 60);
		assert_int_equal(last.pid, 129);
		assert_int_equal(last.uid, 7);
		assert_int_equal(descriptors, 77);
		assert_string_equal(last.comm, "fifteen letters");
		assert_string_equal(last.cgroup, "/system.slice/docker-1.scope");
		assert_int_equal(last.started, 5000);
	}
}

static void walk_of_paths_that_do_not_fit(void **state)
{
	static char longest[HOLDER_NAME];
	static const char *const names[] = {longest, longest, longest};
	static struct written w;
	struct process last = {0};
	uint32_t descriptors = 0;

	(void)state;
	memset(longest, 'x', HOLDER_NAME - 1);
	w.n = 0;
	put_process(&w, 1, 0, names);
	put_head(&w, HOLDER_SOCKET, 3, 9);
	assert_int_equal(walk(&w, 8192, &last, &descriptors), 1);
	assert_string_equal(last.cgroup, "/");
	put_process(&w, 2, 3, names);
	put_head(&w, HOLDER_SOCKET, 3, 9);
	assert_int_equal(walk(&w, 8192, &last, &descriptors), 2);
	assert_string_equal(last.cgroup, "");
}

/* Whatever the bytes are: batches are sound and it ends. */
static void walk_of_anything(void **state)
{
	static struct written w;
	uint32_t seed = 1;

	(void)state;
	for (unsigned round = 0; round < 200; round++) {
		struct process last = {0};
		uint32_t descriptors = 0;

		w.n = sizeof w.bytes;
		for (size_t i = 0; i < w.n; i++) {
			seed = seed * 1664525 + 1013904223;
			w.bytes[i] = i % 16 == 0 ? (uint8_t)(seed >> 24) % 6 : i % 16 < 4 ? 0 : (uint8_t)(seed >> 24);
		}
		(void)walk(&w, 4096, &last, &descriptors);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ring_gives_each_once_over_its_end), cmocka_unit_test(ring_waits_for_what_is_being_written),
		cmocka_unit_test(ring_passes_over_what_is_none), cmocka_unit_test(walk_in_pieces_of_any_size),
		cmocka_unit_test(walk_of_paths_that_do_not_fit), cmocka_unit_test(walk_of_anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
