/* The list of connections against a sorted array: what is selected stays selected.
 * links: tui engine filter facts base
 *
 * The screen's state and the engine's answers work together here, over a flow table of forty
 * lines; keys, new flows, ended ones, changed ones and filters come at random.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer_world.h"
#include "tui/look.h"

enum { LIST_MAX = 90, STEPS = 100000, WIDTH = 120, HEIGHT = 15 };

static uint64_t next_id;
static struct answer answer;
static struct look look;

/* ---- the model --------------------------------------------------------------------- */

static bool shown(const struct flow *f)
{
	char port[16];

	(void)snprintf(port, sizeof port, ":%u ", (unsigned)f->port);
	return !f->gone && !(look.list.open_only && !f->open) && (look.match[0] == '\0' || strstr(port, look.match) != NULL);
}

/* What the sort goes by; false: the flow has none. */
static bool value(const struct flow *f, int64_t *v)
{
	const struct look_sort *s = &look_sorts[look.sort];
	int64_t life = f->last > f->first ? f->last - f->first : CLOCK_S;

	switch (s->column) {
	case COLUMN_START: *v = f->first; return true;
	case COLUMN_IDLE: *v = f->last; return true;
	case COLUMN_CLIENT: case COLUMN_SERVER: *v = f->port; return true;
	case COLUMN_BYTES: case COLUMN_UP: *v = (int64_t)f->bytes; return true;
	case COLUMN_DOWN: *v = 0; return true;
	case COLUMN_RATE: *v = (int64_t)((double)f->bytes * 1e9 / (double)life); return true;
	case COLUMN_STATE: *v = f->open; return true;
	case COLUMN_HANDSHAKE: *v = f->handshake; return f->handshake >= 0;
	default: *v = 0; return false;
	}
}

static int before(const void *a, const void *b)
{
	const struct flow *x = *(struct flow *const *)a, *y = *(struct flow *const *)b;
	int64_t vx, vy;
	bool hx = value(x, &vx), hy = value(y, &vy);

	if (look_sorts[look.sort].column == COLUMN_STATE) /* closed, established */
		vx = x->open, vy = y->open;
	if (hx != hy)
		return hx ? -1 : 1;
	if (hx && vx != vy)
		return (vx < vy) != look.descending ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

static unsigned sorted(struct flow **out)
{
	unsigned n = 0;

	for (unsigned i = 0; i < n_flows; i++)
		if (shown(&flows[i]))
			out[n++] = &flows[i];
	qsort(out, n, sizeof out[0], before);
	return n;
}

/* ---- the steps ----------------------------------------------------------------------- */

static void change(void)
{
	struct flow *f = n_flows > 0 ? &flows[(unsigned)rand() % n_flows] : NULL;
	unsigned what = (unsigned)rand() % 8;

	if (n_flows < LIST_MAX && (what < 3 || f == NULL))
		flows[n_flows++] = (struct flow){.id = ++next_id, .bytes = (uint64_t)rand() % 99, .handshake = rand() % 4 ? rand() % 30 : -1,
						 .port = (uint16_t)(rand() % 900), .first = rand() % 50, .last = 50 + rand() % 50,
						 .open = rand() % 3 != 0};
	else if (what == 3)
		f->gone = true;
	else if (what == 4)
		f->open = false;
	else
		f->bytes = (uint64_t)rand() % 99;
	if (n_flows == LIST_MAX) { /* those that are gone make room */
		unsigned kept = 0;

		for (unsigned i = 0; i < n_flows; i++)
			if (!flows[i].gone && (rand() % 3 || flows[i].id == look.selected))
				flows[kept++] = flows[i];
		n_flows = kept;
	}
}

/* False: a key that moves the selection. */
static bool press(int64_t now_ns)
{
	static const uint32_t stay[] = {'s', 'S', '<', '>', 'x', 'z', 'x', KEY_CONTROL('L')};
	static const uint32_t move[] = {'j', 'k', KEY_PAGE_DOWN, KEY_PAGE_UP, 'g', 'G', KEY_CONTROL('D')};
	uint32_t key = rand() % 4 ? stay[rand() % 8] : move[rand() % 7];

	(void)look_key(&look, key, &answer, WIDTH, HEIGHT, now_ns);
	for (size_t i = 0; i < sizeof move / sizeof move[0]; i++)
		if (move[i] == key)
			return false;
	return true;
}

static void refilter(void)
{
	memset(look.match, 0, sizeof look.match);
	if (rand() % 2)
		(void)snprintf(look.match, sizeof look.match, ":%d", rand() % 10);
	look.fresh = true;
}

static unsigned ask(int64_t now_ns)
{
	struct query q;

	look_ask(&look, &answer, WIDTH, HEIGHT, now_ns, &q);
	look_asked(&look);
	engine_answer(NULL, &q, &answer);
	answer.ended = true;
	look_answered(&look, &answer);
	return q.holds;
}

static void check_rows(unsigned holds)
{
	static struct flow *want[LIST_MAX];
	unsigned n = sorted(want);

	assert_int_equal(answer.matched, n);
	assert_int_equal(answer.rows == 0, n == 0);
	assert_true(answer.first + answer.rows <= n);
	if (n > 0)
		assert_int_equal(answer.row[answer.selected_row].id, look.selected);
	for (unsigned i = 0; i < answer.rows && holds == 0; i++)
		assert_int_equal(answer.row[i].id, want[answer.first + i]->id);
}

static void what_is_selected_stays_selected(void **state)
{
	unsigned kept = 0, left = 0, moved = 0;

	(void)state;
	srand(6);
	look_init(&look, false, "x", NULL);
	(void)ask(0);
	for (unsigned step = 0; step < STEPS; step++) {
		int64_t now_ns = (int64_t)step * 300 * CLOCK_MS;
		uint64_t was = look.selected, next[2] = {look.otherwise[0], look.otherwise[1]};
		const struct flow *f;
		bool stays = true;

		for (unsigned i = (unsigned)rand() % 6; i > 0; i--)
			change();
		look.message[0] = '\0';
		if (rand() % 3 == 0)
			stays = press(now_ns);
		else if (rand() % 8 == 0)
			refilter();
		look.message[0] = '\0'; /* of the key: what the answer says is looked at */
		check_rows(ask(now_ns));
		if (!stays || look.stick != STICK_NONE) {
			moved++;
			continue;
		}
		f = flow_by_id(NULL, was);
		if (was == 0 || (f != NULL && shown(f))) {
			assert_true(was == 0 || look.selected == was);
			kept++;
			continue;
		}
		/* A neighbour, if there is one, and it is said. */
		left++;
		for (unsigned i = 0; i < 2; i++) {
			f = next[i] != 0 ? flow_by_id(NULL, next[i]) : NULL;
			if (f != NULL && shown(f)) {
				assert_int_equal(look.selected, next[i]);
				break;
			}
		}
		assert_non_null(strstr(look.message, "left the list") ? look.message : strstr(look.message, "does not match"));
	}
	print_message("%u steps: %u times it stayed, %u times its neighbour was selected and said, %u times a key moved it\n",
		      (unsigned)STEPS, kept, left, moved);
	assert_true(kept > STEPS / 4 && left > 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_selected_stays_selected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
