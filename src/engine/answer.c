/* The screen's question: which rows are in sight now?
 *
 * One walk over the flow table, no memory that grows with it. Rows are ordered
 * round a pivot, the selected flow: two bounded heaps keep its nearest
 * neighbours before and behind, so a window anywhere in a million flows costs
 * the same as one at the top. Flows that lack the sort key come last in either
 * direction, ties go by id.
 *
 * A held order (query.hold) keeps the rows of the last answer as they stand;
 * only what scrolls in at an edge follows the present order.
 */
#include "sockeye/engine.h"

#include <stdlib.h>
#include <string.h>

#include "answers.h"
#include "groups.h"
#include "match.h"
#include "rates.h"
#include "sockeye/clock.h"
#include "sockeye/condition.h"

enum { NEAR_MAX = 2 * QUERY_ROWS };

/* Where a flow stands in the order: compared number by number. */
struct rank {
	uint64_t at[3];
	uint64_t id;
	uint32_t place; /* where the walk met it */
	bool absent;
};

/* The nearest few on one side of the pivot; the farthest of them is at[0]. */
struct near {
	struct rank at[NEAR_MAX];
	unsigned n, most;
	bool before;
};

struct walk {
	struct engine *engine;
	struct flow_table *flows;
	const struct query *query;
	const struct filter *filter; /* NULL: all match */
	int64_t live_ns;          /* now, of a live run; else 0 */
	enum query_left why;      /* walk_rank() said no: why */
	struct rank pivot;
	bool have_pivot;          /* without: everything is behind it */
	uint64_t n_before;        /* matching flows before the pivot */
	struct near before, behind;
	unsigned parts;            /* of the record that match and rank read */
	struct flow_record record; /* of the flow at hand */
};

static uint64_t rank_word(const void *bytes, size_t n, size_t from)
{
	const uint8_t *p = bytes;
	uint64_t v = 0;

	for (size_t i = from; i < from + 8; i++)
		v = v << 8 | (i < n ? p[i] : 0U);
	return v;
}

/* Signed numbers in the order of unsigned ones. */
static uint64_t rank_signed(int64_t v)
{
	return (uint64_t)v ^ UINT64_C(1) << 63;
}

static void rank_value(struct rank *r, const struct flow_record *f, enum record_key k)
{
	const void *v = record_member(f, k);
	const struct endpoint *end;
	const struct record_name *name;
	const uint64_t *pair;
	const char *word;

	switch ((enum value_kind)record_fields[k].kind) {
	case VALUE_WORD:
	case VALUE_LETTERS:
		word = record_fields[k].kind == VALUE_WORD ? *(const char *const *)v : v;
		for (size_t i = 0; i < 3; i++)
			r->at[i] = rank_word(word, strlen(word), i * 8);
		break;
	case VALUE_NAME:
		name = v;
		for (size_t i = 0; i < 3; i++)
			r->at[i] = rank_word(name->bytes, name->len, i * 8);
		break;
	case VALUE_U64:
		r->at[0] = *(const uint64_t *)v;
		break;
	case VALUE_BOOL:
		r->at[0] = *(const bool *)v;
		break;
	case VALUE_TIME:
	case VALUE_DURATION:
		r->at[0] = rank_signed(*(const int64_t *)v);
		break;
	case VALUE_PAIR:
		pair = v;
		for (size_t i = 0; i < 2; i++)
			r->at[0] += pair[i] == PAIR_UNKNOWN ? 0 : pair[i];
		break;
	case VALUE_ENDPOINT:
		end = v;
		r->at[0] = (uint64_t)end->family << 56 | rank_word(end->ip.b, 16, 0) >> 8;
		r->at[1] = rank_word(end->ip.b, 16, 7);
		r->at[2] = (uint64_t)end->ip.b[15] << 16 | end->port;
		break;
	case VALUE_LIST:
	case VALUE_OWNERS:
		r->absent = true; /* nothing sorts by these yet */
		break;
	}
}

static int rank_compare(const struct rank *a, const struct rank *b, bool descending)
{
	if (a->absent != b->absent)
		return a->absent ? 1 : -1;
	for (size_t i = 0; i < 3; i++)
		if (a->at[i] != b->at[i])
			return (a->at[i] < b->at[i]) != descending ? -1 : 1;
	return (a->id > b->id) - (a->id < b->id);
}

