/* Exchange: the hand-over between the screen's thread and the engine's.
 * links: facts base
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/exchange.c"

static struct exchange *x;
static struct answer answer;

static struct save_answer saved;
static unsigned saves;

void engine_save(struct engine *e, const struct save_query *q, struct save_answer *out)
{
	(void)e;
	saves = 1;
	saved = (struct save_answer){.serial = q->serial, .bytes = q->len};
	*out = saved;
}

bool engine_saving(struct engine *e)
{
	(void)e;
	return saves == 1;
}

void engine_saved(struct engine *e, struct save_answer *out)
{
	(void)e;
	saved.done = true;
	saves = 0;
	*out = saved;
}

static unsigned slices; /* that the next answer needs besides its last */

bool engine_answer_within(struct engine *e, const struct query *q, struct answer *out, int64_t ns)
{
	(void)e;
	(void)ns;
	out->cost_ns = 1000;
	if (slices > 0) {
		slices--;
		return false;
	}
	out->serial = q->serial;
	out->rows = (unsigned)(q->serial % 7);
	for (unsigned i = 0; i < out->rows; i++)
		out->row[i].id = q->serial + i;
	return true;
}

static char taken_off[64];

int source_take_off(struct source *s, const char *name, struct error *e)
{
	(void)s;
	if (strcmp(name, "eth1") != 0)
		return error_set(e, EPERM, "it was named at the start and stays until the end");
	(void)snprintf(taken_off, sizeof taken_off, "%s", name);
	return 0;
}

void engine_answer_sources(struct answer *out, struct source *s, bool ended)
{
	(void)s;
	out->ended = ended;
}

static int start(void **state)
{
	(void)state;
	return exchange_open(&x, NULL);
}

static int stop(void **state)
{
	(void)state;
	exchange_free(x);
	return 0;
}

static bool readable(int fd)
{
	struct pollfd p = {fd, POLLIN, 0};

	return poll(&p, 1, 0) == 1;
}

static void a_query_is_served_once(void **state)
{
	struct query q = {.serial = 5};

	(void)state;
	assert_false(exchange_serve(x, NULL, NULL, false));
	assert_false(exchange_take(x, &answer));
	exchange_post(x, &q);
	q.serial = 6;
	exchange_post(x, &q); /* replaces the one before it */
	assert_true(readable(exchange_query_fd(x)));
	assert_true(exchange_serve(x, NULL, NULL, true));
	assert_false(readable(exchange_query_fd(x)));
	assert_false(exchange_serve(x, NULL, NULL, true));
	assert_true(readable(exchange_answer_fd(x)));
	assert_true(exchange_take(x, &answer));
	assert_int_equal(answer.serial, 6);
	assert_int_equal(answer.rows, 6);
	assert_int_equal(answer.row[5].id, 11);
	assert_true(answer.ended);
	assert_false(readable(exchange_answer_fd(x)));
	assert_false(exchange_take(x, &answer));
}

/* Between two batches no more than a slice; the old answer stands until the new one is whole. */
static void an_answer_comes_in_slices(void **state)
{
	struct query q = {.serial = 8};

	(void)state;
	slices = 3;
	exchange_post(x, &q);
	assert_false(exchange_going_on(x));
	assert_false(exchange_serve(x, NULL, NULL, false));
	assert_true(exchange_going_on(x));
	assert_false(exchange_serve(x, NULL, NULL, false));
	assert_false(exchange_take(x, &answer));
	q.serial = 9; /* asked instead */
	exchange_post(x, &q);
	assert_false(exchange_serve(x, NULL, NULL, false));
	assert_true(exchange_serve(x, NULL, NULL, false));
	assert_false(exchange_going_on(x));
	assert_false(exchange_serve(x, NULL, NULL, false));
	assert_true(exchange_take(x, &answer));
	assert_int_equal(answer.serial, 9);
	assert_int_equal(answer.cost_ns, 2000); /* of its own slices */
}

