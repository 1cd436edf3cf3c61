/* The index of packets and what it is made of: sets of numbers, chunks and their spool,
 * the history. links: engine source dissect flow filter facts base */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/bits.h"
#include "engine/history.h"
#include "engine/index.h"
#include "engine/spool.h"

static void bits_are_a_set(void **state)
{
	static bool plain[200000];
	struct bits b = {.most = 7};
	unsigned n = 0, place = 0;
	uint32_t random = 5;

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		unsigned at = (random = random * 1664525u + 1013904223u) % 200000;

		if (i % 5 == 4) {
			bits_unset(&b, at);
			plain[at] = false;
		} else {
			assert_true(bits_set(&b, at));
			plain[at] = true;
		}
	}
	for (unsigned i = 0; i < 200000; i++) {
		assert_int_equal(bits_has(&b, i), plain[i]);
		if (i % 97 == 0)
			assert_int_equal(bits_before(&b, i), n);
		if (!plain[i])
			continue;
		if (place++ % 31 == 0) {
			assert_int_equal(bits_at(&b, place - 1), i);
			assert_int_equal(bits_next(&b, i), i);
			assert_int_equal(bits_last(&b, i), i);
		}
		n++;
	}
	assert_int_equal(b.n, n);
	assert_true(bits_at(&b, n) == UINT64_MAX);
	assert_true(bits_next(&b, 300000) == UINT64_MAX);
	assert_int_equal(bits_last(&b, 300000), bits_at(&b, n - 1));
	assert_false(bits_set(&b, 7 * BITS_PAGE)); /* an eighth page */
	bits_clear(&b);
}

/* More than fits into memory: the older chunks come from the file, the same as they were. */
static void chunks_come_back_from_the_spool(void **state)
{
	uint64_t room = 0;
	struct index_options o = {.memory = 0, .rereads = 1};
	struct index *x;
	struct error e = {""};

	(void)state;
	o.fd = spool_open(&room, &e);
	assert_true(o.fd >= 0);
	o.room = 100 << 20;
	assert_int_equal(index_open(&x, &o, &e), 0);
	for (uint64_t i = 1; i <= 10 * INDEX_CHUNK + 77; i++) {
		struct frame f = {.offset = i};

		index_add(x, &f, i / 100, index_about_tcp(i & 1, (unsigned)i & 0x1ff, (uint32_t)i), i % 1000 == 0 ? i : 0);
	}
	assert_int_equal(index_first(x), 1);
	for (uint64_t i = 1; i <= 10 * INDEX_CHUNK + 77; i += 61) {
		struct index_entry one;

		assert_true(index_get(x, i, &one));
		assert_int_equal(one.place & INDEX_PLACE_MAX, i);
		assert_int_equal(one.flow, i / 100);
		assert_int_equal(index_verdicts(x, &one), i % 1000 == 0 ? i : 0);
		assert_int_equal(index_flags(one.about), i & 0x1ff);
	}
	assert_true(index_stats(x)->read_back >= 8);
	index_free(x);
	close(o.fd);

	/* Without a file the oldest are forgotten, and numbers begin later. */
	o.fd = -1;
	assert_int_equal(index_open(&x, &o, &e), 0);
	for (uint64_t i = 1; i <= 5 * INDEX_CHUNK; i++) {
		struct frame f = {.offset = i};

		index_add(x, &f, 1, 0, 0);
	}
	assert_int_equal(index_first(x), 4 * INDEX_CHUNK + 1);
	assert_false(index_get(x, 4 * INDEX_CHUNK, &(struct index_entry){0}));
	assert_true(index_get(x, 4 * INDEX_CHUNK + 1, &(struct index_entry){0}));
	index_free(x);
}

/* Flows that begin one after the other and speak at random, some for long, some never again: their next packets and their
 * first ones, as walking over all entries finds them. */