static bool walk_among(const uint64_t *ids, unsigned n, unsigned most, uint64_t id)
{
	for (unsigned i = 0; i < n && i < most; i++)
		if (ids[i] == id)
			return true;
	return false;
}

/* What of a record the walk reads: filling all of it is most of what a flow costs here. */
static unsigned walk_parts(const struct walk *w)
{
	const struct query *q = w->query;
	uint64_t keys[2] = {0, 0};
	unsigned parts = 0;

	if (q->open_only || q->rank == RANK_ROUND_TRIP)
		return RECORD_PARTS;
	if (q->rank == RANK_RETRANSMITTED)
		parts |= record_part_of(RECORD_RETRANSMISSIONS);
	if (q->rank == RANK_KEY)
		parts |= record_part_of(q->sort);
	if (w->filter != NULL)
		filter_needs(w->filter, keys);
	for (unsigned k = 0; k < RECORD_KEYS; k++)
		if (keys[k / 64] >> k % 64 & 1)
			parts |= record_part_of((enum record_key)k);
	return parts;
}

static void walk_fill(struct walk *w, const struct flow *f, bool *filled)
{
	if (!*filled)
		flow_record_fill_parts(&w->record, w->flows, f, engine_paths(w->engine), w->parts);
	*filled = true;
}

static bool walk_over(const struct walk *w)
{
	enum condition is = condition_of(&w->record, w->live_ns == 0);

	return is == CONDITION_CLOSED || is == CONDITION_FAILED || is == CONDITION_SILENT;
}

/* The rank of a flow; false if it does not match. Fills w->record only where
 * the match or the key need it. */
static bool walk_rank(struct walk *w, const struct flow *f, struct rank *out)
{
	const struct query *q = w->query;
	bool filled = false;

	memset(out, 0, sizeof *out);
	out->id = flow_id(f);
	out->place = flow_place(f);
	w->why = LEFT_FILTER;
	if (q->onlys > 0 && !walk_among(q->only, q->onlys, QUERY_TOGETHER, out->id))
		return false;
	if (w->filter != NULL) {
		walk_fill(w, f, &filled);
		if (!filter_flow(w->filter, &w->record))
			return false;
	}
	w->why = LEFT_OVER;
	if (q->open_only) {
		walk_fill(w, f, &filled);
		if (walk_over(w))
			return false;
	}
	if (q->rank == RANK_RATE)
		return rates_rank(engine_rates(w->engine), f, w->live_ns, &out->at[0]);
	if (q->rank == RANK_KEY && flow_sort_key(f, q->sort, &out->at[0]))
		return true;
	walk_fill(w, f, &filled);
	if (q->rank != RANK_KEY) {
		out->absent = !rank_derived(&w->record, q->rank, &out->at[0]);
		return true;
	}
	out->absent = !record_has(&w->record, q->sort);
	if (!out->absent)
		rank_value(out, &w->record, q->sort);
	return true;
}

/* Is a farther from the pivot than b? */
static bool near_farther(const struct near *h, const struct rank *a, const struct rank *b, bool descending)
{
	int c = rank_compare(a, b, descending);

	return h->before ? c < 0 : c > 0;
}

static void near_swap(struct near *h, unsigned a, unsigned b)
{
	struct rank r = h->at[a];

	h->at[a] = h->at[b];
	h->at[b] = r;
}

static void near_add(struct near *h, const struct rank *r, bool descending)
{
	unsigned i, child;

	if (h->most == 0)
		return;
	if (h->n < h->most) {
		h->at[i = h->n++] = *r;
		for (; i > 0 && near_farther(h, &h->at[i], &h->at[(i - 1) / 2], descending); i = (i - 1) / 2)
			near_swap(h, i, (i - 1) / 2);
		return;
	}
	if (!near_farther(h, &h->at[0], r, descending))
		return;
	h->at[0] = *r;
	for (i = 0; (child = 2 * i + 1) < h->n; i = child) {
		if (child + 1 < h->n && near_farther(h, &h->at[child + 1], &h->at[child], descending))
			child++;
		if (!near_farther(h, &h->at[child], &h->at[i], descending))
			break;
		near_swap(h, i, child);
	}
}