static void only_the_first_change_wakes(void **state)
{
	struct query q = {.serial = 1};

	(void)state;
	assert_false(exchange_changed(x));
	exchange_dirty(x);
	assert_true(exchange_changed(x));
	assert_true(readable(exchange_answer_fd(x)));
	assert_false(exchange_take(x, &answer)); /* news that there is news */
	exchange_dirty(x);
	assert_false(readable(exchange_answer_fd(x)));
	exchange_post(x, &q);
	assert_true(exchange_serve(x, NULL, NULL, false));
	assert_false(exchange_changed(x));
	assert_true(exchange_take(x, &answer));
}

static void quitting_wakes_both(void **state)
{
	(void)state;
	assert_false(exchange_quitting(x));
	exchange_quit(x);
	assert_true(exchange_quitting(x));
	assert_true(readable(exchange_query_fd(x)));
	assert_true(readable(exchange_answer_fd(x)));
}

static void *engine_side(void *arg)
{
	uint64_t turns = 0;

	(void)arg;
	while (!exchange_quitting(x)) {
		struct pollfd p = {exchange_query_fd(x), POLLIN, 0};

		if (turns++ % 3 == 0)
			exchange_dirty(x);
		else
			(void)poll(&p, 1, 1000);
		(void)exchange_serve(x, NULL, NULL, false);
	}
	return NULL;
}

/* Ten thousand questions between two threads: each answer is whole and the
 * one to the last question. */
static void answers_are_whole(void **state)
{
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, engine_side, NULL), 0);
	for (uint64_t serial = 1; serial <= 10000; serial++) {
		struct query q = {.serial = serial};
		struct pollfd p = {exchange_answer_fd(x), POLLIN, 0};

		exchange_post(x, &q);
		do {
			assert_true(poll(&p, 1, 5000) == 1);
		} while (!exchange_take(x, &answer));
		assert_int_equal(answer.serial, serial);
		assert_int_equal(answer.rows, serial % 7);
		for (unsigned i = 0; i < answer.rows; i++)
			assert_int_equal(answer.row[i].id, serial + i);
	}
	exchange_quit(x);
	pthread_join(thread, NULL);
}

static unsigned went;

static void gone_off(void *arg, const char *name)
{
	(void)arg;
	assert_string_equal(name, "eth1");
	went++;
}

/* An interface is taken off between two batches, and the next answer says what came of it. */
static void an_interface_is_taken_off(void **state)
{
	struct query q = {.serial = 3};
	struct source s = {.live = true};

	(void)state;
	went = 0;
	exchange_add_with(x, NULL, gone_off, NULL);
	assert_true(exchange_take_off_interface(x, "eth1"));
	exchange_post(x, &q);
	assert_true(exchange_serve(x, NULL, &s, false));
	assert_string_equal(taken_off, "eth1");
	assert_true(exchange_take(x, &answer));
	assert_string_equal(answer.told, "not captured any more: eth1");
	assert_false(answer.told_bad);
	assert_int_equal(went, 1);
	assert_true(exchange_take_off_interface(x, "lo"));
	exchange_post(x, &q);
	assert_true(exchange_serve(x, NULL, &s, false));
	assert_true(exchange_take(x, &answer));
	assert_string_equal(answer.told, "lo: it was named at the start and stays until the end");
	assert_true(answer.told_bad);
}

/* One save at a time; its text is copied, and how it ended is told once. */
static void a_save_is_served(void **state)
{
	char text[] = "ladder";
	struct save_query q = {.serial = 9, .kind = SAVE_TEXT, .text = text, .len = 6};
	struct save_answer a;

	(void)state;
	assert_false(exchange_saved(x, &a));
	assert_true(exchange_save(x, &q));
	assert_false(exchange_save(x, &q));
	text[0] = 'L';
	exchange_serve(x, NULL, NULL, false);
	assert_true(exchange_saved(x, &a));
	assert_false(a.done);
	assert_int_equal(a.serial, 9);
	assert_int_equal(a.bytes, 6);
	assert_int_equal(x->text[0], 'l');
	exchange_serve(x, NULL, NULL, false);
	assert_true(exchange_saved(x, &a));
	assert_true(a.done);
	assert_false(exchange_saved(x, &a));
	assert_true(exchange_save(x, &q));
}

