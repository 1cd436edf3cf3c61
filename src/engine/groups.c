/* Groups: a table of fixed size by name, full at QUERY_GROUPS; what finds no room is counted.
 *
 * It is made anew for every answer. Which group a flow belongs to, and what of the sums
 * costs a record, the listing keeps of each flow until it moves. The order is a sort of what there is, the
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

struct groups *groups_make(void)
{
	return calloc(1, sizeof(struct groups));
}

void groups_free(struct groups *g)
{
	free(g);
}

void groups_begin(struct groups *g, enum query_group by)
{
	if (g == NULL)
		return;
	g->by = by;
	g->n = 0;
	g->ungrouped = 0;
	memset(g->place, 0, sizeof g->place);
}

/* What it is called. */
static void groups_name(enum query_group by, const struct flow_record *r, struct flow_group *out)
{
	const struct record_owner *owner;

	memset(out, 0, sizeof *out);
	if (by == GROUP_PROCESS) {
		owner = record_process(r, 0);
		owner = owner != NULL ? owner : record_process(r, 1);
		if (owner != NULL) {
			out->pid = owner->pid;
			memcpy(out->process, owner->comm, strnlen(owner->comm, sizeof out->process - 1));
		}
		return;
	}
	if (by == GROUP_SERVICE) {
		out->service = record_has(r, RECORD_SERVICE) ? r->service : NULL;
		return;
	}
	out->at = by == GROUP_CLIENT ? r->client : r->server;
	if (by == GROUP_CLIENT) {
		out->at.port = 0;
		out->at.has_port = false;
	}
}

/* Names are told apart by 64 bits of a hash whose key nobody knows: of a million names two share
 * one by a chance of one in 37 million, and who chooses names cannot better it. */
static uint64_t groups_id(enum query_group by, const struct hash_key *key, const struct flow_group *name)
{
	const char *service = name->service != NULL ? name->service : "";
	uint8_t at[20] = {0};
	uint64_t id;

	if (by == GROUP_PROCESS) {
		memcpy(at, &name->pid, sizeof name->pid);
		memcpy(at + sizeof name->pid, name->process, sizeof name->process);
		id = hash_bytes(key, at, sizeof at);
		return id + (id == 0);
	}

	memcpy(at, name->at.ip.b, sizeof name->at.ip.b);
	memcpy(at + 16, &name->at.port, sizeof name->at.port);
	at[18] = name->at.family;
	id = name->at.family != FAMILY_NONE ? hash_bytes(key, at, sizeof at)
					    : hash_bytes(key, service, strlen(service));
	return id + (id == 0);
}

void groups_of(struct grouped *out, enum query_group by, const struct hash_key *key, const struct flow_record *r,
	       uint64_t again, bool ended)
{
	enum condition is = condition_of(r, ended);
	struct flow_group name;

	groups_name(by, r, &name);
	out->id = groups_id(by, key, &name);
	out->failed = is == CONDITION_FAILED || is == CONDITION_SILENT;
	out->again = again < GROUPS_AGAIN_MOST ? (uint16_t)again : GROUPS_AGAIN_MOST;
}

struct flow_group *groups_find(struct groups *g, uint64_t id)
{
	size_t at = (size_t)(id % PLACES);

	for (; g != NULL && g->place[at] != 0; at = (at + 1) % PLACES)
		if (g->group[g->place[at] - 1].id == id)
			return &g->group[g->place[at] - 1];
	return NULL;
}

bool groups_full(const struct groups *g)
{
	return g == NULL || g->n == QUERY_GROUPS;
}

struct flow_group *groups_new(struct groups *g, uint64_t id, const struct flow_record *r)
{
	size_t at = (size_t)(id % PLACES);
	struct flow_group *is;

	if (groups_full(g))
		return NULL;
	while (g->place[at] != 0)
		at = (at + 1) % PLACES;
	is = &g->group[g->n];
	g->place[at] = (uint16_t)++g->n;
	groups_name(g->by, r, is);
	is->id = id;
	return is;
}

void groups_add(struct groups *g, struct flow_group *at, const struct grouped *is, uint64_t again,
		const struct flow_sums *sums, bool open, uint64_t rate)
{
	if (at == NULL) {
		if (g != NULL)
			g->ungrouped++;
		return;
	}
	at->flows++;
	at->open += open;
	at->failed += is->failed;
	at->packets += sums->packets;
	for (unsigned i = 0; i < 2; i++)
		at->bytes[i] += sums->bytes[i];
	at->again += again;
	at->rate += rate;
	at->last_ns = sums->last_ns > at->last_ns ? sums->last_ns : at->last_ns;
}

static int groups_compare(const struct flow_group *a, const struct flow_group *b)
{
	int c = tuple_compare_endpoint(&a->at, &b->at);

	c = c != 0 ? c : strcmp(a->service != NULL ? a->service : "", b->service != NULL ? b->service : "");
	c = c != 0 ? c : strcmp(a->process, b->process);
	return c != 0 ? c : (a->pid > b->pid) - (a->pid < b->pid);
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

/* Most first, in either direction of the screen's order; ties by name, the same in every run. */
static bool groups_before(const struct query *q, const struct flow_group *a, const struct flow_group *b)
{
	uint64_t x = groups_value(q, a), y = groups_value(q, b);

	return x != y ? x > y : groups_compare(a, b) < 0;
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
	if (g == NULL || g->n == 0)
		return;
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
}