/* Take the farthest ones off, one by one: the order of the screen. */
static void near_sort(struct near *h, bool descending)
{
	unsigned n = h->n;

	for (unsigned left = n; left > 1; left--) {
		near_swap(h, 0, left - 1);
		for (unsigned i = 0, child; (child = 2 * i + 1) < left - 1; i = child) {
			if (child + 1 < left - 1 &&
			    near_farther(h, &h->at[child + 1], &h->at[child], descending))
				child++;
			if (!near_farther(h, &h->at[child], &h->at[i], descending))
				break;
			near_swap(h, i, child);
		}
	}
	if (h->before) /* the nearest came first; on the screen it is the last */
		for (unsigned i = 0; i < n / 2; i++)
			near_swap(h, i, n - 1 - i);
}

static void walk_begin(struct answer *out)
{
	out->flows = out->open = out->matched = out->over = out->newest = out->newer = out->reused = 0;
}

/* One more flow: counted, and ranked; false: it does not match. */
static bool walk_count(struct walk *w, const struct flow *f, struct rank *r, struct answer *out)
{
	out->flows++;
	out->open += flow_is_open(f);
	out->reused += flow_is_reused(f);
	out->newest = flow_id(f) > out->newest ? flow_id(f) : out->newest;
	if (!walk_rank(w, f, r)) {
		out->over += w->why == LEFT_OVER;
		return false;
	}
	out->matched++;
	return true;
}

/* The one walk: counts, and the neighbours of the pivot. */
static void walk_all(struct walk *w, struct answer *out, bool skip_held)
{
	const struct query *q = w->query;
	const struct flow *f;
	uint64_t at = 0;
	struct rank r;

	walk_begin(out);
	while ((f = flow_next(w->flows, &at)) != NULL) {
		int c;

		if (!walk_count(w, f, &r, out))
			continue;
		out->newer += q->since != 0 && r.id > q->since;
		c = w->have_pivot ? rank_compare(&r, &w->pivot, q->descending) : 1;
		if (w->have_pivot && r.id == w->pivot.id)
			c = 0; /* whatever became of its rank meanwhile */
		w->n_before += c < 0;
		if (c == 0 || (skip_held && walk_among(q->hold, q->holds, QUERY_ROWS, r.id)))
			continue;
		near_add(c < 0 ? &w->before : &w->behind, &r, q->descending);
	}
	near_sort(&w->before, q->descending);
	near_sort(&w->behind, q->descending);
}

static bool walk_find(struct walk *w, uint64_t id, struct rank *out)
{
	const struct flow *f = id != 0 ? flow_by_id(w->flows, id) : NULL;

	return f != NULL && walk_rank(w, f, out);
}

static enum query_left walk_why(struct walk *w, uint64_t id)
{
	struct rank r;

	if (flow_by_id(w->flows, id) == NULL)
		return LEFT_GONE;
	return walk_find(w, id, &r) ? LEFT_NOT : w->why;
}

static void answer_put(struct walk *w, struct answer *out, const struct rank *r)
{
	const struct flow *f = flow_at(w->flows, r->place, r->id);

	if (f == NULL || out->rows >= QUERY_ROWS)
		return;
	out->newer -= w->query->since != 0 && r->id > w->query->since;
	out->rate[out->rows] = rates_of(engine_rates(w->engine), f, w->live_ns);
	flow_record_fill(&out->row[out->rows++], w->flows, f, engine_paths(w->engine));
}

/* Rows in the present order: the pivot with its neighbours, and a window on
 * them that keeps the selected row on its screen line where it can. */