/* ---- interfaces and capture filters ------------------------------------------------------------ */

static char added_with[64];
static unsigned added;

static int set_filter(struct source *s, const char *words, struct error *e)
{
	(void)s;
	return words && strcmp(words, "bad") == 0 ? error_set(e, EINVAL, "it does not compile") : 0;
}

static int add(void *arg, struct source *s, const char *name, const char *filter, struct error *e)
{
	(void)arg;
	(void)s;
	if (strcmp(name, "odd0") == 0)
		return error_set(e, EINVAL, "odd0: the filter does not compile for its links");
	memset(added_with, 0, sizeof added_with);
	memcpy(added_with, filter ? filter : "(start)", strlen(filter ? filter : "(start)"));
	added++;
	return 0;
}

static void asked_to_add(struct source *s, const char *name, bool fails)
{
	struct query q = {.serial = 1};

	exchange_add_interface(x, name);
	exchange_post(x, &q);
	assert_true(exchange_serve(x, NULL, s, false));
	assert_true(exchange_take(x, &answer));
	assert_int_equal(answer.told_bad, fails);
}

/* What is asked for before the engine looks: all of it is done and told, and what finds no room is refused. */
static void interfaces_wait_for_their_turn(void **state)
{
	struct query q = {.serial = 1};
	struct source s = {.live = true};

	(void)state;
	exchange_add_with(x, add, NULL, NULL);
	added = 0;
	assert_true(exchange_add_interface(x, "odd0"));
	assert_true(exchange_add_interface(x, "eth2"));
	assert_true(exchange_take_off_interface(x, "eth1"));
	assert_true(exchange_add_interface(x, "eth3"));
	assert_false(exchange_add_interface(x, "eth4"));
	exchange_post(x, &q);
	assert_true(exchange_serve(x, NULL, &s, false));
	assert_int_equal(added, 2);
	assert_string_equal(taken_off, "eth1");
	assert_true(exchange_take(x, &answer));
	assert_true(answer.told_bad);
	assert_string_equal(answer.told, "odd0: the filter does not compile for its links; captured from now on, too: eth2; "
					 "not captured any more: eth1; captured from now on, too: eth3");
	asked_to_add(&s, "eth4", false);
	assert_string_equal(answer.told, "captured from now on, too: eth4");
}

/* An interface comes with the filter that holds, at once, or it does not come. */
static void an_interface_has_the_filter(void **state)
{
	struct source s = {.live = true, .filter = set_filter};

	(void)state;
	added = 0;
	exchange_add_with(x, add, NULL, NULL);
	asked_to_add(&s, "eth1", false);
	assert_string_equal(added_with, "(start)");
	exchange_capture_filter(x, "tcp port 443");
	asked_to_add(&s, "eth2", false);
	assert_string_equal(added_with, "tcp port 443");
	exchange_capture_filter(x, "bad"); /* the one before holds */
	asked_to_add(&s, "eth3", true);
	assert_string_equal(answer.told, "capture filter: it does not compile; captured from now on, too: eth3");
	assert_string_equal(added_with, "tcp port 443");
	exchange_capture_filter(x, "");
	asked_to_add(&s, "eth4", false);
	assert_string_equal(added_with, "");
	assert_int_equal(added, 4);
	asked_to_add(&s, "odd0", true);
	assert_string_equal(answer.told, "odd0: the filter does not compile for its links");
	assert_int_equal(added, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_interface_has_the_filter, start, stop),
		cmocka_unit_test_setup_teardown(a_query_is_served_once, start, stop),
		cmocka_unit_test_setup_teardown(an_answer_comes_in_slices, start, stop),
		cmocka_unit_test_setup_teardown(an_interface_is_taken_off, start, stop),
		cmocka_unit_test_setup_teardown(interfaces_wait_for_their_turn, start, stop),
		cmocka_unit_test_setup_teardown(only_the_first_change_wakes, start, stop),
		cmocka_unit_test_setup_teardown(quitting_wakes_both, start, stop),
		cmocka_unit_test_setup_teardown(answers_are_whole, start, stop),
		cmocka_unit_test_setup_teardown(a_save_is_served, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