static void flows_are_found_again(void **state)
{
	enum { PACKETS = 6 * INDEX_CHUNK + 1234, FLOWS = 3000, QUIET = 900 };
	static uint32_t flow[PACKETS + 1];
	uint64_t room = 0, found = 0, skipped;
	struct index_options o = {.memory = 0, .rereads = 1};
	struct index *x;
	struct error e = {""};
	uint32_t random = 5, begun = 0;

	(void)state;
	o.fd = spool_open(&room, &e);
	o.room = 100 << 20;
	assert_int_equal(index_open(&x, &o, &e), 0);
	for (uint64_t i = 1; i <= PACKETS; i++) {
		struct frame f = {.offset = i};

		random = random * 1664525u + 1013904223u;
		if ((random >> 8) % 30 == 0 && begun < FLOWS)
			flow[i] = ++begun;
		else if (begun > QUIET && i > PACKETS / 2)
			flow[i] = QUIET + 1 + (random >> 10) % (begun - QUIET);
		else
			flow[i] = begun ? (random >> 10) % (begun + 1) : 0;
		index_add(x, &f, flow[i], 0, 0);
	}
	for (unsigned i = 0; i < 3000; i++) {
		uint64_t from = 1 + (random = random * 1664525u + 1013904223u) % PACKETS, to, number, next, birth;
		uint32_t of = 1 + (random >> 7) % (begun + 9); /* some that are none */

		to = from + (random = random * 1664525u + 1013904223u) % (i % 2 ? 40000 : 300);
		to = to > PACKETS ? PACKETS : to;
		for (next = from; next <= to && flow[next] != of; next++)
			;
		assert_true(index_next(x, of, from, to, &number));
		assert_int_equal(number, next <= to ? next : 0);
		found += number > 0;
		for (birth = 1; birth <= PACKETS && flow[birth] != of; birth++)
			;
		assert_int_equal(index_birth(x, of, 1), birth <= PACKETS ? birth : 0);
		assert_int_equal(index_birth(x, of, from), birth <= PACKETS && birth >= from ? birth : 0);
	}
	assert_true(found > 300 && found < 2700);
	assert_false(index_next(x, 1, 0, 5, &(uint64_t){0})); /* there is no packet 0 */
	assert_false(index_next(x, begun + 1, PACKETS, PACKETS + 1, &(uint64_t){0}));
	/* A chunk in which no such flow is is not looked at. */
	skipped = index_stats(x)->looked;
	assert_true(index_next(x, begun + 1, 1, 6 * INDEX_CHUNK, &found));
	assert_int_equal(found, 0);
	assert_int_equal(index_stats(x)->looked, skipped);
	index_free(x);
	close(o.fd);
}

static void sets_of_verdicts_are_few(void **state)
{
	const struct index_options o = {.memory = 1 << 20, .rereads = 1, .fd = -1};
	struct index *x;
	struct error e = {""};

	(void)state;
	assert_int_equal(index_open(&x, &o, &e), 0);
	for (unsigned round = 0; round < 2; round++)
		for (uint64_t i = 1; i < 4096; i++)
			assert_int_equal(index_set(x, i << 3), i);
	assert_int_equal(index_set(x, 1), INDEX_SET_FULL);
	assert_int_equal(index_stats(x)->sets_full, 1);
	index_free(x);
}

static void history_forgets_the_oldest(void **state)
{
	static uint8_t bytes[3000];
	struct source_again again = {.bytes = malloc(SOURCE_AGAIN)};
	uint64_t place[4000], gone = 0, room;
	struct error e = {""};

	(void)state;
	for (unsigned file = 0; file < 2; file++) {
		int fd = file ? spool_open(&room, &e) : -1;
		struct history *h;

		assert_int_equal(history_open(&h, 3 << 20, fd, &e), 0);
		for (unsigned i = 0; i < 4000; i++) {
			struct frame f = {.data = bytes, .caplen = i % 3000, .wirelen = i, .comment = i % 7 ? NULL : "why"};

			memset(bytes, (int)(i & 0xff), sizeof bytes);
			place[i] = history_add(h, i + 1, &f);
			assert_true(place[i] != HISTORY_NONE);
		}
		gone = history_gone(h);
		assert_true(gone > 0);
		assert_int_equal(history_first(h), gone + 1);
		for (unsigned i = 0; i < 4000; i++) {
			int rc = history_get(h, place[i] & INDEX_PLACE_MAX, INDEX_PLACE_BITS, i + 1, &again);

			assert_int_equal(rc, i < gone ? -ESTALE : 0);
			if (rc < 0)
				continue;
			assert_int_equal(again.frame.caplen, i % 3000);
			assert_true(i % 3000 == 0 || again.bytes[i % 3000 - 1] == (i & 0xff));
			assert_true(i % 7 ? !again.frame.comment : strcmp(again.frame.comment, "why") == 0);
		}
		history_free(h);
		if (fd >= 0)
			close(fd);
	}
	free(again.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bits_are_a_set),
		cmocka_unit_test(chunks_come_back_from_the_spool),
		cmocka_unit_test(flows_are_found_again),
		cmocka_unit_test(sets_of_verdicts_are_few),
		cmocka_unit_test(history_forgets_the_oldest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