static void answer_ordered(struct walk *w, struct answer *out, unsigned rows)
{
	const struct query *q = w->query;
	int64_t move = q->move > QUERY_ROWS ? QUERY_ROWS : q->move < -QUERY_ROWS ? -QUERY_ROWS : q->move;
	unsigned jump = (unsigned)(move < 0 ? -move : move), anchor = q->anchor < rows ? q->anchor : rows - 1;
	unsigned len, first, target;

	if (q->to_first || q->to_last || (q->selected == 0 && move == 0)) {
		w->have_pivot = false;
	} else {
		w->have_pivot = walk_find(w, q->selected, &w->pivot);
		for (unsigned i = 0; i < 2 && !w->have_pivot; i++)
			w->have_pivot = walk_find(w, q->otherwise[i], &w->pivot);
	}
	if (q->selected != 0 && !(w->have_pivot && w->pivot.id == q->selected))
		out->left = walk_why(w, q->selected);
	out->vanished = out->left == LEFT_GONE;
	if (q->to_last) { /* the end is a pivot that nothing is behind */
		memset(&w->pivot, 0xff, sizeof w->pivot.at + sizeof w->pivot.id);
		w->pivot.absent = true;
		if (q->descending)
			memset(w->pivot.at, 0, sizeof w->pivot.at);
		w->have_pivot = true;
	}
	w->before.most = w->behind.most = rows + jump;
	walk_all(w, out, false);

	len = w->before.n + w->behind.n + (w->have_pivot && !q->to_last);
	if (len == 0)
		return;
	target = q->to_last ? len - 1 : w->have_pivot ? w->before.n : 0;
	if (q->to_last)
		anchor = rows - 1;
	if (move < 0)
		target = target > jump ? target - jump : 0;
	else
		target = target + jump < len ? target + jump : len - 1;
	first = target > anchor ? target - anchor : 0;
	if (first + rows > len)
		first = len > rows ? len - rows : 0;
	out->first = w->n_before - w->before.n + first;
	for (unsigned i = first; i < len && i < first + rows; i++) {
		const struct rank *r;

		if (i < w->before.n)
			r = &w->before.at[i];
		else if (w->have_pivot && !q->to_last)
			r = i == w->before.n ? &w->pivot : &w->behind.at[i - w->before.n - 1];
		else
			r = &w->behind.at[i - w->before.n];
		if (i == target) {
			out->selected = r->id;
			out->selected_row = out->rows;
		}
		answer_put(w, out, r);
	}
}

/* The held rows that are still there and match, in the order they stood: one
 * walk, whatever their number. */
static unsigned held_rows(struct walk *w, struct rank *rows)
{
	const struct query *q = w->query;
	unsigned holds = q->holds < QUERY_ROWS ? q->holds : QUERY_ROWS, n = 0;
	const struct flow *f;
	uint64_t at = 0;

	memset(rows, 0, holds * sizeof *rows);
	while ((f = flow_next(w->flows, &at)) != NULL) {
		uint64_t id = flow_id(f);

		for (unsigned i = 0; i < holds; i++)
			if (q->hold[i] == id) {
				if (!walk_rank(w, f, &rows[i]))
					rows[i].id = 0;
				break;
			}
	}
	for (unsigned i = 0; i < holds; i++)
		if (rows[i].id != 0)
			rows[n++] = rows[i];
	return n;
}

/* Rows as they stood, but for those that scroll in. False: the selected flow
 * is not among them, so there is nothing to hold. */
static bool answer_held(struct walk *w, struct answer *out, unsigned rows)
{
	const struct query *q = w->query;
	struct rank held[QUERY_ROWS + NEAR_MAX];
	unsigned n = held_rows(w, held), first = 0;
	int64_t target = -1;
	bool up;

	for (unsigned i = 0; i < n; i++)
		if (held[i].id == q->selected)
			target = i;
	if (target < 0 || q->to_first || q->to_last)
		return false;
	target += q->move > QUERY_ROWS ? QUERY_ROWS : q->move < -QUERY_ROWS ? -QUERY_ROWS : q->move;
	up = target < 0;
	w->have_pivot = true;
	w->pivot = up ? held[0] : held[n - 1];
	if (up)
		w->before.most = (unsigned)-target;
	else
		w->behind.most = target >= n || n < rows ? (unsigned)(target + 1) + rows - n : 0;
	if (w->behind.most > NEAR_MAX)
		w->behind.most = NEAR_MAX;
	walk_all(w, out, true);
	if (up) {
		memmove(held + w->before.n, held, n * sizeof held[0]);
		memcpy(held, w->before.at, w->before.n * sizeof held[0]);
		n += w->before.n;
		target += w->before.n;
	} else {
		memcpy(held + n, w->behind.at, w->behind.n * sizeof held[0]);
		n += w->behind.n;
	}
	target = target < 0 ? 0 : target >= n ? (int64_t)n - 1 : target;
	if (target >= rows)
		first = (unsigned)target - rows + 1;
	for (unsigned i = first; i < n && i < first + rows; i++) {
		if (i == target) {
			out->selected = held[i].id;
			out->selected_row = out->rows;
		}
		answer_put(w, out, &held[i]);
	}
	/* A held list has no exact place in the order; say where its edge is. */
	out->first = up ? w->n_before - w->before.n : w->n_before + 1 + w->behind.n > n ?
	             w->n_before + 1 + w->behind.n - n + first : 0;
	if (out->first + out->rows > out->matched)
		out->first = out->matched > out->rows ? out->matched - out->rows : 0;
	return true;
}

