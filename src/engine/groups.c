/* Groups: a table of fixed size by name, full at QUERY_GROUPS; what finds no room is counted.
 *
 * It is made anew for every answer. Which group a flow belongs to, and what of the sums
 * costs a record, the listing keeps of each flow until it moves. What each flow adds to lies together, apart from
 * the names. The order is a sort of what there is, the window is found by the id of the selected one.
 */
#include "groups.h"

#include <stdlib.h>
#include <string.h>

#include "sockeye/condition.h"
#include "sockeye/record.h"

enum { PLACES = 4 * QUERY_GROUPS /* most flows find theirs, or that there is none, at once */ };

/* What each flow adds to: a cache line, so that those of all groups lie near. */
struct group_line {
	uint64_t packets, bytes[2], again, rate;
	int64_t last_ns;
	uint32_t flows, open, failed; /* there are fewer seats than that */
};
_Static_assert(sizeof(struct group_line) == 64, "one line");

struct groups {
	enum query_group by;
	int n;
	uint64_t ungrouped;
	uint64_t place[PLACES];                /* an id; 0: free */
	uint16_t at[PLACES];                   /* whose: index in the two below */
	_Alignas(64) struct group_line line[QUERY_GROUPS];
	struct flow_group group[QUERY_GROUPS]; /* the names; when all is summed, the sums */
};

struct groups *groups_make(void)
{
	struct groups *g = aligned_alloc(_Alignof(struct groups), sizeof *g);

	if (g != NULL)
		memset(g, 0, sizeof *g);
	return g;
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
uint64_t groups_id_end(enum query_group by, const struct hash_key *key, const struct endpoint *end)
{
	const uint16_t port = by == GROUP_CLIENT ? 0 : end->port;
	uint8_t at[20] = {0};
	uint64_t id;

	memcpy(at, end->ip.b, sizeof end->ip.b);
	memcpy(at + 16, &port, sizeof port);
	at[18] = end->family;
	id = hash_bytes(key, at, sizeof at);
	return id + (id == 0);
}

uint64_t groups_id(enum query_group by, const struct hash_key *key, const struct flow_record *r)
{
	struct flow_group name;
	uint8_t at[20];
	uint64_t id;

	groups_name(by, r, &name);
	if (by == GROUP_PROCESS) {
		memcpy(at, &name.pid, sizeof name.pid);
		memcpy(at + sizeof name.pid, name.process, sizeof name.process);
		id = hash_bytes(key, at, sizeof at);
	} else if (by == GROUP_SERVICE) {
		id = name.service != NULL ? hash_bytes(key, name.service, strlen(name.service)) : hash_bytes(key, "", 0);
	} else {
		return groups_id_end(by, key, &name.at);
	}
	return id + (id == 0);
}

bool groups_failed(const struct flow_record *r, bool ended)
{
	enum condition is = condition_of(r, ended);

	return is == CONDITION_FAILED || is == CONDITION_SILENT;
}

/* Where it stands, or would. */
static size_t groups_place(const struct groups *g, uint64_t id)
{
	size_t at = (size_t)(id % PLACES);

	while (g->place[at] != 0 && g->place[at] != id)
		at = (at + 1) % PLACES;
	return at;
}

int groups_find(const struct groups *g, uint64_t id)
{
	size_t at;

	if (g == NULL)
		return GROUPS_NONE;
	at = groups_place(g, id);
	if (g->place[at] == 0)
		return g->n < QUERY_GROUPS ? GROUPS_NEW : GROUPS_NONE;
	return g->at[at];
}

int groups_new(struct groups *g, uint64_t id, const struct flow_record *r)
{
	size_t at;

	if (g == NULL || g->n == QUERY_GROUPS)
		return GROUPS_NONE;
	at = groups_place(g, id);
	g->place[at] = id;
	g->at[at] = (uint16_t)g->n;
	g->line[g->n] = (struct group_line){0};
	groups_name(g->by, r, &g->group[g->n]);
	g->group[g->n].id = id;
	return g->n++;
}

void groups_leave(struct groups *g)
{
	if (g != NULL)
		g->ungrouped++;
}

void groups_add(struct groups *g, int group, const struct grouped *is)
{
	struct group_line *at = &g->line[group];

	at->flows++;
	at->open += is->open;
	at->failed += is->failed;
	at->packets += is->sums.packets;
	for (unsigned i = 0; i < 2; i++)
		at->bytes[i] += is->sums.bytes[i];
	at->again += is->again;
	at->rate += is->rate;
	at->last_ns = is->sums.last_ns > at->last_ns ? is->sums.last_ns : at->last_ns;
}

/* The sums, to their names. */
static void groups_total(struct groups *g)
{
	for (int i = 0; i < g->n; i++) {
		const struct group_line *from = &g->line[i];
		struct flow_group *to = &g->group[i];

		to->flows = from->flows;
		to->open = from->open;
		to->failed = from->failed;
		to->packets = from->packets;
		to->bytes[0] = from->bytes[0];
		to->bytes[1] = from->bytes[1];
		to->again = from->again;
		to->rate = from->rate;
		to->last_ns = from->last_ns;
	}
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
	groups_total(g);
	groups_sort(q, g->group, (unsigned)g->n);
	for (int i = 0; i < g->n && !q->to_first; i++)
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
	out->groups_all = (uint64_t)g->n;
	out->ungrouped = g->ungrouped;
}
