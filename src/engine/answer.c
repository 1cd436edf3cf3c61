/* The screen's question: which rows are in sight now?
 *
 * One pass over what the listing keeps of the flows (listing.h), no memory that grows with it.
 * Rows are ordered round a pivot, the selected flow: its nearest neighbours before and behind are
 * kept (near.h), so a window anywhere in a million flows costs the same as one at the top. Flows
 * that lack the sort key come last in either direction, ties go by id.
 *
 * A held order (query.hold) keeps the rows of the last answer as they stand;
 * only what scrolls in at an edge follows the present order.
 */
#include "sockeye/engine.h"

#include <stdlib.h>
#include <string.h>

#include "answers.h"
#include "groups.h"
#include "listing.h"
#include "match.h"
#include "near.h"
#include "rates.h"
#include "sockeye/clock.h"

enum {
	SUMMED = 256,      /* flows between two looks at the clock */
	SUMMED_AHEAD = 16, /* seats */
	CAUGHT_UP = 32,    /* seats, of which the flows are still near when they are summed */
	SUM_KEEPS_MS = 1000, /* a sum that nobody has worked on for longer is begun anew */
};

struct walk {
	struct engine *engine;
	struct flow_table *flows;
	struct listing *listing;
	struct listing_view view; /* of it */
	const struct query *query;
	int64_t live_ns;          /* now, of a live run; else 0 */
	struct rank pivot;
	bool have_pivot;          /* without: everything is behind it */
	uint64_t from[2], to[2];  /* first words of who may be in the window, of those with the key and without it */
	uint64_t n_before;        /* matching flows before the pivot */
	struct near *before, *behind;
	struct flow_record record; /* of the flow at hand */
};

static bool walk_among(const uint64_t *ids, unsigned n, unsigned most, uint64_t id)
{
	for (unsigned i = 0; i < n && i < most; i++)
		if (ids[i] == id)
			return true;
	return false;
}

static void walk_end(const struct flow_counts *c, struct answer *out)
{
	out->flows = c->flows;
	out->open = c->open;
	out->matched = c->matched;
	out->over = c->over;
	out->newest = c->newest;
	out->newer = c->newer;
	out->reused = c->reused;
}

/* So many of each kind (enum listed_is) are counted when all of them were met. */
static void walk_count(const uint32_t kinds[LISTED_KINDS], struct flow_counts *out)
{
	for (unsigned is = 0; is < LISTED_KINDS; is++) {
		const uint32_t n = is & LISTED_THERE ? kinds[is] : 0;

		out->flows += n;
		out->open += is & LISTED_OPEN ? n : 0;
		out->reused += is & LISTED_REUSED ? n : 0;
		out->over += is & LISTED_OVER ? n : 0;
		out->matched += is & LISTED_MATCHES ? n : 0;
	}
}

static void walk_place(struct walk *w, const struct listed *listed, uint32_t seat, bool skip_held)
{
	const struct query *q = w->query;
	struct rank r;
	int c;

	listing_rank(&w->view, listed, seat, &r);
	c = w->have_pivot ? rank_compare(&r, &w->pivot) : 1;
	if (w->have_pivot && r.id == w->pivot.id)
		c = 0; /* whatever became of its rank meanwhile */
	w->n_before += c < 0;
	if (c == 0 || (skip_held && walk_among(q->hold, q->holds, QUERY_ROWS, r.id)))
		return;
	near_add(c < 0 ? w->before : w->behind, &r);
}

/* Who may be in the window, or is the pivot, by the first word of its rank. */
static void walk_reach(struct walk *w)
{
	const struct near *before = w->before, *behind = w->behind;
	const struct rank *least = NULL, *most = NULL; /* NULL: all to that end */

	if (w->have_pivot)
		least = before->most == 0 ? &w->pivot : before->limited ? &before->limit : NULL;
	most = behind->limited ? &behind->limit : w->have_pivot && behind->most == 0 ? &w->pivot : NULL;
	for (unsigned absent = 0; absent < 2; absent++) {
		w->from[absent] = least && absent == least->absent ? least->at[0] : 0;
		w->to[absent] = most && absent == most->absent ? most->at[0] : UINT64_MAX;
		if ((least && absent < least->absent) || (most && absent > most->absent)) { /* none */
			w->from[absent] = UINT64_MAX;
			w->to[absent] = 0;
		}
	}
}