static void walk_init(struct walk *w, struct engine *e, const struct query *q)
{
	w->engine = e;
	w->flows = engine_flows(e);
	w->query = q;
	w->filter = match_for(engine_match(e), q->match);
	w->parts = walk_parts(w);
	w->live_ns = engine_rates(e) ? engine_totals(e)->now_ns : 0;
	w->have_pivot = false;
	w->n_before = 0;
	w->before.n = w->before.most = w->behind.n = w->behind.most = 0;
	w->before.before = true;
	w->behind.before = false;
}

/* Groups instead of rows: a record of every flow that matches. */
static void answer_groups(struct walk *w, struct answer *out, unsigned rows)
{
	const struct query *q = w->query;
	struct groups *g = groups_begin(q->group);
	const struct flow *f;
	uint64_t at = 0;
	struct rank r;

	walk_begin(out);
	while ((f = flow_next(w->flows, &at)) != NULL) {
		if (!walk_count(w, f, &r, out))
			continue;
		flow_record_fill(&w->record, w->flows, f, engine_paths(w->engine));
		groups_add(g, &w->record, flow_is_open(f), rates_of(engine_rates(w->engine), f, w->live_ns), w->live_ns == 0);
	}
	groups_end(g, q, rows, out);
}

static void answer_flows(struct engine *e, const struct query *q, struct answer *out)
{
	unsigned rows = q->rows == 0 ? 1 : q->rows > QUERY_ROWS ? QUERY_ROWS : q->rows;
	struct walk w;

	out->rows = 0;
	out->first = out->selected = 0;
	out->selected_row = 0;
	out->vanished = false;
	out->left = LEFT_NOT;
	out->groups = 0;
	walk_init(&w, e, q);
	if (q->group != GROUP_NONE)
		answer_groups(&w, out, rows);
	else if (q->holds == 0 || !answer_held(&w, out, rows)) {
		walk_init(&w, e, q);
		answer_ordered(&w, out, rows);
	}
	out->match_error = engine_match(e)->error;
}

void engine_answer_within(struct engine *e, const struct query *q, struct answer *out, int64_t ns)
{
	int64_t begun = clock_monotonic_ns(), deadline = ns == INT64_MAX ? ns : begun + ns;

	out->serial = q->serial;
	out->about = q->about;
	switch (q->about) {
	case QUERY_FLOWS:
		answer_flows(e, q, out);
		break;
	case QUERY_PACKETS:
		answer_packets(e, &q->packets, &out->packets, deadline);
		break;
	case QUERY_STREAM:
		answer_stream(e, &q->stream, &out->stream, deadline);
		break;
	case QUERY_TOTALS:
		break;
	}
	out->totals = *engine_totals(e);
	out->now_ns = out->totals.now_ns;
	out->cost_ns = clock_monotonic_ns() - begun;
}

void engine_answer(struct engine *e, const struct query *q, struct answer *out)
{
	engine_answer_within(e, q, out, INT64_MAX);
}

void engine_answer_sources(struct answer *out, struct source *s, bool ended)
{
	out->live = s->live;
	out->replay = s->replay;
	out->ended = ended;
	out->sources = 0;
	while (out->sources < QUERY_SOURCES && s->stats(s, out->sources, &out->source[out->sources]))
		out->sources++;
}
