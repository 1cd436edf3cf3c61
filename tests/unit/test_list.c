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

#include "engine/answer.c"
#include "engine/match.c"
#include "engine/rates.c"
#include "tui/look.h"

enum { FLOWS_MAX = 90, STEPS = 100000, WIDTH = 120, HEIGHT = 15 };

struct flow {
	uint64_t id, bytes;
	int64_t handshake, first, last; /* handshake -1: none */
	uint16_t port;
	bool gone, open;
};

static struct flow flows[FLOWS_MAX];
static unsigned n_flows;
static uint64_t next_id;
static struct totals totals;
static struct answer answer;
static struct look look;

struct flow *flow_next(struct flow_table *t, uint64_t *at)
{
	(void)t;
	while (*at < n_flows && flows[*at].gone)
		++*at;
	return *at < n_flows ? &flows[(*at)++] : NULL;
}

struct flow *flow_by_id(struct flow_table *t, uint64_t id)
{
	(void)t;
	for (unsigned i = 0; i < n_flows; i++)
		if (flows[i].id == id)
			return flows[i].gone ? NULL : &flows[i];
	return NULL;
}

struct flow *flow_at(struct flow_table *t, uint32_t place, uint64_t id)
{
	(void)t;
	return place < n_flows && flows[place].id == id && !flows[place].gone ? &flows[place] : NULL;
}

uint64_t flow_id(const struct flow *f)
{
	return f->id;
}

uint32_t flow_place(const struct flow *f)
{
	return (uint32_t)(f - flows);
}

bool flow_is_open(const struct flow *f)
{
	return f->open;
}

bool flow_is_reused(const struct flow *f)
{
	(void)f;
	return false;
}

bool flow_sort_key(const struct flow *f, enum record_key k, uint64_t *out)
{
	if (k != RECORD_BYTES && k != RECORD_FIRST && k != RECORD_LAST)
		return false;
	*out = k == RECORD_BYTES ? f->bytes : (uint64_t)(k == RECORD_FIRST ? f->first : f->last) ^ UINT64_C(1) << 63;
	return true;
}

void flow_record_fill(struct flow_record *r, struct flow_table *t, const struct flow *f, const struct paths *p)
{
	(void)t, (void)p;
	memset(r, 0, sizeof *r);
	r->id = f->id;
	r->bytes[0] = f->bytes;
	r->first_ns = f->first;
	r->last_ns = f->last;
	r->client = r->server = (struct endpoint){.family = FAMILY_IPV4, .port = f->port, .has_port = true};
	r->state = f->open ? "established" : "closed";
	record_set(r, RECORD_ID);
	record_set(r, RECORD_BYTES);
	record_set(r, RECORD_CLIENT);
	record_set(r, RECORD_SERVER);
	record_set(r, RECORD_STATE);
	if (f->handshake >= 0) {
		r->first_syn_to_ack = f->handshake;
		record_set(r, RECORD_HS_FIRST_SYN_TO_ACK);
	}
}

struct flow_table *engine_flows(struct engine *e)
{
	(void)e;
	return NULL;
}

const struct paths *engine_paths(const struct engine *e)
{
	(void)e;
	return NULL;
}

struct match *engine_match(struct engine *e)
{
	static struct match match;

	(void)e;
	return &match;
}

struct rates *engine_rates(struct engine *e)
{
	(void)e;
	return NULL;
}

const struct totals *engine_totals(struct engine *e)
{
	(void)e;
	return &totals;
}

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

	if (n_flows < FLOWS_MAX && (what < 3 || f == NULL))
		flows[n_flows++] = (struct flow){.id = ++next_id, .bytes = (uint64_t)rand() % 99, .handshake = rand() % 4 ? rand() % 30 : -1,
						 .port = (uint16_t)(rand() % 900), .first = rand() % 50, .last = 50 + rand() % 50,
						 .open = rand() % 3 != 0};
	else if (what == 3)
		f->gone = true;
	else if (what == 4)
		f->open = false;
	else
		f->bytes = (uint64_t)rand() % 99;
	if (n_flows == FLOWS_MAX) { /* those that are gone make room */
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
	static struct flow *want[FLOWS_MAX];
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
