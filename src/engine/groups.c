/* Groups: a table of fixed size by name, full at QUERY_GROUPS; what finds no room is counted.
 *
 * It is made for one answer and freed with it. The order is a sort of what there is, the
 * window is found by the id of the selected one.
 */
#include "groups.h"

#include <stdlib.h>
#include <string.h>

#include "sockeye/condition.h"
#include "sockeye/record.h"

enum { PLACES = 2 * QUERY_GROUPS };

struct groups {
	enum query_group by;
	unsigned n;
	uint64_t ungrouped;
	uint16_t place[PLACES];  /* index in group + 1; 0: free */
	struct flow_group group[QUERY_GROUPS];
};

struct groups *groups_begin(enum query_group by)
{
	struct groups *g = calloc(1, sizeof *g);

	if (g != NULL)
		g->by = by;
	return g;
}

static uint64_t groups_hash(uint64_t h, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * UINT64_C(1099511628211);
	return h;
}

/* What it is called, and an id made of that. */
static void groups_name(const struct groups *g, const struct flow_record *r, struct flow_group *out)
{
	uint64_t h = UINT64_C(14695981039346656037);

	memset(out, 0, sizeof *out);
	if (g->by == GROUP_SERVICE) {
		out->service = record_has(r, RECORD_SERVICE) ? r->service : NULL;
		h = groups_hash(h, out->service != NULL ? out->service : "", out->service != NULL ? strlen(out->service) : 0);
	} else {
		out->at = g->by == GROUP_CLIENT ? r->client : r->server;
		if (g->by == GROUP_CLIENT) {
			out->at.port = 0;
			out->at.has_port = false;
		}
		h = groups_hash(h, &out->at.ip, sizeof out->at.ip);
		h = groups_hash(h, &out->at.family, sizeof out->at.family);
		h = groups_hash(h, &out->at.port, sizeof out->at.port);
	}
	out->id = h != 0 ? h : 1;
}

static bool groups_same(const struct flow_group *a, const struct flow_group *b)
{
	return a->id == b->id && tuple_compare_endpoint(&a->at, &b->at) == 0 && (a->service == NULL) == (b->service == NULL) &&
	       (a->service == NULL || strcmp(a->service, b->service) == 0);
}

/* The group of that name; NULL: there is no room for another. */
static struct flow_group *groups_find(struct groups *g, const struct flow_group *name)
{
	size_t at = (size_t)(name->id % PLACES);

	for (; g->place[at] != 0; at = (at + 1) % PLACES)
		if (groups_same(&g->group[g->place[at] - 1], name))
			return &g->group[g->place[at] - 1];
	if (g->n == QUERY_GROUPS)
		return NULL;
	g->group[g->n] = *name;
	g->place[at] = (uint16_t)++g->n;
	return &g->group[g->n - 1];
}

void groups_add(struct groups *g, const struct flow_record *r, bool open, uint64_t rate, bool ended)
{
	struct flow_group name, *at;
	enum condition is = condition_of(r, ended);

	if (g == NULL)
		return;
	groups_name(g, r, &name);
	at = groups_find(g, &name);
	if (at == NULL) {
		g->ungrouped++;
		return;
	}
	at->flows++;
	at->open += open;
	at->failed += is == CONDITION_FAILED || is == CONDITION_SILENT;
	for (unsigned i = 0; i < 2; i++) {
		at->packets += r->packets[i];
		at->bytes[i] += r->bytes[i];
		at->again += record_has(r, RECORD_RETRANSMISSIONS) ? r->retransmissions[i] : 0;
	}
	at->rate += rate;
	at->last_ns = r->last_ns > at->last_ns ? r->last_ns : at->last_ns;
}

static uint64_t groups_value(const struct query *q, const struct flow_group *g)
{
	switch (q->rank) {
	case RANK_UP: return g->bytes[0];
	case RANK_DOWN: return g->bytes[1];
	case RANK_RATE: return g->rate;
	case RANK_RETRANSMITTED: return g->again;
	default: return q->rank == RANK_KEY && q->sort == RECORD_BYTES ? g->bytes[0] + g->bytes[1] : g->flows;
	}
}

/* Most first, in either direction of the screen's order. */
static bool groups_before(const struct query *q, const struct flow_group *a, const struct flow_group *b)
{
	uint64_t x = groups_value(q, a), y = groups_value(q, b);

	return x != y ? x > y : a->id < b->id;
}

/* A heap sort: the comparison wants the query, and nothing here is global. */
static void groups_sift(const struct query *q, struct flow_group *g, unsigned i, unsigned n)
{
	for (unsigned child; (child = 2 * i + 1) < n; i = child) {
		struct flow_group swap;

		if (child + 1 < n && groups_before(q, &g[child], &g[child + 1]))
			child++;
		if (!groups_before(q, &g[i], &g[child]))
			return;
		swap = g[i];
		g[i] = g[child];
		g[child] = swap;
	}
}

static void groups_sort(const struct query *q, struct flow_group *g, unsigned n)
{
	for (unsigned i = n / 2; i-- > 0;)
		groups_sift(q, g, i, n);
	while (n > 1) {
		struct flow_group swap = g[0];

		g[0] = g[--n];
		g[n] = swap;
		groups_sift(q, g, 0, n);
	}
}

void groups_end(struct groups *g, const struct query *q, unsigned rows, struct answer *out)
{
	unsigned anchor = q->anchor < rows ? q->anchor : rows - 1;
	int64_t target = 0, first;

	out->rows = out->groups = out->selected_row = 0;
	out->first = out->selected = 0;
	out->groups_all = out->ungrouped = 0;
	if (g == NULL || g->n == 0) {
		free(g);
		return;
	}
	groups_sort(q, g->group, g->n);
	for (unsigned i = 0; i < g->n && !q->to_first; i++)
		if (g->group[i].id == q->selected)
			target = i;
	target = q->to_last ? (int64_t)g->n - 1 : target + (q->to_first ? 0 : q->move);
	target = target < 0 ? 0 : target >= g->n ? (int64_t)g->n - 1 : target;
	first = target - anchor;
	first = first + rows > g->n ? (int64_t)g->n - rows : first;
	first = first < 0 ? 0 : first;
	for (int64_t i = first; i < g->n && out->groups < rows; i++)
		out->group[out->groups++] = g->group[i];
	out->first = (uint64_t)first;
	out->selected_row = (unsigned)(target - first);
	out->selected = g->group[target].id;
	out->groups_all = g->n;
	out->ungrouped = g->ungrouped;
	free(g);
}