/* Most are far from the pivot, and only counted. False: it is to be placed. */
static inline bool walk_is_far(struct walk *w, const struct listed *listed)
{
	const unsigned absent = (listed->is & LISTED_ABSENT) != 0;
	const uint64_t at = listed->at ^ w->view.turned;

	if ((at >= w->from[absent] && at <= w->to[absent]) || (w->have_pivot && listed->id == (uint32_t)w->pivot.id))
		return false;
	if (w->have_pivot)
		w->n_before += absent != w->pivot.absent ? !absent : at < w->pivot.at[0];
	return true;
}

/* The one pass: counts, and the neighbours of the pivot. */
static void walk_all(struct walk *w, struct answer *out, bool skip_held)
{
	const struct listing_view *v = &w->view;
	const uint64_t since = w->query->since != 0 ? w->query->since : UINT64_MAX;
	uint32_t kinds[LISTED_KINDS] = {0};
	struct flow_counts counts = {0};

	walk_reach(w);
	for (unsigned i = 0; i < 2; i++)
		for (uint32_t seat = v->seats[i].from; seat < v->seats[i].to; seat++) {
			const struct listed *listed = listing_at(v, seat);
			const uint64_t id = listed_id(listed);

			kinds[listed->is]++;
			if (!(listed->is & LISTED_THERE))
				continue;
			counts.newest = id > counts.newest ? id : counts.newest;
			if (!(listed->is & LISTED_MATCHES))
				continue;
			counts.newer += id > since;
			if (walk_is_far(w, listed))
				continue;
			walk_place(w, listed, seat, skip_held);
			walk_reach(w);
		}
	near_end(w->before);
	near_end(w->behind);
	walk_count(kinds, &counts);
	walk_end(&counts, out);
}

/* What stands of the flow in that seat; LEFT_NOT: it matches, and its rank is in *out. */
static enum query_left walk_look(struct walk *w, uint32_t seat, struct rank *out)
{
	const struct listed *listed = seat != UINT32_MAX ? listing_at(&w->view, seat) : NULL;

	if (!listed || !(listed->is & LISTED_THERE))
		return LEFT_GONE;
	if (listed->is & LISTED_MATCHES) {
		listing_rank(&w->view, listed, seat, out);
		return LEFT_NOT;
	}
	return listed->is & LISTED_OVER ? LEFT_OVER : LEFT_FILTER;
}

static void answer_put(struct walk *w, struct answer *out, const struct rank *r)
{
	const struct flow *f = flow_in_seat(w->flows, r->seat);

	if (f == NULL || flow_id(f) != r->id || out->rows >= QUERY_ROWS)
		return;
	listing_hint(w->listing, out->rows, r->id, r->seat);
	out->newer -= w->query->since != 0 && r->id > w->query->since;
	out->rate[out->rows] = rates_of(engine_rates(w->engine), f, w->live_ns);
	flow_record_fill(&out->row[out->rows++], w->flows, f, engine_paths(w->engine));
}

