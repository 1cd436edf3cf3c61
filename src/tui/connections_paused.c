/* The list while it is paused: the answer that was asked when Z came is kept, up to 200 rows of it, and the order,
 * the filter, hidden and marked rows are made of those here. Nothing is asked of the engine; its values stand.
 *
 * Rows that do not match stand behind the others, so that another filter brings them back.
 */
#include <string.h>

#include "columns.h"
#include "screen.h"
#include "sockeye/condition.h"

/* A number to sort by; false: it has none. */
static bool paused_value(const struct answer *a, unsigned i, enum query_rank rank, uint64_t *out)
{
	const struct flow_record *r = &a->row[i];
	int64_t ns;

	switch (rank) {
	case RANK_UP: *out = r->bytes[0]; return true;
	case RANK_DOWN: *out = r->bytes[1]; return true;
	case RANK_RATE: *out = a->rate[i]; return true;
	case RANK_RETRANSMITTED:
		*out = record_has(r, RECORD_RETRANSMISSIONS) ? r->retransmissions[0] + r->retransmissions[1] : 0;
		return record_has(r, RECORD_RETRANSMISSIONS);
	case RANK_ROUND_TRIP:
		if (!query_round_trip(r, &ns))
			return false;
		*out = (uint64_t)ns;
		return true;
	case RANK_KEY: case RANK_PROCESS: break;
	}
	return false;
}

static const struct record_owner *paused_owner(const struct flow_record *r)
{
	return record_process(r, 0) != NULL ? record_process(r, 0) : record_process(r, 1);
}

/* By name and number of the process, as the engine orders. */
static int paused_owners(const struct flow_record *a, const struct flow_record *b)
{
	const struct record_owner *x = paused_owner(a), *y = paused_owner(b);
	int c = strncmp(x->comm, y->comm, sizeof x->comm);

	return c != 0 ? c : (x->pid > y->pid) - (x->pid < y->pid);
}

/* Does row i come before row k? Who has no value is last in either direction, as in the engine's order. */
static bool paused_before(const struct look *l, const struct answer *a, unsigned i, unsigned k)
{
	const struct look_sort *by = &look_sorts[l->sort];
	const struct flow_record *r[2] = {&a->row[i], &a->row[k]};
	uint64_t v[2] = {0, 0};
	bool has[2];
	int c = 0;

	for (unsigned n = 0; n < 2; n++)
		has[n] = by->rank == RANK_KEY ? record_has(r[n], by->key) : by->rank == RANK_PROCESS ? paused_owner(r[n]) != NULL :
			 paused_value(a, n == 0 ? i : k, by->rank, &v[n]);
	if (has[0] != has[1])
		return has[0];
	if (has[0])
		c = by->rank == RANK_KEY ? record_compare(by->key, r[0], r[1]) : by->rank == RANK_PROCESS ? paused_owners(r[0], r[1]) :
		    (v[0] > v[1]) - (v[0] < v[1]);
	if (c != 0)
		return (c < 0) != l->descending;
	return r[0]->id < r[1]->id;
}

static bool paused_shown(const struct look *l, const struct answer *a, const struct filter *f, const struct flow_record *r)
{
	enum condition is = condition_of(r, a->ended);
	bool marked = !l->list.marked_only;

	for (unsigned i = 0; i < l->marks && !marked; i++)
		marked = l->marked[i] == r->id;
	return marked && (f == NULL || filter_flow(f, r)) &&
	       !(l->list.open_only && 
		 (r->past || is == CONDITION_CLOSED || is == CONDITION_FAILED || is == CONDITION_SILENT));
}

/* Row i to place k before it; those between move down. */
static void paused_to(struct answer *a, unsigned i, unsigned k)
{
	struct flow_record r = a->row[i];
	uint64_t rate = a->rate[i];

	memmove(&a->row[k + 1], &a->row[k], (i - k) * sizeof a->row[0]);
	memmove(&a->rate[k + 1], &a->rate[k], (i - k) * sizeof a->rate[0]);
	a->row[k] = r;
	a->rate[k] = rate;
}

enum reaction connections_paused(struct look *l, struct answer *a)
{
	struct filter *f = NULL;
	unsigned shown = 0;

	if (l->list.kept < a->rows)
		l->list.kept = a->rows;
	memset(&a->match_error, 0, sizeof a->match_error);
	if (l->match[strspn(l->match, " ")] != '\0' && filter_compile(&f, l->match, FILTER_FLOWS, &a->match_error) < 0)
		return REACT_DRAW; /* it is being typed: what is shown stays */
	for (unsigned i = 0; i < l->list.kept; i++) {
		unsigned k = shown;

		if (!paused_shown(l, a, f, &a->row[i]))
			continue;
		paused_to(a, i, shown);
		while (k > 0 && paused_before(l, a, shown, k - 1))
			k--;
		paused_to(a, shown++, k);
	}
	filter_free(f);
	a->rows = shown;
	a->matched = shown;
	a->first = a->newer = 0;
	a->left = LEFT_NOT;
	a->selected_row = 0;
	for (unsigned i = 0; i < shown && l->stick == STICK_NONE; i++)
		if (a->row[i].id == l->selected)
			a->selected_row = i;
	if (l->stick == STICK_LAST && shown > 0)
		a->selected_row = shown - 1;
	a->selected = l->selected = shown > 0 ? a->row[a->selected_row].id : 0;
	l->stick = STICK_NONE;
	l->fresh = false;
	l->move = 0;
	if (l->list.finding)
		connections_find_paused(l, a);
	return REACT_DRAW;
}

unsigned connections_top(struct look *l, const struct answer *a, unsigned rows)
{
	unsigned top = l->paused ? l->list.top : 0, at = a->selected_row;

	if (at < top)
		top = at;
	if (at >= top + rows)
		top = at - rows + 1;
	if (top + rows > a->rows)
		top = a->rows > rows ? a->rows - rows : 0;
	return l->list.top = top;
}