/* The selected flow, or one of its neighbours where it is gone. */
static void walk_pivot(struct walk *w, struct answer *out)
{
	const struct query *q = w->query;
	const uint64_t ids[3] = {q->selected, q->otherwise[0], q->otherwise[1]};
	bool ends = q->to_first || q->to_last;
	enum query_left why = LEFT_NOT;
	struct rank first;
	uint32_t seats[3];

	w->have_pivot = false;
	if (q->selected == 0 && (ends || q->move == 0))
		return;
	listing_find(w->listing, ids, 3, seats);
	if (q->selected != 0)
		why = walk_look(w, seats[0], &first);
	if (why != LEFT_NOT)
		out->left = why;
	if (ends)
		return;
	if (q->selected != 0 && why == LEFT_NOT) {
		w->have_pivot = true;
		w->pivot = first;
	}
	for (unsigned i = 1; i < 3 && !w->have_pivot; i++)
		w->have_pivot = ids[i] != 0 && walk_look(w, seats[i], &w->pivot) == LEFT_NOT;
}

/* Rows in the present order: the pivot with its neighbours, and a window on
 * them that keeps the selected row on its screen line where it can. */
static void answer_ordered(struct walk *w, struct answer *out, unsigned rows)
{
	const struct query *q = w->query;
	int64_t move = q->move > QUERY_ROWS ? QUERY_ROWS : q->move < -QUERY_ROWS ? -QUERY_ROWS : q->move;
	unsigned jump = (unsigned)(move < 0 ? -move : move), anchor = q->anchor < rows ? q->anchor : rows - 1;
	unsigned len, first, target;

	walk_pivot(w, out);
	out->vanished = out->left == LEFT_GONE;
	if (q->to_last) { /* the end is a pivot that nothing is behind */
		memset(&w->pivot, 0xff, sizeof w->pivot.at + sizeof w->pivot.id);
		w->pivot.absent = true;
		w->have_pivot = true;
	}
	near_begin(w->before, true, rows + jump);
	near_begin(w->behind, false, rows + jump);
	walk_all(w, out, false);

	len = w->before->n + w->behind->n + (w->have_pivot && !q->to_last);
	if (len == 0)
		return;
	target = q->to_last ? len - 1 : w->have_pivot ? w->before->n : 0;
	if (q->to_last)
		anchor = rows - 1;
	if (move < 0)
		target = target > jump ? target - jump : 0;
	else
		target = target + jump < len ? target + jump : len - 1;
	first = target > anchor ? target - anchor : 0;
	if (first + rows > len)
		first = len > rows ? len - rows : 0;
	out->first = w->n_before - w->before->n + first;
	for (unsigned i = first; i < len && i < first + rows; i++) {
		const struct rank *r;

		if (i < w->before->n)
			r = &w->before->at[i];
		else if (w->have_pivot && !q->to_last)
			r = i == w->before->n ? &w->pivot : &w->behind->at[i - w->before->n - 1];
		else
			r = &w->behind->at[i - w->before->n];
		if (i == target) {
			out->selected = r->id;
			out->selected_row = out->rows;
		}
		answer_put(w, out, r);
	}
}

/* The held rows that are still there and match, in the order they stood. */
static unsigned held_rows(struct walk *w, struct rank *rows)
{
	const struct query *q = w->query;
	unsigned holds = q->holds < QUERY_ROWS ? q->holds : QUERY_ROWS, n = 0;
	uint32_t seats[QUERY_ROWS];

	listing_find(w->listing, q->hold, holds, seats);
	for (unsigned i = 0; i < holds; i++)
		if (walk_look(w, seats[i], &rows[n]) == LEFT_NOT)
			n++;
	return n;
}

/* Rows as they stood, but for those that scroll in. False: the selected flow
 * is not among them, so there is nothing to hold. */
static bool answer_held(struct walk *w, struct answer *out, unsigned rows)
{
	const struct query *q = w->query;
	struct rank held[QUERY_ROWS + NEAR_MAX];
	unsigned n = held_rows(w, held), first = 0, above = 0, below = 0;
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
		above = (unsigned)-target;
	else
		below = target >= n || n < rows ? (unsigned)(target + 1) + rows - n : 0;
	near_begin(w->before, true, above);
	near_begin(w->behind, false, below);
	walk_all(w, out, true);
	if (up) {
		memmove(held + w->before->n, held, n * sizeof held[0]);
		memcpy(held, w->before->at, w->before->n * sizeof held[0]);
		n += w->before->n;
		target += w->before->n;
	} else {
		memcpy(held + n, w->behind->at, w->behind->n * sizeof held[0]);
		n += w->behind->n;
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
	out->first = up ? w->n_before - w->before->n : w->n_before + 1 + w->behind->n > n ?
	             w->n_before + 1 + w->behind->n - n + first : 0;
	if (out->first + out->rows > out->matched)
		out->first = out->matched > out->rows ? out->matched - out->rows : 0;
	return true;
}

/* One more flow of its group; the name of a new one is asked of the flow. */
static void walk_group(struct walk *w, struct groups *g, const struct listed *listed, uint32_t seat)
{
	struct grouped is = {.failed = listed->is & LISTED_ABSENT, .open = listed->is & LISTED_OPEN, .again = listed->again};
	struct rates *rates = engine_rates(w->engine);
	int group = groups_find(g, listed->at);

	if (group == GROUPS_NEW) {
		flow_record_fill(&w->record, w->flows, flow_in_seat(w->flows, seat), engine_paths(w->engine));
		group = groups_new(g, listed->at, &w->record);
	}
	if (group == GROUPS_NONE) {
		groups_leave(g);
		return;
	}
	if (!listing_sums(w->listing, seat, &is.sums))
		return;
	if (listed->again == GROUPS_AGAIN_MOST) /* so many or more: the flow knows how many */
		(void)flow_seat_again(w->flows, seat, &is.again);
	is.rate = rates != NULL ? rates_of(rates, flow_in_seat(w->flows, seat), w->live_ns) : rates_life(&is.sums);
	groups_add(g, group, &is);
}

/* Nothing but the counts. */
static void answer_empty(struct answer *out)
{
	out->rows = 0;
	out->first = out->selected = 0;
	out->selected_row = 0;
	out->vanished = false;
	out->left = LEFT_NOT;
	out->groups = 0;
	out->groups_all = out->ungrouped = 0;
}

/* Groups instead of rows. False: the deadline came first, and nothing is said yet. The counts are of the moments in
 * which each flow was met. */
static bool answer_groups(struct walk *w, struct answer *out, unsigned rows, int64_t deadline_ns)
{
	const struct listing_view *v = &w->view;
	const int64_t now = clock_monotonic_ns();
	struct group_sum *sum = listing_sum(w->listing);
	struct groups *g = sum->groups;
	unsigned turn = 0;

	if (sum->next == 0 || now - sum->worked_ns > SUM_KEEPS_MS * CLOCK_MS) {
		groups_begin(g, w->query->group);
		sum->counts = (struct flow_counts){0};
		memset(sum->kinds, 0, sizeof sum->kinds);
		sum->next = 0;
	}
	for (unsigned i = 0; i < 2; i++) {
		const uint32_t from = sum->next > v->seats[i].from ? sum->next : v->seats[i].from;
		uint32_t caught = from;

		for (uint32_t seat = from; seat < v->seats[i].to; seat++) {
			const struct listed *listed;

			if (seat >= caught) {
				caught = v->seats[i].to - seat > CAUGHT_UP ? seat + CAUGHT_UP : v->seats[i].to;
				listing_catch_up(w->listing, caught);
			}
			if (!v->summed)
				listing_near_seat(w->listing, seat + SUMMED_AHEAD);
			listed = listing_at(v, seat);
			sum->kinds[listed->is]++;
			if (listed->is & LISTED_THERE && listed_id(listed) > sum->counts.newest)
				sum->counts.newest = listed_id(listed);
			if ((listed->is & (LISTED_THERE | LISTED_MATCHES)) == (LISTED_THERE | LISTED_MATCHES))
				walk_group(w, g, listed, seat);
			sum->next = seat + 1;
			if (++turn % SUMMED == 0 && deadline_ns != INT64_MAX &&
			    (sum->worked_ns = clock_monotonic_ns()) >= deadline_ns)
				return false;
		}
	}
	listing_caught_all(w->listing);
	sum->next = 0;
	answer_empty(out);
	walk_count(sum->kinds, &sum->counts);
	walk_end(&sum->counts, out);
	groups_end(g, w->query, rows, out);
	return true;
}

/* Who is looked for is selected, where there is somebody. False: the deadline came first. */
static bool answer_find(struct walk *w, struct query *q, struct answer *out, int64_t deadline_ns)
{
	uint64_t id;

	walk_pivot(w, out);
	if (!flow_find(&engine_match(w->engine)->find, w->engine, q, w->have_pivot ? &w->pivot : NULL, deadline_ns, &out->found, &id))
		return false;
	q->move = 0;
	if (out->found != FOUND_NOBODY)
		q->selected = id;
	return true;
}

/* False: the listing is not up to date yet, or nobody was found yet. */
static bool answer_flows(struct engine *e, const struct query *q, struct answer *out, int64_t deadline_ns)
{
	unsigned rows = q->rows == 0 ? 1 : q->rows > QUERY_ROWS ? QUERY_ROWS : q->rows;
	struct walk w = {.engine = e, .query = q, .listing = engine_listing(e), .flows = engine_flows(e)};
	struct query found;

	if (w.listing != NULL && !listing_go_on(w.listing, q, deadline_ns))
		return false;
	out->match_error = engine_match(e)->error;
	out->found = FOUND_NOT;
	if (w.listing == NULL) {
		walk_end(&(struct flow_counts){0}, out);
		answer_empty(out);
		return true;
	}
	w.live_ns = engine_rates(e) ? engine_totals(e)->now_ns : 0;
	w.view = listing_view(w.listing);
	if (q->group != GROUP_NONE)
		return answer_groups(&w, out, rows, deadline_ns);
	answer_empty(out);
	if (q->find[0] != '\0') {
		found = *q;
		if (!answer_find(&w, &found, out, deadline_ns))
			return false;
		w.query = &found;
		answer_empty(out);
	}
	w.before = listing_near(w.listing, 0);
	w.behind = listing_near(w.listing, 1);
	if (w.query->holds == 0 || !answer_held(&w, out, rows)) {
		w.have_pivot = false;
		w.n_before = 0;
		answer_ordered(&w, out, rows);
	}
	return true;
}

bool engine_answer_within(struct engine *e, const struct query *q, struct answer *out, int64_t ns)
{
	int64_t begun = clock_monotonic_ns(), deadline = ns == INT64_MAX ? ns : begun + ns;
	bool whole = true;

	out->serial = q->serial;
	out->about = q->about;
	/* A sum that was left is of a moment that is over by the time that somebody wants it again. */
	if ((q->about != QUERY_FLOWS || q->group == GROUP_NONE) && engine_listing(e) != NULL)
		listing_sum_left(engine_listing(e));
	switch (q->about) {
	case QUERY_FLOWS:
		whole = answer_flows(e, q, out, deadline);
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
	out->past_forgotten = flow_stats(engine_flows(e))->past_forgotten;
	out->now_ns = out->totals.now_ns;
	out->cost_ns = clock_monotonic_ns() - begun;
	return whole;
}

void engine_answer(struct engine *e, const struct query *q, struct answer *out)
{
	(void)engine_answer_within(e, q, out, INT64_MAX);
}

void engine_answer_sources(struct answer *out, struct source *s, bool ended)
{
	struct source_stats is;

	out->live = s->live;
	out->replay = s->replay;
	out->ended = ended;
	out->sources = 0;
	out->drops_left_out = 0;
	for (unsigned i = 0; s->stats(s, i, &is); i++)
		if (is.taken_off)
			out->drops_left_out += is.drops_known ? is.drops : 0;
		else if (out->sources < QUERY_SOURCES)
			out->source[out->sources++] = is;
}
